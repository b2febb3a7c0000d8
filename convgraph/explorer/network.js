"use strict";
// A network of rows and layers, and what its units have to do with each other: what a unit sees,
// what it affects, and which units see padding. See wirings.py.
class Network {
  constructor(data) {
    this.rows = data.rows;
    this.tables = data.tables.map(opened);
    this.layers = data.layers.map((layer) => ({
      ...layer, joints: layer.joints.map((joint) => this.prepared(joint, layer)),
    }));
    this.layerOf = new Map(this.layers.map((layer) => [layer.row, layer]));
    this.readers = this.rows.map(() => []);
    for (const layer of this.layers) {
      for (const joint of layer.joints) this.readers[joint.source].push(layer.row);
    }
    this.dark = this.untold();
  }

  // Rows that are computed through a relation that the page does not carry.
  untold() {
    const dark = new Set();
    for (const { row, joints } of this.layers) {
      if (joints.some((joint) => !(joint.axes || joint.starts) || dark.has(joint.source))) dark.add(row);
    }
    return dark;
  }

  // A joint with its tables; where its axes are those of the channels and those of space, apart.
  prepared(joint, layer) {
    if (!joint.axes) return { ...joint, target: layer.row };
    const tables = joint.axes.map((number) => this.tables[number]);
    const order = joint.order || tables.map((_, axis) => axis);
    const made = { ...joint, target: layer.row, tables, order };
    const outs = divided(this.rows[layer.row]), ins = divided(this.rows[joint.source]);
    const inSizes = [];
    order.forEach((position, axis) => { inSizes[position] = tables[axis].inputs; });
    for (let cut = 0; cut <= tables.length; cut++) {
      const fits = order.slice(0, cut).every((position) => position < cut) &&
        size(tables.slice(0, cut).map((t) => t.outputs)) === outs.channels &&
        size(inSizes.slice(0, cut)) === ins.channels &&
        sameSizes(tables.slice(cut).map((t) => t.outputs), outs.space) &&
        sameSizes(inSizes.slice(cut), ins.space);
      if (!fits) continue;
      made.channel = { tables: tables.slice(0, cut), order: order.slice(0, cut),
        forwards: new WeakMap(), backwards: new WeakMap() };
      made.space = { tables: tables.slice(cut), order: order.slice(cut).map((p) => p - cut) };
      made.cut = cut;
      break;
    }
    return made.space ? made : this.merged(made, outs, ins);
  }

  // Where everything of one axis is read for everything of another (a dense layer over features),
  // the wiring has an axis of one position on either side of both: as one axis they are apart, too.
  merged(joint, outs, ins) {
    const { tables, order } = joint, sizes = [], kept = [];
    order.forEach((position, axis) => { sizes[position] = tables[axis].inputs; });
    const reads = tables.findIndex((t) => t.full && t.outputs === 1 && t.inputs > 1);
    const holds = tables.findIndex((t) => t.full && t.inputs === 1 && t.outputs > 1);
    if (reads < 0 || holds < 0) return joint;
    tables.forEach((table, axis) => {
      if (axis === reads) return;
      kept.push(axis === holds ? { table: allOfAll(tables[reads].inputs, table.outputs), from: order[reads] } :
        { table, from: order[axis] });
    });
    const straight = kept.every((each, i) => !i || kept[i - 1].from < each.from);
    const own = kept.map(({ table }) => table), cut = [0, 1, 2].find((n) => n <= own.length &&
      size(own.slice(0, n).map((t) => t.outputs)) === outs.channels && size(own.slice(0, n).map((t) => t.inputs)) === ins.channels &&
      sameSizes(own.slice(n).map((t) => t.outputs), outs.space) && sameSizes(own.slice(n).map((t) => t.inputs), ins.space));
    if (!straight || cut === undefined) return joint;
    const part = (some) => ({ tables: some, order: some.map((_, axis) => axis), forwards: new WeakMap(), backwards: new WeakMap() });
    return { ...joint, channel: part(own.slice(0, cut)), space: part(own.slice(cut)), merged: true };
  }

