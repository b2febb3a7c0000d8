"""z3 as a second checker: it confirms what is proved, and finds the smallest frame otherwise."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.instances.find_instances import instances
from convgraph.symmetry.proofs.refutation import Refutation, Undecided
from convgraph.symmetry.smt import lemmas
from convgraph.symmetry.smt.frame_question import N, frame_query
from tests.theorems import OTHERS, THEOREMS, k, n, t, up

z3 = pytest.importorskip("z3")


@pytest.fixture(scope="module")
def proofs() -> Any:
    return {name: cg.prove(*question) for name, question in THEOREMS.items()} | OTHERS


@pytest.mark.parametrize("name", [*THEOREMS, *OTHERS])
def test_every_theorem_is_confirmed(proofs: Any, name: Any) -> None:
    answer = proofs[name].recheck()
    assert answer.holds, str(answer)


def answers_to(text: Any) -> Any:
    """What z3 prints for a script, as its command line would."""
    context = z3.Context()
    return z3.Z3_eval_smtlib2_string(context.ref(), text).split()


@pytest.mark.parametrize("name", [*THEOREMS, *OTHERS])
def test_the_script_is_smt_lib_and_every_answer_is_unsat(proofs: Any, name: Any) -> None:
    text = proofs[name].smt2()
    assert answers_to(text) == ["unsat"] * text.count("(check-sat)")


def restated(proof: Any, **changes: Any) -> Any:
    """The proof with another claim at its end, and in its statement."""
    last = dataclasses.replace(proof.claims[-1], **changes)
    statement = dataclasses.replace(proof.statement, claim=last)
    return dataclasses.replace(proof, statement=statement, claims=(*proof.claims[:-1], last))


IN_THE_INTERIOR = [name for name, question in THEOREMS.items() if question[2] == "interior"]


@pytest.mark.parametrize("name", [n for n in IN_THE_INTERIOR if n != "either way"])
def test_no_condition_of_an_interior_can_be_left_out(proofs: Any, name: Any) -> None:
    """Of any output that the border reaches, z3 finds that the claim is wrong: it is exact.

    (A shift that may go either way has the conditions of both, more than each of them needs.)
    """
    proof = proofs[name]
    last = proof.claims[-1]
    for dropped in last.conditions:
        kept = tuple(c for c in last.conditions if c is not dropped)
        assert not restated(proof, conditions=kept).recheck().holds, dropped


@pytest.mark.parametrize("name", ["conv", "circular", "max pool", "mean", "transposed", "tiled"])
def test_another_shift_of_the_output_is_not_confirmed(proofs: Any, name: str) -> None:
    """The statement with a shift that is one too long, checked against the same layers."""
    right = proofs[name].claims[-1].right
    far = [
        e.func(e.args[0] - 1, e.args[1]) if type(e).__name__ == "Residue" else e - 1
        for e in right.args
    ]
    assert not restated(proofs[name], right=right.func(*far)).recheck().holds


AT, N_X = sp.Symbol("i", integer=True), sp.Symbol("n", integer=True, positive=True)
FALSE = [
    # what comes in at the other end is not the zeros that a convolution reads beyond the border
    (cg.Conv(3, padding=1), cg.Shift(1, boundary="wrap"), (AT - 1, N_X - 2 - AT)),
    (cg.Conv(3, padding=1), cg.Shift(1), (AT, N_X - 2 - AT)),
    (cg.Conv(3, padding=1), cg.Shift(1), (AT - 1, N_X - 1 - AT)),
    (cg.MaxPool(3, stride=1, padding=1), cg.Shift(1), (AT - 1, N_X - 2 - AT)),
    (cg.AvgPool(3, 1, 1, count_include_pad=False), cg.Shift(1), (AT - 1, N_X - 2 - AT)),
]


@pytest.mark.parametrize(("spec", "shift", "conditions"), FALSE)
def test_false_statements_are_not_confirmed(spec: Any, shift: Any, conditions: Any) -> None:
    """Whatever else a proof says, the statement is put to z3, and what it means is read anew."""
    true = cg.prove(cg.Conv(3, padding=1), cg.Shift(1), where="interior")
    false = restated(true, conditions=conditions)
    statement = dataclasses.replace(false.statement, spec=spec, transformation=shift)
    false = dataclasses.replace(false, statement=statement)
    answer = false.recheck()
    assert not answer.holds
    assert "sat" in [each.answer for each in answer.answers]
    with pytest.raises(cg.ConvgraphError):
        false.verify()


def one_of_another(true: Any, **changes: Any) -> Any:
    """The proof with another spec, transformation or place in its statement."""
    return dataclasses.replace(true, statement=dataclasses.replace(true.statement, **changes))


def refuses(proof: Any) -> bool:
    """Whether the second checker does not confirm what a forged proof states."""
    try:
        return not proof.recheck().holds
    except cg.ConvgraphError:
        return True


UP = sp.Function("y'")
OUT = sp.Function("y")


def test_a_whole_row_turns_only_on_a_circle_and_under_one_parameter(proofs: Any) -> None:
    turned = proofs["invariant twice"]
    pooled = cg.prove(cg.GlobalAvgPool(), cg.Shift(up, boundary="wrap"))
    assert pooled.recheck().holds
    assert refuses(one_of_another(pooled, spec=cg.Dense(1)))  # w_1 x_1 + w_2 x_2 is not invariant
    assert refuses(one_of_another(turned, where="interior"))
    framed = cg.prove(cg.Conv(3, padding=1), cg.Shift(1), where="interior")
    still = restated(framed, left=UP(AT), right=OUT(AT), conditions=())
    assert refuses(one_of_another(still, spec=cg.GlobalMaxPool()))  # zeros come in


def test_what_does_not_move_does_not_move_its_outputs() -> None:
    still = cg.prove(cg.Conv(3), cg.Shift(0))
    assert still.recheck().holds
    assert refuses(restated(still, right=OUT(AT - 1)))


@pytest.mark.parametrize("where", ["line", "interior"])
def test_a_claim_for_no_position_shows_nothing_of_the_rows_behind_it(where: Any) -> None:
    true = cg.prove(cg.Conv(3) >> cg.Conv(3), cg.Shift(1), where)
    hidden = dataclasses.replace(true.claims[0], conditions=(sp.Integer(-1),))
    forged = dataclasses.replace(true, claims=(hidden, true.claims[1]))
    assert refuses(forged)
    assert refuses(one_of_another(forged, spec=cg.LocallyConnected(3) >> cg.Conv(3)))


def test_zeros_do_not_come_around_a_circle_and_windows_reach_beyond_one(proofs: Any) -> None:
    around = proofs["circular"]
    assert refuses(one_of_another(around, transformation=cg.Shift(around.statement.spec.stride)))
    true = cg.prove(cg.Conv(3, padding=1, padding_mode="circular"), cg.Shift(1, boundary="wrap"))
    assert true.recheck().holds
    assert refuses(one_of_another(true, spec=cg.Conv(3, padding=1)))
    assert refuses(one_of_another(true, spec=cg.MaxPool(3, stride=1, padding=1)))


def test_a_mean_that_is_divided_by_less_at_its_end_is_not_taken_for_another() -> None:
    """With ceil_mode the last window of 6 positions holds two of three: its mean is of two."""
    spec = cg.AvgPool(3, stride=2, ceil_mode=True)
    true = cg.prove(spec, cg.Shift(2), where="interior")
    assert true.recheck().holds
    assert spec.on(6).matrix()[2, 4] == sp.Rational(1, 2)
    last = true.claims[-1]
    looser = tuple(c + 1 if c.coeff(AT) == -2 else c for c in last.conditions)
    assert refuses(restated(true, conditions=looser))


@pytest.mark.parametrize(
    "position",
    [
        sp.Symbol("read!", integer=True),  # a name of a question
        sp.Symbol("i", integer=True, even=True),  # not for all positions
        sp.Symbol("i", integer=True, positive=True),
        sp.Symbol("t", integer=True),  # the amount of the shift
    ],
)
def test_what_a_claim_is_for_all_of_is_any_integer(position: Any) -> None:
    true = cg.prove(cg.Conv(3), cg.Shift(t))
    assert true.recheck().holds
    assert refuses(restated(true, left=UP(position), right=OUT(position - t)))


def test_the_true_statement_about_a_wrapped_shift_is_confirmed() -> None:
    true = cg.prove(cg.Conv(3, padding=1), cg.Shift(1), where="interior")
    shift = cg.Shift(1, boundary="wrap")
    for least, holds in ((1, False), (2, True)):
        wrapped = restated(true, conditions=(AT - least, N_X - 2 - AT))
        statement = dataclasses.replace(wrapped.statement, transformation=shift)
        assert dataclasses.replace(wrapped, statement=statement).recheck().holds is holds


MODULES = ["row_claims", "layer_equations", "open_spec", "open_network", "premises", "row_shifts"]
MODULES += ["normal"]


def test_the_second_checker_reads_none_of_the_prover(
    proofs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the prover's definitions are made to say, the questions stay the same."""
    names = ["padded", "stack circle", "tiled", "hourglass frame", "converse", "downsampling"]
    before = {name: proofs[name].smt2() for name in names}

    def broken(*_: Any, **__: Any) -> None:
        raise AssertionError

    for each in MODULES:
        module = importlib.import_module(f"convgraph.symmetry.proofs.{each}")
        for function in module.__all__:
            if inspect.isfunction(getattr(module, function)):
                monkeypatch.setattr(module, function, broken)
    for name, proof in proofs.items():
        proof_without = dataclasses.replace(proof, hypotheses=(), steps=())
        assert "(check-sat)" in proof_without.smt2()
        if name in names:
            queries = proof_without.smt2().split("\n", 1)[1]
            assert queries == before[name].split("\n", 1)[1]


