"""Exact counts over the units of a row: sums of products of one vector per axis, where it can be.

Counting paths through windows multiplies what happens along each axis, so that the counts of a
whole image are an outer product of a few hundred numbers. Numbers are Python ints of any size, in
arrays of objects. Where the axes mix (behind a Flatten, through a listed wiring, over many
branches) the counts are one array over all units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import gcd, prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.axis import Axis
from convgraph.core.boxes import groups
from convgraph.core.wiring import Listed, Wiring

__all__ = ["CountArray", "Ints"]

Ints: TypeAlias = NDArray[Any]
Term: TypeAlias = tuple[Ints, ...]

# Outer products that a sum is kept as. Each new one is compared with all of them, which beyond
# takes longer than one array over all units; that takes over.
MOST_TERMS = 64


@dataclass(frozen=True, eq=False)
class CountArray:
    """A whole number for every unit of a row: a sum of outer products, or an array."""

    shape: tuple[int, ...]
    terms: tuple[Term, ...] = ()
    whole: Ints | None = None

    @staticmethod
    def single(shape: tuple[int, ...], index: Sequence[int]) -> CountArray:
        """One for the unit at an index, and zero for all others."""
        memory.require("positions", sum(shape), 8)
        vectors = []
        for size, i in zip(shape, index, strict=True):
            vector = np.zeros(size, object)
            vector[i] = 1
            vectors.append(vector)
        return CountArray(shape, (tuple(vectors),))

    def array(self) -> Ints:
        """All counts as an array of Python ints of the row's shape."""
        if self.whole is not None:
            return self.whole
        units = int(np.prod(self.shape, dtype=np.int64))
        memory.require("units", units, 48)
        total: Any = np.zeros(self.shape, object)
        for term in self.terms:
            total = total + reduce(np.multiply.outer, term).reshape(self.shape)
        return total

    def at(self, index: tuple[int, ...]) -> int:
        """The count of one unit."""
        if self.whole is not None:
            return int(self.whole[index])
        return sum(
            reduce(int.__mul__, [int(v[i]) for v, i in zip(term, index, strict=True)], 1)
            for term in self.terms
        )

    def marginal(self, axis: int) -> Ints:
        """The counts along an axis, summed over all others."""
        if self.whole is not None:
            others = tuple(a for a in range(len(self.shape)) if a != axis)
            return np.asarray(self.whole.sum(axis=others), object)
        total = np.zeros(self.shape[axis], object)
        for term in self.terms:
            total = total + term[axis] * _product(_sums(term[:axis] + term[axis + 1 :]))
        return total

    def total(self) -> int:
        """The sum of all counts."""
        if self.whole is not None:
            return int(self.whole.sum())
        return sum(_product(_sums(term)) for term in self.terms)

    def __add__(self, other: CountArray) -> CountArray:
        terms = self.terms
        if self.whole is None and other.whole is None:
            for term in other.terms:
                terms = _with(terms, term)
            if len(terms) <= MOST_TERMS:
                return CountArray(self.shape, terms)
        return CountArray(self.shape, whole=self.array() + other.array())

    def back(self, wiring: Wiring, shape: tuple[int, ...]) -> CountArray:
        """How often the units of a row of this shape are read, counting each reader as often."""
        if isinstance(wiring, Listed):
            found = np.zeros(wiring.inputs, object)
            np.add.at(found, wiring.source, self.array().ravel()[wiring.target()])
            return CountArray(shape, whole=found.reshape(shape))
        inside = _sizes(wiring.in_view)
        terms: tuple[Term, ...] = ()
        for term in self.terms if self.whole is None else ():
            moved = _regrouped(term, self.shape, _sizes(wiring.out_view))
            if moved is None:
                break
            vectors = list(moved)
            done: dict[tuple[Axis, int], Ints] = {}  # rows of an image mostly are as its columns
            for axis, position, vector in zip(wiring.axes, wiring.order, moved, strict=True):
                key = axis, id(vector)
                if key not in done:
                    done[key] = _along(axis, vector)
                vectors[position] = done[key]
            back = _regrouped(tuple(vectors), inside, shape)
            if back is None:
                break
            terms = _with(terms, back)
        else:
            if self.whole is None:
                return CountArray(shape, terms)
        array = self.array().reshape(_sizes(wiring.out_view))
        for a, axis in enumerate(wiring.axes):
            array = np.moveaxis(_along(axis, np.moveaxis(array, a, 0)), 0, a)
        array = array.transpose(np.argsort(wiring.order))
        return CountArray(shape, whole=np.ascontiguousarray(array).reshape(shape))


