"""Operators of ONNX that are said in terms of others: their function bodies, written out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from convgraph.importers.node import Node
from convgraph.importers.onnx.inference import inferred
from convgraph.importers.onnx.nodes import Branch, Scope, Writer
from convgraph.importers.values import Known, Value

__all__ = ["Bodies", "node_proto"]

FLOAT = 1  # TensorProto.FLOAT


class Bodies:
    """The nodes that an operator stands for, where ONNX defines it by a function."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def __call__(self, node: Node, values: Mapping[str, Value]) -> list[Node] | None:
        """The function's nodes under names of their own, or None where there is no function."""
        from onnx import defs

        try:
            schema = defs.get_schema(node.op, node.version, "")
        except defs.SchemaError:
            return None
        function = self._function(schema, node, values)
        if function is None:
            return None
        defaults = {
            name: self._writer.tensors.attribute(each.default_value)
            for name, each in schema.attributes.items()
            if each.default_value.name
        }
        call = Node(
            node.op, node.inputs, node.outputs, {**defaults, **node.attributes}, node.label,
            "", node.version,
        )  # fmt: skip
        inner = self._writer.call(call, function, Scope(node.version))
        written = list(self._writer.nodes(function.node, inner))
        if _of_floats(schema):  # then what is computed is of that type
            written = [
                replace(n, op="Cast", inputs=n.inputs[:1], attributes={"to": FLOAT})
                if n.op == "CastLike"
                else n
                for n in written
            ]
        return written

    def _function(self, schema: Any, node: Node, values: Mapping[str, Value]) -> Any | None:
        """The body of an operator's function; it may depend on the attributes and types."""
        from onnx import FunctionProto, helper

        if schema.has_function:
            return schema.function_body
        if not schema.has_context_dependent_function:
            return None
        types = []
        for name, formal in zip(node.inputs, schema.inputs, strict=False):
            value = values.get(name)
            kind: int | None = FLOAT
            shape = None
            if value is not None:
                shape = [n if isinstance(n, int) else str(n) for n in value.shape]
                kind = self._kind(name, value, _allowed(schema, formal.type_str))
            if kind is None:
                return None
            types.append(helper.make_tensor_type_proto(kind, shape).SerializeToString())
        proto = node_proto(node, node.inputs, node.outputs)
        made = schema.get_context_dependent_function(proto.SerializeToString(), types)
        function = FunctionProto.FromString(made)
        return function if function.node else None

    def _kind(self, name: str, value: Value, allowed: Sequence[str]) -> int | None:
        """The type of a tensor's numbers; None where it is not known and may not be a float."""
        from onnx import helper

        if isinstance(value, Known) and value.there:
            return int(helper.np_dtype_to_tensor_dtype(value.values().dtype))
        return self._kinds.get(name, FLOAT if _all_floats(allowed) else None)

    @cached_property
    def _kinds(self) -> dict[str, int]:
        """The types of the model's tensors, as far as onnx infers them."""
        from onnx import ModelProto

        model = ModelProto()
        model.CopyFrom(self._writer.proto)
        graph = model.graph
        held = {tensor.name: tensor.data_type for tensor in graph.initializer}
        stated = {value.name for value in graph.input}
        for name, kind in held.items():
            if name not in stated:
                graph.input.add(name=name).type.tensor_type.elem_type = kind
        del graph.initializer[:]
        try:
            graph = inferred(model).graph
        except Exception:  # it has its own rules for what a valid model is
            graph = model.graph
        found = [*graph.input, *graph.value_info, *graph.output]
        return {v.name: kind for v in found if (kind := v.type.tensor_type.elem_type)}


def _allowed(schema: Any, kind: str) -> Sequence[str]:
    """The types that a formal type stands for."""
    types = {c.type_param_str: c.allowed_type_strs for c in schema.type_constraints}
    allowed: Sequence[str] = types.get(kind, [kind])
    return allowed


def _all_floats(allowed: Sequence[str]) -> bool:
    return all("float" in kind or "double" in kind for kind in allowed)


def _of_floats(schema: Any) -> bool:
    """Whether an operator's first input, after which others are cast, is of floating point."""
    return bool(schema.inputs) and _all_floats(_allowed(schema, schema.inputs[0].type_str))


def node_proto(node: Node, inputs: Sequence[str], outputs: Sequence[str]) -> Any:
    """A node as ONNX has it, under other names."""
    from onnx import AttributeProto, helper, numpy_helper

    one = helper.make_node(node.op, inputs, outputs, domain=node.domain)
    for key, value in node.attributes.items():
        if isinstance(value, AttributeProto):
            one.attribute.append(value)
        elif isinstance(value, Branch):
            one.attribute.append(helper.make_attribute(key, value.graph))
        elif isinstance(value, Known):
            one.attribute.append(
                helper.make_attribute(key, numpy_helper.from_array(value.values()))
            )
        elif value != []:
            one.attribute.append(helper.make_attribute(key, value))
    return one
