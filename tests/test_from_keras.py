"""Keras models: values, parameters and files."""

from __future__ import annotations

import os
import zipfile
from typing import Any

import numpy as np
import pytest

pytest.importorskip("jax")
os.environ.setdefault("KERAS_BACKEND", "jax")
keras = pytest.importorskip("keras")

from convgraph import ConvgraphError, from_keras, receptive_field  # noqa: E402

pytestmark = [
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(keras.backend.backend() != "jax", reason="Keras runs on another backend"),
]
layers = keras.layers


@pytest.mark.exhaustive
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


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_what_unpacks_to_far_more_is_refused(tmp_path: Any, name: str, monkeypatch: Any) -> None:
    monkeypatch.setattr(keras, "__version__", "3.15.0")
    path = tmp_path / "large.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", "{}")
        archive.writestr(name, b" " * 2**26)
    with pytest.raises(ConvgraphError, match="it unpacks to 67,108,866 bytes"):
        from_keras(path)


def test_a_file_is_read(tmp_path: Any, monkeypatch: Any) -> None:
    model = keras.Sequential([keras.Input((6, 6, 1), name="image"), layers.Conv2D(2, 3)])
    model.save(tmp_path / "model.keras")
    asked = r"Keras 3\.15 or later.*keras\.saving\.load_model"
    for version in ("3.11.3", "3.14.0"):  # whose safe mode runs, or reads, what a file names
        with monkeypatch.context() as patched:
            patched.setattr(keras, "__version__", version)
            with pytest.raises(ConvgraphError, match=asked):
                from_keras(tmp_path / "model.keras")
    assert repr(from_keras(tmp_path / "model.keras")) == repr(from_keras(model))


@pytest.mark.exhaustive
@pytest.mark.parametrize("kind", ["MultiHeadAttention", "Attention", "GroupQueryAttention"])
def test_causal_attention_sees_what_came_before(kind: str) -> None:
    given = keras.Input((5, 6), name="tokens")
    if kind == "MultiHeadAttention":
        seen = layers.MultiHeadAttention(2, 3)(given, given, use_causal_mask=True)
    elif kind == "GroupQueryAttention":
        seen = layers.GroupQueryAttention(4, 4, 2)(given, given, use_causal_mask=True)
    else:
        seen = layers.Attention()([given, given], use_causal_mask=True)
    net = from_keras(keras.Model(given, seen))
    row = net.outputs[0]
    for at in range(5):
        field = receptive_field(net, row.unit((at, 0)))
        assert {int(index[0]) for index in field.indices} == set(range(at + 1))
