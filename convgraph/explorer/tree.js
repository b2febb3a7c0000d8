"use strict";
// The rows of the network, folded, each with a small picture of what of it is asked about.
const FEW = 16;  // rows that all have room in the list
const NAME_LETTERS = 66;  // letters of a name there, in up to three lines

class Tree {
  constructor(root, search, data, handlers) {
    Object.assign(this, { root, search, data, handlers });
    this.rows = data.network.rows;
    this.open = new Set(this.rows.length > FEW ? [] : this.paths(data.folds, ""));
    this.folds = new Map();  // from the path of a fold to it
    this.visible = [];
    this.query = "";
    this.stale = true;  // until it is rendered, and when other folds are open
    root.addEventListener("keydown", (event) => this.key(event));
    search.addEventListener("input", () => this.find());
    search.addEventListener("keydown", (event) => this.searchKey(event));
  }

  // The paths of all folds.
  paths(items, path) {
    return items.flatMap((item, i) => (typeof item === "number" ? [] : [`${path}/${i}`, ...this.paths(item.items, `${path}/${i}`)]));
  }

  rowsOf(item) {
    return typeof item === "number" ? [item] : item.items.flatMap((each) => this.rowsOf(each));
  }

  // The row of a name; of a fold's name, such as a module's, the last one in it. -1 for none.
  called(name) {
    const row = this.rows.findIndex((each) => each.name === name);
    if (row >= 0) return row;
    const find = (items) => {
      for (const item of items) {
        if (typeof item === "number") continue;
        const found = item.name === name ? this.rowsOf(item).at(-1) : find(item.items);
        if (found >= 0) return found;
      }
      return -1;
    };
    return find(this.data.folds);
  }

  // Opens what a row is folded in, if it is asked for by name.
  reveal(row) {
    const walk = (items, path) => {
      for (const [i, item] of items.entries()) {
        if (typeof item === "number" || !this.rowsOf(item).includes(row)) continue;
        const own = `${path}/${i}`;
        if (this.rowsOf(item).at(-1) !== row && !this.open.has(own)) {
          this.open.add(own);
          this.stale = true;
        }
        walk(item.items, own);
      }
    };
    walk(this.data.folds, "");
  }

  find() {
    this.query = this.search.value.trim().toLowerCase();
    this.render();
  }

  // All words of a query, in the name or in the kind.
  matches(row) {
    const text = `${this.rows[row].name} ${this.data.facts[row].kind}`.toLowerCase();
    return this.query.split(/\s+/).every((word) => text.includes(word));
  }

