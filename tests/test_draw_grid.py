"""Grids of cells: their places, fields, counts and holes, against the graph; images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pytest

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.figures.cells import Cells
from convgraph.figures.images import png
from convgraph.figures.theme import BOOK

DILATED = (cg.Conv((2, 2), dilation=2) >> cg.Conv((2, 2), stride=2)).on((7, 8))


def cells(figure: Any) -> Any:
    return {unit.name: unit for unit in figure.panels[0].units}


def test_every_unit_has_a_cell_and_no_two_share_a_place() -> None:
    figure = cg.draw_grid(DILATED)
    found = cells(figure)
    assert set(found) == set(DILATED.graph)
    assert len({(unit.x, unit.y) for unit in found.values()}) == len(found)
    side = found["x1,1"].side
    assert found["x1,2"].x - found["x1,1"].x == pytest.approx(side)
    assert found["x1,1"].y - found["x2,1"].y == pytest.approx(side)
    assert max(found[f"x1,{j}"].x for j in range(1, 9)) < found["h1,1"].x


@pytest.mark.parametrize("unit", ["g1,1", "g2,3", "h5,6"])
def test_fields_counts_and_holes(unit: str) -> None:
    found = cells(cg.draw_grid(DILATED, unit))
    graph = DILATED.graph
    seen = nx.ancestors(graph, unit)
    assert {n for n, c in found.items() if c.fills == (BOOK.shade,)} == seen | {unit}
    for name in seen:
        paths = list(nx.all_simple_edge_paths(graph, name, unit))
        assert found[name].text == str(len(paths))
    for row in DILATED.rows:
        at = [row.find(name) for name in seen if row.find(name) is not None]
        if not at:
            continue
        low, high = np.min(at, axis=0), np.max(at, axis=0)
        inside = {
            row.unit((i, j)) for i in range(low[0], high[0] + 1) for j in range(low[1], high[1] + 1)
        }
        holes = {n for n, c in found.items() if c.fills == (BOOK.hole,) and c.row == row.name}
        assert holes == inside - seen


def test_channels_stand_behind_each_other_and_only_the_front_has_text() -> None:
    net = cg.Conv((2, 2), filters=3).on((2, 4, 4))
    figure = cg.draw_grid(net, kernels=True)
    found = cells(figure)
    order = [unit.name for unit in figure.panels[0].units if unit.row == "x"]
    assert order[0].startswith("x2,")
    assert order[-1].startswith("x1,")
    assert found["x2,1,1"].x > found["x1,1,1"].x
    assert found["x2,1,1"].y > found["x1,1,1"].y
    assert found["x2,1,1"].text == ""
    assert found["x1,1,1"].text == "x1,1,1"
    kernel = [mark.text for mark in figure.panels[0].marks]
    assert len(kernel) == net.labels.parameters
    assert {text for text in kernel if text} == {f"w_1_1_{i}_{j}" for i in (1, 2) for j in (1, 2)}


@pytest.mark.parametrize("size", [(40, 60), (224, 224)])
def test_a_field_within_long_lines_is_shown(size: tuple[int, int]) -> None:
    net = cg.Conv((5, 5), padding="same").on(size)
    figure = cg.draw_grid(net, "s20,30", show=6)
    found = cells(figure)
    field = {*cg.receptive_field(net, "s20,30")}
    assert {name for name, cell in found.items() if cell.shaded} == {*field, "s20,30"}
    assert {"x1,1", "x17,27", f"x{size[0]},{size[1]}"} <= {*found}
    assert "x10,10" not in found
    for row in "xs":
        at = [(cell.x, cell.y) for cell in found.values() if cell.row == row]
        dots = [m for m in figure.panels[0].marks if m.name.startswith(f"dots,{row},")]
        assert len(dots) == 12
        assert len({*at, *((mark.x, mark.y) for mark in dots)}) == len(at) + 12
    assert "Shaded: x18,28 to x22,32 (25 units), s20,30." in figure.description
    with pytest.raises(ConvgraphError, match="show=30 draws that of what is shaded"):
        cg.draw_grid(net, "s20,30", show=30)


def test_of_a_field_that_is_drawn_in_part_a_line_says_so() -> None:
    net = cg.Conv((25, 25), padding="same").on((60, 60))
    figure = cg.draw_grid(net, "s30,30", show=8)
    field = {*cg.receptive_field(net, "s30,30")}
    there = field & {*cells(figure)}
    assert len(there) < len(field) == 625
    (line,) = (text.text for text in figure.panels[0].texts)
    said = f"Of the 625 shaded cells of x {len(there)} are drawn."
    assert " ".join(line.split()) == said
    assert said in figure.description
    assert not cg.draw_grid(cg.Conv((5, 5)).on((40, 60)), "s20,30", show=6).panels[0].texts


def test_padding_hides_no_channel() -> None:
    net = cg.Conv((3, 3), filters=2, padding=1).on((3, 5, 5))
    (panel,) = cg.draw_grid(net, padding=True).panels
    found = {unit.name: unit for unit in panel.units}
    side = found["x1,1,1"].side
    assert side is not None
    right = max(mark.x for mark in panel.marks if mark.kind == "zero") + side / 2
    edges = [right, *(found[f"x{channel},1,5"].x + side / 2 for channel in (2, 3))]
    assert np.diff(edges).min() > side / 4
    assert max(edges) < found["s1,1,1"].x - side / 2


def test_long_lines_show_their_ends() -> None:
    net = cg.Conv((3, 3)).on((100, 50))
    found = cells(cg.draw_grid(net, show=4))
    rows = {name.split(",")[0][1:] for name in found if name[0] == "x"}
    assert rows == {"1", "2", "99", "100"}
    gap = found["x2,1"].y - found["x99,1"].y
    assert gap == pytest.approx(2 * found["x1,1"].side)


def test_values_stand_in_place_of_names_and_counts() -> None:
    net = cg.Conv((2, 2)).on((3, 3))
    image = np.arange(9).reshape(3, 3)
    found = cells(cg.draw_grid(net, "s1,1", values={"x": image}, names=False))
    assert [found[f"x{i},{j}"].text for i in (1, 2, 3) for j in (1, 2, 3)] == list("012345678")
    assert found["s2,2"].text == ""


def test_lines_of_one_axis() -> None:
    net = cg.Conv(3, filters=2).on((2, 5))
    found = cells(cg.draw_grid(net))
    assert len({found[f"x1,{j}"].y for j in range(1, 6)}) == 1
    assert Cells((2, 5), 10, None, True).height == pytest.approx(10 * 1.35)


def test_grids_stand_above_and_beside_other_figures() -> None:
    net = cg.Conv((2, 2)).on((3, 3))
    figure = cg.draw(net, direction="right").beside(cg.draw_grid(net, "s1,1"))
    assert figure.svg().count('data-unit="x1,1"') == 2
    assert "<polygon" in figure.svg()
    assert "cg-figure" in figure.page()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((cg.Conv((3, 3)),), r"a bound network, such as"),
        ((DILATED, "x99,1"), r"unit='x99,1': no unit"),
        ((cg.Conv((3, 3)).on((100, 100)),), r"19,604 cells are too many .* show=8"),
    ],
)
def test_bad_arguments(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(ConvgraphError, match=message):
        cg.draw_grid(*arguments)


def test_bad_options() -> None:
    with pytest.raises(ConvgraphError, match=r"show=1: at least 2 cells"):
        cg.draw_grid(DILATED, show=1)
    with pytest.raises(ConvgraphError, match=r"row='z': no row"):
        cg.draw_grid(DILATED, headings={"z": "?"})


@pytest.mark.parametrize("values", [[[0, 1], [2, 255]], [[5.0, 5.0]], [[-1.0], [0.0], [1.0]]])
def test_png_is_read_by_others(tmp_path: Path, values: Any) -> None:
    image = pytest.importorskip("matplotlib.image", reason="reads PNG")
    path = tmp_path / "f.png"
    path.write_bytes(png(values))
    array = np.asarray(values, float)
    span = array.max() - array.min()
    wanted = (array - array.min()) / span if span else np.full_like(array, 0.5)
    assert np.abs(image.imread(path) - wanted).max() <= 0.5 / 255 + 1e-6


def test_yes_is_ink_in_every_picture() -> None:
    yes = np.array([[True, False], [False, True]])
    assert png(yes) == png([[0, 1], [1, 0]])
    assert png(~yes) == png([[1, 0], [0, 1]])
    assert png([[True, True]]) != png([[False, False]])
    wide = np.eye(80, dtype=bool)  # more than is drawn cell by cell
    (panel,) = cg.draw(cg.Conv(1).on(1), units={"x1": {"image": wide, "size": 1.5}}).panels
    assert [mark.content for mark in panel.marks] == [png(wide)]


@pytest.mark.parametrize("values", [[], [1, 2], [[np.nan]], [[[1]]]])
def test_png_of_no_image(values: Any) -> None:
    with pytest.raises(ConvgraphError, match="an array of rows of finite numbers"):
        png(values)


@pytest.mark.parametrize("theme", ["book", "slides", "dark"])
def test_padding_is_told_from_a_field_that_reaches_it(theme: str) -> None:
    net = cg.Conv((3, 3), padding=1).on((4, 4))
    (panel,) = cg.draw_grid(net, shade="s1,1", padding=True, theme=theme).panels
    zeros = {mark.fill for mark in panel.marks if mark.kind == "zero"}
    shaded = {fill for unit in panel.units for fill in unit.fills}
    assert len(zeros) == 1
    assert shaded

    def levels(color: str) -> list[int]:
        return [int(color[i : i + 2], 16) for i in (1, 3, 5)]

    for fill in shaded:
        assert max(abs(a - b) for a, b in zip(levels(*zeros), levels(fill), strict=True)) > 32


@pytest.mark.parametrize("shape", [(3, 12), (4, 12, 12), (2, 3, 12)])
def test_dots_between_channels_stand_in_nothing(shape: Any) -> None:
    kernel = (3,) * (len(shape) - 1)
    (panel,) = cg.draw_grid(cg.Conv(kernel, filters=3, padding="same").on(shape), show=6).panels
    dots = [mark for mark in panel.marks if mark.kind == "dots"]
    assert dots
    for mark in dots:
        for unit in panel.units:
            assert unit.side is not None
            away = max(abs(mark.x - unit.x), abs(mark.y - unit.y)) - unit.side / 2
            assert away >= 0.4 * unit.side


def test_the_channel_of_the_unit_that_is_asked_about_is_in_front_and_named() -> None:
    net = cg.Conv((3, 3), filters=3, padding="same").on((2, 4, 4))
    figure = cg.draw_grid(net, "s2,3,3", kernels=True)
    (panel,) = figure.panels
    named = {unit.name for unit in panel.units if unit.text == unit.name}
    assert {name for name in named if name[0] == "s"} == {
        f"s2,{i},{j}" for i in range(1, 5) for j in range(1, 5)
    }
    # what comes last hides what is before it
    last = [unit for unit in panel.units if unit.row == "s"][-16:]
    assert {unit.name for unit in last} == {name for name in named if name[0] == "s"}
    assert {unit.name for unit in last if unit.fills} == {"s2,3,3"}
    written = {mark.text for mark in panel.marks if mark.text}
    assert written == {f"w_2_1_{i}_{j}" for i in (1, 2, 3) for j in (1, 2, 3)}
    assert [text.text for text in panel.texts] == ["channel 2 of 3"]
    assert "In front of s: channel 2 of 3." in figure.description


def test_shaded_cells_and_depthwise_fields_bring_their_channels_to_the_front() -> None:
    net = cg.Conv((2, 2), filters=3, groups=3).on((3, 4, 4))
    for figure in (cg.draw_grid(net, "s3,1,1"), cg.draw_grid(net, shade=["x3,1,1", "s3,1,1"])):
        shown = [unit.name for unit in figure.panels[0].units if unit.fills and unit.text]
        assert {"s3,1,1", "x3,1,1"} <= set(shown)
        assert [text.text for text in figure.panels[0].texts] == ["channel 3 of 3"] * 2
    (panel,) = cg.draw_grid(net, shade=["x2,1,1", "x1,1,1"]).panels
    assert not panel.texts


def test_a_front_channel_keeps_its_places_from_large_maps() -> None:
    net = cg.Conv((3, 3), filters=4).on((8, 200, 200))
    (panel,) = cg.draw_grid(net, "s4,1,1", show=4).panels
    assert [text.text for text in panel.texts] == ["channel 4 of 4"]
