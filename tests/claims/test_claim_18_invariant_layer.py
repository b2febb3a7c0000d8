"""Claim 18: a layer invariant to translation gives [0, 1, 0] for both of claim 17's inputs.

Their feature maps are [0, 1, 0, 0] and [0, 0, 1, 0]. Four units become three.
"""

from __future__ import annotations

import pytest

import convgraph as cg
from convgraph.book.claims import derive

MAPS = ([0, 1, 0, 0], [0, 0, 1, 0])


def test_windows_that_hold_both_places_give_the_same_for_both() -> None:
    """Windows {., 1}, {2, 3}, {4, .}: the second holds units 2 and 3."""
    pool = cg.MaxPool(2, stride=2, padding=1).on(4)
    assert [set(cg.receptive_field(pool, unit)) for unit in pool.outputs[0].units()] == [
        {"x1"}, {"x2", "x3"}, {"x4"},
    ]  # fmt: skip
    assert [pool.evaluate(x).tolist() for x in MAPS] == [[0, 1, 0], [0, 1, 0]]


def test_windows_that_overlap_give_other_maps() -> None:
    pool = cg.MaxPool(2, stride=1).on(4)
    assert [pool.evaluate(x).tolist() for x in MAPS] == [[1, 1, 0], [0, 1, 1]]


@pytest.mark.parametrize("x", [[0, 0, 0, 1], [1, 0, 0, 0]])
def test_one_step_further_the_output_changes(x: list[int]) -> None:
    pool = cg.MaxPool(2, stride=2, padding=1).on(4)
    assert pool.evaluate(x).tolist() != [0, 1, 0]
    verdict = cg.check_equivariance(pool, cg.Shift(1), output=cg.Shift(0))
    assert verdict.holds is False


def test_one_window_over_all_of_a_circle_is_invariant_to_every_translation() -> None:
    for pool in (cg.GlobalMaxPool(), cg.GlobalAvgPool()):
        for amount in range(1, 4):
            g = cg.Shift(amount, boundary="wrap")
            assert cg.check_equivariance(pool.on(4), g).holds


def test_the_verdict() -> None:
    (claim,) = derive([18])
    assert claim.verdict == "holds when"
    assert "stride 2, padding 1" in claim.detail
