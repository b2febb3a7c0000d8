"""Claims 14 and 19: small filters in place of one large one, and the stages of a layer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

import convgraph as cg
from convgraph.book.claims.claim import Check, claim

# The digit 2: a half circle, open to the left, over an angle.
HALF_CIRCLE = (".###.", "#...#", "....#", "...#.")
ANGLE = ("..#..", ".#...", "#....", "#####")
IMAGE = (12, 12)


def _ink(lines: tuple[str, ...]) -> NDArray[np.int64]:
    return np.array([[int(mark == "#") for mark in line] for line in lines])


@claim(
    14,
    "lesson",
    'A dense filter is as large as its input ("strong"). The digit 2 can be found by two small '
    '("weak") filters, a half circle and an angle, with fewer parameters in all, and where each '
    "was found is returned too.",
    "axes",
)
def weak_filters() -> Iterator[Check]:
    """The parameters of both, and where each filter answers for the digit in every place."""
    parts = [_ink(HALF_CIRCLE), _ink(ANGLE)]
    digit = np.vstack(parts)
    yield Check(
        "a dense filter has one parameter for each input",
        int(np.prod(IMAGE)),
        cg.Dense(1).on(IMAGE).labels.parameters,
    )
    weak = cg.Conv(parts[0].shape, filters=2)
    for size, when in (
        (IMAGE, f"an image of {IMAGE[0]}x{IMAGE[1]}"),
        (digit.shape, f"an image of {digit.shape[0]}x{digit.shape[1]}, the digit's own size"),
    ):
        few, many = (cg.cost(spec.on(size)).parameters for spec in (weak, cg.Dense(1)))
        yield Check(
            "fewer parameters",
            True,
            bool(few < many),
            when=when,
            remark=f"Two filters have {few} parameters, the dense one on {size[0]}x{size[1]} "
            f"has {many}.",
        )
    net = weak.on(IMAGE)
    rows, columns = (n - k + 1 for n, k in zip(IMAGE, digit.shape, strict=True))
    places = list(product(range(rows), range(columns)))
    yield Check(
        f"both parts found, and nowhere else, wherever the digit stands ({len(places)} places)",
        True,
        all(_found(net, parts, digit, place) == _expected(parts, place) for place in places),
    )


def _found(net: cg.Network, parts: list[Any], digit: Any, place: tuple[int, int]) -> list[Any]:
    """Where each filter answers as only its own part makes it answer.

    With 1 for ink and -1 for ground, the answer is at most the number of pixels of ink, and is
    that number only where all ink stands on ink and none on ground.
    """
    image = np.zeros(IMAGE, int)
    image[place[0] : place[0] + digit.shape[0], place[1] : place[1] + digit.shape[1]] = digit
    kernel = np.stack([2 * part - 1 for part in parts])
    maps = net.evaluate(image, {"w": kernel.reshape(_kernel_shape(net))})
    return [
        [tuple(at) for at in np.argwhere(answer == part.sum()).tolist()]
        for answer, part in zip(maps, parts, strict=True)
    ]


def _kernel_shape(net: cg.Network) -> tuple[int, ...]:
    (learned,) = net.layers[0].arrays
    return tuple(int(n) for n in learned.array.shape)


def _expected(parts: list[Any], place: tuple[int, int]) -> list[Any]:
    return [[place], [(place[0] + parts[0].shape[0], place[1])]]


@claim(
    19,
    "book, section 9.3 (figure 9.7); notes",
    "A convolutional layer has three stages: convolution, detector and pooling. In one terminology "
    "they are one complex layer, in the other three simple ones.",
    "edges",
)
def three_stages() -> Iterator[Check]:
    """The graph and the function of one complex layer, beside those of three simple ones."""
    convolution, detector, pooling = cg.Conv(3, padding="same"), cg.ReLU(), cg.MaxPool(3, 1)
    complex_layer = (convolution >> detector >> pooling).on(8)
    yield Check("stages of the complex layer", 3, len(complex_layer.layers))
    yield Check(
        "what the stages do",
        ("sum", "relu", "max"),
        tuple(layer.reduction.name for layer in complex_layer.layers),
    )
    x = cg.Input(8)
    simple = cg.Network(x, pooling(detector(convolution(x))))
    yield Check(
        "three simple layers are the same graph",
        True,
        complex_layer.graph.adj == simple.graph.adj,
    )
    yield Check("and the same function", True, complex_layer.expressions() == simple.expressions())
