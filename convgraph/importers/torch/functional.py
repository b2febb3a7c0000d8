"""A recorded program in which nothing is changed in place.

What changes a part of a tensor makes a new part, and a new whole with that part in its place
(`slice_scatter`); whoever reads the tensor later, or another part of it, reads from the new whole.
It is what `functionalize` of PyTorch does, on the operations that the module calls.
"""

from __future__ import annotations

import operator
from dataclasses import replace
from itertools import count
from typing import Any

import torch
from torch.fx import Graph
from torch.fx.node import map_arg

from convgraph.importers.torch.inlined import Program
from convgraph.importers.torch.places import SAME, called, is_mutable, shared

__all__ = ["functional"]

aten = torch.ops.aten

# as they were called, these gave the whole, in another shape or as it is
RESHAPED = ("view", "reshape", "flatten", "unflatten", "unsqueeze", "squeeze", "view_as", "ravel")
WHOLE = ("alias", "detach", "contiguous", "to", "type_as", "lift_fresh", *SAME)


class _UnwrittenError(Exception):
    """A way of changing a tensor that is not told as one of making another."""


def functional(program: Program) -> Program | None:
    """The program with nothing changed in place, or None where it does so in another way.

    It is one that has been recorded, as the tensors of its nodes tell which hold one memory.
    """
    try:
        return _Rewritten(program).program
    except _UnwrittenError:
        return None


