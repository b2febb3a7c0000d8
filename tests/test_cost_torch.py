"""Cost as profilers count it, against the flop counter of PyTorch."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg

torch = pytest.importorskip("torch")
nn = torch.nn


def counted(module: Any, shape: tuple[int, ...]) -> int:
    """Multiply-accumulates as PyTorch counts them; attention as the matrix products that it is."""
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    counter = FlopCounterMode(display=False)
    # with gradients, as what PyTorch fuses for inference its counter does not see
    with counter, torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        module(torch.zeros(shape))
    return int(counter.get_total_flops()) // 2


def assert_counts_as_pytorch(module: Any, shape: tuple[int, ...]) -> None:
    network = cg.from_torch(module.eval(), shape)
    cost = cg.cost(network)
    assert cost.macs == counted(module, shape)
    assert cost.macs == sum(layer.macs for layer in cost.layers)


class Products(nn.Module):
    """A function of one tensor."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(x)


class Scaled(nn.Module):
    """Scales that are computed from parameters: 1 + w, and a row of a table for each position."""

    def __init__(self) -> None:
        super().__init__()
        self.w, self.bias = nn.Parameter(torch.randn(6)), nn.Parameter(torch.randn(9))
        self.linear = nn.Linear(6, 5)

    def forward(self, x: Any) -> Any:
        places = torch.arange(5)[:, None] - torch.arange(5) + 4
        return (self.linear(x * (1 + self.w)).sum(-1, keepdim=True) * self.bias[places]).flip(-1)


CASES = {
    "scaled": (Scaled, (1, 5, 6)),
    "normalised": (
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU()),
        (1, 3, 9, 8),
    ),
    "pooled": (lambda: nn.Sequential(nn.MaxPool2d(2), nn.AvgPool2d(3, 1, 1)), (1, 2, 8, 8)),
    "circular": (lambda: nn.Conv1d(2, 3, 3, padding=1, padding_mode="circular"), (2, 2, 9)),
    "depthwise": (lambda: nn.Conv2d(4, 8, 3, 2, 1, groups=4), (1, 4, 9, 9)),
    "sequence": (
        lambda: nn.Sequential(nn.Linear(8, 5), nn.LayerNorm(5), nn.Linear(5, 1)),
        (1, 7, 8),
    ),
    "batch": (lambda: nn.Linear(6, 4), (5, 6)),
    "products": (lambda: Products(lambda x: x @ x.transpose(-1, -2) @ x), (2, 3, 4, 5)),
    "einsum": (lambda: Products(lambda x: torch.einsum("bij,bkj->bik", x, x)), (1, 6, 8)),
    "attention": (
        lambda: Products(lambda x: nn.functional.scaled_dot_product_attention(x, x, x)),
        (1, 2, 6, 8),
    ),
    "encoder": (lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), (1, 5, 8)),
    "resized": (
        lambda: nn.Sequential(nn.Upsample(scale_factor=2, mode="bilinear"), nn.Conv2d(2, 2, 1)),
        (1, 2, 4, 4),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_as_pytorch_counts(name: str) -> None:
    make, shape = CASES[name]
    assert_counts_as_pytorch(make(), shape)


@st.composite
def convolutions(draw: st.DrawFn) -> tuple[Any, tuple[int, ...]]:
    """A convolution or a transposed one, with groups, strides, dilation and padding."""
    rank, groups = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    into, out = groups * draw(st.integers(1, 2)), groups * draw(st.integers(1, 2))
    transposed = draw(st.booleans())
    kind = getattr(nn, f"Conv{'Transpose' if transposed else ''}{rank}d")
    kernel, stride, dilation, padding = (
        draw(st.integers(low, high)) for low, high in ((1, 4), (1, 3), (1, 2), (0, 3))
    )
    size = draw(st.integers(3, 8))
    reach = dilation * (kernel - 1) + 1
    if transposed:
        assume((size - 1) * stride + reach > 2 * padding)
    else:
        assume(size + 2 * padding >= reach)
    arguments = {"stride": stride, "dilation": dilation, "padding": padding, "groups": groups}
    shape = (draw(st.integers(1, 2)), into, *(size,) * rank)
    return kind(into, out, kernel, bias=draw(st.booleans()), **arguments), shape


@settings(max_examples=15)
@given(convolutions())
def test_convolutions_as_pytorch_counts(drawn: tuple[Any, tuple[int, ...]]) -> None:
    assert_counts_as_pytorch(*drawn)


@pytest.mark.exhaustive
@settings(max_examples=300)
@given(convolutions())
def test_many_convolutions_as_pytorch_counts(drawn: tuple[Any, tuple[int, ...]]) -> None:
    assert_counts_as_pytorch(*drawn)
