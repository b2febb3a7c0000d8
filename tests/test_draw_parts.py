"""Drawing a part of a network: what is left out, padding, columns, panels side by side."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.figures.theme import BOOK

from .test_draw import NETS

SAME = cg.Conv(3, padding="same")
P = BOOK.pitch


def panel(*arguments: Any, **options: Any) -> Any:
    (found,) = cg.draw(*arguments, **options).panels
    return found


def names(found: Any) -> Any:
    return [unit.name for unit in found.units]


def test_the_ends_of_long_rows() -> None:
    found = panel(SAME.on(1000), show=5)
    ends = [1, 2, 3, 999, 1000]
    assert names(found) == [f"{row}{i}" for row in "xs" for i in ends]
    assert [unit.x / P for unit in found.units] == [0, 1, 2, 4, 5] * 2
    dots = [(mark.x / P, mark.y / P) for mark in found.marks]
    assert dots == [(3, 0), (3, 1)]
    graph = SAME.on(1000).graph
    both = {(a, b) for a, b in graph.edges() if {a, b} <= set(names(found))}
    assert {(edge.source, edge.target) for edge in found.edges} == both
    crossing = {("x3", "dots,s,1"), ("dots,x,1", "s3"), ("x999", "dots,s,1"), ("dots,x,1", "s999")}
    assert {(line.source, line.target) for line in found.lines} == crossing
    assert all(line.dashed for line in found.lines)


def test_short_rows_are_whole() -> None:
    net = SAME.on(5)
    assert cg.draw(net, show=5).dot == cg.draw(net).dot


def test_a_dense_layer_has_one_arrow_for_all_units_left_out() -> None:
    found = panel(cg.Dense(300).on(200), show=4)
    assert len(found.edges) == 4 * 4
    assert len(found.lines) == 4 + 4
    assert "Drawn: 8 units and 16 connections." in found.description


def test_rows_that_shrink_share_a_middle_where_they_are_closed_up() -> None:
    found = panel((cg.Conv(3) >> cg.Conv(15)).on(24), show=6)
    middles = {
        row: sum(unit.x for unit in found.units if unit.row == row) for row in ("x", "h", "g")
    }
    assert middles["x"] == pytest.approx(middles["h"]) == pytest.approx(middles["g"])


@pytest.mark.parametrize("show", [8, [f"{r}{i}" for r in ("x", "s") for i in (1, 2, 9, 10)]])
def test_rows_of_strides_that_are_closed_up_have_one_pitch(
    show: Any,
) -> None:
    halves = cg.Conv(3, stride=2) >> cg.Conv(3, stride=2) >> cg.Conv(3, stride=2)
    net = halves.on(99) if show == 8 else cg.Conv(3, stride=3).on(60)
    found = panel(net, show=show)
    rows: dict[str, list[float]] = {}
    for unit in found.units:
        rows.setdefault(unit.row, []).append(unit.x / P)
    for places in rows.values():
        steps = [b - a for a, b in itertools.pairwise(places)]
        assert {round(step, 6) for step in steps} <= {1.0, 2.0}  # 2 where "..." is between


def test_dashed_arrows_are_emphasized_if_one_of_theirs_is() -> None:
    net = cg.Dense(2).on(9)
    found = panel(net, show=4, emphasize="w_1_5")
    strong = {(line.source, line.target) for line in found.lines if line.strong}
    assert strong == {("dots,x,1", "s1")}
    assert not any(edge.strong for edge in found.edges)


def test_connections_of_some_units() -> None:
    net = (SAME >> SAME).on(6)
    found = panel(net, edges_of=["h2", cg.projective_field(net, "h5", row="g")])
    targets = {"h2", "g4", "g5", "g6"}
    drawn = {(edge.source, edge.target) for edge in found.edges}
    assert drawn == {(a, b) for a, b in net.graph.edges() if b in targets}
    assert len(found.units) == 18
    assert [mark.text for mark in found.marks] == ["...", "..."]
    low, high = (mark.y for mark in found.marks)
    assert (low, high) == (0.5 * P, 1.5 * P)


@pytest.mark.parametrize(
    ("spec", "size", "before", "behind"),
    [
        (cg.Conv(3, padding="same"), 4, 1, 1),
        (cg.Conv(6, padding=((3, 2),)), 16, 3, 2),
        (cg.Conv(3, dilation=2, padding=2), 6, 2, 2),
        (cg.Conv(3, stride=2, padding=1), 5, 1, 1),
        (cg.Conv(3, padding="same", padding_mode="circular"), 5, 0, 0),
        (cg.Conv(3), 5, 0, 0),
        (cg.MaxPool(3, 1, padding="same"), 5, 1, 1),
    ],
)
def test_padding_is_what_windows_read_beyond_the_border(
    spec: Any, size: int, before: int, behind: int
) -> None:
    net = spec.on(size)
    plain, found = panel(net), panel(net, padding=True)
    units = [unit.x / P for unit in found.units if unit.row == "x"]
    at = sorted(mark.x / P - units[0] for mark in found.marks)
    assert at == [*range(-before, 0), *range(size, size + behind)]
    assert found.edges == plain.edges
    # each output reads its taps: from units, or from padding
    taps = net.layers[0].joints[0].wiring.axes[-1].taps
    outputs = int(net.outputs[0].size)
    if before:
        assert len(found.edges) + len(found.lines) == taps * outputs
    else:
        assert not found.lines


def test_padding_stands_as_far_apart_as_the_units_of_its_row() -> None:
    found = panel((cg.Conv(2, stride=2) >> SAME).on(8), padding=True)
    units = [unit.x for unit in found.units if unit.row == "h"]
    left, right = (mark.x for mark in found.marks)
    assert units[0] - left == right - units[-1] == units[1] - units[0] == 2 * P


def test_too_much_padding() -> None:
    with pytest.raises(ConvgraphError, match="are too many to draw"):
        cg.draw(cg.Conv(2, padding=2000, stride=4).on(4), padding=True)


def test_padding_of_images_belongs_to_grids() -> None:
    with pytest.raises(ConvgraphError, match="draw_grid draws images"):
        cg.draw(cg.Conv((3, 3), padding="same").on((3, 3)), padding=True)


def test_rows_as_columns() -> None:
    net = cg.Conv((2, 2)).on((3, 3))
    up, right = panel(net), panel(net, direction="right")
    top = max(unit.x for unit in up.units)
    for a, b in zip(up.units, right.units, strict=True):
        assert (b.x, b.y) == (a.y, top - a.x)
    for a, b in zip(up.edges, right.edges, strict=True):
        assert b.route.tip == (a.route.tip[1], top - a.route.tip[0])
    assert right.height == top


@pytest.mark.parametrize("direction", ["up", "down", "right", "left"])
def test_directions_turn_places_ways_letters_and_captions(direction: Any) -> None:
    net = (SAME >> cg.MaxPool(2)).on(4)
    captions = {"h": "Convolution", "g": "Pooling"}
    up = panel(net)
    found = panel(net, direction=direction, letters="abcd", captions=captions, row_distance=1)
    tall, wide = up.height, max(unit.x for unit in up.units)
    turn = {
        "up": lambda x, y: (x, y),
        "down": lambda x, y: (x, tall - y),
        "right": lambda x, y: (y, wide - x),
        "left": lambda x, y: (tall - y, wide - x),
    }[direction]
    for a, b in zip(up.units, found.units, strict=True):
        assert (b.x, b.y) == pytest.approx(turn(a.x, a.y))
    for a, b in zip(up.edges, found.edges, strict=True):
        assert b.route.tip == pytest.approx(turn(*a.route.tip))
    beside = {text.text: text for text in found.texts if text.edge is None}
    for caption, (low, high) in (("Convolution", "xh"), ("Pooling", "hg")):
        ends = [next((u.x, u.y) for u in found.units if u.row == row) for row in (low, high)]
        axis = 0 if direction in ("right", "left") else 1
        middle = sum(end[axis] for end in ends) / 2
        assert (beside[caption].x, beside[caption].y)[axis] == pytest.approx(middle)
    for a, b in itertools.combinations(found.texts, 2):
        assert abs(a.x - b.x) >= (a.width + b.width) / 2 or abs(a.y - b.y) >= 0.8 * a.size


@pytest.mark.parametrize("direction", ["up", "right"])
def test_letters_of_dense_layers_stand_apart_and_off_units(direction: Any) -> None:
    found = panel(cg.Dense(4).on(4), letters=True, direction=direction)
    assert len(found.texts) == 16
    for a, b in itertools.combinations(found.texts, 2):
        assert abs(a.x - b.x) >= (a.width + b.width) / 2 or abs(a.y - b.y) >= 0.8 * a.size
    for text in found.texts:
        for unit in found.units:
            aside = max(abs(unit.x - text.x) - text.width / 2, 0)
            assert math.hypot(aside, max(abs(unit.y - text.y) - 0.4 * text.size, 0)) >= BOOK.radius
        if text.masking:  # then it stands on its own edge
            assert text.edge is not None
            way = [text.edge.route.at(i / 100) for i in range(101)]
            assert min(math.dist(point, (text.x, text.y)) for point in way) < 2


def ink(text: Any) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a name such as w2,3 in Times italic, its subscript lowered.

    Widths are those of the face: 0.667 for w, 0.5 for a digit and 0.25 for a comma.
    """
    _, *subscript = text.text.split("_")
    below = sum(0.5 * len(each) for each in subscript) + 0.25 * (len(subscript) - 1)
    wide = text.size * (0.667 + 0.7 * below)
    low = 0.22 + 0.7 * 0.22  # what digits are lowered by, and the comma under its line
    base = text.y - 0.22 * text.size  # as high as half of the letter
    return text.x - wide / 2, text.x + wide / 2, base - low * text.size, base + 0.44 * text.size


@pytest.mark.parametrize("direction", ["up", "right"])
@pytest.mark.parametrize("units", [3, 5, 6])
def test_names_with_subscripts_are_neither_cut_nor_struck(units: int, direction: Any) -> None:
    found = panel(cg.Dense(units).on(units), letters=True, direction=direction)
    boxes = [ink(text) for text in found.texts]
    for (a, b, c, d), (e, f, g, h) in itertools.combinations(boxes, 2):
        assert b <= e or f <= a or d <= g or h <= c
    for text, (left, right, low, high) in zip(found.texts, boxes, strict=True):
        if text.masking:
            continue
        for edge in found.edges:
            way = [edge.route.at(i / 200) for i in range(201)]
            assert not any(left < x < right and low < y < high for x, y in way)


def test_letters_stand_above_edges_that_run_to_the_right() -> None:
    found = panel(cg.Conv(2).on(4), letters="ab", direction="right")
    for text in found.texts:
        near = min(
            (text.edge.route.at(i / 50) for i in range(51)), key=lambda p: abs(p[0] - text.x)
        )
        assert text.y > near[1]


@pytest.mark.parametrize("direction", ["up", "down", "right", "left"])
def test_captions_and_headings_stand_off_padding(direction: Any) -> None:
    texts = {"captions": {"s": "Strided\nconvolution"}, "headings": {"x": "in", "s": "out"}}
    for captions in (texts["captions"], "Strided\nconvolution"):
        found = panel(
            cg.Conv(3, stride=2, padding=1).on(7),
            padding=True,
            direction=direction,
            captions=captions,
            headings=texts["headings"],
        )
        assert [mark.kind for mark in found.marks] == ["padding", "padding"]
        for text in found.texts:
            for mark in found.marks:
                aside = abs(text.x - mark.x) - text.width / 2
                over = abs(text.y - mark.y) - text.size * (1 + 1.2 * text.text.count("\n")) / 2
                assert max(aside, over) > BOOK.radius


