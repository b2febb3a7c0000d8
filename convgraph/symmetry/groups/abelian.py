"""Commutative and dihedral groups, recognised from their generators and their order.

A commutative group with k generators is Z^k modulo the lattice of their relations; Smith's normal
form of a basis of that lattice has its cyclic factors on the diagonal.

References
----------
Cohen, A Course in Computational Algebraic Number Theory (1993), section 2.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import sympy as sp

from convgraph.symmetry.groups.orbits import orbits
from convgraph.symmetry.groups.permutation_arrays import Permutation, compose, inverse, order_of

__all__ = ["abelian_factors", "dihedral_factor"]

MOST_GENERATORS = 60  # each is multiplied with each, and reflections in pairs
LARGEST = 200_000  # elements that are walked through one by one, a second; beyond, none is named


def abelian_factors(generators: Sequence[Permutation], order: int) -> tuple[str, ...] | None:
    """The cyclic factors of a commutative group of this order, each dividing the next, or None.

    >>> abelian_factors([np.array([1, 0, 2, 3, 4]), np.array([0, 1, 3, 4, 2])], 6)
    ('Z_6',)
    """
    if len(generators) > MOST_GENERATORS or not all(_central(g, generators) for g in generators):
        return None
    relations = _relations(generators, order)
    if relations is None:
        return None
    from sympy.matrices.normalforms import smith_normal_form

    diagonal = smith_normal_form(sp.Matrix(relations), domain=sp.ZZ).diagonal()
    return tuple(f"Z_{n}" for n in sorted(abs(int(d)) for d in diagonal) if n > 1)


def dihedral_factor(generators: Sequence[Permutation], order: int) -> tuple[str, ...] | None:
    """The name of a dihedral group of this order, or None if it is none.

    In a dihedral group of six or more elements the reflections are the involutions that do not
    commute with everything. The products of two generators that are reflections, and the other
    generators, generate the rotations: those form a cyclic group, and a reflection inverts them.
    """
    if order < 6 or order % 2 or len(generators) > MOST_GENERATORS:
        return None
    reflections = [g for g in generators if _is_involution(g) and not _central(g, generators)]
    if not reflections:
        return None
    first = reflections[0]
    rotations = [compose(first, g) for g in reflections[1:]]
    rotations += [g for g in generators if not any(g is r for r in reflections)]
    if not all((compose(compose(first, r), first) == inverse(r)).all() for r in rotations):
        return None
    turning = abelian_factors(rotations, order // 2)
    if turning != (f"Z_{order // 2}",):
        return None
    return ("S_3",) if order == 6 else (f"D_{order // 2}",)


def _central(g: Permutation, generators: Sequence[Permutation]) -> bool:
    return all(np.array_equal(g[h], h[g]) for h in generators)


def _is_involution(g: Permutation) -> bool:
    return bool((g[g] == np.arange(len(g))).all())


def _relations(generators: Sequence[Permutation], order: int) -> list[list[int]] | None:
    """A basis of the relations between commuting generators; None where there are too many.

    An element of a commutative group is known by where it takes one point of each orbit. Walking
    from element to element, each step that leads to one that is known already gives a relation.
    """
    if order > LARGEST or not generators:
        return None
    count, which = orbits(len(generators[0]), generators)
    sizes = np.bincount(which, minlength=count)
    first = np.unique(which, return_index=True)[1]
    longest = int(np.argmax(sizes))
    base = first[longest : longest + 1] if sizes[longest] == order else first
    k = len(generators)
    basis = [[order_of(g) if i == j else 0 for j in range(k)] for i, g in enumerate(generators)]
    known: dict[bytes, tuple[int, ...]] = {base.tobytes(): (0,) * k}
    queue = [base]
    seen: set[tuple[int, ...]] = set()
    for points in queue:
        exponents = known[points.tobytes()]
        for i, g in enumerate(generators):
            image = g[points]
            step = tuple(e + (i == j) for j, e in enumerate(exponents))
            other = known.setdefault(image.tobytes(), step)
            if other is step:
                queue.append(image)
                continue
            seen.add(tuple(a - b for a, b in zip(step, other, strict=True)))
    if len(known) != order:
        return None
    for relation in sorted(seen):
        _insert(basis, list(relation))
    return basis


def _insert(basis: list[list[int]], row: list[int]) -> None:
    """Add a row to an upper triangular lattice basis of full rank."""
    for i in range(len(basis)):
        own = basis[i]
        while row[i]:  # Euclid's algorithm on the two rows
            times = own[i] // row[i]
            own, row = row, [a - times * b for a, b in zip(own, row, strict=True)]
        basis[i] = own
