"""Files that commands write: all or none, and a folder only if something goes into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from convgraph.core.errors import ConvgraphError

__all__ = ["FORMAT", "into_folder", "write_all"]


class FormatType(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """A format of figures; what a machine can draw is found out when it is drawn."""

    name = "format"

    def get_metavar(self, param: Any, ctx: Any = None) -> str:
        return "FORMAT"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        from convgraph.figures.figure import SAVED

        if value not in SAVED:
            raise ConvgraphError(f"format={value!r}: a format is one of {', '.join(SAVED)}")
        return str(value)

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> Any:
        from click.shell_completion import CompletionItem

        from convgraph.figures.figure import SAVED

        return [CompletionItem(name) for name in SAVED if name.startswith(incomplete)]


FORMAT = FormatType()


@contextmanager
def into_folder(path: Path) -> Iterator[Path]:
    """A folder to write to, made if its parent is there, and not left behind in vain."""
    made = False
    try:
        if not path.exists():
            path.mkdir()
            made = True
        if not path.is_dir():
            raise NotADirectoryError(20, "there is a file of that name")
    except (OSError, ValueError) as error:  # a null byte in a path is a ValueError
        reason = getattr(error, "strerror", None) or error
        raise ConvgraphError(
            f"out={str(path)!r}: a folder that exists or can be made ({reason})"
        ) from error
    try:
        yield path
    except BaseException:
        if made:
            with suppress(OSError):  # what was written before the error stays
                path.rmdir()
        raise


def write_all(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Write several files, each whole or not at all; a first failure ends it."""
    from convgraph.figures.files import write

    return [write(folder / name, content, argument="out") for name, content in contents.items()]
