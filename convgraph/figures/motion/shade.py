"""Numbers of cells that are too small for letters: the larger one is, the stronger the colour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.figures.motion.cell_values import written
from convgraph.figures.motion.grid import LEGIBLE, fitted

__all__ = ["SAID", "largest", "shade"]

LEVELS = 6  # of colours, which eyes tell apart; the least is that of 0
SAID = "; in cells too small for numbers, the larger one is, the stronger its colour"

Numbers = NDArray[Any]


def largest(arrays: Iterable[Numbers], side: float) -> float | None:
    """The largest size of some numbers, if they cannot be written in cells of a side.

    >>> largest([np.array([3, -12])], 30) is None, largest([np.array([3, -12])], 5)
    (True, 12.0)
    """
    numbers = np.unique(np.concatenate([np.ravel(each) for each in arrays]))
    if all(fitted(written(number), side) >= LEGIBLE for number in numbers):
        return None
    return float(np.abs(numbers).max())


def shade(number: Any, most: float) -> str:
    """The colour of a number, by its share of the largest.

    >>> shade(0, 12.0), shade(-1, 12.0), shade(12, 12.0)
    ('heat0', 'heat1', 'heat6')
    """
    if not most or not np.isfinite(number):
        return f"heat{LEVELS if most and np.isinf(number) else 0}"
    return f"heat{int(np.ceil(LEVELS * abs(float(number)) / most))}"
