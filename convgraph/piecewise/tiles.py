"""Planning tiles: the sizes that fit, a size for a budget, and what a plan needs."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import Any

from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError
from convgraph.core.named_row import output_row
from convgraph.core.network import Network, check_network
from convgraph.piecewise.axis_tiles import AxisTiles
from convgraph.piecewise.cuts import Cut, cuts_of
from convgraph.piecewise.obstacles import UncutError, first_uncut
from convgraph.piecewise.spoiled import spoiled
from convgraph.piecewise.tiling import Tiling

__all__ = ["planned", "tiles"]


@checked
def tiles(
    network: Network,
    tile: int | Iterable[int] | None = None,
    overlap: int | Iterable[int] | None = None,
    *,
    values: int | None = None,
    memory: int | None = None,
    dtype: str = "float32",
    module: Any = None,
    overhead: Fraction | int | None = None,
    row: str | None = None,
) -> Tiling:
    """Plan how to compute an image tile by tile, so that nothing differs from the whole.

    The same network is run on pieces of the input, with the padding that its layers have. A piece's
    outputs near a cut are spoiled, as padding is read there in place of the image; how many are is
    derived, and the rest is kept. At a true border a piece has the padding that the whole has.

    Parameters
    ----------
    network
        A bound network, or a model that was read, whose rows move along the axes of the input:
        convolutions, pools, transposed convolutions, enlargements, residuals, U-Nets.
    tile
        How many positions of the input a tile reads at most, for all axes or per axis of space.
        Tiles are of the largest size up to it that all strides allow.
    overlap
        By how many positions tiles overlap at least; by default by no more than is needed.
    values
        Instead of `tile`: how many values of activations may be alive at once. The largest square
        tile that takes no more is chosen.
    memory, dtype, module
        Instead of `tile`: the same in bytes, as `Tiling.memory(dtype, module)` counts them: given a
        PyTorch module, all that it holds at once.
    overhead
        Instead of `tile`: which share of the input may be read more than once, as an exact number.
        The smallest square tile that needs no more is chosen.
    row
        The row that is wanted; the output by default.

    Returns
    -------
    Tiling
        With `tiles`, `halo`, `step`, `overhead`, `peak`, `verify()`, `witness()` and `run()`.

    Raises
    ------
    ConvgraphError
        If a row on the way sees all positions of an axis: the message says which, and the error's
        `obstacle` what a first pass would have to collect, with plans for two passes. Or if a tile
        is smaller than what the cuts spoil.

    Examples
    --------
    >>> from convgraph import Conv, MaxPool
    >>> spec = Conv((3, 3), padding=1) >> MaxPool((2, 2)) >> Conv((3, 3), padding=1)
    >>> plan = tiles(spec.on((64, 64)), tile=32)
    >>> plan
    Tiling(9 tiles of 32 x 32 over 64 x 64, 125.0% read more than once)
    >>> plan.halo[0], plan.step, plan.verify()
    ((Fraction(4, 1), Fraction(4, 1)), (2, 2), True)
    """
    wanted = _wanted(network, row)
    budget = {"values": values, "memory": memory, "overhead": overhead}
    return planned(network, wanted, tile, overlap, dtype=dtype, module=module, **budget)


def _wanted(network: Network, row: str | None) -> str:
    check_network(network)
    if network.symbolic:
        raise ConvgraphError(f"network={network!r}: a plan needs numbers for sizes")
    if len(network.inputs) != 1:
        names = ", ".join(each.name for each in network.inputs)
        raise ConvgraphError(f"network={network!r}: pieces are of one input, and this has {names}")
    return output_row(network, row).name


def planned(
    network: Network,
    row: str,
    tile: int | Iterable[int] | None = None,
    overlap: int | Iterable[int] | None = None,
    *,
    values: Any = None,
    memory: Any = None,
    dtype: str = "float32",
    module: Any = None,
    overhead: Any = None,
) -> Tiling:
    """The same for pieces of the first input; others are given whole to every tile.

    No plan leaves that is not the whole through the connections of the network.
    """
    plan = _planned(network, row, tile, overlap, values, memory, dtype, module, overhead)
    if not plan.verify():
        raise ConvgraphError(
            f"row={row!r}: {plan!r} was derived, and its tiles are not the whole when they are "
            "followed through the connections of the network; so there is no plan"
        )
    return plan


def _planned(
    network: Network,
    row: str,
    tile: int | Iterable[int] | None,
    overlap: int | Iterable[int] | None,
    values: Any,
    memory: Any,
    dtype: str,
    module: Any,
    overhead: Any,
) -> Tiling:
    target = network.row(row)
    found = spoiled(network, network.inputs[0].name)
    stops = first_uncut(network, found, target.name)
    if stops is not None:
        raise UncutError(stops)
    cuts = cuts_of(network, target, found)
    asked = {"tile": tile, "values": values, "memory": memory, "overhead": overhead}
    given = [name for name, value in asked.items() if value is not None]
    if len(given) != 1:
        said = ", ".join(f"{name}={value!r}" for name, value in asked.items())
        raise ConvgraphError(f"{said}: say one of them, and no more")
    if module is not None and memory is None:
        raise ConvgraphError(
            f"module={type(module).__name__}: goes with memory=, and there is none"
        )
    least = _numbers("overlap", overlap, len(cuts), 0) if overlap is not None else None
    if tile is not None:
        chosen = _numbers("tile", tile, len(cuts), 1)
        return Tiling(network, target, _axes(cuts, chosen, least))
    plans = _plans(network, target, cuts, least)
    if memory is not None:
        most = _number("memory", memory, 1)
        return _within(plans, lambda plan: plan.memory(dtype, module), "memory", most, "bytes")
    if values is not None:
        most = _number("values", values, 1)
        return _within(plans, lambda plan: plan.peak, "values", most, "values alive at once")
    if isinstance(overhead, float) or not isinstance(overhead, int | Fraction) or overhead < 0:
        raise ConvgraphError(f"overhead={overhead!r}: a whole number or a fraction, not negative")
    for plan in plans:
        if plan.overhead <= overhead:
            return plan
    raise AssertionError  # the whole image in one tile has none


def _axes(
    cuts: tuple[Cut, ...], sizes: tuple[int, ...], overlap: tuple[int, ...] | None
) -> tuple[AxisTiles, ...]:
    wanted = (0,) * len(cuts) if overlap is None else overlap
    rows = zip(cuts, sizes, wanted, strict=True)
    return tuple(_along(cut, size, apart, a) for a, (cut, size, apart) in enumerate(rows))


def _along(cut: Cut, size: int, overlap: int, axis: int) -> AxisTiles:
    if size >= cut.size:
        return AxisTiles(cut, cut.size, cut.size)
    tile = cut.fitting(size)
    clean = cut.outputs_of(tile) - cut.before - cut.after
    # tiles are apart by a multiple of the period, and what they keep leaves no gap
    apart = min(int(clean * cut.step), tile - overlap)
    stride = apart // cut.period * cut.period
    if tile < cut.least or stride < cut.period:
        raise ConvgraphError(_too_small(cut, size, overlap, axis))
    return AxisTiles(cut, tile, stride)


def _too_small(cut: Cut, size: int, overlap: int, axis: int) -> str:
    before, after = cut.halo
    smallest = next(
        (at for at in _sizes(cut) if _fits(cut, at, overlap)),
        cut.size,
    )
    return (
        f"tile={size}: along axis {axis} cuts spoil {before} positions behind a tile's start and "
        f"{after} in front of its end, and tiles are apart by multiples of {cut.period}; "
        f"the smallest tile{' with this overlap' if overlap else ''} is {smallest}"
    )


def _fits(cut: Cut, size: int, overlap: int) -> bool:
    clean = cut.outputs_of(size) - cut.before - cut.after
    return size >= cut.least and min(int(clean * cut.step), size - overlap) >= cut.period


def _sizes(cut: Cut) -> Iterator[int]:
    """All sizes of a tile, from the smallest; the whole axis is the last."""
    yield from range(cut.size % cut.period or cut.period, cut.size, cut.period)
    yield cut.size


def _plans(
    network: Network, target: Any, cuts: tuple[Cut, ...], overlap: tuple[int, ...] | None
) -> Iterator[Tiling]:
    """Plans with tiles that are as square as the sizes allow, from the smallest."""
    wanted = (0,) * len(cuts) if overlap is None else overlap
    steps = sorted({size for cut in cuts for size in _sizes(cut)})
    for size in steps:
        sizes = [
            min(cut.fitting(max(size, 1)), cut.size) if size < cut.size else cut.size
            for cut in cuts
        ]
        if all(
            at == cut.size or _fits(cut, at, apart)
            for cut, at, apart in zip(cuts, sizes, wanted, strict=True)
        ):
            yield Tiling(network, target, _axes(cuts, tuple(sizes), overlap))


def _within(
    made: Iterable[Tiling], takes: Callable[[Tiling], int], budget: str, most: int, unit: str
) -> Tiling:
    """The last plan that takes no more: what is alive grows with the tile."""
    plans = list(made)
    fitting = bisect_right(plans, most, key=takes)
    if not fitting:
        smallest = plans[0]
        raise ConvgraphError(
            f"{budget}={most}: the smallest tile, {' x '.join(map(str, smallest.tile))}, has "
            f"{takes(smallest):,} {unit}"
        )
    return plans[fitting - 1]


def _numbers(name: str, value: Any, count: int, least: int) -> tuple[int, ...]:
    if isinstance(value, int):
        return (_number(name, value, least),) * count
    if not isinstance(value, Iterable) or isinstance(value, str):
        raise ConvgraphError(f"{name}={value!r}: a whole number, or one for each axis of space")
    numbers = tuple(_number(name, each, least) for each in value)
    if len(numbers) != count:
        raise ConvgraphError(f"{name}={value!r}: one number for each of {count} axes of space")
    return numbers


def _number(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ConvgraphError(f"{name}={value!r}: a whole number of at least {least}")
    return value
