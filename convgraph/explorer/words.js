"use strict";
// Answers in sentences, for all readers: what the pictures show, in numbers. Positions count from 1.
class Words {
  constructor(explorer) {
    this.explorer = explorer;
    this.axes = axisWords(explorer.space.length);
  }

  name(row) {
    return this.explorer.network.rows[row].name;
  }

  // The names of the axes of a row's space.
  axesOf(row) {
    const { axes, cut } = this.explorer.network.rows[row];
    if (!axes) return axisWords(divided(this.explorer.network.rows[row]).space.length);
    const own = axes.slice(cut);
    return own.map((word, axis) => (own.filter((each) => each === word).length > 1 ? `axis ${cut + axis + 1} (${word})` : word));
  }

  // What a row's first axes are of, which the others are shown in one of: channels, as a rule.
  leading(row) {
    const { axes, cut } = this.explorer.network.rows[row], own = new Set((axes || []).slice(0, cut));
    return own.size === 1 ? own.values().next().value : own.size ? "position" : "channel";
  }

  place(row, place) {
    const words = this.axesOf(row);
    return place.length ? place.map((i, axis) => `${words[axis]} ${i + 1}`).join(", ") : "its one unit";
  }

  cell({ row, place, channel }) {
    const { channels } = divided(this.explorer.network.rows[row]);
    const word = this.leading(row), at = this.place(row, place);
    const several = this.explorer.network.rows[row].axes?.slice(this.explorer.network.rows[row].cut).includes(word);
    const [all, one] = several ? [`all of axis 1 (${word})`, `axis 1 (${word})`] : [`all ${word}s`, word];
    const of = channels === 1 ? "" : channel === null ? all : `${one} ${channel + 1}`;
    // Positions before the channels that are seen at them.
    const parts = of && word !== "channel" && channel !== null ? [of, at] : [at, of];
    return `${this.name(row)} at ${parts.filter(Boolean).join(", ")}`;
  }

  // What a cell sees of the input.
  sees(point, found) {
    const { explorer } = this, { source, space, network } = explorer;
    if (network.dark.has(point.row)) return `${this.cell(point)}: this page does not carry what it is computed from.`;
    const values = inSpace(network.rows[source], found.get(source));
    const count = countIn(values);
    if (!count) {
      const input = !network.layerOf.has(point.row);
      return input ? `${this.name(point.row)} is an input beside ${this.name(source)}: a report with row="${this.name(point.row)}" has it in the middle.` :
        `${[`${this.cell(point)} sees nothing of ${this.name(source)}`, ...this.inputs().filter((row) => row !== source)
          .map((row) => this.other(row, found.get(row)))].join("; ")}.`;
    }
    const box = bounds(values);
    const inside = box.reduce((p, [low, high]) => p * (high - low + 1), 1);
    const all = count === size(space), inputs = this.inputs().filter((row) => row !== source);
    const of = inputs.length ? ` of ${this.name(source)}` : "";
    const parts = [`${this.cell(point)} sees ${amount(count, size(space), this.axes.unit)}${of}${all ? "" : `: ${this.spans(box)}`}`];
    if (inside > count) parts.push(`${thousands(inside - count)} in between are not seen`);
    const beyond = this.beyond(point, box);
    if (beyond) parts.push(beyond);
    parts.push(...inputs.map((row) => this.other(row, found.get(row))));
    return `${parts.join("; ")}. ${this.middle(values, space, box)}`.trim();
  }

  // What the units of a finding see, which is not what the finding is about.
  seenBy(point, set) {
    const count = countIn(set);
    return count ? `Lit on ${this.name(this.explorer.source)} is what these units see, which others may see, too: ` +
      `${amount(count, size(this.explorer.space), this.axes.unit)}.` : "";
  }

  // The rows that nothing is computed from before.
  inputs() {
    const { network } = this.explorer;
    return network.rows.map((_, row) => row).filter((row) => !network.layerOf.has(row));
  }

  // What is seen of an input that is not the one in the middle.
  other(row, terms) {
    const own = this.explorer.network.rows[row], { space } = divided(own);
    const count = countIn(inSpace(own, terms));
    return `of ${own.name} ${count ? `${thousands(count)} of ${thousands(size(space))}` : "nothing"}`;
  }

