"""Claims 15 to 18 and 20: equivariant representations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import sympy as sp

import convgraph as cg
from convgraph.book.claims.claim import Check, claim
from convgraph.core.sizes import size_symbol
from convgraph.symmetry.equivariance.verdict import Verdict
from convgraph.symmetry.transformations.transformation import Transformation

FIRST, SECOND = (0, 3, 2, 0, 0), (0, 0, 3, 2, 0)
k, m = size_symbol("k"), size_symbol("m")
t, u = sp.symbols("t u", integer=True)


@claim(
    15,
    "book, section 9.2",
    "Convolution is equivariant to translation, f(g(x)) = g(f(x)): in one dimension, and for "
    "images with I'(x, y) = I(x - 1, y).",
    "proof, axes",
)
def equivariance_to_translation() -> Iterator[Check]:
    """Proofs for all sizes, and where a border breaks it in finite frames."""
    line, plane = cg.Conv(k), cg.Conv((k, m))
    one_axis = "f(g(x)) = g(f(x)) in one dimension"
    images = "f(g(x)) = g(f(x)) for images"
    everywhere = "on an input without a border, for every kernel size and every shift"
    yield Check(one_axis, True, cg.prove(line, cg.Shift(t)).holds, when=everywhere)
    yield Check(images, True, cg.prove(plane, cg.Shift((t, u))).holds, when=everywhere)
    circle = "around a circle (a torus)"
    for what, spec, size, shift in (
        (one_axis, cg.Conv(3, padding=1, padding_mode="circular"), 8, cg.Shift(1, boundary="wrap")),
        (
            images,
            cg.Conv((3, 3), padding=1, padding_mode="circular"),
            (6, 8),
            cg.Shift((0, 1), boundary="wrap"),
        ),
    ):
        yield Check(what, True, cg.check_equivariance(spec.on(size), shift).holds, when=circle)
    for what, spec, size, shift in (
        (one_axis, cg.Conv(3), 8, cg.Shift(1)),
        (one_axis, cg.Conv(3, padding="same"), 8, cg.Shift(1)),
        (images, cg.Conv((3, 3), padding="same"), (6, 8), cg.Shift((0, 1))),
    ):
        found = cg.check_equivariance(spec.on(size), shift)
        padding = "zero padding" if spec.padding == "same" else "no padding"
        yield Check(
            what,
            True,
            found.holds,
            when=f"in the whole of a finite frame, {padding}, zeros moving in",
            remark=f"With {padding}, {_where(found)}.",
        )


def _where(verdict: Verdict) -> str:
    """Where a verdict breaks, in words: single units, or the columns of an image."""
    broken, row = verdict.broken, verdict.broken.row
    if len(row.numbers()) == 1:
        return f"{len(verdict.exact)} of {row.size} outputs are exact, not {', '.join(broken)}"
    columns = broken.axes[-1] if broken.axes else ()
    shown = " and ".join(str(column + 1) for column in columns)
    return f"{len(verdict.exact)} of {row.size} outputs are exact, not those of columns {shown}"


@claim(
    16,
    "book, section 9.2",
    "Convolution is not naturally equivariant to changes of scale or to rotation of an image.",
    "edges",
)
def scale_and_rotation() -> Iterator[Check]:
    """Counterexamples, and the tied kernels with which the layer does commute."""
    net = cg.Conv((3, 3), padding="same").on((4, 4))
    cases: list[tuple[str, Transformation]] = [
        ("a change of scale by 2", cg.Scale(2)),
        ("a quarter turn", cg.Rotate90()),
    ]
    for name, g in cases:
        found = cg.check_equivariance(net, g)
        example = found.counterexample
        assert example is not None
        yield Check(
            f"equivariant to {name}",
            False,
            found.holds,
            when="3x3 kernel, whatever its elements",
            remark=f"With {name} and {_input(example.input)}, {example.unit} is "
            f"{_one(example.values, 0)} on one side and {_one(example.values, 1)} on the other.",
        )
    for name, g in (cases[1], ("a flip", cg.Flip())):
        ties = cg.check_equivariance(net, g).conditions
        classes = _classes(ties)
        yield Check(
            f"equivariant to {name}",
            name != "a quarter turn",
            _commutes(net, g, ties),
            when=f"3x3 kernel with {', '.join(' = '.join(each) for each in classes)}",
        )
    point = cg.check_equivariance(cg.Conv((1, 1)).on((4, 4)), cg.Scale(2))
    yield Check("equivariant to a change of scale by 2", False, point.holds, when="1x1 kernel")


def _input(given: dict[str, int] | None) -> str:
    return " and ".join(f"{name} = {value}" for name, value in (given or {}).items())


def _one(values: tuple[sp.Expr, sp.Expr] | None, side: int) -> str:
    return "" if values is None else str(values[side])


def _classes(ties: Sequence[sp.Eq]) -> list[list[str]]:
    """The groups of parameters that equations make equal."""
    import networkx as nx

    graph = nx.Graph([(str(tie.lhs), str(tie.rhs)) for tie in ties])
    return sorted(sorted(group) for group in nx.connected_components(graph))


def _commutes(net: cg.Network, g: Transformation, ties: Sequence[sp.Eq]) -> bool:
    """Whether the layer's matrix, with parameters tied, commutes with the move's, in sympy."""
    tied = {sp.Symbol(name): sp.Symbol(c[0]) for c in _classes(ties) for name in c}
    layer = net.matrix().xreplace(tied)
    sources = g.sources(net.inputs[0]).tolist()
    move = sp.zeros(*layer.shape)
    for to, source in enumerate(sources):
        move[to, source] = 1
    return bool(sp.expand(layer * move - move * layer).is_zero_matrix)


@claim(
    17,
    "notes",
    "If [0, 3, 2, 0, 0] gives [0, 1, 0, 0], then [0, 0, 3, 2, 0] gives [0, 0, 1, 0].",
    "closed form, edges",
)
def shifted_feature() -> Iterator[Check]:
    """The layers that give the first output, and what each of them gives for the shifted input."""
    plain = cg.Conv(2).on(5)
    detector = (cg.Conv(2, bias=True) >> cg.ReLU()).on(5)
    what = "a layer that gives [0, 1, 0, 0] exists"
    yield Check(what, True, bool(_linear(plain)), when="kernel of two alone")
    yield Check(what, True, bool(_linear(cg.Conv(2, bias=True).on(5))), when="kernel and bias")
    yield Check(what, True, _without_bias(plain), when="kernel and ReLU, no bias")
    found = {"w": [1, 1], "b": [-4]}
    first, second = (detector.evaluate(list(x), found).tolist() for x in (FIRST, SECOND))
    yield Check(
        what,
        True,
        first == [0, 1, 0, 0],
        when="kernel [1, 1], bias -4 and ReLU",
        remark="Without a bias the second output is 3/2 of the third and 2/3 of the first, and "
        "cannot be positive where these are not.",
    )
    yield Check("then the shifted input gives", (0, 0, 1, 0), tuple(second))
    left, right = (_outputs(detector, x) for x in (FIRST, SECOND))
    yield Check(
        "whatever kernel and bias do so, the shifted input gives the shifted output",
        True,
        right[1:] == left[:-1] and right[0] == left[-1],
        remark="The unit that comes in sees two zeros, as the one that goes out did.",
    )


def _outputs(net: cg.Network, x: Sequence[int]) -> list[sp.Expr]:
    """The outputs for an input, in the parameters."""
    values = {sp.Symbol(f"x{i}"): value for i, value in enumerate(x, 1)}
    return [expression.subs(values) for expression in net.expressions().values()]


def _linear(net: cg.Network) -> sp.Set:
    """The parameters with which a linear layer gives [0, 1, 0, 0]."""
    equations = [s - wanted for s, wanted in zip(_outputs(net, FIRST), (0, 1, 0, 0), strict=True)]
    return sp.linsolve(equations, list(net.parameters))


def _without_bias(net: cg.Network) -> bool:
    """Whether outputs of which the others are not positive can have a positive second one.

    If it is a sum of positive multiples of the others, it cannot.
    """
    s = _outputs(net, FIRST)
    a, b = sp.symbols("a b")
    rest = sp.Poly(s[1] - a * s[0] - b * s[2], *net.parameters).coeffs()
    (multiples,) = sp.linsolve(rest, [a, b])
    return not all(multiple > 0 for multiple in multiples)


@claim(
    18,
    "notes",
    "A layer invariant to translation gives [0, 1, 0] both where the feature map is [0, 1, 0, 0] "
    "and where it is [0, 0, 1, 0].",
    "edges",
)
def invariant_layer() -> Iterator[Check]:
    """Which pools give both outputs, and where such a pool is not invariant."""
    maps = ((0, 1, 0, 0), (0, 0, 1, 0))
    for width, stride, padding in product((1, 2, 3), (1, 2), (0, 1)):
        if padding * 2 > width:
            continue
        net = cg.MaxPool(width, stride, padding=padding).on(4)
        if net.outputs[0].shape != (3,):
            continue
        given = tuple(tuple(net.evaluate(list(x)).tolist()) for x in maps)
        yield Check(
            "both give",
            ((0, 1, 0), (0, 1, 0)),
            given,
            when=f"max pooling of width {width}, stride {stride}, padding {padding}",
        )
    pool = cg.MaxPool(2, 2, padding=1).on(4)
    further = pool.evaluate([0, 0, 0, 1]).tolist()
    shift = cg.check_equivariance(pool, cg.Shift(1), output=cg.Shift(0))
    yield Check(
        "invariant to every translation by one",
        False,
        bool(shift.holds),
        remark=f"It is invariant within a window only: [0, 0, 0, 1] gives {further}.",
    )


@claim(
    20,
    "slides",
    "The rectified linear unit is applied to every entry of the feature map, and gives sparse "
    "activations.",
    "axes, edges",
)
def detector_stage() -> Iterator[Check]:
    """The edges and values of the stage, and that whatever it applies commutes with all shifts."""
    net = cg.ReLU().on((4, 4))
    yield Check("edges into each unit", {1}, {d for _, d in net.graph.in_degree() if d})
    yield Check("units with a function of their own", net.outputs[0].size, len(net.edges))
    yield Check(
        "values of -2, -1, 0, 1 and 2",
        (0, 0, 0, 1, 2),
        tuple(cg.ReLU().on(5).evaluate([-2, -1, 0, 1, 2]).tolist()),
        remark="All that is not positive becomes zero.",
    )
    whatever = cg.Activation("phi").on((4, 4))
    shifts = [cg.Shift((a, b), boundary="wrap") for a in range(4) for b in range(4)]
    yield Check(
        "any function phi, applied to every entry, commutes with all shifts",
        True,
        all(cg.check_equivariance(whatever, g).holds for g in shifts),
    )
    proof = cg.prove(cg.Conv(k) >> cg.Activation("phi"), cg.Shift(t))
    yield Check("and does so behind a convolution of any size", True, proof.holds)
    mixed = cg.Permute([5, 3, 1, 0, 2, 4])
    yield Check(
        "and with all permutations",
        True,
        cg.check_equivariance(cg.Activation("phi").on(6), mixed).holds,
    )
