"""Theorems about bound networks, models among them: what their layers do at every size."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.reduction import Reduction
from convgraph.symmetry.statements.statement import Meaning
from tests.strategies import networks

t = sp.Symbol("t", integer=True, nonnegative=True)
LAYERS = [
    cg.Conv(3, padding=1, bias=True),
    cg.Conv(3, stride=2, padding=1),
    cg.Conv(2, dilation=2),
    cg.ReLU(),
    cg.MaxPool(3, stride=2, padding=1, ceil_mode=True),
    cg.AvgPool(2),
    cg.Upsample(2),
    cg.ConvTranspose(4, stride=2, padding=1),
    cg.TiledConv(3, tiles=2, padding=1),
    cg.Residual(cg.Conv(3, padding=1)),
    cg.Parallel(cg.Conv(3, padding=1), cg.Conv(1, filters=2)) >> cg.Conv(1),
]


@settings(max_examples=10)
@given(st.lists(st.sampled_from(LAYERS), min_size=1, max_size=4), st.sampled_from([4, 8, -4]))
def test_what_is_proved_at_one_size_holds_at_others(layers: list[Any], amount: int) -> None:
    spec = layers[0]
    for layer in layers[1:]:
        spec = spec >> layer
    found = cg.prove(spec.on(24), cg.Shift(amount), where="interior")
    assume(found.holds)  # strides and tiles may not divide the amount
    assert found.verify()
    assert found.recheck().holds
    for size in (17, 24, 32, 41):
        network = spec.on(size)
        exact = cg.check_equivariance(network, cg.Shift(amount)).exact.mask()
        assert exact.ravel()[_inside(found, size, exact.size)].all()


def _inside(proof: Any, size: Any, outputs: Any, axis: Any = -1) -> Any:
    """Of which outputs, along an axis, a proof speaks for an input of that size."""
    claim = proof.statement.claim
    known = {
        sp.Symbol(name, integer=True, positive=True): sp.Integer(size)
        for name in ("n", "n_1", "n_2")
    }
    for note in proof.statement.notes:
        if isinstance(note, Meaning) and note.value is not None:
            known[note.symbol] = note.value.xreplace(known)
    at = [{**known, claim.variables[axis]: sp.Integer(i)} for i in range(outputs)]
    return [all(c.xreplace(values) >= 0 for c in claim.conditions) for values in at]


@given(networks(), st.sampled_from([1, 2, 4]))
def test_any_network_is_proved_refuted_or_left_open(network: cg.Network, amount: int) -> None:
    assume(len(network.inputs) == 1)
    row = network.inputs[0]
    shift = cg.Shift((amount,) * (len(row.shape) - row.channels))
    for where in ("line", "interior"):
        found = cg.prove(network, shift, where=where, row=network.outputs[0].name)
        if found.holds:
            assert found.verify()
            assert found.recheck().holds


def test_the_theorem_of_a_network_is_that_of_its_spec() -> None:
    spec = cg.Conv(3, stride=2, padding=1) >> cg.ReLU() >> cg.MaxPool(2)
    for where in ("line", "interior"):
        proofs = [cg.prove(each, cg.Shift(4 * t), where=where) for each in (spec, spec.on(30))]
        assert proofs[0].statement.claim.left == proofs[1].statement.claim.left
        assert proofs[0].steps == proofs[1].steps
    assert "n_h1 = " in str(proofs[1])


def test_on_a_circle_and_on_a_frame_a_network_has_its_size() -> None:
    around = {"padding": "same", "padding_mode": "circular"}
    network = (cg.Conv(3, **around) >> cg.MaxPool(2)).on(10)
    shift = cg.Shift(2, boundary="wrap")
    proof = cg.prove(network, shift)
    assert proof.verify()
    assert "x and h have 10 positions, counted from 0." in str(proof)
    assert cg.prove(network, cg.Shift(1, boundary="wrap")).holds is False
    framed = cg.prove(cg.Conv(3, padding=1).on(5), cg.Shift(1), where="frame")
    assert framed.network.inputs[0].shape == (5,)
    assert cg.prove(cg.LocallyConnected(3).on(9), cg.Shift(1)).holds is False
    many = cg.LocallyConnected((3, 3)).on((60, 60))
    assert cg.prove(many, cg.Shift((1, 0))).holds is None


def test_branches_one_after_the_other_are_told_by_their_wiring() -> None:
    x = cg.Input((2, 8), rank=1)
    wide = cg.Conv(3, filters=3, padding=1)(x)
    network = cg.Network(x, cg.Concat()(wide, x))
    proof = cg.prove(network, cg.Shift(1))
    assert "y[f, i] = h[f, i] if f < 3 else x[f - 3, i]" in str(proof)
    swapped = cg.Network(x, cg.Concat()(x, wide))
    assert "y[f, i] = x[f, i] if f < 2 else h[f - 2, i]" in str(cg.prove(swapped, cg.Shift(1)))


def test_products_are_proved() -> None:
    x = cg.Input(9)
    gated = cg.Multiply()(cg.Conv(3, padding=1)(x), cg.Activation("sigmoid")(x))
    assert cg.prove(cg.Network(x, gated), cg.Shift(1)).verify()


def median(network: cg.Network) -> Any:
    """The network with its first layer's sums taken for a median."""
    layer = dataclasses.replace(network.layers[0], reduction=Reduction("median", max, max))
    return cg.Network.of(
        network.rows, [layer, *network.layers[1:]], network.inputs, network.outputs
    )


