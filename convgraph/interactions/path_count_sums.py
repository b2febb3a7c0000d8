"""Sums of path counts over positions, as little of them as a question needs.

A measure puts a number of paths on each position of an axis. What layers do to it is to shift it,
to add measures and to multiply them by whole numbers. Its moments are kept, and of what it is the
sum: the numbers themselves are worked out for the one class that they are asked of, see
`written_counts`.

Measures are told apart without their numbers, as polynomials are: by their values at a point, a
mark. Two that differ, on fewer than 2^12 positions, have one mark by chance once in 2^76 (Schwartz
1980, Zippel 1979), where their moments are the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count
from typing import NamedTuple

__all__ = [
    "ONE",
    "PRIMES",
    "Along",
    "Moments",
    "Origin",
    "Paths",
    "Summed",
    "mark_of",
    "serial",
    "summed",
]

# A mark is a value modulo the product of four primes, each of 31 bits, so that in tables it is
# four numbers of which products fit a machine word.
PRIMES = (2147483647, 2147483629, 2147483587, 2147483579)
MODULUS = PRIMES[0] * PRIMES[1] * PRIMES[2] * PRIMES[3]
POINT = 0x5DEECE66D2B992DDFA23249D6C7F1B05 % MODULUS  # any point that no network was made to meet
_UNITS = tuple(
    MODULUS // p * pow(MODULUS // p, -1, p) for p in PRIMES
)  # 1 modulo one, 0 the others

serial = count().__next__
"""A number for what is made: what it is made of has smaller ones."""


class Origin:
    """Of what numbers of paths are the sum that have not been worked out."""

    __slots__ = ()


class Summed(Origin):
    """The sum of some parts, each by how much moved and how many times; or the single path."""

    __slots__ = ("number", "parts")

    def __init__(self, parts: tuple[tuple[Origin, int, int], ...]) -> None:
        self.parts, self.number = parts, serial()


class Moments:
    """The number of paths, and the sums of their positions and of the squares of these.

    Two are equal that have the same moments and mark, wherever they come from.
    """

    __slots__ = ("first", "mark", "origin", "paths", "second")

    def __init__(
        self, paths: int, first: int, second: int, mark: int = 0, origin: Origin | None = None
    ) -> None:
        self.paths, self.first, self.second, self.mark = paths, first, second, mark
        self.origin = origin

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Moments)
            and self.mark == other.mark
            and (self.paths, self.first, self.second) == (other.paths, other.first, other.second)
        )

    def __hash__(self) -> int:
        return hash((self.mark, self.second))

    def __repr__(self) -> str:
        return f"Moments({self.paths}, {self.first}, {self.second}, {self.mark})"


ONE = Moments(1, 0, 0, 1, Summed(()))
"""A single path, at position 0."""


class Along(NamedTuple):
    """The paths to the units of a row from the positions of one axis of the input.

    One measure for each phase; a period moves them by `step` positions. The paths along the other
    axes of the input are counted with their mean over the phases of those.
    """

    phases: tuple[Moments | None, ...]
    step: int
    everywhere: bool = False


class Paths(NamedTuple):
    """The paths to a class of units: per axis of the input, `per` times as many as there are."""

    axes: tuple[Along, ...]
    per: int = 1


_powers: dict[int, int] = {}


def _moved(by: int) -> int:
    """By what a mark is multiplied where its positions move."""
    if by not in _powers:
        _powers[by] = pow(POINT, by, MODULUS)
    return _powers[by]


def summed(parts: Iterable[tuple[Moments, int, int]]) -> Moments | None:
    """All of these together, each moved by a number of positions and so many times.

    None if there are none.

    >>> summed([(ONE, 0, 1), (ONE, 2, 5)])
    Moments(6, 10, 20, ...)
    """
    every = list(parts)
    if not every:
        return None
    if len(every) == 1 and every[0][1:] == (0, 1):
        return every[0][0]
    paths = first = second = mark = 0
    made: list[tuple[Origin, int, int]] | None = []
    for measure, by, number in every:
        n, f, s, m = measure.paths, measure.first, measure.second, measure.mark
        if by:
            s += by * (2 * f + by * n)
            f += by * n
            m = m * _moved(by)
        if number != 1:
            n, f, s, m = n * number, f * number, s * number, m * number
        paths, first, second, mark = paths + n, first + f, second + s, mark + m
        if made is not None and measure.origin is not None:
            made.append(_inlined(measure.origin, by, number))
        else:
            made = None
    origin = None if made is None else Summed(tuple(made))
    return Moments(paths, first, second, mark % MODULUS, origin)


def _inlined(origin: Origin, by: int, number: int) -> tuple[Origin, int, int]:
    """A part; of what is but another one, moved or several times, that one."""
    if isinstance(origin, Summed) and len(origin.parts) == 1:
        of, before, times = origin.parts[0]
        return of, before + by, times * number
    return origin, by, number


def mark_of(residues: Iterable[int]) -> int:
    """The mark that has these remainders by the primes.

    >>> mark_of([7 * 10**30 % prime for prime in PRIMES]) == 7 * 10**30
    True
    """
    a, b, c, d = residues
    return (a * _UNITS[0] + b * _UNITS[1] + c * _UNITS[2] + d * _UNITS[3]) % MODULUS
