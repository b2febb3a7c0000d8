"""Exact orders of permutation groups, however large.

A group whose generators fall into sets that move different positions is a direct product. The
symmetric and the alternating group, whose chains of stabilisers would be as long as their degree,
are recognised by a theorem of Jordan: a transitive group with an element that has a cycle of prime
length p, n/2 < p < n - 2, holds all even permutations. Everything else is counted by its chain.

References
----------
Wielandt, Finite Permutation Groups (1964), theorem 13.9; Seress, Permutation Group Algorithms
(2003), section 10.2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.symmetry.groups.chain import Chain, ChainTooLong
from convgraph.symmetry.groups.orbits import orbits, pair_orbits
from convgraph.symmetry.groups.permutation_arrays import (
    Permutation,
    components,
    compose,
    cycle_lengths,
    same,
)

__all__ = [
    "Factor",
    "faithful_orbits",
    "giant_order",
    "independent",
    "orbit_factors",
    "order_of_factor",
    "order_of_group",
    "order_of_transitive",
    "restricted",
]

COMPARED = 50_000_000  # pairs of positions, over all generators, by which orbits are compared
TRIALS = 400  # random elements; one in about log(n) / log(2) shows what Jordan's theorem needs


@dataclass(frozen=True, eq=False)
class Factor:
    """A direct factor of a group: the positions that it moves, and generators on those alone."""

    points: NDArray[np.int64]
    generators: tuple[Permutation, ...]

    @property
    def degree(self) -> int:
        """The number of positions."""
        return len(self.points)


def order_of_group(generators: Sequence[Permutation], degree: int) -> int:
    """The number of elements of the group that some permutations generate."""
    try:
        return math.prod(order_of_factor(factor) for factor in independent(generators, degree))
    except ChainTooLong:
        raise ConvgraphError(
            f"generators of degree {degree}: this group is too large to be counted"
        ) from None


def order_of_factor(factor: Factor) -> int:
    """The order of a factor; raises ChainTooLong where it cannot be counted."""
    found = faithful_orbits(factor)
    if len(found) > 1:
        return Chain(factor.degree, factor.generators).order
    return order_of_transitive(found[0])


def order_of_transitive(part: Factor, bound: int | None = None) -> int:
    """The order of a transitive group; `bound` is one that it cannot exceed."""
    giant = giant_order(part.generators, part.degree)
    return giant or Chain(part.degree, part.generators, bound).order


def independent(generators: Sequence[Permutation], degree: int) -> list[Factor]:
    """The direct factors that show in the generators: no two move the same position."""
    moving = [g for g in generators if (g != np.arange(degree)).any()]
    if not moving:
        return []
    # generators are joined when they move points of the same orbit
    count, orbit = orbits(degree, moving)
    touched = [np.unique(orbit[g != np.arange(degree)]) for g in moving]
    owners = count + np.repeat(np.arange(len(moving)), [len(each) for each in touched])
    _, part = components(count + len(moving), np.concatenate(touched), owners)
    groups: dict[int, list[Permutation]] = {}
    for g, number in zip(moving, part[count:].tolist(), strict=True):
        groups.setdefault(number, []).append(g)
    part_of = part[orbit]
    return [restricted(members, np.flatnonzero(part_of == r)) for r, members in groups.items()]


def restricted(generators: Sequence[Permutation], points: NDArray[np.int64]) -> Factor:
    """Generators on some positions that they keep together, numbered anew."""
    number = np.zeros(int(points.max(initial=0)) + 1, np.int64)
    number[points] = np.arange(len(points))
    return Factor(points, tuple(number[g[points]] for g in generators))


def orbit_factors(factor: Factor) -> list[Factor]:
    """What the group does on each of its orbits, the longest first."""
    count, which = orbits(factor.degree, factor.generators)
    parts = [restricted(factor.generators, np.flatnonzero(which == i)) for i in range(count)]
    return sorted((p for p in parts if p.degree > 1), key=lambda p: -p.degree)


def faithful_orbits(factor: Factor) -> list[Factor]:
    """The orbits of a group without those that another one decides, the longest first.

    A longer orbit decides a shorter one if each of its positions has one there that goes along with
    it wherever it goes: then what keeps the longer one in place keeps the shorter one, too.
    """
    kept: list[Factor] = []
    for part in orbit_factors(factor):
        if not any(_decides(other, part) for other in kept):
            kept.append(part)
    return kept


def _decides(long: Factor, short: Factor) -> bool:
    if same(long.generators, short.generators):
        return True
    n, m = long.degree, short.degree
    if n % m or n * m * len(long.generators) > COMPARED:
        return False
    count, pair = pair_orbits(n, m, list(zip(long.generators, short.generators, strict=True)))
    # pairs that go along: an orbit with one pair for each position of the longer orbit
    sizes = np.bincount(pair, minlength=count)
    return bool((sizes == n).any())


def giant_order(generators: Sequence[Permutation], degree: int) -> int | None:
    """n! or n!/2 for a symmetric or alternating group that is transitive on n > 7 positions.

    None if it is neither, or (with a probability below 10^-9) if that was not seen.
    """
    if degree < 8 or orbits(degree, generators)[0] > 1:
        return None
    if not _holds_alternating(generators, degree):
        return None
    odd = any(_is_odd(g) for g in generators)
    return math.factorial(degree) // (1 if odd else 2)


def _is_odd(permutation: Permutation) -> bool:
    return bool((len(permutation) - len(cycle_lengths(permutation))) % 2)


def _holds_alternating(generators: Sequence[Permutation], degree: int) -> bool:
    swaps = [g for g in generators if (g != np.arange(degree)).sum() == 2]
    if swaps and orbits(degree, swaps)[0] == 1:
        return True  # exchanges that connect all positions generate all permutations
    primes = set(sp.primerange(degree // 2 + 1, degree - 2))
    if not primes:
        return False
    rng = np.random.default_rng(degree)
    pool = [*generators, *generators, np.arange(degree)]
    while len(pool) < 10:
        pool.append(pool[len(pool) % len(generators)])
    at = np.arange(degree)
    for _ in range(TRIALS):  # product replacement, with an accumulator
        i, j = rng.choice(len(pool), 2, replace=False)
        pool[i] = compose(pool[i], pool[j]) if rng.random() < 0.5 else compose(pool[j], pool[i])
        at = compose(at, pool[i])
        if not primes.isdisjoint(cycle_lengths(at).tolist()):
            return True
    return False
