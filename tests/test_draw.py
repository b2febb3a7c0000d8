"""Drawing: places, shades, emphasis and letters against the graph, in the text and in the SVG."""

from __future__ import annotations

import itertools
import math
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
import sympy as sp

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.figures.figure import Figure
from convgraph.figures.routes import route
from convgraph.figures.theme import BOOK, Theme

from .test_render import SVG, needs_dot

SAME = cg.Conv(3, padding="same")
NETS = {
    "same": SAME.on(5),
    "valid": cg.Conv(3).on(7),
    "strided": cg.Conv(3, stride=2, padding=1).on(7),
    "dilated": cg.Conv(2, dilation=3).on(8),
    "full": cg.Conv(3, padding="full").on(4),
    "circular": cg.Conv(3, padding="same", padding_mode="circular").on(5),
    "twice between two": cg.Conv(3, padding="same", padding_mode="circular").on(2),
    "even": cg.Conv(4, padding="same").on(6),
    "dense": cg.Dense(3).on(6),
    "image": cg.Conv((2, 2)).on((3, 3)),
    "channels": cg.Conv(3, filters=2, padding="same").on((2, 4)),
    "hourglass": (cg.MaxPool(2) >> cg.Upsample(2) >> SAME).on(6),
    "transposed": cg.ConvTranspose(3, stride=2).on(3),
    "residual": cg.Residual(SAME >> cg.ReLU() >> SAME).on(5),
    "nested": cg.Residual(cg.Residual(SAME) >> SAME).on(4),
    "parallel": cg.Parallel(SAME, cg.Conv(1), cg.AvgPool(3, 1, padding="same")).on(4),
    "pooled": (SAME >> cg.GlobalMaxPool()).on(5),
    "flat": (cg.Conv((2, 2)) >> cg.Flatten() >> cg.Dense(2)).on((3, 3)),
    "user's": cg.from_networkx(
        nx.DiGraph(
            [(a, b, {"parameter": a + b}) for a, b in ("ac", "bc", "cd", "ad", "be", "de", "ce")]
        )
    ),
}


@pytest.fixture(params=NETS, scope="module")
def net(request: Any) -> Any:
    return NETS[request.param]


def lines(figure: Any, kind: Any) -> Any:
    """The nodes or edges of DOT text, id to attributes."""
    pattern = (
        r"\t(?:\S+ -> \S+) \[(.*)\]" if kind == "edge" else r"\t(?!graph|node|edge)\S+ \[(.*)\]"
    )
    found = {}
    for attributes in re.findall(pattern, figure.dot):
        pairs = re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|(\S+))', attributes)
        values = {key: quoted or plain for key, quoted, plain in pairs}
        found[values["id"]] = values
    return found


def circles(figure: Any) -> Any:
    return {unit.name: unit for panel in figure.panels for unit in panel.units}


def along(edge: Any, steps: Any = 40) -> Any:
    """Points on an edge."""
    return [edge.route.at(i / steps) for i in range(steps)] + [edge.route.points[-1]]


# -- structure -------------------------------------------------------------------------------------


def test_units_and_edges_are_those_of_the_graph(net: cg.Network) -> None:
    (panel,) = cg.draw(net).panels
    assert [unit.name for unit in panel.units] == list(net.graph)
    drawn = sorted((e.source, e.target, e.parameter) for e in panel.edges)
    assert drawn == sorted((a, b, str(p)) for a, b, p in net.graph.edges(data="parameter"))


def test_dot_holds_every_unit_and_edge_once(net: cg.Network) -> None:
    figure = cg.draw(net)
    assert len(lines(figure, "node")) == len(net.graph)
    assert len(lines(figure, "edge")) == net.graph.number_of_edges()
    assert all("!" in node["pos"] for node in lines(figure, "node").values())


def test_units_do_not_touch(net: cg.Network) -> None:
    units = cg.draw(net).panels[0].units
    for a, b in itertools.combinations(units, 2):
        assert math.dist((a.x, a.y), (b.x, b.y)) >= 0.999 * BOOK.pitch


