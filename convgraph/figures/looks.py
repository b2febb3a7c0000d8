"""How single units and connections are to look: one mapping from either to properties.

A mapping goes from units to properties, where "units" is a unit, a row, a set of units or a
function that picks some; and alike from connections. It can be given as a dict, as a list of pairs
(sets are no keys of a dict), or as a function that returns the properties of each. A property, too,
can be a function of the unit or of the connection; where it returns None, nothing is said.
"""

from __future__ import annotations

import colorsys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.network import Network
from convgraph.figures.colors import PALETTE, as_color
from convgraph.figures.marks import edge_mask, unit_names
from convgraph.figures.panel import LineStyle, Shape
from convgraph.figures.pictures import as_picture

__all__ = ["EdgeLook", "Looks", "UnitLook", "edge_looks", "parameter_colors", "unit_looks"]

Looks: TypeAlias = "Mapping[Any, Mapping[str, Any]] | Iterable[Any] | Callable[..., Any] | None"

SIZES = (0.2, 1.5)  # of a unit
WIDTHS = (0.1, 10.0)  # of a connection


@dataclass(frozen=True)
class UnitLook:
    """What a caller says of a unit; None leaves it as it is."""

    fill: tuple[str, ...] | None = None
    label: str | None = None
    color: str | None = None
    size: float | None = None
    shape: Shape | None = None
    image: NDArray[Any] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class EdgeLook:
    """What a caller says of a connection; None leaves it as it is."""

    color: str | None = None
    label: str | None = None
    width: float | None = None
    line: LineStyle | None = None


def unit_looks(network: Network, units: Looks) -> dict[str, UnitLook]:
    """The look of each unit that a caller says something of; of two the later wins.

    >>> import convgraph as cg
    >>> net = cg.Conv(3).on(5)
    >>> unit_looks(net, {"s": {"shape": "square"}, "s2": {"label": "here"}})["s2"]
    UnitLook(fill=None, label='here', color=None, size=None, shape='square', image=None)
    """
    result: dict[str, UnitLook] = {}
    for names, properties in _named_units("units", units, network):
        if properties is None:
            continue
        made = _properties("units", properties, _UNIT)
        for name in names:
            result[name] = replace(result.get(name, UnitLook()), **made(name))
    return result


def edge_looks(network: Network, edges: Looks | str, chosen: list[int]) -> dict[int, EdgeLook]:
    """The look of each of the chosen connections of the edge table, by its number there."""
    if edges is None:
        return {}
    table = network.edges
    if isinstance(edges, str):
        if edges != "parameters":
            raise ConvgraphError(f"edges={edges!r}: 'parameters', or a mapping to properties")
        colors = parameter_colors(network)
        labels = {number: str(table.labels[table.label[number]]) for number in chosen}
        return {n: EdgeLook(color=colors[name]) for n, name in labels.items() if name in colors}
    named = _edge_names(network, chosen)
    result: dict[int, EdgeLook] = {}
    if callable(edges):
        for number, ends in named.items():
            properties = edges(*ends)
            if properties is not None:
                result[number] = EdgeLook(**_properties("edges", properties, _EDGE)(*ends))
        return result
    for key, properties in _items("edges", edges):
        made = _properties("edges", properties, _EDGE)
        if callable(key):
            mine = [number for number, ends in named.items() if key(*ends)]
        else:
            mask = edge_mask(network, key, "edges")
            mine = [number for number in chosen if mask[number]]
        for number in mine:
            result[number] = replace(result.get(number, EdgeLook()), **made(*named[number]))
    return result


