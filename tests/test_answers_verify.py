"""Every answer of `prove` can be asked to verify itself; what it is not asked about is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import sympy as sp

import convgraph as cg

i = sp.Symbol("i", integer=True)


@pytest.mark.parametrize("where", ["line", "frame"])
def test_a_counterexample_is_looked_at_anew(where: str) -> None:
    found = cg.prove(cg.Conv(3, stride=2, padding=1), cg.Shift(1), where=where)
    assert found.holds is False
    assert found.verify()
    for change in ({"left": found.right}, {"unit": "s9"}, {"right": sp.Integer(0)}):
        with pytest.raises(cg.ConvgraphError, match="altered"):
            dataclasses.replace(found, **change).verify()


def test_a_stride_that_divides_no_shift_is_refuted_behind_a_padding() -> None:
    for spec in (cg.Conv(3, padding=1) >> cg.MaxPool(2), cg.Conv(3, stride=2, padding=1)):
        found = cg.prove(spec, cg.Shift(1))
        assert found.holds is False
        assert found.verify()
    assert cg.prove(cg.MaxPool(2), cg.Shift(1)).holds is False
    doubled = cg.Conv(1, stride=2) >> cg.Upsample(2)
    assert cg.prove(doubled, cg.Shift(2)).holds
    assert not cg.prove(doubled, cg.Shift(1)).holds


def test_of_what_is_undecided_there_is_nothing_to_verify() -> None:
    found = cg.prove(cg.LocallyConnected((3, 3)).on((60, 60)), cg.Shift((1, 0)))
    assert found.holds is None
    with pytest.raises(cg.ConvgraphError, match="undecided"):
        found.verify()


def test_a_network_of_open_size_is_refused_and_its_spec_is_named() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    with pytest.raises(cg.ConvgraphError, match=r"without \.on"):
        cg.prove(cg.Conv(3).on(n), cg.Shift(1))


@pytest.mark.parametrize("stride", [1, 2])
def test_each_axis_of_a_transposed_convolution_is_summed_over_by_itself(stride: int) -> None:
    """Two axes are two sums, as in what the layer computes."""
    spec = cg.ConvTranspose((2, 2), stride=stride)
    proof = cg.prove(spec, cg.Shift((1, 1)))
    assert proof.verify()
    definition = proof.hypotheses[1]
    bound = [limit[0] for limit in definition.right.limits]
    assert len(set(bound)) == len(bound) == 4
    network = spec.on((3, 3))
    x = np.arange(1, 10).reshape(3, 3)
    kernel = np.array([[1, 10], [100, 1000]])
    values = network.evaluate(
        x, dict(zip(map(str, network.parameters), kernel.ravel(), strict=True))
    )
    by_hand = np.zeros_like(values)
    for a in np.ndindex(3, 3):
        for j in np.ndindex(2, 2):
            by_hand[stride * a[0] + j[0], stride * a[1] + j[1]] += x[a] * kernel[j]
    assert (values == by_hand).all()
