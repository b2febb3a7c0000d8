"use strict";
// Buttons, sliders, the photograph, and what pointer and keys do on the two canvases.
class Controls {
  constructor(explorer) {
    this.explorer = explorer;
    const { state } = explorer, one = (selector) => explorer.one(selector);
    for (const button of explorer.root.querySelectorAll(".ex-view button")) {
      button.addEventListener("click", () => { state.heat = button.value === "effective"; this.views(); explorer.show(); });
    }
    one(".ex-keep").addEventListener("click", () => this.keep());
    one(".ex-clear").addEventListener("click", () => this.clear());
    one(".ex-file").addEventListener("change", (event) => this.load(event.target.files[0]));
    one(".ex-channel input").addEventListener("input", (event) => {
      const { value } = event.target, number = event.target.valueAsNumber - 1;
      const { channels } = divided(explorer.network.rows[state.row]);
      const fits = Number.isInteger(number) && number >= 0 && number < channels;
      event.target.setAttribute("aria-invalid", !fits && (value !== "" || event.target.validity.badInput));
      state.channel = fits ? number : null;
      explorer.show();
    });
    // What is none is not left standing beside an answer about all of them.
    one(".ex-channel input").addEventListener("change", (event) => {
      event.target.value = state.channel === null ? "" : state.channel + 1;
      event.target.removeAttribute("aria-invalid");
    });
    this.sliders();
    this.drop(explorer.root, one(".ex-image"));
    explorer.root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.clear();
    });
    this.said();
  }

  // What the buttons and sliders say is what is shown.
  said() {
    this.views();
    this.outputs();
    this.kept();
  }

  views() {
    const { state: { heat }, root } = this.explorer, two = root.classList.contains("ex-comparing");
    for (const button of root.querySelectorAll(".ex-view button")) {
      button.setAttribute("aria-pressed", (button.value === "effective") === (heat && !two));
      button.disabled = two && button.value === "effective";  // two fields are shown as they are
    }
  }

  sliders() {
    const { state, space, root } = this.explorer;
    this.inputs = [...root.querySelectorAll(".ex-shift input")];
    this.inputs.forEach((input, axis) => {
      const most = farthest(space[axis]);
      Object.assign(input, { min: -most, max: most, step: 1 });
      input.addEventListener("input", () => {
        state.moved = state.moved.map((n, a) => (a === axis ? input.valueAsNumber : n));
        this.explorer.soon();
        this.outputs();
      });
    });
  }

  outputs() {
    this.inputs.forEach((input, axis) => {
      input.value = this.explorer.state.moved[axis];
      input.closest(".ex-shift").querySelector("output").textContent = this.explorer.state.moved[axis];
    });
  }

  // Keeps what is asked now, to lay the next question beside it.
  keep() {
    const { explorer } = this;
    explorer.hover = null;
    const point = explorer.point();
    explorer.kept = explorer.kept || !point ? null : { point };
    this.kept();
    explorer.show();
  }

  kept() {
    this.explorer.one(".ex-keep").setAttribute("aria-pressed", Boolean(this.explorer.kept));
  }

  clear() {
    const { explorer } = this;
    explorer.places.leave();
    Object.assign(explorer.state, { cell: null, pixel: null, heat: false, moved: explorer.space.map(() => 0) });
    explorer.kept = null;
    this.said();
    explorer.show();
  }

  async load(file) {
    const { explorer } = this;
    if (!file) return;
    try {
      await explorer.picture.load(file);
    } catch {
      explorer.one(".ex-caption").textContent = `${file.name || "The file"} is no image that this browser reads.`;
      return;
    }
    explorer.bases.clear();
    explorer.show();
  }

  // Anywhere on the page: else a browser leaves it and opens the file in its place.
  drop(root, panel) {
    const files = (event) => event.dataTransfer?.types.includes("Files") || event.dataTransfer?.files.length;
    const over = (event) => {
      if (!files(event)) return;
      event.preventDefault();
      panel.classList.add("ex-over");
    };
    document.addEventListener("dragover", over);
    document.addEventListener("dragleave", () => panel.classList.remove("ex-over"));
    document.addEventListener("drop", (event) => {
      if (!files(event)) return;
      event.preventDefault();
      panel.classList.remove("ex-over");
      this.load(event.dataTransfer.files[0]);
    });
    document.addEventListener("paste", (event) => this.load(event.clipboardData?.files[0]));
  }
}

