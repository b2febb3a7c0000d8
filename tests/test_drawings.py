"""The site's drawings, matrices, grids with padding, themes of one's own and widths."""

from __future__ import annotations

import json
import math
import re
import runpy
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.figures.colors import contrast
from convgraph.figures.figure import Figure
from convgraph.figures.lettering import text_width
from convgraph.figures.padding_marks import padding_around
from convgraph.figures.theme import BOOK, SLIDES, as_theme

DOCS = Path(__file__).parent.parent / "docs"
DRAWINGS = runpy.run_path(str(DOCS / "drawings.py"))["DRAWINGS"]
NET = cg.Conv(3, padding="same").on(5)


@pytest.mark.parametrize("title", DRAWINGS)
def test_the_lines_of_each_drawing_make_a_figure(title: Any) -> None:
    _, code = DRAWINGS[title]
    *lines, last = re.split(r"\n(?=\S)", code)
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    figure = eval(last, names)
    assert isinstance(figure, Figure)
    assert figure.dot
    if any(mark.kind == "image" for panel in figure.panels for mark in panel.marks):
        with pytest.raises(cg.ConvgraphError, match="TikZ has no images"):
            assert figure.tikz
    else:
        assert figure.tikz


@pytest.mark.exhaustive
@pytest.mark.parametrize("title", DRAWINGS)
def test_latex_compiles_each_drawing(title: Any, tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex on this machine")
    *lines, last = re.split(r"\n(?=\S)", DRAWINGS[title][1])
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)
    figure = eval(last, names)
    if any(mark.kind == "image" for panel in figure.panels for mark in panel.marks):
        pytest.skip("TikZ has no images")
    figure.save(tmp_path / "figure.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "figure.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_matrix_is_that_of_the_network() -> None:
    net = cg.Conv((2, 2)).on((3, 3))
    (panel,) = cg.draw_matrix(net).panels
    matrix = np.array(net.matrix()).reshape(4, 9)
    side = panel.marks[0].width
    for mark in panel.marks:
        i, j = 3 - round(mark.y / side), round(mark.x / side)
        assert mark.text == ("" if matrix[i, j] == 0 else str(matrix[i, j]))
        assert (mark.fill is None) == (matrix[i, j] == 0)
    graph = cg.draw(net, edges="parameters").panels[0]
    assert {(m.parameter, m.fill) for m in panel.marks if m.parameter} == {
        (edge.parameter, edge.color) for edge in graph.edges
    }


def test_a_matrix_beside_its_graph_answers_with_it() -> None:
    page = cg.draw(NET, edges="parameters").beside(cg.draw_matrix(NET)).page()
    panels = _data(page)
    assert [panels[n].get("together") for n in ("1", "2")] == [["2"], ["1"]]
    other = cg.draw(cg.Conv(2).on(3)).above(cg.draw(cg.Conv(2).on(3))).page()
    assert not any("together" in panel for panel in _data(other).values())


def _data(page: str) -> Any:
    found = re.findall(r'class="cg-data">(.*?)</script>', page, re.DOTALL)
    return json.loads(found[0])["panels"]


@pytest.mark.parametrize(
    ("spec", "shape", "wanted"),
    [
        (cg.Conv((3, 3), padding="same"), (4, 5), ((1, 1), (1, 1))),
        (cg.Conv((2, 3), padding=((0, 1), (2, 1))), (4, 5), ((0, 1), (2, 1))),
        # of the zeros behind four positions, windows in steps of two read none
        (cg.Conv((3, 3), stride=2, padding=1), (2, 4, 4), ((0, 0), (1, 0), (1, 0))),
        (cg.Conv((3, 3), dilation=2, padding=2), (5, 5), ((2, 2), (2, 2))),
        (cg.MaxPool((3, 2), 1, padding=((1, 1), (0, 0))), (4, 4), ((1, 1), (0, 0))),
        (cg.Conv(3, padding=1), 6, ((1, 1),)),
    ],
)
def test_padding_around_grids_is_what_windows_read_there(
    spec: Any, shape: Any, wanted: Any
) -> None:
    net = spec.on(shape)
    (around,) = padding_around(net).values()
    assert around == wanted
    (panel,) = cg.draw_grid(net, padding=True).panels
    zeros = [mark for mark in panel.marks if mark.name.startswith("padding")]
    rows, columns = ((0, 0), *around)[-2:]
    size = (1, *net.inputs[0].numbers())[-2:]
    high, wide = size[0] + sum(rows), size[1] + sum(columns)
    assert len(zeros) == high * wide - size[0] * size[1]
    front = {(round(u.x, 3), round(u.y, 3)) for u in panel.units}
    assert not front & {(round(mark.x, 3), round(mark.y, 3)) for mark in zeros}
    assert len({(round(mark.x, 3), round(mark.y, 3)) for mark in zeros}) == len(zeros)


def test_cells_look_as_one_says() -> None:
    net = cg.Conv((2, 2)).on((3, 3))
    looks = {"x1,1": {"label": "corner", "fill": "orange"}}
    (panel,) = cg.draw_grid(net, "s1,1", units=looks, legend={"orange": "here"}).panels
    (unit,) = [unit for unit in panel.units if unit.name == "x1,1"]
    assert (unit.text, unit.fills, unit.valued) == ("corner", ("#FFA500",), True)
    assert [text.text for text in panel.texts] == ["here"]
    with pytest.raises(ConvgraphError, match="cells have one size and shape"):
        cg.draw_grid(net, units={"x": {"shape": "diamond"}})
    with pytest.raises(ConvgraphError, match="a grid that is drawn whole"):
        cg.draw_grid(cg.Conv((3, 3), padding=1).on((9, 9)), padding=True, show=4)


@pytest.mark.parametrize("field", ["pitch", "name", "shade", "other"])
def test_a_number_of_many_digits_in_a_theme_is_refused(tmp_path: Path, field: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(f"{field} = 0x{'f' * 5000}")
    with pytest.raises(ConvgraphError, match=r"own\.toml"):
        cg.draw(cg.Conv(3).on(5), theme=str(path))


@pytest.mark.parametrize("ending", ["toml", "json"])
def test_a_theme_can_be_a_file(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"lab.{ending}"
    fields = {"base": "slides", "shade": "orange", "pitch": 60}
    toml = "\n".join(f"{key} = {json.dumps(value)}" for key, value in fields.items())
    path.write_text(json.dumps(fields) if ending == "json" else toml)
    for theme in (path, str(path), fields):
        made = as_theme(theme)
        assert (made.shade, made.pitch, made.stroke) == ("#FFA500", 60, SLIDES.stroke)
    assert cg.draw(NET, theme=path).dot == cg.draw(NET, theme=fields).dot
    assert as_theme({}).pitch == BOOK.pitch


@pytest.mark.parametrize(
    ("theme", "message"),
    [
        ({"colour": "red"}, r"'colour' is no field of a theme"),
        ({"ink": "ornge"}, r"a colour is #rrggbb .* did you mean orange"),
        ({"pitch": -1}, r"pitch=-1\): a number from 1 to 500"),
        ({"pitch": float("inf")}, r"pitch=inf\): a number from 1 to 500"),
        ({"pitch": 10**400}, r"a number from 1 to 500"),
        ({"diameter": 2}, r"diameter=2\): a number from 0.01 to 0.95"),
        ({"stroke": 30}, r"stroke=30\): lines of at most 10.8 points"),
        ({"paper": "black"}, r"ink='#000000', paper='#000000'\): an ink that can be seen on the"),
        ({"base": "dark", "fill": "white"}, r"fill='#FFFFFF'\): an ink .* and not 1\.\d\d"),
        ({"font": 'x"/><script>'}, r"the name of a face"),
        ({"font": "a\nb"}, r"the name of a face"),
        (["book"], r"theme=\['book'\]: a theme is one of"),
        ({"base": ["book"]}, r"theme=\['book'\]: a theme is one of"),
        ({"base": "bok"}, r"did you mean book"),
        ("nowhere.toml", r"theme='nowhere.toml': a TOML or JSON file"),
    ],
)
def test_bad_themes(theme: Any, message: str) -> None:
    with pytest.raises(ConvgraphError, match=message):
        cg.draw(NET, theme=theme)


def test_themes_that_change_each_other_without_end(tmp_path: Path) -> None:
    path, other = tmp_path / "own.json", tmp_path / "other.toml"
    path.write_text(json.dumps({"base": str(other)}))
    other.write_text(f"base = {json.dumps(str(path))}")
    with pytest.raises(ConvgraphError, match="is one its own base"):
        as_theme(path)
    path.write_text("[" * 100_000)
    with pytest.raises(ConvgraphError, match="a TOML or JSON file"):
        as_theme(path)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": [1, 2]}, r"values=\[1, 2\]: a dict"),
        ({"values": np.ones(2)}, r"values=array"),
        ({"captions": np.ones(2)}, r"captions=array"),
        ({"headings": np.ones(2)}, r"headings=array"),
        ({"direction": np.ones(2)}, r"direction=array"),
        ({"edges_of": np.ones(2)}, r"edges_of="),
        ({"units": {"x1": {"fill": 5}}}, r"'fill': 5\}\}: a colour is #rrggbb"),
        ({"units": {"x1": {"fill": None}}}, r"'fill': None\}\}: a colour is #rrggbb"),
        ({"units": {"x1": {"shape": np.ones(2)}}}, r"one of circle"),
        ({"edges": {"w_1": {"line": np.ones(2)}}}, r"one of solid"),
    ],
)
def test_what_is_no_look_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ConvgraphError, match=message):
        cg.draw(cg.Conv(3).on(5), **arguments)


