"use strict";
// Arrays of numbers that are nowhere negative, and zero beyond a box: their dims, per axis the span
// [low, high) of the box, and the values within it in row-major order. What a unit sees is small
// beside most tensors, and is carried at its own size.

function size(dims) {
  return dims.reduce((a, b) => a * b, 1);
}

// Of all dims where no span is given.
function arrayOf(dims, values, span) {
  return { dims, values, span: span || dims.map((n) => [0, n]) };
}

function single(dims, index) {
  return arrayOf(dims, new Float64Array([1]), index.map((i) => [i, i + 1]));
}

function nowhere(dims) {
  return arrayOf(dims, new Float64Array(dims.length ? 0 : 1), dims.map(() => [0, 0]));
}

function ones(dims, span) {
  const found = arrayOf(dims, null, span);
  found.values = new Float64Array(size(extents(found.span))).fill(1);
  return found;
}

function extents(span) {
  return span.map(([low, high]) => high - low);
}

function isEmpty(array) {
  return array.span.some(([low, high]) => high <= low);
}

// Every run of the box along the last axis: where it starts in the whole array, where among the
// values, and how long it is.
function eachRun({ dims, span }, visit) {
  const last = dims.length - 1;
  if (last < 0) visit(0, 0, 1);
  if (last < 0 || isEmpty({ span })) return;
  const step = steps(dims), sizes = extents(span), wide = sizes[last], count = size(sizes) / wide;
  const index = sizes.map(() => 0);
  let at = ravel(span.map(([low]) => low), dims);
  for (let run = 0; run < count; run++) {
    visit(at, run * wide, wide);
    for (let axis = last - 1; axis >= 0; axis--) {
      at += step[axis];
      if (++index[axis] < sizes[axis]) break;
      at -= step[axis] * sizes[axis];
      index[axis] = 0;
    }
  }
}

// The numbers of all places of the array; not a copy where the box is all of it.
function everywhere(array) {
  const { dims, span, values } = solid(array);
  if (span.every(([low, high], axis) => low === 0 && high === dims[axis])) return values;
  const found = new Float64Array(size(dims));
  eachRun({ dims, span }, (at, from, length) => {
    for (let i = 0; i < length; i++) found[at + i] = values[from + i];
  });
  return found;
}

// The array as one whose dims are those of a larger box around its own.
function within(array, span) {
  return arrayOf(extents(span), array.values,
    array.span.map(([low, high], axis) => [low - span[axis][0], high - span[axis][0]]));
}

// The smallest span that holds those of some arrays.
function around(arrays) {
  return arrays[0].span.map((_, axis) => [Math.min(...arrays.map((each) => each.span[axis][0])),
    Math.max(...arrays.map((each) => each.span[axis][1]))]);
}

function numberAt(array, index) {
  const { span, values } = solid(array);
  if (span.some(([low, high], axis) => index[axis] < low || index[axis] >= high)) return 0;
  return values[ravel(index.map((i, axis) => i - span[axis][0]), extents(span))];
}

// How many numbers are above zero.
function countIn({ values, blocks }) {
  let found = 0;
  for (let i = 0; i < values.length; i++) if (values[i] > 0) found++;
  return blocks ? found * size(blocks) : found;
}

// The first and the last index above zero along each axis; [Infinity, -1] where there is none.
function bounds({ span, values }) {
  const sizes = extents(span), n = sizes.at(-1), outer = steps(sizes.slice(0, -1));
  const found = span.map(() => [Infinity, -1]);
  const widen = (axis, i) => {
    const at = span[axis][0] + i;
    if (at < found[axis][0]) found[axis][0] = at;
    if (at > found[axis][1]) found[axis][1] = at;
  };
  for (let start = 0, row = 0; n && start < values.length; start += n, row++) {
    let low = start, high = start + n - 1;
    while (low <= high && !values[low]) low++;
    if (low > high) continue;
    while (!values[high]) high--;
    widen(span.length - 1, low - start);
    widen(span.length - 1, high - start);
    outer.forEach((step, axis) => widen(axis, Math.floor(row / step) % sizes[axis]));
  }
  return found;
}

// Sums over all other axes.
function marginal({ dims, span, values }, axis) {
  const found = new Float64Array(dims[axis]), inner = size(extents(span).slice(axis + 1));
  const [low, high] = span[axis];
  for (let at = 0; at < values.length;) {
    for (let i = low; i < high; i++) {
      let sum = 0;
      for (const end = at + inner; at < end; at++) sum += values[at];
      found[i] += sum;
    }
  }
  return found;
}

// An array with its axes in another order: axis order[a] of the array in the place of axis a.
function transposed(array, order) {
  if (order.every((position, axis) => position === axis)) return array;
  if (array.blocks) {
    const inner = transposed(squeezed(array), order), own = order.map((axis) => array.dims[axis]);
    return blocked(own, inner.values, order.map((axis) => array.span[axis]), order.map((axis) => array.blocks[axis]));
  }
  const dims = order.map((axis) => array.dims[axis]), span = order.map((axis) => array.span[axis]);
  const from = steps(extents(array.span)), sizes = extents(span);
  const found = new Float64Array(array.values.length);
  const index = sizes.map(() => 0);
  let at = 0;
  for (let i = 0; i < found.length; i++) {
    found[i] = array.values[at];
    for (let axis = sizes.length - 1; axis >= 0; axis--) {
      at += from[order[axis]];
      if (++index[axis] < sizes[axis]) break;
      at -= from[order[axis]] * sizes[axis];
      index[axis] = 0;
    }
  }
  return arrayOf(dims, found, span);
}

function inverse(order) {
  const found = [];
  order.forEach((position, axis) => { found[position] = axis; });
  return found;
}
