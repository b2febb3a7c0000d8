"""How a transformation of the input acts on the rows further on, given the strides in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from convgraph.core.axis import Axis, Full, Repeat
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Row
from convgraph.core.network import Network
from convgraph.core.window import Reversed, Window
from convgraph.symmetry.equivariance.aligned import aligned_axes
from convgraph.symmetry.transformation import Sources, Steps, Transformation, space

__all__ = ["Action", "actions", "row_steps"]


@dataclass(frozen=True)
class Action:
    """How a transformation acts on a row.

    `transformation` is None where a stride does not divide the shift; `still` says that the row
    is not moved because it has no axis left along which it could be.
    """

    row: Row
    transformation: Transformation | None
    still: bool = False

    def sources(self) -> Sources | None:
        """The source of each unit of the row, if the transformation fits."""
        if self.still:
            return np.arange(int(np.prod(self.row.numbers())), dtype=np.int64)
        if self.transformation is None:
            return None
        try:
            return self.transformation.sources(self.row)
        except ConvgraphError:
            return None

    def per_axis(self) -> list[Sources] | None:
        """The same as one map per axis of space, if it is that."""
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


def row_steps(network: Network) -> dict[str, Steps | None]:
    """Per row and axis of space, how many input positions lie between two neighbouring positions.

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
    for layer in network.layers:
        found = [_behind(joint, layer.target, steps[joint.source.name]) for joint in layer.joints]
        steps[layer.target.name] = next((each for each in found if each is not None), None)
    return steps


def _behind(joint: Joint, target: Row, steps: Steps | None) -> Steps | None:
    if steps is None:
        return None
    axes = aligned_axes(joint, target)
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
    if step is None or isinstance(axis, Full):
        return step if axis.inputs == axis.outputs else None
    if isinstance(axis, Window):
        return step * Fraction(int(axis.stride))
    if isinstance(axis, Reversed):
        return step / Fraction(int(axis.window.stride))
    if isinstance(axis, Repeat):
        return step / Fraction(int(axis.factor))
    return step if axis.inputs == axis.outputs else None


def actions(
    network: Network,
    moves: Mapping[str, Transformation],
    row: str,
    output: Transformation | None,
    rounded: bool = False,
) -> dict[str, Action]:
    """The action on every row; `moves` has the transformation of each input, `output` of `row`.

    With `rounded`, rows are moved by the next smaller shift that their stride divides.

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
    for name, steps in row_steps(network).items():
        if name in result:
            continue
        here = network.row(name)
        gone = steps is None or all(step is None for step in steps)
        moved = None if gone or steps is None else first.behind(steps, rounded)
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
    return result


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
