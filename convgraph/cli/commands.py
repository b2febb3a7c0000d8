"""The group of all commands: a table of names, each imported when it is called.

`convgraph --help` needs click and nothing else: sympy and networkx take a third of a second.
To add `convgraph word`, write `word_command.py` with a `click.Command` named `command` and add its
line here.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import click

from convgraph import __version__
from convgraph.cli.exit_status import reported
from convgraph.core import memory

__all__ = ["COMMANDS", "main"]

MOST_BYTES = 2_000_000_000  # of a command; who has more to ask has Python

# what `convgraph --help` says of each
COMMANDS = {
    "analyze": "Report on an ONNX model: fields, strides, padding, findings.",
    "animate": "Show a layer in motion: its window, its kernel, its output.",
    "book": "Draw the book's figures and derive what its sources claim.",
    "check": "Decide whether a network commutes with a transformation.",
    "compare": "Compare two ONNX models row by row, and their findings.",
    "group": "Find all symmetries of a network, exactly.",
    "invariance": "Derive how likely pooled outputs are to be left as they are.",
    "prove": "Prove for all sizes that layers commute with shifts, or refute it.",
    "show": "Print the facts of a network, and draw it.",
    "stream": "Derive latency, memory and schedule on input that does not end.",
    "tie": "Build the layer whose tying a group forces.",
    "tiles": "Plan an image in tiles, so that nothing differs from the whole.",
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called, and whose errors are one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"convgraph.cli.{cmd_name}_command")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[click.shell_completion.CompletionItem]:
        from click.shell_completion import CompletionItem

        named = [
            CompletionItem(name, help=help)
            for name, help in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        with reported(prog_name or "convgraph"), memory.at_most(MOST_BYTES):
            status = super().main(
                args, prog_name or "convgraph", complete_var, standalone_mode=False, **extra
            )
            raise SystemExit(status if isinstance(status, int) else 0)


@click.command(
    "convgraph",
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Tab completion, for bash (or zsh, fish): "
    'eval "$(_CONVGRAPH_COMPLETE=bash_source convgraph)"',
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def main() -> None:
    """Layers of neural networks as labelled connectivity graphs.

    Which unit reaches which, which connections share a parameter, and what follows from both.
    """