def test_edges_run_upwards_and_through_no_other_unit(net: cg.Network) -> None:
    figure = cg.draw(net)
    units = circles(figure)
    for edge in figure.panels[0].edges:
        source, target = units[edge.source], units[edge.target]
        assert target.y > source.y
        others = [u for u in units.values() if u not in (source, target)]
        for point in along(edge):
            assert all(math.dist(point, (u.x, u.y)) > BOOK.radius for u in others)


def test_edges_start_and_end_at_their_units(net: cg.Network) -> None:
    figure = cg.draw(net)
    units = circles(figure)
    for edge in figure.panels[0].edges:
        source, target = units[edge.source], units[edge.target]
        touching = pytest.approx(BOOK.radius + BOOK.stroke / 2)
        assert math.dist(edge.route.points[0], (source.x, source.y)) == touching
        assert math.dist(edge.route.tip, (target.x, target.y)) == touching


def test_no_two_edges_are_drawn_as_one(net: cg.Network) -> None:
    edges = cg.draw(net).panels[0].edges
    assert len({edge.route for edge in edges}) == len(edges)


def test_what_stands_above_keeps_off_the_captions_below_it() -> None:
    net, words = cg.Conv(3).on(5), {"x": "INPUT", "s": "OUTPUT"}
    for direction in ("up", "down", "left", "right"):
        one = cg.draw(net, direction=direction, headings=words, captions={"s": "a\nconvolution"})
        upper, lower = cg.draw(net, direction=direction).above(one), one.above(one)
        for both in (upper, lower):
            texts = [
                (text.y + place[1] - text.size / 2, text.y + place[1] + text.size / 2)
                for panel, place in zip(both.panels, both.places, strict=True)
                for text in panel.texts
            ]
            ends = [
                (min(u.y for u in panel.units) + y, max(u.y for u in panel.units) + y)
                for panel, (_, y) in zip(both.panels, both.places, strict=True)
            ]
            assert ends[0][0] - 2 * both.theme.radius > ends[1][1]
            for low, high in texts:  # on one side of the other panel's units, or beside its own
                inside = [not (high < bottom or low > top) for bottom, top in ends]
                assert sum(inside) < 2
        assert one.above(one, 1.08).places[0][1] <= lower.places[0][1]


def test_letters_of_many_connections_keep_off_arrows() -> None:
    net = cg.Conv(3, padding="same").on(120)
    few, many = (
        cg.draw(cg.Conv(3, padding="same").on(n), letters=True, show="all") for n in (20, 120)
    )
    assert len(many.panels[0].edges) > 250
    places = [
        [(t.x - t.edge.route.at(0.5)[0], t.y) for t in figure.panels[0].texts if t.edge]
        for figure in (few, many)
    ]
    assert places[1][:40] == [pytest.approx(place) for place in places[0][:40]]
    assert len(places[1]) == net.connection_count


def above(figure: Any, unit: Any) -> Any:
    """The x in pitches."""
    return circles(figure)[unit].x / BOOK.pitch


@pytest.mark.parametrize(
    ("spec", "shape", "over"),
    [
        (SAME, 5, {"s1": "x1", "s5": "x5"}),
        (cg.Conv(3), 5, {"s1": "x2", "s3": "x4"}),
        (cg.Conv(3, stride=2, padding=1), 5, {"s1": "x1", "s2": "x3", "s3": "x5"}),  # figure 9.12
        (cg.MaxPool(3, 2, ceil_mode=True), 6, {"s1": "x2", "s2": "x4", "s3": "x6"}),  # 9.10
        (cg.Conv(2, padding=((0, 1),)), 5, {"s1": "x1", "s5": "x5"}),  # 9.14
        (cg.Pad(2), 3, {"s3": "x1", "s5": "x3"}),
        (cg.ConvTranspose(3, stride=2), 3, {"s2": "x1", "s4": "x2", "s6": "x3"}),
    ],
)
def test_units_stand_above_the_middle_of_what_they_see(
    spec: Any, shape: int, over: dict[str, Any]
) -> None:
    figure = cg.draw(spec.on(shape))
    for upper, lower in over.items():
        assert above(figure, upper) == pytest.approx(above(figure, lower))


