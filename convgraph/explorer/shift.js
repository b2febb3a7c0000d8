"use strict";
// The input moves by some pixels, zeros filling in behind it: which units of every row move along
// exactly? Read as `check_equivariance` reads it: f(g x) = g f(x), for all inputs and parameters.
//
// A unit p and its image p - d are held against each other tap by tap. Let q be what p reads at a
// tap and q' what the image reads there. All is well if q' is q moved, and q moves along; if both
// are missing; or if q is zero where the frame was filled and q' is missing, and a missing tap is
// as good as a zero. `live` are units that are not known to be zero after the move.
class Shift {
  constructor(network, strides, source, amounts) {
    Object.assign(this, { network, strides, source, amounts });
    this.bad = new Map();
    this.live = new Map();
    this.open = new Set();     // rows in which what does not move along may yet be equal
    this.undivided = new Set();  // rows whose stride does not divide the shift
    this.known = new Map();
    this.verdicts = new Map();
    network.rows.forEach((row, number) => { if (!network.layerOf.has(number)) this.start(number); });
    for (const layer of network.layers) this.step(layer);
  }

  // By how many units a row moves along each axis of its space; null if by no whole number.
  by(number) {
    const space = divided(this.network.rows[number]).space;
    const strides = this.strides[number];
    if (number === this.source) return this.amounts;
    if (!strides) return space.map(() => 0);
    const found = strides.map((stride, axis) =>
      (stride === null ? 0 : this.amounts[axis] * stride[1] / stride[0]));
    if (found.some((amount) => !Number.isInteger(amount))) return null;
    return space.length === found.length ? found : space.map(() => 0);
  }

  start(number) {
    const { channels, space } = divided(this.network.rows[number]);
    const inside = this.inside(space, this.by(number));
    if (inside.length) this.live.set(number, [term(new Float64Array(channels).fill(1), inside[0])]);
  }

  // The places whose image is in the frame (1), as a list of at most one array.
  inside(space, by) {
    const span = space.map((n, axis) => [Math.max(0, by[axis]), Math.min(n, n + by[axis])]);
    if (span.some(([low, high]) => high <= low)) return [];
    return [ones(space, span)];
  }

  step(layer) {
    const { network } = this, { row } = layer;
    if (network.dark.has(row)) return;
    const joints = layer.joints;
    if (joints.some((j) => j.opaque || j.starts || this.open.has(j.source))) this.open.add(row);
    const live = layer.zero && !layer.bias ? this.alive(joints) : this.all(row);
    if (live.length) this.live.set(row, live);
    const by = this.by(row);
    if (by === null) this.undivided.add(row);
    let bad = by === null ? this.all(row) : [];
    for (const joint of layer.bias && by ? [...joints, layer.bias] : by ? joints : []) {
      bad = joined(this.parted(layer, joint, by), bad);
    }
    if (bad.length) this.bad.set(row, bad);
  }

  alive(joints) {
    let live = [];
    for (const joint of joints) {
      const own = this.live.get(joint.source);
      if (own) live = joined(this.network.carried(joint, own, true), live);
    }
    return live;
  }

  all(row) {
    const kept = this.network.rows[row];
    if (!kept.all) {
      const { channels, space } = divided(kept);
      kept.all = [term(new Float64Array(channels).fill(1), ones(space))];
    }
    return kept.all;
  }

  // Units that a joint parts from their images; of those whose image is in the frame.
  parted(layer, joint, by) {
    const { network } = this, { row } = layer;
    if (joint === layer.bias) return joint.codes && by.some((amount) => amount) ? this.all(row) : [];
    const before = this.by(joint.source);
    const still = [...by, ...(before || [1])].every((amount) => !amount);
    if (still && !this.bad.has(joint.source)) return [];
    if (!joint.space || joint.merged || !before || joint.opaque || !straight(joint.space.order)) return this.all(row);
    const kinds = joint.space.tables.map((table, axis) => this.kinds(joint, table, axis, before[axis], by[axis]));
    const sourceBad = this.bad.get(joint.source), sourceLive = this.live.get(joint.source);
    let found = [];
    const carry = (terms, tables) => {
      if (!terms || tables.some((table) => !table)) return;
      found = joined(network.apart({ ...joint, space: { ...joint.space, tables } }, terms, true), found);
    };
    carry(sourceBad, kinds.map((kind) => kind.match));
    kinds.forEach((kind, axis) => {
      const others = (a, rest) => kinds.map((each, b) => (b === axis ? kind[a] : each[rest]));
      if (kind.differs) carry(this.all(joint.source), others("differs", "both"));
      if (kind.filled) carry(layer.gap ? sourceLive : this.all(joint.source), others("filled", "here"));
      if (kind.lost) this.gone(row, joint, kinds, axis).forEach((t) => { found = joined([t], found); });
    });
    return found;
  }

