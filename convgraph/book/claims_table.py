"""The claims table, as Markdown and as plain data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import get_args

from convgraph.book.claims.claim import Claim, Outcome
from convgraph.core import escape

__all__ = ["as_json", "as_markdown", "summary"]


def summary(claims: Sequence[Claim]) -> str:
    """How many claims have which verdict.

    >>> from convgraph.book.claims import derive
    >>> summary(derive([2, 3, 4]))
    '3 claims: 2 holds, 1 holds when, 0 differs'
    >>> summary(derive([5]))
    '1 claim: 1 holds, 0 holds when, 0 differs'
    """
    counts = Counter(claim.verdict for claim in claims)
    parts = [f"{counts[verdict]} {verdict}" for verdict in get_args(Outcome)]
    noun = "claim" if len(claims) == 1 else "claims"
    return f"{len(claims)} {noun}: {', '.join(parts)}"


def as_json(claims: Sequence[Claim]) -> str:
    """The claims with all their checks."""
    return escape.json([claim.to_dict() for claim in claims]) + "\n"


def as_markdown(claims: Sequence[Claim]) -> str:
    """The claims as a table."""
    lines = [
        "# What the chapter claims, derived",
        "",
        f"{summary(claims)}.",
        "",
        "| | source | stated | derived | how | verdict | detail |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for claim in claims:
        cells = [
            str(claim.number),
            claim.source,
            claim.statement,
            claim.derived,
            claim.how,
            claim.verdict,
            claim.detail,
        ]
        shown = [escape.markdown(cell) for cell in cells]
        shown[5] = f"**{shown[5]}**"
        lines.append("| " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"
