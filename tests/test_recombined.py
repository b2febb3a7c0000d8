"""Units that read several classes, against one sum for each of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from convgraph.interactions.all_path_counts import PathMeasures
from convgraph.interactions.path_count_sums import Along, Moments, Paths
from convgraph.interactions.recombined import recombined
from convgraph.interactions.states import State
from convgraph.reports.findings.mixing import Channels


def paths(number: int) -> Paths:
    """Of one axis."""
    return Paths((Along((Moments(number, 2 * number, 7),), 1),))


@pytest.mark.parametrize("counted", [True, False])
@given(
    cells=st.integers(1, 30),
    different=st.integers(1, 12),
    taps=st.integers(1, 40),
    classes=st.integers(1, 20),
    random=st.randoms(use_true_random=False),
)
def test_each_cell_sees_what_it_reads(
    counted: bool, cells: int, different: int, taps: int, classes: int, random: Any
) -> None:
    """With taps at which all cells read what they do at another, and without."""
    columns = [[random.randrange(-1, classes) for _ in range(cells)] for _ in range(different)]
    reads = np.array([columns[random.randrange(different)] for _ in range(taps)]).T
    algebra: Any = PathMeasures() if counted else Channels()
    payloads = tuple(
        None if random.random() < 0.2 else paths(k + 1) if counted else 1 << k % 5
        for k in range(classes)
    )
    state: State[Any] = State((classes, 5), (None,), np.arange(classes)[:, None], payloads)
    found = recombined(state, reads, (cells, 1), algebra)
    for cell, row in enumerate(reads.tolist()):
        seen = [(payloads[c], 1) for c in row if c >= 0 and payloads[c] is not None]
        wanted = algebra.combine(seen, (1,)) if seen else None
        assert found.payloads[int(np.broadcast_to(found.classes, (cells, 1))[cell, 0])] == wanted
