"""The receptive fields of all units of a row at once, on the axes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis, Full
from convgraph.core.layer import Joint, Row
from convgraph.core.network import Network
from convgraph.core.units import Units
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.interactions.fields import _chosen, receptive_field

__all__ = ["ReceptiveFields", "receptive_fields"]

# Which input positions each position of an axis sees: a row of bits, eight to a byte.
Bits: TypeAlias = NDArray[np.uint8]
Relation: TypeAlias = tuple[Bits, ...]


class ReceptiveFields(Mapping[str, Units]):
    """The receptive field of every unit of a row; a mapping from unit names to sets of units.

    `relations` holds a product of one position-sees-position table per axis for each branch, or is
    None where the network is no product of axes (behind a Flatten, say); then each field is found
    when it is asked for.
    """

    def __init__(
        self, network: Network, row: Row, source: Row, relations: list[Relation] | None
    ) -> None:
        self.network, self.row, self.source, self.relations = network, row, source, relations

    def __getitem__(self, unit: str) -> Units:
        index = self.row.find(unit) if isinstance(unit, str) else None
        if index is None:
            raise KeyError(unit)
        if self.relations is None:
            return receptive_field(self.network, unit, self.source.name)
        index = _padded(index, self.row, 0)
        shape = self.source.numbers()
        sizes = _padded(shape, self.source, 1)
        boxes = []
        for relation in self.relations:
            masks = tuple(
                np.unpackbits(bits[i], count=n).astype(bool)
                for bits, i, n in zip(relation, index, sizes, strict=True)
            )
            boxes.append(masks[len(masks) - len(shape) :])
        return Units(self.source, [box for box in boxes if all(mask.any() for mask in box)])

    def __iter__(self) -> Iterator[str]:
        return iter(self.row.units())

    def __len__(self) -> int:
        return int(np.prod(self.row.numbers(), dtype=np.int64))

    def sizes(self) -> NDArray[np.int64]:
        """How many units each unit sees, as an array of the row's shape."""
        shape = self.row.numbers()
        if self.relations is not None and len(self.relations) == 1:
            counts = [
                np.bitwise_count(bits).sum(axis=1, dtype=np.int64) for bits in self.relations[0]
            ]
            return np.asarray(reduce(np.multiply.outer, counts)).reshape(shape)
        return np.array([len(self[unit]) for unit in self]).reshape(shape)

    def __repr__(self) -> str:
        return f"ReceptiveFields({len(self):,} units of {self.row.name} back to {self.source.name})"


def receptive_fields(
    network: Network, of: str | None = None, row: str | None = None
) -> ReceptiveFields:
    """The receptive fields of all units of a row.

    Found on the axes, forward through the layers: a position sees what its taps see. A layer costs
    its taps times its positions per axis, whatever the number of edges.

    Parameters
    ----------
    network
        A bound network.
    of
        The row whose units are asked about; the output by default.
    row
        The row to look back to; the input by default.

    Returns
    -------
    ReceptiveFields
        A mapping from unit names to sets of units.

    Examples
    --------
    >>> import convgraph as cg
    >>> fields = cg.receptive_fields((cg.Conv(3) >> cg.Conv(3)).on(7))
    >>> fields["g1"]
    Units(x: x1, x2, x3, x4, x5)
    >>> fields.sizes()
    array([5, 5, 5])
    """
    start = _chosen(network, row, network.inputs, "input")
    end = _chosen(network, of, network.outputs, "output")
    known: dict[str, list[Relation] | None] = {start.name: [_everything_sees_itself(start)]}
    made: dict[Any, Bits] = {}
    for layer in network.layers:
        if layer.target.name == start.name:
            continue
        found: list[Relation] | None = []
        for joint in layer.joints:
            relations = known.get(joint.source.name, [])
            axes = _axes(joint, layer.target)
            if (
                (relations and (axes is None or relations is None))
                or relations is None
                or found is None
            ):
                found = None
            elif relations and axes is not None:
                found += [_through(axes, relation, made) for relation in relations]
        known[layer.target.name] = None if found is None else _merged(found)
        if layer.target.name == end.name:
            break
    return ReceptiveFields(network, end, start, known.get(end.name, []))


def _padded(values: tuple[int, ...], row: Row, fill: int) -> tuple[int, ...]:
    """With a channel axis in front, where the row has none."""
    return values if row.channels else (fill, *values)


def _everything_sees_itself(row: Row) -> Relation:
    return tuple(np.packbits(np.eye(n, dtype=bool), axis=1) for n in _padded(row.numbers(), row, 1))


def _axes(joint: Joint, target: Row) -> tuple[Axis, ...] | None:
    """The wiring as one relation per axis of both rows, channels included, if it is that."""
    wiring = joint.wiring
    if not isinstance(wiring, Product) or wiring.order != tuple(range(len(wiring.axes))):
        return None
    before, after = (
        _padded(joint.source.numbers(), joint.source, 1),
        _padded(target.numbers(), target, 1),
    )
    axes = wiring.axes
    if len(axes) == len(before) - 1 == len(after) - 1:
        axes = (identity(1), *axes)
    fits = tuple(a.inputs for a in axes) == before and tuple(a.outputs for a in axes) == after
    return axes if fits else None


def _through(axes: tuple[Axis, ...], relation: Relation, made: dict[Any, Bits]) -> Relation:
    return tuple(_step(axis, bits, made) for axis, bits in zip(axes, relation, strict=True))


def _step(axis: Axis, bits: Bits, made: dict[Any, Bits]) -> Bits:
    # the columns of an image mostly see what the rows see: made once (bits are kept, so ids hold)
    key = axis, id(bits)
    if key not in made:
        made[key] = _seen(axis, bits)
        made[id(bits)] = bits
    return made[key]


def _seen(axis: Axis, bits: Bits) -> Bits:
    if isinstance(axis, Full):
        return np.repeat(np.bitwise_or.reduce(bits, axis=0)[None], int(axis.outputs), axis=0)
    table = axis.table()
    with_nothing = np.vstack([bits, np.zeros_like(bits[:1])])  # what a missing tap (-1) sees
    seen = with_nothing[table[:, 0]]
    for tap in range(1, table.shape[1]):
        seen |= with_nothing[table[:, tap]]
    return seen


def _merged(relations: list[Relation]) -> list[Relation]:
    """Without the branches that another one covers everywhere."""
    kept: list[Relation] = []
    for new in relations:
        if any(_covers(other, new) for other in kept):
            continue
        kept = [other for other in kept if not _covers(new, other)] + [new]
    return kept


def _covers(big: Relation, small: Relation) -> bool:
    return all(a is b or not (b & ~a).any() for a, b in zip(big, small, strict=True))
