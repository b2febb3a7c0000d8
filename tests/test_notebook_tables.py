"""Results in a notebook: well-formed tables that say what the results say."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import Any

import pytest
import sympy as sp

import convgraph as cg
from convgraph.core.tables import Table

NET = (
    cg.Conv((3, 3), filters=2, padding="same", bias=True, stride=2) >> cg.Flatten() >> cg.Dense(3)
).on((2, 6, 6))
LINE = (cg.Conv(3, padding="same") >> cg.Conv(3, stride=2, padding=1)).on(12)
n = sp.Symbol("n", integer=True, positive=True)

RESULTS = {
    "report": lambda: cg.report(NET),
    "findings": lambda: cg.findings(NET),
    "cost": lambda: cg.cost(NET),
    "cost of any size": lambda: cg.cost(cg.Conv(3).on(n)),
    "tied weights": lambda: cg.tied_weights(NET),
    "no tied weights": lambda: cg.tied_weights(cg.ReLU().on(3)),
    "sparsity": lambda: cg.sparsity(NET),
    "sparsity of any size": lambda: cg.sparsity(cg.Conv(3, padding="same").on(n)),
    "lattice": lambda: cg.shift_lattice(LINE),
    "broken": lambda: cg.check_equivariance(LINE, cg.Shift(2)),
    "held": lambda: cg.check_equivariance(cg.ReLU().on(3), cg.Shift(1)),
}


def read(result: Any) -> Any:
    """The title, the lines of the table, and the facts."""
    tree = ET.fromstring(result._repr_html_())
    lines = [["".join(cell.itertext()) for cell in line] for line in tree.iter("tr")]
    return "".join(tree.find("p").itertext()), lines, [item.text for item in tree.iter("li")]


@pytest.mark.parametrize("name", RESULTS)
def test_well_formed_the_same_each_time_and_of_no_colour(name: Any) -> None:
    first, second = (RESULTS[name]()._repr_html_() for _ in range(2))
    assert first == second
    ET.fromstring(f"<div>{first}</div>")
    assert not re.search(r"<(script|style|link|img)", first)
    if name != "findings":  # whose only colour is that of the line beside them
        assert not re.search(r"#[0-9a-f]{3}|color|background", first)


def test_cost_by_layer_and_in_all() -> None:
    cost = cg.cost(NET)
    title, (head, *lines), _ = read(cost)
    assert title == repr(cost)
    assert head[:4] == ["row", "layer", "parameters", "connections"]
    assert [line[0] for line in lines] == ["h1", "h2", "s", "all"]
    assert [line[2] for line in lines] == ["38", "0", "54", "92"]
    assert [int(line[3]) for line in lines] == [
        *(layer.connections for layer in cost.layers),
        cost.connections,
    ]
    assert lines[-1][-1] == f"{cost.dense.operations:,}"


def test_tied_weights_by_array() -> None:
    title, (head, *lines), _ = read(cg.tied_weights(NET))
    assert lines[0] == ["w", "2 x 2 x 3 x 3", "36", "256", "64/9", "h1", "yes"]
    assert lines[1] == ["b", "2", "2", "18", "9", "h1", ""]
    assert len(head) == len(lines[0])
    assert title.startswith("328 uses")


def test_sparsity_by_layer() -> None:
    found = cg.sparsity(NET)
    title, (head, *lines), _ = read(found)
    assert title == f"{found.connections} of {found.dense:,} connections"
    assert lines[-1][head.index("density")] == str(found.density)
    assert lines[2][head.index("fan-in (units)")] == "18 (3)"


def test_lattice_by_axis() -> None:
    title, (head, line), facts = read(cg.shift_lattice(LINE))
    assert dict(zip(head, line, strict=True))["smallest shift"] == "2"
    assert line[-1] == str(len(cg.shift_lattice(LINE).band))
    assert facts == [f"uneven padding in: {cg.shift_lattice(LINE).axes[0].uneven[0]}"]
    assert title == repr(cg.shift_lattice(LINE))


def test_a_verdict_says_why() -> None:
    verdict = cg.check_equivariance(LINE, cg.Shift(2))
    title, (head, *lines), facts = read(verdict)
    assert title == str(verdict).split("\n")[0]
    assert [cause for cause, _ in lines] == list(verdict.causes)
    for _, units in lines:
        assert set(units.split(", ")) <= set(verdict.broken)
    assert facts[0].startswith("counterexample: at ")
    assert head == ["cause", "breaks"]


def test_the_report_is_its_table() -> None:
    report = cg.report(NET)
    title, lines, facts = read(report)
    assert title == repr(report)
    text = str(report)
    assert [line[0] for line in lines] == [
        part.split("  ")[0] for part in text.split("\n")[: len(lines)]
    ]
    assert facts == text.split("\n\n")[1].split("\n")


def test_findings_with_reasons_and_what_would_help() -> None:
    found = cg.findings(NET)
    tree = ET.fromstring(f"<div>{found._repr_html_()}</div>")
    said = "".join(tree.itertext())
    assert len(found)
    for finding in found:
        assert finding.message in said
        assert finding.reason in said
        assert finding.fix in said
    assert type(found)(())._repr_html_() == "<p>No findings.</p>"


def test_what_users_name_is_no_markup() -> None:
    x = cg.Input((4, 4))
    named = cg.Network(x, cg.Conv((3, 3), padding="same", stride=2)(x), names=("<b>x</b>", "a&b"))
    for ask in (cg.report, cg.findings, cg.cost, cg.sparsity, cg.tied_weights):
        shown = ask(named)._repr_html_()
        ET.fromstring(f"<div>{shown}</div>")
        assert "<b>x</b>" not in shown
    assert "a&amp;b" in cg.cost(named)._repr_html_()


def test_a_table_in_markdown_keeps_its_bars() -> None:
    made = Table("t", ("a", "b"), [("x|y", "1")], numbers=("b",), facts=[("sum", "1")])
    assert made.markdown().split("\n") == [
        "| a | b |", "| --- | ---: |", "| x\\|y | 1 |", "", "- sum: 1", "",
    ]  # fmt: skip
    assert made.text() == "a    b\nx|y  1\n\nsum: 1"
    assert "<table" not in Table("t", ("a",), []).html()


def test_tables_bring_no_reports_and_no_pictures() -> None:
    code = (
        "import sys, convgraph as cg; cg.cost(cg.Conv(3).on(5))._repr_html_(); "
        "rooms = 'convgraph.reports', 'convgraph.figures'; "
        "print(*(m for m in sys.modules if m.startswith(rooms)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
