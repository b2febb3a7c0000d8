"""Operations in place: whether a program's nodes can be read as if each made a new tensor."""

from __future__ import annotations

import operator
from typing import Any

__all__ = ["is_mutable", "overlapping"]

# they give back their own input at inference, and do not declare it
SAME = ("dropout", "feature_dropout", "alpha_dropout")


def is_mutable(node: Any) -> bool:
    """Whether a call changes one of its arguments."""
    return bool(getattr(getattr(node.target, "_schema", None), "is_mutable", False))


def overlapping(graph: Any) -> bool:
    """Whether a tensor is changed that another one may be a view of.

    Then the program has to be rewritten without changes in place, which takes as long as exporting
    it; `relu_` on the result of a layer, and `+=`, are read as they stand.
    """
    memory: dict[Any, Any] = {}  # the first node that holds the same memory
    viewed = set()
    for node in graph.nodes:
        memory.setdefault(node, node)
        if node.op != "call_function":
            continue
        if is_mutable(node):
            changed = _arguments(node, written=True)
            own = node.args[0] if node.args else None
            if changed != [own] or memory[own] in viewed or not _returns(node):
                return True
            memory[node] = memory[own]
            continue
        for source in _arguments(node, written=False):
            memory[node] = memory[source]
            viewed.add(memory[source])
    return False


def _arguments(node: Any, written: bool) -> list[Any]:
    """The arguments that a call writes to, or those that its result shares memory with."""
    if node.target is operator.getitem:
        return [] if written else [node.args[0]]
    schema = getattr(node.target, "_schema", None)
    if schema is None:
        return []
    if not written and schema.name.removeprefix("aten::") in SAME:
        return [node.args[0]]
    found = []
    for position, argument in enumerate(schema.arguments):
        info = argument.alias_info
        if info is not None and info.is_write == written:
            value = node.args[position] if position < len(node.args) else None
            value = node.kwargs.get(argument.name, value)
            found += [value] if hasattr(value, "all_input_nodes") else list(value or ())
    return found


def _returns(node: Any) -> bool:
    """Whether a call in place gives back what it changed, as `relu_` and `add_` do."""
    returned = node.target._schema.returns
    return len(returned) == 1 and returned[0].alias_info is not None
