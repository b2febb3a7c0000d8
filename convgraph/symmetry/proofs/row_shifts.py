"""How a shift moves from row to row: through each axis of a wiring, divided by its stride."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.core.sympified import sympified
from convgraph.core.tying import Learned
from convgraph.core.wiring import Product
from convgraph.symmetry.instances.borders import axes_of
from convgraph.symmetry.proofs.normal import divided, is_whole

__all__ = ["Moves", "Unproved", "axis_pairs", "periods", "shifts"]

Moves: TypeAlias = "Mapping[str, tuple[sp.Expr, ...]]"
"""By how much each row moves, per axis of the row, channels included, which do not."""


class Unproved(Exception):  # noqa: N818 - it is no error of the caller's
    """A proof was not found; the message says where the search for one ended."""


def axis_pairs(joint: Joint, target: Row) -> Iterator[tuple[Axis, int | None, int | None]]:
    """The axes of a wiring, each with the axis of the source row and of the target row it joins.

    None stands for the one unnamed channel, which a row does not list.
    """
    try:
        yield from ((axis, read, made) for _, axis, read, made in axes_of(joint, target))
    except ConvgraphError as unread:
        raise Unproved(str(unread)) from None


def shifts(
    network: Network, amounts: tuple[sp.Expr, ...]
) -> Iterator[tuple[str, tuple[sp.Expr, ...]]]:
    """By how much each row moves: a stride divides, and branches that meet have to agree."""
    known: dict[str, tuple[sp.Expr, ...]] = {}
    for row in network.inputs:
        known[row.name] = (sp.S.Zero,) * (len(row.shape) - len(amounts)) + amounts
        yield row.name, known[row.name]
    for layer in network.layers:
        found = [_behind(layer, joint, known[joint.source.name]) for joint in layer.joints]
        if not found:
            raise Unproved(f"{layer.spec} reads nothing, and may be different everywhere")
        if any(
            sp.expand(a - b) != 0
            for other in found[1:]
            for a, b in zip(found[0], other, strict=True)
        ):
            raise Unproved(
                f"the branches that {layer.spec} joins move by {list(map(list, found))}: "
                "their strides differ"
            )
        row = layer.target
        if len(row.shape) - row.channels != len(amounts):
            raise Unproved(f"{layer.spec} makes a row of other axes than the input's")
        known[row.name] = found[0]
        yield row.name, found[0]


def _behind(layer: Layer, joint: Joint, shift: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
    result: list[sp.Expr] = [sp.S.Zero] * len(layer.target.shape)
    for axis, source, out in axis_pairs(joint, layer.target):
        if source is None or shift[source] == 0:
            continue
        if out is None:
            raise Unproved(f"{layer.spec} reads channels along the axis that moves")
        result[out] = _moved(layer, axis, shift[source])
    return tuple(result)


def _moved(layer: Layer, axis: Axis, t: sp.Expr) -> sp.Expr:
    if axis.pace is not None:
        out, by = axis.pace
        if not is_whole(t / sympified(by)):
            raise Unproved(f"stride={by}: the stride of {layer.spec} does not divide {t}")
        return divided(t, sympified(by)) if out == 1 else t * out / by
    if axis.full and axis.outputs == 1:
        return sp.S.Zero
    if axis.full or axis.groups > 1:
        raise Unproved(f"{layer.spec} has other parameters at every position")
    raise Unproved(f"{layer.spec} has no formula along the axis that moves")


def periods(network: Network, rank: int) -> tuple[sp.Expr, ...]:
    """What divides the circle, per axis: the strides and the tiles on the way to each row."""
    known = {row.name: (sp.S.One,) * rank for row in network.inputs}
    for layer in network.layers:
        offset = len(layer.target.shape) - rank
        own = [sp.S.One] * rank
        for joint in layer.joints:
            before = known[joint.source.name]
            for axis, _, out in axis_pairs(joint, layer.target):
                place = -1 if out is None else out - offset
                if place >= 0:
                    steps = before[place] * axis.stride * _tiles(joint, layer, axis, out)
                    own[place] = _common(own[place], sympified(steps))
        known[layer.target.name] = tuple(own)
    result = known[network.inputs[0].name]
    for row in known.values():
        result = tuple(map(_common, result, row))
    return result


def _common(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """A multiple of both, the smallest if sympy sees it."""
    if a.is_Integer and b.is_Integer:
        return sp.Integer(sp.ilcm(a, b))
    if is_whole(a / b):
        return a
    return b if is_whole(b / a) else a * b


def _tiles(joint: Joint, layer: Layer, axis: Axis, out: int | None) -> Size:
    if not isinstance(joint.tying, Learned) or not isinstance(joint.wiring, Product):
        return 1
    period = joint.tying.period(joint.wiring.axes.index(axis))
    return 1 if period == axis.outputs else period
