"""Colours: names that mean the same in every format, and letters that can be read on them.

SVG, Graphviz and LaTeX each have a green of their own, so that names become hexadecimal numbers
before any format sees them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from convgraph.core.errors import ConvgraphError, nearest

__all__ = ["PALETTE", "as_color", "between", "color_name", "contrast", "ink_on", "is_dark"]

# The values of CSS, https://www.w3.org/TR/css-color-4/#named-colors
_NAMES = {
    "black": "#000000", "gray": "#808080", "grey": "#808080", "white": "#FFFFFF",
    "red": "#FF0000", "orange": "#FFA500", "yellow": "#FFFF00", "green": "#008000",
    "cyan": "#00FFFF", "blue": "#0000FF", "purple": "#800080", "pink": "#FFC0CB",
    "brown": "#A52A2A",
}  # fmt: skip

# Of Okabe and Ito's colours, which all common kinds of colour vision tell apart, those that can be
# seen as lines on white and under black letters; then darker and lighter ones of the same.
PALETTE = (
    "#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#D55E00", "#0072B2",
    "#8C6D1F", "#7A7A7A", "#7FCBB0", "#A3462B",
)  # fmt: skip

_HEX = re.compile(r"#[0-9a-fA-F]{6}")
LEGIBLE = 4.5  # of contrast: WCAG 2.2, success criterion 1.4.3


def as_color(argument: str, value: object) -> str:
    """A colour as #rrggbb.

    >>> as_color("shade", "orange"), as_color("shade", "#12abEF")
    ('#FFA500', '#12abEF')
    """
    if isinstance(value, str):
        if _HEX.fullmatch(value):
            return value
        if value in _NAMES:
            return _NAMES[value]
    raise ConvgraphError(
        f"{argument}: a colour is #rrggbb or one of {', '.join(_NAMES)}"
        f"{nearest(str(value), _NAMES)}"
    )


def color_name(color: str) -> str:
    """A colour in a sentence: its name if it has one.

    >>> color_name("#FFA500"), color_name("#A8A8A8")
    ('orange', '#A8A8A8')
    """
    return next((name for name, value in _NAMES.items() if value == color.upper()), color)


def between(a: str, b: str) -> str:
    """The colour in the middle of two.

    >>> between("#000000", "#FFFFFF"), between("#BDBDBD", "#FFFFFF")
    ('#7F7F7F', '#DEDEDE')
    """
    middles = ((int(a[i : i + 2], 16) + int(b[i : i + 2], 16)) // 2 for i in (1, 3, 5))
    return "#" + "".join(f"{middle:02X}" for middle in middles)


def _luminance(color: str) -> float:
    """Relative luminance as WCAG 2.2 defines it, from 0 for black to 1 for white."""
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    """From 1 for the same to 21 for black on white, as WCAG 2.2 defines it.

    >>> round(contrast("#000000", "#FFFFFF")), contrast("#000000", "#000000")
    (21, 1.0)
    """
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def is_dark(color: str) -> bool:
    """Whether white can be read better on it than black."""
    return contrast(color, "#FFFFFF") > contrast(color, "#000000")


def ink_on(fills: Sequence[str], ink: str) -> str:
    """What can be read on all of these: the given ink where it will do, else black or white.

    >>> ink_on(["#A8A8A8"], "#000000"), ink_on(["#000000"], "#000000")
    ('#000000', '#FFFFFF')
    """

    def least(color: str) -> float:
        return min(contrast(color, fill) for fill in fills)

    if not fills or least(ink) >= LEGIBLE:
        return ink
    return max((ink, "#000000", "#FFFFFF"), key=least)
