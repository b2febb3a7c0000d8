"""The effective receptive field: how many paths lead from each position of the input."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from typing import Any

from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.named_row import input_row, output_row
from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.core.wiring import Product
from convgraph.interactions.all_path_counts import PathMeasures
from convgraph.interactions.path_count_sums import Paths
from convgraph.interactions.propagation import Propagation, first_state, propagate
from convgraph.interactions.written_counts import too_much, written

__all__ = [
    "EffectiveField",
    "effective_fields",
    "fields_of_paths",
    "path_moments",
    "variances",
]


@dataclass(frozen=True, repr=False)
class EffectiveField:
    """The paths that lead to one unit from each position along one axis of the input.

    Attributes
    ----------
    row, axis
        The row of the unit, and the axis of the input, counted from 0 without the channels.
    counts
        The number of paths from each position, from the first that is seen to the last, summed over
        all other axes; for a unit far from the border, of the channels that have the most. (Behind
        a transposed convolution units differ in their fan-in; along the other axes they are then
        counted `per` times their mean.)
    theory
        The variance of a chain of layers by the formula, the sum of (k² - 1) / 12 times the square
        of the steps between the taps; None where the network is no chain of windows.
    everywhere
        Whether there are global edges besides; they are not among the counts.
    """

    row: str
    axis: int
    counts: tuple[int, ...]
    per: int = 1
    theory: Fraction | None = None
    everywhere: bool = False

    @property
    def total(self) -> int:
        """The number of all paths."""
        return sum(self.counts)

    @property
    def mean(self) -> Fraction:
        """The mean position of a path, counted from the first position that is seen."""
        return Fraction(sum(i * n for i, n in enumerate(self.counts)), self.total)

    @property
    def variance(self) -> Fraction:
        """The variance of the position of a path, exactly."""
        squares = sum(i * i * n for i, n in enumerate(self.counts))
        return Fraction(squares, self.total) - self.mean**2

    @property
    def deviation(self) -> float:
        """The standard deviation, in positions."""
        return float(self.variance) ** 0.5

    def within(self, radius: int) -> Fraction:
        """The share of all paths from positions at most so far from the mean.

        >>> from convgraph import Conv
        >>> (field,) = effective_fields((Conv(3) >> Conv(3)).on(9))
        >>> field.counts, field.within(0), field.within(1)
        ((1, 2, 3, 2, 1), Fraction(1, 3), Fraction(7, 9))
        """
        mean = self.mean
        near = sum(n for i, n in enumerate(self.counts) if abs(i - mean) <= radius)
        return Fraction(near, self.total)

    @property
    def shares(self) -> tuple[float, ...]:
        """The share of all paths within each radius 0, 1, 2, ... up to the whole field."""
        mean, total = self.mean, self.total
        rings: dict[int, int] = {}
        for i, n in enumerate(self.counts):
            ring = -(-abs(i - mean).numerator // abs(i - mean).denominator)
            rings[ring] = rings.get(ring, 0) + n
        sums = accumulate(rings.get(r, 0) for r in range(max(rings) + 1))
        return tuple(_share(n, total) for n in sums)

    def radius(self, share: float | Fraction) -> int:
        """The smallest radius that holds a share of all paths."""
        return next((r for r, held in enumerate(self.shares) if held >= share), len(self.shares))

    @property
    def weights(self) -> tuple[float, ...]:
        """The share of all paths from each position."""
        total = self.total
        return tuple(_share(n, total) for n in self.counts)

    def to_dict(self) -> dict[str, Any]:
        """The field as plain data."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        derived = {
            "total": self.total,
            "mean": self.mean,
            "variance": self.variance,
            "deviation": self.deviation,
            "shares": self.shares,
        }
        return plain({**facts, **derived})

    def __repr__(self) -> str:
        size, deviation = len(self.counts), self.deviation
        return (
            f"EffectiveField({self.row}, axis {self.axis}: {size} positions, "
            f"standard deviation {deviation:.4g}, 95% within {self.radius(0.95)} of the mean)"
        )


def _share(number: int, total: int) -> float:
    return float(Fraction(number, total))


