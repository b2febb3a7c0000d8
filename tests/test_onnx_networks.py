"""What becomes of an ONNX graph: rows, names, wirings, tyings, weights and caveats."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp

pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from convgraph import ConvgraphError, from_onnx, projective_field, receptive_field
from convgraph.core.axis import Full
from convgraph.core.repeat import Repeat
from convgraph.core.window import Window
from tests.onnx_models import model, node

RNG = np.random.default_rng(0)


def weights(*shape: int) -> np.ndarray:
    return RNG.normal(size=shape).astype(np.float32)


def assert_as_in_onnx(proto: Any, x: np.ndarray) -> np.ndarray:
    """The network's values, held against the reference evaluator's."""
    net = from_onnx(proto, strict=True)
    wanted = ReferenceEvaluator(proto).run(None, {"x": x.astype(np.float32)})[0]
    got = net.evaluate(x.reshape(net.inputs[0].shape))
    np.testing.assert_allclose(got, wanted.reshape(got.shape), 1e-3, 1e-5)
    return got


def gated() -> Any:
    """A squeeze-and-excitation: a channel's gate sees the whole image."""
    held = {"down": weights(2, 4, 1, 1), "up": weights(4, 2, 1, 1), "w": weights(4, 3, 3, 3)}
    nodes = [
        node("Conv", ["x", "w"], ["c"], pads=[1] * 4, name="conv"),
        node("GlobalAveragePool", ["c"], ["mean"]),
        node("Conv", ["mean", "down"], ["d"]),
        node("Relu", ["d"], ["r"]),
        node("Conv", ["r", "up"], ["u"]),
        node("Sigmoid", ["u"], ["gate"]),
        node("Mul", ["c", "gate"], ["y"]),
    ]
    return model(nodes, {"x": ("N", 3, "H", "W")}, held=held)


def test_rows_are_tensors_and_arrays_initialisers() -> None:
    net = from_onnx(gated(), (1, 3, 6, 5))
    assert [row.name for row in net.rows] == ["x", "c", "mean", "d", "r", "u", "gate", "y"]
    assert net.row("c").shape == (4, 6, 5)
    assert net.row("c").channels
    assert {array.letter: array.shape for array in net.labels.arrays} == {
        "w": (4, 3, 3, 3),
        "down": (2, 4, 1, 1),
        "up": (4, 2, 1, 1),
    }
    assert sorted(net.weights) == ["down", "up", "w"]
    assert repr(net.layer("c").spec) == "Conv(conv)"


def test_a_gate_is_a_global_edge_and_the_rest_stays_local() -> None:
    net = from_onnx(gated(), (1, 3, 6, 5))
    field = receptive_field(net, "y1,3,3")
    assert len(field) == 3 * 6 * 5
    assert len(receptive_field(net, "y1,3,3", "c")) == 4 * 6 * 5
    pool = net.layer("mean").joints[0].wiring
    assert pool.axes[1:] == (Full(6, 1), Full(5, 1))
    local, gate = net.layer("y").joints
    assert gate.wiring.axes == (Window(4, 4, 1), Full(1, 6), Full(1, 5))
    assert local.wiring.axes == (Window(4, 4, 1), Window(6, 6, 1), Window(5, 5, 1))


def test_gated_values() -> None:
    proto = gated()
    for dim, size in zip(
        proto.graph.input[0].type.tensor_type.shape.dim, (1, 3, 6, 5), strict=True
    ):
        dim.dim_value = size
    values = assert_as_in_onnx(proto, RNG.normal(size=(1, 3, 6, 5)))
    assert values.shape == (4, 6, 5)


def test_open_sizes_stay_symbols() -> None:
    net = from_onnx(gated())
    height, width = (sp.Symbol(n, integer=True, positive=True) for n in "HW")
    assert net.row("y").shape == (4, height, width)
    assert net.inputs[0].shape == (3, height, width)
    numbers = from_onnx(gated(), {"x": (1, 3, 7, 8)})
    asked = sum(layer.connections for layer in net.layers)
    assert asked.subs({height: 7, width: 8}) == len(numbers.edges)


