"use strict";
// The input with what is seen of it. Around the image there is room for padding, if any layer pads.
const ROOM = 0.14;  // of the image's longer side, to either side

class ImagePanel {
  constructor(canvas, picture, colours, padded) {
    Object.assign(this, { canvas, picture, colours, padded });
    this.buffer = document.createElement("canvas");
    this.buffer.width = picture.width;
    this.buffer.height = picture.height;
  }

  // Fits the canvas to the room that there is, in whole pixels of the screen.
  fit(wide, high) {
    const { width, height } = this.picture;
    const room = this.padded ? ROOM * Math.max(width, height) : 0;
    const ratio = window.devicePixelRatio || 1;
    const thin = height === 1 ? 24 : 0;
    const scale = Math.min(wide / (width + 2 * room), high / (height + 2 * (thin ? 0 : room)), 72);
    this.scale = scale;
    this.tall = thin ? Math.max(scale, 40) / scale : 1;  // a row of units is drawn as a ribbon
    this.left = room * scale;
    this.top = thin ? thin : room * scale;
    const [w, h] = [width * scale + 2 * this.left, height * scale * this.tall + 2 * this.top];
    this.canvas.style.width = `${w}px`;
    this.canvas.style.height = `${h}px`;
    this.canvas.width = Math.round(w * ratio);
    this.canvas.height = Math.round(h * ratio);
    this.ratio = ratio;
  }

  pixelAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const x = Math.floor((event.clientX - box.left - this.left) / this.scale);
    const y = Math.floor((event.clientY - box.top - this.top) / (this.scale * this.tall));
    const inside = x >= 0 && y >= 0 && x < this.picture.width && y < this.picture.height;
    return inside ? [y, x] : null;
  }

  // `sets`: up to two arrays over space; `moved`: by how much the image is shifted; `heat`: whether
  // amounts are shown; `outline` and `nominal`: boxes [top, left, bottom, right].
  draw({ sets, heat, moved, outlines, nominal, pixel }) {
    const context = this.canvas.getContext("2d");
    const { width, height } = this.picture;
    const pixels = this.coloured(sets, heat, moved);
    this.buffer.getContext("2d").putImageData(new ImageData(pixels, width, height), 0, 0);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.padding(context, nominal);
    context.imageSmoothingEnabled = false;
    const box = this.box([0, 0, height, width]);
    context.drawImage(this.buffer, ...box);
    this.gridLines(context);
    if (nominal) this.frame(context, nominal, this.colours.point, [5, 4], 1.5);
    outlines.forEach((outline, i) => {
      if (outline) this.frame(context, outline, i ? this.colours.other : this.colours.point, [], 2);
    });
    if (pixel) this.cross(context, pixel);
  }

  box([top, left, bottom, right]) {
    const high = this.scale * this.tall;
    return [this.left + left * this.scale, this.top + top * high,
      (right - left) * this.scale, (bottom - top) * high];
  }

  frame(context, box, colour, dashes, wide) {
    const [x, y, w, h] = this.box(box);
    context.setLineDash(dashes);
    for (const [ink, extra] of [[this.colours.paper, 2], [colour, 0]]) {
      context.strokeStyle = ink;
      context.lineWidth = wide + extra;
      context.strokeRect(x, y, w, h);
    }
    context.setLineDash([]);
  }

  // The padding around the image, and what a field takes of it.
  padding(context, nominal) {
    const { width, height } = this.picture;
    const [wide, high] = [this.canvas.width / this.ratio, this.canvas.height / this.ratio];
    const image = this.box([0, 0, height, width]);
    const around = new Path2D();
    around.rect(0, 0, wide, high);
    around.rect(...image);
    hatched(context, around, wide, high, this.colours.line, 7);
    if (!nominal) return;
    context.save();
    context.clip(around, "evenodd");
    const part = new Path2D();
    part.rect(...this.box(nominal));
    context.globalAlpha = 0.35;
    context.fillStyle = this.colours.point;
    context.fill(part);
    context.restore();
  }

  gridLines(context) {
    if (this.scale < 9) return;
    const { width, height } = this.picture;
    context.strokeStyle = this.colours.paper;
    context.globalAlpha = 0.6;
    context.lineWidth = 1;
    context.beginPath();
    for (let x = 0; x <= width; x++) line(context, ...this.box([0, x, height, x]));
    for (let y = 0; y <= height; y++) line(context, ...this.box([y, 0, y, width]));
    context.stroke();
    context.globalAlpha = 1;
  }

  cross(context, [y, x]) {
    const [left, top, w, h] = this.box([y, x, y + 1, x + 1]);
    const [cx, cy, reach] = [left + w / 2, top + h / 2, Math.max(w, 6) / 2 + 5];
    for (const [ink, wide] of [[this.colours.paper, 5], [this.colours.point, 2.5]]) {
      context.strokeStyle = ink;
      context.lineWidth = wide;
      context.strokeRect(cx - Math.max(w, 6) / 2, cy - Math.max(h, 6) / 2, Math.max(w, 6), Math.max(h, 6));
      context.beginPath();
      line(context, cx - reach - 5, cy, 5, 0);
      line(context, cx + reach, cy, 5, 0);
      line(context, cx, cy - reach - 5, 0, 5);
      line(context, cx, cy + reach, 0, 5);
      context.stroke();
    }
  }

  // Pixels as they are where they are seen, and pale where not.
  coloured(sets, heat, [down, right]) {
    const { width, height } = this.picture;
    const found = new Uint32Array(width * height);
    const paint = this.paint(sets, heat);
    for (let y = 0, i = 0; y < height; y++) {
      const sy = y - down, row = sy >= 0 && sy < height;
      for (let x = 0; x < width; x++, i++) {
        const sx = x - right;
        found[i] = paint(i, row && sx >= 0 && sx < width ? sy * width + sx : -1);
      }
    }
    return new Uint8ClampedArray(found.buffer);
  }

  // What colours a pixel: from its place, and from that of the picture that lies there (-1: none).
  paint(sets, heat) {
    const { own, pale, blank } = this.tones();
    const seen = (from) => (from < 0 ? blank : own[from]);
    const faint = (from) => (from < 0 ? blank : pale[from]);
    const [a, b] = sets, { colours } = this;
    if (!sets.length) return (i, from) => seen(from);
    if (b) {
      const [first, second] = [packed(colours.pointNumbers), packed(colours.otherNumbers)];
      return (i, from) => {
        if (a[i] > 0 && b[i] > 0) return seen(from);
        return a[i] > 0 ? first : b[i] > 0 ? second : faint(from);
      };
    }
    if (!heat) return (i, from) => (a[i] > 0 ? seen(from) : faint(from));
    const most = a.reduce((x, y) => Math.max(x, y), 0);
    return (i, from) => (a[i] > 0 ? HEAT[Math.round(255 * Math.sqrt(a[i] / most))] : faint(from));
  }

  // The picture as it is and as it steps back, one number for each pixel.
  tones() {
    const { pixels } = this.picture, { paperNumbers, lineNumbers } = this.colours;
    const key = this.colours.paper;
    if (this.toned?.pixels !== pixels || this.toned.key !== key) {
      const own = new Uint32Array(pixels.length / 4), pale = new Uint32Array(own.length);
      for (let i = 0; i < own.length; i++) {
        const colour = [pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]];
        own[i] = packed(colour);
        pale[i] = packed(mixed(grey(colour), paperNumbers, 0.72));
      }
      this.toned = { pixels, key, own, pale, blank: packed(lineNumbers) };
    }
    return this.toned;
  }
}

// As pixels are kept in memory, red first.
const LITTLE = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

function packed([r, g, b]) {
  return (LITTLE ? (255 << 24) | (b << 16) | (g << 8) | r : (r << 24) | (g << 16) | (b << 8) | 255) >>> 0;
}

const HEAT = Array.from({ length: 256 }, (_, i) => packed(viridis(i / 255)));

function line(context, x, y, w, h) {
  context.moveTo(x, y);
  context.lineTo(x + w, y + h);
}

function hatched(context, path, wide, high, colour, apart) {
  context.save();
  context.clip(path, "evenodd");
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (let x = -high; x < wide; x += apart) line(context, x, high, high, -high);
  context.stroke();
  context.restore();
}