def effective_fields(
    network: Network, of: str | None = None, row: str | None = None
) -> tuple[EffectiveField, ...]:
    """The effective receptive field of the units of a row: exact path counts, axis by axis.

    With weights drawn independently, the expected squared influence of a position is in proportion
    to its number of paths. For a stack of n layers with kernels of k its variance is
    n (k² - 1) / 12, so that it grows with the square root of the depth, and the field that is seen
    with the depth itself.

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
    tuple of EffectiveField
        One for each axis of the input besides the channels; empty where the paths are no products
        along axes, or where all numbers on the way to them would take more than a gigabyte.

    Examples
    --------
    >>> from convgraph import Conv
    >>> net = (Conv(3) >> Conv(3) >> Conv(3)).on(9)
    >>> (field,) = effective_fields(net)
    >>> field.counts
    (1, 3, 6, 7, 6, 3, 1)
    >>> field.variance, field.theory  # 3 layers, (3² - 1) / 12 each
    (Fraction(2, 1), Fraction(2, 1))

    References
    ----------
    Luo, Li, Urtasun and Zemel, Understanding the effective receptive field in deep convolutional
    neural networks, NIPS 2016.
    """
    source = input_row(network, row)
    end = output_row(network, of)
    return fields_of_paths(network, source, end, path_moments(network, source, end.name))[0]


def fields_of_paths(
    network: Network, source: Row, end: Row, moments: Propagation[Paths]
) -> tuple[tuple[EffectiveField, ...], str]:
    """The effective receptive fields of a row of which moments are known, or why there are none."""
    unknown = (), "its paths are no products along axes"
    state = moments.states.get(end.name)
    payloads = [] if state is None else [p for p in state.payloads if p is not None]
    if not payloads:
        return unknown
    best = max(payloads, key=_most)
    middle = [along.phases[0] for along in best.axes]
    known = [measure for measure in middle if measure is not None]
    if len(known) < len(middle):
        return unknown
    numbers = written(known)
    if numbers is None:
        return (), too_much()
    theory = variances(network, source, end) or (None,) * len(numbers)
    each = enumerate(zip(numbers, theory, best.axes, strict=True))
    fields = (
        EffectiveField(end.name, b, counts, best.per, expected, along.everywhere)
        for b, (counts, expected, along) in each
    )
    return tuple(fields), ""


def _most(payload: Paths) -> int:
    """The most paths to a unit of a class, along any axis."""
    return max(
        (m.paths for along in payload.axes for m in along.phases if m is not None), default=0
    )


def path_moments(network: Network, source: Row, until: str | None = None) -> Propagation[Paths]:
    """The moments of the path counts of all rows, along each axis of a source row."""
    paths = PathMeasures()
    state = first_state(source, paths.start(len(source.shape) - int(source.channels)))
    return propagate(network, source.name, state, paths, until, True)


def variances(network: Network, source: Row, end: Row) -> tuple[Fraction, ...] | None:
    """The variance along each axis by the formula for a chain of windows, or None for others.

    Each layer adds (k² - 1) / 12 times the square of the steps between its taps in the input: the
    taps are chosen evenly and independently.
    """
    layers: list[tuple[Layer, Joint]] = []
    name = end.name
    while name != source.name:
        layer = network.layer(name)
        if len(layer.joints) != 1:
            return None
        layers.append((layer, layer.joints[0]))
        name = layer.joints[0].source.name
    axes = len(source.shape) - int(source.channels)
    steps, total = [1] * axes, [Fraction(0)] * axes
    for layer, joint in reversed(layers):
        wiring, rank = joint.wiring, len(layer.target.shape)
        if not isinstance(wiring, Product) or rank < axes or len(wiring.axes) < axes:
            return None
        if wiring.order != tuple(range(len(wiring.axes))):
            return None
        for b, axis in enumerate(wiring.axes[len(wiring.axes) - axes :]):
            if axis.sliding is None or axis.inputs != joint.source.shape[b - axes]:
                return None
            apart = steps[b] * int(axis.dilation)
            total[b] += Fraction(apart * apart * (int(axis.taps) ** 2 - 1), 12)
            steps[b] *= int(axis.stride)
    return tuple(total)
