"""One symmetry of a network: where each unit goes, and each parameter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from convgraph.symmetry.groups.permutation_arrays import Permutation, cycles, order_of
from convgraph.symmetry.transformations.permutations import Permute

if TYPE_CHECKING:
    from convgraph.core.network import Network

__all__ = ["Symmetry"]

LONGEST = 120  # characters of cycles that a repr shows
PALETTE = ("#A8A8A8", "#9ecae1", "#fdae6b", "#a1d99b", "#bcbddc", "#fa9fb5", "#d9d9a0", "#80cdc1")


@dataclass(frozen=True, eq=False)
class Symmetry:
    """A permutation of a network's units, row by row, under which connections keep their labels.

    Attributes
    ----------
    permutation
        Where each unit goes; the units of all rows are counted through.
    relabels
        Where each parameter goes, for the parameters that are exchanged with others.

    >>> import convgraph as cg
    >>> net = cg.Conv(3, padding="same", padding_mode="circular").on(4)
    >>> turn = cg.symmetry_group(net).generators[0]
    >>> turn, turn.order, turn.on("x").tolist()
    (Symmetry((x1 x2 x3 x4)(s1 s2 s3 s4)), 4, [1, 2, 3, 0])
    """

    network: Network = field(repr=False)
    permutation: Permutation
    relabels: Mapping[str, str] = field(default_factory=dict)

    def on(self, row: str) -> Permutation:
        """Where the units of a row go, zero-based."""
        found = self.network.row(row)
        first = self.network.offsets[found.name]
        return self.permutation[first : first + int(found.size)] - first

    def transformation(self, row: str) -> Permute:
        """What it does to a row, as a transformation."""
        return Permute(self.on(row).tolist())

    @property
    def order(self) -> int:
        """After how many applications everything is back."""
        return order_of(self.permutation)

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """The units that move, cycle by cycle."""
        return tuple(tuple(map(self._unit, cycle)) for cycle in cycles(self.permutation))

    def _unit(self, number: int) -> str:
        rows, offsets = self.network.rows, self.network.offsets
        row = next(r for r in reversed(rows) if offsets[r.name] <= number)
        return row.unit_at(number - offsets[row.name])

    @property
    def moved(self) -> tuple[str, ...]:
        """The units that move."""
        return tuple(unit for cycle in self.cycles for unit in cycle)

    @property
    def shade(self) -> dict[str, list[str]]:
        """The units by the colour of their cycles, row by row, for `draw(net, shade=...)`."""
        found: dict[str, list[str]] = {}
        names = [unit for row in self.network.rows for unit in row.units()]
        for row in self.network.rows:
            first = self.network.offsets[row.name]
            for number, cycle in enumerate(cycles(self.on(row.name))):
                colour = PALETTE[number % len(PALETTE)]
                found.setdefault(colour, []).extend(names[first + i] for i in cycle)
        return found

    def __str__(self) -> str:
        return "".join(f"({' '.join(cycle)})" for cycle in self.cycles) or "()"

    def __repr__(self) -> str:
        moving = int((self.permutation != np.arange(len(self.permutation))).sum())
        text = str(self) if moving <= LONGEST else ""
        if not text or len(text) > LONGEST:
            text = f"moves {moving:,} units"
        exchanged = [f"{a} -> {b}" for a, b in list(self.relabels.items())[:6]]
        more = ", ..." if len(self.relabels) > 6 else ""
        return f"Symmetry({text}{'; ' if exchanged else ''}{', '.join(exchanged)}{more})"
