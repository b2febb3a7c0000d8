"""Frames as pixels, for GIF and animated PNG, by Pillow (the extra `motion`)."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from convgraph.core import escape
from convgraph.figures.motion.layers import layered
from convgraph.figures.motion.letters import font as face_of
from convgraph.figures.motion.letters import has_all, mixed, pillow
from convgraph.figures.motion.shapes import COLOURS, Box, Frame, Line, Pixels, Shape, Text

if TYPE_CHECKING:
    from PIL import Image as PillowImage

__all__ = ["animated", "painted", "written"]

FINE = 2  # pixels drawn for one that is kept, along either axis
# Colours besides those of the shapes: a GIF has 256 in all, and the smooth edges of letters and
# lines need no more. What is nearly white becomes white, or paper would be speckled.
COLOURS_KEPT = 64
NEARLY_WHITE = 248
NEAR = 12
# The font that comes with Pillow has no minus, which is drawn, and none of these.
MINUS, PLUS = "\u2212", "+"
ABOUT, TILDE = "\u2248", "~"
LACKING = {"\u221e": "inf", "\u00d7": "x", "\u00a0": " "}


def animated(
    frames: Sequence[Frame], size: tuple[float, float], seconds: Sequence[float], form: str
) -> bytes:
    """All frames in one file, GIF or PNG, each shown for so many seconds."""
    pictures = painted(frames, size)
    # One palette for all: every colour that is drawn, and of some frames those where they meet.
    some = slice(None, None, max(len(pictures) // 4, 1))
    palette = _palette(_stacked(pictures[some]), _inks(frames))
    content = io.BytesIO()
    # None is left out, as the time of a frame that is like the one before it would go astray.
    kept = [picture.quantize(palette=palette, dither=0) for picture in pictures]
    kept[0].save(
        content,
        format=form,
        save_all=True,
        append_images=kept[1:],
        duration=[round(1000 * each) for each in seconds],
        loop=0,
        **({"optimize": False} if form == "GIF" else {}),
    )
    return content.getvalue()


def painted(frames: Sequence[Frame], size: tuple[float, float]) -> list[Any]:
    """The frames as Pillow's pictures."""
    base, over = layered(frames)
    ground = _painted(None, base, size)
    return [_shrunk(_painted(ground, shapes, size)) for shapes in over]


def _inks(frames: Sequence[Frame]) -> list[str]:
    """The colours that frames are drawn in."""
    shapes = [shape for frame in frames for shape in frame.shapes]
    names = {getattr(shape, side, None) for shape in shapes for side in ("fill", "stroke")}
    names.update(name for shape in shapes if isinstance(shape, Pixels) for name in shape.fills)
    return sorted({COLOURS[name] for name in names if name})


def _palette(sample: Any, inks: Sequence[str]) -> Any:
    """The colours of a sample: those that were drawn as they are, and mixtures where they meet.

    What was averaged of the paper and little else is the paper's.
    """
    image_module, _, _ = pillow()
    drawn = [tuple(int(ink[at : at + 2], 16) for at in (1, 3, 5)) for ink in inks]
    mixed = sample.quantize(COLOURS_KEPT).getpalette()[: 3 * COLOURS_KEPT]
    colours = [each for ink in drawn for each in ink]
    for at in range(0, len(mixed), 3):
        mixture = mixed[at : at + 3]
        # Pillow looks for near colours in steps: one beside an ink would be taken for it.
        near = [
            ink
            for ink in drawn
            if max(abs(a - b) for a, b in zip(ink, mixture, strict=True)) <= NEAR
        ]
        colours += (255, 255, 255) if min(mixture) >= NEARLY_WHITE else near[0] if near else mixture
    palette = image_module.new("P", (1, 1))
    palette.putpalette(colours)
    return palette


def _stacked(pictures: Sequence[PillowImage.Image]) -> Any:
    image_module, _, _ = pillow()
    width, height = pictures[0].size
    sheet = image_module.new("RGB", (width, height * len(pictures)))
    for number, picture in enumerate(pictures):
        sheet.paste(picture, (0, number * height))
    return sheet


def _shrunk(picture: Any) -> Any:
    return picture.reduce(FINE)


def _painted(ground: Any, shapes: Sequence[Shape], size: tuple[float, float]) -> Any:
    """Shapes drawn over a picture, or over paper."""
    image_module, draw_module, _ = pillow()
    if ground is None:
        sides = tuple(round(FINE * side) for side in size)
        picture = image_module.new("RGB", sides, COLOURS["paper"])
    else:
        picture = ground.copy()
    pen = draw_module.Draw(picture)
    for shape in shapes:
        if isinstance(shape, Box):
            _box(pen, shape)
        elif isinstance(shape, Line):
            ends = [FINE * v for v in (shape.x, shape.y, shape.to_x, shape.to_y)]
            pen.line(ends, COLOURS[shape.stroke], max(1, round(FINE * shape.line)))
        elif isinstance(shape, Pixels):
            _map(picture, shape)
        else:
            _write(picture, shape)
    return picture


