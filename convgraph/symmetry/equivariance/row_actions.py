"""How a transformation of the input acts on the rows further on, given the strides in between.

For that it is counted how many positions of the input lie between two positions of each row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TypeAlias, TypeVar

import numpy as np

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.wiring import Product
from convgraph.symmetry.equivariance.aligned import (
    aligned_axes,
    channels_and_space,
    with_channels,
)
from convgraph.symmetry.transformations.axis_motions import reduced
from convgraph.symmetry.transformations.geometric import Shift
from convgraph.symmetry.transformations.transformation import (
    Composition,
    Sources,
    Steps,
    Transformation,
    space,
)

__all__ = ["STILL", "Action", "actions", "row_steps"]


STILL = Composition(())
"""What moves nothing."""
V = TypeVar("V")


@dataclass(frozen=True)
class Action:
    """How a transformation acts on a row; None where a stride does not divide the shift."""

    row: Row
    transformation: Transformation | None

    @property
    def known(self) -> bool:
        """Whether it is known how the row moves."""
        return self.transformation is not None

    @property
    def still(self) -> bool:
        """Whether the row stays: it may have no axis left along which it could be moved."""
        return self.transformation == STILL

    def sources(self) -> Sources | None:
        """The source of each unit of the row, if the transformation fits."""
        return self._sources

    def per_axis(self) -> list[Sources] | None:
        """The same as one map per axis of space, if it is that."""
        return self._per_axis

    @cached_property
    def _sources(self) -> Sources | None:
        return self._fitting(lambda g: g.sources(self.row))

    @cached_property
    def _per_axis(self) -> list[Sources] | None:
        return self._fitting(lambda g: g.per_axis(space(self.row)))

    def _fitting(self, found: Callable[[Transformation], V]) -> V | None:
        try:
            return None if self.transformation is None else found(self.transformation)
        except ConvgraphError:
            return None

    def __repr__(self) -> str:
        return "nothing" if self.still else repr(self.transformation)


def actions(
    network: Network,
    moves: Mapping[str, Transformation],
    row: str,
    output: Transformation | None,
    steps: Mapping[str, Steps | None],
) -> dict[str, Action]:
    """The action on every row; `moves` has the transformation of each input, `output` of `row`.

    `steps` are those of the rows. Further on, rows move as what the first input does, put together
    and reduced, says.

    Raises
    ------
    ConvgraphError
        If a transformation does not fit an input row or the output.
    """
    first = moves[network.inputs[0].name].resolved(network.inputs[0])
    result: dict[str, Action] = {}
    for given in network.inputs:
        transformation = moves[given.name].resolved(given)
        transformation.check(given)
        result[given.name] = Action(given, transformation)
    first = reduced(first, network.inputs[0])
    for name, own in steps.items():
        if name in result:
            continue
        here = _viewed(network.row(name), own)
        gone = own is None or all(step is None for step in own)
        result[name] = Action(here, STILL if gone or own is None else first.behind(own))
    target = network.row(row)
    if output is not None:
        output = output.resolved(target)
        output.check(target)
        result[row] = Action(target, output)
        if _moves_nothing(result[row]):
            result[row] = Action(target, STILL)
    elif result[row].known and not result[row].still:
        result[row] = _fitting(result[row])
        if first == Shift(0):
            result[row] = Action(result[row].row, STILL)
    return result


def _viewed(row: Row, steps: Steps | None) -> Row:
    """A row as one of channels and those axes that have steps."""
    shape = None if steps is None else channels_and_space(row, len(steps))
    if shape is None or len(shape) >= len(row.shape):
        return row
    return Row(row.name, shape, channels=True)


def _moves_nothing(action: Action) -> bool:
    axes = action.per_axis()
    if axes is not None:
        return all(np.array_equal(axis, np.arange(len(axis))) for axis in axes)
    sources = action.sources()
    return sources is not None and np.array_equal(sources, np.arange(len(sources)))


def _fitting(action: Action) -> Action:
    """The action on the output, which stays in place where it is a single unit."""
    if action.per_axis() is not None or action.sources() is not None:
        return action
    if int(np.prod(action.row.numbers())) == 1:
        return Action(action.row, STILL)
    raise ConvgraphError(
        f"output=None: {action.transformation} does not fit row {action.row.name!r} of shape "
        f"{action.row.numbers()}; say with output= how the output moves"
    )


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
    tracks: dict[str, Track] = {
        row.name: (None, *((axis, Fraction(1)) for axis in range(len(space(row)))))
        for row in network.inputs
    }
    for layer in network.layers:
        name = layer.target.name
        tracks[name] = _followed(layer, tracks)
        found = [_behind(joint, layer.target, steps[joint.source.name]) for joint in layer.joints]
        known = next((each for each in found if each is not None), None)
        steps[name] = _in_place(tracks[name]) if known is None else known
    return steps


Track: TypeAlias = "tuple[tuple[int, Fraction] | None, ...] | None"
"""For each axis of a row, channels first: which axis of space it was in the input, and its step."""


def _followed(layer: Layer, tracks: Mapping[str, Track]) -> Track:
    """The axes behind a layer, which may have changed places."""
    joint = next(iter(layer.joints), None)
    if joint is None or not isinstance(joint.wiring, Product):
        return None
    track, wiring = tracks[joint.source.name], joint.wiring
    views = tuple(wiring.in_view), tuple(wiring.out_view)
    if track is None or views != (with_channels(joint.source), with_channels(layer.target)):
        return None
    found = []
    for axis, position in zip(wiring.axes, wiring.order, strict=True):
        origin = track[position]
        step = None if origin is None else _step(axis, origin[1])
        found.append(None if origin is None or step is None else (origin[0], step))
    return tuple(found)


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
