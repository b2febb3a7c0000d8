"""What a statement says of numbers: which symbols are sizes, and what others stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.sympified import sympified
from convgraph.symmetry.instances.integer_formulas import whole
from convgraph.symmetry.statements.statement import Note, Positions

__all__ = ["StatedSizes"]


class StatedSizes:
    """What the notes of a statement say.

    Attributes
    ----------
    sizes
        For each row that is named, its number of positions along each axis of space; the input's
        come first.
    meanings
        What symbols stand for, in order.
    """

    def __init__(self, notes: Sequence[Note]) -> None:
        self.sizes: dict[str, tuple[sp.Expr, ...]] = {}
        self.meanings: list[tuple[sp.Symbol, sp.Expr]] = []
        for note in notes:
            if isinstance(note, Positions):
                self.sizes.update(dict.fromkeys(note.rows, note.sizes))
            elif note.value is not None:
                self.meanings.append((note.symbol, note.value))

    @property
    def input(self) -> tuple[sp.Expr, ...]:
        """The number of positions of the input, per axis of space."""
        for sizes in self.sizes.values():
            return sizes
        raise ConvgraphError("notes: no row's number of positions is among them")

    def counted(self, known: dict[sp.Symbol, Any]) -> Iterator[sp.Symbol]:
        """The symbols of the input's size that are open once others are known."""
        free = set().union(*(sympified(n).free_symbols for n in self.input))
        yield from sorted(free - set(known), key=lambda s: s.name)

    def complete(self, known: dict[sp.Symbol, Any]) -> dict[sp.Symbol, Any]:
        """With the numbers of the symbols that stand for something."""
        found = dict(known)
        for symbol, value in self.meanings:
            found[symbol] = whole(value, found)
        return found
