"""Two networks side by side: what of a report differs, row by row, and in the findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from convgraph.core.calls import checked
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.reports.differences import Differences, RowComparison
from convgraph.reports.findings.finding import Finding
from convgraph.reports.findings.registry import findings
from convgraph.reports.matching import matched, reads
from convgraph.reports.report import Report, report
from convgraph.reports.rows import ReportRow

__all__ = ["NetworkComparison", "compare"]

# Not compared: names, what effective fields come to, and the dense counterpart, which is no layer.
LEFT_OUT = {"name", "deviation", "dense_parameters", "dense_connections"}


@dataclass(frozen=True, repr=False)
class NetworkComparison(Differences):
    """How two networks differ; see `compare`.

    Attributes
    ----------
    before, after
        The reports on both.
    rows
        Every row of either, in order of computation.
    totals
        What differs of the sums: each with its value before and after.
    come, gone
        The findings that only the second network has, and those that only the first has; None
        where a size is a symbol.
    """

    def to_markdown(self) -> str:
        """What differs as Markdown: the sums, the findings, the rows."""
        from convgraph.reports.compare_tables import markdown

        return markdown(self)

    def __str__(self) -> str:
        from convgraph.reports.compare_tables import text

        return text(self)

    def _repr_html_(self) -> str:
        from convgraph.reports.compare_tables import html

        return html(self)

    def __repr__(self) -> str:
        counts = Counter(row.status for row in self.rows)
        said = [f"{counts[s]} rows {s}" for s in ("changed", "added", "removed") if counts[s]]
        for word, found in (("new", self.come), ("gone", self.gone)):
            said += [f"{len(found)} findings {word}"] if found else []
        return f"NetworkComparison({', '.join(said) or f'{len(self.rows)} rows alike'})"


@checked
def compare(a: Network, b: Network, row: str | None = None) -> NetworkComparison:
    """How two networks differ, row by row: fields, strides, padding, cost, and findings.

    Rows that their author named, by a module or in parts, are the same row where the name is the
    same. The others, whose names are numbers that whatever is put in before them moves on, are
    matched in order of computation by their kinds, weights, shapes and parameters.

    What is compared is what a report says, and which rows a row reads. Networks that are alike in
    all of it may still differ in single connections; `same_wiring` and `same_tying` decide that.

    Parameters
    ----------
    a, b
        Bound networks: before and after.
    row
        The row that fields are looked back to in both; by default the input (the largest of
        several).

    Returns
    -------
    NetworkComparison
        With `rows`, `totals`, the findings that have `come` and `gone`, and `to_dict`, `to_json`
        and `to_markdown`.

    Raises
    ------
    ConvgraphError
        If an argument is no network, or there is no such row.

    Examples
    --------
    >>> import convgraph as cg
    >>> a = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(16)
    >>> b = (cg.Conv(3, padding="same") >> cg.ReLU() >> cg.Conv(5, padding="same")).on(16)
    >>> difference = cg.compare(a, b)
    >>> difference
    NetworkComparison(1 rows changed, 1 rows added)
    >>> difference.row("s").changes["receptive_field"]
    ((5,), (7,))

    References
    ----------
    Needleman and Wunsch, A general method applicable to the search for similarities in the amino
    acid sequence of two proteins, Journal of Molecular Biology 48 (1970).
    """
    for argument, network in (("a", a), ("b", b)):
        check_network(network, argument)
    before, after = (report(network, row, effective=False) for network in (a, b))
    pairs = matched(a, b, before.rows, after.rows)
    come = gone = None
    if not (a.symbolic or b.symbolic):
        come, gone = _findings(findings(a, row=row), findings(b, row=row), pairs)
    totals = {
        each.name: values
        for each in fields(before.totals)
        if not each.name.startswith("dense")
        and _differ(*(values := tuple(getattr(r.totals, each.name) for r in (before, after))))
    }
    return NetworkComparison(before, after, _rows(before, after, pairs), totals, come, gone)


def _rows(before: Report, after: Report, pairs: Mapping[str, str]) -> tuple[RowComparison, ...]:
    """All rows as in the second network, what was removed behind the row that it once followed."""
    new = {row.name: (place, row) for place, row in enumerate(after.rows)}
    placed: list[tuple[tuple[int, int], RowComparison]] = []
    place = -1
    for number, row in enumerate(before.rows):
        if row.name in pairs:
            place, other = new.pop(pairs[row.name])
            changes = _changes(before.network, after.network, row, other, pairs)
            placed.append(((place, -1), RowComparison(row, other, changes)))
        else:
            placed.append(((place, number), RowComparison(row, None)))
    placed += [((place, -1), RowComparison(None, row)) for place, row in new.values()]
    return tuple(row for _, row in sorted(placed, key=lambda pair: pair[0]))


def _changes(
    a: Network, b: Network, row: ReportRow, other: ReportRow, pairs: Mapping[str, str]
) -> dict[str, tuple[Any, Any]]:
    old, new = _told(row), _told(other)
    found = {name: (old[name], new[name]) for name in old if _differ(old[name], new[name])}
    own, others = reads(a, row.name), reads(b, other.name)
    if tuple(pairs.get(name) for name in own) != others:
        found["reads"] = own, others
    return found


def _told(row: ReportRow) -> dict[str, Any]:
    """The facts of a row; of one that does not move there is no place to tell, nor how far.

    What reads a global pool sees everything, whatever the extent of the fields before it was.
    """
    facts = {each.name: getattr(row, each.name) for each in fields(row)}
    still = row.stride is None or all(stride is None for stride in row.stride)
    if still:
        facts.update(dict.fromkeys(("stride", "centre", "padding")))
    if still and any(row.everywhere or ()):
        facts["receptive_field"] = None
    return {name: value for name, value in facts.items() if name not in LEFT_OUT}


def _differ(value: Any, other: Any) -> bool:
    """Whether two exact values differ; sums of symbols may be written in two ways."""
    if value == other:
        return False
    return plain(value) != plain(other)


def _findings(
    before: Any, after: Any, pairs: Mapping[str, str]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """What is only found after, and only before: by rule, severity and rows."""

    def key(finding: Finding, names: Mapping[str, str]) -> tuple[str, ...]:
        rows = (names.get(name, f"{name} before") for name in finding.tensors)
        return (finding.rule, finding.severity, *rows)

    same = {name: name for name in (r for f in after for r in f.tensors)}
    had = Counter(key(finding, pairs) for finding in before)
    has = Counter(key(finding, same) for finding in after)
    come = tuple(f for f in after if _spent(had, key(f, same)))
    gone = tuple(f for f in before if _spent(has, key(f, pairs)))
    return come, gone


def _spent(counts: Counter[tuple[str, ...]], key: tuple[str, ...]) -> bool:
    """Whether none of a key is left, after taking one away."""
    counts[key] -= 1
    return counts[key] < 0