def test_forged_and_foreign_proofs_end_in_one_error(proofs: Any) -> None:
    proof, other = proofs["padded"], proofs["image frame"]
    i = proof.claims[-1].variables[0]
    y = proof.claims[-1].right.func
    forged = [
        dataclasses.replace(proof, claims=()),
        dataclasses.replace(proof, claims=other.claims),
        dataclasses.replace(proof, claims=(*proof.claims, *proof.claims)),
        dataclasses.replace(proof, statement=other.statement),
        dataclasses.replace(
            proof, statement=dataclasses.replace(other.statement, claim=proof.claims[-1])
        ),
        dataclasses.replace(proof, statement=dataclasses.replace(proof.statement, notes=())),
        dataclasses.replace(proof, statement=dataclasses.replace(proof.statement, theorem="")),
        dataclasses.replace(proof, statement=dataclasses.replace(proof.statement, spec=None)),
        restated(proof, right=sp.Integer(0)),
        restated(proof, right=y(i, i)),
        restated(proof, right=y(2 * i)),
        restated(proof, left=sp.Function("y'")(sp.Integer(0))),
        restated(proof, conditions=(sp.sin(i),)),
        restated(proof, conditions=("i",)),
    ]
    for each in forged:
        try:
            holds = each.recheck().holds
        except cg.ConvgraphError:
            holds = False
        assert not holds


