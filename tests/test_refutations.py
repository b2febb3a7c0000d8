"""What has no proof: counterexamples that are ones, and questions that stay open."""

from __future__ import annotations

import re
from typing import Any

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.instances.contradicted import contradicted
from convgraph.symmetry.instances.symbol_values import at_numbers
from convgraph.symmetry.proofs.refutation import Refutation, Undecided
from convgraph.symmetry.statements.statement import Positions
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
def test_what_does_not_hold_is_refuted(spec: Any, g: Any, where: str, reason: str) -> None:
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
def test_what_is_neither_stays_open(spec: Any, g: Any, where: str | None) -> None:
    found = cg.prove(spec, g, where=where)
    assert isinstance(found, Undecided)
    assert found.holds is None
    assert "undecided" in str(found)
    assert "border reaches" not in str(found)  # of which nothing was seen


def test_a_frame_that_goes_around_is_a_circle_if_it_may_have_any_size() -> None:
    shift = cg.Shift(2, boundary="wrap")
    proof = cg.prove(cg.Conv(3, **around) >> cg.ReLU(), shift, where="frame")
    assert proof.verify()
    assert proof.statement.where == "circle"
    strided = cg.prove(cg.MaxPool(2), shift, where="frame")
    assert strided.holds is False
    assert strided.network.inputs[0].shape == (3,)
    assert cg.prove(cg.MaxPool(2), shift).holds


def test_branches_that_go_down_and_up_again_meet_where_strides_divide_the_size() -> None:
    block = cg.Residual(cg.MaxPool(2) >> cg.Conv(3, padding="same") >> cg.Upsample(2))
    proof = cg.prove(block, cg.Shift(2), where="interior")
    assert "x, h3 and y have 2*m positions" in str(proof)
    claim = proof.statement.claim
    (i,), m = claim.variables, sp.Symbol("m", integer=True, positive=True)
    for number in (3, 4, 7):
        network = block.on(2 * number)
        exact = cg.check_equivariance(network, cg.Shift(2)).exact.mask()
        at = [{m: number, i: position} for position in range(2 * number)]
        told = [all(c.xreplace(values) >= 0 for c in claim.conditions) for values in at]
        # what the shift fills with zeros on both sides, as ReLU would keep it, is no interior
        assert told == [bool(holds) and a[i] >= 2 + 2 for a, holds in zip(at, exact, strict=True)]
    odd = cg.prove(cg.Conv(2) >> block, cg.Shift(2), where="interior")
    assert "x has 2*m + 1 positions" in str(odd)
    assert cg.prove(cg.Conv(2, **around) >> block, cg.Shift(2, boundary="wrap")).holds is False
    with pytest.raises(
        cg.ConvgraphError, match=r"shapes \(n,\), \(floor\(n/2\),\): .* the same shape"
    ):
        cg.prove(cg.Residual(cg.MaxPool(2)), cg.Shift(2))


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
        cg.Residual(cg.AvgPool(2) >> cg.Conv(3, **around) >> cg.Upsample(2)),
        cg.Residual(cg.Conv(2, stride=2) >> cg.ConvTranspose(2, stride=2)),
    ]
)


@given(
    st.lists(LAYERS, min_size=1, max_size=3),
    st.sampled_from([1, 2, -1, 4]),
    st.sampled_from(["line", "circle", "interior"]),
)
def test_proofs_and_the_decision_on_edges_agree(layers: list[Any], amount: int, where: str) -> None:
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
    for number in (3, 8):
        length = _length(found, number)
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


def _length(proof: Any, number: Any) -> Any:
    """How long the input is, with a number for what its size is counted in."""
    (note,) = [n for n in proof.statement.notes if isinstance(n, Positions) and "x" in n.rows]
    (size,) = note.sizes
    return int(size.xreplace(dict.fromkeys(size.free_symbols, sp.Integer(number))))


def _inside(proof: Any, net: cg.Network, index: Any) -> Any:
    """Whether the claim speaks of an output, with numbers for the sizes that it names."""
    values = {}
    for note in proof.statement.notes:
        if isinstance(note, Positions):
            name = note.rows[0]
            rows = dict(zip("xy", (net.inputs[0], net.outputs[0]), strict=True))
            row = rows.get(name) or net.rows[int(name[1:] or 1)]
            for formula, number in zip(note.sizes, row.shape[row.channels :], strict=True):
                if len(formula.free_symbols) == 1:
                    (symbol,) = formula.free_symbols
                    values[symbol] = sp.solve(formula - number, symbol)[0]
    claim = proof.statement.claim
    values |= {claim.variables[-1]: sp.Integer(index)}
    conditions = [condition.xreplace(values) for condition in claim.conditions]
    assume(all(condition.is_number for condition in conditions))
    return all(condition >= 0 for condition in conditions)


def test_channels_of_layers_that_know_no_axes() -> None:
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


def test_bad_questions() -> None:
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


def test_numbers_for_symbols_reach_every_argument() -> None:
    spec = cg.Residual(cg.Conv((k, s), stride=s) >> cg.MaxPool(k), shortcut=cg.Conv(1, stride=k))
    numbers = at_numbers(spec, {k: 2, s: 3})
    assert numbers == cg.Residual(
        cg.Conv((2, 3), stride=3) >> cg.MaxPool(2), shortcut=cg.Conv(1, stride=2)
    )


@settings(max_examples=25)
@given(
    st.sampled_from(
        [cg.Conv(3, padding=1, bias=True), cg.MaxPool(3, stride=1, padding=1), cg.AvgPool(3, 1)]
    ),
    st.integers(-3, 3).filter(bool),
    st.booleans(),
)
def test_a_counterexample_is_denied_where_both_sides_agree(
    spec: Any, amount: int, wraps: bool
) -> None:
    """Edge by edge, a unit differs only if it is among those that the verdict calls broken."""
    network = (spec >> cg.ReLU()).on(9)
    shift = cg.Shift(amount, boundary="wrap" if wraps else "zeros")
    broken = cg.check_equivariance(network, shift).broken
    for index in range(int(network.outputs[0].size)):
        unit = network.outputs[0].unit((index,))
        denied = contradicted(network, [amount], [amount], wraps, (index,))
        assert denied or unit in broken


def test_a_counterexample_of_a_large_network_is_looked_at_along_its_axes() -> None:
    block = cg.Conv((3, 3), filters=64, padding=1, bias=True) >> cg.ReLU()
    network = (block >> block).on((3, 64, 64))
    refuted = cg.prove(network, cg.Shift((1, 0)), where="frame")
    channel, *at = network.outputs[0].find(refuted.unit)
    assert not contradicted(network, [1, 0], [0, 1, 0], False, (channel, *at))
    assert contradicted(network, [1, 0], [0, 1, 0], False, (channel, 32, 32))
