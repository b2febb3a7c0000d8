"""What a theorem states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import sympy as sp

from convgraph.core.sizes import Size
from convgraph.symmetry.statements.equation import Equation

__all__ = ["Meaning", "Note", "Positions", "Statement", "Where", "floors_of"]

Where: TypeAlias = Literal["line", "circle", "interior"]


@dataclass(frozen=True)
class Positions:
    """How many positions some rows have along each axis of space, all of them as many."""

    rows: tuple[str, ...]
    sizes: tuple[sp.Expr, ...]


@dataclass(frozen=True)
class Meaning:
    """What a symbol stands for; without a value, for the padding before the first position."""

    symbol: sp.Symbol
    value: sp.Expr | None


Note: TypeAlias = Positions | Meaning


@dataclass(frozen=True)
class Statement:
    """What is claimed: that a spec commutes with a shift, or another theorem about layers.

    Attributes
    ----------
    theorem
        "equivariance", "converse" or "downsampling".
    spec, transformation, where, channels
        What was asked; see `prove`.
    claim
        The equation that is to be shown.
    notes
        What the symbols stand for that were introduced for sizes and paddings.
    """

    theorem: str
    spec: Any
    transformation: Any
    where: Where
    channels: Size | None
    claim: Equation
    notes: tuple[Note, ...] = ()


def floors_of(notes: Sequence[Note]) -> dict[sp.Symbol, sp.Expr]:
    """The sizes among the notes that a division by a number rounds down, and nothing else."""
    found = {}
    for note in notes:
        value = note.value if isinstance(note, Meaning) else None
        if not isinstance(note, Meaning) or value is None:
            continue
        parts = [floor.args[0] for floor in value.atoms(sp.floor)]
        if parts and all(map(_is_polynomial, parts)) and not value.has(sp.ceiling, sp.Max, sp.Min):
            found[note.symbol] = value
    return found


def _is_polynomial(e: sp.Expr) -> bool:
    """Whether it divides by numbers alone, and rounds nothing."""
    powers = (power.exp for power in e.atoms(sp.Pow))
    return not e.has(sp.floor) and all(n.is_Integer and n > 0 for n in powers)
