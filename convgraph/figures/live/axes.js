"use strict";
// Relations along one axis, and arrays that are carried through them; see relation_tables.py.

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

function size(dims) {
  return dims.reduce((a, b) => a * b, 1);
}

// An array of numbers that are nowhere negative: dims, values, and per axis the span [low, high)
// beyond which all are zero.
function arrayOf(dims, values, span) {
  return { dims, values, span: span || dims.map((n) => [0, n]) };
}

function single(dims, index) {
  const values = new Float64Array(size(dims));
  values[ravel(index, dims)] = 1;
  return arrayOf(dims, values, index.map((i) => [i, i + 1]));
}

function ones(dims) {
  return arrayOf(dims, new Float64Array(size(dims)).fill(1));
}

function isEmpty(array) {
  return array.span.some(([low, high]) => high <= low);
}

// An array whose axis is that of a table's inputs (forwards) or outputs, on the other side of it.
function along(table, array, axis, forwards) {
  if (table.same) return array;
  const { dims, values, span } = array;
  const after = forwards ? table.outputs : table.inputs;
  const newDims = dims.map((n, a) => (a === axis ? after : n));
  const result = new Float64Array(size(newDims));
  const step = steps(dims);
  const inner = step[axis], before = dims[axis];
  const rest = span.slice(axis + 1);
  const low = rest.reduce((sum, [l], a) => sum + l * step[axis + 1 + a], 0);
  const high = rest.reduce((sum, [, h], a) => sum + (h - 1) * step[axis + 1 + a], 0) + 1;
  const outers = places(dims.slice(0, axis), span.slice(0, axis));
  const moved = { values, result, inner, before, after, low, high, outers };
  const reach = table.full ? everything(moved, span[axis]) :
    table.groups ? grouped(table.groups, moved, span[axis], forwards) : tapped(table, moved, span[axis], forwards);
  return arrayOf(newDims, result, span.map((s, a) => (a === axis ? reach : s)));
}

// The numbers of all places within a span.
function places(dims, span) {
  let found = [0];
  dims.forEach((n, axis) => {
    const next = [];
    for (const at of found) for (let i = span[axis][0]; i < span[axis][1]; i++) next.push(at * n + i);
    found = next;
  });
  return found;
}

function everything({ values, result, inner, before, after, low, high, outers }, [first, past]) {
  for (const outer of outers) {
    for (let i = low; i < high; i++) {
      let sum = 0;
      for (let at = first; at < past; at++) sum += values[(outer * before + at) * inner + i];
      if (sum) for (let to = 0; to < after; to++) result[(outer * after + to) * inner + i] = sum;
    }
  }
  return [0, after];
}

function grouped({ reading, read }, { values, result, inner, before, after, low, high, outers }, [first, past], forwards) {
  const [from, to] = forwards ? [read, reading] : [reading, read];
  const [start, end] = [Math.floor(first / from), Math.ceil(past / from)];
  for (const outer of outers) {
    for (let group = start; group < end; group++) {
      for (let i = low; i < high; i++) {
        let sum = 0;
        for (let at = group * from; at < (group + 1) * from; at++) sum += values[(outer * before + at) * inner + i];
        if (!sum) continue;
        for (let at = group * to; at < (group + 1) * to; at++) result[(outer * after + at) * inner + i] = sum;
      }
    }
  }
  return [start * to, end * to];
}

function tapped(table, { values, result, inner, before, after, low, high, outers }, [first, past], forwards) {
  const read = positions(table), { outputs, taps } = table;
  let least = after, most = 0;
  const start = forwards ? 0 : first, end = forwards ? outputs : past;
  for (let output = start; output < end; output++) {
    for (let tap = 0; tap < taps; tap++) {
      const input = read[output * taps + tap];
      if (input < 0 || (forwards && (input < first || input >= past))) continue;
      const from = forwards ? input : output, to = forwards ? output : input;
      if (to < least) least = to;
      if (to >= most) most = to + 1;
      for (const outer of outers) {
        const a = (outer * before + from) * inner, b = (outer * after + to) * inner;
        for (let i = low; i < high; i++) result[b + i] += values[a + i];
      }
    }
  }
  return least < most ? [least, most] : [0, 0];
}

// An array with its axes in another order: axis order[a] of the array in the place of axis a.
function transposed(array, order) {
  if (order.every((position, axis) => position === axis)) return array;
  const from = steps(array.dims), dims = order.map((axis) => array.dims[axis]);
  const found = new Float64Array(array.values.length);
  const index = dims.map(() => 0);
  let at = 0;
  for (let i = 0; i < found.length; i++) {
    found[i] = array.values[at];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      at += from[order[axis]];
      if (++index[axis] < dims[axis]) break;
      at -= from[order[axis]] * dims[axis];
      index[axis] = 0;
    }
  }
  return arrayOf(dims, found, order.map((axis) => array.span[axis]));
}

function inverse(order) {
  const found = [];
  order.forEach((position, axis) => { found[position] = axis; });
  return found;
}

// The same numbers under other dims; spans are kept along axes that stay, from the first on.
function regrouped(array, dims) {
  if (array.dims.length === dims.length && array.dims.every((n, a) => n === dims[a])) return array;
  return arrayOf(dims, array.values);
}

// Through a product of tables: axis a of the outputs reads axis order[a] of the inputs.
function through(tables, order, array, forwards) {
  if (forwards) array = transposed(array, order);
  tables.forEach((table, axis) => { array = along(table, array, axis, forwards); });
  return forwards ? array : transposed(array, inverse(order));
}
