"""Whole numbers, all of which are divided by one: quick where fractions are slow."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FITS", "Divided", "DividedLabels", "divided", "fractions", "greatest", "times"]

FITS = 2**62  # sums up to here are whole numbers of 64 bits, with one to spare


@dataclass(frozen=True)
class Divided:
    """Whole numbers, all of them divided by one."""

    over: NDArray[Any]
    under: int = 1


@dataclass(frozen=True)
class DividedLabels:
    """Whole numbers, each of them divided by one; None stands for ones."""

    over: NDArray[Any]
    under: NDArray[np.int64] | None

    def pick(self, places: NDArray[Any]) -> Divided:
        """Some labels, divided by one number."""
        over = self.over[places]
        if self.under is None:
            return Divided(over)
        own = self.under[places]
        under = math.lcm(*np.unique(own).tolist())
        return Divided(times(over, under // own), under)


def times(values: NDArray[Any], factor: Any) -> NDArray[Any]:
    """A product in 64 bits, or in whole numbers of any size."""
    most = greatest(np.asarray(factor))
    if values.dtype != object and greatest(values) * most > FITS:
        values = values.astype(object)
    return values if most == 1 else values * factor


def fractions(values: NDArray[Any], under: int) -> NDArray[Any]:
    """Whole numbers divided by one, as fractions."""
    return np.asarray(_over(_wholes(values), under))


def divided(values: NDArray[Any]) -> Divided:
    """Values that may be fractions, divided by one number."""
    if values.dtype != object:
        return Divided(values)
    under = math.lcm(*{int(v.denominator) for v in values.ravel().tolist()})
    over = _wholes(values if under == 1 else values * under)
    small = max(map(abs, over.ravel().tolist()), default=0) < FITS
    return Divided(over.astype(np.int64) if small else over, under)


def greatest(array: NDArray[Any]) -> int:
    """The greatest absolute value; 0 of nothing."""
    return int(np.abs(array).max(initial=0))


_wholes = np.frompyfunc(int, 1, 1)
_over = np.frompyfunc(Fraction, 2, 1)
