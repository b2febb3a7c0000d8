"""Receptive fields of the light models against numerical influence in onnx's own evaluator.

With positive weights and inputs nothing cancels, so that a unit's value changes if, and only if, a
pixel that it sees does.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import convgraph as cg

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def cut(name: str, size: int, tensor: str) -> onnx.ModelProto:
    """The model up to a tensor, for images of another size, with positive weights."""
    model = onnx.load(LIGHT / f"light_{name}.onnx")
    graph, rng = model.graph, np.random.default_rng(0)
    shapes = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    needed, nodes = {tensor}, []
    for node in reversed(graph.node):
        if needed & set(node.output):
            nodes.insert(0, node)
            needed |= set(node.input)
    weights, kept = [], []
    for node in nodes:
        if node.op_type == "ConstantOfShape":
            shape = shapes[node.input[0]].tolist()
            scale = 1 / max(int(np.prod(shape[1:])), 1)
            values = rng.uniform(0.5, 1.5, shape).astype(np.float32) * np.float32(scale)
            weights.append(numpy_helper.from_array(values, node.output[0]))
        elif node.op_type == "BatchNormalization":
            # the evaluator normalises old versions by the image's own mean, as if in training
            kept.append(helper.make_node("Identity", node.input[:1], node.output[:1]))
        else:
            kept.append(node)
    weights = [w for w in weights if any(w.name in node.input for node in kept)]
    constants = [t for t in graph.initializer if any(t.name in node.input for node in kept)]
    constants = [t for t in constants if t.name not in {w.name for w in weights}]
    inputs = {v.name for v in graph.input} - {t.name for t in (*constants, *weights)}
    (start,) = [name for name in inputs if any(name in node.input for node in kept)]
    x = helper.make_tensor_value_info(start, onnx.TensorProto.FLOAT, [1, 3, size, size])
    y = helper.make_tensor_value_info(tensor, onnx.TensorProto.FLOAT, None)
    made = helper.make_graph(kept, name, [x], [y], [*constants, *weights])
    return helper.make_model(made, opset_imports=model.opset_import)


# the tensor that is looked at, and a size for which everything is small
CASES = {
    "squeezenet": ("r46", 71),
    "resnet50": ("r80", 67),
    "inception_v2": ("r161", 64),
    "bvlc_alexnet": ("r14", 95),
    "zfnet512": ("r14", 95),
    "vgg19": ("r27", 40),
    "inception_v1": ("r38", 64),
    "densenet121": ("r104", 40),
    "shufflenet": ("r36", 224),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", CASES)
def test_units_change_where_they_see_the_pixel_that_does(name: str) -> None:
    tensor, size = CASES[name]
    model = cut(name, size, tensor)
    fields = cg.receptive_fields(cg.from_onnx(model), tensor)
    evaluator = ReferenceEvaluator(model)
    start = model.graph.input[0].name
    image = np.random.default_rng(1).uniform(1, 2, (1, 3, size, size)).astype(np.float32)
    (before,) = evaluator.run(None, {start: image})
    assert np.isfinite(before).all()
    space = before.shape[2:]
    for pixel in [(0, 0, 0), (1, size // 2, size // 3), (2, size - 3, size - 9)]:
        changed = image.copy()
        changed[(0, *pixel)] += 1e15  # so much that it is the greatest of every pool
        (after,) = evaluator.run(None, {start: changed})
        seen = np.zeros(space, bool)
        row = fields.row
        for i in range(space[0]):
            for j in range(space[1]):
                seen[i, j] = fields.source.unit(pixel) in fields[row.unit((0, i, j))]
        assert np.array_equal((after != before)[0, 0], seen)
        assert seen.any() or pixel[1] > size - 4
