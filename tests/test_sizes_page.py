"""Figures of other sizes than the book's, and the page on which one chooses them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

import convgraph as cg
from convgraph.book.figures import figure_function, figure_numbers, figure_sizes, make
from convgraph.book.sizes_page import sizes_page

CHANGEABLE = [number for number in figure_numbers() if figure_sizes(number)]


@pytest.mark.parametrize("number", CHANGEABLE)
def test_the_books_sizes_are_among_those_that_may_be_chosen(number: str) -> None:
    own = dict(zip(figure_sizes(number), figure_function(number).__defaults__ or (), strict=True))
    assert all(value in figure_sizes(number)[name] for name, value in own.items())
    assert make(number, **own).svg() == make(number).svg()


def test_what_is_shaded_is_derived_anew() -> None:
    wide = make("9.4", units=9, kernel=5)
    assert "Shaded: x1, x2, x3, x4, x5, x6, x7, x8, x9, h3, h4, h5, h6, h7, g5" in wide.description


def test_a_page_carries_every_choice() -> None:
    page = sizes_page("9.10")
    data = json.loads(re.search(r'class="cg-data">(.*?)</script>', page, re.S)[1])  # type: ignore[index]
    assert len(data["made"]) == 20
    assert data["made"]["5,3"]["svg"] == make("9.10", kernel=5, stride=3).svg()
    assert f"{data['names']} = {data['own']}\n" in data["script"]


@pytest.mark.parametrize("number", ["9.8", "9.10"])
def test_a_figure_of_any_size_is_seen_whole_beside_its_sliders(number: str) -> None:
    data = json.loads(re.search(r'class="cg-data">(.*?)</script>', sizes_page(number), re.S)[1])  # type: ignore[index]
    for made in data["made"].values():
        if "svg" not in made:
            continue
        size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', made["svg"])
        assert size is not None
        own, height = (float(n) * 4 / 3 for n in size.groups())
        least, most = made["widths"]
        assert least <= own + 1
        assert most * height / own <= max(height, 800) + 1
        assert most <= 1.8 * own + 1


@pytest.mark.parametrize(
    ("number", "sizes", "message"),
    [
        ("9.4", {"units": 30}, "units=30: in figure 9.4 it is one of 3, 4, 5, 6, 7, 8, 9"),
        ("9.4", {"stride": 2}, "stride=2: figure 9.4 has no such size, but units and kernel"),
        ("9.7", {"units": 3}, "units=3: figure 9.7 has no such size"),
        ("9.13", {"units": 8, "kernel": 6}, "kernel=6: with dilation 1 it spans 6"),
    ],
)
def test_sizes_that_there_are_not(number: str, sizes: Any, message: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=re.escape(message)):
        make(number, **sizes)


def test_a_figure_without_sizes_has_no_page() -> None:
    with pytest.raises(cg.ConvgraphError, match=r"number='9\.6'"):
        sizes_page("9.6")


@pytest.mark.exhaustive
def test_sliders_choose_the_figure(chromium: Any, tmp_path: Path) -> None:
    path = tmp_path / "sizes.html"
    path.write_text(sizes_page("9.8"), encoding="utf-8")
    chromium.get(path.as_uri())
    edges = "return document.querySelectorAll('.cg-stage .edge').length"
    counts = []
    for _ in range(3):
        counts.append(chromium.execute_script(edges))
        chromium.find_element("id", "kernel").send_keys("\ue014")  # arrow to the right
    expected = [make("9.8", kernel=kernel).svg().count('class="edge"') for kernel in (3, 4, 5)]
    assert counts == expected
    assert "kernel = 5" in chromium.find_element("css selector", ".cg-script").text
    assert chromium.get_log("browser") == []
