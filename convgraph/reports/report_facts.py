"""What a report says, in numbers; `report` derives it, and other files show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.core.sizes import Size
from convgraph.interactions.all_fields import ReceptiveFields, receptive_fields
from convgraph.interactions.effective import EffectiveField, effective_fields
from convgraph.reports.rows import ReportRow

__all__ = ["ReportFacts", "Totals"]


@dataclass(frozen=True)
class Totals:
    """The sums over all layers.

    `uses` counts the connections that carry a parameter, biases included, and `sharing` is how
    often each parameter is used on average; `multiply_adds` and `macs` are those of `cost`.
    """

    rows: int
    units: Size
    parameters: Size
    connections: Size
    multiply_adds: Size
    macs: Size
    dense_parameters: Size
    dense_connections: Size
    uses: Size

    @property
    def sharing(self) -> Fraction | None:
        """Uses per parameter; None where there are none, or sizes are symbols."""
        if not (isinstance(self.uses, int) and isinstance(self.parameters, int)):
            return None
        return Fraction(self.uses, self.parameters) if self.parameters else None

    def to_dict(self) -> dict[str, Any]:
        """The sums as plain data."""
        names = (*self.__dataclass_fields__, "sharing")
        return plain({name: getattr(self, name) for name in names})


@dataclass(frozen=True, repr=False)
class ReportFacts:
    """The facts of a `Report`, which has them in words."""

    network: Network = field(compare=False)
    source: str
    rows: tuple[ReportRow, ...]
    totals: Totals
    feature: str | None
    effective: tuple[EffectiveField, ...]
    lattice: tuple[Any, ...]
    band: tuple[tuple[int, int], ...]
    caveats: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    left_out: str = ""

    def row(self, name: str) -> ReportRow:
        """The facts of the row of this name."""
        found = self.network.row(name).name
        return next(row for row in self.rows if row.name == found)

    def receptive_fields(self, row: str | None = None) -> ReceptiveFields:
        """The exact sets of units that the units of a row see."""
        return receptive_fields(self.network, row, self.source)

    def effective_fields(self, row: str) -> tuple[EffectiveField, ...]:
        """The effective receptive field of any row."""
        return effective_fields(self.network, row, self.source)
