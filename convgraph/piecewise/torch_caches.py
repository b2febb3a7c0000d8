"""What a layer of a PyTorch stream keeps from one chunk to the next.

Tensors are passed in as chunks: the positions along the axis of time that have become known since
the chunk before. Every cache is built for one call of an operation, and knows where time lies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Chunk", "Cut", "Overlap", "Queue", "Reach", "Windows"]


@dataclass
class Chunk:
    """New positions of a tensor (or of several), and how many there will be at least in all."""

    value: Any
    least: int


class Queue:
    """Positions that wait until they may go on."""

    def __init__(self, time: int) -> None:
        self.time = time
        self.kept: Any = None

    def add(self, new: Any) -> None:
        """Append positions."""
        if self.kept is None or not self.kept.shape[self.time]:
            self.kept = new
        elif new.shape[self.time]:
            self.kept = _joined([self.kept, new], self.time)

    def __len__(self) -> int:
        return 0 if self.kept is None else int(self.kept.shape[self.time])

    def take(self, count: int) -> Any:
        """The first positions, which are no longer kept."""
        kept = self.kept
        self.kept = kept.narrow(self.time, count, len(self) - count)
        return kept.narrow(self.time, 0, count)


@dataclass(frozen=True)
class Reach:
    """A window along time: position i reads `span` positions from i * stride - before on."""

    span: int
    stride: int
    before: int
    after: int
    ceil: bool = False

    def count(self, length: int) -> int:
        """How many positions there are behind so many."""
        room = length + self.before + self.after - self.span
        number = (-(-room // self.stride) if self.ceil else room // self.stride) + 1
        if self.ceil and (number - 1) * self.stride >= length + self.before:
            number -= 1  # a last window begins in the input or in front of it
        return max(number, 0)


class Windows:
    """What a window has not read for the last time, with its padding in front and behind.

    `fill` makes padding: like a tensor, how many positions, and whether they are in front. With
    `first`, padding in front is made of the first position, and waits for it.
    """

    def __init__(
        self,
        time: int,
        reach: Reach,
        fill: Callable[[Any, int, bool], Any],
        first: bool = False,
    ) -> None:
        self.first = first
        self.time, self.reach, self.fill = time, reach, fill
        self.queue = Queue(time)
        self.begun = False
        self.skip = self.there = self.done = 0
        self.last: Any = None

    def read(self, new: Any, ended: bool) -> tuple[Any, int]:
        """What the positions that can be computed now read, and how many they are."""
        reach, size = self.reach, int(new.shape[self.time])
        if not self.begun and (size or not self.first):
            self.begun = True
            if reach.before:
                front = new.narrow(self.time, 0, min(size, 1))
                self.queue.add(self.fill(front, reach.before, True))
        if size:
            self.last = new.narrow(self.time, size - 1, 1)
            self.queue.add(new)
            self.there += size
        self._skip()
        if ended:
            count = reach.count(self.there) - self.done
            needed = (count - 1) * reach.stride + reach.span + self.skip - len(self.queue)
            if count > 0 and needed > 0 and self.last is not None:
                self.queue.add(self.fill(self.last, needed, False))
                self._skip()
        else:
            count = (len(self.queue) - reach.span) // reach.stride + 1 if not self.skip else 0
        if count <= 0:
            return None, 0
        part = self.queue.kept.narrow(self.time, 0, (count - 1) * reach.stride + reach.span)
        # with a stride beyond its span, a window leaves out positions that are still to come
        self.skip = count * reach.stride
        self._skip()
        self.done += count
        return part, count

    def _skip(self) -> None:
        gone = min(self.skip, len(self.queue))
        if gone:
            self.queue.take(gone)
            self.skip -= gone


class Overlap:
    """A transposed convolution: outputs to which later inputs still add."""

    def __init__(self, time: int, span: int, stride: int) -> None:
        self.time, self.span, self.stride = time, span, stride
        self.kept: Any = None

    def add(self, made: Any, count: int) -> Any:
        """The outputs that are final, given what `count` inputs add to those from here on."""
        final, length = count * self.stride, int(made.shape[self.time])
        if self.kept is not None:
            made, kept = _padded(made, self.kept.shape[self.time] - length, self.time), self.kept
            made = made.clone()
            made.narrow(self.time, 0, kept.shape[self.time]).add_(kept)
        made = _padded(made, final - int(made.shape[self.time]), self.time)
        self.kept = made.narrow(self.time, final, int(made.shape[self.time]) - final)
        return made.narrow(self.time, 0, final)


class Cut:
    """Leaves out the first positions, and the last ones once it is known that they are."""

    def __init__(self, time: int, first: int, last: int) -> None:
        self.time, self.first, self.last = time, first, last
        self.queue, self.done = Queue(time), 0

    def __call__(self, new: Any, least: int) -> tuple[Any, int]:
        """The positions that there surely are, and how many there are at least in all."""
        gone = min(self.first, int(new.shape[self.time]))
        self.first -= gone
        self.queue.add(new.narrow(self.time, gone, int(new.shape[self.time]) - gone))
        total = max(least - self.last, 0)
        part = self.queue.take(max(min(len(self.queue), total - self.done), 0))
        self.done += int(part.shape[self.time])
        return part, total


def _padded(tensor: Any, count: int, time: int) -> Any:
    if count <= 0:
        return tensor
    shape = list(tensor.shape)
    shape[time] = count
    return _joined([tensor, tensor.new_zeros(shape)], time)


def _joined(parts: list[Any], time: int) -> Any:
    import torch

    return torch.cat(parts, time)
