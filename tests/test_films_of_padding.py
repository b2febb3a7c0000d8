"""What captions count against the edges of the graph, whatever the padding, in both readings."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest

import convgraph as cg
from convgraph.figures.motion.cell_values import numbers, written
from convgraph.figures.motion.shapes import Box, Frame, Text
from convgraph.figures.motion.sweep import sweep

MODES: list[Any] = ["zeros", "circular", "reflect", "replicate"]
NETS: dict[str, Any] = {
    "row": lambda mode: cg.Conv(3, padding=1, padding_mode=mode).on(6),
    "wide row": lambda mode: cg.Conv(5, padding=2, padding_mode=mode).on(5),
    "channels": lambda mode: cg.Conv(3, filters=2, padding=1, padding_mode=mode).on((2, 4)),
    "image": lambda mode: cg.Conv((3, 3), padding=1, padding_mode=mode).on((4, 4)),
    "strides": lambda mode: cg.Conv((3, 2), padding=1, stride=2, padding_mode=mode).on((4, 5)),
    "local": lambda mode: cg.LocallyConnected((2, 2), padding=1, padding_mode=mode).on((2, 2)),
    "dilation": lambda mode: cg.Conv((2, 2), padding=1, dilation=2, padding_mode=mode).on((4, 4)),
}
TRANSPOSED = {
    "sparse": lambda: cg.ConvTranspose((2, 2), stride=3).on((2, 2)),
    "dilated": lambda: cg.ConvTranspose((3, 3), stride=2, dilation=2).on((3, 3)),
    "usual": lambda: cg.ConvTranspose((3, 3), stride=2, padding=1).on((3, 3)),
    "with a bias": lambda: cg.ConvTranspose(2, stride=3, bias=True).on(3),
}
ALL = [
    *(pytest.param(lambda n=n, m=m: NETS[n](m), id=f"{n}, {m}") for n in NETS for m in MODES),
    *(pytest.param(make, id=name) for name, make in TRANSPOSED.items()),
]


def first(pattern: str, text: str, default: int) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else default


@pytest.mark.parametrize("make", ALL)
def test_units_that_are_read_are_those_of_the_graph(make: Any) -> None:
    net = make()
    made = sweep(net)
    for step, frame in zip(made.steps, cg.animate(net, cells="symbols").frames[1:], strict=False):
        name = made.target.unit(step.target)
        edges = [edge for edge in net.graph.in_edges(name) if edge[0] in made.source.units()]
        units = {source for source, _ in edges}
        said = frame.caption
        assert said.startswith(f"{name} reads {len(units)} unit"), said
        assert first(r"at (\d+) places?", said, len(units)) == len(edges)


@pytest.mark.parametrize("make", ALL)
def test_what_a_unit_is_added_to_is_what_the_graph_says(make: Any) -> None:
    net = make()
    made = sweep(net)
    film = cg.animate(net, reading="scattered")
    cells = places(film.frames[-1], "output")
    bias = made.layer.bias is not None
    for unit, frame in zip(made.source.units(), film.frames[1 : -1 - bias], strict=True):
        edges = [
            (target, str(parameter))
            for _, target, parameter in net.graph.out_edges(unit, data="parameter")
        ]
        targets, said = Counter(target for target, _ in edges), frame.caption
        assert said.startswith(f"{unit} is "), said
        assert first(r"added to (\d+) outputs?", said, 0) == len(targets), said
        assert first(r"in (\d+) products", said, len(targets)) == len(edges), said
        kernel = len({parameter for _, parameter in edges})
        assert first(r" (\d+) of the \d+ weights", said, kernel) == kernel, said
        coloured = Counter(
            (x, y)
            for x, y in (
                cell_of(shape, cells)
                for shape in frame.shapes
                if isinstance(shape, Box) and (shape.fill or "").startswith("weight")
            )
            if (x, y) in cells
        )
        # one colour for each product; where there are several, they lie on the first
        wanted = sorted(n if n == 1 else n + 1 for n in targets.values())
        assert sorted(coloured.values()) == wanted
        boxes = [s for s in frame.shapes if isinstance(s, Box) and s.stroke == "window"]
        inside = {
            (x, y)
            for x, y in cells
            if any(b.x <= x < b.x + b.width and b.y <= y < b.y + b.height for b in boxes)
        }
        assert inside >= set(coloured)
        if "dilation" not in repr(made.layer.spec):
            assert inside == set(coloured)  # no window reaches around what is not touched


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize("reading", ["inserted", "scattered"])
def test_films_end_in_the_numbers_of_the_layer(make: Any, reading: Any) -> None:
    net = make()
    last = cg.animate(net, reading=reading).frames[-1]
    assert len(places(last, "output")) == int(net.outputs[0].size)
    assert not any(isinstance(s, Box) and s.dash and s.fill == "empty" for s in last.shapes)
    texts = [s.text for s in last.shapes if isinstance(s, Text) and s.among == "output"]
    assert texts == [written(value) for value in numbers(net).output.ravel()]
    alone = sum(not any(t.unit is not None for t in s.taps) for s in sweep(net).steps)
    said = first(r"(\d+) outputs? reads? no unit", last.caption, 0)
    assert said == alone


def places(frame: Frame, among: str) -> set[tuple[float, float]]:
    """The corners of the cells of a row in which numbers stand."""
    texts = [s for s in frame.shapes if isinstance(s, Text) and s.among == among]
    return {(text.x - 15, text.y - 15) for text in texts}


def cell_of(box: Box, cells: set[tuple[float, float]]) -> tuple[float, float]:
    """The corner of the cell that a box lies in, or its own."""
    inside = [(x, y) for x, y in cells if x <= box.x < x + 30 and y <= box.y < y + 30]
    return inside[0] if inside else (box.x, box.y)