def test_rows_that_shrink_are_centred() -> None:
    figure = cg.draw((cg.Conv(6) >> cg.Conv(6) >> cg.Conv(6)).on(16))  # figure 9.13
    middle = (above(figure, "x1") + above(figure, "x16")) / 2
    assert above(figure, "s1") == middle
    assert above(figure, "h1:1") + above(figure, "h1:11") == 2 * middle


def test_images_have_a_gap_behind_each_line() -> None:
    figure = cg.draw(cg.Conv((2, 2)).on((3, 3)))
    steps = [above(figure, b) - above(figure, a) for a, b in itertools.pairwise(circles(figure))]
    assert steps[:8] == pytest.approx([1, 1, 1.5, 1, 1, 1.5, 1, 1])


# -- shades and emphasis ---------------------------------------------------------------------------


def shaded(figure: Any) -> Any:
    return {name for name, unit in circles(figure).items() if unit.shaded}


@pytest.mark.parametrize(
    "shade",
    [
        {"x3", "s2", "s3", "s4"},
        ["x3", cg.projective_field(NETS["same"], "x3")],
        {"#A8A8A8": ["x3"], "grey": cg.projective_field(NETS["same"], "x3")},
        cg.projective_field(NETS["same"], "x3") | {"x3"},
    ],
)
def test_ways_to_say_what_is_shaded(shade: Any) -> None:
    assert shaded(cg.draw(NETS["same"], shade=shade)) == {"x3", "s2", "s3", "s4"}


def test_one_unit_and_none() -> None:
    assert shaded(cg.draw(NETS["same"], shade="x3")) == {"x3"}
    assert shaded(cg.draw(NETS["same"], shade=[])) == set()


def test_colors_reach_the_text() -> None:
    figure = cg.draw(NETS["same"], shade={"#12abEF": "x1", "red": {"x2"}})
    nodes = lines(figure, "node")
    assert nodes["unit_x1"]["fillcolor"] == "#12abEF"
    assert nodes["unit_x2"]["fillcolor"] == "#FF0000"  # names are not the same in all formats
    assert "fillcolor" not in nodes["unit_x3"]
    assert 'fillcolor="#FFFFFF"' in figure.dot


def test_a_unit_of_two_shades_shows_both() -> None:
    net = (SAME >> SAME).on(7)
    fields = {
        color: {name for row in "xh" for name in cg.receptive_field(net, unit, row=row)}
        for color, unit in (("#00FFFF", "g2"), ("#FFA500", "g5"))
    }
    figure = cg.draw(net, shade=fields)
    for name, unit in circles(figure).items():
        assert unit.fills == tuple(color for color, field in fields.items() if name in field)
    nodes = lines(figure, "node")
    assert nodes["unit_x3"]["fillcolor"] == "#00FFFF;0.5:#FFA500"
    assert "Shaded cyan: x1, x2, x3, x4, h1, h2, h3. Shaded orange: x3, x4," in figure.description
    three = lines(cg.draw(net, shade={**fields, "black": "x4"}), "node")["unit_x4"]
    assert (three["fillcolor"], three["style"]) == ("#00FFFF:#FFA500:#000000", "wedged")
    # no lines between the parts, through the letters: the outline is drawn apart
    assert three["color"] == "transparent"
    colors = ("red", "cyan", "blue")
    cells = cg.draw_grid(cg.Conv((2, 2)).on((3, 3)), shade=dict.fromkeys(colors, "x1,1"))
    assert lines(cells, "node")["unit_x1_1"]["style"] == "striped"


