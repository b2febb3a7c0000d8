"""The one way into sympy: numbers and expressions, and never a text.

`sympy.sympify` runs a text as a program of Python, wherever it comes from: a tensor of a model, a
label, a tuple in an array.
"""

from __future__ import annotations

from numbers import Number
from typing import Any

import numpy as np
import sympy as sp

from convgraph.core.errors import ConvgraphError

__all__ = ["sympified"]

TAKEN = (sp.Basic, Number, np.bool_)


def sympified(value: Any) -> Any:
    """A number as sympy has it; what sympy has already is the same.

    >>> sympified(3), sympified(sp.Symbol("n"))
    (3, n)
    >>> sympified("2 + 1")
    Traceback (most recent call last):
    convgraph.core.errors.ConvgraphError: '2 + 1': a number or an expression of sympy, and no text
    """
    if not isinstance(value, TAKEN):
        shown = repr(value)[:60]
        raise ConvgraphError(f"{shown}: a number or an expression of sympy, and no text")
    return sp.sympify(value)
