"""Theorems about tiles: that they hold for all sizes, and that wrong ones do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import convgraph as cg
from convgraph.piecewise.theorem import TilesTheorem

from .test_tiles import SMOOTH, exactly, networks, planned, stitched, values

pytest.importorskip("z3")

SPECS = {
    **SMOOTH,
    "mirrored": cg.Conv(3, padding=1, padding_mode="reflect")
    >> cg.AvgPool(3, stride=2, padding=1, ceil_mode=True)
    >> cg.Conv(5, padding=2, padding_mode="replicate"),
    "around": cg.Conv(3, padding=1, padding_mode="circular")
    >> cg.Conv(4, stride=2, padding=1, padding_mode="circular"),
    "tiled": cg.MaxPool(2) >> cg.TiledConv(3, tiles=3, padding=1),
}


def shortened(theorem: TilesTheorem, at: int) -> TilesTheorem:
    """The same with a step that says that a cut spoils one output less than it does."""
    derivation = theorem.derivation
    step = derivation.steps[at]
    less = replace(step.result, before=step.result.before[:-1], after=step.result.after[:-1])
    steps = list(derivation.steps)
    steps[at] = replace(step, result=less)
    return replace(theorem, derivation=replace(derivation, steps=tuple(steps)))


@pytest.mark.parametrize("name", SPECS)
def test_a_theorem_holds_and_a_stronger_one_does_not(name: str) -> None:
    theorem = cg.tiles(SPECS[name].on(96), tile=48).theorem()
    assert theorem.verify()
    assert sum(theorem.instances()) > 20
    for at, step in enumerate(theorem.derivation.steps):
        if len(step.result.before) + len(step.result.after):
            wrong = shortened(theorem, at)
            assert not wrong.recheck().holds, step
            assert not all(wrong.instances()), step


def test_a_plan_that_leaves_out_too_little_has_no_theorem() -> None:
    plan = cg.tiles((cg.Conv(3, padding=1) >> cg.Conv(3, padding=1)).on(40), tile=12)
    assert plan.theorem().verify()
    (axis,) = plan.axes
    for wrong in (
        replace(axis, cut=replace(axis.cut, before=axis.cut.before - 1)),
        replace(axis, stride=axis.stride + 1),
    ):
        theorem = replace(plan, axes=(wrong,)).theorem()
        assert not (
            theorem.derivation.covers([a.cut for a in theorem.plan.axes])
            and theorem.recheck().holds
        )
        assert not theorem.verify()


def test_tiles_that_begin_between_strides_have_no_theorem() -> None:
    plan = cg.tiles((cg.MaxPool(4) >> cg.Conv(3, padding=1)).on(64), tile=32)
    (axis,) = plan.axes
    finer = replace(plan, axes=(replace(axis, cut=replace(axis.cut, period=2)),))
    assert not finer.theorem().verify()


def test_what_is_claimed_for_other_sizes_is_so() -> None:
    """A plan for one size, whose tiles are carried over to images of other sizes by hand."""
    spec = cg.Conv(3, padding=1) >> cg.AvgPool(2) >> cg.Conv(3, padding=1)
    plan = cg.tiles(spec.on(40), tile=20)
    assert plan.theorem().verify()
    (axis,) = plan.axes
    cut, step = axis.cut, int(axis.cut.step)
    for size in (22, 30, 58):
        x = values((size,), size)
        whole = exactly(spec.on(size), x)
        for length in range(cut.smallest, size + 1, cut.period):
            piece = spec.on(length)
            for start in range(0, size - length + 1, cut.period):
                part = exactly(piece, x[start : start + length])
                first = cut.before if start else 0
                last = len(part) - (cut.after if start + length < size else 0)
                there = whole[start // step : start // step + len(part)]
                assert np.array_equal(part[first:last], there[first:last])


def test_a_shuffle_of_pixels_and_two_axes() -> None:
    torch = pytest.importorskip("torch")
    module = torch.nn.Sequential(
        torch.nn.PixelUnshuffle(2),
        torch.nn.Conv2d(4, 8, 3, padding=1),
        torch.nn.PixelShuffle(2),
        torch.nn.Upsample(scale_factor=2, mode="bilinear"),
    )
    theorem = cg.tiles(cg.from_torch(module.eval(), (1, 32, 24)), tile=16).theorem()
    assert theorem.verify()
    assert theorem.script().count("(check-sat)") == len(theorem.questions())


def test_the_interior_is_what_prove_proves() -> None:
    net = (cg.Conv((3, 3), padding=1) >> cg.MaxPool((2, 2))).on((16, 16))
    proof = cg.tiles(net, tile=8).theorem().plane()
    assert proof.holds


@pytest.mark.exhaustive
@settings(max_examples=100)
@given(networks(1))
def test_theorems_of_random_networks_hold(case: tuple[Any, tuple[int, ...]]) -> None:
    spec, shape = case
    try:
        network = spec.on(shape)
    except cg.ConvgraphError:
        return
    plan = planned(network, None, 1)
    if plan is None:
        return
    assert plan.theorem().verify()
    smallest = tuple(min(axis.cut.smallest, axis.cut.size) for axis in plan.axes)
    assert stitched(spec, shape, smallest) in ("stitched", "one tile")
