"use strict";
// Findings as places: their rows are marked and what they are about is shown, until something else is
// asked. That is some units; or a shift of the input; or the middles of two rows, held against each
// other.
class Places {
  constructor(explorer) {
    this.explorer = explorer;
  }

  // The finding that is shown, if one is.
  get shown() {
    const { data, state } = this.explorer;
    return data.findings[state.finding] || {};
  }

  show(number) {
    this.leave();
    const { explorer } = this, { state, data } = explorer, { units, rows, beside, shift } = data.findings[number];
    const row = units ? units.row : beside ? beside[1] : rows[0] ?? state.row;
    explorer.tree.reveal(row);
    Object.assign(state, { row, channel: null, cell: null, pixel: null, finding: number });
    if (explorer.movable(shift)) state.moved = shift;
    if (beside) {
      explorer.kept = { point: this.middle(beside[0]) };
      state.cell = this.middle(row).place;
    }
    explorer.buttons.said();
  }

  middle(row) {
    const { space } = divided(this.explorer.network.rows[row]);
    return { kind: "cell", row, channel: null, place: space.map((n) => n >> 1) };
  }

  // What a finding has put on the page goes with it.
  leave() {
    const { explorer } = this, { state } = explorer, { beside, shift } = this.shown;
    if (beside) explorer.kept = null;
    if (shift && String(shift) === String(state.moved)) state.moved = explorer.space.map(() => 0);
    state.finding = explorer.hover = null;
    explorer.buttons.said();
  }
}
