"""The rules of proofs one by one: a step that is true, and steps beside it that are not."""

from __future__ import annotations

import dataclasses
import math
from fractions import Fraction
from typing import Any

import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.proofs.inequalities import follows, unfloored
from convgraph.symmetry.proofs.kernel import Known, Step, check
from convgraph.symmetry.proofs.normal import normal
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.vocabulary import Greatest, Impulse, Residue
from tests.theorems import OTHERS, THEOREMS

i, j, a, b, t, u, v = sp.symbols("i j a b t u v", integer=True)
k, n, s, m = sp.symbols("k n s m", integer=True, positive=True)
x, y, w, h, phi = map(sp.Function, ("x", "y", "w", "h", "phi"))
moved = sp.Function("x'")
EVERY = -sp.oo, sp.oo


def known(
    definitions: Any = (),
    lemmas: Any = (),
    hypotheses: Any = (),
    conditions: Any = (),
    moduli: Any = (),
) -> Any:
    claim = Equation(sp.Function("y'")(i), y(i), tuple(conditions), tuple(moduli))
    named = [{e.name: e for e in some} for some in (definitions, lemmas, hypotheses)]
    return Known(*named, claim)


def follows_by(
    rule: Any, left: Any, right: Any, given: Any = None, using: Any = "", data: Any = ()
) -> Any:
    return check(Step(1, "y'", left, right, rule, using, data), given or known())


SHIFT = Equation(moved(i), x(i - t))
LAYER = Equation(y(i), sp.Sum(w(j) * x(i + j), (j, 0, k - 1)))


def test_definitions_do_not_capture_bound_variables() -> None:
    """Under a sum over j, y(j) is a sum over something else."""
    left = sp.Sum(y(j), (j, 0, n - 1))
    nested = sp.Sum(sp.Sum(w(a) * x(j + a), (a, 0, k - 1)), (j, 0, n - 1))
    captured = sp.Sum(sp.Sum(w(j) * x(j + j), (j, 0, k - 1)), (j, 0, n - 1))
    given = known([LAYER])
    assert follows_by("definition", left, nested, given, "y")
    assert not follows_by("definition", left, captured, given, "y")


def test_definitions_hold_where_their_conditions_do() -> None:
    inside = dataclasses.replace(SHIFT, conditions=(n - 1 - i,))
    step = moved(i + j), x(i + j - t)
    left, right = (sp.Sum(each, (j, 0, k - 1)) for each in step)
    enough = known([inside], conditions=[n - 1 - (i + k - 1)])
    assert follows_by("definition", left, right, enough, "x'")
    for too_little in ([n - 1 - i], [n - (i + k - 1)], []):
        given = known([inside], conditions=too_little)
        assert not follows_by("definition", left, right, given, "x'")


def test_on_a_circle_only_its_positions_are_arguments() -> None:
    around = Equation(moved(i), x(Residue(i - t, n)), moduli=(n,))

    def step(argument: Any, moduli: Any) -> Any:
        left, right = moved(argument), x(Residue(argument - t, n))
        return follows_by("definition", left, right, known([around], moduli=moduli), "x'")

    assert step(Residue(i + 1, n), (None,))
    assert step(i, (n,))
    assert not step(Residue(i + 1, m), (None,))
    assert not step(i, (None,))
    assert not step(i, (m,))
    assert not step(i + 1, (n,))


def test_lemmas_and_functions_of_them() -> None:
    lemma = Equation(sp.Function("h'")(i), h(i - t))
    given = known(lemmas=[lemma])
    primed = sp.Function("h'")
    assert follows_by("lemma", 2 * primed(i), 2 * h(i - t), given, "h'")
    assert follows_by("lemma", phi(primed(i)), phi(h(i - t)), given, "h'")
    assert not follows_by("definition", phi(primed(i)), phi(h(i - t)), given, "h'")
    assert not follows_by("lemma", phi(primed(i)), w(h(i - t)), given, "h'")
    assert not follows_by("lemma", phi(primed(i)), phi(h(i)), given, "h'")


