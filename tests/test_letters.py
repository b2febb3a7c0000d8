"""Letters of connections: where they stand, by plain geometry, and what is said of others."""

from __future__ import annotations

import itertools
import math
import re
from typing import Any

import pytest

import convgraph as cg
from convgraph.figures.faces import widest
from convgraph.figures.lettering import text_width
from convgraph.figures.theme import BOOK

DIRECTIONS = ["up", "down", "right", "left"]
SAME = cg.Conv(3, padding="same")
NETS = {
    "dense 3": cg.Dense(3).on(3),
    "dense 5": cg.Dense(5).on(5),
    "dense 9": cg.Dense(9).on(9),
    "uneven": cg.Dense(3).on(6),
    "channels": cg.Conv(3, filters=2, padding="same").on((2, 4)),
    "locally connected": cg.LocallyConnected(4).on(9),
    "residual": cg.Residual(SAME >> cg.ReLU() >> SAME).on(6),
    "branches": cg.Parallel(cg.Dense(3), cg.Conv(1)).on(3),
    "image": cg.Conv((2, 2)).on((3, 3)),
    "dilated": cg.Conv(3, dilation=3).on(9),
}


def letters_of(panel: Any) -> Any:
    return [text for text in panel.texts if text.edge is not None]


def box(text: Any, more: float = 0.0) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of what hides the arrow under a letter."""
    wide, high = text.width / 2 + more, text.size / 2 + more
    return text.x - wide, text.x + wide, text.y - high, text.y + high


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("name", NETS)
def test_letters_hide_no_other_arrow_no_unit_and_no_letter(name: str, direction: Any) -> None:
    net = NETS[name]
    (panel,) = cg.draw(net, letters=True, direction=direction).panels
    found = letters_of(panel)
    assert found
    ways = [(e, [e.route.at(i / 150) for i in range(150)] + [e.route.tip]) for e in panel.edges]
    for text in found:
        left, right, low, high = box(text)
        if text.masking:
            for edge, way in ways:
                on = any(left < x < right and low < y < high for x, y in way)
                assert on == (edge is text.edge)
        for unit in panel.units:
            away = max(left - unit.x, unit.x - right, low - unit.y, unit.y - high)
            assert away > (BOOK.radius if text.masking else 0)
    for a, b in itertools.combinations(found, 2):
        (s, t, u, v), (w, x, y, z) = box(a, -1), box(b, -1)
        assert t <= w or x <= s or v <= y or z <= u
    assert len({text.masking for text in found}) == 1  # of one kind in one figure


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_letter_of_a_black_arrow_hides_no_grey_one_where_there_is_room(direction: Any) -> None:
    net = (SAME >> SAME).on(7)
    (panel,) = cg.draw(net, letters=True, emphasize="w_1", direction=direction).panels
    ways = [(e, [e.route.at(i / 150) for i in range(150)] + [e.route.tip]) for e in panel.edges]
    found = letters_of(panel)
    assert len(found) == len(panel.edges)
    for text in found:
        left, right, low, high = box(text)
        for edge, way in ways if text.masking else []:
            on = any(left < x < right and low < y < high for x, y in way)
            assert on == (edge is text.edge)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("units", [2, 3, 4, 5, 6, 7])
def test_all_names_of_a_dense_layer_that_a_page_can_hold_are_there(
    units: int, direction: Any
) -> None:
    (panel,) = cg.draw(cg.Dense(units).on(units), letters=True, direction=direction).panels
    assert [text.text for text in letters_of(panel)] == [edge.parameter for edge in panel.edges]
    assert not [text for text in panel.texts if text.edge is None]


def off(edge: Any, text: Any) -> float:
    """How far an arrow passes from a letter's box, whose subscript hangs below it."""
    way = [edge.route.at(i / 300) for i in range(300)] + [edge.route.tip]
    foot = 0.55 if re.search(r"\d", text.text) else 0.35
    return min(
        math.hypot(
            max(abs(x - text.x) - text.width / 2, 0),
            max(y - text.y - 0.35 * text.size, text.y - foot * text.size - y, 0),
        )
        for x, y in way
    )


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_letters_on_arrows_do_not_read_as_one_word(direction: Any) -> None:
    (panel,) = cg.draw(SAME.on(5), letters=True, direction=direction).panels
    for a, b in itertools.combinations(letters_of(panel), 2):
        (s, t, u, v), (w, x, y, z) = box(a), box(b)
        assert max(w - t, s - x, y - v, u - z) > 3.9


def test_rows_of_many_connections_are_moved_apart_as_well() -> None:
    net = cg.Conv(5, padding="same").on(40)
    (panel,) = cg.draw(net, letters=True).panels
    assert len(letters_of(panel)) == len(panel.edges) == 194


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("theme", ["book", "slides", "dark", {"letter_size": 24}])
@pytest.mark.parametrize("name", ["two layers", "locally connected", "few"])
def test_each_letter_is_on_its_arrow_or_far_nearer_to_it_than_to_any_other(
    name: str, theme: Any, direction: Any
) -> None:
    nets = {
        "two layers": (cg.Conv(3) >> cg.Conv(2)).on(6),
        "locally connected": cg.LocallyConnected(2).on(5),
        "few": cg.Conv(2, stride=2).on(6),
    }
    figure = cg.draw(nets[name], letters=True, direction=direction, theme=theme)
    (panel,) = figure.panels
    found = letters_of(panel)
    assert len(found) == len(panel.edges)
    for text in found:
        least = widest(text.text, text.size) if figure.theme.font != BOOK.font else 0
        assert text.width >= least
        others = min(off(edge, text) for edge in panel.edges if edge is not text.edge)
        mine = off(text.edge, text)
        assert others > 0
        assert text.masking or 0 < 1.9 * mine <= others


