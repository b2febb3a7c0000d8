"""Weights that an ONNX model moves, masks and mixes before it uses them, against what they do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper, reference

import convgraph as cg
from tests.moved_cases import chain, check
from tests.onnx_models import model

LAST = 2**31 - 1


class Written:
    """The nodes and the initialisers of a model, as they are written."""

    def __init__(self, weight: Any) -> None:
        self.nodes = []
        self.held = {"w": weight}

    def add(self, op: Any, inputs: Any, **attributes: Any) -> Any:
        name = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def hold(self, values: Any) -> Any:
        name = f"c{len(self.held)}"
        self.held[name] = np.asarray(values)
        return name

    def swapped(self, name: Any, rank: Any) -> Any:
        order = [*range(rank - 2), rank - 1, rank - 2]
        return self.add("Transpose", [name], perm=order)

    def flipped(self, name: Any, axis: Any) -> Any:
        ends = [self.hold([n]) for n in (-1, -LAST, axis, -1)]
        return self.add("Slice", [name, *ends])

    def step(self, name: Any, step: Any, rank: Any, size: Any) -> Any:
        """One step on a tensor whose axis in question has a size."""
        op, given = step
        match op:
            case "flip":
                return self.flipped(name, given)
            case "transpose":
                return self.swapped(name, rank)
            case "roll":
                places = (np.arange(size) - given[1]) % size
                return self.add("Gather", [name, self.hold(places)], axis=given[0])
            case "rot90":
                return self.flipped(self.swapped(name, rank), rank - 2)
            case "pick":
                return self.add("Gather", [name, self.hold(given[1])], axis=given[0])
            case "slice":
                ends = [self.hold([n]) for n in (given[1], given[2], given[0])]
                return self.add("Slice", [name, *ends])
            case "mask":
                wide = self.add("Cast", [self.hold(given != 0)], to=TensorProto.FLOAT)
                return self.add("Mul", [name, wide])
            case "scale":
                whole = self.add("Cast", [self.hold(given.astype(np.int64))], to=TensorProto.FLOAT)
                return self.add("Mul", [name, whole])
            case "expand":
                sizes = [1] * rank
                sizes[given[0]] = given[1]
                return self.add("Expand", [name, self.hold(sizes)])
            case "repeat":
                times = [1] * rank
                times[given[0]] = given[1]
                return self.add("Tile", [name, self.hold(times)])
            case "pad":
                pads = [0] * (2 * rank)
                pads[rank - 1], pads[-1] = given
                return self.add("Pad", [name, self.hold(pads)])
            case "twice":
                return self.add("Concat", [name, self.flipped(name, given)], axis=given)
            case "symmetric":
                return self.add("Add", [name, self.swapped(name, rank)])
            case "mix":
                basis = self.add("Cast", [self.hold(given.astype(np.int64))], to=TensorProto.FLOAT)
                return self.add("MatMul", [name, basis])
        raise AssertionError(op)


def assert_labels_are_kept(seed: Any) -> None:
    rng = np.random.default_rng(seed)
    rank = int(rng.choice([2, 4]))
    shape = tuple(int(n) for n in rng.integers(1, 4, rank))
    steps, after = chain(rng, shape, int(rng.integers(1, 4)))
    weight = rng.normal(size=shape).astype(np.float32)
    written, name = Written(weight), "w"
    for step in steps:
        inner = numpy_shape(written, name, weight)
        axis = step[1][0] if step[0] == "roll" else 0
        name = written.step(name, step, rank, inner[axis])
    size = tuple(max(n, k) for n, k in zip((5, 6), after[2:], strict=False))
    inputs = (1, after[1], *size)
    if rank == 2:
        written.add("MatMul", ["x", written.swapped(name, 2)])
    else:
        written.add("Conv", ["x", name])
    model = made(written, inputs)
    net = cg.from_onnx(model, strict=True)
    assert not net.caveats
    check(net, shape, steps, size)
    x = rng.normal(size=inputs).astype(np.float32)
    (wanted,) = reference.ReferenceEvaluator(model).run(None, {"x": x})
    np.testing.assert_allclose(net.evaluate(x[0]), wanted.reshape(net.outputs[0].shape), 1e-3, 1e-4)


def made(written: Any, inputs: Any) -> Any:
    last = written.nodes[-1].output[0]
    graph = helper.make_graph(
        written.nodes,
        "moved",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, inputs)],
        [helper.make_tensor_value_info(last, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(values, name) for name, values in written.held.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])


def numpy_shape(written: Any, name: Any, weight: Any) -> Any:
    """The shape of a tensor so far."""
    if name == "w":
        return weight.shape
    graph = helper.make_graph(
        written.nodes,
        "so far",
        [],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)],
        [numpy_helper.from_array(values, key) for key, values in written.held.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    return reference.ReferenceEvaluator(model).run(None, {})[0].shape


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9))
def test_a_moved_weight_keeps_its_labels(seed: int) -> None:
    assert_labels_are_kept(seed)


@pytest.mark.exhaustive
@settings(max_examples=500, deadline=None)
@given(st.integers(0, 10**9))
def test_many_moved_weights_keep_their_labels(seed: int) -> None:
    assert_labels_are_kept(seed)


@pytest.mark.parametrize("kind", [np.float32, np.int64])
def test_a_mask_in_the_file_drops_connections(kind: Any) -> None:
    """A file does not say what is learned: what consists of zeros and ones is a mask."""
    mask = np.tril(np.ones((4, 4))).astype(kind)
    written = Written(np.ones((4, 4), np.float32) * 2)
    held = written.hold(mask)
    if kind is np.int64:
        held = written.add("Cast", [held], to=TensorProto.FLOAT)
    written.add("MatMul", ["x", written.add("Mul", ["w", held])])
    net = cg.from_onnx(made(written, (1, 4)))
    assert net.parameter_count == 16
    assert len(net.edges) == 10


@pytest.mark.parametrize("reader", ["Conv", "Mul"])
@pytest.mark.parametrize(("maker", "shape"), [("Expand", (1, 1, 3)), ("Reshape", (1, 1, 1))])
def test_a_single_number_that_is_spread_is_one_parameter(
    reader: str, maker: str, shape: tuple[int, ...]
) -> None:
    nodes = [
        helper.make_node(maker, ["w", "s"], ["k"]),
        helper.make_node(reader, ["x", "k"], ["y"]),
    ]
    held = {"w": np.array(2.0, np.float32), "s": np.array(shape)}
    proto = model(nodes, {"x": (1, 1, 3)}, held=held)
    net, x = cg.from_onnx(proto), np.arange(3, dtype=np.float32)[None, None]
    assert [str(p) for p in net.parameters] == ["w"]
    wanted = reference.ReferenceEvaluator(proto).run(None, {"x": x})[0]
    assert net.evaluate(x[0]).tolist() == wanted[0].tolist()
