"""Values of a layer through the axes of its wirings, without a list of its edges.

A sum over taps is taken axis by axis where the numbers on the connections are a product of one per
axis. With a parameter array it is a contraction of that array with the input's windows, as in
Chellapilla et al., "High performance convolutional neural networks for document processing" (2006),
a part of the outputs at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.labels import Labels
from convgraph.core.layer import Joint, Layer
from convgraph.core.reduction import MAX, PAIRED
from convgraph.core.tying import Constant, Digit, Explicit, Learned, Mean
from convgraph.core.window import identity
from convgraph.core.wiring import Product

__all__ = ["through_axes"]

Values: TypeAlias = NDArray[Any]
# A name for an index: of an axis of the wiring, its outputs "o" or its taps "t"; the outputs of
# groups have two, the group "g" and the place in it "q".
Index: TypeAlias = tuple[int, str]
# Entries of windows that are laid out together, 128 MB of floats; of more, the outputs along one
# axis are computed in parts.
AT_ONCE = 2**24


def through_axes(
    layer: Layer, rows: Mapping[str, Values], labels: Labels, numbers: Values
) -> Values | None:
    """The values of a layer's units in row-major order, or None if its edges have to be listed.

    `rows` are the values of the rows that it reads, `numbers` those of all labels.
    """
    joints = layer.all_joints
    if not layer.joints or not all(isinstance(joint.wiring, Product) for joint in joints):
        return None
    if layer.reduction.linear:
        parts = [summed(joint, rows, labels, numbers) for joint in layer.joints]
    elif layer.reduction is MAX:
        parts = [_greatest(joint, rows) for joint in layer.joints]
    elif layer.reduction is PAIRED:
        parts = [_paired(layer.joints, rows)]
    elif layer.reduction.function is not None and len(layer.joints) == 1:
        parts = [_single(layer.joints[0], rows)]
        if parts[0] is not None:
            parts = [layer.reduction.function.fast(parts[0])]
    else:
        return None
    add = np.maximum if layer.reduction is MAX else np.add
    total = _total(add, parts)
    if total is None or layer.bias is None:
        return total
    one = {layer.bias.source.name: np.ones(1, numbers.dtype)}
    return _total(np.add, [total, summed(layer.bias, one, labels, numbers)])


def _total(add: np.ufunc, parts: Sequence[Values | None]) -> Values | None:
    total = parts[0]
    for part in parts[1:]:
        total = None if total is None or part is None else add(total, part)
    return total


def summed(
    joint: Joint, rows: Mapping[str, Values], labels: Labels, numbers: Values
) -> Values | None:
    """The sum over a joint's connections at each output unit."""
    wiring, tying = joint.wiring, joint.tying
    assert isinstance(wiring, Product)
    x = _laid_out(wiring, rows[joint.source.name])
    if isinstance(tying, Learned):
        start = labels.start(tying.letter or "")
        array = numbers[start : start + int(tying.size)].reshape([int(n) for n in tying.shape])
        return _contracted(x, wiring, tying.digits, array)
    factors: Sequence[Values] | None = None
    if isinstance(tying, Explicit):
        factors = tying.factors
        if factors is None:
            return None
    for a, axis in enumerate(wiring.axes):
        x = _along(np.add, x, a, axis, None if factors is None else factors[a])
    x = np.broadcast_to(x, [int(n) for n in wiring.out_view]).reshape(-1)
    if isinstance(tying, Mean):
        each, which = tying.numbers(wiring)
        return x * numbers[[labels.position(number) for number in each]][which]
    return x * numbers[labels.position(tying.value)] if isinstance(tying, Constant) else x


def _laid_out(wiring: Product, values: Values) -> Values:
    """A row's values with one axis for each of the wiring's, in their order."""
    return values.reshape([int(n) for n in wiring.in_view]).transpose(wiring.order)


