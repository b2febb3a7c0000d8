"""What a transformation of a row is: a partial map that says where each unit's value comes from.

(g x)[u] = x[source[u]], in which a source of -1 stands for a zero that is filled in. A
transformation says, too, how it acts on a row further on in a network, one of whose positions is
as many input positions away from the next as the strides before it say.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.calls import Checked
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row

__all__ = ["AxisWise", "Composition", "Sources", "Steps", "Transformation", "moved", "space"]

Sources: TypeAlias = NDArray[np.int64]
Steps: TypeAlias = "tuple[Fraction | None, ...]"
"""Per axis, how many input positions one position of a row is; None where the axis is gone."""


def space(row: Row) -> tuple[int, ...]:
    """The sizes of a row's axes, channels left out."""
    return row.numbers()[1:] if row.channels else row.numbers()


class Transformation(metaclass=Checked):
    """A map of rows of units, each value moved from one unit to others; made before it has a size.

    `g @ h` applies h first. Called on an array (whose axes are all space, no channels), it moves
    the array's values.
    """

    def check(self, row: Row) -> None:
        """Raise if the transformation does not fit a row."""
        self.sources(row)

    @abstractmethod
    def sources(self, row: Row) -> Sources:
        """The flat source position of each unit of a row, -1 where a zero is filled in.

        Raises
        ------
        ConvgraphError
            If the transformation does not fit the row.
        """

    def per_axis(self, shape: tuple[int, ...]) -> list[Sources] | None:
        """One array of source positions per axis of space, or None if it is no such product."""
        return None

    def behind(self, steps: Steps) -> Transformation | None:
        """The transformation of a row of such steps; None where they do not divide it."""
        return self

    def resolved(self, row: Row) -> Transformation:
        """The same with the names of the row's units looked up."""
        return self

    def __matmul__(self, other: Transformation) -> Composition:
        if not isinstance(other, Transformation):
            return NotImplemented
        return Composition((*_parts(self), *_parts(other)))

    def __call__(self, values: Any) -> NDArray[Any]:
        try:
            array = np.asarray(values)
        except ValueError:
            raise ConvgraphError(
                f"values={values!r}: an array, or nested lists of equal length"
            ) from None
        row = Row("x", array.shape, channels=self._first_axis_is_channels)
        return moved(self.sources(row), array.ravel()).reshape(array.shape)

    _first_axis_is_channels = False


def moved(sources: Sources, values: NDArray[Any]) -> NDArray[Any]:
    """The values after the move, with zeros filled in."""
    return np.append(values, np.zeros(1, values.dtype))[sources]


class AxisWise(Transformation):
    """A transformation that is one map per axis."""

    def check(self, row: Row) -> None:
        self.per_axis(space(row))

    def sources(self, row: Row) -> Sources:
        shape = space(row)
        maps = self.per_axis(shape)
        assert maps is not None
        channels = [np.arange(row.numbers()[0])] if row.channels else []
        return joined([*channels, *maps], row.numbers())


def joined(maps: Sequence[Sources], shape: tuple[int, ...]) -> Sources:
    """One map over all units from one per axis."""
    total = np.zeros(1, np.int64)
    there = np.ones(1, bool)
    for each, size in zip(maps, shape, strict=True):
        total = (total[:, None] * size + each).ravel()
        there = (there[:, None] & (each >= 0)).ravel()
    return np.where(there, total, -1)


@dataclass(frozen=True, repr=False)
class Composition(Transformation):
    """Transformations one after the other, the last of `parts` first; written `g @ h`.

    >>> from convgraph import Flip, Shift
    >>> (Shift(1) @ Flip())([3, 1, 4])
    array([0, 4, 1])
    """

    parts: tuple[Transformation, ...]

    @property
    def _first_axis_is_channels(self) -> bool:  # type: ignore[override]
        return any(part._first_axis_is_channels for part in self.parts)

    def sources(self, row: Row) -> Sources:
        result = np.arange(int(np.prod(row.numbers())), dtype=np.int64)
        for part in self.parts:
            result = _then(result, part.sources(row))
        return result

    def per_axis(self, shape: tuple[int, ...]) -> list[Sources] | None:
        result = [np.arange(n, dtype=np.int64) for n in shape]
        for part in self.parts:
            maps = part.per_axis(shape)
            if maps is None:
                return None
            result = [_then(*pair) for pair in zip(result, maps, strict=True)]
        return result

    def behind(self, steps: Steps) -> Composition | None:
        parts = [part.behind(steps) for part in self.parts]
        return None if None in parts else Composition(tuple(p for p in parts if p is not None))

    def resolved(self, row: Row) -> Composition:
        return Composition(tuple(part.resolved(row) for part in self.parts))

    def __repr__(self) -> str:
        return " @ ".join(map(repr, self.parts))


def _then(first: Sources, second: Sources) -> Sources:
    """Where a unit's value comes from, through one map and the next."""
    return np.where(first >= 0, second[first], -1)


def _parts(transformation: Transformation) -> tuple[Transformation, ...]:
    return transformation.parts if isinstance(transformation, Composition) else (transformation,)