def test_headings_stand_above_rows_and_below_the_lowest() -> None:
    found = panel((SAME >> cg.ReLU()).on(4), headings={"x": "in", "g": "out"}, row_distance=2)
    low, high = found.texts
    assert (low.text, high.text) == ("in", "out")
    assert low.y < -BOOK.radius
    assert high.y > found.height + BOOK.radius
    assert low.x == high.x == 1.5 * P


def test_panels_beside_each_other_do_not_touch_and_share_a_middle() -> None:
    small, large = cg.draw(cg.Conv(2).on(3)), cg.draw((SAME >> SAME >> SAME).on(4))
    both = small.beside(large, 2).beside(small)
    spans = [
        (low + x, high + x)
        for (low, high), (x, _) in zip((p.span for p in both.panels), both.places, strict=True)
    ]
    assert spans[1][0] - spans[0][1] == 2 * P
    assert spans[2][0] - spans[1][1] == 1.5 * P
    middles = [y + p.height / 2 for p, (_, y) in zip(both.panels, both.places, strict=True)]
    assert middles == pytest.approx([middles[0]] * 3)
    assert min(y for _, y in both.places) == 0
    assert both.svg().count('data-panel="3"') == 9


def test_above_and_beside_nest() -> None:
    one = cg.draw(cg.Conv(2).on(3))
    four = one.beside(one).above(one.beside(one))
    ys = [y for _, y in four.places]
    assert ys[0] == ys[1] == pytest.approx(ys[2] + 2 * P)
    assert ys[2] == ys[3] == 0
    assert four.places[0][0] == four.places[2][0]


