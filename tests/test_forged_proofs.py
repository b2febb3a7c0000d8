"""Forged proofs: whatever is done to one, it verifies only for what is true and as it is written.

Statements are of two kinds. Of a false one no proof is accepted, whichever claims, hypotheses and
steps it comes with. Of a true one none is accepted that says anything else than it states.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import random
from typing import Any

import pytest
import sympy as sp

import convgraph as cg
from convgraph.symmetry.proofs.kernel import RULES, Step, check_steps
from convgraph.symmetry.proofs.premises import setting_of
from convgraph.symmetry.proofs.proof import Proof, same
from convgraph.symmetry.proofs.row_claims import given
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.statement import Meaning, Positions, Statement
from convgraph.symmetry.statements.vocabulary import Impulse, Residue
from tests.theorems import OTHERS, THEOREMS

i, j, a, t = sp.symbols("i j a t", integer=True)
k = sp.Symbol("k", integer=True, positive=True)
x, y, w = map(sp.Function, "xyw")
moved, out = sp.Function("x'"), sp.Function("y'")

TRUE = ["conv", "padded", "stack frame", "circular", "tiled circle with bias", "transposed frame"]
TRUE += ["concatenation", "invariant", "groups"]


def true_proofs() -> Any:
    return [cg.prove(*THEOREMS[name]) for name in TRUE] + [OTHERS["converse of stride s"]]


def untied() -> Any:
    """What a proof that LocallyConnected(2) commutes with Shift(1) would be."""
    spec, shift = cg.LocallyConnected(2), cg.Shift(1)
    known = given(setting_of(spec, shift, "line", None))
    (claim,) = known.claims
    statement = Statement("equivariance", spec, shift, "line", None, claim, known.notes)

    def total(kernel: Any, row: Any) -> Any:
        return sp.Sum(kernel * row, (j, 0, 1))

    chain = [
        out(i),
        total(w(i, j), moved(i + j)),
        total(w(i, j), x(i + j - 1)),
        total(w(i - 1, j), x(i - 1 + j)),
        y(i - 1),
    ]
    by = [("definition", "y'"), ("definition", "x'"), ("lemma", "w"), ("definition", "y")]
    steps = tuple(
        Step(number, "y'", *sides, *rule)
        for number, (sides, rule) in enumerate(
            zip(itertools.pairwise(chain), by, strict=True), start=1
        )
    )
    return Proof(statement, known.definitions, known.claims, steps, claim.as_sympy)


def renumbered(steps: Any) -> Any:
    return tuple(dataclasses.replace(step, number=n) for n, step in enumerate(steps, start=1))


UNEVALUATED = sp.Add(1, -1, evaluate=False)
LEMMAS = {
    "one variable twice": ((w(i, i), w(i, i)), ()),
    "an index that is not evaluated": (
        (w(0, j), w(UNEVALUATED, j)),
        (Step(1, "w", w(0, j), w(UNEVALUATED, j), "index"),),
    ),
    "a number for a variable": ((w(0, j), w(0, j)), ()),
    "an expression for a variable": ((w(i - i + a, j), w(a - 1, j)), ()),
    "a variable of one sign": ((w(k, j), w(k, j)), ()),
    "nothing but a wish": ((w(a, j), w(a - 1, j)), ()),
    "no steps, and a condition": ((w(a, j), w(a - 1, j)), ()),
    "a row beside its arguments": ((w(a, j), w(a, j) + x(0) - x(0)), ()),
    "no function": ((a, a - 1), ()),
}


@pytest.mark.parametrize("name", LEMMAS)
def test_no_lemma_ties_what_is_not_tied(name: Any) -> None:
    """Each is put before the claim, as a claim of its own; kernel and proof refuse it."""
    forged = untied()
    sides, own = LEMMAS[name]
    conditions = (sp.Integer(-1),) if "condition" in name else ()
    lemma = Equation(*sides, conditions)
    steps = renumbered((*own, *forged.steps))
    claims = (lemma, *forged.claims)
    with pytest.raises(cg.ConvgraphError):
        check_steps(forged.hypotheses, claims, {}, steps)
    assert_refused(dataclasses.replace(forged, claims=claims, steps=steps))
    with pytest.raises(cg.ConvgraphError):
        forged.verify()


SHIFT = Equation(moved(i), x(i - t))


def test_a_parameter_is_no_variable() -> None:
    """From y'(i) = y(i - t) it follows that y'(t) = y(0), for that t; not for all i."""
    rows = (SHIFT, Equation(y(i), x(i)))
    steps = [
        Step(1, "y'", out(t), moved(t), "definition", "y'"),
        Step(2, "y'", moved(t), x(0), "definition", "x'"),
        Step(3, "y'", x(0), y(0), "definition", "y"),
    ]
    with pytest.raises(cg.ConvgraphError, match="distinct free variables"):
        check_steps(rows, [Equation(out(t), y(0))], {}, steps)
    there = [s.__class__(**{**vars(s), **sides(s)}) for s in steps]
    check_steps(rows, [Equation(out(i), y(i - t))], {}, there)


def sides(step: Any) -> Any:
    return {
        side: getattr(step, side).xreplace({t: i, x(0): x(i - t), y(0): y(i - t)})
        for side in ("left", "right")
    }


def test_a_shift_by_t_is_not_taken_for_a_bound_t() -> None:
    rows = (SHIFT, Equation(y(i), sp.Sum(x(i + a), (a, 0, 2))))
    under = sp.Sum(moved(i + t), (t, 0, 2))
    captured = sp.Sum(x(i), (t, 0, 2))
    steps = [
        Step(1, "y'", out(i), under, "definition", "y'"),
        Step(2, "y'", under, captured, "definition", "x'"),
    ]
    with pytest.raises(cg.ConvgraphError, match="step=2"):
        check_steps(rows, [Equation(out(i), captured)], {}, steps)


def test_conditions_on_every_integer_do_not_follow_from_an_end_that_is_not_there() -> None:
    """x' is known from 0 on; a sum over all integers asks for more."""
    rows = (dataclasses.replace(SHIFT, conditions=(i,)), Equation(y(i), x(i)))
    left, right = (sp.Sum(e, (a, -sp.oo, sp.oo)) for e in (moved(a), x(a - t)))
    claim = Equation(sp.Function("z")(i), right)
    steps = [
        Step(1, "z", claim.left, left, "definition", "z"),
        Step(2, "z", left, right, "definition", "x'"),
    ]
    with pytest.raises(cg.ConvgraphError, match="step=2"):
        check_steps((*rows, Equation(claim.left, left)), [claim], {}, steps)


