"""The edges of a unit as networkx reads them: neighbours, keys and attributes.

A row holds numbers of labels. What stands for the edges to a neighbour is made when it is asked
for and let go of afterwards; a label becomes a symbol when somebody reads it.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, ValuesView
from functools import lru_cache
from typing import Any

import sympy as sp

from convgraph.core.labels import Labels
from convgraph.core.read_only import refuse

__all__ = ["Attributes", "Keys", "Label", "UnitEdges"]

# Labels whose attributes are kept, so that edges with one label share them; those of more are made
# for each edge that is looked at, as they would fill memory.
FEW = 1 << 15


class Label(Mapping[str, sp.Expr]):
    """The attributes of an edge, {"parameter": its label}: read-only, a copy is a dict.

    networkx hands them out with every edge that it passes, mostly to nobody.
    """

    __slots__ = ("_labels", "_number")

    def __init__(self, number: int, labels: Labels) -> None:
        self._number, self._labels = number, labels

    def __getitem__(self, name: str) -> sp.Expr:
        if name != "parameter":
            raise KeyError(name)
        return self._labels[self._number]

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute, or a default where there is no such."""
        return self._labels[self._number] if name == "parameter" else default

    def __iter__(self) -> Iterator[str]:
        return iter(("parameter",))

    def __len__(self) -> int:
        return 1

    def copy(self) -> dict[str, sp.Expr]:
        """The same in a dict that can be written."""
        return {"parameter": self._labels[self._number]}

    def __deepcopy__(self, memo: object) -> dict[str, sp.Expr]:
        return self.copy()

    def __repr__(self) -> str:
        return repr(self.copy())

    __setitem__ = __delitem__ = update = pop = clear = setdefault = refuse


class Attributes:
    """The attributes of edges by label; where labels are few, all edges of one share them."""

    def __init__(self, labels: Labels) -> None:
        self.labels = labels
        self.of = lru_cache(None)(self._new) if len(labels) <= FEW else self._new

    def _new(self, label: int) -> Label:
        return Label(label, self.labels)

    def __reduce__(self) -> tuple[type[Attributes], tuple[Labels]]:
        return Attributes, (self.labels,)


class Keys(Mapping[int, Label]):
    """{key: attributes} of the edges between two units: one, or several where a border wraps."""

    __slots__ = ("_attributes", "_labels")

    def __init__(self, labels: tuple[int, ...], attributes: Attributes) -> None:
        self._labels, self._attributes = labels, attributes

    def __getitem__(self, key: int) -> Label:
        if key in range(len(self._labels)):
            return self._attributes.of(self._labels[key])
        raise KeyError(key)

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self._labels)))

    def __len__(self) -> int:
        return len(self._labels)

    def items(self) -> ItemsView[int, Label]:
        """Pairs of a key and attributes."""
        return self.copy().items()

    def copy(self) -> dict[int, Label]:
        """The same in a dict."""
        return dict(enumerate(map(self._attributes.of, self._labels)))

    def __repr__(self) -> str:
        return repr(self.copy())


class UnitEdges(Mapping[str, Keys]):
    """{neighbour: keys} of a unit, over the numbers of the edges' labels."""

    __slots__ = ("attributes", "labels")

    def __init__(self, neighbours: list[str], labels: list[int], attributes: Attributes) -> None:
        self.attributes = attributes
        self.labels: dict[str, tuple[int, ...]] = dict(zip(neighbours, zip(labels), strict=True))
        if len(self.labels) < len(neighbours):
            several: dict[str, list[int]] = {}
            for neighbour, label in zip(neighbours, labels, strict=True):
                several.setdefault(neighbour, []).append(label)
            self.labels = {name: tuple(each) for name, each in several.items()}

    def made(self, labels: tuple[int, ...]) -> Keys:
        """The keys of edges with these labels."""
        return Keys(labels, self.attributes)

    def __getitem__(self, neighbour: str) -> Keys:
        return Keys(self.labels[neighbour], self.attributes)

    def __iter__(self) -> Iterator[str]:
        return iter(self.labels)

    def __len__(self) -> int:
        return len(self.labels)

    def __contains__(self, neighbour: object) -> bool:
        return neighbour in self.labels

    def items(self) -> ItemsView[str, Keys]:
        """Pairs of a neighbour and keys."""
        return Items(self)

    def values(self) -> ValuesView[Keys]:
        """The keys for each neighbour."""
        return Values(self)

    def copy(self) -> dict[str, Keys]:
        """The same in a dict."""
        return dict(self)

    def __repr__(self) -> str:
        return repr(self.copy())


class Items(ItemsView[str, Keys]):
    """Pairs as `dict.items` has them, without a look-up for each."""

    __slots__ = ()
    _mapping: UnitEdges

    def __iter__(self) -> Iterator[tuple[str, Keys]]:
        return zip(self._mapping.labels, Values(self._mapping), strict=True)


class Values(ValuesView[Keys]):
    """Values as `dict.values` has them, without a look-up for each."""

    __slots__ = ()
    _mapping: UnitEdges

    def __iter__(self) -> Iterator[Keys]:
        return map(self._mapping.made, self._mapping.labels.values())
