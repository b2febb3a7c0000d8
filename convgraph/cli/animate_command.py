"""`convgraph animate`: a layer in motion, a field that grows, a gradient, a shift."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from convgraph.cli.output import print_text, progress
from convgraph.cli.shared_arguments import (
    boundary_option,
    expression,
    input_option,
    network,
    shifted,
)
from convgraph.core.errors import ConvgraphError


@click.command("animate")
@expression
@input_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="What is written: .html (plays), .gif, .mp4 or .png (animated), .svg or .pdf (a strip).",
)
@click.option("--unit", help="A unit, such as g3, whose receptive field grows row by row.")
@click.option("--gradient", is_flag=True, help="The unit's gradient runs back, instead.")
@click.option("--shift", metavar="AMOUNT", help="The network of a shift beside the shift of it.")
@boundary_option
@click.option(
    "--cells", default="numbers", metavar="WORD", help="In the cells: numbers, symbols or none."
)
@click.option(
    "--reading",
    default="inserted",
    metavar="WORD",
    help="A transposed convolution with zeros inserted, or scattered.",
)
@click.option(
    "--frames",
    metavar="WHICH",
    help="Of all frames so many (4), some (0,4,8; -1 is the last), or a slice (0:9:2).",
)
@click.option(
    "--scale",
    type=float,
    help="Pixels for a point in GIF, PNG and MP4; else 1, or what the smallest letter needs.",
)
@click.option("--columns", default=4, help="Frames side by side in a strip.", show_default=True)
@click.option("--seconds", default=0.6, help="How long a frame is shown.", show_default=True)
def command(
    expression: Any,
    shape: Any,
    out: Path,
    unit: str | None,
    gradient: bool,
    shift: str | None,
    boundary: str,
    cells: Any,
    reading: Any,
    frames: str | None,
    scale: float | None,
    columns: int,
    seconds: float,
) -> None:
    """Show in motion what the layer that EXPRESSION describes does to an input.

    \b
    convgraph animate "Conv((3, 3), stride=2, padding=1)" --input 5x5 --out sweep.gif
    convgraph animate "ConvTranspose((3, 3), stride=2)" --input 3x3 --reading scattered --out a.html
    convgraph animate "Conv(3, padding=1) >> ReLU()" --input 8 --shift 1 --out b.html
    convgraph animate "Conv(3)" --input 9 --frames 0,4,-1 --out strip.svg
    """
    if boundary != "zeros" and shift is None:
        raise ConvgraphError(f"--boundary {boundary}: of a shift, which --shift gives")
    with progress("The frames", 2) as step:
        from convgraph.figures.motion.animation import animate
        from convgraph.figures.motion.choice import chosen

        made = animate(
            network(expression, shape),
            unit,
            cells=cells,
            reading=reading,
            gradient=gradient,
            transformation=None if shift is None else shifted(shift, -1, boundary),
            seconds=seconds,
        )
        step()
        which = None if frames is None else _which(frames)
        made.save(out, frames=which, scale=scale, columns=columns)
        step()
    kept = len(chosen(which, len(made.frames)))
    print_text(f"{out}: {kept} frame{'s' * (kept != 1)}")


def _which(frames: str) -> int | slice | list[int]:
    """Frames as a person writes them: 4, or 0,4,8, or 0:9:2."""
    try:
        if ":" in frames:
            return slice(*(int(part) if part.strip() else None for part in frames.split(":")))
        if "," in frames:
            return [int(part) for part in frames.split(",") if part.strip()]
        return int(frames)
    except (TypeError, ValueError):
        raise ConvgraphError(
            f"--frames {frames}: so many (4), some (0,4,8) or a slice (0:9:2)"
        ) from None