  // Units whose image reads at a tap what they have not: data that left the frame.
  gone(row, joint, kinds, axis) {
    const there = (table) => {
      const found = new Float64Array(table.outputs);
      const read = table.marks;
      for (let i = 0; i < read.length; i++) if (read[i]) found[Math.floor(i / table.taps)] = 1;
      return found;
    };
    const marks = kinds.map((kind, a) => there(a === axis ? kind.lost : kind.there));
    const { channels, space } = divided(this.network.rows[row]);
    const vectors = [new Float64Array(channels).fill(1), ...marks];
    return this.network.outer(row, [channels, ...space], vectors, 1);
  }

  // The taps of an axis by what becomes of them; null where there is none of a kind.
  kinds(joint, table, axis, before, by) {
    const key = `${joint.axes[joint.cut + axis]},${joint.codes?.[joint.cut + axis]},${before},${by}`;
    if (!this.known.has(key)) this.known.set(key, this.sorted(joint, table, axis, before, by));
    return this.known.get(key);
  }

  sorted(joint, table, axis, before, by) {
    const { outputs, taps } = table;
    const read = table.full ? null : positions(table);
    const number = joint.codes?.[joint.cut + axis];
    const codes = number === undefined ? null : positions(this.network.tables[number]);
    const marks = { match: 0, differs: 0, filled: 0, both: 0, here: 0, lost: 0, there: 0 };
    if (table.full) {
      if (!before && !by) return { ...nothing(), match: table, both: table, here: table, there: all(table) };
      return { ...nothing(), differs: table, both: table, here: table, there: all(table) };
    }
    for (const kind of Object.keys(marks)) marks[kind] = new Int32Array(outputs * taps).fill(-1);
    const used = new Set();
    for (let output = Math.max(0, by); output < Math.min(outputs, outputs + by); output++) {
      for (let tap = 0; tap < taps; tap++) {
        const i = output * taps + tap, j = (output - by) * taps + tap;
        const q = read[i], image = read[j];
        const put = (kind, value) => { marks[kind][i] = value; used.add(kind); };
        if (q >= 0 && image >= 0) {
          const same = q - before === image && (!codes || codes[i] === codes[j]);
          put(same ? "match" : "differs", q);
          put("both", q);
        } else if (q >= 0) put("filled", q);
        else if (image >= 0) put("lost", 0);
        if (q >= 0) put("here", q);
        if (image >= 0) put("there", 0);
      }
    }
    const found = nothing();
    for (const kind of used) {
      found[kind] = kind === "lost" || kind === "there" ?
        { ...table, marks: marks[kind].map((v) => v + 1) } : withPositions(table, marks[kind]);
    }
    return found;
  }

  // For the units of a row in one channel: 1 moves along, 2 does not, 3 may or may not.
  verdict(row, channel) {
    const { network } = this, { space } = divided(network.rows[row]);
    const by = this.by(row);
    const key = `${row},${channel}`;
    if (this.verdicts.has(key)) return this.verdicts.get(key);
    const found = new Uint8Array(size(space)).fill(this.open.has(row) ? 3 : 2);
    this.verdicts.set(key, found);
    if (!by) return found;
    const [bad, live] = [this.bad, this.live].map((each) =>
      everywhere(inSpace(network.rows[row], each.get(row), channel)));
    const inside = everywhere(this.inside(space, by)[0] || nowhere(space));
    for (let i = 0; i < found.length; i++) if (inside[i] ? !bad[i] : !live[i]) found[i] = 1;
    return found;
  }
}

function nothing() {
  return { match: null, differs: null, filled: null, both: null, here: null, lost: null, there: null };
}

function all(table) {
  return { outputs: table.outputs, taps: 1, marks: new Int32Array(table.outputs).fill(1) };
}

function straight(order) {
  return order.every((position, axis) => position === axis);
}
