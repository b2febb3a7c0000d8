"""What is drawn of one or more networks, and where: as DOT, TikZ and SVG."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any, Self

from convgraph.core.checks import as_flag
from convgraph.core.errors import ConvgraphError
from convgraph.figures.annotate import annotate
from convgraph.figures.dot import to_dot
from convgraph.figures.images import images_of, with_images
from convgraph.figures.panel import Mark, Panel
from convgraph.figures.render import render
from convgraph.figures.routes import Point
from convgraph.figures.theme import Theme
from convgraph.figures.tikz import to_tikz

__all__ = ["Drawing"]

_WIDTH = re.compile(r"(\d+\.?\d*) ?(cm|mm|in|pt)?")
_POINTS = {"cm": 72 / 2.54, "mm": 7.2 / 2.54, "in": 72.0, "pt": 1.0}

_PREFIX = re.compile(r"[A-Za-z][\w.-]*", re.ASCII)

BESIDE = 1.5  # column pitches between figures side by side
ROOM = 0.25  # column pitches at least between what is drawn in one above the other
FARTHEST = 1_000.0  # pitches, as many as a row has units at most: more is a slip


def _pitches(distance: Any) -> float:
    """A distance between figures, as a caller gives it."""
    if not (isinstance(distance, int | float) and -FARTHEST <= distance <= FARTHEST):
        raise ConvgraphError(
            f"distance={distance!r}: a number of column pitches, at most {FARTHEST:g}"
        )
    return distance


@dataclass(frozen=True)
class Drawing:
    """What stands where in a `Figure`, which has it in words."""

    panels: tuple[Panel, ...] = field(repr=False)
    theme: Theme = field(repr=False)
    title: str = "Network"
    places: tuple[Point, ...] = field(default=((0.0, 0.0),), repr=False)
    width: float | None = field(default=None, repr=False)

    @property
    def dot(self) -> str:
        """The figure as DOT text; `neato -n2` draws it."""
        return self._dot()

    @property
    def tikz(self) -> str:
        """The figure as a standalone TikZ document, for a paper."""
        return to_tikz(self.panels, self.places, self.theme, self.width)

    @property
    def description(self) -> str:
        """The figure in words."""
        if len(self.panels) == 1:
            return self.panels[0].description
        return " ".join(
            f"Panel {number}: {panel.description}" for number, panel in enumerate(self.panels, 1)
        )

    @property
    def _box(self) -> tuple[float, float, float, float]:
        """Left, right, bottom and top, from middle to middle of the outer units."""
        spans = [panel.span for panel in self.panels]
        return (
            min(low + x for (low, _), (x, _) in zip(spans, self.places, strict=True)),
            max(high + x for (_, high), (x, _) in zip(spans, self.places, strict=True)),
            min(y for _, y in self.places),
            max(p.height + y for p, (_, y) in zip(self.panels, self.places, strict=True)),
        )

    @property
    def _ends(self) -> tuple[float, float]:
        """The lowest and the highest y of all that is drawn, texts included."""
        ends = [panel.tall(self.theme.radius) for panel in self.panels]
        return (
            min(low + y for (low, _), (_, y) in zip(ends, self.places, strict=True)),
            max(high + y for (_, high), (_, y) in zip(ends, self.places, strict=True)),
        )

    def above(self, other: Drawing, distance: float | None = None) -> Self:
        """This figure with another one below it.

        Parameters
        ----------
        other
            The figure below; its theme gives way to this one's.
        distance
            From row to row across the two, in column pitches; by default the theme's, or as much
            as captions and headings between the two need.
        """
        if not isinstance(other, Drawing):
            raise ConvgraphError(f"other={other!r}: a figure stands above another figure")
        theme = self.theme
        between = theme.panel_distance if distance is None else _pitches(distance)
        up = other._box[3] + between * theme.pitch - self._box[2]
        if distance is None:
            up = max(up, other._ends[1] - self._ends[0] + ROOM * theme.pitch)
        places = (*((x, y + up) for x, y in self.places), *other.places)
        return replace(self, panels=(*self.panels, *other.panels), places=places)

    def beside(self, other: Drawing, distance: float | None = None, rule: bool = False) -> Self:
        """This figure with another one on its right, both about the same height.

        Parameters
        ----------
        other
            The figure on the right; its theme gives way to this one's.
        distance
            Between the two, in column pitches; 1.5 by default.
        rule
            Whether a line stands between them, at this distance from both.
        """
        if not isinstance(other, Drawing):
            raise ConvgraphError(f"other={other!r}: a figure stands beside another figure")
        if as_flag("rule", rule):
            return self.beside(self._rule(), distance).beside(other, distance)
        distance = BESIDE if distance is None else _pitches(distance)
        _, right, low, high = self._box
        left, _, bottom, top = other._box
        across = right + distance * self.theme.pitch - left
        up = (low + high - bottom - top) / 2
        down = min(0.0, bottom + up)  # the lowest row of all stands at zero
        ours = ((x, y - down) for x, y in self.places)
        theirs = ((x + across, y + up - down) for x, y in other.places)
        return replace(self, panels=(*self.panels, *other.panels), places=(*ours, *theirs))

    def _rule(self) -> Self:
        """A line as high as the figure."""
        _, _, low, high = self._box
        line = Mark("rule", "box", "", 0, (high - low) / 2, 0.5, high - low, 0)
        panel = Panel((), (), (), high - low, "A rule.", marks=(line,))
        return replace(self, panels=(panel,), places=((0.0, 0.0),))

    def titled(self, title: str) -> Self:
        """The same figure under another title."""
        return replace(self, title=title)

    def sized(self, width: str | float) -> Self:
        """The same figure of another width, with everything in it larger or smaller.

        Parameters
        ----------
        width
            Inches, or a text with a unit: "8cm", "80mm", "3.2in", "230pt".

        Examples
        --------
        >>> import convgraph as cg
        >>> cg.draw(cg.Conv(3).on(5)).sized("8cm").svg().split('"')[1]
        '227pt'
        """
        found = _WIDTH.fullmatch(str(width).strip())
        points = float(found[1]) * _POINTS[found[2] or "in"] if found else 0.0
        # 14,400 points are the longest side that a page of PDF may have
        if not 10 <= points <= 14_400:
            raise ConvgraphError(
                f"width={width!r}: inches, or a number with cm, mm, in or pt, from 10 to 14400 pt"
            )
        return replace(self, width=points)

    def _dot(self, **options: Any) -> str:
        return to_dot(self.panels, self.places, self.theme, width=self.width, **options)

    def svg(self, prefix: str | None = None) -> str:
        """The figure as an `svg` element, for a file or for a place in a page.

        Every id begins with `prefix`; without one, with letters made from the content, so that
        figures can share a page.
        """
        if prefix is not None and not (isinstance(prefix, str) and _PREFIX.fullmatch(prefix)):
            raise ConvgraphError(
                f"prefix={prefix!r}: ids begin with a letter, on which letters, digits, '-', '_' "
                "and '.' may follow"
            )
        if prefix is None:
            prefix = f"g{hashlib.sha256(self.dot.encode()).hexdigest()[:8]}-"
        dot = self._dot(layered=True)
        svg = render(dot, "svg", prefix=prefix).decode()
        svg = with_images(svg, images_of(self.panels), prefix)
        return annotate(svg, self.panels, prefix, self.title, self.description, self.theme)