def test_arithmetic_of_open_shapes() -> None:
    nodes = [
        node("Shape", ["x"], ["shape"]),
        node("Gather", ["shape", "two"], ["h"], axis=0),
        node("Gather", ["shape", "three"], ["w"], axis=0),
        node("Mul", ["h", "w"], ["hw"]),
        node("Concat", ["head", "hw"], ["to"], axis=0),
        node("Reshape", ["x", "to"], ["flat"]),
        node("Transpose", ["flat"], ["turned"], perm=[0, 2, 1]),
        node("Softmax", ["turned"], ["y"], axis=-1),
    ]
    held = {"two": np.array([2]), "three": np.array([3]), "head": np.array([1, 4])}
    proto = model(nodes, {"x": ("N", 4, "H", "W")}, held=held)
    assert str(from_onnx(proto).outputs[0].shape) == "(H*W, 4)"
    net = from_onnx(proto, (1, 4, 2, 3))
    assert receptive_field(net, "y5,2") == {f"x{c},2,2" for c in range(1, 5)}


def test_a_batch_is_left_out_only_where_it_is_one() -> None:
    assert from_onnx(gated(), (2, 3, 4, 4)).row("mean").shape == (2, 4, 1, 1)
    net = from_onnx(gated(), (2, 3, 4, 4))
    assert not any(unit.startswith("x2") for unit in receptive_field(net, "y1,1,1,1"))


def test_batch_normalisation_folds_its_statistics() -> None:
    held = {k: weights(3) for k in ("s", "b", "m")} | {"v": np.abs(weights(3)) + 0.5}
    proto = model(
        [node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"])],
        {"x": (1, 3, 2, 2)},
        held=held,
    )
    assert_as_in_onnx(proto, RNG.normal(size=(1, 3, 2, 2)))
    net = from_onnx(proto)
    assert sorted(net.weights) == ["b", "s"]
    factor = held["s"] / np.sqrt(held["v"] + 1e-5)
    np.testing.assert_allclose(net.weights["s"], factor, 1e-5)
    np.testing.assert_allclose(net.weights["b"], held["b"] - held["m"] * factor, 1e-4)
    assert str(net.expressions()["y2,1,1"]) == "b_2 + s_2*x2,1,1"


def test_one_array_in_two_places_is_tied() -> None:
    nodes = [
        node("Conv", ["x", "w"], ["a"], pads=[1] * 4),
        node("Conv", ["a", "w"], ["b"], pads=[1] * 4),
        node("Unsqueeze", ["s", "ends"], ["shaped"]),
        node("Mul", ["b", "shaped"], ["c"]),
        node("Mul", ["c", "shaped"], ["y"]),
    ]
    held = {"w": weights(2, 2, 3, 3), "s": weights(2), "ends": np.array([1, 2])}
    proto = model(nodes, {"x": (1, 2, 4, 4)}, held=held)
    net = from_onnx(proto)
    assert len(net.parameters) == 2 * 2 * 9 + 2
    assert {str(p) for p in net.parameters} >= {"s_1", "s_2", "w_1_1_1_1"}
    assert_as_in_onnx(proto, RNG.normal(size=(1, 2, 4, 4)))


def test_parameters_may_be_changed_one_by_one() -> None:
    proto = model([node("Mul", ["x", "s"], ["y"])], {"x": (1, 3)}, held={"s": np.arange(3.0)})
    net = from_onnx(proto)
    assert np.array_equal(net.evaluate([1, 1, 1]), [0, 1, 2])
    assert np.array_equal(net.evaluate([1, 1, 1], {"s_2": 10}), [0, 10, 2])
    assert np.array_equal(net.evaluate([1, 1, 1], {"s": [7, 8, 9]}), [7, 8, 9])


def test_weights_that_the_model_only_announces() -> None:
    proto = model(
        [node("Conv", ["x", "w"], ["y"])], {"x": (1, 1, 3, 3), "w": (1, 1, 2, 2)}, held={}
    )
    net = from_onnx(proto)
    assert [row.name for row in net.inputs] == ["x"]
    assert len(net.parameters) == 4
    assert not net.weights
    with pytest.raises(ConvgraphError, match="no value for w_1_1_1_1"):
        net.evaluate(np.ones((1, 3, 3)))


def test_constants_enter_with_their_signs_and_numbers() -> None:
    nodes = [
        node("Sub", ["x", "mean"], ["a"]),
        node("Div", ["a", "std"], ["b"]),
        node("Constant", [], ["half"], value_float=0.5),
        node("Mul", ["half", "b"], ["c"]),
        node("Sub", ["one", "c"], ["d"]),
        node("Pow", ["d", "two"], ["e"]),
        node("Max", ["e", "floor"], ["y"]),
    ]
    held = {
        "mean": weights(3, 1, 1),
        "std": np.abs(weights(3, 1, 1)) + 1,
        "one": np.float32(1),
        "two": np.float32(2),
        "floor": weights(3, 2, 2),
    }
    proto = model(nodes, {"x": (1, 3, 2, 2)}, held=held)
    assert_as_in_onnx(proto, RNG.normal(size=(1, 3, 2, 2)))
    net = from_onnx(proto)
    assert net.layer("b").reduction.linear
    assert sorted(net.weights) == ["-mean", "1/std", "floor", "one"]
    assert "floor" in [row.name for row in net.rows]
    assert not receptive_field(net, "y1,1,1", "floor") - {"floor1,1,1"}


def attention() -> Any:
    """One head of attention over four tokens."""
    nodes = [node("MatMul", ["x", f"w{n}"], [n]) for n in "qkv"]
    nodes += [
        node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]),
        node("MatMul", ["q", "kt"], ["scores"]),
        node("Mul", ["scores", "scale"], ["scaled"]),
        node("Softmax", ["scaled"], ["a"], axis=-1),
        node("MatMul", ["a", "v"], ["y"]),
    ]
    held = {f"w{n}": weights(3, 2) for n in "qkv"} | {"scale": np.float32(0.5)}
    return model(nodes, {"x": (1, 4, 3)}, held=held)


