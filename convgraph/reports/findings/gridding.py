"""Dilated layers behind which fields have holes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convgraph.core.layer import Joint, Layer
from convgraph.core.units import Units
from convgraph.interactions.fields import receptive_field
from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure


@rule(
    "gridding",
    "warning",
    "dilated layers behind which receptive fields have holes",
    "Wang, Chen, Yuan, Liu, Huang, Hou and Cottrell, Understanding convolution for semantic "
    "segmentation, WACV 2018, section 3.2",
)
def gridding(structure: Structure) -> Iterator[Occurrence]:
    """Rows computed with a dilation whose units do not see all that lies within their field."""
    for layer in structure.network.layers:
        for joint in layer.joints:
            holes = [
                (b, share, place)
                for b in range(len(structure.space))
                if _dilated(structure, joint, b)
                for share, place in _holes(structure, layer, b)
            ]
            if holes:
                yield _occurrence(structure, layer, holes)
                break


def _dilated(structure: Structure, joint: Joint, b: int) -> bool:
    axis = structure.along(joint, b)
    return axis is not None and axis.dilation > 1 and axis.taps > 1


def _holes(structure: Structure, layer: Layer, b: int) -> Iterator[tuple[float, int]]:
    """The least share of its field that a unit sees along an axis, and its place."""
    state = structure.exact.states.get(layer.target.name)
    size = structure.space[b]
    worst: tuple[float, int] | None = None
    for branches in state.payloads if state is not None else ():
        if not branches:
            continue
        every = branches[0][1][b]
        for _, tables in branches[1:]:
            every = every | tables[b]
        counts = np.bitwise_count(every).sum(axis=1, dtype=np.int64)
        first, last = structure.extents(every, size)
        shares = np.where(counts > 0, counts / np.maximum(last - first + 1, 1), 1.0)
        place = int(np.lexsort((np.abs(np.arange(len(shares)) - len(shares) // 2), shares))[0])
        if shares[place] < 1 and (worst is None or shares[place] < worst[0]):
            worst = float(shares[place]), place
    return iter(()) if worst is None else iter((worst,))


def _occurrence(
    structure: Structure, layer: Layer, holes: list[tuple[int, float, int]]
) -> Occurrence:
    name = layer.target.name
    state = structure.exact.states[name]
    assert state is not None
    share = min(share for _, share, _ in holes)
    place = [int(n) // 2 for n in state.view]
    for b, _, i in holes:
        moved = state.moves[b]
        if moved is not None:
            place[moved] = min(i, int(state.view[moved]) - 1)
    view = tuple(int(n) for n in state.view)
    unit = layer.target.unit_at(int(np.ravel_multi_index(tuple(place), view)))
    source = structure.source.name
    witness: Units = receptive_field(structure.network, unit, source)
    return Occurrence(
        tensors=(name,),
        message=(
            f"units of {name} see {share:.0%} of the positions that their receptive field spans "
            f"along an axis, such as {unit}"
        ),
        reason=(
            "Layers whose dilations have a common factor leave the same positions out again and "
            "again: neighbouring units see disjoint sets, and local detail is lost (Wang et al. "
            "2018)."
        ),
        fix=(
            "Let the dilations grow without a common factor, such as 1, 2, 5 for kernels of 3, so "
            "that the largest distance between two positions that are seen stays within the kernel."
        ),
        witness=witness,
        details={"unit": unit, "seen": share},
    )
