"""Attention behind masks that are known: each position sees what its mask lets through, no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402

from convgraph import findings, from_torch, receptive_fields, report  # noqa: E402
from convgraph.importers.masks import hidden  # noqa: E402
from convgraph.importers.operators import contraction  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts
attend = functional.scaled_dot_product_attention

PAST = torch.ones(5, 5, dtype=torch.bool).tril()
NEAR = (torch.arange(5)[:, None] - torch.arange(5)).abs() < 2
HEADS = torch.stack([PAST, NEAR])
DRAWN = torch.rand(2, 5, 5, generator=torch.Generator().manual_seed(0)) < 0.4
DRAWN |= torch.eye(5, dtype=torch.bool)
DISTANCE = -(torch.arange(5)[:, None] - torch.arange(5)).float()


class Does(nn.Module):
    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


def steps(hide: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Attention in its steps, with a dropout that does nothing."""

    def function(x: Any) -> Any:
        weights = torch.softmax(hide(x @ (x + 1).transpose(-1, -2)), -1)
        return functional.dropout(weights, 0.1, False) @ (2 * x)

    return function


def heads_in_the_batch(x: Any) -> Any:
    y = x.flatten(0, 1)
    scores = torch.bmm(y, y.transpose(1, 2)).view(1, 2, 5, 5) + torch.where(HEADS, 0, -3.4e38)
    return torch.bmm(torch.softmax(scores.flatten(0, 1).float(), -1).to(y.dtype), y).view(x.shape)


def windows(x: Any) -> Any:
    """As in Swin: two windows of two heads, each window with a mask of its own."""
    y = x.reshape(2, 2, 5, 3)
    scores = (y @ y.transpose(-1, -2)).view(1, 2, 2, 5, 5)
    scores = scores + torch.where(HEADS, 0.0, -torch.inf)[None, :, None]
    return torch.softmax(scores.view(2, 2, 5, 5), -1) @ y


def behind_a_sink(x: Any) -> Any:
    """A score beside the others, whose weight nothing is multiplied with."""
    scores = torch.cat([x[..., :1], (x @ x.transpose(-1, -2)).masked_fill(~PAST, -torch.inf)], -1)
    return torch.softmax(scores, -1)[..., 1:] @ x


def on_two(x: Any) -> Any:
    """Keys are hidden before the scores of queries are added."""
    keys = x.sum(-1)[:, None].masked_fill(torch.arange(5) > 2, -torch.inf)
    return torch.softmax(keys + x @ x.transpose(-1, -2), -1) @ x


def batch_between(x: Any) -> Any:
    scores = torch.einsum("bsd,btd->sbt", x, x).masked_fill(~PAST.T[:, None], -torch.inf)
    return torch.einsum("sbt,bsd->btd", torch.softmax(scores, 0), x)


def in_letters(order: str, axis: int, mask: Any) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        scores = torch.einsum(f"bthd,bshd->{order}", x, x) + torch.where(mask, 0.0, -torch.inf)
        return torch.einsum(f"{order},bshd->bthd", torch.softmax(scores, axis), x)

    return function


NONE = PAST & (torch.arange(5) != 2)[:, None]
DECAY = (0.9 ** (torch.arange(5)[:, None] - torch.arange(5))).tril()


def scores(x: Any) -> Any:
    return x @ (x + 1).mT


def over_the_sum(x: Any) -> Any:
    return x / x.sum(-1, keepdim=True)


