"""`convgraph show`: the facts of a network, and its picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convgraph.cli.output import console, print_json, print_line, print_lines, progress, table
from convgraph.cli.shared_arguments import expression, input_option, json_option, network

if TYPE_CHECKING:
    from convgraph.core.network import Network

LISTED = 24  # units that are named one by one


@click.command("show")
@expression
@input_option
@click.option("--unit", help="A unit, such as g3: what it sees and affects, and its expression.")
@click.option("--row", help="Ask for the unit's field in this row alone.")
@click.option("--parameter", help="A parameter, such as w_2: the connections that share it.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw the network to this file: .svg, .html, .tex, .dot, .png or .pdf.",
)
@click.option("--theme", metavar="NAME", help="book, slides, dark or a .toml or .json file of one.")
@json_option
def command(
    expression: Any,
    shape: Any,
    unit: str | None,
    row: str | None,
    parameter: str | None,
    out: Path | None,
    theme: str | None,
    as_json: bool,
) -> None:
    """Print the facts of the network that EXPRESSION describes, and draw it.

    An expression is a spec such as Conv(3), or several joined by >>.

    \b
    convgraph show "Conv(3, padding='same') >> Conv(3, padding='same')" --input 5 --unit g3
    convgraph show "Conv(k, stride=s)" --input n
    """
    if row is not None and unit is None:
        raise click.UsageError("--row says where to look for the field of a --unit.")
    if theme is not None and out is None:
        raise click.UsageError("--theme says how the picture of --out looks.")
    from convgraph.cli.shown_facts import network_facts, parameter_facts, unit_facts

    with progress("The facts", 5) as step:
        net = network(expression, shape)
        step()
        facts = network_facts(net)
        step()
        if unit is not None:
            facts["unit"] = unit_facts(net, unit, row)
        step()
        if parameter is not None:
            facts["parameter"] = parameter_facts(net, parameter)
        step()
        shaded = _shaded(facts)
        if out is not None:
            _draw(net, shaded, parameter, out, theme or "book")
            facts["figure"] = str(out)
        step()
        if as_json:
            print_json(facts)
        else:
            _print(net, facts, shaded)


def _shaded(facts: dict[str, Any]) -> set[str]:
    """The units that the answer is about: the unit, what it sees and what it affects."""
    unit = facts.get("unit")
    if unit is None:
        return set()
    fields = [*unit["receptive_field"].values(), *unit["projective_field"].values()]
    return {unit["name"], *(name for field in fields for name in field.get("units", ()))}


def _draw(net: Network, shaded: set[str], parameter: str | None, out: Path, theme: str) -> None:
    import convgraph as cg

    emphasize = cg.uses(net, parameter) if parameter is not None else None
    cg.draw(net, shade=sorted(shaded), emphasize=emphasize, theme=theme).save(out)


def _print(net: Network, facts: dict[str, Any], shaded: set[str]) -> None:
    from convgraph.cli.picture import picture

    screen = console()
    if net.symbolic:
        print_lines(_forms(facts))
    else:
        screen.print(_network_table(facts))
    print_lines(picture(net, shaded, screen.width))
    if "unit" in facts:
        print_line()
        print_lines(_unit_lines(facts["unit"]))
    if "parameter" in facts:
        print_line()
        print_lines(_parameter_lines(facts["parameter"]))
    if "figure" in facts:
        print_line(f"\nDrawn to {facts['figure']}")


COUNTS = ("connections", "dense", "parameters", "operations")


def _network_table(facts: dict[str, Any]) -> Any:
    columns = ["Row", "Layer", "Shape", "Receptive\nfield", *map(str.capitalize, COUNTS)]
    layers = {layer["row"]: layer for layer in facts["layers"]}
    rows = []
    for row in facts["rows"]:
        layer = layers.get(row["name"], {})
        counts = [_number(layer[name]) if layer else "" for name in COUNTS]
        sizes = [_by(row["shape"]), _by(row["receptive_field"])]
        rows.append([row["name"], layer.get("layer", "input"), *sizes, *counts])
    if len(layers) > 1:
        rows.append(["", "in all", "", "", *[_number(facts[name]) for name in COUNTS]])
    return table(columns, rows, right=columns[2:])


def _forms(facts: dict[str, Any]) -> Iterator[str]:
    """The closed forms, which are too long for a table."""
    layers = {layer["row"]: layer for layer in facts["layers"]}
    for row in facts["rows"]:
        layer = layers.get(row["name"])
        yield f"{row['name']}: {layer['layer'] if layer else 'input'}"
        for name in ("shape", "receptive_field", "stride"):
            yield f"    {name.replace('_', ' ')}: {_by(row[name])}"
        if layer:
            yield from (f"    {name}: {_number(layer[name])}" for name in COUNTS)


def _number(value: Any) -> str:
    if value is None:
        return "varies"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _by(sizes: list[Any]) -> str:
    return "varies" if set(sizes) == {None} else "x".join(map(_number, sizes))


def _unit_lines(facts: dict[str, Any]) -> Iterator[str]:
    name = facts["name"]
    for verb, fields in (("sees", "receptive_field"), ("affects", "projective_field")):
        for row, field in facts[fields].items():
            yield f"{name} {verb} {_units(field)} ({_counted(field)} of {row})"
    if "expression" in facts:
        yield f"{name} = {facts['expression']}"


def _units(field: dict[str, Any]) -> str:
    units = field.get("units", [])
    if 0 < len(units) <= LISTED:
        return ", ".join(units)
    return f"{field['first']} to {field['last']}"


def _counted(field: dict[str, Any]) -> str:
    size = "1 unit" if field["size"] == 1 else f"{field['size']:,} units"
    return size if len(field["extent"]) == 1 else f"{size} within {_by(field['extent'])}"


def _parameter_lines(facts: dict[str, Any]) -> Iterator[str]:
    edges = [f"{source} -> {target}" for source, target in facts.get("edges", ())]
    few = f": {', '.join(edges)}" if 0 < len(edges) <= LISTED else ""
    yield f"{facts['parameter']} is used {_number(facts['count'])} times{few}"
    for place in facts.get("not_at", ()):
        yield f"    not at {place}"
