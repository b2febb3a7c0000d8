"""The edge table: every connection of a network as arrays.

It is target-major (compressed sparse rows): the edges that enter unit i are
`start[i] : start[i + 1]`, each with the number of its source unit and of its label, in the smallest
integers that hold them. This is the store; the networkx graph is a view of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.arrays import Array
from convgraph.core.labels import Labels
from convgraph.core.tying import Constant, Explicit, Learned, Mean, Tying
from convgraph.core.wiring import Listed, Product, Wiring

__all__ = ["EdgeTable", "fill", "interleaved", "joint_edges", "outer_and", "outer_sum"]

Integers = NDArray[np.integer[Any]]
AT_ONCE = 2**20  # edges along a single axis that are written in one go, in some 10 MB
FEW = 2**14  # outputs times taps that are all laid out, whether there is an edge or not


@dataclass(frozen=True, eq=False)
class EdgeTable:
    """All connections of a network, sorted by target unit; units and labels are numbers.

    >>> from convgraph import Conv
    >>> edges = Conv(3, padding="same").on(5).edges
    >>> len(edges), edges.source[:3].tolist(), edges.target[:3].tolist(), edges.label[:3].tolist()
    (13, [0, 1, 0], [5, 5, 6], [1, 2, 0])
    >>> edges.labels[1]
    w_2
    """

    start: NDArray[np.int64]
    source: Integers
    label: Integers
    labels: Labels

    def __len__(self) -> int:
        return len(self.source)

    @cached_property
    def _units(self) -> NDArray[np.integer[Any]]:
        return np.arange(len(self.start) - 1, dtype=self.source.dtype)

    @property
    def target(self) -> Integers:
        """The target unit of each edge, expanded on request: the table keeps only `start`."""
        return np.repeat(self._units, np.diff(self.start))

    @property
    def nbytes(self) -> int:
        """The bytes that the arrays take."""
        return self.start.nbytes + self.source.nbytes + self.label.nbytes

    def __repr__(self) -> str:
        return f"EdgeTable({len(self):,} edges, {len(self.labels):,} labels, {self.nbytes:,} bytes)"


def joint_edges(
    wiring: Wiring,
    tying: Tying,
    labels: Labels,
    first_source: int,
    source_type: Any,
    label_type: Any,
) -> tuple[NDArray[np.int64], Integers, Integers]:
    """The edges of one wiring under one tying: (edges per output, sources, labels)."""
    there = None
    if isinstance(wiring, Listed):
        fan_in, source = np.diff(wiring.start), (wiring.source + first_source).astype(source_type)
    elif math.prod(int(axis.outputs) * int(axis.taps) for axis in wiring.axes) <= FEW:
        tables = [axis.table() for axis in wiring.axes]
        there = outer_and([table >= 0 for table in tables])
        fan_in = there.sum(axis=1)
        source = np.empty(int(fan_in.sum()), source_type)
        terms = [s * t for s, t in zip(wiring.in_steps(), tables, strict=True)]
        _fill_at_once(source, first_source, terms, there)
    else:
        fan_in = reduce(np.multiply.outer, [axis.fan_in() for axis in wiring.axes]).ravel()
        source = np.empty(int(fan_in.sum()), source_type)
    if isinstance(tying, Learned):
        label, first_label = np.empty(len(source), label_type), labels.start(tying.letter or "")
    elif isinstance(tying, Constant):
        label, first_label = np.full(len(source), labels.position(tying.value), label_type), 0
    elif isinstance(tying, Explicit) and isinstance(tying.expressions, Array):
        first_label = labels.start(tying.expressions.letter)
        label = (tying.labels + first_label).astype(label_type)
    else:
        expressions, which = (
            tying.numbers(wiring) if isinstance(tying, Mean) else (tying.expressions, tying.labels)
        )
        number = np.array([labels.position(e) for e in expressions], label_type)[which]
        label, first_label = (np.repeat(number, fan_in) if isinstance(tying, Mean) else number), 0
    if there is None:
        if isinstance(wiring, Product):
            fill(wiring, tying, first_source, first_label, source, label)
    elif isinstance(tying, Learned):
        assert isinstance(wiring, Product)
        codes = [tying.codes(a, axis) for a, axis in enumerate(wiring.axes)]
        _fill_at_once(label, first_label, codes, there)
    return fan_in, source, label


def _fill_at_once(
    out: Integers, offset: int, terms: Sequence[Integers], there: NDArray[np.bool_]
) -> None:
    """Write the sums of one term per axis wherever a tap is there."""
    total = outer_sum(terms, out.dtype)
    found = total.ravel() if len(out) == total.size else total[there]
    np.add(found, np.int64(offset).astype(out.dtype), out=out)  # modulo


def fill(
    wiring: Product,
    tying: Tying,
    first_source: int,
    first_label: int,
    source: Integers,
    label: Integers,
) -> None:
    """Write the sources, and the labels of a learned tying, along the first axis.

    Sources and labels are sums of one term per axis. The positions of the first axis (the filters
    of a convolution) mostly repeat the one before up to a constant, so that their edges are those
    of a pattern, shifted.
    """
    steps = wiring.in_steps()
    tables = [axis.table() for axis in wiring.axes]
    columns = [(source, first_source, [s * t for s, t in zip(steps, tables, strict=True)])]
    if isinstance(tying, Learned):
        codes = [tying.codes(a, axis) for a, axis in enumerate(wiring.axes)]
        columns.append((label, first_label, codes))
    if len(tables) == 1 and tables[0].size <= AT_ONCE:  # all positions are inner ones
        alone = np.zeros((1, 1), np.int64)
        tables = [alone, *tables]
        columns = [(out, offset, [alone, *terms]) for out, offset, terms in columns]
    firsts = [terms[0] for _, _, terms in columns]
    inner = [outer_sum(terms[1:], out.dtype) for out, _, terms in columns]
    inner_there = outer_and([table >= 0 for table in tables[1:]])
    first_there = tables[0] >= 0
    if not first_there.size:  # a table of no taps
        return
    at = 0
    starts = _starts(firsts, first_there)
    for o, end in pairwise([*starts, len(first_there)]):
        there = inner_there[:, None, :] & first_there[o][None, :, None]
        tap = first_there[o].argmax()
        length = int(there.sum())
        if not length:
            continue
        part = slice(at, at + (end - o) * length)
        for first, (out, offset, _), each in zip(firsts, columns, inner, strict=True):
            pattern = _pattern(first[o] + offset, each, there)
            moved = (first[o:end, tap] - first[o, tap]).astype(out.dtype)  # modulo
            np.add(pattern, moved[:, None], out=out[part].reshape(end - o, length))
        at = part.stop


def _starts(terms: Sequence[Integers], there: NDArray[np.bool_]) -> list[int]:
    """The positions whose taps do not agree with those of the position before, moved by one number.

    All positions up to the next of these have its edges, each of its terms moved by a number.
    """
    starts = np.ones(len(there), bool)
    at_once = max(1, AT_ONCE // max(1, there.shape[1]))
    for first in range(1, len(there), at_once):
        now = slice(first, first + at_once)
        before = slice(first - 1, min(first + at_once, len(there)) - 1)
        same = (there[now] == there[before]).all(axis=1)
        tap = there[now].argmax(axis=1)[:, None]
        for term in terms:
            apart = term[now] - term[before]
            one = np.take_along_axis(apart, tap, axis=1)
            same &= ((apart == one) | ~there[now]).all(axis=1)
        starts[now] = ~same
    return np.flatnonzero(starts).tolist()


def _pattern(first: Integers, inner: Integers, there: NDArray[np.bool_]) -> Integers:
    """The entries of one position of the first axis, over all inner ones, that are there."""
    total = first.astype(inner.dtype)[None, :, None] + inner[:, None, :]
    return total.ravel() if there.all() else total[there]


def outer_sum(terms: Sequence[Integers], dtype: Any = np.int64) -> Integers:
    """Sum one (outputs x taps) term per axis into an (all outputs x all taps) array."""
    total = terms[0].astype(dtype) if terms else np.zeros((1, 1), dtype)
    for term in terms[1:]:
        grown = total[:, None, :, None] + term.astype(dtype)[None, :, None, :]
        total = grown.reshape(grown.shape[0] * grown.shape[1], -1)
    return total


def outer_and(terms: Sequence[NDArray[np.bool_]]) -> NDArray[np.bool_]:
    """Whether all terms hold, in the same way."""
    total = terms[0] if terms else np.ones((1, 1), bool)
    for term in terms[1:]:
        grown = total[:, None, :, None] & term[None, :, None, :]
        total = grown.reshape(grown.shape[0] * grown.shape[1], -1)
    return total


def interleaved(
    pieces: list[tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]],
) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]:
    """Merge the edges of several joints into the same row, target by target."""
    target = np.concatenate([np.repeat(np.arange(len(counts)), counts) for counts, _, _ in pieces])
    order = np.argsort(target, kind="stable")
    counts = np.sum([piece[0] for piece in pieces], axis=0)
    source, label = (np.concatenate([piece[i] for piece in pieces])[order] for i in (1, 2))
    return counts, source, label
