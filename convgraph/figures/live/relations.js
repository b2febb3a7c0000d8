"use strict";
// What a network's rows have to do with each other, asked of one small table per axis (axes.js);
// see relations.py. Sets of units are arrays of numbers, one for each unit of a row in row-major order:
// along how many paths it is reached, 0 for not at all.
class Relations {
  constructor(data, places) {
    this.rows = new Map(data.rows.map((row) => [row.name, row]));
    this.joints = data.joints;
    this.axes = data.axes.map(opened);
    this.places = places;  // of parameters: the letter of the array, and where in it
    this.computed = new Set(data.joints.map((joint) => joint.target));
    this.known = new Map();
  }

  size(name) {
    return this.rows.get(name).shape.reduce((a, b) => a * b, 1);
  }

  // From a unit through all layers: forwards what it affects, backwards what it sees.
  field(name, at, forwards) {
    const counts = new Map([[name, new Float64Array(this.size(name))]]);
    counts.get(name)[at] = 1;
    const joints = this.joints.filter((joint) => joint.source !== null);
    for (const joint of forwards ? joints : joints.reverse()) {
      const [from, to] = forwards ? [joint.source, joint.target] : [joint.target, joint.source];
      if (!counts.has(from)) continue;
      const found = this.through(joint, counts.get(from), forwards);
      if (!counts.has(to)) counts.set(to, found);
      else counts.get(to).forEach((count, i, all) => { all[i] = count + found[i]; });
    }
    return counts;
  }

  through(joint, counts, forwards) {
    if (joint.starts) return this.listed(joint, counts, forwards);
    const tables = joint.axes.map((number) => this.axes[number]);
    const sizes = tables.map((table) => (forwards ? table.inputs : table.outputs));
    const dims = forwards ? inverse(joint.order).map((axis) => sizes[axis]) : sizes;
    const found = everywhere(through(tables, joint.order, arrayOf(dims, counts), forwards));
    return found === counts ? counts.slice() : found;
  }

  listed(joint, counts, forwards) {
    const found = new Float64Array(this.size(forwards ? joint.target : joint.source));
    for (let target = 0; target + 1 < joint.starts.length; target++) {
      for (let e = joint.starts[target]; e < joint.starts[target + 1]; e++) {
        const source = joint.sources[e];
        if (forwards) found[target] += counts[source]; else found[source] += counts[target];
      }
    }
    return found;
  }

  // Where a parameter is used: for each joint that does, lists of [target, source] steps whose
  // product are the connections. A parameter's place is a sum of one number per axis, and so its
  // uses are a product of pairs per axis.
  uses(name) {
    if (!this.known.has(name)) {
      const found = this.joints.map((joint) => ({ joint, steps: this.stepsOf(joint, name) }));
      this.known.set(name, found.filter((use) => this.count(use)));
    }
    return this.known.get(name);
  }

  count({ steps }) {
    return steps.reduce((product, each) => product * each.length, steps.length ? 1 : 0);
  }

  stepsOf(joint, name) {
    if (joint.starts) return [this.stepsListed(joint, name)];
    const [letter, place] = this.places?.[name] || [];
    if (letter === undefined || joint.letter !== letter) return [];
    const wanted = this.digits(joint, place);
    const tables = joint.axes.map((number) => this.axes[number]);
    const ins = steps(inverse(joint.order).map((axis) => tables[axis].inputs));
    const outs = steps(tables.map((table) => table.outputs));
    return tables.map((table, axis) => {
      const read = positions(table), codes = positions(this.axes[joint.codes[axis]]);
      const mine = [];
      for (let output = 0, i = 0; output < table.outputs; output++) {
        for (let tap = 0; tap < table.taps; tap++, i++) {
          if (read[i] < 0 || codes[i] !== wanted[axis]) continue;
          mine.push([output * outs[axis], read[i] * ins[joint.order[axis]]]);
        }
      }
      return mine;
    });
  }

  stepsListed(joint, name) {
    const found = [];
    for (let target = 0; target + 1 < joint.starts.length; target++) {
      for (let e = joint.starts[target]; e < joint.starts[target + 1]; e++) {
        if (joint.terms[joint.labels[e]].includes(name)) found.push([target, joint.sources[e]]);
      }
    }
    return found;
  }

  // Whether a test holds of any connection (target, source) of a use.
  any({ steps }, test, axis = 0, target = 0, source = 0) {
    if (axis === steps.length) return test(target, source);
    for (const [t, s] of steps[axis]) {
      if (this.any({ steps }, test, axis + 1, target + t, source + s)) return true;
    }
    return false;
  }

  // The units that have a use, and those that are read there; of a bias there are none.
  ends(use) {
    const targets = new Float64Array(this.size(use.joint.target));
    const sources = use.joint.source === null ? null : new Float64Array(this.size(use.joint.source));
    this.any(use, (target, source) => {
      targets[target] = 1;
      if (sources) sources[source] = 1;
      return false;
    });
    return { targets, sources };
  }

  digits(joint, place) {
    const wanted = joint.axes.map(() => 0);
    const weights = steps(joint.digits.map(([, size]) => size));
    joint.digits.forEach(([axis, size], digit) => {
      wanted[axis] += weights[digit] * (Math.floor(place / weights[digit]) % size);
    });
    return wanted;
  }

  // "rows 2 to 4, columns 1 to 3", for the units of a row that are in a set.
  within(name, counts) {
    const { shape, channels } = this.rows.get(name);
    const bounds = this.span(name, counts);
    if (!bounds) return "";
    const words = axisNames(shape.length, channels);
    const spans = bounds.map(([low, high], axis) => low === high ?
      `${words[axis]} ${low + 1}` : `${words[axis]}s ${low + 1} to ${high + 1}`);
    const all = bounds.reduce((product, [low, high]) => product * (high - low + 1), 1);
    const wide = spans.filter((_, axis) => shape[axis] > 1);
    if (!wide.length) return "";
    return (counts.reduce((n, count) => n + (count > 0), 0) < all ? "within " : "") + wide.join(", ");
  }

  // From where to where a set reaches along each axis; null where it is empty.
  span(name, counts) {
    const { shape } = this.rows.get(name);
    const bounds = shape.map(() => [Infinity, -Infinity]);
    const step = steps(shape);
    let any = false;
    for (let at = 0; at < counts.length; at++) {
      if (!counts[at]) continue;
      any = true;
      for (let axis = 0; axis < shape.length; axis++) {
        const i = Math.floor(at / step[axis]) % shape[axis];
        if (i < bounds[axis][0]) bounds[axis][0] = i;
        if (i > bounds[axis][1]) bounds[axis][1] = i;
      }
    }
    return any ? bounds : null;
  }

  inside(name, at, bounds) {
    return bounds !== null && unravel(at, this.rows.get(name).shape)
      .every((i, axis) => i >= bounds[axis][0] && i <= bounds[axis][1]);
  }
}

function axisNames(rank, channels) {
  const space = rank - (channels ? 1 : 0);
  const words = { 0: [], 1: ["position"], 2: ["row", "column"] }[space] ||
    Array.from({ length: space }, (_, axis) => `axis ${axis + 1} position`);
  return channels ? ["channel", ...words] : words;
}
