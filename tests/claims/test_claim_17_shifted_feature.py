"""Claim 17: if [0, 3, 2, 0, 0] gives [0, 1, 0, 0], then [0, 0, 3, 2, 0] gives [0, 0, 1, 0].

Five inputs and four outputs: a kernel of two elements without padding. Which layer does that?
"""

from __future__ import annotations

from typing import Any

import sympy as sp

import convgraph as cg
from convgraph.book.claims import derive

W1, W2, B = sp.symbols("w_1 w_2 b")
FIRST, SECOND = (0, 3, 2, 0, 0), (0, 0, 3, 2, 0)


def outputs(net: cg.Network, x: Any) -> Any:
    values = {sp.Symbol(f"x{i}"): value for i, value in enumerate(x, 1)}
    return [s.subs(values) for s in net.expressions().values()]


def test_what_the_convolution_gives() -> None:
    biased = cg.Conv(2, bias=True).on(5)
    assert outputs(biased, FIRST) == [B + 3 * W2, B + 3 * W1 + 2 * W2, B + 2 * W1, B]


def test_no_kernel_does_it_alone_or_with_a_bias() -> None:
    s = outputs(cg.Conv(2, bias=True).on(5), FIRST)
    wanted = [value - target for value, target in zip(s, (0, 1, 0, 0), strict=True)]
    assert sp.linsolve(wanted, [W1, W2, B]) == sp.EmptySet


def test_no_kernel_does_it_with_a_relu_but_without_a_bias() -> None:
    """The second output is a sum of positive multiples of the first and third.

    With a ReLU these are to be zero or less, and the second one is to be 1.
    """
    s = outputs(cg.Conv(2).on(5), FIRST)
    assert sp.expand(s[1] - sp.Rational(2, 3) * s[0] - sp.Rational(3, 2) * s[2]) == 0


def test_a_bias_that_acts_as_a_threshold_does_it() -> None:
    net = (cg.Conv(2, bias=True) >> cg.ReLU()).on(5)
    parameters = {"w": [1, 1], "b": [-4]}
    assert net.evaluate(list(FIRST), parameters).tolist() == [0, 1, 0, 0]
    assert net.evaluate(list(SECOND), parameters).tolist() == [0, 0, 1, 0]


def test_whatever_does_it_does_so_for_the_shifted_input() -> None:
    """Outputs move with the input; the one that comes in sees zeros, as the last one did."""
    net = (cg.Conv(2, bias=True) >> cg.Activation("phi")).on(5)
    first, second = outputs(net, FIRST), outputs(net, SECOND)
    assert second[1:] == first[:-1]
    assert second[0] == first[-1]
    # for any input the frame is exact but for the unit that comes in
    verdict = cg.check_equivariance(net, cg.Shift(1))
    assert verdict.broken == {"g1"}
    assert derive([17])[0].verdict == "holds when"
