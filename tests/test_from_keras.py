"""Keras models: values, parameters, and the report of the same network in PyTorch."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import pytest

pytest.importorskip("jax")
os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras")

from convgraph import ConvgraphError, from_keras, report  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(keras.backend.backend() != "jax", reason="Keras runs on another backend"),
]
layers = keras.layers


def convolution(x: Any, filters: int, kernel: int, stride: int, name: str) -> Any:
    """Padded on both sides alike, as PyTorch pads."""
    if kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2)(x)
    x = layers.Conv2D(filters, kernel, stride, use_bias=False, name=f"{name}_conv")(x)
    return layers.BatchNormalization(epsilon=1e-5, name=f"{name}_bn")(x)


def residual(size: int, width: int, counts: tuple[int, ...]) -> Any:
    """A residual network of bottlenecks, written as torchvision writes it."""
    image = keras.Input((size, size, 3), name="image")
    x = layers.ReLU()(convolution(image, width, 7, 2, "stem"))
    x = layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x))
    for stage, count in enumerate(counts):
        filters = width * 2**stage
        for block in range(count):
            stride, name = 2 if stage and not block else 1, f"stage{stage}_{block}"
            y = layers.ReLU()(convolution(x, filters, 1, 1, f"{name}_a"))
            y = layers.ReLU()(convolution(y, filters, 3, stride, f"{name}_b"))
            y = convolution(y, 4 * filters, 1, 1, f"{name}_c")
            if not block:
                x = convolution(x, 4 * filters, 1, stride, f"{name}_down")
            x = layers.ReLU()(layers.Add()([y, x]))
    return keras.Model(image, layers.Dense(10, name="head")(layers.GlobalAveragePooling2D()(x)))


def test_values_of_layers() -> None:
    image = keras.Input((8, 6, 3), name="image")
    x = layers.Conv2D(4, 3, padding="same", activation="relu")(image)
    x = layers.Dropout(0.5)(layers.BatchNormalization(name="norm")(x))
    x = layers.SeparableConv2D(6, 3, strides=2, padding="same")(x)
    x = layers.Conv2DTranspose(3, 3, 2, padding="same")(x)
    x = layers.UpSampling2D(2)(layers.AveragePooling2D(3, 2, padding="same")(x))
    x = layers.LayerNormalization()(layers.Reshape((-1, 3))(x))
    x = x + layers.MultiHeadAttention(2, 4)(x, x)
    model = keras.Model(image, layers.Dense(5, activation="softmax")(x))
    rng = np.random.default_rng(0)
    for variable in model.variables:
        if variable.dtype == "float32":
            variable.assign(rng.uniform(0.2, 1, variable.shape))
    net = from_keras(model, strict=True)
    given = rng.normal(size=(1, 8, 6, 3)).astype(np.float32)
    got = np.asarray(net.evaluate(np.moveaxis(given, -1, 1)[0]), float)
    wanted = np.asarray(model(given, training=False))[0]
    wanted = wanted if got.shape == wanted.shape else np.moveaxis(wanted, -1, 0)
    np.testing.assert_allclose(got, wanted, 1e-3, 1e-5)
    assert net.parameter_count == sum(v.value.size for v in model.trainable_variables)
    assert "norm.gamma" in set(net.weights)
    assert net.row("norm").shape == (4, 8, 6)
    model.trainable = False  # what is frozen is a parameter still
    assert from_keras(model).parameter_count == net.parameter_count


def test_a_residual_network_reports_as_in_torch() -> None:
    """Rows of padding, which Keras has and PyTorch does not, apart."""
    torch = pytest.importorskip("torch")
    from convgraph import from_torch

    nn = torch.nn

    def conv(inputs: int, filters: int, kernel: int, stride: int) -> Any:
        window = nn.Conv2d(inputs, filters, kernel, stride, kernel // 2, bias=False)
        return nn.Sequential(window, nn.BatchNorm2d(filters))

    class Block(nn.Module):
        def __init__(self, inputs: int, filters: int, stride: int, down: bool) -> None:
            super().__init__()
            self.a, self.b = conv(inputs, filters, 1, 1), conv(filters, filters, 3, stride)
            self.c = conv(filters, 4 * filters, 1, 1)
            self.down = conv(inputs, 4 * filters, 1, stride) if down else nn.Identity()

        def forward(self, x: Any) -> Any:
            y = self.c(torch.relu(self.b(torch.relu(self.a(x)))))
            return torch.relu(y + self.down(x))

    parts = [conv(3, 4, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1),
             Block(4, 4, 1, True), Block(16, 8, 2, True), Block(32, 8, 1, False),
             nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 10)]  # fmt: skip
    theirs = report(from_torch(nn.Sequential(*parts), (3, 33, 33)))
    ours = report(from_keras(residual(33, 4, (1, 2))))
    facts = [
        [
            (row.receptive_field, row.stride, row.centre, row.padding, row.clipped, row.parameters,
             row.deviation, row.macs)
            for row in each.rows
            if row.kind in ("Conv", "BatchNormalization", "Relu", "MaxPool", "Gemm")
        ]
        for each in (ours, theirs)
    ]  # fmt: skip
    assert len(facts[0]) > 20
    assert facts[0] == facts[1]


def test_what_is_no_model_is_refused(tmp_path: Any) -> None:
    with pytest.raises(ConvgraphError, match=r"model=int: a keras.Model"):
        from_keras(3)
    with pytest.raises(ConvgraphError, match="no file that Keras can load"):
        from_keras(tmp_path / "nothing.keras")
    with pytest.raises(ConvgraphError, match=r"other formats may hold code"):
        from_keras(tmp_path / "model.h5")
    open_size = keras.Sequential([keras.Input((None, 4)), layers.Conv1D(2, 3)])
    with pytest.raises(ConvgraphError, match=r"leaves sizes of .* open"):
        from_keras(open_size)
    assert from_keras(open_size, (1, 9, 4)).outputs[0].shape == (2, 7)
    with pytest.raises(ConvgraphError, match="states no shape of its input"):
        from_keras(keras.Sequential([layers.Dense(3)]))
    assert from_keras(keras.Sequential([layers.Dense(3)]), (1, 4)).parameter_count == 15


def test_a_file_is_read(tmp_path: Any) -> None:
    model = keras.Sequential([keras.Input((6, 6, 1), name="image"), layers.Conv2D(2, 3)])
    model.save(tmp_path / "model.keras")
    assert repr(from_keras(tmp_path / "model.keras")) == repr(from_keras(model))
