"""A call of a PyTorch operation, and what translates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from convgraph.importers.node import Node

if TYPE_CHECKING:
    from convgraph.importers.torch_graph import Translation

__all__ = ["Call", "Translate", "each", "simple"]

Translate = Callable[["Call"], Any]


class Call:
    """A call of an operation: its arguments by name, defaults filled in."""

    def __init__(self, translation: Translation, node: Any, outputs: tuple[str, ...]) -> None:
        self.translation, self.node, self.outputs = translation, node, outputs
        target = str(node.target)
        self.op = target.removeprefix("aten.").split(".")[0]
        schema = getattr(node.target, "_schema", None)
        self.given: dict[str, Any] = {}
        for position, argument in enumerate(schema.arguments if schema else ()):
            default = argument.default_value if argument.has_default_value() else None
            named = node.kwargs.get(argument.name, default)
            self.given[argument.name] = node.args[position] if position < len(node.args) else named

    def __getitem__(self, argument: str) -> Any:
        return self.given.get(argument)

    @property
    def rank(self) -> int:
        """The number of axes of the first argument."""
        return len(self.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the first argument."""
        return self.translation.shape(self.node.args[0])

    @property
    def result(self) -> tuple[int, ...]:
        """The shape of the result."""
        return self.translation.shape(self.node)

    def emit(
        self,
        op: str,
        inputs: Sequence[Any],
        attributes: Mapping[str, Any] | None = None,
        output: str | None = None,
    ) -> str:
        """A node in ONNX's terms; inputs are arguments or names that another emit returned."""
        names = tuple(v if isinstance(v, str) else self.translation.name(v) for v in inputs)
        outputs = self.outputs if output is None else (output,)
        kept = {key: value for key, value in (attributes or {}).items() if value is not None}
        name, version = self.node.name, self.translation.version
        self.translation.nodes.append(Node(op, names, outputs, kept, name, "", version))
        return outputs[0]

    def inner(self, suffix: str) -> str:
        """The name of a tensor inside of this operation."""
        return f"{self.outputs[0]}/{suffix}"


def each(value: Any, rank: int) -> list[int]:
    """One number for each axis; PyTorch lets one stand for all."""
    values = list(value) if isinstance(value, Sequence) else [value]
    return values * rank if len(values) == 1 else values


def simple(op: str, *arguments: str) -> Translate:
    """An operation with one of ONNX as its like, on some of its arguments."""
    names = arguments or ("self",)
    return lambda c: c.emit(op, [c[name] for name in names])
