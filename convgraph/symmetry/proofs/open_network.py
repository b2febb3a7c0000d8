"""The setting of a claim: a network of open size, where it is asked about, and how rows move.

Three settings differ in what lies beyond the border.

- "line": nothing does, as every row has a position at each integer (a plane, for two axes).
- "circle": positions are counted modulo the number of a row's positions (a torus).
- "interior": rows are finite, and the claim is about outputs that the border does not reach.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.symmetry.statements.statement import MEANING, Note, Where, floors_of
from convgraph.symmetry.statements.vocabulary import index, unused

__all__ = ["Setting"]


@dataclass(frozen=True)
class Setting:
    """A network of open size and a shift of its input, with a name for everything.

    Attributes
    ----------
    network, where
        The network, bound to symbols, and which of the three settings it is.
    amounts
        By how much the input moves, per axis of space.
    wrapped
        Whether what leaves a frame comes back in at its other end; zeros come in otherwise.
    names
        The name that each row has in formulas.
    shifts
        By how much each row moves, per axis of the row (channels included, which do not move).
    sizes
        The number of positions of each row, per axis; in the interior a symbol of its own where it
        is no polynomial.
    meanings, paddings
        What the symbols stand for that were introduced here, and which of them are paddings.
    taken
        The names that are in use.
    """

    network: Network
    where: Where
    amounts: tuple[sp.Expr, ...]
    wrapped: bool
    names: Mapping[str, str]
    shifts: Mapping[str, tuple[sp.Expr, ...]]
    sizes: Mapping[str, tuple[sp.Expr, ...]]
    meanings: Mapping[sp.Symbol, sp.Expr]
    paddings: frozenset[sp.Symbol]
    taken: frozenset[str]

    def positions(self, row: Row) -> tuple[sp.Symbol, ...]:
        """The variables that count a row's units: f for the channel, i or i_1, i_2 for space."""
        space = len(row.shape) - row.channels
        spaces = ["i"] if space == 1 else [f"i_{a + 1}" for a in range(space)]
        return tuple(index(self.free(name)) for name in ["f"] * row.channels + spaces)

    def moving(self, row: Row) -> tuple[bool, ...]:
        """Along which axes a row moves: not those of the channels, nor what a whole row became."""
        return tuple(t != 0 for t in self.shifts[row.name])

    def moduli(self, row: Row) -> tuple[sp.Expr | None, ...]:
        """On a circle the number of positions of each axis that moves; None for other axes."""
        pairs = zip(self.moving(row), self.sizes[row.name], strict=True)
        return tuple(size if moves and self.where == "circle" else None for moves, size in pairs)

    def notes(self) -> tuple[Note, ...]:
        """What a reader has to be told of sizes and paddings."""
        found: list[Note] = []
        rows: dict[tuple[sp.Expr, ...], list[str]] = {}
        for row in self.network.rows if self.where != "line" else ():
            rows.setdefault(self.sizes[row.name][row.channels :], []).append(self.names[row.name])
        for space, names in rows.items():
            have = "has" if len(names) == 1 else "have"
            count = " x ".join(["{}"] * len(space))
            positions = "position" if all(n == 1 for n in space) else "positions"
            counted = "." if found else ", counted from 0."
            found.append(Note(f"{_listed(names)} {have} {count} {positions}{counted}", space))
        for symbol, value in self.meanings.items():
            if symbol in self.paddings and self.where == "line":
                found.append(Note("{} is the padding before the first position.", (symbol,)))
            else:
                found.append(Note(MEANING, (symbol, value)))
        return tuple(found)

    @cached_property
    def floors(self) -> dict[sp.Symbol, sp.Expr]:
        """The sizes that a division by a number rounds down: see `floors_of`."""
        return floors_of(self.notes())

    def free(self, name: str) -> str:
        """A name that no size, kernel or row has."""
        return unused(name, self.taken)

    def named(self, size: Size) -> sp.Expr:
        """A size or a padding, or the symbol that stands for it."""
        value = sp.sympify(size)
        return next((s for s, meant in self.meanings.items() if meant == value), value)

    def padded(self, axis: Axis) -> Axis:
        """An axis with the symbol that stands for its padding."""
        if axis.window is None or isinstance(axis.window.padding, int):
            return axis
        return axis.with_padding(self.named(axis.window.padding))

    @property
    def of_any_size(self) -> bool:
        """Whether the input has any number of positions, and not multiples of some strides only."""
        row = self.network.inputs[0]
        return all(sp.sympify(n).is_Symbol for n in row.shape[row.channels :])

    @cached_property
    def sign(self) -> int | None:
        """1 if no amount is negative, -1 if none is positive, None where that is open."""
        if all(a.is_nonnegative for a in self.amounts):
            return 1
        return -1 if all(a.is_nonpositive for a in self.amounts) else None


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
