"""Figures 9.7 and 9.9: the stages of a layer, and invariance that is learned."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import convgraph as cg
from convgraph.book.figures import figure
from convgraph.figures.figure import Figure

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
    left = cg.draw_boxes("Complex layer terminology", ["Input", complex_layer, "Next layer"])
    right = cg.draw_boxes(
        "Simple layer terminology", ["Input", *boxes("layer"), "Next layer"], beside=left
    )
    return left.beside(right, distance=1, rule=True)


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
    # The same from image to pool, the whole image and each filter being one unit.
    stages = (cg.Dense(len(filters)) >> cg.ReLU() >> cg.MaxPool(len(filters))).on(1)

    def panel(ink: NDArray[np.bool_]) -> Figure:
        shape = (len(filters), 1, *FIVE.shape)
        answers = detect.evaluate(ink.astype(float), {"w": kernel.reshape(shape)}).ravel().round(1)
        detector = int(answers.argmax())
        largest = stages.rows[2].units()[detector]
        large = "Large response\nin "
        images = dict(zip(stages.rows[1].units(), filters, strict=True)) | {"x": ink}
        return cg.draw(
            stages,
            units={unit: {"image": image, "size": 1.5} for unit, image in images.items()},
            values={"h2": answers, "s": [answers.max()]},
            shade={largest} | cg.projective_field(stages, largest),
            captions={"h2": f"{large}detector unit {detector + 1}"},
            headings={"s": f"{large}pooling unit"},
            row_distance=1.5,
        )

    return panel(filters[0]).beside(panel(filters[-1]), distance=1)
