"""The setting of a claim: a network of open size, where it is asked about, and how rows move.

Three settings differ in what lies beyond the border.

- "line": nothing does, as every row has a position at each integer (a plane, for two axes).
- "circle": positions are counted modulo the number of a row's positions (a torus).
- "interior": rows are finite, and the claim is about outputs that the border does not reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, TypeAlias

import sympy as sp

from convgraph.core.axis import Axis, Blocks, Full, Repeat
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.core.tying import Learned
from convgraph.core.window import Reversed, Window
from convgraph.core.wiring import Product
from convgraph.layers.spec import Spec
from convgraph.network.composition import Parallel, Residual
from convgraph.network.functional import Input
from convgraph.symmetry.proofs.normal import is_whole
from convgraph.symmetry.proofs.numbers import strides_of, symbols_of
from convgraph.symmetry.proofs.vocabulary import index, unused

__all__ = [
    "Note",
    "Setting",
    "Unproved",
    "Where",
    "axis_pairs",
    "bound",
    "periods",
    "setting",
    "shifts",
]

Where: TypeAlias = Literal["line", "circle", "interior"]


MOST_STRIDES = 64  # by what all strides together divide the input, at most


class Unproved(Exception):  # noqa: N818 - it is no error of the caller's
    """A proof was not found; the message says where the search for one ended."""


@dataclass(frozen=True)
class Note:
    """What a symbol stands for, in words with places for formulas."""

    words: str
    formulas: tuple[sp.Expr, ...]


@dataclass(frozen=True)
class Setting:
    """A network of open size and a shift of its input, with a name for everything.

    Attributes
    ----------
    network, where
        The network, bound to symbols, and which of the three settings it is.
    amounts
        By how much the input moves, per axis of space.
    names
        The name that each row has in formulas.
    shifts
        By how much each row moves, per axis of the row (channels included, which do not move).
    sizes
        The number of positions of each row, per axis; in the interior a symbol of its own where it
        is no polynomial.
    meanings, paddings
        What the symbols stand for that were introduced here, and which of them are paddings.
    taken
        The names that are in use.
    """

    network: Network
    where: Where
    amounts: tuple[sp.Expr, ...]
    names: Mapping[str, str]
    shifts: Mapping[str, tuple[sp.Expr, ...]]
    sizes: Mapping[str, tuple[sp.Expr, ...]]
    meanings: Mapping[sp.Symbol, sp.Expr]
    paddings: frozenset[sp.Symbol]
    taken: frozenset[str]

    def positions(self, row: Row) -> tuple[sp.Symbol, ...]:
        """The variables that count a row's units: f for the channel, i or i_1, i_2 for space."""
        space = len(row.shape) - row.channels
        spaces = ["i"] if space == 1 else [f"i_{a + 1}" for a in range(space)]
        return tuple(index(self.free(name)) for name in ["f"] * row.channels + spaces)

    def moving(self, row: Row) -> tuple[bool, ...]:
        """Along which axes a row moves: not those of the channels, nor what a whole row became."""
        return tuple(t != 0 for t in self.shifts[row.name])

    def moduli(self, row: Row) -> tuple[sp.Expr | None, ...]:
        """On a circle the number of positions of each axis that moves; None for other axes."""
        pairs = zip(self.moving(row), self.sizes[row.name], strict=True)
        return tuple(size if moves and self.where == "circle" else None for moves, size in pairs)

    def notes(self) -> tuple[Note, ...]:
        """What a reader has to be told of sizes and paddings."""
        found: list[Note] = []
        rows: dict[tuple[sp.Expr, ...], list[str]] = {}
        for row in self.network.rows if self.where != "line" else ():
            rows.setdefault(self.sizes[row.name][row.channels :], []).append(self.names[row.name])
        for space, names in rows.items():
            have = "has" if len(names) == 1 else "have"
            count = " x ".join(["{}"] * len(space))
            positions = "position" if all(n == 1 for n in space) else "positions"
            counted = "." if found else ", counted from 0."
            found.append(Note(f"{_listed(names)} {have} {count} {positions}{counted}", space))
        for symbol, value in self.meanings.items():
            if symbol in self.paddings and self.where == "line":
                found.append(Note("{} is the padding before the first position.", (symbol,)))
            else:
                found.append(Note("{} = {}", (symbol, value)))
        return tuple(found)

    def free(self, name: str) -> str:
        """A name that no size, kernel or row has."""
        return unused(name, self.taken)

    def named(self, size: Size) -> sp.Expr:
        """A size or a padding, or the symbol that stands for it."""
        value = sp.sympify(size)
        return next((s for s, meant in self.meanings.items() if meant == value), value)

    @property
    def of_any_size(self) -> bool:
        """Whether the input has any number of positions, and not multiples of some strides only."""
        row = self.network.inputs[0]
        return all(sp.sympify(n).is_Symbol for n in row.shape[row.channels :])

    @cached_property
    def sign(self) -> int | None:
        """1 if no amount is negative, -1 if none is positive, None where that is open."""
        if all(a.is_nonnegative for a in self.amounts):
            return 1
        return -1 if all(a.is_nonpositive for a in self.amounts) else None


