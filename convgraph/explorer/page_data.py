"""What the explorer's page knows, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from convgraph.core import escape
from convgraph.core.network import Network
from convgraph.core.units import Units
from convgraph.explorer.axis_words import axis_words
from convgraph.explorer.interfaces import Place, Reported, RowFacts
from convgraph.explorer.row_tree import folds
from convgraph.explorer.wirings import runs, wirings

__all__ = ["engine", "facts", "moves"]

MOST_BOXES = 40  # of the units that a finding is about; more would show as dust, and fill a page


def engine(network: Network) -> dict[str, Any]:
    """What answers are derived from."""
    return wirings(network)


def facts(report: Reported, found: Iterable[Place] | None) -> dict[str, Any]:
    """All that a page about a report knows: the network, its rows in words, the findings.

    What a model's author wrote is in it in printable characters alone.
    """
    known: dict[str, Any] = _printable(_facts(report, found))
    return known


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return escape.plain(value)
    if isinstance(value, list | tuple):
        return [_printable(each) for each in value]
    if isinstance(value, dict):
        return {key: _printable(each) for key, each in value.items()}
    return value


def _facts(report: Reported, found: Iterable[Place] | None) -> dict[str, Any]:
    network = report.network
    numbers = {row.name: i for i, row in enumerate(network.rows)}
    answered = engine(network)
    source = answered["rows"][numbers[report.source]]
    space = len(source["shape"]) - source["cut"]
    for name, words in axis_words(network).items():
        row = answered["rows"][numbers[name]]
        if set(words[: row["cut"]]) - {"channel", "unit"} or "channel" in words[row["cut"] :]:
            row["axes"] = words  # elsewhere channels come first, and space is what it is
    return {
        "network": answered,
        "source": numbers[report.source],
        "facts": [_row(row, space) for row in report.rows],
        "strides": [moves(row, space) for row in report.rows],
        "folds": folds(network, [row.kind for row in report.rows]),
        "findings": [_finding(each, numbers) for each in found or ()],
    }


def moves(row: RowFacts, space: int) -> list[list[int] | None] | None:
    """Along the last axes of the input, those of its space, the stride as two whole numbers.

    None where nothing moves.
    """
    if row.stride is None:
        return None
    found: list[list[int] | None] = []
    for stride in row.stride[len(row.stride) - space :]:
        fraction = None if stride is None else Fraction(stride)
        found.append(None if fraction is None else [fraction.numerator, fraction.denominator])
    return found


def _row(row: RowFacts, space: int) -> dict[str, Any]:
    """The kind of a row, and where its first unit's field lies, whatever the border cuts off."""
    found: dict[str, Any] = {"kind": row.kind}
    if row.parameters:
        found["parameters"] = int(row.parameters)
    if row.multiply_adds:
        found["operations"] = int(row.multiply_adds)
    sizes, centres = (row.receptive_field or ())[-space:], (row.centre or ())[-space:]
    if len(sizes) == len(centres) == space and None not in (*sizes, *centres):
        found["field"] = [int(size) for size in sizes]
        found["centre"] = [float(Fraction(centre)) for centre in centres]
    return found


def _finding(finding: Place, numbers: Mapping[str, int]) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "reason": finding.reason,
        "fix": finding.fix,
        "rows": [numbers[name] for name in finding.tensors if name in numbers],
    }
    units = finding.witness
    if units is not None and units.row.name in numbers and len(units.boxes) <= MOST_BOXES:
        facts["units"] = {"row": numbers[units.row.name], "boxes": _boxes(units)}
    if any(finding.details.get("shift", ())):
        facts["shift"] = [int(n) for n in finding.details["shift"]]
    beside = finding.details.get("beside", ())
    if beside and all(name in numbers for name in beside):
        facts["beside"] = [numbers[name] for name in beside]
    if any(each.get("mean") for each in finding.details.get("differences", ())):
        facts["mean"] = True
    if "array" in finding.details:
        facts["array"] = finding.details["array"]
    return facts


def _boxes(units: Units) -> list[list[list[int]]]:
    return [[runs(np.asarray(mask, bool)) for mask in box] for box in units.boxes]