def _along(add: np.ufunc, x: Values, a: int, axis: Axis, factors: Values | None = None) -> Values:
    """What an axis's outputs read, added up over the taps; one output stands for all of `Full`."""
    if axis == identity(axis.inputs):
        return x
    if axis.full and factors is None:
        return add.reduce(x, axis=a, keepdims=True)
    table = axis.table()
    total: Values | None = None
    if (table < 0).any():
        shape = [1 if b == a else n for b, n in enumerate(x.shape)]
        x = np.concatenate([x, np.full(shape, 0 if add is np.add else -np.inf)], axis=a).astype(
            x.dtype
        )
    for tap in range(table.shape[1]):
        part = np.take(x, table[:, tap], axis=a)
        if factors is not None:
            part = part * factors[:, tap].reshape([-1 if b == a else 1 for b in range(x.ndim)])
        total = part if total is None else add(total, part)
    return x if total is None else total


def _greatest(joint: Joint, rows: Mapping[str, Values]) -> Values | None:
    """The greatest of the units that each output reads, where all read one."""
    wiring, x = joint.wiring, rows[joint.source.name]
    assert isinstance(wiring, Product)
    if not _is_one(joint) or not all(axis.fan_in().all() for axis in wiring.axes):
        return None
    if x.dtype.kind != "f" and any((axis.table() < 0).any() for axis in wiring.axes):
        return None  # there is no whole number below all
    x = _laid_out(wiring, x)
    for a, axis in enumerate(wiring.axes):
        x = _along(np.maximum, x, a, axis)
    return np.broadcast_to(x, [int(n) for n in wiring.out_view]).reshape(-1)


def _is_one(joint: Joint) -> bool:
    return isinstance(joint.tying, Constant) and joint.tying.value == 1


def _single(joint: Joint, rows: Mapping[str, Values]) -> Values | None:
    """The one unit that each output reads."""
    wiring = joint.wiring
    assert isinstance(wiring, Product)
    if not _is_one(joint) or any(int(axis.taps) != 1 for axis in wiring.axes):
        return None
    if any((axis.table() < 0).any() for axis in wiring.axes):
        return None
    x = _laid_out(wiring, rows[joint.source.name])
    for a, axis in enumerate(wiring.axes):
        x = _along(np.add, x, a, axis)
    return np.broadcast_to(x, [int(n) for n in wiring.out_view]).reshape(-1)


def _paired(joints: Sequence[Joint], rows: Mapping[str, Values]) -> Values | None:
    """Two rows multiplied as matrices: taps of one with those of the other, one by one."""
    sides: list[tuple[Values, list[Index]]] = []
    sizes: list[int] = []
    for joint in joints:
        wiring = joint.wiring
        assert isinstance(wiring, Product)
        several = [a for a, axis in enumerate(wiring.axes) if int(axis.taps) > 1]
        if len(several) > 1 or not _is_one(joint):
            return None
        # what one side lacks the other side multiplies with nothing
        last = joint is joints[-1]
        axes = [axis.unmasked if last else axis for axis in wiring.axes]
        x, names = _windows(_laid_out(wiring, rows[joint.source.name]), axes, None)
        taps = several[0] if several else None
        names = [(-1, "t") if name == (taps, "t") else name for name in names]
        single = tuple(i for i, (a, kind) in enumerate(names) if kind == "t" and a >= 0)
        x = x.reshape([n for i, n in enumerate(x.shape) if i not in single])  # of one tap each
        sides.append((x, [name for i, name in enumerate(names) if i not in single]))
        sizes.append(1 if taps is None else int(wiring.axes[taps].taps))
    if len(joints) != 2 or sizes[0] != sizes[1]:
        return None
    wiring = joints[0].wiring
    assert isinstance(wiring, Product)
    out: list[Index] = [(a, "o") for a in range(len(wiring.axes))]
    other = joints[1].wiring
    assert isinstance(other, Product)
    if other.out_view != wiring.out_view:
        return None
    made = _product(*sides[0], *sides[1], out)
    return np.broadcast_to(made, [int(n) for n in wiring.out_view]).reshape(-1)


# -- with a parameter array -------------------------------------------------------------------


