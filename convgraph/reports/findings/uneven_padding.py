"""Padding that a stride applies on one side more than on the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis, Full, Repeat
from convgraph.core.layer import Joint, Layer
from convgraph.core.window import Reversed, Window
from convgraph.reports.findings.drift import used_padding
from convgraph.reports.findings.finding import Finding
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure

MOST_SIZES, MOST_RESIDUES = 4096, 8
Sizes: TypeAlias = NDArray[np.int64]


@rule(
    "uneven-padding",
    "warning",
    "padding that a stride applies unevenly",
    "Alsallakh, Kokhlikyan, Miglani, Yuan and Reblitz-Richardson, Mind the pad: CNNs can develop "
    "blind spots, ICLR 2021",
)
def uneven_padding(structure: Structure) -> Iterator[Finding]:
    """Layers with a stride that read more padding before the input than behind it, or less."""
    uneven: dict[str, dict[int, tuple[int, int]]] = {}
    for layer in structure.network.layers:
        for b in range(len(structure.space)):
            axis = _strided(structure, layer, b)
            if axis is not None:
                before, after = used_padding(axis)
                if before != after:
                    uneven.setdefault(layer.target.name, {})[b] = before, after
    if not uneven:
        return
    better = {b: even_sizes(structure, b) for b in {b for axes in uneven.values() for b in axes}}
    for name, axes in uneven.items():
        sides: dict[str, list[int]] = {}
        for b, (before, after) in axes.items():
            sides.setdefault(f"{before} before and {after} behind", []).append(b)
        chosen = {b: better[b] for b in axes}
        yield Finding(
            "uneven-padding",
            "warning",
            (name,),
            f"{name} reads padding unevenly: {_along(sides)}",
            "Where the windows of a stride do not end at the border, padding is read on one side "
            "only; activations are skewed towards it, down to blind spots in which small objects "
            "are not detected (Alsallakh et al. 2021).",
            _fix(structure, chosen),
            None,
            {
                "padding": {f"axis {b + 1}": each for b, each in axes.items()},
                "sizes": {f"axis {b + 1}": facts for b, facts in chosen.items()},
            },
        )


def _along(said: dict[str, list[int]]) -> str:
    """Sentences with the axes for which they hold."""
    return "; ".join(
        f"{what} along {'axes' if len(axes) > 1 else 'axis'} "
        + " and ".join(str(b + 1) for b in axes)
        for what, axes in said.items()
    )


def _strided(structure: Structure, layer: Layer, b: int) -> Window | None:
    for joint in layer.joints:
        axis = structure.along(joint, b)
        if isinstance(axis, Window) and axis.stride > 1 and axis.boundary != "circular":
            return axis
    return None


def _fix(structure: Structure, better: dict[int, dict[str, Any] | None]) -> str:
    said: dict[str, list[int]] = {}
    for b, facts in better.items():
        if facts is not None:
            sizes = f"{' or '.join(map(str, facts['nearest']))} positions"
            if facts["residues"]:
                residues = " or ".join(map(str, facts["residues"]))
                sizes += f" (n = {residues} modulo {facts['modulus']})"
            said.setdefault(f"{structure.source.name} of {sizes}", []).append(b)
    if not said:
        return "No input size is padded evenly by all layers; change their paddings."
    return f"All layers pad evenly for {_along(said)}."


def even_sizes(structure: Structure, b: int) -> dict[str, Any] | None:
    """The input sizes along an axis for which no stride pads unevenly, as residues if they are few.

    All sizes of a stretch are sent through the network at once. Which of them are padded evenly
    repeats itself with the product of the strides, so that the stretch is two such periods.
    """
    strides = 1
    for layer in structure.network.layers:
        axis = _strided(structure, layer, b)
        strides *= int(axis.stride) if axis is not None else 1
    size = structure.space[b]
    period = min(strides, MOST_SIZES)
    # far enough up that no size of the stretch is too small for the network
    tried = np.arange(size, size + 2 * period, dtype=np.int64)
    good = _evenly_padded(structure, b, tried)
    if not good.any() or not np.array_equal(good[:period], good[period:]):
        return None
    modulus = next(
        m
        for m in range(1, period + 1)
        if period % m == 0 and np.array_equal(good[:period], np.roll(good[:period], m))
    )
    residues = sorted({int(n) % modulus for n in tried[:period][good[:period]]})
    held = set(residues)
    above = next(n for n in range(size, size + modulus + 1) if n % modulus in held)
    below = next((n for n in range(size, 0, -1) if n % modulus in held), above)
    few = residues if len(residues) <= MOST_RESIDUES else []
    return {"modulus": modulus, "residues": few, "nearest": sorted({below, above})}


def _evenly_padded(structure: Structure, b: int, sizes: Sizes) -> NDArray[np.bool_]:
    """For which input sizes along an axis all strides read padding evenly."""
    good = np.ones(len(sizes), bool)
    known: dict[str, Sizes] = {structure.source.name: sizes}
    for layer in structure.network.layers:
        arriving = [
            found
            for joint in layer.joints
            if joint.source.name in known
            and (found := _resized(structure, layer, joint, b, known[joint.source.name], good))
            is not None
        ]
        if arriving:
            for other in arriving[1:]:
                good &= other == arriving[0]  # branches of other sizes could not be merged
            known[layer.target.name] = arriving[0]
    return good


def _resized(
    structure: Structure, layer: Layer, joint: Joint, b: int, n: Sizes, good: NDArray[np.bool_]
) -> Sizes | None:
    """The sizes behind a layer; sizes that it pads unevenly are struck off `good`."""
    axis: Axis | None = structure.along(joint, b)
    if axis is None or isinstance(axis, Full):
        return None
    if isinstance(axis, Repeat):
        return n * int(axis.factor)
    if isinstance(axis, Reversed):
        return (
            n * int(axis.window.stride)
            + int(axis.outputs)
            - int(axis.inputs) * int(axis.window.stride)
        )
    if not isinstance(axis, Window):
        return None
    s, span = int(axis.stride), int(axis.dilation) * (int(axis.taps) - 1) + 1
    if getattr(layer.spec, "padding", None) == "same":
        outputs = -(-n // s)
        total = np.maximum((outputs - 1) * s + span - n, 0)
        before = total // 2
    else:
        before = np.full(len(n), int(axis.padding))
        declared = axis.after if axis.after is not None else axis.padding
        room = n + before + int(declared) - span
        # as many outputs as the layer has here, so that rounding upwards is kept
        upwards = (
            int(axis.outputs)
            > (int(axis.inputs) + int(axis.padding) + int(declared) - span) // s + 1
        )
        outputs = (-(-room // s) if upwards else room // s) + 1
    after = np.maximum((outputs - 1) * s + span - before - n, 0)
    good &= outputs > 0
    if s > 1 and axis.boundary != "circular":
        good &= np.maximum(before, 0) == after
    return outputs