  // The terms of a joint's source that reach (forwards) the target, or the other way around.
  carried(joint, terms, forwards) {
    const from = this.rows[forwards ? joint.source : joint.target];
    const to = this.rows[forwards ? joint.target : joint.source];
    if (joint.starts) return this.listed(joint, from, to, terms, forwards);
    if (joint.space) return this.apart(joint, terms, forwards);
    const { array, exponent } = together(from, terms);
    const sizes = joint.tables.map((table) => (forwards ? table.inputs : table.outputs));
    const dims = forwards ? inverse(joint.order).map((axis) => sizes[axis]) : sizes;
    const found = through(joint.tables, joint.order, regrouped(array, dims), forwards);
    return isEmpty(found) ? [] : factored(to, regrouped(found, to.shape), exponent);
  }

  // Channels first: where all are read alike, terms become one before they go through space.
  apart({ channel, space, target, source }, terms, forwards) {
    const from = this.rows[forwards ? source : target], to = this.rows[forwards ? target : source];
    const dims = divided(to), inside = divided(from);
    const taps = size(space.tables.map((table) => (table.full ? table.inputs : table.taps)));
    const outs = size(space.tables.map((table) => (table.full ? table.outputs : table.taps)));
    let found = terms;
    if (!unchanged(channel)) {
      found = joined(terms.map((each) => {
        const mixed = this.mixed(channel, each.vector, forwards);
        return mixed && term(mixed.vector, each.array, each.exponent + mixed.exponent, each.most);
      }).filter(Boolean));
    }
    if (unchanged(space)) return found;
    return found.map((each) => {
      const array = through(space.tables, space.order, regrouped(each.array, inside.space), forwards);
      const most = each.most * Math.max(taps, outs);
      return term(each.vector, regrouped(array, dims.space), each.exponent, most);
    }).filter(Boolean);
  }

  // The channels that some channels reach: asked of the same vector, known.
  mixed(channel, vector, forwards) {
    const known = (forwards ? channel.forwards : channel.backwards);
    if (!known.has(vector)) {
      const sizes = channel.tables.map((table) => (forwards ? table.inputs : table.outputs));
      const view = forwards ? inverse(channel.order).map((axis) => sizes[axis]) : sizes;
      known.set(vector, levelled(everywhere(through(channel.tables, channel.order, arrayOf(view, vector), forwards))));
    }
    return known.get(vector);
  }

  listed(joint, from, to, terms, forwards) {
    const { values, exponent } = whole(from, terms);
    const found = new Float64Array(size(to.shape));
    for (let target = 0; target + 1 < joint.starts.length; target++) {
      for (let e = joint.starts[target]; e < joint.starts[target + 1]; e++) {
        const source = joint.sources[e];
        if (forwards) found[target] += values[source]; else found[source] += values[target];
      }
    }
    return factored(to, arrayOf(to.shape, found), exponent);
  }

  // What a unit sees: for every row before it along how many paths each unit is reached.
  sees(row, terms) {
    return finished(this.seeing(row, terms));
  }

  *seeing(row, terms) {
    const found = new Map([[row, terms]]);
    for (let i = this.layers.length - 1; i >= 0; i--) {
      const layer = this.layers[i];
      const own = found.get(layer.row);
      if (!own || this.dark.has(layer.row)) continue;
      for (const joint of layer.joints) {
        const all = joined(this.carried(joint, own, false), found.get(joint.source));
        if (all.length) found.set(joint.source, all);
      }
      yield;
    }
    return found;
  }

  // What some units of a row affect, in every row behind them: which units, and not along how many
  // paths.
  affects(row, terms) {
    return finished(this.affecting(row, terms));
  }

  *affecting(row, terms) {
    const found = new Map([[row, terms]]);
    for (const layer of this.layers) {
      if (layer.row === row || this.dark.has(layer.row)) continue;
      const all = this.reached(layer, found, []);
      if (all.length) found.set(layer.row, all);
      yield;
    }
    return found;
  }

  // The units of a layer that read one of those found, or are among some more. Whoever reads all of a
  // row is told without going through its units.
  reached(layer, found, more) {
    const { row } = layer, all = this.every(row);
    let terms = more;
    for (const joint of layer.joints) {
      const own = found.get(joint.source);
      if (!own) continue;
      if (own === this.every(joint.source) && this.covers(joint)) return all;
      terms = joined(this.carried(joint, own, true), terms);
    }
    return this.complete(row, terms) ? all : terms;
  }

