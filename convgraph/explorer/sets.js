"use strict";
// Along how many paths each unit of a row is reached, as a sum of terms: a vector over the channels
// times an array over space, times 2 ** exponent. A unit is in the set where its number is above 0;
// numbers that would be too small to be told from 0 are kept above it, so that sets are exact.
const TINY = 1e-290;
const LARGE = 1e120;  // beyond which the numbers of a term are scaled down

// The size of a row's channels and the dims of its space. The first `cut` axes are those of channels.
function divided(row) {
  if (!row.divided) {
    row.divided = { channels: size(row.shape.slice(0, row.cut)), space: row.shape.slice(row.cut) };
  }
  return row.divided;
}

// A vector over channels whose largest number is 1, and what it was divided by, as an exponent; null
// where all are 0. Channels that are all alike have one vector, so that it is known when met again.
function levelled(vector) {
  if (LEVEL.has(vector)) return { vector, exponent: 0 };
  let top = 0, least = Infinity;
  for (let i = 0; i < vector.length; i++) {
    if (vector[i] > top) top = vector[i];
    if (vector[i] < least) least = vector[i];
  }
  if (!top) return null;
  const found = least === top ? alike(vector.length) : top === 1 ? vector : scaled(vector, 1 / top);
  LEVEL.add(found);
  return { vector: found, exponent: Math.log2(top) };
}

const LEVEL = new WeakSet(), ALIKE = new Map();

// All channels alike.
function alike(channels) {
  if (!ALIKE.has(channels)) ALIKE.set(channels, new Float64Array(channels).fill(1));
  return ALIKE.get(channels);
}

// `most` is a number that no entry of `array` is above.
function term(over, array, exponent = 0, most = 1) {
  const level = levelled(over);
  if (!level || isEmpty(array)) return null;
  const { vector } = level;
  exponent += level.exponent;
  if (most > LARGE) {
    array = { ...array, values: scaled(array.values, 1 / most) };
    exponent += Math.log2(most);
    most = 1;
  }
  return { vector, array, exponent, most };
}

function scaled(values, factor) {
  if (factor === 1) return values;
  const found = new Float64Array(values.length);
  for (let i = 0; i < found.length; i++) {
    if (values[i]) found[i] = Math.max(values[i] * factor, TINY);
  }
  return found;
}

// Terms with others; those with the same channels are one.
function joined(more, terms) {
  if (terms && !terms.length) return more;  // they are apart already
  return more.reduce(added, terms || []);
}

function added(terms, more) {
  if (!more) return terms;
  const at = terms.findIndex((each) => sameVector(each.vector, more.vector));
  if (at < 0) return [...terms, more];
  const found = terms.slice();
  found[at] = sum(terms[at], more);
  return found;
}

function sum(a, b) {
  if (a.exponent < b.exponent) [a, b] = [b, a];
  const factor = Math.pow(2, b.exponent - a.exponent);
  return term(a.vector, total([[a.array, 1], [b.array, factor]]), a.exponent, a.most + b.most * factor);
}

// A sum of arrays, each times a factor; in the largest blocks that all of them are of.
function total(parts) {
  const { dims } = parts[0][0], all = parts.map(([array]) => blocksOf(array));
  const blocks = dims.map((_, axis) => all.reduce((found, each) => divisor(found, each[axis]), 0));
  const inner = parts.map(([array, factor]) => [squeezed(refined(array, blocks)), factor]);
  const span = around(inner.map(([array]) => array));
  const values = new Float64Array(size(extents(span)));
  for (const [array, factor] of inner) {
    const part = array.values;
    eachRun(within(array, span), (at, from, length) => {
      for (let i = 0; i < length; i++) if (part[from + i]) values[at + i] += Math.max(part[from + i] * factor, TINY);
    });
  }
  return blocked(dims, values, around(parts.map(([array]) => array)), blocks);
}

