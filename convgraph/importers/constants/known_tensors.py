"""Operators on tensors that are known beforehand: computed at once, later, or followed.

What is a parameter is followed through moves, scalings and sums, so that the network's parameters
are the model's own; nothing of it is computed before somebody asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import product
from convgraph.importers.broadcasting import common_shape
from convgraph.importers.builder import Builder
from convgraph.importers.constants.array_operators import LARGEST
from convgraph.importers.constants.folded_sizes import is_too_much
from convgraph.importers.node import Node
from convgraph.importers.values import FAULTS, Known, Recipe, roots_of

__all__ = ["computed", "entry_by_entry", "followed"]

# Entries up to which nothing waits, as a recipe costs more than so many sums, and those that are
# computed at all: no weights are larger, but shapes in a file may be.
AT_ONCE, LARGEST_KEPT = 2**12, 2**32
Array = NDArray[Any]


def computed(function: Callable[..., Any]) -> Any:
    """An operator that is computed at once, entry by entry or by moving entries."""

    def compute(builder: Builder, node: Node) -> list[Known] | None:
        given = [builder.known(node, position) for position in range(len(node.inputs))]
        if sum(known.size for known in given if known) > LARGEST:
            return None
        if any(known is not None and not known.there for known in given):
            return None
        arrays = [known.values() if known is not None else None for known in given]
        if is_too_much(node, arrays):
            return None
        with np.errstate(all="ignore"):  # what overflows is infinite, as in the model
            result = function(node, *arrays)
        if result is None:
            return None
        results = result if isinstance(result, list) else [result]
        roots = roots_of(_parameters(builder, given))
        made = []
        for name, each in zip(node.outputs, results, strict=False):
            known = Known.of(name, np.asarray(each))
            if any(source.learned for source in given if source):
                known.learned, known.roots = True, roots or (known,)
            made.append(known)
        return made

    return compute


def _parameters(builder: Builder, given: Sequence[Known | None]) -> list[Known]:
    """Which of some operands are parameters.

    A single number among them is mostly none: files do not say what is learned, and constants of a
    formula stand there as well.
    """
    learned = [known for known in given if known is not None and known.learned]
    real = [known for known in learned if known.shape]
    return learned if builder.stated or not real else real


def followed(kind: str, function: Callable[..., Any], averaged: bool = False) -> Any:
    """An operator that moves, scales or adds entries: parameters are followed through it.

    Nothing is computed of them before it is asked for.
    """
    at_once = computed(function)

    def compute(builder: Builder, node: Node) -> list[Known] | None:
        given = [builder.known(node, position) for position in range(len(node.inputs))]
        parameters = _parameters(builder, given)
        if not parameters:
            return at_once(builder, node)
        if any(not known.there for known in given if known and known not in parameters):
            return None
        shapes = _shapes(kind, node, function, given, parameters)
        if shapes is None:
            return None
        sources = tuple(
            known if known is None or known in parameters or not known.learned else _number(known)
            for known in given
        )
        there = all(known.there for known in given if known)
        made = []
        for part, (name, shape) in enumerate(zip(node.outputs, shapes, strict=False)):

            def run(*arrays: Array | None, part: int = part) -> Array:
                try:  # as nothing is computed while the model is read, its faults come up here
                    with np.errstate(all="ignore"):
                        result = function(node, *arrays)
                except FAULTS as e:
                    raise ConvgraphError(
                        f"node {node.outputs[0]!r} ({node.op}): not as the operator asks: {e}"
                    ) from e
                return np.asarray(result[part] if isinstance(result, list) else result)

            def read(run: Callable[..., Array] = run) -> Array:
                return run(*(known.values() if known else None for known in given))

            over = parameters[0].size // max(product(shape), 1) if averaged else 1
            counted = (lambda *v, run=run, over=over: run(*v) * over) if averaged else run
            recipe = Recipe(kind, counted, sources, over)
            made.append(Known(name, shape, read if there else None, True, made=recipe))
        return made

    return compute


def _number(known: Known) -> Known:
    """A tensor that is taken to be a constant of a formula."""
    return Known(known.name, known.shape, known.values if known.there else None)


def _shapes(
    kind: str,
    node: Node,
    function: Callable[..., Any],
    given: Sequence[Known | None],
    parameters: Sequence[Known],
) -> list[tuple[int, ...]] | None:
    """The shapes of an operator's results, without a look at the entries of the parameters."""
    if kind in ("scales", "adds", "each"):
        present = [known.shape for known in given if known is not None]
        shape = tuple(int(n) for n in common_shape(present))
        return [shape] if product(shape) <= LARGEST_KEPT else None
    if kind == "linear" and sum(known.size for known in given if known) > LARGEST:
        return None
    small = np.float16 if kind == "moves" else np.float32  # and no integer: padding may be infinite
    blank = [
        np.broadcast_to(small(0), known.shape)
        if known is not None and known in parameters
        else (known.values() if known else None)
        for known in given
    ]
    if is_too_much(node, blank, moved=kind == "moves"):
        return None
    with np.errstate(all="ignore"):
        result = function(node, *blank)
    if result is None:
        return None
    return [each.shape for each in (result if isinstance(result, list) else [np.asarray(result)])]


def entry_by_entry(function: Callable[..., Any], kind: str = "each") -> Any:
    """An operator whose result has the shape that its operands share: large ones wait."""
    at_once, following = computed(function), followed(kind, function)

    def compute(builder: Builder, node: Node) -> list[Known] | None:
        known = [builder.known(node, position) for position in range(len(node.inputs))]
        if all(known) and any(each.learned for each in known if each):
            return following(builder, node)
        present = [each for each in known if each is not None]
        if sum(each.size for each in present) <= AT_ONCE or len(present) < len(known):
            return at_once(builder, node)
        shape = tuple(int(n) for n in common_shape([each.shape for each in present]))
        if product(shape) > LARGEST_KEPT:
            return None
        first, *others = present

        def later(*arrays: Array) -> Array:
            with np.errstate(all="ignore"):
                return np.asarray(function(node, *arrays))

        return [first.mapped(node.outputs[0], later, *others, shape=shape)]

    return compute
