"""Transposed convolutions whose windows overlap unevenly."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np

from convgraph.core.units import Units
from convgraph.core.wiring import Product
from convgraph.interactions.periodic_reads import reads_of
from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure


@rule(
    "checkerboard",
    "warning",
    "transposed convolutions whose windows overlap unevenly",
    "Odena, Dumoulin and Olah, Deconvolution and checkerboard artifacts, Distill (2016)",
)
def checkerboard(structure: Structure) -> Iterator[Occurrence]:
    """Layers whose units differ in fan-in by their place in a period, away from the border."""
    for layer in structure.network.layers:
        for joint in layer.joints:
            if not isinstance(joint.wiring, Product):
                continue
            patterns: dict[int, tuple[int, ...]] = {}
            for a, axis in enumerate(joint.wiring.axes):
                if axis.window is not axis.sliding and axis.outputs > 1:
                    reads, _ = reads_of(axis, 1) or ([], 0)
                    pattern = tuple(map(len, reads[: int(axis.outputs)]))
                    if len(set(pattern)) > 1:
                        patterns[a] = pattern
            if patterns:
                yield _occurrence(layer.target.name, joint.wiring, patterns, structure)


def _occurrence(
    name: str, wiring: Product, patterns: dict[int, tuple[int, ...]], structure: Structure
) -> Occurrence:
    masks = []
    for a, n in enumerate(map(int, wiring.out_view)):
        pattern = np.array(patterns.get(a, (1,)))
        masks.append(np.resize(pattern == pattern.max(), n))
    row = structure.network.row(name)
    most = reduce(np.logical_and.outer, masks).reshape(row.numbers())
    periods = " x ".join(str(len(p)) for p in patterns.values())
    shown = " by ".join("-".join(map(str, p)) for p in patterns.values())
    zeros = any(0 in p for p in patterns.values())
    return Occurrence(
        tensors=(name,),
        message=f"the units of {name} read {shown} positions in turn, in a period of {periods}",
        reason=(
            "Windows of a transposed convolution overlap evenly only where the stride divides the "
            "kernel; a network can learn to even it out and mostly does not, and a pattern of the "
            "stride's period shows in its images and in its gradients (Odena et al. 2016)"
            + ("; some units read nothing at all." if zeros else ".")
        ),
        fix="Choose a kernel that the stride divides, or enlarge first and convolve after.",
        witness=Units.of(row, most),
        details={"patterns": {f"axis {a}": pattern for a, pattern in patterns.items()}},
    )
