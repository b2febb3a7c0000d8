"""How a transformation of the input acts on the rows further on, given the strides in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.symmetry.equivariance.aligned import channels_and_space
from convgraph.symmetry.transformations.axis_motions import reduced
from convgraph.symmetry.transformations.geometric import Shift
from convgraph.symmetry.transformations.transformation import Sources, Steps, Transformation, space

__all__ = ["Action", "actions"]


@dataclass(frozen=True)
class Action:
    """How a transformation acts on a row.

    `transformation` is None where a stride does not divide the shift; `still` says that the row
    is not moved because it has no axis left along which it could be.
    """

    row: Row
    transformation: Transformation | None
    still: bool = False

    @property
    def known(self) -> bool:
        """Whether it is known how the row moves."""
        return self.still or self.transformation is not None

    def sources(self) -> Sources | None:
        """The source of each unit of the row, if the transformation fits."""
        return self._sources

    def per_axis(self) -> list[Sources] | None:
        """The same as one map per axis of space, if it is that."""
        return self._per_axis

    @cached_property
    def _sources(self) -> Sources | None:
        if self.still:
            return np.arange(int(np.prod(self.row.numbers())), dtype=np.int64)
        if self.transformation is None:
            return None
        try:
            return self.transformation.sources(self.row)
        except ConvgraphError:
            return None

    @cached_property
    def _per_axis(self) -> list[Sources] | None:
        shape = space(self.row)
        if self.still:
            return [np.arange(n, dtype=np.int64) for n in shape]
        if self.transformation is None:
            return None
        try:
            return self.transformation.per_axis(shape)
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
        moved = None if gone or own is None else first.behind(own)
        result[name] = Action(here, moved, still=gone)
    target = network.row(row)
    if output is not None:
        output = output.resolved(target)
        output.check(target)
        result[row] = Action(target, output)
        if _moves_nothing(result[row]):
            result[row] = Action(target, None, still=True)
    elif not result[row].still and result[row].transformation is not None:
        result[row] = _fitting(result[row])
        if first == Shift(0):
            result[row] = Action(result[row].row, None, still=True)
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
        return Action(action.row, None, still=True)
    raise ConvgraphError(
        f"output=None: {action.transformation} does not fit row {action.row.name!r} of shape "
        f"{action.row.numbers()}; say with output= how the output moves"
    )
