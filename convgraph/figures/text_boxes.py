"""Boxes of text with arrows between them, for what has no units: stages and layers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError
from convgraph.figures.faces import widest
from convgraph.figures.figure import Figure
from convgraph.figures.lettering import text_width
from convgraph.figures.panel import Line, Mark, Panel, Text
from convgraph.figures.routes import Route
from convgraph.figures.theme import Theme, ThemeLike, as_theme

__all__ = ["draw_boxes"]

LINE = 1.25  # of the font size, from one line of text to the next
MARGIN = 10.0  # points between a text and its box, and between an inner and the outer box
ARROW = 26.0  # points between two boxes

Item = str | tuple[str, Sequence[str]]


@checked
def draw_boxes(
    heading: str,
    items: Sequence[Item],
    *,
    beside: Figure | None = None,
    theme: ThemeLike = "book",
) -> Figure:
    """A column of boxes, the first at the bottom, with an arrow from each to the next.

    Parameters
    ----------
    heading
        A text above the column.
    items
        A text, or (title, texts) for an outer box with boxes in it.
    beside
        A figure beside which the column is to stand: it reaches as high, and the arrows between
        its items are longer.
    theme
        As for `draw`.

    Raises
    ------
    ConvgraphError
        If there are no items, or if they are no texts.

    Examples
    --------
    >>> import convgraph as cg
    >>> stages = ("Convolutional layer", ["Convolution", "Detector", "Pooling"])
    >>> one = cg.draw_boxes("One layer", ["Input", stages, "Next layer"])
    >>> three = cg.draw_boxes("Three layers", ["Input", *stages[1], "Next layer"], beside=one)
    >>> one.beside(three, rule=True).save("boxes.svg").name
    'boxes.svg'
    """
    chosen = as_theme(theme)
    texts = _texts(heading, items)
    width = max(widest(text, chosen.caption_size) for text in texts) + 2 * MARGIN
    if not isinstance(beside, Figure | None):
        raise ConvgraphError(f"beside={beside!r}: a figure")
    longer = 0.0
    if beside is not None:
        least = draw_boxes(heading, items, theme=theme).panels[0].height
        _, _, low, high = beside._box
        longer = max(0.0, high - low - least) / max(1, len(items) - 1)
    marks: list[Mark] = []
    lines: list[Line] = []
    y = 0.0
    before: Mark | None = None
    for item in items:
        if isinstance(item, str):
            box = _box(item, y, width, chosen, len(marks))
            marks.append(box)
        else:
            box, *inner = _group(*item, y, width, chosen, len(marks))
            marks += [box, *inner]
            boxes = [mark for mark in inner if mark.kind == "box"]
            lines += [_arrow(a, b, chosen) for a, b in itertools.pairwise(boxes)]
        if before is not None:
            lines.append(_arrow(before, box, chosen))
        before, y = box, box.y + box.height / 2 + ARROW + longer
    top = y - ARROW - longer + 1.5 * chosen.caption_size
    size = chosen.caption_size
    head = Text(heading, 0, top, text_width(heading + " ", size), size)
    words = f"{heading}: " + ", then ".join(text.replace("\n", " ") for text in texts) + "."
    panel = Panel((), (), (head,), top, words, None, tuple(marks), tuple(lines))
    return Figure((panel,), chosen, heading)


def _texts(heading: str, items: Sequence[Item]) -> list[str]:
    """The texts of all boxes."""
    if not isinstance(heading, str):
        raise ConvgraphError(f"heading={heading!r}: a text")
    try:
        texts = [text for item in items for text in ([item] if isinstance(item, str) else item[1])]
        right = bool(texts) and not isinstance(items, str)
        right = right and all(isinstance(item, str) or len(item) == 2 for item in items)
        right = right and all(isinstance(text, str) for text in texts)
        right = right and all(isinstance(item[0], str) for item in items)
    except (TypeError, IndexError, KeyError):
        right = False
    if not right:
        raise ConvgraphError(f"items={items!r}: texts, or pairs of a title and texts, one at least")
    return texts


def _box(text: str, low: float, width: float, theme: Theme, number: int) -> Mark:
    """A box that stands on a height."""
    height = LINE * theme.caption_size * len(text.split("\n")) + MARGIN
    name = f"box,{number}"
    return Mark(name, "box", text, 0, low + height / 2, width, height, theme.caption_size)


def _group(
    title: str, texts: Sequence[str], low: float, width: float, theme: Theme, number: int
) -> list[Mark]:
    """An outer box, which one sees through, the boxes in it, and its title."""
    inner: list[Mark] = []
    y = low + MARGIN
    for text in texts:
        inner.append(_box(text, y, width, theme, number + 1 + len(inner)))
        y += inner[-1].height + ARROW
    size = theme.caption_size
    top = y - ARROW + LINE * size + MARGIN
    middle, width = (low + top) / 2, width + 4 * MARGIN
    outer = Mark(f"box,{number}", "box", "", 0, middle, width, top - low, size, fill="transparent")
    wide = widest(title + " ", size)
    head = Mark(f"title,{number}", "dots", title, 0, top - LINE * size / 2 - 3, wide, size, size)
    return [outer, *inner, head]


def _arrow(a: Mark, b: Mark, theme: Theme) -> Line:
    start, tip = a.y + a.height / 2, b.y - b.height / 2
    end = tip - 10 * theme.arrow
    between = tuple((0.0, start + share * (end - start) / 3) for share in range(4))
    return Line(a.name, b.name, Route(between, (0.0, tip)))
