"""Path counts position by position, written down for the one class of units that is asked about.

A pass through the network keeps moments, and of what each measure is the sum. From the class that
is asked about it is gone back over these sums, from what was made last to the single path: how
often, and how far moved, each of them is in the whole. Behind attention, where each position is a
class of its own and nothing moves any more, that is one number for each class and not one for each
class and position.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.memory import readable
from convgraph.interactions.path_count_sums import Moments, Origin, Summed
from convgraph.interactions.table_origins import Added, Cell, InLine, Listed, Made, Taken

__all__ = ["too_much", "written"]

MOST_BITS = 1 << 33  # of all numbers on the way, 1 GB and half a second; few of them are kept

# Numbers from a position on, in as many bits each of one integer; of a table, one for each class.
Packed: TypeAlias = "tuple[int, Any]"


def written(wanted: Sequence[Moments]) -> tuple[tuple[int, ...], ...] | None:
    """The numbers of paths in order of their positions, of measures along axis after axis.

    None where all numbers on the way to them would take more than `MOST_BITS`.

    >>> from convgraph.interactions.path_count_sums import ONE, summed
    >>> written([summed([(ONE, 0, 1), (ONE, 2, 5)])])
    ((1, 0, 5),)
    """
    left = MOST_BITS
    found = []
    for b, measure in enumerate(wanted):
        back = _Back(b, measure, left)
        numbers = back.numbers()
        if numbers is None:
            return None
        found.append(numbers)
        left = back.left
    return tuple(found)


def too_much() -> str:
    """Why no numbers are written down."""
    return f"to work out its path counts would take more than {readable(MOST_BITS // 8)}"


class _Back:
    """Goes back over the sums of which one measure consists, along an axis."""

    def __init__(self, b: int, wanted: Moments, left: int) -> None:
        assert wanted.origin is not None
        self.b, self.wanted, self.left = b, wanted.origin, left
        # No number is larger than all paths of the whole, as each is a part of it.
        self.width = -(-wanted.paths.bit_length() // 8) * 8
        self.ahead: list[tuple[int, Summed | Added]] = []
        self.pending: dict[Summed | Added, Packed] = {}

    def numbers(self) -> tuple[int, ...] | None:
        """The numbers of paths, or None if there are too many on the way to them.

        They are in one integer, `width` bits each. This is Kronecker's substitution, a polynomial
        at a power of two: to add the numbers of two images is one addition of machine words.
        """
        self._to(self.wanted, 0, 1)
        while self.left >= 0:
            _, origin = heappop(self.ahead)  # all that read it were made behind it
            low, value = self.pending.pop(origin)
            if isinstance(origin, Added):
                for made, places, number in origin.axes[self.b]:
                    self._read(made, places, low, value if number == 1 else value * number)
            elif origin.parts:
                for part, by, number in origin.parts:
                    self._to(part, low + by, value if number == 1 else value * number)
            else:
                return self._unpacked(value)
        return None

    def _unpacked(self, value: int) -> tuple[int, ...]:
        size, zeros = self.width // 8, (value & -value).bit_length() - 1
        value >>= zeros // self.width * self.width
        data = value.to_bytes(-(-value.bit_length() // self.width) * size, "little")
        each = (data[i : i + size] for i in range(0, len(data), size))
        return tuple(int.from_bytes(number, "little") for number in each)

    def _to(self, origin: Origin, low: int, value: int) -> None:
        """One more part of the whole."""
        self.left -= value.bit_length()
        if isinstance(origin, Cell):
            if origin.of not in self.pending:
                self._add(origin.of, low, np.zeros(origin.of.size, object))
            first, weights = self.pending[origin.of]
            if first > low:
                weights <<= (first - low) * self.width
                self.pending[origin.of] = low, weights
            # in place, as there may be thousands of places
            weights[origin.place] += value if first >= low else value << (low - first) * self.width
        else:
            assert isinstance(origin, Summed)
            self._add(origin, low, value)

    def _add(self, origin: Summed | Added, low: int, value: Any) -> None:
        known = self.pending.get(origin)
        if known is None:
            heappush(self.ahead, (-origin.number, origin))
            self.pending[origin] = low, value
            return
        before, total = known
        first = min(before, low)
        total = total if before == first else total << (before - first) * self.width
        value = value if low == first else value << (low - first) * self.width
        self.pending[origin] = first, total + value

    def _read(self, made: Made, places: NDArray[Any], low: int, value: NDArray[Any]) -> None:
        """The places of a table that classes read, of which each is so many parts of the whole."""
        used = np.flatnonzero(value)
        at = places[used]
        at = at[:, None] if at.ndim == 1 else at
        weights = np.zeros(made.size + 1, object)  # the last one for what reads nothing
        np.add.at(weights, at, value[used][:, None])
        self._to_table(made, low, weights[:-1])

    def _to_table(self, made: Made, low: int, weights: NDArray[Any]) -> None:
        used = np.flatnonzero(weights)
        if not len(used):
            return
        if isinstance(made, Taken):
            outer = np.zeros(made.made.size, object)
            np.add.at(outer, made.places[used], weights[used])
            self._to_table(made.made, low, outer)
        elif isinstance(made, InLine):
            for start, part in zip(made.starts, made.tables, strict=False):
                if part is not None:
                    self._to_table(part, low, weights[start : start + part.size])
        elif isinstance(made, Added):
            self.left -= len(used) * int(weights.max()).bit_length()
            self._add(made, low, weights)
        else:
            assert isinstance(made, Listed)
            for place in used.tolist():
                origin = made.origin(self.b, place)
                if origin is not None:
                    self._to(origin, low, weights[place])
