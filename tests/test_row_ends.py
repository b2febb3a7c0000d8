"""The ends of long rows of windows: one above the other, as a textbook draws a pyramid."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from operator import rshift
from typing import Any

import pytest

import convgraph as cg
from convgraph.figures.theme import BOOK

P = BOOK.pitch
SAME = cg.Conv(3, padding="same")
HALF = cg.Conv(3, stride=2)
ALEX = [
    cg.Conv(11, stride=4, padding=2),
    cg.MaxPool(3, stride=2),
    cg.Conv(5, padding=2),
    cg.MaxPool(3, stride=2),
    *[cg.Conv(3, padding=1)] * 3,
    cg.MaxPool(3, stride=2),
]

NETS = {
    "strides": ([HALF] * 5, 255),
    "odd": ([HALF] * 5, 254),
    "as AlexNet": (ALEX, 224),
    "valid": ([cg.Conv(5), cg.Conv(4)], 100),
    "dilated": ([cg.Conv(2, dilation=2**i) for i in range(5)], 100),
    "causal": ([cg.Conv(4, padding=((3, 0),), dilation=2), HALF], 90),
    "same": ([SAME, SAME], 3000),
    "pools": ([SAME, cg.MaxPool(2), SAME, cg.MaxPool(2)], 64),
    "down and up": ([cg.Conv(4, stride=2, padding=1), cg.ConvTranspose(4, 2, padding=1)], 64),
    "up": ([cg.ConvTranspose(4, 2, padding=1), cg.ConvTranspose(4, 2, padding=1)], 30),
    "grown": ([cg.Conv(5, padding=4), HALF], 80),
    "far padding": ([cg.Conv(2, padding=100)], 50),
    "dense": ([HALF, cg.Dense(10)], 101),
    "to one": ([HALF] * 6, 127),
}


def built(name: str) -> cg.Network:
    specs, size = NETS[name]
    return reduce(rshift, specs).on(size)


def columns(net: cg.Network, **options: Any) -> dict[str, dict[int, float]]:
    """Where units and dots of each row stand, in pitches, by numbers of units from 0."""
    (panel,) = cg.draw(net, **options).panels
    place = {unit.name: unit.x / P for unit in panel.units}
    return {
        row.name: {i: place[name] for i, name in enumerate(row.units()) if name in place}
        for row in net.rows
    }


@pytest.fixture(params=NETS)
def net(request: Any) -> cg.Network:
    return built(request.param)


def test_units_stand_in_order_with_room_between_them_and_for_dots(net: cg.Network) -> None:
    for row in net.rows:
        found = columns(net)[row.name]
        assert min(found) == 0
        assert max(found) == row.size - 1
        for (i, x), (j, y) in pairwise(found.items()):
            assert j - i != 2  # a unit takes no more room than dots
            assert y - x >= (1 if j - i == 1 else 2) - 1e-9


def test_no_figure_is_wider_than_a_page_and_rows_of_strides_narrow_upwards() -> None:
    for name in NETS:
        found = columns(built(name))
        places = [x for row in found.values() for x in row.values()]
        assert max(places) - min(places) <= 62, name
    for name in ("strides", "as AlexNet", "valid", "dilated", "pools", "to one"):
        found = columns(built(name))
        spans = [(min(row.values()), max(row.values())) for row in found.values()]
        for (low, high), (left, right) in pairwise(spans):
            assert left >= low - 1e-9, name
            assert right <= high + 1e-9, name


@pytest.mark.parametrize("name", ["strides", "as AlexNet", "valid", "dilated", "pools"])
def test_a_unit_stands_over_the_middle_of_the_field_that_is_drawn(name: str) -> None:
    net = built(name)
    found = columns(net)
    exact = []
    for layer in net.layers:
        joint = layer.joints[0]
        below, row = found[joint.source.name], found[layer.target.name]
        table = joint.wiring.axes[-1].table()
        for i in (0, int(layer.target.size) - 1):
            seen = table[i].tolist()
            if min(seen) >= 0 and {*seen} <= {*below}:
                middle = (below[min(seen)] + below[max(seen)]) / 2
                exact.append(abs(row[i] - middle) < 1e-9)
    assert exact
    assert all(exact)


def test_the_lowest_row_shows_what_the_first_unit_of_the_uppermost_sees() -> None:
    dilated = reduce(rshift, [cg.Conv(3, dilation=2**i) for i in range(3)]).on(100)
    field = cg.receptive_field(dilated, dilated.outputs[0].units()[0])
    assert [*columns(dilated)["x"]][: len(field)] == [*range(len(field))]
    assert len(columns(dilated)["x"]) == 2 * len(field) == 30


def test_one_unit_more_than_a_page_holds_is_not_a_handful() -> None:
    whole, abridged = columns(SAME.on(40))["x"], columns(SAME.on(41))["x"]
    assert len(abridged) > len(whole) / 2


def test_what_is_shaded_stands_between_the_ends() -> None:
    net = built("strides")
    row = net.rows[3]
    found = columns(net, shade={"orange": row.units()[15]})
    assert {14, 15, 16} <= {*found[row.name]}
    (middle,) = {(max(x.values()) + min(x.values())) / 2 for x in [found["x"]]}
    assert found[row.name][15] == pytest.approx(middle)


def test_a_dense_row_has_few_units_at_either_end() -> None:
    found = columns(cg.Dense(300).on(200))
    assert {len(row) for row in found.values()} == {12}


def test_branches_stand_side_by_side() -> None:
    x = cg.Input(60)
    net = cg.Network([x], [cg.Conv(3, padding=1)(x), cg.Conv(5, padding=2)(x)])
    found = columns(net)
    first, second = (found[row.name] for row in net.rows[1:3])
    assert max(first.values()) < min(second.values())
    assert len(first) == len(second) == 12  # both are seen beside each other


def test_a_field_near_an_end_belongs_to_it() -> None:
    found = columns(SAME.on(200), shade=[f"x{i}" for i in range(10, 19)])["x"]
    assert {*range(19)} <= {*found}
