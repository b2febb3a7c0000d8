"""How long the expressions of a network's units are, before any of them is written."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.function import Function
from convgraph.core.layer import Layer
from convgraph.core.rows_and_layers import RowsAndLayers

__all__ = ["Lengths"]

MOST = 500_000  # of all expressions together that a network applies functions to


@lru_cache(maxsize=1024)
def _written(function: Function) -> tuple[int, int]:
    """How often a function writes its argument, and how many symbols and operations beside it."""
    t = sp.Dummy("t")
    parts = list(sp.preorder_traversal(function.exact(t)))
    times = parts.count(t)
    return times, len(parts) - times


class Lengths:
    """How long the expressions of units are at most, row by row in order of computation."""

    def __init__(self, network: RowsAndLayers) -> None:
        self._of = np.ones(len(network.edges.start) - 1)
        self._offsets, self._functions = network.offsets, 0.0

    def add(
        self, layer: Layer, edges: tuple[NDArray[np.int64], NDArray[Any], Any], gone_through: bool
    ) -> None:
        """Count the expressions of a layer; refuse them where sympy would go through too many."""
        start, source, _ = edges
        read = np.concatenate([[0], np.cumsum(self._of[source] + 2)])  # a label, and a product
        own = 1 + read[start[1:]] - read[start[:-1]]
        if layer.reduction.function is not None:
            times, more = _written(layer.reduction.function)
            own = times * own + more
        first = self._offsets[layer.target.name]
        self._of[first : first + len(own)] = own
        if gone_through:
            self._functions += float(own.sum())
            if self._functions > MOST:
                raise ConvgraphError(
                    f"network: written out, the expressions of {layer.target.name} have up to "
                    f"{self._functions:,.0f} symbols and operations, of which at most {MOST:,} are "
                    "gone through"
                )
