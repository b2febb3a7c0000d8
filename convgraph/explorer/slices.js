"use strict";
// Rows of any rank are kept as a sheet of rows and columns: the last axis across, all others down.
// Over more than two axes a sheet is a stack of slices, which are laid out like tiles.
function sheet(space) {
  if (!space.length) return { height: 1, width: 1, high: 1, slices: 1 };
  const [high, width] = [space.at(-2) ?? 1, space.at(-1)];
  return { height: size(space.slice(0, -1)), width, high, slices: size(space.slice(0, -2)) };
}

// Slices of so many rows and columns, with paper between them: as many beside each other as make
// them largest in the room that there is.
class Tiles {
  constructor(slices, high, width, room, apart) {
    Object.assign(this, { slices, high, width, apart });
    const scale = (n) => Math.min(room[0] / this.span(n, width), room[1] / this.span(Math.ceil(slices / n), high));
    this.across = 1;
    for (let n = 2; n <= slices; n++) if (scale(n) > scale(this.across)) this.across = n;
    this.columns = this.span(this.across, width);
    this.rows = this.span(Math.ceil(slices / this.across), high);
  }

  span(count, each) {
    return count * each + (count - 1) * this.apart;
  }

  // Where a row and a column of the sheet are.
  place(row, column) {
    const slice = Math.floor(row / this.high);
    return [row - slice * this.high + Math.floor(slice / this.across) * (this.high + this.apart),
      column + (slice % this.across) * (this.width + this.apart)];
  }

  // The row and the column of the sheet at a place, or null between slices.
  at(y, x) {
    const [down, right] = [Math.floor(y / (this.high + this.apart)), Math.floor(x / (this.width + this.apart))];
    const row = y - down * (this.high + this.apart), column = x - right * (this.width + this.apart);
    const slice = down * this.across + right;
    const inside = row >= 0 && column >= 0 && row < this.high && column < this.width && right < this.across;
    return inside && slice < this.slices ? [slice * this.high + row, column] : null;
  }

  // The first row of each slice.
  *tops() {
    for (let slice = 0; slice < this.slices; slice++) yield slice * this.high;
  }
}
