"""Shapes of tensors behind operators that are not read follow from the network's own shapes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

pytest.importorskip("onnx")

from onnx.reference import ReferenceEvaluator

from convgraph import ConvgraphError, from_onnx
from tests.onnx_models import model, node

RNG = np.random.default_rng(0)


def real(*shape: Any) -> Any:
    return RNG.normal(size=shape).astype(np.float32)


# name: nodes, the input's shape, tensors that the model holds
CASES = {
    "LSTM": (
        [node("LSTM", ["x", "w", "r"], ["h", "", "y"], hidden_size=4)],
        (5, 1, 3), {"w": real(1, 16, 3), "r": real(1, 16, 4)},
    ),
    "GRU": (
        [node("GRU", ["x", "w", "r"], ["h"], hidden_size=4), node("Relu", ["h"], ["y"])],
        (5, 1, 3), {"w": real(1, 12, 3), "r": real(1, 12, 4)},
    ),
    "ScatterElements": (
        [node("Exp", ["x"], ["e"]), node("ScatterElements", ["e", "i", "u"], ["y"], axis=1)],
        (2, 5), {"i": np.array([[1], [3]]), "u": real(2, 1)},
    ),
    "ScatterND": (
        [node("ScatterND", ["x", "i", "u"], ["y"])],
        (4, 3), {"i": np.array([[1], [3]]), "u": real(2, 3)},
    ),
    "Det": ([node("Det", ["x"], ["y"])], (2, 3, 3), {}),
    "a size that is computed": (
        [node("Shape", ["x"], ["s"]), node("Concat", ["s", "more"], ["t"], axis=0),
         node("Reshape", ["x", "t"], ["r"]), node("ScatterND", ["r", "i", "u"], ["y"])],
        (4, 3), {"more": np.array([1]), "i": np.array([[2]]), "u": real(1, 3, 1)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_shapes_are_those_of_the_values(name: str) -> None:
    nodes, shape, held = CASES[name]
    proto = model(nodes, {"x": None}, held=held)
    x = real(*shape)
    (wanted,) = ReferenceEvaluator(proto).run(None, {"x": x})
    net = from_onnx(proto, shape)
    (out,) = net.outputs
    dropped = out.shape if wanted.shape[0] != 1 or wanted.ndim == 1 else (1, *out.shape)
    assert dropped == (wanted.shape or (1,))
    read = nodes[-1].op_type.startswith("Scatter")
    assert bool(net.caveats) == (not read)
    if read:
        assert np.allclose(net.evaluate(x), wanted)
        return
    with pytest.raises(ConvgraphError, match="not known"):
        net.evaluate(np.zeros(net.inputs[0].numbers()))


def test_they_follow_for_symbolic_sizes() -> None:
    nodes, _, held = CASES["GRU"]
    length = sp.Symbol("n", integer=True, positive=True)
    net = from_onnx(model(nodes, {"x": None}, held=held), (length, 1, 3))
    assert net.outputs[0].shape == (length, 1, 1, 4)


def test_what_a_model_states_does_not_overrule_the_sizes_asked_for() -> None:
    from onnx import TensorProto, helper

    nodes, _, held = CASES["ScatterElements"]
    proto = model(nodes, {"x": (2, 5)}, held=held)
    proto.graph.value_info.append(helper.make_tensor_value_info("e", TensorProto.FLOAT, (2, 5)))
    proto.graph.output[0].type.tensor_type.shape.dim.add(dim_value=2)
    proto.graph.output[0].type.tensor_type.shape.dim.add(dim_value=5)
    assert from_onnx(proto, (2, 9)).outputs[0].shape == (2, 9)
    proto.graph.node[1].op_type = "NoSuchOperator"  # nothing but what the model states is left
    assert from_onnx(proto).outputs[0].shape == (2, 5)
    with pytest.raises(ConvgraphError, match="states the shape"):
        from_onnx(proto, (2, 9))


def test_a_size_of_minus_one_is_left_open() -> None:
    proto = model([node("Relu", ["x"], ["y"])], {"x": (-1, 3, -1)})
    net = from_onnx(proto)
    rows, columns = net.outputs[0].shape
    assert (rows, str(columns)) == (3, "x_2")
    assert from_onnx(proto, (1, 3, 4)).outputs[0].shape == (3, 4)
    with pytest.raises(ConvgraphError, match="an axis has 1 to"):
        from_onnx(model([node("Relu", ["x"], ["y"])], {"x": (1, 3, -2)}))


@pytest.mark.parametrize("depth", [1, 3, 6, 12])
def test_errors_of_sizes_left_open_are_short_and_say_so(depth: int) -> None:
    """A path down and up again meets one that stays, which not all sizes allow."""
    nodes, last = [], "x"
    for i in range(depth):
        nodes.append(node("MaxPool", [last], [f"d{i}"], kernel_shape=[2], strides=[2]))
        last = f"d{i}"
    for i in range(depth):
        nodes.append(node("Upsample", [last, "s"], [f"u{i}"]))
        last = f"u{i}"
    nodes.append(node("Add", [last, "x"], ["y"]))
    proto = model(nodes, {"x": (1, 2, "left_open")}, held={"s": np.float32([1, 1, 2])}, opset=9)
    with pytest.raises(ConvgraphError) as caught:
        from_onnx(proto)
    message = str(caught.value)
    assert "the model leaves left_open open: --input gives numbers" in message
    assert len(message) <= 480
    assert from_onnx(proto, (1, 2, 2**depth)).outputs[0].shape == (2, 2**depth)


def test_shapes_of_one_size_are_not_those_of_an_open_one() -> None:
    proto = model([node("Strange", ["x"], ["y"], domain="own")], {"x": (1, 3, 8)})
    proto.graph.output[0].type.tensor_type.shape.dim.add().dim_value = 1
    proto.graph.output[0].type.tensor_type.shape.dim.add().dim_value = 8
    assert from_onnx(proto).outputs[0].shape == (8,)
    n = sp.Symbol("n", integer=True, positive=True)
    with pytest.raises(ConvgraphError, match="states the shape of 'y'"):
        from_onnx(proto, {"x": (1, 3, n)})


def test_a_mark_that_is_no_name_leaves_each_size_open() -> None:
    proto = model([node("Relu", ["x"], ["y"])], {"x": (1, "?", "?", "n", "n")})
    a, b, *named = from_onnx(proto).row("x").shape
    assert a != b
    assert len(set(named)) == 1
