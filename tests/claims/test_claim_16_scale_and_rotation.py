"""Claim 16: convolution is not equivariant to changes of scale or to rotation (section 9.2).

The counterexamples hold for kernels in general. What they leave open is which kernels are
exceptions: their elements have to be equal where the transformation takes one to the other.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
import sympy as sp

import convgraph as cg
from convgraph.book.claims import derive
from convgraph.symmetry.equivariance.causes import TYING

NET = cg.Conv((3, 3), padding="same").on((4, 4))


@pytest.mark.parametrize("g", [cg.Rotate90(), cg.Rotate90(2), cg.Scale(2), cg.Flip()])
def test_a_counterexample_for_a_general_kernel(g: Any) -> None:
    verdict = cg.check_equivariance(NET, g)
    example = verdict.counterexample
    assert verdict.holds is False
    # one pixel is enough to see it
    assert len(example.input) == 1
    assert example.values[0] != example.values[1]
    image = sp.zeros(4, 4)
    for name, value in example.input.items():
        image[NET.find(name)[1]] = value
    moved = sp.Matrix(4, 4, lambda i, j: list(image)[g.sources(NET.inputs[0])[4 * i + j]])
    parameters = {str(p): p for p in NET.parameters}
    left = NET.evaluate(sp.matrix2numpy(moved), parameters)
    right = NET.evaluate(sp.matrix2numpy(image), parameters)
    at = NET.find(example.unit)[1]
    there = divmod(int(g.sources(NET.outputs[0])[4 * at[0] + at[1]]), 4)
    assert (left[at], right[there]) == example.values


def test_a_kernel_is_an_exception_to_rotation_when_it_is_four_fold() -> None:
    """A quarter turn takes w[i, j] to w[j, 2 - i]: corners to corners, edges to edges."""
    verdict = cg.check_equivariance(NET, cg.Rotate90())
    assert set(verdict.causes) == {TYING}
    turned = {}
    for i, j in product(range(3), repeat=2):
        orbit = {(i, j), (j, 2 - i), (2 - i, 2 - j), (2 - j, i)}
        turned[f"w_{i + 1}_{j + 1}"] = {f"w_{a + 1}_{b + 1}" for a, b in orbit}
    assert _classes(verdict) == {frozenset(orbit) for orbit in turned.values() if len(orbit) > 1}


def test_a_kernel_is_an_exception_to_flips_when_it_is_symmetric() -> None:
    assert _classes(cg.check_equivariance(NET, cg.Flip())) == {
        frozenset({f"w_{row}_1", f"w_{row}_3"}) for row in (1, 2, 3)
    }
    one_axis = cg.check_equivariance(cg.Conv(3, padding="same").on(6), cg.Flip())
    assert _classes(one_axis) == {frozenset({"w_1", "w_3"})}


def test_no_kernel_of_more_than_one_element_is_an_exception_to_scale() -> None:
    """Neighbours of a pixel become the pixel itself, so that the windows themselves differ."""
    assert cg.check_equivariance(NET, cg.Scale(2)).conditions == ()
    assert cg.check_equivariance(cg.Conv((1, 1)).on((4, 4)), cg.Scale(2)).holds


def _classes(verdict: Any) -> Any:
    """The groups of parameters that the conditions make equal."""
    groups: dict[str, set[str]] = {}
    for equation in verdict.conditions:
        a, b = str(equation.lhs), str(equation.rhs)
        merged = groups.get(a, {a}) | groups.get(b, {b})
        groups.update(dict.fromkeys(merged, merged))
    return {frozenset(group) for group in groups.values()}


def test_the_verdict() -> None:
    (claim,) = derive([16])
    assert claim.verdict == "holds when"
    assert "1x1 kernel" in claim.detail
