"use strict";
// The page as a whole: what is chosen and pointed at, asked of the network, shown in all panels.
class Explorer {
  constructor(root) {
    this.root = root;
    this.parts = new Map();  // of the page, which stay
    this.data = JSON.parse(root.querySelector(".ex-data").textContent);
    this.network = new Network(this.data.network);
    this.uses = new Uses(this.network);
    this.source = this.data.source;
    this.space = divided(this.network.rows[this.source]).space;
    this.colours = new Colours(root);
    this.picture = new Picture(this.space);
    this.words = new Words(this);
    this.state = { row: this.first(), channel: null, cell: null, pixel: null, heat: false,
      moved: this.space.map(() => 0), finding: null };
    this.state.channel = this.usual(this.state.row);
    this.hover = null;
    this.kept = null;
    this.bases = new Map();
    this.answers = new Answers((point) => begun(this, point), () => this.soon());
    this.build();
    this.controls();
    this.open(location.hash);
    this.layout();
  }

  one(selector) {
    if (!this.parts.has(selector)) this.parts.set(selector, this.root.querySelector(selector));
    return this.parts.get(selector);
  }

  // The channel that is shown where none is asked for: all. Of positions, as tokens are, the middle one.
  usual(row) {
    return this.words.leading(row) === "channel" ? null : divided(this.network.rows[row]).channels >> 1;
  }

  // To begin with: the last map whose cells see some of the input and not most of it.
  first() {
    const maps = this.network.rows.map((row, i) => i).filter((i) => i !== this.source &&
      this.placed(i) && divided(this.network.rows[i]).space.some((n) => n > 1));
    const within = maps.filter((i) => this.data.facts[i].field.every((n, axis) => n <= 0.7 * this.space[axis]));
    return within.at(-1) ?? maps.at(-1) ?? this.network.rows.length - 1;
  }

  // Whether the middles of a row's fields lie on the input, axis by axis. Where axes mix, as those of
  // a transformer's tokens and features, they do not.
  placed(row) {
    const { field, centre } = this.data.facts[row], strides = this.data.strides[row];
    const { space } = divided(this.network.rows[row]);
    if (this.network.rows[row].axes) return false;  // they lie along other axes
    return Boolean(field && strides?.every(Boolean)) && space.length === field.length && field.every((n, axis) => {
      const last = centre[axis] + ((space[axis] - 1) * strides[axis][0]) / strides[axis][1];
      return centre[axis] > -n && last < this.space[axis] + n;
    });
  }

  build() {
    this.image = new ImagePanel(
      this.one(".ex-image canvas"), this.picture, this.colours, this.network.padded().size > 0);
    this.grid = new GridPanel(this.one(".ex-tensor canvas"), this.colours);
    this.magnifiers = new Magnifiers(this);
    this.details = new Details(this.one(".ex-details"), this.data, this.uses);
    this.tree = new Tree(this.one(".ex-tree"), this.one(".ex-search"), this.data, {
      choose: (row) => this.choose(row), drawn: () => this.thumbs(),
    });
    this.one(".ex-tree").addEventListener("scroll", () => { this.tree.seen = null; this.thumbs(); });
    this.findings = new FindingsList(this.one(".ex-places"), this.data.findings, (number) => {
      this.find(number);
      this.one(".ex-bar").scrollIntoView({ block: "nearest" });  // the caption and the panels are below it
    });
    this.root.classList.toggle("ex-unpadded", !this.network.padded().size);
  }

  controls() {
    this.buttons = new Controls(this);
    this.places = new Places(this);
    new Pointing(this);
    // Of the frame that the page is in, too, which may be shown only later.
    new ResizeObserver(() => { if (this.root.clientWidth !== this.wide) this.layout(); }).observe(this.root);
    window.addEventListener("resize", () => { this.tree.stale = true; this.layout(); });
    window.addEventListener("beforeprint", () => { this.answers.finish(); this.show(); this.thumbs(true); });
    window.addEventListener("hashchange", () => { if (location.hash !== this.link) { this.open(location.hash); this.layout(); } });
    window.addEventListener("colorscheme", () => { this.colours.read(); this.show(); });
  }

