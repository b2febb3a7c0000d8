"""Fan-in and fan-out distributions of layers: counted on the axes, never on edges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, reduce
from typing import Any, Literal, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.axis import Axis
from convgraph.core.layer import Joint
from convgraph.core.pieces import columns
from convgraph.core.sizes import Size, product
from convgraph.core.wiring import Listed, Product
from convgraph.interactions.connections import simplest, summed
from convgraph.interactions.symbolic_degrees import DegreeForm, fan_in_form, fan_out_form

__all__ = ["Distribution", "fan_in", "fan_out", "fan_in_in_symbols", "fan_out_in_symbols"]

SHORT = 4_096  # positions that are sooner counted one by one than divided into pieces

Degrees: TypeAlias = NDArray[np.int64]


class Distribution(Mapping[Size, Size]):
    """How many units have which number of connections, the largest number first.

    `conditions` lists what has to hold of symbolic sizes.

    >>> Distribution({2: 2, 3: 3})
    {3: 3, 2: 2}
    """

    def __init__(self, counts: Mapping[Any, Any], conditions: Iterable[sp.Basic] = ()) -> None:
        numbers = all(isinstance(degree, int) for degree in counts)  # sympy's key takes its time
        key = None if numbers else sp.default_sort_key
        ordered = [(d, counts[d]) for d in sorted(counts, key=key, reverse=True)]
        self._counts = {degree: count for degree, count in ordered if count != 0}
        self.conditions = tuple(dict.fromkeys(conditions))

    def __getitem__(self, degree: Size) -> Size:
        return self._counts[degree]

    def __iter__(self) -> Iterator[Size]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    @staticmethod
    def joined(distributions: Iterable[Distribution]) -> Distribution:
        """That of the units of all: what is added up in symbols is multiplied out once."""
        counts: dict[Size, list[Size]] = {}
        conditions: list[sp.Basic] = []
        for distribution in distributions:
            conditions += distribution.conditions
            for degree, count in distribution.items():
                counts.setdefault(degree, []).append(count)
        return Distribution({degree: summed(each) for degree, each in counts.items()}, conditions)

    def __repr__(self) -> str:
        return str(self._counts)


def fan_in(joints: Sequence[Joint]) -> Distribution:
    """How many units of a layer with these joints (one or more) have which fan-in."""
    wirings = [joint.wiring for joint in joints]
    products = [w for w in wirings if isinstance(w, Product)]
    if len(products) == len(wirings) and len({w.out_view for w in products}) <= 1:
        return _on_axes(tuple(w.axes for w in products), "in")
    return _on_units(
        np.diff(w.start) if isinstance(w, Listed) else _flat([axis.fan_in() for axis in w.axes])
        for w in wirings
    )


def fan_out(joints: Sequence[Joint]) -> Distribution:
    """How many units of the row that these joints read have which fan-out to all of them."""
    wirings = [joint.wiring for joint in joints]
    products = [w for w in wirings if isinstance(w, Product)]
    if len(products) == len(wirings) and len({w.in_view for w in products}) <= 1:
        return _on_axes(tuple(_in_input_order(w) for w in products), "out")
    return _on_units(
        np.bincount(w.source, minlength=w.inputs)
        if isinstance(w, Listed)
        else _flat([axis.fan_out() for axis in _in_input_order(w)])
        for w in wirings
    )


def fan_in_in_symbols(joints: Sequence[Joint], disjoint: bool) -> Distribution | None:
    """As `fan_in`, in closed form; None where there is none.

    `disjoint` says that no unit is reached through two joints.
    """
    forms = [
        _convolved([fan_in_form(axis) for axis in joint.wiring.axes])
        for joint in joints
        if isinstance(joint.wiring, Product)
    ]
    if disjoint and all(forms):
        together = Distribution.joined(form for form in forms if form is not None)
        return Distribution({d: c for d, c in together.items() if d != 0}, together.conditions)
    return _same_units(forms)


def fan_out_in_symbols(joints: Sequence[Joint]) -> Distribution | None:
    """As `fan_out`, in closed form; None where there is none."""
    return _same_units(
        [
            _convolved([fan_out_form(axis) for axis in joint.wiring.axes])
            for joint in joints
            if isinstance(joint.wiring, Product)
        ]
    )


def _in_input_order(wiring: Product) -> tuple[Axis, ...]:
    """The axes in the order of the input's."""
    axes = list(wiring.axes)
    for axis, position in zip(wiring.axes, wiring.order, strict=True):
        axes[position] = axis
    return tuple(axes)