# -- forgeries by the thousand -------------------------------------------------------------------


class Alike:
    """It says that it is equal to everything."""

    __hash__ = None

    def __eq__(self, other: Any) -> Any:
        return True


FOREIGN = [
    None, 0, -1, True, 1.5, float("nan"), "", "y'", b"y", (), (1,), [], {}, object(), Alike(),
    sp.Symbol("z"), sp.nan, sp.zoo, sp.pi, sp.Float(0.5), sp.Integer(0), UNEVALUATED, sp.sin(i),
    sp.Dummy("i"), sp.Function("x"), sp.Tuple(i), sp.Matrix([[1]]), sp.Eq(x(i), 0), type, len,
    sp.Pow(10, sp.Pow(10, 9, evaluate=False), evaluate=False), cg.Conv(3), cg.Shift(1),
]  # fmt: skip


def nearby(e: Any, r: Any) -> Any:
    """An expression that differs a little, or is written in another way."""
    if not isinstance(e, sp.Basic):
        return r.choice(FOREIGN)
    calls = [c for c in sorted(e.atoms(sp.core.function.AppliedUndef), key=str) if c.args]
    numbers = sorted(e.atoms(sp.Integer) | e.free_symbols, key=str)
    kind = r.randrange(7)
    if kind == 0 and calls:
        call = r.choice(calls)
        args = list(call.args)
        place = r.randrange(len(args))
        args[place] = args[place] + r.choice([1, -1, i, t, k, UNEVALUATED])
        return e.xreplace({call: call.func(*args)})
    if kind == 1 and len(calls) > 1:
        one, two = r.sample(calls, 2)
        return e.xreplace({one: two})
    if kind == 2 and numbers:
        return e.xreplace({r.choice(numbers): r.choice([*numbers, sp.Integer(1), t, i, j])})
    if kind == 3 and e.args:
        return e.func(*e.args[::-1], evaluate=False) if isinstance(e, sp.Add | sp.Mul) else e
    if kind == 4 and calls:
        call = r.choice(calls)
        args = [sp.Add(arg, 1, -1, evaluate=False) for arg in call.args]
        return e.xreplace({call: call.func(*args)})
    if kind == 5 and calls:
        call = r.choice(calls)
        other = sp.Function(r.choice([call.func.__name__ + "'", "x", "y", "w"]))
        return e.xreplace({call: other(*call.args)})
    try:
        return e + r.choice([1, Impulse(i), Residue(i, k), x(i), sp.Integer(0)])
    except TypeError:
        return r.choice(FOREIGN)


