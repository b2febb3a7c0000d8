"""Claim 27: pooling with a stride of k leaves about k times fewer units to the next layer.

Book, section 9.3, and figure 9.10: six units under windows of width 3 with stride 2.

What is derived: of n units floor((n - w)/k) + 1 are left. That is n/k exactly where windows lie
side by side (w = k) and k divides n.
"""

from __future__ import annotations

import pytest
import sympy as sp

import convgraph as cg
from convgraph.book.claims import derive

n, k, w, m = sp.symbols("n k w m", integer=True, positive=True)


def test_the_exact_number() -> None:
    (left,) = cg.MaxPool(w, stride=k).on(n).outputs[0].shape
    assert sp.simplify(left - (sp.floor((n - w) / k) + 1)) == 0


def test_windows_side_by_side_leave_exactly_k_times_fewer() -> None:
    assert cg.MaxPool(k).on(k * m).outputs[0].shape == (m,)


@pytest.mark.parametrize("width", [1, 2, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_how_far_from_k_times_fewer(width: int, stride: int) -> None:
    """k times what is left misses n by w - k at least, and by w - 1 at most."""
    missed = {
        size - stride * int(cg.MaxPool(width, stride=stride).on(size).outputs[0].size)
        for size in range(width, 40)
    }
    assert missed == set(range(width - stride, width))


def test_the_figure() -> None:
    """In tenths .1 1 .2 .1 0 .1; the last window has two units."""
    net = cg.MaxPool(3, stride=2, ceil_mode=True).on(6)
    assert net.evaluate([1, 10, 2, 1, 0, 1]).tolist() == [10, 2, 1]
    assert cg.receptive_field(net, "s3") == {"x5", "x6"}


def test_the_verdict() -> None:
    (claim,) = derive([27])
    assert claim.verdict == "holds when"
    assert "k divides n" in claim.detail
