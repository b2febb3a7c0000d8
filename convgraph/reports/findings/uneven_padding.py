"""Padding that a stride applies on one side more than on the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure
from convgraph.symmetry.uneven_padding import EvenSizes, even_sizes, uneven_paddings

MOST_RESIDUES = 8


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
    for name in [row.name for row in structure.network.rows if row.name in uneven]:
        axes = uneven[name]
        sides: dict[str, list[int]] = {}
        for b, (before, after) in axes.items():
            sides.setdefault(f"{before} before and {after} behind", []).append(b)
        sizes = {b: _sizes(better[b]) for b in axes}
        unknown = any(better[b] is None for b in axes)
        yield Occurrence(
            tensors=(name,),
            message=f"{name} reads padding unevenly: {_along(sides)}",
            reason=(
                "Where the windows of a stride do not end at the border, padding is read on one "
                "side only; activations are skewed towards it, down to blind spots in which small "
                "objects are not detected (Alsallakh et al. 2021)."
            ),
            fix=_fix(structure.source.name, sizes, unknown),
            details={
                "padding": {f"axis {b + 1}": each for b, each in axes.items()},
                "sizes": {f"axis {b + 1}": facts for b, facts in sizes.items()},
            },
        )


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