@pytest.mark.parametrize("name", ["show", "padding"])
def test_what_is_left_out_reaches_every_format(name: str) -> None:
    options = {"show": {"show": 4}, "padding": {"padding": True}}[name]
    figure = cg.draw(SAME.on(9), **options)
    found = figure.panels[0]
    svg, tex = figure.svg(), figure.tikz
    for line in found.lines:
        assert line.source.replace(",", "_") in svg
    assert svg.count("stroke-dasharray") == sum(line.dashed for line in found.lines)
    assert tex.count("dashed") == sum(line.dashed for line in found.lines)
    assert math.isclose(tex.count(r"\dots{}"), sum(m.text == "..." for m in found.marks))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"show": 1}, r"show=1: at least 2 units"),
        ({"show": ["x1"]}, r"show=\['x1'\]: one unit of each row at least, and none of s"),
        ({"show": "x9"}, r"unit='x9': no unit"),
        ({"edges_of": 7}, r"edges_of=7: a unit, a set of units"),
        ({"direction": "rigth"}, r"direction='rigth': rows run up, down, .* did you mean right"),
        ({"headings": "out"}, r"headings='out': a dict from rows"),
        ({"headings": {"h": "out"}}, r"row='h': no row"),
    ],
)
def test_bad_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConvgraphError, match=message):
        cg.draw(SAME.on(5), **options)


# -- every network ---------------------------------------------------------------------------------


@pytest.fixture(params=NETS, scope="module")
def net(request: Any) -> Any:
    return NETS[request.param]


def test_each_connection_is_drawn_or_stood_for_or_hidden(net: cg.Network) -> None:
    found = panel(net, show=3)
    drawn = set(names(found))
    solid = sorted((edge.source, edge.target, edge.parameter) for edge in found.edges)
    wanted = [(a, b, str(p)) for a, b, p in net.graph.edges(data="parameter")]
    assert solid == sorted(edge for edge in wanted if {*edge[:2]} <= drawn)
    seen = {unit: row.name for row in net.rows for unit in row.units()}
    half_hidden = {
        (a if a in drawn else f"dots,{seen[a]},1", b if b in drawn else f"dots,{seen[b]},1")
        for a, b, _ in wanted
        if len({a, b} & drawn) == 1
    }
    assert {(line.source, line.target) for line in found.lines} == half_hidden


def test_nothing_stands_on_anything_else(net: cg.Network) -> None:
    found = panel(net, show=3)
    places = [(unit.x, unit.y) for unit in found.units] + [(m.x, m.y) for m in found.marks]
    for a, b in itertools.combinations(places, 2):
        assert math.dist(a, b) >= 0.999 * P


def test_the_ends_alone_and_columns(net: cg.Network) -> None:
    found = panel(net, edges_of="ends", direction="right")
    ends = {unit for row in net.rows for unit in (row.units()[0], row.units()[-1])}
    wanted = sorted((a, b) for a, b in net.graph.edges() if b in ends)
    assert sorted((edge.source, edge.target) for edge in found.edges) == wanted
    for edge in found.edges:
        assert edge.route.tip[0] > edge.route.points[0][0]


def test_every_network_as_grids(net: cg.Network) -> None:
    figure = cg.draw_grid(net)
    assert [unit.name for unit in sorted(figure.panels[0].units, key=lambda u: u.name)] == sorted(
        net.graph
    )
    assert figure.svg().count("data-unit=") == len(net.graph)


def test_tikz_of_boxes_and_images() -> None:
    from convgraph.book.figures import make

    pytest.importorskip("matplotlib", reason="the photograph of figure 9.6 comes with it")
    with pytest.raises(ConvgraphError, match=r"format='tex': TikZ has no images"):
        make("9.6").content("tex")
    # one sees through the outer box, whichever is drawn first
    assert "fill=black" not in make("9.7").tikz
    assert "{Input}" in make("9.7").tikz  # a text, not the name of a unit
    grid = cg.draw_grid(cg.Conv((3, 3)).on((50, 50)), show=4)
    assert grid.tikz.count(r"\vdots") == 4


# -- long rows of which nobody says what to show ---------------------------------------------------


def rows_of(found: Any) -> Any:
    rows: dict[str, list[int]] = {}
    for unit in found.units:
        rows.setdefault(unit.row, []).append(int(unit.name.lstrip("xhgs")))
    return rows


