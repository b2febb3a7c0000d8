"use strict";
// Where everything of an axis is reached alike, as features are behind a layer that reads all of them
// for all, an array (boxes.js) holds one number for a whole block of neighbours: `blocks` says of each
// axis of how many. The span of an axis with larger blocks than 1 is whole. A transformer's numbers
// would be hundreds of times as many without them.

function blocksOf({ dims, blocks }) {
  return blocks || dims.map(() => 1);
}

// An array from its values, of which each axis has one for a block.
function blocked(dims, values, span, blocks) {
  if (blocks.every((block) => block === 1)) return arrayOf(dims, values, span);
  return { dims, values, span: span.map((each, axis) => (blocks[axis] > 1 ? [0, dims[axis]] : each)), blocks };
}

// The other way: the array of one position for each block.
function squeezed(array) {
  const { dims, values, span, blocks } = array;
  if (!blocks) return array;
  return arrayOf(dims.map((n, axis) => n / blocks[axis]), values,
    span.map((each, axis) => (blocks[axis] > 1 ? [0, dims[axis] / blocks[axis]] : each)));
}

// The array with blocks of sizes that divide its own.
function refined(array, blocks) {
  if (!array.blocks || array.blocks.every((block, axis) => block === blocks[axis])) return array;
  const { dims, span } = array, sizes = extents(squeezed(array).span);
  let { values } = array;
  for (let axis = dims.length - 1; axis >= 0; axis--) {
    const times = array.blocks[axis] / blocks[axis];
    if (times === 1) continue;
    values = repeated(values, times, size(sizes.slice(axis + 1)));
    sizes[axis] *= times;
  }
  return blocked(dims, values, span, blocks);
}

// Every so many values so many times.
function repeated(values, times, each) {
  const found = new Float64Array(values.length * times);
  for (let from = 0, to = 0; from < values.length; from += each) {
    if (each === 1) found.fill(values[from], to, to += times);
    else for (let n = 0; n < times; n++, to += each) found.set(values.subarray(from, from + each), to);
  }
  return found;
}

const SOLID = new WeakMap();

// The array with a number for each position.
function solid(array) {
  if (!array.blocks) return array;
  if (!SOLID.has(array)) SOLID.set(array, refined(array, array.dims.map(() => 1)));
  return SOLID.get(array);
}

function solidAlong(array, asked) {
  return array.blocks ? refined(array, array.blocks.map((block, axis) => (asked(axis) ? 1 : block))) : array;
}

// The array with the numbers of all of some axes, those beyond its box among them.
function widened(array, axes) {
  const inner = squeezed(array);
  const span = inner.span.map((each, axis) => (axes.has(axis) ? [0, inner.dims[axis]] : each));
  if (inner.span.every(([low, high], axis) => low === span[axis][0] && high === span[axis][1])) return array;
  const values = new Float64Array(size(extents(span)));
  eachRun(within(inner, span), (at, from, length) => values.set(inner.values.subarray(from, from + length), at));
  return blocked(array.dims, values, span, blocksOf(array));
}

// The same numbers under other dims.
function regrouped(array, dims) {
  if (array.dims.length === dims.length && array.dims.every((n, axis) => n === dims[axis])) return array;
  if (isEmpty(array)) return nowhere(dims);
  const own = blocksOf(array), held = own.slice(), spans = dims.map((n) => [0, n]), blocks = dims.map(() => 1), wide = new Set();
  for (const [before, after] of aligned(array.dims, dims)) {
    const [a, b] = [before.filter((axis) => array.dims[axis] > 1), after.filter((axis) => dims[axis] > 1)];
    if (a.length === 1 && b.length === 1) {
      spans[b[0]] = array.span[a[0]];
      blocks[b[0]] = own[a[0]];
      continue;
    }
    // Axes in one another are of blocks as far as they are from the last one on.
    const last = a.findLastIndex((axis) => own[axis] < array.dims[axis]);
    const block = a.slice(Math.max(last, 0)).reduce((product, axis) => product * own[axis], 1);
    const shares = shared(block, b.map((axis) => dims[axis]));
    b.forEach((axis, i) => { blocks[axis] = shares ? shares[i] : 1; });
    a.forEach((axis, i) => {
      wide.add(axis);
      if (!shares || i < last) held[axis] = 1;
    });
  }
  return blocked(dims, widened(refined(array, held), wide).values, spans, blocks);
}

// A block of several axes in one another as blocks of each; null where it ends within one.
function shared(block, sizes) {
  const found = sizes.map(() => 1);
  for (let i = sizes.length - 1; i >= 0 && block > 1; i--) {
    if (block % sizes[i] && sizes[i] % block) return null;
    found[i] = Math.min(block, sizes[i]);
    block /= found[i];
  }
  return found;
}

// Axes of one division of a size and of another, in groups that hold the same.
function aligned(from, to) {
  const groups = [];
  for (let i = 0, j = 0; i < from.length || j < to.length;) {
    const [a, b] = [[], []];
    let [p, q] = [1, 1];
    if (i < from.length) { p = from[i]; a.push(i++); }
    if (j < to.length) { q = to[j]; b.push(j++); }
    while (p !== q) {
      if (p < q) { p *= from[i]; a.push(i++); } else { q *= to[j]; b.push(j++); }
    }
    groups.push([a, b]);
  }
  return groups;
}

function divisor(a, b) {
  return b ? divisor(b, a % b) : a;
}
