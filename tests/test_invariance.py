"""Invariance of pooling against plain counting over all orders of the values."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg

w, n, d = sp.symbols("w n d", integer=True, positive=True)
t = sp.Symbol("t", integer=True)


def counted(net: cg.Network, g: Any, values: Any) -> Any:
    """The fraction of inputs (one a row of `values`) for which each output is unchanged."""
    row = net.inputs[0]
    sources = g.sources(row)
    moved = np.append(values, np.zeros((len(values), 1), int), axis=1)[:, sources]
    before, after = (net.evaluate(v.reshape(-1, *row.numbers())) for v in (values, moved))
    found = (before == after).sum(axis=0)
    return [Fraction(int(count), len(values)) for count in found.ravel()]


def orders(size: Any, signs: Any = False) -> Any:
    """All orders of `size` positive values; with `signs`, also all signs."""
    ranks = np.array(list(itertools.permutations(range(1, size + 1))))
    if not signs:
        return ranks
    every = np.array(list(itertools.product([1, -1], repeat=size)))
    return (ranks[:, None, :] * every[None, :, :]).reshape(-1, size)


def as_fractions(answer: Any) -> Any:
    return [Fraction(int(p.p), int(p.q)) for p in answer.probabilities.ravel()]


def bound(spec: Any, shape: Any) -> Any:
    try:
        return spec.on(shape)
    except cg.ConvgraphError:  # the kernel is larger than the input
        assume(False)


POOL = st.builds(
    cg.MaxPool,
    kernel=st.integers(1, 4),
    stride=st.integers(1, 3),
    padding=st.sampled_from(["valid", "same", 1]),
    dilation=st.integers(1, 2),
)
MOVES = st.builds(cg.Shift, st.integers(-3, 3), boundary=st.sampled_from(["zeros", "wrap"])) | (
    st.just(cg.Flip()) | st.just(cg.Scale(2))
)


@given(POOL, MOVES, st.integers(2, 6))
def test_maxima_of_positive_values(pool: Any, g: Any, size: int) -> None:
    net = bound(pool, size)
    assume(all(axis.fan_in().all() for axis in net.layers[0].joints[0].wiring.axes))
    assert as_fractions(cg.invariance(net, g)) == counted(net, g, orders(size))


SMALL_POOLS = [
    cg.MaxPool(kernel, stride=stride, padding=padding)
    for kernel, stride, padding in itertools.product((1, 2, 3), (1, 2), ("valid", "same"))
]
SMALL_MOVES = [
    cg.Shift(amount, boundary=boundary) for amount in (1, -1, 2) for boundary in ("zeros", "wrap")
] + [cg.Flip(), cg.Scale(2)]


@pytest.mark.parametrize("rectified", [False, True])
@pytest.mark.parametrize("g", SMALL_MOVES, ids=repr)
def test_maxima_of_values_of_both_signs(g: Any, rectified: bool) -> None:
    """As likely negative as positive: ranks of sizes and signs are independent."""
    for pool in SMALL_POOLS:
        net = (cg.ReLU() >> pool if rectified else pool).on(3)
        answer = cg.invariance(net, g, nonpositive=sp.Rational(1, 2))
        assert as_fractions(answer) == counted(net, g, orders(3, signs=True)), pool


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        (cg.MaxPool(2) >> cg.MaxPool(2), 6),
        (cg.MaxPool(3, stride=1, padding=1) >> cg.Activation("exp") >> cg.MaxPool(2, stride=1), 5),
        (cg.MaxPool((2, 2), stride=1), (2, 3)),
        (cg.MaxPool((1, 2), padding=((0, 0), (1, 0))), (2, 3)),
        (cg.MaxPool(2, stride=1), (2, 3)),
        (cg.GlobalMaxPool(), 4),
    ],
    ids=repr,
)
@pytest.mark.parametrize("g", [cg.Shift(1), cg.Shift(-1, boundary="wrap"), cg.Flip()], ids=repr)
def test_stacks_images_and_channels(spec: Any, shape: int | tuple[int, ...], g: Any) -> None:
    net = spec.on(shape)
    if "exp" in repr(spec):  # the exponential keeps the order; whole numbers count more easily
        plain = (cg.MaxPool(3, stride=1, padding=1) >> cg.MaxPool(2, stride=1)).on(shape)
        assert as_fractions(cg.invariance(net, g)) == counted(plain, g, orders(int(np.prod(shape))))
        return
    assert as_fractions(cg.invariance(net, g)) == counted(net, g, orders(int(np.prod(shape))))


@settings(max_examples=40)
@given(
    st.integers(1, 3),
    st.integers(1, 2),
    st.sampled_from(["valid", 1]),
    st.integers(-2, 2),
    st.sampled_from(["zeros", "wrap"]),
    st.booleans(),
)
def test_means(
    kernel: int, stride: int, padding: Any, amount: int, boundary: str, rectified: bool
) -> None:
    """Powers of 5, no two sums of which are equal (counted as whole numbers: kernel times mean)."""
    pool = cg.AvgPool(kernel, stride=stride, padding=padding)
    net = bound(cg.ReLU() >> pool if rectified else pool, 5)
    g = cg.Shift(amount, boundary=boundary)
    signs = np.array(list(itertools.product([1, -1], repeat=5))) if rectified else np.ones((1, 5))
    values = (signs * kernel * 5 ** np.arange(5)).astype(int)
    answer = cg.invariance(net, g)
    assert as_fractions(answer) == counted(net, g, values)


def test_closed_forms() -> None:
    inside = cg.invariance(cg.MaxPool(w, stride=1).on(n), cg.Shift(1)).inside
    assert inside == (w - 1) / (w + 1)
    far = cg.invariance(cg.MaxPool(w, stride=1, dilation=d).on(n), cg.Shift(d * t)).inside
    assert far.subs({w: 5, t: 2}) == sp.Rational(3, 7)
    assert far.subs({w: 5, t: -6}) == 0
    apart = cg.invariance(cg.MaxPool(w, dilation=2).on(n), cg.Shift(1)).inside
    assert apart == 0
    image = cg.invariance(cg.MaxPool((w, w), stride=1).on((n, n)), cg.Shift((1, 0))).inside
    assert sp.simplify(image - (w - 1) / (w + 1)) == 0
    mean = cg.invariance(cg.AvgPool(w).on(n), cg.Shift(1))
    assert mean.inside == 0
    assert cg.invariance(cg.AvgPool(w).on(n), cg.Shift(0)).inside == 1


@given(st.integers(1, 6), st.integers(1, 3), st.integers(1, 3), st.integers(-7, 7))
def test_closed_forms_and_counts_agree(
    kernel: int, stride: int, dilation: int, amount: int
) -> None:
    numbers = cg.MaxPool(kernel, stride=stride, dilation=dilation)
    symbols = cg.MaxPool(w, stride=stride, dilation=dilation)
    inside = cg.invariance(numbers.on(60), cg.Shift(amount)).inside
    assert inside == cg.invariance(symbols.on(n), cg.Shift(amount)).inside.subs(w, kernel)
    assert inside == cg.invariance(numbers.on(60), cg.Shift(amount, boundary="wrap")).inside


def test_inside_of_the_frame_is_where_nothing_goes_around() -> None:
    around = cg.Shift(2, boundary="wrap")
    assert cg.invariance(cg.MaxPool(3, stride=1).on(4), around).inside is None
    assert cg.invariance(cg.MaxPool(3, stride=1).on(5), around).inside == sp.Rational(1, 5)


def test_the_expected_fraction_is_the_mean() -> None:
    answer = cg.invariance(cg.MaxPool(3, stride=1, padding=1).on(4), cg.Shift(1))
    assert answer.expected == sum(answer.probabilities) / 4 == sp.Rational(1, 2)
    assert answer.probabilities.tolist() == [sp.Rational(a, 6) for a in (3, 4, 3, 2)]


def test_three_stages_by_composition() -> None:
    """A convolution whose windows are apart makes independent values of independent inputs."""
    three = cg.Conv(2, stride=2) >> cg.ReLU() >> cg.MaxPool(3, stride=1)
    whole = cg.invariance(three.on(16), cg.Shift(2))
    part = cg.invariance((cg.ReLU() >> cg.MaxPool(3, stride=1)).on(8), cg.Shift(1))
    assert whole.row == "h1"
    assert whole.probabilities.tolist() == part.probabilities.tolist()
    rng = np.random.default_rng(5)
    net = three.on(16)
    x = rng.normal(size=(2000, 16))
    moved = np.append(np.zeros((2000, 2)), x[:, :-2], axis=1)
    before, after = (net.evaluate(values, {"w": [0.7, -1.9]}) for values in (x, moved))
    same = (before == after).mean(axis=0)
    assert np.allclose(same, whole.probabilities.astype(float), atol=0.05)


def test_windows_that_overlap_need_a_row_of_independent_values() -> None:
    net = (cg.Conv(5, padding="same") >> cg.ReLU() >> cg.MaxPool(3, stride=1)).on(20)
    with pytest.raises(cg.ConvgraphError, match=r"depends on the kernel; .* independent='h1'"):
        cg.invariance(net, cg.Shift(1))
    named = cg.invariance(net, cg.Shift(1), independent="h1")
    assert named.inside == sp.Rational(17, 32)
    strided = (cg.Conv(5, stride=2) >> cg.MaxPool(3, stride=1)).on(20)
    assert cg.invariance(strided, cg.Shift(4), independent="h").inside == sp.Rational(1, 5)
    with pytest.raises(cg.ConvgraphError, match="does not divide 3"):
        cg.invariance(strided, cg.Shift(3), independent="h")


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (cg.ReLU(), "or a single mean"),
        (cg.AvgPool(2) >> cg.AvgPool(2), "or a single mean"),
        (cg.AvgPool(2) >> cg.ReLU(), "nor an increasing function"),
        (cg.MaxPool(2) >> cg.Activation("sin"), "nor an increasing function"),
        (cg.MaxPool(2) >> cg.Conv(2), "neither a pooling layer"),
        (cg.Residual(cg.MaxPool(1)), "one layer after the other"),
        (cg.Conv(1, bias=True) >> cg.MaxPool(2), "zeros that come in are the bias"),
    ],
    ids=repr,
)
def test_what_does_not_pool_is_refused(spec: Any, message: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=message):
        cg.invariance(spec.on(8), cg.Shift(1))


def test_bad_input() -> None:
    net = cg.MaxPool(2).on(8)
    with pytest.raises(cg.ConvgraphError, match="nonpositive=2: a chance is between 0 and 1"):
        cg.invariance(net, cg.Shift(1), nonpositive=2)
    with pytest.raises(cg.ConvgraphError, match="axis by axis"):
        cg.invariance(net, cg.Permute([1, 0, 2, 3, 4, 5, 6, 7]))
    with pytest.raises(cg.ConvgraphError, match="probabilities of all outputs need numbers"):
        cg.invariance(cg.MaxPool(w).on(n), cg.Shift(1)).expected  # noqa: B018
    with pytest.raises(cg.ConvgraphError, match="whether the dilation d divides it is open"):
        cg.invariance(cg.MaxPool(w, dilation=d).on(n), cg.Shift(t))
    with pytest.raises(cg.ConvgraphError, match="row='z'"):
        cg.invariance(net, cg.Shift(1), independent="z")
