"""Branches that are merged although their units look at different places."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple

from convgraph.core.layer import Layer
from convgraph.core.wiring import Product
from convgraph.interactions.affine import Fields, Interval
from convgraph.interactions.segments import Total
from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure


@rule(
    "misaligned-merge",
    "warning",
    "branches merged with different centres or strides",
    "Araujo, Norris and Sim, Computing receptive fields of convolutional neural networks, Distill "
    "(2019), section on alignment",
)
def misaligned_merge(structure: Structure) -> Iterator[Occurrence]:
    """Layers that merge rows whose fields differ in stride or centre at the same place."""
    network = structure.network
    computed = {layer.target.name: layer for layer in network.layers}
    found: dict[Any, list[tuple[str, list[dict[str, Any]]]]] = {}
    for layer in network.layers:
        arrivals = structure.intervals.arrivals.get(layer.target.name)
        if arrivals is None or None in arrivals:
            continue
        linked = [
            joint.source.name
            for joint in layer.joints
            if joint.source.name in structure.intervals.sums
        ]
        if len({_picked_from(name, computed) for name in linked}) == 1:
            continue  # slices of one row are laid side by side on purpose
        differing = [
            each
            for b in range(len(structure.space))
            for each in _differing(list(zip(linked, arrivals, strict=True)), b)
        ]
        if differing:
            cause = [(e["axis"], e.get("offset"), e.get("strides")) for e in differing]
            found.setdefault(tuple(cause), []).append((layer.target.name, differing))
    for merges in found.values():
        yield _occurrence(merges)


def _picked_from(name: str, computed: dict[str, Layer]) -> str:
    """The row of which a row is a part: slices, and what is done to each unit by itself."""
    while name in computed and len(computed[name].joints) == 1:
        (joint,) = computed[name].joints
        wiring = joint.wiring
        if not isinstance(wiring, Product) or not all(
            axis.sliding is not None and axis.taps == 1 and axis.padding <= 0
            for axis in wiring.axes
        ):
            break
        name = joint.source.name
    return name


class _Place(NamedTuple):
    """Where a row looks: the steps of its fields, and the first one's middle."""

    stride: Any
    centre: Any


class _Arrival(NamedTuple):
    """Fields along an axis of the input, and the units along which they move.

    From a field to the next one are `step` units of the merged row in its order, `over` in all.
    """

    name: str
    field: Interval
    step: int
    over: int


def _differing(
    arrivals: list[tuple[str, Total[Fields] | None]], b: int
) -> Iterator[dict[str, Any]]:
    """The branches that differ along an axis from the place where most of them look."""
    moving = dict.fromkeys(each for name, total in arrivals for each in _moving(name, total, b))
    for beside in _beside(list(moving)):
        yield from _apart(beside, b)


def _moving(name: str, total: Total[Fields] | None, b: int) -> Iterator[_Arrival]:
    """The fields of a row that move along an axis of the input."""
    for whole in total.whole if total else ():
        for state, _ in whole.terms:
            axis = state.moves[b]
            if axis is None:
                continue
            step = prod(map(int, state.view[axis + 1 :]))
            for payload in state.payloads:
                if payload is not None and payload[b].moves and payload[b].centre is not None:
                    yield _Arrival(name, payload[b], step, step * int(state.view[axis]))


def _beside(moving: list[_Arrival]) -> list[list[_Arrival]]:
    """Those that move along the same units; queries and keys make pairs, each along its own."""
    groups: list[list[_Arrival]] = []
    for each in sorted(moving, key=lambda one: -one.step):
        group = next((g for g in groups if each.over > g[0].step), None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    return groups


def _apart(beside: list[_Arrival], b: int) -> Iterator[dict[str, Any]]:
    """Those of fields along the same units that look elsewhere than most."""
    places: dict[_Place, list[str]] = {}
    starts, ends = set(), set()
    slowest = beside[0].step
    for name, field, step, _ in beside:
        several = slowest // step if slowest % step == 0 else 1  # of a window that sees as one
        centre = field.centre + field.stride * Fraction(several - 1, 2)
        places.setdefault(_Place(field.stride * several, centre), []).append(name)
        reach = Fraction(sum(field.ends) - sum(field.starts), 2 * field.period)
        starts.add(centre - reach)
        ends.add(centre + reach)
    strides = {place.stride for place in places}
    by_turns = any(field.period > 1 for _, field, _, _ in beside)  # as behind an upsampling
    if len(places) < 2 or (len(strides) == 1 and (len(starts) == 1 or len(ends) == 1)):
        return  # causal networks: all look back, or all ahead, from one position
    usual = max(places, key=lambda place: len(places[place]))
    for place, names in places.items():
        if place == usual or set(names) & set(places[usual]):
            continue  # units of one row that look at different places are not merged here
        entry: dict[str, Any] = {"axis": b + 1, "paths": (places[usual][0], names[0])}
        if place.stride != usual.stride:
            yield {**entry, "strides": (usual.stride, place.stride)}
        else:
            offset = {"offset": place.centre - usual.centre, "unit": usual.stride}
            yield {**entry, **offset, **({"mean": True} if by_turns else {})}


def _slight(entry: dict[str, Any]) -> bool:
    """Whether branches are apart by less than half a unit: no unit is nearer than its own."""
    return "offset" in entry and 2 * abs(entry["offset"]) < abs(entry["unit"])


def _occurrence(merges: list[tuple[str, list[dict[str, Any]]]]) -> Occurrence:
    name, differing = merges[0]
    said: dict[str, list[int]] = {}
    for entry in differing:
        one, other = entry["paths"]
        if "offset" in entry:
            side = "behind" if entry["offset"] > 0 else "before"
            far = f"{'on average ' if entry.get('mean') else ''}{abs(entry['offset'])} {side}"
            what = f"fields through {other} lie {far} those through {one}"
        else:
            a, z = entry["strides"]
            what = f"fields through {one} move by {a} and those through {other} by {z}"
        said.setdefault(what, []).append(entry["axis"])
    parts = [
        f"{what} along {'axes' if len(axes) > 1 else 'axis'} {' and '.join(map(str, axes))}"
        for what, axes in said.items()
    ]
    if len(merges) > 1:
        parts.append(f"likewise at {len(merges) - 1} more, such as {merges[1][0]}")
    sources = dict.fromkeys(name for entry in differing for name in entry["paths"])
    return Occurrence(
        tensors=(*(target for target, _ in merges), *sources),
        message=f"at {name} {'; '.join(parts)}",
        reason=(
            "A unit then combines what its branches saw at different places; whether branches are "
            "aligned often depends on the input size, through the padding (Araujo et al. 2019)."
        ),
        fix=(
            "Pad the branches alike: (kernel - 1) / 2 on both sides for a stride of 1, the same "
            "sizes and strides on every way, or an input size for which they agree."
        ),
        details={"differences": differing, "beside": differing[0]["paths"]},
        severity="info" if all(map(_slight, differing)) else None,
    )
