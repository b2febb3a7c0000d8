"""Parameter arrays, whose entries are sympy symbols that exist when they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Protocol, TypeVar

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.errors import ConvgraphError
from convgraph.core.names import check_printed, parameter_name, split_parameter
from convgraph.core.sizes import Size

__all__ = ["Array", "Loose", "check_letters"]


# sympy's cache of symbols holds 1,000 of them, so that among many new ones a look into it is lost
_fresh = partial(sp.Symbol.__xnew__, sp.Symbol)


@dataclass(frozen=True)
class Array:
    """A named parameter array whose entries are sympy symbols.

    >>> Array("w", (2, 3)).symbol(4)
    w_2_2
    """

    letter: str
    shape: tuple[int, ...]
    named_axes: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        check_printed(self.letter)

    @property
    def _named(self) -> tuple[int, ...]:
        return tuple(range(len(self.shape))) if self.named_axes is None else self.named_axes

    def __len__(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    def __iter__(self) -> Iterator[sp.Symbol]:
        return (self.symbol(flat) for flat in range(len(self)))

    def symbol(self, flat: int) -> sp.Symbol:
        """The symbol of the entry at a flat position."""
        index = []
        for size in reversed(self.shape):
            flat, i = divmod(flat, size)
            index.append(i)
        index.reverse()
        return sp.Symbol(parameter_name(self.letter, [index[a] for a in self._named]))

    def symbols(self, flats: NDArray[np.int64]) -> list[sp.Symbol]:
        """The symbols of the entries at these flat positions."""
        index = np.unravel_index(flats, self.shape) if self.shape else ()
        columns = [map(str, (index[a] + 1).tolist()) for a in self._named]
        names = map("_".join, zip([self.letter] * len(flats), *columns, strict=True))
        with memory.growing():
            return list(map(_fresh, names))

    def find(self, name: str) -> int | None:
        """The flat position of the entry with this name, or None."""
        parts = split_parameter(name, self.letter, len(self._named))
        if parts is None:
            return None
        index = [0] * len(self.shape)
        for a, i in zip(self._named, parts, strict=True):
            if i >= self.shape[a]:
                return None
            index[a] = i
        return int(np.ravel_multi_index(index, self.shape)) if self.shape else 0


@dataclass(frozen=True)
class Loose:
    """Parameters that are not entries of an array: the symbols of a graph that a user brought."""

    given: tuple[sp.Symbol, ...]
    letter: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """One axis of all symbols."""
        return (len(self.given),)

    def __len__(self) -> int:
        return len(self.given)

    def symbol(self, flat: int) -> sp.Symbol:
        """The symbol at a position."""
        return self.given[flat]

    def symbols(self, flats: NDArray[np.int64]) -> list[sp.Symbol]:
        """The symbols at these positions."""
        return [self.given[flat] for flat in flats.tolist()]

    def find(self, name: str) -> int | None:
        """The position of the symbol with this name, or None."""
        return self._places.get(name)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {symbol.name: place for place, symbol in enumerate(self.given)}


class Lettered(Protocol):
    """A parameter array, or a tying to one."""

    @property
    def letter(self) -> str | None: ...
    @property
    def shape(self) -> tuple[Size, ...]: ...


AnyLettered = TypeVar("AnyLettered", bound=Lettered)


def check_letters(arrays: Iterable[AnyLettered]) -> list[AnyLettered]:
    """Arrays of the same letter are one, tied across layers; their shapes have to agree."""
    known: dict[str | None, AnyLettered] = {}
    for array in arrays:
        other = known.setdefault(array.letter, array)
        if other.shape != array.shape:
            raise ConvgraphError(
                f"letter={array.letter!r}: layers of one letter share their parameters, and "
                f"these have the shapes {other.shape} and {array.shape}"
            )
    return list(known.values())
