"""Reading ONNX files, and refusing what is none."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.importers.onnx.names import printable

__all__ = ["opset_of", "read_model"]

LARGEST = 2**31 - 1  # bytes of a message, https://protobuf.dev/programming-guides/proto-limits/
PIECE = 2**20  # bytes that are read at once where nobody says how many will come
OLDEST, NEWEST = 1, 28  # whose operators the tests hold against the evaluator of the onnx package


def read_model(model: Any) -> tuple[Any, Path | None]:
    """The model as an `onnx.ModelProto`, and the folder in which its data may lie."""
    try:
        import onnx
        from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
    except ImportError:
        raise ConvgraphError(
            "onnx: reading a model needs the onnx package: pip install 'convgraph[onnx]'"
        ) from None
    if isinstance(model, onnx.ModelProto):
        return _checked("model", model), None
    folder = None
    shown = "bytes"
    if isinstance(model, str | os.PathLike):
        path = Path(model)
        shown, folder = str(path), path.parent
        try:
            data = _content(path)
        except (OSError, ValueError) as error:  # a null byte in a path is a ValueError
            reason = getattr(error, "strerror", None) or error
            raise ConvgraphError(f"path={shown!r}: {reason}") from None
    elif isinstance(model, bytes):
        data = model
    else:
        raise ConvgraphError(f"model={type(model).__name__}: a path, bytes or an onnx.ModelProto")
    proto = onnx.ModelProto()
    try:
        proto.ParseFromString(data)
    except (DecodeError, ValueError, RuntimeError):
        raise ConvgraphError(f"model={shown!r}: not an ONNX model, or a truncated one") from None
    return _checked(shown, proto), folder


def _content(path: Path) -> bytes:
    """What is in a file that can be a model, without reading one that is larger or has no end."""
    kind = path.stat()
    if stat.S_ISCHR(kind.st_mode) or stat.S_ISBLK(kind.st_mode):
        raise ValueError("a device is no model")
    if kind.st_size <= LARGEST:
        with path.open("rb") as file:
            parts = [file.read(kind.st_size + 1)]  # of no more than is asked for is room made
            size = len(parts[0])
            while kind.st_size < size <= LARGEST and (more := file.read(PIECE)):  # as of a pipe
                parts.append(more)
                size += len(more)
        if size <= LARGEST:
            return b"".join(parts)
    raise ValueError(
        f"{max(kind.st_size, LARGEST + 1):,} bytes or more; an ONNX file has at most {LARGEST:,}"
    )


def _checked(shown: str, proto: Any) -> Any:
    if not proto.HasField("graph") or not (proto.graph.node or proto.graph.output):
        raise ConvgraphError(f"model={shown!r}: not an ONNX model: it holds no graph")
    try:
        return printable(proto)
    except (TypeError, UnicodeDecodeError):  # protobuf gives bytes, or gives up
        raise ConvgraphError(f"model={shown!r}: a name in it is no text in UTF-8") from None


def opset_of(proto: Any) -> int:
    """The version of the operator set in which the model is written."""
    versions = [entry.version for entry in proto.opset_import if entry.domain in ("", "ai.onnx")]
    if not versions:
        raise ConvgraphError("opset_import: the model does not state its operator set")
    if not OLDEST <= versions[0] <= NEWEST:
        raise ConvgraphError(
            f"opset={versions[0]}: operator sets {OLDEST} to {NEWEST} are read; "
            "onnx.version_converter converts others"
        )
    return int(versions[0])
