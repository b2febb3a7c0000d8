"""Products of axes whose connections are listed when somebody asks for them one by one."""

from __future__ import annotations

from functools import cached_property, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.arrays import Array
from convgraph.core.boxes import Box
from convgraph.core.edges import fill
from convgraph.core.tying import Constant, Explicit, Learned
from convgraph.core.wiring import Listed, Product

__all__ = ["Entries", "Spelled"]

EACH = 3 * 8  # bytes for a connection: its source, and what it is computed from


class Spelled(Listed):
    """The wiring of a product, for a tying that no formula over its axes gives.

    Fields and counts are those of the product; the list is made when it is read.
    """

    def __init__(self, product: Product) -> None:
        sizes = [int(np.prod([int(n) for n in view], dtype=np.int64))
                 for view in (product.in_view, product.out_view)]  # fmt: skip
        for name, value in zip(("product", "inputs", "outputs"), (product, *sizes), strict=True):
            object.__setattr__(self, name, value)

    product: Product

    @cached_property
    def start(self) -> NDArray[np.int64]:
        """Where the connections of each output begin."""
        fan_in = reduce(np.multiply.outer, [axis.fan_in() for axis in self.product.axes])
        return np.concatenate([[0], np.cumsum(np.ravel(fan_in), dtype=np.int64)])

    @cached_property
    def source(self) -> NDArray[np.integer[Any]]:
        """The input unit of each connection."""
        memory.require("edges", self.connections, EACH)
        sources: NDArray[np.integer[Any]] = np.empty(
            self.connections, np.int32 if self.inputs < 2**31 else np.int64
        )
        fill(self.product, Constant(), 0, 0, sources, sources)
        return sources

    @property
    def connections(self) -> int:
        """The number of connections."""
        return int(self.product.connections)

    def back(self, box: Box, out_shape: tuple[int, ...], in_shape: tuple[int, ...]) -> list[Box]:
        """The input units that a box of output units reads, as boxes in the input row's shape."""
        return self.product.back(box, out_shape, in_shape)

    def forward(self, box: Box, in_shape: tuple[int, ...], out_shape: tuple[int, ...]) -> list[Box]:
        """The output units that read any of a box of input units."""
        return self.product.forward(box, in_shape, out_shape)

    def __reduce__(self) -> tuple[Any, ...]:
        return Spelled, (self.product,)

    def __repr__(self) -> str:
        return f"Spelled({self.product!r})"


class Entries(Explicit):
    """The labels of a spelled product: digits give a place, and at each place stands a label."""

    def __init__(
        self,
        product: Product,
        digits: Learned,
        entries: NDArray[np.integer[Any]],
        expressions: tuple[Any, ...] | Array,
        arrays: tuple[Array, ...] = (),
    ) -> None:
        named = {"product": product, "digits": digits, "entries": entries}
        for name, value in {**named, "expressions": expressions, "arrays": arrays}.items():
            object.__setattr__(self, name, value)

    product: Product
    digits: Learned
    entries: NDArray[np.integer[Any]]

    @cached_property
    def labels(self) -> NDArray[np.integer[Any]]:
        """The label of each connection."""
        count = int(self.product.connections)
        memory.require("edges", count, EACH)
        places = np.empty(count, np.int64)
        fill(self.product, self.digits, 0, 0, np.empty(count, np.int64), places)
        return self.entries.reshape(-1)[places]

    def __reduce__(self) -> tuple[Any, ...]:
        parts = self.product, self.digits, self.entries, self.expressions, self.arrays
        return Entries, parts

    def __repr__(self) -> str:
        return f"Entries({self.entries.shape} of {self.expressions!r})"
