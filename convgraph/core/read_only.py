"""A dict that refuses changes: attributes shared by many edges of a graph."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NoReturn

__all__ = ["ReadOnly", "refuse"]


def refuse(self: Any, *_: Any, **__: Any) -> NoReturn:
    """A method that would change attributes."""
    raise TypeError("attributes of a network's graph are read-only; `graph.copy()` is writable")


class ReadOnly(dict[Any, Any]):
    """A dict whose copies are ordinary dicts; networkx makes its writable graphs from those.

    >>> shared = ReadOnly(parameter="w_1")
    >>> shared.copy() | {"colour": "grey"}
    {'parameter': 'w_1', 'colour': 'grey'}
    >>> shared["colour"] = "grey"
    Traceback (most recent call last):
    ...
    TypeError: attributes of a network's graph are read-only; `graph.copy()` is writable
    """

    __setitem__ = __delitem__ = __ior__ = refuse
    clear = pop = popitem = setdefault = update = refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return {key: deepcopy(value, memo) for key, value in self.items()}

    def __reduce__(self) -> tuple[type[ReadOnly], tuple[dict[Any, Any]]]:
        return ReadOnly, (dict(self),)
