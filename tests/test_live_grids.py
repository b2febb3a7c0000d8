"""Live grids in headless Chromium: what is shown for each cell and each parameter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import convgraph as cg
from tests.reader import Reader
from tests.test_live import NETWORKS

pytestmark = pytest.mark.exhaustive

TWO = (cg.Conv((3, 3), padding="same") >> cg.Conv((3, 3), padding="same")).on((5, 5))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Any:
    return tmp_path_factory.mktemp("grids")


def open_grid(chromium: Any, folder: Any, name: Any, net: cg.Network, **options: Any) -> Any:
    figure = cg.draw_grid(net, **options)
    return Reader(chromium, figure.save(folder / f"{name}.html").as_uri())


@pytest.mark.parametrize("name", NETWORKS)
def test_every_cell_shows_its_field_its_paths_and_its_parameters(
    chromium: Any, folder: Any, name: Any
) -> None:
    net = NETWORKS[name]
    reader = open_grid(chromium, folder, name, net, kernels=True)
    inputs = set(net.inputs[0].units())
    cells = reader.figure.find_elements("css selector", "[data-kernel]")
    drawn = {cell.get_attribute("data-parameter") for cell in cells}
    units = [unit for row in net.rows for unit in row.units()]
    for unit, shown in zip(units, reader.point_at_each('[data-unit="{}"]', units), strict=True):
        own, _ = net.find(unit)
        others = [row for row in net.rows if row.name != own.name]
        field = cg.projective_field if unit in inputs else cg.receptive_field
        before = (
            others if unit in inputs else net.rows[: [r.name for r in net.rows].index(own.name)]
        )
        fields = {row.name: field(net, unit, row=row.name) for row in before}
        expected = {name for found in fields.values() for name in found}
        assert {name for name, _ in shown["in"]} == expected | {unit}, unit
        assert [name for name, _ in shown["at"]] == [unit]
        for other, count in shown["in"]:
            end, start = (other, unit) if unit in inputs else (unit, other)
            paths = cg.path_counts(net, end, row=net.find(start)[0].name)[start]
            assert count in (None, str(paths)), (unit, other)
            assert count is None or other != unit
        for row, found in fields.items():
            text = f"{len(found)} of the {net.row(row).size} units in {row}"
            assert (text in shown["caption"]) == bool(found), unit
        end = 0 if unit in inputs else 1
        carried = {
            str(edge[2])
            for edge in net.graph.edges(data="parameter")
            if edge[end] in expected | {unit}
        }
        assert set(shown["kernel"]) == carried & drawn


@pytest.mark.parametrize("name", NETWORKS)
def test_every_parameter_shows_its_uses(chromium: Any, folder: Any, name: Any) -> None:
    net = NETWORKS[name]
    reader = open_grid(chromium, folder, name, net, kernels=True)
    names = [str(parameter) for parameter in net.parameters]
    answers = reader.point_at_each('[data-parameter="{}"]', names)
    for parameter, shown in zip(names, answers, strict=True):
        uses = cg.uses(net, parameter)
        ends = {unit for edge in uses.edges for unit in edge}
        ends |= {unit for units in uses.units for unit in units}
        assert {unit for unit, _ in shown["in"]} == ends
        times = "once" if uses.count == 1 else f"{uses.count} times"
        assert shown["caption"].startswith(f"{parameter} is used {times}")


@pytest.fixture
def reader(chromium: Any, folder: Any) -> Any:
    return open_grid(chromium, folder, "two", TWO, kernels=True)


def test_holes_are_what_a_field_surrounds(chromium: Any, folder: Any) -> None:
    net = cg.Conv((2, 2), dilation=2).on((5, 5))
    reader = open_grid(chromium, folder, "holes", net)
    (shown,) = reader.point_at_each('[data-unit="{}"]', ["s2,2"])
    seen = set(cg.receptive_field(net, "s2,2"))
    box = {f"x{i},{j}" for i in (2, 3, 4) for j in (2, 3, 4)}
    assert {name for name, _ in shown["hole"]} == box - seen
    assert "4 of the 25 units in x (within rows 2 to 4, columns 2 to 4)" in shown["caption"]


def test_a_cell_of_a_kernel_shows_where_it_is_used(reader: Any) -> None:
    reader.point_at(reader.one('[data-kernel="h"][data-parameter="w_1_2"] polygon'))
    used = cg.uses(TWO, "w_1_2")
    assert reader.units_with("cg-in") == {unit for edge in used.edges for unit in edge}
    assert reader.caption == (
        "w_1_2 is used 20 times: 20 of the 25 units in h (rows 2 to 5, columns 1 to 5) read "
        "20 of the 25 units in x (rows 1 to 4, columns 1 to 5) through it."
    )


def test_a_corner_leaves_parts_of_the_kernels_out(reader: Any) -> None:
    (shown,) = reader.point_at_each('[data-unit="{}"]', ["g1,1"])
    assert set(shown["kernel"]) == {
        *(f"v_{i}_{j}" for i in (2, 3) for j in (2, 3)),
        *(f"w_{i}_{j}" for i in (1, 2, 3) for j in (1, 2, 3)),
    }


def test_the_sliders_show_what_commutes_along_both_axes(reader: Any) -> None:
    reader.slide_to(1, axis=0)
    reader.slide_to(-1, axis=1)
    verdict = cg.check_equivariance(TWO, cg.Shift((1, -1)))
    assert reader.units_with("cg-holds") == set(verdict.exact)
    assert reader.units_with("cg-breaks") == set(verdict.broken)
    moved = cg.Shift((1, -1))(np.arange(1, 26).reshape(5, 5))
    names = np.array(["0", *TWO.inputs[0].units()])[moved]
    shown = [[reader.unit(f"x{i},{j}").text for j in range(1, 6)] for i in range(1, 6)]
    assert shown == names.tolist()
    assert reader.caption.startswith("Shifted by (1, -1): shifting first and shifting after agree")
    reader.press(reader.keys.ESCAPE)
    assert reader.units_with("cg-breaks") == set()
    assert reader.unit("x1,1").text == "x1,1"


def test_what_was_written_into_cells_goes_when_one_looks_away(reader: Any) -> None:
    reader.point_at(reader.unit("g3,3"))
    assert reader.one('[data-unit="x3,3"] .cg-count').text == "9"
    reader.point_at(reader.one(".cg-caption"))
    assert reader.figure.find_elements("css selector", ".cg-count, .cg-frame, [data-hidden]") == []


def test_values_stay_and_drawn_counts_step_back(chromium: Any, folder: Any) -> None:
    reader = open_grid(chromium, folder, "values", TWO, unit="g1,1", values={"x1,1": 7})
    reader.point_at(reader.unit("g2,2"))
    assert reader.unit("x1,1").text == "7"
    assert reader.unit("x2,2").text == "9"
    reader.point_at(reader.unit("g5,5"))
    assert reader.unit("x2,2").text == "x2,2"
    reader.point_at(reader.one(".cg-caption"))
    assert reader.unit("x2,2").text == "4"


def test_arrows_walk_through_the_grids(reader: Any) -> None:
    keys = reader.keys
    reader.press(keys.TAB)
    assert reader.active == "x1,1"
    assert reader.caption.startswith("x1,1 affects 4 of the 25 units in h")
    reader.press(keys.ARROW_DOWN, keys.ARROW_RIGHT)
    assert reader.active == "x2,2"
    reader.press(keys.ARROW_RIGHT, keys.ARROW_RIGHT, keys.ARROW_RIGHT, keys.ARROW_RIGHT)
    active = reader.browser.switch_to.active_element
    assert active.get_attribute("data-parameter") == "w_1_1"
    reader.press(keys.ARROW_LEFT)
    assert reader.active == "x2,5"
    reader.press(keys.TAB)  # from grid to grid, from the left
    assert reader.browser.switch_to.active_element.get_attribute("data-kernel") == "h"
    reader.press(keys.TAB)
    assert reader.active == "h1,1"
    reader.actions().key_down(keys.SHIFT).send_keys(keys.TAB).key_up(keys.SHIFT).perform()
    reader.actions().key_down(keys.SHIFT).send_keys(keys.TAB).key_up(keys.SHIFT).perform()
    assert reader.active == "x2,5"
    reader.press(keys.ENTER)
    assert reader.browser.current_url.endswith("#x2%2C5")
    reader.press(keys.ESCAPE)


def test_pages_leaf_through_channels(chromium: Any, folder: Any) -> None:
    net = cg.Conv((2, 2)).on((3, 4, 4))
    reader = open_grid(chromium, folder, "channels", net)
    reader.press(reader.keys.TAB, reader.keys.PAGE_UP)
    assert reader.active == "x2,1,1"
    reader.press(reader.keys.ARROW_RIGHT, reader.keys.PAGE_UP)
    assert reader.active == "x3,1,2"
    reader.press(reader.keys.PAGE_UP, reader.keys.PAGE_DOWN, reader.keys.PAGE_DOWN)
    assert reader.active == "x1,1,2"


@pytest.mark.parametrize("width", [390, 1200])
def test_grids_wrap_like_words_and_a_legend_scrolls_nowhere(
    chromium: Any, folder: Any, width: int
) -> None:
    size = {"width": width, "height": 844, "deviceScaleFactor": 1, "mobile": width < 600}
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    stack = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(7)
    legend = {"orange": "seen by g2 and by all of those who follow it", "cyan": "seen by g5"}
    keyed = cg.draw(stack, shade={"orange": "g2", "cyan": "g5"}, legend=legend)
    grids = cg.draw_grid(cg.Conv((3, 3), filters=2).on((3, 6, 6)), kernels=True)
    try:
        for name, figure in (("keyed", keyed), ("wrapped", grids)):
            reader = Reader(chromium, figure.save(folder / f"{name}.html").as_uri())
            wide, inside, tops = chromium.execute_script(
                "const stage = document.querySelector('.cg-stage');"
                "const tops = [...stage.querySelectorAll('svg')].map((e) =>"
                "Math.round(e.getBoundingClientRect().top));"
                "return [document.documentElement.scrollWidth,"
                "stage.scrollWidth - stage.clientWidth, tops]"
            )
            assert wide <= width
            assert inside <= 0
            assert len(tops) == (1 if name == "keyed" else 3)
            assert (len({*tops}) > 1) == (name == "wrapped" and width == 390)
        sides = {
            round(e.rect["width"]) for e in reader.figure.find_elements("css selector", ".unit")
        }
        assert min(sides) >= 24
    finally:
        chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_nothing_is_fetched_and_nothing_fails(reader: Any) -> None:
    fetched = reader.browser.execute_script(
        "return performance.getEntriesByType('resource').map(e => e.name)"
    )
    assert [name for name in fetched if not name.startswith("file:")] == []
    assert reader.browser.get_log("browser") == []


def test_authors_colours_stay_until_something_is_asked(chromium: Any, folder: Any) -> None:
    fill = "return getComputedStyle(arguments[0].querySelector(arguments[1])).fill"
    for name, draw, shape in (("grid", cg.draw_grid, "polygon"), ("graph", cg.draw, "ellipse")):
        net = cg.Conv((2, 2)).on((3, 3))
        figure = draw(net, shade={"#ffa500": "x1,1", "#00ffff": "x1,2"})
        reader = Reader(chromium, figure.save(folder / f"colours-{name}.html").as_uri())

        def colours(reader: Any = reader, shape: Any = shape) -> Any:
            units = [reader.unit(f"x1,{i}") for i in (1, 2, 3)]
            return [reader.browser.execute_script(fill, unit, shape) for unit in units]

        assert colours() == ["rgb(255, 165, 0)", "rgb(0, 255, 255)", "rgb(255, 255, 255)"]
        reader.point_at(reader.unit("s1,2"))
        assert colours() == ["rgb(255, 255, 255)", "rgb(86, 180, 233)", "rgb(86, 180, 233)"]


def test_names_come_back_whatever_is_pinned_after_whatever(chromium: Any, folder: Any) -> None:
    reader = open_grid(chromium, folder, "pinned", TWO, unit="g3,3", kernels=True)

    def names() -> Any:
        return chromium.execute_script(
            """return [...document.querySelectorAll("[data-unit]")].filter((e) =>
              [...e.querySelectorAll("text")].every((t) =>
                getComputedStyle(t).visibility === "hidden")).map((e) => e.dataset.unit)"""
        )

    for unit in ("g1,1", "g5,5", "x3,3", "x3,3"):
        reader.unit(unit).click()
        assert names() == []
