"""Questions for an SMT solver, written in SMT-LIB 2.

They are plain text, so that any solver can read them; z3 reads the same text when a proof is
re-checked.

References
----------
Barrett, Fontaine and Tinelli, The SMT-LIB Standard, version 2.6 (2017).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.core.sympified import sympified

__all__ = [
    "Query",
    "Script",
    "call",
    "conjunction",
    "difference",
    "joined",
    "named",
    "number",
    "term",
    "total",
    "whole",
]

SIMPLE = re.compile(r"[A-Za-z_][A-Za-z0-9_!.]*")
# no word of SMT-LIB, and no function of a solver's theories, is one letter and what counts it
OWN = re.compile(r"[A-Za-z][0-9]*(_[A-Za-z0-9]+)*'*|.*!.*", re.DOTALL)


def named(name: str) -> str:
    """A name as SMT-LIB writes it, between bars where it needs them.

    A name that might be a word of the language or of a theory (`let`, `and`, `mod`) is marked: z3
    reads those as what they are between bars, too.

    >>> named("y"), named("y'"), named("let")
    ('y', "|y'|", 'let!name')
    """
    shown = name if OWN.fullmatch(name) else f"{name}!name"
    return shown if SIMPLE.fullmatch(shown) else f"|{escape.smt(shown)}|"


def number(value: int) -> str:
    """A whole number; SMT-LIB has no negative numerals."""
    return str(value) if value >= 0 else f"(- {-value})"


def call(function: str, *arguments: str) -> str:
    """A function at its arguments, or a constant."""
    return f"({function} {' '.join(arguments)})" if arguments else function


def total(*terms: str) -> str:
    """A sum."""
    kept = [term for term in terms if term != "0"]
    return call("+", *kept) if len(kept) > 1 else (kept[0] if kept else "0")


def difference(a: str, b: str) -> str:
    """What is left of a without b."""
    return a if b == "0" else call("-", a, b)


def whole(*factors: str) -> str:
    """A product."""
    if "0" in factors:
        return "0"
    kept = [factor for factor in factors if factor != "1"]
    return call("*", *kept) if len(kept) > 1 else (kept[0] if kept else "1")


def conjunction(conditions: Sequence[str]) -> str:
    """That all of the conditions hold."""
    if not conditions:
        return "true"
    return call("and", *conditions) if len(conditions) > 1 else conditions[0]


def term(e: sp.Expr | int, values: Mapping[sp.Symbol, str] | None = None) -> str:
    """A formula of whole numbers, as it is written; `values` stand for its symbols.

    >>> i, s = sp.symbols("i s", integer=True)
    >>> term(s * i - 1), term(s * i, {i: "(- i t)"})
    ('(+ (- 1) (* i s))', '(* (- i t) s)')
    """
    if isinstance(e, int | sp.Integer):
        return number(int(e))
    if isinstance(e, sp.Symbol):
        return (values or {}).get(e, named(e.name))
    if isinstance(e, sp.Add):
        return total(*[term(a, values) for a in e.args])
    if isinstance(e, sp.Mul):
        over, under = sp.fraction(e)
        if under.is_Integer and under != 1:  # channels of a group: the number of groups divides
            return call("div", term(over, values), number(int(under)))
        return whole(*[term(a, values) for a in e.args])
    if isinstance(e, sp.Pow) and e.exp.is_Integer and e.exp > 0:
        return whole(*[term(e.base, values)] * int(e.exp))
    if isinstance(e, sp.floor):
        over, under = sp.fraction(sp.together(e.args[0]))
        return call("div", term(sp.expand(over), values), term(under, values))
    if isinstance(e, sp.ceiling):
        return call("-", term(sp.floor(-e.args[0]), values))
    if isinstance(e, sp.Max | sp.Min):
        first, *rest = (term(a, values) for a in e.args)
        for other in rest:
            sign = ">=" if isinstance(e, sp.Max) else "<="
            first = call("ite", call(sign, first, other), first, other)
        return first
    raise TypeError(f"{e} is no formula of whole numbers")


@dataclass(frozen=True)
class Query:
    """One question: a script that ends in check-sat, and the answer that is expected."""

    what: str
    text: str
    expected: str = "unsat"
    lemma: bool = False
    """Whether it is for all sizes, and knows nothing of any network."""


@dataclass
class Script:
    """A script in the making: what is declared, and what is asserted."""

    lines: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    symbols: dict[str, sp.Symbol] = field(default_factory=dict)
    multiplied: bool = False
    """Whether it uses the lemma of products."""

    def integer(self, name: str, least: int | None = None) -> str:
        """Declare a whole number, once; `least` bounds it from below."""
        shown = named(name)
        if name not in self.known:
            self.known.add(name)
            self.lines.append(f"(declare-const {shown} Int)")
            if least is not None:
                self.claim(call(">=", shown, number(least)))
        return shown

    def function(
        self, name: str, arguments: int, result: str = "Real", argument: str = "Int"
    ) -> str:
        """Declare a function about which nothing is known, once."""
        if name not in self.known:
            self.known.add(name)
            sorts = " ".join([argument] * arguments)
            self.lines.append(f"(declare-fun {named(name)} ({sorts}) {result})")
        return named(name)

    # names of three kinds may be the same, and say by an ending of which kind they are; sizes and
    # positions have none

    def row(self, name: str, axes: int, ending: str = "row") -> str:
        """The values of a row of units, as a function of positions."""
        return self.function(f"{name}!{ending}", axes)

    def parameter(self, letter: str | None, digits: int) -> str:
        """An array of parameters."""
        return self.function(f"{letter or 'w'}!array", digits)

    def size(self, e: sp.Expr | int) -> str:
        """A size, an amount or a position: its symbols are declared with what is known of them."""
        value = sympified(e)
        for symbol in sorted(value.free_symbols, key=lambda each: each.name):
            if self.symbols.setdefault(symbol.name, symbol) != symbol:
                raise ConvgraphError(
                    f"{symbol}: two symbols have this name, and a script knows them by it"
                )
            least = 1 if symbol.is_positive else 0 if symbol.is_nonnegative else None
            new = symbol.name not in self.known
            self.integer(symbol.name, least)
            if new and (symbol.is_even or symbol.is_odd):
                rest = call("mod", named(symbol.name), "2")
                self.claim(call("=", rest, "0" if symbol.is_even else "1"))
        return term(value)

    def _unused(self, name: str) -> str:
        number = 1
        while f"{name}!{number}" in self.known:
            number += 1
        return f"{name}!{number}"

    def define(self, sort: str, value: str) -> str:
        """A new name for a value."""
        name = self._unused("v")
        self.known.add(name)
        self.lines.append(f"(define-fun {name} () {sort} {value})")
        return name

    def claim(self, formula: str) -> None:
        """Assert a formula."""
        self.lines.append(f"(assert {formula})")

    def between(self, low: str, value: str, beyond: str) -> str:
        """That low <= value < beyond."""
        return call("and", call("<=", low, value), call("<", value, beyond))

    def product(self, a: str, b: str) -> None:
        """Use the lemma that a product is not negative if both of its factors are not."""
        if not (a.isdigit() or b.isdigit()):  # which needs no lemma
            self.multiplied = True
            both = call("and", call(">=", a, "0"), call(">=", b, "0"))
            self.claim(call("=>", both, call(">=", whole(a, b), "0")))

    def ask(self, what: str, goal: str) -> Query:
        """The question whether what is asserted can hold without the goal."""
        lines = [*self.lines, f"(assert {call('not', goal)})", "(check-sat)"]
        return Query(what, "\n".join(lines) + "\n")

    def lemma(self, words: str, goal: str) -> Query:
        """The question whether a lemma is true, which is said in words."""
        return replace(self.ask(words, goal), lemma=True)


def joined(queries: Iterable[Query], title: str) -> str:
    """One script of all queries, each in a scope of its own."""
    parts = [f"; {escape.plain(title)}", "(set-logic ALL)"]
    for query in queries:
        asked = f"; {escape.plain(query.what)}: expect {query.expected}"
        parts += [asked, "(push 1)", query.text + "(pop 1)"]
    return "\n".join(parts) + "\n"