def parameter_colors(network: Network) -> dict[str, str]:
    """A colour for each parameter of a network, no two alike: what is tied shares it.

    >>> import convgraph as cg
    >>> parameter_colors(cg.Conv(2).on(3))
    {'w_1': '#E69F00', 'w_2': '#56B4E9'}
    """
    count = network.labels.parameters
    names = [str(label) for label in network.labels[:count]]
    colors = list(PALETTE[:count])
    for number in range(count - len(PALETTE)):
        # Turned by the golden angle, hues keep away from all before them.
        hue, light = number * 0.381966 % 1, (0.45, 0.62, 0.3)[number // 13 % 3]
        red, green, blue = colorsys.hls_to_rgb(hue, light + number * 1e-3 % 0.1, 0.75)
        colors.append(f"#{round(255 * red):02X}{round(255 * green):02X}{round(255 * blue):02X}")
    return dict(zip(names, colors, strict=True))


def _edge_names(network: Network, chosen: list[int]) -> dict[int, tuple[str, str, str]]:
    table = network.edges
    names = [unit for row in network.rows for unit in row.units()]
    return {
        n: (names[table.source[n]], names[table.target[n]], str(table.labels[table.label[n]]))
        for n in chosen
    }


def _items(argument: str, looks: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(looks, Mapping):
        yield from looks.items()
        return
    if isinstance(looks, Iterable):
        for pair in looks:
            if not (isinstance(pair, tuple) and len(pair) == 2):
                raise ConvgraphError(
                    f"{argument}: {pair!r} is no pair of {argument} and their properties"
                )
            yield pair
        return
    raise ConvgraphError(
        f"{argument}={looks!r}: a dict from {argument} to properties, pairs of them, or a function"
    )


def _named_units(
    argument: str, looks: Looks, network: Network
) -> Iterator[tuple[Iterable[str], Any]]:
    """Units by their names, and the properties of these."""
    if looks is None:
        return
    every = [unit for row in network.rows for unit in row.units()]
    if callable(looks):
        for name in every:
            yield [name], looks(name)
        return
    rows = {row.name: row for row in network.rows}
    for key, properties in _items(argument, looks):
        if callable(key):
            yield [name for name in every if key(name)], properties
        elif isinstance(key, str) and key in rows:
            yield rows[key].units(), properties
        else:
            yield unit_names(argument, network, key), properties


def _properties(
    argument: str, given: Any, readers: Mapping[str, Any]
) -> Callable[..., dict[str, Any]]:
    """The properties that each unit or connection gets, by its names."""
    if not isinstance(given, Mapping):
        raise ConvgraphError(
            f"{argument}={{...: {given!r}}}: properties are a dict, as in {{'color': 'orange'}}"
        )

    def read(name: str, value: Any) -> Any:
        shown = "..." if name == "image" else repr(value)
        return readers[name](f"{argument}={{...: {{{name!r}: {shown}}}}}", value)

    fixed: dict[str, Any] = {}
    called: dict[str, Callable[..., Any]] = {}
    for name, value in given.items():
        if name not in readers:
            raise ConvgraphError(
                f"{argument}={{...: {{{name!r}: ...}}}}: a property is one of "
                f"{', '.join(readers)}{nearest(str(name), readers)}"
            )
        if callable(value):
            called[name] = value
        else:
            fixed[name] = read(name, value)

    def properties(*names: str) -> dict[str, Any]:
        made = {name: function(*names) for name, function in called.items()}
        return fixed | {name: read(name, v) for name, v in made.items() if v is not None}

    return properties


def _fill(place: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, Iterable):
        return (as_color(place, value),)
    colors = [value] if isinstance(value, str) else value
    return tuple(dict.fromkeys(as_color(place, color) for color in colors))


def _text(place: str, value: Any) -> str:
    return str(value)


def _number(low: float, high: float) -> Callable[[str, Any], float]:
    def read(place: str, value: Any) -> float:
        if isinstance(value, int | float | np.number) and low <= value <= high:
            return float(value)
        raise ConvgraphError(f"{place}: a number from {low:g} to {high:g}, as a share of the usual")

    return read


def _one_of(kind: Any) -> Callable[[str, Any], str]:
    def read(place: str, value: Any) -> str:
        if isinstance(value, str) and value in get_args(kind):
            return value
        raise ConvgraphError(
            f"{place}: one of {', '.join(get_args(kind))}{nearest(str(value), get_args(kind))}"
        )

    return read


_UNIT = {
    "fill": _fill,
    "label": _text,
    "color": as_color,
    "size": _number(*SIZES),
    "shape": _one_of(Shape),
    "image": as_picture,
}
_EDGE = {
    "color": as_color,
    "label": _text,
    "width": _number(*WIDTHS),
    "line": _one_of(LineStyle),
}
