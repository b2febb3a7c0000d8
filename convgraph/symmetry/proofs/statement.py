"""What a theorem states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convgraph.core.sizes import Size
from convgraph.symmetry.proofs.equation import Equation
from convgraph.symmetry.proofs.open_network import Note, Where

__all__ = ["Statement"]


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
