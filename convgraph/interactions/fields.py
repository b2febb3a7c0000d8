"""Receptive and projective fields: which units a unit sees, and which it affects."""

from __future__ import annotations

from collections.abc import Iterable

from convgraph.core.boxes import Box, merge
from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.named_row import input_row, output_row
from convgraph.core.network import Network, check_network
from convgraph.core.units import Units

__all__ = ["projective_field", "receptive_field"]


@checked
def receptive_field(network: Network, unit: str | Iterable[str], row: str | None = None) -> Units:
    """The units of a row that a unit depends on: what it sees.

    The set is exact: dilation and stride leave holes in it, and the border clips it.

    Parameters
    ----------
    network
        A bound network.
    unit
        A unit's name, or several units of one row, whose fields are joined.
    row
        The row to look back to; the input by default.

    Returns
    -------
    Units
        A set of unit names, with `bounds`, `axes` and `mask()`.

    Raises
    ------
    ConvgraphError
        If there is no such unit or row, or if the network has several inputs and none is named.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5)
    >>> cg.receptive_field(net, "g3", row="h")
    Units(h: h2, h3, h4)
    >>> cg.receptive_field(net, "g3") == {"x1", "x2", "x3", "x4", "x5"}
    True

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), figures 9.3 and 9.4.
    """
    check_network(network)
    start, target = _units(network, unit), input_row(network, row)
    found: dict[str, list[Box]] = {start.row.name: list(start.boxes)}
    for layer in reversed(network.layers):
        boxes = found.get(layer.target.name)
        if not boxes or layer.target.name == target.name:
            continue
        for joint in layer.joints:
            _add(found, joint.source, joint.back(boxes, layer.target))
    return Units(target, found.get(target.name, []))


@checked
def projective_field(network: Network, unit: str | Iterable[str], row: str | None = None) -> Units:
    """The units of a row that depend on a unit: what it affects.

    Parameters
    ----------
    network
        A bound network.
    unit
        A unit's name, or several units of one row.
    row
        The row to look forward to; the output by default.

    Returns
    -------
    Units
        A set of unit names, with `bounds`, `axes` and `mask()`.

    Raises
    ------
    ConvgraphError
        If there is no such unit or row, or if the network has several outputs and none is named.

    Examples
    --------
    >>> import convgraph as cg
    >>> cg.projective_field(cg.Conv(3, padding="same").on(5), "x3")
    Units(s: s2, s3, s4)

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), figure 9.2.
    """
    check_network(network)
    start, target = _units(network, unit), output_row(network, row)
    found: dict[str, list[Box]] = {start.row.name: list(start.boxes)}
    for layer in network.layers:
        if layer.target.name == start.row.name:
            continue
        for joint in layer.joints:
            boxes = found.get(joint.source.name)
            if boxes:
                _add(found, layer.target, joint.forward(boxes, layer.target))
        if layer.target.name == target.name:
            break
    return Units(target, found.get(target.name, []))


def _add(found: dict[str, list[Box]], row: Row, boxes: list[Box]) -> None:
    found[row.name] = merge([*found.get(row.name, []), *boxes])


def _units(network: Network, unit: str | Iterable[str]) -> Units:
    """The units that a question is about, all of one row."""
    if isinstance(unit, Units):
        return unit
    if not isinstance(unit, Iterable):
        raise ConvgraphError(f"unit={unit!r}: one unit, or several of one row")
    names = [unit] if isinstance(unit, str) else list(unit)
    located = [network.find(name) for name in names]
    if len({row.name for row, _ in located}) != 1:
        raise ConvgraphError(f"unit={names}: one unit, or several of one row")
    row = located[0][0]
    return Units(row, [box for _, index in located for box in Units.single(row, index).boxes])
