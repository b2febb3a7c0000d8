"""Scales and zeros of numbers of few bits, in each shape that the operator allows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import helper
from onnx.reference import ReferenceEvaluator

from convgraph import ConvgraphError, from_onnx
from tests.onnx_models import model, node

RNG = np.random.default_rng(0)


def quantised(held_x: bool, scale: Any, zero: Any, axis: Any, shape: Any) -> Any:
    """One DequantizeLinear, of numbers that the model holds or of its input."""
    held = {"s": np.asarray(scale, np.float32)}
    inputs = ["q", "s"]
    if zero is not None:
        held["z"] = np.asarray(zero, np.int8)
        inputs.append("z")
    given = {} if axis is None else {"axis": axis}
    if held_x:
        held["q"] = RNG.integers(-20, 20, shape).astype(np.int8)
        nodes = [node("DequantizeLinear", inputs, ["w"], **given), node("Add", ["x", "w"], ["y"])]
        return model(nodes, {"x": shape}, held=held, opset=19)
    proto = model([node("DequantizeLinear", inputs, ["y"], **given)], {"q": shape}, held=held,
                  opset=19)  # fmt: skip
    proto.graph.input[0].type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(
        np.dtype(np.int8)
    )
    return proto


@pytest.mark.parametrize("held_x", [True, False])
@pytest.mark.parametrize("zero", [None, 3, [3], [1, 2, 3]])
@pytest.mark.parametrize("scale", [0.5, [0.5], [0.5, 1, 2]])
@pytest.mark.parametrize(
    ("shape", "axis"), [((3,), None), ((3,), 0), ((1, 3), None), ((2, 3), 1), ((3, 2), 0)]
)
def test_one_scale_is_one_whatever_the_axis(
    held_x: bool, scale: Any, zero: Any, axis: int | None, shape: tuple[int, ...]
) -> None:
    proto = quantised(held_x, scale, zero, axis, shape)
    name = proto.graph.input[0].name
    x = np.zeros(shape, np.float32) if held_x else RNG.integers(-9, 9, shape).astype(np.int8)
    try:
        (wanted,) = ReferenceEvaluator(proto).run(None, {name: x})
    except (IndexError, ValueError):
        wanted = None
    if wanted is None or (np.size(zero) > 1 and np.size(scale) == 1):  # which the operator forbids
        with pytest.raises(ConvgraphError, match=r"axis|one zero"):
            from_onnx(proto, strict=True)
        return
    net = from_onnx(proto, strict=True)
    got = net.evaluate(x.reshape(net.inputs[0].numbers()).astype(float))
    np.testing.assert_allclose(got.ravel(), wanted.ravel(), 1e-5, 1e-5)
