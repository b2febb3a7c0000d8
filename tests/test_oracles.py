"""Values against evaluators that are not ours, on whole numbers and exactly.

The reference evaluator of the onnx package for every layer that ONNX has, `scipy.signal` and
`scipy.ndimage` for convolutions of one channel.
"""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import onnx
import scipy.ndimage
import scipy.signal
from hypothesis import assume, given
from hypothesis import strategies as st
from numpy.typing import NDArray
from onnx.reference import ReferenceEvaluator

import convgraph as cg
from tests.oracle import each, kernel_rank, lines_of, paddings
from tests.strategies import KINDS, networks, single_layers, values

Array = NDArray[Any]


def onnx_values(op: str, *inputs: Array | None, **attributes: Any) -> Array:
    """What the reference evaluator makes of a node; None stands for an input that is left out."""
    names = [f"i{n}" if value is not None else "" for n, value in enumerate(inputs)]
    known = [onnx.helper.make_tensor_value_info(name, 11, None) for name in names if name]
    out = onnx.helper.make_tensor_value_info("out", 11, None)
    node = onnx.helper.make_node(op, names, ["out"], **attributes)
    graph = onnx.helper.make_graph([node], "one", known, [out])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 22)])
    given = {name: value for name, value in zip(names, inputs, strict=True) if name}
    return np.asarray(ReferenceEvaluator(model).run(None, given)[0])


def batched(x: Array, rank: int) -> Array:
    """As ONNX and PyTorch have it: examples first, then channels."""
    return x.reshape(1, *([1] if x.ndim == rank else []), *x.shape).astype(np.float64)


def kernel_and_bias(parameters: dict[str, Array], spec: Any) -> tuple[Array, Any]:
    """The kernel as (filters, channels, taps), unflipped, and the bias or None."""
    kernel = parameters["w"].astype(np.float64)
    if getattr(spec, "flip", False):
        kernel = np.flip(kernel, tuple(range(2, kernel.ndim))).copy()
    return kernel, parameters["b"].astype(np.float64).ravel() if "b" in parameters else None


