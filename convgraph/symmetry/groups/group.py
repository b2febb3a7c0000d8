"""Permutation groups given by generators, and the named ones among them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from convgraph.core import memory
from convgraph.core.calls import Checked
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.sizes import as_size, is_symbolic
from convgraph.symmetry.groups.orbits import orbits
from convgraph.symmetry.groups.permutation_arrays import Permutation, as_permutation, as_sympy

__all__ = ["Group"]

DEGREE_RULE = "a group permutes a positive number of units"


class Group(metaclass=Checked):
    """A group of permutations of the units of a shape; only generators are held, never elements.

    Parameters
    ----------
    generators
        Permutations: zero-based lists (`p[i]` is where unit i goes), sympy Permutations, cycles as
        text, counted from one as units are ("(1 2 3)"), transformations that lose nothing
        (`Flip()`, `Shift(1, boundary="wrap")`), or a sympy PermutationGroup.
    shape
        The shape of the units that are permuted; a whole number for one axis.
    name
        What the group is called.

    Raises
    ------
    ConvgraphError
        If a generator is no bijection, or the generators differ in degree.

    Examples
    --------
    >>> Group([[1, 2, 3, 0], [3, 2, 1, 0]]).order
    8
    >>> Group.dihedral(4), Group.cyclic(4) * Group.cyclic(6)
    (Group(D_4 on 4 units: order 8), Group(Z_4 × Z_6 on 4x6 units: order 24))
    """

    def __init__(
        self,
        generators: Any,
        shape: int | Sequence[int] | None = None,
        name: str | None = None,
        *,
        _order: int | None = None,
    ) -> None:
        given = generators.generators if hasattr(generators, "generators") else generators
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise ConvgraphError(f"generators={given!r}: a sequence of permutations")
        listed = list(given)
        sizes = None if shape is None else _as_shape(shape)
        degree = None if sizes is None else math.prod(sizes)
        if degree is None and any(isinstance(g, str) for g in listed):
            degree = max((len(as_permutation("generators", g)) for g in listed), default=1)
        read: list[Permutation] = []
        for number, value in enumerate(listed):
            if hasattr(value, "sources"):  # one of our transformations
                value = _as_list(number, value, sizes or ((degree,) if degree else None))
            read.append(as_permutation(f"generators[{number}]", value, degree))
            degree = len(read[0])
        if degree is None:
            raise ConvgraphError("generators=[]: without generators, a group needs a shape")
        self.generators: tuple[Permutation, ...] = tuple(read)
        self.shape: tuple[int, ...] = sizes or (degree,)
        self.name = name
        self._order = _order
        for generator in self.generators:
            generator.flags.writeable = False

    @property
    def degree(self) -> int:
        """The number of units that are permuted."""
        return math.prod(self.shape)

    @cached_property
    def order(self) -> int:
        """The number of elements, exactly.

        Raises
        ------
        ConvgraphError
            If the group is too large to be counted and none of those that are known.
        """
        if self._order is not None:
            return self._order
        from convgraph.symmetry.groups.orders import order_of_group

        return order_of_group(self.generators, self.degree)

    @cached_property
    def structure(self) -> str | None:
        """The group's name in terms of cyclic, dihedral, symmetric groups, where recognised."""
        from convgraph.symmetry.groups.group_names import structure_of

        return structure_of(self.generators, self.order, self.shape)

    def orbits(self) -> list[list[int]]:
        """The orbits on the units, zero-based."""
        count, which = orbits(self.degree, self.generators)
        return [np.flatnonzero(which == i).tolist() for i in range(count)]

    def permutation_group(self) -> Any:
        """The same group in sympy."""
        return as_sympy(self.generators, self.degree)

    def __mul__(self, other: Group) -> Group:
        """The direct product on a grid: this group moves its first axes, the other its last."""
        if not isinstance(other, Group):
            return NotImplemented
        grid = np.arange(self.degree * other.degree).reshape(self.degree, other.degree)
        generators = [grid[g].ravel() for g in self.generators]
        generators += [grid[:, g].ravel() for g in other.generators]
        name = f"{self.name} × {other.name}" if self.name and other.name else None
        order = None
        if self._order is not None and other._order is not None:
            order = self._order * other._order
        return Group(generators, self.shape + other.shape, name, _order=order)

    def __repr__(self) -> str:
        units = "x".join(map(str, self.shape))
        unnamed = f"{len(self.generators)} generators"
        try:
            order = self.order
        except ConvgraphError:  # too large to be counted
            return f"Group({self.name or unnamed} on {units} units)"
        return f"Group({self.name or self.structure or unnamed} on {units} units: order {order:,})"

    # -- named groups --------------------------------------------------------------------------

    @classmethod
    def trivial(cls, degree: int) -> Group:
        """Nothing but the identity."""
        return cls([], _degree(degree), "1", _order=1)

    @classmethod
    def cyclic(cls, degree: int) -> Group:
        """The shifts of a circle, Z_n."""
        n = _degree(degree)
        return cls([_shift(n)], n, f"Z_{n}", _order=n)

    @classmethod
    def dihedral(cls, degree: int) -> Group:
        """The shifts and reflections of a circle, D_n (2n elements)."""
        n = _degree(degree)
        return cls([_shift(n), -np.arange(n) % n], n, f"D_{n}", _order=2 * n if n > 2 else n)

    @classmethod
    def symmetric(cls, degree: int) -> Group:
        """All permutations, S_n."""
        n = _degree(degree)
        exchange = np.arange(n)
        exchange[:2] = exchange[:2][::-1]
        return cls([_shift(n), exchange], n, f"S_{n}", _order=math.factorial(n))

    @classmethod
    def alternating(cls, degree: int) -> Group:
        """All even permutations, A_n."""
        n = _degree(degree)
        cycle, long = np.arange(n), np.arange(n)
        if n > 2:
            cycle[:3] = [1, 2, 0]
            odd = 1 - n % 2  # the cycle of all, or of all but the first: of odd length
            long[odd:] = np.roll(long[odd:], -1)
        return cls([cycle, long], n, f"A_{n}", _order=max(math.factorial(n) // 2, 1))

    @classmethod
    def p4(cls, size: int) -> Group:
        """The shifts and quarter turns of a square image whose opposite sides are joined."""
        return cls._wallpaper(_degree(size), flips=False)

    @classmethod
    def p4m(cls, size: int) -> Group:
        """The shifts, quarter turns and flips of a square image whose opposite sides are joined."""
        return cls._wallpaper(_degree(size), flips=True)

    @classmethod
    def _wallpaper(cls, n: int, flips: bool) -> Group:
        grid = np.arange(n * n).reshape(n, n)
        moved = [np.roll(grid, -1, 0), np.rot90(grid), *([grid[::-1]] if flips else [])]
        # conjugates of a shift down by quarter turns are the shifts across
        order = (8 if flips else 4) * n * n if n > 2 else None
        return cls([g.ravel() for g in moved], (n, n), "p4m" if flips else "p4", _order=order)


def _as_list(number: int, transformation: Any, shape: tuple[int, ...] | None) -> Permutation:
    """The permutation that a transformation is on units of a shape."""
    argument = f"generators[{number}]={transformation!r}"
    if shape is None:
        raise ConvgraphError(f"{argument}: a transformation fits any shape; give one as shape=")
    sources = transformation.sources(Row("x", shape))
    if len(np.unique(sources)) < len(sources) or sources.min() < 0:
        raise ConvgraphError(
            f'{argument}: no bijection of {len(sources)} units; a shift is one with boundary="wrap"'
        )
    return np.argsort(sources)


def _shift(n: int) -> Permutation:
    return (np.arange(n) + 1) % n


def _degree(value: Any, argument: str = "degree") -> int:
    size = as_size(argument, value, DEGREE_RULE)
    if is_symbolic(size):
        raise ConvgraphError(f"{argument}={value}: {DEGREE_RULE}, not a symbol")
    memory.require(argument, int(size), 40)  # a generator, and what checks that it is a bijection
    return int(size)


def _as_shape(shape: Any) -> tuple[int, ...]:
    sizes = shape if isinstance(shape, tuple | list) else (shape,)
    return tuple(_degree(size, "shape") for size in sizes)
