"""`convgraph group`: the exact group of symmetries of a network."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convgraph.cli.output import print_json, print_lines, progress
from convgraph.cli.shared_arguments import expression, input_option, json_option, network

if TYPE_CHECKING:
    from convgraph.symmetry.groups.automorphisms import SymmetryGroup
    from convgraph.symmetry.groups.network_symmetry import Symmetry

LISTED = 8  # generators that are printed
LONGEST = 400  # characters of one


@click.command("group")
@expression
@input_option
@click.option(
    "--expect", metavar="GROUP", help="Say whether it is this group: cyclic:8, dihedral:8, ..."
)
@click.option("--relabel", is_flag=True, help="Let parameters be exchanged, too.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw the extra symmetry, or the first generator, to this file: cycles in colours.",
)
@json_option
def command(
    expression: Any, shape: Any, expect: str | None, relabel: bool, out: Path | None, as_json: bool
) -> None:
    """Find all symmetries of the network that EXPRESSION describes: exactly, with their number.

    Needs the extra 'symmetry'.

    \b
    convgraph group "Conv(3, padding='same', padding_mode='circular')" --input 64
    convgraph group "Conv(3, padding='same')" --input 8 --relabel
    convgraph group "Conv(1)" --input 8 --expect cyclic:8 --out extra.svg
    """
    import convgraph as cg
    from convgraph.symmetry.groups.named import parse_group

    expected = parse_group(expect) if expect is not None else None
    with progress("The group", 2) as step:
        net = network(expression, shape)
        found = cg.symmetry_group(net, expected=expected, relabel=relabel)
        step()
        facts = _facts(found, expect, None if as_json else LISTED)
        step()
        if out is not None:
            shown = found.extra or (found.generators[0] if found.generators else None)
            cg.draw(net, shade=shown.shade if shown else None).save(out)
            facts["figure"] = str(out)
        if as_json:
            del facts["more"]
            print_json(facts)
            return
        print_lines(_lines(facts))


def _facts(found: SymmetryGroup, expect: str | None, most: int | None) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "network": repr(found.network),
        "structure": found.structure,
        "order": found.order,
        "generators": [_one(g) for g in found.generators[:most]],
        "more": len(found.generators[most:]) if most else 0,
        "orbits": {row: len(orbits) for row, orbits in found.orbits.items()},
    }
    if expect is not None:
        facts["expected"] = {
            "group": expect,
            "exact": found.exact,
            "extra": _one(found.extra) if found.extra else None,
            "missing": list(found.missing),
        }
    return facts


def _one(symmetry: Symmetry) -> dict[str, Any]:
    found: dict[str, Any] = {"cycles": [list(cycle) for cycle in symmetry.cycles]}
    return found | ({"parameters": dict(symmetry.relabels)} if symmetry.relabels else {})


def _lines(facts: dict[str, Any]) -> Iterator[str]:
    name = facts["structure"] or "a group without a name here"
    yield f"{name}, {_number(facts['order'])}"
    for row, count in facts["orbits"].items():
        yield f"    {row}: {count} orbit{'s' if count != 1 else ''}"
    for generator in facts["generators"]:
        yield f"    generator {_shown(generator)}"
    if facts["more"]:
        yield f"    and {facts['more']:,} more generators"
    if "expected" in facts:
        yield from _verdict(facts["expected"])
    if "figure" in facts:
        yield f"Drawn to {facts['figure']}"


def _verdict(expected: dict[str, Any]) -> Iterator[str]:
    if expected["exact"]:
        yield f"Exactly {expected['group']}"
        return
    yield f"Not exactly {expected['group']}"
    if expected["extra"]:
        yield f"    it has, besides: {_shown(expected['extra'])}"
    for number in expected["missing"]:
        yield f"    it lacks generator {number + 1} of {expected['group']}"


def _number(order: int) -> str:
    digits = str(order)
    if len(digits) > 60:
        return f"{digits[0]}.{digits[1:4]}... x 10^{len(digits) - 1} symmetries"
    return f"{order:,} symmetr{'y' if order == 1 else 'ies'}"


def _shown(symmetry: dict[str, Any]) -> str:
    text = "".join(f"({' '.join(cycle)})" for cycle in symmetry["cycles"])
    if len(text) > LONGEST:
        moved = sum(map(len, symmetry["cycles"]))
        text = f"{text[:LONGEST].rpartition(' ')[0]} ... ({moved:,} units in all)"
    exchanged = [f"{a} -> {b}" for a, b in symmetry.get("parameters", {}).items()]
    more = [f"and {len(exchanged) - 8} more"] if len(exchanged) > 8 else []
    return ", ".join([text or "()", *exchanged[:8], *more])
