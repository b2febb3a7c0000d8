"""The units that see the most, found on arrays, against what one finds by looking at each."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg
from convgraph.interactions.bit_tables import Branches
from convgraph.interactions.states import State
from convgraph.interactions.sums_of_states import Sum
from convgraph.reports.extremes import _in_common, longest_extent
from convgraph.reports.structure import Structure


@given(st.integers(1, 150), st.booleans(), st.randoms(use_true_random=False))
def test_bits_in_common_are_counted_of_runs_and_of_all_others(
    size: int, runs: bool, random: Any
) -> None:
    def drawn() -> set[int]:
        if runs:
            return set(range(random.randint(0, size), random.randint(0, size)))
        return {at for at in range(size) if random.random() < 0.5}

    def packed(rows: list[set[int]]) -> list[bytes]:
        marks = [[at in row for at in range(size)] for row in rows]
        return [np.packbits(np.array(row)).tobytes() for row in marks]

    ones, others = [drawn() for _ in range(3)], [drawn() for _ in range(2)]
    found = _in_common(packed(ones), packed(others))
    assert found.tolist() == [[len(one & other) for other in others] for one in ones]


@given(st.integers(1, 3), st.integers(1, 3), st.randoms(use_true_random=False))
def test_the_longest_extent_is_that_of_a_unit_looked_at_alone(
    terms: int, places: int, random: Any
) -> None:
    """Rows of 2 x 3 units with classes, at each of some places of an axis that moves."""
    size = 11
    states: list[State[Branches]] = []
    fields: list[list[list[set[int]] | None]] = []
    for _ in range(terms):
        shape = tuple(n if random.random() < 0.7 else 1 for n in (2, 3))
        units = int(np.prod(shape))
        kinds = random.randint(1, min(4, units))
        numbers = [*range(kinds), *(random.randrange(kinds) for _ in range(units - kinds))]
        random.shuffle(numbers)  # of a state every class is some unit's
        drawn: list[list[set[int]] | None] = [
            None
            if random.random() < 0.2
            else [
                {at for at in range(size) if random.random() < 0.3}
                for _ in range(random.choice([1, places]))
            ]
            for _ in range(kinds)
        ]
        payloads = tuple(
            None
            if rows is None
            else ((1, (np.packbits([[at in row for at in range(size)] for row in rows], axis=1),)),)
            for rows in drawn
        )
        classes = np.array(numbers).reshape(*shape, 1)
        states.append(State((2, 3, places), (2,), classes, payloads))
        fields.append(drawn)
    most = None
    for unit in product(range(2), range(3)):
        for place in range(places):
            seen: set[int] = set()
            for state, drawn in zip(states, fields, strict=True):
                rows = drawn[int(np.broadcast_to(state.classes, (2, 3, 1))[(*unit, 0)])]
                seen |= set() if rows is None else rows[place if len(rows) > 1 else 0]
            if seen:
                most = max(most or 0, max(seen) - min(seen) + 1)
    total = Sum(tuple((state, 1) for state in states))
    structure = Structure(cg.Conv(1).on(size), cg.Conv(1).on(size).inputs[0])
    found = longest_extent(total, 0, size, structure.extents)
    assert (found or 0) <= 0 if most is None else found == most
