"""What is carried through a network, whatever it is: how a layer changes it, and what is alike."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, Generic, Protocol, TypeVar

from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.sizes import Size

__all__ = ["Algebra", "Bordered", "Bulk", "Saturating", "UntraceableError"]

P = TypeVar("P")


class UntraceableError(Exception):
    """A wiring that moves along no axis of the view; then nothing is known here."""


class Algebra(Protocol[P]):
    """What is carried forward through a network: fields, bit tables, path counts, moments.

    `b` counts the axes of the input along which units can move. None stands for nothing seen.
    """

    idempotent: bool
    """Whether seeing something twice is the same as seeing it once."""

    def same(self, payload: P) -> Hashable:
        """What is equal for payloads that say the same; their units are of one class."""

    def through(self, payload: P, b: int, axis: Axis) -> P:
        """After a layer whose units move along the input's axis b by `axis`."""

    def whole(self, payload: P, b: int, size: Size) -> P:
        """For a unit that reads all `size` positions along which its sources move."""

    def combine(self, parts: Sequence[tuple[P, int]], sizes: Sequence[Size]) -> P:
        """For units that read several classes, each so many times; `sizes` of their axes."""

    def split(self, payload: P, b: int, outer: int, inner: int) -> list[P]:
        """One payload for each of the `inner` positions between steps of an axis's `outer` part."""

    def interleave(self, payloads: Sequence[P | None], b: int, outer: int) -> P:
        """What `split` divided, as one."""

    def freeze(self, payload: P, b: int, size: int) -> list[P]:
        """A payload for each position, none of which moves."""


class Bulk(Generic[P]):
    """An algebra that combines many payloads at once, where they are of one form.

    Abstract without `abc.ABC`, whose classes answer `isinstance` several times slower.
    """

    @abstractmethod
    def gathered(self, payloads: Sequence[P | None]) -> Sequence[P | None]:
        """The same payloads, as a table where they are many and of one form."""

    @abstractmethod
    def joined(self, parts: Sequence[Sequence[P | None]]) -> Sequence[P | None]:
        """The payloads of all parts, one after the other."""

    @abstractmethod
    def sums(
        self, parts: Sequence[tuple[Sequence[P | None], NDArray[Any], int]]
    ) -> Sequence[P | None] | None:
        """For each of some classes what it reads of each part, so many times; None where not.

        A part are payloads, and of each class the places of those that it reads: one, or as many as
        there are columns, of which -1 is none.
        """


class Saturating(Generic[P]):
    """An algebra in which some payload says all that can be said, so that others add nothing."""

    @abstractmethod
    def is_everything(self, payload: P) -> bool:
        """Whether that is so of a payload along no axis of which units move."""


class Bordered(Generic[P]):
    """An algebra that is told of borders also along axes on which units no longer move."""

    @abstractmethod
    def at_border(self, payload: P) -> P:
        """For a unit that reads beyond the border of such an axis, besides what it sees."""
