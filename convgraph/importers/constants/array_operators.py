"""What operators compute of arrays that are known beforehand, in numpy.

Entries are numbers, or sympy expressions where a size is left open.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import is_symbolic, product
from convgraph.importers.node import Node
from convgraph.importers.numbers import exact
from convgraph.importers.operators.moving_units import scatter_places
from convgraph.importers.operators.pointwise import KINDS
from convgraph.importers.values import MOST_AXES

__all__ = [
    "LARGEST",
    "cast",
    "concat",
    "divided",
    "elements",
    "expanded",
    "gather",
    "mean",
    "modulo",
    "multiplied",
    "padded",
    "reduced",
    "scattered",
    "sliced",
    "split",
    "stepped",
    "tiled",
    "triangle",
]

# Entries that are computed before anyone asks, 32 MB: sizes, positions and masks are what nodes
# compute of constants. More are refused, or left to be computed once they are asked for.
LARGEST = 2**22
Array = NDArray[Any]


def cast(node: Node, values: Array, *_: Any) -> Array | None:
    """Entries of another kind; None for a kind that numpy does not have."""
    kind = KINDS.get(node.number("to", 1), "-")
    if kind not in "fbiu":
        return None
    if values.dtype == object:
        return values
    return values.astype({"f": np.float64, "b": np.bool_, "i": np.int64, "u": np.int64}[kind])


def concat(node: Node, *arrays: Array) -> Array:
    """The arrays joined along an axis."""
    return np.concatenate(arrays, node.number("axis", 0))


def gather(node: Node, data: Array, indices: Array) -> Array:
    """What stands at some positions of an axis."""
    return np.take(data, indices.astype(np.int64), axis=node.number("axis", 0))


def sliced(node: Node, data: Array, *given: Array | None) -> Array:
    """Parts of axes, stated by attributes as in older models or by inputs."""
    starts, ends = (
        node.numbers(name) if len(given) <= i else _ints(given[i])
        for i, name in enumerate(("starts", "ends"))
    )
    axes = node.numbers("axes") if len(given) <= 2 else _ints(given[2])
    steps = node.numbers("steps") if len(given) <= 3 else _ints(given[3])
    count = len(starts or [])
    cut = [slice(None)] * data.ndim
    for a, start, end, step in zip(
        axes if axes is not None else range(count),
        starts or [],
        ends or [],
        steps if steps is not None else [1] * count,
        strict=True,
    ):
        cut[a] = slice(start, end, step)
    return data[tuple(cut)]


def _ints(values: Array | None) -> list[int] | None:
    return None if values is None else [int(v) for v in values.reshape(-1)]


def stepped(node: Node, start: Array, limit: Array, delta: Array) -> Array:
    """Numbers in equal steps."""
    first, last, step = (each.reshape(-1)[0] for each in (start, limit, delta))
    if is_symbolic(first, last, step):
        raise ConvgraphError(f"limit={last}: give numbers for the sizes")
    if abs(float((last - first) / step)) > LARGEST:
        raise ConvgraphError(f"limit={last}: a range of at most {LARGEST:,} numbers")
    return np.arange(first, last, step)


def divided(node: Node, a: Array, b: Array) -> Array:
    """Quotients: whole numbers are divided towards zero, sizes that are symbols downwards."""
    if object in (a.dtype, b.dtype):
        # of sympy's own making, a number from a text would be a program that is run
        return np.vectorize(lambda x, y: sp.floor(exact(x) / exact(y)), otypes=[object])(a, b)
    if np.result_type(a, b).kind in "iu":
        return np.sign(a) * np.sign(b) * (np.abs(a) // np.abs(b))
    return a / b


def expanded(node: Node, data: Array, shape: Array | None = None) -> Array:
    """An array repeated to a shape."""
    stated = node.numbers("shape") if shape is None else _ints(shape)
    if len(stated or []) > MOST_AXES:  # of which numpy has its own word
        raise ConvgraphError(f"shape={stated}: at most {MOST_AXES} axes")
    wanted = np.broadcast_shapes(data.shape, tuple(stated or []))
    if product(wanted) > LARGEST:
        raise ConvgraphError(f"shape={wanted}: at most {LARGEST:,} entries are folded")
    return np.broadcast_to(data, wanted)


def reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numpy along some axes, or all."""

    def reduce(node: Node, data: Array, axes: Array | None = None) -> Array:
        stated = node.numbers("axes") if axes is None else _ints(axes)
        if not stated and node.number("noop_with_empty_axes", 0):
            return data
        over = tuple(stated) if stated else None
        return np.asarray(function(data, axis=over, keepdims=bool(node.number("keepdims", 1))))

    return reduce


