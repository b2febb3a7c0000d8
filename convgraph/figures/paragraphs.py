"""Long texts in lines, and long names by what tells them apart: their ends."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from convgraph.figures.faces import room_for

__all__ = ["CUT", "paragraph", "shortened"]

CUT = "…"  # where a name was longer
LEAST = 3  # letters that the last words of a name have, or it is cut within a word

# A line may end after a space, and within a name after what parts its words.
_PIECES = re.compile(r"[^\s._/:,;-]*[._/:,;-]*\s*")


def paragraph(text: str, room: float, size: float) -> str:
    """A text in lines none of which is wider than `room` points, whichever face it is set in.

    Lines that are there stay. Words are broken only where one alone is too long, after a dot, a
    dash or an underscore if it has one.

    >>> print(paragraph("a caption that is too long", 110, 14))
    a caption
    that is too
    long
    >>> paragraph("all of them: draw_matrix", 130, 14).split("\\n")
    ['all of them:', 'draw_matrix']
    >>> paragraph("encoder.layers.4.attention", 120, 14).split("\\n")
    ['encoder.', 'layers.4.', 'attention']
    """
    return "\n".join(line for each in text.split("\n") for line in _lines(each, room, size))


def _lines(text: str, room: float, size: float) -> list[str]:
    if room_for(text, size) <= room:
        return [text]
    lines = [""]
    words = re.findall(r"\s*\S+\s*", text)
    parts = (
        [word] if room_for(word.strip(), size) <= room else _PIECES.findall(word) for word in words
    )
    for piece in itertools.chain.from_iterable(parts):
        if room_for((lines[-1] + piece).rstrip(), size) <= room:
            lines[-1] += piece
            continue
        lines.append("")
        for character in piece:
            if lines[-1] and room_for((lines[-1] + character).rstrip(), size) > room:
                lines.append("")
            lines[-1] += character
    return [line.rstrip() for line in lines if line.strip()]


def shortened(name: str, fits: Callable[[str], bool]) -> str:
    """A name, or as much of its end as fits: names of one model begin alike.

    >>> shortened("encoder_layers_4_attention12", lambda text: len(text) < 9)
    '…ntion12'
    >>> shortened("encoder_layers_4_fc12", lambda text: len(text) < 9)
    '…4_fc12'
    """
    if fits(name):
        return name
    low, high = 1, len(name) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(f"{CUT}{name[-middle:]}") else (low, middle - 1)
    end = name[-low:]
    words = re.search(r"(?<=[._/:-])[^._/:-].*", end)
    return CUT + (words[0] if words and len(words[0]) >= LEAST else end)
