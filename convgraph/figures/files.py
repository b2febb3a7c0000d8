"""Files that are written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from convgraph.core.errors import ConvgraphError

__all__ = ["save", "write"]


def save(
    path: str | os.PathLike[str], forms: Mapping[str, Callable[[], bytes | str]], what: str
) -> Path:
    """Write `what` ("a figure") to a file, in the form that the ending of its name says.

    `forms` are by endings, such as ".svg": what makes the content. Any other ending is an error.
    """
    if not isinstance(path, str | os.PathLike):
        raise ConvgraphError(f"path={path!r}: the name of a file, to which {what} is written")
    form = forms.get(Path(path).suffix.lower())
    if form is None:
        raise ConvgraphError(f"path={str(path)!r}: {what} is saved as one of {', '.join(forms)}")
    return write(path, form())


def write(path: str | os.PathLike[str], content: bytes | str, *, argument: str = "path") -> Path:
    """Write a file so that a reader never meets half of it.

    The content goes to a new file in the same folder, which then takes the name's place.

    Parameters
    ----------
    path
        The file. It may exist, its folder must.
    content
        Bytes, or text to be written in UTF-8.
    argument
        What the caller calls `path`, for the message.

    Returns
    -------
    Path
        The path that was given.

    Raises
    ------
    ConvgraphError
        If the file cannot be written. What was there before is untouched then.
    """
    data = content.encode() if isinstance(content, str) else content
    path = Path(path)
    # A link keeps pointing where it points, and a device is never replaced by a file.
    try:
        target = Path(os.path.realpath(path))
        if target.exists() and not target.is_file():
            target.write_bytes(data)
        else:
            _replace(target, data)
    except (OSError, ValueError) as error:  # a zero byte in the name is the latter
        reason = getattr(error, "strerror", None) or str(error)
        raise ConvgraphError(
            f"{argument}={str(path)!r}: a file is written in a folder that exists and is writable"
            f" ({reason})"
        ) from error
    return path


def _replace(target: Path, data: bytes) -> None:
    # Not tempfile: its files are readable by their owner alone, and would stay so.
    part = target.with_name(f".{target.name}.{os.urandom(4).hex()}.part")
    try:
        with part.open("xb") as file:
            file.write(data)
        os.replace(part, target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
