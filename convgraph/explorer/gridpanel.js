"use strict";
// The cells of a tensor. Where there are more than fit, a square stands for several: it is marked if
// any of its cells is, and pointing at it points at the cell in its middle; magnifier.js has its cells.
const LEAST = 5;  // pixels of the screen to a square

class GridPanel {
  constructor(canvas, colours) {
    Object.assign(this, { canvas, colours });
    this.buffer = document.createElement("canvas");
    this.origin = "";
  }

  fit(space, wide, high) {
    Object.assign(this, sheet(space), { space });
    const apart = this.slices > 1 ? 1 : 0;
    const whole = new Tiles(this.slices, this.high, this.width, [wide, high], apart);
    this.thinned = Math.max(1, Math.ceil((whole.columns * LEAST) / wide));
    if (space.length > 1) this.thinned = Math.max(this.thinned, Math.ceil((whole.rows * LEAST) / high));
    this.down = space.length > 1 ? this.thinned : 1;
    this.columns = Math.ceil(this.width / this.thinned);
    const lines = Math.ceil(this.high / this.down);  // of squares in a slice
    this.tiles = new Tiles(this.slices, lines, this.columns, [wide, high], apart);
    this.rows = lines * this.slices;
    this.column = Int32Array.from({ length: this.width }, (_, x) => Math.floor(x / this.thinned));
    this.line = Int32Array.from({ length: this.height }, (_, y) =>
      Math.floor(y / this.high) * lines + Math.floor((y % this.high) / this.down));
    this.side = Math.max(2, Math.min(Math.floor(Math.min(wide / this.tiles.columns, high / this.tiles.rows)), 44));
    this.tall = this.rows === 1 ? Math.max(this.side, 34) : this.side;
    this.resize();
  }

  resize() {
    this.ratio = window.devicePixelRatio || 1;
    const [w, h] = [this.tiles.columns * this.side, this.tiles.rows * this.tall];
    this.canvas.style.width = `${w}px`;
    this.canvas.style.height = `${h}px`;
    this.canvas.width = Math.round(w * this.ratio);
    this.canvas.height = Math.round(h * this.ratio);
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const square = this.tiles?.at(Math.floor((event.clientY - box.top) / this.tall), Math.floor((event.clientX - box.left) / this.side));
    return square ? this.middle(...square) : null;
  }

  // The cell in the middle of a square.
  middle(row, column) {
    const lines = this.tiles.high, slice = Math.floor(row / lines);
    const y = Math.min(this.high - 1, (row - slice * lines) * this.down + (this.down >> 1));
    return [slice * this.high + y, Math.min(this.width - 1, column * this.thinned + (this.thinned >> 1))];
  }

  // The upper left corner of a square on the canvas.
  corner(row, column) {
    const [y, x] = this.tiles.place(row, column);
    return [x * this.side, y * this.tall];
  }

  // The squares in which a set has a cell.
  marked(set) {
    const found = new Uint8Array(this.rows * this.columns);
    eachRun(set, (at, from, length) => {
      const y = Math.floor(at / this.width), x = at - y * this.width;
      if (this.line[y] < 0) return;  // not in this part
      const start = this.line[y] * this.columns;
      for (let i = 0; i < length; i++) if (set.values[from + i] > 0 && this.column[x + i] >= 0) found[start + this.column[x + i]] = 1;
    });
    return found;
  }

  // Of each square the largest verdict on its cells.
  judged(verdict) {
    const found = new Uint8Array(this.rows * this.columns);
    for (let y = 0; y < this.height; y++) {
      if (this.line[y] < 0) continue;
      const start = this.line[y] * this.columns;
      for (let x = 0, at = y * this.width; x < this.width; x++, at++) {
        const square = start + this.column[x];
        if (this.column[x] >= 0 && verdict[at] > found[square]) found[square] = verdict[at];
      }
    }
    return found;
  }