def test_attention() -> None:
    proto = attention()
    assert_as_in_onnx(proto, RNG.normal(size=(1, 4, 3)))
    net = from_onnx(proto)
    assert receptive_field(net, "q2,1") == {"x2,1", "x2,2", "x2,3"}
    assert receptive_field(net, "scores2,3", "k") == {"k3,1", "k3,2"}
    assert len(receptive_field(net, "y1,1")) == 12
    assert projective_field(net, "q2,1", "scores") == {f"scores2,{i}" for i in range(1, 5)}


def test_splits_and_shuffles_stay_exact() -> None:
    nodes = [
        node("Split", ["x"], ["left", "right"], axis=1),
        node("Concat", ["right", "left"], ["swapped"], axis=1),
        node("DepthToSpace", ["swapped"], ["big"], blocksize=2),
        node("Slice", ["big", "from", "to", "axis", "step"], ["y"]),
    ]
    held = {
        "from": np.array([1]),
        "to": np.array([99]),
        "axis": np.array([3]),
        "step": np.array([2]),
    }
    proto = model(nodes, {"x": (1, 8, 2, 3)}, held=held)
    assert_as_in_onnx(proto, RNG.normal(size=(1, 8, 2, 3)))
    net = from_onnx(proto)
    for unit in net.outputs[0].units():
        assert len(receptive_field(net, unit)) == 1
    assert receptive_field(net, "y1,1,1") == {"x7,1,1"}


def test_resizing() -> None:
    def resized(scale: float, **attributes: Any) -> tuple:
        proto = model(
            [node("Resize", ["x", "", "s"], ["y"], **attributes)],
            {"x": (1, 1, 4, 4)},
            held={"s": np.array([1, 1, scale, scale], np.float32)},
        )
        assert_as_in_onnx(proto, RNG.normal(size=(1, 1, 4, 4)))
        return from_onnx(proto).layers[0].joints[0].wiring.axes[1:]

    assert resized(3.0) == (Repeat(4, 3),) * 2
    assert resized(0.5, coordinate_transformation_mode="asymmetric", nearest_mode="floor") == (
        (Window(4, 2, 1, 2),) * 2
    )
    (rows, _) = resized(2.0, mode="linear", coordinate_transformation_mode="align_corners")
    # the corners lie on corners: they read one position, with nothing of another
    assert rows.table()[[0, -1]].tolist() == [[0, -1], [-1, 3]]


def test_unknown_operators_reach_everything() -> None:
    nodes = [
        node("Conv", ["x", "w"], ["c"]),
        node("Wobble", ["c", "z"], ["y"], domain="com.example", name="odd one"),
    ]
    proto = model(nodes, {"x": (1, 1, 4, 4), "z": (1, 2)}, held={"w": weights(1, 1, 3, 3)})
    with pytest.raises(ConvgraphError, match=r"node='odd one' \(com.example.Wobble\): an operator"):
        from_onnx(proto)  # of which not even the shape is known
    proto.graph.output[0].CopyFrom(helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 3)))
    net = from_onnx(proto)
    assert net.caveats == (
        "node='odd one' (com.example.Wobble): an operator that is not known, so that each output "
        "is taken to depend on every input",
    )
    assert receptive_field(net, "y2", "z") == {"z1", "z2"}
    assert len(receptive_field(net, "y2", "x")) == 16
    with pytest.raises(ConvgraphError, match=r"strict=True takes only"):
        from_onnx(proto, strict=True)
    with pytest.raises(ConvgraphError, match="its values are not known"):
        net.evaluate({"x": np.ones((1, 4, 4)), "z": [1, 2]})


