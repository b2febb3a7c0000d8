"""Networks that pool: which values each output is the greatest, or the mean, of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Layer, Row
from convgraph.core.network import Network
from convgraph.core.reduction import MAX, MEAN, Reduction
from convgraph.core.sympified import sympified
from convgraph.layers.convolution import Conv
from convgraph.symmetry.proofs.row_shifts import Unproved, axis_pairs, shifts
from convgraph.symmetry.transformations.geometric import Shift
from convgraph.symmetry.transformations.transformation import Transformation

__all__ = ["Pooled", "moved", "pooled"]


@dataclass(frozen=True, eq=False)
class Pooled:
    """A row of independent values, and the layers that pool them.

    Attributes
    ----------
    kind, rectified
        Whether outputs are maxima or means, and whether a rectifier is on the way.
    row, transformation
        The row of independent values, and how it moves.
    layers
        The layers that pool.
    """

    kind: Literal["max", "mean"]
    rectified: bool
    row: Row
    transformation: Transformation
    layers: tuple[Layer, ...]

    def axes(self, layer: Layer) -> list[Axis]:
        """How a layer reads along each axis of its row."""
        try:
            pairs = list(axis_pairs(layer.joints[0], layer.target))
        except Unproved as unproved:
            raise ConvgraphError(f"network: {unproved}") from None
        return [axis for axis, _, out in pairs if out is not None]

    def windows(self) -> list[Any]:
        """Per axis, which position of the row each output reads: sparse (outputs x positions)."""
        found = [sparse.eye_array(n, dtype=np.int64, format="csr") for n in self.row.numbers()]
        for layer in self.layers:
            steps = zip(self.axes(layer), found, strict=True)
            found = [_ones(_matrix(axis) @ before) for axis, before in steps]
        return found

    def sources(self, still: bool = False) -> list[NDArray[np.int64]]:
        """Per axis, where the value at each position comes from; -1 for a zero.

        With `still`, of a shift that wraps only what comes from within the frame.
        """
        g = self.transformation
        if still and isinstance(g, Shift):
            g = Shift(g.amount, g.axis)
        shape = self.row.numbers()
        maps = g.per_axis(shape[1:] if self.row.channels else shape)
        if maps is None:
            raise ConvgraphError(
                f"g={g!r}: windows are compared axis by axis; a shift, a flip or an enlargement"
            )
        return [np.arange(shape[0])] * self.row.channels + list(maps)


def _matrix(axis: Axis) -> Any:
    table = axis.table()
    out, _ = np.nonzero(table >= 0)
    values = np.ones(len(out), np.int64)
    shape = (int(axis.outputs), int(axis.inputs))
    return sparse.csr_array((values, (out, table[table >= 0])), shape=shape)


def _ones(matrix: Any) -> Any:
    """The same positions, each counted once."""
    made = sparse.csr_array(matrix)
    made.sum_duplicates()
    made.data[:] = 1
    return made


def moved(windows: Any, source: NDArray[np.int64]) -> Any:
    """Which positions have come to lie in each output's window."""
    there = np.flatnonzero(source >= 0)
    move = sparse.csr_array(
        (np.ones(len(there), np.int64), (there, source[there])), shape=(len(source), len(source))
    )
    return _ones(windows @ move)


def pooled(network: Network, g: Transformation, independent: str | None) -> Pooled:
    """Take a network for one that pools a row of independent values, or say why it is none."""
    if len(network.inputs) != 1 or any(len(layer.joints) != 1 for layer in network.layers):
        raise ConvgraphError("network: pooling is asked of one layer after the other")
    row, layers = network.inputs[0], list(network.layers)
    if independent is not None:
        row = network.row(independent)
        names = [layer.target.name for layer in layers]
        layers = layers[names.index(row.name) + 1 :] if row.name in names else layers
    elif layers and isinstance(layers[0].spec, Conv):
        _disjoint(layers[0], g)
        row, layers = layers[0].target, layers[1:]
    action = g if row is network.inputs[0] else _behind(network, g, row)
    pools, rectified = [], False
    for layer in layers:
        reduction = layer.reduction
        if reduction in (MAX, MEAN):
            pools.append(layer)
        elif _rectifies(reduction) and not (pools and pools[-1].reduction == MEAN):
            rectified = True
        elif reduction.function is None or not reduction.function.increasing:
            raise ConvgraphError(
                f"network: {layer.spec} is neither a pooling layer nor an increasing function"
            )
    kinds = [layer.reduction for layer in pools]
    if not pools or (MEAN in kinds and len(kinds) > 1):
        raise ConvgraphError("network: expected one or several max pools, or a single mean")
    kind: Literal["max", "mean"] = "mean" if MEAN in kinds else "max"
    return Pooled(kind, rectified, row, action, tuple(pools))


def _rectifies(reduction: Reduction) -> bool:
    return reduction.function is not None and reduction.function.rectifies


def _disjoint(layer: Layer, g: Transformation) -> None:
    """Outputs of a convolution are independent where no two of its windows share a unit."""
    (joint,) = layer.joints
    pairs = [axis for axis, _, _ in axis_pairs(joint, layer.target)]
    wrap = isinstance(g, Shift) and g.boundary == "wrap"
    for axis in (axis for axis in pairs if axis.sliding is not None):
        span = axis.dilation * (axis.taps - 1) + 1
        rest = axis.inputs - axis.outputs * axis.stride
        fits = rest == 0 if wrap else sympified(rest).is_nonpositive
        apart = sympified(axis.stride - span).is_nonnegative and axis.padding == 0
        if not (apart and fits):
            raise ConvgraphError(
                f"network: windows of {layer.spec} share units or meet the border, so that its "
                "outputs are not independent and the answer depends on the kernel; name the row "
                f"that is, as in independent={layer.target.name!r}"
            )
    if layer.bias is not None and not wrap:
        raise ConvgraphError(
            f"network: zeros that come in are the bias behind {layer.spec}; name the row that is "
            f"independent, as in independent={layer.target.name!r}"
        )


def _behind(network: Network, g: Transformation, row: Row) -> Transformation:
    """How a row moves when the input does."""
    if not isinstance(g, Shift):
        raise ConvgraphError(f"g={g!r}: a shift is followed to row {row.name!r}, and nothing else")
    start = network.inputs[0]
    amounts = tuple(map(sympified, g.amounts(len(start.shape) - start.channels)))
    try:
        known = dict(_until(shifts(network, amounts), row))[row.name]
    except Unproved as unproved:
        raise ConvgraphError(f"g={g!r}: {unproved}") from None
    steps = tuple(int(t) if t.is_Integer else t for t in known[row.channels :])
    return Shift(steps, boundary=g.boundary)


def _until(found: Iterator[tuple[str, Any]], row: Row) -> Iterator[tuple[str, Any]]:
    """What is found up to a row: whether strides behind it divide the shift is not asked."""
    for name, known in found:
        yield name, known
        if name == row.name:
            return
