"""The units that see the most, found on arrays, against what one finds by looking at each."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from convgraph.reports.extremes import _in_common


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