def setting(
    spec: Spec, amounts: tuple[Any, ...], where: Where, channels: Size | None = None
) -> Setting:
    """Bind a spec to an input of open size, and follow the shift through its rows."""
    rank = len(amounts)
    moves = tuple(sp.sympify(a) for a in amounts)
    used = {symbol.name for symbol in symbols_of((moves, spec, channels))}
    suffixes = [""] if rank == 1 else [f"_{a + 1}" for a in range(rank)]
    sizes = tuple(_size(unused(f"n{suffix}", used)) for suffix in suffixes)
    counts = tuple(_size(unused(f"m{suffix}", used)) for suffix in suffixes)
    network = _opened(spec, sizes, counts, channels)
    moved = dict(shifts(network, moves))
    if where == "circle":
        wholes = periods(network, rank)
        sizes = tuple(
            period * m if move != 0 or network.inputs[0].shape[a - rank] != n else n
            for a, (period, m, move, n) in enumerate(zip(wholes, counts, moves, sizes, strict=True))
        )
        try:
            network = bound(spec, sizes, channels)
        except ConvgraphError as uneven:
            raise Unproved(str(uneven)) from None
    letters = {tying.letter or "w" for layer in network.layers for tying in layer.arrays}
    letters |= {layer.reduction.name for layer in network.layers if layer.reduction.pointwise}
    names = _row_names(network, letters)
    known = used | letters | {s.name for n in sizes for s in sp.sympify(n).free_symbols}
    row_sizes, meanings, paddings = _sizes(network, where, names, known)
    everything = known | set(names.values()) | {s.name for s in meanings}
    return Setting(
        network,
        where,
        moves,
        names,
        moved,
        row_sizes,
        meanings,
        paddings,
        frozenset(everything),
    )


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


def bound(spec: Spec, sizes: Sequence[Size], channels: Size | None) -> Network:
    """The spec on an input of these sizes; channels come first, whatever the spec knows of them."""
    head = () if channels is None else (channels,)
    x = Input((*head, *sizes), rank=len(sizes))
    return Network(x, spec(x))


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]


def _size(name: str) -> sp.Symbol:
    return sp.Symbol(name, integer=True, positive=True)


def _row_names(network: Network, letters: set[str]) -> dict[str, str]:
    """x for the input, y for the output and h, or h1, h2, ..., for what is between."""
    names: dict[str, str] = {}
    inputs = {row.name for row in network.inputs}
    hidden = [r for r in network.rows if r.name not in inputs and r not in network.outputs]
    for row in network.rows:
        if row.name in inputs:
            name = "x"
        elif row in network.outputs:
            name = "y"
        else:
            name = "h" if len(hidden) == 1 else f"h{hidden.index(row) + 1}"
        names[row.name] = unused(name, letters | set(names.values()))
    return names


def axis_pairs(joint: Joint, target: Row) -> Iterator[tuple[Axis, int | None, int | None]]:
    """The axes of a wiring, each with the axis of the source row and of the target row it joins.

    None stands for the one unnamed channel, which a row does not list.
    """
    if not isinstance(joint.wiring, Product):
        raise Unproved("a wiring that is listed connection by connection has no formula")
    in_missing = _unlisted(joint.wiring.in_view, joint.source)
    out_missing = _unlisted(joint.wiring.out_view, target)
    for a, (axis, position) in enumerate(zip(joint.wiring.axes, joint.wiring.order, strict=True)):
        source, out = position - in_missing, a - out_missing
        yield axis, (source if source >= 0 else None), (out if out >= 0 else None)


def _unlisted(view: tuple[Size, ...], row: Row) -> int:
    if tuple(view) == tuple(row.shape):
        return 0
    if tuple(view) == (1, *row.shape):
        return 1
    shape, seen = ("x".join(map(str, sizes)) for sizes in (row.shape, view))
    raise Unproved(f"a row of {shape} units is taken as {seen}, which has no axis that moves")


def shifts(
    network: Network, amounts: tuple[sp.Expr, ...]
) -> Iterator[tuple[str, tuple[sp.Expr, ...]]]:
    """By how much each row moves: a stride divides, and branches that meet have to agree."""
    known: dict[str, tuple[sp.Expr, ...]] = {}
    for row in network.inputs:
        known[row.name] = (sp.S.Zero,) * (len(row.shape) - len(amounts)) + amounts
        yield row.name, known[row.name]
    for layer in network.layers:
        found = [_behind(layer, joint, known[joint.source.name]) for joint in layer.joints]
        if any(
            sp.expand(a - b) != 0
            for other in found[1:]
            for a, b in zip(found[0], other, strict=True)
        ):
            raise Unproved(
                f"the branches that {layer.spec} joins move by {list(map(list, found))}: "
                "their strides differ"
            )
        row = layer.target
        if len(row.shape) - row.channels != len(amounts):
            raise Unproved(f"{layer.spec} makes a row of other axes than the input's")
        known[row.name] = found[0]
        yield row.name, found[0]


