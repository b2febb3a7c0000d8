"""Which units of a row have one value whatever the input: zero, an infinity, or no number.

A mask makes them, and they are found again behind layers that only move units, behind functions of
one unit and behind sums. They are kept by row and kind, and looked for when somebody asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

__all__ = [
    "ENDS",
    "HIDDEN",
    "KINDS",
    "Fixed",
    "Kind",
    "added",
    "behind",
    "either",
    "fixed",
    "hidden",
    "single",
    "small",
    "vanishes",
]

Mask: TypeAlias = "NDArray[np.bool_]"
Kind: TypeAlias = Literal["zero", "low", "minus", "plus", "nan"]
"""Zero, a number so low that it hides a score, the two infinities, and no number."""
KINDS: tuple[Kind, ...] = ("zero", "low", "minus", "plus", "nan")
ENDS: tuple[Kind, ...] = ("minus", "plus", "nan")

HIDDEN = -1e4  # what a mask puts where it hides something, or less: BERT's -10000 is the mildest
# Units of a row to which marks are carried on, 64 MB of them. Masks of attention are far smaller;
# beyond, it is forgotten what a mask has put, and its units count as any others.
MOST = 2**26


@dataclass(frozen=True, eq=False)
class Fixed:
    """Units of a row whose value is one number whatever the input.

    `where` has one axis for each of the row's, of one position where all are alike; `blank` says
    that these units read nothing, `least` is the greatest of the numbers that are low.
    """

    where: Mask
    blank: bool = True
    least: float = -np.inf


def fixed(builder: Builder, row: Row, kind: Kind) -> Fixed | None:
    """Which units of a row are zero, minus or plus infinity, or no number, whatever the input."""
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
    kinds: tuple[Kind, ...] = ()
    if layer.reduction == MAX:
        kinds = ("low", "minus") if kind == "low" else ("minus",) if kind == "minus" else ()
    elif kind == "zero" and layer.reduction.linear:
        kinds = ("zero",)
    elif layer.reduction.linear:
        kinds = KINDS[1:] if layer.reduction == SUM else ()
    elif len(layer.joints) == 1:  # a function of one unit
        kinds = KINDS
    return [(joint.source, of) for joint in layer.joints for of in kinds]


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
    """The one number that a joint's edges carry, or zero."""
    tying = joint.tying
    return float(tying.value) if isinstance(tying, Constant) and tying.value.is_real else 0.0


def _of_layer(layer: Layer, before: Sequence[Fixed | None], kind: Kind) -> Fixed | None:
    """The units of a layer, by those that it reads."""
    if kind == "zero" and layer.reduction.linear:
        return _where_all_are(layer, before)
    if layer.reduction == MAX:
        asked = _asked(layer, kind)
        step = len(asked) // len(layer.joints)
        both = [either(*before[i : i + step]) for i in range(0, len(asked), step)]
        return _where_all_are(layer, both)  # low also where some, but not all, are infinite
    if layer.reduction == SUM:
        return _of_sum(layer, before, kind)
    (joint,) = layer.joints
    if not single(joint):
        return None
    masks = []
    for of, each in zip(KINDS, before, strict=True):
        if each is None or behind(layer.reduction, of, each.least) != kind:
            continue
        if of != "zero" and _factor(joint) <= 0:
            continue
        if of != "low" or each.blank:  # or else see `vanishes`
            moved = _moved(each.where, joint, layer.target, False)
            masks += [] if moved is None else [moved]
    return Fixed(reduce(np.logical_or, masks), False) if masks else None


def _where_all_are(layer: Layer, before: Sequence[Fixed | None]) -> Fixed | None:
    """The units that read nothing but units of their kind: a sum of zeros, a maximum of hidden."""
    masks = []
    for joint, each in zip(layer.joints, before, strict=True):
        where = np.zeros((1,) * len(joint.source.shape), bool) if each is None else each.where
        moved = _moved(where, joint, layer.target, True)  # what is read where nothing is
        if moved is None:
            return None
        masks.append(moved)
    where = reduce(np.logical_and, masks)
    blank = all(each is None or each.blank for each in before) and len(before) == 1
    least = max(-np.inf if each is None else each.least for each in before)
    return Fixed(where, blank, least) if where.any() else None


