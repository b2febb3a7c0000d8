"""The primitives of JAX in ONNX's terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from convgraph.importers.builder import Unread
from convgraph.importers.framework_formulas import FORMULAS, NAMES, Formula
from convgraph.importers.jax import layers, moving
from convgraph.importers.jax.flow import branched, looped, scanned
from convgraph.importers.jax.held import Held, lead
from convgraph.importers.jax.reading import Reading, Translate

__all__ = ["OPERATORS"]


def units(r: Reading, op: str, operands: Sequence[Held], shape: Any, **attributes: Any) -> Held:
    """A function of units in one place."""
    axes = lead(operands, [r.moving(held) for held in operands])
    aligned = []
    for held in operands:
        own = tuple(a if a in held.real else None for a in axes)
        aligned.append(r.arranged(held, own, loose=True) if held.axes else held)
    there = {a for held in operands for a in held.axes}
    labels = tuple(a if a in there else None for a in axes)
    return r.emit(op, aligned, attributes, labels, shape)


def _shape(equation: Any) -> tuple[int, ...]:
    return tuple(map(int, equation.outvars[0].aval.shape))


def each(op: str) -> Translate:
    """A function of units that ONNX has as well."""
    return lambda r, equation, operands: units(r, op, operands, _shape(equation))


def formula(written: Formula) -> Translate:
    """A function of units that is written by others."""

    def translate(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
        def write(part: Any) -> Held:
            if isinstance(part, int):
                return operands[part]
            if isinstance(part, float):
                return r.constant(part)
            op, *parts = part
            return units(r, op, [write(one) for one in parts], _shape(equation))

        return write(written)

    return translate


def _same(r: Reading, equation: Any, operands: Sequence[Held]) -> list[Held]:
    return list(operands)


def _max(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """The greater of two; of a unit and zero it is what everybody calls relu."""
    for a, b in (operands, operands[::-1]):
        bound = r.value(b)
        if bound is None or not r.moving(a):
            continue
        if bound.ndim == 0 and bound == 0:
            return units(r, "Relu", [a], _shape(equation))
        if np.all(bound == -np.inf) and a.shape == _shape(equation):
            return a  # nothing is less
    return units(r, "Max", operands, _shape(equation))


def _kind(variable: Any) -> str:
    return str(np.dtype(variable.aval.dtype).kind)


def _divided(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    return units(r, "Div", operands, _shape(equation))


def _logical(op: str) -> Translate:
    """On truth values; bits of whole numbers are something else."""

    def translate(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
        if _kind(equation.invars[0]) != "b":
            return unvalued(r, equation, operands)
        return units(r, op, operands, _shape(equation))

    return translate


def unvalued(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """A function of units whose values are not known, only that it is one."""
    name = equation.primitive.name
    return units(r, "Pointwise", operands, _shape(equation), function=name)


WIDTHS = {"bool": 9, "uint8": 2, "int8": 3, "uint16": 4, "int16": 5}
INT64 = 7  # of TensorProto.DataType


def _cast(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Numbers of another type, where they may become others."""
    old, new = (np.dtype(v.aval.dtype) for v in (equation.invars[0], equation.outvars[0]))
    whole = new.kind in "iub"
    same = not whole or old.kind == "b" or (old.kind == new.kind and old.itemsize <= new.itemsize)
    if same or old.kind == "V" or new.kind == "V":
        return operands[0]
    return units(r, "Cast", operands, _shape(equation), to=WIDTHS.get(new.name, INT64))


