"""Exported programs made flat, and told in operations that are read."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from convgraph.importers.torch_recurrent import OPS

__all__ = ["decomposed", "inlined", "wraps"]

# what they wrap is computed as it stands: recording and precision are not a matter of connections
WRAPPERS = ("wrap_with_set_grad_enabled", "wrap_with_autocast")


def wraps(graph: Any) -> bool:
    """Whether a graph has parts that are wrapped."""
    return any(str(node.target) in WRAPPERS for node in graph.nodes)


def inlined(program: Any) -> Any:
    """The program with what `no_grad`, `enable_grad` and `autocast` wrap put in its place."""
    for old, new in _flattened(program.graph_module):
        program.graph_signature.replace_all_uses(old, new)
    return program


def _flattened(whole: Any) -> list[tuple[str, str]]:
    """A graph without wrappers; the names of results that have got others."""
    renamed = []
    for node in [n for n in whole.graph.nodes if str(n.target) in WRAPPERS]:
        at = next(i for i, each in enumerate(node.args) if getattr(each, "op", "") == "get_attr")
        holder = node.args[at]
        part = whole.get_submodule(holder.target)
        _flattened(part)
        inside = [n for n in part.graph.nodes if n.op == "placeholder"]
        given = dict(zip(inside, node.args[at + 1 :], strict=True))
        with whole.graph.inserting_before(node):
            results = whole.graph.graph_copy(part.graph, given)
        for user in list(node.users):
            assert user.target is operator.getitem
            result = results[user.args[1]]
            user.replace_all_uses_with(result)
            renamed.append((user.name, result.name))
            whole.graph.erase_node(user)
        whole.graph.erase_node(node)
        if not holder.users:
            whole.graph.erase_node(holder)
        whole.recompile()
    return renamed


def decomposed(torch: Any, program: Any, unread: set[Any], read: Iterable[str]) -> Any | None:
    """The program with PyTorch's own decomposition of each operation that no rule reads.

    None where there is no decomposition of any of them.
    """
    known = set(read)
    table = {
        op: how
        for op, how in torch.export.default_decompositions().items()
        # recurrent layers would be unrolled: as many rows as there are steps
        if _name(op) not in OPS and (op in unread or _name(op) not in known)
    }
    if not any(op in table for op in unread):
        return None
    with torch.no_grad():
        made = program.run_decompositions(table)
    # a decomposition that checks values orders its checks by tokens, which are no tensors
    return None if made.graph_signature.input_tokens else made


def _name(op: Any) -> str:
    return str(op).removeprefix("aten.").split(".")[0]
