"""The panels of films: they wrap where a frame is too wide, and what is drawn stays what it was."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import convgraph as cg
from convgraph.figures.motion.panels import Panels
from convgraph.figures.motion.shapes import Box, Shape, Text

NET = (cg.Conv((3, 3), padding="same") >> cg.MaxPool((2, 2)) >> cg.Conv((3, 3))).on((10, 10))
UNIT = NET.outputs[0].unit((1, 1))
FILMS: dict[str, Any] = {
    "wide": lambda: cg.animate(cg.Conv((3, 3), padding=1).on((10, 10))),
    "channels": lambda: cg.animate(cg.Conv((3, 3), 2, padding=1, groups=2).on((2, 4, 4))),
    "field": lambda: cg.animate(NET, unit=UNIT),
    "gradient": lambda: cg.animate(NET, unit=UNIT, gradient=True),
    "ways": lambda: cg.animate(NET, transformation=cg.Shift((2, 2))),
    "rows": lambda: cg.animate(cg.Conv(3, padding=1).on(30)),
    "scattered": lambda: cg.animate(
        cg.ConvTranspose((3, 3), stride=2).on((3, 3)), reading="scattered"
    ),
    "full": lambda: cg.animate(cg.Conv((3, 3), padding=2).on((5, 5))),
    "pool": lambda: cg.animate(cg.MaxPool((2, 2)).on((4, 4))),
}


@cache
def film_of(name: str) -> Any:
    """A film, made once."""
    return FILMS[name]()


def corners(shape: Shape) -> list[tuple[float, float]]:
    """The corners of a box, of a text the place of its anchor, of a line both ends."""
    if isinstance(shape, Box):
        return [(shape.x, shape.y), (shape.x + shape.width, shape.y + shape.height)]
    return [(shape.x, shape.y)] + ([] if isinstance(shape, Text) else [(shape.to_x, shape.to_y)])


def looks(shape: Shape) -> Any:
    """What a shape is, wherever it stands."""
    if isinstance(shape, Box):
        return (round(shape.width, 6), round(shape.height, 6), shape.fill, shape.stroke, shape.dash)
    return shape.text if isinstance(shape, Text) else (shape.stroke, shape.line)


@pytest.mark.parametrize("name", FILMS)
def test_a_film_that_wraps_shows_the_same_shapes_and_none_outside(name: str) -> None:
    film = film_of(name)
    assert [f.caption for f in film.frames] == [f.caption for f in film.drawn.frames]
    for frame, drawn in zip(film.frames, film.drawn.frames, strict=True):
        assert Counter(map(looks, frame.shapes)) == Counter(map(looks, drawn.shapes))
        width, height = film.size
        for x, y in (corner for shape in frame.shapes for corner in corners(shape)):
            assert -1e-6 <= x <= width + 1e-6
            assert -1e-6 <= y <= height - 24


@pytest.mark.parametrize("name", FILMS)
def test_panels_are_apart_in_every_layout_and_whole_grids(name: str) -> None:
    panels = film_of(name).drawn
    assert isinstance(panels, Panels)
    areas = [area for line in panels.lines for area in line]
    widths = [layout.size[0] for layout in panels.layouts]
    assert widths == sorted(set(widths), reverse=True)
    over = 30 if name == "ways" else 0  # the title of a way stands over all of its images
    for layout in panels.layouts:
        moved = [
            (a.left + x, a.top + y, a.right + x - over, a.bottom + y)
            for a, (x, y) in zip(areas, layout.moves, strict=True)
        ]
        for a, b in itertools.combinations(moved, 2):
            assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1]
        for left, top, right, bottom in moved:
            assert left >= 0
            assert top >= 0
            assert right <= layout.size[0]
            assert bottom <= layout.size[1]
    cells = [shape for shape in panels.frames[0].shapes if isinstance(shape, Box)]
    for cell, other in itertools.product(cells, cells[::7]):  # what touches is in one panel
        if abs(cell.x - other.x) <= cell.width + 1 and abs(cell.y - other.y) <= cell.height + 1:
            assert panels.number(cell) == panels.number(other)


def test_rows_that_stand_above_each_other_are_never_cut() -> None:
    assert len(film_of("rows").drawn.layouts) == 1
    net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(40)
    assert len(cg.animate(net, unit="g4").drawn.layouts) == 1


def test_networks_of_many_images_are_not_one_long_line() -> None:
    spec = cg.Conv((3, 3), padding="same")
    net = (spec >> spec >> spec >> spec >> spec >> spec >> spec).on((12, 12))
    film = cg.animate(net, unit=net.outputs[0].unit((5, 5)))
    assert film.drawn.size[0] > 1000
    assert max(film.size) < 700


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", ["wide", "field", "ways", "full", "rows"])
def test_a_page_has_the_largest_cells_that_its_window_has_room_for(
    chromium: Any, tmp_path: Path, name: str
) -> None:
    film = film_of(name)
    chromium.get(film.save(tmp_path / "film.html").as_uri())
    for width, height in ((390, 844), (820, 1180), (1440, 900)):
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        chromium.execute_async_script(
            "requestAnimationFrame(() => requestAnimationFrame(arguments[0]))"
        )
        wide, inner, tall = chromium.execute_script(
            "const box = document.querySelector('.mo svg').getBoundingClientRect();"
            "const inside = [...document.querySelectorAll('.mo rect')].every((cell) => {"
            " const c = cell.getBoundingClientRect(); return c.left >= box.left - 3 &&"
            " c.right <= box.right + 3 && c.bottom <= box.bottom + 3; });"
            "const { scrollWidth, scrollHeight } = document.scrollingElement;"
            "return [scrollWidth, inside, scrollHeight]"
        )
        assert wide <= width
        assert inner
        shown = chromium.execute_script(
            "return document.querySelector('.mo svg').getBoundingClientRect().width /"
            " document.querySelector('.mo svg').viewBox.baseVal.width"
        )
        rooms = [
            min((width - 34) / w, (height - 9.5 * 16) / h, 2.4)
            for w, h in (layout.size for layout in film.drawn.layouts)
        ]
        assert shown >= 0.94 * max(rooms)
        smallest = min(s.size for f in film.drawn.frames for s in f.shapes if isinstance(s, Text))
        assert shown * smallest >= 8  # what does not fit goes on in a box of its own
        assert tall <= height or shown * smallest <= 11
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert chromium.get_log("browser") == []


def test_a_page_has_no_letters_that_are_too_small_and_no_margin_for_a_caption(
    tmp_path: Path,
) -> None:
    spec = cg.Conv(3, padding="same")
    for net, unit, wide in (((spec >> spec).on(7), "g4", 262), ((spec >> spec).on(60), "g9", 952)):
        text = cg.animate(net, unit).save(tmp_path / "a.html").read_text(encoding="utf-8")
        _, _, width, _ = map(float, re.findall(r'viewBox="([^"]*)"', text)[0].split())
        assert abs(width - wide) < 1
        smallest = min(map(float, re.findall(r'font-size="([\d.]+)"', text)))
        (least,) = re.findall(r"min-width:(\d+)px", text)
        assert abs(int(least) - 8 / smallest * width) < 1
