"""Weights that PyTorch moves, masks and mixes before it uses them, against what they do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from hypothesis import given, settings  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from torch import nn  # noqa: E402
from torch.nn import functional  # noqa: E402
from torch.nn.utils import prune  # noqa: E402

import convgraph as cg  # noqa: E402
from convgraph.core.names import unit_name  # noqa: E402
from tests.moved_cases import chain, check, in_numpy  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts
SIZE = (5, 6)


def in_torch(weight: Any, steps: Any) -> Any:
    """What the steps make of a parameter."""
    for name, numbers in steps:
        match name:
            case "flip":
                weight = weight.flip(numbers)
            case "transpose":
                weight = weight.transpose(-1, -2)
            case "roll":
                weight = weight.roll(numbers[1], numbers[0])
            case "rot90":
                weight = torch.rot90(weight, 1, (-2, -1))
            case "pick":
                weight = weight.index_select(numbers[0], torch.as_tensor(numbers[1]))
            case "slice":
                weight = weight.narrow(numbers[0], numbers[1], numbers[2] - numbers[1])
            case "mask" | "scale":
                weight = weight * torch.as_tensor(numbers)
            case "expand":
                sizes = [-1] * weight.ndim
                sizes[numbers[0]] = numbers[1]
                weight = weight.expand(*sizes)
            case "repeat":
                times = [1] * weight.ndim
                times[numbers[0]] = numbers[1]
                weight = weight.repeat(*times)
            case "pad":
                weight = functional.pad(weight, numbers)
            case "twice":
                weight = torch.cat([weight, weight.flip(numbers)], numbers)
            case "symmetric":
                weight = weight + weight.transpose(-1, -2)
            case "mix":
                weight = weight @ torch.as_tensor(numbers)
    return weight


class Moved(nn.Module):
    def __init__(self, shape: Any, steps: Any) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(shape))
        self.steps = steps

    def forward(self, x: Any) -> Any:
        weight = in_torch(self.w, self.steps)
        return functional.linear(x, weight) if weight.ndim == 2 else functional.conv2d(x, weight)


def drawn(seed: int) -> Any:
    """A weight's shape, the steps, and the shape of the input that what they make fits."""
    rng = np.random.default_rng(seed)
    rank = int(rng.choice([2, 4]))
    shape = tuple(int(n) for n in rng.integers(1, 4, rank))
    steps, after = chain(rng, shape, int(rng.integers(1, 4)))
    if rank == 2:
        return shape, steps, (1, after[1]), ()
    size = tuple(max(n, k) for n, k in zip(SIZE, after[2:], strict=True))
    return shape, steps, (1, after[1], *size), size


def assert_labels_are_kept(seed: int) -> None:
    shape, steps, inputs, size = drawn(seed)
    module = Moved(shape, steps)
    net = cg.from_torch(module, inputs)
    check(net, shape, steps, size)
    assert not net.caveats
    x = torch.randn(inputs)
    with torch.no_grad():
        wanted = module(x).numpy().reshape(net.outputs[0].shape)
    np.testing.assert_allclose(net.evaluate(x.numpy()[0]), wanted, 1e-3, 1e-4)


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**9))
def test_a_moved_weight_keeps_its_labels(seed: int) -> None:
    assert_labels_are_kept(seed)


@pytest.mark.exhaustive
@settings(max_examples=500, deadline=None)
@given(st.integers(0, 10**9))
def test_many_moved_weights_keep_their_labels(seed: int) -> None:
    assert_labels_are_kept(seed)


@pytest.mark.parametrize("seed", range(3))
def test_the_steps_are_the_same_in_numpy(seed: Any) -> None:
    shape, steps, _, _ = drawn(seed)
    weight = torch.randn(shape)
    np.testing.assert_allclose(in_torch(weight, steps), in_numpy(weight.numpy(), steps), 1e-5)


class Bias(nn.Module):
    """The table of a Swin transformer, looked up at positions."""

    def __init__(self, entries: Any, places: Any) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.randn(entries))
        self.register_buffer("places", torch.as_tensor(places))

    def forward(self, x: Any) -> Any:
        return x + self.w[self.places]


def test_a_table_that_is_looked_up_is_what_autograd_says() -> None:
    places = np.random.default_rng(0).integers(0, 7, (4, 5))
    module = Bias(7, places)
    net = cg.from_torch(module, (1, 4, 5))
    assert (net.parameter_count, net.caveats) == (7, ())
    labels = [str(label) for label in net.bias_labels(net.outputs[0].name)]
    out = module(torch.zeros(1, 4, 5)).flatten()
    for label, value in zip(labels, out, strict=True):
        (gradient,) = torch.autograd.grad(value, module.w, retain_graph=True)
        assert label == f"w_{int(gradient.argmax()) + 1}"
    np.testing.assert_allclose(net.evaluate(np.zeros((4, 5))).ravel(), out.detach(), 1e-6)


def _pruned() -> Any:
    layer = nn.Conv2d(2, 3, 3)
    prune.random_unstructured(layer, "weight", 0.5)
    return nn.Sequential(layer)


COUNTED = {
    "one slope": lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.PReLU()),
    "a slope for each channel": lambda: nn.Sequential(nn.Conv2d(2, 3, 3), nn.PReLU(3)),
    "pruned": _pruned,
    "divided by a norm": lambda: nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 3, 3)),
    "a spectral norm": lambda: nn.utils.parametrizations.spectral_norm(nn.Conv2d(2, 3, 3)),
}


@pytest.mark.parametrize("name", COUNTED)
def test_all_parameters_count(name: Any) -> None:
    module = COUNTED[name]()
    net = cg.from_torch(module, (2, 6, 6))
    wanted = sum(p.numel() for p in module.parameters())
    assert net.parameter_count == cg.cost(net).parameters == wanted
    assert bool(net.caveats) == ("norm" in name)  # what is divided by a norm is no parameter


class Causal(nn.Module):
    """A masked convolution as in PixelCNN, with channels in three colours."""

    def __init__(self, own: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 5, padding=2)
        mask = torch.ones(6, 3, 5, 5)
        mask[:, :, 3:] = mask[:, :, 2, 3:] = 0
        for colour in range(3):
            mask[2 * colour : 2 * colour + 2, colour + own :, 2, 2] = 0
        self.register_buffer("mask", mask)

    def forward(self, x: Any) -> Any:
        return functional.conv2d(x, self.conv.weight * self.mask, self.conv.bias, padding=2)


@pytest.mark.parametrize("own", [0, 1])
def test_a_causal_window_is_what_autograd_says(own: int) -> None:
    module = nn.Sequential(Causal(own))
    x = torch.randn(1, 3, 7, 7, requires_grad=True)
    net = cg.from_torch(module, (1, 3, 7, 7))
    assert not net.caveats
    for unit in [(0, 3, 3), (3, 0, 6), (5, 6, 2)]:
        (gradient,) = torch.autograd.grad(module(x)[(0, *unit)], x)
        read = np.argwhere(gradient[0] != 0).T
        found = cg.receptive_field(net, unit_name(net.outputs[0].name, unit))
        assert found == {unit_name(net.inputs[0].name, index) for index in read}
