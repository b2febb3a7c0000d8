"""Names for what a program computes: those of the modules that compute it."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Any

from convgraph.importers.torch_places import is_mutable

__all__ = ["Names", "of_parametrisation"]


class Names:
    """The names of the results of a program's nodes."""

    def __init__(self, graph: Any, module: Any) -> None:
        self._of_modules = _module_names(graph, _leaves(module))
        self._taken = {node.name for node in graph.nodes}

    def of(self, node: Any) -> str:
        """The module's name, or the operation's: `relu_2` for `relu__2`, which is in place."""
        name = str(node.name)
        plain = re.sub(r"_(_\d+)?$", r"\1", name) if is_mutable(node) else name
        return self._of_modules.get(name, name if plain in self._taken else plain)


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


def _module_names(graph: Any, leaves: set[str]) -> dict[str, str]:
    """Names for the results of modules without parts: the last node of a module's first call."""
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for node in graph.nodes:
        stack: Sequence[Any] = list((node.meta.get("nn_module_stack") or {}).items())
        if node.op != "call_function" or not stack or not node.users:
            continue
        key, (path, _) = stack[-1]
        path = path.removeprefix("L['self'].").replace("L['self']", "")
        if path in leaves and taken.setdefault(path, key) == key:
            found = {name: where for name, where in found.items() if where != path}
            found[node.name] = path
    return found
