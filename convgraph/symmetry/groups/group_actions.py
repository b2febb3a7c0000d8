"""How a group acts on the inputs and on the outputs of a layer: itself, tensor powers, direct sums.

The tensor power k of a set is the set of its k-tuples: power 0 is one unit that nothing moves,
power 1 the set itself, power 2 its pairs (the entries of a matrix, the edges of a graph). A direct
sum lists several powers one after the other; several times the same power is so many channels.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from convgraph.core import memory
from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import as_size, is_symbolic
from convgraph.symmetry.groups.group import Group
from convgraph.symmetry.groups.permutation_arrays import Permutation, as_permutation

__all__ = ["Action", "Powers", "read_actions"]

Powers: TypeAlias = "int | Sequence[int] | None"

MOST_AXES = 64  # of an array of numpy
POWER_RULE = "a tensor power is 0, 1, 2, ..., or a tuple of them for a direct sum"


@dataclass(frozen=True, eq=False)
class Action:
    """One permutation per generator, of the units of a row of this shape."""

    permutations: tuple[Permutation, ...]
    shape: tuple[int, ...]
    channels: bool = False

    @property
    def degree(self) -> int:
        """The number of units."""
        return math.prod(self.shape)

    def to(self, argument: str, powers: Powers) -> Action:
        """The same group on a tensor power, or on a direct sum of several."""
        if powers is None:
            return self
        several = isinstance(powers, Iterable) and not isinstance(powers, str)
        each = [_power(argument, powers, k) for k in powers] if several else None  # type: ignore[union-attr]
        if each is None:
            k = _power(argument, powers, powers)
            self._fits(argument, (k,))
            return Action(
                tuple(_on_tuples(p, k) for p in self.permutations), self.shape * k or (1,)
            )
        if not each:
            raise ConvgraphError(f"{argument}={powers!r}: {POWER_RULE}")
        self._fits(argument, each)
        moved = tuple(_side_by_side([_on_tuples(p, k) for k in each]) for p in self.permutations)
        if len(set(each)) == 1:
            return Action(moved, (len(each), *(self.shape * each[0])), True)
        return Action(moved, (sum(self.degree**k for k in each),))

    def _fits(self, argument: str, powers: Sequence[int]) -> None:
        if max(powers) > MOST_AXES:
            raise ConvgraphError(f"{argument}={max(powers)}: a power of at most {MOST_AXES}")
        units = sum(self.degree**k for k in powers)
        memory.require(f"units of the {argument}", units, 8 * max(len(self.permutations), 1))


def _power(argument: str, value: Any, k: Any) -> int:
    size = as_size(argument, k, POWER_RULE, least=0)
    if is_symbolic(size):
        raise ConvgraphError(f"{argument}={value!r}: {POWER_RULE}")
    return int(size)


def _on_tuples(permutation: Permutation, k: int) -> Permutation:
    n = len(permutation)
    result = np.zeros(1, np.int64)
    for _ in range(k):
        result = (result[:, None] * n + permutation).ravel()
    return result


def _side_by_side(permutations: Sequence[Permutation]) -> Permutation:
    starts = np.cumsum([0, *map(len, permutations)])
    return np.concatenate([p + s for p, s in zip(permutations, starts, strict=False)])


def read_actions(generators: Any, shape: int | Sequence[int] | None) -> tuple[Action, Action]:
    """How generators act on the inputs and on the outputs, in whatever form they are given."""
    if isinstance(generators, Group):
        generators = Group(generators, shape) if shape is not None else generators
        alike = Action(generators.generators, generators.shape)
        return alike, alike
    if hasattr(generators, "actions"):  # a symmetry group that was found
        found: tuple[Action, Action] = generators.actions()
        return found
    if hasattr(generators, "generators"):  # of sympy
        return read_actions(Group(generators, shape), None)
    if isinstance(generators, str) or not isinstance(generators, Iterable):
        raise ConvgraphError(
            f"generators={generators!r}: a Group, a sympy PermutationGroup, or a list of "
            "permutations or of (on inputs, on outputs) pairs"
        )
    listed = list(generators)
    if any(isinstance(g, tuple) and len(g) == 2 and not np.isscalar(g[0]) for g in listed):
        return _pairs(listed)
    return read_actions(Group(listed, shape), None)


def _pairs(listed: Sequence[Any]) -> tuple[Action, Action]:
    sides: tuple[list[Permutation], list[Permutation]] = ([], [])
    for number, generator in enumerate(listed):
        pair = generator if isinstance(generator, tuple) else (generator, generator)
        for side, permutations, value in zip(("inputs", "outputs"), sides, pair, strict=True):
            degree = len(permutations[0]) if permutations else None
            where = f"generators[{number}] on the {side}"
            permutations.append(as_permutation(where, value, degree))
    on_inputs, on_outputs = (Action(tuple(side), (len(side[0]),)) for side in sides)
    return on_inputs, on_outputs
