"use strict";
// Relations along one axis, and arrays (boxes.js) that are carried through them; see relation_tables.py.

// A table as the page gets it: [bound, outputs, taps, first, stride, dilation, divisor = 1] or
// [bound, outputs, taps, positions].
function opened(data) {
  const [inputs, outputs, taps] = data;
  const listed = Array.isArray(data[3]);
  const full = !listed && data[4] === 0 && data[5] === 1 && data[3] === 0 && taps === inputs;
  const same = !listed && taps === 1 && inputs === outputs && data[3] === 0 && data[4] === 1 &&
    data.length === 6;
  // Groups: so many outputs read so many inputs that no others read.
  const groups = !listed && data.length === 7 && data[3] === 0 && data[4] === taps && data[5] === 1 ?
    { reading: data[6], read: taps } : null;
  return { data, inputs, outputs, taps, full, same: same && !full, groups, listed: null };
}

// The positions that each output reads, tap by tap; -1 where there is none.
function positions(table) {
  if (table.listed) return table.listed;
  const { data, inputs, outputs, taps } = table;
  if (Array.isArray(data[3])) return (table.listed = Int32Array.from(data[3]));
  const [, , , first, stride, dilation, divisor = 1] = data;
  const found = new Int32Array(outputs * taps);
  for (let output = 0, i = 0; output < outputs; output++) {
    const start = first + stride * Math.floor(output / divisor);
    for (let tap = 0; tap < taps; tap++, i++) {
      const at = start + dilation * tap;
      found[i] = at >= 0 && at < inputs ? at : -1;
    }
  }
  return (table.listed = found);
}

// A table with other positions: some of its taps, say.
function withPositions(table, listed) {
  return { ...table, full: false, same: false, groups: null, listed };
}

// An array whose axis is that of a table's inputs (forwards) or outputs, on the other side of it.
function along(table, array, axis, forwards) {
  if (table.same) return array;
  const [from, to] = counts(table, forwards);  // alike for so many are so many
  const own = blocksOf(array)[axis], alike = table.full || (table.groups && own > 1 && own % from === 0);
  if (!alike) array = solidAlong(array, (a) => a === axis);
  const { span, values } = array, sizes = extents(squeezed(array).span), blocks = blocksOf(array).slice();
  const pairs = table.full || table.groups ? null : carriers(table, span[axis], forwards);
  const reach = pairs ? pairs.reach : spread(table, span[axis], forwards);
  const moved = {
    values, outer: size(sizes.slice(0, axis)), inner: size(sizes.slice(axis + 1)),
    before: span[axis], after: reach,
  };
  const dims = array.dims.map((n, a) => (a !== axis ? n : forwards ? table.outputs : table.inputs));
  if (table.full) {
    moved.result = reach[0] < reach[1] ? summedUp(moved, sizes[axis], blocks[axis]) : new Float64Array(0);
    blocks[axis] = Math.max(1, reach[1] - reach[0]);
  } else if (alike) {
    moved.result = values.map((value) => value * from);
    blocks[axis] = (blocks[axis] / from) * to;
  } else {
    moved.result = new Float64Array(moved.outer * (reach[1] - reach[0]) * moved.inner);
    if (pairs) tapped(pairs, moved);
    else grouped(table.groups, moved, forwards);
  }
  return blocked(dims, moved.result, span.map((s, a) => (a === axis ? reach : s)), blocks);
}

function counts({ groups }, forwards) {
  if (!groups) return [1, 1];
  return forwards ? [groups.read, groups.reading] : [groups.reading, groups.read];
}

// What a span reaches where everything does, or everything of a group.
function spread({ groups, inputs, outputs }, [first, past], forwards) {
  if (first >= past) return [0, 0];
  if (!groups) return [0, forwards ? outputs : inputs];
  const { reading, read } = groups, [from, to] = forwards ? [read, reading] : [reading, read];
  return [Math.floor(first / from) * to, Math.ceil(past / from) * to];
}

// What everything of an axis holds, in so many blocks of one size.
function summedUp({ values, outer, inner }, many, block) {
  const result = new Float64Array(outer * inner);
  for (let o = 0; o < outer; o++) {
    for (let at = 0; at < many; at++) {
      const from = (o * many + at) * inner, to = o * inner;
      for (let i = 0; i < inner; i++) result[to + i] += values[from + i];
    }
  }
  if (block !== 1) for (let i = 0; i < result.length; i++) result[i] *= block;
  return result;
}

function grouped({ reading, read }, { values, result, outer, inner, before, after }, forwards) {
  const [from, to] = forwards ? [read, reading] : [reading, read];
  const [many, all] = [before[1] - before[0], after[1] - after[0]];
  for (let o = 0; o < outer; o++) {
    for (let group = after[0] / to; group < after[1] / to; group++) {
      const [low, high] = [Math.max(group * from, before[0]), Math.min((group + 1) * from, before[1])];
      for (let i = 0; i < inner; i++) {
        let sum = 0;
        for (let at = low; at < high; at++) sum += values[(o * many + at - before[0]) * inner + i];
        if (!sum) continue;
        for (let at = group * to - after[0], end = at + to; at < end; at++) result[(o * all + at) * inner + i] = sum;
      }
    }
  }
}

// From where to where the positions of a span are carried, one after the other, and the span that
// they reach.
function carriers(table, [first, past], forwards) {
  const read = positions(table), { outputs, taps } = table;
  let many = 0, least = Infinity, most = 0;
  const start = forwards ? 0 : first, end = forwards ? outputs : past;
  const pairs = new Int32Array(2 * Math.max(0, end - start) * taps);
  for (let output = start, i = start * taps; output < end; output++) {
    for (let tap = 0; tap < taps; tap++, i++) {
      const input = read[i];
      if (input < 0 || (forwards && (input < first || input >= past))) continue;
      const to = forwards ? output : input;
      if (to < least) least = to;
      if (to >= most) most = to + 1;
      pairs[many++] = forwards ? input : output;
      pairs[many++] = to;
    }
  }
  return { found: pairs.subarray(0, many), reach: least < most ? [least, most] : [0, 0] };
}

function tapped({ found }, { values, result, outer, inner, before, after }) {
  const many = before[1] - before[0], all = after[1] - after[0], pairs = found.length;
  for (let o = 0; o < outer; o++) {
    const from = o * many - before[0], to = o * all - after[0];
    if (inner === 1) {
      for (let pair = 0; pair < pairs; pair += 2) result[to + found[pair + 1]] += values[from + found[pair]];
      continue;
    }
    for (let pair = 0; pair < pairs; pair += 2) {
      const a = (from + found[pair]) * inner, b = (to + found[pair + 1]) * inner;
      for (let i = 0; i < inner; i++) result[b + i] += values[a + i];
    }
  }
}

// Through a product of tables: axis a of the outputs reads axis order[a] of the inputs. Axes that
// shrink most go first: a sum over all features that all features then hold is taken once.
function through(tables, order, array, forwards) {
  if (forwards) array = transposed(array, order);
  const growth = ({ inputs, outputs }) => (forwards ? outputs / inputs : inputs / outputs);
  const turns = tables.map((_, axis) => axis).sort((a, b) => growth(tables[a]) - growth(tables[b]) || a - b);
  for (const axis of turns) array = along(tables[axis], array, axis, forwards);
  return forwards ? array : transposed(array, inverse(order));
}