def test_indices() -> None:
    assert follows_by("index", x(s * (i - t)), x(s * i - s * t))
    assert not follows_by("index", x(s * (i - t)), x(s * i - t))
    assert not follows_by("index", x(i), x(i))  # a step that does nothing
    first, second = (sp.Sum(x(i + v), (v, 0, k - 1)) for v in (j, a))
    assert follows_by("index", first, second)
    assert not follows_by("index", first, sp.Sum(x(i + a), (a, 0, k)))
    assert not follows_by("index", first, Greatest(x(i + a), (a, 0, k - 1)))


@pytest.mark.parametrize(
    ("inner", "outer", "same"),
    [
        (Residue(s * Residue(u, m) + j, s * m), Residue(s * u + j, s * m), True),
        (Residue(Residue(u, n) + v, n), Residue(u + v, n), True),
        (Residue(u + n * v, n), Residue(u, n), True),
        (Residue(Residue(u, 6), 3), Residue(u, 3), True),
        (Residue(2 * Residue(u, 3), 4), Residue(2 * u, 4), False),
        (Residue(Residue(u, 3), 6), Residue(u, 6), False),
        (Residue(s * Residue(u, m), m), Residue(s * u, m), True),
        (Residue(Residue(u, m), s * m), Residue(u, s * m), False),
        (Residue(u + v, n), Residue(u, n), False),
        (sp.floor(Residue(u, s * m) / s), Residue(sp.floor(u / s), m), True),
        (sp.floor(Residue(u - s, 6) / 2), Residue(sp.floor((u - s) / 2), 3), True),
        (sp.floor(Residue(u, 5) / 2), Residue(sp.floor(u / 2), 3), False),
        (sp.floor(Residue(u, 6) / 2), sp.floor(u / 2), False),
    ],
)
def test_remainders(inner: Any, outer: Any, same: bool) -> None:
    assert follows_by("index", x(inner), x(outer)) is same
    wrong = [
        (p, q)
        for p in range(-7, 8)
        for q in range(-3, 4)
        if number(inner, p, q) != number(outer, p, q)
    ]
    assert (not wrong) is same


def number(e: Any, p: Any, q: Any) -> Any:
    values = {u: p, v: q, j: q, s: 2, m: 3, n: 5}
    if isinstance(e, Residue):
        return int(number(e.args[0], p, q)) % int(number(e.args[1], p, q))
    if isinstance(e, sp.floor):
        over, under = sp.fraction(sp.together(e.args[0]))
        return number(over, p, q) // number(under, p, q)
    if isinstance(e, sp.Add):
        return sum(number(part, p, q) for part in e.args)
    if isinstance(e, sp.Mul):
        return sp.prod([number(part, p, q) for part in e.args])
    return int(e.xreplace({symbol: sp.Integer(c) for symbol, c in values.items()}))


def test_reindexing_endless_sums() -> None:
    left, right = (sp.Sum(w(e - t) * x(e), (a, *EVERY)) for e in (a, a + t))
    assert follows_by("reindex", left, right, data=(a, a + t))
    assert not follows_by("reindex", left, right, data=(a, a - t))
    assert not follows_by("reindex", left, right, data=(a, 2 * a))
    finite, wrong = (sp.Sum(x(e), (a, 0, n - 1)) for e in (a, a + 1))
    assert not follows_by("reindex", finite, wrong, data=(a, a + 1))
    both, mixed = (sp.Sum(w(b) * x(e), (b, 0, k - 1), (a, *EVERY)) for e in (a, a + b))
    assert not follows_by("reindex", both, mixed, data=(a, a + b))
    half = sp.Rational(1, 2)
    off = sp.Sum(w(a + half - t) * x(a + half), (a, *EVERY))
    assert not follows_by("reindex", left, off, data=(a, a + half))


