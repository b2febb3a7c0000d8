"""Answers as plain data: what `to_dict` of a result holds, and JSON takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, overload

import numpy as np
import sympy as sp

__all__ = ["plain"]


@overload
def plain(value: Mapping[str, Any]) -> dict[str, Any]: ...
@overload
def plain(value: Any) -> Any: ...
def plain(value: Any) -> Any:
    """A value in what JSON knows: whole numbers stay numbers, other exact values become text.

    >>> from fractions import Fraction
    >>> plain({"density": Fraction(13, 25), "sizes": (3, sp.Symbol("n") + 1)})
    {'density': '13/25', 'sizes': [3, 'n + 1']}
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.integer | np.floating):
        return value.item()
    if isinstance(value, sp.Integer):
        return int(value)
    if isinstance(value, Fraction | sp.Basic):
        return str(value)
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(entry) for key, entry in value.items()}
    if isinstance(value, Iterable):
        return [plain(entry) for entry in value]
    return str(value)
