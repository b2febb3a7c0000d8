"""The tyings by tensors that a model computes from its parameters.

A tensor may be its parameters in other places (digits of the same array, or a list of entries),
some of them (the connections of the others are dropped), numbers times them, or sums. If it is
none, or too large for a list, its entries are symbols of their own and a caveat says so; either way
the parameters behind it are what counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.arrays import Array
from convgraph.core.layer import Joint
from convgraph.core.listed_on_demand import Entries, Spelled
from convgraph.core.sizes import is_symbolic
from convgraph.core.tying import Digit, Explicit, Learned
from convgraph.core.wiring import Listed, Product
from convgraph.importers.builder import Builder, Pending
from convgraph.importers.constants.linear_forms import Form, Moved, Sums, form_of
from convgraph.importers.numbers import exact
from convgraph.importers.operators.masked_windows import sieved

__all__ = ["settle"]

# Connections that are listed at once, 32 MB of them, and those that are once they are asked for;
# and labels that are expressions, over which sympy takes seconds. Of more, the entries are taken to
# be free, and a caveat says so.
MOST_AT_ONCE, MOST_LISTED, MOST_EXPRESSIONS = 2**22, 2**24, 2**14


def settle(builder: Builder) -> None:
    """Put a tying in place of each that was pending, now that all uses are known."""
    pending = [
        joint.tying
        for layer in builder.layers
        for joint in layer.all_joints
        if isinstance(joint.tying, Pending)
    ]
    if not pending:
        return
    settled = Settled(builder, pending)
    for number, layer in enumerate(builder.layers):
        joints = [made for joint in layer.joints for made in settled.joints(joint)]
        bias = settled.joints(layer.bias, bias=True)[0] if layer.bias else None
        if bias is not layer.bias or any(
            new is not old for new, old in zip(joints, layer.joints, strict=False)
        ):
            builder.layers[number] = replace(layer, joints=tuple(joints), bias=bias)


class Settled:
    """Decides for each pending tying, given which parameters the others use."""

    def __init__(self, builder: Builder, pending: Sequence[Pending]) -> None:
        self.builder = builder
        self._said: set[int] = set()
        self._shared: dict[int, bool] = {}
        tensors = {id(each.known.origin): each.known.origin for each in pending}
        claims: dict[int, list[tuple[int, NDArray[Any]]]] = {}
        whole = {id(known) for known in builder.arrays.values()}
        for key, known in tensors.items():
            form = form_of(known)
            self._shared[key] = any(id(root) in whole for root in known.roots)
            if form is None:
                continue
            used, at = _used(form), 0
            for root in form.roots:
                own = used[(used > at) & (used <= at + root.size)] - at - 1
                claims.setdefault(id(root), []).append((key, own))
                at += root.size
        for users in claims.values():
            if len(users) > 1:
                times = np.bincount(np.concatenate([own for _, own in users]))
                for key, own in users:
                    self._shared[key] |= bool((times[own] > 1).any())

    def joints(self, joint: Joint, bias: bool = False) -> list[Joint]:
        """A joint with its tying settled: several where a mask leaves more than one window."""
        pending = joint.tying
        if not isinstance(pending, Pending):
            return [joint]
        form = form_of(pending.known)
        if form is None:
            return [self._free(joint, pending, "by more than moving, scaling and adding them")]
        if isinstance(form, Moved):
            made = self._moved(joint, pending, form, bias)
            if made is not None:
                return made
            if form.curved:
                return [self._free(joint, pending, "by functions of them")]
        return [self._listed(joint, pending, form, bias)]

    def _moved(self, joint: Joint, pending: Pending, form: Moved, bias: bool) -> list[Joint] | None:
        """Digits of the model's array, or of an array in one-to-one correspondence with it."""
        kept = form.labels > 0
        if form.factors is not None and not form.curved:
            if np.any((form.labels == 0) & (form.factors != 0)):
                return None  # numbers among them
            kept = kept & (form.factors != 0)
        tying: Learned | None = None
        if not form.curved and (form.factors is None or np.all(form.factors[kept] == 1)):
            tying = self._digits(pending, form)
        if tying is None:
            labels = form.labels[kept]
            distinct = len(np.unique(labels)) == len(labels)
            if not distinct or self._shared[id(pending.known.origin)]:
                return None
            tying = self._own(pending)
        if kept.all():
            return [replace(joint, tying=tying)]
        if bias or not isinstance(joint.wiring, Product):
            return None
        found = sieved(joint.wiring, pending.digits, kept)
        return None if found is None else [replace(joint, wiring=w, tying=tying) for w in found]

    def _digits(self, pending: Pending, form: Moved) -> Learned | None:
        """The model's own array, if each of its axes is one of the tensor's, all of it."""
        if len(form.roots) != 1 or not form.labels.all():
            return None
        (root,) = form.roots
        digits, taken = [], set()
        # of a single number numpy tells no places
        places = np.unravel_index(form.labels - 1, root.shape) if root.shape else ()
        for size, index in zip(root.shape, places, strict=True):
            if size == 1:
                digits.append(Digit("output", 0, 1))
                continue
            found = _axis_of(index, size, pending.digits)
            if found is None or found[0] in taken:
                return None
            taken.add(found[0])
            digits.append(found[1])
        return Learned(tuple(digits), self.builder.letter(root))

    def _own(self, pending: Pending) -> Learned:
        known = pending.known
        roots = tuple((root.name, root.size) for root in known.roots)
        return Learned(pending.own, self.builder.letter(known), False, roots)

    def _free(self, joint: Joint, pending: Pending, why: str) -> Joint:
        """An array of its own, and a caveat."""
        tying, known = self._own(pending), pending.known
        if id(known.origin) not in self._said:
            self._said.add(id(known.origin))
            names = [repr(root.name) for root in known.roots]
            few = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
            self.builder.caveats.append(
                f"array={tying.letter!r}: computed from the parameters {few} {why}, so that its "
                "entries are taken to be free"
            )
        return replace(joint, tying=tying)

    def _listed(self, joint: Joint, pending: Pending, form: Form, bias: bool) -> Joint:
        """Labels entry by entry, and connections listed one by one."""
        wiring = joint.wiring
        assert isinstance(wiring, Product)
        count = wiring.connections
        if is_symbolic(count) or (int(count) > MOST_LISTED and not bias):
            why = f"in a way that is not a formula over its axes, for {count} connections"
            return self._free(joint, pending, why)
        digits = Learned(pending.digits)
        if isinstance(form, Moved) and form.factors is None and len(form.roots) == 1:
            (root,) = form.roots
            array = Array(self.builder.letter(root), root.shape)
            entries = _small(form.labels - 1)
            tying = Entries(wiring, digits, entries, array)
            return replace(joint, wiring=Spelled(wiring), tying=tying)
        found = self._expressions(form)
        if found is None:
            return self._free(joint, pending, "in more ways than are listed")
        numbers, expressions, arrays = found
        spelled = Spelled(wiring)
        tying = Entries(wiring, digits, numbers, expressions, arrays)
        zeros = tying.numbered(sp.S.Zero)
        if bias or not zeros:
            return replace(joint, wiring=spelled, tying=tying)
        if int(count) > MOST_AT_ONCE:
            return self._free(joint, pending, f"and partly dropped, for {count} connections")
        # what is zero whatever the parameters are is no connection
        there = ~np.isin(tying.labels, zeros)
        before = np.concatenate([[0], np.cumsum(there)])
        listed = Listed(
            spelled.inputs, spelled.outputs, before[spelled.start], spelled.source[there]
        )
        return replace(
            joint, wiring=listed, tying=Explicit(tying.labels[there], expressions, arrays)
        )

    def _expressions(
        self, form: Form
    ) -> tuple[NDArray[Any], tuple[sp.Expr, ...], tuple[Array, ...]] | None:
        """Which of some expressions each entry is."""
        arrays = tuple(Array(self.builder.letter(root), root.shape) for root in form.roots)
        if isinstance(form, Sums):
            rows = [
                tuple(zip(form.matrix.indices[a:b].tolist(), form.matrix.data[a:b], strict=True))
                for a, b in zip(form.matrix.indptr, form.matrix.indptr[1:], strict=False)
            ]
        else:
            factors = np.ones(form.shape) if form.factors is None else form.factors
            pairs = np.stack([form.labels.ravel(), factors.astype(np.float64).ravel()])
            pairs[0, pairs[1] == 0] = 0
            _, first, which = np.unique(pairs, axis=1, return_index=True, return_inverse=True)
            if len(first) > MOST_EXPRESSIONS:
                return None
            labels, values = form.labels.ravel()[first], factors.ravel()[first]
            made = [_term(arrays, int(k), v) for k, v in zip(labels, values, strict=True)]
            return _small(which.reshape(form.shape)), tuple(made), arrays
        if len(set(rows)) > MOST_EXPRESSIONS:
            return None
        number: dict[Any, int] = {}
        which = np.array([number.setdefault(row, len(number)) for row in rows])
        sums = [sp.Add(*(_term(arrays, k, v) for k, v in row)) / form.over for row in number]
        return _small(which.reshape(form.shape)), tuple(sums), arrays


