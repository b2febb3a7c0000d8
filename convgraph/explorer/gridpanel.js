"use strict";
// The cells of a tensor. Where there are more than fit, a square stands for several: it is marked if
// any of its cells is, and pointing at it points at the cell in its middle.
const LEAST = 5;  // pixels of the screen to a square

class GridPanel {
  constructor(canvas, colours) {
    Object.assign(this, { canvas, colours });
    this.buffer = document.createElement("canvas");
  }

  fit(space, wide, high) {
    Object.assign(this, sheet(space), { space });
    const most = Math.max(LEAST, 1);
    this.thinned = Math.max(1, Math.ceil((this.width * most) / wide), Math.ceil((this.height * most) / (4 * high)));
    if (space.length > 1) this.thinned = Math.max(this.thinned, Math.ceil((this.height * most) / high));
    this.down = space.length > 1 ? this.thinned : 1;
    this.column = Int32Array.from({ length: this.width }, (_, x) => Math.floor(x / this.thinned));
    this.columns = Math.ceil(this.width / this.thinned);
    this.rows = Math.ceil(this.height / this.down);
    this.side = Math.max(2, Math.min(Math.floor(Math.min(wide / this.columns, high / this.rows)), 44));
    this.tall = this.rows === 1 ? Math.max(this.side, 34) : this.side;
    this.ratio = window.devicePixelRatio || 1;
    const [w, h] = [this.columns * this.side, this.rows * this.tall];
    this.canvas.style.width = `${w}px`;
    this.canvas.style.height = `${h}px`;
    this.canvas.width = Math.round(w * this.ratio);
    this.canvas.height = Math.round(h * this.ratio);
  }

  cellAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor((event.clientX - box.left) / this.side);
    const row = Math.floor((event.clientY - box.top) / this.tall);
    if (column < 0 || row < 0 || column >= this.columns || row >= this.rows) return null;
    const x = Math.min(this.width - 1, column * this.thinned + (this.thinned >> 1));
    const y = Math.min(this.height - 1, row * this.down + (this.down >> 1));
    return [y, x];
  }

  // The squares in which a set has a cell.
  marked(set) {
    const found = new Uint8Array(this.rows * this.columns);
    eachRun(set, (at, from, length) => {
      const y = Math.floor(at / this.width), x = at - y * this.width;
      const start = Math.floor(y / this.down) * this.columns;
      for (let i = 0; i < length; i++) if (set.values[from + i] > 0) found[start + this.column[x + i]] = 1;
    });
    return found;
  }

  // Of each square the largest verdict on its cells.
  judged(verdict) {
    const found = new Uint8Array(this.rows * this.columns);
    for (let y = 0, at = 0; y < this.height; y++) {
      const start = Math.floor(y / this.down) * this.columns;
      for (let x = 0; x < this.width; x++, at++) {
        const square = start + this.column[x];
        if (verdict[at] > found[square]) found[square] = verdict[at];
      }
    }
    return found;
  }

  // `base`: the colour of a cell, or null; `sets`: up to two sets; `padded`: cells that see padding;
  // `verdict`: 1, 2, 3 for each cell under a shift; `cells`: those that are pointed at.
  draw({ base, sets, padded, verdict, cells }) {
    const context = this.canvas.getContext("2d"), { colours } = this;
    const judged = verdict && this.judged(verdict);
    const pixels = this.shaded(base, sets.map((set) => this.marked(set)), judged);
    this.buffer.width = this.columns;
    this.buffer.height = this.rows;
    const image = new ImageData(new Uint8ClampedArray(pixels.buffer), this.columns, this.rows);
    this.buffer.getContext("2d").putImageData(image, 0, 0);
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.imageSmoothingEnabled = false;
    context.drawImage(this.buffer, 0, 0, this.columns * this.side, this.rows * this.tall);
    if (this.side > 7) {
      this.gaps(context);
      if (judged) [2, 3].forEach((kind) => this.crossed(context, judged, kind));
      else if (padded) this.corners(context, this.marked(padded), pixels);
    }
    cells.forEach((cell, i) => {
      if (cell) this.ring(context, cell, i ? colours.other : colours.point);
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
    const { colours } = this, key = `${colours.paper} ${this.space} ${this.thinned}`;
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
        found[i] = packed(base(row * this.down + (this.down >> 1), column * this.thinned + (this.thinned >> 1)));
      }
    }
    return found;
  }

  gaps(context) {
    context.beginPath();
    for (let column = 1; column <= this.columns; column++) {
      context.rect(column * this.side - 1, 0, 1, this.rows * this.tall);
    }
    for (let row = 1; row <= this.rows; row++) {
      context.rect(0, row * this.tall - 1, this.columns * this.side, 1);
    }
    context.globalCompositeOperation = "destination-out";
    context.fill();
    context.globalCompositeOperation = "source-over";
  }

  // The upper left corners of some squares, each with what is drawn there.
  eachSquare(squares, draw) {
    for (let i = 0; i < squares.length; i++) {
      if (squares[i]) draw((i % this.columns) * this.side, Math.floor(i / this.columns) * this.tall, i);
    }
  }

  // A corner folded: this cell sees padding. Dark on light and light on dark.
  corners(context, padded, pixels) {
    const fold = Math.max(3, Math.min(8, this.side / 3));
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
    const pad = this.side * 0.3, [w, h] = [this.side - 1, this.tall - 1];
    context.strokeStyle = "#000000";
    context.lineWidth = Math.max(1, this.side / 16);
    context.beginPath();
    this.eachSquare(judged.map((each) => each === kind), (x, y) => {
      line(context, x + pad, y + pad, w - 2 * pad, h - 2 * pad);
      if (kind === 2) line(context, x + w - pad, y + pad, 2 * pad - w, h - 2 * pad);
    });
    context.stroke();
  }

  ring(context, [y, x], colour) {
    const left = Math.floor(x / this.thinned) * this.side, top = Math.floor(y / this.down) * this.tall;
    for (const [ink, wide] of [[this.colours.paper, 5], [colour, 3]]) {
      context.strokeStyle = ink;
      context.lineWidth = wide;
      context.strokeRect(left + 0.5, top + 0.5, Math.max(this.side - 2, 3), Math.max(this.tall - 2, 3));
    }
  }
}