def _power(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    exponent = int(equation.params["y"])
    if exponent == -1:
        return units(r, "Reciprocal", operands, _shape(equation))
    return units(r, "Pow", [operands[0], r.constant(float(exponent))], _shape(equation))


def _selected(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Of several arrays, for each unit the one whose number the first names."""
    which, *cases = operands
    shape = _shape(equation)
    made = cases[0]
    if len(cases) == 2:
        return units(r, "Where", [which, cases[1], cases[0]], shape)
    for number, case in enumerate(cases[1:], start=1):
        there = units(r, "Equal", [which, r.constant(number)], shape)
        made = units(r, "Where", [there, case, made], shape)
    return made


def _clamped(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    low, x, high = operands
    above = units(r, "Max", [x, low], _shape(equation))
    return units(r, "Min", [above, high], _shape(equation))


def _rounded(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    if int(equation.params["rounding_method"]) != 1:  # halves go away from zero
        return unvalued(r, equation, operands)
    return units(r, "Round", operands, _shape(equation))


def _ordered(r: Reading, equation: Any, operands: Sequence[Held]) -> list[Held]:
    """Values of an axis in order, of which each may be any."""
    if equation.primitive.name == "sort":
        axis = equation.params["dimension"]
    else:
        axis = equation.params.get("axis", len(operands[0].shape) - 1)
    if len(operands) != 1:
        raise Unread("several arrays put in the order of one")
    held = operands[0] if axis in operands[0].axes else r.full(operands[0])
    made = []
    for variable in equation.outvars:
        shape = tuple(map(int, variable.aval.shape))
        more = {"axis": held.axes.index(axis), "k": shape[axis]}
        made.append(r.emit("TopK", [held], more, held.axes, shape))
    return made


UNVALUED = (
    "lgamma", "digamma", "polygamma", "igamma", "igammac", "bessel_i0e", "bessel_i1e", "erf_inv",
    "nextafter", "population_count", "clz", "shift_left", "shift_right_logical",
    "shift_right_arithmetic", "regularized_incomplete_beta", "zeta", "is_finite", "imag", "real",
    "conj", "complex", "bitcast_convert_type",
)  # fmt: skip

OPERATORS: dict[str, Translate] = {
    **{name: each(op) for name, op in NAMES.items()},
    **{name: formula(written) for name, written in FORMULAS.items()},
    **dict.fromkeys(UNVALUED, unvalued),
    **dict.fromkeys(
        (
            "stop_gradient",
            "copy",
            "copy_p",
            "optimization_barrier",
            "reduce_precision",
            "sharding_constraint",
            "device_put",
            "pvary",
            "name",
            "real_to_complex",
        ),
        _same,
    ),
    "max": _max,
    "add": each("Add"),
    "add_any": each("Add"),
    "sub": each("Sub"),
    "mul": each("Mul"),
    "div": _divided,
    "rem": lambda r, e, v: units(r, "Mod", v, _shape(e), fmod=1),
    "pow": each("Pow"),
    "integer_pow": _power,
    "logistic": each("Sigmoid"),
    "round": _rounded,
    "and": _logical("And"),
    "or": _logical("Or"),
    "xor": _logical("Xor"),
    "not": _logical("Not"),
    "select_n": _selected,
    "clamp": _clamped,
    "convert_element_type": _cast,
    "conv_general_dilated": layers.conv,
    "dot_general": layers.dot_general,
    "reduce_window_max": layers.windowed("MaxPool"),
    "reduce_window_sum": layers.windowed("SumPool"),
    "reduce_sum": layers.reduced("ReduceSum"),
    "reduce_max": layers.reduced("ReduceMax"),
    "reduce_min": layers.reduced("ReduceMin"),
    "reduce_prod": layers.reduced("ReduceProd"),
    "reduce_and": layers.reduced("ReduceMin"),
    "reduce_or": layers.reduced("ReduceMax"),
    "argmax": layers.place("ArgMax"),
    "argmin": layers.place("ArgMin"),
    "cumsum": layers.cumulative("CumSum"),
    "cumprod": layers.cumulative("CumProd"),
    "cummax": layers.cumulative("CumMax"),
    "sort": _ordered,
    "top_k": _ordered,
    "broadcast_in_dim": moving.broadcast,
    "squeeze": moving.squeeze,
    "expand_dims": moving.reshape,
    "reshape": moving.reshape,
    "transpose": moving.transpose,
    "slice": moving.slice_,
    "dynamic_slice": moving.dynamic_slice,
    "concatenate": moving.concatenate,
    "split": moving.split,
    "stack": moving.stack,
    "unstack": moving.unstack,
    "tile": moving.tile,
    "rev": moving.reverse,
    "pad": moving.pad,
    "gather": moving.gather,
    "scatter": moving.overwritten,
    "scatter-add": moving.scatter_add,
    "dynamic_update_slice": moving.overwritten,
    "scan": scanned,
    "while": looped,
    "cond": branched(_selected),
}
