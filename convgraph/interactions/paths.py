"""Path counts: along how many paths each unit of a row reaches a unit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from convgraph.core.calls import checked
from convgraph.core.layer import Row
from convgraph.core.named_row import input_row
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.interactions.count_arrays import CountArray, Ints

__all__ = ["PathCounts", "path_counts"]


@dataclass(frozen=True, eq=False, repr=False)
class PathCounts(Mapping[str, int]):
    """The number of paths from each unit of a row to one unit; a mapping from units to numbers.

    Kept as a product of one vector per axis where the network is one, so that an image costs its
    height and its width, and numbers are exact however large they are.

    Attributes
    ----------
    unit, row
        Where the paths end, and the row where they start.
    """

    unit: str
    row: Row
    counts: CountArray

    @cached_property
    def array(self) -> Ints:
        """The numbers as an array (of Python ints) of the row's shape."""
        return self.counts.array()

    @cached_property
    def total(self) -> int:
        """The number of all paths from the row to the unit."""
        return self.counts.total()

    @property
    def factors(self) -> tuple[Ints, ...] | None:
        """One vector per axis whose outer product is the array, or None where it is no product."""
        terms = self.counts.terms
        return terms[0] if self.counts.whole is None and len(terms) == 1 else None

    @cached_property
    def marginals(self) -> tuple[Ints, ...]:
        """Per axis the number of paths from each position, summed over all other axes."""
        return tuple(self.counts.marginal(axis) for axis in range(len(self.counts.shape)))

    def __getitem__(self, unit: str) -> int:
        index = self.row.find(unit) if isinstance(unit, str) else None
        if index is None:
            raise KeyError(unit)
        return self.counts.at(index)

    def __iter__(self) -> Iterator[str]:
        return iter(self.row.units())

    def __len__(self) -> int:
        return int(np.prod(self.row.numbers(), dtype=np.int64))

    def to_dict(self) -> dict[str, Any]:
        """The unit, the row, the total and the numbers as plain data."""
        facts = {"unit": self.unit, "row": self.row.name, "total": self.total}
        return plain({**facts, "marginals": self.marginals, "array": self.array})

    def __repr__(self) -> str:
        head = f"PathCounts({self.row.name} -> {self.unit}: {self.total:,} paths"
        if len(self) > 12:
            return f"{head} from {len(self):,} units)"
        return f"{head}; {', '.join(f'{unit}: {number:,}' for unit, number in self.items())})"


@checked
def path_counts(network: Network, unit: str, row: str | None = None) -> PathCounts:
    """The number of paths from each unit of a row to a unit.

    Divided by their sum these are the influence of the inputs on the unit when all weights are
    equal: the effective receptive field, which is bell-shaped in deep networks.

    Parameters
    ----------
    network
        A bound network.
    unit
        The name of the unit where the paths end.
    row
        The row where they start; the input by default.

    Returns
    -------
    PathCounts
        A mapping from unit names to exact numbers, with `array`, `total`, `marginals` and
        `factors`.

    Raises
    ------
    ConvgraphError
        If there is no such unit or row, or if the network has several inputs and none is named.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5)
    >>> cg.path_counts(net, "g3")
    PathCounts(x -> g3: 9 paths; x1: 1, x2: 2, x3: 3, x4: 2, x5: 1)

    References
    ----------
    Luo, Li, Urtasun and Zemel, Understanding the effective receptive field in deep convolutional
    neural networks (2016), section 2.
    """
    check_network(network)
    end, index = network.find(unit)
    start = input_row(network, row)
    counts = {end.name: CountArray.single(end.numbers(), index)}
    for layer in reversed(network.layers):
        found = counts.get(layer.target.name)
        if found is None or layer.target.name == start.name:
            continue
        for joint in layer.joints:
            source = joint.source
            back = found.back(joint.wiring, source.numbers())
            counts[source.name] = counts[source.name] + back if source.name in counts else back
    return PathCounts(unit, start, counts.get(start.name, CountArray(start.numbers())))