  // -- what is chosen -------------------------------------------------------------------------

  choose(row, rest = {}) {
    const change = row !== this.state.row;
    this.places.leave();
    Object.assign(this.state, { row }, change ? { channel: this.usual(row), cell: null } : {}, rest);
    if (change) this.layout(); else this.show();
  }

  open(link) {
    const asked = fromLink(link);
    const row = this.tree.called(asked.name);
    const fits = (place, space) => place && place.length === space.length &&
      place.every((i, axis) => i >= 0 && i < space[axis]);
    if (row >= 0) {
      const { channels, space } = divided(this.network.rows[row]);
      Object.assign(this.state, { row, cell: fits(asked.cell, space) ? asked.cell : null,
        channel: asked.all || channels === 1 ? null : asked.channel >= 0 && asked.channel < channels && asked.channel !== null ? asked.channel : this.usual(row) });
    }
    if (!asked.cell && !asked.pixel && !asked.moved && (row >= 0 || !asked.name) && !this.data.findings[asked.finding]) {
      const { space } = divided(this.network.rows[this.state.row]);
      this.state.cell = space.map((n) => n >> 1);
    }
    this.state.pixel = fits(asked.pixel, this.space) ? asked.pixel : null;
    this.state.heat = asked.heat;
    this.missing = this.unknown(asked, row);
    this.places.leave();
    this.state.moved = this.space.map(() => 0);
    if (this.data.findings[asked.finding]) this.places.show(asked.finding);
    if (this.movable(asked.moved)) this.state.moved = asked.moved;
    this.tree.reveal(this.state.row);
    this.buttons.said();
  }

  // What an address names that is not on the page.
  unknown({ name, cell, pixel, channel, finding, moved, broken }, row) {
    if (name && row < 0) return `tensor ${name}`;
    if (broken) return broken;
    const { state } = this, of = this.network.rows[state.row].name, at = (place) => place.map((i) => i + 1).join(",");
    if (cell && !state.cell) return `cell ${at(cell)} of ${of}`;
    if (channel !== null && state.channel !== channel) return `${this.words.leading(state.row)} ${channel + 1} of ${of}`;
    if (finding !== null && !this.data.findings[finding]) return `finding ${finding + 1}`;
    if (moved && !this.movable(moved)) return `shift by ${moved.join(",")}`;
    return pixel && !state.pixel ? `pixel ${at(pixel)}` : null;
  }

  movable(amounts) {
    return amounts?.length === this.space.length && amounts.every((n, axis) => Math.abs(n) <= farthest(this.space[axis]));
  }

  find(number) {
    this.places.show(number);
    this.layout();
  }

  // -- questions ------------------------------------------------------------------------------

  // What is asked about now: a cell, a pixel, or the units of a finding.
  point() {
    if (this.hover) return this.hover;
    const { row, channel, cell, pixel } = this.state, { units } = this.places.shown;
    if (units) return { kind: "units", row, units };
    if (pixel) return { kind: "pixel", place: pixel };
    return cell ? { kind: "cell", row, channel, place: cell } : null;
  }

  // What is asked about the input as it is moved now, if it is.
  moving() {
    const { moved } = this.state;
    return moved.some((n) => n) ? { kind: "shift", moved } : null;
  }

  // Where a cell's field lies, whatever the borders cut off: [first, past] along each axis; null where
  // that is not known. `box` is what the cell sees.
  nominal({ row, channel, place }, box) {
    const key = `${row} ${channel} ${place}`;
    if (this.nominalKey !== key) {
      const found = box.length === this.space.length && unclipped(this.network, row, channel, place, this.source);
      const fits = found && found.length === box.length && found.every(([first, past], axis) =>
        first <= box[axis][0] && past > box[axis][1]);
      Object.assign(this, { nominalKey: key, field: fits ? found : null });
    }
    return this.field;
  }

