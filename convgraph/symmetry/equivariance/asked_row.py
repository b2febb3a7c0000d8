"""A row that is asked about: what answers share that differ in how the row should move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.reduction import MAX
from convgraph.symmetry.equivariance.aligned import Aligned, AlignedLayer, aligned
from convgraph.symmetry.equivariance.clean_positions import Clean
from convgraph.symmetry.equivariance.decide import Question
from convgraph.symmetry.equivariance.moved_network import MovedNetwork
from convgraph.symmetry.equivariance.restriction import (
    Classes,
    Restriction,
    channel_classes,
    restriction,
)
from convgraph.symmetry.equivariance.row_actions import Action
from convgraph.symmetry.transformations.transformation import Steps

__all__ = ["AskedRow", "Axes", "undivided"]

Axes = tuple[int, ...]
"""Axes of space; 1 is the first."""


@dataclass(frozen=True, eq=False)
class AskedRow:
    """A row of a network whose inputs move, with what is found out about it only once.

    `acting` has the actions on all rows, as far as they are known; `steps` are those of the rows.
    How the inputs move is always the same, and that a row behind them does otherwise costs nothing.
    """

    network: Network
    target: Row
    acting: Mapping[str, Action]
    steps: Mapping[str, Steps | None]
    cuts: dict[Axes, Restriction | None] = field(default_factory=dict)
    moved_cuts: dict[Axes, tuple[MovedNetwork, list[Clean]]] = field(default_factory=dict)

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
    def along(self) -> Aligned | None:
        """The layers on which the row depends, if all of them keep the axes apart."""
        along = aligned(self.network, self.name)
        return None if along is None or any(map(_empty, along.layers)) else along

    @cached_property
    def classes(self) -> Mapping[str, Classes] | None:
        """The classes of the channels of each row, if the layers allow for any."""
        return None if self.along is None else channel_classes(self.along)

    def cut(self, axes: Axes) -> Restriction | None:
        """The network cut down to some axes, if the layers allow for it."""
        if self.along is None or self.classes is None:
            return None
        if axes not in self.cuts:
            self.cuts[axes] = restriction(self.along, self.classes, axes)
        return self.cuts[axes]


def undivided(actions: Mapping[str, Action]) -> frozenset[str]:
    """The rows whose stride does not divide the shift."""
    return frozenset(name for name, action in actions.items() if not action.known)


def _empty(layer: AlignedLayer) -> bool:
    """Whether a layer takes maxima of nothing: they are no zeros, whatever another axis says."""
    return layer.layer.reduction == MAX and any(
        not (axis.fan_in() > 0).all() for axes in layer.joints for axis in axes
    )