  // Down or Enter to what was found; Escape gives the search up, and nothing else.
  searchKey(event) {
    const first = this.visible[0];
    if ((event.key === "ArrowDown" || event.key === "Enter") && first) this.go(first);
    else if (event.key === "Escape" && this.search.value) {
      this.search.value = "";
      this.find();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  // The items that are to be seen, in order.
  listed() {
    if (this.query) {
      return this.rows.map((_, row) => row).filter((row) => this.matches(row))
        .map((row) => ({ item: row, row, path: `row${row}`, depth: 0 }));
    }
    const found = [];
    const walk = (items, path, depth, inside) => items.forEach((item, i) => {
      const own = `${path}/${i}`;
      const fold = typeof item !== "number";
      const row = fold ? this.rowsOf(item).at(-1) : item;
      found.push({ item, row, path: own, depth, fold, expanded: fold && this.open.has(own), inside });
      if (fold && this.open.has(own)) walk(item.items, own, depth + 1, item.name);
    });
    walk(this.data.folds, "", 0, "");
    return found;
  }

  // The list anew; its pictures too, unless the whole page is shown behind it.
  render(pictures = true) {
    const active = document.activeElement?.dataset?.path;
    this.visible = this.listed();
    this.seen = null;
    this.stale = false;
    this.root.replaceChildren(this.arcs(), ...this.visible.map((entry) => this.element(entry)));
    if (!this.visible.length) {
      const none = document.createElement("p");
      none.className = "ex-none";
      none.textContent = "No tensor of this name.";
      this.root.append(none);
    }
    this.select(this.chosen);
    if (active) this.visible.find((entry) => entry.path === active)?.element.focus();
    if (pictures) this.handlers.drawn();
  }

  element(entry) {
    const { row, fold, depth, expanded, item, path } = entry;
    const element = document.createElement("div");
    entry.element = element;
    element.className = "ex-item";
    element.dataset.path = path;
    element.dataset.row = row;
    element.setAttribute("role", "treeitem");
    element.setAttribute("aria-level", depth + 1);
    element.tabIndex = -1;
    element.setAttribute("aria-selected", false);
    element.style.setProperty("--depth", depth);
    if (fold) element.setAttribute("aria-expanded", expanded);
    const twist = document.createElement("span");
    twist.className = "ex-twist";
    twist.setAttribute("aria-hidden", "true");
    twist.textContent = fold ? (expanded ? "▾" : "▸") : "";
    twist.addEventListener("click", (event) => { event.stopPropagation(); if (fold) this.toggle(path); });
    const canvas = document.createElement("canvas");
    canvas.className = "ex-thumb";
    canvas.setAttribute("aria-hidden", "true");
    entry.canvas = canvas;
    const words = document.createElement("span");
    words.className = "ex-words";
    const title = document.createElement("b");
    const { kind } = this.data.facts[row];
    const name = fold ? item.name : this.rows[row].name;
    title.append(...broken(this.within(name, entry)));
    const small = document.createElement("small");
    const shape = this.rows[row].shape.join(" × ");
    small.textContent = `${shape || "1"} · ${fold ? `${this.rowsOf(item).length} tensors` : kind}`;
    element.title = `${name}: ${small.textContent}`;
    words.append(title, small);
    element.append(twist, canvas, words);
    element.addEventListener("click", () => { element.focus(); this.handlers.choose(row); });
    element.addEventListener("dblclick", () => { if (fold) this.toggle(path); });
    return element;
  }

  // In a fold the part of a name that tells it from its neighbours; the fold says the rest. Where most
  // of a network is in one module, names of rows have that before the fold's, and models of ONNX have
  // slashes where folds have dots: parts are compared, not letters.
  within(name, { inside }) {
    const parts = [...name.matchAll(/[^./]+/g)], path = inside ? inside.split(".") : [];
    const from = [0, 1].find((start) => path.every((word, i) => parts[start + i]?.[0] === word));
    if (!path.length || from === undefined || parts.length <= from + path.length) return name;
    const rest = name.slice(parts[from + path.length].index);
    // a number alone says little
    return /^\d/.test(rest) ? name.slice(parts[from + path.length - 1].index) : rest;
  }

  toggle(path) {
    if (!this.open.delete(path)) this.open.add(path);
    this.render();
  }

  // The entries in view. Asked where they are while a page changes, a browser lays all of it out anew:
  // so they are kept until they are others, or scrolled.
  inView() {
    if (!this.seen) {
      const top = this.root.scrollTop, past = top + this.root.clientHeight;
      this.seen = this.visible.filter(({ element }) =>
        element.offsetTop <= past && element.offsetTop + element.offsetHeight >= top);
    }
    return this.seen;
  }

  // The item that shows a row: itself, or the fold that it is in.
  showing(row) {
    return this.visible.findIndex((entry) => entry.row === row && !(entry.fold && entry.expanded)) >= 0 ?
      this.visible.find((entry) => entry.row === row && !(entry.fold && entry.expanded)) :
      this.visible.find((entry) => (entry.fold ? this.rowsOf(entry.item).includes(row) && !entry.expanded : entry.row === row));
  }

  select(row) {
    this.chosen = row;
    const shown = this.showing(row)?.element, stop = shown || this.visible[0]?.element;
    if (this.stop === stop && this.shown === shown) return;
    this.shown?.setAttribute("aria-selected", false);
    shown?.setAttribute("aria-selected", true);
    if (this.stop) this.stop.tabIndex = -1;
    if (stop) stop.tabIndex = 0;
    Object.assign(this, { shown, stop });
  }

  scrollTo(row) {
    const element = this.showing(row)?.element;
    if (!element) return;
    const above = element.offsetTop - this.root.scrollTop, below = above + element.offsetHeight;
    if (above < 0 || below > this.root.clientHeight) {
      this.root.scrollTop = element.offsetTop - this.root.clientHeight / 2;
      this.seen = null;
    }
  }

  key(event) {
    const at = this.visible.findIndex(({ element }) => element === document.activeElement);
    if (at < 0) return;
    const entry = this.visible[at];
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: this.visible.length - 1 }[event.key];
    if (to !== undefined) this.go(this.visible[Math.max(0, Math.min(this.visible.length - 1, to))]);
    else if (event.key === "ArrowRight" && entry.fold && !entry.expanded) this.toggle(entry.path);
    else if (event.key === "ArrowLeft" && entry.expanded) this.toggle(entry.path);
    else if (event.key === "ArrowLeft" && entry.depth) {
      this.go(this.visible.slice(0, at).reverse().find((each) => each.depth < entry.depth));
    } else if (event.key === "Enter" || event.key === " ") this.handlers.choose(entry.row);
    else return;
    event.preventDefault();
  }

  go(entry) {
    entry.element.focus();
    this.handlers.choose(entry.row);
  }

  // What runs past the next item, as arcs beside the list; each can be clicked.
  arcs() {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "ex-arcs");
    svg.setAttribute("aria-hidden", "true");
    if (this.query) return svg;
    const shown = new Map();
    this.visible.forEach((entry, i) => {
      if (entry.expanded) return;
      for (const row of this.rowsOf(entry.item)) shown.set(row, i);
    });
    const found = new Map();
    for (const layer of this.data.network.layers) {
      for (const joint of layer.joints) {
        const [a, b] = [shown.get(joint.source), shown.get(layer.row)];
        if (a === undefined || b === undefined || b <= a) continue;
        const between = this.visible.slice(a + 1, b).filter((entry) => !entry.expanded).length;
        if (between) found.set(`${a},${b}`, [a, b, layer.row]);
      }
    }
    this.routes = [...found.values()];
    this.svg = svg;
    requestAnimationFrame(() => this.route());
    return svg;
  }