def test_what_is_no_distance_prefix_or_path_is_refused() -> None:
    figure = cg.draw(cg.Conv(3).on(5))
    for distance in ("", [1], 10**400, float("nan")):
        with pytest.raises(ConvgraphError, match="distance="):
            figure.above(figure, distance)
        with pytest.raises(ConvgraphError, match="distance="):
            figure.beside(figure, distance)
    for prefix in (5, "", '"><script>', "1"):
        with pytest.raises(ConvgraphError, match="prefix="):
            figure.svg(prefix)
    for path in (None, 5, "\0.svg"):
        with pytest.raises(ConvgraphError, match="path="):
            figure.save(path)


@pytest.mark.parametrize(
    ("width", "points"), [("8cm", 226.8), ("3in", 216), (4, 288), ("90 mm", 255)]
)
def test_a_width_is_that_of_every_format(tmp_path: Path, width: Any, points: float) -> None:
    figure = cg.draw(NET).sized(width)
    found = re.search(r'<svg width="(\d+)pt"', figure.svg())
    assert found is not None
    assert abs(float(found[1]) - points) < 1
    assert f"resizebox{{{figure.width:g}bp}}" in figure.tikz
    if shutil.which("dot"):
        header = figure.save(tmp_path / "f.png", dpi=72).read_bytes()[16:20]
        assert abs(int.from_bytes(header, "big") - points) < 2


