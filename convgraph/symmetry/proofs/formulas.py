"""Formulas as people write them: x[s*i + d*j - p] in text, and the same in LaTeX.

sympy's own printers order the terms of an index by name; here the variables come first, in the
order i, j, t, and parameters before the variable that they multiply.
"""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy.core.function import AppliedUndef

from convgraph.core import escape
from convgraph.symmetry.statements.vocabulary import Greatest, Impulse, Residue, Values

__all__ = ["latex", "text"]


def text(e: sp.Basic) -> str:
    """The formula in plain text.

    >>> i, j, t = sp.symbols("i j t", integer=True)
    >>> k, s = sp.symbols("k s", integer=True, positive=True)
    >>> x, w = sp.Function("x"), sp.Function("w")
    >>> text(sp.Sum(w(j) * x(s * (i - t) + j), (j, 0, k - 1)))
    'sum[j=0..k - 1] w[j]*x[s*(i - t) + j]'
    """
    return _Text().show(e)


def latex(e: sp.Basic) -> str:
    r"""The formula in LaTeX.

    >>> i, j = sp.symbols("i j", integer=True)
    >>> print(latex(sp.Function("x'")(i + 2 * j)))
    x'[i + 2 \, j]
    """
    return _Latex().show(e)


class _Text:
    """Plain text; LaTeX is this with other words."""

    times = "*"

    def show(self, e: sp.Basic, tight: bool = False) -> str:
        """The formula; in brackets if it is a sum and stands in a product (`tight`)."""
        if isinstance(e, Values):
            return self.values(e)
        if isinstance(e, sp.Sum | Greatest):
            shown = self.over(e, "sum" if isinstance(e, sp.Sum) else "max")
            return self.brackets(shown) if tight else shown
        if isinstance(e, AppliedUndef):
            return self.applied(e)
        if isinstance(e, Residue):
            shown = self.residue(*e.args)
            return self.brackets(shown) if tight else shown
        if isinstance(e, Impulse):
            return self.function("delta", [self.show(e.args[0])])
        if isinstance(e, sp.floor):
            return self.floor(self.show(sp.together(e.args[0])))
        if isinstance(e, sp.Piecewise):
            return self.cases(e)
        if isinstance(e, sp.Add):
            shown = self.add(e)
            return self.brackets(shown) if tight else shown
        if isinstance(e, sp.Mul):
            return self.mul(e)
        if isinstance(e, sp.Symbol):
            return self.symbol(e)
        if isinstance(e, sp.core.relational.Relational):
            return self.relation(e)
        return self.other(e)

    def add(self, e: sp.Add) -> str:
        terms = _ordered(e.args)
        negative = [term.could_extract_minus_sign() for term in terms]
        # what is subtracted comes behind what it is subtracted from
        plus = [term for term, minus in zip(terms, negative, strict=True) if not minus]
        minus = [-term for term, minus in zip(terms, negative, strict=True) if minus]
        shown = " + ".join(self.show(term) for term in plus)
        for term in minus:
            shown += f"{' - ' if shown else '-'}{self.show(term)}"
        return shown

    def mul(self, e: sp.Mul) -> str:
        if e.could_extract_minus_sign():
            return "-" + self.show(-e, tight=True)
        over, under = sp.fraction(e)
        if under != 1:
            return self.fraction(over, under)
        factors = sorted(e.args, key=_factor_key)
        return self.times.join(self.show(f, tight=True) for f in factors)

    def over(self, e: sp.Sum | Greatest, word: str) -> str:
        ranges = [
            self.symbol(var) if low == -sp.oo else f"{var}={self.show(low)}..{self.show(high)}"
            for var, low, high in e.limits
        ]
        tight = isinstance(e.function, sp.Add)
        return f"{word}[{', '.join(ranges)}] {self.show(e.function, tight)}"

    def values(self, e: Values) -> str:
        ranges = ", ".join(
            f"{var}={self.show(low)}..{self.show(high)}" for var, low, high in e.limits
        )
        return f"{self.show(e.function)} for {ranges}"

    def applied(self, e: AppliedUndef) -> str:
        name, inside = self.name(e.func.__name__), [self.show(a) for a in e.args]
        values = any(a.has(AppliedUndef) for a in e.args)
        return self.function(name, inside) if values else self.entry(name, inside)

    def entry(self, name: str, inside: Sequence[str]) -> str:
        return f"{name}[{', '.join(inside)}]" if inside else name

    def function(self, name: str, inside: Sequence[str]) -> str:
        return f"{name}({', '.join(inside)})"

    def brackets(self, shown: str) -> str:
        return f"({shown})"

    def fraction(self, over: sp.Expr, under: sp.Expr) -> str:
        return f"{self.show(over, tight=True)}/{self.show(under, tight=True)}"

    def residue(self, a: sp.Expr, n: sp.Expr) -> str:
        return f"{self.show(a, tight=True)} mod {self.show(n, tight=True)}"

    def floor(self, shown: str) -> str:
        return f"floor({shown})"

    def cases(self, e: sp.Piecewise) -> str:
        parts = [
            self.show(value) + ("" if when is sp.true else f" if {self.show(when)}")
            for value, when in e.args
        ]
        return " else ".join(parts)

    def relation(self, e: sp.Basic) -> str:
        sign = {"==": "=", "!=": "!="}.get(e.rel_op, e.rel_op)
        return f"{self.show(e.lhs)} {sign} {self.show(e.rhs)}"

    def symbol(self, e: sp.Symbol) -> str:
        return str(e.name)

    def name(self, name: str) -> str:
        return name

    def other(self, e: sp.Basic) -> str:
        return sp.sstr(e)


