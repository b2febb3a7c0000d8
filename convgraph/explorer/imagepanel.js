"use strict";
// The input with what is seen of it. Around the image there is room for padding, if any layer pads.
const ROOM = 0.14;  // of the image's longer side, to either side

class ImagePanel {
  constructor(canvas, picture, colours, padded) {
    Object.assign(this, { canvas, picture, colours, padded });
    this.buffer = document.createElement("canvas");
    this.buffer.width = picture.width;
    this.buffer.height = picture.height;
    this.shown = new ImageData(picture.width, picture.height);
  }

  // Fits the canvas to the room that there is, in whole pixels of the screen.
  fit(wide, high) {
    const { width, height, slices } = this.picture;
    const apart = slices > 1 ? Math.max(1, Math.round(width / 12)) : 0;
    this.tiles = new Tiles(slices, this.picture.high, width, [wide, high], apart);
    const { columns, rows } = this.tiles;
    const room = !this.padded ? 0 : slices > 1 ? apart : ROOM * Math.max(width, height);
    const thin = height === 1 ? 24 : 0;
    const scale = Math.min(wide / (columns + 2 * room), high / (rows + 2 * (thin ? 0 : room)), 72);
    this.scale = scale;
    this.tall = thin ? Math.max(scale, 40) / scale : 1;  // a row of units is drawn as a ribbon
    this.left = room * scale;
    this.top = thin ? thin : room * scale;
    this.resize(columns * scale + 2 * this.left, rows * scale * this.tall + 2 * this.top);
  }

  resize(w, h) {
    const ratio = window.devicePixelRatio || 1;
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
    return this.tiles?.at(y, x) ?? null;  // nothing is drawn in a magnified part that is not shown
  }

  // `sets`: up to two arrays over space; `moved`: by how much the image is shifted; `heat`: whether
  // amounts are shown; `outlines`: for each set boxes [top, left, bottom, right], one in each slice;
  // `nominal`: such a box; `middles`: of two fields, [row, column] each; `part`: the box that is magnified.
  draw(asked) {
    const [top, bottom] = this.colour(asked.sets, asked.heat, asked.moved);
    this.buffer.getContext("2d").putImageData(this.shown, 0, 0, 0, top, this.picture.width, bottom - top);
    this.paint(asked);
  }

  // What is coloured, and the frames and marks over it.
  paint({ outlines, nominal, pixel, middles, part }) {
    const context = this.canvas.getContext("2d");
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.padding(context, nominal);
    context.imageSmoothingEnabled = false;
    for (const slice of this.sliceBoxes()) {
      const [top, left, bottom, right] = slice;
      context.drawImage(this.buffer, left, top, right - left, bottom - top, ...this.box(slice));
    }
    this.gridLines(context);
    if (nominal) this.frame(context, nominal, this.colours.point, [5, 4], 1.5);
    outlines.forEach((boxes, i) => boxes.forEach((box) => {
      this.frame(context, box, i ? this.colours.other : this.colours.point, [], 2);
    }));
    middles.forEach((middle, i) => this.plus(context, middle, i ? this.colours.other : this.colours.point));
    if (part) this.frame(context, part, this.colours.ink, [], 1);
    if (pixel) this.cross(context, pixel);
  }

  sliceBoxes() {
    const { width, high } = this.picture;
    return [...this.tiles.tops()].map((top) => [top, 0, top + high, width]);
  }

