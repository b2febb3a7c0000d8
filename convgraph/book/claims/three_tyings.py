"""Claims 25 and 26: one wiring under three tyings, and gradients."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

import convgraph as cg
from convgraph.book.claims.claim import Check, claim
from convgraph.core.sizes import size_symbol
from convgraph.layers.spec import Spec

n, k, t = map(size_symbol, "nkt")
SIZES = [(inputs, width) for inputs in range(2, 9) for width in range(1, min(inputs, 4) + 1)]


@claim(
    25,
    "book, figures 9.14 and 9.16",
    "Local, tiled and ordinary convolution have the same connections and differ only in sharing. "
    "In a tiled convolution units t steps apart share parameters; t = 1 gives the convolution, "
    "t = number of outputs the local one.",
    "closed form, edges",
)
def same_connections() -> Iterator[Check]:
    """The wirings, the tyings and the parameters of the three layers beside one another."""
    specs = (cg.LocallyConnected(k), cg.TiledConv(k, tiles=t), cg.Conv(k))
    local, tiled, convolution = (spec.on(n) for spec in specs)
    connections = {net.layers[0].connections for net in (local, tiled, convolution)}
    yield Check("different numbers of connections, for all n, k and t", 1, len(connections))
    yield Check("the same connections", True, all(map(_same_wiring, SIZES)))
    counts = tuple(cg.cost(net).parameters for net in (local, tiled, convolution))
    outputs = convolution.outputs[0].shape[0]
    yield Check("parameters of the three", (k * outputs, k * t, k), counts)
    yield Check("units t steps apart share, others do not", True, all(map(_period, SIZES)))
    yield Check(
        "t = 1 is the convolution",
        True,
        all(cg.same_tying(cg.TiledConv(w, tiles=1).on(i), cg.Conv(w).on(i)) for i, w in SIZES),
    )
    yield Check(
        "t = number of outputs is the local one",
        True,
        all(
            cg.same_tying(cg.TiledConv(w, tiles=i - w + 1).on(i), cg.LocallyConnected(w).on(i))
            for i, w in SIZES
        ),
    )


def _same_wiring(size: tuple[int, int]) -> bool:
    inputs, width = size
    local = cg.LocallyConnected(width).on(inputs)
    others = [cg.TiledConv(width, tiles=t).on(inputs) for t in range(1, inputs - width + 2)]
    return all(cg.same_wiring(local, net) for net in [*others, cg.Conv(width).on(inputs)])


def _period(size: tuple[int, int]) -> bool:
    """Whether two outputs have the same parameters if they are a multiple of t apart, else none."""
    inputs, width = size
    outputs = inputs - width + 1
    for tiles in range(1, outputs + 1):
        graph = cg.TiledConv(width, tiles=tiles).on(inputs).graph
        of = [
            {str(label) for _, _, label in graph.in_edges(f"s{i + 1}", data="parameter")}
            for i in range(outputs)
        ]
        for i in range(outputs):
            for j in range(i):
                shared = of[i] == of[j] if (i - j) % tiles == 0 else not of[i] & of[j]
                if not shared:
                    return False
    return True


GRADIENTS: dict[str, tuple[Spec, int]] = {
    "valid": (cg.Conv(3), 7),
    "same": (cg.Conv(3, padding="same"), 6),
    "stride 2": (cg.Conv(3, stride=2), 7),
    "dilation 2": (cg.Conv(2, dilation=2), 6),
}


@claim(
    26,
    "book, section 9.5",
    "The gradient with respect to the input is the transposed convolution: the reversed graph, the "
    "transposed matrix. The gradient with respect to the kernel correlates the input with the "
    "output's gradient: a sum over tied edges.",
    "edges",
)
def gradients() -> Iterator[Check]:
    """The reversed graph and the tied sums, beside transposed matrices and sympy's derivatives."""
    for case, (spec, inputs) in GRADIENTS.items():
        net = spec.on(inputs)
        answer = cg.gradients(net)
        back, forth = answer.reversed.matrix(), net.matrix()
        same = back == forth.T
        yield Check(f"the reversed graph has the transposed matrix, {case}", True, same)
        yield Check(f"both are what differentiation gives, {case}", True, _by_calculus(net))
    transposed = cg.ConvTranspose(3).on(5).matrix()
    same = transposed == cg.Conv(3).on(7).matrix().T
    yield Check("it is the matrix of the transposed convolution", True, same)
    yield Check(
        "the kernel's gradient is the input under a convolution by the output's gradient",
        _correlated(7, 5),
        tuple(cg.gradients(cg.Conv(3).on(7)).parameters.values()),
    )


def _by_calculus(net: cg.Network) -> bool:
    """Against sympy's derivative of the sum of each output times its gradient."""
    answer = cg.gradients(net)
    total = sum(sp.Symbol(f"d{unit}") * value for unit, value in net.expressions().items())
    by_input = all(
        sp.expand(sp.diff(total, sp.Symbol(unit)) - answer[unit]) == 0
        for unit in net.inputs[0].units()
    )
    by_kernel = all(
        sp.expand(sp.diff(total, symbol) - value) == 0
        for symbol, value in answer.parameters.items()
    )
    return by_input and by_kernel


def _correlated(inputs: int, outputs: int) -> tuple[sp.Expr, ...]:
    """x under a kernel of the output's gradients, as a layer computes it."""
    net = cg.Conv(outputs).on(inputs)
    gradient = {w: sp.Symbol(f"ds{i}") for i, w in enumerate(net.parameters, 1)}
    return tuple(value.subs(gradient) for value in net.expressions().values())
