"use strict";
// The entries of matrices, which stand for connections: `of` is the unit that reads, in the row
// `kernel` at the place `at`; what it reads is in the row `reads`, at the place `from`.

function entriesOf(kernels, panels) {
  return kernels.filter(({ dataset }) => dataset.of !== undefined && panels.includes(dataset.panel));
}

// Whether a connection is part of what an input affects, or of what another unit sees.
function isReached({ dataset: { kernel, at, reads, from } }, isInput, counts) {
  return Boolean(isInput ? counts.get(reads)?.[Number(from)] : counts.get(kernel)?.[Number(at)]);
}

// The units of a row by their places, as far as any of these panels shows them.
function namesOf(elements, panels, row) {
  const found = new Map();
  for (const { dataset } of elements) {
    const name = dataset.unit ?? dataset.of;
    if (name === undefined || (dataset.row ?? dataset.kernel) !== row) continue;
    if (panels.includes(dataset.panel)) found.set(Number(dataset.at), name);
  }
  return found;
}