  // How far the field reaches beyond the border.
  beyond(point, seen) {
    const { row, place } = point;
    const box = this.explorer.nominal(point, seen), { space } = this.explorer;
    const touches = this.explorer.touches(row, place);
    if (!box) return touches ? "padding on the way is seen too" : "";
    const sides = box.flatMap(([low, past], axis) => {
      const [before, after] = this.axes.sides[axis] || ["before", "behind"];
      return [[-low, before], [past - space[axis], after]];
    }).filter(([by]) => by > 0);
    if (!sides.length) return touches ? "padding on the way is seen too" : "";
    return `the field reaches into the padding by ${listed(sides.map(([by, side]) => `${by} ${by === 1 ? side : several(side)}`))}`;
  }

  // Where most paths start, if that is not all of the box: what lies between the tails of each axis.
  middle(values, space, box) {
    const spans = space.map((n, axis) => {
      const sums = marginal(values, axis), all = sums.reduce((a, b) => a + b, 0);
      let low = 0, high = n - 1, tail = 0;
      while (tail + sums[low] <= 0.025 * all) tail += sums[low++];
      tail = 0;
      while (tail + sums[high] <= 0.025 * all) tail += sums[high--];
      return [low, high];
    });
    if (String(spans) === String(box)) return "";
    return `${space.length > 1 ? "Along each axis 95%" : "95%"} of the paths start in ${this.spans(spans)}.`;
  }

  spans(box) {
    return listed(box.map(([low, high], axis) => {
      const word = this.axes[axis] || `axis ${axis + 1}`;
      return low === high ? `${word} ${low + 1}` : `${word}s ${low + 1} to ${high + 1}`;
    }));
  }

  // What a pixel affects.
  affects(place, found, row) {
    const { network, source } = this.explorer;
    const units = (number) => amount(counted(network.rows[number], found.get(number)),
      size(network.rows[number].shape), "units");
    const head = `${this.name(source)} at ${this.place(source, place)} affects`;
    const last = network.rows.length - 1;
    const end = row === last || row === source ? "" : ` and ${units(last)} of ${this.name(last)}`;
    return row === source ? `${head} ${units(last)} of ${this.name(last)}.` :
      `${head} ${units(row)} of ${this.name(row)}${end}.`;
  }

  // Of a pixel what it affects is told, and whether the field beside it has it.
  compared(points, sets, answers, row) {
    const at = points.findIndex((point) => point.kind === "pixel"), field = points[1 - at];
    if (at >= 0 && field.kind !== "pixel") {
      const within = numberAt(sets[1 - at], points[at].place) > 0;
      return `Kept: ${this.point(points[0])}. Beside it: ${this.point(points[1])}. ${this.point(field)} ` +
        `${field.kind === "units" ? "see" : "sees"} ${thousands(countIn(sets[1 - at]))} ${this.axes.unit}${within ? ", this one among them" : ", but not this one"}. ` +
        this.affects(points[at].place, answers[at], row);
    }
    return this.held(points, sets);
  }

  held(points, sets) {
    const [a, b] = sets.map(countIn);
    const other = everywhere(sets[1]);
    const both = everywhere(sets[0]).reduce((n, v, i) => n + (v > 0 && other[i] > 0), 0);
    const share = a + b - both ? Math.round((100 * both) / (a + b - both)) : 0;
    return `Kept: ${this.point(points[0])}, ${thousands(a)} ${this.axes.unit}. Beside it: ` +
      `${this.point(points[1])}, ${thousands(b)}. Both: ${thousands(both)}, ${share}% of all together.${this.apart(points)}`;
  }

  // How far apart the middles of two fields are.
  apart(points) {
    const middles = this.explorer.middles(points);
    if (!middles.length) return "";
    const by = middles[0].map((at, axis) => Math.abs(at - middles[1][axis]));
    if (by.every((n) => !n)) return " These two fields have one middle.";
    const words = by.map((n, axis) => n && `${n} ${this.axes[axis] || `axis ${axis + 1}`}${n === 1 ? "" : "s"}`);
    return ` The middles of these two fields (+) are ${listed(words.filter(Boolean))} apart.${this.turns()}`;
  }

  // Of a finding that gives a mean: behind an upsampling neighbours differ.
  turns() {
    return this.explorer.places.shown.mean ? " Those of other cells lie another distance apart, of which the finding gives the mean." : "";
  }

  // What is kept while nothing else is pointed at.
  kept(point) {
    return `Kept: ${this.point(point)}; point at another to compare.`;
  }

  point(point) {
    if (point.kind === "units") return `the units of a finding in ${this.name(point.row)}`;
    return point.kind === "pixel" ? `${this.name(this.explorer.source)} at ${this.place(this.explorer.source, point.place)}` : this.cell(point);
  }

