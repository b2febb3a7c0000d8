"""Images in figures: arrays of grey as PNG, and PNG in SVG."""

from __future__ import annotations

import base64
import re
import struct
import zlib
from collections.abc import Mapping, Sequence
from math import ceil

import numpy as np
from numpy.typing import ArrayLike

from convgraph.core.errors import ConvgraphError
from convgraph.figures.dot import mark_id
from convgraph.figures.panel import Mark, Panel

__all__ = ["image_mark", "images_of", "png", "with_images"]

SEEN = 1.5  # points of a pixel that one sees
SHARP = 4  # pixels of a file to a point, where one sees them

_POLYGON = re.compile(r'<polygon [^>]*\bpoints="([^"]*)"/>')


def png(values: ArrayLike) -> bytes:
    """An array of numbers as a grey PNG file, its least number black and its largest white.

    Of yes and no, yes is black, as ink is; numbers that are all alike are grey.

    >>> png([[0, 1], [2, 3]])[:4]
    b'\\x89PNG'
    """
    given = np.asarray(values)
    array = 1.0 - given if given.dtype == bool else np.asarray(values, float)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise ConvgraphError(f"values of shape {array.shape}: an array of rows of finite numbers")
    low, high = (0.0, 1.0) if given.dtype == bool else (float(array.min()), float(array.max()))
    shares = (array - low) / (high - low) if high > low else np.full(array.shape, 0.5)
    grey = np.rint(255 * shares).astype(np.uint8)
    rows, columns = grey.shape
    lines = np.hstack([np.zeros((rows, 1), np.uint8), grey]).tobytes()  # each without a filter
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines, 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )


def image_mark(name: str, values: ArrayLike, x: float, y: float, pixel: float) -> Mark:
    """An image about (x, y) whose pixels have this side in points."""
    array = np.asarray(values)
    rows, columns = np.shape(array)
    size = columns * pixel, rows * pixel, 0
    # What shows images makes large pixels run into each other, unless each is many.
    times = ceil(SHARP * pixel) if pixel > SEEN else 1
    return Mark(
        name, "image", "", x, y, *size, content=png(array.repeat(times, 0).repeat(times, 1))
    )


def images_of(panels: Sequence[Panel]) -> dict[str, bytes]:
    """The PNG files in panels, by the ids of their marks."""
    return {
        mark_id(mark.name, number): mark.content
        for number, panel in enumerate(panels)
        for mark in panel.marks
        if mark.content is not None
    }


def with_images(svg: str, images: Mapping[str, bytes], prefix: str) -> str:
    """SVG with images in their frames; everything stays in one file."""
    for name, content in images.items():
        start = svg.index(f'<g id="{prefix}{name}"')
        found = _POLYGON.search(svg, start)
        assert found is not None
        corners = [tuple(map(float, point.split(","))) for point in found[1].split()]
        x, y = (min(corner[i] for corner in corners) for i in (0, 1))
        width, height = (max(c[i] for c in corners) - low for i, low in enumerate((x, y)))
        data = base64.b64encode(content).decode()
        image = (
            f'<image x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
            f'preserveAspectRatio="none" href="data:image/png;base64,{data}"/>'
        )
        frame = re.sub(r'\bfill="[^"]*"', 'fill="none"', found[0])
        svg = svg[: found.start()] + image + frame + svg[found.end() :]
    return svg
