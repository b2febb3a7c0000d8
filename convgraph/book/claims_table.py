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
    '3 claims: 2 hold as they stand, 1 holds in some cases and not in others'
    >>> summary(derive([5]))
    '1 claim: 1 holds as it stands'
    """
    counts = Counter(claim.verdict for claim in claims)
    said = {
        "holds": ("holds as it stands", "hold as they stand"),
        "holds when": (
            "holds in some cases and not in others",
            "hold in some cases and not in others",
        ),
        "differs": ("differs from what is derived", "differ from what is derived"),
    }
    parts = [f"{counts[v]} {said[v][counts[v] > 1]}" for v in get_args(Outcome) if counts[v]]
    noun = "claim" if len(claims) == 1 else "claims"
    return f"{len(claims)} {noun}: {', '.join(parts)}" if parts else "no claims"


def as_json(claims: Sequence[Claim]) -> str:
    """The claims with all their checks."""
    return escape.json([claim.to_dict() for claim in claims]) + "\n"


def as_markdown(claims: Sequence[Claim]) -> str:
    """The claims as a page: their verdicts in a table, and what was derived for each below it."""
    parts = [
        "# What the chapter claims, derived",
        f"{summary(claims)}. What the book, the slides and the notes state stands beside what the "
        "library derives from the same layers, exactly and without samples.",
        MEANING,
        "\n".join(
            ["| claim | stated | verdict |", "| --- | --- | --- |"]
            + [
                f"| [{claim.number}](#claim-{claim.number}) | {escape.markdown(claim.statement)} "
                f"| **{claim.verdict}** |"
                for claim in claims
            ]
        ),
        *map(_section, claims),
    ]
    return "\n\n".join(parts) + "\n"


MEANING = """- **holds**: all that is derived is what is stated.
- **holds when**: the statement leaves open which case it means. In the cases that are named it is
  true, and in the others it is not.
- **differs**: something else is derived."""


def _section(claim: Claim) -> str:
    """One claim: who states what, what is derived for each part of it, and the verdict."""
    lines = [
        f"## Claim {claim.number}",
        "",
        f"> {escape.markdown(claim.statement)}",
        "",
        f"Stated by: {escape.markdown(claim.source)}. Derived by: {escape.markdown(claim.how)}.",
        "",
        *(f"- {escape.markdown(str(check))}" for check in claim.checks),
        "",
        f"Verdict: **{claim.verdict}**.",
    ]
    if claim.detail:
        lines += ["", escape.markdown(claim.detail)]
    return "\n".join(lines)
