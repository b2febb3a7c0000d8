"""Tensors: the symbolic values from which a network is assembled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from convgraph.core.reduction import Reduction
from convgraph.core.sizes import Size
from convgraph.core.tying import Tying
from convgraph.core.wiring import Wiring

__all__ = ["Bound", "Tensor"]


@dataclass(frozen=True, eq=False)
class Bound:
    """What a spec becomes on given shapes: a (wiring, tying) per input, and a reduction."""

    shape: tuple[Size, ...]
    joints: tuple[tuple[Wiring, Tying], ...]
    reduction: Reduction
    bias: tuple[Wiring, Tying] | None = None
    channels: bool | None = None
    """Whether the first axis of the output counts channels; None where nothing has said so."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """An input, or the result of calling a spec on other tensors; it becomes a row of units."""

    shape: tuple[Size, ...]
    channels: bool | None = None
    name: str | None = None
    spec: Any = None
    bound: Bound | None = None
    sources: tuple[Tensor, ...] = ()
    taken: bool | None = None
    """Whether its layer takes the first axis of what it reads for channels; None: neither."""
