"""A comparison of two networks in words: as text, in a notebook, for a pull request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from convgraph.core import escape
from convgraph.core.sizes import Size
from convgraph.core.tables import Table, counted
from convgraph.interactions.connections import simplest
from convgraph.reports.report_tables import COLUMNS, NUMBERS, cells

if TYPE_CHECKING:
    from convgraph.reports.differences import Differences, RowComparison
    from convgraph.reports.findings.finding import Finding
    from convgraph.reports.rows import ReportRow

__all__ = ["html", "markdown", "text"]

# The columns of a report, what they show, and two that a report leaves to its totals.
SHOWN = {
    "layer": ("kind",),
    "shape": ("shape",),
    "reads": ("reads",),
    "field": ("receptive_field", "everywhere"),
    "clipped": ("clipped",),
    "stride": ("stride",),
    "centre": ("centre",),
    "padding": ("padding",),
    "seen": ("seen",),
    "sees padding": ("touches_padding",),
    "parameters": ("parameters",),
    "connections": ("connections",),
    "multiply-adds": ("multiply_adds",),
    "MACs": ("macs",),
}
ALWAYS = ("layer", "shape")
HEADS = {"come": "New findings", "gone": "Findings that are gone"}


def text(difference: Differences) -> str:
    """The sums, the findings and the rows, as lines for a terminal."""
    parts = [_summary(difference)]
    parts += [table.text() for table in (_totals(difference),) if table.rows]
    parts += ["\n".join([f"{head}:", *map(repr, found)]) for head, found in _findings(difference)]
    parts += [table.text() for table in (_rows(difference),) if table.rows]
    return "\n\n".join(parts)


def markdown(difference: Differences) -> str:
    """The same for a pull request; many rows are folded away until somebody asks for them."""
    parts = [f"**{escape.markdown(_summary(difference))}**\n"]
    parts += [table.markdown().rstrip() + "\n" for table in (_totals(difference),) if table.rows]
    for head, found in _findings(difference):
        said = (f"- {f.severity} {f.rule}: {f.message}" for f in found)
        parts.append("\n".join([f"{head}:\n", *("- " + escape.markdown(s[2:]) for s in said)]))
        parts[-1] += "\n"
    rows = _rows(difference)
    if rows.rows:
        head, shown = f"{len(rows.rows)} rows", rows.markdown().rstrip()
        folded = f"<details><summary>{head}</summary>\n\n{shown}\n\n</details>\n"
        parts.append(folded if len(rows.rows) > 20 else f"{shown}\n")
    return "\n".join(parts)


def html(difference: Differences) -> str:
    """The same as elements, for a notebook."""
    from dataclasses import replace

    facts = [(head, repr(finding)) for head, found in _findings(difference) for finding in found]
    totals = replace(_totals(difference), title=_summary(difference), facts=facts)
    rows = _rows(difference)
    return totals.html() + (rows.html() if rows.rows else "")


def _summary(difference: Differences) -> str:
    if difference.alike:
        return f"All {len(difference.rows)} rows are alike, and so are the findings."
    counts = [
        f"{len(difference.of(status))} {status}"
        for status in ("changed", "added", "removed", "alike")
    ]
    return f"Rows: {', '.join(counts)}."


def _findings(difference: Differences) -> list[tuple[str, Sequence[Finding]]]:
    both = ((HEADS[side], getattr(difference, side)) for side in HEADS)
    return [(head, found) for head, found in both if found]


def _totals(difference: Differences) -> Table:
    columns = ("in all", "before", "after", "difference")
    rows = [
        (name.replace("_", "-"), counted(old), counted(new), _signed(simplest(new - old)))
        for name, (old, new) in difference.totals.items()
    ]
    return Table("In all", columns, rows, columns[1:])


def _signed(number: Size) -> str:
    return f"{number:+,}" if isinstance(number, int) else str(number)


def _rows(difference: Differences) -> Table:
    """The rows that are not alike, with the columns in which anything differs."""
    rows = [row for row in difference.rows if row.status != "alike"]
    differing = {name for row in rows for name in row.changes}
    columns = [c for c, names in SHOWN.items() if c in ALWAYS or differing.intersection(names)]
    lines = [(row.status, _name(row), *(_cell(row, c) for c in columns)) for row in rows]
    numbers = {*NUMBERS, "connections", "MACs"}
    return Table("Rows", ("", "tensor", *columns), lines, numbers)


def _name(row: RowComparison) -> str:
    return _both(*(None if each is None else each.name for each in (row.before, row.after)))


def _cell(row: RowComparison, column: str) -> str:
    """What stands there; both, where it differs."""
    if column == "reads":
        old, new = row.changes.get("reads", ((), ()))
        return _both(", ".join(old), ", ".join(new)) if "reads" in row.changes else ""
    both = [None if each is None else _words(each, column) for each in (row.before, row.after)]
    return _both(*both) if None in both or _differs(row, column) else str(both[1])


def _differs(row: RowComparison, column: str) -> bool:
    return any(name in row.changes for name in SHOWN[column])


def _words(row: ReportRow, column: str) -> str:
    if column in COLUMNS:
        return cells(row)[COLUMNS.index(column)]
    number: Any = row.macs if column == "MACs" else row.connections
    return counted(number) if number != 0 else ""


def _both(old: str | None, new: str | None) -> str:
    if old is None or new is None or old == new:
        return str(new if old is None else old)
    return f"{old or '-'} -> {new or '-'}"