@pytest.mark.parametrize("theme", ["book", "slides", "dark"])
def test_letters_can_be_read_on_every_shade(theme: Any) -> None:
    for color in ("black", "white", "brown", "pink", "#12abEF", "yellow", "#777777"):
        figure = cg.draw(NETS["same"], shade={color: "x1"}, theme=theme)
        node = lines(figure, "node")["unit_x1"]
        ink = node.get("fontcolor", figure.theme.ink)
        # Rec. 709 weights of linear light, as WCAG counts them; 4.5 is its least for text
        weights = {1: 0.2126, 3: 0.7152, 5: 0.0722}
        light = [
            sum(w * (int(c[i : i + 2], 16) / 255) ** 2.2 for i, w in weights.items())
            for c in (ink, node["fillcolor"])
        ]
        assert (max(light) + 0.05) / (min(light) + 0.05) > 4.3, (color, ink)


def emphasized(figure: Any) -> Any:
    return {(e.source, e.target) for e in figure.panels[0].edges if e.emphasized}


MIDDLE = {(f"x{i}", f"s{i}") for i in range(1, 6)}


@pytest.mark.parametrize(
    "emphasize",
    ["w_2", sp.Symbol("w_2"), cg.uses(NETS["same"], "w_2"), MIDDLE, [*MIDDLE], ["w_2", "w_2"]],
)
def test_ways_to_say_what_is_emphasized(emphasize: Any) -> None:
    figure = cg.draw(NETS["same"], emphasize=emphasize)
    assert emphasized(figure) == MIDDLE
    for name, edge in lines(figure, "edge").items():
        strong = name in {f"edge_{a}_{b}" for a, b in MIDDLE}
        assert edge.get("color") == (None if strong else "#BDBDBD")
        assert edge.get("class") == ("emphasized" if strong else None)


def test_one_of_two_connections_between_the_same_units() -> None:
    net = NETS["twice between two"]
    figure = cg.draw(net, emphasize=("x2", "s1", 1))
    (edge,) = [edge for edge in figure.panels[0].edges if edge.emphasized]
    assert (edge.source, edge.target, edge.key) == ("x2", "s1", 1)
    assert edge.parameter == str(net.graph.edges["x2", "s1", 1]["parameter"])
    figure = cg.draw(net, emphasize=cg.uses(net, edge.parameter))
    strong = [edge for edge in figure.panels[0].edges if edge.emphasized]
    assert len(strong) == 2
    assert {e.parameter for e in strong} == {edge.parameter}


def test_without_emphasis_all_edges_are_black_and_none_is_marked() -> None:
    for edge in lines(cg.draw(NETS["same"]), "edge").values():
        assert "color" not in edge
        assert "class" not in edge


@pytest.mark.parametrize("path", [os.environ["PATH"], ""], ids=["dot", "embedded"])
def test_black_edges_are_drawn_over_grey_ones(monkeypatch: Any, path: Any) -> None:
    monkeypatch.setenv("PATH", path)
    net = cg.Dense(4).on(4)
    svg = cg.draw(net, emphasize=["w_2_1", "w_3_2"]).svg()
    order = re.findall(r'<g id="[^"]*-(edge_\w+)" class="edge( emphasized)?"', svg)
    assert len(order) == 16
    assert [bool(mark) for _, mark in order] == [False] * 14 + [True] * 2


def test_of_several_colours_the_outline_is_drawn_apart_and_a_diamond_has_two() -> None:
    net = cg.Conv(2).on(2)
    looks = {"x1": {"fill": ["red", "blue", "pink"], "color": "green", "shape": "square"}}
    nodes = lines(cg.draw(net, units=looks), "node")
    unit, outline = nodes["unit_x1"], nodes["outline_unit_x1"]
    assert [key for key in ("pos", "shape", "width", "height") if unit[key] != outline[key]] == []
    assert (unit["color"], outline["color"], outline["style"]) == ("transparent", "#008000", "")
    three = {"x1": {"fill": ["red", "blue", "pink"], "shape": "diamond"}}
    with pytest.raises(ConvgraphError, match="a diamond of at most 2 colours, and not 3"):
        cg.draw(net, units=three)


# -- letters, values, captions ---------------------------------------------------------------------

