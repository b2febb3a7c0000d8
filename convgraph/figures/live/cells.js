// The cells of grids: where they stand, which one the arrow keys go to, and what is written in them.
class Cells {
  constructor(stage) {
    this.stage = stage;
    this.places = new Map();
    this.groups = new Map();
    for (const element of stage.querySelectorAll("[data-unit]:not([data-shape]), [data-kernel]")) {
      // of a cell in several colours, each has a polygon
      const shapes = [...element.querySelectorAll("polygon")].map((e) => e.getAttribute("points"));
      if (shapes.length) this.add(element, shapes.join(" "));
    }
    for (const group of this.groups.values()) {
      for (const element of group) {
        const place = this.places.get(element);
        place.front = !this.behind(element, -1);
        element.setAttribute("tabindex", "-1");
      }
      // One stop of the Tab key for each grid; the arrow keys go on from there.
      const first = group.filter((e) => this.places.get(e).front);
      first.sort((a, b) => this.places.get(a).y - this.places.get(b).y ||
        this.places.get(a).x - this.places.get(b).x)[0].setAttribute("tabindex", "0");
      for (const element of group) {
        element.addEventListener("focus", () => {
          for (const other of group) other.setAttribute("tabindex", other === element ? "0" : "-1");
        });
      }
    }
  }

  add(element, corners) {
    const points = corners.trim().split(/\s+/).map((point) => point.split(",").map(Number));
    const [xs, ys] = [0, 1].map((i) => points.map((point) => point[i]));
    const [left, right] = [Math.min(...xs), Math.max(...xs)];
    const y = (Math.min(...ys) + Math.max(...ys)) / 2;
    const { panel, row, kernel } = element.dataset;
    const group = JSON.stringify([panel, kernel === undefined ? "row" : "kernel", kernel ?? row]);
    const high = Math.max(...ys) - Math.min(...ys);
    this.places.set(element, { x: (left + right) / 2, y, side: right - left, high, group });
    if (!this.groups.has(group)) this.groups.set(group, []);
    this.groups.get(group).push(element);
  }

  has(element) {
    return this.places.has(element);
  }

  // The cell of the next channel, which stands behind to the right, or of the one before it.
  behind(element, channels) {
    const { x, y, side, group } = this.places.get(element);
    const step = 0.35 * side * channels;
    return this.groups.get(group).find((other) => {
      const place = this.places.get(other);
      return Math.abs(place.x - x - step) < 1 && Math.abs(place.y - y + step) < 1;
    });
  }

  neighbour(element, key) {
    if (key === "PageUp" || key === "PageDown") {
      return this.behind(element, key === "PageUp" ? 1 : -1);
    }
    const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowDown: [0, 1], ArrowUp: [0, -1] }[key];
    if (!way) return undefined;
    const { x, y, group } = this.places.get(element);
    let best, least = Infinity;
    for (const other of this.groups.get(group)) {
      const place = this.places.get(other);
      const [dx, dy] = [place.x - x, place.y - y];
      const [ahead, aside] = [dx * way[0] + dy * way[1], dx * way[1] + dy * way[0]];
      if (ahead > 1 && ahead < least && Math.abs(aside) < 1) [best, least] = [other, ahead];
    }
    return best || (way[0] ? this.acrossGap(element, way[0]) : undefined);
  }

  // From the side of one grid into the grid beside it, at about the same height.
  acrossGap(element, way) {
    const { x, y, group } = this.places.get(element);
    const panel = JSON.parse(group)[0];
    let best, least = [Infinity, Infinity];
    for (const [key, elements] of this.groups) {
      const shown = elements.filter((e) => this.places.get(e).front);
      const at = (e) => this.places.get(e);
      const near = Math.min(...shown.map((e) => (at(e).x - x) * way));
      if (key === group || JSON.parse(key)[0] !== panel || near < 1 || near > least[0]) continue;
      const high = Math.min(...shown.map((e) => Math.abs(at(e).y - y)));
      best = shown.find((e) => Math.abs((at(e).x - x) * way - near) < 1 &&
        Math.abs(Math.abs(at(e).y - y) - high) < 1);
      least = [near, high];
    }
    return best;
  }

  // A frame around a cell, over its neighbours.
  frame(element) {
    const { x, y, side, high, front } = this.places.get(element);
    element.parentElement.appendChild(drawn("rect", {
      class: front ? "cg-frame" : "cg-frame cg-behind", x: x - side / 2, y: y - high / 2, width: side, height: high,
    }));
  }

  // Counts that were drawn answer another question: their cells show their names again.
  hideCounts() {
    const added = [];
    for (const element of this.stage.querySelectorAll("[data-counted]")) {
      const own = element.querySelector("text");
      if (!own) continue;
      own.dataset.hidden = "true";
      const name = element.dataset.counted.match(/^(\p{L}+)_?([\d,:_]*)$/u);
      if (!name || !this.places.get(element).front) continue;
      const { x, y, side } = this.places.get(element);
      const [letter, subscript] = [name[1], name[2].replaceAll("_", ",")];
      // As large as the other names of its grid, and as high above their foot.
      const broad = (letter.match(/[mwMW]/g) || []).length;
      const wide = 0.48 * letter.length + 0.22 * broad + 0.36 * subscript.length;
      const size = Math.min(0.55 * side, (side - 6) / wide);
      const foot = (own.getAttribute("y") - y) / own.getAttribute("font-size");
      const label = drawn("text", {
        class: "cg-count cg-name", "text-anchor": "middle", x, y: y + foot * size, "font-size": size,
      });
      const parts = [[letter, { "font-style": "italic" }],
        [subscript, { "font-size": 0.7 * size, dy: 0.22 * size }]];
      for (const [text, attributes] of parts) {
        const part = drawn("tspan", attributes);
        part.textContent = text;
        label.append(part);
      }
      element.appendChild(label);
      added.push(element);
    }
    fit(added, ":scope > .cg-count");
  }

  // A number into a cell in front, as large as it fits in the book's face.
  write(element, text) {
    const { x, y, side, front } = this.places.get(element);
    if (!front || element.dataset.valued || text.length > 4) return;
    const own = element.querySelector("text");
    if (own) own.dataset.hidden = "true";
    element.querySelector(".cg-name")?.remove();
    const size = side * Math.min(0.5, 0.85 / (0.52 * text.length));
    const label = drawn("text", {
      class: "cg-count", "text-anchor": "middle", x, y: y + 0.34 * size, "font-size": size,
    });
    label.textContent = text;
    element.appendChild(label);
  }

  // Every cell as it was drawn.
  restore() {
    for (const added of this.stage.querySelectorAll(".cg-count, .cg-frame")) added.remove();
    for (const label of this.stage.querySelectorAll("[data-hidden]")) delete label.dataset.hidden;
  }
}

function drawn(tag, attributes) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
