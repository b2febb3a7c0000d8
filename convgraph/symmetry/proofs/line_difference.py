"""Whether two sides agree on a line: at those outputs of a frame that no border reaches."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.interactions.closed_forms import closed_forms
from convgraph.symmetry.instances.borders import unreached
from convgraph.symmetry.proofs.row_shifts import Unproved, shifts

__all__ = ["difference"]

DRAWS = 3  # inputs; two functions may agree at some numbers, above all maxima
Index = tuple[int, ...]


def difference(network: Network, amounts: Index) -> tuple[str, sp.Expr, sp.Expr] | None:
    """An output unit at which both sides differ whatever the shift of the output, and both sides.

    The input is a piece of an endless row, so that what the shift brings in are further values of
    it. Numbers decide, and are exact.
    """
    row, end = network.inputs[0], network.outputs[0]
    moves = (0,) * (len(row.shape) - len(amounts)) + amounts
    free = _unreached(network, len(amounts))
    candidates = list(_candidates(network, amounts, free)) if free.any() else []
    random = np.random.default_rng(0)
    found: dict[Index, Index] = {}
    # one unit at which numbers differ rules a shift of the output out; all of them have to be
    for _ in range(DRAWS if candidates else 0):
        drawn: dict[Any, sp.Integer] = {}

        def number(key: Any, drawn: dict[Any, sp.Integer] = drawn) -> sp.Integer:
            value = int(random.integers(2, 60) * random.choice([-1, 1]))
            return drawn.setdefault(key, sp.Integer(value))

        parameters = {str(s): number(s) for s in network.parameters}
        before, after = _sides(network, moves, number, parameters)
        for shift in candidates:
            index = None if shift in found else _first(before, after, shift, free)
            if index is not None:
                found[shift] = index
    if not candidates or len(found) < len(candidates):
        return None
    shape = row.numbers()

    # the same once more in symbols, which can be read
    def symbol(at: Index) -> sp.Symbol:
        inside = all(0 <= a < n for a, n in zip(at, shape, strict=True))
        beyond = f"{row.name}[{','.join(str(a + 1) for a in at)}]"
        return sp.Symbol(row.unit(at) if inside else beyond)

    before, after = _sides(network, moves, symbol, {str(s): s for s in network.parameters})
    shift = candidates[0]
    index = found[shift]
    source = tuple(i - t for i, t in zip(index, shift, strict=True))
    return end.unit(index), after[index], before[source]


def _sides(
    network: Network, moves: Index, value: Callable[[Index], Any], parameters: Mapping[str, Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The output for a piece of the endless row, and for the same piece of the row moved."""
    shape = network.inputs[0].numbers()
    x, moved = np.empty(shape, object), np.empty(shape, object)
    for index in np.ndindex(*shape):
        x[index] = value(index)
        moved[index] = value(tuple(a - t for a, t in zip(index, moves, strict=True)))
    return network.evaluate(x, parameters), network.evaluate(moved, parameters)


def _candidates(network: Network, amounts: Index, free: NDArray[np.bool_]) -> Iterator[Index]:
    """The shift of the output, or all that might be it where the strides give none.

    Those are left out behind which nothing is read that was read before, as the effective strides
    and the receptive fields say: two values of different inputs are equal only if they depend on
    no input.
    """
    end = network.outputs[0]
    try:
        known = dict(shifts(network, tuple(map(sp.Integer, amounts))))[end.name]
        yield tuple(map(int, known))
    except Unproved:
        sizes = end.numbers()
        lead = len(sizes) - len(amounts)
        ranges = [
            range(-n + 1, n) if lead <= a and (lead < 0 or amounts[a - lead]) else (0,)
            for a, n in enumerate(sizes)
        ]
        every = sorted(itertools.product(*ranges), key=lambda t: sum(map(abs, t)))
        form = closed_forms(network, network.inputs[0].name)[end.name]
        windows = [
            (axis, t, step, size)
            for axis, (t, step, size) in enumerate(
                zip(amounts, form.stride, form.receptive_field, strict=True), lead
            )
            # a single output has no neighbour
            if axis >= 0 and len({*np.nonzero(free)[axis].tolist()}) > 1 and step and size
        ]
        for shift in every:
            if not any(abs(step * shift[axis] - t) >= size for axis, t, step, size in windows):
                yield shift


def _first(
    before: NDArray[Any], after: NDArray[Any], shift: Index, free: NDArray[np.bool_]
) -> Index | None:
    for index in np.ndindex(*after.shape):
        source = tuple(i - t for i, t in zip(index, shift, strict=True))
        inside = all(0 <= a < n for a, n in zip(source, after.shape, strict=True))
        if inside and free[index] and free[source] and after[index] != before[source]:
            return index
    return None


def _unreached(network: Network, rank: int) -> NDArray[np.bool_]:
    """The outputs that no border reaches, whichever way the input moves."""
    row = network.inputs[0]
    try:
        return unreached(network, [a >= len(row.shape) - rank for a in range(len(row.shape))])
    except ConvgraphError:
        return np.zeros(network.outputs[0].numbers(), bool)