def other_equation(e: Any, others: Any, r: Any) -> Any:
    """An equation with one part changed."""
    if not isinstance(e, Equation) or r.random() < 0.1:
        return r.choice([*FOREIGN, *others])
    match r.randrange(7):
        case 0:
            return dataclasses.replace(e, left=nearby(e.left, r))
        case 1:
            return dataclasses.replace(e, right=nearby(e.right, r))
        case 2:
            return dataclasses.replace(e, conditions=e.conditions[1:] if e.conditions else (i,))
        case 3:
            return dataclasses.replace(e, conditions=tuple(nearby(c, r) for c in e.conditions))
        case 4:
            return dataclasses.replace(e, moduli=tuple(r.choice([None, k, t]) for _ in e.moduli))
        case 5 if isinstance(e.left, sp.core.function.AppliedUndef) and e.left.args:
            same_one = [e.left.args[0]] * len(e.left.args)
            return dataclasses.replace(e, left=e.left.func(*same_one))
    part = r.choice([field.name for field in dataclasses.fields(e)])
    return dataclasses.replace(e, **{part: r.choice(FOREIGN)})


def other_step(step: Any, proof: Any, r: Any) -> Any:
    if not isinstance(step, Step):
        return r.choice([*FOREIGN, *proof.steps])
    names = ["", "w", "x'", "y", "y'", "h'", "assumption", "z"]
    changes = {
        "left": nearby(step.left, r),
        "right": nearby(step.right, r),
        "rule": r.choice([*RULES, "magic"]),
        "using": r.choice(names),
        "claim": r.choice(names),
        "number": r.choice([0, step.number + 1, "1", None]),
        "data": r.choice([(), (i, t), (j, j + t), (a, a + 1), (i,), (t, x(0))]),
    }
    part = r.choice(sorted(changes))
    foreign = r.random() < 0.15
    return dataclasses.replace(step, **{part: r.choice(FOREIGN) if foreign else changes[part]})


def changed(items: Any, r: Any, change: Any) -> Any:
    """A tuple with one thing left out, twice, elsewhere, or changed."""
    items = list(items) if isinstance(items, tuple) else []
    if not items:
        return tuple(items)
    at = r.randrange(len(items))
    match r.randrange(5):
        case 0:
            del items[at]
        case 1:
            items.insert(r.randrange(len(items) + 1), items[at])
        case 2:
            r.shuffle(items)
        case _:
            items[at] = change(items[at])
    return tuple(items)


def forged(proof: Any, proofs: Any, r: Any) -> Any:
    """The proof after one to three changes, some of which go together."""
    for _ in range(r.randint(1, 3)):
        other = r.choice(proofs)
        statement = proof.statement
        match r.randrange(9):
            case 0 | 1:
                steps = changed(proof.steps, r, lambda s, p=proof: other_step(s, p, r))
                if r.random() < 0.5 and all(type(s) is Step for s in steps):
                    steps = renumbered(steps)
                proof = dataclasses.replace(proof, steps=steps)
            case 2:
                given_ = changed(proof.hypotheses, r, lambda e: other_equation(e, (), r))
                proof = dataclasses.replace(proof, hypotheses=given_)
            case 3:
                claims = changed(proof.claims, r, lambda e: other_equation(e, (), r))
                proof = dataclasses.replace(proof, claims=claims)
                if claims and isinstance(statement, Statement) and r.random() < 0.7:
                    made = dataclasses.replace(statement, claim=claims[-1])
                    proof = dataclasses.replace(proof, statement=made)
            case 4 if isinstance(statement, Statement):
                part = r.choice([field.name for field in dataclasses.fields(statement)])
                value = r.choice([*FOREIGN, getattr(other.statement, part)])
                made = dataclasses.replace(statement, **{part: value})
                proof = dataclasses.replace(proof, statement=made)
            case 5:
                part = r.choice([field.name for field in dataclasses.fields(proof)])
                value = r.choice([*FOREIGN, getattr(other, part)])
                proof = dataclasses.replace(proof, **{part: value})
            case 6 if isinstance(statement, Statement):
                notes = (*statement.notes, Meaning(k, sp.floor(k / 2)))
                made = dataclasses.replace(statement, notes=notes)
                proof = dataclasses.replace(proof, statement=made)
            case 7 if isinstance(statement, Statement):
                where = r.choice(["line", "circle", "interior", "frame"])
                shift = r.choice([cg.Shift(1), cg.Shift(1, boundary="wrap"), cg.Shift(t)])
                made = dataclasses.replace(statement, where=where, transformation=shift)
                proof = dataclasses.replace(proof, statement=made)
            case _:
                # what is consistent in itself: another claim, all the way through
                claim = other_equation(statement.claim, (), r) if statement else None
                if isinstance(claim, Equation) and isinstance(statement, Statement):
                    made = dataclasses.replace(statement, claim=claim)
                    claims = (*proof.claims[:-1], claim) if proof.claims else (claim,)
                    proof = dataclasses.replace(proof, statement=made, claims=claims)
    return proof


