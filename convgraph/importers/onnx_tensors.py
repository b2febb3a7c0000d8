"""Tensors and attributes of ONNX models, decoded when they are asked for."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.importers.values import Known

__all__ = ["Tensors"]

INT64 = 7
EXTERNAL = 1  # TensorProto.EXTERNAL
FLOATS = frozenset({1, 10, 11, 16, *range(17, 21)})  # FLOAT, FLOAT16, DOUBLE, BFLOAT16, FLOAT8...


class Tensors:
    """The tensors of one model, with the folder in which those outside the file lie."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def known(self, tensor: Any) -> Known:
        """A tensor of the model that is read when its entries are asked for."""
        shape = tuple(tensor.dims)
        if any(n < 0 for n in shape):
            raise ConvgraphError(f"shape={shape} of {tensor.name!r}: sizes are not negative")
        learned = tensor.data_type in FLOATS
        return Known(tensor.name, shape, partial(self.read, tensor), learned)

    def read(self, tensor: Any) -> NDArray[Any]:
        """The entries of a tensor."""
        if tensor.data_type == INT64 and tensor.data_location != EXTERNAL:  # shapes, mostly
            raw = tensor.raw_data
            if len(raw) % 8 == 0:
                return np.frombuffer(raw, "<i8") if raw else np.array(tensor.int64_data, np.int64)
        from onnx import numpy_helper

        try:
            return numpy_helper.to_array(tensor, str(self.folder or ""))
        except Exception as error:
            raise ConvgraphError(f"tensor={tensor.name!r}: cannot be read: {error}") from None

    def attribute(self, attribute: Any) -> Any:
        """The value of an attribute; tensors stay unread."""
        kind = attribute.type
        if kind == 2:
            return attribute.i
        if kind == 7:
            return list(attribute.ints)
        if kind == 1:
            return attribute.f
        if kind == 3:
            return attribute.s.decode("utf-8", "replace")
        if kind == 4:
            return self.known(attribute.t)
        if kind == 6:
            return list(attribute.floats)
        if kind == 8:
            return [s.decode("utf-8", "replace") for s in attribute.strings]
        return attribute
