"""Images read at the places of a grid that is known beforehand, as a spatial transformer has it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.listed_axes import Table
from convgraph.core.reduction import SUM
from convgraph.core.sizes import is_symbolic
from convgraph.core.window import identity
from convgraph.importers.builder import Builder, Unread, builds, trimmed
from convgraph.importers.masks.hidden import is_parameter
from convgraph.importers.node import Node
from convgraph.importers.operators.contraction import contract
from convgraph.importers.operators.reshaping import integers, regrouped
from convgraph.importers.values import Known

__all__ = ["affine_grid", "affine_places", "grid_sample", "positions", "read_places"]

Places = NDArray[np.float64]
Taps = tuple[NDArray[np.int64], NDArray[np.float64]]

MOST = 2**24  # coordinates of a grid that are held as floats, 128 MB; a larger grid is not read
WHOLE = 1e-5  # what floats of 32 bits do not tell from a whole number


@builds("GridSample")
def grid_sample(builder: Builder, node: Node) -> None:
    """Each output reads the positions around its place, or the nearest one, of its channel."""
    signal, grid = builder.signal(node, 0), builder.known(node, 1)
    batch, channels, *space = signal.shape
    if grid is None or is_parameter(builder, grid) or not grid.there:
        raise Unread("a grid that is computed, on which it depends what is read")
    if is_symbolic(*signal.shape) or grid.size > MOST:
        raise Unread("a grid for open sizes, or one that is too large")
    if len(grid.shape) != len(space) + 2 or grid.shape[-1] != len(space):
        raise ConvgraphError(f"shapes {signal.shape}, {grid.shape}: a place for each output")
    values = np.asarray(grid.values(), float)
    if not np.array_equal(values, np.broadcast_to(values[:1], values.shape)):
        raise Unread("a grid for each image of a batch")
    mode, border = node.word("mode", "linear"), node.word("padding_mode", "zeros")
    corners = bool(node.number("align_corners", 0))
    numbers = [int(n) for n in space]
    table, weights = read_places(values[0], numbers, mode, border, corners)
    axes: list[Axis] = [identity(batch), identity(channels), Table(int(np.prod(numbers)), table)]
    wiring = trimmed(signal, axes)
    at = len(wiring.axes) - 1
    known = Known.of(f"{node.outputs[0]}/weights", weights)
    tying = builder.tied(known, [("output", at), ("tap", at)])
    shape = (batch, channels, *grid.shape[1:-1])
    builder.emit(node, shape, [(signal, wiring, tying)], SUM)


@builds("AffineGrid")
def affine_grid(builder: Builder, node: Node) -> None:
    """The places of an image's positions under an affine map: a sum over its columns."""
    theta, size = builder.signal(node, 0), integers(builder, node, 1, "size") or []
    if is_symbolic(*size) or int(np.prod(size[2:])) * len(size) > MOST:
        raise Unread(f"size={tuple(size)}: positions of open sizes, or too many")
    if theta.shape != (size[0], len(size) - 2, len(size) - 1):
        raise ConvgraphError(f"shapes {theta.shape}, size={size}: a map of all axes of space")
    places = Known.of(f"{node.outputs[0]}/places", positions(node, size[2:]))
    name = f"{node.outputs[0]}/flat"
    contract(builder, node, [theta, places], ["bij", "pj"], "bpi", name=name)
    shape = (size[0], *size[2:], len(size) - 2)
    regrouped(builder, Node("Reshape", (name,), node.outputs, {}, node.name), shape)


def positions(node: Node, space: Sequence[int]) -> Places:
    """The positions of an image from -1 to 1, the last axis first, and 1.

    >>> positions(Node("AffineGrid", (), ()), [1, 2]).tolist()
    [[-0.5, 0.0, 1.0], [0.5, 0.0, 1.0]]
    """
    along = [(2 * np.arange(n) + 1) / n - 1 for n in space]
    if node.number("align_corners", 0):
        along = [np.linspace(-1, 1, n) if n > 1 else np.zeros(1) for n in space]
    axes = np.meshgrid(*along, indexing="ij")
    return np.stack([*axes[::-1], np.ones_like(axes[0])], axis=-1).reshape(-1, len(space) + 1)


