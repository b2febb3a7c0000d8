"""What a run of a program takes, against what torch.export takes to tell it."""

from __future__ import annotations

import math
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_leaves

from convgraph.importers.torch.places import is_mutable, shared

__all__ = ["affordable"]

MOST_NUMBERS = 1 << 29  # that are there at once, 2 GB of them
FEW_CALLS = 25  # a tenth of a second, whatever is read
# What is computed in the four milliseconds or so in which torch.export tells a call.
PRODUCTS_OF_A_CALL, NUMBERS_OF_A_CALL = 2e8, 2e6
MULTIPLIED = ("matmul", "bmm", "mm", "mv", "dot")
ADDED = ("addmm", "baddbmm", "addmv")


def affordable(program: Any) -> bool:
    """Whether its tensors are at hand, few enough at once, and sooner computed than exported."""
    alive = calls = 0
    cost = 0.0
    nodes = program.graph_module.graph.nodes
    left = {node: len(node.users) for node in nodes}
    for node in nodes:
        if node.op == "output":
            continue
        parts = [x for x in tree_leaves(node.meta.get("val")) if isinstance(x, Tensor)]
        if any(x.device.type == "meta" or not _is_told(x) for x in parts):
            return False
        calls += node.op == "call_function"
        alive += _held(node)
        cost += _held(node) / NUMBERS_OF_A_CALL
        if alive > MOST_NUMBERS:
            return False
        for source in node.all_input_nodes:
            left[source] -= 1
            alive -= 0 if left[source] else _held(source)
        cost += _products(node, sum(x.numel() for x in parts)) / PRODUCTS_OF_A_CALL
    return cost <= max(calls, FEW_CALLS)


def _is_told(tensor: Any) -> bool:
    return all(isinstance(size, int) for size in tensor.shape)


def _products(node: Any, size: int) -> int:
    """How many numbers a call multiplies that gives so many."""
    name = str(node.target).removeprefix("aten.").removeprefix("_")
    if name.startswith(("conv", "linear")):
        return size * math.prod(node.args[1].meta["val"].shape[1:])
    if name.startswith(MULTIPLIED):
        return size * int(node.args[0].meta["val"].shape[-1])
    if name.startswith(ADDED):
        return size * int(node.args[1].meta["val"].shape[-1])
    if name.startswith("scaled_dot"):
        return 2 * size * int(node.args[1].meta["val"].shape[-2])
    return 0


def _held(node: Any) -> int:
    """How many numbers a call makes; a view has those of what it is of."""
    if node.op != "call_function" or shared(node) or is_mutable(node):
        return 0
    found = tree_leaves(node.meta.get("val"))
    return sum(x.numel() for x in found if isinstance(x, Tensor))
