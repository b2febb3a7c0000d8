"""Code that runs on symbols becomes the network that it computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import sliding_window_view

import convgraph as cg


def relu(values: Any) -> Any:
    return [sp.Max(0, v) for v in values]


def moving_maximum(x: Any, width: Any) -> Any:
    return [sp.Max(*x[i : i + width]) for i in range(len(x) - width + 1)]


TRACED_AND_BUILT = {
    "correlate": (
        cg.trace(lambda x, w: np.correlate(x, w, "valid"), x=6, w=3),
        cg.Conv(3).on(6),
    ),
    "convolve": (
        cg.trace(lambda x, w: np.convolve(x, w, "same"), x=6, w=3),
        cg.Conv(3, padding="same", flip=True).on(6),
    ),
    "full": (
        cg.trace(lambda x, w: np.convolve(x, w), x=4, w=2),
        cg.Conv(2, padding="full", flip=True).on(4),
    ),
    "circular": (
        cg.trace(lambda x, w: sum(w[j] * np.roll(x, 1 - j) for j in range(3)), x=5, w=3),
        cg.Conv(3, padding="same", padding_mode="circular").on(5),
    ),
    "image": (
        cg.trace(
            lambda x, w: np.einsum("abij,ij->ab", sliding_window_view(x, (2, 2)), w),
            x=(3, 3),
            w=(2, 2),
        ),
        cg.Conv((2, 2)).on((3, 3)),
    ),
    "dense": (cg.trace(lambda x, w: w @ x, x=3, w=(2, 3)), cg.Dense(2).on(3)),
    "bias": (
        cg.trace(lambda x, w, b: np.correlate(x, w) + b, x=4, w=2, b=()),
        cg.Conv(2, bias=True).on(4),
    ),
    "mean": (
        cg.trace(lambda x: sliding_window_view(x, 2)[::2].sum(axis=1) / 2, x=6),
        cg.AvgPool(2).on(6),
    ),
    "maximum": (cg.trace(lambda x: moving_maximum(x, 2), x=5), cg.MaxPool(2, stride=1).on(5)),
    "two layers": (
        cg.trace(lambda x, w, v: np.correlate(relu(np.correlate(x, w)), v), x=6, w=2, v=3),
        (cg.Conv(2) >> cg.ReLU() >> cg.Conv(3)).on(6),
    ),
    "image network": (
        cg.trace(
            lambda x, w, b: (
                np.maximum(
                    np.einsum("chwij,fcij->fhw", sliding_window_view(x, (3, 3), (1, 2)), w)
                    + b[:, None, None],
                    0,
                )
                .reshape(2, 1, 2, 2, 2)
                .max(axis=(2, 4))
            ),
            x=(1, 4, 6),
            w=(2, 1, 3, 3),
            b=2,
        ),
        (cg.Conv((3, 3), 2, bias=True) >> cg.ReLU() >> cg.MaxPool((2, 2))).on((1, 4, 6)),
    ),
    "pooled": (
        cg.trace(lambda x, w: moving_maximum(relu(np.correlate(x, w)), 2), x=5, w=2),
        (cg.Conv(2) >> cg.ReLU() >> cg.MaxPool(2, stride=1)).on(5),
    ),
    "tanh": (
        cg.trace(lambda x, w: [sp.tanh(v) for v in np.correlate(x, w)], x=4, w=2),
        (cg.Conv(2) >> cg.Activation("tanh")).on(4),
    ),
}


@pytest.mark.parametrize("name", TRACED_AND_BUILT)
def test_what_is_traced_is_what_the_layer_computes(name: Any) -> None:
    traced, built = TRACED_AND_BUILT[name]
    as_built = [sp.expand(e) for e in built.expressions().values()]
    known = {
        f.func.__name__: sp.tanh for e in as_built for f in e.atoms(sp.core.function.AppliedUndef)
    }
    as_built = [e.replace(sp.Function("tanh"), sp.tanh) if known else e for e in as_built]
    assert [sp.expand(e) for e in traced.expressions().values()] == as_built


@pytest.mark.parametrize("name", TRACED_AND_BUILT)
def test_what_is_traced_sees_what_the_layer_sees(name: Any) -> None:
    traced, built = TRACED_AND_BUILT[name]
    for a, b in zip(traced.outputs[0].units(), built.outputs[0].units(), strict=True):
        assert cg.receptive_field(traced, a) == cg.receptive_field(built, b)


def test_a_traced_layer_has_the_edges_of_the_built_one() -> None:
    traced, built = TRACED_AND_BUILT["circular"]
    labelled = [set(net.graph.edges(data="parameter")) for net in (traced, built)]
    assert labelled[0] == labelled[1]


def test_rolling_is_a_permutation() -> None:
    net = cg.trace(lambda x: np.roll(x, 2), x=5)
    assert net.evaluate([1, 2, 3, 4, 5]).tolist() == np.roll([1, 2, 3, 4, 5], 2).tolist()


def test_multiples_of_parameters_are_labels() -> None:
    net = cg.trace(lambda x, w: [2 * w[1] * x[1] - w[0] * x[0]], x=2, w=2)
    assert net.evaluate([5, 7], {"w_1": 3, "w_2": 11}).tolist() == [2 * 11 * 7 - 3 * 5]


NUMPY = {
    "relu": lambda x, w: np.maximum(np.convolve(x, w, "same"), 0),
    "relu by its condition": lambda x, w: np.where(x > 0, x, 0),
    "leaky relu": lambda x, w: np.where(x < 0, x / 4, x),
    "larger": lambda x, w: np.where(x[1:] >= x[:-1], x[1:], x[:-1]),
    "shrinkage": lambda x, w: np.where(x > 2, x - 2, 0) + np.where(x < -2, x + 2, 0),
    "least": lambda x, w: np.minimum(x[1:], x[:-1]),
    "clipped": lambda x, w: np.clip(x, -1, 3),
    "pooled": lambda x, w: x.reshape(3, 2).max(axis=1),
    "pooled, overlapping": lambda x, w: np.max(sliding_window_view(x, 3), axis=-1),
    "at least 0": lambda x, w: np.amax(x.reshape(3, 2), axis=0, initial=0, keepdims=True),
    "pooled in two dimensions": lambda x, w: x.reshape(1, 2, 3, 1).max(axis=(1, 3)),
    "greatest": lambda x, w: np.max(x),
    "running": lambda x, w: np.maximum.accumulate(x),
    "mean": lambda x, w: x.reshape(2, 3).mean(0),
    "absolute": lambda x, w: np.abs(sliding_window_view(x, 3) @ w),
    "two layers": lambda x, w: np.correlate(np.maximum(np.einsum("i,j->i", x, w), 0), w),
    "filled": lambda x, w: np.add.outer(np.zeros_like(x[:2]), np.fmax(x, w[0])).sum(axis=1),
}


@pytest.mark.parametrize("name", NUMPY)
def test_code_in_numpy_gives_the_numbers_that_it_computes(name: Any) -> None:
    function = NUMPY[name]
    network = cg.trace(function, x=6, w=3)
    random = np.random.default_rng(0)
    for _ in range(20):
        x, w = random.integers(-5, 6, 6), random.integers(-3, 4, 3)
        assert np.allclose(network.evaluate(x, {"w": w}), function(x, w), rtol=0, atol=1e-12)


@given(st.lists(st.integers(-9, 9), min_size=6, max_size=6), st.integers(1, 3), st.integers(1, 2))
def test_plain_loops_give_the_numbers_that_they_compute(
    x: list[int], taps: int, stride: int
) -> None:
    def layer(x: Any, w: Any) -> Any:
        starts = range(0, len(x) - taps + 1, stride)
        return np.array([sum(w[j] * x[i + j] for j in range(taps)) for i in starts])

    kernel = np.arange(1, taps + 1)
    net = cg.trace(layer, x=6, w=taps)
    assert net.evaluate(x, {"w": kernel}).tolist() == layer(np.array(x), kernel).tolist()


@pytest.mark.parametrize(
    ("function", "term"),
    [
        (lambda x, w: x * x, r"x1\*\*2: a value is affine"),
        (lambda x, w: [w[0] ** 2 * x[0]], r"w_1\*\*2\*x1: a value is linear"),
        (lambda x, w: [w[0] * w[1] * x[0]], r"w_1\*w_2\*x1: a value is linear"),
        (lambda x, w: [x[0] / x[1]], r"x1/x2: a term is a parameter times one value"),
        (lambda x, w: x / 0, r"line \d+: it computes the term x1/0: a term is a parameter"),
        (lambda x, w: [sp.Min(x[0], x[1])], r"Min\(x1, x2\)"),
        (lambda x, w: [sp.Symbol("t") * x[0]], r"t is neither input nor parameter"),
        (lambda x, w: [max(x[0], x[1])], r"use sympy.Max"),
        (lambda x, w: [np.sqrt(x[0])], r"np.sqrt: what it gives depends"),
        (lambda x, w: np.where(x > 0, 1, 0), r"np.where\(x1 > 0, 1, 0\): both values agree"),
        (lambda x, w: np.where(x, 1, 0), r"np.where\(x1\): a condition compares"),
        (lambda x, w: np.put(np.zeros(2), [0], x), r"np.zeros_like\(x\)"),
        (lambda x, w: x[7], r"IndexError"),
        (lambda x, w: [], r"no values"),
    ],
)
def test_what_is_not_of_the_form_is_refused_with_its_term(
    function: Callable[..., Any], term: str
) -> None:
    with pytest.raises(cg.ConvgraphError, match=term):
        cg.trace(function, x=2, w=2)


def test_powers_beyond_all_floats_are_not_written_out() -> None:
    """As in a function that sympy knows, at a number that is large: nobody waits for its digits."""
    from convgraph.network.replay import _float

    assert np.isnan(_float(sp.exp(sp.exp(10**6))))
    assert np.isnan(_float(sp.cos(sp.cosh(10**6))))
    assert _float(sp.exp(sp.exp(3))) == pytest.approx(np.exp(np.exp(3)))
    assert _float(sp.Integer(2) ** sp.Rational(1, 3)) == pytest.approx(2 ** (1 / 3))