def test_turning_a_circle() -> None:
    def total(e: Any, low: Any = 0, high: Any = n - 1, kind: Any = sp.Sum) -> Any:
        return kind(x(e), (a, low, high))

    turned = Residue(a - t, n)
    assert follows_by("cycle", total(turned), total(a))
    assert follows_by("cycle", total(turned, kind=Greatest), total(a, kind=Greatest))
    assert not follows_by("cycle", total(turned, low=1), total(a, low=1))
    assert not follows_by("cycle", total(turned, high=n), total(a, high=n))
    assert not follows_by("cycle", total(Residue(2 * a, n)), total(a))
    weighted, plain = (sp.Sum(w(a) * x(e), (a, 0, n - 1)) for e in (turned, a))
    assert not follows_by("cycle", weighted, plain)


def test_sifting() -> None:
    def sum_of(e: Any, low: Any = -sp.oo) -> Any:
        return sp.Sum(w(b) * Impulse(e), (b, low, sp.oo))

    assert follows_by("sift", sum_of(b - a), w(a))
    assert follows_by("sift", sum_of(a - b), w(a))
    assert not follows_by("sift", sum_of(b - a), w(-a))
    assert not follows_by("sift", sum_of(2 * b - 2 * a), w(a))
    assert not follows_by("sift", sum_of(2 * b - a), w(a / 2))
    assert not follows_by("sift", sum_of(2 * b - a), w(2 * a - 3 * b))
    assert not follows_by("sift", sum_of(b - a, low=0), w(a))


def test_what_is_assumed_of_every_input() -> None:
    """x and t are quantified; the stride s and the map M are not."""
    proof = OTHERS["converse of stride s"]
    stride = proof.statement.spec
    (assumed,) = [e for e in proof.hypotheses if e.quantified]
    given = known(hypotheses=[assumed])
    (step,) = [step for step in proof.steps if step.rule == "hypothesis"]
    assert check(step, given)

    def at(values: Any) -> Any:
        left, right = (e.xreplace(values) for e in (assumed.left, assumed.right))
        data = tuple(part for pair in values.items() for part in pair)
        return follows_by("hypothesis", left, right, given, "assumption", data)

    assert at({t: sp.Integer(2)})
    assert not at({stride: sp.Integer(2)})


def renumbered(proof: Any, steps: Any) -> Any:
    numbered = [dataclasses.replace(step, number=at) for at, step in enumerate(steps, start=1)]
    return dataclasses.replace(proof, steps=tuple(numbered))


@pytest.mark.parametrize("name", ["conv", "stack", "circular"])
def test_the_chain_has_no_gap(name: str) -> None:
    proof = cg.prove(*THEOREMS[name])
    for number in range(len(proof.steps)):
        rest = [step for at, step in enumerate(proof.steps) if at != number]
        with pytest.raises(cg.ConvgraphError, match="altered"):
            renumbered(proof, rest).verify()
    stray = dataclasses.replace(proof.steps[0], claim="z'")
    for steps in ([*proof.steps, stray], [stray, *proof.steps], [*proof.steps, proof.steps[-1]]):
        with pytest.raises(cg.ConvgraphError, match="altered"):
            renumbered(proof, steps).verify()


