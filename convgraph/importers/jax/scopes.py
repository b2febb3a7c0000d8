"""Names for what a program of JAX computes: those of the modules that compute it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from convgraph.importers.node import Node

__all__ = ["named_for_modules", "path_of", "root_of", "without_root"]


def path_of(equation: Any, around: str) -> str:
    """The modules in which an equation stands: what `jax.named_scope` says, joined by dots."""
    stack = equation.source_info.name_stack.stack
    names = [each.name for each in stack if type(each).__name__ == "Scope"]
    own = ".".join(part for name in names for part in name.split("/") if part not in ("", "~"))
    return f"{around}.{own}" if around and own else around or own


def without_root(path: str, root: str) -> str:
    """A path as seen from within the outermost module."""
    return path[len(root) + 1 :] if root and f"{path}.".startswith(f"{root}.") else path


def root_of(jaxpr: Any) -> str:
    """The module that is around all others, or nothing."""
    while len(jaxpr.eqns) == 1 and "jaxpr" in jaxpr.eqns[0].params:  # all of it is compiled
        inner = jaxpr.eqns[0].params["jaxpr"]
        jaxpr = getattr(inner, "jaxpr", inner)
    paths = {path_of(equation, "") for equation in jaxpr.eqns}
    starts = {path.split(".")[0] for path in paths}
    return starts.pop() if len(starts) == 1 else ""


def named_for_modules(
    nodes: Sequence[Node], scopes: Mapping[str, str], taken: Sequence[str]
) -> tuple[list[Node], dict[str, str]]:
    """The nodes with the last one of each module under the module's name; all new names.

    A module with parts names its last node where no part does: the sum of a residual block. What a
    module computes when it is called again keeps the name of the operation.
    """
    last: dict[str, str] = {}
    calls: dict[str, int] = {}
    before: list[str] = []
    for node in nodes:
        parts = scopes.get(node.outputs[0], "").split(".")
        around = [".".join(parts[:end]) for end in range(1, len(parts) + 1) if parts[0]]
        for path in around:
            calls[path] = calls.get(path, 0) + (path not in before)
            if calls[path] == 1:
                last[path] = node.outputs[0]
        before = around
    found: dict[str, str] = {}
    names = set(taken)
    for path in sorted(last, key=lambda path: -path.count(".")):
        if path not in names and last[path] not in found:
            found[last[path]] = path
            names.add(path)
    renamed = []
    for node in nodes:
        outputs = tuple(found.get(name, name) for name in node.outputs)
        inputs = tuple(found.get(name, name) for name in node.inputs)
        label = found.get(node.name, node.name)
        renamed.append(replace(node, inputs=inputs, outputs=outputs, name=label))
    return renamed, found
