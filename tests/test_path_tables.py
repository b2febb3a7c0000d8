"""Path counts of many classes at once, against one sum after the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convgraph.interactions.algebras import UntraceableError
from convgraph.interactions.all_path_counts import FEW, PathMeasures
from convgraph.interactions.path_count_sums import Along, Moments, Paths
from convgraph.interactions.path_tables import PathTable, table_of
from convgraph.interactions.path_totals import PathTotals
from convgraph.interactions.states import State
from convgraph.interactions.sums_of_states import Sum
from convgraph.interactions.written_counts import written
from convgraph.reports.extremes import most_paths

numbers = st.integers(0, 10**30)
moments = st.builds(Moments, numbers, numbers, numbers)
forms = st.lists(st.tuples(st.integers(0, 2), st.booleans()), min_size=2, max_size=2)


@st.composite
def payloads(draw: st.DrawFn) -> tuple[Paths | None, ...]:
    """Of two axes, all of one form, or nothing."""
    form = draw(forms)
    few = draw(
        st.lists(st.tuples(moments, moments), min_size=1, max_size=3)
    )  # which return, so that drawing takes little
    none = draw(st.sets(st.integers(0, FEW - 1), max_size=3))
    return tuple(
        None
        if k in none
        else Paths(
            tuple(Along((m,), *along) for m, along in zip(few[k % len(few)], form, strict=True))
        )
        for k in range(FEW)
    )


@given(st.lists(payloads(), min_size=1, max_size=3), st.data())
def test_sums_of_tables_are_those_of_payloads(
    each: list[tuple[Paths | None, ...]], data: st.DataObject
) -> None:
    algebra = PathMeasures()
    parts = []
    for one in each:
        taps = data.draw(st.integers(1, 3))
        places = data.draw(st.lists(st.integers(-1, FEW - 1), min_size=taps, max_size=taps))
        rows = [[(p + k) % FEW if p >= 0 else -1 for p in places] for k in range(FEW)]
        parts.append((one, np.array([[k, *row] for k, row in enumerate(rows)]), 1 + taps))
    try:
        wanted = []
        for k in range(FEW):
            read = [(one[p], n) for one, at, n in parts for p in at[k].tolist() if p >= 0]
            seen = [(payload, n) for payload, n in read if payload is not None]
            wanted.append(algebra.combine(seen, (1, 1)) if seen else None)
    except UntraceableError:
        wanted = []
    try:
        found = algebra.sums(parts)
    except UntraceableError:
        assert not wanted
        return
    if found is None:  # of different forms, of which some classes read but one
        forms = {
            payload._replace(axes=tuple(a._replace(phases=()) for a in payload.axes))
            for one, _, _ in parts
            for payload in one
            if payload is not None
        }
        assert len(forms) > 1
        return
    assert list(found) == wanted
    assert [found[k] for k in range(FEW)] == wanted


@given(st.lists(payloads(), min_size=1, max_size=3), st.lists(st.booleans(), max_size=3))
def test_tables_in_line_hold_what_their_parts_do(
    each: list[tuple[Paths | None, ...]], nothing: list[bool]
) -> None:
    algebra = PathMeasures()
    parts = [algebra.gathered(one) for one in each] + [(None,) for _ in nothing]
    found = algebra.joined(parts)
    wanted = [payload for part in parts for payload in part]
    assert list(found) == wanted
    if isinstance(found, PathTable):
        kept, number = found.different()
        assert list(kept) == list(dict.fromkeys(wanted))
        assert [kept[n] for n in number.tolist()] == wanted
        again = algebra.joined([kept, (None,)])
        assert isinstance(again, PathTable)
        assert list(again.different()[0]) == list(dict.fromkeys([*kept, None]))


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(0, 1)), min_size=1))
def test_payloads_that_say_the_same_are_one(numbers: list[tuple[int, int, int]]) -> None:
    """Some differ in their squares alone."""
    each = [
        None if paths == 0 else Paths((Along((Moments(1, first, second),), 1),))
        for paths, first, second in numbers
    ]
    table = table_of(each)
    if table is None:
        assert not any(each)
        return
    kept, number = table.different()
    wanted = list(dict.fromkeys(each))
    assert list(kept) == wanted
    assert number.tolist() == [wanted.index(payload) for payload in each]
    assert kept.different()[0] is kept
    again = table_of(list(each))
    assert again is not None
    assert (again.key, hash(again.key)) == (table.key, hash(table.key))
    other = table_of([*each[:-1], Paths((Along((Moments(1, 0, 2),), 1),))])
    assert other is not None
    assert other.key != table.key


@given(st.sampled_from([2, 5, 12]), st.data())
def test_the_most_paths_are_those_of_all_combinations(terms: int, data: st.DataObject) -> None:
    """Of twelve terms of 60 classes there are more combinations than 2^63."""
    drawn, wanted = [], np.zeros(60, object)
    for k in range(terms):
        paths = data.draw(st.lists(st.integers(0, 9), min_size=7, max_size=7))
        scale = data.draw(st.sampled_from([1, 2**70]))  # whose leading bits are all the same
        paths = [scale * 10 + n if scale > 1 else n for n in paths]
        each = [Paths((Along((Moments(paths[i % 7], k, i),), 1),)) for i in range(60)]
        classes = np.roll(np.arange(60), data.draw(st.integers(0, 59)))
        drawn.append((State((60,), (None,), classes, tuple(each)), 1 + k))
        wanted = wanted + np.array([(1 + k) * paths[i % 7] for i in classes], object)
    best = most_paths(Sum(tuple(drawn)), PathTotals())
    assert best is not None
    (measure,) = best.axes[0].phases
    assert measure is not None
    assert measure.paths == wanted.max()


@given(st.data())
def test_numbers_are_written_down_through_tables(data: st.DataObject) -> None:
    """Sums of sums of positions, of which some are taken and laid in line, against plain dicts."""
    algebra = PathMeasures()
    payloads: Sequence[Paths | None] = algebra.freeze(algebra.start(1), 0, FEW)
    plain: list[dict[int, int]] = [{i: 1} for i in range(FEW)]
    place = st.integers(-1, FEW - 1)
    for _ in range(data.draw(st.integers(1, 3))):
        parts = []
        wanted: list[dict[int, int]] = [{} for _ in range(FEW)]
        for number in data.draw(st.lists(st.integers(1, 9), min_size=1, max_size=2)):
            taps = data.draw(st.integers(1, 2))
            rows = [data.draw(st.lists(place, min_size=taps, max_size=taps)) for _ in range(3)]
            read = [rows[k % 3] if k else [0] * taps for k in range(FEW)]
            parts.append((payloads, np.array(read), number))
            for total, row in zip(wanted, read, strict=True):
                for i, n in [(i, n) for p in row if p >= 0 for i, n in plain[p].items()]:
                    total[i] = total.get(i, 0) + n * number
        found = algebra.sums(parts)
        assert isinstance(found, PathTable)
        few, number_of = found.different()
        payloads = algebra.joined([few, (None,) * (FEW - len(few))]) if len(few) < FEW else few
        places = dict(zip(number_of.tolist(), wanted, strict=True))
        plain = [places.get(k, {}) for k in range(FEW)]
    for payload, counts in zip(payloads, plain, strict=True):
        assert (payload is None) == (not counts)
        measure = None if payload is None else payload.axes[0].phases[0]
        if measure is not None:
            assert written([measure]) == (
                tuple(counts.get(i, 0) for i in range(min(counts), max(counts) + 1)),
            )