  route() {
    const ends = [];  // of the lanes
    const middle = (i) => this.visible[i].element.offsetTop + this.visible[i].element.offsetHeight / 2;
    const paths = this.routes.sort((p, q) => p[0] - q[0] || q[1] - p[1]).map(([a, b, row]) => {
      let lane = ends.findIndex((end) => end <= a);
      if (lane < 0) lane = ends.length;
      ends[lane] = b;
      const [y, z, x] = [middle(a), middle(b), 30 - 5 * Math.min(lane, 5)];
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", `M36 ${y}C${x} ${y} ${x} ${y} ${x} ${Math.min(y + 14, z)}V${Math.max(z - 14, y)}C${x} ${z} ${x} ${z} 36 ${z}`);
      path.addEventListener("click", () => this.handlers.choose(row));
      return path;
    });
    this.svg.replaceChildren(...paths);
  }
}

// A name that may go on in the next line after a dot. Of one that is longer than the list is wide the
// middle is left out, as names of a module differ at their ends; the title has all of it.
function broken(name) {
  const letters = [...name], long = letters.length > NAME_LETTERS;
  const shown = long ? `${letters.slice(0, NAME_LETTERS / 3).join("")}…${letters.slice(1 - (2 * NAME_LETTERS) / 3).join("")}` : name;
  return breakable(shown);
}

// The whole name, which may go on in the next line after a dot.
function breakable(name) {
  return name.split(/(?<=[./_:])(?=[^./_:])/).flatMap((part, i) => (i ? [document.createElement("wbr"), part] : [part]));
}