def onnx_windows(spec: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    """A convolution's or pool's arguments as attributes of an ONNX node."""
    rank = kernel_rank(spec)
    kernel = each(spec.kernel, rank)
    stride = each(spec.kernel if getattr(spec, "stride", None) is None else spec.stride, rank)
    dilation = each(spec.dilation, rank)
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if spec.padding == "same":  # SAME_UPPER, as the specification of auto_pad has it
        added = [
            max(0, (math.ceil(n / s) - 1) * s + span - n)
            for n, s, span in zip(shape[-rank:], stride, spans, strict=True)
        ]
        pairs = [(a // 2, a - a // 2) for a in added]
    elif spec.padding == "full":
        pairs = [(span - 1, span - 1) for span in spans]
    else:
        pairs = [(0, 0)] * rank if spec.padding == "valid" else paddings(spec.padding, rank)
    before, after = zip(*pairs, strict=True)
    return {
        "kernel_shape": kernel,
        "strides": stride,
        "dilations": dilation,
        "pads": [*before, *after],
    }


# -- onnx ----------------------------------------------------------------------------------------


@given(single_layers(["Conv"]), st.data())
def test_convolutions_as_in_onnx(net: cg.Network, data: st.DataObject) -> None:
    spec = net.layers[0].spec
    rank = kernel_rank(spec)
    x, parameters = data.draw(values(net))
    kernel, bias = kernel_and_bias(parameters, spec)
    signal, attributes = batched(x["x"], rank), onnx_windows(spec, net.inputs[0].shape)
    if spec.padding_mode != "zeros":  # padding by a node of its own, as exporters write it
        mode = {"circular": "wrap", "replicate": "edge", "reflect": "reflect"}[spec.padding_mode]
        sides = attributes.pop("pads")
        pads = np.array([0, 0, *sides[:rank], 0, 0, *sides[rank:]])
        signal = onnx_values("Pad", signal, pads, mode=mode)
    expected = onnx_values("Conv", signal, kernel, bias, group=spec.groups, **attributes)
    ours = net.evaluate(x["x"], parameters)
    assert ours.dtype == np.int64
    assert np.array_equal(ours, expected.reshape(ours.shape))


@given(single_layers(["Conv"]), st.data())
def test_same_is_the_auto_pad_of_onnx(net: cg.Network, data: st.DataObject) -> None:
    spec = replace(net.layers[0].spec, padding="same", padding_mode="zeros", dilation=1)
    rank = kernel_rank(spec)
    # the reference evaluator cuts where the stride leaves positions out, and nothing is padded
    sizes = zip(each(spec.kernel, rank), each(spec.stride, rank), strict=True)
    assume(all(k >= s for k, s in sizes))
    net = spec.on(net.inputs[0].shape)
    x, parameters = data.draw(values(net))
    attributes = onnx_windows(spec, net.inputs[0].shape)
    del attributes["pads"]
    expected = onnx_values(
        "Conv",
        batched(x["x"], rank),
        *kernel_and_bias(parameters, spec),
        group=spec.groups,
        auto_pad="SAME_UPPER",
        **attributes,
    )
    ours = net.evaluate(x["x"], parameters)
    assert np.array_equal(ours, expected.reshape(ours.shape))


@given(single_layers(["ConvTranspose"]), st.data())
def test_transposed_convolutions_as_in_onnx(net: cg.Network, data: st.DataObject) -> None:
    """Uncut, since the reference evaluator refuses some output paddings; PyTorch has those."""
    spec = net.layers[0].spec
    rank = kernel_rank(spec)
    x, parameters = data.draw(values(net))
    kernel, bias = kernel_and_bias(parameters, spec)
    whole = replace(spec, padding="valid", output_padding=0)
    attributes = onnx_windows(whole, net.inputs[0].shape)
    signal = batched(x["x"], rank)
    groups = [  # one by one, since the reference evaluator mixes several filters of a group
        onnx_values("ConvTranspose", part, own, None, **attributes)
        for part, own in zip(
            np.split(signal, spec.groups, 1), np.split(kernel, spec.groups), strict=True
        )
    ]
    expected = np.concatenate(groups, 1)
    ours = net.evaluate(x["x"], parameters).reshape(1, -1, *net.outputs[0].shape[-rank:])
    if spec.padding == "same":
        spans = zip(each(spec.kernel, rank), each(spec.dilation, rank), strict=True)
        beyond = [
            d * (k - 1) + 1 - s for (k, d), s in zip(spans, each(spec.stride, rank), strict=True)
        ]
        before = [max(0, b // 2) for b in beyond]
    else:
        before = (
            [0] * rank if spec.padding == "valid" else [b for b, _ in paddings(spec.padding, rank)]
        )
    added = 0 if bias is None else bias.reshape(-1, *[1] * rank)
    placed = np.zeros(ours.shape)
    reach = [
        min(n, w - b) for n, w, b in zip(ours.shape[2:], expected.shape[2:], before, strict=True)
    ]
    kept = tuple(slice(b, b + r) for b, r in zip(before, reach, strict=True))
    placed[(..., *(slice(r) for r in reach))] = expected[(..., *kept)]
    assert np.array_equal(ours, placed + added)


@given(single_layers(["TiledConv", "LocallyConnected"]), st.data())
def test_a_tile_is_a_convolution_of_its_own(net: cg.Network, data: st.DataObject) -> None:
    """ONNX has no tiled convolution: outputs that share a tile are those of a convolution."""
    spec = net.layers[0].spec
    rank = kernel_rank(spec)
    assume(spec.padding_mode == "zeros")
    x, parameters = data.draw(values(net))
    ours = net.evaluate(x["x"], parameters)
    if not net.outputs[0].channels:
        ours = ours[None]
    tiles = parameters["w"].shape[1 : 1 + rank]
    bias = parameters.get("b")
    for tile in product(*map(range, tiles)):
        place = (slice(None), *(slice(i, None, t) for i, t in zip(tile, tiles, strict=True)))
        expected = onnx_values(
            "Conv",
            batched(x["x"], rank),
            parameters["w"][(slice(None), *tile)].astype(float),
            None if bias is None else bias[(slice(None), *tile)].astype(float),
            group=spec.groups,
            **onnx_windows(spec, net.inputs[0].shape),
        )
        assert np.array_equal(ours[place], expected[0][place])


@given(single_layers(["MaxPool"]), st.data())
def test_max_pools_as_in_onnx(net: cg.Network, data: st.DataObject) -> None:
    # a ceil_mode never gives us fewer windows than there are without it; ONNX and PyTorch leave out
    # a last window of nothing but padding then, which has no greatest value either way
    spec = net.layers[0].spec
    rank = kernel_rank(spec)
    x, _ = data.draw(values(net))
    assume(all(net.graph.in_degree(unit) for unit in net.outputs[0].units()))
    ours = net.evaluate(x["x"])
    attributes = onnx_windows(spec, net.inputs[0].shape)
    # without strides and dilations the reference evaluator ignores the padding
    assume({*attributes["strides"], *attributes["dilations"]} != {1})
    expected = onnx_values(
        "MaxPool", batched(x["x"], rank), ceil_mode=int(spec.ceil_mode), **attributes
    )
    assert ours.dtype == np.int64
    assert np.array_equal(ours, expected.reshape(ours.shape))


def exactly(net: cg.Network, x: Array) -> list[Fraction]:
    """Our values as fractions."""
    return [Fraction(int(v.p), int(v.q)) for v in net.evaluate(x.astype(object)).ravel()]


def rational(values: Array) -> list[Fraction]:
    """The fractions of small denominator that floating-point numbers stand for."""
    return [Fraction(float(v)).limit_denominator(10_000) for v in values.ravel()]


@given(single_layers(["AvgPool"]), st.data())
def test_average_pools_as_in_onnx(net: cg.Network, data: st.DataObject) -> None:
    spec = net.layers[0].spec
    rank = kernel_rank(spec)
    x, _ = data.draw(values(net))
    assume(all(net.graph.in_degree(unit) for unit in net.outputs[0].units()))
    attributes = onnx_windows(spec, net.inputs[0].shape)
    # where a last window reaches beyond the padded input by two or more, the reference evaluator
    # adds half of that in front and so moves all windows; PyTorch and we leave them where they are
    lines = lines_of(spec, net.inputs[0].shape[-rank:])
    reach = [(a.outputs - 1) * a.s + a.d * (a.k - 1) - a.n - a.before - a.after for a in lines]
    assume(max(reach) < 1)
    expected = onnx_values(
        "AveragePool",
        batched(x["x"], rank),
        ceil_mode=int(spec.ceil_mode),
        count_include_pad=int(spec.count_include_pad),
        **attributes,
    )
    assert expected.size == net.outputs[0].size
    assert exactly(net, x["x"]) == rational(expected)


@given(single_layers(["GlobalMaxPool", "GlobalAvgPool"], rank=2), st.data())
def test_global_pools_as_in_onnx(net: cg.Network, data: st.DataObject) -> None:
    # of rank 2: the reference evaluator reduces the wrong axes for other ranks
    op = {"GlobalMaxPool": "GlobalMaxPool", "GlobalAvgPool": "GlobalAveragePool"}
    x, _ = data.draw(values(net))
    signal = batched(x["x"], 2)
    expected = onnx_values(op[type(net.layers[0].spec).__name__], signal)
    assert exactly(net, x["x"]) == rational(expected)


@given(single_layers(["Pad"]), st.data())
def test_padding_as_in_onnx(net: cg.Network, data: st.DataObject) -> None:
    spec, row = net.layers[0].spec, net.inputs[0]
    x, _ = data.draw(values(net))
    rank = len(row.shape) - row.channels
    if isinstance(spec.padding, tuple):
        rank = len(spec.padding) if isinstance(spec.padding[0], tuple) else 1
    still = [0] * (len(row.shape) - rank)
    before, after = zip(*paddings(spec.padding, rank), strict=True)
    modes = {"zeros": "constant", "circular": "wrap", "replicate": "edge", "reflect": "reflect"}
    pads = np.array([*still, *before, *still, *after])
    expected = onnx_values("Pad", x["x"], pads, mode=modes[spec.padding_mode])
    assert np.array_equal(net.evaluate(x["x"]), expected)


@given(single_layers(["Dense"]), st.data())
def test_dense_layers_as_in_onnx(net: cg.Network, data: st.DataObject) -> None:
    x, parameters = data.draw(values(net))
    units = int(net.outputs[0].size)
    kernel = parameters["w"].reshape(units, -1).astype(float)
    bias = parameters["b"].ravel().astype(float) if "b" in parameters else None
    expected = onnx_values("Gemm", x["x"].reshape(1, -1).astype(float), kernel, bias, transB=1)
    ours = net.evaluate(x["x"], parameters)
    assert np.array_equal(ours.ravel(), expected.ravel())


@given(single_layers(["Upsample"]), st.data())
def test_enlargement_as_in_onnx(net: cg.Network, data: st.DataObject) -> None:
    spec, row = net.layers[0].spec, net.inputs[0]
    x, _ = data.draw(values(net))
    rank = len(spec.factor) if isinstance(spec.factor, tuple) else len(row.shape) - row.channels
    scales = np.array([1] * (len(row.shape) - rank) + list(each(spec.factor, rank)), np.float32)
    expected = onnx_values(
        "Resize",
        x["x"],
        None,
        scales,
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    assert np.array_equal(net.evaluate(x["x"]), expected)


# -- scipy ---------------------------------------------------------------------------------------


@given(st.integers(1, 3), st.sampled_from(["valid", "same", "full"]), st.booleans(), st.data())
def test_convolutions_as_in_scipy(rank: int, padding: str, flip: bool, data: st.DataObject) -> None:
    kernel = tuple(data.draw(st.integers(1, 4)) for _ in range(rank))
    shape = tuple(data.draw(st.integers(k, 6)) for k in kernel)
    net = cg.Conv(kernel, padding=padding, flip=flip).on(shape)
    x, parameters = data.draw(values(net))
    ours = net.evaluate(x["x"], parameters)
    w = parameters["w"].reshape(kernel)
    call = scipy.signal.convolve if flip else scipy.signal.correlate
    if padding == "same":
        # ours leaves the odd position of an even kernel behind (SAME_UPPER), scipy in front: cut
        # ours out of the full result
        expected = call(x["x"], w, "full", "direct")
        for axis, (n, k) in enumerate(zip(shape, kernel, strict=True)):
            expected = expected.take(range(k // 2, k // 2 + n), axis)
        if all(k % 2 for k in kernel):
            assert np.array_equal(expected, call(x["x"], w, "same", "direct"))
    else:
        expected = call(x["x"], w, padding, "direct")
    assert ours.dtype == expected.dtype
    assert np.array_equal(ours, expected)


def test_an_even_kernel_has_its_odd_position_behind_and_not_in_front_as_in_scipy() -> None:
    x, w = np.array([1, 10, 100]), np.array([2, 3])
    assert cg.Conv(2, padding="same").on(3).evaluate(x, {"w": w}).tolist() == [32, 320, 200]
    assert scipy.signal.correlate(x, w, "same").tolist() == [3, 32, 320]
    assert cg.Conv(2, padding=(1, 0)).on(3).evaluate(x, {"w": w}).tolist() == [3, 32, 320]


@given(st.integers(1, 3), st.data())
def test_boundaries_as_in_scipy(rank: int, data: st.DataObject) -> None:
    modes = {"zeros": "constant", "circular": "wrap", "reflect": "mirror", "replicate": "nearest"}
    boundary = data.draw(st.sampled_from(list(modes)))
    kernel = tuple(data.draw(st.sampled_from([1, 3, 5])) for _ in range(rank))
    shape = tuple(data.draw(st.integers(k // 2 + 1, 6)) for k in kernel)
    net = cg.Conv(kernel, padding="same", padding_mode=boundary).on(shape)
    x, parameters = data.draw(values(net))
    expected = scipy.ndimage.correlate(
        x["x"], parameters["w"].reshape(kernel), mode=modes[boundary]
    )
    assert np.array_equal(net.evaluate(x["x"], parameters), expected)


@given(st.integers(1, 3), st.data())
def test_max_pools_as_in_scipy(rank: int, data: st.DataObject) -> None:
    kernel = tuple(data.draw(st.sampled_from([1, 3, 5])) for _ in range(rank))
    net = cg.MaxPool(kernel, stride=1, padding="same").on(
        tuple(data.draw(st.integers(1, 6)) for _ in kernel)
    )
    x, _ = data.draw(values(net))
    lowest = np.iinfo(np.int64).min
    expected = scipy.ndimage.maximum_filter(x["x"], kernel, mode="constant", cval=lowest)
    assert np.array_equal(net.evaluate(x["x"]), expected)


# -- any graph -----------------------------------------------------------------------------------


@given(networks([kind for kind in KINDS if kind != "Activation"]), st.data())
def test_numbers_are_those_that_the_expressions_give(net: cg.Network, data: st.DataObject) -> None:
    x, parameters = data.draw(values(net))
    assume(all(net.graph.in_degree(u) for r in net.rows if r not in net.inputs for u in r.units()))
    ours = net.evaluate(x, parameters)
    exact = net.evaluate({name: array.astype(object) for name, array in x.items()}, parameters)
    if not isinstance(ours, dict):
        ours, exact = {"": ours}, {"": exact}
    for name, array in ours.items():
        assert np.allclose(array, exact[name].astype(float), rtol=1e-12, atol=1e-12)
