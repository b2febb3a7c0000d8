"use strict";
// The input moves by some pixels, zeros filling in behind it, and other inputs stay: which units of
// every row move along exactly? Read as `check_equivariance` reads it: f(g x) = g f(x), for all inputs
// and parameters.
//
// A unit p and its image p - d are held against each other tap by tap. Let q be what p reads at a
// tap and q' what the image reads there. All is well if q' is q moved, or computed from the same as
// that, and q moves along; if both are missing; or if q is zero where the frame was filled and q' is
// missing, and a missing tap is as good as a zero. `live` are units that are not known to be zero after
// the move. What is all of a row is `network.every(row)`, and is told by that from layer to layer.
class Shift {
  constructor(network, strides, source, amounts) {
    Object.assign(this, { network, strides, source, amounts });
    this.bad = new Map();
    this.live = new Map();
    this.boxes = new Map();    // of inputs that are live within a box: its span
    this.open = new Set();     // rows in which what does not move along may yet be equal
    this.causes = new Map();   // of each row: what parts its units from their images; rows that stay, by number
    this.known = new Map();
    this.verdicts = new Map();
    this.steps = this.working();
  }

  // Worked out layer by layer, so that a newer shift can end it.
  static *found(network, strides, source, amounts) {
    const shift = new Shift(network, strides, source, amounts);
    yield* shift.steps;
    return shift;
  }

  *working() {
    this.network.rows.forEach((row, number) => { if (!this.network.layerOf.has(number)) this.start(number); });
    for (const layer of this.network.layers) {
      yield* this.step(layer);
      yield;
    }
  }

  // By how many units a row moves along each axis of its space; null if by no whole number, or if its
  // axes do not tell.
  by(number) {
    const row = this.network.rows[number], { space } = divided(row), strides = this.strides[number];
    if (number === this.source) return this.amounts;
    const found = strides?.map((stride, axis) => this.amount(stride, axis));
    if (found?.some((amount) => !Number.isInteger(amount))) return null;
    if (row.axes) return this.named(row, found, strides);
    return found && space.length === found.length ? found : space.map(() => 0);
  }

  amount(stride, axis) {
    return stride === null ? 0 : this.amounts[axis] * stride[1] / stride[0];
  }

  // Of a row whose axes have names of their own: channels stay, and what stands for an axis of the input
  // moves as that does. Positions before others, of which one is shown at a time, are not followed.
  named(row, found, strides) {
    const words = axisWords(this.amounts.length);
    const moved = row.axes.map((word) => {
      const axis = words.indexOf(word);
      if (word === "channel") return 0;
      return axis >= 0 && strides?.[axis] && row.axes.filter((each) => each === word).length === 1 ? found[axis] : null;
    });
    return moved.includes(null) || moved.slice(0, row.cut).some((n) => n) ? null : moved.slice(row.cut);
  }

  // Whether a stride does not divide the shift.
  divides(number) {
    return !this.strides[number]?.some((stride, axis) => !Number.isInteger(this.amount(stride, axis)));
  }

  start(number) {
    const { channels, space } = divided(this.network.rows[number]);
    const inside = this.inside(space, this.by(number));
    const whole = inside.length && isAll(inside[0]);
    if (inside.length) this.boxes.set(number, inside[0].span);
    if (inside.length) this.live.set(number, whole ? this.network.every(number) : [term(alike(channels), inside[0])]);
  }

  // The places whose image is in the frame (1), as a list of at most one array.
  inside(space, by) {
    const span = space.map((n, axis) => [Math.max(0, by[axis]), Math.min(n, n + by[axis])]);
    if (span.some(([low, high]) => high <= low)) return [];
    return [ones(space, span)];
  }

  *step(layer) {
    const { network } = this, { row } = layer;
    if (network.dark.has(row)) return;
    const joints = layer.joints, all = network.every(row), by = this.by(row), causes = new Set();
    if (joints.some((j) => j.opaque || j.starts || this.open.has(j.source))) this.open.add(row);
    const live = layer.zero && !layer.bias && by && !this.open.has(row) ? network.reached(layer, this.live, []) : all;
    if (live.length) this.live.set(row, plainly(live));
    let bad = [];
    if (by === null) {
      bad = all;
      if (this.divides(row)) this.open.add(row); else causes.add("stride");
    }
    for (const joint of by ? [...joints, ...(layer.bias ? [layer.bias] : [])] : []) {
      if (bad === all) break;
      const more = yield* this.parted(layer, joint, by, causes);
      if (more.length) this.causes.get(joint.source)?.forEach((cause) => causes.add(cause));
      bad = more === all ? all : plainly(joined(more, bad));
      yield;
    }
    if (!bad.length) return;
    this.bad.set(row, bad);
    this.causes.set(row, causes);
  }

