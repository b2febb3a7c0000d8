"""What a theorem states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import sympy as sp

from convgraph.core.sizes import Size
from convgraph.symmetry.statements.equation import Equation

__all__ = ["MEANING", "Note", "Statement", "Where"]

Where: TypeAlias = Literal["line", "circle", "interior"]
MEANING = "{} = {}"


@dataclass(frozen=True)
class Note:
    """What a symbol stands for, in words with places for formulas."""

    words: str
    formulas: tuple[sp.Expr, ...]


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
