"""How two networks differ, in numbers; `compare` finds it, and other files show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from convgraph.core import escape
from convgraph.core.checks import as_word
from convgraph.core.errors import ConvgraphError
from convgraph.core.plain_data import plain
from convgraph.reports.findings.finding import Finding
from convgraph.reports.report import Report
from convgraph.reports.rows import ReportRow

__all__ = ["Differences", "RowComparison"]


@dataclass(frozen=True)
class RowComparison:
    """One row before and after; None where it is not there.

    `changes` has the facts of `ReportRow` that differ, each with the value before and after, and
    `reads`, the rows that it is computed from, where those are not the same rows.
    """

    before: ReportRow | None
    after: ReportRow | None
    changes: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """What became of it: "added", "removed", "changed" or "alike"."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "changed" if self.changes else "alike"

    def to_dict(self) -> dict[str, Any]:
        """The names and what differs as plain data."""
        names = (None if row is None else row.name for row in (self.before, self.after))
        return plain({"status": self.status, "rows": names, "changes": self.changes})


@dataclass(frozen=True, repr=False)
class Differences:
    """What a `NetworkComparison` says, which has it in words."""

    before: Report
    after: Report
    rows: tuple[RowComparison, ...]
    totals: Mapping[str, tuple[Any, Any]]
    come: tuple[Finding, ...] | None
    gone: tuple[Finding, ...] | None

    @property
    def alike(self) -> bool:
        """Whether nothing differs of what is compared."""
        return all(row.status == "alike" for row in self.rows) and not (self.come or self.gone)

    def row(self, name: str) -> RowComparison:
        """The comparison of a row, by the name that it has in the second network, or in the first.

        A module's name stands for the last row that it computes.
        """
        try:
            side, found = "after", self.after.network.row(name).name
        except ConvgraphError:
            if not isinstance(name, str) or name not in {each.name for each in self.before.rows}:
                raise
            side, found = "before", name
        return next(r for r in self.rows if (own := getattr(r, side)) and own.name == found)

    def of(self, status: str) -> tuple[RowComparison, ...]:
        """The rows of which this became."""
        as_word("status", status, ("added", "removed", "changed", "alike"))
        return tuple(row for row in self.rows if row.status == status)

    def to_dict(self) -> dict[str, Any]:
        """What differs as plain data."""
        come, gone = (
            None if found is None else [finding.to_dict() for finding in found]
            for found in (self.come, self.gone)
        )
        return {
            "before": repr(self.before.network),
            "after": repr(self.after.network),
            "alike": self.alike,
            "totals": plain(self.totals),
            "rows": [row.to_dict() for row in self.rows if row.status != "alike"],
            "findings": {"come": come, "gone": gone},
        }

    def to_json(self) -> str:
        """What differs as JSON text."""
        return escape.json(self.to_dict())
