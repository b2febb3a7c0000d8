"""Names for what a proof speaks of: rows, sizes and expressions."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from convgraph.core.network import Network
from convgraph.symmetry.statements.vocabulary import unused

__all__ = ["Names", "letters_of", "row_names"]


def letters_of(network: Network) -> set[str]:
    """The names of a network's kernels and pointwise functions, which no row may have."""
    letters = {tying.letter or "w" for layer in network.layers for tying in layer.arrays}
    functions = {layer.reduction.function for layer in network.layers}
    return letters | {function.name for function in functions if function is not None}


def row_names(network: Network, letters: set[str]) -> dict[str, str]:
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


class Names:
    """New symbols for expressions that a proof needs no more of than that they are integers."""

    def __init__(self, used: Iterable[str]) -> None:
        self.taken = set(used)
        self.known: dict[sp.Expr, sp.Symbol] = {}

    def size(self, value: sp.Expr, row: str, place: int, rank: int) -> sp.Symbol:
        """The symbol for a size of a row: n_h, or n_h_1 and n_h_2 along its axes."""
        return self.of(value, f"n_{row}" + f"_{place + 1}" * (rank > 1), positive=True)

    def of(self, value: sp.Expr, name: str, **assumptions: bool) -> sp.Symbol:
        """The symbol for an expression, the same each time."""
        if value not in self.known:
            self.taken.add(free := unused(name, self.taken))
            self.known[value] = sp.Symbol(free, integer=True, **assumptions)
        return self.known[value]
