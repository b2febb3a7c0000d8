"""`convgraph analyze`: the report on a model and the findings in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from convgraph.cli.output import console, print_json, print_text, progress

if TYPE_CHECKING:
    from convgraph.core.network import Network
    from convgraph.reports.findings.finding import Findings
    from convgraph.reports.report import Report

FOUND = 1  # the exit status for findings of the severity of --fail-on


@click.command("analyze")
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL.onnx")
@model_inputs
@model_axes
@model_values
@click.option("--tensor", help="Report on this tensor alone, with its effective field.")
@click.option("--unit", help="What one unit sees exactly, such as conv1,1,4,4 (from 1).")
@click.option("--json", "forms", flag_value="json", multiple=True, help="Print JSON.")
@click.option(
    "--csv", "forms", flag_value="csv", multiple=True, help="Print comma-separated values."
)
@click.option("--markdown", "forms", flag_value="markdown", multiple=True, help="Print Markdown.")
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write one self-contained page with the graph and pictures.",
)
@click.option("--select", multiple=True, metavar="RULE", help="Check this rule; can be repeated.")
@click.option("--ignore", multiple=True, metavar="RULE", help="Skip this rule; can be repeated.")
@click.option(
    "--fail-on",
    metavar="SEVERITY",
    help="Exit with status 1 if a finding is of this severity (info, warning or error) or worse.",
)
@click.option(
    "--no-effective",
    "effective",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Leave out the effective fields, which take a large part of the time.",
)
@strict_option
def command(
    model: Path,
    shapes: tuple[str, ...],
    letters: tuple[str, ...],
    settings: tuple[str, ...],
    tensor: str | None,
    unit: str | None,
    forms: tuple[str, ...],
    page: Path | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str | None,
    effective: bool,
    strict: bool,
) -> None:
    """Report on the structure of an ONNX model: fields, strides, padding, cost, and findings.

    \b
    convgraph analyze resnet50.onnx
    convgraph analyze model.onnx --input 1x3x225x225 --fail-on warning --ignore uneven-padding
    convgraph analyze model.onnx --html report.html
    """
    form = _form(forms, unit is not None or tensor is not None)
    with progress("The analysis", 4) as step:
        from convgraph.importers.onnx.graph import from_onnx
        from convgraph.reports.findings.finding import Findings, as_severity
        from convgraph.reports.findings.registry import findings
        from convgraph.reports.report import report

        if fail_on is not None:
            as_severity("fail-on", fail_on)
        net = from_onnx(
            str(model), shapes_of(shapes), strict, values=values_of(settings), axes=axes_of(letters)
        )
        step()
        result = report(net, effective=effective)
        step()
        found = Findings(()) if net.symbolic else findings(net, select or None, ignore)
        step()
        if page is not None:
            _write_page(result, found, page, model.name)
        step()
        if unit is not None:
            _print_unit(net, result, unit, form)
        elif tensor is not None:
            _print_tensor(result, tensor, form)
        else:
            _print(result, found, form, page)
    if fail_on is not None and found.at_least(as_severity("fail-on", fail_on)):
        raise SystemExit(FOUND)


def _form(forms: tuple[str, ...], of_one: bool) -> str | None:
    """The one form that is asked for; `of_one` says whether it is of a single tensor or unit."""
    if len(set(forms)) > 1:
        asked = " ".join(f"--{form}" for form in dict.fromkeys(forms))
        raise click.UsageError(f"{asked}: one of them is printed at a time")
    form = forms[0] if forms else None
    if of_one and form not in (None, "json"):
        raise click.UsageError(f"--{form} prints all rows; one tensor or unit is --json or plain")
    return form


def _write_page(report: Report, found: Findings, path: Path, title: str) -> None:
    from convgraph.figures.files import write
    from convgraph.reports.html import page

    write(path, page(report, found, title), argument="html")


def _print(report: Report, found: Findings, form: str | None, page: Path | None) -> None:
    if form == "json":
        print_json({**report.to_dict(), "findings": found.to_dict()})
    elif form == "csv":
        print_text(report.to_csv(), nl=False)
    elif form == "markdown":
        print_text(f"{report.to_markdown()}\n## Findings\n\n{found.to_markdown()}", nl=False)
    elif page is not None:
        print_text(f"{page}: {len(report.rows)} rows, {len(found)} findings")
    else:
        out = console()
        if out.is_terminal:
            out.print(report)
        else:  # whoever reads a pipe wants all columns
            print_text(f"{report}\n")
        out.print(found)


def _print_tensor(report: Report, tensor: str, form: str | None) -> None:
    facts: dict[str, Any] = report.row(tensor).to_dict()
    facts["effective"] = [
        {name: value for name, value in field.to_dict().items() if name != "counts"}
        for field in ([] if report.network.symbolic else report.effective_fields(tensor))
    ]
    _print_facts(facts, form)


def _print_unit(net: Network, report: Report, unit: str, form: str | None) -> None:
    from convgraph.interactions.fields import receptive_field

    row, index = net.find(unit)
    field = receptive_field(net, unit, report.source)
    axes = field.axes
    _print_facts(
        {
            "unit": unit,
            "row": row.name,
            "index": list(index),
            "sees": len(field),
            "of": report.source,
            "bounds": [list(bounds) for bounds in field.bounds] if field else [],
            "positions": [list(positions) for positions in axes] if axes is not None else None,
        },
        form,
    )


def _print_facts(facts: dict[str, Any], form: str | None) -> None:
    """Facts by name: JSON, or a line for each that says something."""
    if form is not None:
        print_json(facts)
        return
    for name, value in facts.items():
        silent = name == "positions" or (name == "everywhere" and not any(value or ()))
        if value is not None and not silent:
            print_text(f"{name.replace('_', ' ')}: {_shown(value)}")


def _shown(value: Any) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "".join(
            f"\n  axis {entry['axis'] + 1}: {entry['total']:,} paths, standard deviation "
            f"{entry['deviation']:.4g}, mean at {float(_number(entry['mean'])):.4g}"
            for entry in value
        )
    if isinstance(value, list):
        return " x ".join("-".join(map(str, v)) if isinstance(v, list) else str(v) for v in value)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)


def _number(value: Any) -> Any:
    from fractions import Fraction

    return Fraction(value)
