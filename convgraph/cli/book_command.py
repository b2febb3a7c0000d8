"""`convgraph book`: the figures of the book and the claims of its sources."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convgraph.cli.output import console, print_json, print_line, progress, table
from convgraph.cli.output_files import FORMAT, into_folder, write_all
from convgraph.cli.shared_arguments import json_option

if TYPE_CHECKING:
    from convgraph.book.claims.claim import Claim

VERDICT_STYLES = {"holds": "green", "holds when": "yellow", "differs": "bold red"}


def _complete_figure(context: Any, parameter: Any, incomplete: str) -> list[str]:
    from convgraph.book.figures import figure_numbers

    return [number for number in figure_numbers() if number.startswith(incomplete)]


@click.command("book")
@click.argument("figures", nargs=-1, metavar="[FIGURE]...", shell_complete=_complete_figure)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default="book",
    show_default=True,
    metavar="DIR",
    help="The folder to write to; created if the one around it exists.",
)
@click.option(
    "--format",
    "formats",
    type=FORMAT,
    multiple=True,
    default=["svg"],
    show_default=True,
    help="A format for the figures; can be repeated. PNG and PDF need Graphviz's dot.",
)
@json_option
def command(figures: tuple[str, ...], out: Path, formats: tuple[str, ...], as_json: bool) -> None:
    """Draw the book's figures and derive what its sources claim.

    FIGURE is a number such as 9.4: that figure alone is drawn, and the claims about it are printed.
    Without any, all figures are drawn, and beside them claims.json and claims.md hold the table of
    claims that is printed.
    """
    from convgraph.book import claims_table
    from convgraph.book.claims import claim_numbers, claims_about, derive
    from convgraph.book.figures import figure_numbers

    chosen = list(dict.fromkeys(figures)) or figure_numbers()
    asked = claims_about(chosen) if figures else claim_numbers()
    kinds = list(dict.fromkeys(formats))
    claims: list[Claim] = []
    with into_folder(out) as folder:
        with progress("The chapter", len(chosen) * len(kinds) + len(asked)) as step:
            contents, left_out = _drawn(chosen, kinds, bool(figures), step)
            for claim in asked:
                claims += derive([claim])
                step()
        if not figures:
            contents["claims.json"] = claims_table.as_json(claims).encode()
            contents["claims.md"] = claims_table.as_markdown(claims).encode()
        written = write_all(folder, contents)
    for line in left_out:
        click.echo(f"Left out: {line}", err=True)
    if as_json:
        print_json(
            {"files": [str(path) for path in written], "claims": [c.to_dict() for c in claims]}
        )
        return
    if asked:
        console().print(_claims_table(claims))
        print_line(f"{claims_table.summary(claims)}.")
    print_line(f"Written to {out}: {', '.join(path.name for path in written)}")


def _drawn(
    numbers: list[str], formats: list[str], wanted: bool, step: Callable[[], None]
) -> tuple[dict[str, bytes], list[str]]:
    """The figures by the names of their files, and what cannot be drawn here.

    Who names a figure wants it; who names none wants what there is.
    """
    from convgraph.book.figures import make
    from convgraph.core.errors import ConvgraphError

    contents: dict[str, bytes] = {}
    left_out: list[str] = []
    for number in numbers:
        for format in formats:
            try:
                contents[f"figure-{number}.{format}"] = make(number).content(format)
            except ConvgraphError as error:
                if wanted:
                    raise
                left_out.append(f"figure {number}: {error}")
            step()
    if left_out and not contents:
        raise ConvgraphError(left_out[0].split(": ", 1)[1])
    return contents, left_out


def _claims_table(claims: list[Claim]) -> Any:
    from rich.text import Text

    rows: list[list[str | Text]] = []
    for claim in claims:
        verdict = Text(claim.verdict, style=VERDICT_STYLES[claim.verdict])
        derived = "\n".join([*map(str, claim.checks), *([claim.detail] if claim.detail else [])])
        stated = f"{claim.statement} ({claim.source})"
        rows.append([str(claim.number), stated, derived, verdict + Text(f"\n{claim.how}", "dim")])
    columns = ["", "Stated", "Derived", "Verdict"]
    return table(columns, rows, title="What the chapter claims", lines=True)
