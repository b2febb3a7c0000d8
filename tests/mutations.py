"""Models changed at random in their structure, to be read or refused, and asked about.

`python -m tests.fuzz --cases 1000000 --seed 0` tries as many and says what fell; of expressions
with `--kind expression`.
"""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import numpy as np
from onnx import ModelProto, TensorProto, helper

import convgraph as cg
from tests import mutated_expressions

WRITTEN = 5_000  # edges of a network that is asked for all of its expressions
SIZES = (-1, 0, 1, 2, 3, 7, 2**15, 2**31 - 1, 2**31, 2**62, -(2**63))
OPERATORS = (
    "Conv", "ConvTranspose", "MaxPool", "AveragePool", "GlobalAveragePool", "Relu", "Add", "Mul",
    "MatMul", "Gemm", "Reshape", "Transpose", "Concat", "Flatten", "Softmax", "Gather", "Slice",
    "Pad", "Resize", "Squeeze", "Unsqueeze", "Expand", "Tile", "Split", "Identity", "Shape",
    "ConstantOfShape", "Range", "Where", "Cast", "ReduceMean", "BatchNormalization", "LSTM", "Loop",
    "NonZero", "TopK", "Trilu", "DepthToSpace", "Einsum", "CumSum", "ScatterND", "NoSuchOperator",
)  # fmt: skip
ATTRIBUTES = ("kernel_shape", "strides", "pads", "dilations", "axes", "perm", "group", "axis")


value = helper.make_tensor_value_info


def base() -> Any:
    """A small model with two branches, that is read as it is."""
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
    return _model(nodes, weights, (1, 1, 6, 6))


def attention() -> Any:
    """Queries, keys and values of one sequence, a softmax, and a normalisation."""
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["q"]),
        helper.make_node("MatMul", ["x", "v"], ["k"]),
        helper.make_node("Transpose", ["k"], ["t"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["q", "t"], ["s"]),
        helper.make_node("Softmax", ["s"], ["p"], axis=-1),
        helper.make_node("MatMul", ["p", "x"], ["o"]),
        helper.make_node("Add", ["o", "x"], ["r"]),
        helper.make_node("LayerNormalization", ["r", "m"], ["y"]),
    ]
    weights = [
        helper.make_tensor("w", TensorProto.FLOAT, (3, 2), [0.5] * 6),
        helper.make_tensor("v", TensorProto.FLOAT, (3, 2), [0.25] * 6),
        helper.make_tensor("m", TensorProto.FLOAT, (3,), [1.0] * 3),
        helper.make_tensor("shape", TensorProto.INT64, (1,), [3]),
    ]
    return _model(nodes, weights, (1, 4, 3))


def computed() -> Any:
    """Shapes that are computed, weights of few bits, a branch, a function, and a recurrence."""
    inner = helper.make_graph(
        [helper.make_node("Neg", ["a"], ["z"])], "inner", [], [value("z", 1, None)]
    )
    nodes = [
        helper.make_node("DequantizeLinear", ["v", "scale"], ["k"]),
        helper.make_node("Conv", ["x", "k"], ["a"]),
        helper.make_node("If", ["w"], ["b"], then_branch=inner, else_branch=inner),
        helper.make_node("Twice", ["b"], ["c"], domain="own"),
        helper.make_node("Shape", ["c"], ["s"]),
        helper.make_node("Gather", ["s", "shape"], ["g"]),
        helper.make_node("Expand", ["c", "g"], ["e"]),
        helper.make_node("GRU", ["e", "p", "m"], ["h"], hidden_size=2),
        helper.make_node("Add", ["e", "c"], ["y"]),
    ]
    weights = [
        helper.make_tensor("w", TensorProto.BOOL, (), [True]),
        helper.make_tensor("v", TensorProto.INT8, (2, 1, 3), [1, -2, 3, 4, 5, -6]),
        helper.make_tensor("scale", TensorProto.FLOAT, (), [0.5]),
        helper.make_tensor("shape", TensorProto.INT64, (3,), [0, 1, 2]),
        helper.make_tensor("p", TensorProto.FLOAT, (1, 6, 5), [1.0] * 30),
        helper.make_tensor("m", TensorProto.FLOAT, (1, 6, 2), [1.0] * 12),
    ]
    twice = helper.make_function(
        "own", "Twice", ["i"], ["o"],
        [helper.make_node("Relu", ["i"], ["j"]), helper.make_node("Mul", ["j", "i"], ["o"])],
        [helper.make_opsetid("", 17)],
    )  # fmt: skip
    return _model(nodes, weights, (1, 1, 7), [twice])