def test_shapes_behind_what_is_not_read_are_inferred() -> None:
    lstm = node("LSTM", ["x", "w", "r"], ["", "h"], hidden_size=2)
    held = {"w": weights(1, 8, 3), "r": weights(1, 8, 2)}
    proto = model([lstm, node("Relu", ["h"], ["y"])], {"x": (5, 1, 3)}, held=held)
    net = from_onnx(proto)
    assert "of its values only the connections are known" in net.caveats[0]
    assert net.outputs[0].shape == (1, 2)
    assert len(receptive_field(net, net.outputs[0].units()[0])) == 15


def test_what_no_output_needs_is_left_out_and_said() -> None:
    nodes = [node("Relu", ["x"], ["y"]), node("Sigmoid", ["x"], ["idle"], name="idler")]
    net = from_onnx(model(nodes, {"x": (1, 3)}))
    assert [row.name for row in net.rows] == ["x", "y"]
    assert net.caveats == ("nodes='idler': no output depends on them, so they are left out",)


def test_input_shapes() -> None:
    proto = gated()
    for bad, words in [
        ((3, 6, 5), "the model's input has 4 axes"),
        ({"image": (1, 3, 6, 5)}, r"input_shapes\['image'\]: no input; there is 'x'"),
        ("1x3x6x5", "a tuple of sizes"),
        ((1, 3, 0, 5), "sizes are positive integers"),
        ((1, 4, 6, 5), "4 channels"),
    ]:
        with pytest.raises(ConvgraphError, match=words):
            from_onnx(proto, bad)


def test_a_network_read_from_a_model_is_like_any_other() -> None:
    import pickle

    net = from_onnx(gated(), (1, 3, 3, 3))
    assert net.graph.number_of_edges() == len(net.edges)
    twin = pickle.loads(pickle.dumps(net.edges))
    assert np.array_equal(twin.source, net.edges.source)
    linear = model([node("Gemm", ["x", "w"], ["y"], transB=1, alpha=0.5)], {"x": (1, 2)},
                   held={"w": np.array([[1.0, 2.0], [3.0, 4.0]])})  # fmt: skip
    assert from_onnx(linear).matrix().shape == (2, 2)
    assert np.array_equal(from_onnx(linear).evaluate([1, 1]), [1.5, 3.5])


def test_weights_keep_their_names_in_another_order() -> None:
    held = {"w": weights(5, 3), "s": weights(1, 4)}
    nodes = [
        node("Transpose", ["w"], ["turned"]),
        node("MatMul", ["x", "turned"], ["h"]),
        node("Transpose", ["s"], ["column"]),
        node("Mul", ["h", "column"], ["y"]),
    ]
    proto = model(nodes, {"x": (1, 4, 3)}, held=held)
    assert_as_in_onnx(proto, RNG.normal(size=(1, 4, 3)))
    net = from_onnx(proto)
    assert {array.letter: array.shape for array in net.labels.arrays} == {"w": (5, 3), "s": (1, 4)}
    assert str(net.expressions("h")["h1,2"]) == "w_2_1*x1,1 + w_2_2*x1,2 + w_2_3*x1,3"


def test_weights_in_few_bits() -> None:
    nodes = [
        node("QuantizeLinear", ["x", "sx", "zx"], ["q"]),
        node("DequantizeLinear", ["q", "sx", "zx"], ["real"]),
        node("DequantizeLinear", ["w", "sw", "zw"], ["kernel"], axis=0),
        node("Conv", ["real", "kernel"], ["y"]),
    ]
    held = {
        "sx": np.float32(0.25),
        "zx": np.uint8(128),
        "w": RNG.integers(-9, 9, (2, 1, 2, 2)).astype(np.int8),
        "sw": np.array([0.5, 0.125], np.float32),
        "zw": np.array([0, 1], np.int8),
    }
    proto = model(nodes, {"x": (1, 1, 3, 3)}, held=held, opset=21)
    assert_as_in_onnx(proto, RNG.normal(size=(1, 1, 3, 3)))
    assert sorted(from_onnx(proto).weights) == ["kernel"]


def test_sparse_weights() -> None:
    proto = model([node("MatMul", ["x", "w"], ["y"])], {"x": (1, 2)})
    entries = numpy_helper.from_array(np.array([3.0, 5.0], np.float32), "w")
    places = numpy_helper.from_array(np.array([1, 2]), "places")
    proto.graph.sparse_initializer.append(helper.make_sparse_tensor(entries, places, [2, 2]))
    assert np.array_equal(from_onnx(proto).evaluate([1, 10]), [50, 3])
