"""Binding a spec to symbols: to an input of any size, or of sizes at which branches meet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import Size, size_symbol
from convgraph.core.sympified import sympified
from convgraph.layers.spec import Spec
from convgraph.network.composition import Parallel, Residual
from convgraph.network.functional import bound
from convgraph.symmetry.instances.symbol_values import parts
from convgraph.symmetry.proofs.row_shifts import Moves, Unproved, periods, shifts
from convgraph.symmetry.statements.vocabulary import unused

__all__ = ["open_sizes", "opened", "strides_of"]

MOST_STRIDES = 64  # six halvings: each remainder modulo each part of it is a spec to be bound


def open_sizes(letter: str, rank: int, used: set[str]) -> tuple[sp.Symbol, ...]:
    """A symbol for the size of each axis: n, or n_1 and n_2."""
    suffixes = [""] if rank == 1 else [f"_{a + 1}" for a in range(rank)]
    return tuple(size_symbol(unused(f"{letter}{suffix}", used)) for suffix in suffixes)


def opened(
    spec: Spec, moves: tuple[sp.Expr, ...], around: bool, channels: Size | None, used: set[str]
) -> tuple[Network, Moves]:
    """The spec on an input of any size, or around a circle; and by how much each of its rows moves.

    `used` are names that no size may have.
    """
    rank = len(moves)
    sizes, counts = (open_sizes(letter, rank, used) for letter in "nm")
    whole = _around(spec, moves, sizes, counts, channels) if around else None
    network = whole or _opened(spec, sizes, counts, channels)
    moved = dict(shifts(network, moves))
    if not around or whole is not None:
        return network, moved
    first = network.inputs[0].shape[-rank:]
    wholes = [
        period * m if move != 0 or own != n else n
        for period, m, move, own, n in zip(
            periods(network, rank), counts, moves, first, sizes, strict=True
        )
    ]
    try:
        return bound(spec, wholes, channels), moved
    except ConvgraphError as uneven:
        raise Unproved(str(uneven)) from None


def _around(
    spec: Spec,
    moves: Sequence[sp.Expr],
    sizes: Sequence[sp.Symbol],
    counts: Sequence[sp.Symbol],
    channels: Size | None,
) -> Network | None:
    """The spec on a circle of as many positions as all strides multiply to, if they divide that.

    In a chain of layers they are what divides the circle, and nothing has to be bound twice.
    """
    products = [
        sp.Mul(*map(sympified, strides_of(spec, slice(a, a + 1)))) for a in range(len(moves))
    ]
    wholes = [
        product * m if move != 0 else n
        for product, m, move, n in zip(products, counts, moves, sizes, strict=True)
    ]
    try:
        network = bound(spec, wholes, channels)
        own = periods(network, len(moves))
    except (ConvgraphError, Unproved):
        return None
    pairs = zip(own, products, moves, strict=True)
    return network if all(p == q for p, q, move in pairs if move != 0) else None


def _opened(
    spec: Spec, sizes: Sequence[Size], counts: Sequence[Size], channels: Size | None
) -> Network:
    """The spec on an input of any size, or of the sizes at which its branches meet.

    A branch that strides down and up again may have the size of one that does not only where the
    strides divide it, or leave the right remainder.
    """
    try:
        return bound(spec, sizes, channels)
    except ConvgraphError as never:
        if not _branches(spec):
            raise
        for period, rest in _congruences(spec):
            try:
                return bound(spec, [period * m + rest for m in counts], channels)
            except ConvgraphError:
                continue
        raise never


def _branches(thing: Any) -> bool:
    """Whether branches meet somewhere in a spec."""
    return isinstance(thing, Residual | Parallel) or any(map(_branches, parts(thing)))


def _congruences(spec: Spec) -> Iterator[tuple[sp.Expr, int]]:
    """Sizes that strides may ask for: remainders modulo parts of their product, smallest first."""
    product = sp.Mul(*map(sympified, strides_of(spec)))
    if not product.is_Integer:
        yield product, 0
        return
    for period in sp.divisors(product)[1:]:
        if period > MOST_STRIDES:
            return
        yield from ((sp.Integer(period), rest) for rest in range(period))


def strides_of(thing: Any, along: slice = slice(None)) -> Iterator[Size]:
    """Every stride in a spec, along any axis or some; that of a pool is its kernel where it has no
    other.

    >>> from convgraph import Conv, MaxPool
    >>> list(strides_of(Conv(3, stride=2) >> MaxPool(3)))
    [2, 3]
    """
    if "stride" in getattr(thing, "__dataclass_fields__", ()):
        stride = thing.kernel if thing.stride is None else thing.stride
        yield from stride[along] if isinstance(stride, tuple) else (stride,)
    else:
        for each in parts(thing):
            yield from strides_of(each, along)
