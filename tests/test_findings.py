"""Findings as a whole: choosing rules, what they carry, and one page of the documents for each."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import convgraph as cg

DOCS = Path(__file__).parent.parent / "docs" / "findings"


def test_rules_have_ids_of_their_own_and_sources() -> None:
    ids = [rule.id for rule in cg.rules()]
    assert len(ids) == len(set(ids))
    assert len(ids) == len([page for page in DOCS.glob("*.md") if page.stem != "README"])
    for rule in cg.rules():
        assert rule.severity in ("info", "warning", "error")
        assert rule.title
        assert any(digit.isdigit() for digit in rule.source)


@pytest.mark.parametrize("rule", [rule.id for rule in cg.rules()])
def test_each_rule_has_a_page_that_shows_it(rule: str) -> None:
    page = (DOCS / f"{rule}.md").read_text(encoding="utf-8")
    assert page.startswith(f"# {rule}\n")
    assert ">>> " in page
    assert f"({rule}.md)" in (DOCS / "README.md").read_text(encoding="utf-8")


def test_rules_are_selected_and_ignored() -> None:
    net = cg.Conv(3, stride=2, padding=1).on(6)
    every = {finding.rule for finding in cg.findings(net)}
    assert every == {"uneven-padding", "stride-without-blur"}
    assert {f.rule for f in cg.findings(net, select="uneven-padding")} == {"uneven-padding"}
    assert {f.rule for f in cg.findings(net, ignore=["uneven-padding"])} == {"stride-without-blur"}
    both = cg.findings(net, select=["uneven-padding"], ignore=["uneven-padding"])
    assert len(both) == 0
    assert repr(both) == "no findings"


def test_a_rule_that_is_not_there_is_refused_with_the_nearest() -> None:
    net = cg.Conv(3).on(5)
    with pytest.raises(cg.ConvgraphError, match="did you mean uneven-padding"):
        cg.findings(net, select="uneven-paddin")
    with pytest.raises(cg.ConvgraphError, match="ignore='nothing-like-it': no rule of that id"):
        cg.findings(net, ignore=["nothing-like-it"])


def test_symbolic_sizes_are_refused() -> None:
    import sympy as sp

    net = cg.Conv(3).on(sp.Symbol("n", integer=True, positive=True))
    with pytest.raises(cg.ConvgraphError, match="findings need numbers"):
        cg.findings(net)


def test_findings_come_worst_first_and_as_plain_data() -> None:
    x = cg.Input(7)
    h = cg.Conv(3, stride=2, padding=1)(x)
    minus = cg.Conv(2, padding=((1, 0),))(h)
    found = cg.findings(cg.Network(x, minus))
    order = [("info", "warning", "error").index(f.severity) for f in found]
    assert order == sorted(order, reverse=True)
    assert [f.rule for f in found.at_least("warning")] == ["half-pixel-drift"]
    data = json.loads(found.to_json())
    assert data[0]["rule"] == "half-pixel-drift"
    assert data[0]["tensors"] == ["g"]
    assert "half-pixel-drift" in found.to_markdown()
    with pytest.raises(cg.ConvgraphError, match="severity='fatal'"):
        found.at_least("fatal")  # type: ignore[arg-type]


def test_a_witness_can_be_drawn() -> None:
    net = cg.Conv(3, stride=2).on(6)
    (finding,) = cg.findings(net, select="unread-input")
    assert finding.witness == {"x6"}
    assert "x6" in cg.draw(net, shade=finding.witness).dot
