"""The parameters of a model of JAX, by their paths, and the function of them that it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from convgraph.core.errors import ConvgraphError

__all__ = ["Leaf", "callable_with_leaves"]


@dataclass(frozen=True, eq=False)
class Leaf:
    """An array of a tree: its path, itself or its shape, and whether it is a parameter."""

    name: str
    value: Any
    learned: bool


def callable_with_leaves(
    jax: Any, function: Any, parameters: Any
) -> tuple[Callable[..., Any], list[Leaf]]:
    """A function of a list of arrays and of inputs, and the arrays."""
    if parameters is not None:
        return _of_tree(jax, function, parameters)
    scope = getattr(function, "scope", None)
    if scope is not None and hasattr(function, "unbind"):  # a bound module of Flax
        module, variables = function.unbind()
        return _of_tree(jax, module.apply, variables)
    return _of_model(jax, function)


def _of_tree(jax: Any, function: Any, parameters: Any) -> tuple[Callable[..., Any], list[Leaf]]:
    wrong = isinstance(parameters, Iterator)  # JAX warns of one, which is no tree
    paths, tree = ([], None) if wrong else jax.tree_util.tree_flatten_with_path(parameters)
    if not paths or not all(hasattr(each, "shape") and hasattr(each, "dtype") for _, each in paths):
        shown = type(parameters).__name__
        raise ConvgraphError(f"parameters={shown}: a tree of arrays, such as a dict of them")
    flax = isinstance(parameters, Mapping) and "params" in parameters
    leaves = [
        Leaf(
            _name(jax, path) or "w",
            each,
            _name(jax, path[:1]) == "params" if flax else _is_real(jax, each),
        )
        for path, each in paths
    ]

    def call(values: Sequence[Any], *inputs: Any, **named: Any) -> Any:
        return function(jax.tree_util.tree_unflatten(tree, values), *inputs, **named)

    return call, leaves


def _of_model(jax: Any, model: Any) -> tuple[Callable[..., Any], list[Leaf]]:
    """A model that is a tree of its own arrays, or a plain function, which has none."""
    paths, tree = jax.tree_util.tree_flatten_with_path(model)
    every = [each for _, each in paths]
    there = [i for i, each in enumerate(every) if hasattr(each, "shape") and hasattr(each, "dtype")]
    marked = _marked(jax, model)
    leaves = []
    for i in there:
        name = _name(jax, paths[i][0]).removesuffix(".value").removesuffix(".raw_value")
        learned = _is_real(jax, every[i]) if marked is None else marked.get(name, False)
        leaves.append(Leaf(name or "w", every[i], learned))

    def call(values: Sequence[Any], *inputs: Any, **named: Any) -> Any:
        filled = list(every)
        for i, value in zip(there, values, strict=True):
            filled[i] = value
        return jax.tree_util.tree_unflatten(tree, filled)(*inputs, **named)

    return call, leaves


def _marked(jax: Any, model: Any) -> dict[str, bool] | None:
    """Which arrays of a module of Flax NNX are parameters; None for other models."""
    if not any(kind.__module__.startswith("flax.nnx") for kind in type(model).__mro__):
        return None
    from flax import nnx

    states = jax.tree_util.tree_flatten_with_path(
        model, is_leaf=lambda each: isinstance(each, nnx.Variable)
    )[0]
    return {_name(jax, path): isinstance(each, nnx.Param) for path, each in states}


def _name(jax: Any, path: Any) -> str:
    """A path with dots between its parts."""
    return str(jax.tree_util.keystr(path, simple=True, separator="."))


def _is_real(jax: Any, array: Any) -> bool:
    return bool(jax.numpy.issubdtype(array.dtype, jax.numpy.inexact))
