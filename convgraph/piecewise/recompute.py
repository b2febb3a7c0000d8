"""What has to be computed anew when a part of an input changes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.boxes import Box, merge
from convgraph.core.calls import checked
from convgraph.core.checks import as_array, as_parameters
from convgraph.core.errors import ConvgraphError
from convgraph.core.given_values import input_values, label_values
from convgraph.core.layer import Row
from convgraph.core.named_row import input_row
from convgraph.core.network import Network, check_network
from convgraph.core.overflow import OverflowingError, Rounded, require_bits
from convgraph.core.plain_data import plain
from convgraph.core.tables import Table
from convgraph.core.units import Units
from convgraph.interactions.partial_cost import multiply_adds
from convgraph.piecewise.partial_evaluation import renew

__all__ = ["Recomputation", "RecomputedRow", "recompute"]


@dataclass(frozen=True)
class RecomputedRow:
    """One row, and what of it depends on what changed.

    Attributes
    ----------
    row
        Its name.
    units
        Which units have to be computed anew; no other one can have another value.
    multiply_adds, of
        How many products that takes, and how many the whole row does (see `cost`).
    """

    row: str
    units: Units
    multiply_adds: int
    of: int

    @property
    def bounds(self) -> tuple[tuple[int, int], ...]:
        """Per axis the first and the last position, counted from 0: the box around the units."""
        return self.units.bounds


@dataclass(frozen=True, eq=False)
class Recomputation:
    """What a change of some units makes necessary, and nothing more.

    Attributes
    ----------
    network
        The network.
    changed
        The units that change.
    """

    network: Network
    changed: Units

    @cached_property
    def rows(self) -> tuple[RecomputedRow, ...]:
        """The rows behind the change, in order of computation, those that it misses left out."""
        found: dict[str, list[Box]] = {self.changed.row.name: list(self.changed.boxes)}
        rows = []
        for layer in self.network.layers:
            name = layer.target.name
            if name == self.changed.row.name:
                continue
            boxes: list[Box] = []
            for joint in layer.joints:
                read = found.get(joint.source.name)
                if read:
                    boxes = merge([*boxes, *joint.forward(read, layer.target)])
            boxes = [box for box in boxes if all(mask.any() for mask in box)]
            if boxes:
                found[name] = boxes
                anew, of = multiply_adds(layer, boxes), multiply_adds(layer, None)
                rows.append(RecomputedRow(name, Units(layer.target, boxes), anew, of))
        return tuple(rows)

    @property
    def multiply_adds(self) -> int:
        """How many products are computed anew, in all rows."""
        return sum(row.multiply_adds for row in self.rows)

    @cached_property
    def of(self) -> int:
        """How many products the whole network takes."""
        return sum(multiply_adds(layer, None) for layer in self.network.layers)

    @property
    def share(self) -> Fraction:
        """The share of the work: of all products; of all units in a network that multiplies
        nothing."""
        if self.of:
            return Fraction(self.multiply_adds, self.of)
        units = sum(int(layer.target.size) for layer in self.network.layers)
        return Fraction(sum(len(row.units) for row in self.rows), max(units, 1))

    def start(self, x: Any, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The values of all rows for an input (a dict for several): what `run` begins with."""
        network = self.network
        everything = Network.of(
            network.rows, network.layers, network.inputs, network.rows, network.weights
        )
        found = everything.evaluate(x, parameters)
        return found if isinstance(found, dict) else {network.rows[0].name: found}

    def run(
        self,
        activations: Mapping[str, Any],
        new: Any,
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The values of all rows once the input is another one, only the changed parts computed.

        Parameters
        ----------
        activations
            The values of all rows before the change, by name, as `start` or `run` gives them; they
            stay as they are.
        new
            The changed row's values, all of them; outside of `changed` they are the old ones.
        parameters
            As for `Network.evaluate`, the same as before.

        Raises
        ------
        ConvgraphError
            If a row's values are missing or of another shape, or if the input differs in a unit
            that is not among those that were said to change.
        """
        network, row = self.network, self.changed.row
        values = {each.name: self._old(activations, each) for each in network.rows}
        values[row.name] = self._checked(values[row.name], new)
        exact = any(array.dtype == object for array in values.values())
        given = {**network.weights, **as_parameters(parameters)}
        try:
            return self._anew(values, label_values(network.labels, given, exact))
        except OverflowingError:
            wide = {name: array.astype(object) for name, array in values.items()}
            return self._anew(wide, label_values(network.labels, given, exact=True))

    def _anew(
        self, values: Mapping[str, NDArray[Any]], numbers: NDArray[Any]
    ) -> dict[str, NDArray[Any]]:
        """The values of all rows, those of units behind the change computed from what is there."""
        found = dict(values)
        for each in self.rows:
            units, new = self._held(each, found, numbers)
            old = found[each.row]
            changed = old.astype(np.result_type(old, new))  # a copy
            changed.reshape(-1)[units] = new
            found[each.row] = changed
        return found

    def _held(
        self, row: RecomputedRow, values: Mapping[str, NDArray[Any]], numbers: NDArray[Any]
    ) -> tuple[NDArray[np.int64], NDArray[Any]]:
        """Some units of a row and their values, if their type holds them."""
        layer, labels = self.network.layer(row.row), self.network.labels
        sources = {joint.source.name: values[joint.source.name] for joint in layer.joints}

        def again(rounded: Rounded) -> NDArray[Any]:
            known = {name: rounded(array) for name, array in sources.items()}
            return renew(layer, row.units.boxes, known, labels, rounded(numbers))[1]

        require_bits(layer, list(sources.values()), numbers, again)
        return renew(layer, row.units.boxes, values, labels, numbers)

    def _old(self, activations: Mapping[str, Any], row: Row) -> NDArray[Any]:
        if not isinstance(activations, Mapping) or row.name not in activations:
            raise ConvgraphError(
                f"activations: no values for row {row.name!r}; start() gives those of all rows"
            )
        array = as_array(activations[row.name])
        if array.shape != row.numbers():
            raise ConvgraphError(
                f"activations[{row.name!r}] of shape {array.shape}: the row has {row.numbers()}"
            )
        return array

    def _checked(self, old: NDArray[Any], new: Any) -> NDArray[Any]:
        row = self.changed.row
        alone = Network.of([row], [], [row], [row])
        ((given,), _) = input_values(alone, new)
        other = np.asarray(given != old) & ~self.changed.mask()
        if other.any():
            unit = row.unit(np.argwhere(other)[0].tolist())
            raise ConvgraphError(
                f"new: {unit} differs from before, and is not among the changed units"
            )
        return given

    def to_dict(self) -> dict[str, Any]:
        """The rows and their work as plain data."""
        facts: dict[str, Any] = plain(
            {
                "row": self.changed.row.name,
                "changed": len(self.changed),
                "multiply_adds": self.multiply_adds,
                "of": self.of,
                "share": self.share,
                "rows": [
                    {
                        "row": row.row,
                        "units": len(row.units),
                        "bounds": row.bounds,
                        "multiply_adds": row.multiply_adds,
                        "of": row.of,
                    }
                    for row in self.rows
                ],
            }
        )
        return facts

    def table(self) -> Table:
        """A line for each row."""
        columns = ("row", "from", "to", "units", "multiply-adds", "share")
        rows = [
            (
                row.row,
                ", ".join(str(first) for first, _ in row.bounds),
                ", ".join(str(last) for _, last in row.bounds),
                f"{len(row.units):,} of {int(row.units.row.size):,}",
                f"{row.multiply_adds:,}",
                f"{row.multiply_adds / row.of:.1%}" if row.of else "",
            )
            for row in self.rows
        ]
        return Table(repr(self), columns, rows, columns[3:])

    def _repr_html_(self) -> str:
        return self.table().html()

    def __str__(self) -> str:
        return f"{self!r}\n{self.table().text()}"

    def __repr__(self) -> str:
        return (
            f"Recomputation({len(self.changed):,} units of {self.changed.row.name} changed: "
            f"{len(self.rows)} rows, {float(self.share):.2%} of the work)"
        )


@checked
def recompute(network: Network, changed: Any, row: str | None = None) -> Recomputation:
    """What has to be computed anew when a part of an input changes: in each row the units that
    depend on it, exactly, and how much work they are.

    Parameters
    ----------
    network
        A bound network, or a model that was read.
    changed
        The units that change: `Units`, a unit's name or several, or a box: a slice (or a position,
        from 0) for each axis of the row, or for each axis but the channels.
    row
        The row that a box is of; the input by default.

    Returns
    -------
    Recomputation
        With `rows`, `multiply_adds`, `share`, `start()` and `run()`.

    Raises
    ------
    ConvgraphError
        If there is no such unit, row or position.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = (cg.Conv(3, padding=1) >> cg.MaxPool(2) >> cg.Conv(3, padding=1)).on(40)
    >>> edit = cg.recompute(net, slice(10, 12))
    >>> [(each.row, each.bounds) for each in edit.rows]
    [('h1', ((9, 12),)), ('h2', ((4, 6),)), ('s', ((3, 7),))]
    >>> edit.share
    Fraction(27, 176)
    >>> old = edit.start([1] * 40, {"w": [1, 2, 3], "v": [1, 0, 1]})
    >>> new = edit.run(old, [1] * 10 + [5, 5] + [1] * 28, {"w": [1, 2, 3], "v": [1, 0, 1]})
    >>> new["s"][2:9].tolist()
    [12, 24, 32, 28, 32, 16, 12]
    """
    check_network(network)
    if network.symbolic:
        raise ConvgraphError(f"network={network!r}: recomputing needs numbers for sizes")
    if isinstance(changed, Units):
        own = network.row(changed.row.name)
        if own.shape != changed.row.shape:
            raise ConvgraphError(f"changed={changed!r}: units of another network's row")
        return Recomputation(network, changed)
    if isinstance(changed, str):
        return Recomputation(network, _named(network, [changed]))
    several = list(changed) if isinstance(changed, Iterable) else [changed]
    if several and all(isinstance(each, str) for each in several):
        return Recomputation(network, _named(network, several))
    return Recomputation(network, _boxed(input_row(network, row), several, changed))


def _named(network: Network, names: list[str]) -> Units:
    located = [network.find(name) for name in names]
    if len({row.name for row, _ in located}) != 1:
        raise ConvgraphError(f"changed={names}: units of one row")
    row = located[0][0]
    return Units(row, [box for _, index in located for box in Units.single(row, index).boxes])


def _boxed(row: Row, given: list[Any], changed: Any) -> Units:
    shape = row.numbers()
    if row.channels and len(given) == len(shape) - 1:
        given = [slice(None), *given]
    if len(given) != len(shape):
        raise ConvgraphError(
            f"changed={changed!r}: a slice or a position for each axis of {row.name!r}, of shape "
            f"{shape}, or the names of units"
        )
    masks = []
    for each, size in zip(given, shape, strict=True):
        mask = np.zeros(size, bool)
        if _selects(each, size):
            mask[each] = True
        if not mask.any():
            raise ConvgraphError(
                f"changed={changed!r}: {each!r} is no position and no slice of some positions of "
                f"an axis of {size}"
            )
        masks.append(mask)
    return Units(row, [tuple(masks)])


def _selects(part: Any, size: int) -> bool:
    """Whether it is a position, or a slice by whole numbers."""
    if not isinstance(part, slice):
        return isinstance(part, int) and not isinstance(part, bool) and -size <= part < size
    ends = (part.start, part.stop, part.step)
    return part.step != 0 and all(end is None or isinstance(end, int) for end in ends)
