"""Single numbers of a model as exact sympy numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.importers.values import Known

__all__ = ["exact", "scalar"]


def exact(value: Any) -> sp.Expr:
    """The shortest decimal number that a float stands for, as a fraction.

    >>> exact(np.float32(0.1)), exact(3), exact(float("-inf"))
    (1/10, 3, -oo)
    """
    if isinstance(value, sp.Expr):
        return value
    if isinstance(value, int | np.integer | bool | np.bool_):
        return sp.Integer(int(value))
    if isinstance(value, str | bytes | complex | np.complexfloating):
        raise ConvgraphError(f"value={value!r}: a real number")
    if not np.isfinite(value):
        return sp.nan if np.isnan(value) else sp.oo * int(np.sign(value))
    return sp.Rational(str(value))


def scalar(known: Known | None) -> sp.Expr | None:
    """The one entry of a tensor that holds one and has its value at hand, or None."""
    if known is None or known.size != 1 or not known.there:
        return None
    return exact(known.values().reshape(-1)[0])
