"""Folding: nodes whose inputs are known beforehand, as the arithmetic of shapes is.

Entries are numbers or, where a size is left open, sympy expressions. Views of a parameter array
stay that array; nothing large is read before it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.functions import function
from convgraph.core.sizes import is_symbolic, product
from convgraph.importers.builder import Builder
from convgraph.importers.constants.array_operators import (
    cast,
    concat,
    divided,
    elements,
    expanded,
    gather,
    mean,
    modulo,
    multiplied,
    padded,
    reduced,
    scattered,
    sliced,
    split,
    stepped,
    tiled,
    triangle,
)
from convgraph.importers.constants.known_tensors import computed, entry_by_entry, followed
from convgraph.importers.node import Node
from convgraph.importers.operators.elementwise import TOGETHER
from convgraph.importers.operators.grid_sampling import affine_places
from convgraph.importers.operators.pointwise import KINDS, SIMPLE
from convgraph.importers.operators.quantisation import along, centre
from convgraph.importers.operators.reshaping import (
    integers,
    new_shape,
    node_axes,
    squeezed,
    unsqueezed,
    within,
)
from convgraph.importers.values import Known

__all__ = ["FOLDS", "fold", "shape_of"]

Array = NDArray[Any]


def fold(builder: Builder, node: Node) -> bool:
    """Compute a node whose inputs are all known beforehand, or that asks for a shape only."""
    if node.op in ("Shape", "Size"):
        builder.values[node.outputs[0]] = shape_of(builder, node)
        return True
    function = FOLDS.get(node.op)
    if function is None:
        return False
    for name in node.inputs:
        if name and not isinstance(builder.values[name], Known):
            return False
    result = function(builder, node)
    if result is None:
        return False
    for name, value in zip(node.outputs, result, strict=False):
        if name:
            builder.values[name] = value
    return True


def as_array(sizes: Any) -> Array:
    """Sizes as a tensor of integers, of sympy expressions where one is a symbol."""
    listed = list(sizes)
    return np.array(listed, object if is_symbolic(*listed) else np.int64)


def shape_of(builder: Builder, node: Node) -> Known:
    """The shape or the number of entries of a tensor, whatever its entries."""
    value = builder.value(node.input(0))
    name = node.outputs[0]
    if node.op == "Size":
        return Known.of(name, as_array([product(value.shape)]).reshape(()))
    rank = len(value.shape)
    start, end = node.number("start", 0), node.number("end", rank)
    return Known.of(name, as_array(value.shape[slice(*slice(start, end).indices(rank))]))


def _first(builder: Builder, node: Node) -> Known:
    known = builder.known(node, 0)
    if known is None:
        raise ConvgraphError("input='': an input is left out")
    return known


def _view(shape: Callable[[Builder, Node, tuple[int, ...]], Any]) -> Any:
    """An operator that only gives the entries another shape."""

    def function(builder: Builder, node: Node) -> list[Known]:
        known = _first(builder, node)
        new = shape(builder, node, known.shape)
        if is_symbolic(*new) or product(new) != known.size:
            raise ConvgraphError(f"shape={tuple(new)}: the shape {known.shape} is not as large")
        return [known.viewed(node.outputs[0], tuple(int(n) for n in new))]

    return function


def _reshaped(builder: Builder, node: Node, old: tuple[int, ...]) -> Any:
    wanted = integers(builder, node, 1, "shape") or node.numbers("shape") or []
    return new_shape(old, wanted, bool(node.number("allowzero", 0)))


def _unsqueezed(builder: Builder, node: Node, old: tuple[int, ...]) -> Any:
    axes = node.numbers("axes") or integers(builder, node, 1, "axes") or []
    return unsqueezed(old, [within(axis, len(old) + len(axes), "axes") for axis in axes])


def _flattened(builder: Builder, node: Node, old: tuple[int, ...]) -> Any:
    axis = node.number("axis", 1)
    return product(old[:axis]), product(old[axis:])


def _constant(builder: Builder, node: Node) -> list[Known] | None:
    for key, value in node.attributes.items():
        if isinstance(value, Known):
            return [Known(node.outputs[0], value.shape, value.values, learned=value.size > 1)]
        if key in ("value_int", "value_ints"):
            return [Known.of(node.outputs[0], np.array(value, np.int64))]
        if key in ("value_float", "value_floats"):
            return [Known.of(node.outputs[0], np.array(value, np.float32))]
    return None


def _constant_of_shape(builder: Builder, node: Node) -> list[Known]:
    shape = integers(builder, node, 0, "shape") or []
    if is_symbolic(*shape) or min(shape, default=0) < 0:
        raise ConvgraphError(f"shape={shape}: numbers that are not negative")

    def read() -> Array:
        value = node.attributes.get("value")
        entry = value.values().reshape(-1) if isinstance(value, Known) else np.zeros(1, np.float32)
        return np.broadcast_to(entry[:1], shape)

    return [Known(node.outputs[0], tuple(shape), read, learned=True)]


def _transposed(builder: Builder, node: Node) -> list[Known]:
    known = _first(builder, node)
    rank = len(known.shape)
    order = node.numbers("perm") or list(range(rank))[::-1]
    if sorted(order) != list(range(rank)):
        raise ConvgraphError(f"perm={order}: the {rank} axes in some order")
    return [known.turned(node.outputs[0], tuple(order))]


def _dequantised(builder: Builder, node: Node) -> list[Known] | None:
    """Weights that are kept in few bits."""
    known, scale, zero = (builder.known(node, position) for position in range(3))
    if known is None or scale is None or node.number("block_size", 0):
        return None
    shift = Known.of("zero", np.zeros(())) if zero is None else zero
    shift = centre(node, shift, scale, known.shape)
    scale = along(node, scale, known.shape)

    def real(values: Array, factor: Array, origin: Array) -> Array:
        return (values.astype(np.float64) - origin) * factor.astype(np.float64)

    made = known.mapped(node.outputs[0], real, scale, shift)
    made.learned, made.roots = True, (made,)
    return [made]


_SAME_ENTRIES = ("Identity", "Dropout")


def _of_all(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that takes all of its operands."""

    def of_all(*operands: Array | None) -> Any:
        if any(operand is None for operand in operands):
            raise ConvgraphError(f"inputs={len(operands)}: one is left out that is needed")
        return function(*operands)

    return of_all