LOCAL = cg.LocallyConnected(2, padding=((0, 1),)).on(5)


def letters(figure: Any) -> Any:
    return {(t.edge.source, t.edge.target): t.text for t in figure.panels[0].texts if t.edge}


def test_letters_in_order_of_appearance() -> None:
    assert "".join(letters(cg.draw(LOCAL, letters="abcdefghi")).values()) == "abcdefghi"
    tiled = cg.TiledConv(2, padding=((0, 1),), tiles=2).on(5)
    assert "".join(letters(cg.draw(tiled, letters="abcd")).values()) == "abcdabcda"


def test_letters_from_names_and_from_a_dict() -> None:
    named = letters(cg.draw(NETS["same"], letters=True))
    assert named == {(a, b): str(p) for a, b, p in NETS["same"].graph.edges(data="parameter")}
    some = letters(cg.draw(NETS["same"], letters={sp.Symbol("w_2"): "b"}))
    assert some == dict.fromkeys(MIDDLE, "b")


def test_letters_stand_left_of_their_edges_and_apart() -> None:
    figure = cg.draw(cg.Conv(2).on(5), letters="ab")
    texts = figure.panels[0].texts
    assert len(texts) == 8
    for text in texts:
        near = min(along(text.edge), key=lambda point: abs(point[1] - text.y))
        assert text.x + text.width / 2 < near[0]
    for a, b in itertools.combinations(texts, 2):
        assert abs(a.x - b.x) >= (a.width + b.width) / 2 or abs(a.y - b.y) >= 0.8 * a.size


def test_values_are_written_as_in_the_book() -> None:
    net = cg.MaxPool(3, 2, ceil_mode=True).on(6)
    x = [0.1, 1, 0.2, 0.1, 0, 0.1]
    figure = cg.draw(net, values={"x": x, "s": net.evaluate(x), "s1": "..."})
    printed = ".1 1 .2 .1 0 .1 ... .2 .1"
    assert " ".join(unit.text for unit in figure.panels[0].units) == printed
    assert [u.name for u in figure.panels[0].units] == list(net.graph)


def test_captions_stand_on_the_left() -> None:
    net = (SAME >> cg.MaxPool(1, 2)).on(5)
    figure = cg.draw(net, captions={"h": "Convolution", "g": "Downsampling"})
    low, high = (text for text in figure.panels[0].texts)
    assert (low.text, low.y) == ("Convolution", 0.5 * BOOK.pitch)
    assert (high.text, high.y) == ("Downsampling", 1.5 * BOOK.pitch)
    assert all(text.x + text.width / 2 < -BOOK.radius for text in (low, high))
    (whole,) = cg.draw(net, captions="Strided\nconvolution").panels[0].texts
    assert whole.y == BOOK.pitch
    assert r'label="Strided\nconvolution"' in cg.draw(net, captions="Strided\nconvolution").dot


# -- panels and files ------------------------------------------------------------------------------


def test_panels_stand_above_each_other_with_ids_of_their_own() -> None:
    one = cg.draw(NETS["same"], row_distance=1.5)
    both = one.above(cg.draw(NETS["dense"]), 1.08).above(one)
    assert len(both.panels) == 3
    nodes = lines(both, "node")
    y = {name: float(node["pos"].rstrip("!").split(",")[1]) for name, node in nodes.items()}
    assert y["unit_x1"] - y["panel2_unit_s1"] == pytest.approx(1.08 * 54, abs=0.02)
    assert y["unit_s1"] - y["unit_x1"] == pytest.approx(1.5 * 54)
    assert y["panel3_unit_x1"] == 0
    assert len(nodes) == 2 * 10 + 9


