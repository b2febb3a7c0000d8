"""The exact group of symmetries of a network, from its coloured graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from convgraph.core.calls import checked
from convgraph.core.checks import as_flag
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network, check_network
from convgraph.symmetry.groups.coloured import ColouredGraph
from convgraph.symmetry.groups.expected import compared
from convgraph.symmetry.groups.group_actions import Action
from convgraph.symmetry.groups.network_symmetry import Symmetry
from convgraph.symmetry.groups.orbits import orbits
from convgraph.symmetry.groups.permutation_arrays import Permutation, as_sympy
from convgraph.symmetry.groups.problem import Problem, with_fixed_labels, with_free_labels
from convgraph.symmetry.groups.search import search

__all__ = ["SymmetryGroup", "symmetry_group"]


@dataclass(frozen=True, eq=False)
class SymmetryGroup:
    """All permutations of a network's units, row by row, that keep its connections and labels.

    Attributes
    ----------
    order
        The number of symmetries, exactly.
    generators
        Symmetries from which all others are composed.
    structure
        The group in terms of cyclic (Z), dihedral (D), symmetric (S) and alternating (A) groups
        and their direct (×), wreath (≀) and semidirect (⋊) products, or None where it is not
        recognised. D_n has 2n elements.
    orbits
        Per row the sets of units that symmetries take into one another.
    exact
        Whether this is exactly the group that was expected; None where none was.
    extra
        A symmetry that is not in the expected group, where there is one.
    missing
        The numbers, from 0, of the expected generators that are no symmetries.
    """

    network: Network = field(repr=False)
    order: int
    generators: tuple[Symmetry, ...]
    exact: bool | None = None
    extra: Symmetry | None = None
    missing: tuple[int, ...] = ()

    @cached_property
    def structure(self) -> str | None:
        from convgraph.symmetry.groups.group_names import structure_of

        shapes = [row.numbers() for row in self.network.rows]
        return structure_of([g.permutation for g in self.generators], self.order, *shapes)

    @cached_property
    def orbits(self) -> dict[str, tuple[tuple[str, ...], ...]]:
        found = {}
        for row in self.network.rows:
            count, which = orbits(int(row.size), [g.on(row.name) for g in self.generators])
            members: list[list[str]] = [[] for _ in range(count)]
            for unit, orbit in zip(row.units(), which.tolist(), strict=True):
                members[orbit].append(unit)
            found[row.name] = tuple(map(tuple, members))
        return found

    def permutation_group(self) -> Any:
        """The group in sympy, on the units of all rows, counted through."""
        units = sum(int(row.size) for row in self.network.rows)
        return as_sympy([g.permutation for g in self.generators], units)

    def actions(self) -> tuple[Action, Action]:
        """How the generators act on the input and on the output row."""
        ends = self.network.inputs, self.network.outputs
        if any(len(end) != 1 for end in ends):
            raise ConvgraphError(
                f"generators={self!r}: the group of a network with one input and one output"
            )
        found = []
        for (row,) in ends:
            moved = [g.on(row.name) for g in self.generators] or [np.arange(int(row.size))]
            found.append(Action(tuple(moved), row.numbers(), row.channels))
        return found[0], found[1]

    def __repr__(self) -> str:
        order = f"{self.order:,}" if self.order < 10**15 else f"about 10^{len(str(self.order)) - 1}"
        name = self.structure or "unnamed"
        count = len(self.generators)
        verdict = "" if self.exact is None else ", as expected" if self.exact else ", not expected"
        return (
            f"SymmetryGroup({name}: order {order}, "
            f"{count} generator{'s' if count != 1 else ''}{verdict})"
        )


@checked
def symmetry_group(network: Network, expected: Any = None, relabel: bool = False) -> SymmetryGroup:
    """The exact group of symmetries of a network.

    A symmetry permutes the units of each row so that every connection lands on one with the same
    label (and every bias on the same bias). For generic parameters these are exactly the
    permutations of inputs and outputs under which a linear layer is equivariant; in a network with
    hidden rows they permute hidden units too, and what only the composed function has is not found.

    Parameters
    ----------
    network
        A bound network.
    expected
        The group that the network was built for, in any of the forms that `equivariant_layer`
        takes; it is compared with the one that is found.
    relabel
        Whether parameters may be exchanged as well: the reflection of a kernel takes w_1 to w_3.
        Parameters and units are then permuted together.

    Returns
    -------
    SymmetryGroup
        With `order`, `generators`, `structure`, `orbits` and, against an expected group, `exact`,
        `extra` and `missing`.

    Raises
    ------
    ConvgraphError
        If the network has symbolic sizes, or igraph (the extra `symmetry`) is missing.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = cg.Conv(3, padding="same", padding_mode="circular").on(64)
    >>> cg.symmetry_group(net)
    SymmetryGroup(Z_64: order 64, 1 generator)
    >>> cg.symmetry_group(net, relabel=True).structure
    'D_64'
    >>> cg.symmetry_group(cg.Conv(3, padding="same").on(64)).order
    1
    >>> layer = cg.equivariant_layer(cg.Group.alternating(5))
    >>> found = cg.symmetry_group(layer, expected=cg.Group.alternating(5))
    >>> found, found.extra
    (SymmetryGroup(S_5: order 120, 4 generators, not expected), Symmetry((x4 x5)(s4 s5)))

    References
    ----------
    Ravanbakhsh, Schneider and Poczos, Equivariance through parameter-sharing (2017), theorem 4.1.
    """
    check_network(network)
    as_flag("relabel", relabel)
    problem = with_free_labels(network) if relabel else with_fixed_labels(network)
    graph, found, order = search(problem)
    generators = tuple(
        Symmetry(network, g[: graph.units], _relabelled(problem, graph, g) if relabel else {})
        for g in found
    )
    if expected is None:
        return SymmetryGroup(network, order, generators)
    verdict = compared(network, problem, generators, order, expected)
    return SymmetryGroup(network, order, generators, *verdict)


def _relabelled(problem: Problem, graph: ColouredGraph, moved: Permutation) -> dict[str, str]:
    """Where an automorphism takes parameters: those with a vertex, and those of a single pair."""
    goes = np.arange(len(problem.pairs.labels))
    goes[problem.parameters] = problem.parameters[moved[graph.parameters :] - graph.parameters]
    pairs, own = problem.pairs, np.flatnonzero(problem.pair_label >= 0)
    key = pairs.target * pairs.units + pairs.source
    image = moved[pairs.target[own]] * pairs.units + moved[pairs.source[own]]
    order = np.argsort(key)
    goes[problem.pair_label[own]] = problem.pair_label[order[np.searchsorted(key[order], image)]]
    biased = np.flatnonzero(problem.unit_label >= 0)
    goes[problem.unit_label[biased]] = problem.unit_label[moved[biased]]
    changed = np.flatnonzero(goes != np.arange(len(goes)))
    pick = problem.pairs.labels.pick
    return {str(a): str(b) for a, b in zip(pick(changed), pick(goes[changed]), strict=True)}
