"""Names for what a program computes: those of the modules that compute it."""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

from convgraph.importers.torch.places import is_mutable

__all__ = ["Names", "of_parametrisation"]


class Names:
    """The names of the results of a program's nodes, and the modules that compute them."""

    def __init__(self, graph: Any, module: Any | None) -> None:
        leaves = _innermost(graph) if module is None else _leaves(module)
        self._of_modules = _module_names(graph, leaves)
        self._taken = {node.name for node in graph.nodes}
        self.modules: dict[str, str] = {}

    def of(self, node: Any) -> str:
        """The module's name, or the operation's: `relu_2` for `relu__2`, which is in place."""
        name = str(node.name)
        plain = re.sub(r"_(_\d+)?$", r"\1", name) if is_mutable(node) else name
        name = self._of_modules.get(name, name if plain in self._taken else plain)
        if path := _path(node):
            self.modules[name] = path
        return name

    def within(self, row: str) -> str:
        """The module that computes a row, which may be a step of what a node computes."""
        return self.modules.get(row) or self.modules.get(row.split("/")[0], "")


def _path(node: Any) -> str:
    """The innermost module in which a node is, or nothing for the whole."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    path = str(stack[-1][0]) if stack else ""
    return path.removeprefix("L['self'].").replace("L['self']", "")


def of_parametrisation(name: str, taken: Container[str]) -> str:
    """A parameter's own name, for what computes it: `conv.parametrizations.weight.0`."""
    plain = re.sub(r"(^|\.)parametrizations\.(\w+)\.\d+$", r"\1\2", name)
    return name if plain in taken else plain


def _leaves(module: Any) -> set[str]:
    """The modules without parts of their own; what computes a parameter of one is none."""
    return {
        name
        for name, layer in module.named_modules(remove_duplicate=False)
        if name and all(part == "parametrizations" for part, _ in layer.named_children())
    }


def _innermost(graph: Any) -> set[str]:
    """The modules within which no other computes anything, where there is but the program."""
    paths = {_path(node) for node in graph.nodes if node.op == "call_function"}
    around = {path[:end] for path in paths for end, c in enumerate(path) if c == "."}
    return paths - around


def _module_names(graph: Any, leaves: set[str]) -> dict[str, str]:
    """Names for the results of modules: the last node of the first call of each.

    A module with parts names its last node where no part does: the sum of a residual block.
    """
    first: dict[str, str] = {}
    last: dict[str, str] = {}
    for node in graph.nodes:
        if node.op != "call_function" or not node.users:
            continue
        stack = node.meta.get("nn_module_stack") or {}
        for key, (path, _) in stack.items():
            path = path.removeprefix("L['self'].").replace("L['self']", "")
            if path and first.setdefault(path, key) == key:
                last[path] = node.name
    inner = sorted(last, key=lambda path: (path not in leaves, -path.count(".")))
    found: dict[str, str] = {}
    for path in inner:
        found.setdefault(last[path], path)
    return found