  // Units that a joint parts from their images; of those whose image is in the frame.
  *parted(layer, joint, by, causes) {
    const { network } = this, { row } = layer, all = network.every(row);
    if (joint === layer.bias) return joint.codes && by.some((amount) => amount) ? told(causes, "border", all) : [];
    const { source } = joint, before = this.by(source), sourceBad = this.bad.get(source);
    if (!before) return all;
    const still = [...by, ...before].every((amount) => !amount);
    if (still && !sourceBad) return [];
    const cause = ofSource(network, this.source).has(source) ? "border" : source;
    if (!joint.space || joint.merged || joint.opaque || !straight(joint.space.order)) {
      return told(causes, still ? null : cause, all);
    }
    // Where each unit reads at its own place, as in a concatenation, its image reads what it read, moved.
    if (!joint.codes && sameSizes(by, before) && joint.space.tables.every((table) => table.same)) {
      const found = sourceBad ? network.apart(joint, sourceBad, true) : [];
      return network.complete(row, found) ? all : found;
    }
    const kinds = joint.space.tables.map((table, axis) => this.kinds(joint, table, axis, before[axis], by[axis]));
    // Where all of the source is parted, so is whoever reads any of it beside its image.
    if (sourceBad === network.every(source) && kinds.every((kind) => kind.always) && (joint.channel.covered ??= joint.channel.tables.every(readsAlways))) {
      return all;
    }
    let found = [];
    const reads = network.mixed(joint.channel, alike(divided(network.rows[source]).channels), true)?.vector;
    // Units that have a tap of a kind along each axis, whatever it reads: a product of one set per axis.
    const outer = (marks, vector) => {
      if (!vector || marks.some((mark) => !mark)) return;
      const { channels, space } = divided(network.rows[row]);
      told(causes, cause, null);
      found = joined(network.outer(row, [channels, ...space], [vector, ...marks], 1), found);
    };
    const carry = (terms, tables) => {
      if (!terms || tables.some((table) => !table)) return [];
      return network.apart({ ...joint, space: { ...joint.space, tables } }, terms, true);
    };
    for (const [axis, kind] of kinds.entries()) {
      yield;
      const others = (a, rest) => kinds.map((each, b) => (b === axis ? kind.has[a] : each.has[rest]));
      if (kind.differs) outer(others("differs", "both"), reads);
      if (kind.lost) outer(others("lost", "there"), alike(divided(network.rows[row]).channels));
      if (!kind.filled) continue;
      yield;
      const live = layer.gap ? this.live.get(source) : network.every(source);
      if (live === network.every(source)) outer(others("filled", "here"), reads);
      else if (this.boxes.has(source)) {
        const span = this.boxes.get(source);
        outer(kinds.map((each, b) => thatRead(b === axis ? each.filled : each.here, span[b])), reads);
      } else {
        const more = carry(live, kinds.map((each, b) => (b === axis ? kind.filled : each.here)));
        if (more.length) told(causes, cause, null);
        found = joined(more, found);
      }
    }
    if (network.complete(row, found)) return all;
    yield;
    found = joined(carry(sourceBad, kinds.map((kind) => kind.match)), found);
    return network.complete(row, found) ? all : found;
  }

  // The taps of an axis by what becomes of them; null where there is none of a kind.
  kinds(joint, table, axis, before, by) {
    const key = `${joint.axes[joint.cut + axis]},${joint.codes?.[joint.cut + axis]},${before},${by}`;
    if (!this.known.has(key)) this.known.set(key, this.sorted(joint, table, axis, before, by));
    return this.known.get(key);
  }

  sorted(joint, table, axis, before, by) {
    const { outputs, taps } = table;
    if (table.full) {
      const has = new Float64Array(outputs).fill(1), always = true;
      const found = { both: table, here: table, always };
      return !before && !by ? { ...found, match: table, has: { both: has, here: has, there: has } } :
        { ...found, differs: table, has: { differs: has, both: has, here: has, there: has } };
    }
    const read = positions(table), number = joint.codes?.[joint.cut + axis];
    const codes = number === undefined ? null : positions(this.network.tables[number]);
    const kinds = alikeAlong(this.network, joint.source)[axis];
    const marks = {}, has = {};
    const put = (kind, i, output, value) => {
      marks[kind] ||= new Int32Array(outputs * taps).fill(-1);
      has[kind] ||= new Float64Array(outputs);
      marks[kind][i] = value;
      has[kind][output] = 1;
    };
    const [low, high] = [Math.max(0, by), Math.min(outputs, outputs + by)];
    for (let output = low; output < high; output++) {
      for (let tap = 0; tap < taps; tap++) {
        const i = output * taps + tap, j = (output - by) * taps + tap;
        const q = read[i], image = read[j], moved = q - before;
        if (q >= 0 && image >= 0) {
          const same = (moved === image || (kinds && moved >= 0 && kinds[moved] === kinds[image])) &&
            (!codes || codes[i] === codes[j]);
          put(same ? "match" : "differs", i, output, q);
          put("both", i, output, q);
        } else if (q >= 0) put("filled", i, output, q);
        else if (image >= 0) put("lost", i, output, 0);
        if (q >= 0) put("here", i, output, q);
        if (image >= 0) put("there", i, output, 0);
      }
    }
    const found = { has, always: has.both ? has.both.subarray(low, high).every(Boolean) : false };
    for (const kind of ["match", "differs", "filled", "here"]) {
      if (marks[kind]) found[kind] = withPositions(table, marks[kind]);
    }
    if (marks.lost) found.lost = true;
    return found;
  }

