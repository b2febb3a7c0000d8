"""Calls with arguments that a function does not have are answered with those that it has."""

from __future__ import annotations

import doctest
import pickle
import sys
from typing import Any

import pytest

import convgraph as cg
from convgraph.core.calls import checked

NET = cg.Conv(3).on(5)
GRID = cg.Conv((3, 3)).on((5, 5))
CHECKED = [
    *("animate", "draw", "draw_boxes", "draw_grid", "draw_image", "draw_matrix"),
    *("check_equivariance", "compare", "cost", "findings", "path_counts", "projective_field"),
    *("prove", "receptive_field", "recompute", "report", "stream", "symmetry_group", "tiles"),
    "uses",
]


@pytest.mark.parametrize(
    ("function", "named", "said"),
    [
        ("draw", {"highlight": "x1"}, r"highlight='x1': draw calls this argument 'shade'$"),
        ("draw", {"colour": "red"}, r"colour='red': draw calls this argument 'shade'$"),
        ("draw", {"emphasise": "w_1"}, r"no such argument; did you mean emphasize"),
        ("draw_grid", {"direction": "right"}, r"no such argument; the call is draw_grid\(network,"),
        ("draw_matrix", {"colr": 1}, r"colr=1: draw_matrix has no such argument; did you mean col"),
        ("animate", {"dpi": 100}, r"dpi=100: animate has no such argument"),
        ("uses", {"weight": "w_1"}, r"weight='w_1': uses has no such argument; the call is uses\("),
        ("tiles", {"size": 4}, r"size=4: tiles has no such argument; did you mean tile\?$"),
    ],
)
def test_an_argument_that_is_none(function: str, named: dict[str, Any], said: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=said):
        getattr(cg, function)(GRID, **named)


def test_too_few_and_too_many() -> None:
    with pytest.raises(cg.ConvgraphError, match=r"^network: it is missing; the call is draw\("):
        cg.draw()  # type: ignore[call-arg]
    with pytest.raises(cg.ConvgraphError, match="takes 1, values; the others have names"):
        cg.draw_image([[1]], 2)  # type: ignore[misc]


@pytest.mark.parametrize("name", CHECKED)
def test_a_function_that_checks_its_calls_is_found_as_itself(name: str) -> None:
    function = getattr(cg, name)
    assert pickle.loads(pickle.dumps(function)) is function
    examples = doctest.DocTestFinder().find(sys.modules[function.__module__])
    assert any(test.name.endswith(f".{name}") and test.examples for test in examples)


def test_what_goes_wrong_in_a_right_call_is_left_as_it_was() -> None:
    def wrong(size: int, **others: int) -> int:
        return size + "1" + len(others)  # type: ignore[operator]

    with pytest.raises(TypeError, match="unsupported operand"):
        checked(wrong)(1, any=2)