def _model(nodes: Any, weights: Any, shape: Any, functions: Any = ()) -> Any:
    inputs, outputs = [value("x", TensorProto.FLOAT, shape)], [value("y", TensorProto.FLOAT, None)]
    graph = helper.make_graph(nodes, "base", inputs, outputs, weights)
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions))


BASES = (base, attention, computed)


@cache
def _bytes(make: Any) -> bytes:
    return make().SerializeToString()


def mutated(rng: Any) -> Any:
    """One of the bases with one to four changes."""
    model = ModelProto.FromString(_bytes(rng.choice(BASES)))
    for _ in range(rng.randint(1, 4)):
        rng.choice(CHANGES)(rng, model.graph)
    return model


def _names(graph: Any) -> Any:
    return [name for node in graph.node for name in node.output] + ["x", "w", "v", "shape", "", "?"]


def rewire(rng: Any, graph: Any) -> None:
    node = rng.choice(graph.node) if graph.node else None
    if node is not None and node.input:
        node.input[rng.randrange(len(node.input))] = rng.choice(_names(graph))


def more_inputs(rng: Any, graph: Any) -> None:
    if graph.node:
        rng.choice(graph.node).input.append(rng.choice(_names(graph)))


def fewer_inputs(rng: Any, graph: Any) -> None:
    if graph.node:
        node = rng.choice(graph.node)
        del node.input[rng.randint(0, len(node.input)) :]


def rename(rng: Any, graph: Any) -> None:
    if graph.node:
        node = rng.choice(graph.node)
        if node.output:
            node.output[0] = rng.choice(_names(graph))


def operator(rng: Any, graph: Any) -> None:
    if graph.node:
        rng.choice(graph.node).op_type = rng.choice(OPERATORS)


def drop(rng: Any, graph: Any) -> None:
    if graph.node:
        del graph.node[rng.randrange(len(graph.node))]


def repeat(rng: Any, graph: Any) -> None:
    if graph.node:
        graph.node.add().CopyFrom(rng.choice(graph.node))


def attribute(rng: Any, graph: Any) -> None:
    if graph.node:
        name, many = rng.choice(ATTRIBUTES), rng.randint(0, 5)
        values = [rng.choice(SIZES) for _ in range(many)]
        given = helper.make_attribute(name, values if many else rng.choice(SIZES))
        rng.choice(graph.node).attribute.append(given)


def size(rng: Any, graph: Any) -> None:
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


def nest(rng: Any, graph: Any) -> None:
    """A branch that holds a part of the graph, on a condition that is known or not."""
    if graph.node:
        node = rng.choice(graph.node)
        inner = helper.make_graph([node], "inner", [], [])
        for name in node.output:
            inner.output.add().name = name
        made = helper.make_node("If", [rng.choice(_names(graph))], list(node.output),
                                then_branch=inner, else_branch=inner)  # fmt: skip
        node.CopyFrom(made)


def again(rng: Any, graph: Any) -> None:
    """A node once more behind all others, under names of its own, as the model's output."""
    if graph.node and len(graph.node) < 40:
        node = graph.node.add()
        node.CopyFrom(rng.choice(graph.node))
        if node.input and graph.node[-2].output:
            node.input[0] = graph.node[-2].output[0]
        node.output[:] = [f"{name}+" for name in node.output]
        if node.output and graph.output:
            graph.output[0].name = node.output[0]


