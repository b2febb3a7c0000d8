"""The setting of a bound network: its layers as they are, on an input of any size.

What a window reads depends on its stride, its dilation and its padding, and not on how many
positions there are. So a network that was bound to one size, a model that was read among them, says
what its layers do at every size; a size that follows from the input's is named after its row.
"""

from __future__ import annotations

from typing import Any

import sympy as sp

from convgraph.core.named_row import output_row, rows_before
from convgraph.core.network import Network
from convgraph.core.sizes import size_symbol
from convgraph.symmetry.instances.symbol_values import free_symbols
from convgraph.symmetry.proofs.open_network import Setting
from convgraph.symmetry.proofs.row_names import Names, letters_of, row_names
from convgraph.symmetry.proofs.row_shifts import axis_pairs, shifts
from convgraph.symmetry.statements.statement import Where
from convgraph.symmetry.statements.vocabulary import unused

__all__ = ["behind", "network_setting"]


def behind(network: Network, row: str | None) -> Network:
    """The part of a network that computes a row, its only output by default."""
    target = network.layer(output_row(network, row).name).target
    needed = rows_before(network, target.name)
    return Network.of(
        [each for each in network.rows if each.name in needed],
        [layer for layer in network.layers if layer.target.name in needed],
        [each for each in network.inputs if each.name in needed],
        [target],
    )


def network_setting(
    network: Network, amounts: tuple[Any, ...], where: Where, wrapped: bool
) -> Setting:
    """Follow a shift through the rows of a network; on a circle, of the size that it has."""
    moves = tuple(sp.sympify(a) for a in amounts)
    used = {symbol.name for symbol in free_symbols(moves)}
    letters = letters_of(network)
    names = row_names(network, letters)
    moved = dict(shifts(network, moves))
    new = Names(used | letters | set(names.values()))
    if where == "interior":
        sizes = _sizes(network, len(moves), names, new)
    else:
        sizes = {row.name: tuple(map(sp.Integer, row.numbers())) for row in network.rows}
    meanings = {symbol: value for value, symbol in new.known.items()}
    paddings: frozenset[sp.Symbol] = frozenset()
    taken = frozenset(new.taken)
    return Setting(network, where, moves, wrapped, names, moved, sizes, meanings, paddings, taken)


def _sizes(
    network: Network, rank: int, names: dict[str, str], new: Names
) -> dict[str, tuple[sp.Expr, ...]]:
    (start,) = network.inputs
    suffixes = [""] if rank == 1 else [f"_{a + 1}" for a in range(rank)]
    space = [size_symbol(unused(f"n{suffix}", new.taken)) for suffix in suffixes]
    new.taken |= {symbol.name for symbol in space}
    sizes = {start.name: (*map(sp.Integer, start.numbers()[: len(start.shape) - rank]), *space)}
    for layer in network.layers:
        own = list(map(sp.Integer, layer.target.numbers()))
        joint = layer.joints[0]
        for axis, source, out in axis_pairs(joint, layer.target):
            found = sizes[joint.source.name][source or 0]
            if source is None or out is None or not found.free_symbols:
                continue
            size = sp.sympify(axis.resized(found).outputs)
            if size.has(sp.floor):
                suffix = suffixes[out - (len(own) - rank)]
                size = new.of(size, f"n_{names[layer.target.name]}{suffix}", positive=True)
            own[out] = size
        sizes[layer.target.name] = tuple(own)
    return sizes
