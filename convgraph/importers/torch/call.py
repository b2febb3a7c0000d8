"""A call of a PyTorch operation, and what translates it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.importers.node import Node
from convgraph.importers.torch.places import is_mutable
from convgraph.importers.torch.translated import Translated
from convgraph.importers.values import Known

__all__ = ["INT64", "Call", "Translate", "each", "simple", "type_of"]

FLOAT, INT64 = 1, 7  # of TensorProto.DataType
# types whose numbers are not all whole numbers
WIDTHS = {"torch.bool": 9, "torch.uint8": 2, "torch.int8": 3, "torch.uint16": 4, "torch.int16": 5}

Translate = Callable[["Call"], Any]


class Call:
    """A call of an operation: its arguments by name, defaults filled in."""

    def __init__(self, translation: Translated, node: Any, outputs: tuple[str, ...]) -> None:
        self.translation, self.node, self.outputs = translation, node, outputs
        self.op = self.named(node)
        schema = getattr(node.target, "_schema", None)
        self.given: dict[str, Any] = {}
        for position, argument in enumerate(schema.arguments if schema else ()):
            default = argument.default_value if argument.has_default_value() else None
            named = node.kwargs.get(argument.name, default)
            self.given[argument.name] = node.args[position] if position < len(node.args) else named

    @staticmethod
    def named(node: Any) -> str:
        """What a call computes: in place it is the same as elsewhere."""
        op = str(node.target).removeprefix("aten.").split(".")[0]
        return op.removesuffix("_") if is_mutable(node) else op

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
        outputs = self.outputs if output is None else (output,)
        return self.emit_several(op, inputs, attributes, outputs)

    def emit_several(
        self,
        op: str,
        inputs: Sequence[Any],
        attributes: Mapping[str, Any] | None,
        outputs: Sequence[str],
    ) -> str:
        """A node with several outputs; the name of the first."""
        names = tuple(v if isinstance(v, str) else self.translation.name(v) for v in inputs)
        kept = {key: value for key, value in (attributes or {}).items() if value is not None}
        name, version = self.node.name, self.translation.version
        self.translation.nodes.append(Node(op, names, tuple(outputs), kept, name, "", version))
        return outputs[0]

    def inner(self, suffix: str) -> str:
        """The name of a tensor inside of this operation."""
        return f"{next(filter(None, self.outputs), self.node.name)}/{suffix}"

    def hold(self, values: NDArray[Any], suffix: str) -> str:
        """The name of a tensor of numbers that this operation takes."""
        name = self.inner(suffix)
        self.translation.known[name] = Known.of(name, values)
        return name

    def filled(self, value: float, shape: Sequence[int], suffix: str) -> str:
        """The name of a tensor that holds one number everywhere."""
        return self.hold(np.full(tuple(shape), value), suffix)


def each(value: Any, rank: int) -> list[int]:
    """One number for each axis; PyTorch lets one stand for all."""
    values = list(value) if isinstance(value, Sequence) else [value]
    return values * rank if len(values) == 1 else values


def simple(op: str, *arguments: str) -> Translate:
    """An operation with one of ONNX as its like, on some of its arguments."""
    names = arguments or ("self",)
    return lambda c: c.emit(op, [c[name] for name in names])


def type_of(node: Any) -> int:
    """What kind of numbers a call gives, in ONNX's terms."""
    value = node.meta["val"]
    return FLOAT if value.is_floating_point() else WIDTHS.get(str(value.dtype), INT64)
