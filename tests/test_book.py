"""The book's figures: against their golden text, and against the graphs that they show."""

import re
from pathlib import Path

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
def test_text_is_the_golden_text(number):
    """After a wanted change: `convgraph book --format dot --out FOLDER`; look at the pictures."""
    assert make(number).dot == (GOLDEN / f"figure-{number}.dot").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", PRINTED)
def test_the_printed_units_are_filled(number):
    figure = make(number)
    *panels, color = PRINTED[number]
    for panel, filled in zip(figure.panels, [p for p in panels if p is not None], strict=True):
        assert {unit.name for unit in panel.units if unit.shaded} == filled
        assert {unit.fill for unit in panel.units if unit.shaded} <= {color}


@pytest.mark.parametrize("number", PRINTED)
def test_connections_are_those_of_the_graph(number):
    for panel in make(number).panels:
        drawn = sorted((edge.source, edge.target) for edge in panel.edges)
        assert drawn == sorted(panel.network.graph.edges())


@pytest.mark.parametrize(
    ("number", "connections"),
    [("9.2", [13, 25]), ("9.3", [13, 25]), ("9.4", [26]), ("9.5", [13, 25])],
)
def test_number_of_connections(number, connections):
    assert [len(panel.edges) for panel in make(number).panels] == connections


def test_shared_parameter_is_black_and_all_else_grey():
    top, bottom = make("9.5").panels
    assert {(e.source, e.target) for e in top.edges if e.strong} == set(zip(X, S, strict=True))
    assert {(e.source, e.target) for e in bottom.edges if e.strong} == {("x3", "s3")}
    assert {e.parameter for e in top.edges if e.strong} == {"w_2"}
    assert make("9.5").dot.count('color="#BDBDBD"') == 8 + 24


@pytest.mark.parametrize("number", ["9.2", "9.3", "9.4"])
def test_edges_of_the_other_figures_are_black(number):
    assert all(edge.strong for panel in make(number).panels for edge in panel.edges)
    assert 'color="#BDBDBD"' not in re.sub("fillcolor", "", make(number).dot)


@pytest.mark.parametrize(
    ("number", "rows", "panels"),
    [("9.2", 1.5, 1.08), ("9.3", 1.5, 1.08), ("9.4", 1, 1), ("9.5", 1, 1)],
)
def test_measures(number, rows, panels):
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


def test_unknown_figure():
    with pytest.raises(
        ConvgraphError, match=r"figure='9.44': a figure is one of 9.2, .*did you mean 9.4"
    ):
        make("9.44")


def test_titles_name_the_figures():
    assert make("9.5").title == "Figure 9.5: parameter sharing"
    assert "<title " in make("9.5").svg()


def test_the_readme_picture_is_up_to_date():
    """Made by `convgraph book 9.4 --out docs/images --format svg --format png --format dot`."""
    figure = make("9.4")
    assert (IMAGES / "figure-9.4.dot").read_text(encoding="utf-8") == figure.dot
    assert (IMAGES / "figure-9.4.png").read_bytes().startswith(b"\x89PNG")
    # Texts in SVG move with fonts and versions, so the shapes stand for the whole.
    kept, drawn = (IMAGES / "figure-9.4.svg").read_text(encoding="utf-8"), figure.svg()
    pattern = r'data-(\w+)="([^"]*)"|fill="(#\w+)"'
    assert re.findall(pattern, kept) == re.findall(pattern, drawn)


def test_public_functions_draw_the_same():
    net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5)
    seen = {unit for row in "xhg" for unit in cg.receptive_field(net, "g3", row=row)}
    assert cg.draw(net, shade={"#BDBDBD": seen}).dot == make("9.4").dot
