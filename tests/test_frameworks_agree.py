"""One residual network, written in PyTorch, in Keras and in Flax: the same report."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
pytest.importorskip("flax")
os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras")

import flax.linen as linen  # noqa: E402

from convgraph import from_jax, from_keras, from_torch, report  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.exhaustive,
    pytest.mark.skipif(keras.backend.backend() != "jax", reason="Keras runs on another backend"),
]
SIZE, WIDTH, COUNTS, CLASSES = 33, 4, (1, 2), 10


def residual(norm: Callable[..., Any], other: Any, x: Any) -> Any:
    """Bottlenecks as torchvision has them; `norm` is a convolution and its normalisation."""
    x = other.pool(other.relu(norm(x, "stem", WIDTH, 7, 2)))
    for stage, count in enumerate(COUNTS):
        filters = WIDTH * 2**stage
        for block in range(count):
            stride, name = 2 if stage and not block else 1, f"stage{stage}_{block}"
            y = other.relu(norm(x, f"{name}_a", filters, 1, 1))
            y = other.relu(norm(y, f"{name}_b", filters, 3, stride))
            y = norm(y, f"{name}_c", 4 * filters, 1, 1)
            if not block:
                x = norm(x, f"{name}_down", 4 * filters, 1, stride)
            x = other.relu(y + x)
    return other.head(x)


class InTorch(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.parts = torch.nn.ModuleDict()
        self(torch.zeros(1, 3, SIZE, SIZE))  # which makes the parts

    def norm(self, x: Any, name: str, filters: int, kernel: int, stride: int) -> Any:
        nn = torch.nn
        if f"{name}_conv" not in self.parts:
            window = nn.Conv2d(x.shape[1], filters, kernel, stride, kernel // 2, bias=False)
            self.parts[f"{name}_conv"], self.parts[f"{name}_bn"] = window, nn.BatchNorm2d(filters)
        return self.parts[f"{name}_bn"](self.parts[f"{name}_conv"](x))

    relu = staticmethod(torch.relu)

    def pool(self, x: Any) -> Any:
        return torch.nn.functional.max_pool2d(x, 3, 2, 1)

    def head(self, x: Any) -> Any:
        if "head" not in self.parts:
            self.parts["head"] = torch.nn.Linear(x.shape[1], CLASSES)
        return self.parts["head"](x.mean((2, 3)))

    def forward(self, x: Any) -> Any:
        return residual(self.norm, self, x)


class InKeras:
    """Padded on both sides alike, as PyTorch pads."""

    def norm(self, x: Any, name: str, filters: int, kernel: int, stride: int) -> Any:
        layers = keras.layers
        x = layers.ZeroPadding2D(kernel // 2)(x) if kernel > 1 else x
        given = {"use_bias": False, "kernel_initializer": "zeros"}
        x = layers.Conv2D(filters, kernel, stride, name=f"{name}_conv", **given)(x)
        return layers.BatchNormalization(epsilon=1e-5, name=f"{name}_bn")(x)

    def relu(self, x: Any) -> Any:
        return keras.layers.ReLU()(x)

    def pool(self, x: Any) -> Any:
        return keras.layers.MaxPooling2D(3, 2)(keras.layers.ZeroPadding2D(1)(x))

    def head(self, x: Any) -> Any:
        x = keras.layers.GlobalAveragePooling2D()(x)
        return keras.layers.Dense(CLASSES, name="head", kernel_initializer="zeros")(x)

    def model(self) -> Any:
        image = keras.Input((SIZE, SIZE, 3), name="image")
        return keras.Model(image, residual(self.norm, self, image))


class InFlax(linen.Module):
    @linen.compact
    def __call__(self, x: Any) -> Any:
        return residual(self.norm, self, x)

    def norm(self, x: Any, name: str, filters: int, kernel: int, stride: int) -> Any:
        window = {"strides": stride, "padding": kernel // 2, "use_bias": False}
        x = linen.Conv(filters, (kernel, kernel), name=f"{name}_conv", **window)(x)
        return linen.BatchNorm(use_running_average=True, epsilon=1e-5, name=f"{name}_bn")(x)

    relu = staticmethod(linen.relu)

    def pool(self, x: Any) -> Any:
        return linen.max_pool(x, (3, 3), (2, 2), ((1, 1), (1, 1)))

    def head(self, x: Any) -> Any:
        return linen.Dense(CLASSES, name="head")(x.mean((1, 2)))


def in_flax() -> Any:
    shape = (1, SIZE, SIZE, 3)
    variables = jax.eval_shape(InFlax().init, jax.random.key(0), np.zeros(shape, np.float32))
    return from_jax(InFlax().apply, shape, variables)


NETWORKS: dict[str, Callable[[], Any]] = {
    "torch": lambda: from_torch(InTorch().eval(), (3, SIZE, SIZE)),
    "keras": lambda: from_keras(InKeras().model()),
    "flax": in_flax,
}


def facts(network: Any) -> tuple[dict[str, Any], Counter[Any], tuple[Any, ...]]:
    """What a report says of the layers with names, of the others, and in all."""
    found = report(network, effective=False)
    named, others = {}, Counter()
    for row in found.rows:
        said = (row.shape, row.receptive_field, row.stride, row.centre, row.padding, row.clipped,
                row.parameters, row.macs)  # fmt: skip
        name = row.name.split(".")[-1]
        if name.endswith(("_conv", "_bn", "head")):
            named[name] = said
        elif row.kind in ("Relu", "MaxPool"):
            others[row.kind, *said] += 1
    return named, others, (found.totals.parameters, found.totals.macs)


@pytest.fixture(scope="module")
def of_torch() -> Any:
    return facts(NETWORKS["torch"]())


@pytest.mark.parametrize("framework", ["keras", "flax"])
def test_reports_are_those_of_torch(of_torch: Any, framework: str) -> None:
    named, others, totals = facts(NETWORKS[framework]())
    assert len(named) == 2 * (1 + 3 * 3 + 2) + 1
    assert named == of_torch[0]
    assert sum(others.values()) == 1 + 3 * 3 + 1
    assert others == of_torch[1]
    assert totals == of_torch[2]
