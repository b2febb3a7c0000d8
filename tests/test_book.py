"""The book's figures: against their golden text, and against the graphs that they show."""

from __future__ import annotations

import io
import itertools
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.book.figures import figure_numbers, make

GOLDEN = Path(__file__).parent / "golden"
IMAGES = Path(__file__).parent.parent / "docs" / "images"
X, S = ([f"{row}{i}" for i in range(1, 6)] for row in "xs")

# As FIGURES of the book show them: the units of each panel that are filled, and with what.
PRINTED = {
    "9.2": ({"x3", "s2", "s3", "s4"}, {"x3", *S}, "#A8A8A8"),
    "9.3": ({"s3", "x2", "x3", "x4"}, {"s3", *X}, "#BDBDBD"),
    "9.4": ({"g3", "h2", "h3", "h4", *X}, None, "#BDBDBD"),
    "9.5": (set(), set(), None),
}


@pytest.mark.parametrize("number", figure_numbers())
def test_text_is_the_golden_text(number: Any) -> None:
    """After a wanted change: `convgraph book --format dot --out FOLDER`; look at the pictures."""
    if number == "9.6":
        pytest.importorskip("matplotlib", reason="its photograph comes with matplotlib")
    assert make(number).dot == (GOLDEN / f"figure-{number}.dot").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", PRINTED)
def test_the_printed_units_are_filled(number: Any) -> None:
    figure = make(number)
    *panels, color = PRINTED[number]
    for panel, filled in zip(figure.panels, [p for p in panels if p is not None], strict=True):
        assert {unit.name for unit in panel.units if unit.shaded} == filled
        assert {unit.fills for unit in panel.units if unit.shaded} <= {(color,)}


@pytest.mark.parametrize("number", PRINTED)
def test_connections_are_those_of_the_graph(number: Any) -> None:
    for panel in make(number).panels:
        drawn = sorted((edge.source, edge.target) for edge in panel.edges)
        assert drawn == sorted(panel.network.graph.edges())


@pytest.mark.parametrize(
    ("number", "connections"),
    [("9.2", [13, 25]), ("9.3", [13, 25]), ("9.4", [26]), ("9.5", [13, 25])],
)
def test_number_of_connections(number: str, connections: list[int]) -> None:
    assert [len(panel.edges) for panel in make(number).panels] == connections


def test_shared_parameter_is_black_and_all_else_grey() -> None:
    top, bottom = make("9.5").panels
    assert {(e.source, e.target) for e in top.edges if e.strong} == set(zip(X, S, strict=True))
    assert {(e.source, e.target) for e in bottom.edges if e.strong} == {("x3", "s3")}
    assert {e.parameter for e in top.edges if e.strong} == {"w_2"}
    assert make("9.5").dot.count('color="#BDBDBD"') == 8 + 24


@pytest.mark.parametrize("number", ["9.2", "9.3", "9.4"])
def test_edges_of_the_other_figures_are_black(number: str) -> None:
    assert all(edge.strong for panel in make(number).panels for edge in panel.edges)
    assert 'color="#BDBDBD"' not in re.sub("fillcolor", "", make(number).dot)


@pytest.mark.parametrize(
    ("number", "rows", "panels"),
    [("9.2", 1.5, 1.08), ("9.3", 1.5, 1.08), ("9.4", 1, 1), ("9.5", 1, 1)],
)
def test_measures(number: str, rows: Any, panels: Any) -> None:
    """In pitches of 54 points, as measured in print."""
    figure = make(number)
    y = {
        name: float(at)
        for name, at in re.findall(r"\t(\w*unit_\w+) \[.*pos=\"[^,]*,([^!]*)!", figure.dot)
    }
    x = dict(re.findall(r"\t(\w*unit_\w+) \[.*pos=\"([^,]*),", figure.dot))
    top = "h" if number == "9.4" else "s"
    assert (y[f"unit_{top}1"] - y["unit_x1"]) / 54 == pytest.approx(rows)
    assert (float(x["unit_x2"]) - float(x["unit_x1"])) / 54 == 1
    if len(figure.panels) == 2:
        assert (y["unit_x1"] - y["panel2_unit_s1"]) / 54 == pytest.approx(panels, abs=0.001)
    assert f"width={0.61 * 54 / 72:.4f}" in figure.dot
    assert "penwidth=1.2" in figure.dot
    assert "outputorder=edgesfirst" in figure.dot


def texts(panel: Any, row: Any) -> Any:
    return [unit.text for unit in panel.units if unit.row == row]


def letters(panel: Any) -> Any:
    return "".join(text.text for text in panel.texts if text.edge)


