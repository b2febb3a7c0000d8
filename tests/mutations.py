"""Models changed at random in their structure, for `from_onnx` to read or to refuse.

`python -m tests.mutations 100000` tries as many and says what fell.
"""

import random
import sys
from collections import Counter

from onnx import TensorProto, helper

import convgraph as cg

SIZES = (-1, 0, 1, 2, 3, 7, 2**15, 2**31 - 1, 2**31, 2**62, -(2**63))
OPERATORS = (
    "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "Relu", "Add", "Mul",
    "MatMul", "Gemm", "Reshape", "Transpose", "Concat", "Flatten", "Softmax", "Gather", "Slice",
    "Pad", "Resize", "Squeeze", "Unsqueeze", "Expand", "Tile", "Split", "Identity", "Shape",
    "ConstantOfShape", "Range", "Where", "Cast", "ReduceMean", "BatchNormalization", "LSTM", "Loop",
    "NonZero", "TopK", "Trilu", "DepthToSpace", "Einsum", "CumSum", "ScatterND", "NoSuchOperator",
)  # fmt: skip
ATTRIBUTES = ("kernel_shape", "strides", "pads", "dilations", "axes", "perm", "group", "axis")


def base():
    """A small model with two branches, that is read as it is."""
    value = helper.make_tensor_value_info
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "one", pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["a"], ["b"]),
        helper.make_node("MaxPool", ["b"], ["c"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Conv", ["x", "v"], ["d"], strides=[2, 2], pads=[1, 1, 0, 0]),
        helper.make_node("Add", ["c", "d"], ["e"]),
        helper.make_node("Reshape", ["e", "shape"], ["f"]),
        helper.make_node("Gemm", ["f", "m"], ["y"]),
    ]
    weights = [
        helper.make_tensor("w", TensorProto.FLOAT, (2, 1, 3, 3), [1.0] * 18),
        helper.make_tensor("v", TensorProto.FLOAT, (2, 1, 3, 3), [1.0] * 18),
        helper.make_tensor("shape", TensorProto.INT64, (2,), [1, -1]),
        helper.make_tensor("m", TensorProto.FLOAT, (18, 2), [1.0] * 36),
    ]
    inputs, outputs = ([value(n, TensorProto.FLOAT, s)] for n, s in
                       (("x", (1, 1, 6, 6)), ("y", None)))  # fmt: skip
    graph = helper.make_graph(nodes, "base", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def mutated(rng):
    """The base with one to four changes."""
    model = base()
    for _ in range(rng.randint(1, 4)):
        rng.choice(CHANGES)(rng, model.graph)
    return model


def _names(graph):
    return [name for node in graph.node for name in node.output] + ["x", "w", "v", "shape", "", "?"]


def rewire(rng, graph):
    node = rng.choice(graph.node) if graph.node else None
    if node is not None and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(_names(graph))


def more_inputs(rng, graph):
    if graph.node:
        rng.choice(graph.node).input.append(rng.choice(_names(graph)))


def fewer_inputs(rng, graph):
    if graph.node:
        node = rng.choice(graph.node)
        del node.input[rng.randint(0, len(node.input)) :]


def rename(rng, graph):
    if graph.node:
        node = rng.choice(graph.node)
        if node.output:
            node.output[0] = rng.choice(_names(graph))


def operator(rng, graph):
    if graph.node:
        rng.choice(graph.node).op_type = rng.choice(OPERATORS)


def drop(rng, graph):
    if graph.node:
        del graph.node[rng.randrange(len(graph.node))]


def repeat(rng, graph):
    if graph.node:
        graph.node.add().CopyFrom(rng.choice(graph.node))


def attribute(rng, graph):
    if graph.node:
        name, many = rng.choice(ATTRIBUTES), rng.randint(0, 5)
        values = [rng.choice(SIZES) for _ in range(many)]
        given = helper.make_attribute(name, values if many else rng.choice(SIZES))
        rng.choice(graph.node).attribute.append(given)


def size(rng, graph):
    dims = rng.choice(
        [graph.input[0].type.tensor_type.shape.dim, *[t.dims for t in graph.initializer]]
    )
    if not len(dims):
        return
    place, new = rng.randrange(len(dims)), rng.choice(SIZES)
    if hasattr(dims[place], "dim_value"):
        dims[place].dim_value = new
    else:
        dims[place] = new


def nest(rng, graph):
    """A branch that holds a part of the graph, on a condition that is known or not."""
    if graph.node:
        node = rng.choice(graph.node)
        inner = helper.make_graph([node], "inner", [], [])
        for name in node.output:
            inner.output.add().name = name
        made = helper.make_node("If", [rng.choice(_names(graph))], list(node.output),
                                then_branch=inner, else_branch=inner)  # fmt: skip
        node.CopyFrom(made)


CHANGES = (rewire, more_inputs, fewer_inputs, rename, operator, drop, repeat, attribute, size, nest)


def tried(seed):
    """ "read", "refused", or what else was raised."""
    model = mutated(random.Random(seed))
    try:
        net = cg.from_onnx(model)
        repr(net)
        cg.cost(net)
    except cg.ConvgraphError:
        return "refused"
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:80]}"
    return "read"


if __name__ == "__main__":
    counts = Counter()
    for seed in range(int(sys.argv[1])):
        result = tried(seed)
        counts[result] += 1
        if result not in ("read", "refused"):
            print(f"seed {seed}: {result}")
    print(dict(counts))
