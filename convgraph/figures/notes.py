"""A line below a figure that says what it leaves out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from convgraph.figures.faces import widest
from convgraph.figures.panel import Panel, Text
from convgraph.figures.paragraphs import CUT, paragraph
from convgraph.figures.theme import Theme

__all__ = ["left_out", "letters_left_out", "names_cut", "shaded_left_out", "with_note"]

SIZE = 0.85  # of the captions' size
LEADING = 1.2
MOST_LABELS = 6  # that are cut, and written whole
LEAST = 14  # of its size, that a line is wide


def letters_left_out(panel: Panel) -> str:
    """How many letters of connections have a place, if not all have one, and what shows all."""
    wanted = sum(edge.label != "" for edge in panel.edges)
    wanted += sum(line.label != "" for line in panel.lines)
    drawn = sum(text.edge is not None for text in panel.texts)
    if drawn == wanted:
        return ""
    return (
        f"Letters stand where they have room and no other arrow passes: {drawn} of {wanted}. "
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


def shaded_left_out(panel: Panel, filled: Iterable[str]) -> str:
    """How many of the cells that have a colour are drawn, row by row, if not all of them are.

    >>> import convgraph as cg
    >>> net = cg.Conv((25, 25), padding="same").on((60, 60))
    >>> shaded_left_out(cg.draw_grid(net, "s30,30", show=8).panels[0], ["x1,1", "x30,1"])
    'Of the 2 shaded cells of x 1 is drawn.'
    """
    assert panel.network is not None
    drawn = {unit.name for unit in panel.units}
    counts: dict[str, list[bool]] = {}
    for name in filled:
        counts.setdefault(panel.network.find(name)[0].name, []).append(name in drawn)
    return " ".join(
        f"Of the {len(there):,} shaded cells of {row} {sum(there)} "
        f"{'is' if sum(there) == 1 else 'are'} drawn."
        for row, there in counts.items()
        if not all(there)
    )


def names_cut(panel: Panel) -> str:
    """Of which rows the names of units are cut short, and where these begin; and labels cut short.

    >>> import convgraph as cg
    >>> x = cg.Input(3, name="a_name_that_is_long")
    >>> names_cut(cg.draw(cg.Network([x], [cg.Conv(2)(x)])).panels[0])
    '…long1 is a_name_that_is_long1.'
    """
    first: dict[str, str] = {}
    for unit in panel.units:
        if unit.text.startswith(CUT) and unit.name.endswith(unit.text[1:]):
            first.setdefault(unit.row, f"{unit.text} is {unit.name}")
    labels = {u.text.replace("\n", " "): " ".join(u.label.split()) for u in panel.units if u.label}
    first |= {cut: f"{cut} is {whole}" for cut, whole in [*labels.items()][:MOST_LABELS]}
    return f"{'; '.join(first.values())}." if first else ""


def with_note(panel: Panel, words: str, theme: Theme) -> Panel:
    """The panel with a line below it, or several where it is narrow; none for no words."""
    if not words:
        return panel
    size = SIZE * theme.caption_size
    left, right = (end(unit.x for unit in panel.units) for end in (min, max))
    room = right - left + 2 * theme.radius
    text = paragraph(words, max(room, LEAST * size), size)
    low = panel.tall(theme.radius)[0] - size - size * (1 + LEADING * text.count("\n")) / 2
    note = Text(text, (left + right) / 2, low, widest(text, size), size)
    said = f"{panel.description} {words}"
    return replace(panel, texts=(*panel.texts, note), description=said)