class Pointing {
  constructor(explorer) {
    this.explorer = explorer;
    const { image, grid } = explorer;
    const pixelOf = (at) => ({ kind: "pixel", place: unravel(at[0] * image.picture.width + at[1], explorer.space) });
    const cellOf = (at) => {
      const { row, channel } = explorer.state, { space } = divided(explorer.network.rows[row]);
      return this.cell(row, channel, unravel(at[0] * grid.width + at[1], space));
    };
    const { magnifiers } = explorer, turn = (name) => (at) => magnifiers.turn(name, at), stay = () => {};
    this.on(image.canvas, (event) => image.pixelAt(event), pixelOf, turn("image"));
    this.on(grid.canvas, (event) => grid.cellAt(event), cellOf, turn("grid"));
    this.on(magnifiers.image.canvas, (event) => magnifiers.image.pixelAt(event), pixelOf, stay, image.canvas);
    this.on(magnifiers.grid.canvas, (event) => magnifiers.grid.cellAt(event), cellOf, stay, grid.canvas);
    image.canvas.addEventListener("keydown", (event) => this.key(event, explorer.space, explorer.state.pixel,
      (place) => this.fix({ kind: "pixel", place }), 1));
    grid.canvas.addEventListener("keydown", (event) => {
      const { row, channel, cell } = explorer.state, { space } = divided(explorer.network.rows[row]);
      this.key(event, space, cell, (place) => this.fix(this.cell(row, explorer.state.channel, place)));
      if (event.key === "PageUp" || event.key === "PageDown") this.channel(row, channel, event);
    });
  }

  // A cell of the input itself is asked for what it affects.
  cell(row, channel, place) {
    return row === this.explorer.source ? { kind: "pixel", place } : { kind: "cell", row, channel, place };
  }

  // `place` is where on a sheet an event is, `point` what is asked there, and `turn` what a magnifier
  // makes of it; after a click keys are those of the canvas `keys`.
  on(canvas, place, point, turn, keys = canvas) {
    const { explorer } = this;
    const pointAt = (event) => {
      const at = place(event);
      if (at) turn(at);
      return at && point(at);
    };
    canvas.addEventListener("pointermove", (event) => {
      if (event.pointerType === "touch") return;
      const point = pointAt(event);
      if (JSON.stringify(point) === JSON.stringify(explorer.hover)) return;
      explorer.hover = point;
      explorer.soon();
    });
    canvas.addEventListener("pointerleave", () => { explorer.hover = null; explorer.soon(); });
    canvas.addEventListener("click", (event) => {
      const point = pointAt(event);
      if (point) this.fix(point);
      keys.focus({ preventScroll: true });
    });
  }

  fix(point) {
    const { state } = this.explorer;
    this.explorer.places.leave();
    Object.assign(state, point.kind === "pixel" ? { pixel: point.place, cell: null } :
      { cell: point.place, pixel: null });
    this.explorer.show();
  }

  key(event, space, place, fix) {
    const last = space.length - 1;
    const ways = { ArrowRight: [last, 1], ArrowLeft: [last, -1], ArrowDown: [last - 1, 1], ArrowUp: [last - 1, -1] };
    const [axis, by] = ways[event.key] || [];
    if (axis === undefined || axis < 0) return;
    event.preventDefault();
    const far = event.shiftKey ? 10 : 1;
    const from = place || space.map((n) => n >> 1);
    const to = from.map((i, a) => (a === axis && place ? Math.max(0, Math.min(space[a] - 1, i + by * far)) : i));
    if (place && String(to) === String(place)) this.turn(to, space, axis, by);
    fix(to);
  }

  // Beyond the end of a slice the next one begins.
  turn(to, space, axis, by) {
    const outer = space.slice(0, -2), slice = ravel(to.slice(0, -2), outer) + by;
    if (!outer.length || slice < 0 || slice >= size(outer)) return;
    to.splice(0, outer.length, ...unravel(slice, outer));
    to[axis] = by > 0 ? 0 : space[axis] - 1;
  }

  channel(row, channel, event) {
    event.preventDefault();
    const { channels } = divided(this.explorer.network.rows[row]);
    const next = (channel ?? -1) + (event.key === "PageUp" ? 1 : -1);
    this.explorer.state.channel = next < 0 || next >= channels ? null : next;
    this.explorer.show();
  }
}
