"""The nodes of an ONNX graph: functions written out, and what branches of a graph capture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.importers.builder import BUILDERS, Builder, Unread, builds
from convgraph.importers.folding import FOLDS
from convgraph.importers.node import Node
from convgraph.importers.numbers import scalar
from convgraph.importers.onnx_tensors import Attributes, Tensors
from convgraph.importers.walk import build, needed_nodes

__all__ = ["nodes_of"]

MOST_NODES = 100_000  # of functions written out; a few calls of calls make any number
DEEPEST = 50
GRAPHS = (5, 10)  # AttributeProto.GRAPH, GRAPHS


def nodes_of(proto: Any, version: int, tensors: Tensors) -> list[Node]:
    """The nodes of a model's graph, each call of one of its own functions written out."""
    functions = {(f.domain, f.name): f for f in proto.functions}
    if not functions:
        return [as_node(node, version, tensors) for node in proto.graph.node]
    return list(_written_out(proto.graph.node, version, tensors, functions))


def as_node(
    node: Any, version: int, tensors: Tensors, attributes: Mapping[str, Any] | None = None
) -> Node:
    """A node of a graph; what its branches take from outside is among its inputs."""
    op, domain, inputs = node.op_type, node.domain, tuple(node.input)
    if op == "If" or (op not in BUILDERS and op not in FOLDS):
        inputs += tuple(_captured(node))
    return Node(
        op,
        inputs,
        tuple(node.output),
        Attributes(node.attribute, tensors) if attributes is None else attributes,
        node.name,
        "" if domain == "ai.onnx" else domain,
        version,
    )


def _captured(node: Any) -> Iterator[str]:
    """The names that the branches of a node use and do not compute."""
    graphs = [g for a in node.attribute if a.type in GRAPHS for g in (a.g, *a.graphs)]
    while graphs:
        graph = graphs.pop()
        own = {value.name for value in (*graph.input, *graph.initializer)}
        own.update(name for inner in graph.node for name in inner.output)
        used = [name for inner in graph.node for name in inner.input]
        used += [value.name for value in graph.output]
        yield from (name for name in dict.fromkeys(used) if name and name not in own)
        for inner in graph.node:
            graphs += [g for a in inner.attribute if a.type in GRAPHS for g in (a.g, *a.graphs)]


def _written_out(
    nodes: Iterable[Any],
    version: int,
    tensors: Tensors,
    functions: Mapping[tuple[str, str], Any],
) -> Iterator[Node]:
    """Calls replaced by the nodes of their functions, under names of their own."""
    # (node, operator set, names of the call, attributes of the call, depth)
    stack: list[tuple[Any, int, str, Mapping[str, str], Mapping[str, Any], int]]
    stack = [(node, version, "", {}, {}, 0) for node in reversed(list(nodes))]
    count = 0
    while stack:
        node, opset, prefix, names, given, depth = stack.pop()
        count += 1
        if count > MOST_NODES or depth > DEEPEST:
            raise ConvgraphError(
                f"functions={len(functions)}: written out they are too many nodes, or do not end"
            )
        attributes = _attributes(node, tensors, given)
        one = as_node(node, opset, tensors, attributes if prefix else None)
        if prefix:
            one.inputs = tuple(_inner(name, prefix, names) for name in one.inputs)
            one.outputs = tuple(_inner(name, prefix, names) for name in one.outputs)
        function = functions.get((node.domain, node.op_type))
        if function is None:
            yield one
            continue
        inside = {a: b for a, b in zip(function.input, one.inputs, strict=False) if b}
        inside.update({name: "" for name in function.input if name not in inside})
        inside.update(zip(function.output, one.outputs, strict=False))
        defaults = {a.name: tensors.attribute(a) for a in function.attribute_proto}
        own = f"{one.label}/"
        imports = {o.domain: o.version for o in function.opset_import}
        stack += [
            (inner, imports.get("", opset), own, inside, {**defaults, **attributes}, depth + 1)
            for inner in reversed(function.node)
        ]


def _inner(name: str, prefix: str, names: Mapping[str, str]) -> str:
    return names.get(name, f"{prefix}{name}") if name else ""


def _attributes(node: Any, tensors: Tensors, given: Mapping[str, Any]) -> dict[str, Any]:
    """A node's attributes, with those of the call in place of references to them."""
    found = {}
    for attribute in node.attribute:
        if not attribute.ref_attr_name:
            found[attribute.name] = tensors.attribute(attribute)
        elif attribute.ref_attr_name in given:
            found[attribute.name] = given[attribute.ref_attr_name]
    return found


@builds("If")
def branch(builder: Builder, node: Node) -> None:
    """The branch that is taken, where that is known beforehand."""
    condition = scalar(builder.known(node, 0))
    if condition is None:
        raise Unread("a branch that depends on the input")
    taken = node.attributes.get("then_branch" if condition else "else_branch")
    graph, tensors = getattr(taken, "g", None), getattr(node.attributes, "tensors", None)
    if graph is None or tensors is None:
        raise Unread("a branch inside of a function")
    for tensor in graph.initializer:
        builder.values[tensor.name] = tensors.known(tensor)
    names = [value.name for value in graph.output]
    inner = [as_node(each, node.version, tensors) for each in graph.node]
    for each in needed_nodes(inner, names)[0]:
        build(builder, each)
    for outer, name in zip(node.outputs, names, strict=True):
        if outer:
            build(builder, Node("Identity", (name,), (outer,), {}, node.name))