def _map(picture: Any, shape: Pixels) -> None:
    """A picture of one pixel for a cell, as large as its place, without mixtures of neighbours."""
    image_module, _, _ = pillow()
    codes = image_module.frombytes("P", (shape.columns, shape.rows), shape.codes)
    inks = [COLOURS[name] for name in shape.fills]
    codes.putpalette([int(ink[at : at + 2], 16) for ink in inks for at in (1, 3, 5)])
    left, top = round(FINE * shape.x), round(FINE * shape.y)
    right, low = round(FINE * (shape.x + shape.width)), round(FINE * (shape.y + shape.height))
    sides = max(right - left, 1), max(low - top, 1)
    whole = codes.convert("RGB").resize(sides, image_module.Resampling.NEAREST)
    picture.paste(whole, (left, top))


def _box(pen: Any, box: Box) -> None:
    left, top = round(FINE * box.x), round(FINE * box.y)
    right, bottom = round(FINE * (box.x + box.width)), round(FINE * (box.y + box.height))
    if box.fill:
        sides = max(right - 1, left), max(bottom - 1, top)
        pen.rectangle([left, top, *sides], COLOURS[box.fill])
    if not box.stroke:
        return
    ink, wide = COLOURS[box.stroke], max(1, round(FINE * box.line))
    if not box.dash:  # the middle of the line is on the edge, and neighbours have one line
        half, rest = wide // 2, wide - wide // 2 - 1
        pen.rectangle([left - half, top - half, right + rest, bottom + rest], None, ink, wide)
        return
    pen.bitmap((left - wide, top - wide), _dashed(right - left, bottom - top, wide), ink)


@lru_cache(maxsize=256)
def _dashed(across: int, high: int, wide: int) -> Any:
    """The broken lines around a box as a mask, which hundreds of cells have in common."""
    image_module, draw_module, _ = pillow()
    mask = image_module.new("L", (across + 2 * wide + 1, high + 2 * wide + 1))
    pen = draw_module.Draw(mask)
    right, bottom = wide + across, wide + high
    for x, y, along, down in (
        (wide, wide, across, 0), (wide, bottom, across, 0),
        (wide, wide, 0, high), (right, wide, 0, high),
    ):  # fmt: skip
        for at in range(0, max(along, down), 5 * FINE):
            end = min(at + 3 * FINE, max(along, down))
            ends = [x + at, y, x + end, y] if along else [x, y + at, x, y + end]
            pen.line(ends, 255, wide)
    return mask


@lru_cache(maxsize=1024)
def written(text: str, size: float, anchor: str) -> tuple[Any, int, int]:
    """A text as a mask, and where its corner is from the place of its anchor.

    The same few numbers stand in hundreds of cells, and drawing letters is slow.
    """
    image_module, draw_module, _ = pillow()
    font = face_of(size)
    text = "".join(LACKING.get(letter, letter) for letter in escape.plain(text))
    # What has the place of a minus is as wide as one, and its crossbar where the minus is.
    plain = text.replace(MINUS, PLUS).replace(ABOUT, TILDE)
    if not has_all(plain):
        return mixed(text, size, anchor)
    left, top, right, bottom = (round(side) for side in font.getbbox(plain, anchor=anchor))
    mask = image_module.new("L", (right - left + 2, bottom - top + 2))
    pen = draw_module.Draw(mask)
    if MINUS not in text and ABOUT not in text:
        pen.text((1 - left, 1 - top), text, 255, font, anchor)
        return mask, left - 1, top - 1
    at = 1.0 - left - font.getlength(plain) * {"l": 0.0, "m": 0.5, "r": 1.0}[anchor[0]]
    for part in re.split(f"([{MINUS}{ABOUT}])", text):
        wide = font.getlength(part.replace(MINUS, PLUS).replace(ABOUT, TILDE))
        if part == MINUS:
            _, high, _, low = font.getbbox(PLUS, anchor="l" + anchor[1])
            middle, half = 1 - top + (high + low) / 2, max(size * 0.04, 0.5)
            ends = [at + 0.12 * wide, middle - half, at + 0.88 * wide - 1, middle + half - 1]
            pen.rectangle(ends, 255)
        elif part == ABOUT:  # one wave alone looks like a minus where letters are small
            for lift in (-0.11 * size, 0.11 * size):
                pen.text((at, 1 - top + lift), TILDE, 255, font, "l" + anchor[1])
        else:
            pen.text((at, 1 - top), part, 255, font, "l" + anchor[1])
        at += wide
    return mask, left - 1, top - 1


def _write(picture: Any, text: Text) -> None:
    anchor = {"middle": "mm", "start": "lm", "end": "rm"}[text.anchor]
    mask, left, top = written(text.text, FINE * text.size, anchor)
    place = round(FINE * text.x) + left, round(FINE * text.y) + top
    picture.paste(COLOURS[text.fill], place, mask)
