"""Opening a spec: an input of any size, and a name for all that a proof speaks of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import Size, size_symbol
from convgraph.layers.spec import Spec
from convgraph.network.composition import Parallel, Residual
from convgraph.network.functional import bound
from convgraph.symmetry.instances.symbol_values import free_symbols
from convgraph.symmetry.proofs.open_model import network_setting
from convgraph.symmetry.proofs.open_network import Setting
from convgraph.symmetry.proofs.row_names import Names, letters_of, row_names
from convgraph.symmetry.proofs.row_shifts import Unproved, axis_pairs, periods, shifts
from convgraph.symmetry.statements.statement import Where
from convgraph.symmetry.statements.vocabulary import unused

__all__ = ["setting"]

MOST_STRIDES = 64  # six halvings: each remainder modulo each part of it is a spec to be bound


def setting(
    spec: Spec | Network,
    amounts: tuple[Any, ...],
    where: Where,
    channels: Size | None = None,
    wrapped: bool = False,
) -> Setting:
    """Bind a spec to an input of open size, and follow the shift through its rows."""
    if isinstance(spec, Network):
        return network_setting(spec, amounts, where, wrapped)
    rank = len(amounts)
    moves = tuple(sp.sympify(a) for a in amounts)
    used = {symbol.name for symbol in free_symbols((moves, spec, channels))}
    suffixes = [""] if rank == 1 else [f"_{a + 1}" for a in range(rank)]
    sizes = tuple(size_symbol(unused(f"n{suffix}", used)) for suffix in suffixes)
    counts = tuple(size_symbol(unused(f"m{suffix}", used)) for suffix in suffixes)
    around = _around(spec, moves, sizes, counts, channels) if where == "circle" else None
    network = around or _opened(spec, sizes, counts, channels)
    moved = dict(shifts(network, moves))
    if around is not None:
        sizes = tuple(around.inputs[0].shape[-rank:])
    elif where == "circle":
        wholes = periods(network, rank)
        sizes = tuple(
            period * m if move != 0 or network.inputs[0].shape[a - rank] != n else n
            for a, (period, m, move, n) in enumerate(zip(wholes, counts, moves, sizes, strict=True))
        )
        try:
            network = bound(spec, sizes, channels)
        except ConvgraphError as uneven:
            raise Unproved(str(uneven)) from None
    letters = letters_of(network)
    names = row_names(network, letters)
    known = used | letters | {s.name for n in sizes for s in sp.sympify(n).free_symbols}
    row_sizes, meanings, paddings = _sizes(network, where, names, known)
    everything = known | set(names.values()) | {s.name for s in meanings}
    return Setting(
        network,
        where,
        moves,
        wrapped,
        names,
        moved,
        row_sizes,
        meanings,
        paddings,
        frozenset(everything),
    )


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
        sp.Mul(*map(sp.sympify, strides_of(spec, slice(a, a + 1)))) for a in range(len(moves))
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
    if isinstance(thing, tuple | list):
        return any(map(_branches, thing))
    fields = getattr(thing, "__dataclass_fields__", ())
    return isinstance(thing, Residual | Parallel) or any(
        _branches(getattr(thing, name)) for name in fields
    )


def _congruences(spec: Spec) -> Iterator[tuple[sp.Expr, int]]:
    """Sizes that strides may ask for: remainders modulo parts of their product, smallest first."""
    product = sp.Mul(*map(sp.sympify, strides_of(spec)))
    if not product.is_Integer:
        yield product, 0
        return
    for period in sp.divisors(product)[1:]:
        if period > MOST_STRIDES:
            return
        yield from ((sp.Integer(period), rest) for rest in range(period))


def _sizes(
    network: Network, where: Where, names: Mapping[str, str], used: set[str]
) -> tuple[dict[str, tuple[sp.Expr, ...]], dict[sp.Symbol, sp.Expr], frozenset[sp.Symbol]]:
    """Per row its sizes, in the interior under new names; what these mean; which are paddings.

    A padding that depends on the size of the input ("same" under a stride) has a name, too: a
    proof holds for any padding.
    """
    sizes: dict[str, tuple[sp.Expr, ...]] = {}
    new = Names(used)
    quotients: dict[sp.Expr, sp.Expr] = {}
    for row in network.rows:
        own = []
        for a, size in enumerate(map(sp.sympify, row.shape)):
            known = sp.expand(size.xreplace(quotients)) if where == "interior" else size
            if where == "interior" and known.has(sp.floor, sp.ceiling, sp.Max, sp.Min):
                several = len(row.shape) - row.channels > 1
                suffix = f"_{a - row.channels + 1}" if several else ""
                known = new.of(size, f"n_{names[row.name]}{suffix}", positive=True)
                rest, quotient = size.as_coeff_Add()
                quotients[quotient] = known - rest  # so that what it is doubled to has no name
            own.append(known)
        sizes[row.name] = tuple(own)
    paddings = {new.of(value, name, nonnegative=True) for value, name in _open_paddings(network)}
    return sizes, {symbol: value for value, symbol in new.known.items()}, frozenset(paddings)


def _open_paddings(network: Network) -> Iterator[tuple[sp.Expr, str]]:
    """The paddings that depend on the size of the input, each with a name."""
    for layer in network.layers:
        several = len(layer.target.shape) - layer.target.channels > 1
        for joint in layer.joints:
            for axis, _, out in axis_pairs(joint, layer.target):
                padding = sp.S.Zero if axis.window is None else sp.sympify(axis.window.padding)
                if padding.has(sp.floor, sp.ceiling, sp.Max, sp.Min):
                    place = (out or 0) - layer.target.channels + 1
                    yield padding, f"p_{place}" if several else "p"


def strides_of(thing: Any, along: slice = slice(None)) -> Iterator[Size]:
    """Every stride in a spec, along any axis or some; that of a pool is its kernel where it has no
    other.

    >>> from convgraph import Conv, MaxPool
    >>> list(strides_of(Conv(3, stride=2) >> MaxPool(3)))
    [2, 3]
    """
    fields = getattr(thing, "__dataclass_fields__", ())
    if isinstance(thing, tuple | list):
        for each in thing:
            yield from strides_of(each, along)
    elif "stride" in fields:
        stride = thing.kernel if thing.stride is None else thing.stride
        yield from stride[along] if isinstance(stride, tuple) else (stride,)
    else:
        for name in fields:
            yield from strides_of(getattr(thing, name), along)