def _behind(layer: Layer, joint: Joint, shift: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
    result: list[sp.Expr] = [sp.S.Zero] * len(layer.target.shape)
    for axis, source, out in axis_pairs(joint, layer.target):
        if source is None or shift[source] == 0:
            continue
        if out is None:
            raise Unproved(f"{layer.spec} reads channels along the axis that moves")
        result[out] = _moved(layer, axis, shift[source])
    return tuple(result)


def _moved(layer: Layer, axis: Axis, t: sp.Expr) -> sp.Expr:
    match axis:
        case Window(stride=s):
            if not is_whole(t / sp.sympify(s)):
                raise Unproved(f"stride={s}: the stride of {layer.spec} does not divide {t}")
            return sp.cancel(t / s)
        case Reversed(window=window):
            return t * window.stride
        case Repeat(factor=factor):
            return t * factor
        case Full(outputs=1):
            return sp.S.Zero
        case Full() | Blocks():
            raise Unproved(f"{layer.spec} has other parameters at every position")
    raise Unproved(f"{layer.spec} has no formula along the axis that moves")


def periods(network: Network, rank: int) -> tuple[sp.Expr, ...]:
    """What divides the circle, per axis: the strides and the tiles on the way to each row."""
    known = {row.name: (sp.S.One,) * rank for row in network.inputs}
    for layer in network.layers:
        offset = len(layer.target.shape) - rank
        own = [sp.S.One] * rank
        for joint in layer.joints:
            before = known[joint.source.name]
            for axis, _, out in axis_pairs(joint, layer.target):
                place = -1 if out is None else out - offset
                if place >= 0:
                    stride = axis.stride if isinstance(axis, Window) else 1
                    steps = before[place] * stride * _tiles(joint, layer, axis, out)
                    own[place] = _common(own[place], sp.sympify(steps))
        known[layer.target.name] = tuple(own)
    result = known[network.inputs[0].name]
    for row in known.values():
        result = tuple(map(_common, result, row))
    return result


def _common(a: sp.Expr, b: sp.Expr) -> sp.Expr:
    """A multiple of both, the smallest if sympy sees it."""
    if a.is_Integer and b.is_Integer:
        return sp.Integer(sp.ilcm(a, b))
    if is_whole(a / b):
        return a
    return b if is_whole(b / a) else a * b


def _tiles(joint: Joint, layer: Layer, axis: Axis, out: int | None) -> Size:
    if not isinstance(joint.tying, Learned) or not isinstance(joint.wiring, Product):
        return 1
    period = joint.tying.period(joint.wiring.axes.index(axis))
    return 1 if period == axis.outputs else period


class _Names:
    """New symbols for expressions that a proof needs no more of than that they are integers."""

    def __init__(self, used: Iterable[str]) -> None:
        self.taken = set(used)
        self.known: dict[sp.Expr, sp.Symbol] = {}

    def of(self, value: sp.Expr, name: str, **assumptions: bool) -> sp.Symbol:
        """The symbol for an expression, the same each time."""
        if value not in self.known:
            self.taken.add(free := unused(name, self.taken))
            self.known[value] = sp.Symbol(free, integer=True, **assumptions)
        return self.known[value]


def _sizes(
    network: Network, where: Where, names: Mapping[str, str], used: set[str]
) -> tuple[dict[str, tuple[sp.Expr, ...]], dict[sp.Symbol, sp.Expr], frozenset[sp.Symbol]]:
    """Per row its sizes, in the interior under new names; what these mean; which are paddings.

    A padding that depends on the size of the input ("same" under a stride) has a name, too: a
    proof holds for any padding.
    """
    sizes: dict[str, tuple[sp.Expr, ...]] = {}
    new = _Names(used)
    for row in network.rows:
        own = []
        for a, size in enumerate(map(sp.sympify, row.shape)):
            if where == "interior" and size.has(sp.floor, sp.ceiling, sp.Max, sp.Min):
                several = len(row.shape) - row.channels > 1
                suffix = f"_{a - row.channels + 1}" if several else ""
                own.append(new.of(size, f"n_{names[row.name]}{suffix}", positive=True))
            else:
                own.append(size)
        sizes[row.name] = tuple(own)
    paddings = {new.of(value, name, nonnegative=True) for value, name in _open_paddings(network)}
    return sizes, {symbol: value for value, symbol in new.known.items()}, frozenset(paddings)


def _open_paddings(network: Network) -> Iterator[tuple[sp.Expr, str]]:
    """The paddings that depend on the size of the input, each with a name."""
    for layer in network.layers:
        several = len(layer.target.shape) - layer.target.channels > 1
        for joint in layer.joints:
            for axis, _, out in axis_pairs(joint, layer.target):
                window = axis.window if isinstance(axis, Reversed) else axis
                padding = sp.sympify(window.padding) if isinstance(window, Window) else sp.S.Zero
                if padding.has(sp.floor, sp.ceiling, sp.Max, sp.Min):
                    place = (out or 0) - layer.target.channels + 1
                    yield padding, f"p_{place}" if several else "p"
