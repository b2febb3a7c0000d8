"""Small ONNX models, written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

node = helper.make_node


def model(
    nodes: Any,
    inputs: Any,
    outputs: Any = ("y",),
    held: Any = (),
    opset: Any = 17,
    functions: Any = (),
) -> Any:
    """A model in a few words; an input's shape may be None."""
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in outputs],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in dict(held).items()],
    )
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions))
