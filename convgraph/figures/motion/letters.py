"""Letters that Pillow's own face has not: in a face of this machine, or as Python writes them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.figures.motion.wrapped import right_to_left

__all__ = ["font", "has_all", "mixed", "pillow"]

# Where systems keep their faces: Linux and BSD (fontconfig's usual folders), macOS, Windows.
FOLDERS = (
    "/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts",
    "/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts",
    "$WINDIR/Fonts", "$LOCALAPPDATA/Microsoft/Windows/Fonts",
)  # fmt: skip
KINDS = (".ttf", ".otf", ".ttc")
SPECIAL = re.compile("bold|italic|oblique|mono|serif|condensed|narrow|light|thin|black", re.I)
NO_LETTER = "\uffff"  # what every face has the sign of a missing letter for
TRIED = 32.0
INSTEAD = {"\u2212": "-", "\u2248": "~"}


def pillow() -> Any:
    """What draws: Pillow's modules."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ModuleNotFoundError:
        raise ConvgraphError(
            "path: GIF, PNG and MP4 need Pillow; the extra 'motion' brings it: "
            "pip install 'convgraph[motion]'; .html, .svg and .pdf do without"
        ) from None
    return Image, ImageDraw, ImageFont


@lru_cache(maxsize=64)
def font(size: float, file: str = "") -> Any:
    """Pillow's own face in a size, or that of a file."""
    _, _, font_module = pillow()
    return font_module.truetype(file, size) if file else font_module.load_default(size)


def has_all(text: str) -> bool:
    """Whether Pillow's own face has all letters of a text."""
    return text.isascii() or all(_has("", letter) for letter in text if not letter.isascii())


@lru_cache(maxsize=4096)
def _has(file: str, letter: str) -> bool:
    try:
        face = font(TRIED, file)
        drawn, lacking = face.getmask(letter), face.getmask(NO_LETTER)
    except (OSError, ValueError):  # no face, or one of pictures in a size of their own
        return False
    return drawn.size != lacking.size or bytes(drawn) != bytes(lacking)


@lru_cache(maxsize=1)
def _files() -> tuple[str, ...]:
    """The faces of this machine, plain ones first."""
    roots = [Path(os.path.expandvars(folder)).expanduser() for folder in FOLDERS]
    found = {
        str(Path(folder, name))
        for root in roots
        for folder, _, names in os.walk(root)
        for name in names
        if name.lower().endswith(KINDS)
    }
    return tuple(sorted(found, key=lambda each: (_special(each), each)))


def _special(file: str) -> tuple[bool, bool]:
    name = Path(file).name
    return bool(SPECIAL.search(name)), "sans" not in name.lower()


@lru_cache(maxsize=4096)
def _file(letter: str) -> str | None:
    """The face that a letter is drawn in; none where no face has it."""
    if letter.isascii() or _has("", letter):
        return ""
    return next((file for file in _files() if _has(file, letter)), None)


def _runs(text: str) -> Iterator[tuple[str, str]]:
    """The parts of a text, from left to right, each with its face."""
    pieces = []
    for letter in text:
        file = _file(letter)
        told = INSTEAD.get(letter, ascii(letter)[1:-1]) if file is None else letter
        pieces.append((file or "", told))
    for file, some in groupby(pieces, lambda piece: piece[0]):
        yield "".join(told for _, told in some), file


@lru_cache(maxsize=1024)
def mixed(text: str, size: float, anchor: str) -> tuple[Any, int, int]:
    """A text in several faces as a mask, and where its corner is from the place of its anchor."""
    image_module, draw_module, _ = pillow()
    from PIL import features

    if not features.check("raqm"):  # which would turn what is written from right to left itself
        text = right_to_left(text)
    parts = [(part, font(size, file)) for part, file in _runs(text)]
    own = font(size)
    level = own.getbbox("x", anchor="lm")[3] - own.getbbox("x", anchor="ls")[3]
    boxes, at = [], 0.0
    for part, face in parts:
        left, top, right, bottom = face.getbbox(part, anchor="ls")
        boxes.append((at + left, top, at + right, bottom))
        at += face.getlength(part)
    start = -at * {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]]
    left, top = (round(min(box[side] for box in boxes)) for side in (0, 1))
    right, bottom = (round(max(box[side] for box in boxes)) for side in (2, 3))
    mask = image_module.new("L", (right - left + 2, bottom - top + 2))
    pen, x = draw_module.Draw(mask), 1.0 - left
    for part, face in parts:
        pen.text((x, 1 - top), part, 255, face, "ls")
        x += face.getlength(part)
    return mask, round(start + left) - 1, round(level + top) - 1
