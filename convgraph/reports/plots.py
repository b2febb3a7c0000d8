"""Small pictures for a page: lines over the rows of a network, and profiles of fields."""

from __future__ import annotations

from collections.abc import Sequence

from convgraph.core import escape
from convgraph.interactions.effective import EffectiveField
from convgraph.reports.report_facts import ReportFacts

__all__ = ["growth", "profile"]

WIDTH, HEIGHT, LEFT, FOOT = 720, 240, 52, 30


def growth(report: ReportFacts) -> str:
    """How receptive fields grow from row to row, along the first axis: an SVG picture.

    The line of the whole field ends where fields no longer move; below it twice the standard
    deviation on either side, in which most of the paths are.
    """
    rows = [
        row
        for row in report.rows
        if row.receptive_field and row.stride and row.stride[0] is not None
    ]
    if len(rows) < 2:
        return ""
    whole = [float(row.receptive_field[0]) for row in rows if row.receptive_field]
    inner = [4 * row.deviation[0] if row.deviation else 0.0 for row in rows]
    source = report.network.row(report.source)
    size = float(source.shape[1 if source.channels else 0])
    top = max(*whole, size)
    x = [LEFT + i * (WIDTH - LEFT - 8) / (len(rows) - 1) for i in range(len(rows))]

    def y(value: float) -> float:
        return HEIGHT - FOOT - value * (HEIGHT - FOOT - 14) / top

    beside = y(size) + (15 if size == top else -4)  # under a line that is on top
    marks = [
        f'<circle class="dot" cx="{a:.1f}" cy="{y(v):.1f}" r="2.5"><title>'
        f"{escape.markup(row.name)}: "
        f"{row.receptive_field[0] if row.receptive_field else ''}</title></circle>"
        for a, v, row in zip(x, whole, rows, strict=True)
    ]
    body = [
        _grid(top, y),
        f'<line class="mark" x1="{LEFT}" x2="{WIDTH - 8}" y1="{y(size):.1f}" y2="{y(size):.1f}"/>',
        f'<text x="{LEFT + 4}" y="{beside:.1f}">input, {size:g}</text>',
        _line("field", x, [y(v) for v in whole]),
        _line("inner", x, [y(v) for v in inner]),
        *marks,
        f'<text x="{LEFT}" y="{HEIGHT - 8}">{escape.markup(rows[0].name)}</text>',
        f'<text x="{WIDTH - 8}" y="{HEIGHT - 8}" text-anchor="end">'
        f"{escape.markup(rows[-1].name)}</text>",
    ]
    return _svg("Receptive field by row", body)


def profile(field: EffectiveField) -> str:
    """The share of paths from each position, with the radii of a half and of 95 percent."""
    weights = field.weights
    top = max(weights)
    step = (WIDTH - LEFT - 8) / max(len(weights) - 1, 1)
    x = [LEFT + i * step for i in range(len(weights))]

    def y(value: float) -> float:
        return HEIGHT - FOOT - value * (HEIGHT - FOOT - 14) / top

    middle = LEFT + float(field.mean) * step
    bands = []
    for share, name in ((0.95, "wide"), (0.5, "narrow")):
        radius = field.radius(share) * step
        left, right = max(middle - radius, LEFT), min(middle + radius, WIDTH - 8)
        bands.append(
            f'<rect class="{name}" x="{left:.1f}" width="{right - left:.1f}" y="14" '
            f'height="{HEIGHT - FOOT - 14}"><title>{share:.0%} of the paths at '
            f"most {field.radius(share)} positions from their mean</title></rect>"
        )
    body = [
        *bands,
        _line("field", x, [y(w) for w in weights]),
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - 8}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>',
        f'<text x="{LEFT}" y="{HEIGHT - 8}">1</text>',
        f'<text x="{WIDTH - 8}" y="{HEIGHT - 8}" text-anchor="end">{len(weights)} positions</text>',
        f'<text x="{LEFT - 4}" y="{y(top) + 4:.1f}" text-anchor="end">{top:.2%}</text>',
    ]
    return _svg(f"Paths along axis {field.axis + 1}", body)


def _grid(top: float, y: object) -> str:
    lines = []
    for quarter in range(5):
        value = top * quarter / 4
        at = y(value)  # type: ignore[operator]
        lines.append(
            f'<line class="axis" x1="{LEFT}" x2="{WIDTH - 8}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text x="{LEFT - 4}" y="{at + 4:.1f}" text-anchor="end">{value:.0f}</text>'
        )
    return "".join(lines)


def _line(name: str, x: Sequence[float], y: Sequence[float]) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline class="{name}" points="{points}"/>'


def _svg(title: str, body: Sequence[str]) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape.markup(title)}">{"".join(body)}</svg>'
    )
