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
      const [kept, shown] = this.apart(beside[0], row);
      explorer.kept = { point: kept };
      state.cell = shown.place;
    }
    explorer.buttons.said();
  }

  // A cell near the middle of each of two rows, where their fields lie farthest apart: behind an
  // upsampling neighbours share a field, and some of them lie where those of the other row do.
  apart(first, second) {
    const far = (points) => {
      const [a, b] = this.explorer.middles(points);
      return a ? a.reduce((sum, at, axis) => sum + Math.abs(at - b[axis]), 0) : 0;
    };
    const pairs = [0, 1, 2, 3].map((by) => [this.near(first, by), this.near(second, by)]);
    return pairs.reduce((best, each) => (far(each) > far(best) ? each : best));
  }

  near(row, by) {
    const { space } = divided(this.explorer.network.rows[row]);
    return { kind: "cell", row, channel: null, place: space.map((n) => Math.min(n - 1, (n >> 1) + by)) };
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