def _of_sum(layer: Layer, before: Sequence[Fixed | None], kind: Kind) -> Fixed | None:
    """The units of a sum that are of one kind because one of its terms is."""
    terms = []
    for i, joint in enumerate(layer.joints):
        found: dict[Kind, Fixed] = {}
        for of, each in zip(KINDS[1:], before[i * len(KINDS[1:]) :], strict=False):
            if each is not None:
                moved = _moved(each.where, joint, layer.target, False)
                if moved is None:
                    return None
                found[of] = Fixed(moved, each.blank and len(layer.joints) == 1, each.least)
        terms.append((_factor(joint), found))
    return added(terms).get(kind)


def added(terms: Sequence[tuple[float, Mapping[Kind, Fixed]]]) -> dict[Kind, Fixed]:
    """What a sum makes of units of its terms that are fixed; each term comes with its factor.

    A factor of zero is one that is not known. A sum with an infinity is infinite, unless the other
    one is in it too.
    """
    parts: dict[str, list[Fixed]] = {}
    for factor, kinds in terms:
        for kind, each in kinds.items():
            as_what: str = kind
            if kind == "low" and factor <= 0:
                as_what = "taken off"  # perhaps of what is as low
            elif kind != "nan" and factor == 0:
                as_what = "unknown"
            elif factor < 0:
                as_what = {"minus": "plus", "plus": "minus"}.get(kind, kind)
            least = each.least * factor if kind == "low" else each.least
            parts.setdefault(as_what, []).append(Fixed(each.where, each.blank, least))
    nowhere = np.zeros(1, bool)
    low, minus, plus, nan, unknown, off = (
        reduce(np.logical_or, [each.where for each in parts.get(kind, ())], nowhere)
        for kind in (*KINDS[1:], "unknown", "taken off")
    )
    nan = nan | (minus & plus)
    masks: dict[Kind, Mask] = {
        "low": low & ~(minus | plus | nan | unknown | off),
        "minus": minus & ~(nan | unknown),
        "plus": plus & ~(nan | unknown),
        "nan": nan,
    }
    made = {}
    for kind, mask in masks.items():
        there = parts.get(kind, [])
        least = max((each.least for each in there), default=-np.inf)
        if mask.any() and (kind != "low" or least <= HIDDEN):
            made[kind] = Fixed(mask, len(there) == 1 and there[0].blank, least)
    return made


def hidden(builder: Builder, row: Row) -> Fixed | None:
    """The units of a row that a softmax does not see beside others: low, or minus infinity."""
    return either(fixed(builder, row, "low"), fixed(builder, row, "minus"))


def either(*kinds: Fixed | None) -> Fixed | None:
    """The units of one kind or another."""
    known = [each for each in kinds if each is not None]
    if len(known) < 2:
        return known[0] if known else None
    where = reduce(np.logical_or, [each.where for each in known])
    return Fixed(where, all(e.blank for e in known), max(e.least for e in known))


@lru_cache(maxsize=1024)
def behind(reduction: Reduction, kind: Kind, least: float) -> Kind | None:
    """What a function of one unit makes of one that is fixed."""
    value = {"zero": 0.0, "low": least, "minus": -np.inf, "plus": np.inf, "nan": np.nan}[kind]
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
    if kind == "low" and (made != 0 or lowest != 0 or order != 1):
        return None
    made_of: dict[float, Kind] = {0.0: "zero", -np.inf: "minus", np.inf: "plus"}
    return "nan" if np.isnan(made) else made_of.get(made)


def vanishes(builder: Builder, row: Row, reduction: Reduction) -> Fixed | None:
    """The units of a row that a number hides, and that are read, where a function makes them 0."""
    low = fixed(builder, row, "low")
    if low is None or low.blank or behind(reduction, "low", low.least) != "zero":
        return None
    return hidden(builder, row)


def single(joint: Joint) -> bool:
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
        if not single(joint):
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
