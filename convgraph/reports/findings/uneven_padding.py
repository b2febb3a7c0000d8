"""Padding that a stride applies on one side more than on the other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from convgraph.core.boxes import Box, regroup
from convgraph.core.units import Units
from convgraph.core.wiring import Product
from convgraph.interactions.affine import Interval
from convgraph.reports.findings.finding import Occurrence, Severity
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure
from convgraph.symmetry.lattice.padding_under_strides import EvenSizes, even_sizes, uneven_paddings

MOST_RESIDUES = 8  # more would fill lines of a message, and the nearest sizes are said anyway
MOST_NAMES = 5  # layers that a message names; a finding holds all of them


@rule(
    "uneven-padding",
    "warning",
    "padding that a stride applies unevenly",
    "Alsallakh, Kokhlikyan, Miglani, Yuan and Reblitz-Richardson, Mind the pad: CNNs can develop "
    "blind spots, ICLR 2021",
)
def uneven_padding(structure: Structure) -> Iterator[Occurrence]:
    """Layers with a stride that read more padding before the input than behind it, or less."""
    uneven: dict[str, dict[int, tuple[int, int]]] = {}
    better: dict[int, EvenSizes | None] = {}
    for b, size in enumerate(structure.space):
        layers = structure.along_axis(b)
        found = uneven_paddings(layers)
        for each in found:
            uneven.setdefault(each.row, {})[b] = each.used
        if found:
            better[b] = even_sizes(layers, {structure.source.name: size})
    names = [row.name for row in structure.network.rows if row.name in uneven]
    for positions in (True, False):
        group = [name for name in names if _places_things(structure, name) is positions]
        if group:
            severity: Severity = "warning" if positions else "info"
            yield _occurrence(structure, {name: uneven[name] for name in group}, better, severity)


def _places_things(structure: Structure, name: str) -> bool:
    """Whether an output that depends on a row tells positions apart: what is skewed matters there.

    Behind a global pool, or a dense layer that reads all positions, there is nowhere left for a
    detection or a mask to be moved to; that is so for most networks that classify images.
    """
    return any(
        name in structure.before(output.name) and _tells_apart(structure, output.name)
        for output in structure.network.outputs
    )


def _tells_apart(structure: Structure, name: str) -> bool:
    total = structure.sum(name)
    if total is None:
        return True
    seen: set[tuple[Interval, ...]] = set()
    for fields in total.payloads:
        seen.add(fields)
        if len(seen) > 1 or any(field.step != 0 for field in fields):
            return True
    return False


def _occurrence(
    structure: Structure,
    uneven: dict[str, dict[int, tuple[int, int]]],
    better: dict[int, EvenSizes | None],
    severity: Severity,
) -> Occurrence:
    names = list(uneven)
    axes = sorted({b for each in uneven.values() for b in each})
    sides: dict[str, list[int]] = {}
    for b, (before, after) in uneven[names[0]].items():
        sides.setdefault(f"{before} before and {after} behind", []).append(b)
    rest = ""
    if len(names) > 1:
        shown = ", ".join(names[1:MOST_NAMES]) + (", ..." if len(names) > MOST_NAMES else "")
        others = f"{len(names) - 1} layers" if len(names) > 2 else "one layer"
        rest = f"; {others} behind it likewise: {shown}"
    sizes = {b: _sizes(better[b]) for b in axes}
    return Occurrence(
        tensors=tuple(names),
        message=f"{names[0]} reads padding unevenly: {_along(sides)}{rest}",
        reason=(
            "Where the windows of a stride do not end at the border, more padding is read on one "
            "side than on the other; activations are skewed, down to blind spots in which small "
            "objects are not detected (Alsallakh et al. 2021)."
        ),
        fix=_fix(structure.source.name, sizes, any(better[b] is None for b in axes)),
        details={
            "padding": {
                name: {f"axis {b + 1}": used for b, used in each.items()}
                for name, each in uneven.items()
            },
            "sizes": {f"axis {b + 1}": facts for b, facts in sizes.items()},
        },
        witness=_padded(structure, names[0], list(uneven[names[0]])),
        severity=severity,
    )


def _padded(structure: Structure, name: str, axes: Sequence[int]) -> Units:
    """The units of a row that read padding on the side that gets more of it, along some axes."""
    (layer,) = (each for each in structure.network.layers if each.target.name == name)
    boxes: list[Box] = []
    for joint in layer.joints:
        for b in axes:
            at, wiring = structure.place(joint, b), joint.wiring
            if at is None or not isinstance(wiring, Product):
                continue
            view = [int(n) for n in wiring.out_view]
            box = [np.ones(n, bool) for n in view]
            before, after = wiring.axes[at].used_padding
            starts = int(wiring.axes[at].stride) * np.arange(view[at])
            box[at] = starts < before if before > after else starts[::-1] < after
            boxes += regroup(tuple(box), view, layer.target.numbers())
    return Units(layer.target, boxes)


def _along(said: dict[str, list[int]]) -> str:
    """Sentences with the axes for which they hold."""
    return "; ".join(
        f"{what} along {'axes' if len(axes) > 1 else 'axis'} "
        + " and ".join(str(b + 1) for b in axes)
        for what, axes in said.items()
    )


def _fix(source: str, sizes: dict[int, dict[str, Any] | None], unknown: bool) -> str:
    said: dict[str, list[int]] = {}
    for b, facts in sizes.items():
        if facts is not None:
            positions = f"{' or '.join(map(str, facts['nearest']))} positions"
            if facts["residues"]:
                residues = " or ".join(map(str, facts["residues"]))
                positions += f" (n = {residues} modulo {facts['modulus']})"
            said.setdefault(f"{source} of {positions}", []).append(b)
    if said:
        return f"All layers pad evenly for {_along(said)}."
    if unknown:
        return "Choose a size for which the windows end at the border, or change the paddings."
    return "No input size is padded evenly by all layers; change their paddings."


def _sizes(even: EvenSizes | None) -> dict[str, Any] | None:
    """The sizes that are padded evenly, as residues if they are few, and those nearby."""
    if even is None or not even.nearest:
        return None
    modulus, residues = even.sizes.modulus, even.sizes.residues
    few = list(residues) if len(residues) <= MOST_RESIDUES else []
    return {"modulus": modulus, "residues": few, "nearest": list(even.nearest)}
