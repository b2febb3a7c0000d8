"""Which class each unit is in, as arrays of numbers: kept small, counted, and told apart."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["alike", "compact", "counts_of", "kinds_of", "looked_up", "meets", "unique_rows"]

SOUGHT = 32  # kinds of bytes that are sooner sought one by one than counted
AT_ONCE = 1 << 16  # numbers that are counted in one step: what the processor keeps at hand


def alike(numbers: NDArray[np.integer]) -> NDArray[np.integer]:
    """The numbers with size 1 along all axes along which they do not vary.

    Parts of a row that are written into it one by one, as in `scores[1:, 1:] += table`, vary along
    two axes each until the last of them is there.
    """
    for axis, size in enumerate(numbers.shape):
        first = numbers.take([0], axis)
        # the second and the last tell nearly always, in a small part of the time
        if size > 1 and all(
            np.array_equal(first, numbers.take([at], axis)) for at in (1, size - 1)
        ):
            numbers = first if bool((numbers == first).all()) else numbers
    return numbers


def unique_rows(rows: NDArray[np.integer], below: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The first of each different row, in order, and which each row is; numbers are -1 or more.

    What `numpy.unique` along an axis tells, on numbers that stand for the first columns: to sort
    these takes a small part of the time that comparing rows does.
    """
    code, codes = np.zeros(len(rows), np.int64), 1
    for column in rows.T:
        if codes * (below + 1) > 1 << 62:
            found, code = np.unique(code, return_inverse=True)
            codes = len(found)
        code = code * (below + 1) + column + 1
        codes *= below + 1
    _, first, which = np.unique(code, return_index=True, return_inverse=True)
    return first, which


def kinds_of(numbers: NDArray[np.integer], below: int) -> tuple[list[int], NDArray[np.integer]]:
    """The different numbers, in order, and which of them stands where."""
    if below > 4 * numbers.size:  # to sort a few takes less than to count up to what they could be
        found, number = np.unique(numbers, return_inverse=True)
        return found.tolist(), compact(number.reshape(numbers.shape), len(found))
    if numbers.dtype.itemsize == 1 and below <= SOUGHT:
        here = numbers.tobytes()
        present = np.array([bytes((number,)) in here for number in range(below)], bool)
    else:
        present = counts_of(numbers, below) > 0
    kinds = np.flatnonzero(present).tolist()
    if len(kinds) == below:
        return kinds, compact(numbers, below)
    return kinds, looked_up(compact(np.cumsum(present) - 1, len(kinds)), numbers)


def looked_up(table: NDArray[np.integer], numbers: NDArray[np.integer]) -> NDArray[np.integer]:
    """What stands in a table at each of some numbers, none of which is negative.

    Of millions of numbers of a byte each, `bytes.translate` takes a small part of numpy's time.

    >>> looked_up(np.array([4, 7], np.int8), np.array([[0, 1], [1, 1]], np.int8))
    array([[4, 7],
           [7, 7]], dtype=int8)
    """
    if numbers.dtype.itemsize > 1 or table.dtype.itemsize > 1 or numbers.size <= AT_ONCE:
        return table[numbers]
    found = numbers.tobytes().translate(table.tobytes().ljust(256, b"\0"))
    return np.frombuffer(found, table.dtype).reshape(numbers.shape)


def meets(
    fine: NDArray[np.integer], below: int, coarse: NDArray[np.integer]
) -> NDArray[np.int64] | None:
    """The one number of another array that each number meets; None where it meets several.

    To look at each place twice takes a small part of the time that sorting pairs does.

    >>> meets(np.array([0, 1, 2, 1]), 3, np.array([5, 7, 5, 7]))
    array([5, 7, 5])
    """
    if len(coarse.shape) != len(fine.shape) or any(
        n not in (1, m) for m, n in zip(fine.shape, coarse.shape, strict=True)
    ):
        return None
    met = np.full(below, -1, np.int64)
    met[fine] = coarse
    return (
        met
        if np.array_equal(met[fine], np.broadcast_to(coarse, fine.shape)) and (met >= 0).all()
        else None
    )


def counts_of(numbers: NDArray[np.integer], below: int) -> NDArray[np.int64]:
    """How often each number stands there; a part at a time, as numpy counts in numbers of 64 bits.

    >>> counts_of(np.array([[0, 2], [2, 2]], np.int8), 4)
    array([1, 0, 3, 0])
    """
    flat = numbers.ravel()
    counts: NDArray[np.int64] = np.zeros(below, np.int64)
    step = max(AT_ONCE, below)  # each step goes through all counts, too
    for at in range(0, flat.size, step):
        counts += np.bincount(flat[at : at + step], minlength=below)
    return counts


def compact(numbers: NDArray[np.integer], below: int) -> NDArray[np.integer]:
    """Numbers below some number, and -1, in as few bytes as hold that number too.

    The scores of a layer of attention are millions of units, in a handful of classes.
    """
    return numbers.astype(np.min_scalar_type(-below - 1), copy=False)