def affine_places(node: Node, theta: Places, size: NDArray[np.int64]) -> Places:
    """As `affine_grid`, of a map that is known beforehand."""
    space = [int(n) for n in size[2:]]
    flat = positions(node, space) @ np.swapaxes(theta, -1, -2)
    return flat.reshape(len(theta), *space, len(space))


def read_places(
    grid: NDArray[Any], space: list[int], mode: str, border: str, corners: bool
) -> Taps:
    """For each place of a grid the positions that it reads, -1 for none, and their weights.

    >>> read_places(np.array([[-1.0], [0.0]]), [3], "linear", "zeros", True)[0].tolist()
    [[0, -1], [1, -1]]
    """
    places = grid.reshape(-1, len(space))[:, ::-1]  # the last axis of space is named first
    along = [_along(places[:, a], n, mode, border, corners) for a, n in enumerate(space)]
    taps = []
    for corner in product(*(range(each[0].shape[1]) for each in along)):
        position, weight, there = np.zeros((3, len(places)))
        position, there = position.astype(np.int64), there == 0
        weight = weight + 1
        for (at, share), which, n in zip(along, corner, space, strict=True):
            inside = (at[:, which] >= 0) & (at[:, which] < n)
            position = position * n + np.where(inside, at[:, which], 0)
            there, weight = there & inside, weight * share[:, which]
        taps.append((np.where(there & (weight != 0), position, -1), weight))
    found, weights = (np.stack(each, axis=1) for each in zip(*taps, strict=True))
    return found, np.where(found >= 0, weights, 0.0)


def _along(places: Places, n: int, mode: str, border: str, corners: bool) -> Taps:
    """The positions around each place of an axis, outside where there is none, and their shares."""
    if border not in ("zeros", "border", "reflection"):
        raise ConvgraphError(f"padding_mode={border!r}: zeros, border or reflection")
    at = (places + 1) / 2 * (n - 1) if corners else ((places + 1) * n - 1) / 2
    ends = (0.0, n - 1.0) if corners else (-0.5, n - 0.5)
    cubic = mode in ("cubic", "bicubic")
    if not cubic:
        at = _kept(at, n, ends, border)
    elif border == "reflection":  # of which the taps are turned back, each by itself
        at = np.mod(at, max(2 * (ends[1] - ends[0]), 1.0))
    at = np.where(np.isnan(at), -2.0, at)
    at = at if cubic and border == "reflection" else np.clip(at, -2, n + 1)
    near = np.round(at)
    at = np.where(np.abs(at - near) < WHOLE, near, at)
    if mode == "nearest":
        return np.round(at).astype(np.int64)[:, None], np.ones((len(at), 1))
    if mode not in ("linear", "bilinear", "cubic", "bicubic"):
        raise Unread(f"mode={mode!r}")
    low = np.floor(at)
    taps = low[:, None] + (np.arange(-1, 3) if cubic else np.arange(2))
    apart = np.abs(at[:, None] - taps)
    if not cubic:
        return taps.astype(np.int64), 1 - apart
    return _merged(_kept(taps, n, ends, border).astype(np.int64), _keys(apart))


def _keys(t: Places) -> Places:
    """The weight of a tap at a distance of at most 2: cubic convolution (Keys, 1981)."""
    a = -0.75
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return np.where(t <= 1, ((a + 2) * t - (a + 3)) * t * t + 1, far)


def _merged(taps: NDArray[np.int64], shares: Places) -> Taps:
    """One tap for those that are at one position."""
    for one, other in combinations(range(taps.shape[1]), 2):
        again = taps[:, one] == taps[:, other]
        shares[again, one] += shares[again, other]
        shares[again, other] = 0
    return taps, shares


def _kept(at: NDArray[Any], n: int, ends: tuple[float, float], border: str) -> Places:
    """Places beyond the border at it, or turned back at it, or left where they are."""
    at = _reflected(at, *ends) if border == "reflection" else at
    return at if border == "zeros" else np.clip(at, 0, n - 1)


def _reflected(at: Places, low: float, high: float) -> Places:
    """Places beyond the ends of an axis turned back as often as it takes."""
    if high == low:
        return np.full_like(at, low)
    width = high - low
    rest = np.mod(at - low, 2 * width)
    return low + np.minimum(rest, 2 * width - rest)
