"""Proofs for all sizes: they verify, and altered ones do not."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.proofs.kernel import RULES, Step, check, known
from convgraph.symmetry.statements.statement import floors_of
from tests.theorems import OTHERS, THEOREMS, k, t


@pytest.fixture(scope="module")
def proofs() -> Any:
    return {name: cg.prove(*question) for name, question in THEOREMS.items()} | OTHERS


ALL = [*THEOREMS, *OTHERS]


@pytest.mark.parametrize("name", ALL)
def test_every_theorem_is_proved_and_verifies(proofs: Any, name: Any) -> None:
    proof = proofs[name]
    assert isinstance(proof, cg.Proof)
    assert proof.verify()
    assert proof.conclusion.rhs == proof.steps[-1].right


# -- what was altered fails ---------------------------------------------------------------------


def replaced(proof: Any, number: Any, **changes: Any) -> Any:
    steps = list(proof.steps)
    steps[number] = dataclasses.replace(steps[number], **changes)
    return dataclasses.replace(proof, steps=tuple(steps))


def nearby(e: sp.Expr, draw: Any) -> sp.Expr:
    """An expression that means something else: an index moved, or two kernels exchanged."""
    calls = sorted(e.atoms(sp.core.function.AppliedUndef), key=sp.default_sort_key)
    assume(any(call.args for call in calls))
    call = draw(st.sampled_from([call for call in calls if call.args]))
    place = draw(st.integers(0, len(call.args) - 1))
    moved = list(call.args)
    moved[place] = moved[place] + draw(st.sampled_from([1, -1, t, k]))
    return e.xreplace({call: call.func(*moved)})


@settings(max_examples=20)
@given(st.data())
def test_a_step_with_another_side_fails(proofs: Any, data: st.DataObject) -> None:
    proof = proofs[data.draw(st.sampled_from(ALL))]
    number = data.draw(st.integers(0, len(proof.steps) - 1))
    side = data.draw(st.sampled_from(["left", "right"]))
    before = getattr(proof.steps[number], side)
    altered = replaced(proof, number, **{side: nearby(before, data.draw)})
    with pytest.raises(cg.ConvgraphError, match="altered"):
        altered.verify()


@settings(max_examples=20)
@given(st.data())
def test_a_side_changed_in_both_of_its_steps_fails(proofs: Any, data: st.DataObject) -> None:
    """The chain is still linked; the rules have to notice."""
    proof = proofs[data.draw(st.sampled_from(ALL))]
    inner = [
        number
        for number in range(len(proof.steps) - 1)
        if proof.steps[number].claim == proof.steps[number + 1].claim
    ]
    number = data.draw(st.sampled_from(inner))
    other = nearby(proof.steps[number].right, data.draw)
    altered = replaced(replaced(proof, number, right=other), number + 1, left=other)
    with pytest.raises(cg.ConvgraphError, match="altered"):
        altered.verify()


@settings(max_examples=20)
@given(st.data())
def test_a_step_under_another_rule_fails(proofs: Any, data: st.DataObject) -> None:
    proof = proofs[data.draw(st.sampled_from(ALL))]
    number = data.draw(st.integers(0, len(proof.steps) - 1))
    rule = data.draw(st.sampled_from([*RULES, "magic"]))
    assume(rule != proof.steps[number].rule)
    names = [e.name for e in (*proof.hypotheses, *proof.claims)]
    using = data.draw(st.sampled_from(["", proof.steps[number].using, *names]))
    with pytest.raises(cg.ConvgraphError, match=f"step={number + 1}: .*altered"):
        replaced(proof, number, rule=rule, using=using).verify()


@pytest.mark.parametrize("name", ALL)
def test_no_step_follows_by_any_other_rule(proofs: Any, name: Any) -> None:
    proof = proofs[name]
    lemmas = {}
    for claim in proof.claims:
        sizes = floors_of(proof.statement.notes)
        now = known(proof.hypotheses, claim, sizes, lemmas)
        for step in (step for step in proof.steps if step.claim == claim.name):
            assert check(step, now)
            for rule in RULES:
                for using in {step.using, ""}:
                    for data in {step.data, ()}:
                        other = dataclasses.replace(step, rule=rule, using=using, data=data)
                        assert not check(other, now) or other == step
        lemmas = {**lemmas, claim.name: claim}


def test_an_assumption_is_used_only_for_what_it_is_about(proofs: Any) -> None:
    """A hypothesis about every shift t and every input x says nothing of another stride or map."""
    proof = proofs["converse of stride s"]
    (number,) = [n for n, step in enumerate(proof.steps) if step.rule == "hypothesis"]
    step = proof.steps[number]
    stride, matrix = proof.statement.spec, sp.Function("M")(*step.data[:2])
    for extra in ((stride, sp.Integer(2)), (matrix, sp.Integer(0)), (stride,)):
        with pytest.raises(cg.ConvgraphError, match="altered"):
            replaced(proof, number, data=(*step.data, *extra)).verify()


@settings(max_examples=20)
@given(st.data())
def test_a_step_removed_added_or_renumbered_fails(proofs: Any, data: st.DataObject) -> None:
    proof = proofs[data.draw(st.sampled_from(ALL))]
    steps = list(proof.steps)
    number = data.draw(st.integers(0, len(steps) - 1))
    match data.draw(st.sampled_from(["remove", "repeat", "renumber", "other claim"])):
        case "remove":
            del steps[number]
        case "repeat":
            steps.insert(number, steps[number])
        case "renumber":
            steps[number] = dataclasses.replace(steps[number], number=0)
        case "other claim":
            steps[number] = dataclasses.replace(steps[number], claim="nothing'")
    with pytest.raises(cg.ConvgraphError, match="altered"):
        dataclasses.replace(proof, steps=tuple(steps)).verify()


@settings(max_examples=20)
@given(st.data())
def test_an_altered_hypothesis_fails(proofs: Any, data: st.DataObject) -> None:
    proof = proofs[data.draw(st.sampled_from(ALL))]
    given_ = list(proof.hypotheses)
    number = data.draw(st.integers(0, len(given_) - 1))
    if data.draw(st.booleans()):
        del given_[number]
    else:
        other = nearby(given_[number].right, data.draw)
        given_[number] = dataclasses.replace(given_[number], right=other)
    with pytest.raises(cg.ConvgraphError, match="hypotheses"):
        dataclasses.replace(proof, hypotheses=tuple(given_)).verify()


@settings(max_examples=20)
@given(st.data())
def test_a_proof_of_something_else_fails(proofs: Any, data: st.DataObject) -> None:
    names = list(THEOREMS)
    one, two = (proofs[data.draw(st.sampled_from(names))] for _ in range(2))
    assume(one.hypotheses != two.hypotheses or one.conclusion != two.conclusion)
    with pytest.raises(cg.ConvgraphError):
        dataclasses.replace(one, statement=two.statement).verify()
    with pytest.raises(cg.ConvgraphError):
        dataclasses.replace(one, conclusion=sp.Eq(one.conclusion.lhs, sp.Symbol("z"))).verify()


def test_a_wider_interior_fails(proofs: Any) -> None:
    """The steps are right, but are not allowed at outputs that the border reaches."""
    proof = proofs["padded"]
    assert len(proof.claims[-1].conditions) == 3
    for dropped in range(3):
        conditions = [e for i, e in enumerate(proof.claims[-1].conditions) if i != dropped]
        claim = dataclasses.replace(proof.claims[-1], conditions=tuple(conditions))
        statement = dataclasses.replace(proof.statement, claim=claim)
        bold = dataclasses.replace(proof, claims=(claim,), statement=statement)
        with pytest.raises(cg.ConvgraphError):
            bold.verify()
        now = known(proof.hypotheses, claim, {}, {})
        assert not all(check(step, now) for step in proof.steps)


def test_a_lemma_may_not_be_used_before_it_is_shown(proofs: Any) -> None:
    proof = proofs["stack"]
    first = proof.steps[0]
    circular = Step(1, first.claim, first.left, proof.claims[0].right, "lemma", first.claim)
    rest = [step for step in proof.steps if step.claim != first.claim]
    numbered = [dataclasses.replace(step, number=i) for i, step in enumerate(rest, start=2)]
    with pytest.raises(cg.ConvgraphError, match="step=1"):
        dataclasses.replace(proof, steps=(circular, *numbered)).verify()


def test_branches_of_one_stride_need_it_once() -> None:
    """A circle of any even size, not of a multiple of four, for two branches of stride 2."""
    around = {"padding": "same", "padding_mode": "circular"}
    spec = cg.Residual(cg.Conv(3, stride=2, **around), shortcut=cg.Conv(1, stride=2, **around))
    proof = cg.prove(spec, cg.Shift(2 * t, boundary="wrap"))
    assert proof.verify()
    assert "x has 2*m positions" in str(proof)


@pytest.mark.parametrize("spec", [cg.Conv(3, padding="same"), cg.MaxPool(2) >> cg.ReLU()])
def test_every_document_begins_with_the_same_sentence(spec: cg.Conv) -> None:
    proof = cg.prove(spec, cg.Shift(2))
    (said, *_), (shown, *_) = str(proof).split("\n"), proof.markdown().split("\n")
    assert shown.replace("*", "").replace("`", "").replace("\\", "") == said


def test_every_document_says_where_in_a_frame_the_shift_is_one() -> None:
    """Not at the first position, into which a zero comes that a maximum would tell from x[-1]."""
    proof = cg.prove(cg.MaxPool(3, stride=1, padding=1), cg.Shift(1), where="interior")
    assert "x'[i] = x[i - 1] for 1 <= i, i <= n - 1" in str(proof)
    assert proof.to_dict()["given"][0] == "x'[i] = x[i - 1] for 1 <= i, i <= n - 1"
    for document in (proof.latex(), proof.markdown()):
        assert r"x'[i] &= x[i - 1] && \text{for } 1 \le i, i \le n - 1" in document
