"""Pictures of plans: tiles over an image, and when the rows of a stream come."""

from __future__ import annotations

import html
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convgraph.core import escape
from convgraph.core.checks import as_number
from convgraph.core.errors import ConvgraphError
from convgraph.figures.files import save
from convgraph.figures.live.page import document

if TYPE_CHECKING:
    from convgraph.piecewise.axis_tiles import Tile
    from convgraph.piecewise.stream_plan import StreamPlan
    from convgraph.piecewise.tile_plan import TilePlan

__all__ = ["Picture", "picture_of_stream", "picture_of_tiles"]

WIDTH = 480.0  # points
MOST = 64  # tiles along an axis that can be told apart
INK, KEPT, HALO, GRID = "#1a1a1a", "#9ecae1", "#fdd0a2", "#8a8a8a"


@dataclass(frozen=True, repr=False)
class Picture:
    """An SVG that shows itself in a notebook and saves itself."""

    svg: str
    tiles: tuple[dict[str, Any], ...] = ()
    """Of tiles, what each reads and keeps: boxes in the picture, and words."""

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        title = self.svg.partition("<title>")[2].partition("</title>")[0]
        return f"Picture({html.unescape(title)})"

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the SVG to a file, .svg; of tiles also a page, .html, that answers to pointing.

        Raises
        ------
        ConvgraphError
            If the ending is another one, or the file cannot be written.
        """
        if not self.tiles:
            return save(path, {".svg": self._repr_svg_}, "a picture of a stream")
        return save(path, {".svg": self._repr_svg_, ".html": self._page}, "a picture of tiles")

    def _page(self) -> str:
        title = "Tiles"
        svg = self.svg.replace("<svg ", '<svg role="group" ', 1)
        help_ = (
            "Point at or tab to a tile: the dashed part is what it reads, the blue one it keeps."
        )
        body = (
            f'<section class="cg-figure" aria-label="{title}">\n<div class="cg-stage">\n'
            f'{svg}</div>\n<p class="cg-caption" role="status" aria-live="polite">{help_}</p>\n'
            '<script type="application/json" class="cg-data">'
            f"{escape.json_in_html({'tiles': list(self.tiles)})}</script>\n</section>"
        )
        return document(title, body, ("tiles.js",))


def picture_of_tiles(plan: TilePlan, number: int | None = None) -> Picture:
    """See `Tiling.draw`."""
    axes = plan.axes
    if len(axes) > 2 or any(len(axis) > MOST for axis in axes):
        raise ConvgraphError(
            f"plan={plan!r}: a picture has one or two axes, and at most {MOST} tiles along each"
        )
    count = len(plan.tiles)
    middle = 0
    for axis in axes:
        middle = middle * len(axis) + len(axis) // 2
    rule = f"one of the tiles 0 ... {count - 1}"
    shown = middle if number is None else as_number("number", number, 0, count - 1, rule)
    across = axes[-1].cut
    scale = WIDTH / max(axis.cut.size for axis in axes)
    height = axes[0].cut.size * scale if len(axes) == 2 else 40.0
    width = across.size * scale

    def spans(tile: int, what: str) -> list[tuple[float, float]]:
        """From where to where, in points, per axis; outputs lie where their inputs do."""
        each = getattr(plan.tiles[tile], what)
        steps = [float(a.cut.step) if what == "put" else 1.0 for a in axes]
        return [(a * s * scale, b * s * scale) for (a, b), s in zip(each, steps, strict=True)]

    def corners(tile: int, what: str) -> list[str]:
        """Left, top, width and height."""
        parts = spans(tile, what)
        left, right = parts[-1]
        top, bottom = parts[0] if len(axes) == 2 else (0.0, height)
        return [f"{each:.2f}" for each in (left, top, right - left, bottom - top)]

    def box(tile: int, what: str, style: str) -> str:
        left, top, wide, high = corners(tile, what)
        return f'<rect x="{left}" y="{top}" width="{wide}" height="{high}" {style}/>'

    parts = [
        f'<rect x="0" y="0" width="{width:.2f}" height="{height:.2f}" fill="#ffffff" '
        f'stroke="{INK}"/>',
        box(shown, "read", f'class="cg-read" fill="{HALO}" stroke="{INK}" stroke-dasharray="4 2"'),
        box(shown, "put", f'class="cg-kept" fill="{KEPT}" stroke="{INK}"'),
    ]
    thin = f'fill="none" stroke="{GRID}" stroke-width="0.6"'
    parts += [
        box(each, "put", f'data-tile="{each}" pointer-events="all" {thin}') for each in range(count)
    ]
    said = (
        f"tile {shown} of {count:,}: reads the dashed part, keeps the blue one "
        f"({float(plan.overhead):.1%} read more than once)"
    )
    tiles = tuple(
        {"read": corners(n, "read"), "kept": corners(n, "put"), "said": _in_words(plan.tiles[n])}
        for n in range(count)
    )
    return replace(_picture(parts, width, height, said), tiles=tiles)


def _in_words(tile: Tile) -> str:
    read, kept, put = (
        " x ".join(f"{first}:{last}" for first, last in spans)
        for spans in (tile.read, tile.kept, tile.put)
    )
    return (
        f"tile {tile.number} reads {read} of the input and keeps {kept} of what it gives, as {put}"
    )


def picture_of_stream(stream: StreamPlan, periods: int = 4) -> Picture:
    """See `Stream.draw`."""
    periods = as_number("periods", periods, 1, None, "how many periods are drawn, at least 1")
    time = stream.timing
    names = [each.row for each in stream.rows]
    if len(names) > 60:  # lines of 16 points each: a page of text
        names = [*names[:59], names[-1]]
    length = max(time.period * periods, int(stream.lookahead) + 2 * time.period, 8)
    if length > 4000:  # eight positions to a point of the picture
        raise ConvgraphError(f"periods={periods!r}: a picture of {length:,} input positions")
    left, line = 12.0 + 6.2 * max(map(len, names)), 16.0
    scale = (WIDTH - left) / length
    counts = [time.counts(there) for there in range(length + 1)]
    parts = []
    for place, name in enumerate(names):
        y = place * line
        parts.append(
            f'<text x="{left - 6:.1f}" y="{y + 11:.1f}" text-anchor="end" '
            f'font-family="Helvetica,Arial,sans-serif" font-size="10" fill="{INK}">'
            f"{escape.markup(name)}</text>"
        )
        for there in range(1, length + 1):
            new = counts[there][name] - counts[there - 1][name]
            if new:
                x = left + (there - 1) * scale
                parts.append(
                    f'<rect x="{x:.2f}" y="{y + 2:.1f}" width="{scale:.2f}" height="12" '
                    f'fill="{KEPT}" stroke="{INK}" stroke-width="0.4"/>'
                )
                if new > 1 and scale > 7:
                    parts.append(
                        f'<text x="{x + scale / 2:.2f}" y="{y + 11:.1f}" text-anchor="middle" '
                        f'font-family="Helvetica,Arial,sans-serif" font-size="8" '
                        f'fill="{INK}">{new}</text>'
                    )
    height = len(names) * line
    said = f"{length} inputs, one after the other; a box: positions of the row that come with one"
    return _picture(parts, WIDTH, height, said)


def _picture(parts: list[str], width: float, height: float, said: str) -> Picture:
    text = (
        f'<text x="2" y="{height + 16:.1f}" font-family="Helvetica,Arial,sans-serif" '
        f'font-size="11" fill="{INK}">{escape.markup(said)}</text>'
    )
    box = f"-4 -4 {max(width, WIDTH) + 8:.0f} {height + 30:.0f}"
    body = "\n".join([f"<title>{escape.markup(said)}</title>", *parts, text])
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" '
        f'width="{max(width, WIDTH) + 8:.0f}" height="{height + 30:.0f}">\n{body}\n</svg>\n'
    )
