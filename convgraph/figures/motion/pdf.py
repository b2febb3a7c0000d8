"""A strip of frames as PDF: boxes, lines and texts need no more than a page of it.

The format is that of ISO 32000-1; texts are in Helvetica, which every reader of PDF brings; those
in other letters are pictures.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.figures.motion.frame_svg import bordered
from convgraph.figures.motion.shapes import COLOURS, Box, Frame, Line, Pixels, Shape, Text

__all__ = ["strip_pdf"]

# Widths of Helvetica's letters in thousandths of its size, from Adobe's metrics; others as a digit.
WIDTHS = {" ": 278, ",": 278, ".": 278, "(": 333, ")": 333, "=": 584, "+": 584, "\u00b7": 278}
WIDTHS |= dict.fromkeys("ijl", 222) | dict.fromkeys("ft", 278) | {"r": 333, "m": 833, "w": 722}
WIDTHS |= dict.fromkeys("cksvxyz", 500)
OTHER = 556
SHARP = 8  # pixels for a point, of letters that are pictures
MINUS = {"\u2212": "\u2013", "\u221e": "inf", "\u2248": "~"}  # what WinAnsi has for them


def strip_pdf(frames: Sequence[Frame], size: tuple[float, float], columns: int) -> bytes:
    """Frames side by side on one page, in rows of so many."""
    width, height = size
    page = width * columns, height * -(-len(frames) // columns)
    drawn = []
    for number, frame in enumerate(frames):
        x, y = number % columns * width, page[1] - number // columns * height
        drawn.append(f"q 1 0 0 -1 {x:.2f} {y:.2f} cm")
        for shape in (bordered(size), *frame.shapes, *frame.lines):
            drawn += _operators(shape)
        drawn.append("Q")
    content = zlib.compress("\n".join(drawn).encode("cp1252", "replace"), 9)
    box = f"[0 0 {page[0]:.2f} {page[1]:.2f}]"
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R "
        "/Resources << /Font << /F 5 0 R >> >> >>".encode(),
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
        font.encode(),
    ]
    return _file(objects)


def _file(objects: Sequence[bytes]) -> bytes:
    parts, places, at = [b"%PDF-1.4\n"], [], 9
    for number, content in enumerate(objects, 1):
        places.append(at)
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, content))
        at += len(parts[-1])
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    parts.append(
        f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n"
        f"<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{at}\n%%EOF\n".encode()
    )
    return b"".join(parts)


def _operators(shape: Shape) -> Iterator[str]:
    if isinstance(shape, Box):
        paint = "B" if shape.fill and shape.stroke else "f" if shape.fill else "S"
        if shape.fill:
            yield f"{_rgb(shape.fill)} rg"
        if shape.stroke:
            yield f"{_rgb(shape.stroke)} RG {shape.line:g} w {'[3 2]' if shape.dash else '[]'} 0 d"
        yield f"{shape.x:.2f} {shape.y:.2f} {shape.width:.2f} {shape.height:.2f} re {paint}"
    elif isinstance(shape, Line):
        yield f"{_rgb(shape.stroke)} RG {shape.line:g} w [] 0 d"
        yield f"{shape.x:.2f} {shape.y:.2f} m {shape.to_x:.2f} {shape.to_y:.2f} l S"
    elif isinstance(shape, Pixels):
        across, down = shape.width / shape.columns, shape.height / shape.rows
        for name, runs in shape.runs():
            yield f"{_rgb(name)} rg"
            for row, at, long in runs:
                yield (
                    f"{shape.x + at * across:.2f} {shape.y + row * down:.2f} "
                    f"{long * across:.2f} {down:.2f} re"
                )
            yield "f"
    else:
        yield from _text(shape)


def _text(shape: Text) -> Iterator[str]:
    words = "".join(MINUS.get(c, c) for c in escape.plain(shape.text))
    if not _helvetica_has(words):
        try:
            yield from _image(shape)
        except ConvgraphError:  # without Pillow, as Python writes them
            words = "".join(c if _helvetica_has(c) else ascii(c)[1:-1] for c in words)
        else:
            return
    wide = sum(WIDTHS.get(c, OTHER) for c in shape.text) * shape.size / 1000
    x = shape.x - wide * {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor]
    yield f"{_rgb(shape.fill)} rg BT /F {shape.size:.2f} Tf"
    yield f"1 0 0 -1 {x:.2f} {shape.y + 0.36 * shape.size:.2f} Tm ({escape.pdf(words)}) Tj ET"


def _helvetica_has(text: str) -> bool:
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _image(shape: Text) -> Iterator[str]:
    """A text in letters that Helvetica has not, as a picture of one ink (ISO 32000-1, 8.9.7)."""
    from convgraph.figures.motion.raster import written

    anchor = {"middle": "mm", "start": "lm", "end": "rm"}[shape.anchor]
    mask, left, top = written(shape.text, SHARP * shape.size, anchor)
    inked = mask.point([255 * (level > 127) for level in range(256)]).convert("1")
    wide, high = inked.size
    x, y = shape.x + left / SHARP, shape.y + (top + high) / SHARP
    yield f"q {_rgb(shape.fill)} rg {wide / SHARP:.2f} 0 0 {-high / SHARP:.2f} {x:.2f} {y:.2f} cm"
    yield f"BI /W {wide} /H {high} /IM true /D [1 0] /F /AHx ID {inked.tobytes().hex()}> EI Q"


def _rgb(name: str) -> str:
    code = COLOURS[name]
    return " ".join(f"{int(code[at : at + 2], 16) / 255:.3f}" for at in (1, 3, 5))
