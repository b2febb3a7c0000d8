"""The rectangles of a frame that its shapes cover."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from convgraph.figures.motion.shapes import Box, Line, Pixels, Shape

__all__ = ["Area", "Span"]

LETTER = 0.55  # width of a letter in sizes of the font

Span = tuple[float, float]


@dataclass(frozen=True)
class Area:
    """A rectangle of a frame."""

    left: float
    top: float
    right: float
    bottom: float

    @staticmethod
    def of(shape: Shape) -> Area:
        """What a shape covers; of a text about that."""
        if isinstance(shape, Box | Pixels):
            return Area(shape.x, shape.y, shape.x + shape.width, shape.y + shape.height)
        if isinstance(shape, Line):
            (left, right), (top, bottom) = (
                sorted((shape.x, shape.to_x)),
                sorted((shape.y, shape.to_y)),
            )
            return Area(left, top, right, bottom)
        wide = LETTER * shape.size * len(shape.text)
        left = shape.x - {"start": 0.0, "middle": 0.5, "end": 1.0}[shape.anchor] * wide
        return Area(left, shape.y - shape.size / 2, left + wide, shape.y + shape.size / 2)

    @staticmethod
    def around(areas: Iterable[Area]) -> Area:
        """The smallest rectangle around some."""
        sides = [(a.left, a.top, -a.right, -a.bottom) for a in areas]
        left, top, right, bottom = (min(side) for side in zip(*sides, strict=True))
        return Area(left, top, -right, -bottom)

    def span(self, axis: int) -> Span:
        """Where it begins and ends, across or down."""
        return (self.top, self.bottom) if axis else (self.left, self.right)

    def far(self, other: Area) -> float:
        """How far another rectangle's middle is from this one."""
        x, y = (other.left + other.right) / 2, (other.top + other.bottom) / 2
        across = max(self.left - x, 0, x - self.right)
        return across + max(self.top - y, 0, y - self.bottom)

    def meets(self, other: Area, room: float = 0.0) -> bool:
        """Whether two have a point in common, or are no further apart than some room."""
        return (
            self.left <= other.right + room
            and other.left <= self.right + room
            and self.top <= other.bottom + room
            and other.top <= self.bottom + room
        )

    def holds(self, other: Area) -> bool:
        """Whether the other is inside."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )
