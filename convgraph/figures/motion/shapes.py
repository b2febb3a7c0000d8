"""What a frame is made of: boxes, texts and lines, in colours that have names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from convgraph.figures.motion.palette import more_colours

__all__ = [
    "COLOURS",
    "DARK",
    "PLAIN",
    "WEIGHTS",
    "Box",
    "Frame",
    "Line",
    "Pixels",
    "Shape",
    "Text",
    "colour",
    "magnified",
    "texts",
]

WEIGHTS = 48  # colours; a kernel of 7 by 7 has one weight more, which is grey and has a name
GREY = "grey"
PLAIN = ("paper", "input", "output", "between", "added", "field", GREY)


def _with_weights(colours: dict[str, str], lightness: Any) -> dict[str, str]:
    """The colours with further ones of weights, none like that of a plain cell."""
    first = [code for name, code in colours.items() if name.startswith("weight")]
    known = [*first, *(colours[name] for name in PLAIN)]
    more = more_colours(known, colours["ink"], lightness, WEIGHTS - len(first))
    return colours | {f"weight{len(first) + i}": code for i, code in enumerate(more)}


# Okabe and Ito's, which all common kinds of colour vision tell apart, and softer ones of the same.
COLOURS = _with_weights({
    "paper": "#ffffff", "ink": "#1c1c1e", "soft": "#5c6470", "line": "#c3c8d0",
    "input": "#d8ebf8", "pad": "#ffffff", "between": "#eeeff1", "added": "#f1e4f4",
    "grey": "#a9adb4", "output": "#d5efe6", "empty": "#ffffff",
    "window": "#0072b2", "now": "#d55e00", "winner": "#d55e00", "field": "#56b4e9",
    "weight0": "#f5c04d", "weight1": "#8ccbf0", "weight2": "#7fcbb0", "weight3": "#f4ec8d",
    "weight4": "#7aaed6", "weight5": "#eda06b", "weight6": "#dfa9c6", "weight7": "#c6c9ce",
    "weight8": "#b7d97a",
    "heat0": "#f0f5fa", "heat1": "#d9e9f5", "heat2": "#b3d3ea", "heat3": "#82b7dc",
    "heat4": "#4f96c8", "heat5": "#2474b0", "heat6": "#0b4f86",
    "cold1": "#fae3e5", "cold2": "#f3c2c7", "cold3": "#e6959e", "cold4": "#d2616e",
    "cold5": "#b23545", "cold6": "#7f1828",
}, np.arange(0.62, 0.97, 0.055))  # fmt: skip
DARK = _with_weights({
    "paper": "#15171b", "ink": "#ececee", "soft": "#a2a9b4", "line": "#4a505a",
    "input": "#27435a", "pad": "#15171b", "between": "#25282d", "added": "#3d2b44",
    "grey": "#43464c", "output": "#1f4a3d", "empty": "#15171b",
    "window": "#6db3e8", "now": "#ff9b4d", "winner": "#ff9b4d", "field": "#2f78ad",
    "weight0": "#8a6411", "weight1": "#2c6f9c", "weight2": "#1d7557", "weight3": "#6f6820",
    "weight4": "#2b4f86", "weight5": "#91481a", "weight6": "#82496a", "weight7": "#565b64",
    "weight8": "#53752a",
    "heat0": "#1a2027", "heat1": "#1e303f", "heat2": "#22465f", "heat3": "#276083",
    "heat4": "#387faa", "heat5": "#5aa5d1", "heat6": "#9bd3f4",
    "cold1": "#37222a", "cold2": "#572a36", "cold3": "#7d3443", "cold4": "#a84a58",
    "cold5": "#d2727c", "cold6": "#f3adb2",
}, np.arange(0.3, 0.6, 0.05))  # fmt: skip


def colour(weight: int | None) -> str:
    """The name of the colour of a parameter: tied taps share it, and no others but grey ones."""
    if weight is None:
        return "input"
    return f"weight{weight}" if weight < WEIGHTS else GREY


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
class Pixels(At):
    """A map of small cells without lines: rows and columns of numbers of `fills`, row by row."""

    width: float
    height: float
    rows: int
    columns: int
    codes: bytes
    fills: tuple[str, ...]

    def runs(self) -> Iterator[tuple[str, list[tuple[int, int, int]]]]:
        """Each colour with its runs: row, first column, and how many cells are side by side."""
        codes = np.frombuffer(self.codes, np.uint8).reshape(self.rows, self.columns)
        new = np.ones(codes.shape, bool)
        new[:, 1:] = codes[:, 1:] != codes[:, :-1]
        starts = np.flatnonzero(new)
        long = np.diff(np.append(starts, codes.size))
        kinds = codes.ravel()[starts]
        for number, name in enumerate(self.fills):
            mine = kinds == number
            if mine.any():
                rows, columns = np.divmod(starts[mine], self.columns)
                yield (
                    name,
                    list(zip(rows.tolist(), columns.tolist(), long[mine].tolist(), strict=True)),
                )


@dataclass(frozen=True)
class Text(At):
    """A text around a place, or from it on or up to it: `anchor` is middle, start or end.

    `among` names the grid in whose cells it stands: letters there are of one size.
    """

    text: str
    size: float
    fill: str = "ink"
    anchor: str = "middle"
    bold: bool = False
    among: str = ""


@dataclass(frozen=True)
class Line(At):
    """A straight line; one `between` panels has no place where these wrap."""

    to_x: float
    to_y: float
    stroke: str = "line"
    line: float = 1
    between: bool = False


Shape: TypeAlias = Box | Text | Line | Pixels


@dataclass(frozen=True)
class Frame:
    """The shapes of one picture, in the order in which they are drawn, and what it says.

    What a frame does not show as the first one does it draws again, over what was there.
    """

    shapes: tuple[Shape, ...]
    caption: str
    lines: tuple[Text, ...] = ()  # of the caption, where it is written below the shapes


def texts(frame: Frame) -> Iterator[Text]:
    """The texts of a frame, those of its caption too."""
    yield from (shape for shape in (*frame.shapes, *frame.lines) if isinstance(shape, Text))


def magnified(frame: Frame, scale: float) -> Frame:
    """A frame so many times as large."""

    def larger(shape: Shape) -> Any:
        sides = ("x", "y", "width", "height", "to_x", "to_y", "line", "size")
        known = {name: getattr(shape, name) for name in sides if hasattr(shape, name)}
        return replace(shape, **{name: scale * value for name, value in known.items()})

    return replace(
        frame, shapes=tuple(map(larger, frame.shapes)), lines=tuple(map(larger, frame.lines))
    )