  // How a tensor moves when the input does; as long as that is worked out, how the input does.
  moved({ moved, shift, verdict }, row, channel) {
    const { source, network } = this.explorer, others = this.inputs().filter((each) => each !== source);
    const by = moved.map((n, axis) => n && `${Math.abs(n)} ${this.axes.ways[axis][n > 0 ? 1 : 0]}`);
    const who = others.length ? `${this.name(source)} moves` : "The input moves";
    const stay = others.length ? `, and ${listed(others.map((each) => this.name(each)))} ${others.length > 1 ? "stay" : "stays"}` : "";
    const head = `${who} by ${listed(by.filter(Boolean))}${stay}`;
    if (!shift) return `${head}: …`;
    return network.dark.has(row) ? `${head}. This page does not carry what ${this.name(row)} is computed from.` :
      `${head}. ${this.shifted(shift, row, verdict, channel)}`;
  }

  shifted(shift, row, verdict, channel) {
    const { network } = this.explorer;
    const by = shift.by(row);
    const total = verdict.length;
    const holds = verdict.filter((v) => v === 1).length, open = verdict.filter((v) => v === 3).length;
    if (!by && shift.divides(row)) return `How ${this.name(row)} takes it is not decided here, since its positions stand before its channels.`;
    if (!by) {
      const stride = this.explorer.data.strides[row].map(asFraction);
      return `${this.name(row)} moves in steps of ${listed([...new Set(stride)])} pixels, which do not divide that: none of its cells move along exactly.`;
    }
    const where = channel === null || divided(network.rows[row]).channels === 1 ? "" : ` of ${this.leading(row)} ${channel + 1}`;
    const own = by.every((n) => !n) ? "should stay as it is" : `should move by ${listed(by.map(String))}`;
    const rest = total - holds - open;
    const parts = [`${thousands(holds)} of ${thousands(total)} cells${where} do so exactly`];
    if (rest) parts.push(`${thousands(rest)} do not, since they see ${this.causes(shift, row)}`);
    if (open) parts.push(`for ${thousands(open)} it is not decided here`);
    return `${this.name(row)} ${own}: ${parts.join("; ")}.`;
  }

  // What parts cells from their images: in the order in which one looks for it.
  causes(shift, row) {
    const found = shift.causes.get(row) || new Set(["border"]), { network, source } = this.explorer;
    const stays = this.inputs().filter((input) => input !== source &&
      [...found].some((each) => typeof each === "number" && ofSource(network, input).has(each)));
    const words = [found.has("border") && "the border", found.has("stride") && "a stride before them",
      stays.length && `${listed(stays.map((each) => this.name(each)))}, which ${stays.length > 1 ? "stay" : "stays"} where ${stays.length > 1 ? "they are" : "it is"}`];
    const told = words.filter(Boolean);
    return told.length < 2 ? told.join("") || "the border" : `${told.slice(0, -1).join(", ")} or ${told.at(-1)}`;
  }
}

function axisWords(rank) {
  const known = {
    1: Object.assign(["position"], { unit: "positions", sides: [["before", "behind"]], ways: [["back", "on"]] }),
    2: Object.assign(["row", "column"], { unit: "pixels", sides: [["above", "below"], ["left", "right"]],
      ways: [["up", "down"], ["left", "right"]] }),
    3: Object.assign(["slice", "row", "column"], { unit: "positions", sides: [["slice before", "slice behind"], ["row above", "row below"],
      ["column left", "column right"]], ways: [["slices back", "slices on"], ["up", "down"], ["left", "right"]] }),
  };
  return known[rank] || Object.assign(Array.from({ length: rank }, (_, axis) => `axis ${axis + 1} position`),
    { unit: "positions", sides: [], ways: Array.from({ length: rank }, (_, a) => [`back along axis ${a + 1}`, `on along axis ${a + 1}`]) });
}

// An axis that shares its name is told by its number, which has no plural.
function plural(word) {
  return word.endsWith(")") ? word : `${word}s`;
}

// "row above" to "rows above"; a side alone stays as it is.
function several(side) {
  const [unit, where] = side.split(" ");
  return where ? `${unit}s ${where}` : side;
}

function listed(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

function amount(count, all, unit) {
  return count === all ? `all ${thousands(all)} ${unit}` : `${thousands(count)} of the ${thousands(all)} ${unit}`;
}

// How a tensor over more than two axes is laid out.
function inSlices(row) {
  const { space } = divided(row);
  return space.length > 2 ? ` · ${thousands(size(space.slice(0, -2)))} slices` : "";
}
