"""The nine real architectures that the onnx package ships, and two oracles for them.

They know nothing of wirings: one walks the model's nodes backwards with boolean arrays, the other
computes the model with the onnx reference evaluator.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

ROOM = 16  # more than any window reaches beyond the border
NAMES = (
    "bvlc_alexnet", "zfnet512", "vgg19", "squeezenet", "inception_v1", "inception_v2",
    "resnet50", "shufflenet", "densenet121",
)  # fmt: skip


@lru_cache(maxsize=9)
def light(name: str) -> Any:
    """A model by its short name."""
    import onnx

    folder = Path(onnx.__file__).parent / "backend/test/data/light"
    return onnx.load(str(folder / f"light_{name}.onnx"))


def attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    return {a.name: helper.get_attribute_value(a) for a in node.attribute}


@lru_cache(maxsize=9)
def shapes(name: str) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors, by onnx's own inference."""
    from onnx import shape_inference

    inferred = shape_inference.infer_shapes(light(name)).graph
    return {
        value.name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
        for value in (*inferred.value_info, *inferred.input, *inferred.output)
    }


def seen(name: str, tensor: str, index: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Which units of every tensor a unit depends on, node by node backwards through the model."""
    model, sizes = light(name), shapes(name)
    reached = {tensor: np.zeros(sizes[tensor], bool)}
    reached[tensor][index] = True
    for node in reversed(model.graph.node):
        out = reached.get(node.output[0])
        if out is None or node.op_type == "ConstantOfShape":
            continue
        for number, source in enumerate(node.input):
            # a second input of these is another branch; of the others it is a parameter
            if source in sizes and (number == 0 or node.op_type in ("Concat", "Sum")):
                back = _back(node, out, sizes[source], number, sizes)
                reached[source] = reached.get(source, False) | back
    return reached


def _back(
    node: Any, out: np.ndarray, shape: tuple[int, ...], number: int, sizes: dict[str, Any]
) -> np.ndarray:
    op, given = node.op_type, attributes(node)
    if op == "Conv":
        _, per_group, *kernel = sizes[node.input[1]]
        groups = given.get("group", 1)
        parts = np.split(out, groups, axis=1)
        mixed = [np.repeat(p.any(axis=1, keepdims=True), per_group, axis=1) for p in parts]
        return _windows(np.concatenate(mixed, axis=1), shape, kernel, given)
    if op in ("MaxPool", "AveragePool"):
        return _windows(out, shape, given["kernel_shape"], given)
    if op == "LRN":
        size = given["size"]
        back = np.zeros(shape, bool)
        for c in range(shape[1]):
            first, last = max(0, c - (size - 1) // 2), min(shape[1] - 1, c + size // 2)
            back[:, first : last + 1] |= out[:, c : c + 1]
        return back
    if op == "GlobalAveragePool":
        return np.broadcast_to(out, shape)
    if op in ("Gemm", "Softmax"):
        # over the channels of each position; before version 13 over all that follows
        return np.broadcast_to(out.any(), shape)
    if op == "Reshape":
        return out.reshape(shape)
    if op == "Transpose":
        return out.transpose(np.argsort(given["perm"]))
    if op == "Concat":
        axis = given["axis"]
        before = sum(sizes[name][axis] for name in node.input[:number])
        return np.take(out, range(before, before + shape[axis]), axis)
    assert op in ("Relu", "BatchNormalization", "Sum", "Add", "Mul", "Dropout"), op
    return out


def _windows(
    out: np.ndarray, shape: tuple[int, ...], kernel: Any, given: dict[str, Any]
) -> np.ndarray:
    strides, pads = given.get("strides", [1, 1]), given.get("pads", [0, 0, 0, 0])
    back = np.zeros((*shape[:2], *(n + 2 * ROOM for n in shape[2:])), bool)
    for a in range(kernel[0]):
        for b in range(kernel[1]):
            rows = ROOM - pads[0] + a + strides[0] * np.arange(out.shape[2])
            columns = ROOM - pads[1] + b + strides[1] * np.arange(out.shape[3])
            back[:, :, rows[:, None], columns] |= out
    return back[:, :, ROOM : ROOM + shape[2], ROOM : ROOM + shape[3]]


def spatial(name: str) -> list[str]:
    """The tensors that have rows and columns, in the order of the nodes."""
    sizes = shapes(name)
    found = []
    for node in light(name).graph.node:
        shape = sizes.get(node.output[0], ())
        if len(shape) == 4 and shape[2] > 1 and node.op_type != "ConstantOfShape":
            found.append(node.output[0])
    return found


def with_weights(name: str, outputs: list[str], size: int) -> Any:
    """The model up to some tensors, on a small input, with positive random weights."""
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.ModelProto()
    model.CopyFrom(light(name))
    rng = np.random.default_rng(0)
    held = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "ConstantOfShape":
            held[node.output[0]] = np.zeros(held[node.input[0]])
    for key, value in held.items():
        if value.dtype.kind == "f":
            fan_in = int(np.prod(value.shape[1:]))  # keeps the values near 1, however deep
            held[key] = (rng.uniform(0.5, 1.5, value.shape) / fan_in).astype(np.float32)
    nodes = [part for node in model.graph.node for part in _at_inference(node, held)]
    wanted, kept = set(outputs), []
    for node in reversed(nodes):
        if node.op_type != "ConstantOfShape" and not wanted.isdisjoint(node.output):
            kept.append(node)
            wanted.update(node.input)
    kept.reverse()
    data = next(v.name for v in model.graph.input if v.name.endswith("data_0"))
    graph = helper.make_graph(
        kept,
        name,
        [helper.make_tensor_value_info(data, onnx.TensorProto.FLOAT, (1, 3, size, size))],
        [helper.make_tensor_value_info(o, onnx.TensorProto.FLOAT, None) for o in outputs],
        [numpy_helper.from_array(v, k) for k, v in held.items() if k in wanted],
    )
    return helper.make_model(graph, opset_imports=list(model.opset_import))


def _at_inference(node: Any, held: dict[str, np.ndarray]) -> list[Any]:
    """A batch normalisation as a scale and a shift: the reference evaluator's version 9 trains."""
    from onnx import helper

    if node.op_type != "BatchNormalization":
        return [node]
    x, *names = node.input
    scale, bias, mean, variance = (held[name][:, None, None] for name in names)
    factor = scale / np.sqrt(variance + attributes(node).get("epsilon", 1e-5))
    out = node.output[0]
    held[f"{out}/scale"], held[f"{out}/shift"] = factor, bias - mean * factor
    return [
        helper.make_node("Mul", [x, f"{out}/scale"], [f"{out}/scaled"]),
        helper.make_node("Add", [f"{out}/scaled", f"{out}/shift"], [out]),
    ]
