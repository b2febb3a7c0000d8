// One live figure: what is pointed at asks a question of the graph, and the page shows the answer.
// What is drawn is in the SVG (data-unit, data-source, data-target, data-parameter), the network and
// what needs algebra in the figure's data: a picture may leave out much of its network.
(() => {
  const MOST_NAMES = 12;

  class LiveFigure {
    constructor(root, number) {
      this.root = root;
      this.number = number;
      this.data = JSON.parse(root.querySelector(".cg-data").textContent);
      this.stage = root.querySelector(".cg-stage");
      this.caption = root.querySelector(".cg-caption");
      this.start = this.caption.textContent;
      this.pinned = null;
      this.panels = new Map();
      this.cells = new Cells(this.stage);
      this.units = [...this.stage.querySelectorAll("[data-unit]")];
      this.edges = [...this.stage.querySelectorAll("[data-source]")];
      for (const element of this.units) this.addUnit(element);
      for (const element of this.edges) this.addEdge(element);
      this.kernels = [...this.stage.querySelectorAll("[data-kernel]")];
      for (const element of this.kernels) this.addKernel(element);
      this.buttons = [...root.querySelectorAll(".cg-legend button")];
      for (const button of this.buttons) this.addButton(button);
      this.sliders = [...root.querySelectorAll(".cg-shift input")];
      for (const slider of this.sliders) slider.addEventListener("input", () => this.shift());
      fit(this.stage.querySelectorAll(".node"));
      this.stage.addEventListener("click", () => this.release());
      root.addEventListener("keydown", (event) => this.onKey(event));
    }

    panel(element) {
      const number = element.dataset.panel;
      if (!this.panels.has(number)) {
        const { relations, parameters, shifts } = this.data.panels[number] || {};
        this.panels.set(number, {
          unit: new Map(), edges: [],
          relations: relations && new Relations(relations, parameters),
          shifts: shifts && new Shifts(shifts),
        });
      }
      return this.panels.get(number);
    }

    addUnit(element) {
      const { unit, row } = element.dataset;
      this.panel(element).unit.set(unit, element);
      if (!this.cells.has(element)) element.setAttribute("tabindex", "0");
      element.setAttribute("role", "button");
      element.setAttribute("aria-pressed", "false");
      element.setAttribute("aria-label", `unit ${unit} of row ${row}`);
      this.listen(element, { kind: "unit", name: unit, panel: element.dataset.panel });
    }

    addEdge(element) {
      this.panel(element).edges.push(element);
      const line = element.querySelector("path");
      if (line) {  // a wider, invisible line to point at
        const reach = line.cloneNode();
        reach.setAttribute("class", "cg-reach");
        element.appendChild(reach);
      }
      this.listen(element, { kind: "edge", name: element.dataset.parameter, panel: element.dataset.panel, element });
    }

    addKernel(element) {
      const { parameter, kernel, panel, of, read } = element.dataset;
      this.panel(element);
      element.setAttribute("role", "button");
      element.setAttribute("aria-pressed", "false");
      element.setAttribute("aria-label", of === undefined ?
        `parameter ${parameter} of the kernel of row ${kernel}` : `unit ${of} reads ${read} through ${parameter}`);
      this.listen(element, { kind: "parameter", name: parameter, panel, element });
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
        for (const slider of this.sliders) slider.value = "0";
        this.shift();
        return;
      }
      const element = document.activeElement;
      if (!this.units.includes(element) && !this.kernels.includes(element)) return;
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
      if (this.cells.has(element)) return this.cells.neighbour(element, key);
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
      const { unit, edges, relations } = this.panels.get(number);
      const { row, at } = unit.get(name).dataset;
      this.cells.hideCounts();
      this.mark(unit.get(name));
      if (!relations) {
        this.tell(`${name}: its network is too large for a page that answers by itself.`);
        return;
      }
      const isInput = !relations.computed.has(row);
      const counts = relations.field(row, Number(at), isInput);
      const reached = (element) => counts.get(element.dataset.row)?.[Number(element.dataset.at)];
      for (const element of unit.values()) if (reached(element)) element.classList.add("cg-in");
      for (const edge of edges) {
        const end = unit.get(isInput ? edge.dataset.source : edge.dataset.target);
        if (reached(end)) edge.classList.add("cg-in");
      }
      if (this.cells.has(unit.get(name))) this.showCells(number, row, isInput, counts);
      for (const element of entriesOf(this.kernels, this.together(number))) {
        if (isReached(element, isInput, counts)) element.classList.add("cg-in");
      }
      const others = [...relations.rows.keys()].filter((other) => other !== row);
      const parts = others.filter((other) => counts.get(other)?.some(Boolean))
        .map((other) => this.part(number, other, counts.get(other)));
      const last = parts.length > 1 ? ` and ${parts.pop()}` : "";
      const seen = parts.length ? parts.join(", ") + last : "nothing";
      const paths = parts.length && this.cells.has(unit.get(name)) ?
        ` In each cell: along how many paths it ${isInput ? "is reached" : "reaches " + name}.` : "";
      this.tell(`${name} ${isInput ? "affects" : "sees"} ${seen}.${paths}`,
        own(this.data.panels[number].expressions, name));
    }

    // The panel, and the others that show the same network.
    together(number) {
      return [number, ...(this.data.panels[number].together || [])];
    }

    // Numbers of paths, holes, and what of the kernels has a part in it.
    showCells(number, row, isInput, counts) {
      const { unit, relations } = this.panels.get(number);
      const spans = new Map([...counts].map(([other, found]) => [other, relations.span(other, found)]));
      for (const element of unit.values()) {
        const { row: other, at } = element.dataset;
        const count = counts.get(other)?.[Number(at)];
        if (other === row || count === undefined) continue;
        if (count) this.cells.write(element, String(count));
        // What a field surrounds without having it, as dilation leaves it.
        else if (relations.inside(other, Number(at), spans.get(other))) element.classList.add("cg-hole");
      }
      fit(unit.values(), ":scope > .cg-count");
      for (const element of this.kernels) {
        const uses = element.dataset.panel === number ? relations.uses(element.dataset.parameter) : [];
        const used = uses.some((use) => {
          const reached = counts.get(isInput ? use.joint.source : use.joint.target);
          return reached && relations.any(use, (to, from) => reached[isInput ? from : to] > 0);
        });
        if (used) element.classList.add("cg-in");
      }
    }

    // What is asked about.
    mark(element) {
      element.classList.add("cg-at");
      if (this.cells.has(element)) this.cells.frame(element);
      if (this.pinned) element.setAttribute("aria-pressed", "true");
    }

    // "3 of the 5 units in x (x2, x3, x4)", or where in a grid or a long row they are.
    part(number, row, counts) {
      const { unit, relations } = this.panels.get(number);
      const many = counts.reduce((n, count) => n + (count > 0), 0);
      const drawn = [...unit.values()].filter((e) => e.dataset.row === row && counts[Number(e.dataset.at)]);
      const named = many <= MOST_NAMES && drawn.length === many && !this.cells.has(drawn[0]);
      const which = named ? drawn.map((e) => e.dataset.unit).join(", ") : relations.within(row, counts);
      return `${many.toLocaleString("en")} of the ${counts.length.toLocaleString("en")} units in ${row}${which && ` (${which})`}`;
    }

    askParameter({ name, panel: number, element }) {
      const panels = this.together(number);
      for (const element of [...this.kernels, ...this.edges]) {
        const { parameter, panel, source } = element.dataset;
        if (parameter !== name || !panels.includes(panel)) continue;
        if (source === undefined) this.mark(element); else element.classList.add("cg-in");
      }
      const { relations, edges } = this.panels.get(number);
      this.cells.hideCounts();
      if (edges.length) this.askEdges(name, number, element);
      else if (relations) this.askRelations(name, number, relations, element);
      for (const button of this.buttons) {
        const mine = button.dataset.parameter === name && button.dataset.panel === number;
        if (mine && this.pinned) button.setAttribute("aria-pressed", "true");
      }
    }

    askRelations(name, number, relations, element) {
      const parts = [];
      let all = 0;
      for (const use of relations.uses(name)) {
        all += relations.count(use);
        const { target, source } = use.joint;
        const { targets, sources } = relations.ends(use);
        for (const element of this.panels.get(number).unit.values()) {
          const { row, at } = element.dataset;
          const ends = row === target ? targets : row === source ? sources : null;
          if (ends?.[Number(at)]) element.classList.add("cg-in");
        }
        const at = this.part(number, target, targets);
        parts.push(sources ? `${at} read ${this.part(number, source, sources)} through it` : `it is added at ${at}`);
      }
      const { of, read } = element?.dataset || {};
      const here = of === undefined ? "" : `${of} reads ${read} through ${this.called(name, number)}. `;
      this.tell(`${here}${this.called(name, number)} is used ${times(all)}${parts.length ? ": " + parts.join("; ") : ""}.`);
    }

    askEdges(name, number, element) {
      const drawn = this.panels.get(number).edges.filter((edge) => edge.dataset.parameter === name);
      for (const edge of drawn) edge.classList.add("cg-in");
      const where = element ? `The connection from ${element.dataset.source} to ${element.dataset.target} carries ${this.called(name, number)}. ` : "";
      const all = own(this.data.panels[number].uses, name);
      const few = drawn.length < all ? `, and ${drawn.length} of these are drawn` : "";
      this.tell(`${where}${this.called(name, number)} is used ${times(all)}${few}.`);
    }

    // A parameter by the author's letter for it, and by its own name.
    called(name, number) {
      const letter = own(this.data.panels[number].letters || {}, name);
      return letter === undefined ? name : `${letter} (${name})`;
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
      for (const element of this.root.querySelectorAll(".cg-in, .cg-at, .cg-hole")) {
        element.classList.remove("cg-in", "cg-at", "cg-hole");
      }
      this.cells.restore();
      for (const element of this.root.querySelectorAll('[aria-pressed="true"]')) {
        element.setAttribute("aria-pressed", "false");
      }
      this.caption.textContent = this.start;
      if (this.amounts().some(Boolean)) this.shift();
    }

    // -- shifting ------------------------------------------------------------------------------

    amounts() {
      return this.sliders.map((slider) => Number(slider.value));
    }

    shift() {
      const amounts = this.amounts();
      requestAnimationFrame(() => fit(this.units));
      this.sliders.forEach((slider, axis) => {
        slider.parentElement.querySelector("output").textContent = String(amounts[axis]);
      });
      this.root.classList.toggle("cg-shifted", amounts.some(Boolean));
      for (const element of [...this.units, ...this.kernels]) element.classList.remove("cg-holds", "cg-breaks");
      for (const unit of this.units) relabel(unit, null);
      if (!amounts.some(Boolean)) {
        if (!this.pinned) this.caption.textContent = this.start;
        return;
      }
      const said = new Map();  // panels of which the same is true share a sentence
      for (const [number, panel] of this.panels) {
        const sentence = this.showShift(number, panel, amounts);
        if (sentence) said.set(sentence, [...(said.get(sentence) || []), number]);
      }
      const sentences = [...said].map(([sentence, numbers]) => said.size === 1 ? sentence :
        `Panel${numbers.length > 1 ? "s" : ""} ${numbers.join(", ")}: ${sentence}`);
      if (sentences.length) this.tell(sentences.join(" "));
    }

    showShift(number, { unit: units, shifts }, amounts) {
      const answer = shifts?.answer(amounts);
      if (!answer) return null;
      const places = (row) => new Map([...units.values()].filter((unit) => unit.dataset.row === row)
        .map((unit) => [Number(unit.dataset.at), unit]));
      const inputs = places(shifts.input), outputs = places(shifts.output);
      for (const [at, unit] of inputs) {
        const from = shifts.origin(at, answer.amounts);
        if (from === null || inputs.has(from)) relabel(unit, from === null ? "0" : inputs.get(from));
      }
      const entries = entriesOf(this.kernels, [number]).filter((e) => e.dataset.kernel === shifts.output)
        .map((element) => [Number(element.dataset.at), element]);
      for (const [at, element] of [...outputs, ...entries]) {
        element.classList.toggle("cg-holds", answer.exact.has(at));
        element.classList.toggle("cg-breaks", answer.broken.has(at));
      }
      const names = namesOf([...this.units, ...this.kernels], this.together(number), shifts.output);
      return shifts.sentence(answer, (set) => {
        const few = set.size <= MOST_NAMES && [...set].every((at) => names.has(at));
        return few ? [...set].map((at) => names.get(at)).join(", ") : `${set.size} units`;
      });
    }
  }

  // A unit may be called as what every object has.
  function own(values, name) {
    return Object.hasOwn(values, name) ? values[name] : undefined;
  }

  function times(count) {
    return count === 1 ? "once" : `${count.toLocaleString("en")} times`;
  }

  const figures = [...document.querySelectorAll(".cg-figure")].map((root, i) => new LiveFigure(root, i));

  const open = () => {
    let name = "";
    try { name = decodeURIComponent(location.hash.slice(1)); } catch { /* not an address of ours */ }
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
