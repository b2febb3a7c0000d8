"""Claims 1 to 6: sparse interactions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import convgraph as cg
from convgraph.book.claims.claim import Check, claim
from convgraph.book.claims.stated import Order
from convgraph.core.sizes import size_symbol

m, n, k = map(size_symbol, "mnk")
ALL_X = {f"x{i}" for i in range(1, 6)}
ALL_S = {f"s{i}" for i in range(1, 6)}


@claim(
    1,
    "book, section 9.2",
    "A dense layer with m inputs and n outputs has m·n parameters and O(m·n) operations.",
    "closed form",
)
def dense_cost() -> Iterator[Check]:
    """The cost of a dense layer with symbols for its sizes."""
    dense = cg.cost(cg.Dense(n).on(m))
    yield Check("parameters", m * n, dense.parameters)
    yield Check("operations", Order(m * n), dense.operations)


@claim(
    2,
    "book, section 9.2; slides",
    "With k connections per output: k·n parameters and O(k·n) operations. The slides say the same "
    'of a convolutional layer: "only k×n parameters".',
    "closed form",
)
def sparse_cost() -> Iterator[Check]:
    """The cost of a local and of a convolutional layer with k connections per output."""
    # n + k - 1 inputs give n outputs of exactly k connections each
    local = cg.cost(cg.LocallyConnected(k).on(n + k - 1))
    shared = cg.cost(cg.Conv(k).on(n + k - 1))
    yield Check("parameters", k * n, local.parameters, when="no parameter shared (book)")
    yield Check(
        "parameters",
        k * n,
        shared.parameters,
        when="a convolutional layer (slides)",
        remark=(
            "k·n is the number of connections; the slides' layer shares parameters and has "
            f"{shared.parameters}."
        ),
    )
    yield Check("operations", Order(k * n), local.operations)
    yield Check("operations of the convolutional layer", Order(k * n), shared.operations)


@claim(
    3,
    "book, figure 9.2",
    "With a kernel of width 3 and five units, x3 affects s2, s3 and s4; in the dense layer all "
    "five.",
    "axes",
)
def affected() -> Iterator[Check]:
    """The projective field of x3 in both layers."""
    sparse, dense = cg.Conv(3, padding="same").on(5), cg.Dense(5).on(5)
    yield Check("x3 affects", {"s2", "s3", "s4"}, cg.projective_field(sparse, "x3"))
    yield Check("in the dense layer", ALL_S, cg.projective_field(dense, "x3"))


@claim(
    4,
    "book, figure 9.3",
    "With a kernel of width 3 and five units, s3 sees x2, x3 and x4; in the dense layer all five.",
    "axes",
)
def seen() -> Iterator[Check]:
    """The receptive field of s3 in both layers."""
    sparse, dense = cg.Conv(3, padding="same").on(5), cg.Dense(5).on(5)
    yield Check("s3 sees", {"x2", "x3", "x4"}, cg.receptive_field(sparse, "s3"))
    yield Check("in the dense layer", ALL_X, cg.receptive_field(dense, "s3"))


@claim(
    5,
    "book, figure 9.4",
    "Through two such layers g3 sees all of x1 ... x5, by way of h2, h3 and h4: units in deeper "
    "layers interact indirectly with more of the input.",
    "axes",
)
def deeper() -> Iterator[Check]:
    """The receptive field of g3 in each row, and how fields grow with depth."""
    layer = cg.Conv(3, padding="same")
    net = (layer >> layer).on(5)
    yield Check("g3 sees in h", {"h2", "h3", "h4"}, cg.receptive_field(net, "g3", row="h"))
    yield Check("g3 sees in x", ALL_X, cg.receptive_field(net, "g3"))
    widths = _widths_by_depth(depth=8)
    grows = all(below < above for below, above in pairwise(widths))
    yield Check(
        "more with every layer",
        True,
        grows,
        remark=(
            f"Away from the border, 1 to {len(widths)} layers see {', '.join(map(str, widths))} "
            "units; at the border fewer."
        ),
    )


def _widths_by_depth(depth: int) -> list[int]:
    """How many input units the middle unit of each row sees, with no border in the way."""
    x = tensor = cg.Input(2 * depth + 1)
    for _ in range(depth):
        tensor = cg.Conv(3, padding="same")(tensor)
    net = cg.Network(x, tensor)
    return [len(cg.receptive_field(net, row.unit((depth,)))) for row in net.rows[1:]]


@claim(
    6,
    "slides",
    "A 3x3 image under a 2x2 filter: four outputs, 16 connections and receptive fields of 4 units; "
    "the dense counterpart has 36 connections and receptive fields of 9.",
    "axes",
)
def small_image() -> Iterator[Check]:
    """Connections and receptive fields of both layers, all counted."""
    net = cg.Conv((2, 2)).on((3, 3))
    outputs = net.outputs[0]
    dense = cg.Dense(outputs.shape).on(net.inputs[0].shape)
    sparsity = cg.sparsity(net)
    yield Check("outputs", 4, outputs.size)
    yield Check("connections", 16, sparsity.connections)
    yield Check("receptive fields", {4}, _field_sizes(net))
    yield Check("dense connections", 36, sparsity.dense)
    yield Check("dense receptive fields", {9}, _field_sizes(dense))


def _field_sizes(net: cg.Network) -> set[int]:
    return {len(cg.receptive_field(net, unit)) for unit in net.outputs[0].units()}
