"""What a network computes, as LaTeX for a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sympy as sp

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError

if TYPE_CHECKING:
    from convgraph.core.network import Network

__all__ = ["latex"]

MOST_OUTPUTS = 12
MOST_CONNECTIONS = 200


def latex(network: Network) -> str | None:
    """The outputs as equations, or None if they are too many to be read, or not known.

    >>> from convgraph import Conv
    >>> print(latex(Conv(2).on(2)))
    $\\displaystyle \\begin{aligned}s_{1} &= w_{1} x_{1} + w_{2} x_{2}\\end{aligned}$
    """
    if network.symbolic or sum(int(row.size) for row in network.outputs) > MOST_OUTPUTS:
        return None
    if int(network.connection_count) > MOST_CONNECTIONS:
        return None
    try:
        expressions = network.expressions()
    except ConvgraphError:  # of an operator only the connections are known
        return None
    symbols = {s for e in expressions.values() for s in e.free_symbols}
    names = {symbol: _subscript(symbol.name) for symbol in symbols}
    lines = [
        f"{_subscript(unit)} &= {sp.latex(e, symbol_names=names)}"
        for unit, e in expressions.items()
    ]
    body = r" \\ ".join(lines)
    return rf"$\displaystyle \begin{{aligned}}{body}\end{{aligned}}$"


def _subscript(name: str) -> str:
    """x2,3 and w_2_3 as a letter with a subscript."""
    letter = name.rstrip("0123456789,_:")
    rest = name[len(letter) :].strip("_").replace("_", ",")
    letter = letter if letter.isascii() and letter.isalpha() else escape.formula(letter)
    plain = not rest or (rest.isascii() and rest.replace(",", "").replace(":", "").isdigit())
    rest = rest if plain else escape.formula(rest)
    return f"{letter}_{{{rest}}}" if rest and letter else letter or escape.formula(name)
