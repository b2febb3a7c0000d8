"""Chains of operations that move, mask, scale and add the entries of a weight, drawn at random.

A step is a word and its numbers; PyTorch and ONNX each carry it out in their own terms.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Step = tuple[str, Any]
Shape = tuple[int, ...]

LARGEST = 400  # entries of a weight, so that an oracle may try each


def chain(rng: np.random.Generator, shape: Shape, length: int) -> tuple[list[Step], Shape]:
    """Some steps from a weight of a shape on, and the shape that they lead to."""
    steps: list[Step] = []
    for _ in range(length):
        name = rng.choice(list(STEPS))
        made = STEPS[name](rng, shape)
        if made is None:
            continue
        numbers, after = made
        if 0 < int(np.prod(after)) <= LARGEST:
            steps.append((str(name), numbers))
            shape = after
    return steps, shape


def _axis(rng: np.random.Generator, shape: Shape) -> int:
    return int(rng.integers(len(shape)))


def _with(shape: Shape, axis: int, size: int) -> Shape:
    return (*shape[:axis], size, *shape[axis + 1 :])


def _picked(rng: np.random.Generator, shape: Shape) -> Any:
    axis = _axis(rng, shape)
    count = int(rng.integers(1, 4))
    return (axis, rng.integers(0, shape[axis], count)), _with(shape, axis, count)


def _sliced(rng: np.random.Generator, shape: Shape) -> Any:
    axis = _axis(rng, shape)
    if shape[axis] == 1:
        return None
    first = int(rng.integers(0, shape[axis] - 1))
    last = int(rng.integers(first + 1, shape[axis] + 1))
    return (axis, first, last), _with(shape, axis, last - first)


def _constant(rng: np.random.Generator, shape: Shape, values: list[int]) -> Any:
    own = tuple(n if rng.random() < 0.7 else 1 for n in shape)
    return rng.choice(values, own).astype(np.float32), shape


def _expanded(rng: np.random.Generator, shape: Shape) -> Any:
    ones = [a for a, n in enumerate(shape) if n == 1]
    if not ones:
        return None
    axis = int(rng.choice(ones))
    return (axis, 3), _with(shape, axis, 3)


def _repeated(rng: np.random.Generator, shape: Shape) -> Any:
    axis = _axis(rng, shape)
    return (axis, 2), _with(shape, axis, 2 * shape[axis])


def _padded(rng: np.random.Generator, shape: Shape) -> Any:
    before, after = (int(n) for n in rng.integers(0, 2, 2))
    return (before, after), (*shape[:-1], shape[-1] + before + after)


def _mixed(rng: np.random.Generator, shape: Shape) -> Any:
    size = int(rng.integers(1, 4))
    basis = rng.integers(-1, 3, (shape[-1], size)).astype(np.float32)
    return basis, (*shape[:-1], size)


def _twice(rng: np.random.Generator, shape: Shape) -> Any:
    """The weight, and its mirror image behind it."""
    axis = _axis(rng, shape)
    return axis, _with(shape, axis, 2 * shape[axis])


def _square(rng: np.random.Generator, shape: Shape) -> Any:
    return (None, shape) if shape[-1] == shape[-2] else None


STEPS: dict[str, Callable[[np.random.Generator, Shape], Any]] = {
    "flip": lambda rng, s: (_axis(rng, s), s),
    "transpose": lambda rng, s: (None, (*s[:-2], s[-1], s[-2])),
    "roll": lambda rng, s: ((_axis(rng, s), 1), s),
    "rot90": lambda rng, s: (None, (*s[:-2], s[-1], s[-2])),
    "pick": _picked,
    "slice": _sliced,
    "mask": lambda rng, s: _constant(rng, s, [0, 1, 1]),
    "scale": lambda rng, s: _constant(rng, s, [-2, -1, 1, 1, 3]),
    "expand": _expanded,
    "repeat": _repeated,
    "pad": _padded,
    "twice": _twice,
    "symmetric": _square,
    "mix": _mixed,
}


def in_numpy(values: np.ndarray, steps: list[Step]) -> np.ndarray:
    """What the steps make of numbers."""
    for name, given in steps:
        match name:
            case "flip":
                values = np.flip(values, given)
            case "transpose":
                values = values.swapaxes(-1, -2)
            case "roll":
                values = np.roll(values, given[1], given[0])
            case "rot90":
                values = np.rot90(values, 1, (-2, -1))
            case "pick":
                values = np.take(values, given[1], given[0])
            case "slice":
                values = np.take(values, range(*given[1:]), given[0])
            case "mask" | "scale":
                values = values * given
            case "expand" | "repeat":
                values = np.concatenate([values] * given[1], given[0])
            case "pad":
                values = np.pad(values, [(0, 0)] * (values.ndim - 1) + [given])
            case "twice":
                values = np.concatenate([values, np.flip(values, given)], given)
            case "symmetric":
                values = values + values.swapaxes(-1, -2)
            case "mix":
                values = values @ given
    return values


def connections(weight: np.ndarray, size: Shape) -> np.ndarray:
    """The matrix (outputs x inputs) of a dense layer, or of a valid convolution of an image."""
    if weight.ndim == 2:
        return weight
    filters, channels, *kernel = weight.shape
    space = tuple(n - k + 1 for n, k in zip(size, kernel, strict=True))
    matrix = np.zeros((filters, *space, channels, *size), weight.dtype)
    for at in np.ndindex(space):
        window = tuple(slice(a, a + k) for a, k in zip(at, kernel, strict=True))
        matrix[(slice(None), *at, slice(None), *window)] = weight
    return matrix.reshape(filters * int(np.prod(space)), -1)


def check(net: Any, shape: Shape, steps: list[Step], size: Shape) -> None:
    """The connections of a network of one layer, each with the parameters that it carries.

    `shape` is the weight's, which is `w` in the model; what an entry of it alone brings about is
    computed in numpy.
    """
    count = int(np.prod(shape))
    assert net.parameter_count == count
    alone = np.eye(count).reshape(count, *shape)
    wanted = np.array([connections(in_numpy(each, steps), size) for each in alone])
    edges = net.edges
    outputs, first = wanted.shape[1], net.offsets[net.outputs[0].name]
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for source, target, label in zip(edges.source, edges.target, edges.label, strict=True):
        terms = found.setdefault((int(target) - first, int(source)), {})
        for symbol, factor in edges.labels[int(label)].as_coefficients_dict().items():
            terms[str(symbol)] = terms.get(str(symbol), 0) + factor
    assert set(found) == {(int(o), int(i)) for o, i in np.argwhere((wanted != 0).any(axis=0))}
    numbers = {str(array.symbol(i)): i for array in net.labels.arrays if array.letter == "w"
               for i in range(len(array))}  # fmt: skip
    renamed: dict[str, tuple[float, ...]] = {}
    for (target, source), terms in found.items():
        column = wanted[:, target, source]
        if set(terms) <= set(numbers):
            own = np.zeros(count)
            for name, factor in terms.items():
                own[numbers[name]] = float(factor)
            np.testing.assert_allclose(own, column, 1e-6)
        else:  # an array of its own: each entry is one parameter times a number
            ((name, factor),) = terms.items()
            assert factor == 1
            assert np.count_nonzero(column) == 1
            assert renamed.setdefault(name, tuple(column)) == tuple(column)
    owners = [int(np.flatnonzero(column)[0]) for column in renamed.values()]
    assert len(set(owners)) == len(owners)
    assert outputs == net.outputs[0].size
