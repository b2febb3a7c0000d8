"""A node of a model's graph, whatever library wrote it; importers speak of ONNX operators."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from convgraph.core.errors import ConvgraphError

__all__ = ["Node", "Operator", "is_equation"]

_TERM = r"[A-Za-z]*(?:\.\.\.[A-Za-z]*)?"
_EQUATION = re.compile(rf"{_TERM}(?:,{_TERM})*(?:->{_TERM})?")


def is_equation(text: str) -> bool:
    """Whether a text is an equation of Einsum, whatever its letters stand for.

    >>> is_equation("...ij, jk -> ...ik"), is_equation("ij_k"), is_equation("....")
    (True, False, False)
    """
    return _EQUATION.fullmatch(text.replace(" ", "")) is not None


@dataclass(eq=False, slots=True)  # not frozen: a model makes thousands, and that takes longer
class Node:
    """An operator between named tensors; an input that is left out has an empty name."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    domain: str = ""
    version: int = 0
    """The operator set that the node is written in."""

    def input(self, position: int) -> str:
        """The name of an input, empty where it is left out."""
        return self.inputs[position] if position < len(self.inputs) else ""

    def number(self, attribute: str, default: int) -> int:
        """A whole number among the attributes."""
        value = self.attributes.get(attribute, default)
        if not isinstance(value, int):
            raise ConvgraphError(f"{attribute}={value!r}: a whole number")
        return value

    def real(self, attribute: str, default: float) -> float:
        """A number among the attributes."""
        value = self.attributes.get(attribute, default)
        if not isinstance(value, int | float):
            raise ConvgraphError(f"{attribute}={value!r}: a number")
        return float(value)

    def word(self, attribute: str, default: str) -> str:
        """A string among the attributes."""
        value = self.attributes.get(attribute, default)
        if not isinstance(value, str):
            raise ConvgraphError(f"{attribute}={value!r}: a string")
        return value

    def numbers(self, attribute: str) -> list[int] | None:
        """A list of whole numbers among the attributes, or None."""
        value = self.attributes.get(attribute)
        if value is None:
            return None
        if not isinstance(value, Sequence) or not all(isinstance(v, int) for v in value):
            raise ConvgraphError(f"{attribute}={value!r}: a list of whole numbers")
        return list(value)

    @property
    def label(self) -> str:
        """How errors and caveats call the node: its name, or what it computes."""
        return self.name or next((name for name in self.outputs if name), "")


@dataclass(frozen=True)
class Operator:
    """The spec of a layer that was read from a model: the operator and the node's name."""

    op: str
    node: str = ""

    def __repr__(self) -> str:
        return f"{self.op}({self.node})"
