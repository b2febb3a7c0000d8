"""Operations of JAX that move, pick and overwrite positions, in ONNX's terms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.importers.builder import Unread
from convgraph.importers.jax.held import Axes, Held, of_reshape
from convgraph.importers.jax.reading import Reading

__all__ = [
    "broadcast",
    "concatenate",
    "dynamic_slice",
    "gather",
    "index_in",
    "moved",
    "overwritten",
    "pad",
    "reshape",
    "reverse",
    "scatter_add",
    "slice_",
    "split",
    "squeeze",
    "stack",
    "stacked",
    "tile",
    "transpose",
    "unstack",
]

Array = NDArray[Any]
MOST_ADDED = 2**24  # whole numbers that a float holds


def _shape(equation: Any, result: int = 0) -> tuple[int, ...]:
    return tuple(map(int, equation.outvars[result].aval.shape))


def broadcast(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """New axes, or axes of one position repeated: nothing is done before somebody needs it."""
    places, shape = equation.params["broadcast_dimensions"], _shape(equation)
    labels = {a: int(at) for a, at in enumerate(places) if operands[0].shape[a] == shape[at]}
    return operands[0].relabelled(labels, shape)


def squeeze(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Axes of one position taken away."""
    gone = equation.params["dimensions"]
    rest = [a for a in range(len(operands[0].shape)) if a not in gone]
    return operands[0].relabelled({a: i for i, a in enumerate(rest)}, _shape(equation))


