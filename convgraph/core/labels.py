"""The labels of a network's edges: entries of parameter arrays and numbers, made when asked for."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, overload

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.arrays import Array, Loose, check_letters
from convgraph.core.layer import Layer
from convgraph.core.tying import Constant, Explicit, Learned, Mean

__all__ = ["Labels", "arrays_of", "labels_of"]


# Labels that are kept once made, 16 MB of symbols: questions about units ask for the same few again
# and again. Many that are asked for at once are made for that answer alone.
CACHED = 1 << 16


class Labels(Sequence[sp.Expr]):
    """All labels in order: the entries of the parameter arrays, then numbers and other expressions.

    A sequence of sympy expressions of which none exists before it is asked for: a layer of
    300,000,000 parameters costs nothing here.
    """

    def __init__(self, arrays: Sequence[Array | Loose], numbers: Sequence[sp.Expr] = ()) -> None:
        self.arrays = tuple(arrays)
        self.numbers = tuple(numbers)
        ends = np.cumsum([len(array) for array in arrays], dtype=np.int64).tolist()
        self._starts: list[int] = [0, *ends]
        self._places = {number: place for place, number in enumerate(self.numbers)}
        self._symbol = lru_cache(maxsize=CACHED)(self._make)

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
        """The position of a label: a parameter, a number, or another expression."""
        found = self.find(value.name) if value.is_Symbol else None
        return self.parameters + self._places[value] if found is None else found

    def find(self, name: str) -> int | None:
        """The position of the parameter with this name, or None."""
        for start, array in zip(self._starts, self.arrays, strict=False):
            flat = array.find(name)
            if flat is not None:
                return start + flat
        return None

    def pick(self, positions: Sequence[int] | NDArray[np.integer[Any]]) -> list[sp.Expr]:
        """The labels at these positions."""
        if len(positions) <= CACHED:
            return [self._symbol(int(p)) for p in positions]
        asked = np.asarray(positions, np.int64)  # so many would only turn the cache over
        picked: list[sp.Expr] = [sp.S.Zero] * len(asked)
        which = np.searchsorted(self._starts[1:], asked, side="right")
        for n in np.unique(which).tolist():
            places, flat = np.flatnonzero(which == n).tolist(), asked[which == n] - self._starts[n]
            made = (
                self.arrays[n].symbols(flat)
                if n < len(self.arrays)
                else [self.numbers[i] for i in flat.tolist()]
            )
            for place, label in zip(places, made, strict=True):
                picked[place] = label
        return picked

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
            return self.pick(range(*position.indices(len(self))))
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


def arrays_of(layers: Sequence[Layer]) -> list[Array | Loose]:
    """The arrays to which the parameters of some layers belong, loose ones as one behind them."""
    tyings = [joint.tying for layer in layers for joint in layer.all_joints]
    explicit = [tying for tying in tyings if isinstance(tying, Explicit)]
    arrays = [tying.array for tying in tyings if isinstance(tying, Learned)]
    # what says that it has numbers only is not asked for them, which may be thousands
    listed = [(() if t.numbers_only else t.expressions, *t.arrays) for t in explicit]
    arrays += [a for each in listed for a in each if isinstance(a, Array)]
    arrays = check_letters(arrays)
    expressions = dict.fromkeys(e for each in listed if isinstance(each[0], tuple) for e in each[0])
    symbols = dict.fromkeys(
        s for e in expressions for s in ((e,) if e.is_Symbol else sorted(e.free_symbols, key=str))
    )
    loose = tuple(s for s in symbols if not any(a.find(s.name) is not None for a in arrays))
    return [*arrays, *([Loose(loose)] if loose else [])]


def labels_of(layers: Sequence[Layer], arrays: Sequence[Array | Loose]) -> Labels:
    """Everything that can label an edge: the parameters of some arrays, then numbers."""
    numbers: dict[sp.Expr, None] = {}
    explicit: list[Explicit] = []
    for joint in (joint for layer in layers for joint in layer.all_joints):
        if isinstance(joint.tying, Constant):
            numbers[joint.tying.value] = None
        elif isinstance(joint.tying, Mean):
            numbers.update(dict.fromkeys(joint.tying.different(joint.wiring)))
        elif isinstance(joint.tying, Explicit):
            explicit.append(joint.tying)
    for tying in explicit:
        if isinstance(tying.expressions, tuple):
            numbers.update((e, None) for e in tying.expressions if not e.is_Symbol)
    return Labels(arrays, list(numbers))
