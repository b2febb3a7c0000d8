"""Networks on pieces: plans for huge images, tiles against the whole, and streams."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
from harness import Result, benchmark, best, figure, seconds

import convgraph as cg

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
SIZE = 100_000


def unet(levels: int) -> Any:
    """A U-Net as a spec."""
    block = cg.Conv((3, 3), 4, padding=1) >> cg.ReLU()
    if levels == 1:
        return block
    low = cg.MaxPool((2, 2)) >> unet(levels - 1) >> cg.Upsample((2, 2))
    return block >> cg.Parallel(cg.Conv((1, 1), 4), low, merge="concat") >> block


def resnet50() -> Any:
    """The trunk of ResNet-50 as a spec: everything in front of the pooled head."""

    def bottleneck(filters: int, stride: int, projected: bool) -> Any:
        main = (
            cg.Conv((1, 1), filters)
            >> cg.ReLU()
            >> cg.Conv((3, 3), filters, stride=(stride, stride), padding=1)
            >> cg.ReLU()
            >> cg.Conv((1, 1), 4 * filters)
        )
        if not projected:
            return cg.Residual(main) >> cg.ReLU()
        shortcut = cg.Conv((1, 1), 4 * filters, stride=(stride, stride))
        return cg.Parallel(main, shortcut, merge="add") >> cg.ReLU()

    trunk = cg.Conv((7, 7), 64, stride=(2, 2), padding=3) >> cg.ReLU()
    trunk = trunk >> cg.MaxPool((3, 3), stride=(2, 2), padding=1)
    for stage, blocks in enumerate((3, 4, 6, 3)):
        for number in range(blocks):
            stride = 2 if stage and not number else 1
            trunk = trunk >> bottleneck(64 * 2**stage, stride, not number)
    return trunk


@benchmark("Pieces: plans")
def plans() -> Iterator[Result]:
    network = unet(5).on((3, SIZE, SIZE))
    yield Result(
        f"tiles of a five-level U-Net on {SIZE:,} x {SIZE:,}",
        seconds(best(lambda: cg.tiles(network, tile=1024))),
        "",
        "",
        "0.1 s",
    )
    tracemalloc.start()
    cg.tiles(network, tile=1024)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    yield figure("the same: bytes at peak", f"{peak:,}", "none that grow")
    plan = cg.tiles(network, tile=1024)
    yield Result("the same: verified", seconds(best(plan.verify)), "", "", "")
    trunk = resnet50().on((3, SIZE, SIZE))
    yield Result(
        f"tiles of ResNet-50's trunk on {SIZE:,} x {SIZE:,}",
        seconds(best(lambda: cg.tiles(trunk, tile=2048))),
        "",
        "",
        "0.1 s",
    )


@benchmark("Pieces: tiles and streams in PyTorch")
def runs() -> Iterator[Result]:
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    torch.manual_seed(0)
    layers = []
    for channels in (1, 8, 8, 8):
        layers += [torch.nn.Conv2d(channels, 8, 5, padding=2), torch.nn.ReLU()]
    module, size = torch.nn.Sequential(*layers).eval(), 1024
    x = torch.rand(1, 1, size, size)
    plan = cg.tiles(cg.from_torch(module, (1, size, size)), tile=256)
    with torch.no_grad():
        whole, tiled = best(lambda: module(x), 3), best(lambda: plan.run(module, x), 3)
        apart = float((plan.run(module, x) - module(x)).abs().max())
    read = float(1 + plan.overhead)
    yield Result(
        "four 5x5 on 1024 x 1024 in tiles of 256, beside the whole",
        seconds(tiled),
        seconds(whole),
        f"{tiled / whole / read:.2f} of the pixels read ({read:.2f})",
        "1.1",
    )
    yield figure("the same: greatest difference to the whole", f"{apart:.1g}", "rounding")
    convs = [
        torch.nn.Conv1d(1 if i == 0 else 8, 8, 3, padding=2**i, dilation=2**i) for i in range(6)
    ]
    sound = torch.nn.Sequential(*convs).eval()
    live = cg.stream(cg.from_torch(sound, (1, 1024))).to_torch(sound)
    y = torch.rand(1, 1, 64 * 64)
    with torch.no_grad():
        with FlopCounterMode(display=False) as all_at_once:
            sound(y)
        for chunk in y[:, :, : 32 * 64].split(16, 2):
            live.step(chunk)
        with FlopCounterMode(display=False) as steps:
            for chunk in y[:, :, 32 * 64 :].split(16, 2):
                live.step(chunk)
    ratio = 2 * steps.get_total_flops() / all_at_once.get_total_flops()
    yield figure(
        "six dilated convolutions in chunks of 16: work over what is new", f"{ratio:.2f}", "1.2"
    )


def allocated(run: Callable[[], Any]) -> int:
    """How many bytes PyTorch's allocator holds at most for what is made in a run."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
        run()
    now = most = 0
    for event in seen.profiler.kineto_results.events():
        if event.name() == "[memory]":
            now += event.nbytes()
            most = max(most, now)
    return most


@benchmark("Pieces: memory of a tile in PyTorch")
def memory() -> Iterator[Result]:
    import torch

    torch.manual_seed(0)
    nn = torch.nn

    class UNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.low = nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1)
            self.up = nn.ConvTranspose2d(8, 8, 2, stride=2)
            self.last, self.pool = nn.Conv2d(16, 8, 3, padding=1), nn.MaxPool2d(2)

        def forward(self, x: Any) -> Any:
            a = self.first(x)
            return self.last(torch.cat([a, self.up(self.low(self.pool(a)))], 1))

    convolutions = [nn.Conv2d(8, 8, 5, padding=2), nn.ReLU()] * 3
    convolutions = [nn.Conv2d(8, 8, 5, padding=2), nn.ReLU()] * 3
    coder = [
        nn.Conv2d(8, 16, 4, 2, 1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 4, 2, 1),
        nn.ConvTranspose2d(32, 16, 4, 2, 1),
        nn.ReLU(),
        nn.ConvTranspose2d(16, 8, 4, 2, 1),
    ]
    networks = {
        "six layers of 8 channels": nn.Sequential(*convolutions),
        "a small U-Net": UNet(),
        "an autoencoder": nn.Sequential(*coder),
    }
    layouts = {"channels last": torch.channels_last, "channels first": torch.contiguous_format}
    for name, module in networks.items():
        plan = cg.tiles(cg.from_torch(module.eval(), (8, 1024, 1024)), tile=512)
        for layout, kind in layouts.items():
            module.to(memory_format=kind)
            x = torch.rand(1, 8, *plan.tile).to(memory_format=kind)
            with torch.no_grad():
                module(x)  # what is made once is made
                measured = allocated(lambda module=module, x=x: module(x.clone()))
            predicted = plan.memory(module=module)
            yield Result(
                f"{name}, {layout}: bytes at peak, beside those predicted",
                f"{measured:,}",
                f"{predicted:,}",
                f"{measured / predicted:.2f} (alive: {measured / plan.memory():.2f})",
                "1.15",
            )