def weighing(weights: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Products with weights that are made of scores in other ways than by a softmax of a sum."""
    return lambda x: weights(scores(x)) @ (2 * x)


def softmax(s: Any, seen: Any = PAST) -> Any:
    return s.masked_fill(~seen, -torch.inf).softmax(-1)


FOUR = (1, 2, 5, 3)
CASES: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "causal": (lambda x: attend(x, x + 1, 2 * x, is_causal=True), FOUR),
    "of several": (lambda x: attend(x, x + 1, 2 * x, is_causal=True), (2, 5, 3)),
    "of fewer queries": (lambda x: attend(x[:, :, :3], x, x, is_causal=True), FOUR),
    "one for all": (lambda x: attend(x, x + 1, 2 * x, NEAR), FOUR),
    "one for each head": (lambda x: attend(x, x + 1, 2 * x, HEADS), FOUR),
    "drawn": (lambda x: attend(x, x + 1, 2 * x, torch.where(DRAWN, 0.0, -torch.inf)), FOUR),
    "keys": (lambda x: attend(x, x, x, (torch.arange(5) < 3)[None]), FOUR),
    "filled": (steps(lambda s: s.masked_fill(~PAST, -torch.inf)), FOUR),
    "filled with a number": (steps(lambda s: s.masked_fill(~PAST, -1e9)), FOUR),
    "chosen": (steps(lambda s: torch.where(NEAR, s / 3, torch.tensor(-torch.inf))), FOUR),
    "added": (steps(lambda s: s + torch.where(NEAR, 0.0, -1e4)), FOUR),
    "with distances": (steps(lambda s: s + torch.where(PAST, DISTANCE, -torch.inf)), (1, 5, 3)),
    "heads in the batch": (heads_in_the_batch, FOUR),
    "scaled": (steps(lambda s: s.masked_fill(~PAST, -torch.inf) / 2), FOUR),
    "taken off": (steps(lambda s: s * PAST - 1e10 * ~PAST), FOUR),
    "the greater": (
        steps(lambda s: torch.max(s + torch.where(PAST, 0.0, -3e38), torch.tensor(-3.4e38))),
        FOUR,
    ),
    "halved": (
        lambda x: (torch.softmax(x @ x.mT + torch.where(PAST, 0.0, -torch.inf), -1) / 2) @ x,
        (1, 5, 3),
    ),
    "behind a sink": (behind_a_sink, (1, 5, 3)),
    "on two": (on_two, (1, 5, 3)),
    "batch between": (batch_between, (1, 5, 3)),
    "windows": (windows, (1, 4, 5, 3)),
    "in letters": (in_letters("bhts", -1, NEAR), (1, 5, 2, 3)),
    "in letters, turned": (in_letters("bhst", -2, PAST.T), (1, 5, 2, 3)),
}
SMALL = (1, 5, 3)
CASES |= {
    "of groups": (
        lambda x: attend(x, x[:, :2] + 1, 2 * x[:, :2], NEAR, enable_gqa=True),
        (1, 4, 5, 3),
    ),
    "cut off": (weighing(torch.tril), SMALL),
    "cut off, of heads": (weighing(torch.tril), FOUR),
    "cut off behind powers": (weighing(lambda s: over_the_sum((s / 9).exp().tril())), SMALL),
    "times a mask": (weighing(lambda s: s * PAST), SMALL),
    "times numbers": (weighing(lambda s: over_the_sum(s * DECAY)), SMALL),
    "powers by hand": (
        weighing(lambda s: over_the_sum((s / 9).masked_fill(~PAST, -torch.inf).exp())),
        SMALL,
    ),
    "powers of logarithms": (
        weighing(lambda s: s.masked_fill(~PAST, -torch.inf).log_softmax(-1).exp()),
        SMALL,
    ),
    "powers of added numbers": (
        weighing(lambda s: (s / 9 + torch.where(PAST, 0.0, -1e9)).exp()),
        SMALL,
    ),
    "sigmoids": (weighing(lambda s: s.masked_fill(~NEAR, -torch.inf).sigmoid()), SMALL),
    "made numbers": (weighing(lambda s: softmax(s).nan_to_num()), SMALL),
    "none, made numbers": (weighing(lambda s: softmax(s, NONE).nan_to_num()), SMALL),
    "none, filled": (weighing(lambda s: softmax(s, NONE).masked_fill(~NONE, 0.0)), SMALL),
    "none, chosen": (
        weighing(lambda s: (lambda p: torch.where(p.isnan(), 0.0, p))(softmax(s, NONE))),
        SMALL,
    ),
    "none, times a mask": (
        weighing(lambda s: s.masked_fill(~NONE, -1e9).softmax(-1) * NONE),
        SMALL,
    ),
    "none": (lambda x: attend(x, x + 1, 2 * x, NONE), FOUR),
    "known from the left": (lambda x: DECAY @ x, SMALL),
    "known from the right": (lambda x: (x.mT @ DECAY.T).mT, FOUR),
    "known in letters": (lambda x: torch.einsum("bsd,ts->btd", x, DECAY), SMALL),
}
CAVEATS = {
    "filled with a number", "added", "taken off", "powers of added numbers", "none, times a mask",
}  # fmt: skip


QUICK = {
    "cut off", "times numbers", "powers by hand", "powers of added numbers", "none, made numbers",
    "none", "known in letters", "of groups",
}  # fmt: skip


def marked(name: str) -> Any:
    """Weights made in other ways than by a softmax: of some, one suffices here."""
    quick = name in QUICK or list(CASES).index(name) < list(CASES).index("cut off")
    return name if quick else pytest.param(name, marks=pytest.mark.exhaustive)


@pytest.mark.parametrize("name", list(map(marked, CASES)))
def test_positions_that_are_seen_are_those_of_autograd(name: str) -> None:
    """Positions, not their channels: a softmax of one score is 1, which no channel changes."""
    function, shape = CASES[name]
    net = from_torch(Does(function), shape, batch=True)
    place = {unit: i for i, unit in enumerate(net.inputs[0].units())}
    fields = receptive_fields(net)
    x = torch.randn(shape, generator=torch.Generator().manual_seed(1))
    wanted = function(x)
    seen = np.zeros((wanted.numel(), x.numel()), bool)
    for row, unit in zip(seen, net.outputs[0].units(), strict=True):
        row[[place[other] for other in fields[unit]]] = True
    changed = np.abs(torch.autograd.functional.jacobian(function, x).numpy()) > 1e-7
    both = [
        mask.reshape(*wanted.shape, *shape).any(axis=(wanted.ndim - 1, -1))
        for mask in (seen, changed)
    ]
    assert np.array_equal(*both)
    got = np.asarray(net.evaluate(x.numpy().reshape(net.inputs[0].shape)), float)
    np.testing.assert_allclose(got.reshape(wanted.shape), wanted.numpy(), 1e-4, 1e-5)
    assert bool(net.caveats) == (name in CAVEATS)


def test_a_softmax_of_nothing_is_told_where_something_is_multiplied_with_it() -> None:
    (caveat,) = from_torch(Does(weighing(lambda s: softmax(s, NONE))), SMALL).caveats
    assert "no numbers as a softmax of nothing is" in caveat
    assert not from_torch(Does(lambda x: softmax(scores(x), NONE)), SMALL).caveats


@pytest.mark.parametrize("side", ["scaled", "known", "values"])
def test_infinity_times_zero_is_no_number(side: str) -> None:
    def function(x: Any) -> Any:
        hidden = scores(x).masked_fill(~PAST, -torch.inf)
        if side == "values":
            return softmax(scores(x)) @ hidden
        return hidden * NEAR if side == "scaled" else hidden @ NEAR.float()

    x = torch.ones(SMALL)
    got = np.asarray(from_torch(Does(function), SMALL).evaluate(x[0].numpy()), float)
    np.testing.assert_allclose(got, function(x)[0].numpy(), 1e-5)


def filled(s: Any, seen: Any = PAST) -> Any:
    return s.masked_fill(~seen, -torch.inf)


ENDLESS: dict[str, Callable[[Any], Any]] = {
    "times zeros": lambda s: (s.tril() * filled(2 * s)) @ s,
    "zero by no number": lambda s: (s * NONE) / softmax(s, NONE),
    "taken off": lambda s: (filled(s) - 2 * filled(s)).softmax(-1),
    "less the greatest": lambda s: (filled(s, NONE) - filled(s, NONE).amax(-1, True)).exp(),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_what_two_masks_make_no_number_is_none(name: str) -> None:
    def function(x: Any) -> Any:
        return ENDLESS[name](scores(x))

    x = torch.randn(SMALL, generator=torch.Generator().manual_seed(1))
    wanted = function(x)[0].numpy()
    assert np.isnan(wanted).any()
    got = np.asarray(from_torch(Does(function), SMALL).evaluate(x[0].numpy()), float)
    np.testing.assert_allclose(got, wanted, 1e-4, 1e-5)


def test_weights_that_are_hidden_read_nothing_and_profilers_count_them() -> None:
    net = from_torch(Does(CASES["causal"][0]), FOUR)
    fields = receptive_fields(net, "scaled_dot_product_attention/weights")
    units = net.row("scaled_dot_product_attention/weights").units()
    empty = [unit for unit in units if not len(fields[unit])]
    assert len(empty) == 2 * 10
    row = report(net).rows[-1]
    assert (row.multiply_adds, row.macs) == (2 * 15 * 3, 2 * 25 * 3)


def test_a_mask_is_no_reason_for_a_warning() -> None:
    for name in ("causal", "drawn", "filled", "in letters", "with distances"):
        function, shape = CASES[name]
        found = findings(from_torch(Does(function), shape, batch=True))
        assert not [f for f in found if f.severity == "warning"]


def test_a_mask_of_nothing_is_a_softmax_of_all() -> None:
    """Finite numbers that hide all keys hide none."""
    hidden = torch.where(PAST & (torch.arange(5) > 0)[:, None], 0.0, -1e9)
    net = from_torch(Does(steps(lambda s: s * 0 + hidden)), (1, 5, 3))
    wanted = steps(lambda s: s * 0 + hidden)(torch.ones(1, 5, 3))
    got = np.asarray(net.evaluate(np.ones((5, 3))), float)
    np.testing.assert_allclose(got, wanted[0].numpy(), 1e-5)


def test_what_another_number_shows_again_is_seen() -> None:
    def function(scores: Any) -> Any:
        return scores + torch.where(PAST, 0.0, -1e9) + torch.where(PAST, 0.0, 1e9)

    net = from_torch(Does(steps(function)), (1, 5, 3))
    fields = receptive_fields(net)
    assert all(len(fields[unit]) == 15 for unit in net.outputs[0].units())
    assert not net.caveats


def test_the_logarithm_of_what_a_number_hides_is_a_number() -> None:
    def function(x: Any) -> Any:
        return functional.log_softmax(x + torch.tensor([0, 0, -1e9]), -1)

    net = from_torch(Does(function), (1, 4, 3))
    x = torch.ones(1, 4, 3)
    got = np.asarray(net.evaluate(x[0].numpy()), float)
    np.testing.assert_allclose(got, function(x)[0].numpy(), 1e-6)
    assert len(net.caveats) == 1


@pytest.mark.parametrize("size", [1, 3])
def test_a_parameter_that_is_zero_today_is_a_parameter(size: int) -> None:
    class Token(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.token = nn.Parameter(torch.zeros(size))

        def forward(self, x: Any) -> Any:
            y = torch.where(torch.arange(4)[:, None] < 2, x, self.token)
            return y @ x.transpose(-1, -2)

    net = from_torch(Token(), (1, 4, 3))
    assert [array.shape for array in net.labels.arrays] == [(size,)]
    fields = receptive_fields(net)
    assert all(len(fields[unit]) for unit in net.outputs[0].units())


def test_zeros_that_are_read_all_the_same_are_told() -> None:
    def heads_between(x: Any) -> Any:
        scores = torch.einsum("bshd,bthd->bsht", x, x).masked_fill(~PAST.T[:, None], -torch.inf)
        return torch.einsum("bsht,bshd->bthd", torch.softmax(scores, 1), x)

    (caveat,) = from_torch(Does(heads_between), (1, 5, 2, 3)).caveats
    assert "zeros that a mask puts is taken to be read" in caveat


def test_a_mask_that_is_too_large_to_follow_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (hidden, contraction):
        monkeypatch.setattr(module, "MOST", 20)
    for name in ("causal", "filled"):
        (caveat,) = from_torch(Does(CASES[name][0]), FOUR).caveats
        assert "what a mask hides from it is taken to be seen" in caveat
