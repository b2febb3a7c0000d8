"""Permutations of units and of channels as transformations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.layer import Row
from convgraph.symmetry.transformations.transformation import Sources, Transformation

__all__ = ["Permute", "PermuteChannels"]

RULE = "a permutation lists each position once, counted from 0"
LISTED = 64  # moves that are written out
CYCLES_RULE = "cycles are lists of positions, counted from 0, or of names of units"


@dataclass(frozen=True, repr=False, init=False)
class Permute(Transformation):
    """A permutation of all units of a row: the value of unit i moves to unit `permutation[i]`.

    In a row with channels, a permutation of as many positions as a channel has moves all alike.

    Parameters
    ----------
    permutation
        For each unit where its value goes: zero-based positions in row-major order, or names of
        units; or a mapping from units to units, those left out staying where they are.
    cycles
        In place of it, cycles of positions or of names: each unit's value goes to the next.

    Examples
    --------
    >>> Permute([1, 2, 0])([3, 1, 4])
    array([4, 3, 1])
    >>> Permute(cycles=[("x1", "x2")])([3, 1, 4])
    array([1, 3, 4])
    """

    moves: tuple[tuple[int | str, int | str], ...]
    size: int | None

    def __init__(
        self,
        permutation: Sequence[int | str] | Mapping[Any, Any] | None = None,
        cycles: Sequence[Sequence[int | str]] | None = None,
    ) -> None:
        if (permutation is None) == (cycles is None):
            raise ConvgraphError(f"permutation={permutation!r}: give a permutation or its cycles")
        size = None
        _listed("permutation", permutation)
        _listed("cycles", cycles)
        if cycles is not None:
            for cycle in cycles:
                _listed("cycles", cycle, cycles)
            pairs = [(c[k], c[(k + 1) % len(c)]) for c in map(tuple, cycles) for k in range(len(c))]
        elif isinstance(permutation, Mapping):
            pairs = list(permutation.items())
        else:
            assert permutation is not None
            pairs = list(enumerate(permutation))
            size = len(pairs)
        moves = tuple((_unit(a), _unit(b)) for a, b in pairs)
        given = [to for _, to in moves], [start for start, _ in moves]
        names_fit = size is not None and all(isinstance(to, str) for to in given[0])
        once = all(len(set(part)) == len(part) for part in given)
        if not once or not (names_fit or set(given[0]) == set(given[1])):
            value = permutation if cycles is None else cycles
            argument = "permutation" if cycles is None else "cycles"
            raise ConvgraphError(f"{argument}={value!r}: {RULE}")
        object.__setattr__(self, "moves", moves)
        object.__setattr__(self, "size", size)

    def resolved(self, row: Row) -> Permute:
        if not any(isinstance(unit, str) for move in self.moves for unit in move):
            return self
        return Permute(self._array(row, int(np.prod(row.numbers()))))

    def _array(self, row: Row, count: int) -> list[int]:
        if self.size is not None and self.size != count:
            raise ConvgraphError(f"permutation of {self.size}: row {row.name!r} has {count} units")
        result = list(range(count))
        for start, to in self.moves:
            result[_position(start, row, count)] = _position(to, row, count)
        if len(set(result)) < count:
            raise ConvgraphError(f"permutation={result}: {RULE}")
        return result

    def sources(self, row: Row) -> Sources:
        shape = row.numbers()
        count, channels = int(np.prod(shape)), int(shape[0]) if row.channels else 1
        if self.size is not None and self.size * channels == count:
            one = np.argsort(np.array(self._array(row, self.size), np.int64))
            return (one + self.size * np.arange(channels)[:, None]).ravel()
        return np.argsort(np.array(self._array(row, count), np.int64))

    def __repr__(self) -> str:
        if len(self.moves) > LISTED:
            start, to = self.moves[0]
            return f"Permute({start!r} to {to!r}, ..., {len(self.moves):,} units)"
        if self.size is not None:
            return f"Permute({[to for _, to in self.moves]})"
        return f"Permute({dict(self.moves)})"


def _listed(argument: str, value: Any, whole: Any = None) -> None:
    """Refuse what is no list of units; a text would be taken for a list of letters."""
    if value is not None and (isinstance(value, str) or not isinstance(value, Iterable)):
        rule = RULE if argument == "permutation" else CYCLES_RULE
        raise ConvgraphError(f"{argument}={value if whole is None else whole!r}: {rule}")


def _unit(value: Any) -> int | str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 0:
        raise ConvgraphError(f"permutation: {value!r} is no position (from 0) and no unit's name")
    return int(value)


def _position(unit: int | str, row: Row, count: int) -> int:
    if isinstance(unit, int):
        if unit >= count:
            raise ConvgraphError(
                f"permutation: position {unit}: row {row.name!r} has {count} units"
            )
        return unit
    index = row.find(unit)
    if index is None:
        # a name alike is looked for among few: each is held against the one that was given
        hint = nearest(unit, row.units()) if count <= 1000 else ""
        raise ConvgraphError(f"permutation: {unit!r} is no unit of row {row.name!r}{hint}")
    return int(np.ravel_multi_index(index, row.numbers()))


@dataclass(frozen=True, repr=False)
class PermuteChannels(Transformation):
    """A permutation of channels: channel c moves to `permutation[c]`, counted from 0.

    >>> PermuteChannels([1, 0])([[1, 2], [3, 4]])
    array([[3, 4],
           [1, 2]])
    """

    permutation: tuple[int, ...]
    _first_axis_is_channels = True

    def __post_init__(self) -> None:
        given: Any = self.permutation
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise ConvgraphError(f"permutation={given!r}: {RULE}")
        object.__setattr__(self, "permutation", tuple(given))
        if any(isinstance(c, bool) or not isinstance(c, int) for c in given) or sorted(
            given
        ) != list(range(len(given))):
            raise ConvgraphError(f"permutation={given!r}: {RULE}")

    def sources(self, row: Row) -> Sources:
        shape = row.numbers()
        if not row.channels or shape[0] != len(self.permutation):
            there = shape[0] if row.channels else "no"
            raise ConvgraphError(
                f"permutation of {len(self.permutation)}: row {row.name!r} has {there} channels"
            )
        positions = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
        return positions[np.argsort(self.permutation)].ravel()

    def __repr__(self) -> str:
        return f"PermuteChannels({list(self.permutation)})"
