"""Themes: the measures and colours of a figure, as data.

Distances are in column pitches, sizes of strokes and letters in points.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeAlias

from convgraph.core.calls import Checked
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.figures.colors import as_color, between, contrast

__all__ = ["BOOK", "COLORS", "DARK", "SLIDES", "THEMES", "Theme", "ThemeLike", "as_theme"]


COLORS = ("ink", "quiet", "fill", "shade", "hole", "paper")

# From where to where a measure makes a figure; units of a diameter of a pitch touch each other.
MEASURES = {"pitch": (1, 500), "diameter": (0.01, 0.95)}
OTHERS = (0.01, 100)
LEAST_CONTRAST = 2.0  # as WCAG 2.2 counts it: less is a slip, a dark paper under black ink
THICKEST = 0.2  # a line, in pitches
_FONT = re.compile(r"[\w ,.-]+")
DEEPEST = 20  # themes, each of which says what it changes of the one before it; or a circle


@dataclass(frozen=True)
class Theme(metaclass=Checked):
    """What a figure looks like: its measures, its face and its colours.

    Distances are in column pitches, sizes of strokes and letters in points; a colour is #rrggbb or
    a name such as "orange".

    Raises
    ------
    ConvgraphError
        For a measure with which there is no figure, for what is no colour, and for an ink that
        nobody sees on the paper or on the fill of units.

    Examples
    --------
    >>> import convgraph as cg
    >>> mine = cg.Theme(shade="orange", font="Helvetica")
    >>> cg.draw(cg.Conv(3).on(5), shade="s1", theme=mine)
    Figure('Network x[5] -> s[3]': 8 units, 9 connections)
    """

    name: str = "own"
    pitch: float = 54
    """Points from one column to the next; all other distances are multiples of it."""
    diameter: float = 0.61
    row_distance: float = 1.0
    panel_distance: float = 1.0
    """From the lowest row of a panel to the uppermost of the next, centre to centre."""
    stroke: float = 1.2
    arrow: float = 0.6
    """Size of the arrowheads, as a share of Graphviz's 10 points."""
    font: str = "Times"
    label_size: float = 17
    letter_size: float = 14
    caption_size: float = 14
    ink: str = "#000000"
    quiet: str = "#BDBDBD"
    """Edges that are not emphasized, where others are."""
    fill: str = "#FFFFFF"
    shade: str = "#A8A8A8"
    hole: str = "#F0C9A4"
    """Cells of a grid that a receptive field surrounds without having them."""
    paper: str = "#FFFFFF"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in COLORS:
                color = as_color(f"Theme({field.name}={value!r})", value)
                object.__setattr__(self, field.name, color)
            elif field.type == "float":
                low, high = MEASURES.get(field.name, OTHERS)
                if not (isinstance(value, int | float) and low <= value <= high):
                    raise ConvgraphError(
                        f"Theme({field.name}={value!r}): a number from {low:g} to {high:g}"
                    )
            elif field.type == "str" and not isinstance(value, str):
                raise ConvgraphError(f"Theme({field.name}={value!r}): a text")
        # Graphviz writes it into an attribute as it is.
        if not _FONT.fullmatch(self.font):
            raise ConvgraphError(
                f"Theme(font={self.font!r}): the name of a face: letters, digits, spaces, commas, "
                "'.' and '-'"
            )
        if self.stroke > THICKEST * self.pitch:
            most = THICKEST * self.pitch
            raise ConvgraphError(
                f"Theme(stroke={self.stroke!r}): lines of at most {most:g} points, for a pitch of "
                f"{self.pitch:g}"
            )
        for name, color in (("paper", self.paper), ("fill", self.fill)):
            if contrast(self.ink, color) < LEAST_CONTRAST:
                raise ConvgraphError(
                    f"Theme(ink={self.ink!r}, {name}={color!r}): an ink that can be seen on the "
                    f"{name}, with a contrast of at least {LEAST_CONTRAST:g}, and not "
                    f"{contrast(self.ink, color):.2f}; base='dark' has a light one"
                )

    @property
    def radius(self) -> float:
        """The radius of a unit in points."""
        return self.diameter * self.pitch / 2


# Measured in chapter 9 of Goodfellow, Bengio and Courville, Deep Learning (2016).
BOOK = Theme("book")

# To be seen from the back of a room: thicker, without serifs, in a colour that all can tell.
SLIDES = Theme(
    "slides",
    stroke=1.8,
    arrow=0.8,
    font="Helvetica",
    label_size=18,
    letter_size=13,
    caption_size=16,
    shade="#56B4E9",
)

DARK = Theme(
    "dark", ink="#E8E8E8", quiet="#5A5F66", fill="#16181C", shade="#5D6168", paper="#16181C"
)

THEMES = {theme.name: theme for theme in (BOOK, SLIDES, DARK)}


ThemeLike: TypeAlias = "str | os.PathLike[str] | Mapping[str, Any] | Theme"


def as_theme(theme: ThemeLike, deep: int = 0) -> Theme:
    """A theme, or the one of this name, of these fields or in this file.

    A mapping, and a TOML or JSON file, holds fields of `Theme`, and may say in `base` which theme
    it changes; `deep` counts those that are changed so, for files that name each other. Where it
    has an ink for another paper, units and grey connections that it does not name go with it.

    >>> as_theme("book").pitch, as_theme({"base": "slides", "shade": "orange"}).stroke
    (54, 1.8)
    """
    if isinstance(theme, Theme):
        return theme
    if isinstance(theme, Mapping):
        return _changed(theme, "theme", deep)
    if isinstance(theme, os.PathLike) or str(theme).endswith((".toml", ".json")):
        path = Path(theme if isinstance(theme, os.PathLike) else str(theme))
        return _changed(_read(path), f"theme={str(theme)!r}", deep)
    if not isinstance(theme, str) or theme not in THEMES:
        raise ConvgraphError(
            f"theme={theme!r}: a theme is one of {', '.join(THEMES)}, a dict or a file of its "
            f"fields{nearest(str(theme), THEMES)}"
        )
    return THEMES[theme]


def _changed(given: Mapping[str, Any], place: str, deep: int) -> Theme:
    if deep > DEEPEST:
        raise ConvgraphError(
            f"{place}: more than {DEEPEST} themes that each change another; is one its own base?"
        )
    base = as_theme(given.get("base", "book"), deep + 1)
    known = [field.name for field in fields(Theme)]
    for name in given:
        if name not in (*known, "base"):
            raise ConvgraphError(
                f"{place}: {name!r} is no field of a theme; these are base, {', '.join(known)}"
                f"{nearest(str(name), known)}"
            )
    changes = {"name": Theme.name, **{k: v for k, v in given.items() if k != "base"}}
    if "ink" in given and "paper" in given:
        ink, paper = (as_color(f"Theme({k}={given[k]!r})", given[k]) for k in ("ink", "paper"))
        own = {"fill": paper, "quiet": between(ink, paper)}
        changes = {
            **{k: v for k, v in own.items() if contrast(ink, getattr(base, k)) < LEAST_CONTRAST},
            **changes,
        }
    return replace(base, **changes)


def _read(path: Path) -> Mapping[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
        found = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
        repr(found)  # a whole number in TOML may have more digits than Python writes
    except (OSError, ValueError, RecursionError) as error:
        raise ConvgraphError(
            f"theme={str(path)!r}: a TOML or JSON file of a theme's fields ({error})"
        ) from error
    if not isinstance(found, Mapping):
        raise ConvgraphError(f"theme={str(path)!r}: a file of a theme's fields, by their names")
    return found