def test_pooling_and_a_shift() -> None:
    """Figure 9.8: four units of each row, dashed arrows and dots at both ends."""
    first, second = make("9.8").panels
    assert (texts(first, "x"), texts(first, "s")) == (
        [".1", "1", ".2", ".1"],
        ["1", "1", "1", ".2"],
    )
    assert (texts(second, "x"), texts(second, "s")) == (
        [".3", ".1", "1", ".2"],
        [".3", "1", "1", "1"],
    )
    for panel in (first, second):
        assert [text.text for text in panel.texts] == ["DETECTOR STAGE", "POOLING STAGE"]
        low, high = (text.y for text in panel.texts)
        assert low < 0 < panel.height < high
        places = sorted((mark.x / 54, mark.y / 54) for mark in panel.marks)
        assert places == [(0, 0), (0, 1), (5, 0), (5, 1)]
        assert {mark.text for mark in panel.marks} == {"..."}
        dashed = {(line.source, line.target) for line in panel.lines if line.dashed}
        ends = {("dots,x,1", "s2"), ("x2", "dots,s,1"), ("dots,x,2", "s5"), ("x5", "dots,s,2")}
        assert dashed == ends
    assert make("9.8").dot.count("style=dashed") == 8


def test_pooling_with_downsampling() -> None:
    (panel,) = make("9.10").panels
    assert texts(panel, "x") == [".1", "1", ".2", ".1", "0", ".1"]
    assert texts(panel, "s") == ["1", ".2", ".1"]
    x = {unit.name: unit.x for unit in panel.units}
    assert [x[f"s{i}"] for i in (1, 2, 3)] == [x[f"x{i}"] for i in (2, 4, 6)]
    assert [edge.source for edge in panel.edges if edge.target == "s3"] == ["x5", "x6"]


def test_strides_and_downsampling() -> None:
    top, bottom = make("9.12").panels
    seen = {f"s{i}": [e.source for e in top.edges if e.target == f"s{i}"] for i in (1, 2, 3)}
    assert seen == {"s1": ["x1", "x2"], "s2": ["x2", "x3", "x4"], "s3": ["x4", "x5"]}
    kept = [(edge.source, edge.target) for edge in bottom.edges if edge.target[0] == "s"]
    assert kept == [("z1", "s1"), ("z3", "s2"), ("z5", "s3")]
    assert [text.text for text in top.texts] == ["Strided\nconvolution"]
    assert {text.text for text in bottom.texts} == {"Convolution", "Downsampling"}
    x = {unit.name: unit.x for unit in top.units}
    assert [x[f"s{i}"] for i in (1, 2, 3)] == [x[f"x{i}"] for i in (1, 3, 5)]
    (_, above), (_, below) = make("9.12").places
    assert (above - below - bottom.height) / 54 == pytest.approx(1.2)


def test_padding_and_size() -> None:
    bare, padded = make("9.13").panels
    sizes = [
        [len(texts(panel, row.name)) for row in panel.network.rows] for panel in (bare, padded)
    ]
    assert sizes == [[16, 11, 6, 1], [16] * 4]
    for panel, widths in ((bare, [11, 6, 1]), (padded, [16] * 3)):
        for row, width in zip(panel.network.rows[1:], widths, strict=True):
            units = row.units()
            targets = {edge.target for edge in panel.edges} & set(units)
            assert targets == {units[0], units[-1]}
            assert len(units) == width
    assert all(sum(e.target == unit for e in bare.edges) == 6 for unit in ("h1:1", "h1:11", "s1"))
    assert not [mark for mark in bare.marks if mark.kind == "padding"]
    black = [mark for mark in padded.marks if mark.kind == "padding"]
    assert {mark.fill for mark in black} == {"#000000"}
    for y in {mark.y for mark in black}:
        row = sorted(mark.x / 54 for mark in black if mark.y == y)
        units = [unit.x / 54 for unit in padded.units if unit.y == y]
        assert [x - units[0] for x in row] == [-3, -2, -1, 16, 17]
    assert len(black) == 3 * 5
    assert len(padded.lines) == 3 * 5
    assert sum(mark.text == "..." for mark in bare.marks) == 2
    assert sum(mark.text == "..." for mark in padded.marks) == 3


def test_letters_show_what_is_shared() -> None:
    assert [letters(panel) for panel in make("9.14").panels] == ["abcdefghi", "ababababa", ""]
    assert [len(panel.edges) for panel in make("9.14").panels] == [9, 9, 25]
    tyings = [letters(panel) for panel in make("9.16").panels]
    assert tyings == ["abcdefghi", "abcdabcda", "ababababa"]
    wirings = {tuple((e.source, e.target) for e in panel.edges) for panel in make("9.16").panels}
    assert len(wirings) == 1


@pytest.mark.parametrize("number", ["9.14", "9.16"])
def test_letters_keep_off_their_edges(number: str) -> None:
    letters = [text for panel in make(number).panels for text in panel.texts]
    assert letters
    for text in letters:
        (x0, y0), (x1, y1) = text.edge.route.points[0], text.edge.route.tip
        for height in (-0.2, 0.4):  # of a descender and of an ascender, in sizes
            y = text.y + height * text.size
            assert text.x + text.width / 2 + 1 < x0 + (x1 - x0) * (y - y0) / (y1 - y0), text


def test_the_slides_are_no_wider_than_high() -> None:
    left, right, low, high = make("slides")._box
    assert right - left < high - low


