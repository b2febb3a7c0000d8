"""The setting of a claim: a network of open size, where it is asked about, and how rows move.

Three settings differ in what lies beyond the border.

- "line": nothing does, as every row has a position at each integer (a plane, for two axes).
- "circle": positions are counted modulo the number of a row's positions (a torus).
- "interior": rows are finite, and the claim is about outputs that the border does not reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.core.sympified import sympified
from convgraph.layers.spec import Spec
from convgraph.symmetry.instances.symbol_values import free_symbols
from convgraph.symmetry.proofs.open_spec import open_sizes, opened
from convgraph.symmetry.proofs.row_names import Names, letters_of, row_names
from convgraph.symmetry.proofs.row_shifts import Moves, axis_pairs, shifts
from convgraph.symmetry.statements.statement import Meaning, Note, Positions, Where, floors_of
from convgraph.symmetry.statements.vocabulary import index, unused

__all__ = ["Setting", "setting"]

Sizes: TypeAlias = "Mapping[str, tuple[sp.Expr, ...]]"
ROUNDED = (sp.floor, sp.ceiling, sp.Max, sp.Min)


@dataclass(frozen=True)
class Setting:
    """A network of open size and a shift of its input, with a name for everything.

    Attributes
    ----------
    network, where
        The network, bound to symbols, and which of the three settings it is.
    amounts
        By how much the input moves, per axis of space.
    wrapped
        Whether what leaves a frame comes back in at its other end; zeros come in otherwise.
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
    wrapped: bool
    names: Mapping[str, str]
    shifts: Moves
    sizes: Sizes
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
        rows: dict[tuple[sp.Expr, ...], list[str]] = {}
        for row in self.network.rows if self.where != "line" else ():
            rows.setdefault(self.sizes[row.name][row.channels :], []).append(self.names[row.name])
        found: list[Note] = [Positions(tuple(names), space) for space, names in rows.items()]
        for symbol, value in self.meanings.items():
            before = symbol in self.paddings and self.where == "line"
            found.append(Meaning(symbol, None if before else value))
        return tuple(found)

    @cached_property
    def floors(self) -> dict[sp.Symbol, sp.Expr]:
        """The sizes that a division by a number rounds down: see `floors_of`."""
        return floors_of(self.notes())

    def free(self, name: str) -> str:
        """A name that no size, kernel or row has."""
        return unused(name, self.taken)

    def named(self, size: Size) -> sp.Expr:
        """A size or a padding, or the symbol that stands for it."""
        value = sympified(size)
        return next((s for s, meant in self.meanings.items() if meant == value), value)

    def padded(self, axis: Axis) -> Axis:
        """An axis with the symbol that stands for its padding."""
        if axis.window is None or isinstance(axis.window.padding, int):
            return axis
        return axis.with_padding(self.named(axis.window.padding))

    @property
    def of_any_size(self) -> bool:
        """Whether the input has any number of positions, and not multiples of some strides only."""
        row = self.network.inputs[0]
        return all(sympified(n).is_Symbol for n in row.shape[row.channels :])

    @cached_property
    def sign(self) -> int | None:
        """1 if no amount is negative, -1 if none is positive, None where that is open."""
        if all(a.is_nonnegative for a in self.amounts):
            return 1
        return -1 if all(a.is_nonpositive for a in self.amounts) else None


def setting(
    spec: Spec | Network,
    amounts: tuple[Any, ...],
    where: Where,
    channels: Size | None = None,
    wrapped: bool = False,
) -> Setting:
    """Open a spec or a network, and follow the shift through its rows.

    What a window reads depends on its stride, its dilation and its padding, and not on how many
    positions there are. So a network that was bound to one size, a model that was read among them,
    says what its layers do at every size; on a circle it has the size that it has.
    """
    moves = tuple(map(sympified, amounts))
    used = {symbol.name for symbol in free_symbols(moves)}
    moved: Moves
    if isinstance(spec, Network):
        network, moved = spec, dict(shifts(spec, moves))
    else:
        used |= {symbol.name for symbol in free_symbols((spec, channels))}
        network, moved = opened(spec, moves, where == "circle", channels, used)
    letters = letters_of(network)
    names = row_names(network, letters)
    shape = network.inputs[0].shape[-len(moves) :]
    new = Names(used | letters | {*names.values()} | {s.name for s in free_symbols(shape)})
    sizes: Sizes
    if where != "interior":
        sizes = {row.name: tuple(map(sympified, row.shape)) for row in network.rows}
    else:
        sizes = (_followed if network is spec else _named)(network, len(moves), names, new)
    paddings = {new.of(value, name, nonnegative=True) for value, name in _open_paddings(network)}
    meanings = {symbol: value for value, symbol in new.known.items()}
    return Setting(
        network,
        where,
        moves,
        wrapped,
        names,
        moved,
        sizes,
        meanings,
        frozenset(paddings),
        frozenset(new.taken),
    )


def _named(network: Network, rank: int, names: Mapping[str, str], new: Names) -> Sizes:
    """Per row its sizes, under new names where they are rounded."""
    sizes: dict[str, tuple[sp.Expr, ...]] = {}
    quotients: dict[sp.Expr, sp.Expr] = {}
    for row in network.rows:
        own = []
        for a, size in enumerate(map(sympified, row.shape)):
            known = sp.expand(size.xreplace(quotients))
            if known.has(*ROUNDED):
                known = new.size(size, names[row.name], a - row.channels, rank)
                rest, quotient = size.as_coeff_Add()
                quotients[quotient] = known - rest  # so that what it is doubled to has no name
            own.append(known)
        sizes[row.name] = tuple(own)
    return sizes


def _followed(network: Network, rank: int, names: Mapping[str, str], new: Names) -> Sizes:
    """The same of a network that has numbers for its sizes, with symbols for the input's."""
    (start,) = network.inputs
    space = open_sizes("n", rank, new.taken)
    new.taken |= {symbol.name for symbol in space}
    sizes = {start.name: (*map(sp.Integer, start.numbers()[: len(start.shape) - rank]), *space)}
    for layer in network.layers:
        own = list(map(sp.Integer, layer.target.numbers()))
        joint = layer.joints[0]
        for axis, source, out in axis_pairs(joint, layer.target):
            found = sizes[joint.source.name][source or 0]
            if source is None or out is None or not found.free_symbols:
                continue
            size = sympified(axis.resized(found).outputs)
            if size.has(*ROUNDED):
                size = new.size(size, names[layer.target.name], out - (len(own) - rank), rank)
            own[out] = size
        sizes[layer.target.name] = tuple(own)
    return sizes


def _open_paddings(network: Network) -> Iterator[tuple[sp.Expr, str]]:
    """The paddings that depend on the size of the input ("same" under a stride), each with a name:
    a proof holds for any padding."""
    for layer in network.layers:
        several = len(layer.target.shape) - layer.target.channels > 1
        for joint in layer.joints:
            for axis, _, out in axis_pairs(joint, layer.target):
                if axis.window is not None and sympified(axis.window.padding).has(*ROUNDED):
                    place = (out or 0) - layer.target.channels + 1
                    yield axis.window.padding, f"p_{place}" if several else "p"
