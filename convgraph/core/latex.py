"""What a network computes, as LaTeX for a notebook."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.printing.latex import LatexPrinter

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.core.evaluate import expressions

if TYPE_CHECKING:
    from convgraph.core.rows_and_layers import RowsAndLayers

__all__ = ["latex", "written"]

# Equations and terms that still fill no more than a page; a notebook shows a larger network in
# words.
MOST_OUTPUTS = 12
MOST_CONNECTIONS = 200


def latex(network: RowsAndLayers) -> str | None:
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
        values = expressions(network)
    except ConvgraphError:  # of an operator only the connections are known
        return None
    symbols = {s for e in values.values() for s in e.free_symbols}
    names = {symbol: _subscript(symbol.name) for symbol in symbols}
    lines = [f"{_subscript(unit)} &= {written(e, names)}" for unit, e in values.items()]
    body = r" \\ ".join(lines)
    return rf"$\displaystyle \begin{{aligned}}{body}\end{{aligned}}$"


class _Printer(LatexPrinter):
    """sympy's own, but for names, which it writes as they are, commands of LaTeX included."""

    def _deal_with_super_sub(self, string: str, style: str = "plain") -> str:
        if _is_word(string):
            return str(super()._deal_with_super_sub(string, style))
        return escape.formula(string)

    def _hprint_Function(self, func: str) -> str:  # noqa: N802
        if _is_word(func):
            return str(super()._hprint_Function(func))
        return rf"\operatorname{{{escape.formula(func)}}}"

    def _print_Function(self, expr: sp.Expr, exp: str | None = None) -> str:  # noqa: N802
        name = expr.func.__name__
        if not isinstance(expr, AppliedUndef) or _is_word(name):
            return str(super()._print_Function(expr, exp))
        power = "" if exp is None else f"^{{{exp}}}"  # sympy's own takes a % in a name for a format
        arguments = ", ".join(map(self._print, expr.args))
        return rf"{self._hprint_Function(name)}{power}\left({arguments}\right)"


def _is_word(name: str) -> bool:
    return name.isascii() and name.replace("_", "").isalnum()


def written(e: sp.Basic, names: Mapping[sp.Symbol, str]) -> str:
    r"""An expression, where its symbols are written as `names` say, and text is text.

    >>> print(written(sp.Function(r"\input{x}")(sp.Symbol("a")) + 1, {}))
    \operatorname{\backslash \text{input}\{\text{x}\}}\left(a\right) + 1
    """
    settings: dict[str, Any] = {"symbol_names": names}
    return str(_Printer(settings).doprint(e))


def _subscript(name: str) -> str:
    """x2,3 and w_2_3 as a letter with a subscript."""
    letter = name.rstrip("0123456789,_:")
    rest = name[len(letter) :].strip("_").replace("_", ",")
    letter = letter if letter.isascii() and letter.isalpha() else escape.formula(letter)
    plain = not rest or (rest.isascii() and rest.replace(",", "").replace(":", "").isdigit())
    rest = rest if plain else escape.formula(rest)
    return f"{letter}_{{{rest}}}" if rest and letter else letter or escape.formula(name)
