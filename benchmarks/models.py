"""Real networks: receptive fields of every tensor, reports and findings."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx
from harness import Result, benchmark, best, figure, seconds

import convgraph as cg
from convgraph.interactions.affine import affine_fields
from convgraph.interactions.bit_tables import exact_fields

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"


def processed(function: Callable[[], Any], repeat: int = 7) -> float:
    """The shortest of several runs, in seconds of this process."""
    return best(function, repeat, time.process_time)


def every_field(model: onnx.ModelProto) -> Any:
    """A model read, and what each unit of each tensor sees as intervals."""
    net = cg.from_onnx(model)
    return affine_fields(net, net.inputs[0].name)


def every_set(model: onnx.ModelProto) -> Any:
    """The exact sets of all units of all tensors, along both axes."""
    net = cg.from_onnx(model)
    return exact_fields(net, net.inputs[0].name)


def checked(model: onnx.ModelProto) -> None:
    """The whole report and all findings."""
    net = cg.from_onnx(model)
    cg.report(net)
    cg.findings(net)


@benchmark("Real networks: receptive fields of all tensors")
def fields() -> Iterator[Result]:
    for name, intervals, sets in (
        ("resnet50", "10 ms", "60 ms"),
        ("densenet121", "40 ms", "250 ms"),
    ):
        path = LIGHT / f"light_{name}.onnx"
        own = processed(lambda p=path: onnx.shape_inference.infer_shapes(onnx.load(p)))
        model = onnx.load(path)
        for what, question, goal in (
            ("intervals", every_field, intervals),
            ("exact sets", every_set, sets),
        ):
            mine = processed(lambda q=question, m=model: q(m))
            yield Result(
                f"{name}: {what} of all tensors, import included; beside onnx's own loading and "
                "shape inference",
                seconds(mine),
                seconds(own),
                f"{own / mine:.2f}x",
                goal,
            )


@benchmark("Real networks: report and findings")
def reports() -> Iterator[Result]:
    for path in sorted(LIGHT.glob("*.onnx")):
        model = onnx.load(path)
        name = path.stem.removeprefix("light_")
        yield figure(
            f"{name}: import, report and findings",
            seconds(processed(lambda m=model: checked(m), 2)),
            "1 s",
        )


def chain(layers: int) -> cg.Network:
    """So many convolutions in a row."""
    x = h = cg.Input((1, 32, 32), rank=2)
    for _ in range(layers):
        h = cg.Conv((3, 3), padding=1)(h)
    return cg.Network(x, h)


def lattice(nodes: int) -> cg.Network:
    """So many rows in diamonds: two branches that are added, again and again."""
    x = h = cg.Input((1, 32, 32), rank=2)
    for _ in range(nodes // 3):
        h = cg.Add()(cg.Conv((1, 3), padding="same")(h), cg.Conv((3, 1), padding="same")(h))
    return cg.Network(x, h)


@benchmark("Real networks: growth with the number of layers")
def growth() -> Iterator[Result]:
    for what, build, small, large in (("chain", chain, 100, 1000), ("DAG", lattice, 500, 5000)):
        few, many = build(small), build(large)
        short = processed(lambda n=few: affine_fields(n, "x"))
        long = processed(lambda n=many: affine_fields(n, "x"))
        yield Result(
            f"{what} of {large:,} layers: intervals of all rows; beside {small:,}",
            seconds(long),
            seconds(short),
            f"{long / short:.1f} times as long",
            f"{large / small:.0f} times as long",
        )


@benchmark("Real networks: against other tools")
def others() -> Iterator[Result]:
    try:
        import torch
        from torch import nn
        from torchscan import crawl_module
    except ImportError:
        yield figure("torchscan and torch are not installed", "")
        return

    class Block(nn.Module):
        def __init__(self, channels: int, width: int, stride: int, project: bool) -> None:
            super().__init__()
            self.body = nn.Sequential(
                *(nn.Conv2d(channels, width, 1), nn.BatchNorm2d(width), nn.ReLU()),
                *(nn.Conv2d(width, width, 3, stride, 1), nn.BatchNorm2d(width), nn.ReLU()),
                *(nn.Conv2d(width, 4 * width, 1), nn.BatchNorm2d(4 * width)),
            )
            self.short = nn.Conv2d(channels, 4 * width, 1, stride) if project else nn.Identity()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.relu(self.body(x) + self.short(x))

    layers: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for width, blocks, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for number in range(blocks):
            layers.append(Block(channels, width, stride if not number else 1, not number))
            channels = 4 * width
    module = nn.Sequential(*layers).eval()
    model = onnx.load(LIGHT / "light_resnet50.onnx")
    theirs = processed(lambda: crawl_module(module, (3, 224, 224)), 2)
    mine = processed(lambda: cg.report(cg.from_onnx(model)))
    yield Result(
        "resnet50: our import and report, against torchscan's crawl, which runs the model and "
        "gives each module's own kernel and stride",
        seconds(mine),
        seconds(theirs),
        f"{theirs / mine:.0f}x",
        "",
    )
