"use strict";
// One live figure: what is pointed at asks a question of the graph, and the page shows the answer.
// The graph is in the SVG (data-unit, data-source, data-target, data-parameter); what needs algebra
// was derived when the page was made, and stands in the figure's data.
(() => {
  const MOST_NAMES = 12;

  class LiveFigure {
    constructor(root, number) {
      this.root = root;
      this.number = number;
      this.data = JSON.parse(root.querySelector(".cg-data").textContent);
      this.stage = root.querySelector(".cg-stage");
      this.caption = root.querySelector(".cg-caption");
      this.start = this.caption.innerHTML;
      this.pinned = null;
      this.panels = new Map();
      this.units = [...this.stage.querySelectorAll("[data-unit]")];
      this.edges = [...this.stage.querySelectorAll("[data-source]")];
      for (const element of this.units) this.addUnit(element);
      for (const element of this.edges) this.addEdge(element);
      this.buttons = [...root.querySelectorAll(".cg-legend button")];
      for (const button of this.buttons) this.addButton(button);
      this.slider = root.querySelector(".cg-shift input");
      if (this.slider) this.addSlider();
      this.stage.addEventListener("click", () => this.release());
      root.addEventListener("keydown", (event) => this.onKey(event));
    }

    panel(element) {
      const number = element.dataset.panel;
      if (!this.panels.has(number)) {
        this.panels.set(number, { unit: new Map(), into: new Map(), outOf: new Map(), uses: new Map() });
      }
      return this.panels.get(number);
    }

    addUnit(element) {
      const { unit, row } = element.dataset;
      this.panel(element).unit.set(unit, element);
      element.setAttribute("tabindex", "0");
      element.setAttribute("role", "button");
      element.setAttribute("aria-pressed", "false");
      element.setAttribute("aria-label", `unit ${unit} of row ${row}`);
      this.listen(element, { kind: "unit", name: unit, panel: element.dataset.panel });
    }

    addEdge(element) {
      const { source, target, parameter } = element.dataset;
      const panel = this.panel(element);
      for (const [map, key] of [[panel.into, target], [panel.outOf, source], [panel.uses, parameter]]) {
        if (!map.has(key)) map.set(key, []);
        map.get(key).push(element);
      }
      const line = element.querySelector("path");
      if (line) {  // a wider, invisible line to point at
        const reach = line.cloneNode();
        reach.setAttribute("class", "cg-reach");
        element.appendChild(reach);
      }
      this.listen(element, { kind: "edge", name: parameter, panel: element.dataset.panel, element });
    }

    addButton(button) {
      this.listen(button, { kind: "parameter", name: button.dataset.parameter, panel: button.dataset.panel });
    }

    listen(element, question) {
      const ask = () => { if (!this.pinned) this.ask(question); };
      element.addEventListener("pointerenter", ask);
      element.addEventListener("pointerleave", () => { if (!this.pinned) this.clear(); });
      if (question.kind !== "edge") {  // an edge that listens for focus would be a tab stop
        element.addEventListener("focus", ask);
        element.addEventListener("blur", () => { if (!this.pinned) this.clear(); });
      }
      element.addEventListener("click", (event) => {
        event.stopPropagation();
        this.toggle(question);
      });
    }

    addSlider() {
      this.slider.addEventListener("input", () => this.shift(Number(this.slider.value)));
    }

    // -- pinning -------------------------------------------------------------------------------

    toggle(question) {
      const same = this.pinned && this.pinned.kind === question.kind &&
        this.pinned.name === question.name && this.pinned.panel === question.panel;
      if (same) this.release(); else this.pin(question);
    }

    pin(question) {
      this.pinned = question;
      this.ask(question);
      if (question.kind === "unit") {
        history.replaceState(null, "", "#" + encodeURIComponent(question.name));
      }
    }

    release() {
      if (!this.pinned) return;
      this.pinned = null;
      history.replaceState(null, "", location.pathname + location.search);
      this.clear();
    }

    onKey(event) {
      if (event.key === "Escape") {
        this.release();
        this.clear();
        if (this.slider) this.shift(0);
        return;
      }
      const element = document.activeElement;
      if (!element.dataset || element.dataset.unit === undefined) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        element.dispatchEvent(new MouseEvent("click", { bubbles: true }));
        return;
      }
      const to = this.neighbour(element, event.key);
      if (to) {
        event.preventDefault();
        to.focus();
      }
    }

    neighbour(element, key) {
      const { panel, row } = element.dataset;
      const mine = this.units.filter((u) => u.dataset.panel === panel);
      const same = mine.filter((u) => u.dataset.row === row);
      const at = same.indexOf(element);
      if (key === "ArrowRight") return same[at + 1];
      if (key === "ArrowLeft") return same[at - 1];
      const step = { ArrowUp: 1, ArrowDown: -1 }[key];
      if (!step) return undefined;
      const rows = [...new Set(mine.map((u) => u.dataset.row))];
      const next = mine.filter((u) => u.dataset.row === rows[rows.indexOf(row) + step]);
      return next[Math.min(at, next.length - 1)];
    }

    // -- questions -----------------------------------------------------------------------------

    ask(question) {
      this.clear();
      this.root.classList.add("cg-asked");
      if (question.kind === "unit") this.askUnit(question); else this.askParameter(question);
    }

    askUnit({ name, panel: number }) {
      const panel = this.panels.get(number);
      const isInput = !panel.into.has(name) && panel.outOf.has(name);
      const next = isInput ? panel.outOf : panel.into;
      const end = isInput ? "target" : "source";
      const found = new Set([name]);
      for (const unit of found) {  // a Set grows while it is walked
        for (const edge of next.get(unit) || []) {
          edge.classList.add("cg-in");
          found.add(edge.dataset[end]);
        }
      }
      for (const unit of found) panel.unit.get(unit)?.classList.add("cg-in");
      const element = panel.unit.get(name);
      element.classList.add("cg-at");
      if (this.pinned) element.setAttribute("aria-pressed", "true");
      found.delete(name);
      this.tell(this.sentence(name, panel, found, isInput), this.data.panels[number]?.expressions?.[name]);
    }

    sentence(name, panel, found, isInput) {
      const rows = new Map();
      for (const [unit, element] of panel.unit) {
        const row = element.dataset.row;
        if (!rows.has(row)) rows.set(row, { all: 0, in: [] });
        rows.get(row).all += 1;
        if (found.has(unit)) rows.get(row).in.push(unit);
      }
      const parts = [...rows].filter(([, r]) => r.in.length).map(([row, r]) =>
        `${r.in.length} of the ${r.all} units in ${row}` +
        (r.in.length <= MOST_NAMES ? ` (${r.in.join(", ")})` : ""));
      if (!parts.length) return `${name} ${isInput ? "affects" : "sees"} nothing.`;
      return `${name} ${isInput ? "affects" : "sees"} ${parts.join(" and ")}.`;
    }

    askParameter({ name, panel: number, element }) {
      const uses = this.panels.get(number).uses.get(name) || [];
      for (const edge of uses) edge.classList.add("cg-in");
      for (const button of this.buttons) {
        const mine = button.dataset.parameter === name && button.dataset.panel === number;
        if (mine && this.pinned) button.setAttribute("aria-pressed", "true");
      }
      const where = element ? `The connection from ${element.dataset.source} to ${element.dataset.target} carries ${name}. ` : "";
      const times = uses.length === 1 ? "once" : `${uses.length} times`;
      this.tell(`${where}${name} is used ${times}.`);
    }

    tell(sentence, expression) {
      this.caption.textContent = sentence;
      if (expression) {
        const code = document.createElement("code");
        code.textContent = expression;
        this.caption.append(document.createElement("br"), code);
      }
    }

    clear() {
      this.root.classList.remove("cg-asked");
      for (const element of this.root.querySelectorAll(".cg-in, .cg-at")) {
        element.classList.remove("cg-in", "cg-at");
      }
      for (const element of this.root.querySelectorAll('[aria-pressed="true"]')) {
        element.setAttribute("aria-pressed", "false");
      }
      this.caption.innerHTML = this.start;
      if (this.slider && Number(this.slider.value)) this.shift(Number(this.slider.value));
    }

    // -- shifting ------------------------------------------------------------------------------

    shift(amount) {
      this.slider.value = String(amount);
      this.root.querySelector(".cg-shift output").textContent = String(amount);
      this.root.classList.toggle("cg-shifted", amount !== 0);
      for (const unit of this.units) {
        unit.classList.remove("cg-holds", "cg-breaks");
        this.write(unit, null);
      }
      if (amount === 0) {
        if (!this.pinned) this.caption.innerHTML = this.start;
        return;
      }
      for (const [number, panel] of this.panels) {
        const answer = this.data.panels[number]?.shifts?.[amount];
        if (!answer) continue;
        for (const [unit, from] of Object.entries(answer.moved)) {
          this.write(panel.unit.get(unit), from === null ? "0" : this.label(panel.unit.get(from)));
        }
        for (const unit of answer.exact) panel.unit.get(unit)?.classList.add("cg-holds");
        for (const unit of answer.broken) panel.unit.get(unit)?.classList.add("cg-breaks");
        this.tell(answer.sentence);
      }
    }

    // What stands in a unit when nothing is shifted.
    label(unit) {
      const text = unit?.querySelector("text");
      return text ? text.dataset.own ?? text.innerHTML : "";
    }

    // Another label into a unit, that of the one whose value has moved here; null restores its own.
    write(unit, label) {
      const text = unit?.querySelector("text");
      if (!text) return;
      text.dataset.own ??= text.innerHTML;
      text.innerHTML = label ?? text.dataset.own;
    }
  }

  const figures = [...document.querySelectorAll(".cg-figure")].map((root, i) => new LiveFigure(root, i));

  const open = () => {
    const name = decodeURIComponent(location.hash.slice(1));
    if (!name) return;
    for (const figure of figures) {
      const element = figure.units.find((u) => u.dataset.unit === name);
      if (element) {
        figure.pin({ kind: "unit", name, panel: element.dataset.panel });
        element.focus({ preventScroll: true });
        figure.root.scrollIntoView({ block: "nearest" });
        return;
      }
    }
  };
  window.addEventListener("hashchange", open);
  open();
})();
