"""The arguments that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from convgraph.core.network import Network
    from convgraph.core.sizes import Size
    from convgraph.layers.spec import Spec

__all__ = ["SPEC", "SpecType", "expression", "input_option", "json_option", "network"]


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

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")


def network(spec: Spec, shape: tuple[Size, ...]) -> Network:
    """The spec bound to the shape of `--input`."""
    return spec.on(shape)