CHANGES = (
    rewire, more_inputs, fewer_inputs, rename, operator, drop, repeat, attribute, size, nest, again
)  # fmt: skip


def read(seed: Any, kind: Any = "model") -> Any:
    """The network of a model or an expression, or the error that refuses it."""
    rng = _choices(seed)
    try:
        return cg.from_onnx(mutated(rng)) if kind == "model" else mutated_expressions.read(rng)
    except cg.ConvgraphError as error:
        return error


def _choices(seed: Any) -> random.Random:
    return seed if isinstance(seed, random.Random) else random.Random(seed)


def _evaluated(net: cg.Network, rng: Any) -> Any:
    inputs = [] if net.symbolic else net.inputs
    return net.evaluate({r.name: np.full(r.numbers(), 0.5) for r in inputs if int(r.size) < 2**20})


def _a_unit(net: cg.Network, rng: Any) -> Any:
    row = rng.choice(net.rows)
    sizes = (2,) * len(row.shape) if net.symbolic else row.numbers()
    return row.unit([rng.randrange(n) for n in sizes])


def _in_sympy(ask: Any) -> Any:
    """A question whose answer is as long as the network: 10 microseconds an edge."""

    def asked(net: cg.Network, rng: Any) -> Any:
        if not net.symbolic and sum(int(layer.connections) for layer in net.layers) > WRITTEN:
            raise cg.ConvgraphError("the fuzzer does not ask for so many expressions")
        return ask(net)

    return asked


QUESTIONS = {
    "repr": lambda net, rng: repr(net),
    "cost": lambda net, rng: repr(cg.cost(net)),
    "report": lambda net, rng: cg.report(net).to_markdown(),
    "findings": lambda net, rng: repr(cg.findings(net)),
    "draw": lambda net, rng: cg.draw(net).dot,
    "expressions": _in_sympy(lambda net: net.expressions()),
    "evaluate": _evaluated,
    "check_equivariance": lambda net, rng: repr(cg.check_equivariance(net, cg.Shift(1))),
    "receptive_field": lambda net, rng: repr(cg.receptive_field(net, _a_unit(net, rng))),
    "path_counts": lambda net, rng: repr(cg.path_counts(net, _a_unit(net, rng))),
    "sparsity": lambda net, rng: repr(cg.sparsity(net)),
    "tied_weights": lambda net, rng: repr(cg.tied_weights(net)),
    "gradients": _in_sympy(lambda net: repr(cg.gradients(net))),
    "edges": lambda net, rng: net.edges,
}


def tried(seed: Any, questions: Any = 1, kind: Any = "model", counts: Any = None) -> Any:
    """ "read", "refused", or what else was raised, by reading or by a question on the result.

    `seed` is a number, or where the choices come from; `counts` counts what was asked.
    """
    rng = seed if isinstance(seed, random.Random) else random.Random(f"about {seed}")
    asked = "from_onnx"
    try:
        net = read(seed, kind)
        if isinstance(net, cg.ConvgraphError):
            return _refusal(net)
        for asked in rng.sample(sorted(QUESTIONS), questions):
            if counts is not None:
                counts[asked] += 1
            try:
                QUESTIONS[asked](net, rng)
            except cg.ConvgraphError as error:
                if _refusal(error) != "refused":
                    return f"{asked}: {_refusal(error)}"
    except Exception as error:
        return f"{asked}: {type(error).__name__}: {str(error)[:80]}"
    return "read"


def _refusal(error: Any) -> Any:
    """What a refusal is, which must neither be long nor stand for a machine that is full."""
    if isinstance(error.__cause__, MemoryError):
        return f"MemoryError: {error}"[:100]
    return "refused" if len(str(error)) <= 500 else f"a message of {len(str(error))} characters"
