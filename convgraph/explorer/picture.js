"use strict";
// What lies on the input, on each slice of it: a test card, or a photograph that never leaves the page.

class Picture {
  constructor(space) {
    Object.assign(this, sheet(space));
    this.name = "test card";
    this.paint(testCard);
  }

  paint(draw) {
    const canvas = document.createElement("canvas");
    canvas.width = this.width;
    canvas.height = this.height;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    for (let slice = 0; slice < this.slices; slice++) {
      context.save();
      context.beginPath();
      context.rect(0, slice * this.high, this.width, this.high);
      context.clip();
      context.translate(0, slice * this.high);
      draw(context, this.width, this.high, this.slices > 1 ? slice / (this.slices - 1) : 1);
      context.restore();
    }
    this.pixels = context.getImageData(0, 0, this.width, this.height).data;
  }

  // A photograph, cut to the input's shape around its middle.
  async load(file) {
    const bitmap = await createImageBitmap(file);
    const fits = Math.max(this.width / bitmap.width, this.high / bitmap.height);
    const [across, down] = [this.width / fits, this.high / fits].map(Math.round);
    const cut = across < bitmap.width || down < bitmap.height;
    this.name = (file.name || "photograph") +
      (cut ? `, of ${bitmap.width} × ${bitmap.height} the ${across} × ${down} in its middle` : "");
    this.paint((context, width, height) => {
      const scale = Math.max(width / bitmap.width, height / bitmap.height);
      const [w, h] = [bitmap.width * scale, bitmap.height * scale];
      context.imageSmoothingQuality = "high";
      context.fillStyle = "#ffffff";  // behind what is transparent
      context.fillRect(0, 0, width, height);
      context.drawImage(bitmap, (width - w) / 2, (height - h) / 2, w, h);
    });
    bitmap.close();
  }

  // The mean colour around a place, for a cell that stands for so many pixels.
  around(y, x, high, wide) {
    const [top, left] = [clamp(y - high / 2, this.height), clamp(x - wide / 2, this.width)];
    const [bottom, right] = [clamp(y + high / 2, this.height), clamp(x + wide / 2, this.width)];
    const jump = Math.max(1, Math.floor(Math.max(bottom - top, right - left) / 6));
    let [r, g, b, n] = [0, 0, 0, 0];
    for (let i = top; i <= bottom; i += jump) {
      for (let j = left; j <= right; j += jump) {
        const at = 4 * (i * this.width + j);
        r += this.pixels[at]; g += this.pixels[at + 1]; b += this.pixels[at + 2]; n++;
      }
    }
    return [r / n, g / n, b / n];
  }
}

function clamp(value, past) {
  return Math.min(past - 1, Math.max(0, Math.round(value)));
}

// A landscape with a sun and hills: places in it are told apart at a glance. From slice to slice the
// sun moves.
function testCard(context, width, height, share) {
  if (height === 1) {
    ribbon(context, width);
    return;
  }
  const sky = context.createLinearGradient(0, 0, 0, height);
  sky.addColorStop(0, "#2b5d9e");
  sky.addColorStop(0.55, "#f2b880");
  sky.addColorStop(1, "#f7e2c0");
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  disc(context, (0.28 + 0.44 * share) * width, 0.33 * height, 0.13 * Math.min(width, height), "#fff3c4");
  hill(context, width, height, 0.58, 0.09, 2.1, 0.3, "#5d7f9c");
  hill(context, width, height, 0.7, 0.08, 3.3, 1.9, "#3f7a63");
  hill(context, width, height, 0.84, 0.05, 2.4, 4.2, "#27513f");
  for (const [x, tall] of [[0.16, 0.34], [0.25, 0.24], [0.31, 0.17]]) tree(context, width, height, x, tall);
}

// A signal: colours that differ all along it.
function ribbon(context, width) {
  const colours = context.createLinearGradient(0, 0, width, 0);
  ["#2b5d9e", "#63a4d8", "#f7e2c0", "#f2b880", "#d9774a", "#5d7f9c", "#3f7a63", "#27513f"]
    .forEach((colour, i, all) => colours.addColorStop(i / (all.length - 1), colour));
  context.fillStyle = colours;
  context.fillRect(0, 0, width, 1);
}

function disc(context, x, y, radius, colour) {
  context.fillStyle = colour;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
}

function hill(context, width, height, level, depth, waves, phase, colour) {
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(0, height);
  for (let i = 0; i <= 64; i++) {
    const y = level + depth * Math.sin(phase + (waves * Math.PI * i) / 64);
    context.lineTo((width * i) / 64, height * y);
  }
  context.lineTo(width, height);
  context.fill();
}

function tree(context, width, height, x, tall) {
  context.fillStyle = "#173a2c";
  const foot = 0.93 * height;
  for (let level = 0; level < 3; level++) {
    const top = foot - height * tall * (1 - 0.22 * level), wide = width * tall * (0.12 + 0.07 * level);
    context.beginPath();
    context.moveTo(width * x, top);
    context.lineTo(width * x + wide, top + height * tall * 0.45);
    context.lineTo(width * x - wide, top + height * tall * 0.45);
    context.fill();
  }
}
