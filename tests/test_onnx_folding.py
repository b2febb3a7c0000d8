"""What an exporter leaves to be computed beforehand, and concatenations of a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper

import convgraph as cg

FLOAT = TensorProto.FLOAT


def model(nodes: list, held: dict[str, np.ndarray], shape: tuple, output: str = "y") -> Any:
    graph = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info("x", FLOAT, shape)],
        [helper.make_tensor_value_info(output, FLOAT, None)],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in held.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def test_weights_divided_by_their_norm() -> None:
    """As `torch.nn.utils.weight_norm` is exported."""
    rng = np.random.default_rng(0)
    v, g = rng.normal(size=(3, 2, 3)).astype(np.float32), np.ones((3, 1, 1), np.float32)
    nodes = [
        helper.make_node("ReduceL2", ["v", "axes"], ["norm"], keepdims=1),
        helper.make_node("Div", ["v", "norm"], ["unit"]),
        helper.make_node("Mul", ["unit", "g"], ["w"]),
        helper.make_node("Conv", ["x", "w"], ["y"]),
    ]
    net = cg.from_onnx(
        model(nodes, {"v": v, "g": g, "axes": np.array([1, 2])}, (1, 2, 5)), strict=True
    )
    x = rng.normal(size=(2, 5))
    w = v / np.sqrt((v**2).sum((1, 2), keepdims=True))
    wanted = [[(w[o] * x[:, i : i + 3]).sum() for i in range(3)] for o in range(3)]
    np.testing.assert_allclose(net.evaluate(x), wanted, 1e-4)


NUMBERS = {
    "Mod": ([7], [3]),
    "Pow": ([2.0], [3.0]),
    "Less": ([1], [2]),
    "MatMul": ([[2.0, 1.0]], [[3.0], [4.0]]),
    "Tile": ([1.0, 2.0], [3]),
}


@pytest.mark.parametrize("op", NUMBERS)
def test_arithmetic_of_two_constants(op: str) -> None:
    a, b = map(np.asarray, NUMBERS[op])
    nodes = [
        helper.make_node(op, ["a", "b"], ["c"]),
        helper.make_node("Cast", ["c"], ["d"], to=FLOAT),
        helper.make_node("ReduceSum", ["d"], ["e"], keepdims=0),
        helper.make_node("Mul", ["x", "e"], ["y"]),
    ]
    net = cg.from_onnx(model(nodes, {"a": a, "b": b}, (1, 2)), strict=True)
    functions = {
        "Mod": np.mod,
        "Pow": np.power,
        "Less": np.less,
        "MatMul": np.matmul,
        "Tile": np.tile,
    }
    assert np.array_equal(net.evaluate([1, 2]), functions[op](a, b).sum() * np.array([1, 2]))
    assert len(net.rows) == 2


def test_a_concatenation_misses_nothing_at_a_border() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["h"]),
        helper.make_node("Concat", ["x", "h"], ["y"], axis=1),
    ]
    read = cg.sparsity(cg.from_onnx(model(nodes, {}, (1, 2, 5))))
    x = cg.Input((2, 5))
    written = cg.sparsity(cg.Network(x, cg.Concat()(x, cg.ReLU()(x))))
    assert read.missing == written.missing == 0


def test_a_concatenation_of_open_sizes_has_a_cost() -> None:
    nodes = [
        helper.make_node("Relu", ["x"], ["h"]),
        helper.make_node("Concat", ["x", "h"], ["y"], axis=1),
    ]
    net = cg.from_onnx(model(nodes, {}, (1, 2, "n")))
    (n,) = net.inputs[0].shape[1].free_symbols
    assert cg.cost(net).connections == 6 * n


def test_what_a_mask_lets_through_a_softmax_sees() -> None:
    hidden = np.triu(np.full((3, 3), -np.inf, np.float32), 1)
    chosen = [helper.make_node("Where", ["keep", "x", "low"], ["h"]),
              helper.make_node("Softmax", ["h"], ["y"])]  # fmt: skip
    added = [helper.make_node("Constant", [], ["m"], value=numpy_helper.from_array(hidden)),
             helper.make_node("Add", ["x", "m"], ["h"]),
             helper.make_node("Softmax", ["h"], ["y"])]  # fmt: skip
    x = np.arange(9).reshape(3, 3) / 4
    grown = np.exp(x + hidden)
    for nodes, held in ((chosen, {"keep": hidden == 0, "low": np.float32(-np.inf)}), (added, {})):
        net = cg.from_onnx(model(nodes, held, (1, 3, 3)))
        assert net.caveats == ()
        assert np.allclose(net.evaluate(x), grown / grown.sum(axis=1, keepdims=True))
        for i, j in np.ndindex(3, 3):
            seen = {f"x{i + 1},{k + 1}" for k in range(i + 1)} if j <= i else set()
            assert cg.receptive_field(net, f"y{i + 1},{j + 1}") == seen
    plain = [helper.make_node("Softmax", ["x"], ["y"])]
    assert cg.from_onnx(model(plain, {}, (1, 3, 3))).caveats == ()


def test_open_sizes_that_need_numbers_are_told() -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["s"], start=2),
        helper.make_node("Sub", ["s", "two"], ["end"]),
        helper.make_node("Slice", ["x", "two", "end", "two"], ["y"]),
    ]
    made = model(nodes, {"two": np.array([2])}, (1, 2, "n"))
    with pytest.raises(cg.ConvgraphError, match="give numbers for the sizes"):
        cg.from_onnx(made)
    assert cg.from_onnx(made, (1, 2, 9)).outputs[0].shape == (2, 5)
