"""What follows a flattening, from the row in front of it, against the decision on the edges."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.equivariance import check
from convgraph.symmetry.equivariance.tail import carries_on, last_aligned

FRONTS = [
    cg.Conv(3),
    cg.Conv(2, stride=2) >> cg.ReLU(),
    cg.MaxPool(2),
    cg.Conv(3, 2, padding="same") >> cg.ReLU() >> cg.MaxPool(2),
    cg.AvgPool(2, 1),
]
TAILS = [
    cg.Dense(2),
    cg.Dense(3, bias=True) >> cg.ReLU(),
    cg.Dense(2) >> cg.ReLU() >> cg.Dense(2),
    cg.ReLU() >> cg.Dense(2),
    cg.Dense(3) >> cg.Activation("phi"),
]


@given(st.sampled_from(FRONTS), st.sampled_from(TAILS), st.integers(-7, 7), st.booleans())
@settings(max_examples=60, deadline=None)
def test_it_says_what_the_edges_say_or_nothing(
    front: Any, tail: Any, amount: int, around: bool
) -> None:
    network = (front >> cg.Flatten() >> tail).on((2, 6))
    g = cg.Shift(amount, boundary="wrap" if around else "zeros")
    slow = cg.check_equivariance(network, g, cg.Permute({}))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(check, "MOST", -1)
        quick = cg.check_equivariance(network, g, cg.Permute({}))
    assert len(quick.exact | quick.broken | quick.undecided) == network.outputs[0].size
    assert quick.broken <= slow.broken
    assert quick.exact <= slow.exact


def test_it_says_something() -> None:
    network = (FRONTS[3] >> cg.Flatten() >> TAILS[2]).on((2, 6))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(check, "MOST", -1)
        assert cg.check_equivariance(network, cg.Shift(2)).broken == {"s1", "s2"}


def test_a_difference_is_carried_on_by_weights_that_are_free() -> None:
    def known(spec: Any) -> bool:
        network = spec.on((2, 6))
        found = last_aligned(network, network.outputs[0].name)
        assert found is not None
        return carries_on(network, found[1])

    front = cg.Conv(3, 2) >> cg.Flatten()
    assert known(front >> cg.Dense(2))
    assert known(front >> cg.Dense(3) >> cg.ReLU() >> cg.Dense(2))
    assert not known(front >> cg.ReLU() >> cg.Dense(2))  # it may hide what differs
    assert not known(front >> cg.Dense(3) >> cg.Activation("phi"))
    tied = cg.Dense(8, letter="u")
    assert not known(front >> tied >> cg.ReLU() >> tied)  # weights that are used twice


@pytest.mark.parametrize("name", ["bvlc_alexnet", "zfnet512", "vgg19"])
def test_real_networks_are_asked_without_their_edges(name: str) -> None:
    pytest.importorskip("onnx")
    from tests.onnx_light import light

    network = cg.from_onnx(light(name))
    verdict = cg.check_equivariance(network, cg.Shift((32, 0)))
    assert verdict.holds is not True
    assert "edges" not in vars(network)


def test_a_real_network_is_decided_without_its_edges() -> None:
    pytest.importorskip("onnx")
    from tests.onnx_light import light

    network = cg.from_onnx(light("vgg19"))
    verdict = cg.check_equivariance(network, cg.Shift((32, 0)))
    assert verdict.holds is False
    assert len(verdict.broken) == 1000
    assert "broken at 1,000 of 1,000 units" in str(verdict)
    assert "edges" not in vars(network)
