"""What the chapter and its companions claim, each derived by the library.

A module of this package holds the claims of one theme: functions that `claim` registers and that
yield what is stated beside what is derived. To add claims, add a module.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from convgraph.book.claims.claim import Claim, registered, sources
from convgraph.book.discovery import load_all
from convgraph.core.errors import ConvgraphError

__all__ = ["claim_numbers", "claims_about", "derive"]


def claim_numbers() -> list[int]:
    """The numbers of all claims."""
    load_all(__name__)
    return sorted(registered)


def claims_about(figures: Iterable[str]) -> list[int]:
    """The numbers of the claims whose source names one of these figures.

    >>> claims_about(["9.4"]), claims_about(["9.14"])
    ([5], [25])
    """
    named = set(figures)
    return [number for number in claim_numbers() if named & _named(sources[number])]


def _named(source: str) -> set[str]:
    """The figures that a source names, as in "book, figures 9.14 and 9.16"."""
    found = set(re.findall(r"slides", source))
    for part in re.findall(r"figures? ([\d. and,]+)", source):
        found.update(re.findall(r"\d+\.\d+", part))
    return found


def derive(numbers: Iterable[int] | None = None) -> list[Claim]:
    """Derive claims: those with these numbers, or all.

    >>> [claim.verdict for claim in derive([3, 4])]
    ['holds', 'holds']
    """
    known = claim_numbers()
    chosen = known if numbers is None else list(numbers)
    for number in chosen:
        if number not in registered:
            raise ConvgraphError(
                f"claim={number!r}: a claim is one of {', '.join(map(str, known))}"
            )
    return [registered[number]() for number in chosen]
