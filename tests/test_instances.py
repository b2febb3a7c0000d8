"""Instances of statements: true ones hold, and those that were made false do not."""

from __future__ import annotations

import dataclasses
from functools import reduce
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.equivariance.numeric_difference import expressions_differ
from convgraph.symmetry.instances.exact_values import draw, values
from convgraph.symmetry.instances.find_instances import instances
from convgraph.symmetry.instances.integer_formulas import whole
from convgraph.symmetry.instances.symbol_values import choices
from convgraph.symmetry.statements.statement import Meaning
from tests.theorems import OTHERS, THEOREMS


@pytest.fixture(scope="module")
def proofs() -> Any:
    return {name: cg.prove(*question) for name, question in THEOREMS.items()} | OTHERS


def altered(proof: Any, **changes: Any) -> Any:
    statement = proof.statement
    return dataclasses.replace(statement, claim=dataclasses.replace(statement.claim, **changes))


@pytest.mark.parametrize("name", [*THEOREMS, *OTHERS])
def test_every_theorem_was_instantiated(proofs: Any, name: Any) -> None:
    found = proofs[name].instances
    assert len(found) >= 3
    assert all(each.compared for each in found)


@pytest.mark.parametrize("name", [*THEOREMS, *OTHERS])
def test_another_shift_of_the_output_fails(proofs: Any, name: Any) -> None:
    """y'(i) = y(i - t - 1) is false of all of them but those that end in one position."""
    claim = proofs[name].statement.claim
    if name.startswith("invariant"):
        return
    if name.startswith("converse"):
        i, right = claim.variables[0], claim.right
        wrong = right.xreplace({i: i + 1})
    else:
        *rest, last = claim.right.args
        if type(last).__name__ == "Residue":
            last = type(last)(last.args[0] - 1, last.args[1])
        else:
            last = last - 1
        wrong = claim.right.func(*rest, last)
    with pytest.raises(cg.ConvgraphError, match=r"instances: |no such position"):
        instances(altered(proofs[name], right=wrong))


INTERIOR = [n for n, q in THEOREMS.items() if q[2] == "interior" and n != "either way"]


@pytest.mark.parametrize("name", INTERIOR)
def test_no_condition_of_an_interior_can_be_left_out(proofs: Any, name: Any) -> None:
    claim = proofs[name].statement.claim
    for dropped in claim.conditions:
        if any(symbol.name.startswith("n_y") for symbol in dropped.free_symbols):
            continue  # that the output has this position follows, where the padding is that of both
        kept = tuple(c for c in claim.conditions if c is not dropped)
        with pytest.raises(cg.ConvgraphError, match=r"instances: |no such position"):
            instances(altered(proofs[name], conditions=kept))


def test_a_condition_that_nothing_meets_gives_no_instance(proofs: Any) -> None:
    statement = altered(proofs["padded"], conditions=(sp.Integer(-1),))
    with pytest.raises(cg.ConvgraphError, match="none of sizes up to"):
        instances(statement)


def test_a_wrapped_shift_moves_a_frame_around(proofs: Any) -> None:
    """What comes in at the other end is no zero: of a shift that is wrapped less is true."""
    statement = cg.prove(cg.Conv(3, padding=1), cg.Shift(1), where="interior").statement
    around = dataclasses.replace(statement, transformation=cg.Shift(1, boundary="wrap"))
    with pytest.raises(cg.ConvgraphError, match="this statement is false"):
        instances(around)


def test_the_size_of_the_output_is_the_one_that_is_printed(proofs: Any) -> None:
    statement = proofs["either way"].statement
    notes = tuple(
        dataclasses.replace(n, value=n.value + 1) if isinstance(n, Meaning) else n
        for n in statement.notes
    )
    with pytest.raises(cg.ConvgraphError, match=r"and not .* positions"):
        instances(dataclasses.replace(statement, notes=notes))


def test_a_large_model_is_tried_along_each_axis_that_moves() -> None:
    block = cg.Conv((3, 3), filters=64, padding=1, bias=True) >> cg.ReLU()
    network = (block >> cg.MaxPool((2, 2)) >> block >> cg.Upsample((2, 2))).on((3, 64, 64))
    proof = cg.prove(network, cg.Shift((2, 2)), where="interior")
    assert {each.how for each in proof.instances} == {"along axis 0", "along axis 1"}
    claim = proof.statement.claim
    f, i, j = claim.variables
    with pytest.raises(cg.ConvgraphError, match=r"instances: .*along axis 1"):
        instances(altered(proof, right=claim.right.func(f, i - 2, j - 1)))


def test_choices_keep_to_what_is_assumed() -> None:
    even = sp.Symbol("a", even=True, positive=True)
    odd = sp.Symbol("b", odd=True)
    prime = sp.Symbol("c", prime=True)
    for chosen in choices({even, odd, prime}):
        assert chosen[even] % 2 == 0
        assert chosen[even] > 0
        assert chosen[odd] % 2 == 1
        assert sp.isprime(chosen[prime])