def _term(arrays: Sequence[Array], label: int, factor: Any) -> sp.Expr:
    number = exact(factor)
    number = sp.Integer(number) if number.is_integer else number
    if label == 0 or number == 0:
        return number
    for array in arrays:
        if label <= len(array):
            return number * array.symbol(label - 1)
        label -= len(array)
    raise AssertionError


def _axis_of(index: Any, size: int, digits: Sequence[Digit]) -> tuple[int, Digit] | None:
    """The axis of a tensor along which an index runs from first to last, or back, and no other."""
    for axis, digit in enumerate(digits):
        if index.shape[axis] != size:
            continue
        line = index[tuple(slice(None) if a == axis else 0 for a in range(index.ndim))]
        along = line.reshape([-1 if a == axis else 1 for a in range(index.ndim)])
        if not np.array_equal(np.broadcast_to(along, index.shape), index):
            continue
        if np.array_equal(line, np.arange(size)):
            return axis, digit
        if digit.kind == "tap" and np.array_equal(line, np.arange(size)[::-1]):
            return axis, replace(digit, flipped=True)
    return None


def _used(form: Form) -> NDArray[Any]:
    """The labels of the parameters that an array's entries have, each once."""
    if isinstance(form, Sums):
        return np.unique(form.matrix.indices)
    labels = form.labels if form.factors is None else form.labels[form.factors != 0]
    return np.unique(labels)


def _small(labels: NDArray[Any]) -> NDArray[Any]:
    """In the smallest integers that hold them."""
    return labels.astype(np.min_scalar_type(int(labels.max(initial=0))))
