"""What users give a network to compute with: numbers for its inputs and parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.labels import Labels
from convgraph.core.sympified import sympified

if TYPE_CHECKING:
    from convgraph.core.rows_and_layers import RowsAndLayers

__all__ = ["input_values", "label_values"]

# numpy's texts have `__float__`, too, and sympy would run them as programs, in an array as well
NO_NUMBERS = (np.complexfloating, np.flexible, np.datetime64, np.ndarray)


def input_values(
    network: RowsAndLayers, x: Any, batches: bool = False
) -> tuple[list[NDArray[Any]], int | None]:
    """The arrays of the inputs, in their order, checked, and how many each is if it is a batch."""
    rows = network.inputs
    if isinstance(x, Mapping):
        for name in x:
            if name not in {row.name for row in rows}:
                raise ConvgraphError(
                    f"x[{name!r}]: no input row{nearest(name, [r.name for r in rows])}"
                )
        missing = [row.name for row in rows if row.name not in x]
        if missing:
            raise ConvgraphError(f"x: no values for the input rows {', '.join(missing)}")
        arrays = [_array(f"x[{row.name!r}]", x[row.name]) for row in rows]
    elif len(rows) == 1:
        arrays = [_array("x", x)]
    else:
        raise ConvgraphError(
            f"x: a dict of arrays, one for each of the inputs {[r.name for r in rows]}"
        )
    counts: set[int | None] = set()
    for row, array in zip(rows, arrays, strict=True):
        shape = row.numbers()
        batched = batches and array.ndim == len(shape) + 1 and array.shape[1:] == shape
        if array.shape != shape and not batched:
            rule = "; an axis before it is a batch" if batches else ""
            raise ConvgraphError(
                f"x of shape {array.shape}: row {row.name!r} has the shape {shape}{rule}"
            )
        counts.add(len(array) if batched else None)
    if counts == {None, 1}:  # a model may have axes of one more than its rows, some or all of them
        return [a.reshape(r.numbers()) for r, a in zip(rows, arrays, strict=True)], None
    if len(counts) > 1:
        shapes = ", ".join(f"{r.name} {a.shape}" for r, a in zip(rows, arrays, strict=True))
        raise ConvgraphError(f"x of the shapes {shapes}: all are batches of one size, or none is")
    return arrays, next(iter(counts), None)


def _array(argument: str, values: Any) -> NDArray[Any]:
    """What a user gives as an array of numbers that hold it, or of objects."""
    try:
        array = np.asarray(values)
    except ValueError:
        raise ConvgraphError(f"{argument}: lists of different lengths are no array") from None
    if array.dtype.kind not in "iufbO":
        raise ConvgraphError(f"{argument} of type {array.dtype}: numbers or sympy expressions")
    if array.dtype.kind == "O":
        for value in array.ravel().tolist():
            real = hasattr(value, "__float__") and not isinstance(value, NO_NUMBERS)
            if not real and not isinstance(value, sp.Expr):
                raise ConvgraphError(f"{argument} with {value!r}: numbers or sympy expressions")
    elif array.dtype.kind == "f":  # sums of numbers of 16 bits need not have 16
        return array.astype(np.float32) if array.dtype.itemsize < 4 else array
    elif array.dtype.kind == "u" and array.size and array.max() > np.iinfo(np.int64).max:
        return array.astype(object)
    else:
        return array.astype(np.int64)
    return array


def label_values(labels: Labels, parameters: Mapping[str, Any], exact: bool) -> NDArray[Any]:
    """The value of every label: exact objects, or numbers of a type that holds them all."""
    learned: list[NDArray[Any]] = []
    rest = {str(name): value for name, value in parameters.items()}
    named: dict[int, Any] = {}
    whole: dict[str, NDArray[Any]] = {}
    for name, value in rest.items():
        array = next((a for a in labels.arrays if a.letter == name and name), None)
        given = _array(f"parameters[{name!r}]", value)
        if array is not None:
            if given.size != len(array):
                raise ConvgraphError(
                    f"parameters[{name!r}] of shape {given.shape}: "
                    f"{name} has the shape {array.shape}"
                )
            whole[name] = given.ravel()
            continue
        position = labels.find(name)
        if position is None:
            raise ConvgraphError(
                f"parameters[{name!r}]: no such parameter{nearest(name, _some(labels))}"
            )
        if given.size != 1:
            raise ConvgraphError(f"parameters[{name!r}] of shape {given.shape}: it is one number")
        named[position] = given.ravel().tolist()[0] if given.ndim else value
    at = 0
    for array in labels.arrays:
        if array.letter in whole:
            learned.append(_changed(whole[array.letter], at, named))
        else:
            missing = [p for p in range(at, at + len(array)) if p not in named]
            if missing:
                few = ", ".join(map(str, labels.pick(missing[:4])))
                more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
                raise ConvgraphError(f"parameters: no value for {few}{more}")
            values = [named[p] for p in range(at, at + len(array))]
            learned.append(np.asarray(values) if values else np.empty(0, np.int64))
        at += len(array)
    exact = exact or any(values.dtype == object for values in learned)
    known = np.concatenate([np.empty(0, np.int64), *learned])
    return np.concatenate([known, _numbers(_settled(labels, known), exact)])


def _changed(values: NDArray[Any], start: int, named: Mapping[int, Any]) -> NDArray[Any]:
    """The values of an array, with those in place that were given entry by entry."""
    own = {p - start: value for p, value in named.items() if start <= p < start + len(values)}
    if own:
        values = values.astype(np.result_type(values, *map(np.asarray, own.values())))
        values[list(own)] = list(own.values())
    return values


def _settled(labels: Labels, values: NDArray[Any]) -> list[sp.Expr]:
    """The labels that are not single parameters, with the parameters' values put in."""
    free = {symbol for label in labels.numbers for symbol in label.free_symbols}
    if not free:
        return list(labels.numbers)
    known = {symbol: sympified(values[labels.find(symbol.name)]) for symbol in free}
    return [label.xreplace(known) for label in labels.numbers]


def _numbers(numbers: Iterable[sp.Expr], exact: bool) -> NDArray[Any]:
    values = list(numbers)
    if exact:
        result = np.empty(len(values), object)
        result[:] = values
        return result
    if all(value.is_Integer for value in values):
        if any(abs(value) >= 2**63 for value in values):
            return _numbers(values, exact=True)
        return np.array([int(value) for value in values], np.int64)
    try:
        return np.array([float(value) for value in values])
    except TypeError:
        strange = next(v for v in values if not (v.is_number and v.is_comparable))
        raise ConvgraphError(
            f"label={strange}: it has no value in numbers, as it is of a function that is not known"
        ) from None


def _some(labels: Labels) -> list[str]:
    return [a.letter for a in labels.arrays if a.letter] + [
        str(s) for s in labels[: min(labels.parameters, 500)]
    ]
