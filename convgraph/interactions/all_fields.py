"""The receptive fields of all units of a row at once, on the axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from convgraph.core.layer import Row
from convgraph.core.named_row import input_row, output_row
from convgraph.core.network import Network
from convgraph.core.units import Units
from convgraph.interactions.bit_tables import Bits, Branch, exact_fields
from convgraph.interactions.fields import receptive_field
from convgraph.interactions.states import State

__all__ = ["ReceptiveFields", "receptive_fields"]

# The size of a union takes a sum over all subsets of its branches.
MOST_BRANCHES = 6


class ReceptiveFields(Mapping[str, Units]):
    """The receptive field of every unit of a row; a mapping from unit names to sets of units.

    `state` holds bit tables for classes of units, or is None where the axes of the network do not
    tell (a user's own large graph, say); then each field is found when it is asked for.
    """

    def __init__(
        self,
        network: Network,
        row: Row,
        source: Row,
        state: State[tuple[Branch, ...]] | None,
    ) -> None:
        self.network, self.row, self.source, self.state = network, row, source, state

    def __getitem__(self, unit: str) -> Units:
        index = self.row.find(unit) if isinstance(unit, str) else None
        if index is None:
            raise KeyError(unit)
        state = self.state
        if state is None:
            return receptive_field(self.network, unit, self.source.name)
        view = tuple(int(n) for n in state.view)
        flat = np.ravel_multi_index(index, self.row.numbers()) if index else 0
        place = np.unravel_index(int(flat), view) if view else ()
        along = [0 if m is None else int(place[m]) for m in state.moves]
        number = int(np.broadcast_to(state.classes, view)[place])
        shape = self.source.numbers()
        space = shape[1:] if self.source.channels else shape
        boxes = []
        for channels, tables in state.payloads[number] or ():
            masks = tuple(
                np.unpackbits(bits[i if len(bits) > 1 else 0], count=n).astype(bool)
                for bits, i, n in zip(tables, along, space, strict=True)
            )
            if self.source.channels:
                masks = (np.array([channels >> c & 1 for c in range(shape[0])], bool), *masks)
            if all(mask.any() for mask in masks):
                boxes.append(masks)
        return Units(self.source, boxes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.row.units())

    def __len__(self) -> int:
        return int(np.prod(self.row.numbers(), dtype=np.int64))

    def sizes(self) -> NDArray[np.int64]:
        """How many units each unit sees, as an array of the row's shape."""
        shape = self.row.numbers()
        state = self.state
        if state is None or any(len(p or ()) > MOST_BRANCHES for p in state.payloads):
            return np.array([len(self[unit]) for unit in self]).reshape(shape)
        view = tuple(int(n) for n in state.view)
        sizes = np.zeros(view, np.int64)
        for number, payload in enumerate(state.payloads):
            if payload:
                counts = counted(payload)
                placed = counts.transpose(_rising(state.moves)).reshape(_spread(counts, state))
                sizes = np.where(state.classes == number, placed, sizes)
        return sizes.reshape(shape)

    def __repr__(self) -> str:
        return f"ReceptiveFields({len(self):,} units of {self.row.name} back to {self.source.name})"


def _rising(moves: tuple[int | None, ...]) -> list[int]:
    """The input's axes in the order of the axes that move over them; still ones come first."""
    order = [-1 if m is None else m for m in moves]
    return sorted(range(len(moves)), key=order.__getitem__)


def _spread(counts: NDArray[np.int64], state: State[tuple[Branch, ...]]) -> tuple[int, ...]:
    shape = [1] * len(state.view)
    for b, m in enumerate(state.moves):
        if m is not None:
            shape[m] = counts.shape[b]
    return tuple(shape)


def counted(branches: tuple[Branch, ...]) -> NDArray[np.int64]:
    """How many units each combination of positions sees; one axis for each of the tables.

    The size of a union of products, by inclusion and exclusion over its branches.
    """
    total = np.zeros((1,) * len(branches[0][1]), np.int64)
    for many in range(1, len(branches) + 1):
        for chosen in combinations(branches, many):
            channels = reduce(lambda a, b: a & b, (mask for mask, _ in chosen)).bit_count()
            if channels:
                product = np.asarray(channels)
                for each in zip(*(tables for _, tables in chosen), strict=True):
                    product = np.multiply.outer(product, _counts(reduce(np.bitwise_and, each)))
                total = total + (product if many % 2 else -product)
    return total


def _counts(bits: Bits) -> NDArray[np.int64]:
    return np.bitwise_count(bits).sum(axis=1, dtype=np.int64)


def receptive_fields(
    network: Network, of: str | None = None, row: str | None = None
) -> ReceptiveFields:
    """The receptive fields of all units of a row.

    Found on the axes, forward through the layers: a position sees what its taps see. A layer costs
    its taps times its positions per axis, whatever the number of edges.

    Parameters
    ----------
    network
        A bound network.
    of
        The row whose units are asked about; the output by default.
    row
        The row to look back to; the input by default.

    Returns
    -------
    ReceptiveFields
        A mapping from unit names to sets of units.

    Examples
    --------
    >>> import convgraph as cg
    >>> fields = cg.receptive_fields((cg.Conv(3) >> cg.Conv(3)).on(7))
    >>> fields["g1"]
    Units(x: x1, x2, x3, x4, x5)
    >>> fields.sizes()
    array([5, 5, 5])
    """
    start = input_row(network, row)
    end = output_row(network, of)
    states = exact_fields(network, start.name, end.name).states
    if end.name in states:
        return ReceptiveFields(network, end, start, states[end.name])
    nothing: State[tuple[Branch, ...]] = State(
        end.shape, (None,) * len(start.shape), np.zeros((1,) * len(end.shape), np.int64), (None,)
    )
    return ReceptiveFields(network, end, start, nothing)