@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 2), st.booleans(), st.integers(6, 9))
def test_values_are_those_of_sums_written_out(
    kernel: int, stride: int, padding: int, bias: bool, n: int
) -> None:
    spec = cg.Conv(kernel, stride=stride, padding=padding, bias=bias) >> cg.ReLU()
    network = spec.on(n)
    x = draw((n,), 3)
    (found,) = values(network, [x], seed=5)
    (again,) = values(network, [x], seed=5)
    assert (found == again).all()
    drawn = draw((network.labels.parameters,), 6) % 9 - 4
    drawn[drawn == 0] = 5
    w, b = drawn[:kernel], drawn[kernel] if bias else 0
    padded = np.pad(x, padding)
    for i, value in enumerate(found.tolist()):
        total = sum(int(w[j]) * int(padded[stride * i + j]) for j in range(kernel)) + int(b)
        assert value == max(total, 0)


def test_large_values_do_not_overflow() -> None:
    x = cg.Input(1)
    h = x
    for _ in range(70):
        h = cg.Add()(h, h)
    network = cg.Network(x, h)
    (found,) = values(network, [np.array([3])])
    assert found.tolist() == [3 * 2**70]


def test_means_are_exact() -> None:
    (found,) = values(cg.AvgPool(3, stride=1).on(4), [np.array([1, 2, 4, 1])])
    assert [sp.Rational(v.numerator, v.denominator) for v in found] == [
        sp.Rational(7, 3),
        sp.Rational(7, 3),
    ]


SAME = {"padding": "same"}
MEANS: list[Any] = [
    cg.AvgPool(2, stride=1, padding=1),
    cg.AvgPool(3, stride=1, padding=1, count_include_pad=False),
    cg.Conv(3, bias=True, **SAME),
    cg.ReLU(),
    cg.MaxPool(2, stride=1),
    cg.Residual(cg.AvgPool(3, stride=1, padding=1)),
    cg.Residual(cg.AvgPool(3, stride=1, padding=1) >> cg.ReLU(), shortcut=cg.Conv(1, bias=True)),
]


@given(st.lists(st.sampled_from(MEANS), min_size=1, max_size=4), st.integers(6, 8))
def test_values_with_means_are_those_of_the_network(specs: list[Any], n: int) -> None:
    network = reduce(lambda one, other: one >> other, specs[1:], specs[0]).on(n)
    x = draw((n,), 2)
    (found,) = values(network, [x], seed=4)
    drawn = draw((network.labels.parameters,), 5) % 9 - 4
    drawn[drawn == 0] = 5
    at = {str(p): sp.Integer(int(v)) for p, v in zip(network.parameters, drawn, strict=True)}
    expected = network.evaluate([sp.Integer(int(value)) for value in x], at)
    assert [sp.Rational(v) for v in found.tolist()] == expected.tolist()


def test_formulas_of_whole_numbers() -> None:
    n, i = sp.symbols("n i", integer=True)
    assert whole(sp.floor((n - 3) / 2) + 1, {n: 8}) == 3
    assert whole(sp.ceiling(n / 3), {n: 7}) == 3
    assert whole(sp.Max(n, 4) - sp.Min(n, 2), {n: 3}) == 2
    assert whole(sp.floor(i / 2), {i: np.arange(4)}).tolist() == [0, 0, 1, 1]
    for bad in (n, sp.sqrt(n), n / 2):
        with pytest.raises(cg.ConvgraphError):
            whole(bad, {} if bad is n else {n: 3})


def test_two_sides_of_a_counterexample_differ_in_numbers() -> None:
    x, y = sp.symbols("x y")
    phi = sp.Function("phi")
    assert not expressions_differ(sp.Max(x, y), sp.Max(y, x))
    assert not expressions_differ(phi(x - y), phi(x - y))
    assert expressions_differ(phi(x - y), phi(y - x))
    assert expressions_differ(sp.Max(0, x), sp.Max(0, x, y))


def test_amounts_that_a_stride_halves_are_whole() -> None:
    even = sp.Symbol("e", even=True, positive=True)
    assert cg.prove(cg.Conv(even, stride=2), cg.Shift(even)).verify()


def test_no_counterexample_is_at_numbers_that_a_symbol_is_not() -> None:
    odd, below = (
        sp.Symbol("o", odd=True, positive=True),
        sp.Symbol("b", integer=True, negative=True),
    )
    assert cg.prove(cg.Conv(odd, stride=2), cg.Shift(odd + 1)).holds is None
    refuted = cg.prove(cg.Conv(3, stride=2), cg.Shift(below))
    assert refuted.holds is False
    assert refuted.values[below] < 0
