"""Specs bound to numbers, and kept for a while: a theorem is verified soon after it is proved.

What is kept is what a spec is at a size, and not what was found of it.
"""

from __future__ import annotations

from functools import lru_cache

from convgraph.core.network import Network
from convgraph.core.settled import settled
from convgraph.layers.spec import Spec
from convgraph.network.functional import Input

__all__ = ["bound", "remembered"]

KEPT = 64  # networks, of which each that is evaluated has few edges


def bound(spec: Spec, shape: tuple[int, ...], rank: int) -> Network:
    """The spec on an input of this shape, channels first where there is one axis more."""
    return (remembered if settled(spec) else _made)(spec, shape, rank)


def _made(spec: Spec, shape: tuple[int, ...], rank: int) -> Network:
    x = Input(shape, rank=rank)
    return Network(x, spec(x))


remembered = lru_cache(maxsize=KEPT)(_made)