def mean(values: Array, axis: tuple[int, ...] | None = None, keepdims: bool = False) -> Array:
    """As of numpy, but no warning comes of an empty tensor."""
    total = np.asarray(values.sum(axis=axis, keepdims=keepdims))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(total / (values.size // max(total.size, 1)))


def split(node: Node, data: Array, sizes: Array | None = None) -> list[Array]:
    """Parts along an axis, equal ones or of stated sizes."""
    axis = node.number("axis", 0)
    stated = node.numbers("split") if sizes is None else _ints(sizes)
    if stated is None:
        parts = node.number("num_outputs", len(node.outputs))
        each = -(-data.shape[axis] // parts)
        return np.split(data, range(each, each * parts, each), axis)
    return np.split(data, np.cumsum(stated)[:-1], axis)


def modulo(node: Node, a: Array, b: Array) -> Array:
    """What a division leaves, with the sign of the divisor or, with `fmod`, of the dividend."""
    return np.asarray(np.fmod(a, b) if node.number("fmod", 0) else np.mod(a, b))


def tiled(node: Node, data: Array, repeats: Array | None = None) -> Array:
    """The array several times along each axis."""
    times = (node.numbers("repeats") if repeats is None else _ints(repeats)) or []
    if data.size * product(times) > LARGEST:
        raise ConvgraphError(f"repeats={times}: at most {LARGEST:,} entries are folded")
    return np.tile(data, times)


def multiplied(node: Node, a: Array, b: Array) -> Array | None:
    """The product of matrices; None where it is large."""
    large = product(a.shape[:-1]) * product(b.shape[-1:]) > LARGEST
    return None if large else np.asarray(a @ b)


def scattered(node: Node, data: Array, indices: Array, updates: Array) -> Array | None:
    """The array with other entries at some places; None where they are combined with the old."""
    if node.word("reduction", "none") != "none":
        return None
    result = data.copy()
    result[scatter_places(node, data.shape, indices)] = updates
    return result


def triangle(node: Node, data: Array, diagonal: Array | None = None) -> Array:
    """What lies above, or below, a diagonal of the last two axes."""
    cut = np.triu if node.number("upper", 1) else np.tril
    return cut(data, (_ints(diagonal) or [0])[0])


def elements(node: Node, data: Array, indices: Array) -> Array:
    """Along an axis, for each entry of the result the position that is listed for it."""
    axis = node.number("axis", 0) % data.ndim
    inside = tuple(slice(None) if a == axis else slice(n) for a, n in enumerate(indices.shape))
    return np.take_along_axis(data[inside], indices % data.shape[axis], axis)


def padded(
    node: Node,
    data: Array,
    pads: Array | None = None,
    value: Array | None = None,
    axes: Array | None = None,
) -> Array:
    """Positions added around axes, or with negative numbers cut away."""
    stated = node.numbers("pads") if pads is None else _ints(pads)
    named = range(data.ndim) if axes is None else [a % data.ndim for a in _ints(axes) or []]
    half = len(named)
    widths = [(0, 0)] * data.ndim
    for i, a in enumerate(named):
        widths[a] = (stated or [])[i], (stated or [])[half + i]
    mode = {"constant": "constant", "reflect": "reflect", "edge": "edge", "wrap": "wrap"}
    cut = tuple(
        slice(max(-b, 0), n - max(-a, 0)) for (b, a), n in zip(widths, data.shape, strict=True)
    )
    kind: Any = mode[node.word("mode", "constant")]
    grown = [(max(b, 0), max(a, 0)) for b, a in widths]
    if kind != "constant":
        return np.pad(data[cut], grown, kind)
    fill = node.real("value", 0) if value is None else value.reshape(-1)[0]
    return np.pad(data[cut], grown, constant_values=fill)
