"""Branches that are merged although their units look at different places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convgraph.core.layer import Layer
from convgraph.interactions.affine import Fields
from convgraph.interactions.sums import Sum
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
    for layer in structure.network.layers:
        arrivals = structure.intervals.arrivals.get(layer.target.name)
        if arrivals is None or None in arrivals:
            continue
        linked = [
            joint.source.name
            for joint in layer.joints
            if joint.source.name in structure.intervals.sums
        ]
        differing = [
            found
            for b in range(len(structure.space))
            for found in _differing(list(zip(linked, arrivals, strict=True)), b)
        ]
        if differing:
            yield _occurrence(layer, differing)


def _differing(arrivals: list[tuple[str, Sum[Fields] | None]], b: int) -> Iterator[dict[str, Any]]:
    """The branches that differ along an axis from the place where most of them look."""
    places: dict[tuple[Any, Any], list[str]] = {}
    for name, total in arrivals:
        fields = [payload[b] for payload in (total.payloads if total else ())]
        for field in dict.fromkeys(fields):
            if field.moves and field.centre is not None:
                places.setdefault((field.stride, field.centre), []).append(name)
    if len(places) < 2:
        return
    usual = max(places, key=lambda place: len(places[place]))
    for (stride, centre), names in places.items():
        if (stride, centre) == usual or names[0] in places[usual]:
            continue  # units of one row that look at different places are not merged here
        paths = (places[usual][0], names[0])
        if stride != usual[0]:
            yield {"axis": b + 1, "paths": paths, "strides": (usual[0], stride)}
        else:
            yield {"axis": b + 1, "paths": paths, "offset": centre - usual[1]}


def _occurrence(layer: Layer, differing: list[dict[str, Any]]) -> Occurrence:
    said: dict[str, list[int]] = {}
    for entry in differing:
        one, other = entry["paths"]
        if "offset" in entry:
            side = "behind" if entry["offset"] > 0 else "before"
            what = f"fields through {other} lie {abs(entry['offset'])} {side} those through {one}"
        else:
            a, z = entry["strides"]
            what = f"fields through {one} move by {a} and those through {other} by {z}"
        said.setdefault(what, []).append(entry["axis"])
    parts = [
        f"{what} along {'axes' if len(axes) > 1 else 'axis'} {' and '.join(map(str, axes))}"
        for what, axes in said.items()
    ]
    sources = dict.fromkeys(name for entry in differing for name in entry["paths"])
    return Occurrence(
        tensors=(layer.target.name, *sources),
        message=f"at {layer.target.name} {'; '.join(parts)}",
        reason=(
            "A unit then combines what its branches saw at different places; whether branches are "
            "aligned often depends on the input size, through the padding (Araujo et al. 2019)."
        ),
        fix=(
            "Pad the branches alike: (kernel - 1) / 2 on both sides for a stride of 1, the same "
            "sizes and strides on every way, or an input size for which they agree."
        ),
        details={"differences": differing},
    )
