"""The claims table, as Markdown and as plain data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from typing import get_args

from convgraph.book.claims.claim import Claim, Verdict

__all__ = ["as_json", "as_markdown", "summary"]


def summary(claims: Sequence[Claim]) -> str:
    """How many claims have which verdict.

    >>> from convgraph.book.claims import derive
    >>> summary(derive([2, 3, 4]))
    '3 claims: 2 holds, 1 holds when, 0 differs'
    """
    counts = Counter(claim.verdict for claim in claims)
    parts = [f"{counts[verdict]} {verdict}" for verdict in get_args(Verdict)]
    return f"{len(claims)} claims: {', '.join(parts)}"


def as_json(claims: Sequence[Claim]) -> str:
    """The claims with all their checks."""
    return json.dumps([claim.to_dict() for claim in claims], indent=2, ensure_ascii=False) + "\n"


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
            f"**{claim.verdict}**",
            claim.detail,
        ]
        lines.append("| " + " | ".join(map(_cell, cells)) + " |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    # A bar ends a cell, and asterisks of products would set text in italics.
    text = text.replace("|", r"\|").replace("\n", " ")
    return text if text.startswith("**") else text.replace("*", r"\*").replace("_", r"\_")