def test_a_page_of_pdf_is_as_large_as_its_figure(tmp_path: Path) -> None:
    if not shutil.which("dot") or not shutil.which("pdfinfo"):
        pytest.skip("no dot, or no pdfinfo to ask")
    for figure in (cg.draw(NET), cg.draw(NET).sized("8cm")):
        path = figure.save(tmp_path / "f.pdf")
        said = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
        size = re.search(r"Page size: +([\d.]+) x ([\d.]+)", said)
        wide = re.search(r'<svg width="(\d+)pt" height="(\d+)pt"', figure.svg())
        assert size
        assert wide
        for a, b in zip(size.groups(), wide.groups(), strict=True):
            assert abs(float(a) - float(b)) < 2


@pytest.mark.parametrize("width", ["wide", "8 feet", 0, "1pt"])
def test_bad_widths(width: Any) -> None:
    with pytest.raises(ConvgraphError, match="inches, or a number with cm, mm, in or pt"):
        cg.draw(NET).sized(width)


def test_a_matrix_that_is_none() -> None:
    with pytest.raises(ConvgraphError, match="a row that is computed, not an input"):
        cg.draw_matrix(NET, "x")
    with pytest.raises(ConvgraphError, match="plot_matrix shows larger ones"):
        cg.draw_matrix(cg.Dense(100).on(100))


