"""Sums of path counts over positions, as little of them as a question needs.

A measure puts a number of paths on each position of an axis. What layers do to it is to shift it,
to add measures and to multiply them by whole numbers, which both forms here can do: its moments,
and all of its numbers packed into one large integer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from convgraph.interactions.algebras import UntraceableError

__all__ = ["MOST_BITS", "Along", "Kind", "Moments", "MomentsKind", "Packed", "PackedKind", "Paths"]

M = TypeVar("M")

MOST_BITS = 1 << 31  # of all numbers on the way to a row, 250 MB and some seconds


class Along(NamedTuple, Generic[M]):
    """The paths to the units of a row from the positions of one axis of the input.

    One measure for each phase; a period moves them by `step` positions. The paths along the other
    axes of the input are counted with their mean over the phases of those.
    """

    phases: tuple[M | None, ...]
    step: int
    everywhere: bool = False


class Paths(NamedTuple, Generic[M]):
    """The paths to a class of units: per axis of the input, `per` times as many as there are."""

    axes: tuple[Along[M], ...]
    per: int = 1


class Kind(Protocol[M]):
    """What can be done with measures of one form."""

    def one(self) -> M:
        """A single path, at position 0."""

    def shifted(self, measure: M, by: int) -> M:
        """Moved by a number of positions."""

    def added(self, a: M, b: M) -> M:
        """Both together."""

    def times(self, measure: M, number: int) -> M:
        """So many of it."""


class Moments(NamedTuple):
    """The number of paths, and the sums of their positions and of the squares of these."""

    paths: int
    first: int
    second: int


class MomentsKind:
    """Measures of which the mean and the variance are wanted."""

    def one(self) -> Moments:
        """See `Kind`."""
        return Moments(1, 0, 0)

    def shifted(self, measure: Moments, by: int) -> Moments:
        """See `Kind`."""
        paths, first, second = measure
        return Moments(paths, first + by * paths, second + by * (2 * first + by * paths))

    def added(self, a: Moments, b: Moments) -> Moments:
        """See `Kind`."""
        return Moments(a[0] + b[0], a[1] + b[1], a[2] + b[2])

    def times(self, measure: Moments, number: int) -> Moments:
        """See `Kind`."""
        return Moments(measure[0] * number, measure[1] * number, measure[2] * number)


class Packed(NamedTuple):
    """Numbers of paths from position `low` on, each in as many bits of one integer."""

    low: int
    bits: int

    def __hash__(self) -> int:
        # of a few bits: that of an integer of a megabyte goes through all of it each time
        return hash((self.low, self.bits.bit_length(), self.bits & 0xFFFF_FFFF))


@dataclass
class PackedKind:
    """Measures of which all numbers are wanted; none may need more than `width` bits.

    This is Kronecker's substitution: a polynomial at a power of two. Adding two images' worth of
    numbers of a thousand bits is then one addition of machine words. When more than `bits` are
    written it is given up, with `UntraceableError`.
    """

    width: int
    bits: int = 3 * MOST_BITS  # sums of three taps, of which one is kept

    def one(self) -> Packed:
        """See `Kind`."""
        return Packed(0, 1)

    def shifted(self, measure: Packed, by: int) -> Packed:
        """See `Kind`."""
        return Packed(measure.low + by, measure.bits)

    def added(self, a: Packed, b: Packed) -> Packed:
        """See `Kind`."""
        if a.low > b.low:
            a, b = b, a
        return self._written(Packed(a.low, a.bits + (b.bits << (b.low - a.low) * self.width)))

    def times(self, measure: Packed, number: int) -> Packed:
        """See `Kind`."""
        return self._written(Packed(measure.low, measure.bits * number))

    def _written(self, measure: Packed) -> Packed:
        self.bits -= measure.bits.bit_length()
        if self.bits < 0:
            raise UntraceableError
        return measure

    def numbers(self, measure: Packed) -> list[int]:
        """The numbers of paths, one for each position from `low` on.

        >>> kind = PackedKind(8)
        >>> kind.numbers(kind.added(kind.one(), kind.times(kind.shifted(kind.one(), 2), 5)))
        [1, 0, 5]
        """
        size = -(-self.width // 8)
        if self.width % 8:
            mask, bits, found = (1 << self.width) - 1, measure.bits, []
            while bits:
                found.append(bits & mask)
                bits >>= self.width
            return found
        count = -(-measure.bits.bit_length() // self.width)
        data = measure.bits.to_bytes(count * size, "little")
        return [int.from_bytes(data[i : i + size], "little") for i in range(0, len(data), size)]