def test_braces_of_tex_are_not_written() -> None:
    words = [f"weight_{{{i},{j}}}" for i in range(1, 4) for j in range(1, 4)]
    figure = cg.draw(cg.Dense(3).on(3), letters=words)
    assert [text.text for text in letters_of(figure.panels[0])] == words
    assert ">weight</tspan>" in figure.svg()
    assert "weight_{1,1}" not in figure.svg()


@pytest.mark.parametrize("units", [9, 34, 70])
def test_how_many_letters_are_left_out_is_said(units: int) -> None:
    net = cg.Dense(units).on(units)
    figure = cg.draw(net, letters=True, show="all")
    (panel,) = figure.panels
    drawn = len(letters_of(panel))
    assert 0 < drawn < net.connection_count
    (note,) = (text for text in panel.texts if text.edge is None)
    assert re.findall(r"\d+", note.text) == [str(drawn), str(units**2)]
    assert "draw_matrix" in note.text
    assert note.text.replace("\n", " ") in figure.description
    assert note.y + note.size < -BOOK.radius


def test_letters_that_were_asked_for_at_a_distance_are_not_moved_apart() -> None:
    net = cg.Dense(4).on(4)
    places = [
        [(unit.x, unit.y) for unit in cg.draw(net, letters=letters, row_distance=2).panels[0].units]
        for letters in (None, True)
    ]
    assert places[0] == places[1]


def test_a_live_page_knows_the_letters_that_have_no_room() -> None:
    net = cg.Conv(3, filters=2, padding="same").on((2, 4))
    figure = cg.draw(net, letters="abcdefghijkl")
    page = figure.page()
    buttons = re.findall(r'<button [^>]*data-parameter="[^"]*"[^>]*>(.*?)</button>', page)
    assert buttons == list("abcdefghijkl")


def test_what_hides_an_arrow_is_as_wide_as_its_letter_in_every_format() -> None:
    figure = cg.draw(cg.Dense(3).on(3), letters=True)
    texts = letters_of(figure.panels[0])
    assert all(text.masking for text in texts)
    widths = [f"{text.width / 72:.3g}" for text in texts]
    lines = [line for line in figure.dot.splitlines() if line.strip().startswith("letter_")]
    assert [re.search(r"\bwidth=\"?([\d.]+)", line)[1] for line in lines] == widths  # type: ignore
    assert figure.tikz.count("fill=paper, inner sep=1bp") == 9


def test_letters_of_black_arrows_hide_grey_ones_where_they_must() -> None:
    net = cg.Conv(3, filters=2, padding="same").on((3, 5))
    (panel,) = cg.draw(net, emphasize="w_1_2_2", letters={"w_1_2_2": "v"}).panels
    found = letters_of(panel)
    assert [text.text for text in found] == ["v"] * 5
    for text in found:
        left, right, low, high = box(text)
        for edge in panel.edges:
            way = [edge.route.at(i / 150) for i in range(150)]
            if edge.strong and edge is not text.edge:
                assert not any(left < x < right and low < y < high for x, y in way)


def test_letters_in_a_wide_face_hide_no_neighbours() -> None:
    looks = {"w_2": {"label": "gamma"}}
    net = cg.Conv(3, padding="same").on(5)
    (panel,) = cg.draw(net, letters=True, theme="slides", edges=looks).panels
    boxes = sorted(box(text) for text in letters_of(panel) if text.text == "gamma")
    assert len(boxes) == 5
    assert all(a[1] - a[0] >= widest("gamma", 9) for a in boxes)
    assert all(a[1] < b[0] or a[3] < b[2] or b[3] < a[2] for a, b in itertools.pairwise(boxes))


def test_the_cells_of_a_matrix_are_as_broad_as_long_names_need() -> None:
    words = [f"weight_{{{i},{j}}}" for i in range(1, 4) for j in range(1, 4)]
    net = cg.Dense(3).on(3)
    (short,), (long,) = (cg.draw_matrix(net, letters=names).panels for names in (True, words))
    assert {mark.width for mark in short.marks} == {mark.height for mark in long.marks}
    for mark in long.marks:
        assert text_width(mark.text, 9) <= mark.width - 6
    left = [(mark.x - mark.width / 2, mark.x + mark.width / 2) for mark in long.marks[:3]]
    assert all(a[1] == pytest.approx(b[0]) for a, b in itertools.pairwise(left))
    above = [text.x for text in long.texts if text.text.startswith("x")]
    assert above == [mark.x for mark in long.marks[:3]]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_rows_whose_letters_need_no_room_stay_near_each_other(direction: Any) -> None:
    net = (cg.Conv(3) >> cg.ReLU() >> cg.Dense(3)).on(8)
    figure = cg.draw(net, letters=True, direction=direction)
    (panel,) = figure.panels
    assert len(letters_of(panel)) == len(panel.edges)
    across = direction in ("right", "left")
    level = {unit.row: unit.x if across else unit.y for unit in panel.units}
    rows = [row.name for row in net.rows]
    conv, relu, dense = (abs(level[a] - level[b]) for a, b in itertools.pairwise(rows))
    assert max(conv, relu) < 0.7 * dense
    # and captions know how near rows are
    assert panel.row_distance * BOOK.pitch <= relu + 1e-9