# -- pictures --------------------------------------------------------------------------------------


def test_a_picture_stands_in_its_unit() -> None:
    grey = np.arange(6).reshape(2, 3)
    looks = {"x1": {"image": grey}, "s": {"image": [[True, False], [False, True]], "size": 1.4}}
    (panel,) = cg.draw(NET, units=looks, direction="left").panels
    units = {unit.name: unit for unit in panel.units}
    assert units["x1"].text == ""
    assert units["x2"].text == "x2"
    assert {units[name].shape for name in ("x1", "s1")} == {"square"}
    (image,) = [mark for mark in panel.marks if mark.kind == "image"]
    assert (image.x, image.y) == (units["x1"].x, units["x1"].y)
    assert image.width / image.height == pytest.approx(3 / 2)
    ink = [mark for mark in panel.marks if mark.name.startswith("picture,s3,")]
    assert len(ink) == 2
    half = BOOK.radius * units["s3"].extent
    for mark in ink:
        assert abs(mark.x - units["s3"].x) + mark.width / 2 < half
        assert abs(mark.y - units["s3"].y) + mark.height / 2 < half
    assert sum(mark.x for mark in ink) / 2 == pytest.approx(units["s3"].x)
    assert ink[0].x < ink[1].x
    assert ink[0].y > ink[1].y


@pytest.mark.parametrize("grey", [np.eye(3), np.arange(8).reshape(2, 4), np.eye(3, dtype=bool)])
def test_a_picture_does_not_cover_its_unit(grey: Any) -> None:
    for shape in ("circle", "square", "diamond"):
        looks = {"x3": {"image": grey, "shape": shape, "size": 1.2}}
        (panel,) = cg.draw(NET, units=looks).panels
        (unit,) = [unit for unit in panel.units if unit.name == "x3"]
        for mark in panel.marks:
            x = abs(mark.x - unit.x) + mark.width / 2
            y = abs(mark.y - unit.y) + mark.height / 2
            far = math.hypot(x, y)
            assert far < unit.reach(x / far, y / far, BOOK.radius)


LABELS = [
    "a very long label for a unit",
    "Supercalifragilistic",
    "日本語日本語日本語",
    "a\nb\nc\nd\ne",
]


@pytest.mark.parametrize("theme", ["book", "slides"])
@pytest.mark.parametrize("shape", ["circle", "square", "diamond"])
def test_a_long_label_stays_in_its_unit_and_is_told_whole(theme: str, shape: str) -> None:
    looks = {f"x{i}": {"label": text, "shape": shape} for i, text in enumerate(LABELS, 1)}
    (panel,) = cg.draw(NET, units={**looks, "s": {"label": "cat"}}, theme=theme).panels
    diameter = 2 * as_theme(theme).radius
    for unit in panel.units:
        lines = unit.text.split("\n")
        assert 1.1 * 7 * len(lines) <= diameter
        assert max(text_width(line, 7) for line in lines) <= diameter
    note = panel.texts[-1].text.replace("\n", "")
    for text in LABELS:
        assert " ".join(text.split()).replace(" ", "") in note.replace(" ", "")
        assert " ".join(text.split()) in panel.description
    assert "cat is" not in note


