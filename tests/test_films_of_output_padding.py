"""What an output padding adds has a mark and a legend in both readings; nothing else has."""

from __future__ import annotations

from typing import Any

import pytest

import convgraph as cg
from convgraph.figures.motion.shapes import Box, Frame, Line, Text


def marked(frame: Frame, title: str) -> set[tuple[int, int]]:
    """Rows and columns of the cells of a grid of images whose corner is folded."""
    (head,) = (s for s in frame.shapes if isinstance(s, Text) and s.text == title)
    left, top = head.x, head.y + 9
    cells = {
        (s.x, s.y) for s in frame.shapes if isinstance(s, Box) and (s.width, s.height) == (30, 30)
    }
    folds = {(s.x, s.to_y) for s in frame.shapes if isinstance(s, Line) and not s.between}
    found, todo = set(), [(left, top)]
    seen: set[tuple[float, float]] = set()
    while todo:
        x, y = todo.pop()
        if (x, y) in seen or (x, y) not in cells:
            continue
        seen.add((x, y))
        if (x, y) in folds:
            found.add((round((y - top) / 30), round((x - left) / 30)))
        todo += [(x + 30, y), (x - 30, y), (x, y + 30), (x, y - 30)]
    return found


def legends(frame: Frame) -> list[str]:
    kinds = ("padding", "inserted zeros", "output padding")
    return [s.text for s in frame.shapes if isinstance(s, Text) and s.text in kinds]


def beyond(high: int, wide: int, rows: int, columns: int) -> set[tuple[int, int]]:
    """The cells of the last rows and columns of a grid."""
    return {
        (i, j) for i in range(high) for j in range(wide) if i >= high - rows or j >= wide - columns
    }


@pytest.mark.parametrize("extra", [(0, 0), (1, 0), (0, 2), (1, 2)])
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize("dilation", [1, 2])
def test_the_last_rows_and_columns_are_marked(
    extra: tuple[int, int], padding: int, dilation: int
) -> None:
    made: dict[str, Any] = {"stride": 3, "padding": padding, "dilation": dilation}
    net = cg.ConvTranspose((3, 3), **made, output_padding=extra).on((2, 3))
    plain = cg.ConvTranspose((3, 3), **made).on((2, 3))
    high, wide = net.outputs[0].numbers()
    assert (high, wide) == tuple(
        a + b for a, b in zip(plain.outputs[0].numbers(), extra, strict=True)
    )
    border = dilation * 2 - padding  # zeros around, of dilation * (k - 1) less those cut off
    tall, broad = 3 * 1 + 1 + 2 * border + extra[0], 3 * 2 + 1 + 2 * border + extra[1]
    for frame in cg.animate(net).frames:
        assert marked(frame, "output s") == beyond(high, wide, *extra)
        assert marked(frame, "input x") == beyond(tall, broad, *extra)
        assert ("output padding" in legends(frame)) == any(extra)
        assert "inserted zeros" in legends(frame) or border == 0
    for frame in cg.animate(net, reading="scattered").frames:
        assert marked(frame, "output s") == beyond(high, wide, *extra)
        assert legends(frame) == ["output padding"] * any(extra)


def test_the_first_caption_says_what_is_added() -> None:
    layer = cg.ConvTranspose((3, 3), stride=2, padding=1, output_padding=(1, 0)).on((3, 3))
    for reading in ("inserted", "scattered"):
        told = cg.animate(layer, reading=reading).frames[0].caption
        assert told.endswith("; output padding adds the last row of the output")


def test_padding_alone_needs_no_legend() -> None:
    assert legends(cg.animate(cg.Conv((3, 3), padding=1).on((5, 5))).frames[0]) == []
