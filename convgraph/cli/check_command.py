"""`convgraph check`: whether a network commutes with a transformation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from convgraph.cli.output import print_json, print_line, print_lines, progress
from convgraph.cli.shared_arguments import (
    boundary_option,
    expression,
    input_option,
    json_option,
    network,
    shifted,
)

if TYPE_CHECKING:
    from convgraph.core.network import Network
    from convgraph.symmetry.lattice.shift_lattice import Lattice
    from convgraph.symmetry.transformations.transformation import Transformation


@click.command("check")
@expression
@input_option
@click.option("--shift", metavar="AMOUNT", help="Positions, such as 2; one for each axis: 0,1.")
@click.option("--flip", is_flag=True, help="Reflect along the axis.")
@click.option("--rotate", type=int, metavar="TURNS", help="Quarter turns of rows and columns.")
@click.option("--scale", type=int, metavar="FACTOR", help="Enlarge by a whole factor.")
@click.option("--axis", type=int, help="The axis, from 0 without the channels; by default -1.")
@boundary_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Draw the counterexample to this file: .svg, .html, .tex, .dot, .png or .pdf.",
)
@json_option
def command(
    expression: Any,
    shape: Any,
    shift: str | None,
    flip: bool,
    rotate: int | None,
    scale: int | None,
    axis: int | None,
    boundary: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Decide whether the network that EXPRESSION describes commutes with a transformation.

    It prints where f(g x) = g f(x) holds and where not, why, the smallest counterexample, the
    conditions under which it would hold, and the shifts that commute away from the border.

    \b
    convgraph check "Conv(3, padding='same') >> ReLU() >> MaxPool(2)" --input 16 --shift 2
    convgraph check "Conv((3, 3), padding='same')" --input 8x8 --rotate 1
    """
    import convgraph as cg

    said: Any
    with progress("The verdict", 3) as step:
        net = network(expression, shape)
        moved = _transformation(shift, flip, rotate, scale, axis, boundary)
        verdict = cg.check_equivariance(net, moved)
        step()
        lattice = _lattice(net)
        step()
        if out is not None and verdict.counterexample is not None:
            example = verdict.counterexample
            cg.draw(example.network, **example.marks).save(out)
        said = (
            verdict.to_dict() if as_json else str(verdict)
        )  # causes and conditions are looked for
        step()
    if as_json:
        print_json({**said, "lattice": None if lattice is None else lattice.to_dict()})
        return
    print_lines(said.split("\n"))
    if lattice is not None:
        print_line()
        print_lines(str(lattice).split("\n"))


def _transformation(
    shift: str | None,
    flip: bool,
    rotate: int | None,
    scale: int | None,
    axis: int | None,
    boundary: str,
) -> Transformation:
    import convgraph as cg
    from convgraph.core.errors import ConvgraphError

    given = [shift is not None, flip, rotate is not None, scale is not None]
    if sum(given) != 1:
        raise ConvgraphError(
            f"{sum(given)} transformations: give one of --shift, --flip, --rotate and --scale"
        )
    own = -1 if axis is None else axis
    if shift is not None:
        return shifted(shift, own, boundary)
    if rotate is not None:
        return cg.Rotate90(rotate)
    return cg.Scale(scale, axis) if scale is not None else cg.Flip(own)


def _lattice(net: Network) -> Lattice | None:
    """The shifts that commute, where the axes of the network can be told apart."""
    import convgraph as cg
    from convgraph.core.errors import ConvgraphError

    try:
        return cg.shift_lattice(net)
    except ConvgraphError:
        return None
