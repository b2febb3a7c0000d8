"""A claim: what a source states, what the library derives, and how the two compare."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import sympy as sp

from convgraph.core.plain_data import plain
from convgraph.core.sympified import sympified

__all__ = ["Check", "Claim", "Outcome", "claim", "registered", "sources"]

Outcome: TypeAlias = Literal["holds", "holds when", "differs"]

registered: dict[int, Callable[[], Claim]] = {}
sources: dict[int, str] = {}


@dataclass(frozen=True)
class Check:
    """One thing that a claim states, beside what is derived.

    Attributes
    ----------
    what
        What the two are values of.
    stated, derived
        A number, a sympy expression, a set of units, ...; `stated` may also be a comparison from
        `stated`, such as `over(8 * 10**9)`.
    when
        The case in which it was derived, where the statement leaves open which one it means.
    remark
        What else the derivation shows.
    """

    what: str
    stated: Any
    derived: Any
    when: str = ""
    remark: str = ""

    @property
    def agrees(self) -> bool:
        """Whether what is derived is what is stated."""
        return _agree(self.stated, self.derived)

    def __str__(self) -> str:
        case = f", {self.when}" if self.when else ""
        instead = "" if self.agrees else f" (stated: {show(self.stated)})"
        return f"{self.what}{case}: {show(self.derived)}{instead}"


@dataclass(frozen=True)
class Claim:
    """A statement of a source with its verdict.

    The verdict follows from the checks: "holds" if what is derived is what is stated in all of
    them; "holds when" if that is so in some of the cases of the same thing and not in others; and
    "differs" otherwise.
    """

    number: int
    source: str
    statement: str
    how: str
    checks: tuple[Check, ...]

    @property
    def derived(self) -> str:
        """What the library derives."""
        return "; ".join(map(str, self.checks))

    @property
    def verdict(self) -> Outcome:
        """How statement and derivation compare."""
        if all(check.agrees for check in self.checks):
            return "holds"
        in_some_case = {check.what for check in self.checks if check.when and check.agrees}
        open_cases = all(check.agrees or check.what in in_some_case for check in self.checks)
        return "holds when" if open_cases else "differs"

    @property
    def detail(self) -> str:
        """The condition under which it holds, what is true instead, and remarks."""
        parts = []
        if self.verdict == "holds when":
            named = {check.what for check in self.checks if not check.agrees}
            cases = [c.when for c in self.checks if c.agrees and c.what in named]
            others = [c.when for c in self.checks if not c.agrees]
            held, failed = ("; ".join(dict.fromkeys(each)) for each in (cases, others))
            parts.append(f"Holds when: {held}. Not: {failed}.")
        elif self.verdict == "differs":
            wrong = [check for check in self.checks if not check.agrees]
            parts += [f"{c.what} is {show(c.derived)}, not {show(c.stated)}." for c in wrong]
        parts += [check.remark for check in self.checks if check.remark]
        return " ".join(dict.fromkeys(parts))

    def to_dict(self) -> dict[str, Any]:
        """The claim as plain data."""
        return {
            "number": self.number,
            "source": self.source,
            "statement": self.statement,
            "derived": self.derived,
            "how": self.how,
            "verdict": self.verdict,
            "detail": self.detail,
            "checks": [
                {
                    "what": check.what,
                    "when": check.when,
                    "stated": show(check.stated),
                    "derived": plain(check.derived),
                    "agrees": check.agrees,
                }
                for check in self.checks
            ],
        }


def _agree(stated: Any, derived: Any) -> bool:
    if hasattr(stated, "admits"):
        return bool(stated.admits(derived))
    if isinstance(stated, tuple) and isinstance(derived, tuple):
        return len(stated) == len(derived) and all(map(_agree, stated, derived))
    if isinstance(stated, sp.Expr) or isinstance(derived, sp.Expr):
        return bool(sp.simplify(sympified(stated) - derived) == 0)
    return bool(stated == derived)


def show(value: Any) -> str:
    """A value as the tables write it.

    >>> show({"x2", "x10"}), show(8003072000), show(True), show(sp.Symbol("k") * 2)
    ('{x2, x10}', '8,003,072,000', 'yes', '2*k')
    """
    if isinstance(value, bool | sp.logic.boolalg.BooleanAtom):
        return "yes" if value else "no"
    if isinstance(value, int | sp.Integer):
        return f"{int(value):,}"
    if isinstance(value, Fraction):
        return show(value.numerator) if value.denominator == 1 else str(value)
    if isinstance(value, Set):
        return "{" + ", ".join(sorted(map(show, value), key=lambda text: (len(text), text))) + "}"
    if isinstance(value, list | tuple):
        return "(" + ", ".join(map(show, value)) + ")"
    if isinstance(value, sp.Basic):
        return str(value)
    return str(value)


def claim(
    number: int, source: str, statement: str, how: str
) -> Callable[[Callable[[], Iterator[Check]]], Callable[[], Claim]]:
    """Register the function that derives a claim: it yields its checks.

    Parameters
    ----------
    number, source, statement
        The claim's number, who states it and where, and what.
    how
        On which level it is derived: closed form, axes, edges or proof, or several of them.
    """

    def register(function: Callable[[], Iterator[Check]]) -> Callable[[], Claim]:
        assert number not in registered, f"claim {number} is derived by two functions"

        def derive() -> Claim:
            return Claim(number, source, statement, how, tuple(function()))

        registered[number] = derive
        sources[number] = source
        return derive

    return register
