"""Claim 20: the rectified linear unit is applied to every entry of the feature map.

Any function applied to every entry alike commutes with a shift: it does not matter to a value
where it stands when the function is applied to it.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

import convgraph as cg
from convgraph.book.claims import derive


def test_every_entry_has_one_edge_and_the_same_function() -> None:
    net = cg.ReLU().on((3, 4))
    x = sp.Matrix(3, 4, lambda i, j: sp.Symbol(f"x{i + 1},{j + 1}"))
    assert list(net.expressions().values()) == [sp.Max(0, value) for value in x]


def test_what_is_not_positive_becomes_zero() -> None:
    given = np.random.default_rng(0).integers(-9, 10, (20, 20))
    after = cg.ReLU().on((20, 20)).evaluate(given)
    assert ((after == 0) == (given <= 0)).all()
    assert (after[given > 0] == given[given > 0]).all()


def test_any_function_commutes_with_every_move_that_fills_nothing_in() -> None:
    net = cg.Activation("phi").on(5)
    for g in (cg.Shift(2, boundary="wrap"), cg.Flip(), cg.Permute([3, 0, 4, 1, 2]), cg.Scale(2)):
        assert cg.check_equivariance(net, g).holds


def test_zeros_that_move_in_have_to_stay_zeros() -> None:
    """phi(0) need not be 0; of the rectified linear unit it is."""
    some = cg.check_equivariance(cg.Activation("phi").on(5), cg.Shift(2))
    assert some.broken == {"s1", "s2"}
    phi = sp.Function("phi")
    assert some.counterexample.values == (phi(0), 0)
    for spec in (cg.ReLU(), cg.LeakyReLU(), cg.Activation("abs")):
        assert cg.check_equivariance(spec.on(5), cg.Shift(2)).holds


def test_behind_a_convolution_it_commutes_for_all_sizes() -> None:
    k, s = sp.symbols("k s", integer=True, positive=True)
    t = sp.Symbol("t", integer=True)
    proof = cg.prove(cg.Conv(k, stride=s) >> cg.Activation("phi"), cg.Shift(s * t))
    assert proof.verify()
    assert derive([20])[0].verdict == "holds"
