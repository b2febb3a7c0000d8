"""What the chapter and its companions claim, each derived by the library.

A module of this package holds the claims of one theme: functions that `claim` registers and that
yield what is stated beside what is derived. To add claims, add a module.
"""

from __future__ import annotations

from collections.abc import Iterable

from convgraph.book.claims.claim import Claim, registered
from convgraph.book.discovery import load_all
from convgraph.core.errors import ConvgraphError

__all__ = ["claim_numbers", "derive"]


def claim_numbers() -> list[int]:
    """The numbers of all claims."""
    load_all(__name__)
    return sorted(registered)


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
