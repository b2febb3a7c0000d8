"""What the names in a model's graph stand for: rows of units, and tensors known beforehand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.sizes import Size

__all__ = ["MOST_AXES", "Known", "Recipe", "Signal", "Value", "Weights", "roots_of", "row_shape"]

MOST_AXES = 32  # as many as numpy has had


def row_shape(shape: tuple[Size, ...]) -> tuple[Size, ...]:
    """The shape of the row that a tensor becomes: without a leading axis of one position.

    That axis is the batch in nearly every model; where it is not, nothing is lost but a number in
    the units' names. A single number is a row of one unit.

    >>> row_shape((1, 3, 224, 224)), row_shape((8, 3, 9, 9)), row_shape(())
    ((3, 224, 224), (8, 3, 9, 9), (1,))
    """
    return (shape[1:] if len(shape) > 1 and shape[0] == 1 else shape) or (1,)


@dataclass(frozen=True, eq=False, slots=True)
class Signal:
    """A tensor that depends on the model's input: a row of units, and the shape in the model."""

    row: Row
    shape: tuple[Size, ...]


class Recipe(NamedTuple):
    """How a tensor's entries follow from those of others: see `linear_forms`."""

    kind: str
    """ "moves", "scales", "adds", "linear", or "each": entry by entry in some other way."""
    function: Callable[..., Any]
    """Takes an array for each source."""
    sources: tuple[Known | None, ...]
    over: int = 1
    """What the result is divided by, where it is a mean."""


FAULTS = (ArithmeticError, LookupError, NotImplementedError, TypeError, ValueError)
"""What a computation raises whose operands are not what its operator takes."""


class Known:
    """A tensor that does not depend on the model's input; its entries are read when asked for.

    `origin` is the tensor whose entries these are, in the same order: an initialiser that was only
    given another shape is still the parameter array of its name, and so is one whose axes were put
    in another `order`. `made` says how the entries follow from those of other tensors, where that
    is by moving, scaling or adding them; `roots` are the model's own tensors behind them.
    """

    __slots__ = (
        "_read", "_values", "form", "learned", "made", "name", "order", "origin", "roots", "shape"
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        read: Callable[[], NDArray[Any]] | None,
        learned: bool = False,
        origin: Known | None = None,
        order: tuple[int, ...] | None = None,
        made: Recipe | None = None,
    ) -> None:
        self.name, self.shape, self.learned = name, shape, learned
        self.origin: Known = origin or self
        self.order, self.made = order, made
        self.roots: tuple[Known, ...] = (self,) if origin is None else origin.roots
        self.form: Any = self  # not looked for yet
        if made is not None and origin is None:
            self.roots = roots_of(made.sources)
        self._read = read
        self._values: NDArray[Any] | None = None

    @staticmethod
    def of(name: str, values: NDArray[Any]) -> Known:
        """A tensor whose entries are at hand."""
        known = Known(name, values.shape, None)
        known._values = values
        return known

    @property
    def size(self) -> int:
        """The number of entries."""
        return prod(self.shape)

    @property
    def there(self) -> bool:
        """Whether the entries can be read."""
        return self._values is not None or self._read is not None

    def values(self) -> NDArray[Any]:
        """The entries; shape arithmetic with symbols gives sympy expressions."""
        if self._values is None:
            if self._read is None:
                raise ConvgraphError(f"{self.name!r}: the model does not hold the tensor's values")
            try:  # what waits until it is asked for meets its faults here
                values = np.asarray(self._read())
            except ConvgraphError:
                raise
            except FAULTS as error:
                raise ConvgraphError(f"{self.name!r}: not as its operator asks: {error}") from error
            if values.size != self.size:
                raise ConvgraphError(
                    f"{self.name!r}: {values.size} values in the shape {self.shape}"
                )
            self._values = values if values.shape == self.shape else values.reshape(self.shape)
        return self._values

    def viewed(self, name: str, shape: tuple[int, ...]) -> Known:
        """The same entries in another shape."""
        read = (lambda: self.values().reshape(shape)) if self.there else None
        same = [n for n in shape if n != 1] == [n for n in self.origin.shape if n != 1]
        same = same and self.order is None
        made = Recipe("moves", lambda values: values.reshape(shape), (self,))
        return Known(name, shape, read, self.learned, self.origin if same else None, made=made)

    def turned(self, name: str, order: tuple[int, ...]) -> Known:
        """The same entries with the axes in another order."""
        read = (lambda: self.values().transpose(order)) if self.there else None
        shape = tuple(self.shape[a] for a in order)
        made = Recipe("moves", lambda values: values.transpose(order), (self,))
        if self.order is not None or self.shape != self.origin.shape:
            return Known(name, shape, read, self.learned, made=made)
        return Known(name, shape, read, self.learned, self.origin, order, made)

    def mapped(
        self,
        name: str,
        function: Callable[..., NDArray[Any]],
        *others: Known,
        shape: tuple[int, ...] | None = None,
        made: Recipe | None = None,
    ) -> Known:
        """A tensor computed from the entries of this one and others, when it is asked for."""
        sources = (self, *others)
        there = all(source.there for source in sources)
        read = (lambda: function(*(s.values() for s in sources))) if there else None
        shape = self.shape if shape is None else shape
        known = Known(name, shape, read, self.learned, made=made)
        known.roots = roots_of(sources)
        return known

    def instead(self, function: Callable[..., NDArray[Any]], *others: Known) -> Known:
        """This array, with other values at inference: they are computed from it and from others."""
        known = self.mapped(self.name, function, *others)
        known.roots = self.roots
        return known


def roots_of(sources: Iterable[Known | None]) -> tuple[Known, ...]:
    """The learned tensors behind some, each once."""
    found = {id(r): r for s in sources if s is not None and s.learned for r in s.roots}
    return tuple(found.values())


Value: TypeAlias = Signal | Known


class Weights(Mapping[str, NDArray[Any]]):
    """The values of a network's parameter arrays by letter, read from the model on request."""

    def __init__(self, arrays: Mapping[str, Known]) -> None:
        self._arrays = {letter: known for letter, known in arrays.items() if known.there}

    def __getitem__(self, letter: str) -> NDArray[Any]:
        return self._arrays[letter].values()

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)

    def __repr__(self) -> str:
        return f"Weights({len(self)} arrays)"