def test_of_other_ways_of_taking_values_no_more_is_said_than_that_they_are_functions() -> None:
    proof = cg.prove(median((cg.Conv(3) >> cg.ReLU()).on(9)), cg.Shift(2))
    assert "h[i] = median_h(w[j]*x[i + j] for j=0..2)" in str(proof)
    assert r"\left(w[j] \, x[i + j]\right)_{0 \le j \le 2}" in proof.latex()
    assert proof.verify()
    assert proof.recheck().holds
    # not even that they do not depend on the order
    around = cg.Shift(1, boundary="wrap")
    assert cg.prove(cg.GlobalAvgPool().on(5), around).holds
    assert not cg.prove(median(cg.GlobalAvgPool().on(5)), around, where="circle").holds
    inside = cg.prove(median(cg.Conv(3, padding=1).on(9)), cg.Shift(2), where="interior")
    assert "for 3 <= i, i <= n - 2" in str(inside)
    assert inside.recheck().holds


def test_softmax_and_normalisation_across_channels_that_come_last() -> None:
    torch = pytest.importorskip("torch")

    class Block(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.read = torch.nn.Conv2d(3, 4, 3, stride=2, padding=1)
            self.norm = torch.nn.LayerNorm(4)

        def forward(self, x: Any) -> Any:
            last = self.norm(self.read(x).permute(0, 2, 3, 1))
            return torch.nn.functional.softmax(last.permute(0, 3, 1, 2), dim=1)

    network = cg.from_torch(Block().eval(), (1, 3, 12, 12))
    proof = cg.prove(network, cg.Shift((4, 0)), where="interior")
    assert proof.verify()
    assert proof.recheck().holds
    exact = cg.check_equivariance(network, cg.Shift((4, 0))).exact.mask()[0, :, 0]
    assert exact[_inside(proof, 12, len(exact), axis=-2)].all()


def test_bad_questions() -> None:
    network = cg.Conv(3).on(9)
    with pytest.raises(cg.ConvgraphError, match="channels=2: a bound network has its own"):
        cg.prove(network, cg.Shift(1), channels=2)
    with pytest.raises(cg.ConvgraphError, match="row='s': a row is one of a bound network's"):
        cg.prove(cg.Conv(3), cg.Shift(1), row="s")
    with pytest.raises(cg.ConvgraphError, match="row='t': no row of this network"):
        cg.prove(network, cg.Shift(1), row="t")
    x = cg.Input(5)
    two = cg.Network(x, [cg.ReLU()(x), cg.Conv(1)(x)], ["x", "a", "b"])
    with pytest.raises(cg.ConvgraphError, match="several outputs needs a row: a or b"):
        cg.prove(two, cg.Shift(1))
    assert cg.prove(two, cg.Shift(1), row="b").holds


MODELS = [("light_bvlc_alexnet", "r13", 16)]  # that of ResNet-50 stands in the README, too
MORE = [
    ("light_resnet50", "r171", 32),
    ("light_inception_v2", "r504", 32),
    ("light_densenet121", "r906", 32),
]
everything = [*MODELS, *(pytest.param(*m, marks=pytest.mark.exhaustive) for m in MORE)]


@pytest.mark.parametrize(("name", "row", "stride"), everything)
def test_models_commute_with_their_stride_for_images_of_any_size(
    name: Any, row: Any, stride: Any
) -> None:
    onnx = pytest.importorskip("onnx")
    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    model = cg.from_onnx(folder / f"{name}.onnx")
    proof = cg.prove(model, cg.Shift((stride * t, 0)), row=row)
    assert proof.verify()
    assert len(proof.claims) == len([r for r in model.rows if r.name in _behind(model, row)]) - 1
    again = proof.recheck()
    assert again.holds
    inside = cg.prove(model, cg.Shift((0, stride)), where="interior", row=row)
    exact = cg.check_equivariance(model, cg.Shift((0, stride)), row=row).exact.mask()[0, 0]
    told = _inside(inside, 224, len(exact))
    assert exact[told].all()


def _behind(network: cg.Network, row: Any) -> Any:
    found, waiting = set(), [row]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            if network.row(name) not in network.inputs:
                waiting += [joint.source.name for joint in network.layer(name).joints]
    return found
