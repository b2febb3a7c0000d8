"""A row that is asked about: what answers share that differ in how the row should move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.symmetry.equivariance.decide import Question
from convgraph.symmetry.equivariance.moved_network import MovedNetwork
from convgraph.symmetry.equivariance.row_actions import Action
from convgraph.symmetry.equivariance.separated_axes import Apart, SeparatedAxes, separated_axes
from convgraph.symmetry.transformations.transformation import Steps

__all__ = ["AskedRow", "undivided"]


@dataclass(frozen=True, eq=False)
class AskedRow:
    """A row of a network whose inputs move, with what is found out about it only once.

    `acting` has the actions on all rows, as far as they are known; `steps` are those of the rows.
    """

    network: Network
    target: Row
    acting: Mapping[str, Action]
    steps: Mapping[str, Steps | None]

    @property
    def name(self) -> str:
        """The name of the row."""
        return self.target.name

    @cached_property
    def edges(self) -> int:
        """The number of connections of the network."""
        return int(self.network.connection_count)

    @cached_property
    def moved(self) -> MovedNetwork:
        """The network with all its edges, its inputs moved."""
        return MovedNetwork.of(self.network, self.acting, self.name)

    def on_edges(self, actions: Mapping[str, Action]) -> Question:
        """The question on the edges of the network, for some action on the row."""
        maps = {name: action.sources() for name, action in actions.items()}
        return Question(self.moved, maps, undivided=undivided(actions))

    @cached_property
    def _apart(self) -> Apart | None:
        return Apart.of(self.network, self.name)

    def along_axes(self, actions: Mapping[str, Action]) -> SeparatedAxes | None:
        """The view along the axes for some action on the row, if it can be seen so."""
        return separated_axes(self.network, actions, self.name, self._apart)


def undivided(actions: Mapping[str, Action]) -> frozenset[str]:
    """The rows whose stride does not divide the shift."""
    return frozenset(name for name, action in actions.items() if not action.known)
