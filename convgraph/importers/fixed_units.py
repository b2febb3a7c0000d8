"""Which units of a row have one value whatever the input: zero, minus infinity, or no number.

A mask makes them, and they are found again behind layers that only move units, behind functions of
one unit and behind sums. They are kept by row and kind, and looked for when somebody asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.reduction import MAX, SUM, Reduction
from convgraph.core.tying import Constant
from convgraph.core.wiring import Listed, Product
from convgraph.importers.builder import Builder

__all__ = ["HIDDEN", "KINDS", "Fixed", "Kind", "behind", "fixed", "small", "vanishes"]

Mask: TypeAlias = "NDArray[np.bool_]"
Kind: TypeAlias = Literal["zero", "hidden", "nan"]
KINDS: tuple[Kind, ...] = ("zero", "hidden", "nan")

HIDDEN = -1e4  # what a mask puts where it hides something, or less
MOST = 2**26


@dataclass(frozen=True, eq=False)
class Fixed:
    """Units of a row whose value is one number whatever the input.

    `where` has one axis for each of the row's, of one position where all are alike; `blank` says
    that these units read nothing, `least` is the greatest number that hides one of them.
    """

    where: Mask
    blank: bool = True
    least: float = -np.inf


def fixed(builder: Builder, row: Row, kind: Kind) -> Fixed | None:
    """Which units of a row are zero, minus infinity, or no number, whatever the input."""
    found = builder.fixed
    waiting: list[tuple[Row, Kind]] = [(row, kind)]
    while waiting:  # a loop, as networks are deep
        last, what = waiting[-1]
        if (last.name, what) in found:
            waiting.pop()
            continue
        layer = builder.made.get(last.name)
        asked = [] if layer is None or last.symbolic else _asked(layer, what)
        open_ = [each for each in asked if (each[0].name, each[1]) not in found]
        if open_:
            waiting += open_
            continue
        known = [found[source.name, of] for source, of in asked]
        there = any(each is not None for each in known) or (what == "zero" and _unread(layer))
        found[last.name, what] = _of_layer(layer, known, what) if layer and there else None
    kept: Fixed | None = found[row.name, kind]
    return kept


def _asked(layer: Layer, kind: Kind) -> list[tuple[Row, Kind]]:
    """The rows, and the kinds of units of them, from which those of a layer follow."""
    if layer.bias is not None or not layer.joints:
        return []
    if kind == "hidden" and layer.reduction == MAX:
        return [(joint.source, kind) for joint in layer.joints]
    if len(layer.joints) == 1 and not layer.reduction.linear:  # a function of one unit
        return [] if kind == "hidden" else [(layer.joints[0].source, of) for of in KINDS]
    follows = layer.reduction.linear if kind == "zero" else layer.reduction == SUM
    if kind == "hidden" and not all(_factor(joint) > 0 for joint in layer.joints):
        return []
    return [(joint.source, kind) for joint in layer.joints] if follows else []


def _unread(layer: Layer | None) -> bool:
    """Whether some units of a sum may read nothing, which makes them zero."""
    if layer is None or layer.bias is not None or layer.reduction != SUM or layer.symbolic:
        return False
    wirings = [joint.wiring for joint in layer.joints]
    axes = [a for w in wirings if isinstance(w, Product) for a in w.axes]
    return all(axis.taps == 1 for axis in axes) and (
        any(isinstance(wiring, Listed) for wiring in wirings)
        or any(not axis.copies and bool((axis.fan_in() == 0).any()) for axis in axes)
    )


def _factor(joint: Joint) -> float:
    """The one positive number that a joint's edges carry, or zero."""
    tying = joint.tying
    positive = isinstance(tying, Constant) and tying.value.is_real and tying.value > 0
    return float(tying.value) if isinstance(tying, Constant) and positive else 0.0


def _of_layer(layer: Layer, before: Sequence[Fixed | None], kind: Kind) -> Fixed | None:
    """The units of a layer, by those that it reads."""
    if layer.reduction.linear or (kind == "hidden" and layer.reduction == MAX):
        return _of_sum(layer, before, kind)
    (joint,) = layer.joints
    if not _single(joint):
        return None
    masks = []
    for of, each in zip(KINDS, before, strict=True):
        if each is None or behind(layer.reduction, of, each.least) != kind:
            continue
        if of != "hidden" or each.least == -np.inf or each.blank:  # or else see `vanishes`
            moved = _moved(each.where, joint, layer.target, False)
            masks += [] if moved is None else [moved]
    return Fixed(reduce(np.logical_or, masks), False) if masks else None