class _Rewritten:
    """The nodes of a program one after the other, in a graph of their own."""

    def __init__(self, program: Program) -> None:
        self.graph = Graph()
        self._taken = {node.name for node in program.graph.nodes}
        self._value: dict[Any, Any] = {}  # of a node, what it is in the new graph
        self._same: dict[Any, Any] = {}  # of a node, the first one that is the same part
        self._whole: dict[Any, Any] = {}  # of a part, what it is a part of
        self._parts: dict[Any, Any] = {}
        self._changes: dict[Any, int] = {}  # of memories, how often they have been changed
        self._seen: dict[Any, int] = {}  # of parts, up to which change their value is
        for node in program.graph.nodes:
            self._add(node)
        outputs = next(node for node in reversed(self.graph.nodes) if node.op == "output").args[0]
        names = tuple(node.name for node in outputs)
        self.program = replace(
            program,
            graph=self.graph,
            graph_signature=replace(program.graph_signature, user_outputs=names),
        )

    def _add(self, node: Any) -> None:
        if node.op == "call_function" and is_mutable(node):
            self._change(node)
            return
        sources = [each for each in shared(node) if self._hold_one_memory(each, node)]
        if len(sources) > 1:
            raise _UnwrittenError(node.name)
        if sources:
            source = self._first(sources[0])
            others = tuple(node.args[1:]), tuple(node.kwargs.items())
            part = source, node.target, str(others)
            first = self._parts.setdefault(part, node)
            self._same[node] = first
            if first is not node:
                return
            self._whole[node] = source
            self._seen[node] = self._changes.get(self._memory(node), 0)
        new = self._value[node] = self.graph.node_copy(node, self._now)
        new.name = node.name

    def _hold_one_memory(self, source: Any, node: Any) -> bool:
        """Whether what a call gives is what it takes, or a part; `reshape` may copy."""
        if node.target is operator.getitem:
            return source in self._whole
        if called(node) in SAME:
            return True
        one, other = source.meta["val"], node.meta["val"]
        other = other if isinstance(other, torch.Tensor) else other[0]
        first, second = (each._convgraph_like.untyped_storage()._cdata for each in (one, other))
        return bool(first == second)

    def _first(self, node: Any) -> Any:
        while self._same.get(node, node) is not node:
            node = self._same[node]
        return node

    def _memory(self, node: Any) -> Any:
        while node in self._whole:
            node = self._whole[node]
        return node

    def _now(self, node: Any) -> Any:
        """What a node's tensor is in the new graph, with all changes so far."""
        node = self._first(node)
        changes = self._changes.get(self._memory(node), 0)
        if node in self._whole and self._seen[node] < changes:
            whole = self._now(self._whole[node])
            args, kwargs = self._given(node, whole)
            self._value[node] = self._made(node.target, args, kwargs, node, node)
            self._seen[node] = changes
        return self._value[node]

    def _given(self, node: Any, first: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The arguments of a call, with another one in the place of the first."""
        others = map_arg(tuple(node.args[1:]), self._now)
        return (first, *others), map_arg(dict(node.kwargs), self._now)

    def _change(self, node: Any) -> None:
        """A call in place, as one that makes a tensor which takes the place of what is changed."""
        changed = self._first(node.args[0])
        self._same[node] = changed
        if called(node) == "copy" and self._first(node.args[1]) is changed:
            return  # `x[i] += y` puts what it has changed in place there once more
        if called(node) in ("detach", *SAME):
            return
        made = self._made(*_apart(node, *self._given(node, self._now(changed))), changed, node)
        values = {changed: made}
        while changed in self._whole:
            whole, part = self._whole[changed], changed
            if part.target is operator.getitem:  # one of several parts that a call gives
                whole = self._whole[whole]
            how = _put(part, whole, self._now(whole), made)
            made = made if how is None else self._made(*how, {}, whole, node)
            values[whole] = made
            changed = whole
        changes = self._changes[changed] = self._changes.get(changed, 0) + 1
        self._value.update(values)
        self._seen.update(dict.fromkeys(values, changes))

    def _made(self, target: Any, args: Any, kwargs: Any, like: Any, node: Any) -> Any:
        """A new node for what is like another one, in the place of a node."""
        name = getattr(target, "overloadpacket", target).__name__
        names = (f"{name}_{number}" if number else name for number in count())
        new = self.graph.call_function(target, args, kwargs)
        new.name = next(each for each in names if each not in self._taken)
        self._taken.add(new.name)
        new.meta["val"] = like.meta["val"]
        new.meta["nn_module_stack"] = node.meta.get("nn_module_stack")
        return new


def _apart(node: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
    """What a call in place makes, as a call that makes it apart."""
    kind = node.args[0].meta["val"].dtype
    others = [each.meta["val"] for each in node.all_input_nodes[1:]]
    if called(node) != "copy" and any(x.is_floating_point() and x.dtype != kind for x in others):
        raise _UnwrittenError(node.name)  # what it makes is rounded
    if called(node) == "zero":
        return aten.full_like.default, (*args, 0), kwargs
    operators = getattr(aten, called(node), None)
    target = getattr(operators, node.target._overloadname, None)
    if target is None or node.target.namespace != "aten" or target._schema.is_mutable:
        raise _UnwrittenError(node.name)
    return target, args, kwargs


def _put(part: Any, whole: Any, value: Any, made: Any) -> tuple[Any, tuple[Any, ...]] | None:
    """The call that puts what a part has become in its place in the whole; None if it is that."""
    shape = whole.meta["val"].shape
    if part.target is operator.getitem:
        return _put_one(part.args[0], part.args[1], shape, value, made)
    name, given = called(part), part.args[1:]
    if part.kwargs and name not in WHOLE:
        raise _UnwrittenError(part.name)
    if name == "slice":
        return aten.slice_scatter.default, (value, made, *given)
    if name == "narrow" and all(isinstance(each, int) for each in given):
        axis, start, length = given
        start %= shape[axis]
        return aten.slice_scatter.default, (value, made, axis, start, start + length)
    if name == "select":
        return aten.select_scatter.default, (value, made, *given)
    if name == "transpose":
        return part.target, (made, *given)
    if name == "permute":
        axes = [axis % len(shape) for axis in given[0]]
        return part.target, (made, [axes.index(axis) for axis in range(len(axes))])
    if name in RESHAPED and part.target._overloadname != "dtype":
        return aten.reshape.default, (made, list(shape))
    if name in WHOLE:
        return None
    raise _UnwrittenError(part.name)


def _put_one(call: Any, place: int, shape: Any, value: Any, made: Any) -> tuple[Any, Any]:
    """The call that puts one of several parts in its place."""
    axis = call.args[2] if len(call.args) > 2 else call.kwargs.get("dim", 0)
    if called(call) == "unbind":
        axis = call.args[1] if len(call.args) > 1 else call.kwargs.get("dim", 0)
        return aten.select_scatter.default, (value, made, axis, place)
    if called(call) not in ("split", "split_with_sizes", "chunk"):
        raise _UnwrittenError(call.name)
    lengths = [each.shape[axis] for each in call.meta["val"]]
    start = sum(lengths[:place])
    return aten.slice_scatter.default, (value, made, axis, start, start + lengths[place])
