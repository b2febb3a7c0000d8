"""How far apart neighbouring positions of each row are, counted in positions of the input."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeAlias

import numpy as np

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.wiring import Product
from convgraph.symmetry.equivariance.aligned import aligned_axes, channels_and_space
from convgraph.symmetry.transformations.transformation import Steps, space

__all__ = ["row_steps"]


def row_steps(network: Network) -> dict[str, Steps | None]:
    """Per row and axis of space, how many input positions lie between two neighbouring positions.

    A row with more axes than the input counts as one whose channels are written in several.

    That is the product of the strides on the way, divided by the factors of upsampling. None
    stands for an axis that is gone (a global pool), and for a row without such axes (behind a
    dense layer, say). A layer with no geometry, such as those of a graph that a user brought,
    is taken to have stride 1.

    >>> import convgraph as cg
    >>> net = (cg.Conv(3, stride=2) >> cg.Upsample(3)).on(9)
    >>> row_steps(net)["g"]
    (Fraction(2, 3),)
    """
    steps: dict[str, Steps | None] = {
        row.name: (Fraction(1),) * len(space(row)) for row in network.inputs
    }
    tracks: dict[str, Track] = {}
    for number, layer in enumerate(network.layers):
        name = layer.target.name
        found = [_behind(joint, layer.target, steps[joint.source.name]) for joint in layer.joints]
        steps[name] = next((each for each in found if each is not None), None)
        if steps[name] is None:  # axes that change places, and then change back
            tracks = tracks or _tracks(network, number)
        if tracks:
            tracks[name] = _followed(layer, tracks)
        if steps[name] is None:
            steps[name] = _in_place(tracks[name])
    return steps


Track: TypeAlias = "tuple[tuple[int, Fraction] | None, ...] | None"
"""For each axis of a row, channels first: which axis of space it was in the input, and its step."""


def _tracks(network: Network, layers: int) -> dict[str, Track]:
    """Those of the inputs and of the rows of so many layers."""
    found = {row.name: _track(row) for row in network.inputs}
    for layer in network.layers[:layers]:
        found[layer.target.name] = _followed(layer, found)
    return found


def _track(row: Row) -> Track:
    return (None, *[(axis, Fraction(1)) for axis in range(len(space(row)))])


def _followed(layer: Layer, tracks: Mapping[str, Track]) -> Track:
    for joint in layer.joints[:1]:
        track, wiring = tracks[joint.source.name], joint.wiring
        if track is None or not isinstance(wiring, Product):
            return None
        before, after = (
            row.numbers() if row.channels else (1, *row.numbers())
            for row in (joint.source, layer.target)
        )
        if tuple(wiring.in_view) != before or tuple(wiring.out_view) != after:
            return None
        found = []
        for axis, position in zip(wiring.axes, wiring.order, strict=True):
            origin = track[position]
            step = None if origin is None else _step(axis, origin[1])
            found.append(None if origin is None or step is None else (origin[0], step))
        return tuple(found)
    return None


def _in_place(track: Track) -> Steps | None:
    """The steps of a row's axes of space, if all are where they were in the input."""
    if track is None or track[0] is not None:
        return None
    moved = any(each is not None and each[0] != axis for axis, each in enumerate(track[1:]))
    if moved or not any(track):
        return None
    return tuple(None if each is None else each[1] for each in track[1:])


def _behind(joint: Joint, target: Row, steps: Steps | None) -> Steps | None:
    if steps is None:
        return None
    before = channels_and_space(joint.source, len(steps))
    axes = None if before is None else aligned_axes(joint, target, before)
    if axes is not None:
        return tuple(_step(axis, step) for axis, step in zip(axes[1:], steps, strict=True))
    if space(joint.source) == space(target):
        return steps
    if all(step is None for step in steps) or int(np.prod(target.numbers())) == 1:
        return (None,) * len(space(target))
    if not hasattr(joint.wiring, "axes") and len(space(target)) == len(steps):
        return steps
    return None


def _step(axis: Axis, step: Fraction | None) -> Fraction | None:
    return None if step is None or axis.step is None else step * axis.step
