"""Tiles that are derived beside those that are guessed: what differs from the whole, and how much
is read. The guesses are MONAI's sliding windows (pip install monai), which are left out without it.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

from harness import Result, benchmark

import convgraph as cg

SIZE, CHANNELS = 1024, 4


def network(levels: int) -> Any:
    """A U-Net of PyTorch: two 3x3 kernels on each side of each level."""
    import torch
    from torch import nn

    def block(channels: int) -> Any:
        first = nn.Conv2d(channels, CHANNELS, 3, padding=1)
        second = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1)
        for layer in (first, second):
            nn.init.kaiming_normal_(layer.weight)
        return nn.Sequential(first, nn.ReLU(), second, nn.ReLU())

    class Level(nn.Module):
        def __init__(self, channels: int, below: int) -> None:
            super().__init__()
            self.left = block(channels)
            self.below = Level(CHANNELS, below - 1) if below else None
            self.right = block(2 * CHANNELS) if below else None

        def forward(self, x: Any) -> Any:
            x = self.left(x)
            if self.below is None:
                return x
            low = self.below(nn.functional.max_pool2d(x, 2))
            return self.right(torch.cat([x, nn.functional.interpolate(low, scale_factor=2)], 1))

    torch.manual_seed(0)
    return Level(1, levels - 1).eval()


@benchmark("Pieces: tiles derived and guessed")
def guessed() -> Iterator[Result]:
    import torch

    if find_spec("monai") is None:
        return
    from monai.inferers import sliding_window_inference

    for levels, guesses in (
        (3, ((512, 0.25), (256, 0.5), (256, 0.25), (96, 0.25))),
        (5, ((512, 0.25), (512, 0.5), (512, 64), (256, 64))),
    ):
        module = network(levels)
        image = torch.rand(1, 1, SIZE, SIZE)
        read = 0

        def counted(part: Any, module: Any = module) -> Any:
            nonlocal read
            read += part.numel()
            return module(part)

        with torch.no_grad():
            whole = module(image)
            unit = float(whole.std())
            found = cg.from_torch(module, (1, SIZE, SIZE))
            for tile, overlap in guesses:
                plan = cg.tiles(found, tile=tile)
                apart = float((plan.run(module, image) - whole).abs().max()) / unit
                share = overlap if overlap < 1 else overlap / tile
                read = 0
                made = sliding_window_inference(image, tile, 1, counted, overlap=share)
                differs = float((made - whole).abs().max()) / unit
                times = read / image.numel()
                said = overlap if overlap > 1 else int(overlap * tile)
                yield Result(
                    f"{levels} levels (halo {plan.halo[0][0]}), tiles of {tile}, which overlap by "
                    f"{plan.overlap[0]} beside {said}: read, and greatest difference",
                    f"{float(1 + plan.overhead):.2f}, {apart:.0e}",
                    f"{times:.2f}, {differs:.0e}",
                    f"{times / float(1 + plan.overhead):.2f}",
                    "none, and fewer",
                )
