"""`convgraph compare`: what differs between two models."""

from __future__ import annotations

from pathlib import Path

import click

from convgraph.cli.given import (
    axes_of,
    model_axes,
    model_inputs,
    model_values,
    shapes_of,
    strict_option,
    values_of,
)
from convgraph.cli.output import print_json, print_text, progress


@click.command("compare")
@click.argument("old", type=click.Path(path_type=Path), metavar="OLD.onnx")
@click.argument("new", type=click.Path(path_type=Path), metavar="NEW.onnx")
@model_inputs
@model_axes
@model_values
@click.option("--json", "form", flag_value="json", help="Print JSON.")
@click.option("--markdown", "form", flag_value="markdown", help="Print Markdown.")
@strict_option
def command(
    old: Path,
    new: Path,
    shapes: tuple[str, ...],
    letters: tuple[str, ...],
    settings: tuple[str, ...],
    form: str | None,
    strict: bool,
) -> None:
    """Compare two ONNX models row by row: fields, strides, padding, cost, and findings.

    \b
    convgraph compare old.onnx new.onnx
    convgraph compare old.onnx new.onnx --input 1x3x224x224 --markdown
    """
    with progress("The comparison", 3) as step:
        from convgraph.importers.onnx.graph import from_onnx
        from convgraph.reports.compare import compare

        given = shapes_of(shapes), strict
        before = from_onnx(str(old), *given, values=values_of(settings), axes=axes_of(letters))
        step()
        after = from_onnx(str(new), *given, values=values_of(settings), axes=axes_of(letters))
        step()
        difference = compare(before, after)
        step()
        if form == "json":
            print_json(difference.to_dict())
        elif form == "markdown":
            print_text(difference.to_markdown(), nl=False)
        else:
            print_text(str(difference))
