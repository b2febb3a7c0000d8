"""Permutations as arrays: p[i] is where position i goes, counted from zero."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError

__all__ = [
    "Permutation",
    "as_permutation",
    "as_sympy",
    "components",
    "compose",
    "cycle_lengths",
    "cycles",
    "inverse",
    "order_of",
    "same",
]

Permutation = NDArray[np.int64]

RULE = (
    "a permutation lists where each position goes, counted from 0, as in [1, 2, 0]; "
    'or has cycles counted from 1, as in "(1 2 3)"'
)


def as_permutation(argument: str, value: Any, degree: int | None = None) -> Permutation:
    """Check a permutation: a list (zero-based), a sympy Permutation, or cycles as text (one-based).

    >>> as_permutation("p", [1, 2, 0]).tolist(), as_permutation("p", "(1 3)", 4).tolist()
    ([1, 2, 0], [2, 1, 0, 3])
    """
    if isinstance(value, str):
        return _from_cycles(argument, value, degree)
    listed = value.array_form if hasattr(value, "array_form") else value
    try:
        array = np.asarray(listed)
    except ValueError:
        raise ConvgraphError(f"{argument}={_short(value)}: {RULE}") from None
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ConvgraphError(f"{argument}={_short(value)}: {RULE}")
    if hasattr(value, "array_form") and degree is not None and len(array) < degree:
        array = np.append(array, np.arange(len(array), degree))  # sympy leaves out what is fixed
    array = array.astype(np.int64)
    n = len(array)
    if degree is not None and n != degree:
        raise ConvgraphError(
            f"{argument}={_short(value)}: it permutes {n} positions, and here are {degree}"
        )
    inside = n > 0 and array.min() >= 0 and array.max() < n
    if not inside or np.bincount(array, minlength=n).max() > 1:
        raise ConvgraphError(
            f"{argument}={_short(value)}: no bijection; each of 0 ... {n - 1} is listed once"
        )
    return array


def _from_cycles(argument: str, text: str, degree: int | None) -> Permutation:
    parts = re.findall(r"\(([^()]*)\)", text)
    words = [part.replace(",", " ").split() for part in parts]
    if re.sub(r"\([^()]*\)|\s", "", text) or not all(w.isdigit() for c in words for w in c):
        raise ConvgraphError(f"{argument}={text!r}: {RULE}")
    moved = [int(w) for c in words for w in c]
    n = max([*moved, 1]) if degree is None else degree
    if len(set(moved)) < len(moved) or any(not 1 <= i <= n for i in moved):
        raise ConvgraphError(f"{argument}={text!r}: cycles hold each of 1 ... {n} once at most")
    result = np.arange(n)
    for cycle in words:
        positions = np.array([int(w) - 1 for w in cycle], np.int64)
        result[positions] = np.roll(positions, -1)
    return result


def _short(value: Any) -> str:
    text = repr(value.tolist() if isinstance(value, np.ndarray) else value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def compose(first: Permutation, then: Permutation) -> Permutation:
    """The permutation that applies `first`, and `then` to what it gives."""
    return then[first]


def inverse(permutation: Permutation) -> Permutation:
    """The permutation that takes everything back."""
    result = np.empty_like(permutation)
    result[permutation] = np.arange(len(permutation))
    return result


def cycles(permutation: Permutation) -> list[list[int]]:
    """The cycles of two or more positions, each from its smallest position.

    >>> cycles(np.array([1, 0, 2, 4, 3]))
    [[0, 1], [3, 4]]
    """
    image = permutation.tolist()
    done = np.zeros(len(image), bool)
    found = []
    for start in np.flatnonzero(permutation != np.arange(len(image))).tolist():
        if done[start]:
            continue
        cycle = [start]
        while (at := image[cycle[-1]]) != start:
            cycle.append(at)
        done[cycle] = True
        found.append(cycle)
    return found


def components(nodes: int, a: NDArray[Any], b: NDArray[Any]) -> tuple[int, NDArray[np.int32]]:
    """How many parts the graph with edges from a to b falls into, and the part of each node."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(a), np.int8), (a, b)), (nodes, nodes))
    count, which = connected_components(graph.tocsr(), directed=False)
    return int(count), which


def cycle_lengths(permutation: Permutation) -> NDArray[np.int64]:
    """The length of every cycle, fixed positions included."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    n = len(permutation)
    edges = (np.ones(n, np.int8), permutation, np.arange(n + 1))
    return np.bincount(connected_components(csr_array(edges, (n, n)))[1])


def order_of(permutation: Permutation) -> int:
    """After how many applications everything is back: the least common multiple of the cycles."""
    return int(np.lcm.reduce(np.unique(cycle_lengths(permutation)).astype(object)))


def same(a: Sequence[Permutation], b: Sequence[Permutation]) -> bool:
    """Whether two lists hold the same permutations in the same order."""
    return len(a) == len(b) and all(np.array_equal(p, q) for p, q in zip(a, b, strict=True))


def as_sympy(generators: Sequence[Permutation], degree: int) -> Any:
    """The group that some permutations of so many positions generate, in sympy."""
    from sympy.combinatorics import Permutation as SympyPermutation
    from sympy.combinatorics import PermutationGroup

    identity = np.arange(degree)
    return PermutationGroup([SympyPermutation(g.tolist()) for g in generators or [identity]])
