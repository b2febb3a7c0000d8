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

// A sum of arrays, each times a factor.
function total(parts) {
  const span = around(parts.map(([array]) => array));
  const values = new Float64Array(size(extents(span)));
  for (const [array, factor] of parts) {
    const part = array.values;
    eachRun(within(array, span), (at, from, length) => {
      for (let i = 0; i < length; i++) if (part[from + i]) values[at + i] += Math.max(part[from + i] * factor, TINY);
    });
  }
  return arrayOf(parts[0][0].dims, values, span);
}

function sameVector(a, b) {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

// All terms as one array over the units of a row, with one exponent for them.
function whole(row, terms) {
  const { channels, space } = divided(row), count = size(space);
  const values = new Float64Array(channels * count);
  const exponent = Math.max(...terms.map((each) => each.exponent));
  for (const each of terms) {
    const factor = Math.pow(2, each.exponent - exponent);
    for (let c = 0; c < channels; c++) {
      const weight = each.vector[c] * factor;
      if (!each.vector[c]) continue;
      const part = each.array.values;
      eachRun(each.array, (at, from, length) => {
        for (let i = 0; i < length; i++) {
          if (part[from + i]) values[c * count + at + i] += Math.max(part[from + i] * weight, TINY);
        }
      });
    }
  }
  return { values, exponent };
}

// An array over all units as terms: channels whose numbers are in proportion share one.
function factored(row, values, exponent) {
  const { channels, space } = divided(row), count = size(space);
  const kinds = [];
  for (let c = 0; c < channels; c++) {
    const part = values.subarray(c * count, (c + 1) * count);
    let top = 0;
    for (let i = 0; i < count; i++) if (part[i] > top) top = part[i];
    if (!top) continue;
    let kind = kinds.find((each) => inProportion(each.part, part, each.top, top));
    if (!kind) kinds.push(kind = { part, top, vector: new Float64Array(channels) });
    kind.vector[c] = top / kind.top;
  }
  return kinds.map(({ part, top, vector }) => term(vector, arrayOf(space, scaled(part, 1 / top)),
    exponent + Math.log2(top)));
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
  return parts.length === 1 ? parts[0][0] : total(parts);
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
