"""Names for groups: cyclic, dihedral, symmetric and alternating groups, and products of these.

A name is given where it is proved. Z_n is cyclic with n elements, D_n dihedral with 2n, S_n and
A_n are all and all even permutations of n things; × is the direct, ≀ the wreath and ⋊ a semidirect
product, and 1 the group of one element.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.symmetry.groups.abelian import abelian_factors, dihedral_factor
from convgraph.symmetry.groups.chain import ChainTooLong
from convgraph.symmetry.groups.orders import (
    Factor,
    faithful_orbits,
    independent,
    orbit_factors,
    order_of_factor,
    order_of_transitive,
)
from convgraph.symmetry.groups.permutation_arrays import Permutation, same
from convgraph.symmetry.groups.product_groups import Names, grid_product, product_name, text

__all__ = ["structure_of"]

Shape = tuple[int, ...]


def structure_of(generators: Sequence[Permutation], order: int, *shapes: Shape) -> str | None:
    """The name of the group of this order that permutations generate, or None.

    `shapes` are those of the rows whose units, one row after the other, are permuted.

    >>> structure_of([np.array([1, 2, 3, 0]), np.array([0, 3, 2, 1])], 8)
    'D_4'
    """
    try:
        names = _name(generators, order, shapes)
    except (ChainTooLong, ConvgraphError):  # too large to be looked into
        return None
    return None if names is None else text(names)


def _name(generators: Sequence[Permutation], order: int, shapes: Sequence[Shape] = ()) -> Names:
    if order == 1:
        return ()
    factors = independent(generators, len(generators[0]))
    rows = _rows(shapes)
    if len(factors) == 1:
        return _factor_name(factors[0], order, rows)
    orders = [order_of_factor(factor) for factor in factors]
    named: list[tuple[int, tuple[str, ...]]] = []
    for factor, each in zip(factors, orders, strict=True):
        names = _factor_name(factor, each, rows)
        if names is None:
            return None
        named.append((each, names))
    named.sort(key=lambda pair: (-pair[0], pair[1]))
    return tuple(name for _, names in named for name in names)


def _rows(shapes: Sequence[Shape]) -> dict[tuple[int, int], Shape]:
    """Shapes by (first position, number of positions)."""
    starts = np.cumsum([0, *map(math.prod, shapes)]).tolist()
    return {(at, math.prod(shape)): shape for at, shape in zip(starts, shapes, strict=False)}


def _factor_name(factor: Factor, order: int, rows: dict[tuple[int, int], Shape]) -> Names:
    """The name of a group whose generators are entangled."""
    faithful = [(part, rows.get(_extent(factor, part))) for part in _faithful(factor, order)]
    for part, shape in faithful:
        if shape is not None and sum(n > 1 for n in shape) > 1:
            found = grid_product(part.generators, order, shape, _name)
            if found is not None:
                return found
    commuting = abelian_factors(factor.generators, order)
    if commuting is None:
        commuting = dihedral_factor(factor.generators, order)
    if commuting is not None:
        return commuting
    for part, shape in faithful:
        full = math.factorial(part.degree)
        if order in (full, full // 2):
            return (f"{'S' if order == full else 'A'}_{part.degree}",)
        found = product_name(part.generators, order, shape, _name)
        if found is not None:
            return found
    return None


def _faithful(factor: Factor, order: int) -> list[Factor]:
    """What a group does on those of its orbits that tell all elements apart, the shortest first."""
    deciding = faithful_orbits(factor)
    if len(deciding) == 1 and len(orbit_factors(factor)) == 1:
        return deciding
    found: list[Factor] = []
    for part in reversed(orbit_factors(factor)):
        if any(same(part.generators, other.generators) for other in found):
            continue
        sole = len(deciding) == 1 and same(part.generators, deciding[0].generators)
        if sole or _tells_apart(part, order):
            found.append(part)
    return found


def _tells_apart(part: Factor, order: int) -> bool:
    try:
        return math.factorial(part.degree) >= order and order_of_transitive(part, order) == order
    except ChainTooLong:
        return False


def _extent(factor: Factor, part: Factor) -> tuple[int, int]:
    """The first position of an orbit and its length, where it is one stretch of positions."""
    points = factor.points[part.points]
    stretch = int(points[-1]) - int(points[0]) + 1
    return int(points[0]), stretch if stretch == len(points) else -1
