"use strict";
// Answers to the questions of the page. One that takes longer than a part of a frame goes on in
// slices, between which the page answers to pointer and keys; a new question ends it.
const SLICE = 10, KEPT = 8;  // milliseconds; answers that are remembered

class Answers {
  // `begin` gives the steps of an answer; `ready` is called when one is there that was waited for.
  constructor(begin, ready) {
    Object.assign(this, { begin, ready, known: new Map(), open: new Map(), timer: null });
  }

  // The answer about a point, or null as long as it is not known.
  about(point, end = performance.now() + SLICE) {
    const key = JSON.stringify(point);
    if (!this.known.has(key) && !this.open.has(key)) this.open.set(key, this.begin(point));
    if (this.open.has(key)) this.work(key, end);
    return this.known.get(key) || null;
  }

  // What is known about a point already.
  found(point) {
    return this.known.get(JSON.stringify(point)) || null;
  }

  // What is not asked any more is given up.
  drop(points) {
    const asked = new Set(points.map((point) => JSON.stringify(point)));
    for (const key of this.open.keys()) if (!asked.has(key)) this.open.delete(key);
  }

  // Only what is asked still is gone on with.
  keep(points) {
    this.drop(points);
    if (this.open.size && this.timer === null) this.timer = setTimeout(() => this.go());
  }

  get busy() {
    return this.open.size > 0;
  }

  go() {
    this.timer = null;
    const [key] = this.open.keys();
    if (key === undefined) return;
    if (this.work(key, performance.now() + SLICE)) this.ready();
    else this.timer = setTimeout(() => this.go());
  }

  // All that is asked, at once: paper does not wait.
  finish() {
    for (const key of [...this.open.keys()]) this.work(key, Infinity);
  }

  work(key, end) {
    const steps = this.open.get(key);
    do {
      const { done, value } = steps.next();
      if (!done) continue;
      this.open.delete(key);
      this.known.set(key, value);
      if (this.known.size > KEPT) this.known.delete(this.known.keys().next().value);
      return true;
    } while (performance.now() < end);
    return false;
  }
}

// The steps of an answer about a point of the page.
function begun(explorer, point) {
  const { network } = explorer;
  if (point.kind === "shift") return shifted(explorer, point.moved);
  if (point.kind === "pixel") return network.affecting(explorer.source, network.unit(explorer.source, null, point.place));
  if (point.kind === "cell") return network.seeing(point.row, network.unit(point.row, point.channel, point.place));
  let terms = [];
  for (const box of point.units.boxes) {
    const row = network.rows[point.row], masks = box.map(fromRuns);
    terms = joined(network.outer(point.row, row.shape, masks, row.cut), terms);
  }
  return network.seeing(point.row, terms);
}

// The verdicts that are looked at first are part of the answer.
function* shifted(explorer, moved) {
  const { network, data, source, state } = explorer;
  const shift = yield* Shift.found(network, data.strides, source, moved);
  const seen = explorer.tree.inView().map(({ row }) => row);
  for (const [row, channel] of [[state.row, state.channel], ...seen.map((each) => [each, null])]) {
    shift.verdict(row, channel);
    yield;
  }
  return shift;
}
