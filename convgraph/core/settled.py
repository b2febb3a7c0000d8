"""Whether what equals a thing is that thing again, so that what was found of one is kept for all.

Classes of a user's may hold more than they compare (a subclass of a frozen class compares the
fields that its parent has) or be altered later; of those nothing is kept.
"""

from __future__ import annotations

from dataclasses import fields
from fractions import Fraction
from typing import Any

import sympy as sp

__all__ = ["settled"]

PLAIN = (int, str, bool, type(None), Fraction)
OURS = __name__.partition(".")[0]


def settled(thing: Any) -> bool:
    """Whether a thing is made of numbers, words and dataclasses of this library alone.

    >>> from convgraph import Conv
    >>> class Own(Conv):
    ...     pass
    >>> settled(Conv(3) >> Conv(2)), settled(Own(3)), settled(Conv([3, 3]))
    (True, False, False)
    """
    kind = type(thing)
    if kind in PLAIN or isinstance(thing, sp.Basic):
        return True
    if kind is tuple:
        return all(map(settled, thing))
    # is_dataclass would say yes of a subclass of one
    own = "__dataclass_fields__" in vars(kind)
    ours = own and kind.__module__.partition(".")[0] == OURS
    return ours and all(settled(getattr(thing, each.name)) for each in fields(thing))
