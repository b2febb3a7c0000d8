"""Claim 15: convolution is equivariant to translation, f(g(x)) = g(f(x)).

The book says it of the convolution as such (section 9.2), for signals and for images with
I'(x, y) = I(x - 1, y). A layer of a network has a border, and there it need not hold.
"""

from __future__ import annotations

import pytest
import sympy as sp

import convgraph as cg
from convgraph.book.claims import derive
from convgraph.symmetry.equivariance.causes import FILLED, LOST, PADDING


def test_without_a_border_it_holds_for_every_kernel_and_every_shift() -> None:
    k = sp.Symbol("k", integer=True, positive=True)
    t = sp.Symbol("t", integer=True)
    proof = cg.prove(cg.Conv(k), cg.Shift(t))
    assert proof.holds
    assert proof.verify()


def test_around_a_circle_it_holds_at_every_unit() -> None:
    layer = cg.Conv(3, padding=1, padding_mode="circular").on(6)
    around = cg.Shift(1, boundary="wrap")
    assert cg.check_equivariance(layer, around).holds
    # the same in matrices: the layer's is circulant, and commutes with the cyclic shift
    circulant, shift = layer.matrix(), sp.zeros(6, 6)
    for i in range(6):
        shift[(i + 1) % 6, i] = 1
    assert circulant * shift == shift * circulant


def test_in_a_frame_the_border_breaks_it_and_nothing_else_does() -> None:
    layer = cg.Conv(3, padding="same").on(6)
    verdict = cg.check_equivariance(layer, cg.Shift(1))
    x, w3 = sp.symbols("x1:7"), sp.Symbol("w_3")
    shifted = dict(zip(x, (0, *x[:-1]), strict=True))
    before = list(layer.expressions().values())
    after = [s.xreplace(shifted) for s in before]
    # s1: the output's frame is filled with a zero, and the layer already sees x1
    assert after[0] == w3 * x[0]
    # s6: the layer sees padding where x6 was, which has left the frame
    assert before[4] - after[5] == w3 * x[5]
    # between them, what is computed from the shifted input is the shifted output
    assert after[1:5] == before[0:4]
    assert verdict.exact == {"s2", "s3", "s4", "s5"}
    assert verdict.causes == {FILLED: {"s1"}, LOST: {"s6"}, PADDING: {"s6"}}
    # and no equation between the elements of the kernel would mend it
    assert verdict.conditions == ()


@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
@pytest.mark.parametrize("amount", [1, 2, 3])
def test_without_padding_only_the_units_that_move_in_are_broken(kernel: int, amount: int) -> None:
    verdict = cg.check_equivariance(cg.Conv(kernel).on(12), cg.Shift(amount))
    # the first t outputs; those that see nothing but zeros are zero as they should be
    seen = [f"s{i + 1}" for i in range(amount) if i + kernel > amount]
    assert verdict.broken == set(seen)


def test_for_images_the_columns_at_both_ends_are_broken() -> None:
    """I'(x, y) = I(x - 1, y) moves the columns by one."""
    verdict = cg.check_equivariance(cg.Conv((3, 3), padding="same").on((5, 7)), cg.Shift((0, 1)))
    assert verdict.broken == {f"s{row},{column}" for row in range(1, 6) for column in (1, 7)}
    assert verdict.exact.axes == (tuple(range(5)), tuple(range(1, 6)))


def test_the_verdict() -> None:
    (claim,) = derive([15])
    assert claim.verdict == "holds when"
    assert "around a circle" in claim.detail
