"""Operations in place: whether a program's nodes can be read as if each made a new tensor."""

from __future__ import annotations

import operator
from typing import Any

__all__ = [
    "SAME",
    "SHAPE_ONLY",
    "aside",
    "called",
    "is_mutable",
    "memory_of",
    "repeats",
    "settled",
    "shared",
]

# of their first argument these take the shape and nothing else
SHAPE_ONLY = {"zeros_like", "ones_like", "full_like", "new_zeros", "new_ones", "new_full", "fill"}
MOST_NUMBERS = 1 << 24  # that are computed: of masks, which are small; of more, writing is unread

NUMBERS = ("item", "_local_scalar_dense")  # what asks for a number, by which a module may go
# they give back their own input at inference, and do not declare it
SAME = ("dropout", "feature_dropout", "alpha_dropout")


def is_mutable(node: Any) -> bool:
    """Whether a call changes one of its arguments."""
    return bool(getattr(getattr(node.target, "_schema", None), "is_mutable", False))


def memory_of(graph: Any) -> tuple[dict[Any, Any], set[Any]]:
    """Of each node the first one that holds the same memory, and those changed under other names.

    Where a tensor is changed that is read later on under another name, as itself or as another
    view, the program has to be rewritten without changes in place, which takes longer than
    exporting it; `relu_`, and `+=` on a part of what nobody reads whole any more, are read as they
    stand.
    """
    place = {node: number for number, node in enumerate(graph.nodes)}
    last = {node: max((place[user] for user in node.users), default=-1) for node in graph.nodes}
    memory: dict[Any, Any] = {}
    names: dict[Any, list[Any]] = {}  # by memory, the nodes that hold it so far
    chains: dict[Any, set[Any]] = {}  # a tensor, and what calls in place made of it
    changed = set[Any]()
    for node in graph.nodes:
        memory[node] = node
        if node.op == "call_function" and is_mutable(node):
            written = _arguments(node, written=True)
            own = node.args[0] if node.args else None
            chain = chains.setdefault(own, {own})
            others = (each for each in names.get(memory.get(own), ()) if each not in chain)
            under_view = any(last[each] > place[node] for each in others)
            if written != [own] or under_view or not _returns(node):
                changed.update(memory[each] for each in written)
            memory[node] = memory.get(own, node)
            chain.add(node)
            chains[node] = chain
        elif node.op == "call_function":
            for source in _arguments(node, written=False):
                memory[node] = memory[source]
        names.setdefault(memory[node], []).append(node)
    return memory, changed


def settled(torch: Any, program: Any) -> dict[str, Any] | None:
    """What tensors hold that are changed under views, where they depend on no input.

    The mask of shifted windows is written so, region by region: it is computed as the program does.
    None where there are others: then the program has to be rewritten.
    """
    if not any(node.op == "call_function" and is_mutable(node) for node in program.graph.nodes):
        return {}
    memory, changed = memory_of(program.graph)
    if not changed:
        return {}
    held = {
        name: program.constants[target]
        for name, target in program.graph_signature.inputs_to_lifted_tensor_constants.items()
    }
    fixed: set[Any] = set()
    for node in program.graph.nodes:
        inputs = node.all_input_nodes[1:] if called(node) in SHAPE_ONLY else node.all_input_nodes
        if node.name in held or (repeats(torch, node) and fixed.issuperset(inputs)):
            fixed.add(node)
    wanted = {node for node in program.graph.nodes if memory[node] in changed}
    for node in reversed(program.graph.nodes):
        if node in wanted and node.op == "call_function":
            first = called(node) in SHAPE_ONLY and not is_mutable(node)
            wanted.update(node.all_input_nodes[1:] if first else node.all_input_nodes)
    if not fixed.issuperset(wanted) or _read_before_changed(program.graph, memory, wanted):
        return None
    return _computed(torch, [node for node in program.graph.nodes if node in wanted], held)


def _read_before_changed(graph: Any, memory: dict[Any, Any], wanted: set[Any]) -> bool:
    """Whether one of these nodes is read by others before it is changed for the last time."""
    place = {node: number for number, node in enumerate(graph.nodes)}
    last: dict[Any, int] = {}
    for node in wanted:
        if is_mutable(node):
            last[memory[node]] = max(place[node], last.get(memory[node], 0))
    return any(
        place[user] < last.get(memory[node], 0)
        for node in wanted
        for user in node.users
        if user not in wanted
    )


def _computed(torch: Any, nodes: list[Any], held: dict[str, Any]) -> dict[str, Any] | None:
    """The values of nodes in order, views of one memory as such; None where they are many."""
    from torch.fx.node import map_arg

    made = [node.meta["val"] for node in nodes if not is_mutable(node)]
    leaves = torch.utils._pytree.tree_leaves(made)  # a split gives several
    if sum(each.numel() for each in leaves if hasattr(each, "numel")) > MOST_NUMBERS:
        return None
    values: dict[Any, Any] = {}
    with torch.no_grad():
        for node in nodes:
            if node.name in held:
                values[node] = held[node.name].clone()
                continue
            shaped = node.args[0] if called(node) in SHAPE_ONLY and node.args else None
            if shaped is not None and shaped not in values and hasattr(shaped, "meta"):
                like = shaped.meta["val"]
                zeros = torch.empty_strided(like.size(), like.stride(), dtype=like.dtype)
                values[shaped] = zeros.zero_()
            arguments = map_arg(node.args, values.__getitem__)
            values[node] = node.target(*arguments, **map_arg(node.kwargs, values.__getitem__))
    return {node.name: values[node] for node in nodes}


def aside(graph: Any) -> set[Any]:
    """The calls whose sizes depend on values, and what follows from them, where no result does.

    Not a single number: a module that asks for one may go another way by it.
    """
    memory, _ = memory_of(graph)
    wanted, read = set[Any](), set[Any]()
    for node in reversed(graph.nodes):
        written = is_mutable(node) and memory[node] in read
        if node.op == "output" or node in wanted or written:
            wanted.update((node, *node.all_input_nodes))
            read.update(memory[source] for source in node.all_input_nodes)
    found: set[Any] = set()
    for node in graph.nodes:
        if node.op != "call_function" or node in wanted or called(node) in NUMBERS:
            continue
        value = node.meta.get("val")
        values = value if isinstance(value, list | tuple) else () if value is None else (value,)
        numbers = all(
            isinstance(n, int) for each in values for n in getattr(each, "shape", (None,))
        )
        if not numbers or not found.isdisjoint(node.all_input_nodes):
            found.add(node)
    return found


def called(node: Any) -> str:
    """The operator of a call by name, whatever its overload, in place or not."""
    return str(node.target).removeprefix("aten.").split(".")[0].removesuffix("_")


def repeats(torch: Any, node: Any) -> bool:
    """Whether a node is a call of which the same arguments give the same result."""
    if node.op != "call_function" or node.target is operator.getitem:
        return bool(node.op == "call_function")
    tags = getattr(node.target, "tags", None)
    return tags is not None and torch.Tag.nondeterministic_seeded not in tags


def shared(node: Any) -> list[Any]:
    """The arguments of a call that its result may share memory with."""
    return _arguments(node, written=False) if node.op == "call_function" else []


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
