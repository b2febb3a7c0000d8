"""A program of a module against what the module itself computes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map_only

from convgraph.importers.torch.by_value import computed
from convgraph.importers.torch.places import repeats
from convgraph.importers.torch.recorded import left_as_it_was, tensors_of
from convgraph.importers.torch.recorder import PLAIN
from convgraph.importers.torch.run_cost import affordable

__all__ = ["agrees", "difference", "is_random", "with_its_numbers"]

# Of the largest number of a result: what sums in another order, or in a precision that is chosen
# for each call, differ by. What reads another unit differs by as much as the numbers themselves.
ROUNDED, HALF = 1e-4, 2.0**-5


def agrees(
    module: Any, program: Any, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> bool:
    """Whether a program gives exactly what its module does, on one input of random numbers.

    Not where `torch.export` would take less. No program comes here that changes a parameter.
    """
    if not affordable(program):
        return False
    wanted, found = _both(module, program, arguments, keywords, [*module.buffers()])
    return len(found) == len(wanted) and all(map(_equal, found, wanted))


def difference(
    module: Any, program: Any, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> str:
    """What a program gives otherwise than its module, on one input of random numbers, or nothing.

    Rounding may differ, and by more where some numbers have 16 bits.
    """
    held = [*module.parameters(), *module.buffers()]
    wanted, found = _both(module, program, arguments, keywords, held)
    if len(found) != len(wanted):
        return f"it gives {len(wanted)} tensors, and what is read {len(found)}"
    rounded = HALF if _has_halves(program) else ROUNDED
    for place, (one, other) in enumerate(zip(found, wanted, strict=True), start=1):
        apart = _apart(one, other, rounded)
        if apart:
            of = f"result {place} of {len(wanted)}" if len(wanted) > 1 else "its result"
            return f"{of}, of shape {tuple(other.shape)}, {apart}"
    return ""


def _has_halves(program: Any) -> bool:
    """Whether some numbers have 16 bits or fewer."""
    values = (tree_leaves(node.meta.get("val")) for node in program.graph_module.graph.nodes)
    found = {x.dtype for each in values for x in each if _is(x)}
    return any(kind.is_floating_point and kind.itemsize < 4 for kind in found)


def is_random(
    module: Any, program: Any, arguments: tuple[Any, ...], keywords: Mapping[str, Any]
) -> bool:
    """Whether a module draws numbers: two runs of it differ, or its program has such a call."""
    calls = [node for node in program.graph_module.graph.nodes if node.op == "call_function"]
    if not all(repeats(torch, node) for node in calls if hasattr(node.target, "tags")):
        return True
    held = [*module.parameters(), *module.buffers()]
    with _apart_from(module, held, arguments, keywords) as (args, kwargs):
        one = _run(module, held, args, kwargs, 0)
        other = _run(module, held, args, kwargs, 1)
    return len(one) != len(other) or not all(map(_equal, one, other))


def _both(
    module: Any, program: Any, arguments: Any, keywords: Any, held: list[Any]
) -> tuple[list[Any], list[Any]]:
    """What a module gives, and what its program does."""
    with _apart_from(module, held, arguments, keywords) as (args, kwargs):
        given = [each.clone() for each in tree_leaves((args, kwargs)) if _is(each)]
        wanted = _run(module, held, args, kwargs, 0)
        torch.manual_seed(0)
        return wanted, computed(program, given)


@contextmanager
def _apart_from(
    module: Any, held: list[Any], arguments: Any, keywords: Any
) -> Iterator[tuple[Any, Any]]:
    """Inputs of random numbers; what is drawn meanwhile does not change what is drawn later."""
    before = random.getstate()
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(0)
            yield tree_map_only(torch.Tensor, _drawn, (arguments, dict(keywords)))
    finally:
        random.setstate(before)


def _run(module: Any, held: list[Any], args: Any, kwargs: Any, seed: int) -> list[Any]:
    """The tensors that a module gives, which is left as it was."""
    args, kwargs = tree_map_only(torch.Tensor, torch.clone, (args, kwargs))
    with ExitStack() as stack:
        stack.enter_context(with_its_numbers(module, held))
        stack.enter_context(left_as_it_was(module))
        stack.enter_context(_slow_attention())
        torch.manual_seed(seed)
        return [x.clone() for x in tree_leaves(module(*args, **kwargs)) if _is(x)]
    raise AssertionError("no context takes an error for its own")


def _is(value: Any) -> bool:
    return isinstance(value, torch.Tensor)


def _drawn(tensor: Any) -> Any:
    """Numbers of the same shape; whole ones, as of words, are those that were given."""
    return torch.randn_like(tensor) if tensor.is_floating_point() else tensor.clone()


@contextmanager
def with_its_numbers(module: Any, held: list[Any]) -> Iterator[None]:
    """Put back the numbers of tensors, and of those that are attributes, or kept in tables.

    A parameter that has been given other memory gets its own back.
    """
    kept = [each for each in [*held, *tensors_of(module)] if _is_plain(each)]
    own = filter(_is_plain, module.parameters())
    memories = [(each, each.data) for each in [*own, *kept]]
    before = [(each, each.clone()) for each in kept]
    try:
        yield
    finally:
        for tensor, memory in memories:
            if tensor.data_ptr() != memory.data_ptr():
                tensor.data = memory
        for tensor, numbers in before:
            if not torch.equal(tensor, numbers):
                tensor.copy_(numbers)


def _is_plain(tensor: Any) -> bool:
    """Whether a tensor has a memory of numbers one after the other, as a sparse one has not."""
    laid_out = type(tensor) in PLAIN and tensor.layout is torch.strided
    return laid_out and tensor.device.type != "meta"


@contextmanager
def _slow_attention() -> Iterator[None]:
    """Without the operator for all of an attention layer, which rounds otherwise."""
    fast = torch.backends.mha.get_fastpath_enabled()
    try:
        torch.backends.mha.set_fastpath_enabled(False)
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def _equal(one: Any, other: Any) -> bool:
    """Exactly, infinite numbers and those that are none included."""
    if one.dtype != other.dtype or one.shape != other.shape:
        return False
    return torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)


def _apart(one: Any, other: Any, rounded: float) -> str:
    """How two results differ, in words, or nothing if by rounding alone."""
    if one.shape != other.shape:
        return f"has the shape {tuple(one.shape)} in the program"
    if _equal(one, other) or not other.numel():
        return ""
    kinds = [each.is_floating_point() or each.is_complex() for each in (one, other)]
    if kinds[0] != kinds[1]:
        return f"holds {one.dtype} in the program, and not {other.dtype}"
    if not any(kinds):
        return f"differs at {int((one != other).sum())} of {other.numel()} numbers"
    kind = torch.complex128 if other.is_complex() else torch.float64
    one, other = one.to(kind), other.to(kind)
    finite = torch.isfinite(other)
    largest = other[finite].abs().max().item() if finite.any() else 0.0
    near = torch.isclose(one, other, rtol=0, atol=rounded * largest, equal_nan=True)
    if near.all():
        return ""
    most = (one - other)[~near].abs().nan_to_num().max().item()
    return f"differs at {int((~near).sum())} of {other.numel()} numbers, by up to {most:.3g}"
