"""Write `resnet50.onnx`: torchvision's ResNet-50 as `from_torch` reads it, without its weights.

    python docs/networks/resnet50.py

The site is built where there is no PyTorch, and its readers know the network by the names of its
modules: so its graph is kept here. Nodes, names and shapes are those of `from_torch`; each
parameter is an input of the graph that has a shape and no values, as `from_onnx` takes it.
`tests/test_site_pages.py` holds the file against the module wherever torchvision is installed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision
from onnx import ModelProto, TensorProto, checker, helper, numpy_helper

from convgraph.importers.torch.graph import _translated as translated

SHAPE = (1, 3, 224, 224)
OPSET, IR = 20, 9  # that every reader of the last years knows
FILE = Path(__file__).with_suffix(".onnx")


def model() -> ModelProto:
    """The graph of the network, without weights."""
    module = torchvision.models.resnet50(weights=None).eval()
    read, *_ = translated(torch, module, SHAPE, None, True)
    nodes: list[Any] = []
    held: list[Any] = []
    for node in read.nodes:
        inputs, attributes = list(node.inputs), dict(node.attributes)
        if node.op == "Reshape":  # ONNX has the shape as an input
            held.append(_numbers(f"{node.name}.shape", attributes.pop("shape")))
            inputs.append(held[-1].name)
        while inputs and not inputs[-1]:
            inputs.pop()
        nodes.append(helper.make_node(node.op, inputs, node.outputs, node.name, **attributes))
    used = dict.fromkeys(name for node in read.nodes for name in node.inputs)
    # and not how many batches a normalisation has seen in training
    parameters = [_stated(name, read.known[name].shape) for name in used if name in read.known]
    inputs = [_stated(name, SHAPE) for name in read.inputs]
    outputs = [_stated(name, read.shapes[name]) for name in read.outputs]
    graph = helper.make_graph(nodes, "ResNet-50", [*inputs, *parameters], outputs, held)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
    checker.check_model(made, full_check=True)
    return made


def _stated(name: str, shape: Any) -> Any:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, [int(n) for n in shape])


def _numbers(name: str, numbers: Any) -> Any:
    return numpy_helper.from_array(np.array(numbers, np.int64), name)


if __name__ == "__main__":
    FILE.write_bytes(model().SerializeToString(deterministic=True))
    print(f"{FILE.name}: {FILE.stat().st_size:,} bytes")