  // A box of the sheet, within one slice, on the canvas; a nominal one reaches beyond.
  box([top, left, bottom, right]) {
    const high = this.scale * this.tall, [down, across] = this.tiles.slices > 1 ? this.tiles.place(top, left) : [top, left];
    return [this.left + across * this.scale, this.top + down * high,
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
    const [wide, high] = [this.canvas.width / this.ratio, this.canvas.height / this.ratio];
    const around = new Path2D();
    around.rect(0, 0, wide, high);
    for (const slice of this.sliceBoxes()) around.rect(...this.box(slice));
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
    context.strokeStyle = this.colours.paper;
    context.globalAlpha = 0.6;
    context.lineWidth = 1;
    context.beginPath();
    for (const slice of this.sliceBoxes()) {
      const [x, y, w, h] = this.box(slice), down = this.scale * this.tall;
      for (let at = x; at <= x + w + 0.5; at += this.scale) line(context, at, y, 0, h);
      for (let at = y; at <= y + h + 0.5; at += down) line(context, x, at, w, 0);
    }
    context.stroke();
    context.globalAlpha = 1;
  }

  plus(context, [y, x], colour) {
    const [left, top, w, h] = this.box([y, x, y + 1, x + 1]), [cx, cy] = [left + w / 2, top + h / 2];
    for (const [ink, wide, reach] of [[this.colours.paper, 6, 8.5], [colour, 3, 7]]) {
      context.strokeStyle = ink;
      context.lineWidth = wide;
      context.beginPath();
      line(context, cx - reach, cy, 2 * reach, 0);
      line(context, cx, cy - reach, 0, 2 * reach);
      context.stroke();
    }
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

  // Pixels as they are where they are seen, and pale where not. Gives the rows that have changed:
  // from the first to the one behind the last.
  colour(sets, heat, moved) {
    const laid = this.laid(moved), ground = sets.length ? laid.pale : laid.own;
    const pixels = new Uint32Array(this.shown.data.buffer), { width, height } = this.picture;
    const all = this.ground !== ground, rows = sets.map((set) => rowsOf(set, width));
    const [top, bottom] = all ? [0, height] : this.changed;
    pixels.set(ground.subarray(top * width, bottom * width), top * width);
    this.ground = ground;
    this.changed = [Math.min(height, ...rows.map((each) => each[0])), Math.max(0, ...rows.map((each) => each[1]))];
    if (sets.length === 2) this.both(pixels, sets, laid.own);
    else if (sets.length) this.one(pixels, sets[0], heat, laid.own);
    return [Math.min(top, this.changed[0]), Math.max(bottom, this.changed[1])];
  }

  one(pixels, set, heat, own) {
    const { values } = set, most = heat ? values.reduce((x, y) => Math.max(x, y), 0) : 0;
    eachRun(set, (at, from, length) => {
      for (let i = 0; i < length; i++) {
        const value = values[from + i];
        if (value > 0) pixels[at + i] = heat ? HEAT[Math.round(255 * Math.sqrt(value / most))] : own[at + i];
      }
    });
  }

  // What one sees alone in shades of its colour, what both see as it is.
  both(pixels, sets, own) {
    const tints = [this.colours.pointNumbers, this.colours.otherNumbers].map((ink) =>
      Array.from({ length: 256 }, (_, v) => packed(mixed([v, v, v], ink, 0.6))));
    const first = everywhere(sets[0]);
    sets.forEach((set, number) => eachRun(set, (at, from, length) => {
      for (let i = 0; i < length; i++) {
        if (set.values[from + i] > 0) pixels[at + i] = number && first[at + i] > 0 ? own[at + i] :
          tints[number][Math.round(grey(unpacked(own[at + i]))[0])];
      }
    }));
  }

  // The picture moved down and right, as it is and as it steps back.
  laid([deep, down, right]) {
    const tones = this.tones(), { width, high, slices } = this.picture;
    if (!deep && !down && !right) return tones;
    const key = `${deep},${down},${right}`;
    if (tones.moved?.key !== key) {
      const shifted = (pixels) => {
        const found = new Uint32Array(pixels.length).fill(tones.blank);
        const [low, past] = [Math.max(0, right), Math.min(width, width + right)];
        for (let slice = Math.max(0, deep); slice < Math.min(slices, slices + deep); slice++) {
          for (let y = Math.max(0, down); y < Math.min(high, high + down) && low < past; y++) {
            const to = (slice * high + y) * width, from = ((slice - deep) * high + y - down) * width - right;
            found.set(pixels.subarray(from + low, from + past), to + low);
          }
        }
        return found;
      };
      tones.moved = { key, own: shifted(tones.own), pale: shifted(tones.pale) };
    }
    return tones.moved;
  }

  // The picture as it is and as it steps back, one number for each pixel.
  tones() {
    const { pixels } = this.picture, { paperNumbers, lineNumbers } = this.colours;
    const key = this.colours.paper;
    if (this.toned?.pixels !== pixels || this.toned.key !== key) {
      const own = new Uint32Array(pixels.length / 4), pale = new Uint32Array(own.length);
      const tint = Array.from({ length: 256 }, (_, v) => packed(mixed([v, v, v], paperNumbers, 0.72)));
      for (let i = 0; i < own.length; i++) {
        const colour = [pixels[4 * i], pixels[4 * i + 1], pixels[4 * i + 2]];
        own[i] = packed(colour);
        pale[i] = tint[Math.round(grey(colour)[0])];
      }
      this.toned = { pixels, key, own, pale, blank: packed(lineNumbers) };
    }
    return this.toned;
  }
}

// The rows of a sheet that a set's box goes through.
function rowsOf(set, width) {
  let first = Infinity, past = 0;
  eachRun(set, (at) => {
    first = Math.min(first, Math.floor(at / width));
    past = Math.max(past, Math.floor(at / width) + 1);
  });
  return [first, past];
}

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
