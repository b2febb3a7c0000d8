"use strict";
// The cells of a tensor. Where there are more than fit, a square stands for several: it is marked if
// any of its cells is, and pointing at it points at the cell in its middle.
const LEAST = 5;  // pixels of the screen to a square

class GridPanel {
  constructor(canvas, colours) {
    Object.assign(this, { canvas, colours });
  }

  fit(space, wide, high) {
    Object.assign(this, sheet(space), { space });
    const most = Math.max(LEAST, 1);
    this.thinned = Math.max(1, Math.ceil((this.width * most) / wide), Math.ceil((this.height * most) / (4 * high)));
    if (space.length > 1) this.thinned = Math.max(this.thinned, Math.ceil((this.height * most) / high));
    this.down = space.length > 1 ? this.thinned : 1;
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

  // Of each square the largest value of its cells.
  summed(values) {
    if (this.thinned === 1 && this.down === 1) return values;
    const found = new Float64Array(this.rows * this.columns);
    for (let y = 0, i = 0; y < this.height; y++) {
      for (let x = 0; x < this.width; x++, i++) {
        const at = Math.floor(y / this.down) * this.columns + Math.floor(x / this.thinned);
        if (values[i] > found[at]) found[at] = values[i];
      }
    }
    return found;
  }

  // `base`: the colour of a cell, or null; `sets`: up to two sets; `padded`: cells that see padding;
  // `verdict`: 1, 2, 3 for each cell under a shift; `cells`: those that are pointed at.
  draw({ base, sets, padded, verdict, cells }) {
    const context = this.canvas.getContext("2d"), { colours } = this;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const marked = sets.map((set) => this.summed(set));
    const pads = padded && this.summed(padded), judged = verdict && this.summed(verdict);
    const gap = this.side > 7 ? 1 : 0;
    for (let row = 0, i = 0; row < this.rows; row++) {
      for (let column = 0; column < this.columns; column++, i++) {
        const [x, y] = [column * this.side, row * this.tall];
        const middle = [row * this.down + (this.down >> 1), column * this.thinned + (this.thinned >> 1)];
        const own = base ? base(...middle) : mixed(colours.paperNumbers, colours.quietNumbers, 0.35);
        const shade = this.colour(own, marked, judged, i);
        context.fillStyle = css(shade);
        context.fillRect(x, y, this.side - gap, this.tall - gap);
        if (judged && judged[i] > 1 && this.side > 7) this.crossed(context, x, y, judged[i]);
        else if (!judged && pads?.[i] && this.side > 7) this.corner(context, x, y, shade);
      }
    }
    cells.forEach((cell, i) => {
      if (cell) this.ring(context, cell, i ? colours.other : colours.point);
    });
  }

  colour(own, marked, judged, i) {
    const { colours } = this, pale = mixed(grey(own), colours.paperNumbers, 0.62);
    if (judged) {
      const tint = [null, colours.holdsNumbers, colours.breaksNumbers, colours.quietNumbers][judged[i]];
      return tint ? mixed(grey(own), tint, 0.72) : pale;
    }
    if (!marked.length) return own;
    const [a, b] = marked.map((set) => set[i] > 0);
    if (marked.length === 2) {
      if (a && b) return own;
      return a || b ? mixed(pale, a ? colours.pointNumbers : colours.otherNumbers, 0.75) : pale;
    }
    return a ? mixed(own, colours.fieldNumbers, 0.35) : pale;
  }

  // A corner folded: this cell sees padding. Dark on light and light on dark.
  corner(context, x, y, shade) {
    const fold = Math.max(3, Math.min(8, this.side / 3));
    context.fillStyle = grey(shade)[0] > 128 ? "#000000" : "#ffffff";
    context.globalAlpha = 0.6;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + fold, y);
    context.lineTo(x, y + fold);
    context.fill();
    context.globalAlpha = 1;
  }

  crossed(context, x, y, verdict) {
    const pad = this.side * 0.3, [w, h] = [this.side - 1, this.tall - 1];
    context.strokeStyle = "#000000";
    context.lineWidth = Math.max(1, this.side / 16);
    context.beginPath();
    line(context, x + pad, y + pad, w - 2 * pad, h - 2 * pad);
    if (verdict === 2) line(context, x + w - pad, y + pad, 2 * pad - w, h - 2 * pad);
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