function sameVector(a, b) {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

// All terms as one array over the axes of a row, with one exponent for them.
function together(row, terms) {
  const exponent = Math.max(...terms.map((each) => each.exponent));
  const parts = terms.map((each) => [outerProduct(row, each), Math.pow(2, each.exponent - exponent)]);
  return { array: parts.length === 1 && parts[0][1] === 1 ? parts[0][0] : total(parts), exponent };
}

// A term as an array over the axes of its row: of channels that are all alike one number.
function outerProduct(row, { vector, array }) {
  const { channels } = divided(row), sizes = row.shape.slice(0, row.cut), blocks = blocksOf(array);
  const same = vector === alike(channels), spans = sizes.map((n) => [0, n]);
  if (same) return blocked(row.shape, array.values, [...spans, ...array.span], [...sizes, ...blocks]);
  let [first, past] = [0, channels];
  if (row.cut === 1) {
    while (!vector[first]) first++;
    while (!vector[past - 1]) past--;
    spans[0] = [first, past];
  }
  const own = array.values, count = own.length, values = new Float64Array((past - first) * count);
  for (let c = first; c < past; c++) {
    if (!vector[c]) continue;
    for (let i = 0, at = (c - first) * count; i < count; i++, at++) {
      if (own[i]) values[at] = Math.max(own[i] * vector[c], TINY);
    }
  }
  return blocked(row.shape, values, [...spans, ...array.span], [...sizes.map(() => 1), ...blocks]);
}

// The same as numbers of all units.
function whole(row, terms) {
  const { array, exponent } = together(row, terms);
  return { values: everywhere(array), exponent };
}

// An array over the axes of a row as terms: channels whose numbers are in proportion share one.
function factored(row, over, exponent) {
  const { channels, space } = divided(row), { cut } = row;
  const all = row.shape.slice(0, cut).every((n, axis) => blocksOf(over)[axis] === n);
  const array = all ? over : solidAlong(over, (axis) => axis < cut), { span, values } = array;
  const inside = (numbers) => blocked(space, numbers, span.slice(cut), blocksOf(array).slice(cut));
  const box = extents(squeezed(array).span), count = size(box.slice(cut)), kinds = [];
  for (let k = 0; k < size(box.slice(0, cut)); k++) {
    const part = values.subarray(k * count, (k + 1) * count);
    let top = 0;
    for (let i = 0; i < count; i++) if (part[i] > top) top = part[i];
    if (!top) continue;
    let kind = kinds.find((each) => inProportion(each.part, part, each.top, top));
    if (!kind) kinds.push(kind = { part, top, vector: all ? alike(channels) : new Float64Array(channels) });
    if (all) break;
    const place = unravel(k, box.slice(0, cut)).map((i, axis) => i + span[axis][0]);
    kind.vector[ravel(place, row.shape.slice(0, cut))] = top / kind.top;
  }
  return kinds.map(({ part, top, vector }) => term(vector, inside(scaled(part, 1 / top)), exponent + Math.log2(top))).filter(Boolean);
}

function inProportion(a, b, topA, topB) {
  const ratio = topB / topA;
  for (let i = 0; i < a.length; i++) {
    if ((a[i] > 0) !== (b[i] > 0)) return false;
    const gap = a[i] * ratio - b[i];
    if (gap > 1e-12 * topB || gap < -1e-12 * topB) return false;
  }
  return true;
}

// What is reached in space: in one channel, or in any where none is named. Numbers are in
// proportion to those of paths.
function inSpace(row, terms, channel = null) {
  if (!terms || !terms.length) return none(row);
  if (!SEEN.has(terms)) SEEN.set(terms, new Map());
  const known = SEEN.get(terms);
  if (!known.has(channel)) known.set(channel, summed(row, terms, channel));
  return known.get(channel);
}

const SEEN = new WeakMap();  // an answer is shown in many places

function none(row) {
  return (row.none ||= nowhere(divided(row).space));
}

function summed(row, terms, channel) {
  const exponent = Math.max(...terms.map((each) => each.exponent));
  const parts = [];
  for (const each of terms) {
    const weight = channel === null ? each.vector.reduce((a, b) => a + b, 0) : each.vector[channel];
    if (weight) parts.push([each.array, weight * Math.pow(2, each.exponent - exponent)]);
  }
  if (!parts.length) return none(row);
  return solid(parts.length === 1 ? parts[0][0] : total(parts));
}

// How many units are in a set.
function counted(row, terms) {
  if (!terms || !terms.length) return 0;
  if (terms.length === 1) return countIn({ values: terms[0].vector }) * countIn(terms[0].array);
  const { channels } = divided(row);
  // Channels that are in the same terms are counted together.
  const groups = new Map();
  for (let c = 0; c < channels; c++) {
    const key = terms.map((each) => (each.vector[c] > 0 ? "1" : "0")).join("");
    groups.set(key, [c, (groups.get(key)?.[1] || 0) + 1]);
  }
  let total = 0;
  for (const [c, many] of groups.values()) total += many * countIn(inSpace(row, terms, c));
  return total;
}
