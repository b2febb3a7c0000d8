"""Claims 7 to 13: parameter sharing."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import convgraph as cg
from convgraph.book.claims.claim import Check, claim
from convgraph.book.claims.stated import Order, Over, Roughly, UpTo
from convgraph.core.sizes import Size, size_symbol
from convgraph.core.sympified import sympified

m, n, k = map(size_symbol, "mnk")

BOUNDARIES = {
    "valid": cg.Conv(3),
    "same": cg.Conv(3, padding="same"),
    "full": cg.Conv(3, padding="full"),
    "circular": cg.Conv(3, padding="same", padding_mode="circular"),
}


@claim(
    7,
    "book, section 9.2",
    "In a dense layer each weight is used exactly once. In a convolution each kernel element is "
    "used at every position of the input, except perhaps some of the boundary pixels, depending "
    "on the boundary.",
    "closed form, edges",
)
def uses_of_each_element() -> Iterator[Check]:
    """How often each parameter is used, at every boundary and for every input size."""
    dense = cg.Dense(5).on(5)
    yield Check(
        "uses of each dense weight", {1}, {cg.uses(dense, p).count for p in dense.parameters}
    )
    for boundary, spec in BOUNDARIES.items():
        # of n inputs, a kernel of three elements leaves out two at most
        counts = _uses_per_element(spec.on(n))
        yield Check(
            f"of n inputs, w_1, w_2 and w_3 are used at, {boundary}",
            tuple(UpTo(n, fewer=2) for _ in counts),
            counts,
        )
        yield Check(
            f"those left out are at the boundary, {boundary}",
            True,
            all(_left_out_at_the_border(spec, inputs) for inputs in range(3, 12)),
        )


def _uses_per_element(net: cg.Network) -> tuple[Size, ...]:
    return tuple(cg.uses(net, parameter).count for parameter in net.parameters)


def _left_out_at_the_border(spec: cg.Conv, inputs: int) -> bool:
    """Whether each input that an element is not used at is within two steps of an end."""
    net = spec.on(inputs)
    row = net.inputs[0].units()
    for parameter in net.parameters:
        used = {source for source, _ in cg.uses(net, parameter).edges}
        if not all(min(i, inputs - 1 - i) < 2 for i, unit in enumerate(row) if unit not in used):
            return False
    return True


@claim(
    8,
    "book, figure 9.5",
    "The central element of a kernel of width 3 is used at all five positions; the central "
    "element of the dense weight matrix once.",
    "edges",
)
def central_element() -> Iterator[Check]:
    """The uses of the middle parameter of each layer."""
    convolution, dense = cg.Conv(3, padding="same").on(5), cg.Dense(5).on(5)
    yield Check("uses of w_2", 5, cg.uses(convolution, "w_2").count)
    yield Check("uses of w_3_3 in the dense layer", 1, cg.uses(dense, "w_3_3").count)


@claim(
    9,
    "book, section 9.2",
    "With sharing there are k parameters, and still O(k·n) operations.",
    "closed form",
)
def shared_cost() -> Iterator[Check]:
    """The cost of a convolution with symbols for its sizes."""
    cost = cg.cost(cg.Conv(k).on(n + k - 1))
    yield Check("parameters", k, cost.parameters)
    yield Check("operations", Order(k * n), cost.operations)


@claim(
    10,
    "slides",
    "In the example of a 3x3 image under a 2x2 filter, w11 is used four times and four weights "
    "are used in all; the dense network uses 9·4 = 36, 9 times more.",
    "edges",
)
def small_image_weights() -> Iterator[Check]:
    """The uses of w11, and the parameters of both layers."""
    net = cg.Conv((2, 2)).on((3, 3))
    cost = cg.cost(net)
    yield Check("uses of w_1_1", 4, cg.uses(net, "w_1_1").count)
    yield Check("weights", 4, cost.parameters)
    yield Check("dense weights", 36, cost.dense.parameters)
    yield Check("times more", 9, Fraction(cost.dense.parameters, cost.parameters))


@claim(
    11,
    "slides",
    "A 100x100 colour image and one feature map of a 5x5 'same' convolution: 5·5·3 = 75 "
    "parameters, against 300,000,000 for a dense layer of the same size.",
    "axes",
)
def colour_image() -> Iterator[Check]:
    """The parameters of both layers, and of one with a bias."""
    cost = cg.cost(cg.Conv((5, 5), padding="same").on((3, 100, 100)))
    biased = cg.cost(cg.Conv((5, 5), padding="same", bias=True).on((3, 100, 100)))
    yield Check(
        "parameters",
        75,
        cost.parameters,
        remark=f"Without a bias, which would make them {biased.parameters}.",
    )
    yield Check("dense parameters", 300_000_000, cost.dense.parameters)


@claim(
    12,
    "book, figure 9.6",
    "Edge detection on an image 320 pixels wide and 280 tall. The output is 319 wide. The kernel "
    "of two elements takes 319·280·3 = 267,960 floating-point operations; the matrix of the same "
    "transformation has over eight billion entries, so that the convolution is four billion times "
    "more efficient to store, and multiplying by it takes over sixteen billion operations, roughly "
    "60,000 times more. Storing its non-zero entries alone still takes 178,640.",
    "axes",
)
def edge_detection() -> Iterator[Check]:
    """The cost of the convolution beside that of its matrix, and their ratios."""
    net = cg.Conv((1, 2)).on((280, 320))
    cost = cg.cost(net)
    matrix = cost.dense
    yield Check("output width", 319, net.outputs[0].shape[1])
    yield Check("operations", 267_960, cost.operations)
    yield Check("matrix entries", Over(8 * 10**9), matrix.parameters)
    yield Check(
        "times the storage", Roughly(4 * 10**9), Fraction(matrix.parameters, cost.parameters)
    )
    yield Check("operations with the matrix", Over(16 * 10**9), matrix.operations)
    yield Check(
        "times the operations",
        Roughly(60_000),
        Fraction(matrix.operations, cost.operations),
        remark="The factors are rounded in the book; all other numbers are exact or cut short.",
    )
    yield Check("non-zero entries", 178_640, cost.connections)


@claim(13, "book, section 9.2", "The same kernel serves inputs of any size.", "closed form")
def any_size() -> Iterator[Check]:
    """Whether the input's size is among what the parameters depend on."""
    convolution, dense = cg.cost(cg.Conv(k).on(n)), cg.cost(cg.Dense(m).on(n))
    yield Check("parameters on n inputs", k, convolution.parameters)
    kernels = {cg.Conv(3).on(inputs).parameters for inputs in range(3, 100)}
    yield Check("different kernels of 3 on 3 to 99 inputs", 1, len(kernels))
    yield Check(
        "a dense layer serves any size",
        False,
        not sympified(dense.parameters).has(n),
        remark=f"A dense layer of m outputs has {dense.parameters} parameters on n inputs.",
    )
