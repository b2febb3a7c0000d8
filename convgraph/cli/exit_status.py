"""What goes wrong becomes one line on stderr and an exit status, never a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError

__all__ = ["reported"]

BAD_INPUT = 2  # as click and most programs have it
INTERRUPTED = 130  # 128 and the number of SIGINT, as shells have it


@contextmanager
def reported(program: str) -> Iterator[None]:
    """Report the errors of the block as `program: message` and leave with a status."""
    if hasattr(sys.stdout, "reconfigure"):  # an answer in ASCII is one with question marks
        sys.stdout.reconfigure(errors="replace")
    try:
        yield
        sys.stdout.flush()
    except click.ClickException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # its message is the whole help
            error.show()
            raise SystemExit(BAD_INPUT) from None
        context = getattr(error, "ctx", None)
        _leave(context.command_path if context else program, error.format_message())
    except ConvgraphError as error:
        _leave(program, str(error))
    except MemoryError:
        _leave(program, "memory: the question needs more than this machine has")
    except RecursionError:
        _leave(program, "expression: nested more deeply than this Python can follow")
    except (click.Abort, KeyboardInterrupt):
        raise SystemExit(INTERRUPTED) from None
    except BrokenPipeError:
        _give_up_output()  # whoever read the output has seen enough
        raise SystemExit(1) from None
    except OSError as error:
        _give_up_output()
        _leave(program, f"output: {error.strerror or error}")


def _give_up_output() -> None:
    try:
        number = sys.stdout.fileno()
    except OSError:  # it is no file, but what somebody put in its place
        return
    # Python would try once more at shutdown, and complain.
    os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _leave(program: str, message: str) -> None:
    # An echoed value may hold line breaks and worse, and a message is one line of plain text.
    line = escape.plain(" ".join(message.split()))
    click.echo(f"{program}: {line}", err=True)
    raise SystemExit(BAD_INPUT)