  touches(row, place) {
    const terms = this.network.padded().get(row);
    if (!terms) return false;
    return numberAt(inSpace(this.network.rows[row], terms), place) > 0;
  }

  // -- pictures -------------------------------------------------------------------------------

  layout() {
    this.wide = this.root.clientWidth;
    if (!this.wide) return;  // not shown yet
    const panel = (selector) => this.one(selector).clientWidth;
    const high = innerWidth < 720 ? 360 : Math.max(300, Math.min(innerHeight - 300, 640));
    this.image.fit(panel(".ex-image .ex-stage"), high);
    this.grid.fit(divided(this.network.rows[this.state.row]).space, panel(".ex-tensor .ex-stage"), high);
    this.magnifiers.fit();
    this.details.show(this.state.row, this.places.shown.array);
    if (this.tree.stale) this.tree.render(false);
    this.tree.scrollTo(this.state.row);
    this.show();
  }

  soon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.show(); });
  }

  show() {
    if (!this.wide) return;
    const point = this.point(), { row, heat, moved, channel } = this.state;
    const beside = this.kept && JSON.stringify(this.kept.point) !== JSON.stringify(point) ? this.kept : null;
    const moving = this.moving(), asking = [point, beside?.point, moving].filter(Boolean);
    this.answers.drop(asking);
    const end = performance.now() + SLICE, answer = (each) => each && this.answers.about(each, end);
    const found = answer(point), shift = answer(moving), first = answer(beside?.point);
    this.answers.keep(asking);
    const points = [beside?.point, point].filter(Boolean);
    const answers = points.length === 2 && !(first && found) ? [] : [first, found].filter(Boolean);
    const source = this.network.rows[this.source];
    const onImage = answers.map((each) => inSpace(source, each.get(this.source)));
    const pixel = point?.kind === "pixel" ? this.onSheet(point.place, this.space) : null;
    this.magnifiers.follow(point, onImage.at(-1));
    const asked = {
      sets: pixel && onImage.length < 2 ? [] : onImage, heat: heat && onImage.length < 2, moved: this.shiftOnSheet(moved), pixel,
      outlines: onImage.map((set, i) => (points[i].kind === "cell" ? this.outline(set) : [])),
      middles: this.space.length < 3 ? this.middles(points).map((middle) => (middle.length === 1 ? [0, ...middle] : middle)) : [],
      nominal: point?.kind === "cell" && onImage.length === 1 ? this.nominalBox(point, onImage[0]) : null,
      part: this.magnifiers.part("image"),
    };
    this.image.draw(asked);
    const own = this.network.rows[row], verdict = shift?.verdict(row, channel);
    const sets = answers.map((each, i) => (points[i].kind === "cell" && points[i].row <= row ? null :
      inSpace(own, each.get(row), channel)));
    const padded = this.network.padded().get(row);
    const shown = {
      base: this.base(row), sets: moving ? [] : sets.filter(Boolean), verdict,
      padded: padded ? inSpace(own, padded, channel) : null,
      cells: points.map((each) => (each.place && (each.row ?? this.source) === row ? this.onSheet(each.place, divided(own).space) : null)),
      part: this.magnifiers.part("grid"),
    };
    this.grid.draw(shown);
    this.magnifiers.draw(asked, shown);
    this.captions(point, answers, moving && { moved, shift, verdict }, points, onImage);
    this.tree.select(row);
    this.thumbs();
    this.remember();
  }

  onSheet(place, space) {
    const { width } = sheet(space), at = ravel(place, space);
    return [Math.floor(at / width), at % width];
  }

  // By how many slices, rows and columns a sheet moves.
  shiftOnSheet(moved) {
    return [moved.length === 3 ? moved[0] : 0, moved.at(-2) ?? 0, moved.at(-1) ?? 0];
  }

  // The box around a set, in each slice that it is in.
  outline(set) {
    const found = bounds(set), outer = this.space.slice(0, -2);
    if (!found.length || found[0][1] < 0) return [];
    const [top, bottom] = found.at(-2) ?? [0, 0], [left, right] = found.at(-1), { high } = this.picture;
    const boxes = [];
    for (let slice = 0; slice < size(outer); slice++) {
      const place = unravel(slice, outer), first = slice * high;
      if (place.every((i, axis) => i >= found[axis][0] && i <= found[axis][1])) {
        boxes.push([first + top, left, first + bottom + 1, right + 1]);
      }
    }
    return boxes;
  }

  // The middles of two cells' fields, whatever the borders cut off; [] where they are not known.
  middles(points) {
    if (points.length < 2 || points.some((point) => point.kind !== "cell")) return [];
    const found = points.map(({ row, channel, place }) => unclipped(this.network, row, channel, place, this.source));
    if (found.some((box) => box?.length !== this.space.length)) return [];
    return found.map((box) => box.map(([first, past]) => (first + past - 1) / 2));
  }

  nominalBox(point, set) {
    const box = this.nominal(point, bounds(set));
    const beyond = box?.some(([first, past], axis) => first < 0 || past > this.space[axis]);
    if (!beyond || box.length > 2) return null;
    const [[top, bottom], [left, right]] = box.length === 1 ? [[0, 1], box[0]] : box;
    return [top, left, bottom, right];
  }

  // The colours of a tensor's cells: the picture where their fields have their middles.
  base(row) {
    const known = this.bases.get(row);
    if (known !== undefined) return known;
    const made = this.looked(row);
    if (made) made.picture = this.picture.pixels;
    this.bases.set(row, made);
    return made;
  }

  looked(row) {
    const { pixels, width } = this.picture;
    if (row === this.source) return (y, x) => Array.from(pixels.subarray(4 * (y * width + x), 4 * (y * width + x) + 3));
    const { centre } = this.data.facts[row], strides = this.data.strides[row];
    if (!this.placed(row) || centre.length > 3) return null;
    const cells = new Map(), flat = centre.length === 1;
    const { high } = sheet(divided(this.network.rows[row]).space), deep = centre.length - 2;
    const at = (i, axis) => centre[axis] + (i * strides[axis][0]) / strides[axis][1];
    const step = (axis) => strides[axis][0] / strides[axis][1];
    return (y, x) => {
      const key = y * 65536 + x;
      if (!cells.has(key)) {
        const top = deep === 1 ? clamp(at(Math.floor(y / high), 0), this.picture.slices) * this.picture.high : 0;
        cells.set(key, flat ? this.picture.around(0, at(x, 0), 1, step(0)) :
          this.picture.around(top + at(y % high, deep), at(x, deep + 1), step(deep), step(deep + 1)));
      }
      return cells.get(key);
    };
  }

  thumbs(all = false) {
    const point = this.point(), found = point && this.answers.found(point), moving = this.moving();
    const shift = moving && this.answers.found(moving);
    const flagged = new Set(this.places.shown.rows);
    for (const { element, canvas, row, item, expanded } of all ? this.tree.visible : this.tree.inView()) {
      element.classList.toggle("ex-flag", !expanded && this.tree.rowsOf(item).some((each) => flagged.has(each)));
      thumbnail(canvas, this.network.rows[row], this.colours, this.base(row),
        shift ? shift.verdict(row, null) : null, found && !moving ? inSpace(this.network.rows[row], found.get(row)) : null);
    }
  }

  captions(point, answers, moving, points, onImage) {
    const { row, channel } = this.state;
    const head = (number) => `${this.network.rows[number].name}`;
    this.say(".ex-image figcaption b", head(this.source));
    this.say(".ex-image figcaption span", `${this.network.rows[this.source].shape.join(" × ")} · ${this.picture.name}` +
      inSlices(this.network.rows[this.source]));
    this.say(".ex-tensor figcaption b", head(row));
    const { thinned } = this.grid;
    this.say(".ex-tensor figcaption span", `${this.data.facts[row].kind} · ${this.network.rows[row].shape.join(" × ")}` +
      (thinned > 1 ? ` · a square is ${thinned}${this.grid.down > 1 ? ` × ${thinned}` : ""} cells` : "") + inSlices(this.network.rows[row]));
    const said = [], finding = this.places.shown;
    if (finding.message && !this.hover) said.push(`${finding.message}. ${finding.reason}`);
    if (moving) said.push(this.words.moved(moving, row, channel));
    if (points.length && !onImage.length) said.push(`${points.map((each) => this.words.point(each)).join(" and ")}: …`);
    else if (points.length === 2) said.push(this.words.compared(points, onImage, answers, row));
    else if (point?.kind === "pixel") said.push(this.words.affects(point.place, answers[0], row));
    else if (point?.kind === "cell") said.push(this.words.sees(point, answers[0]));
    else if (point?.kind === "units" && point.row !== this.source) said.push(this.words.seenBy(point, onImage[0]));
    else if (!moving && !finding.message) said.push("Point at a cell of the tensor for what it sees, or at a pixel for what it affects.");
    if (this.kept && points.length < 2) said.unshift(this.words.kept(this.kept.point));
    if (this.missing) said.unshift(`There is no ${this.missing} on this page.`);
    if (!this.answers.busy) this.missing = null;  // what is worked out yet is said once more
    this.findings.press(this.state.finding);
    this.say(".ex-caption", said.join(" "));
    const telling = point?.kind === "units";
    this.root.classList.toggle("ex-telling", telling);
    this.root.classList.toggle("ex-telling-beyond", telling && point.row !== this.source);
    this.root.classList.toggle("ex-comparing", points.length === 2);
    this.root.classList.toggle("ex-heat", this.state.heat && points.length < 2 && point?.kind === "cell");
    this.root.classList.toggle("ex-shifting", Boolean(moving));
    this.root.classList.toggle("ex-asked", Boolean(point) && points.length < 2);
    this.buttons.views();
    const { channels } = divided(this.network.rows[row]);
    const input = this.one(".ex-channel input");
    this.one(".ex-channel").hidden = channels === 1;
    if (Number(input.max) !== channels) input.max = channels;
    if (document.activeElement !== input) input.value = channel === null ? "" : channel + 1;
    this.say(".ex-axis", this.words.leading(row));
    this.say(".ex-of", `of ${thousands(channels)}`);
  }

  // What is said already is left alone, so that a browser has nothing to lay out anew.
  say(selector, text) {
    const element = this.one(selector);
    if (element.textContent !== text) element.replaceChildren(...(element.localName === "b" ? breakable(text) : [text]));
  }

  remember() {
    if (this.hover) return;
    const { row, channel, ...rest } = this.state, usual = this.usual(row);
    const one = channel === usual ? null : channel ?? -1;
    this.link = toLink({ name: this.network.rows[row].name, channel: one, ...rest });
    if (location.hash !== this.link) {
      try { history.replaceState(null, "", this.link); } catch { /* a frame without an address */ }
    }
  }
}

// How far the input can be moved along an axis.
function farthest(size) {
  return Math.min(size - 1, 64);
}

for (const root of document.querySelectorAll(".ex")) {
  // An address may ask for the explorer without what is below it, as a frame does that is to be as
  // high as what it shows: "report.html?part=explorer".
  const alone = new URLSearchParams(location.search).get("part") === "explorer";
  document.documentElement.classList.toggle("ex-alone", alone);
  const explorer = new Explorer(root);
  root.explorer = explorer;
}