def _along(axis: Axis, counts: Ints) -> Ints:
    """Counts of the outputs of an axis (the first of the array's) as counts of its inputs."""
    memory.require("positions", int(axis.inputs) * prod(counts.shape[1:]), 16)
    if axis.full:
        return np.repeat(counts.sum(axis=0, keepdims=True), int(axis.inputs), axis=0)
    table = axis.table()
    found = np.zeros((int(axis.inputs), *counts.shape[1:]), object)
    used = np.flatnonzero(counts.reshape(len(counts), -1).any(axis=1))
    for read in table[used].T:
        there = read >= 0
        np.add.at(found, read[there], counts[used[there]])
    return found


def _sizes(view: Sequence[Any]) -> tuple[int, ...]:
    return tuple(int(size) for size in view)


def _sums(vectors: Sequence[Ints]) -> list[int]:
    return [int(vector.sum()) for vector in vectors]


def _product(numbers: Sequence[int]) -> int:
    return reduce(int.__mul__, numbers, 1)


def _with(terms: tuple[Term, ...], new: Term) -> tuple[Term, ...]:
    """The sum with one more term, joined to one that differs from it on a single axis."""
    new = _reduced(new)
    if not all(vector.any() for vector in new):
        return terms
    for number, term in enumerate(terms):
        differing = [a for a, (v, w) in enumerate(zip(term, new, strict=True)) if not _same(v, w)]
        if len(differing) <= 1:
            a = differing[0] if differing else 0
            joined = (*new[:a], term[a] + new[a], *new[a + 1 :])
            return _with((*terms[:number], *terms[number + 1 :]), joined)
    return (*terms, new)


def _same(a: Ints, b: Ints) -> bool:
    return a is b or bool(np.array_equal(a, b))


def _reduced(term: Term) -> Term:
    """The same product with the common factors of all axes but the first moved to the first."""
    factor, vectors = 1, list(term)
    for a, vector in enumerate(term[1:], start=1):
        common = gcd(*vector.tolist())
        if common > 1:
            vectors[a] = vector // common
            factor *= common
    if factor > 1:
        vectors[0] = vectors[0] * factor
    return tuple(vectors)


def _regrouped(term: Term, old: tuple[int, ...], new: tuple[int, ...]) -> Term | None:
    """The same counts when axes of the sizes `old` are split and merged into the sizes `new`.

    None where a vector that has to be split is no product.
    """
    if old == new:
        return term
    result: list[Ints] = []
    factor = 1
    for mine, theirs in groups(old, new):
        if old[mine] == new[theirs]:
            result += term[mine]
            continue
        flat = np.asarray(reduce(np.multiply.outer, term[mine], np.array(1, object))).ravel()
        if not new[theirs]:  # an axis of size 1 that the new ones do not have
            factor *= int(flat[0])
            continue
        split = _split(flat, new[theirs])
        if split is None:
            return None
        result += split
    return (result[0] * factor, *result[1:]) if factor != 1 else tuple(result)


def _split(flat: Ints, sizes: tuple[int, ...]) -> list[Ints] | None:
    """A vector as a product of vectors of these sizes, or None."""
    if len(sizes) == 1:
        return [flat]
    table = flat.reshape(sizes[0], -1)
    filled = np.flatnonzero(table.any(axis=1))
    if not len(filled):
        return [np.zeros(size, object) for size in sizes]
    first = table[filled[0]]
    base = first // gcd(*first.tolist())
    pivot = int(np.flatnonzero(base)[0])
    scale = table[:, pivot] // base[pivot]
    if not np.array_equal(np.multiply.outer(scale, base), table):
        return None
    rest = _split(base, sizes[1:])
    return None if rest is None else [scale, *rest]
