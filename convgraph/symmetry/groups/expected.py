"""Comparing the group that was found with the one that a network was built for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.symmetry.groups.background import foreground
from convgraph.symmetry.groups.coloured import ColouredGraph, coloured_graph, igraph_package
from convgraph.symmetry.groups.group import Group
from convgraph.symmetry.groups.group_actions import Action, read_actions
from convgraph.symmetry.groups.network_symmetry import Symmetry
from convgraph.symmetry.groups.orbits import pair_orbits
from convgraph.symmetry.groups.orders import order_of_group
from convgraph.symmetry.groups.permutation_arrays import Permutation
from convgraph.symmetry.groups.problem import Problem

__all__ = ["compared"]


def compared(
    network: Network,
    problem: Problem,
    generators: Sequence[Symmetry],
    order: int,
    expected: Any,
) -> tuple[bool, Symmetry | None, tuple[int, ...]]:
    """Hold the group that was found against the expected one, by what both do to the ends.

    (Whether it is that, a symmetry that the other has not, the generators that are none.)
    """
    inputs, outputs = _ends(network)
    fits_any = isinstance(expected, list | tuple) and any(hasattr(g, "sources") for g in expected)
    actions = read_actions(expected, inputs.numbers() if fits_any else None)
    wanted = [
        np.concatenate([p, q + int(inputs.size)])
        for p, q in zip(_fitted(actions[0], inputs), _fitted(actions[1], outputs), strict=True)
    ]
    ends = _Ends(network, problem, inputs, outputs)
    missing = tuple(i for i, g in enumerate(wanted) if not ends.extends(g))
    degree = int(inputs.size) + int(outputs.size)
    count = expected.order if isinstance(expected, Group) else order_of_group(wanted, degree)
    found = order // ends.hidden_order()
    extra = None
    if missing or found != count:
        extra = _outside(ends, generators, wanted, count)
    return not missing and found == count, extra, missing


def _ends(network: Network) -> tuple[Row, Row]:
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise ConvgraphError("expected: a group is compared on one input row and one output row")
    return network.inputs[0], network.outputs[0]


def _fitted(action: Action, row: Row) -> tuple[Permutation, ...]:
    """The action on a row, which may be a tensor power of what was given, in several channels."""
    shape = row.numbers()
    channels, space = (shape[0], shape[1:]) if row.channels else (1, shape)
    if action.degree == math.prod(shape):
        return action.permutations
    rank = len(action.shape)
    power = len(space) // rank
    if math.prod(space) == 1:
        power = 0
    elif space != action.shape * power:
        raise ConvgraphError(
            f"expected: it permutes {action.degree} units, and row {row.name!r} has the shape "
            f"{shape}"
        )
    return action.to("expected", (power,) * channels).permutations


class _Ends:
    """What permutations of the input and the output row are to the network between them."""

    def __init__(self, network: Network, problem: Problem, inputs: Row, outputs: Row) -> None:
        self.inputs, self.outputs = int(inputs.size), int(outputs.size)
        first, last = network.offsets[inputs.name], network.offsets[outputs.name]
        self.units = np.concatenate(
            [first + np.arange(self.inputs), last + np.arange(self.outputs)]
        )
        self.problem = problem
        self.whole = len(self.units) == problem.pairs.units and not len(problem.parameters)

    def of(self, symmetry: Symmetry) -> Permutation:
        """What a symmetry does to the ends, counted through."""
        number = np.full(self.problem.pairs.units, -1)
        number[self.units] = np.arange(len(self.units))
        return number[symmetry.permutation[self.units]]

    def extends(self, moved: Permutation) -> bool:
        """Whether a permutation of the ends is one of the symmetries' doings."""
        problem = self.problem
        if self.whole:
            return _kept(problem, moved)
        fixed = self._individual(np.arange(len(self.units)))
        after = self._individual(moved)
        igraph = igraph_package()
        drawn = igraph.Graph(len(fixed), self._graph.edges)
        same: bool = drawn.isomorphic_bliss(drawn, color1=fixed, color2=after)
        return same

    def hidden_order(self) -> int:
        """The number of symmetries that leave the ends as they are."""
        if self.whole:
            return 1
        fixed = self._individual(np.arange(len(self.units)))
        drawn = igraph_package().Graph(len(fixed), self._graph.edges)
        return int(drawn.count_automorphisms(color=fixed))

    @cached_property
    def _graph(self) -> ColouredGraph:
        return coloured_graph(self.problem, foreground(self.problem), slice(None))

    def _individual(self, moved: Permutation) -> list[int]:
        """Colours in which each end unit has one of its own, carried along by a permutation."""
        colour = self._graph.colour.copy()
        own = int(colour.max()) + 1
        classes = colour[self.units]
        # a unit that is taken to another class gets a colour that no unit has
        odd = classes != classes[moved]
        colour[self.units[moved]] = own + np.arange(len(moved)) + odd * len(moved)
        return [int(c) for c in colour]


def _kept(problem: Problem, moved: Permutation) -> bool:
    """Whether a permutation of all units keeps their colours and those of the pairs."""
    pairs = problem.pairs
    if (problem.unit_colour[moved] != problem.unit_colour).any():
        return False
    key = pairs.target * pairs.units + pairs.source
    image = moved[pairs.target] * pairs.units + moved[pairs.source]
    order, other = np.argsort(key), np.argsort(image)
    return np.array_equal(key[order], image[other]) and np.array_equal(
        pairs.colour[order], pairs.colour[other]
    )


def _outside(
    ends: _Ends, generators: Sequence[Symmetry], wanted: Sequence[Permutation], count: int
) -> Symmetry | None:
    """A generator that the expected group does not have."""
    split = ends.inputs
    pairs = [(g[:split], g[split:] - split) for g in wanted]
    orbit = pair_orbits(ends.inputs, ends.outputs, pairs)[1].reshape(ends.outputs, ends.inputs)
    for symmetry in generators:
        on = ends.of(symmetry)
        if (orbit[np.ix_(on[split:] - split, on[:split])] != orbit).any():
            return symmetry
    for symmetry in generators:
        try:
            if order_of_group([*wanted, ends.of(symmetry)], len(ends.units)) != count:
                return symmetry
        except ConvgraphError:  # too large to be counted
            continue
    return None
