"""Each cell of a map that is too large for its panel is met with the pointer, and with a finger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convgraph as cg
from tests.test_explorer_browser import Page

pytestmark = pytest.mark.exhaustive

# Where a place of a sheet is on the screen: of the map its square, of the magnified part itself.
MET = """
const [name, magnified, y, x] = arguments, panel = explorer[name], part = explorer.magnifiers[name];
(magnified ? part : panel).canvas.scrollIntoView({ block: "center" });
const box = (magnified ? part : panel).canvas.getBoundingClientRect();
let at, side, tall;
if (magnified) {
  [side, tall] = name === "grid" ? [part.side, part.tall] : [part.scale, part.scale * part.tall];
  at = [(x - part.part.left + 0.5) * side, (y - part.part.top + 0.5) * tall];
} else if (name === "grid") {
  const [left, top] = panel.corner(panel.line[y], panel.column[x]);
  at = [left + panel.side / 2, top + panel.tall / 2];
} else {
  const [left, top, w, h] = panel.box([y, x, y + 1, x + 1]);
  at = [left + w / 2, top + h / 2];
}
return [box.left + at[0], box.top + at[1]];
"""


def mouse(page: Any, name: str, magnified: bool, place: Any, click: bool = False) -> None:
    """Move the pointer to a place of a panel, and click there if that is asked."""
    x, y = page.run(MET, name, magnified, *place)
    kinds = ("mouseMoved", "mousePressed", "mouseReleased")
    for kind in kinds if click else kinds[:1]:
        event = {"type": kind, "x": x, "y": y, "button": "none"}
        if kind != "mouseMoved":
            event |= {"button": "left", "clickCount": 1}
        page.browser.execute_cdp_cmd("Input.dispatchMouseEvent", event)
    page.settle()


def finger(page: Any, name: str, magnified: bool, place: Any) -> None:
    """Tap at a place of a panel."""
    x, y = page.run(MET, name, magnified, *place)
    page.browser.execute_cdp_cmd(
        "Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]}
    )
    page.browser.execute_cdp_cmd(
        "Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []}
    )
    page.settle()


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    chromium.get_log("browser")
    yield chromium
    chromium.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert chromium.get_log("browser") == []


def large() -> cg.Network:
    return (cg.Conv((3, 3), 2, padding=1) >> cg.Conv((3, 3), 2, dilation=2)).on((1, 260, 301))


def test_a_click_holds_the_place_and_single_cells_are_met(browser: Any, tmp_path: Path) -> None:
    net = large()
    page = Page(browser, cg.report(net).save(tmp_path / "page.html").as_uri() + "#tensor=g")
    page.emulate(1440)
    assert page.run("return explorer.grid.thinned") > 1
    for place in ((3, 2), (128, 201), (255, 296)):  # in the corners and in between
        mouse(page, "grid", False, place, click=True)
        top, left, past, end = page.run("return explorer.magnifiers.grid.part.box")
        assert top <= place[0] < past
        assert left <= place[1] < end
        for y, x in ((top, left), (top, end - 1), (past - 1, left), place):
            mouse(page, "grid", True, (y, x))
            field = cg.receptive_field(net, [f"g{c},{y + 1},{x + 1}" for c in (1, 2)])
            assert (
                f"g at row {y + 1}, column {x + 1}, all channels sees {len(field)} of" in page.said
            )
            assert page.run("return explorer.magnifiers.grid.part.box") == [top, left, past, end]
    mouse(page, "grid", True, (254, 295), click=True)
    assert page.link.endswith("&cell=255,296")
    page.press(page.keys.ARROW_LEFT)  # keys go on from there
    assert page.link.endswith("&cell=255,295")


def test_single_pixels_are_met_and_what_they_affect_is_magnified(
    browser: Any, tmp_path: Path
) -> None:
    net = large()
    page = Page(browser, cg.report(net).save(tmp_path / "page.html").as_uri() + "#tensor=g")
    page.emulate(1440)
    mouse(page, "image", False, (130, 150), click=True)
    y, x = page.run("const [a, b] = explorer.magnifiers.image.part.box; return [a + 1, b + 2]")
    mouse(page, "image", True, (y, x), click=True)
    assert page.said.startswith(f"x at row {y + 1}, column {x + 1} affects ")
    reached = cg.projective_field(net, f"x1,{y + 1},{x + 1}", "g").mask()[0]
    mouse(page, "grid", False, (y - 2, x - 2))
    page.run("explorer.hover = null; explorer.show();")
    top, left, past, end = page.run(
        "explorer.magnifiers.turn('grid', arguments[0]); explorer.show();"
        "return explorer.magnifiers.grid.part.box",
        [y - 2, x - 2],
    )
    shown = page.run(
        "const own = explorer.network.rows.length - 1;"
        "const found = explorer.answers.about(explorer.point());"
        "return Array.from(explorer.magnifiers.grid.marked("
        "inSpace(explorer.network.rows[own], found.get(own))))"
    )
    shown = np.array(shown, bool).reshape(past - top, end - left)
    assert np.array_equal(shown, reached[top:past, left:end])
    assert shown.any()
    assert not shown.all()


@pytest.mark.parametrize(
    ("spec", "shape", "places", "words"),
    [
        (cg.Conv((3, 3), padding=1), (1, 260, 301), ((40, 77), (41, 80)), "row 42, column 81"),
        (cg.Conv(5), (1, 604), ((0, 411), (0, 414)), "position 415"),
        (
            cg.Conv((3, 3, 3), padding=1),
            (1, 9, 60, 70),
            ((125, 33), (127, 36)),
            "slice 3, row 8, column 37",
        ),
    ],
)
def test_a_finger_meets_single_cells_on_a_narrow_screen(
    browser: Any, tmp_path: Path, spec: Any, shape: Any, places: Any, words: str
) -> None:
    browser.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True})
    path = cg.report(spec.on(shape)).save(tmp_path / "page.html")
    page = Page(browser, path.as_uri() + "#tensor=s")
    page.emulate(390)
    page.run("explorer.layout()")
    assert page.run("return document.scrollingElement.scrollWidth") <= 390
    assert page.run("return explorer.magnifiers.grid.side") >= 24
    around, exact = places
    finger(page, "grid", False, around)
    finger(page, "grid", True, exact)
    assert f"s at {words} sees " in page.said
    numbers = [int(word) for word in words.replace(",", "").split() if word.isdigit()]
    assert page.run("return explorer.state.cell") == [n - 1 for n in numbers]


def test_small_maps_need_no_part(browser: Any, tmp_path: Path) -> None:
    net = cg.Conv((3, 3)).on((1, 12, 12))
    page = Page(browser, cg.report(net).save(tmp_path / "page.html").as_uri())
    page.emulate(1440)
    assert page.run("return explorer.magnifiers.shown") == {"grid": False, "image": False}
    assert not any(e.is_displayed() for e in browser.find_elements("css selector", ".ex-part"))