@pytest.mark.parametrize(
    ("goal", "given", "bounds", "expected"),
    [
        (n - 1, [], (), True),
        (n - 2, [], (), False),
        (s * n - s, [], (), True),
        (i, [i - n], (), True),
        (i - n, [i], (), False),
        (s * i, [i], (), True),
        (i, [s * i], (), True),
        (-i, [i], (), False),
        (i + t, [i], (), False),
        (i + a, [i], ((a, sp.S.Zero, n - 1),), True),
        (i - a, [i - n + 1], ((a, sp.S.Zero, n - 1),), True),
        (i - a, [i - n + 2], ((a, sp.S.Zero, n - 1),), False),
        (sp.floor(i / s) - t, [i - s * t], (), True),
        (sp.floor(i / s) - t, [i - s * t + 1], (), False),
        (n - sp.floor(i / s), [s * n + s - 1 - i], (), True),
        (n - sp.floor(i / s), [s * n + s - i], (), False),
        (i - a + b, [i - n + 1], ((a, sp.S.Zero, n - 1), (b, sp.S.Zero, k - 1)), True),
    ],
)
def test_what_follows_from_what(
    goal: Any, given: list[Any], bounds: tuple[Any, ...], expected: bool
) -> None:
    assert follows(goal, given, bounds) is expected


@given(*[st.integers(-4, 4)] * 3, st.integers(1, 4), st.sampled_from([1, 2]))
def test_conditions_without_floors_imply_those_with_them(
    slope: Any, rest: Any, at: Any, factor: int, under: int
) -> None:
    goal = slope * sp.floor(i / factor) + sp.Rational(rest, under)
    value = unfloored(goal)
    holds = goal.xreplace({i: sp.Integer(at)}) >= 0
    if value.xreplace({i: sp.Integer(at)}) >= 0:
        assert holds
    elif abs(slope) == under == 1:
        assert not holds


def test_normal_forms_tell_kernels_and_rows_apart() -> None:
    assert normal(w(i) * x(j)) != normal(w(j) * x(i))
    assert normal(sp.Sum(x(a), (a, 0, n))) == normal(sp.Sum(x(b), (b, 0, n)))
    assert normal(Impulse(a - b)) == normal(Impulse(b - a))


def in_numbers(e: Any, at: Any) -> Any:
    """The value of an index, by whole numbers and fractions alone."""
    values = [in_numbers(part, at) for part in e.args]
    if e.is_Rational:
        return Fraction(int(e.p), int(e.q))
    if e.is_Symbol:
        return at[e]
    if e.is_Add:
        return sum(values)
    if e.is_Mul:
        return math.prod(values)
    if e.is_Pow:
        return Fraction(values[0]) ** int(values[1])
    below = Fraction(math.floor(values[0]))  # of what is no whole number, too, one is the remainder
    return below % values[1] if isinstance(e, Residue) else below


FACTORS = [i, t, k, s, m, 1 / s, sp.Rational(1, 2), sp.S(2), sp.S(3)]
TERMS = st.lists(st.sampled_from(FACTORS), min_size=1, max_size=3).map(lambda f: sp.Mul(*f))
SUMS = st.lists(TERMS, min_size=1, max_size=3).map(lambda t: sp.Add(*t))
MODULI = st.sampled_from([m, 2 * m, s * m, 2 * s, sp.S(3), k])


@given(SUMS, MODULI, TERMS, SUMS, MODULI, st.tuples(*[st.integers(1, 6)] * 5))
def test_normal_forms_of_remainders_are_the_same_numbers(
    inner: Any, size: Any, factor: Any, rest: Any, modulus: Any, numbers: Any
) -> None:
    at = dict(zip((i, t, k, s, m), map(Fraction, numbers), strict=True))
    once = Residue(inner, size)
    for e in (
        once,
        Residue(factor * once + rest, modulus),
        sp.floor(once / factor, evaluate=False),
    ):
        assert in_numbers(normal(e), at) == in_numbers(e, at)


def test_the_remainder_of_what_is_no_whole_number_is_not_taken_apart() -> None:
    """It is whole itself: s times it, modulo s m, is a multiple of s, and 1 is none."""
    taken = Residue(s * Residue(1 / s, m), s * m)
    at = {s: Fraction(2), m: Fraction(3)}
    assert in_numbers(normal(taken), at) == in_numbers(taken, at) == 0
    assert normal(Residue(s * Residue(i + t, m), s * m)) == normal(Residue(s * (i + t), s * m))
