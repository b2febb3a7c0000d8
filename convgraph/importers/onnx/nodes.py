"""The nodes of an ONNX graph: functions and branches written out, under names of their own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size
from convgraph.importers.builder import BUILDERS, Builder, Unread, builds
from convgraph.importers.constants.folding import FOLDS
from convgraph.importers.node import Node
from convgraph.importers.numbers import scalar
from convgraph.importers.onnx.older import FIRST_PLAIN, later
from convgraph.importers.onnx.tensors import Attributes, Tensors
from convgraph.importers.walk import build, needed_nodes

__all__ = ["Branch", "Scope", "Writer", "nodes_of"]

MOST_NODES = 100_000  # of functions written out; a few calls of calls make any number
DEEPEST = 50  # calls inside of one another: only those that do not end get there
GRAPH, GRAPHS = 5, 10  # AttributeProto.GRAPH, GRAPHS


def nodes_of(writer: Writer, version: int) -> list[Node]:
    """The nodes of a model's graph, each call of one of its own functions written out."""
    proto, scope = writer.proto, Scope(version)
    if not writer.functions and version >= FIRST_PLAIN:
        return [writer.node(node, scope) for node in proto.graph.node]
    return list(writer.nodes(proto.graph.node, scope))


@dataclass(frozen=True)
class Scope:
    """Where some nodes stand: in the model's graph, in a call of a function, or in a branch.

    Names that are not among `names` are those of the scope around a branch, or begin with `prefix`.
    `attributes` are those of the call, None outside of functions.
    """

    version: int
    prefix: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] | None = None
    around: Scope | None = None
    depth: int = 0

    def name(self, own: str) -> str:
        """What a tensor is called in the network."""
        if own in self.names or not own:
            return self.names.get(own, "")
        return f"{self.prefix}{own}" if self.around is None else self.around.name(own)

    def all_names(self, own: Iterable[str]) -> tuple[str, ...]:
        """What some tensors are called in the network."""
        if self.around is None and not self.prefix and not self.names:
            return tuple(own)
        return tuple(map(self.name, own))


class Writer:
    """Writes the nodes of one model out, so that no two tensors have one name."""

    def __init__(self, proto: Any, tensors: Tensors) -> None:
        self.functions = {_key(f, f.name): f for f in proto.functions}
        self.proto, self.tensors = proto, tensors
        self._count = 0

    @cached_property
    def _taken(self) -> set[str]:
        """The names that tensors have already."""
        graph = self.proto.graph
        names = {name for node in graph.node for name in node.output}
        return names.union(value.name for value in (*graph.input, *graph.initializer))

    def free(self, prefixes: Sequence[str], names: Sequence[str]) -> str:
        """A prefix under which some names are new, and which is theirs from now on."""
        found = next((p for p in prefixes if not any(p + n in self._taken for n in names)), None)
        if found is None:
            number = 2
            while any(f"{prefixes[-1]}{number}/{name}" in self._taken for name in names):
                number += 1
            found = f"{prefixes[-1]}{number}/"
        self._taken.update(found + name for name in names)
        return found

    def node(self, node: Any, scope: Scope) -> Node:
        """A node of a graph; what its branches take from outside is among its inputs."""
        op, domain, inputs = node.op_type, node.domain, scope.all_names(node.input)
        attributes: Mapping[str, Any]
        if scope.attributes is None:
            attributes = Attributes(node.attribute, self.tensors)
        else:
            attributes = self._attributes(node, scope.attributes)
        if op == "If" or (op not in BUILDERS and op not in FOLDS):
            branches = {a.name: Branch(a.g, scope, self) for a in node.attribute if a.type == GRAPH}
            if branches:
                attributes = {**attributes, **branches}
                for made in branches.values():
                    inputs += tuple(made.captured.values())
        return Node(
            op,
            inputs,
            scope.all_names(node.output),
            attributes,
            node.name,
            "" if domain == "ai.onnx" else domain,
            scope.version,
        )

    def _attributes(self, node: Any, given: Mapping[str, Any]) -> dict[str, Any]:
        """A node's attributes, with those of the call in place of references to them."""
        found = {}
        for attribute in node.attribute:
            if not attribute.ref_attr_name:
                found[attribute.name] = self.tensors.attribute(attribute)
            elif attribute.ref_attr_name in given:
                found[attribute.name] = given[attribute.ref_attr_name]
        return found

    def nodes(self, nodes: Iterable[Any], scope: Scope) -> Iterator[Node]:
        """Nodes in order, calls replaced by the nodes of their functions."""
        stack = [(node, scope) for node in reversed(list(nodes))]
        while stack:
            node, where = stack.pop()
            self._count += 1
            if self._count > MOST_NODES or where.depth > DEEPEST:
                raise ConvgraphError(
                    f"functions={len(self.functions)}: written out they are too many nodes, "
                    "or do not end"
                )
            one = self.node(node, where)
            function = self.functions.get(_key(node, node.op_type))
            if function is None:
                yield from later(one)
            else:
                inner = self.call(one, function, where)
                stack += [(each, inner) for each in reversed(function.node)]

    def call(self, call: Node, function: Any, scope: Scope) -> Scope:
        """The scope of a function's nodes: its inputs and outputs are those of the call."""
        names = dict.fromkeys(function.input, "")
        names.update(zip(function.input, call.inputs, strict=False))
        outer = zip(function.output, call.outputs, strict=False)
        names.update((own, name) for own, name in outer if name)
        inner = [n for node in function.node for n in node.output if n and n not in names]
        prefix = self.free([f"{call.label}/", f"{scope.prefix}{call.label}/"], inner)
        imports = {_domain(o.domain): o.version for o in function.opset_import}
        given = {a.name: self.tensors.attribute(a) for a in function.attribute_proto}
        return Scope(
            imports.get("", scope.version),
            prefix,
            names,
            {**given, **call.attributes},
            depth=scope.depth + 1,
        )


