"""Relations along one axis that only real models need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis, Full
from convgraph.core.sizes import Size, is_symbolic

__all__ = ["Neighbours", "OwnFirst", "Prefix", "Shares"]


@dataclass(frozen=True)
class OwnFirst(Full):
    """Every position reads all positions, its own at the first tap: what a softmax does.

    >>> OwnFirst(3, 3).table().tolist()
    [[0, 1, 2], [1, 0, 2], [2, 0, 1]]
    """

    uniform: ClassVar[bool] = False
    place = Axis.place

    def table(self) -> NDArray[np.int64]:
        if self.symbolic:
            return Axis.table(self)
        n = int(self.inputs)
        own, tap = np.arange(n, dtype=np.int64)[:, None], np.arange(n, dtype=np.int64)[None, :]
        return np.where(tap == 0, own, tap - (tap <= own))

    _positions = table


@dataclass(frozen=True)
class Neighbours(Axis):
    """Every position reads itself, at the first tap, and those up to `before` and `after` it.

    >>> Neighbours(3, 1, 1).table().tolist()
    [[0, -1, 1], [1, 0, 2], [2, 1, -1]]
    """

    inputs: Size
    before: int
    after: int

    @property
    def outputs(self) -> Size:  # type: ignore[override]
        return self.inputs

    @property
    def taps(self) -> int:  # type: ignore[override]
        return self.before + 1 + self.after

    @property
    def symbolic(self) -> bool:
        return is_symbolic(self.inputs)

    def _positions(self) -> NDArray[np.int64]:
        steps = [0, *range(-self.before, 0), *range(1, self.after + 1)]
        position: NDArray[Any] = np.arange(self.inputs, dtype=np.int64)[:, None] + np.array(steps)
        return np.where((position >= 0) & (position < int(self.inputs)), position, -1)


@dataclass(frozen=True)
class Prefix(Axis):
    """Every position reads those up to itself: what a cumulative sum does.

    >>> Prefix(3).table().tolist(), Prefix(2, reverse=True, exclusive=True).table().tolist()
    ([[0, -1, -1], [0, 1, -1], [0, 1, 2]], [[-1, 1], [-1, -1]])
    """

    inputs: Size
    reverse: bool = False
    exclusive: bool = False

    @property
    def outputs(self) -> Size:  # type: ignore[override]
        return self.inputs

    @property
    def taps(self) -> Size:  # type: ignore[override]
        return self.inputs

    @property
    def symbolic(self) -> bool:
        return is_symbolic(self.inputs)

    def _positions(self) -> NDArray[np.int64]:
        position = np.arange(self.inputs, dtype=np.int64)
        ahead = position[:, None] - position if self.reverse else position - position[:, None]
        return np.where(ahead < 0 if self.exclusive else ahead <= 0, position, -1)


@dataclass(frozen=True)
class Shares(Axis):
    """Even shares of an axis, that overlap where it does not divide: an adaptive pool.

    Output i covers the positions from floor(i n / m) to ceil((i + 1) n / m).

    >>> Shares(5, 3).table().tolist()
    [[0, 1, -1], [1, 2, 3], [3, 4, -1]]
    """

    inputs: int
    outputs: int

    @property
    def taps(self) -> int:  # type: ignore[override]
        first, past = self._ends()
        return int((past - first).max())

    def _ends(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        cuts = np.arange(self.outputs + 1, dtype=np.int64) * self.inputs
        return cuts[:-1] // self.outputs, -(-cuts[1:] // self.outputs)

    def _positions(self) -> NDArray[np.int64]:
        first, past = self._ends()
        position = first[:, None] + np.arange(self.taps)
        return np.where(position < past[:, None], position, -1)
