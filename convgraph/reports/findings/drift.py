"""Even kernels whose padding is one-sided: everything moves by half a position."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.findings.witnesses import middle_unit
from convgraph.reports.structure import Structure


@rule(
    "half-pixel-drift",
    "warning",
    "even kernels with more padding on one side",
    "Wu, Wang, Tang, Chen and Shi, Convolution with even-sized kernels and symmetric padding, "
    "NeurIPS 2019",
)
def half_pixel_drift(structure: Structure) -> Iterator[Occurrence]:
    """Layers of stride 1 whose even kernel is padded on one side more than on the other.

    Where all windows read the past alone, as of sound, their padding is there for that.
    """
    causal = {b for b in range(len(structure.space)) if _is_causal(structure, b)}
    for layer in structure.network.layers:
        for joint in layer.joints:
            drifts: dict[int, Fraction] = {}
            for b in range(len(structure.space)):
                axis = structure.along(joint, b)
                if (
                    axis is None
                    or axis.sliding is None
                    or axis.stride != 1
                    or axis.boundary == "circular"
                    or b in causal
                ):
                    continue
                span = int(axis.dilation) * (int(axis.taps) - 1) + 1
                before, after = axis.used_padding
                if span % 2 == 0 and before != after:
                    drifts[b + 1] = Fraction(after - before, 2)
            if not drifts:
                continue
            name = layer.target.name
            said = " and ".join(f"{drift} along axis {b}" for b, drift in drifts.items())
            fields = structure.fields(name)
            centre = tuple(field.centre for field in fields) if fields is not None else ()
            yield Occurrence(
                tensors=(name,),
                message=f"the units of {name} look {said} from the middle of what they stand for",
                reason=(
                    "An even kernel has no middle; with its odd padding on one side, every layer "
                    "moves its features by half a position, stacks of them by whole ones, and a "
                    "branch beside it is not aligned (Wu et al. 2019)."
                ),
                fix="Use odd kernels, or alternate the side of the padding from layer to layer.",
                details={"drift": drifts, "centre": centre},
                witness=middle_unit(layer.target),
            )
            break


def _is_causal(structure: Structure, b: int) -> bool:
    """Whether every window along an axis is padded before alone, by all that it reads there."""
    windows = [axis.sliding for _, joints in structure.along_axis(b) for _, axis in joints]
    wide = [window for window in windows if window is not None and window.taps != 1]
    return bool(wide) and all(
        window.used_padding == (int(window.dilation) * (int(window.taps) - 1), 0) for window in wide
    )