def _of_sum(layer: Layer, before: Sequence[Fixed | None], kind: Kind) -> Fixed | None:
    """The units of a sum: zero where all terms are, and otherwise what one of them is.

    Those of a maximum are hidden where all that they read is.
    """
    greatest = layer.reduction == MAX
    every = greatest or kind == "zero"
    masks = []
    for joint, each in zip(layer.joints, before, strict=True):
        where = np.zeros((1,) * len(joint.source.shape), bool) if each is None else each.where
        moved = _moved(where, joint, layer.target, every)  # what is read where nothing is
        if moved is None:
            return None
        masks.append(moved)
    where = reduce(np.logical_and if every else np.logical_or, masks)
    there = [each for each in before if each is not None]
    least = -np.inf
    if kind == "hidden":
        pairs = zip(layer.joints, before, strict=True)
        least = max(
            -np.inf if b is None else b.least * (1 if greatest else _factor(j)) for j, b in pairs
        )
    if least > HIDDEN or not where.any():
        return None
    blank = all(each.blank for each in there) and len(before) == 1 and not greatest
    return Fixed(where, blank, least)


@lru_cache(maxsize=1024)
def behind(reduction: Reduction, kind: Kind, least: float) -> Kind | None:
    """What a function of one unit makes of one that is fixed."""
    value = {"zero": 0.0, "hidden": least, "nan": np.nan}[kind]
    if not reduction.known or (reduction.function is not None and not reduction.function.known):
        return None
    try:
        with np.errstate(all="ignore"):
            made, lowest = (
                float(reduction.fast(np.array([v]), np.array([0, 1]))[0]) for v in (value, -np.inf)
            )
    except (ArithmeticError, LookupError, TypeError, ValueError):
        return None  # a function of more than one value
    # a function that never decreases is zero below a number where it is, if it is so at the end
    order = reduction.function.order if reduction.function is not None else None
    follows = kind != "hidden" or least == -np.inf or (lowest == 0 and order == 1)
    if made == 0 and follows:
        return "zero"
    return "nan" if np.isnan(made) and follows else None


def vanishes(builder: Builder, row: Row, reduction: Reduction) -> Fixed | None:
    """The units of a row that a number hides, and that are read, where a function makes them 0."""
    found = fixed(builder, row, "hidden")
    if found is None or found.blank or found.least == -np.inf:
        return None
    return found if behind(reduction, "hidden", found.least) == "zero" else None


def _single(joint: Joint) -> bool:
    """Whether no unit reads more than one."""
    wiring = joint.wiring
    if isinstance(wiring, Listed):
        return int(np.diff(wiring.start).max(initial=0)) <= 1
    return all(axis.taps == 1 for axis in wiring.axes)


def _moved(where: Mask, joint: Joint, row: Row, missing: bool) -> Mask | None:
    """Marks of units, as the units are moved; of several that one reads, whether all have it."""
    wiring = joint.wiring
    if int(row.size) > MOST or int(joint.source.size) > MOST:
        return None
    if isinstance(wiring, Listed):
        if not _single(joint):
            return None
        there = np.diff(wiring.start) == 1
        marks = np.full(len(there), missing)
        marks[there] = np.broadcast_to(where, joint.source.numbers()).ravel()[wiring.source]
        return small(marks.reshape(row.numbers()))
    if all(axis.taps == 1 or (axis.full and missing) for axis in wiring.axes):
        return small(_moved_along_axes(where, wiring, joint.source, row, missing))
    return None


def small(mask: Mask) -> Mask:
    """A mask with one position for each axis along which all are alike."""
    for a in range(mask.ndim):
        first = mask.take([0], axis=a)
        alike = bool((mask == first).all())
        mask = first if alike else mask
    return mask


def _moved_along_axes(where: Mask, wiring: Product, source: Row, row: Row, missing: bool) -> Mask:
    marks = np.broadcast_to(where, source.numbers())
    marks = marks.reshape([int(n) for n in wiring.in_view]).transpose(wiring.order)
    for a, axis in enumerate(wiring.axes):
        if axis.copies:
            continue
        if axis.full:
            marks = np.asarray(marks.all(axis=a, keepdims=True))
            continue
        there = axis.table()[:, 0]
        shape = [-1 if b == a else 1 for b in range(marks.ndim)]
        marks = np.take(marks, np.maximum(there, 0), axis=a)
        marks = np.where((there >= 0).reshape(shape), marks, missing)
    return np.broadcast_to(marks, [int(n) for n in wiring.out_view]).reshape(row.numbers())