class _Latex(_Text):
    times = r" \, "

    def over(self, e: sp.Sum | Greatest, word: str) -> str:
        shown = ""
        for var, low, high in reversed(e.limits):
            sign = r"\sum" if word == "sum" else r"\max"
            if low == -sp.oo:
                shown += rf"{sign}_{{{self.symbol(var)}}} "
            elif word == "sum":
                shown += rf"{sign}_{{{self.symbol(var)}={self.show(low)}}}^{{{self.show(high)}}} "
            else:
                bounds = rf"{self.show(low)} \le {self.symbol(var)} \le {self.show(high)}"
                shown += rf"{sign}_{{{bounds}}} "
        return shown + self.show(e.function, isinstance(e.function, sp.Add))

    def values(self, e: Values) -> str:
        ranges = ", ".join(
            rf"{self.show(low)} \le {self.symbol(var)} \le {self.show(high)}"
            for var, low, high in e.limits
        )
        return rf"\left({self.show(e.function)}\right)_{{{ranges}}}"

    def function(self, name: str, inside: Sequence[str]) -> str:
        if name == "delta":
            name = r"\delta"
        elif not name.startswith("\\"):
            name = rf"\operatorname{{{name}}}"
        return rf"{name}\left({', '.join(inside)}\right)"

    def brackets(self, shown: str) -> str:
        return rf"\left({shown}\right)"

    def fraction(self, over: sp.Expr, under: sp.Expr) -> str:
        return rf"\frac{{{self.show(over)}}}{{{self.show(under)}}}"

    def residue(self, a: sp.Expr, n: sp.Expr) -> str:
        return rf"{self.show(a, tight=True)} \bmod {self.show(n, tight=True)}"

    def floor(self, shown: str) -> str:
        return rf"\left\lfloor {shown} \right\rfloor"

    def cases(self, e: sp.Piecewise) -> str:
        rows = [
            rf"{self.show(value)} & "
            + (r"\text{otherwise}" if when is sp.true else rf"\text{{if }} {self.show(when)}")
            for value, when in e.args
        ]
        return r"\begin{cases} " + r" \\ ".join(rows) + r" \end{cases}"

    def relation(self, e: sp.Basic) -> str:
        sign = {"==": "=", "<=": r"\le", ">=": r"\ge"}.get(e.rel_op, e.rel_op)
        return f"{self.show(e.lhs)} {sign} {self.show(e.rhs)}"

    def symbol(self, e: sp.Symbol) -> str:
        return self.name(e.name)

    def name(self, name: str) -> str:
        bare = name.rstrip("'")
        primes = name[len(bare) :]
        letters = bare.rstrip("0123456789_")
        subscript = bare[len(letters) :].strip("_")
        if bare.count("_") == 1 and not subscript:
            letters, subscript = bare.split("_")
        letters, subscript = _escaped(letters), _escaped(subscript)
        head = letters if len(letters) == 1 else rf"\mathit{{{letters}}}"
        return head + primes + (f"_{{{subscript}}}" if subscript else "")

    def other(self, e: sp.Basic) -> str:
        # sympy writes a name with braces as it is, commands of LaTeX included
        own = {s: self.symbol(s) for s in e.atoms(sp.Symbol) if not _is_plain(s.name)}
        return sp.latex(e, symbol_names=own)


def _is_plain(name: str) -> bool:
    return name.replace("_", "").isalnum()


def _escaped(name: str) -> str:
    return name.replace("_", r"\_") if _is_plain(name) else escape.formula(name)


def _variables(e: sp.Basic) -> list[str]:
    """The names of the symbols that are of either sign: positions, taps and steps."""
    return sorted(s.name for s in e.free_symbols if s.is_nonnegative is None)


def _ordered(terms: Sequence[sp.Expr]) -> list[sp.Expr]:
    def key(term: sp.Expr) -> tuple[bool, bool, list[str], bool, str]:
        values = term.has(AppliedUndef)
        variables = _variables(term)
        return not values, not variables, variables, bool(term.is_number), sp.sstr(term)

    return sorted(terms, key=key)


def _factor_key(factor: sp.Expr) -> tuple[int, list[str], str]:
    """Numbers, parameters, variables, kernels, and last the rows and the sums."""
    kind = 0 if factor.is_number else 1
    if _variables(factor):
        kind = 2
    if isinstance(factor, AppliedUndef):
        kind = 4 if factor.func.__name__[0] in "xhyz" else 3
    elif factor.has(AppliedUndef, Impulse):
        kind = 5
    return kind, _variables(factor), sp.sstr(factor)
