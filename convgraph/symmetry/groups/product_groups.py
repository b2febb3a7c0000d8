"""Direct, wreath and semidirect products, recognised from blocks and proved by orders."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np

from convgraph.symmetry.groups.blocks import (
    System,
    block_systems,
    grid_systems,
    on_blocks,
    within_block,
)
from convgraph.symmetry.groups.orders import order_of_group
from convgraph.symmetry.groups.permutation_arrays import Permutation, compose, inverse

__all__ = ["Names", "grid_product", "product_name", "text"]

Names: TypeAlias = "tuple[str, ...] | None"
"""The names of direct factors, or None where the group is not recognised."""
Namer: TypeAlias = Callable[[Sequence[Permutation], int], Names]


def text(names: Sequence[str]) -> str:
    """The direct product as text, equal factors as powers.

    >>> text(["Z_2", "S_3", "Z_2"]), text(["Z_2 ≀ S_3"]), text(["Z_2 ≀ S_3", "Z_2"]), text([])
    ('Z_2^2 × S_3', 'Z_2 ≀ S_3', '(Z_2 ≀ S_3) × Z_2', '1')
    """
    if len(names) == 1:
        return names[0]
    counted: dict[str, int] = {}
    for name in names:
        counted[name] = counted.get(name, 0) + 1
    return " × ".join(_bracketed(n) + (f"^{k}" if k > 1 else "") for n, k in counted.items()) or "1"


def _bracketed(name: str) -> str:
    return f"({name})" if " " in name else name


def grid_product(
    generators: Sequence[Permutation], order: int, shape: Sequence[int], name: Namer
) -> Names:
    """The direct product of what a group does along the axes of a grid, where it is that."""
    axes = [a for a, n in enumerate(shape) if n > 1]
    index = np.unravel_index(np.arange(math.prod(shape)), shape)
    found: list[list[Permutation]] = []
    for a in axes:
        along = on_blocks(index[a], generators)
        if along is None:
            return None
        found.append(along)
    orders = [order_of_group(g, shape[a]) for g, a in zip(found, axes, strict=True)]
    return _all_named(found, orders, name) if math.prod(orders) == order else None


def _all_named(parts: Sequence[Sequence[Permutation]], orders: Sequence[int], name: Namer) -> Names:
    named: list[str] = []
    for part, order in zip(parts, orders, strict=True):
        names = name(part, order)
        if names is None:
            return None
        named += names
    return tuple(named)


def product_name(
    generators: Sequence[Permutation], order: int, shape: tuple[int, ...] | None, name: Namer
) -> Names:
    """The name of a transitive group as a product, or None.

    A group that keeps two systems of blocks, of which any two blocks have one position in common,
    lies in the direct product of what it does to both; one that keeps one system lies in a wreath
    product. It is all of that where the orders agree.
    """
    degree = len(generators[0])
    systems = block_systems(generators, degree, grid_systems(shape) if shape else None)
    moved = [on_blocks(system, generators) or [] for system in systems]
    for i, a in enumerate(systems):
        for j in range(i + 1, len(systems)):
            if not _cross(a, systems[j]):
                continue
            orders = [order_of_group(m, len(m[0])) for m in (moved[i], moved[j])]
            if math.prod(orders) == order:
                found = _all_named([moved[i], moved[j]], orders, name)
                if found is not None:
                    return found
    # large blocks first: of D_4 ≀ S_3 = Z_2 ≀ (Z_2 ≀ S_3) the former
    for system, above in zip(reversed(systems), reversed(moved), strict=True):
        found = _wreath(system, above, generators, order, name)
        if found is not None:
            return found
    return _semidirect(generators, order, shape or (degree,), name)


def _cross(a: System, b: System) -> bool:
    """Whether any block of one system has exactly one position in common with any of the other."""
    columns = int(b.max()) + 1
    cells = (int(a.max()) + 1) * columns
    return cells == len(a) == len(np.unique(a * columns + b))


def _wreath(
    system: System,
    above: Sequence[Permutation],
    generators: Sequence[Permutation],
    order: int,
    name: Namer,
) -> Names:
    count = int(system.max()) + 1
    inside = within_block(system, generators)
    outer, inner = order_of_group(above, count), order_of_group(inside, len(inside[0]))
    if inner == 1 or outer * inner**count != order:
        return None
    names = name(inside, inner), name(above, outer)
    if names[0] is None or names[1] is None:
        return None
    return (f"{_bracketed(text(names[0]))} ≀ {_bracketed(text(names[1]))}",)


def _semidirect(
    generators: Sequence[Permutation], order: int, shape: tuple[int, ...], name: Namer
) -> Names:
    """The shifts of a grid with what fixes one position, where the group keeps and holds shifts.

    With the shifts T, a group G that keeps them makes up a group T G. Each g is a shift times an
    element h that fixes position 0; these h generate what fixes position 0 in T G. The shifts are
    in G if T G is no larger than G.
    """
    degree = len(generators[0])
    grid = np.arange(degree).reshape(shape)
    axes = [a for a, n in enumerate(shape) if n > 1]

    def shift_to(position: int) -> Permutation:
        to = np.unravel_index(position, shape)
        return np.roll(grid, [-int(t) for t in to], range(len(shape))).ravel()

    fixing = []
    for g in generators:
        for a in axes:
            conjugate = g[np.roll(grid, 1, a).ravel()[inverse(g)]]
            # among shifts, it can only be the one that takes position 0 where it does
            if (conjugate != shift_to(int(conjugate[0]))).any():
                return None
        fixing.append(compose(g, inverse(shift_to(int(g[0])))))
    rest, beyond = divmod(order, degree)
    if beyond or order_of_group(fixing, degree) != rest:
        return None
    names = name(fixing, rest)
    if names is None:
        return None
    turns = text([f"Z_{shape[a]}" for a in axes])
    return (f"{_bracketed(turns)} ⋊ {_bracketed(text(names))}",)
