"""Small pictures for a page: lines over the rows of a network, and profiles of fields."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from convgraph.core import escape
from convgraph.interactions.effective import EffectiveField
from convgraph.reports.report_facts import ReportFacts
from convgraph.reports.short_names import short

__all__ = ["growth", "profile"]

WIDTH, HEIGHT, LEFT, FOOT, HEAD = 720, 270, 52, 34, 42
NAMES, LETTERS = 4, 16  # along the rows: they fit in the larger letters of a narrow screen, too
LETTER = 8.5  # at most as wide as one of these is there


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
        return HEIGHT - FOOT - value * (HEIGHT - FOOT - HEAD) / top

    marks = [
        f'<circle class="dot" cx="{a:.1f}" cy="{y(v):.1f}" r="2.5"><title>'
        f"{escape.markup(row.name)}: "
        f"{row.receptive_field[0] if row.receptive_field else ''}</title></circle>"
        for a, v, row in zip(x, whole, rows, strict=True)
    ]
    entries = [("field", "size of the field")]
    if any(inner):
        entries.append(("inner", "4 standard deviations of its paths"))
    body = [
        _grid(top, y),
        f'<line class="mark" x1="{LEFT}" x2="{WIDTH - 8}" y1="{y(size):.1f}" y2="{y(size):.1f}"/>',
        _line("field", x, [y(v) for v in whole]),
        *([_line("inner", x, [y(v) for v in inner])] if any(inner) else []),
        *marks,
        *_names([row.name for row in rows], x),
        _legend([*entries, ("mark", f"size of the input, {size:g}")]),
    ]
    return _svg("Receptive field by row, in positions along the first axis", body)


def _names(names: Sequence[str], x: Sequence[float]) -> list[str]:
    """Names of some rows under a picture, the first and the last among them."""
    many = min(NAMES, len(names))
    chosen = [round(i * (len(names) - 1) / (many - 1)) for i in range(many)]
    found = []
    for n, i in enumerate(chosen):
        anchor = "start" if n == 0 else "end" if n == many - 1 else "middle"
        name = names[i]
        found.append(
            f'<line class="axis" x1="{x[i]:.1f}" x2="{x[i]:.1f}" y1="{HEIGHT - FOOT}" '
            f'y2="{HEIGHT - FOOT + 5}"/><text x="{x[i]:.1f}" y="{HEIGHT - 10}" '
            f'text-anchor="{anchor}">{escape.markup(short(name, LETTERS))}'
            f"<title>{escape.markup(name)}</title></text>"
        )
    return found


def profile(field: EffectiveField) -> str:
    """The share of paths from each position, with the radii of a half and of 95 percent."""
    weights = field.weights
    top = max(weights)
    step = (WIDTH - LEFT - 8) / max(len(weights) - 1, 1)
    x = [LEFT + i * step for i in range(len(weights))]

    def y(value: float) -> float:
        return HEIGHT - FOOT - value * (HEIGHT - FOOT - HEAD) / top

    middle = LEFT + float(field.mean) * step
    bands = []
    for share, name in ((0.95, "wide"), (0.5, "narrow")):
        radius = field.radius(share) * step
        left, right = max(middle - radius, LEFT), min(middle + radius, WIDTH - 8)
        bands.append(
            f'<rect class="{name}" x="{left:.1f}" width="{right - left:.1f}" y="{HEAD}" '
            f'height="{HEIGHT - FOOT - HEAD}"><title>{share:.0%} of the paths at '
            f"most {field.radius(share)} positions from their mean</title></rect>"
        )
    body = [
        *bands,
        _line("field", x, [y(w) for w in weights]),
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - 8}" y1="{y(0):.1f}" y2="{y(0):.1f}"/>',
        f'<text x="{LEFT}" y="{HEIGHT - 10}">position 1</text>',
        f'<text x="{WIDTH - 8}" y="{HEIGHT - 10}" text-anchor="end">{len(weights)}</text>',
        f'<text x="{LEFT - 4}" y="{y(top) + 4:.1f}" text-anchor="end">{top:.2%}</text>',
        _legend(
            [("field", "share of the paths"), ("narrow", "half of them"), ("wide", "95% of them")]
        ),
    ]
    return _svg(f"Paths along axis {field.axis + 1}", body)


def _grid(top: float, y: Callable[[float], float]) -> str:
    """Lines at round numbers, from zero to the top."""
    lines = []
    for value in _round_numbers(top):
        at = y(value)
        lines.append(
            f'<line class="axis" x1="{LEFT}" x2="{WIDTH - 8}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text x="{LEFT - 4}" y="{at + 4:.1f}" text-anchor="end">{value}</text>'
        )
    return "".join(lines)


def _round_numbers(top: float) -> list[int]:
    """Zero and up to five whole numbers up to the top, one, two or five times a power of ten apart.

    >>> _round_numbers(427), _round_numbers(9), _round_numbers(1)
    ([0, 100, 200, 300, 400], [0, 2, 4, 6, 8], [0, 1])
    """
    step, factors = 1, itertools.cycle((2, 2.5, 2))
    while top / step > 5:
        step = int(step * next(factors))
    return list(range(0, int(top) + 1, step))


def _legend(entries: Sequence[tuple[str, str]]) -> str:
    """What the lines and the areas of a picture are, in a line above it."""
    found, at = [], float(LEFT)
    for name, said in entries:
        if name in ("wide", "narrow"):
            # where the areas lie over each other, as in the picture
            sign = f'<rect class="wide" x="{at}" y="8" width="22" height="12"/>'
            if name == "narrow":
                sign += sign.replace("wide", "narrow")
        else:
            tag = "line" if name == "mark" else "polyline"
            where = f'x1="{at}" x2="{at + 22}" y1="14" y2="14"' if tag == "line" else ""
            where = where or f'points="{at},14 {at + 22},14"'
            sign = f'<{tag} class="{name}" {where}/>'
        found.append(f'{sign}<text x="{at + 27}" y="18">{escape.markup(said)}</text>')
        at += 27 + len(said) * LETTER + 14
    return "".join(found)


def _line(name: str, x: Sequence[float], y: Sequence[float]) -> str:
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return f'<polyline class="{name}" points="{points}"/>'


def _svg(title: str, body: Sequence[str]) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape.markup(title)}">{"".join(body)}</svg>'
    )
