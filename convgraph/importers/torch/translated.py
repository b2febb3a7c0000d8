"""What has been translated of an exported program so far, as its next call needs it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.sizes import Size
from convgraph.importers.node import Node
from convgraph.importers.torch.constants import Constants
from convgraph.importers.values import Known

__all__ = ["Translated", "values_of"]

NEWEST = 28  # the operator set in whose terms the nodes are written


class Translated:
    """The nodes in ONNX's terms up to some call, and what is known of their tensors."""

    def __init__(self, torch: Any) -> None:
        self.nodes: list[Node] = []
        self.known: dict[str, Known] = {}
        self.shapes: dict[str, tuple[Size, ...] | None] = {}
        self.version = NEWEST
        self._constants = Constants(torch)
        self._names: dict[str, str] = {}

    def name(self, value: Any) -> str:
        """The name of the tensor that an argument stands for; numbers become tensors."""
        if value is None:
            return ""
        if isinstance(value, bool | int | float):
            array = np.asarray(value, np.float32 if isinstance(value, float) else None)
            name = f"number {value}"
            self.known.setdefault(name, Known.of(name, array))
            return name
        return self._names[value.name]

    def is_constant(self, node: Any) -> bool:
        """Whether a node's result is known beforehand."""
        return node in self._constants

    def is_learned(self, node: Any) -> bool:
        """Whether a node's result is known beforehand, and a parameter went into it."""
        return node in self._constants and self._constants.learned(node)

    def constant(self, node: Any) -> NDArray[Any]:
        """The values of a node whose result is known beforehand."""
        return values_of(self._constants.read(node))

    def on_numbers(self, node: Any) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """What a call that moves units does to an array of their numbers; -1 where it puts zero."""
        return self._constants.on_numbers(node)

    def on_arrays(self, node: Any) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """What a call does to an array in place of its first argument."""
        return self._constants.on_arrays(node)

    def shape(self, value: Any) -> tuple[int, ...]:
        """The shape of an argument."""
        return tuple(int(n) for n in value.meta["val"].shape)


def values_of(read: Callable[[], Any]) -> NDArray[Any]:
    """The numbers of a tensor; numpy has no bfloat16."""
    detached = read().detach().cpu()
    return np.asarray(detached.numpy() if detached.dtype.itemsize != 2 else detached.float())
