"""A line below a figure that says what it leaves out."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from convgraph.figures.faces import widest
from convgraph.figures.panel import Panel, Text
from convgraph.figures.theme import Theme

__all__ = ["left_out", "letters_left_out", "with_note"]

SIZE = 0.85  # of the captions' size
LEADING = 1.2


def letters_left_out(panel: Panel) -> str:
    """How many letters of connections have a place, if not all have one, and what shows all."""
    wanted = sum(edge.label != "" for edge in panel.edges)
    drawn = sum(text.edge is not None for text in panel.texts)
    if drawn == wanted:
        return ""
    return (
        f"Letters stand where no other arrow passes: {drawn} of {wanted}. "
        "All of them: draw_matrix, or edges_of for one unit."
    )


def left_out(panel: Panel) -> str:
    """How many units of each row are drawn, if not all of them are.

    >>> import convgraph as cg
    >>> left_out(cg.draw(cg.Conv(3, padding="same").on(200)).panels[0])
    'Drawn: 24 of 200 units in x, s.'
    """
    assert panel.network is not None
    counts: dict[str, int] = {}
    for unit in panel.units:
        counts[unit.row] = counts.get(unit.row, 0) + 1
    rows: dict[str, list[str]] = {}
    for row in panel.network.rows:
        size = int(row.size)
        if counts.get(row.name, 0) < size:
            rows.setdefault(f"{counts.get(row.name, 0)} of {size:,}", []).append(row.name)
    if not rows:
        return ""
    parts = [f"{many} units in {', '.join(names)}" for many, names in rows.items()]
    return f"Drawn: {'; '.join(parts)}."


def with_note(panel: Panel, words: str, theme: Theme) -> Panel:
    """The panel with a line below it, or several where it is narrow; none for no words."""
    if not words:
        return panel
    size = SIZE * theme.caption_size
    left, right = (end(unit.x for unit in panel.units) for end in (min, max))
    room = right - left + 2 * theme.radius
    many = max(int(len(words) * room / widest(words, size)), 20)
    text = "\n".join(textwrap.wrap(words, many, break_long_words=False))
    low = panel.tall(theme.radius)[0] - size - size * (1 + LEADING * text.count("\n")) / 2
    note = Text(text, (left + right) / 2, low, widest(text, size), size)
    said = f"{panel.description} {words}"
    return replace(panel, texts=(*panel.texts, note), description=said)
