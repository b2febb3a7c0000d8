"""States laid in line: each unit of a concatenation sees what the unit that it copies does."""

from __future__ import annotations

from itertools import product
from typing import Any

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Product
from convgraph.interactions.concatenations import laid_in_line, parts_of
from convgraph.interactions.states import State
from convgraph.reports.findings.mixing import Channels


def seen(state: State[int], at: tuple[int, ...]) -> int | None:
    """What a unit sees, by the definition of a state."""
    return state.payloads[int(np.broadcast_to(state.classes, state.view)[at])]


@given(
    st.lists(st.integers(1, 3), min_size=2, max_size=5),
    st.integers(0, 2),
    st.lists(st.integers(0, 2), min_size=6, max_size=6),
    st.randoms(use_true_random=False),
)
def test_units_see_what_those_of_their_parts_do(
    sizes: list[int], at: int, gaps: list[int], random: Any
) -> None:
    starts, end = [], 0
    for size, gap in zip(sizes, gaps, strict=False):
        starts.append(end + gap)
        end += gap + size
    total = end + gaps[-1]
    shape = [2, 3, 2]
    states, wirings = [], []
    for size, start in zip(sizes, starts, strict=True):
        here = (*shape[:at], size, *shape[at + 1 :])
        varying = tuple(n if random.random() < 0.6 else 1 for n in here)
        kinds = random.randint(1, 3)
        numbers = np.array([random.randrange(kinds) for _ in range(int(np.prod(varying)))])
        payloads = tuple(random.choice([None, 1, 2, 4]) for _ in range(kinds))
        states.append(State(here, (None, None), numbers.reshape(varying), payloads))
        axes = [identity(n) for n in here]
        axes[at] = Window(size, total, 1, padding=start)
        wirings.append(Product(tuple(axes)))
    order = list(range(len(sizes)))
    random.shuffle(order)
    found = laid_in_line([states[i] for i in order], [wirings[i] for i in order], Channels())
    assert found is not None
    assert found.view == (*shape[:at], total, *shape[at + 1 :])
    assert len(set(found.payloads)) == len(found.payloads)
    for unit in product(*map(range, found.view)):
        inside = [(i, unit[at] - start) for i, start in enumerate(starts)]
        inside = [(i, place) for i, place in inside if 0 <= place < sizes[i]]
        wanted = None
        for i, place in inside:
            wanted = seen(states[i], (*unit[:at], place, *unit[at + 1 :]))
        assert seen(found, unit) == wanted


@pytest.mark.parametrize(
    "parts",
    [
        [Window(2, 5, 1, padding=0), Window(2, 5, 1, padding=1)],  # which share a position
        [Window(3, 5, 1, padding=-1), Window(2, 5, 1, padding=3)],  # which is cut off
        [Window(2, 5, 1, padding=0), Window(2, 5, 1, 2, padding=3)],
        [Window(2, 5, 2, padding=1), Window(2, 5, 1, padding=3)],
    ],
)
def test_what_is_no_concatenation_is_told(parts: list[Window]) -> None:
    assert parts_of([Product((axis, identity(4))) for axis in parts]) is None


def test_a_dense_block_has_the_fields_of_its_graph() -> None:
    """Each layer reads all before it, in line."""
    x = cg.Input((2, 9))
    rows = [x]
    for step in (1, 2, 3):
        before = rows[0] if len(rows) == 1 else cg.Concat()(*rows)
        rows.append(cg.Conv(3, filters=2, dilation=step, padding="same")(before))
    net = cg.Network(x, cg.Concat()(*rows))
    fields = cg.receptive_fields(net)
    inputs = set(net.inputs[0].units())
    for unit in net.outputs[0].units():
        assert set(fields[unit]) == nx.ancestors(net.graph, unit) & inputs
