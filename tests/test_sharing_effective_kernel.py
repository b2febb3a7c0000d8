"""Effective kernels against products of matrices, border included."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from tests.strategies import fitting, paddings, shapes

n = sp.Symbol("n", integer=True, positive=True)
same = {"padding": "same"}


def rows_of(matrix: Any) -> Any:
    return [[sp.expand(entry) for entry in row] for row in matrix.tolist()]


def differing(net: cg.Network, one: Any) -> Any:
    """The outputs at which a stack is not the one convolution with the effective kernel."""
    single = one.spec.on(net.inputs[0].shape)
    space = net.outputs[0].shape[net.outputs[0].channels :]
    assert single.outputs[0].shape[single.outputs[0].channels :] == space
    assert single.outputs[0].size == net.outputs[0].size
    kernel, *bias = single.labels.arrays
    values = {kernel.symbol(i): e for i, e in enumerate(one.kernel.ravel().tolist())}
    if bias:
        values |= {bias[0].symbol(i): e for i, e in enumerate(one.bias)}
    fresh = {symbol: sp.Dummy() for symbol in values}  # both use the letter w
    put = {fresh[symbol]: e for symbol, e in values.items()}
    theirs = single.matrix().xreplace(fresh).xreplace(put)
    units = net.outputs[0].units()
    found = zip(units, rows_of(net.matrix()), rows_of(theirs), strict=True)
    result = {unit for unit, a, b in found if a != b}
    zero = {sp.Symbol(unit): 0 for unit in net.inputs[0].units()}
    pairs = zip(net.expressions().items(), single.expressions().values(), strict=True)
    for (unit, mine), other in pairs:
        constant = sp.sympify(other).xreplace(zero).xreplace(fresh).xreplace(put)
        if sp.expand(sp.sympify(mine).xreplace(zero) - constant) != 0:
            result.add(unit)
    return result


@st.composite
def stacks(draw: st.DrawFn, modes: Any = ("zeros",)) -> Any:
    """Linear convolutions in a chain, with all that they can have."""
    rank = draw(st.sampled_from([1, 1, 2]))
    x = tensor = draw(shapes(rank))
    mode = draw(st.sampled_from(modes))
    for _ in range(draw(st.integers(1, 3 if rank == 1 else 2))):
        channels = tensor.shape[0] if len(tensor.shape) > rank else 1
        groups = draw(st.sampled_from([g for g in (1, 2) if channels % g == 0]))
        kind = draw(st.sampled_from(["Conv", "Conv", "Conv", "AvgPool", "Pad"]))
        kernel = tuple(draw(st.integers(1, 3)) for _ in range(rank))
        if kind == "Conv":
            spec = fitting(
                cg.Conv,
                kernel,
                filters=groups * draw(st.integers(1, 2)),
                groups=groups,
                stride=draw(st.integers(1, 2)),
                dilation=draw(st.integers(1, 2)),
                padding=draw(paddings(rank, ["valid", "same", "full"], 2)),
                padding_mode=mode,
                bias=draw(st.booleans()),
                flip=draw(st.booleans()),
            )
        elif kind == "AvgPool":
            spec = cg.AvgPool(kernel, stride=draw(st.integers(1, 2)))
        else:
            spec = cg.Pad(tuple((draw(st.integers(0, 2)),) * 2 for _ in kernel), mode)
        tensor = fitting(spec, tensor)
    net = cg.Network(x, tensor)
    assume(len(net.edges) <= 400)
    return net


@settings(max_examples=25)
@given(stacks())
def test_a_stack_is_one_convolution_but_for_the_units_that_are_told(net: Any) -> None:
    one = cg.effective_kernel(net)
    assert set(one.differs) == differing(net, one)


@pytest.mark.exhaustive
@settings(max_examples=600)
@given(stacks(["zeros", "circular", "reflect", "replicate"]))
def test_many_stacks_are_one_convolution_but_for_the_units_that_are_told(net: Any) -> None:
    one = cg.effective_kernel(net)
    assume(fitting(one.spec.on, net.inputs[0].shape))
    told, known = set(one.differs), differing(net, one)
    # paths that end elsewhere may make up for each other where weights are alike
    learned = all(isinstance(layer.spec, cg.Conv) for layer in net.layers)
    exact = one.padding_mode == "zeros" or (learned and one.padding_mode == "circular")
    assert told == known if exact else told >= known


def test_two_kernels_of_three_are_one_of_five() -> None:
    net = (cg.Conv(3, **same) >> cg.Conv(3, **same)).on(7)
    one = cg.effective_kernel(net)
    w1, w2, w3, v1, v2, v3 = sp.symbols("w_1:4 v_1:4")
    assert one.kernel.ravel().tolist() == [
        v1 * w1,
        v1 * w2 + v2 * w1,
        v1 * w3 + v2 * w2 + v3 * w1,
        v2 * w3 + v3 * w2,
        v3 * w3,
    ]
    assert (one.stride, one.dilation, one.padding, one.bias) == ((1,), (1,), ((2, 2),), None)
    assert one.differs == {"g1", "g7"} == differing(net, one)


def test_without_padding_or_around_a_circle_nothing_differs() -> None:
    wrapped = {"padding": "same", "padding_mode": "circular"}
    assert not cg.effective_kernel((cg.Conv(3) >> cg.Conv(2)).on(8)).differs
    net = (cg.Conv(3, **wrapped) >> cg.Conv(3, **wrapped)).on(6)
    one = cg.effective_kernel(net)
    assert (one.padding_mode, one.differs, differing(net, one)) == ("circular", set(), set())
    full = {"padding": "full"}
    assert not cg.effective_kernel((cg.Conv(3, **full) >> cg.Conv(3, **full)).on(4)).differs


def test_a_bias_below_a_padded_layer_differs_at_the_border() -> None:
    net = (cg.Conv(3, bias=True) >> cg.Conv(3, padding=1)).on(8)
    one = cg.effective_kernel(net)
    assert one.bias == (sp.expand(sp.Symbol("b") * sum(sp.symbols("v_1:4"))),)
    assert one.differs == {"g1", "g6"} == differing(net, one)


def test_the_border_of_an_image_is_a_frame() -> None:
    net = (cg.Conv((3, 3), **same) >> cg.Conv((3, 3), **same)).on((50, 60))
    assert len(cg.effective_kernel(net).differs) == 50 * 60 - 48 * 58


def test_channels_are_summed_over() -> None:
    net = (cg.Conv(1, 2) >> cg.Conv(1, 1)).on((1, 4))
    (entry,) = cg.effective_kernel(net).kernel.ravel()
    assert entry == sum(sp.Symbol(f"v_1_{c}_1") * sp.Symbol(f"w_{c}_1_1") for c in (1, 2))


def test_strides_and_dilations_place_the_taps() -> None:
    one = cg.effective_kernel((cg.Conv(2, dilation=2, stride=2) >> cg.Conv(2)).on(20))
    assert (one.kernel.shape[2:], one.dilation, one.stride) == ((3,), (2,), (2,))
    pooled = cg.effective_kernel((cg.AvgPool(2) >> cg.AvgPool(2)).on(16))
    assert pooled.kernel.ravel().tolist() == [sp.Rational(1, 4)] * 4


def test_sizes_may_be_symbols() -> None:
    one = cg.effective_kernel((cg.Conv(3, stride=2) >> cg.Conv(3, **same)).on(n))
    assert (one.kernel.shape, one.padding) == ((1, 1, 7), ((2, 2),))
    with pytest.raises(cg.ConvgraphError, match="needs numbers"):
        one.differs  # noqa: B018


@pytest.mark.parametrize(
    ("spec", "shape", "message"),
    [
        (cg.Conv(3) >> cg.ReLU() >> cg.Conv(3), 8, r"^ReLU\(\).*'relu' is not linear"),
        (cg.Conv(3) >> cg.MaxPool(2), 8, r"^MaxPool\(2\).*'max' is not linear"),
        (cg.LocallyConnected(3), 8, r"^LocallyConnected\(3\).*not the same everywhere"),
        (cg.TiledConv(3, tiles=2), 8, r"^TiledConv.*not the same everywhere"),
        (cg.Conv(3) >> cg.Dense(2), 8, r"^Dense\(2\)"),
        (cg.ConvTranspose(3), 8, r"^ConvTranspose\(3\)"),
        (cg.Conv(3, 2) >> cg.Flatten(), 8, r"^Flatten\(\)"),
        (cg.AvgPool(3, padding=1, count_include_pad=False), 8, r"^AvgPool.*same numbers"),
        (cg.Residual(cg.Conv(3, **same)), 8, r"^network=.*without branches"),
        (cg.Conv(sp.Symbol("k", integer=True, positive=True)), 8, "kernel of numbers"),
    ],
)
def test_layers_that_are_no_convolution_are_named(spec: Any, shape: int, message: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=message):
        cg.effective_kernel(spec.on(shape))


def test_plain_data_and_text() -> None:
    one = cg.effective_kernel((cg.Conv(2, bias=True) >> cg.Conv(1)).on(4))
    data = json.loads(json.dumps(one.to_dict()))
    assert data["kernel"] == [[["v_1*w_1", "v_1*w_2"]]]
    assert repr(one) == "EffectiveKernel(taps 2, [v_1*w_1, v_1*w_2], bias [b*v_1])"