def test_ids_differ_for_names_that_look_alike() -> None:
    names = ["a,b", "a_b", "a:b", "a b", "ab", "A,b", "ä", "", "<x>", '"', "\\N", "&amp;", "x\ny"]
    graph = nx.DiGraph([(name, "out", {"parameter": "w"}) for name in names])
    svg = ET.fromstring(cg.draw(cg.from_networkx(graph)).svg())
    units = {g.get("data-unit"): g for g in svg.iter(f"{SVG}g") if "data-unit" in g.attrib}
    assert {name.replace("\n", " ") for name in [*names, "out"]} == set(units)
    assert len({g.get("id") for g in units.values()}) == len(units)
    read = {"".join(t.itertext()) for g in units.values() for t in g.iter(f"{SVG}text")}
    assert {"a,b", "a:b", "a b", "<x>", '"', "\\N", "&amp;", "x", "y", "ä"} <= read


@pytest.mark.parametrize("path", [os.environ["PATH"], ""], ids=["dot", "embedded"])
def test_svg_says_what_it_shows(monkeypatch: Any, path: Any) -> None:
    monkeypatch.setenv("PATH", path)
    net = NETS["same"]
    svg = ET.fromstring(cg.draw(net, shade="x3", emphasize="w_2", title="A & <B>").svg("f-"))
    assert svg.get("role") == "img"
    title, desc = svg[0], svg[1]
    assert (title.tag, title.text) == (f"{SVG}title", "A & <B>")
    assert svg.get("aria-labelledby").split() == [title.get("id"), desc.get("id")]
    assert "13 connections" in desc.text
    assert "Shaded: x3." in desc.text
    assert "5 connections (x1 to s1, " in desc.text
    groups = {g.get("id"): g for g in svg.iter(f"{SVG}g")}
    unit, edge = groups["f-unit_x3"], groups["f-edge_x3_s2"]
    assert (unit.get("data-unit"), unit.get("data-row"), unit.get("data-panel")) == ("x3", "x", "1")
    assert unit.get("class") == "node unit shaded"
    assert unit.find(f"{SVG}title").text == "x3"
    data = [edge.get(f"data-{key}") for key in ("source", "target", "parameter", "panel")]
    assert data == ["x3", "s2", "w_3", "1"]
    assert edge.find(f"{SVG}title").text == "x3 → s2: w_3"


def test_a_notebook_gets_svg_and_text() -> None:
    figure = cg.draw(NETS["same"])
    bundle = figure._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "text/plain"}
    assert bundle["image/svg+xml"].startswith("<svg")
    assert bundle["text/plain"] == "Figure('Network x[5] -> s[5]': 10 units, 13 connections)"


def test_save_takes_the_format_from_the_name(tmp_path: Path) -> None:
    figure = cg.draw(NETS["same"])
    written = figure.save(tmp_path / "f.dot").read_text()
    assert written.replace(" layout=nop2", "") == figure.dot
    assert figure.save(str(tmp_path / "f.SVG")).read_text() == figure.svg()


