"use strict";
// How often each element of a parameter array is used: a product of one count per axis of the
// wiring, since an element's place is a sum of one number per axis. Read as `uses` reads it.
class Uses {
  constructor(network) {
    this.network = network;
  }

  // The joints of a layer that carry parameters, its bias among them.
  of(row) {
    const layer = this.network.layerOf.get(row);
    if (!layer) return [];
    return [...layer.joints, ...(layer.bias ? [layer.bias] : [])].filter((joint) => joint.digits && joint.axes);
  }

  // Per axis of the wiring: the digits of the array that it sets, how often each combination of
  // them is used, and how often it would be if there were no border.
  factors(joint) {
    return joint.axes.map((number, axis) => {
      const table = this.network.tables[number];
      const digits = joint.digits.map((digit, at) => ({ axis: digit[0], size: digit[1], kind: digit[2],
        flipped: digit[3], at })).filter((digit) => digit.axis === axis);
      return { digits, ...this.tally(table, digits) };
    });
  }

  tally(table, digits) {
    const counts = new Float64Array(size(digits.map((digit) => digit.size)));
    const placed = new Float64Array(counts.length);
    const read = table.full ? null : positions(table);
    const taps = table.full ? table.inputs : table.taps;
    const free = digits.filter((digit) => digit.size > 1);
    if (table.full && free.length < 3) return fullTally(table, digits, counts);
    for (let output = 0; output < table.outputs; output++) {
      for (let tap = 0; tap < taps; tap++) {
        const input = read ? read[output * taps + tap] : tap;
        let code = 0;
        for (const { kind, size: n, flipped } of digits) {
          const value = kind === "o" ? output % n : kind === "i" ? Math.max(input, 0) % n :
            flipped ? n - 1 - tap : tap;
          code = code * n + value;
        }
        placed[code]++;
        if (input >= 0) counts[code]++;
      }
    }
    return { counts, placed };
  }

  // Of one element, told by its index in the array.
  count(joint, index) {
    return this.factors(joint).reduce((product, { digits, counts }) =>
      product * counts[ravel(digits.map((digit) => index[digit.at]), digits.map((digit) => digit.size))], 1);
  }
}

// Where everything reads everything, digits of outputs and of taps are independent.
function fullTally(table, digits, counts) {
  let each = table.outputs * table.inputs;
  for (const { kind, size: n } of digits) each /= n > 1 ? n : 1;
  counts.fill(each);
  return { counts, placed: counts };
}
