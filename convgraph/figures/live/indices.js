// Numbers of units in a row, and their indices along its axes: the last axis runs fastest.

function steps(dims) {
  const found = dims.map(() => 1);
  for (let axis = dims.length - 2; axis >= 0; axis--) found[axis] = found[axis + 1] * dims[axis + 1];
  return found;
}

function unravel(at, dims) {
  return steps(dims).map((step, axis) => Math.floor(at / step) % dims[axis]);
}

function ravel(index, dims) {
  return index.reduce((sum, i, axis) => sum * dims[axis] + i, 0);
}