  // For the units of a row in one channel: 1 moves along, 2 does not, 3 may or may not.
  verdict(row, channel) {
    for (const step of this.steps) void step;  // as far as it is not worked out
    const { network } = this, { space } = divided(network.rows[row]);
    const by = this.by(row);
    const key = `${row},${channel}`;
    if (this.verdicts.has(key)) return this.verdicts.get(key);
    const found = new Uint8Array(size(space)).fill(this.open.has(row) ? 3 : 2);
    this.verdicts.set(key, found);
    if (!by) return found;
    const all = network.every(row), parted = this.bad.get(row);
    if (parted === all && this.live.get(row) === all) return found;
    if (!parted && by.every((amount) => !amount)) return found.fill(1);
    const [bad, live] = [this.bad, this.live].map((each) =>
      (each.get(row) === all ? null : everywhere(inSpace(network.rows[row], each.get(row), channel))));
    const inside = everywhere(this.inside(space, by)[0] || nowhere(space));
    for (let i = 0; i < found.length; i++) if (inside[i] ? bad && !bad[i] : live && !live[i]) found[i] = 1;
    return found;
  }
}

// The outputs of a table that read a position of a span; null where none does.
function thatRead(table, [low, high]) {
  if (!table) return null;
  const found = new Float64Array(table.outputs), read = positions(table);
  for (let i = 0; i < read.length; i++) if (read[i] >= low && read[i] < high) found[Math.floor(i / table.taps)] = 1;
  return found.some(Boolean) ? found : null;
}

function told(causes, cause, found) {
  if (cause !== null) causes.add(cause);
  return found;
}

// Which units are in a set alone matters here: channels that are in a term at all are so alike.
function plainly(terms) {
  if (terms.every(({ vector }) => isPlain(vector))) return terms;
  return joined(terms.map((each) => term(each.vector.map((v) => (v > 0 ? 1 : 0)), each.array, each.exponent, each.most)), []);
}

// A concatenation of many rows looks at the same vectors after each of them.
function isPlain(vector) {
  if (!PLAIN.has(vector)) PLAIN.set(vector, vector.every((v) => v === 0 || v === 1));
  return PLAIN.get(vector);
}

const PLAIN = new WeakMap();

// Along each axis of a row's space, positions whose units are computed from the same, as numbers: those
// of one square behind an upsampling, say. Null where no two are.
function alikeAlong(network, row) {
  const own = network.rows[row], layer = network.layerOf.get(row);
  const none = () => divided(own).space.map(() => null);
  if (own.alikeAlong) return own.alikeAlong;
  own.alikeAlong = none();
  const joints = layer ? [...layer.joints, ...(layer.bias ? [layer.bias] : [])] : [];
  if (!joints.length || layer.bias?.codes || joints.some((joint) => joint.opaque)) return own.alikeAlong;
  if (layer.joints.some((j) => !j.space || j.merged || !straight(j.space.order))) return own.alikeAlong;
  const before = layer.joints.map((joint) => alikeAlong(network, joint.source));
  own.alikeAlong = divided(own).space.map((outputs, axis) => {
    const keys = Array.from({ length: outputs }, () => "");
    for (let at = 0; at < layer.joints.length; at++) {
      const joint = layer.joints[at], table = joint.space.tables[axis], kinds = before[at][axis];
      if (table.same && !kinds) return null;
      if (table.full || (table.groups && joint.digits) || table.taps > 16) return null;
      const read = positions(table), number = joint.codes?.[joint.cut + axis];
      const codes = number === undefined ? null : positions(network.tables[number]);
      for (let i = 0; i < read.length; i++) {
        const q = read[i];
        keys[Math.floor(i / table.taps)] += `${q < 0 ? "" : kinds ? kinds[q] : q}${codes ? `:${codes[i]}` : ""},`;
      }
    }
    const numbers = new Map(keys.map((key) => [key, 0])), first = [...numbers.keys()];
    if (first.length === outputs) return null;
    first.forEach((key, i) => numbers.set(key, i));
    return Int32Array.from(keys, (key) => numbers.get(key));
  });
  return own.alikeAlong;
}

function straight(order) {
  return order.every((position, axis) => position === axis);
}

function isAll({ dims, span }) {
  return span.every(([low, high], axis) => low === 0 && high === dims[axis]);
}
