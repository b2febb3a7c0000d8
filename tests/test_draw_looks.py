"""How single units and connections look, and the legend, in the panel and in every format."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.figures.looks import parameter_colors
from convgraph.figures.theme import BOOK
from tests.test_draw import circles, lines

SAME = cg.Conv(3, padding="same")
NET = SAME.on(5)
FIELD = cg.receptive_field(NET, "s2")


@pytest.mark.parametrize(
    "units",
    [
        {"x1": {"label": "a"}, "x2": {"label": "a"}, "x3": {"label": "a"}},
        {FIELD: {"label": "a"}},
        {frozenset({"x1", "x2", "x3"}): {"label": "a"}},
        [({"x1", "x2", "x3"}, {"label": "a"})],
        {lambda unit: unit in FIELD: {"label": "a"}},
        lambda unit: {"label": "a"} if unit in FIELD else None,
        {"x": {"label": "a"}, "x4": {"label": "x4"}, "x5": {"label": "x5"}},
    ],
)
def test_ways_to_say_which_units(units: Any) -> None:
    found = {name: unit.text for name, unit in circles(cg.draw(NET, units=units)).items()}
    assert found == {name: "a" if name in FIELD else name for name in found}


def test_a_property_may_be_a_function() -> None:
    units = {"s": {"label": lambda unit: f"o{unit[1:]}" if unit != "s3" else None, "size": 0.8}}
    edges = {"w_2": {"label": lambda source, target, parameter: source + target}}
    figure = cg.draw(NET, units=units, edges=edges)
    found = circles(figure)
    assert [found[f"s{i}"].text for i in (1, 2, 3)] == ["o1", "o2", "s3"]
    assert {e.label for e in figure.panels[0].edges} == {"", *(f"x{i}s{i}" for i in range(1, 6))}
    with pytest.raises(ConvgraphError, match=r"'fill': 'nothing'.*a colour is"):
        cg.draw(NET, units={"x": {"fill": lambda unit: "nothing"}})


def test_a_legend_names_no_colour_that_emphasis_hides() -> None:
    blue = {"w_3": {"color": "blue"}}
    assert cg.draw(NET, edges=blue, legend={"blue": "right"}).panels[0].marks
    with pytest.raises(ConvgraphError, match="nothing in this figure"):
        cg.draw(NET, emphasize="w_1", edges=blue, legend={"blue": "right"})


MIDDLE = [(f"x{i}", f"s{i}") for i in range(1, 6)]


@pytest.mark.parametrize(
    "edges",
    [
        {"w_2": {"width": 2}},
        {cg.uses(NET, "w_2"): {"width": 2}},
        {frozenset(MIDDLE): {"width": 2}},
        [(set(MIDDLE), {"width": 2})],
        {lambda source, target, parameter: source[1:] == target[1:]: {"width": 2}},
        lambda source, target, parameter: {"width": 2} if parameter == "w_2" else None,
    ],
)
def test_ways_to_say_which_connections(edges: Any) -> None:
    figure = cg.draw(NET, edges=edges)
    thick = {(e.source, e.target) for e in figure.panels[0].edges if e.width == 2}
    assert thick == set(MIDDLE)
    drawn = lines(figure, "edge")
    assert {name for name, e in drawn.items() if e.get("penwidth") == "2.4"} == {
        f"edge_{a}_{b}" for a, b in MIDDLE
    }
    assert figure.tikz.count("line width=2.4bp") == 5


def test_properties_reach_every_format() -> None:
    units = {
        "s2": {"shape": "square", "fill": ["orange", "cyan"], "size": 1.2, "label": "here"},
        "s3": {"shape": "diamond", "color": "red"},
    }
    edges = {"w_1": {"color": "blue", "line": "dashed", "label": "left"}}
    figure = cg.draw(NET, units=units, edges=edges)
    nodes, arrows = lines(figure, "node"), lines(figure, "edge")
    assert (nodes["unit_s2"]["shape"], nodes["unit_s3"]["shape"]) == ("box", "diamond")
    assert nodes["unit_s3"]["color"] == "#FF0000"
    assert (arrows["edge_x1_s2"]["color"], arrows["edge_x1_s2"]["style"]) == ("#0000FF", "dashed")
    tikz, svg = figure.tikz, figure.svg()
    assert tikz.count("draw=rgb0000FF, dashed]") == 4
    assert re.search(r"unit, rectangle, minimum size=[\d.]+bp, path picture", tikz)
    assert re.search(r"unit, diamond, .*draw=rgbFF0000", tikz)
    assert svg.count('stroke="#0000ff"') + svg.count('stroke="blue"') == 8  # lines and heads
    assert len(re.findall(r'data-parameter="w_1"[^>]* data-own="true"', svg)) == 4
    assert [text.text for text in figure.panels[0].texts] == ["left"] * 4


@pytest.mark.parametrize("shape", ["circle", "square", "diamond"])
def test_connections_end_at_the_border_of_every_shape(shape: Any) -> None:
    figure = cg.draw(NET, units={"s": {"shape": shape, "size": 1.2}})
    units = circles(figure)
    for edge in figure.panels[0].edges:
        unit, (x, y) = units[edge.target], edge.route.tip
        dx, dy = abs(x - unit.x), abs(y - unit.y)
        half = 1.2 * BOOK.radius
        inside = {  # of shapes of as much area as the circle
            "circle": math.hypot(dx, dy) / half,
            "square": max(dx, dy) / (half * math.sqrt(math.pi) / 2),
            "diamond": (dx + dy) / (half * math.sqrt(math.pi / 2)),
        }[shape]
        assert 1 < inside < 1.1


def test_what_is_tied_shares_a_colour() -> None:
    net = cg.TiledConv(2, padding=((0, 1),), tiles=2).on(5)
    figure = cg.draw(net, edges="parameters", legend=True, letters="abcd")
    colors: dict[str, set[str | None]] = {}
    for edge in figure.panels[0].edges:
        colors.setdefault(edge.parameter, set()).add(edge.color)
    assert all(len(found) == 1 for found in colors.values())
    assert len(set.union(*colors.values())) == len(colors) == 4
    keys = {m.fill: t.text for m, t in zip(*_legend(figure), strict=True)}
    letters = {t.edge.color: t.text for t in figure.panels[0].texts if t.edge}
    assert keys == letters
    many = parameter_colors(cg.Dense(12).on(12))
    assert len(set(many.values())) == 144


def _legend(figure: Any) -> Any:
    (panel,) = figure.panels
    keys = [mark for mark in panel.marks if mark.kind == "key"]
    return keys, [text for text in panel.texts if text.left]


def test_a_legend_stands_beside_the_figure_in_every_format() -> None:
    shade = {"orange": FIELD, "cyan": cg.receptive_field(NET, "s4")}
    texts = {"orange": "seen by s2", "cyan": "seen by s4 & <more>"}
    figure = cg.draw(NET, shade=shade, legend=texts)
    keys, said = _legend(figure)
    assert [key.fill for key in keys] == ["#FFA500", "#00FFFF"]
    assert [text.text for text in said] == list(texts.values())
    assert all(key.x > max(unit.x for unit in figure.panels[0].units) + 30 for key in keys)
    assert "seen by s4 &amp; &lt;more&gt;" in figure.svg()
    assert "Legend: orange is seen by s2; cyan is" in figure.description
    assert r"{seen by s4 \& \textless{}more\textgreater{}}" in figure.tikz
    _, named = _legend(cg.draw(NET, shade=shade, legend=True))
    assert [text.text for text in named] == ["x1, x2, x3", "x3, x4, x5"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"units": 3}, r"units=3: a dict from units to properties"),
        ({"units": ["x1"]}, r"units: 'x1' is no pair of units and their properties"),
        ({"units": {"x9": {}}}, r"unit='x9': no unit"),
        ({"units": {"x1": "red"}}, r"properties are a dict"),
        ({"units": {"x1": {"colour": "red"}}}, r"a property is one of .* did you mean color"),
        ({"units": {"x1": {"shape": "sqare"}}}, r"one of circle, square.* did you mean square"),
        ({"units": {"x1": {"size": 3}}}, r"a number from 0.2 to 1.5"),
        ({"units": {"x1": {"size": 1.4, "shape": "diamond"}}}, r"a diamond of at most 1.24"),
        ({"units": {"x1": {"fill": "ornge"}}}, r"a colour is #rrggbb .* did you mean orange"),
        ({"edges": "parameter"}, r"edges='parameter': 'parameters', or a mapping"),
        ({"edges": {"w_9": {}}}, r"edges='w_9': no parameter of this network"),
        ({"edges": {"w_1": {"width": 0}}}, r"a number from 0.1 to 10"),
        ({"legend": 3}, r"legend=3: True, or a dict from colours"),
        ({"legend": {"red": "?"}}, r"nothing in this figure has that colour"),
    ],
)
def test_bad_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConvgraphError, match=message):
        cg.draw(NET, **options)


def test_a_label_that_is_too_long_for_its_unit_has_several_lines() -> None:
    words = "a very long label"
    net = cg.Conv(3, padding="same").on(5)
    figure = cg.draw(net, units={"x3": {"label": words}, "x4": {"label": "short"}})
    texts = {unit.name: unit.text for unit in figure.panels[0].units}
    assert texts["x3"].split() == words.split()
    assert max(map(len, texts["x3"].split("\n"))) < len(words)
    assert texts["x4"] == "short"
    assert texts["x5"] == "x5"
    svg = figure.svg()
    lines = [line for line in texts["x3"].split("\n") if f">{line}</text>" in svg]
    assert lines == texts["x3"].split("\n")  # a word of them is no name, to be set as one
