"""Figures 9.7 and 9.9: the stages of a layer, and invariance that is learned."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.cells import bitmap
from convgraph.figures.figure import Figure
from convgraph.figures.panel import Line, Mark, Panel
from convgraph.figures.routes import route
from convgraph.figures.text_boxes import draw_boxes

# What the reductions of a layer's stages are called.
STAGES = {"sum": ("Convolution", "affine transform"), "relu": ("Detector", "nonlinearity"),
          "max": ("Pooling", "")}  # fmt: skip


@figure("9.7", "the stages of a convolutional layer, in two terminologies")
def two_terminologies() -> Figure:
    """One layer of three stages, or three layers: the same rows under either name."""
    net = (cg.Conv(3) >> cg.ReLU() >> cg.MaxPool(2)).on(8)

    def boxes(word: str) -> list[str]:
        stages = [STAGES[layer.reduction.name] for layer in net.layers]
        return [f"{name} {word}:\n{what}" if what else f"{name} {word}" for name, what in stages]

    complex_layer = ("Convolutional layer", boxes("stage"))
    left = draw_boxes("Complex layer terminology", ["Input", complex_layer, "Next layer"])
    right = draw_boxes(
        "Simple layer terminology",
        ["Input", *boxes("layer"), "Next layer"],
        height=left.panels[0].height,
    )
    return left.beside(_rule(left), distance=1).beside(right, distance=1)


def _rule(beside: Figure) -> Figure:
    """A line as high as a figure."""
    (panel,) = beside.panels
    line = Mark("rule", "box", "", 0, panel.height / 2, 0.5, panel.height, 0)
    return replace(beside, panels=(Panel((), (), (), panel.height, "A rule.", marks=(line,)),))


DIGIT = (
    "..#####..",
    "..#......",
    "..####...",
    "......#..",
    "......#..",
    "..#...#..",
    "...###...",
)
FIVE = np.kron([[mark == "#" for mark in line] for line in DIGIT], np.ones((2, 2))).astype(bool)
ORIENTATIONS = (-1, 0, 1)  # leaning to the left, upright, leaning to the right
PIXEL = 2.2  # points
APART = 1.6 * 54  # points from the middle of a row to that of the next


def _leaning(way: int) -> NDArray[np.bool_]:
    """The digit with each line moved by its distance from the middle one."""
    moves = [round(way * (len(FIVE) // 2 - i) / 2) for i in range(len(FIVE))]
    return np.stack([np.roll(line, move) for line, move in zip(FIVE, moves, strict=True)])


@figure("9.9", "learned invariance")
def learned_invariance() -> Figure:
    """Filters for one digit in three slants, and a maximum over what they answer."""
    filters = [_leaning(way) for way in ORIENTATIONS]
    # 1 for the digit that a filter is made from, less for all others
    kernel = np.stack([(2 * ink - 1.0) / ink.sum() for ink in filters])
    detect = (cg.Conv(FIVE.shape, filters=len(filters)) >> cg.ReLU()).on(FIVE.shape)
    pool = cg.MaxPool(len(filters)).on(len(filters))

    def panel(ink: NDArray[np.bool_]) -> Figure:
        shape = (len(filters), 1, *FIVE.shape)
        answers = detect.evaluate(ink.astype(float), {"w": kernel.reshape(shape)}).ravel().round(1)
        detector = int(answers.argmax()) + 1
        largest = pool.rows[0].units()[detector - 1]
        values = {"x": answers, "s": pool.evaluate(answers)}
        shade = {largest} | cg.projective_field(pool, largest)
        large = "Large response\nin "
        units = cg.draw(
            pool,
            values=values,
            shade=shade,
            captions={"x": f"{large}detector unit {detector}"},
            headings={"s": f"{large}pooling unit"},
            row_distance=1.3,
        )
        return _over_filters(units, filters, ink)

    return panel(filters[0]).beside(panel(filters[-1]), distance=1)


def _over_filters(
    figure: Figure, filters: list[NDArray[np.bool_]], ink: NDArray[np.bool_]
) -> Figure:
    """Detector units over the filters that they answer for, and these over what they look at."""
    (panel,) = figure.panels
    detectors = [unit for unit in panel.units if unit.row == "x"]
    middle = detectors[len(detectors) // 2].x
    marks = bitmap("input", ink, middle, -2 * APART, PIXEL)
    lines = []
    theme = figure.theme
    for number, (unit, picture) in enumerate(zip(detectors, filters, strict=True), 1):
        name = f"filter,{number}"
        marks += bitmap(name, picture, unit.x, -APART, PIXEL)
        half = (len(picture) + 4) * PIXEL / 2
        up = route((unit.x, half - APART), (unit.x, unit.y - theme.radius), {}, 0, 10 * theme.arrow)
        down = route((middle, half - 2 * APART), (unit.x, -APART - half), {}, 0, 10 * theme.arrow)
        lines += [Line(name, unit.name, up), Line("input", name, down)]
    whole = replace(panel, marks=tuple(marks), lines=tuple(lines))
    return replace(figure, panels=(whole.moved(0, 2 * APART),))
