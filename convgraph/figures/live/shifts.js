// Shifts of the input: which were decided when the page was made, and what was found; see shifts.py.
class Shifts {
  constructor(data) {
    Object.assign(this, data);
  }

  // What was found for a shift; sliders of other panels may have more axes, and go farther.
  answer(amounts) {
    const mine = amounts.slice(-this.space.length);
    const found = this.answers[mine.join(",")];
    if (!found) return null;
    const [exact, broken] = [this.members(found.exact), this.members(found.broken)];
    const causes = found.causes.map(([cause, set]) => [this.causes[cause], this.members(set)]);
    return { amounts: mine, exact, broken, causes };
  }

  // A set is a hexadecimal number whose highest bit is the first unit.
  members(number) {
    const bits = [...this.sets[number]].flatMap((digit) =>
      [8, 4, 2, 1].map((bit) => Boolean(parseInt(digit, 16) & bit)));
    return new Set([...bits.keys()].filter((at) => bits[at]));
  }

  // From which place of the input the value at a place has come, or null where a zero came in.
  origin(at, amounts) {
    const step = steps(this.space), size = step[0] * this.space[0];
    const from = unravel(at, this.space).map((i, axis) => i - amounts[axis]);
    if (from.some((i, axis) => i < 0 || i >= this.space[axis])) return null;
    return at - at % size + from.reduce((sum, i, axis) => sum + i * step[axis], 0);
  }

  // `named` says a set of outputs in words.
  sentence({ amounts, exact, broken, causes }, named) {
    const head = `Shifted by ${amounts.length > 1 ? `(${amounts.join(", ")})` : amounts[0]}: ` +
      "shifting first and shifting after";
    if (exact.size === this.outputs) return `${head} give the same at all ${this.outputs} outputs.`;
    const agree = `${head} agree at ${exact.size} of the ${this.outputs} outputs`;
    if (!broken.size) return `${agree}; the others could not be decided.`;
    const why = causes.map(([cause, set]) => `${cause} (${named(set)})`);
    return `${agree} and differ at ${named(broken)}: ${why.join("; ")}.`;
  }
}
