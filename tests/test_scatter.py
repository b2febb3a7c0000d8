"""Scatter with positions in the model: against onnx, and computed positions are refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402
from onnx.reference import ReferenceEvaluator  # noqa: E402

from convgraph import ConvgraphError, from_onnx  # noqa: E402


def model(op: str, shape: Any, indices: Any, updates: Any, known: bool, **attributes: Any) -> Any:
    names = [("data", shape), ("updates", updates.shape)]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, list(s)) for n, s in names]
    held = [numpy_helper.from_array(indices, "indices")]
    if not known:
        held = []
        ends.append(helper.make_tensor_value_info("indices", TensorProto.INT64, indices.shape))
    node = helper.make_node(op, ["data", "indices", "updates"], ["y"], **attributes)
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, list(shape))
    graph = helper.make_graph([node], "g", ends, [out], held)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


@given(st.data())
def test_elements_are_as_in_onnx(data: Any) -> None:
    shape = tuple(data.draw(st.integers(2, 4)) for _ in range(2))
    axis = data.draw(st.integers(-2, 1))
    inner = tuple(data.draw(st.integers(2, n)) for n in shape)
    n = shape[axis]
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    indices = rng.integers(-n, n, inner)
    how = data.draw(st.sampled_from(["none", "add", "mul", "max", "min"]))
    if how == "none":  # of duplicates onnx says that the order is not defined
        indices = np.argsort(rng.random(inner), axis=axis) - n * (rng.random() < 0.5)
    values = rng.integers(-5, 5, shape).astype(np.float32)
    new = rng.integers(-5, 5, inner).astype(np.float32)
    proto = model("ScatterElements", shape, indices, new, True, axis=axis, reduction=how)
    (wanted,) = ReferenceEvaluator(proto).run(None, {"data": values, "updates": new})
    found = from_onnx(proto, strict=True).evaluate({"data": values, "updates": new})
    assert np.array_equal(found, wanted)


@pytest.mark.parametrize("how", ["none", "add", "mul", "max", "min"])
def test_units_of_several_axes_are_as_in_onnx(how: str) -> None:
    values, new = np.arange(24.0).reshape(2, 3, 4), np.array([[9, 8, 7, 6], [-1, 3, 5, 7.0]])
    values, new = values.astype(np.float32), new.astype(np.float32)
    indices = np.array([[0, -1], [1, 0]])
    proto = model("ScatterND", values.shape, indices, new, True, reduction=how)
    (wanted,) = ReferenceEvaluator(proto).run(None, {"data": values, "updates": new})
    found = from_onnx(proto, strict=True).evaluate({"data": values, "updates": new})
    assert np.array_equal(found, wanted)


def test_computed_positions_are_refused() -> None:
    proto = model("ScatterElements", (4,), np.array([1]), np.ones(1, np.float32), False)
    with pytest.raises(ConvgraphError, match="computed"):
        from_onnx(proto, strict=True)


def test_what_is_known_beforehand_is_written_beforehand() -> None:
    """Positions that are put together from known ones are read as those that they are."""
    held = {
        "at": np.arange(4),
        "where": np.array([1, 2]),
        "new": np.array([3, 0]),
    }
    nodes = [
        helper.make_node("ScatterElements", ["at", "where", "new"], ["places"]),
        helper.make_node("Gather", ["x", "places"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [4]) for n in ("x", "y")]
    tensors = [numpy_helper.from_array(array, name) for name, array in held.items()]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], tensors)
    net = from_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]))
    assert [row.name for row in net.rows] == ["x", "y"]
    assert net.evaluate(np.array([10, 11, 12, 13])).tolist() == [10, 13, 10, 13]


@pytest.mark.parametrize("op", ["ScatterElements", "ScatterND"])
def test_positions_beyond_the_tensor_are_refused(op: str) -> None:
    indices = np.array([4]) if op == "ScatterElements" else np.array([[-5]])
    proto = model(op, (4,), indices, np.ones(1, np.float32), True)
    with pytest.raises(ConvgraphError, match="beyond an axis of a tensor"):
        from_onnx(proto, strict=True)