def reshape(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Axes split and merged; those that are left alone stay where they stand."""
    held, shape = operands[0], _shape(equation)
    groups = of_reshape(held.shape, shape)
    if all(len(old) == len(new) == 1 for old, new in groups):
        return held.relabelled({old[0]: new[0] for old, new in groups}, shape)
    group_of = {a: group for group in groups for a in group[0]}
    ordered = []
    for axis in held.real:
        if group_of[axis] not in ordered:
            ordered.append(group_of[axis])
    batch: Axes = (None,) if held.axes and held.axes[0] not in held.real else ()
    held = r.arranged(held, (*batch, *(a for old, _ in ordered for a in old)))
    axes = (*batch, *(a for _, new in ordered for a in new))
    sizes = list(Held("", axes, shape).sizes)
    return r.emit("Reshape", [held], {"shape": sizes, "allowzero": 1}, axes, shape)


def transpose(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """The axes in another order, unless they stand in it already."""
    held, order = operands[0], list(map(int, equation.params["permutation"]))
    turned = held.relabelled({a: i for i, a in enumerate(order)}, _shape(equation))
    plain = list(turned.real) == sorted(turned.real) or not r.moving(held)
    if plain or held.name in r.behind:
        return turned
    wanted = tuple(sorted(turned.real))
    return r.arranged(turned, (*(None for a in turned.axes[:1] if a not in wanted), *wanted))


def _with(held: Held, axis: int, r: Reading) -> Held:
    """The array in a tensor that has an axis."""
    if axis in held.axes:
        return held
    return r.arranged(held, (axis, *(a for a in held.axes if a is not None)))


def slice_(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Parts of axes, with steps."""
    p, held = equation.params, operands[0]
    steps = p["strides"] or [1] * len(held.shape)
    each = zip(p["start_indices"], p["limit_indices"], steps, strict=True)
    return _sliced(r, held, [(int(a), int(b), int(s)) for a, b, s in each], _shape(equation))


def _sliced(
    r: Reading, held: Held, cuts: Sequence[tuple[int, int, int]], shape: tuple[int, ...]
) -> Held:
    changed = [a for a in held.axes if a is not None and cuts[a] != (0, held.shape[a], 1)]
    if not changed:
        return Held(held.name, held.axes, shape)
    starts, ends, steps = (list(v) for v in zip(*(cuts[a] for a in changed), strict=True))
    at = [held.axes.index(a) for a in changed]
    cut = {"axes": at, "starts": starts, "ends": ends, "steps": steps}
    return r.emit("Slice", [held], cut, held.axes, shape)


def dynamic_slice(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """A part whose place is known beforehand."""
    held, *places = operands
    starts = [r.value(place) for place in places]
    sizes = list(map(int, equation.params["slice_sizes"]))
    cuts = []
    for start, size, n in zip(starts, sizes, held.shape, strict=True):
        if start is None and size < n:
            raise Unread("a part whose place is computed")
        first = 0 if start is None else min(max(int(start), 0), n - size)
        cuts.append((first, first + size, 1))
    return _sliced(r, held, cuts, _shape(equation))


def index_in(r: Reading, held: Held, position: int, axis: int = 0) -> Held:
    """One position of an axis."""
    rest = [a for a in range(len(held.shape)) if a != axis]
    cuts = [(0, n, 1) for n in held.shape]
    cuts[axis] = position, position + 1, 1
    shape = [held.shape[a] for a in rest]
    part = _sliced(r, held, cuts, (*held.shape[:axis], 1, *held.shape[axis + 1 :]))
    return part.relabelled({a: i for i, a in enumerate(rest)}, shape)


def unstack(r: Reading, equation: Any, operands: Sequence[Held]) -> list[Held]:
    """Each position of an axis by itself."""
    axis = int(equation.params["axis"])
    return [index_in(r, operands[0], i, axis) for i in range(len(equation.outvars))]


def stacked(r: Reading, parts: Sequence[Held], axis: int = 0) -> Held:
    """Arrays side by side along a new axis."""
    shape = parts[0].shape
    labels = {a: a + (a >= axis) for a in range(len(shape))}
    one, every = ((*shape[:axis], n, *shape[axis:]) for n in (1, len(parts)))
    return _joined(r, [part.relabelled(labels, one) for part in parts], axis, every)


def stack(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """As `stacked`, in an equation."""
    return stacked(r, operands, int(equation.params["axis"]))


def tile(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Each axis repeated as a whole."""
    held, shape = operands[0], _shape(equation)
    if any(shape[a] > held.shape[a] for a in held.broadcast):
        held = r.full(held)
    repeats = [1 if a is None else shape[a] // held.shape[a] for a in held.axes]
    repeats = [
        1 if a is None or held.shape[a] == 1 else n for a, n in zip(held.axes, repeats, strict=True)
    ]
    axes = tuple(None if a is None or held.shape[a] == 1 < shape[a] else a for a in held.axes)
    if all(n == 1 for n in repeats):
        return Held(held.name, axes, shape)
    return r.emit("Tile", [held], {"repeats": repeats}, axes, shape)


def concatenate(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """One behind the other along an axis."""
    return _joined(r, operands, int(equation.params["dimension"]), _shape(equation))


def _joined(r: Reading, parts: Sequence[Held], axis: int, shape: tuple[int, ...]) -> Held:
    first = next((part for part in parts if r.moving(part)), parts[0])
    axes = [a for a in first.axes if a is not None]
    others = sorted({a for part in parts for a in part.real} | {axis} - set(axes))
    ordered = (*(a for a in others if a not in axes), *axes)
    wanted: Axes = tuple(a for a in ordered if a == axis or shape[a] > 1)
    if first.axes and first.axes[0] not in wanted:
        wanted = (None, *wanted)  # a batch of one
    aligned = [r.arranged(part, wanted) for part in parts if 0 not in part.shape]
    return r.emit("Concat", aligned, {"axis": wanted.index(axis)}, wanted, shape)


def split(r: Reading, equation: Any, operands: Sequence[Held]) -> list[Held]:
    """Consecutive parts of an axis."""
    axis, sizes, held = int(equation.params["axis"]), equation.params["sizes"], operands[0]
    ends = np.cumsum(sizes).tolist()
    found = []
    for number, (size, end) in enumerate(zip(sizes, ends, strict=True)):
        cuts = [(0, n, 1) for n in held.shape]
        cuts[axis] = (end - int(size), end, 1)
        found.append(_sliced(r, held, cuts, _shape(equation, number)))
    return found


def reverse(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Axes from the last position to the first."""
    held = operands[0]
    at = [i for i, a in enumerate(held.axes) if a in equation.params["dimensions"]]
    ends = {"starts": [-1] * len(at), "ends": [-(2**62)] * len(at), "steps": [-1] * len(at)}
    return r.emit("Slice", [held], {"axes": at, **ends}, held.axes, held.shape) if at else held


def pad(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Positions added around axes, cut away, or put between others."""
    held, value = operands
    pads = [tuple(map(int, each)) for each in equation.params["padding_config"]]
    if any(between for _, _, between in pads):
        if r.value(value) is None or np.any(r.value(value) != 0):
            raise Unread("positions put in between that are not zero")
        return moved(r, equation, operands)
    for axis, each in enumerate(pads):
        if each != (0, 0, 0):
            held = _with(held, axis, r)
    if set(held.broadcast) & {a for a, each in enumerate(pads) if each != (0, 0, 0)}:
        held = r.full(held)
    sides = [(0, 0) if a is None else pads[a][:2] for a in held.axes]
    attributes: dict[str, Any] = {"pads": [a for a, _ in sides] + [b for _, b in sides]}
    fill = r.value(value)
    if fill is None:
        raise Unread("a value to pad with that is computed")
    attributes["value"] = float(fill)
    return r.emit("Pad", [held], attributes, held.axes, _shape(equation))


def gather(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Positions by their numbers: along one axis, or anywhere if the numbers are known."""
    data, indices = operands
    p, numbers = equation.params, equation.params["dimension_numbers"]
    sizes = tuple(map(int, p["slice_sizes"]))
    collapsed = tuple(numbers.collapsed_slice_dims)
    whole = [a for a, n in enumerate(data.shape) if n != sizes[a] or a in collapsed]
    plain = (
        collapsed == tuple(numbers.start_index_map) == tuple(whole)
        and len(collapsed) == 1
        and not numbers.operand_batching_dims
    )
    known = r.value(indices)
    shape = _shape(equation)
    if plain:
        axis, rank = collapsed[0], len(indices.shape) - 1
        spread = [a for a in range(len(shape)) if a not in numbers.offset_dims]
        in_place = spread == list(range(axis, axis + rank))
        clipped = known is None or bool(((known >= 0) & (known < data.shape[axis])).all())
        if in_place and clipped and axis in data.axes:
            return _taken(r, data, indices, axis, rank, shape)
    if known is None:
        raise Unread("positions that are computed")
    return moved(r, equation, operands)


def _taken(
    r: Reading, data: Held, indices: Held, axis: int, rank: int, shape: tuple[int, ...]
) -> Held:
    """Positions of one axis."""
    at = data.axes.index(axis)
    places = r.arranged(
        indices.relabelled({a: a for a in range(rank)}, indices.shape[:-1]), tuple(range(rank))
    )

    def label(a: int | None) -> int | None:
        return a if a is None or a < axis else a + rank - 1

    axes = (
        *(label(a) for a in data.axes[:at]),
        *range(axis, axis + rank),
        *(label(a) for a in data.axes[at + 1 :]),
    )
    return r.emit("Gather", [data, places], {"axis": at}, axes, shape)


def moved(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Any operation that gives units other places, or zero: it is run on their numbers."""
    first, *others = operands
    if any(r.value(each) is None for each in others):
        raise Unread("positions that are computed")
    given = [r.array(each)() for each in others]
    first = r.full(first)
    most = int(np.prod(first.shape))

    def on_arrays(values: Array) -> Array:
        return np.asarray(_run(equation, values, given))

    def on_numbers(numbers: Array) -> Array:
        found = on_arrays(numbers.astype(np.int32) + 1)
        return np.where((found >= 1) & (found <= most), found, 0).astype(np.int64) - 1

    shape = _shape(equation)
    attributes = {"place": on_numbers, "numbers": on_arrays}
    return r.emit("aten.moved", [first], attributes, tuple(range(len(shape))), shape)


def _run(equation: Any, values: Array, given: Sequence[Any]) -> Any:
    import jax

    kind = values.dtype

    def like(value: Any) -> Any:
        """What is put in between is a number of the same kind."""
        floating = np.issubdtype(np.asarray(value).dtype, np.floating)
        return np.asarray(value, kind) if floating or np.ndim(value) == 0 else value

    rest = [like(value) if equation.primitive.name == "pad" else value for value in given]
    return equation.primitive.bind(jax.numpy.asarray(values), *rest, **equation.params)


def overwritten(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """An array with other entries at places that are known beforehand."""
    name = equation.primitive.name
    order = (0, 2, 1) if name.startswith("scatter") else (0, 1, *range(2, len(operands)))
    first, new, *places = (operands[i] for i in order)
    if any(r.value(each) is None for each in places):
        raise Unread("places that are computed")
    sizes = [int(np.prod(held.shape)) for held in (first, new)]
    numbers = [
        np.arange(1, sizes[0] + 1, dtype=np.int32).reshape(first.shape),
        np.arange(sizes[0] + 1, sum(sizes) + 1, dtype=np.int32).reshape(new.shape),
    ]
    arrays = [r.array(each)() for each in places]
    arrays = [numbers[0], *arrays, numbers[1]] if name[:7] == "scatter" else [*numbers, *arrays]
    found = np.asarray(equation.primitive.bind(*arrays, **equation.params))
    parts = []
    for held, low, size in ((first, 0, sizes[0]), (new, sizes[0], sizes[1])):
        read = np.where((found > low) & (found <= low + size), found - low, 0).astype(np.int64) - 1
        number = r.value(held) if not r.is_learned(held) else None
        if np.any(read >= 0) and (number is None or np.any(number != 0)):
            parts.append(_picked(r, held, read))
    axes = tuple(range(found.ndim))
    if len(parts) == 2:
        return r.emit("Add", parts, {}, axes, found.shape)
    return parts[0] if parts else r.constant(np.zeros(found.shape, np.float32))


def scatter_add(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """Entries added at places that are known beforehand, no two at one."""
    first, places, new = operands
    if r.value(places) is None:
        raise Unread("places that are computed")
    zeros = np.zeros(first.shape, np.float32)
    size = int(np.prod(new.shape))
    if size > MOST_ADDED:
        raise Unread(f"more than {MOST_ADDED:,} entries added at places")
    numbers = np.arange(1, size + 1, dtype=np.float32).reshape(new.shape)
    where, ones = (
        np.asarray(equation.primitive.bind(zeros, r.array(places)(), given, **equation.params))
        for given in (numbers, np.ones_like(numbers))
    )
    if ones.max(initial=0) > 1:
        raise Unread("several entries added at one place")
    added = _picked(r, new, where.astype(np.int64) - 1)
    return r.emit("Add", [r.full(first), added], {}, tuple(range(where.ndim)), where.shape)


def _picked(r: Reading, held: Held, read: Array) -> Held:
    """Units by their numbers; zero where it is -1."""

    def taking(blank: int) -> Callable[[Array], Array]:
        def take(values: Array) -> Array:
            flat = np.asarray(values).ravel()
            return np.where(read >= 0, flat[read], flat.dtype.type(blank))

        return take

    attributes = {"place": taking(-1), "numbers": taking(0)}
    return r.emit("aten.moved", [r.full(held)], attributes, tuple(range(read.ndim)), read.shape)
