"""What a frame is made of: boxes, texts and lines, in colours that have names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["COLOURS", "DARK", "Box", "Frame", "Line", "Shape", "Text", "colour"]

HUES = 9  # those of a kernel of 3 by 3 are told apart by hue alone
WEIGHTS = 3 * HUES  # larger kernels have darker and lighter ones, too, before they repeat
BLACK, WHITE = 0, 255


def _mixed(code: str, other: int, share: float) -> str:
    parts = (int(code[at : at + 2], 16) for at in (1, 3, 5))
    return "#" + "".join(f"{round(part + share * (other - part)):02x}" for part in parts)


def _more_weights(colours: dict[str, str], *shades: tuple[int, float]) -> dict[str, str]:
    """The colours with shades of those of weights: mixed with so much of black or white."""
    for turn, (other, share) in enumerate(shades, start=1):
        for hue in range(HUES):
            shade = _mixed(colours[f"weight{hue}"], other, share)
            colours[f"weight{turn * HUES + hue}"] = shade
    return colours


# Okabe and Ito's, which all common kinds of colour vision tell apart, and softer ones of the same.
COLOURS = _more_weights({
    "paper": "#ffffff", "ink": "#1c1c1e", "soft": "#5c6470", "line": "#c3c8d0",
    "input": "#d8ebf8", "pad": "#ffffff", "output": "#d5efe6", "empty": "#ffffff",
    "window": "#0072b2", "now": "#d55e00", "winner": "#d55e00", "field": "#56b4e9",
    "weight0": "#f5c04d", "weight1": "#8ccbf0", "weight2": "#7fcbb0", "weight3": "#f4ec8d",
    "weight4": "#7aaed6", "weight5": "#eda06b", "weight6": "#dfa9c6", "weight7": "#c6c9ce",
    "weight8": "#b7d97a",
}, (BLACK, 0.2), (WHITE, 0.55))  # fmt: skip
DARK = _more_weights({
    "paper": "#15171b", "ink": "#ececee", "soft": "#a2a9b4", "line": "#4a505a",
    "input": "#27435a", "pad": "#15171b", "output": "#1f4a3d", "empty": "#15171b",
    "window": "#6db3e8", "now": "#ff9b4d", "winner": "#ff9b4d", "field": "#2f78ad",
    "weight0": "#8a6411", "weight1": "#2c6f9c", "weight2": "#1d7557", "weight3": "#6f6820",
    "weight4": "#2b4f86", "weight5": "#91481a", "weight6": "#82496a", "weight7": "#565b64",
    "weight8": "#53752a",
}, (BLACK, 0.35), (BLACK, 0.6))  # fmt: skip


def colour(weight: int | None) -> str:
    """The name of the colour of a parameter: tied taps share it."""
    return "input" if weight is None else f"weight{weight % WEIGHTS}"


@dataclass(frozen=True)
class At:
    """A place in a frame, in points from its left and its top."""

    x: float
    y: float


@dataclass(frozen=True)
class Box(At):
    """A rectangle; `dash` says that its line is broken."""

    width: float
    height: float
    fill: str | None = None
    stroke: str | None = None
    line: float = 1
    dash: bool = False


@dataclass(frozen=True)
class Text(At):
    """A text around a place, or from it on or up to it: `anchor` is middle, start or end."""

    text: str
    size: float
    fill: str = "ink"
    anchor: str = "middle"
    bold: bool = False


@dataclass(frozen=True)
class Line(At):
    """A straight line."""

    to_x: float
    to_y: float
    stroke: str = "line"
    line: float = 1


Shape: TypeAlias = Box | Text | Line


@dataclass(frozen=True)
class Frame:
    """The shapes of one picture, in the order in which they are drawn, and what it says.

    What a frame does not show as the first one does it draws again, over what was there.
    """

    shapes: tuple[Shape, ...]
    line: Text

    @staticmethod
    def of(shapes: Iterable[Shape], size: tuple[float, float], caption: str) -> Frame:
        """Shapes with a caption below them, as large as it fits."""
        width, height = size
        letters = min(13.0, (width - 20) / (0.53 * len(caption)))
        return Frame(tuple(shapes), Text(width / 2, height - 16, caption, letters, "soft"))

    @property
    def caption(self) -> str:
        """What it says."""
        return self.line.text
