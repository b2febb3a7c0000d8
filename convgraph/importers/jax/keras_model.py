"""Keras models as networks, through the program that JAX traces of them."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.importers.jax.function import given_inputs, network_of_program
from convgraph.importers.jax.parameters import Leaf

__all__ = ["from_keras"]

# Before 3.12, its safe mode lets a file's functions run: CVE-2025-1550, 2025-8747, 2025-9906,
# 2025-12058. Before 3.15, weights may be links to other files, whatever these are.
SAFE = (3, 15)
MOST_WORDS = 2**24  # bytes of what an archive says of its layers
MOST_GROWN = 100  # times as large as it is packed


def from_keras(
    model: Any, input_shape: Any = None, strict: bool = False, axes: Any = None
) -> Network:
    """Read a Keras model as a network of rows, wirings and tyings, as it acts at inference.

    A row is named for the layer that computes it, and stands channels first; a parameter array is
    named for its path, as `block1.conv.kernel`. What a layer has created to be trained is a
    parameter, frozen or not; moving means and seeds are none. The model is traced by JAX, so that
    Keras has to run on that backend: a model that was trained on another one is saved, and its file
    is read where the environment says `KERAS_BACKEND=jax`.

    Parameters
    ----------
    model
        A `keras.Model`, a layer that is built, or the path of a `.keras` file, which is read in
        Keras's safe mode, and with Keras 3.15 or later, as that of earlier ones is not safe.
    input_shape
        The shape of the input, batch included; a list or a dict of shapes for several inputs. It is
        needed where the model does not state it. Without it the batch is of one.
    strict
        Whether to refuse operations that are not known; see `from_onnx`.
    axes
        What the axes of the input are; see `from_jax`.

    Returns
    -------
    Network
        With the parameters as `weights`, and `caveats` as in `from_onnx`.

    Raises
    ------
    ConvgraphError
        If it is no Keras model, if Keras runs on another backend than JAX, or if sizes are missing.

    Examples
    --------
    >>> import keras  # doctest: +SKIP
    >>> from_keras(keras.applications.ResNet50(weights=None)).parameter_count  # doctest: +SKIP
    25583592

    References
    ----------
    What is traced: https://keras.io/api/layers/base_layer/ (`stateless_call`)
    """
    try:
        import keras
    except ImportError:
        raise ConvgraphError(
            "keras: reading a model needs Keras and JAX: pip install 'convgraph[keras]'"
        ) from None
    backend = keras.backend.backend()
    if backend != "jax":
        raise ConvgraphError(
            f"keras: it runs on the backend {backend!r}; save the model, and read its file where "
            "the environment says KERAS_BACKEND=jax before Keras is imported"
        )
    import jax

    if isinstance(model, str | os.PathLike):
        model = _loaded(keras, model)
    if not isinstance(model, keras.layers.Layer):
        raise ConvgraphError(
            f"model={type(model).__name__}: a keras.Model, a layer, or the path of a .keras file"
        )
    inputs, by_name = _inputs(jax, model, input_shape)
    if not model.built:
        _build(model, inputs, by_name)
    trained, others = model.trainable_variables, model.non_trainable_variables
    own = {id(variable) for layer in _layers(model) for variable in _created(layer)}
    leaves = [
        Leaf(variable.path.replace("/", "."), variable.value, id(variable) in own)
        for variable in (*trained, *others)
    ]
    count = len(trained)

    def call(values: Sequence[Any], *given: Any, **named: Any) -> Any:
        arguments = named or (given[0] if len(given) == 1 else list(given))
        return model.stateless_call(values[:count], values[count:], arguments, training=False)[0]

    return network_of_program(jax, call, leaves, inputs, by_name, strict, axes)


def _loaded(keras: Any, path: str | os.PathLike[str]) -> Any:
    if not str(path).endswith(".keras"):  # of older formats, Keras runs the code that is in them
        raise ConvgraphError(f"model={str(path)!r}: a .keras file; other formats may hold code")
    if tuple(map(int, keras.__version__.split(".")[:2])) < SAFE:
        raise ConvgraphError(
            f"model={str(path)!r}: a file is read with Keras 3.15 or later, as {keras.__version__} "
            "may run code that is in it, or read other files for it; of a file that you trust, "
            "keras.saving.load_model(path) makes a model"
        )
    _check_sizes(path)
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever reading the file raises
        line = " ".join(str(error).split())[:200]
        raise ConvgraphError(f"model={str(path)!r}: no file that Keras can load: {line}") from None


def _check_sizes(path: str | os.PathLike[str]) -> None:
    """Refuse an archive of which a small file makes a large one; Keras does not look."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError):
        return  # Keras says what it is
    words = sum(each.file_size for each in entries if each.filename.endswith(".json"))
    whole, packed = (sum(getattr(e, n) for e in entries) for n in ("file_size", "compress_size"))
    if words > MOST_WORDS or whole > MOST_GROWN * packed + MOST_WORDS:
        raise ConvgraphError(
            f"model={str(path)!r}: it unpacks to {whole:,} bytes, {words:,} of them in JSON; "
            f"a file of at most {MOST_WORDS:,} of these is read, that grows {MOST_GROWN} times"
        )


def _inputs(jax: Any, model: Any, given: Any) -> tuple[dict[str, Any], bool]:
    """The shape and type of each input; whether the model takes them by name."""
    if given is not None:
        return given_inputs(jax, given), isinstance(given, Mapping)
    stated = None
    for attribute in ("input", "inputs"):  # a sequence of layers has the second alone
        try:
            stated = getattr(model, attribute) if stated is None else stated
        except (AttributeError, ValueError):
            continue  # a model of a class of its own, or one without an input
    if stated is None:
        raise ConvgraphError("input_shape=None: the model states no shape of its input; give one")
    by_name = isinstance(stated, Mapping)
    tensors = stated if by_name else {t.name: t for t in jax.tree_util.tree_leaves(stated)}
    found = {}
    for name, tensor in tensors.items():
        sizes = [1 if a == 0 and n is None else n for a, n in enumerate(tensor.shape)]
        if None in sizes:
            raise ConvgraphError(
                f"input_shape=None: the model leaves sizes of {name!r} open, {tensor.shape}; "
                "give numbers"
            )
        found[name] = jax.ShapeDtypeStruct(tuple(sizes), tensor.dtype)
    return found, by_name


def _build(model: Any, inputs: Mapping[str, Any], by_name: bool) -> None:
    """Make the variables of a model that has seen no input."""
    shapes = {name: tuple(each.shape) for name, each in inputs.items()}
    first = next(iter(shapes.values()))
    try:
        model.build(shapes if by_name else first if len(shapes) == 1 else list(shapes.values()))
    except Exception as error:  # whatever the model raises
        line = " ".join(str(error).split())[:200]
        raise ConvgraphError(f"input_shape={shapes}: the model cannot be built: {line}") from None


def _layers(model: Any) -> list[Any]:
    """A model and all layers inside of it."""
    return list(model._flatten_layers())


def _created(layer: Any) -> Sequence[Any]:
    """The variables that a layer made to be trained, whether or not it is frozen by now."""
    found: Sequence[Any] = layer._trainable_variables
    return found
