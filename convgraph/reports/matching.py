"""Which rows of two networks are the same row: by their authors' names, then by structure."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.network import Network
from convgraph.reports.rows import ReportRow

__all__ = ["matched", "reads"]

# What speaks for two rows being one. A number that the library or an exporter gave (`h3`, `relu_2`,
# `features.4`) says less than structure does, as whatever is put in before it moves it on.
KIND, WEIGHTS, NUMBERED, SHAPE, PARAMETERS, MODULE = 4, 4, 3, 2, 2, 1


def reads(network: Network, row: str) -> tuple[str, ...]:
    """The rows that a row is computed from."""
    if any(row == given.name for given in network.inputs):
        return ()
    return tuple(dict.fromkeys(joint.source.name for joint in network.layer(row).joints))


def matched(
    a: Network, b: Network, before: Sequence[ReportRow], after: Sequence[ReportRow]
) -> dict[str, str]:
    """For rows of the first network the row of the second that it has become.

    Rows of a name that an author gave are one, wherever they stand. Between those, in order of
    computation, rows are matched so that what speaks for them is most: the alignment of sequences
    of Needleman and Wunsch, Journal of Molecular Biology 48 (1970), in which gaps cost nothing.
    """
    found = _by_name(a, b, before, after)
    places = {row.name: place for place, row in enumerate(after)}
    ends = [(i, places[found[r.name]]) for i, r in enumerate(before) if r.name in found]
    ends = [(-1, -1), *_rising(ends), (len(before), len(after))]
    taken = set(found.values())
    for (i, j), (next_i, next_j) in pairwise(ends):
        rows = [row for row in before[i + 1 : next_i] if row.name not in found]
        others = [row for row in after[j + 1 : next_j] if row.name not in taken]
        weights = _weights(a, b, rows, others)
        found.update((rows[m].name, others[n].name) for m, n in _aligned(weights))
    return found


def _by_name(
    a: Network, b: Network, before: Sequence[ReportRow], after: Sequence[ReportRow]
) -> dict[str, str]:
    """Rows of one name that an author gave, and an only input or output of one kind."""
    kinds, others = ({row.name: row.kind for row in rows} for rows in (before, after))
    found = {}
    for name in kinds:
        given = name in others and _given(a, name) and _given(b, name)
        if given and (a.modules.get(name) == name or kinds[name] == others[name]):
            found[name] = name
    for own, other in ((a.inputs, b.inputs), (a.outputs, b.outputs)):
        if len(own) == len(other) == 1:
            name, new = own[0].name, other[0].name
            if kinds[name] == others[new] and name not in found and new not in found.values():
                found[name] = new
    return found


def _given(network: Network, name: str) -> bool:
    """Whether a row's name is an author's: a module's own word, or one in parts, or an input's.

    What the library or torch.export calls `s`, `relu` or `add` is the first of its kind, no more.
    """
    last = re.split(r"[./]", name)[-1]
    if last.isdigit():
        return False
    inputs = {row.name for row in network.inputs}
    return name in inputs or network.modules.get(name) == name or last != name


def _rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The most pairs of which the second numbers rise, too, by patience sorting."""
    tops: list[int] = []
    piles: list[int] = []
    back: list[int] = []
    for number, (_, place) in enumerate(pairs):
        at = bisect_left(tops, place)
        back.append(piles[at - 1] if at else -1)
        tops[at:] = [place, *tops[at + 1 :]]
        piles[at:] = [number, *piles[at + 1 :]]
    chosen, number = [], piles[-1] if piles else -1
    while number >= 0:
        chosen.append(pairs[number])
        number = back[number]
    return chosen[::-1]


def _facts(network: Network, row: ReportRow) -> Iterator[tuple[Hashable, int]]:
    """What is known of a row, None where it says nothing, and how much it weighs."""
    yield row.name, NUMBERED
    yield row.kind, KIND
    yield tuple(map(str, row.shape)), SHAPE
    yield str(row.parameters) if row.parameters != 0 else None, PARAMETERS
    yield network.modules.get(row.name), MODULE
    arrays = network.layer(row.name).arrays if row.kind != "input" else ()
    letters = tuple(tying.letter for tying in arrays)
    yield letters if any("." in (letter or "") for letter in letters) else None, WEIGHTS


def _weights(
    a: Network, b: Network, rows: Sequence[ReportRow], others: Sequence[ReportRow]
) -> NDArray[np.int32]:
    """What speaks for each pair; nothing where neither the kind nor the name is the same."""
    memory.require("rows", len(rows) * len(others), 16)
    total = np.zeros((len(rows), len(others)), np.int32)
    if not total.size:
        return total
    first = [list(_facts(a, row)) for row in rows]
    second = [list(_facts(b, row)) for row in others]
    alike = np.zeros(total.shape, bool)
    for fact in range(len(first[0])):
        numbers: dict[Hashable, int] = {None: -1}
        left, right = (
            np.array([numbers.setdefault(each[fact][0], len(numbers)) for each in side])
            for side in (first, second)
        )
        same = (left[:, None] == right) & (left >= 0)[:, None]
        total += same.astype(np.int32) * np.int32(first[0][fact][1])
        if first[0][fact][1] in (KIND, NUMBERED):
            alike |= same
    return np.where(alike, total, 0)


def _aligned(weights: NDArray[np.int32]) -> list[tuple[int, int]]:
    """The pairs, rising in both places, whose weights add up to most."""
    m, n = weights.shape
    best = np.zeros((m + 1, n + 1), np.int32)
    for i in range(m):
        joined = np.where(weights[i] > 0, best[i, :-1] + weights[i], 0)
        best[i + 1, 1:] = np.maximum.accumulate(np.maximum(best[i, 1:], joined))
    pairs = []
    i, j = m, n
    while i and j:
        if best[i, j] == best[i, j - 1]:
            j -= 1
        elif best[i, j] == best[i - 1, j]:
            i -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((i, j))
    return pairs[::-1]
