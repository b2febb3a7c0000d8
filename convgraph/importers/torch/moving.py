"""Operations of PyTorch that move, pick and overwrite positions, in ONNX's terms."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.importers.torch.call import Call, type_of

__all__ = [
    "copied",
    "gathered",
    "index_select",
    "moved",
    "put",
    "slice_scattered",
    "unfold",
]


def index_select(c: Call) -> Any:
    """Positions of an axis by their numbers, which may be computed."""
    return c.emit("Gather", [c["self"], c["index"]], {"axis": c["dim"] % c.rank})


def unfold(c: Call) -> Any:
    """Windows of an axis, each laid out along a new last axis."""
    axis, size, step = c["dimension"] % c.rank, c["size"], c["step"]
    windows = (c.shape[axis] - size) // step + 1
    numbers = np.arange(windows)[:, None] * step + np.arange(size)
    laid = c.emit(
        "Gather", [c["self"], c.hold(numbers, "positions")], {"axis": axis}, c.inner("windows")
    )
    order = [*range(axis + 1), *range(axis + 2, c.rank + 1), axis + 1]
    return c.emit("Transpose", [laid], {"perm": order})


def gathered(c: Call) -> Any:
    """Along an axis, for each output the position that is listed for it."""
    return c.emit("GatherElements", [c["self"], c["index"]], {"axis": c["dim"] % c.rank})


def moved(c: Call) -> Any:
    """Any operation that gives units other places, or zero: it is run on their numbers."""
    first, *others = c.node.all_input_nodes
    if first is not c.node.args[0] or not all(c.translation.is_constant(each) for each in others):
        return False
    on_numbers, on_arrays = c.translation.on_numbers(c.node), c.translation.on_arrays(c.node)
    return c.emit("aten.moved", [first], {"place": on_numbers, "numbers": on_arrays})


def slice_scattered(c: Call) -> Any:
    """A stretch of an axis overwritten by another tensor."""
    axis, source = c["dim"] % c.rank, c["src"]
    n = c.shape[axis]
    if c.op == "select_scatter":
        first = c["index"] % n
        last = first + 1
        source = c.emit("Unsqueeze", [source], {"axes": [axis]}, c.inner("source"))
    else:
        first, last, step = slice(c["start"], c["end"], c["step"]).indices(n)
        if step != 1:
            return False
    parts = [source]
    if first > 0:
        cut = {"axes": [axis], "starts": [0], "ends": [first]}
        parts.insert(0, c.emit("Slice", [c["self"]], cut, c.inner("before")))
    if last < n:
        cut = {"axes": [axis], "starts": [last], "ends": [n]}
        parts.append(c.emit("Slice", [c["self"]], cut, c.inner("behind")))
    if len(parts) == 1:
        return c.emit("Identity", parts)
    return c.emit("Concat", parts, {"axis": axis})


def copied(c: Call) -> Any:
    """All of a tensor overwritten, by numbers of the kind that it holds."""
    source = c["src"]
    kinds = [each.meta["val"].dtype for each in (c.node, source)]
    if kinds[0] != kinds[1] and not kinds[0].is_floating_point:
        source = c.emit("Cast", [source], {"to": type_of(c.node)}, c.inner("source"))
    return c.emit("Expand", [source], {"shape": list(c.result)})


# Additions at one and the same position, each of which becomes a row of the network. Programs that
# overlap windows by hand have a few; what adds more than so many is not read.
MOST_PARTS = 64


def put(c: Call) -> Any:
    """Entries put, or added, at positions that are known beforehand.

    Where several are added at one position, each is a part of its own.
    """
    if not all(index is None or c.translation.is_constant(index) for index in c["indices"]):
        return False
    if any(c.translation.is_learned(tensor) for tensor in (c["self"], c["values"])):
        return False
    at = tuple(slice(None) if i is None else c.translation.constant(i) for i in c["indices"])
    places = np.arange(int(np.prod(c.shape))).reshape(c.shape)[at]
    adding = bool(c["accumulate"])
    # entries that are not added replace one another, so that the last one stays
    turns = _turns(places.ravel()) if adding else _turns(places.ravel()[::-1])[::-1]
    if turns.max(initial=0) >= MOST_PARTS and adding:
        return False
    parts = [c["self"]] if adding else [_without(c, places)]
    parts += [
        _spread(c, places, turns == turn, f"part {turn + 1}")
        for turn in range(int(turns.max(initial=0)) + 1 if adding else 1)
    ]
    return c.emit("Sum", parts)


def _spread(c: Call, places: NDArray[np.int64], chosen: NDArray[np.bool_], name: str) -> str:
    """Those values that are chosen at their places, and zero elsewhere."""

    def put_into(blank: Any) -> Any:
        def place(values: NDArray[Any]) -> NDArray[Any]:
            made = np.full(int(np.prod(c.shape)), blank, values.dtype)
            spread = np.broadcast_to(values, places.shape).ravel()
            made[places.ravel()[chosen]] = spread[chosen]
            return made.reshape(c.shape)

        return place

    return _moved_by(c, c["values"], put_into, name)


def _without(c: Call, places: NDArray[np.int64]) -> str:
    """The tensor with zero at some places."""

    def blanked(blank: Any) -> Any:
        def place(values: NDArray[Any]) -> NDArray[Any]:
            made = np.array(values).ravel()
            made[places.ravel()] = blank
            return made.reshape(c.shape)

        return place

    return _moved_by(c, c["self"], blanked, "rest")


def _moved_by(c: Call, tensor: Any, moving: Any, name: str) -> str:
    """A tensor moved by what `moving` makes for a blank, which is -1 among numbers of units."""
    if c.translation.is_constant(tensor):
        return c.hold(moving(0)(c.translation.constant(tensor)), name)
    return c.emit(
        "aten.moved", [tensor], {"place": moving(-1), "numbers": moving(0)}, c.inner(name)
    )


def _turns(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many equal entries come before each."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    first = np.searchsorted(ordered, ordered)
    turns = np.empty_like(values)
    turns[order] = np.arange(len(values)) - first
    return turns
