"""Arrays in the shapes that a model states, with axes of one that its rows do not have."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import TensorProto, helper

import convgraph as cg

SHAPES = [(2, 3), (1, 3), (3,), (2, 1), (1, 1), (1,)]


@pytest.mark.parametrize(("a", "b"), list(product(SHAPES, SHAPES)))
def test_two_inputs_in_their_own_shapes(a: tuple[int, ...], b: tuple[int, ...]) -> None:
    shape = np.broadcast_shapes(a, b)
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, size)
        for name, size in (("a", a), ("b", b), ("y", shape))
    ]
    node = helper.make_node("Add", ["a", "b"], ["y"])
    graph = helper.make_graph([node], "g", ends[:2], ends[2:])
    net = cg.from_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)]))
    x = {"a": np.arange(np.prod(a)).reshape(a) + 1, "b": 10 * np.arange(np.prod(b)).reshape(b)}
    found = net.evaluate(x)
    assert found.ravel().tolist() == (x["a"] + x["b"]).ravel().tolist()
