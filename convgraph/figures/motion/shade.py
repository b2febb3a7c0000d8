"""Numbers of cells that are too small for letters: the larger one is, the stronger the colour."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convgraph.figures.motion.cell_values import written
from convgraph.figures.motion.grid import LEGIBLE, fitted

__all__ = ["Scale", "said", "scale_of", "shades"]

LEVELS = 6  # of colours, which eyes tell apart, beside the one of the least
EXACT = 1e-9  # of a level, which a quotient of floats may miss

Numbers = NDArray[Any]


class Scale(NamedTuple):
    """The number that has the faintest colour, and how far from it the strongest is."""

    least: float
    reach: float
    signed: bool  # whether some are below 0, which has the faintest colour then


def scale_of(arrays: Iterable[Numbers], side: float, *, zero: bool = False) -> Scale | None:
    """The colours of some numbers, if they cannot be written in cells of a side.

    The faintest is that of the least number, and of 0 where some are negative, or if `zero` asks.

    >>> scale_of([np.array([3, -12])], 30) is None, scale_of([np.array([3, -12])], 5)
    (True, Scale(least=0.0, reach=12.0, signed=True))
    >>> scale_of([np.array([60, 50])], 5)
    Scale(least=50.0, reach=10.0, signed=False)
    """
    numbers = np.unique(np.concatenate([np.ravel(each) for each in arrays]))
    if all(fitted(written(number), side) >= LEGIBLE for number in numbers):
        return None
    finite = numbers[np.isfinite(numbers)].astype(np.float64)
    signed = bool((numbers < 0).any())
    least = 0.0 if zero or signed else float(finite.min(initial=np.inf))
    if not np.isfinite(least):
        least = 0.0
    return Scale(least, float(np.abs(finite - least).max(initial=0.0)), signed)


def shades(numbers: Any, scale: Scale) -> NDArray[Any]:
    """The names of the colours of numbers: blue ones, and red ones below 0.

    >>> shades([0, 1, 12, -12], Scale(0.0, 12.0, True)).tolist()
    ['heat0', 'heat1', 'heat6', 'cold6']
    """
    values = np.asarray(numbers, np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        if scale.reach:
            levels = np.ceil(np.abs(values - scale.least) / scale.reach * LEVELS - EXACT)
        else:  # all are one number
            levels = np.where(values == 0, 0.0, LEVELS // 2)
    levels = np.nan_to_num(levels, nan=0.0, posinf=LEVELS).clip(0, LEVELS).astype(np.int64)
    levels[~np.isfinite(values) & ~np.isnan(values)] = LEVELS
    names = np.array(
        [f"heat{i}" for i in range(LEVELS + 1)]
        + ["heat0", *(f"cold{i}" for i in range(1, LEVELS + 1))],
        object,
    )
    found: NDArray[Any] = names[levels + (LEVELS + 1) * (values < 0)]
    return found


def said(scales: Iterable[Scale | None]) -> str:
    """What the colours mean, for a caption; nothing where all rows have numbers."""
    found = [scale for scale in scales if scale is not None]
    if not found:
        return ""
    told = "; in cells too small for numbers, the larger one is in its row, the stronger its blue"
    if any(scale.signed for scale in found):
        told += ", and those below 0 are red, the further the stronger"
    return told
