"""The layer that a strided one is a part of."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from convgraph.layers.convolution import Conv
from convgraph.layers.pooling import AvgPool, MaxPool

__all__ = ["WINDOWS", "dense"]

WINDOWS = (Conv, MaxPool, AvgPool)


def dense(spec: Any, padding: tuple[Any, ...]) -> Any:
    """The same window at every position, with the padding that the strided layer has.

    A layer that derives from one of `WINDOWS` may have a padding of its own, and take no other; the
    dense one is of the class that it derives from.

    >>> dense(Conv(3, stride=2, padding="same"), ((1, 1),))
    Conv(3, padding=((1, 1),))
    """
    kind: Any = next(each for each in WINDOWS if isinstance(spec, each))
    given = {each.name: getattr(spec, each.name) for each in fields(kind) if each.init}
    return kind(**given | {"stride": 1, "padding": padding})