def test_two_terminologies() -> None:
    left, rule, right = make("9.7").panels
    stages = ["Convolution {}:\naffine transform", "Detector {}:\nnonlinearity", "Pooling {}"]
    for panel, word in ((left, "stage"), (right, "layer")):
        boxes = sorted((m for m in panel.marks if m.kind == "box" and m.text), key=lambda m: m.y)
        inner = [stage.format(word) for stage in stages]
        assert [box.text for box in boxes] == ["Input", *inner, "Next layer"]
        assert all(line.route.tip[1] > line.route.points[0][1] for line in panel.lines)
    (outer,) = [mark for mark in left.marks if mark.kind == "box" and not mark.text]
    held = [m for m in left.marks if abs(m.y - outer.y) + m.height / 2 <= outer.height / 2]
    assert len([mark for mark in held if mark.kind == "box" and mark.text]) == 3
    for text in ("Input", "Next layer"):  # the columns reach as far
        (low,), (high,) = ([m for m in panel.marks if m.text == text] for panel in (left, right))
        assert low.y == pytest.approx(high.y)
    assert left.texts[0].y == pytest.approx(right.texts[0].y)
    assert len(left.lines) == len(right.lines) == 4
    assert rule.marks[0].width < 1


def test_learned_invariance() -> None:
    """Another detector answers for another orientation, and the pooling unit answers alike."""
    panels = make("9.9").panels
    answers = [texts(panel, "h2") for panel in panels]
    assert [answer.index("1") for answer in answers] == [0, 2]
    assert all(answer.count("1") == 1 for answer in answers)
    assert [texts(panel, "s") for panel in panels] == [["1"], ["1"]]
    for panel, shown in zip(panels, ("h1:1", "h1:3"), strict=True):
        units = {unit.name: unit for unit in panel.units}

        def ink(name: Any, panel: Any = panel, units: Any = units) -> Any:
            unit, start = units[name], f"picture,{name},"
            cells = [mark for mark in panel.marks if mark.name.startswith(start)]
            return {(round(m.x - unit.x, 3), round(m.y - unit.y, 3), m.width) for m in cells}

        pictures = [ink(f"h1:{i}") for i in (1, 2, 3)]
        assert ink("x1") == ink(shown) != set()
        assert all(a != b for a, b in itertools.pairwise(pictures))


def test_the_photograph_and_its_edges() -> None:
    pytest.importorskip("matplotlib", reason="its photograph comes with matplotlib")
    image = pytest.importorskip("matplotlib.image")
    marks = [mark for panel in make("9.6").panels for mark in panel.marks]
    photo, edges = (image.imread(io.BytesIO(mark.content or b"")) for mark in marks)
    assert (photo.shape, edges.shape) == ((280, 320), (280, 319))
    # both were rounded to 256 shades, which is all that may part them
    difference = np.diff(photo, axis=1)
    scaled = (difference - difference.min()) / (difference.max() - difference.min())
    assert np.abs(scaled - edges).max() < 0.01
    svg = make("9.6").svg()
    assert svg.count("data:image/png;base64,") == 2


def test_the_photograph_without_matplotlib(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ConvgraphError, match=r"pip install 'convgraph\[plot\]'"):
        make("9.6")


def test_neuron_by_neuron() -> None:
    *filtered, dense, grids = make("slides").panels
    for panel, parameter in zip(filtered, ["w_1_1", "w_1_2", "w_2_1", "w_2_2"], strict=True):
        assert len(panel.edges) == 16
        assert {e.parameter for e in panel.edges if e.strong} == {parameter}
        assert sum(e.strong for e in panel.edges) == 4
        assert texts(panel, "x") == list("abcdefghi")
        assert len({unit.x for unit in panel.units}) == 2
    assert len(dense.edges) == 36
    assert {u.text for u in grids.units if u.shaded} == {"a", "b", "d", "e", "s11"}


def test_unknown_figure() -> None:
    with pytest.raises(
        ConvgraphError, match=r"figure='9.44': a figure is one of 9.2, .*did you mean 9.4"
    ):
        make("9.44")


def test_titles_name_the_figures() -> None:
    assert make("9.5").title == "Figure 9.5: parameter sharing"
    assert "<title " in make("9.5").svg()


def test_the_readme_picture_is_up_to_date() -> None:
    """Made by `convgraph book 9.4 --out docs/images --format svg --format png --format dot`."""
    figure = make("9.4")
    assert (IMAGES / "figure-9.4.dot").read_text(encoding="utf-8") == figure.dot
    assert (IMAGES / "figure-9.4.png").read_bytes().startswith(b"\x89PNG")
    # Texts in SVG move with fonts and versions, so the shapes stand for the whole.
    kept, drawn = (IMAGES / "figure-9.4.svg").read_text(encoding="utf-8"), figure.svg()
    pattern = r'data-(\w+)="([^"]*)"|fill="(#\w+)"'
    assert re.findall(pattern, kept) == re.findall(pattern, drawn)


def test_the_readme_draws_its_picture() -> None:
    readme = (IMAGES.parent.parent / "README.md").read_text(encoding="utf-8")
    lines = re.findall(r">>> (net = .*|seen = .*|cg\.draw\(net.*)", readme)
    names: dict[str, Any] = {"cg": cg}
    for line in lines[:2]:
        exec(line, names)
    assert eval(lines[2], names).dot == make("9.4").dot
