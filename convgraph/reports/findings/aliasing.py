"""Strides that nothing blurs beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from convgraph.core.layer import Joint, Layer
from convgraph.core.tying import Constant, Explicit, Mean
from convgraph.core.wiring import Product
from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure


@rule(
    "stride-without-blur",
    "info",
    "strides without a blur before them",
    "Zhang, Making convolutional networks shift-invariant again, ICML 2019",
)
def stride_without_blur(structure: Structure) -> Iterator[Occurrence]:
    """Layers that skip positions and neither average themselves nor read a row that does."""
    for layer in structure.network.layers:
        for joint in layer.joints:
            strides = _strides(structure, joint)
            if max(strides, default=1) > 1 and not (_blurs(joint) or _blurred(structure, joint)):
                yield _occurrence(structure, layer, strides)
                break


def _strides(structure: Structure, joint: Joint) -> list[int]:
    axes = (structure.along(joint, b) for b in range(len(structure.space)))
    return [1 if axis is None else int(axis.stride) for axis in axes]


def _blurs(joint: Joint) -> bool:
    """Whether a joint averages: fixed weights over more than one position, channel by channel."""
    if not isinstance(joint.wiring, Product):
        return False
    mixes = any(axis.full and axis.inputs != 1 for axis in joint.wiring.axes)
    wide = any(axis.sliding is not None and axis.taps > 1 for axis in joint.wiring.axes)
    return wide and not mixes and isinstance(joint.tying, Mean | Explicit)


def _blurred(structure: Structure, joint: Joint) -> bool:
    """Whether the row that a joint reads was averaged, looking through layers of one tap each."""
    name = joint.source.name
    computed = {layer.target.name: layer for layer in structure.network.layers}
    while name in computed and len(computed[name].joints) == 1:
        before = computed[name].joints[0]
        if _blurs(before):
            return True
        single = isinstance(before.wiring, Product) and all(
            axis.sliding is not None and axis.taps == 1 and axis.stride == 1
            for axis in before.wiring.axes
        )
        if not (single and isinstance(before.tying, Constant)):
            return False
        if computed[name].reduction.pointwise:
            return False  # a nonlinearity brings high frequencies back
        name = before.source.name
    return False


def _occurrence(structure: Structure, layer: Layer, strides: list[int]) -> Occurrence:
    name = layer.target.name
    fields = structure.fields(name)
    lattice = tuple(field.step for field in fields) if fields is not None else ()
    step = " x ".join(map(str, lattice))
    own = " x ".join(map(str, strides))
    return Occurrence(
        tensors=(name,),
        message=(
            f"{name} moves by {own} with no blur before; only shifts of the input by multiples of "
            f"{step} move it by whole units"
        ),
        reason=(
            "Subsampling without a low-pass filter aliases: smaller shifts change what is "
            "computed, and outputs flicker as an object moves (Zhang 2019)."
        ),
        fix=(
            "Give the layer a stride of 1 and subsample behind a fixed blur, such as "
            "an average pool."
        ),
        details={
            "strides": tuple(strides),
            "lattice": lattice,
            "shift": _breaking(lattice, strides),
        },
    )


def _breaking(lattice: Sequence[Any], strides: Sequence[int]) -> tuple[int, ...]:
    """A shift of the input that the layer does not follow by whole units, and what it reads does
    where it can. Zeros where there is none.
    """
    found = []
    for step, stride in zip(lattice, strides, strict=False):
        before = Fraction(step or 0) / stride
        follows = stride == 1 or before * stride <= 1
        whole = before.numerator % (before * stride) if not follows else 0
        found.append(0 if follows else before.numerator if whole else 1)
    return tuple(found)