  // `base`: the colour of a cell, or null; `sets`: up to two sets; `padded`: cells that see padding;
  // `verdict`: 1, 2, 3 for each cell under a shift; `cells`: those that are pointed at; `part`: the box
  // of cells that is magnified.
  draw({ base, sets, padded, verdict, cells, part }) {
    const context = this.canvas.getContext("2d"), { colours } = this;
    const judged = verdict && this.judged(verdict);
    const pixels = this.shaded(base, sets.map((set) => this.marked(set)), judged);
    this.buffer.width = this.columns;
    this.buffer.height = this.rows;
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer), this.columns, this.rows);
    this.buffer.getContext("2d").putImageData(image, 0, 0);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.imageSmoothingEnabled = false;
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const { high } = this.tiles;
    for (const top of this.tiles.tops()) {
      context.drawImage(this.buffer, 0, top, this.columns, high, ...this.corner(top, 0), this.columns * this.side, high * this.tall);
    }
    if (this.side > 7) this.gaps(context);
    if (this.side > 3) {
      if (judged) [2, 3].forEach((kind) => this.crossed(context, judged, kind));
      if (padded) this.corners(context, this.marked(padded), pixels);
    }
    if (part) this.partly(context, part);
    cells.forEach((cell, i) => {
      if (cell && this.line[cell[0]] >= 0 && this.column[cell[1]] >= 0) this.ring(context, cell, i ? colours.other : colours.point);
    });
  }

  shaded(base, marked, judged) {
    const tone = (name) => this.tone(base, name), [a, b] = marked;
    const found = new Uint32Array(tone(judged || a ? "pale" : "own"));
    const paint = (name, test) => {
      const colours = tone(name);
      for (let i = 0; i < found.length; i++) if (test(i)) found[i] = colours[i];
    };
    if (judged) ["holds", "breaks", "quiet"].forEach((name, kind) => paint(name, (i) => judged[i] === kind + 1));
    else if (b) {
      paint("point", (i) => a[i] && !b[i]);
      paint("other", (i) => b[i] && !a[i]);
      paint("own", (i) => a[i] && b[i]);
    } else if (a) paint("field", (i) => a[i]);
    return found;
  }

  // The colours of all squares, as they are or as a rule makes them; kept while what is shown stays.
  tone(base, name) {
    const { colours } = this, key = `${colours.paper} ${this.space} ${this.thinned} ${this.origin}`;
    if (this.toned?.key !== key || this.toned.base !== base) this.toned = { key, base, made: { own: this.own(base) } };
    const { made } = this.toned, tint = colours[`${name}Numbers`];
    const pale = (own) => mixed(grey(own), colours.paperNumbers, 0.62);
    const rule = { pale, field: (own) => mixed(own, tint, 0.35), point: (own) => mixed(pale(own), tint, 0.75),
      other: (own) => mixed(pale(own), tint, 0.75) }[name] || ((own) => mixed(grey(own), tint, 0.72));
    return (made[name] ||= made.own.map((pixel) => packed(rule(unpacked(pixel)))));
  }

  own(base) {
    const found = new Uint32Array(this.rows * this.columns);
    found.fill(packed(mixed(this.colours.paperNumbers, this.colours.quietNumbers, 0.35)));
    for (let row = 0, i = 0; base && row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++, i++) {
        found[i] = packed(base(...this.middle(row, column)));
      }
    }
    return found;
  }

  gaps(context) {
    context.beginPath();
    const [w, h] = [this.tiles.columns * this.side, this.tiles.rows * this.tall];
    for (let column = 1; column <= this.tiles.columns; column++) context.rect(column * this.side - 1, 0, 1, h);
    for (let row = 1; row <= this.tiles.rows; row++) context.rect(0, row * this.tall - 1, w, 1);
    context.globalCompositeOperation = "destination-out";
    context.fill();
    context.globalCompositeOperation = "source-over";
  }

  // The upper left corners of some squares, each with what is drawn there.
  eachSquare(squares, draw) {
    for (let i = 0; i < squares.length; i++) {
      if (squares[i]) draw(...this.corner(Math.floor(i / this.columns), i % this.columns), i);
    }
  }

  // A corner folded: this cell sees padding. Dark on light and light on dark.
  corners(context, padded, pixels) {
    const fold = Math.max(2, Math.min(8, this.side / 3));
    const folds = { "#000000": new Path2D(), "#ffffff": new Path2D() };
    this.eachSquare(padded, (x, y, i) => {
      const path = folds[grey(unpacked(pixels[i]))[0] > 128 ? "#000000" : "#ffffff"];
      path.moveTo(x, y);
      path.lineTo(x + fold, y);
      path.lineTo(x, y + fold);
      path.closePath();
    });
    context.globalAlpha = 0.6;
    for (const [ink, path] of Object.entries(folds)) {
      context.fillStyle = ink;
      context.fill(path);
    }
    context.globalAlpha = 1;
  }

  // Crossed out what does not move along; a single stroke where it is not decided.
  crossed(context, judged, kind) {
    const pad = this.side > 7 ? this.side * 0.3 : 1, [w, h] = [this.side - 1, this.tall - 1];
    context.strokeStyle = "#000000";
    context.lineWidth = Math.max(1, this.side / 16);
    context.beginPath();
    this.eachSquare(judged.map((each) => each === kind), (x, y) => {
      line(context, x + pad, y + pad, w - 2 * pad, h - 2 * pad);
      if (kind === 2) line(context, x + w - pad, y + pad, 2 * pad - w, h - 2 * pad);
    });
    context.stroke();
  }

  // A frame around the squares that hold a part.
  partly(context, [first, low, past, high]) {
    const [left, top] = this.corner(this.line[first], this.column[low]);
    const [right, bottom] = this.corner(this.line[past - 1], this.column[high - 1]);
    for (const [ink, wide] of [[this.colours.paper, 3], [this.colours.ink, 1]]) {
      context.strokeStyle = ink;
      context.lineWidth = wide;
      context.strokeRect(left - 0.5, top - 0.5, right - left + this.side, bottom - top + this.tall);
    }
  }

  ring(context, [y, x], colour) {
    const [left, top] = this.corner(this.line[y], this.column[x]);
    for (const [ink, wide] of [[this.colours.paper, 5], [colour, 3]]) {
      context.strokeStyle = ink;
      context.lineWidth = wide;
      context.strokeRect(left + 0.5, top + 0.5, Math.max(this.side - 2, 3), Math.max(this.tall - 2, 3));
    }
  }
}
