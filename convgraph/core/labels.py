"""The labels of a network's edges: entries of parameter arrays and numbers, made when asked for."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import overload

import numpy as np
import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.names import parameter_name, split_parameter
from convgraph.core.tying import Learned

__all__ = ["Array", "Labels", "Loose"]


@dataclass(frozen=True)
class Array:
    """A named parameter array whose entries are sympy symbols.

    >>> Array("w", (2, 3)).symbol(4)
    w_2_2
    """

    letter: str
    shape: tuple[int, ...]
    named_axes: tuple[int, ...] | None = None

    @staticmethod
    def of(tying: Learned) -> Array:
        """The array that a learned tying lays its connections out in."""
        return Array(tying.letter or "w", tuple(int(n) for n in tying.shape), tying.named_axes)

    @property
    def _named(self) -> tuple[int, ...]:
        return tuple(range(len(self.shape))) if self.named_axes is None else self.named_axes

    def __len__(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))

    def symbol(self, flat: int) -> sp.Symbol:
        """The symbol of the entry at a flat position."""
        index = np.unravel_index(flat, self.shape) if self.shape else ()
        return sp.Symbol(parameter_name(self.letter, [int(index[a]) for a in self._named]))

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

    symbols: tuple[sp.Symbol, ...]
    letter: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """One axis of all symbols."""
        return (len(self.symbols),)

    def __len__(self) -> int:
        return len(self.symbols)

    def symbol(self, flat: int) -> sp.Symbol:
        """The symbol at a position."""
        return self.symbols[flat]

    def find(self, name: str) -> int | None:
        """The position of the symbol with this name, or None."""
        return next((i for i, symbol in enumerate(self.symbols) if symbol.name == name), None)


class Labels(Sequence[sp.Expr]):
    """All labels in order: the entries of the parameter arrays, then the numbers.

    A sequence of sympy expressions of which none exists before it is asked for: a layer of
    300,000,000 parameters costs nothing here.
    """

    def __init__(self, arrays: Sequence[Array | Loose], numbers: Sequence[sp.Expr] = ()) -> None:
        self.arrays = tuple(arrays)
        self.numbers = tuple(numbers)
        ends = np.cumsum([len(array) for array in arrays], dtype=np.int64).tolist()
        self._starts: list[int] = [0, *ends]
        self._symbol = lru_cache(maxsize=1 << 16)(self._make)

    @property
    def parameters(self) -> int:
        """How many labels are entries of parameter arrays; the numbers come behind them."""
        return self._starts[-1]

    def start(self, letter: str) -> int:
        """The position of the first entry of a parameter array."""
        return next(
            s for s, array in zip(self._starts, self.arrays, strict=False) if array.letter == letter
        )

    def position(self, value: sp.Expr) -> int:
        """The position of a number, or of a symbol that is not an entry of an array."""
        if value in self.numbers:
            return self.parameters + self.numbers.index(value)
        return self.start("") + next(a for a in self.arrays if isinstance(a, Loose)).symbols.index(
            value
        )

    def find(self, name: str) -> int | None:
        """The position of the parameter with this name, or None."""
        for start, array in zip(self._starts, self.arrays, strict=False):
            flat = array.find(name)
            if flat is not None:
                return start + flat
        return None

    def pick(self, positions: Iterable[int]) -> list[sp.Expr]:
        """The labels at these positions."""
        return [self._symbol(int(p)) for p in positions]

    def _make(self, position: int) -> sp.Expr:
        if position >= self.parameters:
            return self.numbers[position - self.parameters]
        which = bisect.bisect_right(self._starts, position) - 1
        return self.arrays[which].symbol(position - self._starts[which])

    def __len__(self) -> int:
        return self.parameters + len(self.numbers)

    @overload
    def __getitem__(self, position: int) -> sp.Expr: ...
    @overload
    def __getitem__(self, position: slice) -> list[sp.Expr]: ...
    def __getitem__(self, position: int | slice) -> sp.Expr | list[sp.Expr]:
        if isinstance(position, slice):
            return [self._symbol(p) for p in range(*position.indices(len(self)))]
        p = int(position) + (len(self) if position < 0 else 0)
        if not 0 <= p < len(self):
            raise IndexError(f"label {position} of {len(self)}")
        return self._symbol(p)

    def __iter__(self) -> Iterator[sp.Expr]:
        return (self._symbol(p) for p in range(len(self)))

    def __reduce__(self) -> tuple[type[Labels], tuple[object, ...]]:
        return Labels, (self.arrays, self.numbers)

    def __repr__(self) -> str:
        arrays = ", ".join(f"{array.letter}{list(array.shape)}" for array in self.arrays)
        numbers = f" and {list(self.numbers)}" if self.numbers else ""
        return f"Labels({arrays}{numbers})"


def check_letters(arrays: Sequence[Array]) -> list[Array]:
    """Arrays of the same letter are one, tied across layers; their shapes have to agree."""
    known: dict[str, Array] = {}
    for array in arrays:
        other = known.setdefault(array.letter, array)
        if other.shape != array.shape:
            raise ConvgraphError(
                f"letter={array.letter!r}: layers of one letter share their parameters, and "
                f"these have the shapes {other.shape} and {array.shape}"
            )
    return list(known.values())
