"""Units that read several classes each: the classes that they are in themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from convgraph.interactions.algebras import Algebra, Bulk
from convgraph.interactions.class_numbers import unique_rows
from convgraph.interactions.states import State, with_classes
from convgraph.interactions.sums_of_states import FEW

__all__ = ["recombined"]

P = TypeVar("P")


def recombined(
    state: State[P],
    reads: NDArray[np.integer],
    shape: tuple[int, ...],
    algebra: Algebra[P],
) -> State[P]:
    """New classes for cells that each read a row of classes (-1 for none)."""
    reads, weights = _different_taps(reads)
    if not algebra.idempotent and weights.max() > 1:
        return _weighted(state, reads, weights, shape, algebra)
    alike, which = _alike(reads, len(state.payloads), algebra.idempotent)
    ordered = np.sort(reads[alike], axis=1)
    if algebra.idempotent:  # once is as good as several times
        again = ordered[:, 1:] == ordered[:, :-1]
        ordered[:, 1:][again] = -1
        ordered.sort(axis=1)
    if len(ordered) == 1:
        kinds, number = ordered, np.zeros(1, np.int64)
    else:
        first, number = unique_rows(ordered, len(state.payloads))
        kinds = ordered[first]
    number = number.ravel()[which]
    bulk = algebra.sums([(state.payloads, kinds, 1)]) if isinstance(algebra, Bulk) else None
    if bulk is not None:
        return with_classes(state, number.reshape(shape), bulk, algebra)
    payloads = [_combined(state, runs, algebra) for runs in _runs(kinds)]
    return with_classes(state, number.reshape(shape), payloads, algebra)


def _combined(state: State[P], reads: Iterable[tuple[int, int]], algebra: Algebra[P]) -> P | None:
    """For units that read some classes (-1 for none), each so many times."""
    parts = [(p, n) for c, n in reads if c >= 0 and (p := state.payloads[c]) is not None]
    if len(parts) == 1 and parts[0][1] == 1:
        return parts[0][0]
    return algebra.combine(parts, state.sizes) if parts else None


def _different_taps(
    reads: NDArray[np.integer],
) -> tuple[NDArray[np.integer], NDArray[np.int64]]:
    """The taps without those at which all cells read what they do at another, and how many each is.

    A convolution of a concatenation reads thousands of channels, which are alike but for a few.
    """
    taps = reads.shape[1]
    once = np.ones(taps, np.int64)
    if taps <= FEW or 2 * len({tap.tobytes() for tap in reads[:FEW].T}) > taps:
        return reads, once  # a few cells tell that most differ
    kinds: dict[bytes, int] = {}
    number = [kinds.setdefault(tap.tobytes(), len(kinds)) for tap in reads.T]
    if 2 * len(kinds) > taps:
        return reads, once
    _, first, counts = np.unique(number, return_index=True, return_counts=True)
    return reads[:, first], counts


def _weighted(
    state: State[P],
    reads: NDArray[np.integer],
    weights: NDArray[np.int64],
    shape: tuple[int, ...],
    algebra: Algebra[P],
) -> State[P]:
    """New classes for cells that read each of some classes so many times as its tap counts."""
    first, number = unique_rows(reads, len(state.payloads))
    kinds = reads[first]
    if isinstance(algebra, Bulk):
        parts = [(state.payloads, kinds[:, weights == n], n) for n in set(weights.tolist())]
        bulk = algebra.sums(parts)
        if bulk is not None:
            return with_classes(state, number.reshape(shape), bulk, algebra)
    payloads = []
    for row in kinds.tolist():
        times: dict[int, int] = {}
        for c, n in zip(row, weights.tolist(), strict=True):
            times[c] = times.get(c, 0) + n
        payloads.append(_combined(state, times.items(), algebra))
    return with_classes(state, number.reshape(shape), payloads, algebra)


def _runs(kinds: NDArray[np.integer]) -> Iterator[list[tuple[int, int]]]:
    """The different numbers in each sorted row, and how often each stands there."""
    starts = np.ones(kinds.shape, bool)
    starts[:, 1:] = kinds[:, 1:] != kinds[:, :-1]
    at = np.flatnonzero(starts)
    many = np.diff(at, append=kinds.size)
    runs = list(zip(kinds.ravel()[at].tolist(), many.tolist(), strict=True))
    ends = np.cumsum(np.count_nonzero(starts, axis=1)).tolist()
    for start, end in pairwise([0, *ends]):
        yield runs[start:end]


def _alike(
    reads: NDArray[np.integer], classes: int, once: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """One row of each kind of reads (or of more kinds than there are), and whose each row is.

    Sorting a row takes far longer than counting in it, where there are few classes.
    """
    taps = reads.shape[1]
    if classes > max(FEW, taps // 16) or len(reads) == 1:
        every = np.arange(len(reads))
        return every, every
    counts = np.stack([np.count_nonzero(reads == c, axis=1) for c in range(classes)], axis=1)
    return unique_rows(np.minimum(counts, 1) if once else counts, 2 if once else taps + 1)