def _key(one: Any, name: str) -> tuple[str, str, str]:
    """What tells the functions of a model apart."""
    return _domain(one.domain), name, getattr(one, "overload", "")


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


@dataclass(frozen=True)
class Branch:
    """A graph in an attribute of a node."""

    graph: Any
    scope: Scope
    writer: Writer

    @cached_property
    def captured(self) -> dict[str, str]:
        """The names that it uses and does not compute, and what they are called around it."""
        return {name: self.scope.name(name) for name in _captured(self.graph)}

    def written_out(self, label: str) -> tuple[list[Node], dict[str, Any], list[str]]:
        """Its nodes, the tensors that it holds, and its outputs."""
        graph = self.graph
        own = [tensor.name for tensor in graph.initializer]
        own += [name for node in graph.node for name in node.output if name]
        prefix = self.writer.free(["", f"{self.scope.prefix}{label}/"], own)
        scope = Scope(
            self.scope.version,
            "",
            {name: f"{prefix}{name}" for name in own},
            self.scope.attributes,
            self.scope,
            self.scope.depth + 1,
        )
        known = {scope.name(t.name): self.writer.tensors.known(t) for t in graph.initializer}
        outputs = [scope.name(value.name) for value in graph.output]
        return list(self.writer.nodes(graph.node, scope)), known, outputs


def _captured(graph: Any) -> dict[str, None]:
    """The names that a graph, or a graph in one of its nodes, takes from around it."""
    used = {name: None for node in graph.node for name in node.input if name}
    used.update((value.name, None) for value in graph.output)
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type in (GRAPH, GRAPHS):
                for inner in (attribute.g, *attribute.graphs):
                    used.update(_captured(inner))
    for value in (*graph.input, *graph.initializer):
        used.pop(value.name, None)
    for node in graph.node:
        for name in node.output:
            used.pop(name, None)
    return used


@builds("If")
def branch(builder: Builder, node: Node) -> None:
    """The branch that is taken, where that is known beforehand."""
    condition = scalar(builder.known(node, 0))
    if condition is None:
        raise Unread("a branch that depends on the input", _shapes_of_both(builder, node))
    which = "then_branch" if condition else "else_branch"
    taken = node.attributes.get(which)
    if not isinstance(taken, Branch):
        raise ConvgraphError(f"{which}: an If needs one")
    outputs = _walked(builder, node, taken)
    for outer, name in zip(node.outputs, outputs, strict=True):
        if outer:
            build(builder, Node("Identity", (name,), (outer,), {}, node.name))


def _walked(builder: Builder, node: Node, taken: Branch) -> list[str]:
    """Build the nodes of a branch; the names of its outputs."""
    nodes, known, outputs = taken.written_out(node.label)
    builder.values.update(known)
    for each in needed_nodes(nodes, outputs)[0]:
        build(builder, each)
    return outputs


def _shapes_of_both(builder: Builder, node: Node) -> dict[str, tuple[Size, ...]]:
    """The shapes of the outputs that are the same whichever branch is taken."""
    found: list[list[tuple[Size, ...] | None]] = []
    for which in ("then_branch", "else_branch"):
        taken = node.attributes.get(which)
        if not isinstance(taken, Branch):
            return {}
        aside = Builder(builder.hints, False, builder.stated, builder.infer, builder.body)
        aside.values.update(builder.values)
        try:
            outputs = _walked(aside, node, taken)
        except ConvgraphError:  # what follows from the operator's own rules may still be enough
            return {}
        values = [aside.values.get(name) for name in outputs]
        found.append([None if value is None else tuple(value.shape) for value in values])
    pairs = zip(node.outputs, *found, strict=False)
    return {name: one for name, one, other in pairs if one is not None and one == other}
