"""What to say of an attribute that an object does not have."""

from __future__ import annotations

import sys
from typing import Any

from convgraph.core.errors import nearest

__all__ = ["missing"]

PACKAGE = __name__.partition(".")[0]


def missing(value: Any, name: str, instead: str = "") -> AttributeError:
    """The error for an attribute that is missing; for its class's `__getattr__` to raise.

    Questions are functions here and no methods, which is said of those that there are; of what a
    class does another way, `instead` says which.

    >>> import convgraph as cg
    >>> missing(cg.Conv(3).on(5), "draw")
    AttributeError("'Network' object has no attribute 'draw'; it is a function: draw(network, ...)")
    """
    kind = type(value)
    if hasattr(kind, name):  # a property whose own code lacks one: it fails again, with its words
        object.__getattribute__(value, name)
    said = f"{kind.__name__!r} object has no attribute {name!r}"
    if name.startswith("_"):
        return AttributeError(said, name=name, obj=value)
    public = sys.modules[PACKAGE].__all__
    if instead:
        said += f"; {instead}"
    elif name in public and name.islower():
        said += f"; it is a function: {name}({kind.__name__.lower()}, ...)"
    else:
        said += nearest(name, [each for each in dir(value) if not each.startswith("_")])
    return AttributeError(said, name=name, obj=value)