def accepted(proof: Any) -> Any:
    """Whether a proof verifies; whatever is asked of it, nothing but a ConvgraphError is met."""
    for question in (str, repr, Proof.latex, Proof.markdown, Proof.to_dict):
        with contextlib.suppress(cg.ConvgraphError):
            question(proof)
    try:
        return proof.verify()
    except cg.ConvgraphError:
        return False


def assert_refused(proof: Any) -> None:
    assert accepted(proof) is False


def says_what_it_states(proof: Any) -> Any:
    """Whether a proof's parts are those of the proof that is found for its statement."""
    asked = proof.statement
    if asked.theorem == "converse":
        found = cg.prove_converse(asked.spec)
    else:
        found = cg.prove(asked.spec, asked.transformation, asked.where, asked.channels)
    return isinstance(found, Proof) and all(
        same(one, other)
        for one, other in [
            (proof.statement.claim, found.statement.claim),
            (proof.statement.notes, found.statement.notes),
            (proof.hypotheses, found.hypotheses),
            (proof.claims, found.claims),
            (proof.conclusion, found.conclusion),
        ]
    )


def attack(seed: Any, proofs: Any, number: Any) -> tuple[int, int]:
    """How many forgeries were made, and how many of them passed, which say nothing else."""
    r = random.Random(seed)
    made = passed = 0
    for _ in range(number):
        base = r.choice(proofs)
        try:
            proof = forged(base, proofs, r)
        except (TypeError, AttributeError, ValueError, NotImplementedError):
            continue  # sympy would not make it
        made += 1
        if accepted(proof):
            passed += 1
            assert says_what_it_states(proof), (seed, base)
    return made, passed


@pytest.mark.parametrize("seed", range(2))
def test_hundreds_of_forgeries_say_nothing_false(seed: Any) -> None:
    """Edits that change nothing that is said, such as a step in other signs, may pass."""
    made, passed = attack(seed, true_proofs(), 70)
    assert passed < made / 2


@pytest.mark.parametrize("seed", range(3))
def test_of_what_is_false_there_is_no_proof(seed: Any) -> None:
    false = [untied()]
    proofs = false + true_proofs()[:3]
    r = random.Random(seed)
    refused = 0
    for _ in range(60):
        try:
            proof = forged(false[0], proofs, r)
        except (TypeError, AttributeError, ValueError, NotImplementedError):
            continue
        same_question = (
            isinstance(proof.statement, Statement)
            and proof.statement.spec is false[0].statement.spec
            and proof.statement.transformation == cg.Shift(1)
        )
        if same_question:
            assert_refused(proof)
            refused += 1
    assert refused


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(100, 104))
def test_forgeries_at_length(seed: Any) -> None:
    made, passed = attack(seed, true_proofs(), 1000)
    assert passed < made / 2


@pytest.mark.parametrize("what", range(len(FOREIGN)))
def test_of_a_proof_of_anything_nothing_but_our_error_comes(what: Any) -> None:
    pytest.importorskip("z3")
    proof = cg.prove(*THEOREMS["conv"])
    for field in dataclasses.fields(proof):
        other = dataclasses.replace(proof, **{field.name: FOREIGN[what]})
        assert_refused(other)
        for question in (Proof.smt2, Proof.recheck):
            with contextlib.suppress(cg.ConvgraphError):
                question(other)


def test_what_is_remembered_of_a_spec_is_out_of_the_reach_of_a_proof() -> None:
    proof = cg.prove(*THEOREMS["padded"])
    text = str(proof)
    assert proof.verify()
    parts = (*proof.hypotheses, *proof.claims, proof.statement.claim)
    for part in parts:  # frozen, and altered nevertheless
        object.__setattr__(part, "right", x(i))
        object.__setattr__(part, "conditions", ())
    for note in proof.statement.notes:
        object.__setattr__(note, "rows" if isinstance(note, Positions) else "value", ())
    with pytest.raises(cg.ConvgraphError):
        proof.verify()
    again = cg.prove(*THEOREMS["padded"])
    assert again.verify()
    assert str(again) == text


def test_nothing_is_remembered_of_specs_that_may_hold_more_than_they_compare() -> None:
    class Own(cg.Conv):  # compares what a convolution has
        def bind(self, *tensors: Any) -> Any:
            return cg.Conv(self.kernel, stride=self.every).bind(*tensors)

    def own(every: Any) -> Any:
        made = Own(3)
        object.__setattr__(made, "every", every)
        return made

    dense, strided = own(1), own(2)
    assert dense == strided
    assert str(cg.prove(dense, cg.Shift(2)).conclusion.rhs) == "y(i - 2)"
    proof = cg.prove(strided, cg.Shift(2))
    assert str(proof.conclusion.rhs) == "y(i - 1)"
    assert proof.verify()
    object.__setattr__(strided, "every", 1)  # altered after it was proved
    with pytest.raises(cg.ConvgraphError):
        proof.verify()
