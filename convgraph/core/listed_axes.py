"""Axes that are given by a table: any relation of bounded fan-in, and relations that lost taps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis, Positions
from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size

__all__ = ["Sieved", "Table"]


class Table(Axis):
    """Any relation of bounded fan-in, given by its table itself.

    Where it is a part of another relation, `places` are the numbers that its outputs have there,
    and `window_sizes` how many taps of each lie in the input or its padding.
    """

    def __init__(
        self,
        inputs: int,
        positions: NDArray[np.integer[Any]],
        places: NDArray[np.int64] | None = None,
        window_sizes: NDArray[np.int64] | None = None,
    ) -> None:
        table = np.array(positions, dtype=np.int64, order="C")
        if table.ndim != 2 or (table.size and not (table.min() >= -1 and table.max() < inputs)):
            raise ConvgraphError(
                f"positions of shape {table.shape}: an (outputs x taps) array of positions "
                f"below {inputs}, or -1"
            )
        table.flags.writeable = False
        self.inputs = inputs
        self._given = table
        self._places, self._sizes = places, window_sizes

    @staticmethod
    def part(axis: Axis, outputs: Positions) -> Table:
        """Some of the output positions of a relation.

        >>> from convgraph.core.repeat import Repeat
        >>> Table.part(Repeat(3, 2), np.array([1, 4])).table().tolist()
        [[0], [2]]
        """
        table, sizes = axis.table()[outputs], axis.window_sizes()[outputs]
        return Table(int(axis.inputs), table, axis.places()[outputs], sizes)

    @property
    def outputs(self) -> Size:  # type: ignore[override]
        return int(self._given.shape[0])

    @property
    def taps(self) -> Size:  # type: ignore[override]
        return int(self._given.shape[1])

    listed = True

    def _positions(self) -> Positions:
        return self._given

    def table(self) -> Positions:
        return self._given

    @property
    def copies(self) -> bool:
        return np.array_equal(self._given, np.arange(self.inputs)[:, None])

    def places(self) -> Positions:
        return super().places() if self._places is None else self._places

    def window_sizes(self) -> NDArray[np.int64]:
        return super().window_sizes() if self._sizes is None else self._sizes

    def _key(self) -> tuple[Any, ...]:
        arrays = self._given, self._places, self._sizes
        given = (None if array is None else array.tobytes() for array in arrays)
        return self.inputs, self._given.shape, *given

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Table) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Table(inputs={self.inputs}, positions={self._given.tolist()})"


class Sieved(Axis):
    """A relation with some of its taps dropped, as a mask on the weights drops them.

    The taps keep their numbers, so that the parameters keep theirs.

    >>> from convgraph.core.axis import Full
    >>> Sieved(Full(3, 2), np.array([[True, False, True], [False, False, True]])).table().tolist()
    [[0, -1, 2], [-1, -1, 2]]
    """

    def __init__(self, relation: Axis, kept: NDArray[np.bool_]) -> None:
        self.relation, self.kept = relation, np.array(kept, order="C")
        self.kept.flags.writeable = False
        self.inputs, self.outputs, self.taps = relation.inputs, relation.outputs, relation.taps

    listed = True

    @property
    def unmasked(self) -> Axis:
        return self.relation

    def _positions(self) -> Positions:
        return np.where(self.kept, self.relation.table(), -1)

    @property
    def placed(self) -> Size:
        return int(self.kept.sum())

    def _key(self) -> tuple[Any, ...]:
        return self.relation, self.kept.shape, self.kept.tobytes()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sieved) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return f"Sieved({self.relation!r}, {self.kept.tolist()})"
