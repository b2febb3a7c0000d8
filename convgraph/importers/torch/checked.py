"""A recorded program against what the module itself computes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch.fx.node import map_arg
from torch.utils._pytree import tree_leaves, tree_map_only

from convgraph.importers.torch.inlined import Program
from convgraph.importers.torch.places import is_mutable, shared
from convgraph.importers.torch.recorded import left_as_it_was

__all__ = ["agrees"]

MOST_NUMBERS = 1 << 29  # that are there at once, 2 GB of them
FEW_CALLS = 25  # a tenth of a second, whatever is read
# What is computed in the four milliseconds or so in which torch.export tells a call.
PRODUCTS_OF_A_CALL, NUMBERS_OF_A_CALL = 2e8, 2e6
MULTIPLIED = ("matmul", "bmm", "mm", "mv", "dot")


def agrees(
    module: Any, program: Program, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> bool:
    """Whether a program gives exactly what its module does, on one input of random numbers.

    Not where `torch.export` would take less. No program comes here that changes a parameter.
    """
    if not _affordable(program):
        return False
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(0)
        args, kwargs = tree_map_only(torch.Tensor, _drawn, (arguments, dict(keywords)))
        given = [each.clone() for each in tree_leaves((args, kwargs))]
        with _with_its_numbers(module), left_as_it_was(module), _slow_attention():
            torch.manual_seed(0)
            wanted = [x for x in tree_leaves(module(*args, **kwargs)) if _is(x)]
            wanted = [x.clone() for x in wanted]
        torch.manual_seed(0)
        found = _computed(program, given)
    return len(found) == len(wanted) and all(map(_equal, found, wanted))


def _is(value: Any) -> bool:
    return isinstance(value, torch.Tensor)


def _drawn(tensor: Any) -> Any:
    """Numbers of the same shape; whole ones, as of words, are those that were given."""
    return torch.randn_like(tensor) if tensor.is_floating_point() else tensor.clone()


def _affordable(program: Program) -> bool:
    """Whether its tensors are at hand, few enough at once, and sooner computed than exported."""
    alive = calls = 0
    cost = 0.0
    left = {node: len(node.users) for node in program.graph.nodes}
    for node in program.graph.nodes:
        if node.op == "output":
            continue
        parts = [x for x in tree_leaves(node.meta["val"]) if _is(x)]
        if any(x.device.type == "meta" for x in parts):
            return False
        calls += node.op == "call_function"
        alive += _held(node)
        cost += _held(node) / NUMBERS_OF_A_CALL
        if alive > MOST_NUMBERS:
            return False
        for source in node.all_input_nodes:
            left[source] -= 1
            alive -= 0 if left[source] else _held(source)
        size = sum(x.numel() for x in parts)
        name = str(node.target).removeprefix("aten.")
        if name.startswith(("conv", "linear")):
            products = size * math.prod(node.args[1].meta["val"].shape[1:])
        elif name.startswith(MULTIPLIED):
            products = size * node.args[0].meta["val"].shape[-1]
        elif name.startswith("scaled_dot"):
            products = 2 * size * node.args[1].meta["val"].shape[-2]
        else:
            products = 0
        cost += products / PRODUCTS_OF_A_CALL
    return cost <= max(calls, FEW_CALLS)


def _held(node: Any) -> int:
    """How many numbers a call makes; a view has those of what it is of."""
    if node.op != "call_function" or shared(node) or is_mutable(node):
        return 0
    return sum(x.numel() for x in tree_leaves(node.meta["val"]) if _is(x))


@contextmanager
def _with_its_numbers(module: Any) -> Iterator[None]:
    """Put back the numbers of buffers, and of tensors that are neither those nor parameters."""
    held = [*module.buffers()]
    held += [x for part in module.modules() for x in vars(part).values() if _is(x)]
    before = [(tensor, tensor.clone()) for tensor in held]
    try:
        yield
    finally:
        for tensor, numbers in before:
            if not torch.equal(tensor, numbers):
                tensor.copy_(numbers)


@contextmanager
def _slow_attention() -> Iterator[None]:
    """Without the operator for all of an attention layer, which rounds otherwise."""
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _computed(program: Program, given: list[Any]) -> list[Any]:
    """What a program computes, call by call."""
    signature, inputs = program.graph_signature, iter(given)
    names = {
        **signature.inputs_to_parameters,
        **signature.inputs_to_buffers,
        **signature.inputs_to_lifted_tensor_constants,
    }
    tensors = {**program.state_dict, **program.constants}
    values: dict[Any, Any] = {}
    left = {node: len(node.users) for node in program.graph.nodes}
    for node in program.graph.nodes:
        if node.op == "output":
            return [values[each] for each in node.args[0]]
        if node.op == "placeholder":
            own = node.name in signature.inputs_to_parameters
            tensor = tensors[names[node.name]] if node.name in names else next(inputs)
            values[node] = tensor if own else tensor.clone()
            continue
        arguments = map_arg((node.args, node.kwargs), values.__getitem__)
        values[node] = node.target(*arguments[0], **arguments[1])
        for source in node.all_input_nodes:
            left[source] -= 1
            if not left[source]:
                del values[source]
    raise AssertionError("a program without an output")


def _equal(one: Any, other: Any) -> bool:
    """Exactly, infinite numbers and those that are none included."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
