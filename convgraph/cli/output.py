"""What commands print: tables in colour, JSON, and progress where one has to wait."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from convgraph.core import escape

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

__all__ = ["console", "print_json", "print_line", "print_lines", "print_text", "progress", "table"]

WIDTH = 100  # columns, where it is not a terminal that says how many it has
WAIT = 1.0  # seconds before progress shows itself


class Log:
    """A stream to which texts of whole lines are written, none of which commands a reader of logs.

    How a table breaks a name up is not known before. An answer ends the bar of progress; `of_bar`
    says that the stream is the bar's own.
    """

    def __init__(self, stream: Any, of_bar: bool) -> None:
        self.stream, self.of_bar = stream, of_bar

    def write(self, text: str) -> int:
        if not self.of_bar:
            _end_progress()
        return int(self.stream.write(escape.log_lines(text)))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def console(*, stderr: bool = False) -> Console:
    """Where a command prints; in colour on a terminal, unless NO_COLOR is set."""
    from rich.console import Console
    from rich.segment import Segment

    class Plain(Console):
        """A console that shows what it does not print as escapes: a name commands no terminal."""

        @property
        def file(self) -> Any:
            return Log(super().file, stderr)

        @file.setter
        def file(self, new: Any) -> None:  # as a bar of progress takes the place of a stream
            self._file = new

        def render(self, *args: Any, **options: Any) -> Iterator[Segment]:
            for text, style, control in super().render(*args, **options):
                yield Segment(text if control else escape.plain(text, keep="\n"), style, control)

    made = Plain(stderr=stderr, highlight=False, emoji=False)
    if not made.is_terminal and "COLUMNS" not in os.environ:
        made.width = WIDTH
    return made


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[RenderableType]],
    *,
    title: str | None = None,
    right: Sequence[str] = (),
    lines: bool = False,
) -> Any:
    """A table for `console().print`; the columns in `right` hold numbers.

    A cell that is a string is shown as it is: brackets in it are no markup. `lines` sets rows of
    several lines apart.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    made = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, collapse_padding=True
    )
    made.show_lines = lines
    for column in columns:
        made.add_column(
            Text(column), justify="right" if column in right else "left", overflow="fold"
        )
    for row in rows:
        made.add_row(*[Text(cell) if isinstance(cell, str) else cell for cell in row])
    return made


def print_line(text: RenderableType = "") -> None:
    """Print one line as it is, however long: brackets are no markup, and nothing is broken up."""
    console().print(text, markup=False, soft_wrap=True)


def print_lines(lines: Iterable[RenderableType]) -> None:
    """Print lines, each as `print_line` does."""
    for line in lines:
        print_line(line)


def print_text(text: str, *, nl: bool = True) -> None:
    """Print a text of lines as it is, without what would command a terminal."""
    shown = escape.log(text)
    _end_progress()
    click.echo(shown, nl=nl)


def print_json(value: Any) -> None:
    """Print JSON for another program: plain, indented, in the order given."""
    shown = escape.json(value)
    _end_progress()
    click.echo(shown)


_ends: list[Callable[[], None]] = []  # how the bar that there is ends, before anything is printed


def _end_progress() -> None:
    while _ends:
        _ends.pop()()


@contextmanager
def progress(what: str, total: int) -> Iterator[Callable[[], None]]:
    """A bar on stderr for work that takes over a second; call what it gives after each step.

    It stays until something is printed, as what is printed may take its time, too.
    """
    from rich.progress import Progress

    err = console(stderr=True)
    if not err.is_terminal:
        yield lambda: None
        return
    bar = Progress(console=err, transient=True, redirect_stdout=False)
    task = bar.add_task(what, total=total)
    late = threading.Timer(WAIT, bar.start)
    late.daemon = True

    def end() -> None:
        late.cancel()
        late.join()
        if bar.live.is_started:  # before version 15 of rich, it ends a line that it never began
            bar.stop()

    late.start()
    _ends.append(end)
    try:
        yield lambda: bar.advance(task)
    finally:
        _end_progress()
