"""The shapes that operations of PyTorch give, worked out on tensors of the device `meta`.

PyTorch does it itself, but for some operations in Python, which of a normalisation takes longer
than to compute it. So the same call is worked out once, and the commonest ones by their rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._pytree import tree_leaves, tree_map_only

__all__ = ["Results", "memories", "shares"]

aten = torch.ops.aten

# they have the sizes of what is resized to the nearest position, which PyTorch works out faster
RESIZED = {
    aten.upsample_linear1d.vec: aten.upsample_nearest1d.vec,
    aten.upsample_bilinear2d.vec: aten.upsample_nearest2d.vec,
    aten.upsample_bicubic2d.vec: aten.upsample_nearest2d.vec,
    aten.upsample_trilinear3d.vec: aten.upsample_nearest3d.vec,
}
# how their results are laid out depends on what a device has
CHOSEN = {aten.scaled_dot_product_attention.default}
RECURRENT = {aten.lstm.input, aten.gru.input, aten.rnn_tanh.input, aten.rnn_relu.input}


class Results:
    """What calls give, each worked out once."""

    def __init__(self) -> None:
        self._same: dict[Any, Any] = {}

    def of(self, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any], device: Any) -> Any:
        """What a call gives that changes nothing, where it is computed on a device."""
        if func in RESIZED and not kwargs:
            tensor, size, _, scales = args
            return RESIZED[func](tensor, size, scales)
        if func in RECURRENT and len(args) == 9 and (states := _states(*args)):
            return states
        rule = RULES.get(func)
        shape = rule(*args) if rule is not None and not kwargs else None
        if shape is not None:
            return args[0].new_empty(shape)
        if shares(func):
            return func(*args, **kwargs)
        key = func, _told(args), _told(kwargs)
        if key in self._same:
            return tree_map_only(torch.Tensor, _another, self._same[key])
        called = _on(device, func) if func in CHOSEN else func
        made = called(*args, **kwargs)
        if not memories((args, kwargs)) & memories(made):
            self._same[key] = made
        return made

    def check(self, func: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
        """Let a call in place fail where it does; it gives what it takes."""
        alone = all(each is None or isinstance(each, bool | int | float) for each in args[1:])
        plain = torch.Tag.pointwise in func.tags and args[0].is_floating_point()
        if not alone or not plain:
            func(*args, **kwargs)


@cache
def shares(func: Any) -> bool:
    """Whether an operation gives a part of what it takes, which is quickly worked out."""
    return any(each.alias_info is not None for each in func._schema.returns)


def memories(values: Any) -> set[int]:
    """By what the memory of tensors is told apart, while they are there."""
    tensors = (each for each in tree_leaves(values) if isinstance(each, torch.Tensor))
    return {int(each.untyped_storage()._cdata) for each in tensors}


def _another(like: Any) -> Any:
    """A tensor of the same shape with a memory of its own."""
    return torch.empty_strided(like.size(), like.stride(), dtype=like.dtype, device="meta")


def _on(device: Any, func: Callable[..., Any]) -> Callable[..., Any]:
    """An operation as it is on a device; PyTorch takes longer to tell."""

    def call(*args: Any, **kwargs: Any) -> Any:
        with FakeTensorMode():
            args, kwargs = tree_map_only(
                torch.Tensor,
                lambda x: torch.empty_strided(x.size(), x.stride(), dtype=x.dtype, device=device),
                (args, kwargs),
            )
            made = func(*args, **kwargs)
        return torch.empty_strided(made.size(), made.stride(), dtype=made.dtype, device="meta")

    return call


def _told(value: Any) -> Any:
    """What a result's shape depends on; 1, 1.0 and True are of different kinds."""
    if isinstance(value, torch.Tensor):
        return value.size(), value.stride(), value.dtype
    if isinstance(value, list | tuple):
        return tuple(_told(each) for each in value)
    if isinstance(value, dict):
        return tuple((name, _told(each)) for name, each in value.items())
    return type(value), value


def _fits(tensor: Any, others: Sequence[Any], shape: Sequence[int]) -> bool:
    """Whether other tensors, which may be missing, have a shape, and all one kind of number."""
    return (
        tensor.is_contiguous()
        and tensor.is_floating_point()
        and all(
            each is None or (each.dtype == tensor.dtype and tuple(each.shape) == tuple(shape))
            for each in others
        )
    )


def _states(x: Any, first: Any, weights: Any, *others: Any) -> tuple[Any, ...] | None:
    """All states of a recurrent layer and the last ones, without going through its steps."""
    states = first if isinstance(first, list) else [first]
    both_ways = others[-2]
    if not isinstance(weights, list) or x.dim() != 3 or x.shape[-1] != weights[0].shape[1]:
        return None
    if any(each.dim() != 3 or each.dtype != x.dtype for each in states):
        return None
    width = states[0].shape[-1] * (2 if both_ways else 1)
    return x.new_empty((*x.shape[:2], width)), *(each.new_empty(each.shape) for each in states)


def _batch_norm(
    x: Any, weight: Any, bias: Any, mean: Any, var: Any, training: bool, *_: Any
) -> Any:
    known = x.dim() > 1 and not training and mean is not None and var is not None
    return x.shape if known and _fits(x, (weight, bias, mean, var), x.shape[1:2]) else None


def _instance_norm(x: Any, weight: Any, bias: Any, mean: Any, var: Any, *_: Any) -> Any:
    return x.shape if x.dim() > 2 and _fits(x, (weight, bias, mean, var), x.shape[1:2]) else None


def _group_norm(x: Any, groups: int, weight: Any = None, bias: Any = None, *_: Any) -> Any:
    fits = x.dim() > 1 and x.shape[1] % groups == 0 and _fits(x, (weight, bias), x.shape[1:2])
    return x.shape if fits else None


def _layer_norm(x: Any, shape: Any, weight: Any = None, bias: Any = None, *_: Any) -> Any:
    last = x.shape[x.dim() - len(shape) :] if len(shape) <= x.dim() else ()
    return x.shape if [*last] == [*shape] and _fits(x, (weight, bias), shape) else None


def _linear(x: Any, weight: Any, bias: Any = None) -> Any:
    fits = weight.dim() == 2 and x.dim() > 1 and x.shape[-1] == weight.shape[1]
    fits = fits and weight.dtype == x.dtype and _fits(x, (bias,), weight.shape[:1])
    return (*x.shape[:-1], weight.shape[0]) if fits else None


def _alike(x: Any, *others: Any) -> Any:
    """Position by position, on numbers and on tensors of one shape."""
    if not isinstance(x, torch.Tensor):
        return None
    tensors = [each for each in others if isinstance(each, torch.Tensor)]
    plain = all(isinstance(each, torch.Tensor | bool | int | float) for each in others)
    return x.shape if plain and _fits(x, tensors, x.shape) else None


RULES: dict[Any, Callable[..., Any]] = {
    aten.batch_norm.default: _batch_norm,
    aten.instance_norm.default: _instance_norm,
    aten.group_norm.default: _group_norm,
    aten.layer_norm.default: _layer_norm,
    aten.linear.default: _linear,
    **dict.fromkeys(
        (
            aten.add.Tensor, aten.sub.Tensor, aten.mul.Tensor, aten.div.Tensor,
            aten.relu.default, aten.gelu.default, aten.silu.default, aten.elu.default,
            aten.hardtanh.default, aten.hardswish.default, aten.hardsigmoid.default,
            aten.sigmoid.default, aten.tanh.default, aten.leaky_relu.default,
        ),
        _alike,
    ),
}  # fmt: skip
