"""Values against PyTorch, where it is installed, on whole numbers and exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from tests.oracle import each, kernel_rank
from tests.strategies import single_layers, values
from tests.test_oracles import batched, exactly, kernel_and_bias, onnx_windows, rational

torch = pytest.importorskip("torch")
functional = torch.nn.functional


def tensor(array: Any) -> Any:
    return None if array is None else torch.from_numpy(array)


def assert_as_in_torch(net: cg.Network, data: st.DataObject) -> None:
    """One layer against the function of PyTorch with the same arguments."""
    spec = net.layers[0].spec
    rank, kind = kernel_rank(spec), type(spec).__name__
    x, parameters = data.draw(values(net))
    windows = onnx_windows(spec, net.inputs[0].shape)
    kernel_shape, pads = windows["kernel_shape"], windows["pads"]
    stride, dilation = windows["strides"], windows["dilations"]
    signal, both = tensor(batched(x["x"], rank)), tuple(pads[:rank])
    if kind.startswith("Conv"):
        kernel, bias = map(tensor, kernel_and_bias(parameters, spec))
    if kind == "Conv":
        mode = "constant" if spec.padding_mode == "zeros" else spec.padding_mode
        sides = [side for a in reversed(range(rank)) for side in (pads[a], pads[rank + a])]
        padded = functional.pad(signal, sides, mode=mode)
        convolve = getattr(functional, f"conv{rank}d")
        expected = convolve(padded, kernel, bias, stride, 0, dilation, spec.groups)
    elif kind == "ConvTranspose":
        # of a transposed one, "same" says how large the result is, not how much is cut off
        assume(spec.padding != "same" and pads[:rank] == pads[rank:])
        convolve = getattr(functional, f"conv_transpose{rank}d")
        extra = each(spec.output_padding, rank)
        expected = convolve(signal, kernel, bias, stride, both, extra, spec.groups, dilation)
    else:  # pools pad both sides alike, by at most half of the kernel
        assume(pads[:rank] == pads[rank:])
        assume(all(2 * p <= k for p, k in zip(both, kernel_shape, strict=True)))
        if kind == "MaxPool":
            pool = getattr(functional, f"max_pool{rank}d")
            expected = pool(signal, kernel_shape, stride, both, dilation, spec.ceil_mode)
        else:
            assume(set(dilation) == {1})
            space = net.inputs[0].shape[-rank:]
            if rank == 3:  # which does not count the padding where it asks whether a kernel fits
                assume(all(n >= k for n, k in zip(space, kernel_shape, strict=True)))
            pool = getattr(functional, f"avg_pool{rank}d")
            counted = spec.count_include_pad
            expected = pool(signal, kernel_shape, stride, both, spec.ceil_mode, counted)
            assert exactly(net, x["x"]) == rational(expected.numpy())
            return
    ours = net.evaluate(x["x"], parameters)
    assert np.array_equal(ours, expected.numpy().reshape(ours.shape))


LAYERS = single_layers(["Conv", "ConvTranspose", "MaxPool", "AvgPool"])


@given(LAYERS, st.data())
def test_windows_as_in_torch(net: cg.Network, data: st.DataObject) -> None:
    assert_as_in_torch(net, data)


@pytest.mark.exhaustive
@settings(max_examples=800)
@given(LAYERS, st.data())
def test_many_windows_as_in_torch(net: cg.Network, data: st.DataObject) -> None:
    assert_as_in_torch(net, data)