@needs_dot
def test_save_png_and_pdf(tmp_path: Path) -> None:
    figure = cg.draw(NETS["residual"], emphasize="w_2", letters=True)
    assert figure.save(tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    assert figure.save(tmp_path / "f.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize("name", ["f.gif", "f", "f.", ".svg", "f.svg.txt"])
def test_save_in_an_unknown_format(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        ConvgraphError, match=r"a figure is saved as one of \.svg, \.png, \.pdf, \.dot"
    ):
        cg.draw(NETS["same"]).save(tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_png_without_dot_writes_nothing(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ConvgraphError, match="install Graphviz"):
        cg.draw(NETS["same"]).save(tmp_path / "f.png")
    assert not list(tmp_path.iterdir())


def test_the_same_figure_twice_is_the_same_text() -> None:
    def make() -> Any:
        net = cg.Residual(SAME).on(5)
        return cg.draw(net, shade=set(cg.receptive_field(net, "g3")), emphasize="w_1")

    assert make().dot == make().dot


def test_a_large_figure_is_drawn_and_a_larger_one_is_refused() -> None:
    assert "edge_x1_s40" in cg.draw(cg.Dense(40).on(50)).svg()
    with pytest.raises(ConvgraphError, match=r"732,108 connections are too many .* smaller input"):
        cg.draw(cg.Conv((5, 5), padding="same").on((3, 100, 100)))


def test_themes_are_data() -> None:
    figure = cg.draw(NETS["same"], theme=Theme("wide", pitch=100, shade="#00FF00"), shade="x2")
    assert isinstance(figure, Figure)
    assert lines(figure, "node")["unit_x2"]["pos"] == "100,0!"
    assert lines(figure, "node")["unit_x2"]["fillcolor"] == "#00FF00"


def test_a_bypass_takes_the_nearest_gap() -> None:
    bypass = route((0, 0), (0, 108), {54: [-54, 0, 54]}, 16, 6)
    assert min(math.dist(bypass.at(i / 50), (0, 54)) for i in range(51)) > 16
    assert {round(x) for x, y in bypass.points if 30 < y < 80} == {27}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shade": "x9"}, r"unit='x9': no unit .* did you mean"),
        ({"shade": 3}, r"shade=3: a unit, a set of units"),
        ({"shade": {"grey!": "x1"}}, r"shade=\{'grey!': ...\}: a colour is #rrggbb or one of"),
        ({"shade": cg.receptive_field(NETS["valid"], "s1")}, r"shade=Units.*another network"),
        ({"emphasize": "w_9"}, r"emphasize='w_9': no parameter of this network; did you mean w_"),
        ({"emphasize": ("x1", "s5")}, r"emphasize=\('x1', 's5'\): there is no such connection"),
        ({"emphasize": 3}, r"emphasize=3: a parameter, a \(source, target\) pair"),
        ({"letters": "ab"}, r"letters='ab': .* a letter for each of the 3 parameters"),
        ({"letters": {"v_1": "a"}}, r"letters=\{'v_1': ...\}: no parameter on an edge"),
        ({"letters": 3}, r"letters=3: True, a dict, or a letter"),
        ({"values": {"x": [1, 2]}}, r"values\['x'\]=\[1, 2\]: one value for each of the 5 units"),
        ({"values": {"z1": 2}}, r"unit='z1': no unit"),
        ({"captions": 3}, r"captions=3: a text, or a dict"),
        ({"captions": {"h": "x"}}, r"row='h': no row of this network"),
        ({"row_distance": 0}, r"row_distance=0: a number of column pitches from 0.7 to 100"),
        ({"theme": "bok"}, r"theme='bok': a theme is one of .*; did you mean book\?"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConvgraphError, match=f"^{message}"):
        cg.draw(NETS["same"], **arguments)


def test_bad_networks() -> None:
    with pytest.raises(ConvgraphError, match=r"network=Conv\(3\): a bound network, such as"):
        cg.draw(cg.Conv(3))
    with pytest.raises(ConvgraphError, match="needs numbers"):
        cg.draw(cg.Conv(3).on(sp.Symbol("n", integer=True, positive=True)))
    with pytest.raises(ConvgraphError, match="other=3: a figure stands above another"):
        cg.draw(NETS["same"]).above(3)


def test_nothing_complains_when_the_interpreter_ends() -> None:
    code = "import convgraph as cg; cg.draw(cg.Conv(3).on(5)).svg()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout + done.stderr == ""


@pytest.mark.parametrize("theme", ["slides", "dark"])
def test_a_theme_changes_the_looks_and_nothing_else(theme: str) -> None:
    net = cg.Conv(3, padding="same").on(5)
    book, other = (cg.draw(net, shade="x3", theme=name) for name in ("book", theme))
    assert [unit.name for unit in book.panels[0].units] == [u.name for u in other.panels[0].units]
    assert book.dot != other.dot
    assert (f'bgcolor="{other.theme.paper}"') in other.dot


def test_a_small_network_shows_its_equations() -> None:
    assert r"s_{1,2} &= w_{1,1} x_{1,2}" in cg.Conv((2, 2)).on((2, 3))._repr_latex_()
    assert r" \\ s_{2}" in cg.Conv(2).on(3)._repr_latex_()
    assert cg.Conv(3).on(100)._repr_latex_() is None
