"""Tensors and attributes of ONNX models, decoded when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.escape import log_lines, plain
from convgraph.core.sizes import product
from convgraph.importers.values import MOST_AXES, Known

__all__ = ["Attributes", "Tensors"]

INT64, STRING = 7, 8  # TensorProto.INT64, STRING
EXTERNAL = 1  # TensorProto.EXTERNAL
WIDEST = 16  # bytes of a number
FLOATS = frozenset({1, 10, 11, 16, *range(17, 21)})  # FLOAT, FLOAT16, DOUBLE, BFLOAT16, FLOAT8...


class Tensors:
    """The tensors of one model, with the folder in which those outside the file lie."""

    def __init__(self, folder: Path | None, insist: bool = True) -> None:
        self.folder, self.insist = folder, insist

    def known(self, tensor: Any) -> Known:
        """A tensor of the model that is read when its entries are asked for."""
        shape = tuple(tensor.dims)
        if min(shape, default=0) < 0:
            raise ConvgraphError(f"shape={shape} of {tensor.name!r}: sizes are not negative")
        if len(shape) > MOST_AXES:
            raise ConvgraphError(f"shape of {tensor.name!r}: at most {MOST_AXES} axes")
        learned = tensor.data_type in FLOATS
        if tensor.data_location == EXTERNAL and not self._external(tensor):
            return Known(tensor.name, shape, None, learned)
        return Known(tensor.name, shape, partial(self.read, tensor), learned)

    def sparse(self, tensor: Any) -> Known:
        """A tensor that lists the entries that are not zero, by place or by coordinates."""
        values, indices = self.known(tensor.values), self.known(tensor.indices)
        shape = tuple(tensor.dims)
        if min(shape, default=0) < 0 or len(shape) > MOST_AXES:
            raise ConvgraphError(f"shape={shape} of {values.name!r}: not the shape of a tensor")

        def dense(entries: NDArray[Any], places: NDArray[Any]) -> NDArray[Any]:
            filled = np.zeros(shape, entries.dtype)
            flat = places if places.ndim == 1 else np.ravel_multi_index(tuple(places.T), shape)
            filled.reshape(-1)[flat] = entries
            return filled

        return values.mapped(values.name, dense, indices, shape=shape)

    def _external(self, tensor: Any) -> bool:
        """Whether the file with a tensor's entries is there, in the model's own folder."""
        stated = {entry.key: entry.value for entry in tensor.external_data}
        location, length = stated.get("location", ""), stated.get("length", "0")
        offset = stated.get("offset", "0")
        if self.folder is not None and location and (length + offset).isdigit():
            try:
                folder = self.folder.resolve()
                path = (folder / location).resolve()
                if path.is_relative_to(folder) and path.is_file():
                    there = path.stat().st_size - int(offset)
                    read = int(length) or there  # without a length, all that is behind
                    if 0 <= read <= min(there, WIDEST * int(product(tensor.dims))):
                        return True
            except (OSError, ValueError):  # no name of a file, or no number
                pass
        if self.insist:
            raise ConvgraphError(
                f"tensor={tensor.name!r}: its data is not in {location!r} beside the model; "
                "weights=False reads the structure without"
            )
        return False

    def read(self, tensor: Any) -> NDArray[Any]:
        """The entries of a tensor; never texts, which sympy would run as programs."""
        if tensor.data_type == STRING:
            raise ConvgraphError(f"tensor={tensor.name!r}: its entries are texts, and no numbers")
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
        """The value of an attribute; tensors and graphs stay unread."""
        kind = attribute.type
        if kind == 2:
            return attribute.i
        if kind == 7:
            return list(attribute.ints)
        if kind == 1:
            return _decimal(attribute.f)
        if kind == 3:
            return _text(attribute.s)
        if kind == 4:
            return self.known(attribute.t)
        if kind == 6:
            return [_decimal(f) for f in attribute.floats]
        if kind == 8:
            return [_text(each) for each in attribute.strings]
        return attribute


def _text(value: bytes) -> str:
    """A text among the attributes, which what is said of a node may quote: it commands nothing."""
    return log_lines(plain(value.decode("utf-8", "replace")))


def _decimal(value: float) -> float:
    """The shortest decimal number that a float of 32 bits stands for: 0.1, not 0.1000000015."""
    return float(str(np.float32(value)))


class Attributes(Mapping[str, Any]):
    """The attributes of a node, decoded when one of them is first asked for."""

    __slots__ = ("_decoded", "_protos", "_tensors")

    def __init__(self, protos: Sequence[Any], tensors: Tensors) -> None:
        self._protos, self._tensors = protos, tensors
        self._decoded: dict[str, Any] | None = None

    @property
    def tensors(self) -> Tensors:
        """What decodes tensors of this model."""
        return self._tensors

    def _all(self) -> dict[str, Any]:
        if self._decoded is None:
            decode = self._tensors.attribute
            self._decoded = {proto.name: decode(proto) for proto in self._protos}
        return self._decoded

    def get(self, key: str, default: Any = None) -> Any:
        """The value of an attribute, or the default."""
        return self._all().get(key, default)

    def __getitem__(self, key: str) -> Any:
        return self._all()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())