  // All units of a row.
  every(row) {
    const kept = this.rows[row];
    const { channels, space } = divided(kept);
    return (kept.every ||= [term(alike(channels), ones(space))]);
  }

  complete(row, terms) {
    const { channels, space } = divided(this.rows[row]);
    return terms.some(({ vector, array }) => array.span.every(([low, high], axis) => low === 0 && high === space[axis]) &&
      vector.every((v) => v > 0) && array.values.every((v) => v > 0)) ||
      (terms.length > 1 && terms.length < 9 && counted(this.rows[row], terms) === channels * size(space));
  }

  // Whether every unit of a joint's target reads some unit of its source.
  covers(joint) {
    return (joint.covered ??= Boolean(joint.tables) && joint.tables.every(readsAlways));
  }

  // One unit: its channel, or all of them where that is null, and its place.
  unit(row, channel, place) {
    const { channels, space } = divided(this.rows[row]);
    if (channel === null) return [term(alike(channels), single(space, place))];
    const vector = new Float64Array(channels);
    vector[channel] = 1;
    return [term(vector, single(space, place))];
  }

  // The units of every row that see padding: that read beyond a border, or what sees padding.
  padded() {
    if (this.knownPadded) return this.knownPadded;
    const found = new Map();
    for (const layer of this.layers) {
      if (this.dark.has(layer.row)) continue;
      const own = layer.joints.reduce((all, joint) => joined(this.beyond(layer, joint), all), []);
      const all = this.complete(layer.row, own) ? this.every(layer.row) : this.reached(layer, found, own);
      if (all.length) found.set(layer.row, all);
    }
    return (this.knownPadded = found);
  }

  beyond(layer, joint) {
    const found = [];
    for (const [axis, runs] of Object.entries(joint.pads || {})) {
      const dims = joint.tables.map((table) => table.outputs);
      const marks = joint.tables.map((table, a) => (a === Number(axis) ? fromRuns(runs) :
        new Float64Array(table.outputs).fill(1)));
      found.push(...this.outer(layer.row, dims, marks, joint.cut));
    }
    return found;
  }

  // A product of one vector per axis of a view, as terms; the first `cut` are of the channels.
  outer(row, dims, vectors, cut) {
    const make = (some) => some.reduce((all, vector) => {
      const next = new Float64Array(all.length * vector.length);
      all.forEach((a, i) => vector.forEach((b, j) => { next[i * vector.length + j] = a * b; }));
      return next;
    }, new Float64Array([1]));
    const { shape } = this.rows[row];
    if (cut === undefined) return factored(this.rows[row], arrayOf(shape, make(vectors)), 0);
    const { space } = divided(this.rows[row]);
    const made = term(make(vectors.slice(0, cut)), arrayOf(space, make(vectors.slice(cut))));
    return made ? [made] : [];
  }
}

// What a question gives that is gone through layer by layer.
function finished(steps) {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
  }
}

// Each of so many outputs reads all of so many inputs.
function allOfAll(inputs, outputs) {
  return opened([inputs, outputs, inputs, 0, 0, 1]);
}

// Whether every output of an axis reads some position.
function readsAlways(table) {
  if (table.full || table.same || table.groups) return true;
  const read = positions(table), there = new Uint8Array(table.outputs);
  read.forEach((position, i) => { if (position >= 0) there[Math.floor(i / table.taps)] = 1; });
  return there.every(Boolean);
}

function sameSizes(a, b) {
  return a.length === b.length && a.every((n, i) => n === b[i]);
}

// Whether some axes only carry every position to itself.
function unchanged({ tables, order }) {
  return tables.every((table) => table.same) && order.every((position, axis) => position === axis);
}

function fromRuns(runs) {
  const found = new Float64Array(runs.reduce((a, b) => a + b, 0));
  let at = 0;
  runs.forEach((length, i) => { if (i % 2) found.fill(1, at, at + length); at += length; });
  return found;
}
