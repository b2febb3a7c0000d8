"""Which outputs commute with which shifts of the input, decided before a page is made."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.units import Units

__all__ = ["shifts"]

FARTHEST = {1: 24, 2: 5, 3: 2}  # positions along each of so many axes, to either side
MOST_UNITS = 400  # of an input whose shifts are decided
MOST_CONNECTIONS = 2_000_000  # that are gone through, once for each shift: a second or two


def shifts(network: Network) -> dict[str, Any] | None:
    """For each shift along each axis of space the outputs that commute with it, and the causes.

    Sets of outputs are numbers of `sets`, and those are hexadecimal numbers whose highest bit is
    the first unit. A shift that holds everywhere breaks set 0, the empty one.

    >>> import convgraph as cg
    >>> found = shifts(cg.Conv(3, padding="same").on(5))
    >>> found["sets"][found["answers"]["1"]["broken"]]  # s1 and s5
    '88'
    """
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        return None
    row, out = network.inputs[0], network.outputs[0]
    space = row.numbers()[1:] if row.channels else row.numbers()
    if row.given is not None or row.size > MOST_UNITS or len(space) not in FARTHEST:
        return None
    farthest = FARTHEST[len(space)]
    connections = int(network.connection_count)
    while farthest > 1 and (2 * farthest + 1) ** len(space) * connections > MOST_CONNECTIONS:
        farthest -= 1
    most = [min(size - 1, farthest) for size in space]
    sets: dict[str, int] = {}
    causes: dict[str, int] = {}
    _number(sets, np.zeros(out.numbers(), bool))
    answers = {}
    for amounts in itertools.product(*(range(-m, m + 1) for m in most)):
        if any(amounts):
            answer = _answer(network, amounts, sets, causes)
            if answer is None:
                return None
            answers[",".join(map(str, amounts))] = answer
    if not answers:
        return None
    return {
        "input": row.name,
        "output": out.name,
        "outputs": int(out.size),
        "space": list(space),
        "most": most,
        "sets": list(sets),
        "causes": list(causes),
        "answers": answers,
    }


def _answer(
    network: Network, amounts: tuple[int, ...], sets: dict[str, int], causes: dict[str, int]
) -> dict[str, Any] | None:
    from convgraph.symmetry.equivariance.check import check_equivariance
    from convgraph.symmetry.transformations.geometric import Shift

    try:
        verdict = check_equivariance(network, Shift(amounts))
    except ConvgraphError:  # a network on which a shift has no meaning
        return None

    def number(units: Units) -> int:
        return _number(sets, units.mask())

    answer: dict[str, Any] = {"broken": number(verdict.broken)}
    why = [[causes.setdefault(c, len(causes)), number(u)] for c, u in verdict.causes.items()]
    return {**answer, "exact": number(verdict.exact), "causes": why}


def _number(sets: dict[str, int], mask: NDArray[np.bool_]) -> int:
    return sets.setdefault(np.packbits(mask.ravel()).tobytes().hex(), len(sets))