@pytest.mark.parametrize("units", [41, 200, 3000])
def test_long_rows_show_their_ends_and_say_so(units: int) -> None:
    net = (SAME >> SAME).on(units)
    figure = cg.draw(net)
    (found,) = figure.panels
    ends = [*range(1, 13), *range(units - 11, units + 1)]
    assert rows_of(found) == {"x": ends, "h": ends, "g": ends}
    assert [(mark.kind, mark.text) for mark in found.marks] == [("dots", "...")] * 3
    words = f"Drawn: 24 of {units:,} units in x, h, g."
    assert [text.text for text in found.texts] == [words]
    assert found.texts[0].y + found.texts[0].size / 2 < -BOOK.radius
    assert words in figure.description


def test_rows_that_a_page_can_hold_are_whole_and_all_are_on_demand() -> None:
    assert rows_of(panel(SAME.on(40)))["x"] == [*range(1, 41)]
    assert not panel(SAME.on(40)).texts
    every = panel(SAME.on(120), show="all")
    assert rows_of(every)["x"] == [*range(1, 121)]
    assert not every.texts
    assert not every.marks
    with pytest.raises(ConvgraphError, match=r"at most 1,000 .*show=10"):
        cg.draw(SAME.on(600), show="all")


def test_what_is_shaded_named_and_emphasized_is_not_left_out() -> None:
    net = SAME.on(200)
    near = rows_of(panel(net, shade=cg.receptive_field(net, "s100")))["x"]
    assert {*range(98, 103)} <= {*near}
    dilated = cg.Conv(3, dilation=20).on(200)
    field = cg.receptive_field(dilated, "s100")
    assert {*field} <= {*names(panel(dilated, shade=field))}
    assert "x77" in names(panel(net, units={"x77": {"label": "here"}}))
    assert {"x50", "s51"} <= {*names(panel(net, emphasize=[("x50", "s51")]))}
    found = panel(net, edges_of="s60")
    assert {"x59", "x60", "x61", "s60"} <= {*names(found)}
    assert len(found.edges) == 3


def test_of_a_long_run_of_one_colour_the_ends_are_shown() -> None:
    found = panel(SAME.on(200), shade=[f"x{i}" for i in range(50, 151)])
    shaded = [int(unit.name[1:]) for unit in found.units if unit.shaded]
    assert shaded == [50, 51, 52, 148, 149, 150]
    assert {49, 151} <= {*rows_of(found)["x"]}
    filled = {mark.name for mark in found.marks if mark.fills}
    assert filled == {"dots,x,2"}
    assert "Shaded: x50 to x150 (101 units)." in found.description


@pytest.mark.parametrize(
    ("net", "unit"),
    [
        ((SAME >> SAME >> SAME >> SAME >> SAME >> SAME).on(100), "s50"),
        (cg.Conv(9, padding="same").on(100), "s50"),
        (cg.Conv(21, padding="same").on(200), "s100"),
    ],
)
def test_a_field_that_a_page_has_room_for_is_drawn_whole(net: cg.Network, unit: str) -> None:
    field = cg.receptive_field(net, unit)
    found = panel(net, shade=field)
    assert {unit.name for unit in found.units if unit.shaded} == {*field}
    assert not any(mark.fills for mark in found.marks)


@pytest.mark.parametrize("tiles", [2, 9, 15])
def test_a_period_of_the_tying_is_shown(tiles: int) -> None:
    net = cg.TiledConv(3, padding="same", tiles=tiles).on(200)
    found = panel(net)
    assert len({edge.parameter for edge in found.edges}) == net.parameter_count == 3 * tiles


def test_of_a_single_unit_dots_would_take_the_place() -> None:
    # each with its neighbours; between the two is only x32
    found = panel(SAME.on(200), shade={"red": "x30", "blue": "x34"})
    assert rows_of(found)["x"][12:20] == [*range(29, 36), 189]


def test_rows_of_channels_and_images_show_the_ends_of_each_axis() -> None:
    net = cg.Conv(3, filters=4, padding="same").on((2, 60))
    xs = [name for name in names(panel(net)) if name.startswith("x")]
    assert xs == [f"x{c},{i}" for c in (1, 2) for i in (*range(1, 7), *range(55, 61))]
    image = cg.Conv((3, 3)).on((12, 12))
    xs = [name for name in names(panel(image)) if name.startswith("x")]
    assert xs == [f"x{i},{j}" for i in (1, 2, 11, 12) for j in (1, 2, 11, 12)]
