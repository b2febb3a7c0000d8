"""The live page, driven in headless Chromium by pointer and keyboard, as a reader would."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import convgraph as cg
from convgraph.figures.live.page import page
from tests.reader import Reader

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def address(tmp_path_factory: Any) -> Any:
    stack = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5)
    other = (cg.Conv((2, 2)) >> cg.ReLU()).on((3, 3))
    path = tmp_path_factory.mktemp("live") / "page.html"
    path.write_text(page([cg.draw(stack), cg.draw(other)], "Two figures"), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def reader(chromium: Any, address: Any) -> Any:
    return Reader(chromium, address)


def test_pointing_at_an_output_shows_what_it_sees(reader: Any) -> None:
    reader.point_at(reader.unit("g3"))
    net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5)
    seen = {*cg.receptive_field(net, "g3"), *cg.receptive_field(net, "g3", row="h")}
    assert reader.units_with("cg-in") == {"g3"} | seen
    assert "3 of the 5 units in h (h2, h3, h4)" in reader.caption
    assert "g3 = h2*v_1 + h3*v_2 + h4*v_3" in reader.caption


def test_pointing_at_an_input_shows_what_it_affects(reader: Any) -> None:
    reader.point_at(reader.unit("x1"))
    assert reader.units_with("cg-in") == {"x1", "h1", "h2", "g1", "g2", "g3"}
    assert reader.caption.startswith("x1 affects 2 of the 5 units in h")


def test_pointing_at_an_edge_shows_all_tied_uses(reader: Any) -> None:
    reader.point_at(reader.edge("x2", "h2"))
    assert reader.edges_in == {(f"x{i}", f"h{i}") for i in range(1, 6)}
    assert "carries w_2. w_2 is used 5 times." in reader.caption


def test_a_parameter_in_the_legend_shows_its_uses(reader: Any) -> None:
    reader.one('.cg-legend [data-parameter="w_1"]').click()
    assert reader.edges_in == {(f"x{i}", f"h{i + 1}") for i in range(1, 5)}
    assert reader.caption == "w_1 is used 4 times."


def test_a_click_pins_and_escape_lets_go(reader: Any) -> None:
    reader.unit("g3").click()
    assert reader.browser.current_url.endswith("#g3")
    reader.point_at(reader.unit("x1"))
    assert reader.caption.startswith("g3 sees")
    assert reader.unit("g3").get_attribute("aria-pressed") == "true"
    reader.press(reader.keys.ESCAPE)
    assert "#" not in reader.browser.current_url
    assert reader.units_with("cg-in") == set()


def test_the_keyboard_alone_suffices(reader: Any) -> None:
    reader.press(reader.keys.TAB)
    first = reader.active
    assert first is not None
    assert reader.caption.startswith(first)
    reader.press(reader.keys.ARROW_RIGHT)
    assert reader.active == first[0] + "2"
    row_above_or_below = {reader.active}
    for key in (reader.keys.ARROW_UP, reader.keys.ARROW_DOWN):
        reader.press(key)
        row_above_or_below.add(reader.active)
    assert len(row_above_or_below) >= 2
    reader.press(reader.keys.ENTER)
    assert reader.browser.current_url.endswith("#" + reader.active)


def test_a_link_opens_on_its_unit(chromium: Any, address: Any) -> None:
    reader = Reader(chromium, address + "#h4")
    assert reader.units_with("cg-at") == {"h4"}
    assert reader.caption.startswith("h4 sees 3 of the 5 units in x (x3, x4, x5)")


def test_the_slider_shows_what_commutes_with_a_shift(reader: Any) -> None:
    net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5)
    verdict = cg.check_equivariance(net, cg.Shift(1))
    reader.slide_to(1)
    assert reader.units_with("cg-holds") == set(verdict.exact)
    assert reader.units_with("cg-breaks") == set(verdict.broken)
    assert [reader.unit(f"x{i}").text for i in (1, 2, 3)] == ["0", "x1", "x2"]
    reader.press(reader.keys.ESCAPE)
    assert reader.units_with("cg-breaks") == set()
    assert reader.unit("x1").text == "x1"


def test_dark_mode_and_print_change_the_colours(reader: Any) -> None:
    def page_color() -> Any:
        body = reader.browser.find_element("css selector", "body")
        return body.value_of_css_property("background-color")

    light = page_color()
    emulate = reader.browser.execute_cdp_cmd
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    emulate("Emulation.setEmulatedMedia", dark)
    assert page_color() != light
    emulate("Emulation.setEmulatedMedia", {"media": "print", "features": []})
    assert page_color() == light
    assert not reader.one(".cg-help").is_displayed()
    emulate("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_screen_readers_get_roles_names_and_news(reader: Any) -> None:
    assert reader.unit("g3").get_attribute("role") == "button"
    assert reader.unit("g3").get_attribute("aria-label") == "unit g3 of row g"
    assert reader.one(".cg-caption").get_attribute("aria-live") == "polite"
    assert reader.one("svg").get_attribute("role") == "group"


def test_figures_on_one_page_are_apart(reader: Any) -> None:
    ids = [e.get_attribute("id") for e in reader.browser.find_elements("css selector", "[id]")]
    assert len(ids) == len(set(ids))
    reader.point_at(reader.unit("g3"))
    second = reader.browser.find_elements("css selector", ".cg-figure")[1]
    assert second.find_elements("css selector", ".cg-in") == []


def test_nothing_is_fetched_and_nothing_fails(reader: Any) -> None:
    fetched = reader.browser.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    assert [name for name in fetched if not name.startswith("file:")] == []
    assert reader.browser.get_log("browser") == []


def test_what_is_not_drawn_is_told_as_well(chromium: Any, tmp_path: Path) -> None:
    net = (cg.Conv(3) >> cg.Conv(3)).on(30)
    figure = cg.draw(net, show=6, edges_of="ends")
    reader = Reader(chromium, figure.save(tmp_path / "part.html").as_uri())
    reader.point_at(reader.unit("g26"))
    assert reader.caption.startswith(
        "g26 sees 5 of the 30 units in x (positions 26 to 30) and 3 of the 28 units in h (h26, "
    )
    reader.point_at(reader.unit("g2"))
    assert reader.caption.startswith("g2 sees 5 of the 30 units in x (positions 2 to 6)")
    assert reader.units_with("cg-in") == {"g2", "h2", "h3", "x2", "x3"}
    reader.point_at(reader.one('.cg-legend [data-parameter="w_2"]'))
    assert reader.caption == "w_2 is used 28 times, and 2 of these are drawn."


def test_what_is_pointed_at_has_a_colour_of_its_own(reader: Any) -> None:
    def fill(name: Any) -> Any:
        return (
            reader.unit(name).find_element("css selector", "ellipse").value_of_css_property("fill")
        )

    reader.point_at(reader.unit("g3"))
    assert len({fill("g3"), fill("h3"), fill("g1")}) == 3


def test_panels_share_a_sentence_where_they_can(chromium: Any, tmp_path: Path) -> None:
    same, wrapped = cg.Conv(3, padding="same"), cg.Conv(1)
    one, other = cg.draw(same.on(4)), cg.draw(wrapped.on(4))
    together = Reader(chromium, one.above(one).save(tmp_path / "a.html").as_uri())
    together.slide_to(1)
    assert together.caption.count("Shifted by 1") == 1
    assert together.caption.startswith("Shifted by 1")
    apart = Reader(chromium, one.above(one).above(other).save(tmp_path / "b.html").as_uri())
    apart.slide_to(1)
    assert apart.caption.startswith("Panels 1, 2: Shifted by 1")
    assert "Panel 3: Shifted by 1" in apart.caption


@pytest.mark.parametrize(
    "draw",
    [
        lambda: cg.draw(cg.Conv(3).on(5)),
        lambda: cg.draw(cg.Dense(6).on(6)),
        lambda: cg.draw_grid(cg.Conv((3, 3), 2, padding=1).on((2, 4, 4)), padding=True),
    ],
    ids=["convolution", "dense", "grid"],
)
def test_a_frame_in_a_notebook_is_as_tall_as_its_page(
    chromium: Any, tmp_path: Path, draw: Any
) -> None:
    path = tmp_path / "cell.html"
    shown = draw().live()._repr_mimebundle_()["text/html"]
    path.write_text(f"<!doctype html><title>cell</title>{shown}", encoding="utf-8")
    chromium.get(path.as_uri())
    chromium.switch_to.frame(chromium.find_element("css selector", "iframe"))
    page = "document.documentElement.scrollHeight"
    over, room = chromium.execute_script(f"return [{page} - innerHeight, innerHeight]")
    chromium.switch_to.default_content()
    assert over <= 0 < room


@pytest.mark.parametrize("spacing", ["normal", "0.25em"])
def test_letters_of_a_wide_face_stay_in_their_units_and_on_their_arrows(
    chromium: Any, tmp_path: Path, spacing: str
) -> None:
    graph = cg.draw(cg.Dense(4).on(4), letters=True, units={"x1": {"label": "bright"}})
    image = cg.Conv((3, 3), padding="same") >> cg.Conv((3, 3), padding="same")
    grid = cg.draw_grid(image.on((6, 6)), "g3,3", kernels=True)
    path = tmp_path / "wide.html"
    # Letters far apart are as wide as those of a wide face, on every machine.
    style = f".cg-stage text {{ letter-spacing: {spacing}; }}</style>"
    path.write_text(page([graph, grid], "Wide").replace("</style>", style, 1), encoding="utf-8")
    reader = Reader(chromium, path.as_uri())
    reader.figure = chromium.find_elements("css selector", ".cg-figure")[1]
    for unit in (None, "g6,6", "x1,1"):
        if unit is not None:
            reader.point_at(reader.unit(unit))
        over = chromium.execute_script(
            """return [...document.querySelectorAll(".cg-stage .node")].flatMap((group) => {
              const shape = group.querySelector(":scope > :is(ellipse, polygon)");
              if (!shape) return [];
              const a = shape.getBoundingClientRect();
              return [...group.querySelectorAll("text")].filter((text) => {
                const b = text.getBoundingClientRect();
                return b.left < a.left - 1.5 || b.right > a.right + 1.5;
              }).map((text) => text.textContent);
            });"""
        )
        assert over == []
    scaled = chromium.find_elements("css selector", ".cg-stage text[transform]")
    assert bool(scaled) or spacing == "normal"


def test_a_matrix_beside_its_graph_answers_with_it_and_keeps_its_colours(
    chromium: Any, tmp_path: Path
) -> None:
    net = cg.Conv(3, padding="same").on(5)
    figure = cg.draw(net, edges="parameters").beside(cg.draw_matrix(net))
    reader = Reader(chromium, figure.save(tmp_path / "matrix.html").as_uri())
    fill = "return getComputedStyle(arguments[0].querySelector('polygon')).fill"

    def entries(css: str) -> Any:
        return {
            (e.get_attribute("data-of"), e.get_attribute("data-parameter"))
            for e in reader.figure.find_elements("css selector", f"[data-kernel].{css}")
        }

    def colours(parameter: str) -> Any:
        found = reader.figure.find_elements("css selector", f'[data-parameter="{parameter}"]')
        cells = [e for e in found if e.get_attribute("data-kernel")]
        return {reader.browser.execute_script(fill, cell) for cell in cells}

    at_rest = {name: colours(name) for name in ("w_1", "w_2", "w_3")}
    assert len({*map(frozenset, at_rest.values())}) == 3
    reader.point_at(reader.unit("s3"))
    assert entries("cg-in") == {("s3", "w_1"), ("s3", "w_2"), ("s3", "w_3")}
    assert colours("w_2") == at_rest["w_2"] | {"rgb(255, 255, 255)"}
    reader.point_at(reader.unit("x1"))
    assert entries("cg-in") == {("s1", "w_2"), ("s2", "w_1")}
    reader.point_at(reader.one('.cg-legend [data-parameter="w_1"]'))
    assert entries("cg-at") == {(f"s{i}", "w_1") for i in range(2, 6)}
    assert colours("w_1") == at_rest["w_1"]
    assert colours("w_2") == {"rgb(255, 255, 255)"}
    reader.point_at(reader.one('[data-of="s2"][data-read="x1"]'))
    assert reader.caption.startswith("s2 reads x1 through w_1. w_1 is used 4 times: ")
    reader.slide_to(1)
    verdict = cg.check_equivariance(net, cg.Shift(1))
    assert {unit for unit, _ in entries("cg-breaks")} == set(verdict.broken)
    assert {unit for unit, _ in entries("cg-holds")} == set(verdict.exact)
    assert reader.caption.startswith("Shifted by 1")
    assert reader.caption.count("Shifted") == 1