def test_a_dark_paper_has_its_units_and_its_grey() -> None:
    theme = as_theme({"ink": "#FFFFFF", "paper": "#003366"})
    assert theme.fill == theme.paper
    assert min(contrast(theme.quiet, other) for other in (theme.ink, theme.paper)) > 2
    assert as_theme({"ink": "#003366", "paper": "#FFFFEE"}).fill == BOOK.fill
    assert as_theme({"ink": "white", "paper": "black", "fill": "blue"}).fill == "#0000FF"


def test_white_pixels_have_a_frame() -> None:
    svg = cg.draw_image([[9, 9], [9, 0]], pixel=20).svg()
    assert re.search(r'<image [^>]*/><polygon fill="none" stroke="#bdbdbd"', svg)
    inside = cg.draw(NET, units={"x1": {"image": [[1, 2]]}}).svg()
    assert re.search(r'<image [^>]*/><polygon fill="none"[^>]*stroke-width="0"', inside)


def test_an_image_beside_boxes_and_a_rule() -> None:
    image = cg.draw_image([[0, 1], [2, 3]], pixel=30, title="Four")
    boxes = cg.draw_boxes("Stages", ["Input", ("Layer", ["Pooling"])], beside=cg.draw(NET))
    both = image.beside(boxes, rule=True)
    assert len(both.panels) == 3
    assert both.description.startswith(
        "Panel 1: Four, 2 by 2 pixels. Panel 2: A rule. Panel 3: Stag"
    )
    assert both.svg().count("<image") == 1
    xs = [x for x, _ in both.places]
    assert xs == sorted(xs)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cg.draw_image([1, 2]), "values: an array of rows of numbers"),
        (lambda: cg.draw_image([[1, float("nan")]]), "values: finite numbers"),
        (lambda: cg.draw_image([["a"]]), "values: an array of rows"),
        (lambda: cg.draw_image(np.zeros((2, 2000))), "at most 1024 on a side"),
        (lambda: cg.draw_image([[1]], pixel=0), "pixel=0: a number of points"),
        (lambda: cg.draw_boxes("Stages", "Input"), "items='Input': texts, or pairs"),
        (lambda: cg.draw_boxes("Stages", []), r"items=\[\]: texts, or pairs"),
        (lambda: cg.draw_boxes("Stages", [("Layer", ["a"], 3)]), "items="),
        (lambda: cg.draw_boxes("Stages", ["a"], beside=3), "beside=3: a figure"),
        (lambda: cg.draw(NET, units={"x1": {"image": [[1j]]}}), "'image'"),
        (
            lambda: cg.draw_grid(cg.Conv((2, 2)).on((3, 3)), units={"x1,1": {"image": [[1]]}}),
            "cells have no room for pictures",
        ),
    ],
)
def test_what_is_no_picture(call: Any, message: str) -> None:
    with pytest.raises(ConvgraphError, match=message):
        call()


@pytest.mark.skipif(shutil.which("dot") is None, reason="needs Graphviz's dot")
def test_dot_leaves_everything_of_a_file_in_its_place(tmp_path: Path) -> None:
    file = cg.draw(cg.Conv(3).on(5), captions="Three windows").save(tmp_path / "f.dot")
    plain, placed = (
        subprocess.run([*how, "-Tplain", file], capture_output=True, check=True, text=True).stdout
        for how in (["dot"], ["neato", "-n2"])
    )
    assert plain == placed


def test_dot_has_no_images() -> None:
    figure = cg.draw_image([[0, 1], [2, 3]])
    with pytest.raises(ConvgraphError, match="format='dot': DOT has no images of its own"):
        figure.content("dot")


@pytest.mark.parametrize(("shape", "axis"), [((4, 5, 3), "-1"), ((3, 4, 5), "0")])
def test_a_photograph_in_colours_is_told_how_it_becomes_grey(shape: Any, axis: str) -> None:
    photo = np.random.default_rng(0).random(shape)
    with pytest.raises(ConvgraphError, match=rf"np\.mean\(image, axis={axis}\) makes grey"):
        cg.draw_image(photo)
    assert cg.draw_image(photo.mean(int(axis))).svg()
