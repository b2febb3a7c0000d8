"""Tiles of PyTorch modules, run by PyTorch itself: stitched against the whole."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

import convgraph as cg

torch = pytest.importorskip("torch")
nn = torch.nn


class UNet(nn.Module):
    def __init__(self, mode: str) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.low = nn.Conv2d(4, 4, 3, padding=1)
        self.up = (
            nn.ConvTranspose2d(4, 4, 2, stride=2)
            if mode == "transposed"
            else nn.Upsample(scale_factor=2, mode=mode)
        )
        self.last = nn.Conv2d(8, 2, 3, padding=1)

    def forward(self, x: Any) -> Any:
        a = torch.relu(self.first(x))
        b = self.up(torch.relu(self.low(nn.functional.max_pool2d(a, 2))))
        return self.last(torch.cat([a, b], 1))


def superresolution() -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, padding=2),
        nn.ReLU(),
        nn.Conv2d(8, 12, 3, padding=1),
        nn.PixelShuffle(2),
        nn.Conv2d(3, 3, 3, padding=1),
    )


def downsampled() -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 4, 7, stride=2, padding=3),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2, padding=1),
        nn.Conv2d(4, 4, 3, padding=2, dilation=2, groups=2),
    )


def around() -> Any:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1, padding_mode="circular"),
        nn.ReLU(),
        nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"),
    )


def shuffled() -> Any:
    """Enlarged by its last step (Shi et al., 2016), at positions that were channels at first."""
    return nn.Sequential(
        nn.PixelUnshuffle(2),
        nn.Conv2d(12, 8, 3, padding=1),
        nn.ChannelShuffle(2),
        nn.Conv2d(8, 16, 3, padding=1, groups=2),
        nn.PixelShuffle(2),
    )


def unshuffled() -> Any:
    return nn.Sequential(nn.Conv2d(3, 4, 5, padding=2), nn.PixelUnshuffle(2))


MODULES = {
    "shuffled": shuffled,
    "unshuffled": unshuffled,
    "nearest": lambda: UNet("nearest"),
    "bilinear": lambda: UNet("bilinear"),
    "transposed": lambda: UNet("transposed"),
    "superresolution": superresolution,
    "downsampled": downsampled,
    "circular": around,
}


@pytest.mark.parametrize("name", MODULES)
def test_stitched_tiles_are_the_whole(name: str) -> None:
    torch.manual_seed(0)
    module = MODULES[name]().eval().double()
    network = cg.from_torch(module, (3, 64, 48))
    plan = cg.tiles(network, overhead=Fraction(4))
    assert len(plan.tiles) > 4
    assert plan.verify()
    x = torch.rand(2, 3, 64, 48, dtype=torch.double)
    with torch.no_grad():
        whole = module(x)
        assert (plan.run(module, x) - whole).abs().max() < 1e-12
        for axis in (0, 1):
            for side in ("before", "after"):
                assert _differs(plan, module, x, whole, axis, side)


def _differs(plan: Any, module: Any, x: Any, whole: Any, axis: int, side: str) -> bool:
    """Whether the output of a tile right beyond what is kept is not that of the whole."""
    along = plan.axes[axis]
    cut = along.cut
    number = len(along) - 1 if side == "before" else 0
    start, place = along.start(number), x.ndim - 2 + axis
    around = [i % cut.size for i in range(start, start + along.tile)]
    part = module(x.index_select(place, torch.tensor(around)))
    at = cut.before - 1 if side == "before" else along.outputs - cut.after
    there = (along.offset(number) + at) % cut.outputs
    return bool((part.select(place, at) - whole.select(place, there)).abs().max() > 1e-9)


def test_a_module_reads_arrays_with_and_without_a_batch() -> None:
    torch.manual_seed(0)
    module = downsampled().eval()
    plan = cg.tiles(cg.from_torch(module, (3, 64, 48)), overhead=Fraction(4))
    x = torch.rand(2, 3, 64, 48)
    arrays = x.numpy().copy()
    arrays.flags.writeable = False  # as a memory map that is read only
    whole = module(x).detach().numpy()
    for given, wanted in ((arrays, whole), (arrays[0], whole[0])):
        out = plan.run(module, given)
        assert out.shape == wanted.shape
        assert abs(out - wanted).max() < 1e-5


@pytest.mark.parametrize(
    "last", [nn.Flatten(2), nn.Unflatten(2, (8, 8)), nn.Sequential(nn.Flatten(1))]
)
def test_results_of_other_axes_are_named(last: Any) -> None:
    module = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), last)
    with pytest.raises(cg.ConvgraphError, match=r"axes are not those|moves along|sees all"):
        cg.tiles(cg.from_torch(module, (3, 64, 48)), tile=32)


def test_a_tile_takes_as_much_memory_as_predicted() -> None:
    """In the layout that convolutions work in, so that they copy nothing; bytes, not time."""
    from torch.profiler import ProfilerActivity, profile

    module = UNet("transposed").eval().to(memory_format=torch.channels_last)
    plan = cg.tiles(cg.from_torch(module, (3, 256, 256)), tile=128)
    x = torch.rand(1, 3, *plan.tile).to(memory_format=torch.channels_last)
    with torch.no_grad():
        module(x)
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
            module(x.clone())
    now, most = 0, 0
    for event in seen.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            most = max(most, now)
    assert 0.85 * plan.memory() < most < 1.15 * plan.memory()


def test_a_pooled_head_is_named() -> None:
    module = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2)
    )
    with pytest.raises(cg.ConvgraphError, match="sees all positions"):
        cg.tiles(cg.from_torch(module, (3, 64, 48)), tile=32)


def test_squeezing_and_exciting_is_named() -> None:
    class Gate(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.gate = nn.Conv2d(4, 4, 1)

        def forward(self, x: Any) -> Any:
            y = self.conv(x)
            return y * torch.sigmoid(self.gate(y.mean((2, 3), keepdim=True)))

    with pytest.raises(cg.ConvgraphError, match="sees all positions"):
        cg.tiles(cg.from_torch(Gate(), (3, 64, 48)), tile=32)


def test_positional_embeddings_are_named() -> None:
    class Placed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.place = nn.Parameter(torch.rand(1, 4, 64, 48))

        def forward(self, x: Any) -> Any:
            return self.conv(x) + self.place

    with pytest.raises(cg.ConvgraphError, match="of its own for each position"):
        cg.tiles(cg.from_torch(Placed(), (3, 64, 48)), tile=32)
