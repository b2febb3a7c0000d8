"""Tables of words: one for a terminal, for a notebook and for Markdown."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from convgraph.core import escape

__all__ = ["Table", "counted"]

# Colours are the notebook's own, light or dark; a long table scrolls.
SCROLLING = "max-height: 36em; overflow: auto"
SIDES = {True: "text-align: right", False: "text-align: left"}


@dataclass(frozen=True)
class Table:
    """Rows of words under the heads of their columns, with a title and facts about the whole.

    >>> made = Table("Rows", ("row", "units"), [("x", "5"), ("s", "12")], numbers=("units",))
    >>> print(made.text())
    row  units
    x        5
    s       12
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: Collection[str] = ()
    """The columns that are flush right."""
    facts: Sequence[tuple[str, str]] = ()
    """Pairs of a heading and a sentence."""

    def text(self) -> str:
        """Columns aligned, and the facts below; the title is for those who see no more."""
        lines = [[escape.plain(cell) for cell in line] for line in (self.columns, *self.rows)]
        widths = [max(len(line[c]) for line in lines) for c in range(len(self.columns))]
        shown = [
            "  ".join(
                cell.rjust(width) if name in self.numbers else cell.ljust(width)
                for cell, width, name in zip(line, widths, self.columns, strict=True)
            ).rstrip()
            for line in lines
        ]
        facts = [f"{name}: {escape.plain(said)}" for name, said in self.facts]
        return escape.log("\n".join([*shown, *(["", *facts] if facts else [])]))

    def markdown(self) -> str:
        """A Markdown table, and the facts as a list."""

        def line(entries: Iterable[str]) -> str:
            return f"| {' | '.join(entries)} |"

        marks = ["---:" if name in self.numbers else "---" for name in self.columns]
        facts = [f"- {escape.markdown(name)}: {escape.markdown(said)}" for name, said in self.facts]
        head, *rows = (
            line(map(escape.markdown, entries)) for entries in (self.columns, *self.rows)
        )
        return "\n".join([head, line(marks), *rows, "", *facts]) + "\n"

    def html(self) -> str:
        """The title, the table and the facts, for a notebook: nothing but elements.

        >>> Table("a < b", ("c",), [("&",)]).html()[:34]
        '<div><p><b>a &lt; b</b></p><div st'
        """
        facts = "".join(
            f"<li>{escape.markup(name)}: {escape.markup(said)}</li>" for name, said in self.facts
        )
        return (
            f"<div><p><b>{escape.markup(self.title)}</b></p>"
            + (f'<div style="{SCROLLING}">{self.rows_html()}</div>' if self.rows else "")
            + (f"<ul>{facts}</ul>" if facts else "")
            + "</div>"
        )

    def rows_html(self) -> str:
        """The table alone."""
        sides = [SIDES[name in self.numbers] for name in self.columns]

        def line(tag: str, entries: Sequence[str]) -> str:
            cells = zip(entries, sides, strict=True)
            return (
                "<tr>"
                + "".join(f'<{tag} style="{s}">{escape.markup(e)}</{tag}>' for e, s in cells)
                + "</tr>"
            )

        body = "".join(line("td", row) for row in self.rows)
        return f"<table><thead>{line('th', self.columns)}</thead><tbody>{body}</tbody></table>"


def counted(number: Any) -> str:
    """A whole number with its thousands apart, any other size as it is.

    >>> counted(25557032)
    '25,557,032'
    """
    return f"{number:,}" if isinstance(number, int) else str(number)
