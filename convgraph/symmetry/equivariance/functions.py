"""What is known of labels and of functions of one value: exact numbers, and zero at zero."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import Reduction

__all__ = ["keeps_zero", "rational"]


@lru_cache(maxsize=256)
def keeps_zero(reduction: Reduction) -> bool:
    """Whether a function of one value is zero at zero, as far as that is known.

    >>> from convgraph import Activation, ReLU
    >>> [keeps_zero(f.reduction()) for f in (ReLU(), Activation("tanh"), Activation("phi"))]
    [True, True, False]
    """
    if not reduction.pointwise:
        return False
    try:
        if sp.sympify(reduction.exact([sp.S.Zero])) == 0:
            return True
        with np.errstate(all="ignore"):
            return bool(reduction.fast(np.zeros(1), np.zeros(1, np.int64))[0] == 0)
    except (ConvgraphError, TypeError, ValueError):
        return False


def rational(value: sp.Expr) -> sp.Rational | None:
    """A number as a fraction, floating-point numbers as what they are exactly; else None.

    >>> rational(sp.Float(0.5)), rational(sp.sqrt(2)) is None
    (1/2, True)
    """
    if isinstance(value, sp.Float):
        return sp.Rational(value)
    return value if isinstance(value, sp.Rational) else None
