"""The shifts that a network commutes with away from its border, and how far the border reaches."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from fractions import Fraction
from math import lcm
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.congruence import Congruence
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.named_row import output_row
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.core.tables import Table
from convgraph.core.tying import Explicit, Learned
from convgraph.core.units import Units
from convgraph.interactions.padding_seen import Touching
from convgraph.symmetry.equivariance.aligned import Aligned, aligned
from convgraph.symmetry.equivariance.row_actions import row_steps
from convgraph.symmetry.lattice.padding_under_strides import (
    UnevenPadding,
    even_sizes,
    uneven_paddings,
)
from convgraph.symmetry.transformations.transformation import Steps

__all__ = ["AxisLattice", "Lattice", "Width", "shift_lattice", "smallest_shifts"]

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Width:
    """How many positions of a row the border reaches, from the start and from the end."""

    row: str
    before: int
    after: int


@dataclass(frozen=True)
class AxisLattice:
    """The lattice along one axis of space.

    Attributes
    ----------
    axis
        The axis, counted from 0 without the channels.
    step
        How many input positions lie between two neighbouring outputs, a rational number; None where
        the axis is gone.
    shift, output_shift
        The smallest shift of the input that commutes away from the border, and the shift of the
        output that it becomes; None where no shift does.
    band
        The output units that the border reaches along this axis.
    widths
        The width of that band row by row; it grows with depth.
    uneven
        Layers whose stride uses the padding of one side more than that of the other.
    even_sizes
        The sizes of the input for which no layer does; None where that is not known.
    """

    axis: int
    step: Fraction | None
    shift: int | None
    output_shift: int | None
    band: Units
    widths: tuple[Width, ...]
    uneven: tuple[UnevenPadding, ...]
    even_sizes: Congruence | None

    def to_dict(self) -> dict[str, Any]:
        """The lattice along this axis as plain data."""
        return plain(
            {
                "axis": self.axis,
                "step": self.step,
                "shift": self.shift,
                "output_shift": self.output_shift,
                "band": len(self.band),
                "widths": [asdict(width) for width in self.widths],
                "uneven": [{**asdict(each), "even": str(each.even)} for each in self.uneven],
                "even_sizes": None if self.even_sizes is None else str(self.even_sizes),
            }
        )

    def __str__(self) -> str:
        if self.step is None:
            return f"axis {self.axis}: gone from the output"
        moves = "no shift commutes"
        if self.shift is not None:
            own = self.output_shift
            moves = f"shifts by multiples of {self.shift} commute, as {own} of the output"
        last = self.widths[-1]
        lines = [f"axis {self.axis}: {moves}"]
        lines.append(
            f"  outputs that the border reaches: {last.before} from the start, "
            f"{last.after} from the end, {len(self.band):,} in all"
        )
        lines += [f"  uneven padding in {each}" for each in self.uneven]
        if self.uneven and self.even_sizes is not None:
            lines.append(f"  padding is even in all layers for an input of {self.even_sizes}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Lattice:
    """The shifts that a network commutes with away from its border, axis by axis.

    `shift` holds the smallest one per axis, `band` all output units that the border reaches.
    """

    axes: tuple[AxisLattice, ...]

    @property
    def shift(self) -> tuple[int | None, ...]:
        """The smallest shift of the input that commutes, per axis."""
        return tuple(axis.shift for axis in self.axes)

    @property
    def band(self) -> Units:
        """The output units that the border reaches along any axis."""
        return Units(self.axes[0].band.row, [box for axis in self.axes for box in axis.band.boxes])

    def to_dict(self) -> dict[str, Any]:
        """The lattice as plain data."""
        return plain(
            {
                "shift": self.shift,
                "band": len(self.band),
                "axes": [axis.to_dict() for axis in self.axes],
            }
        )

    def _repr_html_(self) -> str:
        columns = (
            "axis",
            "smallest shift",
            "of the output",
            "before",
            "behind",
            "units in the band",
        )
        rows = [
            tuple(
                "none" if fact is None else f"{fact:,}"
                for fact in (
                    axis.axis,
                    axis.shift,
                    axis.output_shift,
                    axis.widths[-1].before,
                    axis.widths[-1].after,
                    len(axis.band),
                )
            )
            for axis in self.axes
            if axis.step is not None
        ]
        uneven = [("uneven padding in", str(each)) for axis in self.axes for each in axis.uneven]
        return Table(repr(self), columns, rows, columns, tuple(dict.fromkeys(uneven))).html()

    def __repr__(self) -> str:
        return f"Lattice(shift={self.shift}, band of {len(self.band):,} units)"

    def __str__(self) -> str:
        return "\n".join(map(str, self.axes))


def shift_lattice(network: Network, row: str | None = None) -> Lattice:
    """The smallest shift per axis that a network commutes with, and what its border reaches.

    Away from the border a network commutes with a shift if all strides on the way divide it, and
    the tiles of a tiled layer. At the border padding stands where data should move in: an output
    that depends on any padding is in the band.

    Parameters
    ----------
    network
        A bound network of layers that keep the axes apart.
    row
        The row to ask about; the output by default.

    Returns
    -------
    Lattice
        Its `axes` have the shift, the band, its widths, and what is uneven about padding.

    Raises
    ------
    ConvgraphError
        If the network has symbolic sizes, or if a layer mixes the axes (flattening, a graph that a
        user brought).

    Examples
    --------
    >>> import convgraph as cg
    >>> net = (cg.Conv(3, padding=1, stride=2) >> cg.ReLU() >> cg.MaxPool(2)).on(16)
    >>> print(cg.shift_lattice(net))
    axis 0: shifts by multiples of 4 commute, as 1 of the output
      outputs that the border reaches: 1 from the start, 0 from the end, 1 in all
      uneven padding in h1: padding 1 and 1, of which 1 and 0 are used for n = 16; even for
    n ≡ 1 (mod 2)
      padding is even in all layers for an input of n ≡ 1 (mod 2)
    """
    along, steps, target = _aligned(network, row)
    return Lattice(tuple(_axis(network, along, a, target.name, steps) for a in range(along.rank)))


def smallest_shifts(network: Network, row: str | None = None) -> tuple[int | None, ...]:
    """The shift of each axis in the lattice, without what the border reaches.

    >>> from convgraph import Conv
    >>> smallest_shifts((Conv((3, 3), stride=(2, 1)) >> Conv((3, 3), stride=2)).on((15, 15)))
    (4, 2)
    """
    along, steps, target = _aligned(network, row)
    return tuple(_shift(along, a, target.name, steps) for a in range(along.rank))


def _aligned(network: Network, row: str | None) -> tuple[Aligned, dict[str, Steps | None], Row]:
    """The layers along the axes that they keep apart, the steps of all rows, and the row asked."""
    check_network(network)
    if network.symbolic:
        raise ConvgraphError(f"network={network!r}: this question needs numbers")
    target = output_row(network, row)
    along = aligned(network, target.name)
    if along is None:
        raise ConvgraphError(
            f"network={network!r}: a layer mixes the axes; a lattice is for windows and pools"
        )
    return along, row_steps(network), target


def _shift(along: Aligned, axis: int, row: str, steps: dict[str, Steps | None]) -> int | None:
    return None if _step(steps, row, axis) is None else _smallest(along, axis, steps)


def _axis(
    network: Network, along: Aligned, axis: int, row: str, steps: dict[str, Steps | None]
) -> AxisLattice:
    step, smallest = _step(steps, row, axis), _shift(along, axis, row, steps)
    reached = _reached(along, axis + 1, _circles(network, along, axis, steps))
    target = network.row(row)
    boxes = []
    if row not in along.flattened:
        full = [np.ones(n, bool) for n in target.numbers()]
        full[len(full) - along.rank + axis] = reached[row]
        boxes = [tuple(full)] if reached[row].any() else []
    widths = tuple(
        Width(name, int(np.argmin(np.append(m, False))), int(np.argmin(np.append(m[::-1], False))))
        for name, m in reached.items()
    )
    inputs = {given.name: along.shapes[given.name][axis + 1] for given in network.inputs}
    layers = [
        (layer.layer, [(joint.source.name, axes[axis + 1]) for joint, axes in layer.read()])
        for layer in along.layers
    ]
    even = even_sizes(layers, inputs)
    output = None
    if smallest is not None and step is not None:
        output = int(Fraction(smallest) / step)
    return AxisLattice(
        axis,
        step,
        smallest,
        output,
        Units(target, boxes),
        widths,
        uneven_paddings(layers),
        None if even is None else even.sizes,
    )


def _step(steps: dict[str, Steps | None], row: str, axis: int) -> Fraction | None:
    own = steps[row]
    return own[axis] if own is not None and axis < len(own) else None


def _smallest(along: Aligned, axis: int, steps: dict[str, Steps | None]) -> int | None:
    """The smallest shift of the input that every stride, and every number of tiles, divides."""
    shift = 1
    for layer in along.layers:
        step = _step(steps, layer.layer.target.name, axis)
        if step is None:
            continue
        period = 1
        for joint, axes in layer.read():
            if isinstance(joint.tying, Explicit):
                return None
            if isinstance(joint.tying, Learned):
                period = lcm(period, int(joint.tying.period(axis + 1)))
                if axes[axis + 1].full and axes[axis + 1].inputs != 1:
                    return None  # a dense axis ties nothing
        if period > 1 and period >= along.shapes[layer.layer.target.name][axis + 1]:
            return None
        shift = lcm(shift, (step * period).numerator)
    return shift


def _reached(along: Aligned, axis: int, circles: set[str]) -> dict[str, Mask]:
    """Per row the positions of an axis that depend on padding.

    Where a row is no circle, what a circular layer reads beyond its border is padding, too.
    """
    touching = Touching()
    reached = {name: np.zeros(shape[axis], bool) for name, shape in along.shapes.items()}
    for layer in along.layers:
        for joint, axes in layer.read():
            (slab,) = touching.through((reached[joint.source.name],), 0, axes[axis])
            if joint.source.name not in circles:
                slab = slab | axes[axis].wraps()
            reached[layer.layer.target.name] = reached[layer.layer.target.name] | slab
    return reached


def _circles(
    network: Network, along: Aligned, axis: int, steps: dict[str, Steps | None]
) -> set[str]:
    """The rows whose last position is one step before the first, where the inputs are circles.

    A row of n/s positions s apart goes around an input of n once; one of more or fewer does not
    close, as behind a window without padding or a crop.
    """
    around = {along.shapes[given.name][axis + 1] for given in network.inputs}
    closed = set()
    for name, shape in along.shapes.items():
        step = _step(steps, name, axis)
        if step is not None and {shape[axis + 1] * step} == around:
            closed.add(name)
    return closed
