"""A dict that refuses changes: attributes shared by many edges of a graph."""

from __future__ import annotations

from copy import deepcopy
from typing import Any, NoReturn

__all__ = ["ReadOnly"]


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

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("attributes of a network's graph are read-only; `graph.copy()` is writable")

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return {key: deepcopy(value, memo) for key, value in self.items()}

    def __reduce__(self) -> tuple[type[ReadOnly], tuple[dict[Any, Any]]]:
        return ReadOnly, (dict(self),)
