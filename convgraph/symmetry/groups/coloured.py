"""The coloured graph whose automorphisms are the symmetries of a network.

Units are vertices, coloured by their class. A pair of connected units becomes an edge, or a path
through a vertex of the pair's colour. Where parameters may be exchanged, each is a vertex that the
pairs which it labels are joined to; one that labels a single pair needs none, as it follows that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.errors import ConvgraphError
from convgraph.symmetry.groups.background import Foreground
from convgraph.symmetry.groups.problem import Problem

__all__ = ["ColouredGraph", "coloured_graph", "igraph_package"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ColouredGraph:
    """Vertices with colours, units first and parameters last; edges as an (edges x 2) array."""

    colour: Integers
    edges: Integers
    units: int
    parameters: int
    """The first vertex that stands for a parameter."""

    def automorphisms(self) -> tuple[list[Integers], int]:
        """Generators of the automorphisms, on all vertices, and how many there are in all.

        References
        ----------
        Junttila and Kaski, Engineering an efficient canonical labeling tool for large and sparse
        graphs (2007).
        """
        drawn = igraph_package().Graph(len(self.colour), self.edges)
        colours = self.colour.tolist()
        found = drawn.automorphism_group(color=colours)
        return [np.array(g, np.int64) for g in found], int(drawn.count_automorphisms(color=colours))


def igraph_package() -> Any:
    """The igraph package, or an error that says how to get it."""
    try:
        import igraph
    except ImportError:
        raise ConvgraphError(
            "symmetry_group: this question needs the igraph package: "
            "pip install 'convgraph[symmetry]'"
        ) from None
    return igraph


def coloured_graph(
    problem: Problem, front: Foreground, chosen: NDArray[np.bool_] | slice
) -> ColouredGraph:
    """The graph of the chosen pairs of a foreground, and of all those whose parameter may move."""
    pairs, units = problem.pairs, problem.pairs.units
    source, target, rank = front.source[chosen], front.target[chosen], front.rank[chosen]
    through = np.flatnonzero(rank > 0)  # one colour in each block needs no vertex of its own
    direct = np.flatnonzero(rank == 0)
    shared = np.flatnonzero(problem.pair_parameter >= 0)
    parameter, count = problem.pair_parameter[shared], len(problem.parameters)
    between = units + np.arange(len(through))
    own = units + len(through) + np.arange(len(shared))
    letters = units + len(through) + len(shared)
    memory.require("vertices", letters + count, 400)
    biased = np.flatnonzero(problem.unit_parameter >= 0)
    edges = [
        (source[direct], target[direct]),
        (source[through], between),
        (between, target[through]),
        (pairs.source[shared], own),
        (own, pairs.target[shared]),
        (own, letters + parameter),
        (biased, letters + problem.unit_parameter[biased]),
    ]
    kinds = int(front.classes.max(initial=-1)) + 1
    letter = kinds + int(front.rank.max(initial=0))
    colours = [
        front.classes,
        kinds + rank[through] - 1,
        letter + 1 + pairs.colour[shared],
        np.full(count, letter),
    ]
    joined = np.concatenate([np.stack(edge, axis=1) for edge in edges])
    return ColouredGraph(np.concatenate(colours), joined, units, letters)
