"""The arguments that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from convgraph.core.network import Network
    from convgraph.core.sizes import Size
    from convgraph.layers.spec import Spec
    from convgraph.symmetry.transformations.geometric import Shift

__all__ = [
    "SPEC",
    "SpecType",
    "boundary_option",
    "expression",
    "input_option",
    "json_option",
    "network",
    "shifted",
]


class SpecType(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """A spec, written as text; a mistake is our error, which says more than click's."""

    name = "spec"

    def convert(self, value: Any, param: Any, ctx: Any) -> Spec:
        from convgraph.cli.expression import parse_spec

        return parse_spec(value) if isinstance(value, str) else value


class ShapeType(click.ParamType):  # type: ignore[type-arg]  # generic in new versions only
    """A shape, written as sizes joined by x."""

    name = "shape"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[Size, ...]:
        from convgraph.cli.expression import parse_shape

        return parse_shape(value) if isinstance(value, str) else value


SPEC = SpecType()

expression = click.argument("expression", type=SPEC, metavar="EXPRESSION")

input_option = click.option(
    "--input",
    "shape",
    type=ShapeType(),
    required=True,
    metavar="SHAPE",
    help="Sizes joined by x, channels first: 5, 3x100x100, or a letter such as n.",
)

boundary_option = click.option(
    "--boundary",
    type=click.Choice(["zeros", "wrap"]),
    default="zeros",
    show_default=True,
    help="What moves in where a shift leaves the frame.",
)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")


def network(spec: Spec, shape: tuple[Size, ...]) -> Network:
    """The spec bound to the shape of `--input`."""
    return spec.on(shape)


def shifted(text: str, axis: int, boundary: str) -> Shift:
    """The shift of `--shift`, `--axis` and `--boundary`."""
    from convgraph.core.errors import ConvgraphError
    from convgraph.symmetry.transformations.geometric import Shift

    try:
        amounts = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ConvgraphError(
            f"shift={text!r}: a whole number, or one for each axis joined by commas: 0,1"
        ) from None
    amount = amounts[0] if len(amounts) == 1 else amounts
    return Shift(amount, axis, "wrap" if boundary == "wrap" else "zeros")
