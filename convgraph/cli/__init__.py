"""The command line; `main` is what the script `convgraph` calls."""

from convgraph.cli.commands import main as main

__all__ = ["main"]
