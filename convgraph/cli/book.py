"""`convgraph book`: the figures of the book and the claims of its sources."""

from __future__ import annotations

import click


@click.command("book")
def command() -> None:
    """Draw the book's figures and derive what its sources claim."""
