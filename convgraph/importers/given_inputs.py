"""Inputs of a model that a user gives a value once and for all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError, nearest
from convgraph.importers.values import Known

__all__ = ["given_inputs"]


def given_inputs(stated: Mapping[str, Any], values: Mapping[str, Any] | None) -> dict[str, Known]:
    """Tensors of known entries in place of inputs (`ValueInfoProto`s by name)."""
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise ConvgraphError(f"values={values!r}: a dict from the names of inputs to numbers")
    found = {}
    for name, value in values.items():
        if name not in stated:
            raise ConvgraphError(f"values[{name!r}]: no such input{nearest(str(name), stated)}")
        found[name] = Known.of(name, _entries(name, value, stated[name].type.tensor_type))
    return found


def _entries(name: str, value: Any, stated: Any) -> Any:
    """The value as an array of the type and the shape that the model states."""
    from onnx import helper

    shown = f"values[{name!r}]={value!r}"
    try:
        given, kind = np.asarray(value), helper.tensor_dtype_to_np_dtype(stated.elem_type)
        made = given.astype(kind)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise ConvgraphError(f"{shown}: a number, or an array of numbers") from None
    if given.dtype.kind not in "biuf" or (kind.kind in "biu" and (made != given).any()):
        raise ConvgraphError(f"{shown}: the model takes numbers of type {kind} for it")
    if not stated.HasField("shape"):
        return made
    sizes = [d.dim_value if d.HasField("dim_value") else None for d in stated.shape.dim]
    if made.size == 1 and all(n in (1, None) for n in sizes):
        return made.reshape([1] * len(sizes))
    fits = made.ndim == len(sizes) and all(
        n in (size, None) for n, size in zip(made.shape, sizes, strict=False)
    )
    if not fits:
        raise ConvgraphError(f"{shown} of shape {made.shape}: the model takes one of {sizes}")
    return made
