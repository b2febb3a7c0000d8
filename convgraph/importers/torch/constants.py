"""Tensors of an exported program that do not depend on its inputs, as PyTorch computes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.importers.torch.places import SHAPE_ONLY, called, repeats

__all__ = ["Constants"]


def _zeros(torch: Any, node: Any) -> Callable[[], Any]:
    value = node.meta["val"]
    return lambda: torch.zeros(tuple(value.shape), dtype=value.dtype)


class Constants:
    """Parameters, buffers, and what a program computes from them: each read when asked for.

    A positional grid, a mask, a weight that is divided by its norm: the program's own operations
    give their values, whether or not this library knows them.
    """

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self._read: dict[str, Callable[[], Any]] = {}
        self._learned: dict[str, bool] = {}

    def hold(self, node: Any, tensor: Any, learned: bool) -> None:
        """A tensor of the module itself."""
        self._read[node.name], self._learned[node.name] = lambda: tensor, learned

    def follow(self, node: Any) -> bool:
        """Whether a call's result is known beforehand; if so, it can be read from now on."""
        inputs = node.all_input_nodes
        # what the arguments are now: an operation in place gives them other values later on
        sources = {each.name: self._read[each.name] for each in inputs if each.name in self._read}
        shaped = inputs[0].name if called(node) in SHAPE_ONLY else None
        if shaped is not None:
            sources[shaped] = _zeros(self._torch, inputs[0])
        if len(sources) < len(inputs) or not repeats(self._torch, node):
            return False
        self._learned[node.name] = any(self._learned[name] for name in sources if name != shaped)
        self._read[node.name] = cache(lambda: self._run(node, sources))
        return True

    def rename(self, old: str, new: str) -> None:
        """From now on a node stands for what another has made of it in place."""
        if new in self._read:
            self._read[old], self._learned[old] = self._read[new], self._learned[new]
        else:
            self._read.pop(old, None)

    def __contains__(self, node: Any) -> bool:
        return node.name in self._read

    def on_numbers(self, node: Any) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """What a call does to an array in place of its first argument; -1 where it puts zero."""
        moved = self.on_arrays(node)
        # zero is what padding puts
        return lambda numbers: moved(numbers + 1).round().astype(np.int64) - 1

    def on_arrays(self, node: Any) -> Callable[[NDArray[Any]], NDArray[Any]]:
        """What a call does to an array in place of its first argument."""
        first, *others = node.all_input_nodes
        sources = {each.name: self._read[each.name] for each in others}

        def run(values: NDArray[Any]) -> NDArray[Any]:
            # floating-point numbers, as some operations take no whole ones; doubles hold these
            given = self._torch.from_numpy(np.array(values))
            given = given if given.is_floating_point() else given.double()
            return np.asarray(self._run(node, {**sources, first.name: lambda: given}).numpy())

        return run

    def learned(self, node: Any) -> bool:
        """Whether a parameter went into a constant."""
        return self._learned[node.name]

    def read(self, node: Any) -> Callable[[], Any]:
        """What reads a constant."""
        return self._read[node.name]

    def _run(self, node: Any, sources: dict[str, Callable[[], Any]]) -> Any:
        from torch.fx.node import map_arg

        with self._torch.no_grad():
            arguments = map_arg(node.args, lambda each: sources[each.name]())
            keywords = map_arg(node.kwargs, lambda each: sources[each.name]())
            schema = getattr(node.target, "_schema", None)
            if schema is not None and schema.is_mutable:
                arguments = (arguments[0].clone(), *arguments[1:])
            return node.target(*arguments, **keywords)
