"""Exported programs made flat, and told in operations that are read."""

from __future__ import annotations

import operator
from collections.abc import Container, Iterable
from copy import deepcopy
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from convgraph.importers.torch.places import is_mutable
from convgraph.importers.torch.recurrent import OPS

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


@dataclass(frozen=True)
class Program:
    """What is read of an exported program, with another graph."""

    graph: Any
    graph_signature: Any
    state_dict: Any
    constants: Any

    @property
    def graph_module(self) -> Program:
        """What holds the graph, as in an exported program."""
        return self


def decomposed(
    torch: Any, program: Any, unread: Container[str], read: Iterable[str]
) -> Program | None:
    """The program with PyTorch's own decomposition of each node that no rule reads, by its name.

    Each is traced by itself, on the shapes that it has, and put in the node's place. None where
    there is no decomposition of any of them.
    """
    graph = deepcopy(program.graph_module.graph)  # what the nodes say of themselves is shared
    for node, copy in zip(program.graph_module.graph.nodes, graph.nodes, strict=True):
        copy.name = node.name  # of an input, too, that is called `input`
    asked = [node for node in graph.nodes if node.name in unread and node.users]
    asked = [node for node in asked if isinstance(node.target, torch._ops.OpOverload)]
    # recurrent layers would be unrolled: as many rows as there are steps
    asked = [node for node in asked if _name(node.target) not in OPS and _repeats(torch, node)]
    targets, known = {node.target for node in asked}, set(read)
    table = {
        op: how
        for op, how in (_decompositions().items() if asked else ())
        if op in targets or _name(op) not in known
    }
    composite = torch._C.DispatchKey.CompositeImplicitAutograd
    changed = False
    traced: dict[Any, Any] = {}
    for node in asked:
        written = node.target in table or node.target.has_kernel_for_dispatch_key(composite)
        key = _told(node)
        if written and key not in traced:
            traced[key] = _traced(torch, node, table)
        part = traced[key] if written else None
        if part is not None:
            _put_in_place(torch, node, part)
            changed = True
    if not changed:
        return None
    return Program(graph, program.graph_signature, program.state_dict, program.constants)


def _repeats(torch: Any, node: Any) -> bool:
    """Whether a call draws no numbers."""
    return torch.Tag.nondeterministic_seeded not in getattr(node.target, "tags", ())


@lru_cache(maxsize=1)
def _decompositions() -> dict[Any, Any]:
    import torch

    return dict(torch.export.default_decompositions().items())


def _traced(torch: Any, node: Any, table: dict[Any, Any]) -> Any | None:
    """The graph that computes what a node does of its inputs, or None where that is the node."""
    from torch.fx.experimental.proxy_tensor import make_fx
    from torch.fx.node import map_arg

    sources = node.all_input_nodes

    def call(*tensors: Any) -> Any:
        given = dict(zip(sources, tensors, strict=True))
        if is_mutable(node):  # what it makes is put into its place afterwards
            given[node.args[0]] = given[node.args[0]].clone()
        arguments, keywords = (map_arg(each, given.get) for each in (node.args, node.kwargs))
        return node.target(*arguments, **keywords)

    try:
        with torch.no_grad():
            traced = make_fx(torch.func.functionalize(call), table)
            part = traced(*_without_numbers([source.meta["val"] for source in sources])).graph
    except Exception:  # whatever a decomposition asks for that a single call does not give
        return None
    kept = any(is_mutable(each) for each in part.nodes)  # what is changed may be a copy
    copies = [each for each in part.nodes if _name(each.target) == "clone"]
    for copied in () if kept else copies:
        copied.replace_all_uses_with(copied.args[0])
        part.erase_node(copied)
    calls = [each for each in part.nodes if each.op == "call_function"]
    plain = all(each.op != "get_attr" for each in part.nodes)  # or else it holds tensors
    return part if plain and all(each.target is not node.target for each in calls) else None


def _told(node: Any) -> str:
    """What is traced of a call: its arguments, and of tensors how they are laid out."""
    from torch.fx.node import map_arg

    order = {source: f"tensor {place}" for place, source in enumerate(node.all_input_nodes)}
    values = [source.meta["val"] for source in order]
    laid_out = [(each.size(), each.stride(), each.dtype, each.device) for each in values]
    return str((node.target, map_arg((node.args, node.kwargs), order.get), laid_out))


def _without_numbers(tensors: list[Any]) -> list[Any]:
    """Tensors of these shapes, on their devices, that other operations can be called with."""
    import torch
    from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

    if all(isinstance(each, FakeTensor) for each in tensors):
        return tensors
    with FakeTensorMode(allow_non_fake_inputs=True):  # a decomposition may hold numbers
        return [
            torch.empty_strided(each.size(), each.stride(), dtype=each.dtype, device=each.device)
            for each in tensors
        ]


def _put_in_place(torch: Any, node: Any, part: Any) -> None:
    """Nodes in the place of one; those that give its results have its name, or their own."""
    graph, aten, before = node.graph, torch.ops.aten, set(node.graph.nodes)
    taken = set(before)
    inside = (each for each in part.nodes if each.op == "placeholder")
    with graph.inserting_before(node):
        made = graph.graph_copy(part, dict(zip(inside, node.all_input_nodes, strict=True)))
        users = list(node.users)
        ends = {node: made}
        if isinstance(made, tuple | list):
            ends = {user: made[user.args[1]] for user in users if user.users}
        for old, new in ends.items():
            if is_mutable(node):
                new = graph.call_function(aten.copy_.default, (node.args[0], new))
            elif new in taken:  # an input, or another result
                new = graph.call_function(aten.alias.default, (new,))
            taken.add(new)
            new.meta.update(old.meta)
            old.replace_all_uses_with(new)
            ends[old] = new
    gone = [*(users if node not in ends else ()), node]
    for each in reversed(graph.nodes):
        if each in gone or (each not in before and not each.users):
            graph.erase_node(each)
        elif each not in before:
            each.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
    for old, new in ends.items():
        new.name = old.name


def _name(op: Any) -> str:
    return str(op).removeprefix("aten.").split(".")[0]
