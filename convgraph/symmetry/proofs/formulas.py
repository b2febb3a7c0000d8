"""Formulas as people write them: x[s*i + d*j - p] in text, and the same in LaTeX.

sympy's own printers order the terms of an index by name; here the variables come first, in the
order i, j, t, and parameters before the variable that they multiply.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import ClassVar

import sympy as sp
from sympy.core.function import AppliedUndef

from convgraph.core import escape
from convgraph.core.latex import written
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
    bracketed = "({})"
    floored = "floor({})"
    remainder = "{} mod {}"
    over, over_tight = "{}/{}", True
    between = "{0}={1}..{2}"
    values = "{} for {}"
    signs: ClassVar[dict[str, str]] = {"==": "="}
    case, otherwise, all_cases = "{} if {}", "{}", (" else ", "{}")

    def show(self, e: sp.Basic, tight: bool = False) -> str:
        """The formula; in brackets if it is a sum and stands in a product (`tight`)."""
        shown = self.shown(e)
        loose = isinstance(e, sp.Sum | Greatest | Residue | sp.Add)
        return self.bracketed.format(shown) if tight and loose else shown

    def shown(self, e: sp.Basic) -> str:
        match e:
            case Values():
                ranges = ", ".join(self.range(self.between, limit) for limit in e.limits)
                return self.values.format(self.show(e.function), ranges)
            case sp.Sum() | Greatest():
                head = self.head("sum" if isinstance(e, sp.Sum) else "max", e.limits)
                return head + self.show(e.function, tight=isinstance(e.function, sp.Add))
            case AppliedUndef():
                name, inside = self.name(e.func.__name__), ", ".join(map(self.show, e.args))
                if any(a.has(AppliedUndef) for a in e.args):
                    return self.function(name, inside)
                return f"{name}[{inside}]" if inside else name
            case Residue():
                return self.remainder.format(*(self.show(a, tight=True) for a in e.args))
            case Impulse():
                return self.function("delta", self.show(e.args[0]))
            case sp.floor():
                return self.floored.format(self.show(sp.together(e.args[0])))
            case sp.Piecewise():
                between, whole = self.all_cases
                return whole.format(between.join(itertools.starmap(self.one_case, e.args)))
            case sp.Add():
                return self.add(e)
            case sp.Mul():
                return self.mul(e)
            case sp.Symbol():
                return self.symbol(e)
            case sp.core.relational.Relational():
                sign = self.signs.get(e.rel_op, e.rel_op)
                return f"{self.show(e.lhs)} {sign} {self.show(e.rhs)}"
        return self.other(e)

    def add(self, e: sp.Add) -> str:
        terms = _ordered(e.args)
        # what is subtracted comes behind what it is subtracted from
        plus = [term for term in terms if not term.could_extract_minus_sign()]
        shown = " + ".join(map(self.show, plus))
        for term in terms:
            if term.could_extract_minus_sign():
                shown += f"{' - ' if shown else '-'}{self.show(-term)}"
        return shown

    def mul(self, e: sp.Mul) -> str:
        if e.could_extract_minus_sign():
            return "-" + self.show(-e, tight=True)
        over, under = sp.fraction(e)
        if under != 1:
            return self.over.format(*(self.show(part, self.over_tight) for part in (over, under)))
        factors = sorted(e.args, key=_factor_key)
        return self.times.join(self.show(f, tight=True) for f in factors)

    def head(self, word: str, limits: Sequence[Sequence[sp.Expr]]) -> str:
        """What stands before the terms of a sum, or before what a maximum is of."""
        return f"{word}[{', '.join(self.range(self.between, limit) for limit in limits)}] "

    def range(self, words: str, limit: Sequence[sp.Expr]) -> str:
        var, low, high = limit
        if low == -sp.oo:
            return self.symbol(var)
        return words.format(self.symbol(var), self.show(low), self.show(high))

    def one_case(self, value: sp.Expr, when: sp.Basic) -> str:
        if when is sp.true:
            return self.otherwise.format(self.show(value))
        return self.case.format(self.show(value), self.show(when))

    def function(self, name: str, inside: str) -> str:
        return f"{name}({inside})"

    def symbol(self, e: sp.Symbol) -> str:
        return self.name(e.name)

    def name(self, name: str) -> str:
        return str(name)

    def other(self, e: sp.Basic) -> str:
        return sp.sstr(e)


class _Latex(_Text):
    times = r" \, "
    bracketed = r"\left({}\right)"
    floored = r"\left\lfloor {} \right\rfloor"
    remainder = r"{} \bmod {}"
    over, over_tight = r"\frac{{{}}}{{{}}}", False
    between = r"{1} \le {0} \le {2}"
    values = r"\left({}\right)_{{{}}}"
    signs: ClassVar[dict[str, str]] = {"==": "=", "<=": r"\le", ">=": r"\ge"}
    case, otherwise = r"{} & \text{{if }} {}", r"{} & \text{{otherwise}}"
    all_cases = r" \\ ", r"\begin{{cases}} {} \end{{cases}}"

    def head(self, word: str, limits: Sequence[Sequence[sp.Expr]]) -> str:
        words = r"{0}={1}}}^{{{2}" if word == "sum" else self.between
        return "".join(rf"\{word}_{{{self.range(words, limit)}}} " for limit in reversed(limits))

    def function(self, name: str, inside: str) -> str:
        if name == "delta":
            name = r"\delta"
        elif not name.startswith("\\"):
            name = rf"\operatorname{{{name}}}"
        return rf"{name}\left({inside}\right)"

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
        return written(e, own)


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
