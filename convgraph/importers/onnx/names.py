"""Names in ONNX models that no terminal and no log should print, written as what they can."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.core.escape import log_lines, plain

__all__ = ["messages", "printable"]

GRAPHS = (5, 10)  # AttributeProto.GRAPH, GRAPHS
STRING, MESSAGE = 9, 11  # FieldDescriptor.TYPE_STRING, TYPE_MESSAGE


def printable(model: Any) -> Any:
    """The model itself, or a copy whose names are escaped where they have other than printable
    characters, or would command a service that reads the log.

    Raises
    ------
    ConvgraphError
        If two names would become one.
    """
    if _is_printable(model):
        return model
    copy = type(model)()
    copy.CopyFrom(model)
    taken: dict[str, str] = {}
    for message in messages(copy):
        for field, value in message.ListFields():
            if field.type == STRING:
                many = field.is_repeated if hasattr(field, "is_repeated") else field.label == 3
                if many:
                    value[:] = [_escaped(name, taken) for name in value]
                else:
                    setattr(message, field.name, _escaped(value, taken))
    return copy


def _is_printable(model: Any) -> bool:
    graphs = [model.graph, *model.functions]
    while graphs:
        graph = graphs.pop()
        values = [*graph.input, *graph.output]
        if hasattr(graph, "initializer"):
            values += [*graph.initializer, *graph.value_info]
            names = [value.name for value in values]
            names += [
                dim.dim_param
                for value in (*graph.input, *graph.output)
                for dim in value.type.tensor_type.shape.dim
            ]
        else:
            names = values
        if not _are_plain(names):
            return False
        for node in graph.node:
            own = (*node.input, *node.output, node.name, node.op_type, node.domain)
            if not _are_plain((*own, *(attribute.name for attribute in node.attribute))):
                return False
            for attribute in node.attribute:
                if attribute.type in GRAPHS:
                    graphs += [attribute.g, *attribute.graphs]
    return True


def _are_plain(names: Sequence[str]) -> bool:
    lines = "\n".join(names)
    return "".join(names).isprintable() and lines == log_lines(lines)


def messages(message: Any) -> Iterator[Any]:
    """A message and all that are in it."""
    waiting = [message]
    while waiting:
        message = waiting.pop()
        yield message
        for field, value in message.ListFields():
            if field.type == MESSAGE:
                many = field.is_repeated if hasattr(field, "is_repeated") else field.label == 3
                waiting += value if many else [value]


def _escaped(name: str, taken: dict[str, str]) -> str:
    made = log_lines(plain(name))
    if taken.setdefault(made, name) != name:
        raise ConvgraphError(f"name={name!r}: two names of the model are one in print")
    return made
