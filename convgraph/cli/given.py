"""A network that is given as a file or as an expression, and what is said of its inputs."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from convgraph.core.network import Network
    from convgraph.core.sizes import Size

__all__ = [
    "fraction_of",
    "axes_of",
    "given",
    "given_input",
    "model_axes",
    "model_inputs",
    "model_values",
    "network_given",
    "shapes_of",
    "strict_option",
    "values_of",
]

given = click.argument("given", metavar="MODEL.onnx|EXPRESSION")

given_input = click.option(
    "--input",
    "sizes",
    metavar="SHAPE",
    help="The input's sizes joined by x: of a model with its batch, 1x3x4096x4096; of an "
    "expression channels first, 3x4096x4096.",
)


model_inputs = click.option(
    "--input",
    "shapes",
    multiple=True,
    metavar="[NAME=]SHAPE",
    help="The input's sizes joined by x, batch included: 1x3x224x224; by name for several inputs.",
)

model_axes = click.option(
    "--axes",
    "letters",
    multiple=True,
    metavar="[NAME=]LETTERS",
    help="What the input's axes are: N the batch, C the channels, any other letter one of time or "
    "space, as in NHWC or NTC; by name for several inputs.",
)

model_values = click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=NUMBER",
    help="What an input always is, such as sr=16000; several numbers as 1,2. Can be repeated.",
)

strict_option = click.option("--strict", is_flag=True, help="Refuse operators that are not known.")


def shapes_of(given: tuple[str, ...]) -> Any:
    """The shapes of `--input`: one alone, or by the name of the input."""
    from convgraph.cli.expression import parse_shape
    from convgraph.core.errors import ConvgraphError

    if not given:
        return None
    named: dict[str, tuple[Size, ...]] = {}
    for text in given:
        name, equals, sizes = text.rpartition("=")
        if not equals and len(given) > 1:
            raise ConvgraphError(f"input={text!r}: for several inputs each is NAME=SHAPE")
        named[name] = parse_shape(sizes)
    return named[""] if list(named) == [""] else named


def axes_of(given: tuple[str, ...]) -> Any:
    """The letters of `--axes`: those of one input alone, or by the name of the input."""
    from convgraph.core.errors import ConvgraphError

    if not given:
        return None
    named = {name: letters for name, _, letters in (text.rpartition("=") for text in given)}
    if "" in named and len(given) > 1:
        raise ConvgraphError(f"axes={named['']!r}: for several inputs each is NAME=LETTERS")
    return named.get("", named)


def values_of(given: tuple[str, ...]) -> dict[str, Any]:
    """The values of `--set`, by the names of the inputs."""
    import json

    from convgraph.core.errors import ConvgraphError

    named: dict[str, Any] = {}
    for text in given:
        name, _, numbers = text.rpartition("=")
        try:
            found = json.loads(f"[{numbers}]")
        except ValueError:
            found = []
        if not name or not found or not all(isinstance(n, int | float) for n in found):
            raise ConvgraphError(f"set={text!r}: an input and its value, such as sr=16000")
        named[name] = found[0] if len(found) == 1 else found
    return named


# a power of ten such as 1e999999999 is a number of as many digits
_FRACTION = re.compile(r"[+-]?\d{1,15}(\.\d{1,15}|/\d{1,15})?", re.ASCII)


def fraction_of(argument: str, text: str, rule: str) -> Fraction:
    """The number that a text such as 16000, 0.25 or 1/4 says."""
    from convgraph.core.errors import ConvgraphError

    try:
        if _FRACTION.fullmatch(text.strip()):
            return Fraction(text.strip())
    except ZeroDivisionError:
        pass
    raise ConvgraphError(f"{argument}={text!r}: {rule}")


def network_given(
    given: str, sizes: str | None, row: str | None = None, settings: tuple[str, ...] = ()
) -> Network:
    """The model of a file that there is, or else the network that an expression describes.

    A model whose end is made for one size, as a classifier is, is read up to the row.
    """
    from convgraph.cli.expression import parse_shape, parse_spec
    from convgraph.core.errors import ConvgraphError

    shape: Any = None if sizes is None else parse_shape(sizes)
    if Path(given).suffix == ".onnx" or _is_there(given):
        from convgraph.importers.onnx.graph import from_onnx

        try:
            model = given if row is None else _until(given, row)
            return from_onnx(model, shape, values=values_of(settings))
        except ConvgraphError as error:
            if row is not None or shape is None:
                raise
            raise ConvgraphError(
                f"{error}. Of a model whose end is made for one size, --row ROW reads less"
            ) from None
    if shape is None:
        raise ConvgraphError("input=None: an expression needs its sizes: --input 3x4096x4096")
    return parse_spec(given).on(shape)


def _is_there(path: str) -> bool:
    """Whether a text is the name of a file; an expression may be too long for one."""
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _until(path: str, row: str) -> Any:
    """The model without what comes behind one of its tensors; all of it if it has none such."""
    from convgraph.importers.onnx.file import read_model

    proto, _ = read_model(path)
    wanted, kept = {row}, []
    for node in reversed(proto.graph.node):
        if wanted.intersection(node.output):
            wanted.update(node.input)
            kept.append(node)
    if not kept or any(part.HasField("g") for node in kept for part in node.attribute):
        return path
    del proto.graph.node[:], proto.graph.output[:]
    proto.graph.node.extend(reversed(kept))
    proto.graph.output.add().name = row
    return proto
