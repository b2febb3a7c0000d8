"""What reports and findings ask of a network: each question answered once, for all rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.boxes import Box, complement, merge
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.named_row import rows_before
from convgraph.core.network import Network, check_network
from convgraph.core.sizes import product
from convgraph.core.units import Units
from convgraph.core.wiring import Product
from convgraph.interactions.affine import Fields, affine_fields
from convgraph.interactions.bit_tables import Bits, Branches, exact_fields
from convgraph.interactions.cost import Cost, cost
from convgraph.interactions.effective import path_moments
from convgraph.interactions.padding_seen import Slabs, padded_share, padded_units
from convgraph.interactions.path_count_sums import Paths
from convgraph.interactions.path_totals import PathTotals
from convgraph.interactions.propagation import Propagation
from convgraph.interactions.segments import Total, shares
from convgraph.interactions.sums_of_states import Sum
from convgraph.reports.extremes import Widest, widest
from convgraph.symmetry.lattice.padding_under_strides import AlongAxis

__all__ = ["Structure", "masks_pairs", "structure_of"]

# An axis is looked at in some ten arrays of eight bytes a position, within some seconds.
MOST_POSITIONS = 1 << 22

F = TypeVar("F")
G = TypeVar("G")
P = TypeVar("P")

# the places of the first and the last bit of a byte, counted from its greatest
_BITS = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
FIRST_BIT, LAST_BIT = _BITS.argmax(axis=1), 7 - _BITS[:, ::-1].argmax(axis=1)


def masks_pairs(joint: Joint) -> bool:
    """Whether a mask hides pairs of positions, as in attention: several axes are one there.

    Units that it hides are not read, which is what it is for.
    """
    wiring = joint.wiring
    if not isinstance(wiring, Product):
        return False
    listed = any(axis.listed for axis in wiring.axes)
    return listed and len([n for n in wiring.in_view if n != 1]) < len(
        [n for n in joint.source.shape if n != 1]
    )


class Structure:
    """The answers about one network, looked at from one of its inputs."""

    def __init__(self, network: Network, source: Row) -> None:
        self.network, self.source = network, source
        self._extents: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]] = {}
        self._facts: dict[tuple[str, int], Any] = {}
        self._before: dict[str, set[str]] = {}
        self._places: dict[tuple[int, int], int | None] = {}
        self.path_totals = PathTotals()

    @cached_property
    def symbolic(self) -> bool:
        """Whether a size is a symbol."""
        return self.network.symbolic

    @property
    def space(self) -> tuple[int, ...]:
        """The sizes of the input's axes besides the channels."""
        shape = self.source.numbers()
        return shape[1:] if self.source.channels else shape

    @cached_property
    def intervals(self) -> Propagation[Fields]:
        """The intervals that units see, whatever the border cuts off."""
        return affine_fields(self.network, self.source.name, apart=True)

    @cached_property
    def exact(self) -> Propagation[Branches]:
        """The positions that units see, as bits."""
        return exact_fields(self.network, self.source.name, apart=True)

    @cached_property
    def padded(self) -> Propagation[Slabs]:
        """The units that see padding."""
        return padded_units(self.network, self.source.name)

    @cached_property
    def moments(self) -> Propagation[Paths]:
        """Path counts with their means and variances."""
        return path_moments(self.network, self.source)

    @cached_property
    def cost(self) -> Cost:
        """Parameters and operations, by layer and in all."""
        return cost(self.network)

    @cached_property
    def readers(self) -> dict[str, list[Layer]]:
        """The layers that read each row."""
        found: dict[str, list[Layer]] = {row.name: [] for row in self.network.rows}
        for layer in self.network.layers:
            for name in dict.fromkeys(joint.source.name for joint in layer.joints):
                found[name].append(layer)
        return found

    @cached_property
    def last_reader(self) -> dict[str, int]:
        """The position of the last layer that reads each row."""
        found: dict[str, int] = {}
        for position, layer in enumerate(self.network.layers):
            found.update({joint.source.name: position for joint in layer.joints})
        return found

    @cached_property
    def behind(self) -> dict[str, int]:
        """The position of the first layer that can depend on each row."""
        layers = enumerate(self.network.layers, start=1)
        return {layer.target.name: position for position, layer in layers}

    def before(self, row: str) -> set[str]:
        """A row, and all rows that it depends on."""
        if row not in self._before:
            self._before[row] = rows_before(self.network, row)
        return self._before[row]

    @cached_property
    def live(self) -> dict[str, tuple[Box, ...]]:
        """The units of each row that some output depends on, as boxes."""
        found: dict[str, list[Box]] = {}
        for row in self.network.outputs:
            found[row.name] = [tuple(np.ones(n, bool) for n in row.numbers())]
        for layer in reversed(self.network.layers):
            target = layer.target
            boxes = found.get(target.name)
            if not boxes:
                continue
            for joint in layer.joints:
                source = joint.source
                before = found.get(source.name, [])
                if any(all(mask.all() for mask in box) for box in before):
                    continue
                if masks_pairs(joint):  # what it hides is no box, and nothing is lost by it
                    found[source.name] = [tuple(np.ones(n, bool) for n in source.numbers())]
                    continue
                found[source.name] = merge([*before, *joint.back(boxes, target)])
        return {name: tuple(boxes) for name, boxes in found.items()}

    def dead(self, row: Row) -> Units:
        """The units of a row that no output depends on."""
        return self.without(row, self.live.get(row.name, ()))

    def without(self, row: Row, boxes: Sequence[Box]) -> Units:
        """The units of a row that are in none of some boxes."""
        if any(all(mask.all() for mask in box) for box in boxes):
            return Units(row, [])
        return Units(row, complement(boxes, row.numbers()))

    def along(self, joint: Joint, b: int) -> Axis | None:
        """The relation by which a layer's units move along the input's axis b, or None."""
        at, wiring = self.place(joint, b), joint.wiring
        return wiring.axes[at] if at is not None and isinstance(wiring, Product) else None

    def place(self, joint: Joint, b: int) -> int | None:
        """Which of a wiring's axes moves along the input's axis b, or None."""
        key = id(joint), b  # of the network's, which live as long as this does
        if key not in self._places:
            self._places[key] = self._place(joint, b)
        return self._places[key]

    def _place(self, joint: Joint, b: int) -> int | None:
        state, wiring = self.sum(joint.source.name), joint.wiring
        if not isinstance(state, Sum) or not isinstance(wiring, Product) or b >= len(state.moves):
            return None
        moved = state.moves[b]
        if moved is None:
            return None
        # views may divide a row differently: an axis is known by its size and what lies inside it,
        # and axes of size 1 by their place from the end
        wanted = state.view[moved], product(state.view[moved + 1 :])
        view, behind = wiring.in_view, len(state.view) - moved
        found = [
            position
            for position in range(len(view))
            if (view[position], product(view[position + 1 :])) == wanted
        ]
        if not found:
            return None
        place = len(view) - behind if len(view) - behind in found else found[-1]
        return wiring.order.index(place)

    def along_axis(self, b: int) -> AlongAxis:
        """The relations by which all layers move along the input's axis b."""
        return [
            (
                layer,
                [
                    (joint.source.name, axis)
                    for joint in layer.joints
                    if (axis := self.along(joint, b)) is not None
                ],
            )
            for layer in self.network.layers
        ]

    def sum(self, row: str) -> Total[Fields] | None:
        """The intervals of a row, or None where there are none."""
        return self.intervals.sums.get(row)

    def widest(self, row: str) -> tuple[Widest, ...] | None:
        """Along each axis the widest interval of a row and the size of the narrowest, or None."""
        axes = len(self.source.shape) - int(self.source.channels)

        def find(total: Sum[Fields]) -> tuple[Widest, ...] | None:
            each = [widest(total, b) for b in range(axes)]
            known = tuple(along for along in each if along is not None)
            return known if len(known) == axes else None

        def of_row(_: Total[Fields], found: list[tuple[Widest, ...]]) -> tuple[Widest, ...]:
            return tuple(
                max(each, key=_breadth)._replace(least=min(w.least for w in each))
                for each in zip(*found, strict=True)
            )

        return self.of_parts("widest", self.sum(row), find, of_row)

    def touching(self, row: str) -> Fraction | None:
        """The share of a row's units that see padding, or None."""
        total = self.padded.sums.get(row)
        if total is not None and not total.whole:
            return Fraction(0)

        def of_row(total: Total[Slabs], found: list[Fraction]) -> Fraction:
            weights = (weight for _, weight in shares(total))
            return sum((w * each for w, each in zip(weights, found, strict=True)), Fraction(0))

        return self.of_parts("touching", total, padded_share, of_row)

    def fields(self, row: str) -> Fields | None:
        """Along each axis the intervals of the units that see the most along it, or None."""
        found = self.widest(row)
        return None if found is None else tuple(along.field for along in found)

    def of_parts(
        self,
        what: str,
        total: Total[P] | None,
        find: Callable[[Sum[P]], F | None],
        together: Callable[[Total[P], list[F]], G | None],
    ) -> G | None:
        """A fact of a row, by those of its parts in which units see something.

        Found once for all rows whose units see the same; None where they see nothing, or where a
        part has no such fact.
        """
        if total is None:
            return None
        if (what, id(total)) not in self._facts:
            found = [self._of_part(what, part, find) for part in total.whole]
            known = [fact for fact in found if fact is not None]
            fact = together(total, known) if 0 < len(known) == len(found) else None
            self._facts[what, id(total)] = fact
        whole: G | None = self._facts[what, id(total)]
        return whole

    def _of_part(self, what: str, part: Sum[P], find: Callable[[Sum[P]], F | None]) -> F | None:
        key = f"{what} of a part", id(part)
        if key not in self._facts:
            self._facts[key] = find(part)
        found: F | None = self._facts[key]
        return found

    def extents(self, bits: Bits, size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The first and the last position in each row of bits; (size, -1) for empty ones."""
        key = id(bits)
        if key not in self._extents:
            row, width = np.arange(len(bits)), bits.shape[1]
            head = (bits != 0).argmax(axis=1)
            tail = width - 1 - (bits[:, ::-1] != 0).argmax(axis=1)  # numpy is slow to argmax a view
            any_seen = bits[row, head] != 0
            first = np.where(any_seen, 8 * head + FIRST_BIT[bits[row, head]], size)
            last = np.where(any_seen, 8 * tail + LAST_BIT[bits[row, tail]], -1)
            self._extents[key] = first, last
        return self._extents[key]


def _breadth(along: Widest) -> int:
    return along.field.size if isinstance(along.field.size, int) else 0


@lru_cache(maxsize=2)  # a report and the findings of the same network; few, as they are large
def _structure(network: Network, source: str) -> Structure:
    return Structure(network, network.row(source))


def _check_positions(network: Network) -> None:
    """Refuse axes of which a few arrays would fill the memory."""
    for row in network.rows:
        for size in row.shape:
            if isinstance(size, int) and size > MOST_POSITIONS:
                raise ConvgraphError(
                    f"network: {row.name} has {size:,} positions along an axis; reports and "
                    f"findings look at each position, of {MOST_POSITIONS:,} at most"
                )


def structure_of(network: Network, row: str | None = None) -> Structure:
    """The structure of a network, looked at from an input: the largest where none is named."""
    check_network(network)
    if not network.inputs:
        raise ConvgraphError("network: it has no input, and there is nothing to look back to")
    _check_positions(network)
    if row is None:
        sized = [r for r in network.inputs if not r.symbolic]
        chosen = max(sized, key=lambda r: r.size, default=network.inputs[0])
        return _structure(network, chosen.name)
    return _structure(network, network.row(row).name)
