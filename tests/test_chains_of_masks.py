"""Masks of zeros, infinities and no numbers behind one another: the values are PyTorch's."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from convgraph import ConvgraphError, from_torch  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts

Step = Callable[[Any, Any], Any]
FILLS = (0.0, torch.inf, -torch.inf, torch.nan, -1e9, 3.0)


class Chain(nn.Module):
    def __init__(self, steps: list[Step]) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, x: Any) -> Any:
        values = x
        for step in self.steps:
            values = step(values, x)
        return values


def drawn(rng: random.Random) -> Step:
    """One step: a mask, or something that moves what a mask has put."""
    seen = torch.tensor([[rng.random() < 0.6 for _ in range(5)] for _ in range(4)])
    mask = seen if rng.random() < 0.8 else seen[:1]
    ones, fill = mask.double(), rng.choice(FILLS)
    filled = torch.zeros(4, 5, dtype=torch.double).masked_fill(mask, fill)
    raised = filled.where(filled != -1e9, 0)  # without what only exact numbers can be added to
    steps: list[Step] = [
        lambda h, x: h.masked_fill(mask, fill),
        lambda h, x: torch.where(mask, h, torch.tensor(fill, dtype=torch.double)),
        lambda h, x: h * ones,
        lambda h, x: h + filled,
        lambda h, x: h - raised,
        lambda h, x: raised - h,
        lambda h, x: -h,
        lambda h, x: h / 2,
        lambda h, x: h.relu(),
        lambda h, x: h.exp(),
        lambda h, x: h.log(),
        lambda h, x: h.square(),
        lambda h, x: h.sigmoid(),
        lambda h, x: h.softmax(-1),
        lambda h, x: h - x,
        lambda h, x: h * x.masked_fill(mask, 0),
        lambda h, x: torch.maximum(h, x.masked_fill(mask, fill)),
        lambda h, x: h - (2 * h).masked_fill(mask, fill),
        lambda h, x: h @ (torch.eye(5, dtype=torch.double) * ones[:1]),
    ]
    return rng.choice(steps)


def unlike(seed: int) -> bool | None:
    """Whether a drawn chain has other values than PyTorch; None where it is refused, or told."""
    rng = random.Random(seed)
    module = Chain([drawn(rng) for _ in range(rng.randint(2, 6))])
    x = torch.randn((1, 4, 5), generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    try:
        net = from_torch(module, (1, 4, 5), batch=True)
        got = np.asarray(net.evaluate(x[0].numpy()), float)
    except ConvgraphError:
        return None
    if any("not for all inputs" in caveat for caveat in net.caveats):
        return None
    return not np.allclose(got, module(x)[0].numpy(), 1e-4, 1e-5, equal_nan=True)


def held(seeds: range) -> None:
    found = {seed: unlike(seed) for seed in seeds}
    assert not [seed for seed, wrong in found.items() if wrong]
    assert list(found.values()).count(False) > len(seeds) * 3 // 4


def test_values_behind_drawn_masks_are_those_of_pytorch() -> None:
    held(range(12))


@pytest.mark.exhaustive
def test_values_behind_many_drawn_masks_are_those_of_pytorch() -> None:
    held(range(100, 500))


BAND = torch.ones(4, 5, dtype=torch.bool).tril()
ENDLESS: dict[str, Step] = {
    "plus infinity times zero": lambda h, x: h.masked_fill(BAND, torch.inf) * BAND.logical_not(),
    "minus, turned round": lambda h, x: (-h.masked_fill(BAND, -torch.inf)) * ~BAND,
    "of a square": lambda h, x: h.masked_fill(BAND, -torch.inf).square() * ~BAND,
    "both": lambda h, x: h.masked_fill(BAND, torch.inf) + h.masked_fill(BAND, -torch.inf),
    "a softmax of it": lambda h, x: h.masked_fill(BAND, torch.inf).softmax(-1) * ~BAND,
    "beside a finite one": lambda h, x: (h - 1e9).masked_fill(BAND, -torch.inf) * ~BAND,
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_is_infinite_for_every_input_is_no_number_times_zero(name: str) -> None:
    x = torch.rand((1, 4, 5), dtype=torch.double)
    module = Chain([ENDLESS[name]])
    assert torch.isnan(module(x)).any()
    net = from_torch(module, (1, 4, 5), batch=True)
    assert not net.caveats
    got = np.asarray(net.evaluate(x[0].numpy()), float)
    np.testing.assert_allclose(got, module(x)[0].numpy(), 1e-6)


@pytest.mark.parametrize("function", ["log", "sqrt", "reciprocal", "asin"])
def test_what_is_infinite_for_some_inputs_is_told(function: str) -> None:
    step: Step = lambda h, x: getattr(torch, function)(h) * BAND  # noqa: E731
    (caveat,) = from_torch(Chain([step]), (1, 4, 5), batch=True).caveats
    assert "is taken to be finite, which it is not for all inputs" in caveat


@pytest.mark.parametrize("function", ["exp", "tanh", "relu", "abs"])
def test_what_is_finite_for_all_inputs_needs_no_caveat(function: str) -> None:
    step: Step = lambda h, x: getattr(torch, function)(h) * BAND  # noqa: E731
    assert not from_torch(Chain([step]), (1, 4, 5), batch=True).caveats
