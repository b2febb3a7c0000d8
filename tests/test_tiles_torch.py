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


class Keeping(nn.Module):
    """Holds what it needs no more: in a variable, and in modules within modules."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Sequential(nn.Conv2d(8, 16, 3, padding=1), nn.ReLU()))
        self.pool, self.low = nn.MaxPool2d(2), nn.Conv2d(16, 16, 1)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.last = nn.Sequential(
            nn.Conv2d(24, 16, 5, padding=2), nn.BatchNorm2d(16), nn.ReLU(True)
        )

    def forward(self, x: Any) -> Any:
        left = self.first(x)
        down = self.low(self.pool(left))
        return self.last(torch.cat([left, self.up(down)], 1))


def strided() -> Any:
    return nn.Sequential(
        nn.Conv2d(8, 12, 7, stride=2, padding=3),
        nn.Conv2d(12, 12, 3, padding=1, groups=12),
        nn.Conv2d(12, 24, 1),
        nn.MaxPool2d(3, 1, 1),
    )


def one_channel() -> Any:
    """Of which both layouts are one, so that strides say which is meant."""
    return nn.Sequential(nn.Conv2d(8, 1, 3, padding=1), nn.Conv2d(1, 16, 3, padding=1), nn.ReLU())


def held(run: Any) -> int:
    """The bytes that PyTorch's allocator has out at most during a run."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        run()
    now, most = 0, 0
    for event in seen.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            most = max(most, now)
    return most


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("make", [Keeping, strided, one_channel])
def test_a_module_holds_as_much_memory_as_predicted(make: Any, layout: Any) -> None:
    module = make().eval().to(memory_format=layout)
    plan = cg.tiles(cg.from_torch(module, (8, 512, 512)), tile=160)
    x = torch.rand(1, 8, *plan.tile)
    with torch.no_grad():
        module(x)
        most = held(lambda: module(x.clone(memory_format=layout)))
    assert most / 1.15 < plan.memory(module=module) < 1.15 * most
    assert all(not type(value).__name__.startswith("Fake") for value in module.parameters())


def test_a_budget_is_that_of_the_module() -> None:
    module = Keeping().eval()
    network = cg.from_torch(module, (8, 512, 512))
    plan = cg.tiles(network, memory=4_000_000, module=module)
    assert plan.memory() < plan.memory(module=module) <= 4_000_000
    assert cg.tiles(network, tile=plan.tile[0] + 2).memory(module=module) > 4_000_000
    with pytest.raises(cg.ConvgraphError, match="module=Keeping: goes with memory="):
        cg.tiles(network, tile=64, module=module)
    with pytest.raises(
        cg.ConvgraphError, match=r"module=Conv2d: cannot be run .* \(1, 8, 64, 64\)"
    ):
        cg.tiles(network, tile=64).memory(module=nn.Conv2d(3, 3, 1))


def test_what_a_function_writes_into_its_tile_stays_in_the_tile() -> None:
    class InPlace(nn.Module):
        def forward(self, x: Any) -> Any:
            return nn.functional.max_pool2d(x.mul_(2), 3, 1, 1)

    plan = cg.tiles(cg.from_torch(InPlace(), (3, 40, 40)), tile=16)
    x = torch.rand(1, 3, 40, 40)
    whole, kept = InPlace()(x.clone()), x.clone()
    for given in (x, x.numpy()):
        assert torch.equal(torch.as_tensor(plan.run(InPlace(), given)), whole)
        assert torch.equal(x, kept)


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