def test_the_lemma_is_needed_to_be_true() -> None:
    solver = z3.Solver()
    solver.from_string(lemmas.multiples().text)
    assert solver.check() == z3.unsat
    solver = z3.Solver()
    solver.from_string(lemmas.multiples().text.replace("(assert (< (* N Q) N))", ""))
    assert solver.check() == z3.sat


SMALL = st.integers(1, 3)
CONVOLUTIONS = st.builds(
    cg.Conv,
    kernel=SMALL,
    stride=st.integers(1, 2),
    dilation=st.integers(1, 2),
    padding=st.one_of(st.integers(0, 2), st.sampled_from(["same", "valid"])),
    padding_mode=st.sampled_from(["zeros", "zeros", "circular", "reflect", "replicate"]),
    bias=st.booleans(),
)
POOLS = st.builds(cg.MaxPool, kernel=SMALL, stride=st.integers(1, 2)) | st.builds(
    cg.AvgPool, kernel=SMALL, stride=st.integers(1, 2)
)
LAYERS = CONVOLUTIONS | POOLS | st.just(cg.ReLU()) | st.just(cg.LocallyConnected(2))


@pytest.fixture(scope="module")
def _impatient() -> Iterator[Any]:
    """Products of parameters can take z3 long; here it has two seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("convgraph.symmetry.smt.recheck.TIMEOUT", 2000)
        yield


@pytest.mark.usefixtures("_impatient")
@settings(max_examples=25)
@given(st.lists(LAYERS, min_size=1, max_size=2), st.sampled_from([1, 2, -1, -2]))
def test_the_smallest_frame_is_the_one_that_we_find(layers: list[Any], amount: int) -> None:
    """f(g x) = g(f x) on whole frames: the same smallest size, or none on either side.

    On smaller frames, of which little is left, another shift of the output may be the one that
    holds; the solver asks about that of the strides alone.
    """
    spec = layers[0] if len(layers) == 1 else layers[0] >> layers[1]
    found = cg.prove(spec, cg.Shift(amount), where="frame")
    if isinstance(found, Refutation) and "divide" not in found.reason:
        try:
            answer = found.recheck()
        except cg.ConvgraphError as error:
            assert "divide" in str(error)  # noqa: PT017 - then there is no equation to refute
            return
        assume(answer.answers[0].answer != "unknown")
        (size,) = found.network.inputs[0].shape
        assert answer.smallest <= size
        assert all(
            cg.check_equivariance(spec.on(other), cg.Shift(amount)).holds
            for other in range(answer.smallest, size)
        )
        assert answer.holds
    else:
        assert isinstance(found, Undecided)
        try:
            query = frame_query(spec.on(N), [amount])
        except cg.ConvgraphError:
            assume(False)
        solver = z3.Solver()
        solver.set("timeout", 2000)
        solver.from_string(query.text)
        solver.add(z3.Int("n") <= 12)
        assert solver.check() != z3.sat


def test_known_smallest_frames() -> None:
    """A kernel of two taps needs two positions; one dilated by 3, four."""
    for spec, size in ((cg.Conv(2, padding="same"), 2), (cg.Conv(2, dilation=3), 4)):
        refutation = cg.prove(spec, cg.Shift(1), where="frame")
        assert refutation.network.inputs[0].shape == (size,)
        assert refutation.recheck().smallest == size


def test_a_symbolic_kernel_is_refuted_at_numbers() -> None:
    refutation = cg.prove(cg.Conv(k, padding="same"), cg.Shift(1), where="frame")
    assert refutation.values == {k: 2}
    assert refutation.recheck().smallest == refutation.network.inputs[0].shape[0]
    text = refutation.smt2()
    assert answers_to(text) == ["sat"]


def test_only_frames_have_a_smallest_size() -> None:
    refutation = cg.prove(cg.Conv(3, stride=2), cg.Shift(1))
    with pytest.raises(cg.ConvgraphError, match=r"where='line': z3 looks for"):
        refutation.recheck()


def test_without_z3_the_message_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, proofs: Any
) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)
    with pytest.raises(cg.ConvgraphError, match=r"pip install 'convgraph\[smt\]'"):
        proofs["conv"].recheck()
    assert "(check-sat)" in proofs["conv"].smt2()  # the script itself needs no solver


def test_scripts_are_the_same_in_every_process() -> None:
    code = (
        "from tests.theorems import *;"
        "print(cg.prove(*THEOREMS['stack frame']).smt2(), cg.prove(*THEOREMS['tiled circle']))"
    )
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"  # other hashes than here
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONHASHSEED": seed, "PYTHONPATH": ".", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    one, other = (cg.prove(*THEOREMS[name]) for name in ("stack frame", "tiled circle"))
    assert done.stdout == f"{one.smt2()} {other}\n"


def test_lemmas_are_for_all_sizes_and_the_same_for_all_theorems(proofs: Any) -> None:
    """No lemma speaks of a symbol or a number of the theorem that uses it."""
    one = {a.query.text for a in proofs["padded"].recheck().answers if a.query.lemma}
    other = {a.query.text for a in proofs["groups"].recheck().answers if a.query.lemma}
    assert one >= other != set()


def test_what_is_even_or_odd_is_said_to_be() -> None:
    even = sp.Symbol("e", even=True, positive=True)
    assert cg.prove(cg.Conv(even, stride=2), cg.Shift(even)).recheck().holds


@pytest.mark.parametrize(
    "name", ["let", "forall", "assert", "par", "and", "mod", "true", "n", "x", "i_1", "a_1", "m"]
)
def test_a_name_may_be_a_word_of_the_language_or_one_of_the_script(name: str) -> None:
    size = sp.Symbol(name, integer=True, positive=True)
    kernel = cg.Conv(3, letter=name, padding=1)
    function = cg.Conv(3, padding=1) >> cg.Activation(name)
    assert cg.prove(kernel, cg.Shift(1), where="interior").recheck().holds
    assert cg.prove(cg.Conv(size, stride=2), cg.Shift(2)).recheck().holds
    for spec in (kernel, function):
        refutation = cg.prove(spec, cg.Shift(1), where="frame")
        assert refutation.recheck().holds
        assert answers_to(refutation.smt2()) == ["sat"]


def test_a_kernel_is_not_taken_for_a_row_of_its_name() -> None:
    """y[i] = x(0) x[i] + ...: were the kernel the row, something would be known of it."""
    refuted = cg.prove(cg.Conv(2, letter="x", padding="same"), cg.Shift(1), where="frame")
    declared = re.findall(r"\(declare-fun (\S+) \(Int\) Real\)", refuted.smt2())
    assert sorted(set(declared)) == ["x!array", "x!row"]


def test_two_symbols_of_one_name_are_refused() -> None:
    k_even = sp.Symbol("k", even=True, positive=True)
    proof = cg.prove(cg.Conv(k, padding=k_even), cg.Shift(1), where="interior")
    with pytest.raises(cg.ConvgraphError, match="two symbols have this name"):
        proof.recheck()


@settings(max_examples=60)
@given(
    st.sampled_from([cg.Conv, cg.MaxPool, cg.ConvTranspose]),
    *[st.integers(1, 4)] * 3,
    st.integers(0, 2),
    st.tuples(st.integers(3, 14), st.integers(3, 14)),
)
def test_a_model_makes_as_many_positions_as_at_another_size(
    kind: Any, taps: int, s: int, d: int, p: int, sizes: tuple[int, int]
) -> None:
    """What an axis makes of n positions, told from another n, against the layer bound to n."""
    assume(kind is not cg.MaxPool or p <= taps // 2)
    spec = kind(taps, stride=s, dilation=d, padding=p)
    try:
        one, other = (spec.on(size) for size in sizes)
    except cg.ConvgraphError:
        assume(False)
    axis = one.layers[0].joints[0].wiring.axes[-1]
    made = axis.resized(n).outputs.xreplace({n: sp.Integer(sizes[1])})
    assert made == axis.resized(sizes[1]).outputs == other.outputs[0].shape[0]


BORDERS = st.sampled_from(["zeros", "circular", "reflect", "replicate"])
ONE_LAYER = st.one_of(
    st.builds(
        cg.Conv,
        kernel=SMALL,
        stride=st.integers(1, 2),
        dilation=st.integers(1, 2),
        padding=st.integers(0, 2),
        padding_mode=BORDERS,
        bias=st.booleans(),
    ),
    st.builds(cg.MaxPool, kernel=st.integers(2, 3), stride=st.integers(1, 2), padding=st.just(1)),
    st.builds(
        cg.AvgPool,
        kernel=st.integers(2, 3),
        stride=st.integers(1, 3),
        padding=st.integers(0, 1),
        ceil_mode=st.booleans(),
        count_include_pad=st.booleans(),
    ),
    st.builds(cg.TiledConv, kernel=SMALL, tiles=st.integers(1, 3), padding=st.integers(0, 1)),
    st.builds(cg.ConvTranspose, kernel=SMALL, stride=st.integers(1, 2), padding=st.integers(0, 1)),
    st.builds(cg.Upsample, st.integers(1, 3)),
    st.just(cg.ReLU()),
    st.just(cg.GlobalMaxPool()),
    st.builds(cg.Dense, st.just(2)),
)


@st.composite
def forgeries(draw: Any) -> Any:
    """A proof of one spec, restated of another, with other shifts and conditions for its rows."""
    depth = draw(st.integers(1, 2))
    true, other = (draw(st.lists(ONE_LAYER, min_size=depth, max_size=depth)) for _ in range(2))
    spec, forged = (one[0] if depth == 1 else one[0] >> one[1] for one in (true, other))
    where = draw(st.sampled_from(["line", "interior", "circle"]))
    amount = draw(st.sampled_from([1, 2, 4, -2, 6]))
    around = where == "circle" or (where == "interior" and draw(st.booleans()))
    shift = cg.Shift(amount, boundary="wrap" if around else "zeros")
    try:
        proof = cg.prove(spec, shift, where)
    except cg.ConvgraphError:
        assume(False)
    assume(isinstance(proof, cg.Proof))
    claims = []
    for claim in proof.claims:
        moved = draw(st.sampled_from([0, 0, 0, 1, -1]))
        looser = draw(st.sampled_from([0, 0, 0, 1, 2]))
        away = [
            e.func(e.args[0] - moved, e.args[1]) if type(e).__name__ == "Residue" else e - moved
            for e in claim.right.args
        ]
        conditions = tuple(c + looser for c in claim.conditions)
        right = claim.right.func(*away)
        claims.append(dataclasses.replace(claim, right=right, conditions=conditions))
    changes = {"claim": claims[-1]} | ({"spec": forged} if draw(st.booleans()) else {})
    statement = dataclasses.replace(proof.statement, **changes)
    return dataclasses.replace(proof, statement=statement, claims=tuple(claims))


@pytest.mark.usefixtures("_impatient")
@settings(max_examples=25)
@given(forgeries())
def test_what_z3_confirms_holds_in_numbers(forged: Any) -> None:
    """Whatever is stated, if it is confirmed it is true on each input that is tried."""
    try:
        confirmed = forged.recheck().holds
    except cg.ConvgraphError:
        confirmed = False
    if confirmed:
        instances(forged.statement)  # which raises where both sides differ
