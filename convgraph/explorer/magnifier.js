"use strict";
// Where a square stands for several cells, or pixels are too small to be told apart: a part of the map
// around what is pointed at, so large that a mouse or a finger meets each of them. It goes where the
// pointer goes on the map, and stays for a click.
const FINEST = { mouse: [7, 3, 20], finger: [20, 12, 26] };  // sides of cells and of pixels that need none, and of those in a part
const LINES = 7;  // of a part

// So many rows and columns of a sheet, within one slice of it.
class Part {
  fit({ high, width, height }, wide, side) {
    const odd = Math.floor(wide / side) - (Math.floor(wide / side) % 2 ? 0 : 1);  // one is in the middle
    const changed = this.high !== high || this.width !== width || this.height !== height;
    Object.assign(this, { high, width, height, rows: Math.min(high, LINES), columns: Math.min(width, Math.max(3, odd)) });
    this.side = Math.min(44, Math.floor(wide / this.columns));
    this.around(changed ? [height >> 1, width >> 1] : [this.top + (this.rows >> 1), this.left + (this.columns >> 1)]);
  }

  around([y, x]) {
    const start = (at, n, all) => Math.max(0, Math.min(all - n, at - (n >> 1)));
    const first = y - (y % this.high);
    this.top = first + start(y % this.high, this.rows, this.high);
    this.left = start(x, this.columns, this.width);
  }

  holds([y, x]) {
    return y >= this.top && y < this.top + this.rows && x >= this.left && x < this.left + this.columns;
  }

  get box() {
    return [this.top, this.left, this.top + this.rows, this.left + this.columns];
  }

  // What is in it, in words: along the axes of a space.
  said(space, words) {
    const place = unravel(this.top * this.width + this.left, space);
    const last = place.map((i, axis) => i + (axis === space.length - 1 ? this.columns : axis === space.length - 2 ? this.rows : 1) - 1);
    return `Magnified: ${listed(place.map((i, axis) => (i === last[axis] ? `${words[axis]} ${i + 1}` :
      `${plural(words[axis])} ${i + 1} to ${last[axis] + 1}`)))}.`;
  }
}

class GridMagnifier extends GridPanel {
  constructor(canvas, colours) {
    super(canvas, colours);
    this.part = new Part();
  }

  fit(space, wide, side) {
    const { part } = this;
    Object.assign(this, sheet(space), { space, thinned: 1, down: 1 });
    part.fit(this, wide, side);
    Object.assign(this, { rows: part.rows, columns: part.columns, side: part.side, tiles: new Tiles(1, part.rows, part.columns, [1, 1], 0) });
    this.tall = this.rows === 1 ? Math.max(this.side, 34) : this.side;
    this.resize();
  }

  middle(row, column) {
    return [this.part.top + row, this.part.left + column];
  }

  draw(asked) {
    const { top, left, box } = this.part;
    if (this.origin !== String(box)) {
      this.origin = String(box);
      this.line = new Int32Array(this.height).fill(-1);
      this.column = new Int32Array(this.width).fill(-1);
      for (let i = 0; i < this.rows; i++) this.line[top + i] = i;
      for (let i = 0; i < this.columns; i++) this.column[left + i] = i;
    }
    super.draw({ ...asked, part: null });
  }
}

// The pixels of the image as its panel has coloured them, larger.
class ImageMagnifier extends ImagePanel {
  constructor(canvas, panel) {
    super(canvas, panel.picture, panel.colours, false);
    this.buffer = panel.buffer;
    this.part = new Part();
  }

  fit(wide, side) {
    const { part } = this;
    part.fit(this.picture, wide, side);
    Object.assign(this, { scale: part.side, left: 0, top: 0, tall: part.rows === 1 ? Math.max(part.side, 34) / part.side : 1,
      tiles: new Tiles(1, part.rows, part.columns, [1, 1], 0) });
    this.resize(part.columns * this.scale, part.rows * this.scale * this.tall);
  }

  pixelAt(event) {
    const at = super.pixelAt(event);
    return at && [at[0] + this.part.top, at[1] + this.part.left];
  }

  box([top, left, bottom, right]) {
    const high = this.scale * this.tall;
    return [(left - this.part.left) * this.scale, (top - this.part.top) * high, (right - left) * this.scale, (bottom - top) * high];
  }

  sliceBoxes() {
    return [this.part.box];
  }

  draw(asked) {
    this.paint({ ...asked, part: null });
  }
}

// Those of both panels, where they are needed.
class Magnifiers {
  constructor(explorer) {
    this.explorer = explorer;
    const canvas = (selector) => explorer.one(`${selector} .ex-part canvas`);
    this.image = new ImageMagnifier(canvas(".ex-image"), explorer.image);
    this.grid = new GridMagnifier(canvas(".ex-tensor"), explorer.colours);
  }

  fit() {
    const { explorer } = this, { grid, image } = explorer;
    const [cells, pixels, side] = matchMedia("(any-pointer: coarse)").matches ? FINEST.finger : FINEST.mouse;
    this.shown = { grid: grid.thinned > 1 || grid.side < cells, image: image.scale < pixels };
    explorer.one(".ex-tensor .ex-part").hidden = !this.shown.grid;
    explorer.one(".ex-image .ex-part").hidden = !this.shown.image;
    if (this.shown.grid) this.grid.fit(grid.space, explorer.one(".ex-tensor .ex-stage").clientWidth, side);
    if (this.shown.image) this.image.fit(explorer.one(".ex-image .ex-stage").clientWidth, side);
  }

  // To a place of a map that the pointer or a finger is at.
  turn(name, at) {
    if (this.shown[name]) this[name].part.around(at);
  }

  // Where a map has its part, for the map to frame it.
  part(name) {
    return this.shown[name] ? this[name].part.box : null;
  }

  // To what is asked, unless it is there to be seen: of a field to its middle.
  follow(point, field) {
    const { explorer } = this, { row } = explorer.state, { source, network } = explorer;
    if (!point) return;
    const pixel = point.kind === "pixel", own = pixel ? source : point.row;
    if (this.shown.grid && own === row && point.place) this.see(this.grid.part, explorer.onSheet(point.place, divided(network.rows[row]).space));
    if (!this.shown.image) return;
    if (pixel) this.see(this.image.part, explorer.onSheet(point.place, explorer.space));
    else if (field && countIn(field)) {
      const middle = bounds(field).map(([first, last]) => (first + last) >> 1);
      this.image.part.around(explorer.onSheet(middle, explorer.space));
    }
  }

  see(part, at) {
    if (!part.holds(at)) part.around(at);
  }

  draw(onImage, onGrid) {
    const { explorer } = this;
    if (this.shown.image) {
      this.image.draw(onImage);
      explorer.say(".ex-image .ex-part p", this.image.part.said(explorer.space, explorer.words.axesOf(explorer.source)));
    }
    if (this.shown.grid) {
      this.grid.draw(onGrid);
      explorer.say(".ex-tensor .ex-part p", this.grid.part.said(this.grid.space, explorer.words.axesOf(explorer.state.row)));
    }
  }
}
