"""What has no proof: counterexamples that are ones, and questions that stay open."""

from __future__ import annotations

import re

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.proofs.numbers import with_numbers
from convgraph.symmetry.proofs.refutation import Refutation, Undecided
from tests.theorems import k, s, t

around = {"padding": "same", "padding_mode": "circular"}


@pytest.mark.parametrize(
    ("spec", "g", "where", "reason"),
    [
        (cg.Conv(3, stride=2), cg.Shift(1), "line", "does not divide 1"),
        (cg.Conv(3, stride=s), cg.Shift(t), "line", "does not divide t"),
        (cg.Conv(3, stride=2, **around), cg.Shift(1, boundary="wrap"), "circle", "divide"),
        (cg.Conv(3) >> cg.MaxPool(2), cg.Shift(3), "line", "does not divide 3"),
        (cg.LocallyConnected(3), cg.Shift(t), "line", r"w\[i - t, j\]"),
        (cg.TiledConv(3, tiles=2), cg.Shift(1), "line", "mod 2"),
        (cg.Conv(3, padding="same"), cg.Shift(1, boundary="wrap"), "circle", "go around"),
        (cg.MaxPool(2, stride=1), cg.Shift(1, boundary="wrap"), "circle", "go around"),
        (cg.Conv(2, stride=3, padding=((1, 0),)), cg.Shift(3, boundary="wrap"), "circle", "around"),
        (cg.Conv(k, padding="same"), cg.Shift(1), "frame", "border"),
        (cg.Conv((2, 2)), cg.Shift((1, t)), "frame", "border"),
        (cg.Dense(4), cg.Shift(1, boundary="wrap"), "circle", "no axis that moves"),
        (cg.Conv(3, padding="same"), cg.Flip(), "frame", "about shifts"),
        (cg.Conv((k, k)), cg.Rotate90(), "frame", "about shifts"),
        (cg.Conv(k, padding="same"), cg.Scale(2), "frame", "about shifts"),
    ],
    ids=repr,
)
def test_what_does_not_hold_is_refuted(spec, g, where, reason):
    found = cg.prove(spec, g, where=None if where == "frame" and "Shift" not in repr(g) else where)
    assert isinstance(found, Refutation)
    assert found.holds is False
    assert found.where == where
    assert sp.expand(found.left - found.right) != 0
    assert re.search(reason, found.reason)
    assert "Counterexample" in str(found)
    assert found.unit in found.network.outputs[0].units()
    assert found.network.symbolic is False


@pytest.mark.parametrize(
    ("spec", "g", "where"),
    [
        (cg.ReLU(), cg.Shift(1), "frame"),  # true, but no proof is sought at the border
        (cg.MaxPool(2), cg.Shift(2), "frame"),  # so is this
        (cg.ReLU(), cg.Flip(), None),
        (cg.GlobalMaxPool(), cg.Shift(1), None),  # of an endless row there is no maximum
        (cg.Pad(1, "circular") >> cg.Conv(3), cg.Shift(1, boundary="wrap"), None),
    ],
    ids=repr,
)
def test_what_is_neither_stays_open(spec, g, where):
    found = cg.prove(spec, g, where=where)
    assert isinstance(found, Undecided)
    assert found.holds is None
    assert "undecided" in str(found)


LAYERS = st.sampled_from(
    [
        cg.Conv(2),
        cg.Conv(3, stride=2, padding=1),
        cg.Conv(3, padding="same"),
        cg.Conv(3, **around),
        cg.Conv(2, dilation=2, bias=True, **around),
        cg.LocallyConnected(2),
        cg.TiledConv(2, tiles=2, **around),
        cg.MaxPool(2),
        cg.MaxPool(2, stride=1),
        cg.AvgPool(3, stride=1, padding=1),
        cg.ReLU(),
        cg.ConvTranspose(2, stride=2),
        cg.Upsample(2),
        cg.Residual(cg.Conv(3, **around)),
    ]
)


