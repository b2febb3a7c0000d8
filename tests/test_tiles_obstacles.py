"""What does not come in pieces: what a first pass collects, and that two passes give the whole."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

import convgraph as cg
from convgraph.piecewise.obstacles import UncutError

torch = pytest.importorskip("torch")
nn = torch.nn


class Gated(nn.Module):
    """Squeezing and exciting (Hu et al., 2018), in two halves."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.gate = nn.Conv2d(4, 4, 1)
        self.last = nn.Conv2d(4, 2, 3, padding=1)

    def first(self, x: Any) -> Any:
        return torch.relu(self.conv(x))

    def second(self, x: Any, mean: Any) -> Any:
        return self.last(self.first(x) * torch.sigmoid(self.gate(mean)))

    def forward(self, x: Any) -> Any:
        return self.second(x, self.first(x).mean((2, 3), keepdim=True))


class Attention(nn.Module):
    """Every position with every other one; `linear` sums over the positions first."""

    def __init__(self, linear: bool) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv2d(3, 4, 3, padding=1), linear

    def forward(self, x: Any) -> Any:
        y = self.conv(x)
        q = y.flatten(2)
        if self.linear:
            return ((q @ q.transpose(1, 2)) @ q).reshape(y.shape)
        return (q @ (q.transpose(1, 2) @ q)).reshape(y.shape)


def obstacle(module: Any, **options: Any) -> Any:
    with pytest.raises(UncutError, match="cannot be computed in pieces") as caught:
        cg.tiles(cg.from_torch(module.eval(), (3, 32, 32)), tile=16, **options)
    return caught.value.obstacle


def test_two_passes_over_tiles_give_the_whole() -> None:
    torch.manual_seed(0)
    module = Gated().eval().double()
    found = obstacle(module)
    assert found.statistic.startswith("the mean")
    x = torch.rand(1, 3, 32, 32, dtype=torch.double)
    first, second = found.before(tile=16), found.after(tile=16)
    assert first.verify()
    assert second.verify()
    with torch.no_grad():
        mean = first.run(module.first, x).mean((2, 3), keepdim=True)
        made = second.run(lambda part: module.second(part, mean), x)
        assert (made - module(x)).abs().max() < 1e-12


@pytest.mark.parametrize("norm", [nn.InstanceNorm2d(4), nn.GroupNorm(2, 4)])
def test_a_normalisation_has_a_second_pass(norm: Any) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), norm, nn.Conv2d(4, 2, 5, padding=2))
    found = obstacle(module)
    assert found.statistic.startswith("mean and variance")
    given = found.after(tile=16)
    assert given.verify()
    assert (
        given.halo
        == cg.tiles(cg.from_torch(nn.Sequential(module[0], module[2]), (3, 32, 32)), tile=16).halo
    )


def test_each_obstacle_is_a_pass_more() -> None:
    layers = [nn.Conv2d(3, 3, 3, padding=1), nn.InstanceNorm2d(3)] * 2
    with pytest.raises(UncutError) as caught:
        obstacle(nn.Sequential(*layers)).after(tile=16)
    assert caught.value.obstacle.after(tile=16).verify()


@pytest.mark.parametrize(
    ("module", "statistic"),
    [
        (nn.AdaptiveAvgPool2d(1), "the mean"),
        (nn.AdaptiveMaxPool2d(1), "the maximum"),
        (nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 2)), "the sum: each position has"),
    ],
)
def test_what_is_left_is_computed_once(module: Any, statistic: str) -> None:
    found = obstacle(module)
    assert found.statistic.startswith(statistic)
    assert found.after(tile=16) is None


def test_sums_over_positions_are_statistics_and_all_pairs_are_not() -> None:
    pairs, sums = obstacle(Attention(False)), obstacle(Attention(True))
    assert sums.statistic.startswith("the sum of products")
    assert sums.after(tile=16).verify()
    assert pairs.statistic is None
    with pytest.raises(cg.ConvgraphError, match="no statistic would do"):
        pairs.after(tile=16)


def test_pools_of_a_given_number_of_positions_are_other_layers_on_tiles() -> None:
    """As in pyramids (Zhao et al., 2017): on a tile the bins are other ones."""
    module = nn.Sequential(nn.AdaptiveAvgPool2d(8), nn.Upsample(scale_factor=4))
    assert "a number of positions that is given" in obstacle(module).reason
    with pytest.raises(cg.ConvgraphError, match="given number of positions"):
        cg.stream(cg.from_torch(nn.AdaptiveAvgPool1d(8).eval(), (3, 32)))


def test_obstacles_are_data() -> None:
    found = obstacle(Gated())
    assert found.to_dict() == {
        "row": "mean",
        "reason": "sees all positions of axis 0, so that every cut changes it",
        "reads": ["relu"],
        "last_in_pieces": "relu",
        "statistic": "the mean: sums over the tiles, each position once, add up",
    }
    again = pickle.loads(pickle.dumps(UncutError(found)))
    assert str(again) == str(UncutError(found))
    assert again.obstacle.row == "mean"
