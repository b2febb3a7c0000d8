"""Operators that enlarge and shrink images."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.listed_axes import Table
from convgraph.core.reduction import SUM
from convgraph.core.repeat import Repeat
from convgraph.core.sizes import Size, is_symbolic
from convgraph.core.tying import Tying
from convgraph.core.window import identity
from convgraph.importers.builder import LONGEST_AXIS, ONE, Builder, Unread, builds, trimmed
from convgraph.importers.interpolation import Grid, Interpolated, Separable, cubic, linear
from convgraph.importers.node import Node
from convgraph.importers.numbers import exact
from convgraph.importers.operators.indexing import picked
from convgraph.importers.operators.reshaping import integers, within
from convgraph.importers.reductions import or_else

__all__ = ["resize"]

# Positions along an axis of which each has a place in a table, 32 MB, and of which each has weights
# too: these are fractions, of a hundred bytes each. Longer axes are refused.
LONGEST_TABLE, LONGEST_WEIGHTED = 2**22, 2**15
WHOLE = Fraction(0), Fraction(1)


@builds("Resize", "Upsample")
def resize(builder: Builder, node: Node) -> None:
    """Interpolation along each axis by itself: nearest, linear or cubic."""
    signal = builder.signal(node, 0)
    shape = signal.shape
    old = node.op == "Upsample" or node.version < 11
    factors, sizes = _targets(builder, node, shape, old)
    places = node.word("coordinate_transformation_mode", "half_pixel")
    places = "asymmetric" if old else places
    roi = _region(builder, node, len(shape)) if places == "tf_crop_and_resize" else {}
    axes: list[Axis] = []
    for a, n in enumerate(shape):
        factor, size = factors.get(a, Fraction(1)), sizes.get(a)
        if factor == 1 and (size is None or size == n) and a not in roi:
            axes.append(identity(n))
        elif is_symbolic(n):
            axes.append(_repeated(n, factor, node, old))
        else:
            axes.append(_resized(node, int(n), factor, size, places, roi.get(a), old))
    out = tuple(axis.outputs for axis in axes)
    weighted = any(isinstance(axis, Interpolated) for axis in axes)
    wiring = trimmed(signal, axes)
    tying: Tying = Separable(wiring.axes) if weighted else ONE
    fill = exact(node.real("extrapolation_value", 0)) if roi else 0
    builder.emit(node, out, [(signal, wiring, tying)], or_else(fill) if fill else SUM)


def _targets(
    builder: Builder, node: Node, shape: tuple[Size, ...], old: bool
) -> tuple[dict[int, Fraction], dict[int, int]]:
    """The factors of the axes that change, and their new sizes where those are given."""
    rank = len(shape)
    axes = node.numbers("axes")
    named = list(range(rank)) if axes is None else [within(a, rank, "axes") for a in axes]
    position = 1 if old else 2
    scales = node.attributes.get("scales")
    known = builder.known(node, position)
    if known is not None and known.size > rank:
        raise ConvgraphError(f"scales of shape {known.shape}: a positive number for each axis")
    if scales is None and known is not None and known.size:
        scales = known.values().reshape(-1)
    if scales is not None and len(scales):
        if len(scales) != len(named) or not all(0 < float(s) <= LONGEST_AXIS for s in scales):
            raise ConvgraphError(f"scales={list(scales)}: a positive number for each axis")
        return {a: _fraction(s) for a, s in zip(named, scales, strict=True)}, {}
    wanted = integers(builder, node, 3, "sizes") if not old else None
    wanted = node.numbers("sizes") if wanted is None else wanted
    if wanted is None:
        raise Unread("a scale that is computed")
    if len(wanted) != len(named) or is_symbolic(*wanted) or is_symbolic(*shape):
        raise ConvgraphError(f"sizes={wanted}: a number for each axis")
    if not all(1 <= m <= LONGEST_AXIS for m in wanted):
        raise ConvgraphError(f"sizes={wanted}: positive numbers")
    factors = {a: Fraction(m, int(shape[a])) for a, m in zip(named, wanted, strict=True)}
    policy = node.word("keep_aspect_ratio_policy", "stretch")
    if policy != "stretch":
        one = (min if policy == "not_larger" else max)(factors.values())
        factors = dict.fromkeys(named, one)
        wanted = [int(one * shape[a] + Fraction(1, 2)) for a in named]
    return factors, dict(zip(named, wanted, strict=True))


def _fraction(value: Any) -> Fraction:
    number = exact(value)
    return Fraction(int(number.p), int(number.q))


def _region(builder: Builder, node: Node, rank: int) -> dict[int, tuple[Fraction, Fraction]]:
    """Start and end of the region to be resized, as fractions of each axis."""
    known = builder.known(node, 1)
    axes = node.numbers("axes")
    named = list(range(rank)) if axes is None else [within(a, rank, "axes") for a in axes]
    if known is None or known.size != 2 * len(named):
        raise Unread("a region that is computed")
    ends = [_fraction(v) for v in known.values().reshape(-1)]
    pairs = zip(ends[: len(named)], ends[len(named) :], strict=True)
    return {a: pair for a, pair in zip(named, pairs, strict=True) if pair != WHOLE}


def _repeated(n: Size, factor: Fraction, node: Node, old: bool) -> Axis:
    """An axis of open size: whole factors of a nearest neighbour repeat every position."""
    floor = old or node.word("nearest_mode", "round_prefer_floor") == "floor"
    places = node.word("coordinate_transformation_mode", "half_pixel")
    plain = floor if old or places == "asymmetric" else places == "half_pixel"
    if node.word("mode", "nearest") != "nearest" or factor.denominator != 1 or not plain:
        raise ConvgraphError(f"scales={factor}: give a number for the size {n}")
    return Repeat(n, int(factor))


def _resized(
    node: Node,
    n: int,
    factor: Fraction,
    size: int | None,
    places: str,
    region: tuple[Fraction, Fraction] | None,
    old: bool,
) -> Axis:
    outputs = int(n * factor) if size is None else size
    if not 1 <= outputs <= LONGEST_TABLE:
        raise ConvgraphError(f"scales={factor}: 1 to {LONGEST_TABLE:,} positions along an axis")
    step, first = _placing(places, n, outputs, factor, region)
    grid = Grid.of(n, outputs, step, first)
    mode = node.word("mode", "nearest")
    if mode == "nearest":
        way = "floor" if old else node.word("nearest_mode", "round_prefer_floor")
        positions = grid.nearest(way)
        if region is not None:
            return Table(n, np.where(grid.outside(), -1, positions)[:, None])
        # each position so many times is known to move in even steps, which a table is not
        whole = int(factor)
        if whole == factor and np.array_equal(positions, np.arange(outputs) // whole):
            return Repeat(n, whole)
        return picked(n, positions)
    if mode not in ("linear", "cubic"):
        raise ConvgraphError(f"mode={mode!r}: nearest, linear or cubic")
    width = max(1 / factor, Fraction(1)) if node.number("antialias", 0) else Fraction(1)
    radius = ceil((1 if mode == "linear" else 2) * width)
    if max(n, outputs) > LONGEST_WEIGHTED or outputs * radius > LONGEST_TABLE:
        raise ConvgraphError(
            f"scales={factor}: interpolation of at most {LONGEST_WEIGHTED:,} positions of an axis"
        )
    kernel = linear if mode == "linear" else cubic(_fraction(node.real("cubic_coeff_a", -0.75)))
    return Interpolated(
        grid,
        kernel,
        radius,
        width,
        bool(node.number("exclude_outside", 0)),
        region is not None,
    )


def _placing(
    places: str,
    n: int,
    m: int,
    factor: Fraction,
    region: tuple[Fraction, Fraction] | None,
) -> tuple[Fraction, Fraction]:
    """Step and start of the outputs' places on the input's axis."""
    step, half = 1 / factor, Fraction(1, 2)
    if places == "tf_crop_and_resize":
        start, end = region or WHOLE
        if m == 1:
            return Fraction(0), (start + end) / 2 * (n - 1)
        return (end - start) * (n - 1) / (m - 1), start * (n - 1)
    if places == "align_corners":
        # the length is that of the factor, which may not be whole
        return (Fraction(n - 1) / (n * factor - 1) if m > 1 else Fraction(0)), Fraction(0)
    if places == "pytorch_half_pixel" and m == 1:
        return Fraction(0), Fraction(0)
    first = {
        "half_pixel": step * half - half,
        "pytorch_half_pixel": step * half - half,
        "half_pixel_symmetric": (n - m * step) / 2 + step * half - half,
        "asymmetric": Fraction(0),
        "tf_half_pixel_for_nn": step * half,
    }.get(places)
    if first is None:
        raise ConvgraphError(f"coordinate_transformation_mode={places!r}: not one that is known")
    return step, first