@settings(max_examples=60)
@given(
    st.lists(LAYERS, min_size=1, max_size=3),
    st.sampled_from([1, 2, -1, 4]),
    st.sampled_from(["line", "circle", "interior"]),
)
def test_proofs_and_the_decision_on_edges_agree(layers, amount, where):
    """A proof is for all sizes, so that no size that is decided on the edges may contradict it."""
    spec = layers[0]
    for layer in layers[1:]:
        spec = spec >> layer
    boundary = "wrap" if where == "circle" else "zeros"
    found = cg.prove(spec, cg.Shift(amount, boundary=boundary), where=where)
    if not isinstance(found, cg.Proof):
        return
    assert found.verify()
    if where == "line":
        return
    size = sp.Symbol("m" if where == "circle" else "n", integer=True, positive=True)
    for number in (3, 8):
        length = number if where == "interior" else number * _period(found, size)
        try:
            net = spec.on(length)
        except cg.ConvgraphError:
            continue
        verdict = cg.check_equivariance(net, cg.Shift(amount, boundary=boundary))
        if where == "circle":
            assert verdict.holds is not False
            continue
        broken = verdict.broken.mask()
        for index in range(len(broken.ravel())):
            if _inside(found, net, index):
                assert not broken.ravel()[index]


def _period(proof, size):
    """By what the circle's size is divided: what stands before m in the formulas."""
    (note, *_) = [n for n in proof.statement.notes if n.words.startswith("x has")]
    return int(sp.cancel(note.formulas[0] / size))


def _inside(proof, net, index):
    """Whether the claim speaks of an output, with numbers for the sizes that it names."""
    values = {}
    for note in proof.statement.notes:
        if " has " in note.words:
            name = note.words.split(" ")[0]
            rows = dict(zip("xy", (net.inputs[0], net.outputs[0]), strict=True))
            row = rows.get(name) or net.rows[int(name[1:] or 1)]
            for formula, number in zip(note.formulas, row.shape[row.channels :], strict=True):
                if formula.is_Symbol:
                    values[formula] = sp.Integer(number)
    claim = proof.statement.claim
    values |= {claim.variables[-1]: sp.Integer(index)}
    conditions = [condition.xreplace(values) for condition in claim.conditions]
    assume(all(condition.is_number for condition in conditions))
    return all(condition >= 0 for condition in conditions)


def test_channels_of_layers_that_know_no_axes():
    """Behind a global pool or before a function there is no kernel to say which axis is which."""
    for spec in (cg.ReLU(), cg.Upsample(2), cg.Pad(1)):
        found = cg.prove(spec, cg.Shift(t), channels=3)
        assert str(found.conclusion.lhs.args[0]) == "f"
        assert found.recheck().holds
    around = cg.prove(cg.GlobalMaxPool(), cg.Shift(t, boundary="wrap"), channels=s)
    assert around.verify()
    grouped = cg.prove(cg.Conv(3, filters=4, groups=2), cg.Shift(1), channels=2 * s)
    assert grouped.recheck().holds
    still = cg.prove(cg.AvgPool(2, ceil_mode=True) >> cg.GlobalAvgPool(), cg.Shift(0))
    assert still.recheck().holds
    mixed = cg.Conv((2, 3)) >> cg.Conv(3)  # rows of the image as channels
    assert cg.prove(mixed, cg.Shift((1, 0))).holds is None


def test_bad_questions():
    with pytest.raises(cg.ConvgraphError, match="spec=3: a proof is about a spec"):
        cg.prove(3, cg.Shift(1))
    with pytest.raises(cg.ConvgraphError, match=r'where=.sea.: where is "line", "circle"'):
        cg.prove(cg.Conv(3), cg.Shift(1), where="sea")
    with pytest.raises(cg.ConvgraphError, match="the row has 2 axes"):
        cg.prove(cg.Conv((3, 3)), cg.Shift((1, 1, 1)))
    with pytest.raises(cg.ConvgraphError, match="stride=0: a stride is a positive integer"):
        cg.prove_converse(0)
    with pytest.raises(cg.ConvgraphError, match="a convolution or a pooling layer"):
        cg.prove_downsampling(cg.ReLU())


def test_numbers_for_symbols_reach_every_argument():
    spec = cg.Residual(cg.Conv((k, s), stride=s) >> cg.MaxPool(k), shortcut=cg.Conv(1, stride=k))
    numbers = with_numbers(spec, {k: 2, s: 3})
    assert numbers == cg.Residual(
        cg.Conv((2, 3), stride=3) >> cg.MaxPool(2), shortcut=cg.Conv(1, stride=2)
    )