def _contracted(
    x: Values, wiring: Product, digits: Sequence[Digit], array: Values
) -> Values | None:
    """A parameter array contracted with the windows of the input."""
    axes = wiring.axes
    listed = [a for a, axis in enumerate(axes) if _is_listed(axis, a, digits)]
    if any((axes[a].table() < 0).any() for a in listed) and not np.isfinite(array).all():
        return None  # a missing connection is a zero, which makes no number of infinity
    size = int(np.prod([axes[a].outputs * axes[a].taps for a in listed], dtype=object))
    for a, n in enumerate(x.shape):
        size *= 1 if a in listed else n
    parts = max(-(-size // AT_ONCE), 1)
    chosen = max(listed, key=lambda a: int(axes[a].outputs)) if listed and parts > 1 else None
    out: list[Index] = []
    for a, axis in enumerate(axes):
        out += [(a, "g"), (a, "q")] if _is_grouped(axis, a, digits) else [(a, "o")]
    if chosen is None:
        made = _part(x, axes, digits, array, out, None)
        return _whole(made, wiring, out)
    length = int(axes[chosen].outputs)
    step = max(length // parts, 1)
    place = out.index((chosen, "o"))
    pieces = [
        _part(x, axes, digits, array, out, (chosen, slice(lo, min(lo + step, length))))
        for lo in range(0, length, step)
    ]
    wide = [np.broadcast_to(p, [*p.shape[:place], step_, *p.shape[place + 1 :]])
            for p, step_ in zip(pieces, _lengths(length, step), strict=True)]  # fmt: skip
    return _whole(np.concatenate(wide, axis=place), wiring, out)


def _lengths(length: int, step: int) -> list[int]:
    return [min(lo + step, length) - lo for lo in range(0, length, step)]


def _whole(made: Values, wiring: Product, out: Sequence[Index]) -> Values:
    """A result with one axis per index in the shape of the outputs, flat."""
    sizes: list[int] = []
    for a, kind in out:
        axis = wiring.axes[a]
        groups = axis.groups
        outputs = int(axis.outputs)
        sizes.append({"o": outputs, "g": groups, "q": outputs // groups}[kind])
    return np.broadcast_to(made, sizes).reshape(-1)


def _is_grouped(axis: Axis, a: int, digits: Sequence[Digit]) -> bool:
    """Whether an axis is one of groups, of which the array has an index for each output."""
    return axis.groups > 1 and all(
        digit.kind == "tap" or (digit.kind == "output" and digit.size in (1, axis.outputs))
        for digit in digits
        if digit.axis == a
    )


def _is_listed(axis: Axis, a: int, digits: Sequence[Digit]) -> bool:
    """Whether the windows of an axis are laid out, output by output."""
    if axis.full or _is_grouped(axis, a, digits):
        return False
    return axis != identity(axis.inputs)


Part: TypeAlias = "tuple[int, slice] | None"


def _part(
    x: Values,
    axes: Sequence[Axis],
    digits: Sequence[Digit],
    array: Values,
    out: Sequence[Index],
    part: Part,
) -> Values:
    """The contraction for some of the outputs of one axis, or for all."""
    x, read = _windows(x, axes, part, digits)
    names: list[Index] = []
    for place in reversed(range(len(digits))):
        digit = digits[place]
        which, own = _indices(digit, axes[digit.axis], part, out)
        if which is None:  # all of the array's axis, in order
            if own == [(digit.axis, "g"), (digit.axis, "q")]:
                axis = axes[digit.axis]
                shape = (*array.shape[:place], axis.groups, -1, *array.shape[place + 1 :])
                array = array.reshape(shape)
        else:
            array = np.take(array, which, axis=place)
        names = [*own, *names]
    if len(set(names)) < len(names):  # two axes of the array that go by one index: its diagonal
        kept = list(dict.fromkeys(names))
        array = np.einsum(array, [kept.index(name) for name in names], list(range(len(kept))))
        names = kept
    return _product(array, names, x, read, out)


def _windows(
    x: Values, axes: Sequence[Axis], part: Part, digits: Sequence[Digit] = ()
) -> tuple[Values, list[Index]]:
    """The values that are read, by output and tap where an axis has both."""
    names: list[Index] = []
    for a, axis in reversed(list(enumerate(axes))):
        if axis.full:
            names = [(a, "t"), *names]
        elif _is_grouped(axis, a, digits):
            x = x.reshape(*x.shape[:a], axis.groups, -1, *x.shape[a + 1 :])
            names = [(a, "g"), (a, "t"), *names]
        elif axis == identity(axis.inputs):
            names = [(a, "o"), *names]
        else:
            table = axis.table()
            if part is not None and part[0] == a:
                table = table[part[1]]
            if (table < 0).any():
                shape = [1 if b == a else n for b, n in enumerate(x.shape)]
                x = np.concatenate([x, np.zeros(shape, x.dtype)], axis=a)
            x = np.take(x, table, axis=a)
            names = [(a, "o"), (a, "t"), *names]
    return x, names


def _indices(digit: Digit, axis: Axis, part: Part, out: Sequence[Index]) -> tuple[Any, list[Index]]:
    """The places along an axis of the array, None for all in order, and the indices they go by."""
    a, size = digit.axis, int(digit.size)
    if digit.kind == "tap":
        if axis.full or int(axis.taps) > 1 or not _is_plain(axis):
            return (np.arange(size)[::-1] if digit.flipped else None), [(a, "t")]
        return 0, []
    if size == 1:
        return 0, []
    if digit.kind == "input":
        if axis.full:
            if size == axis.inputs:
                return None, [(a, "t")]
            return np.arange(int(axis.inputs)) % size, [(a, "t")]
        table = np.maximum(axis.table(), 0) % size
        if _is_plain(axis):
            return table[:, 0], [(a, "o")]
        table = table[part[1]] if part is not None and part[0] == a else table
        return table, [(a, "o"), (a, "t")]
    if (a, "g") in out:
        return None, [(a, "g"), (a, "q")]
    places = axis.places() % size
    if part is not None and part[0] == a:
        return places[part[1]], [(a, "o")]
    return (None if np.array_equal(places, np.arange(size)) else places), [(a, "o")]


def _is_plain(axis: Axis) -> bool:
    """Whether an axis's units are read as they are, by one output each."""
    return axis == identity(axis.inputs)


def _product(
    a: Values, a_names: Sequence[Index], b: Values, b_names: Sequence[Index], out: Sequence[Index]
) -> Values:
    """The sum, over the indices that are not `out`, of products of entries, as one of matrices."""
    a, a_names = _without(a, a_names, set(b_names).union(out))
    b, b_names = _without(b, b_names, set(a_names).union(out))
    both = [name for name in a_names if name in b_names]
    batch = [name for name in both if name in out]
    inner = [name for name in both if name not in out]
    rows = [name for name in a_names if name not in both]
    columns = [name for name in b_names if name not in both]
    size = dict(zip([*a_names, *b_names], [*a.shape, *b.shape], strict=True))
    left = a.transpose([a_names.index(name) for name in [*batch, *rows, *inner]])
    right = b.transpose([b_names.index(name) for name in [*batch, *inner, *columns]])
    with np.errstate(all="ignore"):  # infinities come of windows that read nothing
        made = np.matmul(
            left.reshape([_volume(part, size) for part in (batch, rows, inner)]),
            right.reshape([_volume(part, size) for part in (batch, inner, columns)]),
        )
    names = [*batch, *rows, *columns]
    made = made.reshape([size[name] for name in names])
    made = made.transpose([names.index(name) for name in out if name in names])
    return made.reshape([size[name] if name in names else 1 for name in out])


def _volume(names: Sequence[Index], size: Mapping[Index, int]) -> int:
    return int(np.prod([size[name] for name in names], dtype=np.int64))


def _without(x: Values, names: Sequence[Index], kept: set[Index]) -> tuple[Values, list[Index]]:
    """A sum over the indices that nothing else has."""
    gone = tuple(i for i, name in enumerate(names) if name not in kept)
    left = [name for name in names if name in kept]
    return (x.sum(axis=gone), left) if gone else (x, left)