# the functions that units apply to their values are those of numbers as well
_FUNCTIONS = {
    **{op: function(name).fast for op, name in SIMPLE.items()},
    **{op: _of_all(fast) for op, (_, fast) in TOGETHER.items() if op != "FMod"},
}


def _cast(builder: Builder, node: Node) -> list[Known] | None:
    """Parameters in another kind of floating-point numbers are what they are."""
    known = _first(builder, node)
    if known.learned and KINDS.get(node.number("to", 1)) == "f":
        made = known.viewed(node.outputs[0], known.shape)
        return [made]
    return entry_by_entry(cast)(builder, node)


def _einsum(builder: Builder, node: Node) -> list[Known] | None:
    equation = node.word("equation", "")
    return followed("linear", lambda n, *v: np.einsum(equation, *v))(builder, node)


FOLDS: dict[str, Callable[[Builder, Node], list[Known] | None]] = {
    **{op: entry_by_entry(lambda n, *v, f=f: np.asarray(f(*v))) for op, f in _FUNCTIONS.items()},
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Reshape": _view(_reshaped),
    "Unsqueeze": _view(_unsqueezed),
    "Flatten": _view(_flattened),
    "Squeeze": _view(lambda b, n, old: squeezed(old, node_axes(b, n, len(old)))),
    **dict.fromkeys(_SAME_ENTRIES, _view(lambda b, n, old: old)),
    "Cast": _cast,
    "Concat": followed("moves", concat),
    "Gather": followed("moves", gather),
    "Slice": followed("moves", sliced),
    "Split": followed("moves", split),
    "Range": computed(stepped),
    "Expand": followed("moves", expanded),
    "Transpose": _transposed,
    "DequantizeLinear": _dequantised,
    "Add": entry_by_entry(lambda n, a, b: a + b, "adds"),
    "Sub": entry_by_entry(lambda n, a, b: a - b, "adds"),
    "Mul": entry_by_entry(lambda n, a, b: a * b, "scales"),
    "Div": entry_by_entry(divided, "scales"),
    "Neg": entry_by_entry(lambda n, a: -a, "scales"),
    "Sqrt": entry_by_entry(lambda n, a: np.sqrt(a)),
    "Exp": entry_by_entry(lambda n, a: np.exp(a)),
    "Abs": entry_by_entry(lambda n, a: np.abs(a)),
    "Floor": entry_by_entry(lambda n, a: np.floor(a)),
    "Ceil": entry_by_entry(lambda n, a: np.ceil(a)),
    "Max": entry_by_entry(lambda n, *v: np.maximum.reduce(np.broadcast_arrays(*v))),
    "Min": entry_by_entry(lambda n, *v: np.minimum.reduce(np.broadcast_arrays(*v))),
    "Equal": computed(lambda n, a, b: np.asarray(a == b)),
    "Where": followed("moves", lambda n, c, a, b: np.where(c.astype(bool), a, b)),
    "ReduceProd": computed(reduced(np.prod)),
    "ReduceSum": followed("linear", reduced(np.sum)),
    "ReduceMax": computed(reduced(np.max)),
    "ReduceMin": computed(reduced(np.min)),
    "ReduceMean": followed("linear", reduced(mean), averaged=True),
    "ReduceL1": computed(reduced(lambda v, **over: np.abs(v).sum(**over))),
    "ReduceL2": computed(reduced(lambda v, **over: np.sqrt(np.square(v).sum(**over)))),
    "ReduceSumSquare": computed(reduced(lambda v, **over: np.square(v).sum(**over))),
    "Mod": computed(modulo),
    "NonZero": computed(lambda n, a: np.array(np.nonzero(a), np.int64)),
    "Tile": followed("moves", tiled),
    "MatMul": followed("linear", multiplied),
    "Einsum": _einsum,
    "AffineGrid": followed("linear", affine_places),
    "Pad": followed("moves", padded),
    "GatherElements": followed("moves", elements),
    "aten.moved": followed("moves", lambda n, a: n.attributes["numbers"](a)),
    **dict.fromkeys(("Scatter", "ScatterElements", "ScatterND"), followed("moves", scattered)),
    "Trilu": followed("moves", triangle),
}
