"""A click on a finding of each kind shows its place: what is marked is what Python says of it."""

from __future__ import annotations

import contextlib
import doctest
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convgraph as cg
from tests.test_explorer_browser import Page

pytestmark = pytest.mark.exhaustive

PAGES = Path(__file__).parent.parent / "docs" / "findings"
KINDS = sorted(path.stem for path in PAGES.glob("*.md") if path.stem != "README")
SHOWN = """
const { units } = explorer.places.shown, point = explorer.point();
const found = point && explorer.answers.about(point);
const rowOf = (number) => explorer.network.rows[number];
const { source } = explorer, marked = units && whole(rowOf(units.row), found.get(units.row));
return {
  flagged: [...document.querySelectorAll(".ex-flag")].map((each) => Number(each.dataset.row)),
  units: marked ? Array.from(marked.values, (v) => v > 0) : null,
  pixels: found ? countIn(inSpace(rowOf(source), found.get(source))) : 0,
};
"""


def example(kind: str) -> Any:
    """The network with which the page of a finding shows it."""
    scope: dict[str, Any] = {}
    asked: list[Any] = []
    findings = cg.findings

    def noted(net: Any, *more: Any, **others: Any) -> Any:
        asked.append(net)
        return findings(net, *more, **others)

    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr(cg, "findings", noted)
        text = (PAGES / f"{kind}.md").read_text(encoding="utf-8")
        for line in doctest.DocTestParser().get_examples(text):
            exec(compile(line.source, kind, "single"), scope)
    return next(net for net in asked if any(each.rule == kind for each in findings(net)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_finding_of_each_kind_is_a_place(chromium: Any, tmp_path: Path, kind: str) -> None:
    net = example(kind)
    found = cg.findings(net)
    number = [each.rule for each in found].index(kind)
    chromium.get_log("browser")
    page = Page(chromium, cg.report(net).save(tmp_path / "page.html").as_uri())
    button = next(
        each
        for each in page.browser.find_elements("css selector", ".ex-rule button")
        if each.get_property("textContent") == found[number].message
    )
    page.browser.execute_script("arguments[0].click()", button)
    page.settle()
    shown, finding = page.run(SHOWN), found[number]
    names = [row.name for row in net.rows]
    assert page.said.startswith(f"{finding.message}. {finding.reason}")
    assert {names[row] for row in shown["flagged"]} == set(finding.tensors) & set(names)
    if shown["units"] is not None:
        assert finding.witness is not None
        marked = np.array(shown["units"])
        assert np.array_equal(marked, finding.witness.mask().ravel())
        assert shown["pixels"] > 0
    else:
        details = finding.details
        assert any(details.get("shift", ())) or details.get("beside") or kind == "unused-parameter"
    assert chromium.get_log("browser") == []