def _flat(degrees: list[Degrees]) -> Degrees:
    return np.asarray(reduce(np.multiply.outer, degrees)).ravel()


def _on_units(degrees: Iterable[Degrees]) -> Distribution:
    total = sum(degrees)
    values, counts = np.unique(total, return_counts=True)
    return Distribution(dict(zip(values.tolist(), counts.tolist(), strict=True)))


@lru_cache(maxsize=1024)  # as layers repeat
def _on_axes(products: tuple[tuple[Axis, ...], ...], side: Literal["in", "out"]) -> Distribution:
    """The distribution of a sum of products, one product per joint and one factor per axis.

    Positions of an axis that are alike in all joints are counted together, so that the cost depends
    on how many kinds there are (few, near the border) and not on the number of units.
    """
    kinds, sizes = zip(*[_kinds(axes, side) for axes in zip(*products, strict=True)], strict=True)
    total = sum(
        reduce(np.multiply.outer, [kind[number] for kind in kinds])
        for number in range(len(products))
    )
    weights = np.asarray(reduce(np.multiply.outer, sizes)).ravel()
    counts: dict[int, int] = {}
    for degree, count in zip(np.asarray(total).ravel().tolist(), weights.tolist(), strict=True):
        counts[degree] = counts.get(degree, 0) + count
    return Distribution(counts)


@lru_cache(maxsize=1024)  # the columns of an image mostly are as its rows, and layers repeat
def _kinds(axes: tuple[Axis, ...], side: Literal["in", "out"]) -> tuple[Degrees, NDArray[Any]]:
    """The different degrees of positions on all axes of a place, and how many have which."""
    if max(axes[0].inputs, axes[0].outputs) <= SHORT:
        degrees = np.stack([axis.fan_in() if side == "in" else axis.fan_out() for axis in axes])
        lengths = np.ones(degrees.shape[1], np.int64)
    else:
        degrees, lengths = columns(
            [axis.fan_in_pieces() if side == "in" else axis.fan_out_pieces() for axis in axes]
        )
    # Neighbours mostly are alike, and sorting columns takes ten times as long as sorting numbers:
    # runs of alike ones first, then a number for each kind, whatever the number of joints.
    changes = np.flatnonzero((degrees[:, 1:] != degrees[:, :-1]).any(axis=0)) + 1
    starts = np.concatenate(([0], changes))
    lengths = np.add.reduceat(lengths, starts)
    numbers = np.zeros(len(starts), np.int64)
    for each in degrees[:, starts]:
        _, own = np.unique(each, return_inverse=True)
        _, numbers = np.unique(numbers * (int(own.max()) + 1) + own, return_inverse=True)
    _, first = np.unique(numbers, return_index=True)
    sizes = np.zeros(len(first), np.int64)
    np.add.at(sizes, numbers, lengths)
    memory.require("different numbers of connections", len(first), 200)
    return degrees[:, starts[first]], sizes.astype(object)


def _convolved(forms: Sequence[DegreeForm | None]) -> Distribution | None:
    """The distribution over a product of axes: degrees multiply."""
    together: dict[Size, Size] = {1: 1}
    conditions: list[sp.Basic] = []
    for form in forms:
        if form is None:
            return None
        grown: dict[Size, Size] = {}
        for degree, count in together.items():
            for other, times in form.counts.items():
                key = simplest(product((degree, other)))
                grown[key] = simplest(grown.get(key, 0) + count * times)
        together = grown
        conditions += form.conditions
    return Distribution(together, conditions)


def _same_units(forms: Sequence[Distribution | None]) -> Distribution | None:
    """The distribution of a sum over the same units, of which at most one summand varies."""
    shift: Size = 0
    varying: list[Distribution] = []
    conditions: list[sp.Basic] = []
    for form in forms:
        if form is None:
            return None
        conditions += form.conditions
        if len(form) == 1:
            shift = shift + next(iter(form))
        else:
            varying.append(form)
    if len(varying) > 1 or not forms:
        return None
    base = varying[0] if varying else forms[0]
    assert base is not None
    counts = {(degree + shift if varying else shift): count for degree, count in base.items()}
    return Distribution(counts, conditions)
