"""Captions below frames: in lines that end where a frame does, and in letters of one size."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil

from convgraph.core import escape
from convgraph.figures.faces import widest
from convgraph.figures.motion.shapes import Frame, Text

__all__ = ["captioned", "left_to_right", "length", "lines_of", "right_to_left", "shortened"]

LETTERS, SMALLEST, WRAPPED = 13.0, 11.0, 12.0  # points: usual, of one line at least, of several
NAME = 24  # letters of a name in a title
# Letters of Hebrew, Arabic and scripts like them, and what is between two of them.
_LEFT = "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
_LEFTWARD = re.compile(f"{_LEFT}(?:[^\\w]*{_LEFT})*")
LEADING = 1.35  # from a line to the next, in sizes of its letters
BESIDE, BASE = 10.0, 16.0  # points beside a caption, and from its first line to what was the end
# As wide as these, which the widths of faces have.
LIKE = str.maketrans({"\u00b7": ".", "\u2212": "+", "\u2248": "+", "\u00a0": " "})


def length(text: str, size: float) -> float:
    """The width that a text needs in any common face."""
    return widest(text.translate(LIKE).replace("_", "a"), size)


def shortened(name: str, most: int = NAME) -> str:
    """A name for a title, without its middle if it is long; captions have it whole.

    >>> shortened("encoder.layer.11.attention.output.dense")
    'encoder.laye…utput.dense'
    """
    if len(name) <= most:
        return name
    return f"{name[: most // 2]}\u2026{name[len(name) - (most - most // 2 - 1) :]}"


def left_to_right(text: str) -> str:
    """The text with a mark behind letters that run the other way, or a sum after them would, too.

    Unicode Standard Annex 9, Unicode Bidirectional Algorithm, 2.6: implicit directional marks.
    """
    return _LEFTWARD.sub(lambda found: f"{found[0]}\u200e", text)


def right_to_left(text: str) -> str:
    """The letters from left to right as they are seen, of scripts that run the other way, too."""
    return _LEFTWARD.sub(lambda found: found[0][::-1], text)


def captioned(
    frames: Sequence[Frame], size: tuple[float, float]
) -> tuple[tuple[Frame, ...], tuple[float, float]]:
    """Frames with their captions written below, and their size, which has room for all lines."""
    width, height = size
    room = width - 2 * BESIDE
    longest = max((length(escape.plain(each.caption), 1.0) for each in frames), default=1.0)
    letters = min(LETTERS, room / max(longest, 1.0))
    if letters < SMALLEST:
        letters = WRAPPED
    found = []
    for frame in frames:
        lines = _evened(escape.plain(frame.caption), letters, room)
        below = [
            Text(width / 2, height - BASE + i * LEADING * letters, line, letters, "soft")
            for i, line in enumerate(lines)
        ]
        found.append(replace(frame, lines=tuple(below)))
    most = max((len(each.lines) for each in found), default=1)
    return tuple(found), (ceil(width), ceil(height + (most - 1) * LEADING * letters))


def _evened(text: str, size: float, room: float) -> list[str]:
    """As few lines as there can be, none much shorter than the others."""
    if length(text, size) <= room:
        return [text]
    lines = list(lines_of(text, size, room))
    for part in range(19, 9, -1):
        narrower = list(lines_of(text, size, room * part / 20))
        if len(narrower) > len(lines):
            break
        lines = narrower
    return lines


def lines_of(text: str, size: float, room: float) -> Iterator[str]:
    """A text in lines that fit: broken between words, and within one that is longer than a line."""
    line = ""
    whole = text.replace(" x ", "\0x\0")  # sizes such as 5 x 5 are not taken apart
    for word in (each.replace("\0", " ") for each in whole.split(" ")):
        longer = f"{line} {word}" if line else word
        if length(longer, size) <= room:
            line = longer
            continue
        if line:
            yield line
        while length(word, size) > room and len(word) > 1:
            cut = _cut(word, size, room)
            yield word[:cut]
            word = word[cut:]
        line = word
    yield line


def _cut(word: str, size: float, room: float) -> int:
    """How much of a word fits: up to a mark within it where one is near the end, else all of it."""
    most = next(n for n in range(len(word) - 1, 0, -1) if n == 1 or length(word[:n], size) <= room)
    marks = [at for at in range(most // 2, most) if not word[at].isalnum()]
    return marks[-1] + 1 if marks else most
