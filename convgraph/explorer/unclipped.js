"use strict";
// Where a cell's field lies, whatever the borders cut off: as if every row went on beyond its ends. Of
// one channel after the other, since channels may come of branches with fields of their own. Only what
// goes on in one way alone is followed; everything, what wraps around and what is listed is not.
const LONGEST = 64;  // outputs after which a relation that goes on has to repeat

// [first, past) along each axis of the input, or null where nothing goes on in one way.
function unclipped(network, row, channel, place, source) {
  const { channels } = divided(network.rows[row]), vector = new Float64Array(channels);
  if (channel === null) vector.fill(1); else vector[channel] = 1;
  const found = new Map([[row, [{ vector: levelled(vector).vector, box: place.map((i) => [i, i]) }]]]);
  for (let i = network.layers.length - 1; i >= 0; i--) {
    const layer = network.layers[i], own = found.get(layer.row);
    if (!own || layer.row === source) continue;
    for (const joint of layer.joints) {
      if (!ofSource(network, source).has(joint.source)) continue;
      const more = goneBack(network, layer, joint, own);
      if (!more) return null;
      found.set(joint.source, more.reduce(boxed, found.get(joint.source) || []));
    }
  }
  const ends = found.get(source);
  if (!ends?.length) return null;
  const box = ends.reduce((all, { box }) => hull(all, box), ends[0].box);
  return box.map(([low, high]) => [low, high + 1]);
}

// The rows that are computed from the input, itself among them.
function ofSource(network, source) {
  network.from ||= new Map();
  if (!network.from.has(source)) {
    const rows = new Set([source]);
    for (const { row, joints } of network.layers) if (joints.some((joint) => rows.has(joint.source))) rows.add(row);
    network.from.set(source, rows);
  }
  return network.from.get(source);
}

function goneBack(network, layer, joint, own) {
  if (!joint.space || joint.merged || !straight(joint.space.order)) return null;
  const { tables } = joint.space, channel = joint.channel;
  // A concatenation along space: what is missing here comes from elsewhere.
  if (layer.joints.length > 1 && tables.some((table) => table.taps === 1 && !table.full && positions(table).includes(-1))) return null;
  const found = [];
  for (const { vector, box } of own) {
    const mixed = unchanged(channel) ? { vector } : network.mixed(channel, vector, false);
    if (!mixed) continue;
    const before = tables.map((table, axis) => reading(table, box[axis]));
    if (before.some((each) => !each)) return null;
    found.push({ vector: mixed.vector, box: before });
  }
  return found;
}

function boxed(all, more) {
  const at = all.findIndex((each) => sameVector(each.vector, more.vector));
  if (at < 0) return [...all, more];
  return all.map((each, i) => (i === at ? { vector: each.vector, box: hull(each.box, more.box) } : each));
}

function hull(a, b) {
  return a.map(([low, high], axis) => [Math.min(low, b[axis][0]), Math.max(high, b[axis][1])]);
}

// From the first to the last position that some outputs read; null where an axis does not go on.
function reading(table, [low, high]) {
  if (table.same) return [low, high];
  const law = (table.law ??= lawOf(table) || false);
  if (!law) return null;
  const { period, step, reads } = law;
  let [first, last] = [Infinity, -Infinity];
  const look = (output) => {
    const turn = Math.floor(output / period), own = reads[output - turn * period];
    if (!own) return;
    first = Math.min(first, own[0] + turn * step);
    last = Math.max(last, own[1] + turn * step);
  };
  // Each turn reads as much farther on: the ends are among the first and the last turn.
  for (let output = low; output <= Math.min(high, low + period - 1); output++) look(output);
  for (let output = Math.max(low, high - period + 1); output <= high; output++) look(output);
  return first <= last ? [first, last] : null;
}

// How a table repeats: output + period reads what output does, `step` farther on. `reads` has the first
// and the last position of each output of one turn.
function lawOf(table) {
  const { outputs, taps, full } = table;
  if (full || outputs < 2) return null;
  const read = positions(table);
  const at = (output, tap) => read[output * taps + tap];
  for (let period = 1; period <= Math.min(LONGEST, outputs - 1); period++) {
    const step = stepOf(at, outputs, taps, period);
    if (step === null || !repeats(at, table, period, step)) continue;
    const reads = Array.from({ length: period }, () => null), told = new Set();
    for (let output = 0; output < outputs; output++) {
      const turn = Math.floor(output / period), own = output - turn * period;
      for (let tap = 0; tap < taps; tap++) {
        if (at(output, tap) < 0) continue;
        const position = at(output, tap) - turn * step;
        told.add(own * taps + tap);
        reads[own] = reads[own] ? [Math.min(reads[own][0], position), Math.max(reads[own][1], position)] : [position, position];
      }
    }
    // A tap that is never there may be one that the border always cuts off: told only by a formula.
    // Of a transposed convolution every output of a turn has taps of its own.
    const met = new Set(Array.from(told, (each) => each % taps));
    if (met.size < taps) return ofWindow(table);
    return { period, step, reads };
  }
  return null;
}

function ofWindow({ data, taps, outputs, inputs }) {
  const [, , , first, stride, dilation, divisor = 1] = data;
  if (Array.isArray(data[3]) || outputs < 2 || stride > inputs || divisor > 1) return null;
  const last = first + dilation * (taps - 1);
  return { period: 1, step: stride, reads: [[Math.min(first, last), Math.max(first, last)]] };
}

function stepOf(at, outputs, taps, period) {
  for (let output = 0; output + period < outputs; output++) {
    for (let tap = 0; tap < taps; tap++) {
      const [a, b] = [at(output, tap), at(output + period, tap)];
      if (a >= 0 && b >= 0) return b - a;
    }
  }
  return null;
}

// What is missing on one side has to be missing on the other, or beyond the end.
function repeats(at, { inputs, outputs, taps }, period, step) {
  for (let output = 0; output + period < outputs; output++) {
    for (let tap = 0; tap < taps; tap++) {
      const [a, b] = [at(output, tap), at(output + period, tap)];
      if (a >= 0 && b >= 0 ? b - a !== step : a >= 0 ? a + step < inputs && a + step >= 0 : b >= 0 && b - step >= 0 && b - step < inputs) return false;
    }
  }
  return true;
}
