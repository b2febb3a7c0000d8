"""`convgraph tie`: the tying that a group forces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convgraph.cli.output import print_json, print_line, progress
from convgraph.cli.shared_arguments import SPEC, json_option

if TYPE_CHECKING:
    from convgraph.core.network import Network

SHOWN = 16  # the widest matrix that is printed


@click.command("tie")
@click.option(
    "--group",
    required=True,
    metavar="GROUP",
    help="cyclic:8, dihedral:8, symmetric:5, alternating:5, p4:6, p4m:6, trivial:4, "
    "or several joined by *.",
)
@click.option("--inputs", default="1", metavar="POWERS", help="Tensor powers of the input: 2, 1,1.")
@click.option("--outputs", default="1", metavar="POWERS", help="Tensor powers of the output.")
@click.option(
    "--wiring", type=SPEC, metavar="EXPRESSION", help="Only the connections of this layer."
)
@click.option("--bias", is_flag=True, help="Add biases, tied over the orbits on outputs.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw the layer to this file: .svg, .html, .tex, .dot, .png or .pdf.",
)
@json_option
def command(
    group: str,
    inputs: str,
    outputs: str,
    wiring: Any,
    bias: bool,
    out: Path | None,
    as_json: bool,
) -> None:
    """Build the layer with the most parameters that is equivariant to a group.

    \b
    convgraph tie --group dihedral:8
    convgraph tie --group symmetric:5 --inputs 2 --outputs 2 --bias
    convgraph tie --group cyclic:8 --wiring "Conv(3, padding='same', padding_mode='circular')"
    """
    import convgraph as cg
    from convgraph.symmetry.groups.named import parse_group

    acting = parse_group(group)
    with progress("The orbits", 1) as step:
        net = cg.equivariant_layer(
            acting, _powers("inputs", inputs), _powers("outputs", outputs), wiring, bias
        )
        step()
        facts = _facts(net, repr(acting))
        if out is not None:
            cg.draw(net, letters=True).save(out)
            facts["figure"] = str(out)
    if as_json:
        print_json(facts)
        return
    print_line(f"{facts['group']}\n{facts['network']}")
    for letter, size in facts["parameters"].items():
        parameters = "1 parameter" if size == 1 else f"{size:,} parameters"
        print_line(f"    {letter}: {parameters} on {facts['connections'][letter]:,} connections")
    entries = facts.get("matrix", [])
    width = max((len(e) for row in entries for e in row), default=0)
    for row in entries:
        print_line("    " + "  ".join(e.rjust(width) for e in row))
    if "figure" in facts:
        print_line(f"Drawn to {facts['figure']}")


def _facts(net: Network, group: str) -> dict[str, Any]:
    (layer,) = net.layers
    arrays = net.labels.arrays
    counts = [len(net.edges), int(layer.target.size)]
    facts: dict[str, Any] = {
        "group": group,
        "network": repr(net),
        "parameters": {array.letter: len(array) for array in arrays},
        "connections": dict(zip((array.letter for array in arrays), counts, strict=False)),
    }
    sizes = [int(row.size) for row in net.rows]
    if max(sizes) <= SHOWN:
        facts["matrix"] = [[str(e) for e in row] for row in net.matrix().tolist()]
    return facts


def _powers(argument: str, text: str) -> int | tuple[int, ...]:
    from convgraph.core.errors import ConvgraphError

    parts = [part.strip() for part in text.split(",")]
    if not all(part.isascii() and part.isdigit() and len(part) <= 2 for part in parts):
        raise ConvgraphError(
            f"{argument}={text!r}: a tensor power is 0, 1, 2, ..., or several joined by commas"
        )
    powers = tuple(map(int, parts))
    return powers[0] if len(powers) == 1 else powers
