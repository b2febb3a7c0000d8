"""Layers that can add no context, as their input already sees everything."""

from __future__ import annotations

from collections.abc import Iterator

from convgraph.core.layer import Joint, Layer
from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.findings.witnesses import middle_unit
from convgraph.reports.structure import Structure


@rule(
    "unproductive-layer",
    "info",
    "layers whose input's field already covers the network's input",
    "Richter, Byttner, Krumnack, Wiedenroth, Schallner and Shenk, (Input) size matters for CNN "
    "classifiers, ICANN 2021",
)
def unproductive_layer(structure: Structure) -> Iterator[Occurrence]:
    """Layers with windows all of whose inputs have fields at least as large as the input."""
    found = [
        layer.target.name
        for layer in structure.network.layers
        if layer.joints
        and all(_covered(structure, joint) for joint in layer.joints)
        and _windowed(structure, layer)
    ]
    if found:
        first = structure.network.layer(found[0]).joints[0]
        least = _fields(structure, first) or ()
        sizes, space = " x ".join(map(str, least)), " x ".join(map(str, structure.space))
        behind = len(found) - 1
        few = ("", "; so does one layer behind it")
        rest = few[behind] if behind < 2 else f"; so do {behind} layers behind it"
        yield Occurrence(
            tensors=tuple(found),
            message=(
                f"{found[0]} reads units whose fields ({sizes}) already cover the input ({space})"
                f"{rest}"
            ),
            reason=(
                "A window can combine context only as long as its inputs see different parts of "
                "the image; layers behind that border were found to add nothing to what a network "
                "achieves (Richter et al. 2021)."
            ),
            fix="Feed larger images, remove early strides or pooling, or leave these layers out.",
            details={"layers": len(found), "field": least, "input": structure.space},
            witness=middle_unit(first.source),
        )


def _windowed(structure: Structure, layer: Layer) -> bool:
    axes = (
        structure.along(joint, b) for joint in layer.joints for b in range(len(structure.space))
    )
    return any(axis is not None and axis.sliding is not None and axis.taps > 1 for axis in axes)


def _fields(structure: Structure, joint: Joint) -> tuple[int, ...] | None:
    """The smallest size of a field among the units that a joint reads, along each axis."""
    found = structure.widest(joint.source.name)
    return None if found is None else tuple(along.least for along in found)


def _covered(structure: Structure, joint: Joint) -> bool:
    sizes = _fields(structure, joint)
    return sizes is not None and all(
        size >= n for size, n in zip(sizes, structure.space, strict=True)
    )
