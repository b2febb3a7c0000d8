"""A counterexample on a frame or a circle, looked at again edge by edge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.symmetry.instances.claimed_outputs import moved
from convgraph.symmetry.instances.exact_values import CROPPED_EDGES, draw, is_small, values
from convgraph.symmetry.instances.small_networks import cropped

__all__ = ["contradicted"]

DRAWS = 40  # inputs; two maxima of many values in common are equal for most of them
PARAMETERS = 2  # draws of parameters; those of one sign may let nothing through a rectifier
Index = tuple[int, ...]


def contradicted(
    network: Network, amounts: Sequence[int], away: Sequence[int], around: bool, unit: Index
) -> bool:
    """Whether both sides of a counterexample are the same in all numbers that were tried.

    `amounts` say by how much the input moves per axis of space, `away` by how much the output does
    per axis, and `unit` at which output both sides should differ. A network of many edges is looked
    at along each axis that moves, with one channel; one of too many even then is not looked at,
    and nothing is said against it.

    >>> from convgraph import Conv
    >>> network = Conv(3, padding=1).on(5)
    >>> contradicted(network, [1], [1], False, (0,)), contradicted(network, [1], [1], False, (2,))
    (False, True)
    """
    looked_at = False
    for each, moves, back, index in _views(network, amounts, away, unit):
        looked_at = True
        # the functions of a deep network make way for others whose values do not grow
        if _differs(each, moves, back, index, around, bounded=each is not network):
            return False
    return looked_at


def _views(
    network: Network, amounts: Sequence[int], away: Sequence[int], unit: Index
) -> Iterator[tuple[Network, Index, Index, Index]]:
    (row,) = network.inputs
    if is_small(network):
        yield network, (0,) * row.channels + tuple(amounts), tuple(away), unit
        return
    for axis, amount in enumerate(amounts):
        if amount == 0:
            continue
        size = row.numbers()[row.channels + axis]
        try:
            along, place = cropped(network, row.channels + axis, size)
        except ConvgraphError:  # channels are read along this axis, or it has this one size only
            continue
        if is_small(along, CROPPED_EDGES):
            yield along, (amount,), (away[place],), (unit[place],)


def _differs(
    network: Network, moves: Index, away: Index, unit: Index, around: bool, bounded: bool
) -> bool:
    shape = network.inputs[0].numbers()
    inputs: list[NDArray[Any]] = []
    for seed in range(DRAWS):
        x = draw(shape, seed)
        inputs += [x, moved(x, moves, around)]
    size = network.outputs[0].numbers()
    source = tuple(i - t for i, t in zip(unit, away, strict=True))
    if around:
        source = tuple(i % n for i, n in zip(source, size, strict=True))
    there = all(0 <= i < n for i, n in zip(source, size, strict=True))
    for seed in range(PARAMETERS):
        found = values(network, inputs, seed, bounded)
        for before, after in zip(found[::2], found[1::2], strict=True):
            if after[unit] != (before[source] if there else 0):
                return True
    return False
