"""PyTorch modules on inputs of open sizes, against the same modules on numbers."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import convgraph as cg  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts
N, M = sp.symbols("n m", integer=True, positive=True)


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(2, 4, 3, 2, 1)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.norm = nn.BatchNorm2d(4)
        self.second = nn.Conv2d(4, 4, 3, 1, 1)
        self.head = nn.Linear(4, 3)

    def forward(self, x: Any) -> Any:
        x = self.pool(self.first(x).relu())
        x = (x + self.second(self.norm(x))).relu()
        return self.head(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))


def test_shapes_are_formulas_that_hold_for_numbers() -> None:
    module = Residual()
    net = cg.from_torch(module, (2, N, M))
    for n, m in ((9, 12), (32, 21)):
        plain = cg.from_torch(module, (2, n, m))
        found = [
            tuple(sp.sympify(size).subs({N: n, M: m}) for size in row.shape) for row in net.rows
        ]
        assert found == [row.shape for row in plain.rows]
        assert [row.name for row in net.rows] == [row.name for row in plain.rows]
        assert net.parameter_count == plain.parameter_count
    fields = [row.receptive_field for row in cg.report(net).rows[:8]]
    assert fields == [row.receptive_field for row in cg.report(plain).rows[:8]]


def test_sizes_may_be_multiples() -> None:
    halved = nn.Sequential(nn.MaxPool1d(4), nn.Conv1d(1, 1, 1), nn.Upsample(scale_factor=4))
    net = cg.from_torch(halved, (1, 4 * N))
    assert net.outputs[0].shape == (1, 4 * N)


class ToThirds(nn.Module):
    def forward(self, x: Any) -> Any:
        return nn.functional.pad(x, (0, -x.shape[-1] % 3))


class TurnedAtThirds(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.flip(-1) if x.shape[-1] % 3 == 0 else x


class Twice(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.flip(-1) if x.shape[-1] == 12 else x


def test_code_that_branches_at_sizes_that_are_not_tried_is_a_caveat() -> None:
    net = cg.from_torch(Twice(), (1, N))
    (caveat,) = net.caveats
    assert "another branch at other sizes" in caveat
    with pytest.raises(cg.ConvgraphError, match="strict=True"):
        cg.from_torch(Twice(), (1, N), strict=True)


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (nn.Flatten(), (1, N)),
        (ToThirds(), (1, N)),
        (TurnedAtThirds(), (1, N)),
        (nn.AdaptiveAvgPool2d(6), (2, N, N)),
        (nn.Upsample((7, 7)), (2, N, N)),
    ],
)
def test_what_states_a_size_is_refused_with_the_way_out(module: nn.Module, shape: Any) -> None:
    with pytest.raises(cg.ConvgraphError, match="give numbers"):
        cg.from_torch(module, shape)
