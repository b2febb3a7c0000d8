"""Outputs all of which see padding."""

from __future__ import annotations

from collections.abc import Iterator

from convgraph.core.layer import Row
from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.findings.witnesses import all_units
from convgraph.reports.structure import Structure


@rule(
    "padding-everywhere",
    "info",
    "outputs all of whose units see padding",
    "Islam, Jia and Bruce, How much position information do convolutional neural networks encode?, "
    "ICLR 2020; Kayhan and van Gemert, On translation invariance in CNNs, CVPR 2020",
)
def padding_everywhere(structure: Structure) -> Iterator[Occurrence]:
    """Outputs of which every unit depends on something that was read beyond a border."""
    for row in structure.network.outputs:
        touching = structure.touching(row.name)
        if touching is None or touching < 1:
            continue
        first = _first(structure)
        where = f"; from {first.name} on no unit is free of it" if first is not None else ""
        yield Occurrence(
            tensors=tuple(dict.fromkeys((row.name, (first or row).name))),
            message=f"every unit of {row.name} sees padding{where}",
            reason=(
                "Padding tells a unit how far away the border is, so that a network can learn "
                "where it is in the image, and no output is as it would be on a larger image "
                "(Islam et al. 2020; Kayhan and van Gemert 2020)."
            ),
            fix=(
                "Crop or convolve without padding where positions should not matter, or take it as "
                "a feature where they should."
            ),
            details={"first": None if first is None else first.name},
            witness=all_units(first or row),
        )


def _first(structure: Structure) -> Row | None:
    """The first row whose units move over the input and all see padding."""
    for row in structure.network.rows:
        total = structure.padded.sums.get(row.name)
        moving = total is not None and any(m is not None for m in total.moves)
        if moving and structure.touching(row.name) == 1:
            return row
    return None
