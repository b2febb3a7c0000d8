"""Verdicts on networks with functions of all kinds, held against values of fifty digits.

The oracle walks over the edges of the graph in mpmath, with functions of its own; for functions of
which only the name is known it puts in some that it has. A unit that is called equal never differs
at any point that is tried, whatever function is put in; one that is called different differs at
some point for some function.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

import convgraph as cg
import convgraph.testing
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.reduction import Reduction
from convgraph.importers.reductions import minimum, softmax, standardised
from convgraph.network.listed_layers import listed_layer

pytestmark = pytest.mark.usefixtures("on_axes")

Value = Any
DIGITS = 50


def small(function: Callable[[Value], Value]) -> Callable[[Value], Value]:
    """A function that grows exponentially, as far as its values can be written down."""

    def applied(t: Value) -> Value:
        if abs(t) > 10**4:
            raise OverflowError
        return function(t)

    return applied


KNOWN: dict[str, Callable[[Value], Value]] = {
    "relu": lambda t: t if t > 0 else t * 0,
    "abs": abs,
    "tanh": small(mpmath.tanh),
    "sin": small(mpmath.sin),
    "cos": small(mpmath.cos),
    "cosh": small(mpmath.cosh),
    "exp": small(mpmath.exp),
    "atan": mpmath.atan,
    "erf": small(mpmath.erf),
    "sigmoid": small(lambda t: 1 / (1 + mpmath.exp(-t))),
    "softplus": small(lambda t: mpmath.log1p(mpmath.exp(t))),
    "softsign": lambda t: t / (1 + abs(t)),
    "gelu": small(lambda t: t * mpmath.ncdf(t)),
    "silu": small(lambda t: t / (1 + mpmath.exp(-t))),
    "floor": mpmath.floor,
    "sign": mpmath.sign,
}
# what sympy writes others in; values are real, though its symbols need not be
INSIDE = {"log": small(mpmath.log), "re": lambda t: t, "im": lambda t: t * 0}
GROWING = ("exp", "cosh", "silu", "gelu")  # what is slow behind one of them, is so in sympy
UNKNOWN = ("phi", "psi", "sum", "max")
INSTANCES: Sequence[Callable[[Value], Value]] = (
    lambda t: t**3 + 2 * t + 5,
    lambda t: 2 * abs(t) + t + 3,
    lambda t: mpmath.cos(t) - t**2,
    lambda t: mpmath.exp(mpmath.sin(t)),
)


@st.composite
def layers(draw: st.DrawFn) -> Any:
    kind = draw(st.sampled_from(["conv", "max", "mean", "dense", "pad", *["function"] * 5]))
    few = st.sampled_from([1, 2])
    if kind == "conv":
        padding, mode = draw(
            st.sampled_from([("valid", "zeros"), ("same", "zeros"), (1, "circular")])
        )
        bias = draw(st.booleans())
        return cg.Conv(
            draw(st.sampled_from([1, 2, 3])), padding=padding, padding_mode=mode, bias=bias
        )
    if kind in ("max", "mean"):
        pool = cg.MaxPool if kind == "max" else cg.AvgPool
        return pool(
            draw(st.sampled_from([2, 3])), stride=draw(few), padding=draw(st.integers(0, 1))
        )
    if kind == "dense":
        return cg.Dense(draw(st.integers(1, 4)))
    if kind == "pad":
        return cg.Pad(1, padding_mode=draw(st.sampled_from(["zeros", "reflect", "circular"])))
    if draw(st.integers(0, 3)) == 0:
        return cg.LeakyReLU(
            draw(st.sampled_from([-1, 1, 2, sp.Rational(-1, 2), sp.Rational(1, 3)]))
        )
    return cg.Activation(draw(st.sampled_from([*KNOWN, *UNKNOWN, *UNKNOWN])))


@st.composite
def questions(draw: st.DrawFn) -> tuple[cg.Network, Any]:
    size = draw(st.integers(2, 6))
    rows = [cg.Input(size)]
    try:
        if draw(st.booleans()):  # x and its reverse, with weights that are known
            a, b = draw(st.sampled_from([(1, -1), (1, 1), (2, -2), (1, -2)]))
            mix = cg.trace(lambda x: a * x + b * x[::-1], x=size)
            return _behind(draw, mix), draw(moves(size))
        for _ in range(draw(st.integers(1, 5))):
            here = draw(st.sampled_from(rows[-2:]))
            if draw(st.integers(0, 3)) == 0 and len(rows) > 2:
                join = draw(st.sampled_from([cg.Add(), cg.Multiply()]))
                rows.append(join(here, draw(st.sampled_from(rows[1:]))))
            else:
                rows.append(draw(layers())(here))
        return cg.Network(rows[0], rows[-1]), draw(moves(size))
    except cg.ConvgraphError:
        reject()


def _behind(draw: st.DrawFn, start: cg.Network) -> cg.Network:
    """The network of some code, with functions behind it."""
    names = draw(st.lists(st.sampled_from([*KNOWN, "phi"]), min_size=1, max_size=2))
    # of a million sympy itself writes out exp, and cos(exp) in a million digits
    assume(names[0] not in GROWING or set(names[1:]) <= {"relu", "abs", "atan", "sign", "phi"})

    def code(x: Any) -> Any:
        graph, value = start.graph, {}
        for unit, attributes in graph.nodes(data=True):
            if attributes["row"] == "x":
                value[unit] = x[attributes["index"]]
        ends = [unit for unit in graph if unit not in value]
        out = []
        for unit in ends:
            total = sum(
                data["parameter"] * value[s] for s, _, data in graph.in_edges(unit, data=True)
            )
            for name in names:
                total = cg.Activation(name).reduction().exact([sp.sympify(total)])
            out.append(total)
        return np.array(out, object)

    return cg.trace(code, x=len(start.inputs[0].units()))


@st.composite
def moves(draw: st.DrawFn, size: int) -> Any:
    kind = draw(st.sampled_from(["flip", "flip", "shift", "wrap", "permute"]))
    if kind == "flip":
        return cg.Flip()
    if kind == "permute":
        return cg.Permute(list(draw(st.permutations(range(size)))))
    amount = draw(st.sampled_from([-1, 1, 2]))
    return cg.Shift(amount, boundary="wrap" if kind == "wrap" else "zeros")


def function_of(name: str, instances: Mapping[str, int]) -> Callable[[Value], Value]:
    if name.startswith("leaky_relu("):
        slope = sp.Rational(name[len("leaky_relu(") : -1])
        number = mpmath.mpf(int(slope.p)) / int(slope.q)
        return lambda t: t if t > 0 else number * t
    name = name.removesuffix("()")
    if name == "identity":
        return lambda t: t
    known = {**KNOWN, **INSIDE}
    return known[name] if name in known else INSTANCES[instances[name]]


def value_of(label: Any, parameters: Mapping[str, Value]) -> Value:
    if label.is_Symbol:
        return parameters[label.name]
    if label.is_Rational:
        return mpmath.mpf(int(label.p)) / int(label.q)
    if label.has(sp.core.function.AppliedUndef):
        raise ValueError(label)  # a value of a function that is not known, by users' code
    return mpmath.mpf(str(sp.N(label, DIGITS + 10)))  # a function of a number, in users' code


def evaluated(
    network: cg.Network,
    x: Sequence[Value],
    parameters: Mapping[str, Value],
    instances: Mapping[str, int],
) -> list[Value]:
    """The values of the last row, edge by edge."""
    graph = network.graph
    value: dict[str, Value] = {}
    inputs = iter(x)
    for unit, attributes in graph.nodes(data=True):
        kind = attributes["reduction"]
        terms = [
            value_of(data["parameter"], parameters) * value[source]
            for source, _, data in graph.in_edges(unit, data=True)
        ]
        if kind == "input":
            result = next(inputs)
        elif kind in ("sum", "mean"):
            result = mpmath.fsum(terms)
        elif kind == "max":
            result = max(terms, default=-mpmath.inf)
        elif kind == "product":
            result = mpmath.fprod(terms)
        else:
            (only,) = terms
            result = function_of(kind, instances)(only)
        if "bias" in attributes:
            result += value_of(attributes["bias"], parameters)
        value[unit] = result
    return [value[unit] for unit in network.outputs[0].units()]


def points(network: cg.Network, number: int) -> tuple[list[Value], dict[str, Value]]:
    """An input and values of the parameters: of all sizes and signs, some of them zero."""
    random = np.random.default_rng(number)
    size = int(network.inputs[0].size)
    names = [str(symbol) for symbol in network.parameters]

    def drawn(count: int, zeros: bool) -> list[Value]:
        scale = [1, 0.1, 4, 0.5][number % 4]
        values = random.integers(-999, 1000, count) * scale / 500
        if number % 3 == 1:
            values = np.abs(values)
        if number % 3 == 2:
            values *= 10.0 ** random.integers(-2, 2, count)
        if zeros:
            values *= random.integers(0, 2, count)
        return [mpmath.mpf(float(value)) for value in values]

    x = drawn(size, number % 5 == 3)
    return x, dict(zip(names, drawn(len(names), False), strict=True))


def differs(network: cg.Network, verdict: Any, trials: int) -> tuple[np.ndarray, np.ndarray]:
    """Per output unit: whether the sides differ at a point that is tried; whether any was tried."""
    sources = verdict.action.sources()
    images = verdict.output.sources()
    apart, seen = np.zeros(len(images), bool), np.zeros(len(images), bool)
    for number in range(trials):
        x, parameters = points(network, number)
        instances = {name: i * (number + 1) % len(INSTANCES) for i, name in enumerate(UNKNOWN, 1)}
        moved = [x[s] if s >= 0 else mpmath.mpf(0) for s in sources.tolist()]
        try:
            left = evaluated(network, moved, parameters, instances)
            plain = evaluated(network, x, parameters, instances)
        except (OverflowError, ValueError, mpmath.libmp.ComplexResult):
            continue
        for unit, image in enumerate(images.tolist()):
            right = plain[image] if image >= 0 else mpmath.mpf(0)
            if mpmath.isnan(left[unit]) or mpmath.isnan(right):
                continue
            seen[unit] = True
            if mpmath.isinf(left[unit]) or mpmath.isinf(right):
                apart[unit] |= left[unit] != right
            else:
                size = 1 + abs(left[unit]) + abs(right)
                apart[unit] |= abs(left[unit] - right) > size * mpmath.mpf(10) ** -30
    return apart, seen


def assert_verdict_is_that_of_values(question: tuple[cg.Network, Any]) -> None:
    network, g = question
    try:
        verdict = cg.check_equivariance(network, g)
    except cg.ConvgraphError:
        reject()
    if verdict.output.sources() is None:
        reject()
    with mpmath.workdps(DIGITS):
        apart, seen = differs(network, verdict, 40)
    exact, broken = verdict.exact.mask(), verdict.broken.mask()
    units = np.array(network.outputs[0].units())
    wrong = units[exact & apart], units[broken & seen & ~apart]
    assert not any(map(len, wrong)), (network, g, network.expressions(), wrong)


def listed(reduction: Reduction, reads: Sequence[Sequence[int]], size: int) -> cg.Network:
    """Units of one reduction that read some units of an input, with weights of one."""
    x, y = Row("x", (size,)), Row("y", (len(reads),))
    edges = [(u, x, i, sp.S.One) for u, own in enumerate(reads) for i in own]
    layer = listed_layer("f", y, edges, reduction, [sp.S.Zero] * len(reads), ())
    return Network.of([x, y], [layer], [x], [y])


@pytest.mark.parametrize("reduction", [minimum(), softmax(False), standardised(1e-5)], ids=str)
def test_what_reads_several_values_is_no_function_of_the_first(reduction: Reduction) -> None:
    """The least of x1 and x2 is not that of x1 and x3, though both begin with x1."""
    swap, still = cg.Permute([0, 2, 1]), cg.Permute([0])
    verdict = cg.check_equivariance(listed(reduction, [[0, 1]], 3), swap, still)
    assert verdict.holds is not True
    assert cg.check_equivariance(listed(reduction, [[0, 0]], 3), swap, still).holds


def test_a_softmax_of_one_value_is_no_function_of_it() -> None:
    """It is one whatever the value: nothing is concluded from its edges."""
    network = listed(softmax(False), [[0], [1]], 2)
    verdict = cg.check_equivariance(network, cg.Shift(1, boundary="wrap"), cg.Permute([0, 1]))
    assert not verdict.broken


@pytest.mark.parametrize("name", ["cos", "cosh", "abs", "phi", "tanh"])
def test_an_even_function_does_not_see_a_sign(name: str) -> None:
    """f(x - reversed x) under the flip is f of minus that: the same for an even f only."""
    difference = cg.trace(lambda x: x - x[::-1], x=5).layers[0]
    outer = Row("y", (5,))
    edges = [(i, difference.target, i, sp.S.One) for i in range(5)]
    made = cg.Activation(name).reduction()
    last = listed_layer("f", outer, edges, made, [sp.S.Zero] * 5, ())
    source = difference.joints[0].source
    network = Network.of([source, difference.target, outer], [difference, last], [source], [outer])
    still = cg.check_equivariance(network, cg.Flip(), cg.Permute(range(5)))
    if made.function is not None and made.function.even:
        assert still.holds
    else:
        # in the middle it is f of zero on both sides
        assert still.broken == {"y1", "y2", "y4", "y5"}
    assert cg.check_equivariance(network, cg.Flip()).holds


def test_code_with_a_cosine_is_equivariant() -> None:
    convgraph.testing.assert_equivariant(lambda x: np.cos(x - x[::-1]), cg.Flip(), x=5)


@pytest.mark.parametrize("name", ["sum", "max", "mean", "product", "phi"])
def test_unknown_functions_are_any(name: str) -> None:
    """It commutes with what moves units about, and is no identity: not zero at zero."""
    network = (cg.Conv(2, padding=1) >> cg.Activation(name)).on(4)
    assert cg.check_equivariance(cg.Activation(name).on(4), cg.Flip()).holds
    shift = cg.check_equivariance(cg.Activation(name).on(4), cg.Shift(1))
    assert shift.broken == {"s1"}
    assert cg.check_equivariance(network, cg.Shift(1, boundary="wrap")).holds is False


def test_sums_of_maxima_that_grow_alike_are_told_apart() -> None:
    """max(a, b) + max(c, d) leads as max(a, c) + max(b, d) does wherever one of them leads."""
    network = (cg.MaxPool(2) >> cg.AvgPool(2)).on(4)
    swap = cg.Permute([0, 2, 1, 3])
    assert cg.check_equivariance(network, swap, cg.Permute([0])).holds is False


@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
@given(questions())
def test_verdicts_are_those_of_values(question: tuple[cg.Network, Any]) -> None:
    assert_verdict_is_that_of_values(question)


@pytest.mark.exhaustive
@settings(deadline=None, max_examples=300, suppress_health_check=list(HealthCheck))
@given(questions())
def test_verdicts_are_those_of_values_at_length(question: tuple[cg.Network, Any]) -> None:
    assert_verdict_is_that_of_values(question)
