"""Checking arguments that are of a few kinds: switches, words, mappings."""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError

__all__ = ["as_array", "as_flag", "as_mapping", "as_number", "as_parameters", "as_word"]


def as_flag(argument: str, value: Any) -> bool:
    """Check a switch: a word for it ("no", say) would be true."""
    if not isinstance(value, bool):
        raise ConvgraphError(f"{argument}={value!r}: it is True or False")
    return value


def as_parameters(value: Any) -> Mapping[str, Any]:
    """Check what somebody gives for parameters, by their names or letters."""
    rule = "a dict from names or letters to numbers"
    given = as_mapping("parameters", value, rule)
    if not all(isinstance(name, str) for name in given):
        raise ConvgraphError(f"parameters={value!r}: {rule}")
    return given


def as_word(argument: str, value: Any, words: Collection[str], rule: str = "one of {}") -> str:
    """Check a word that is one of a few; what is no text may not even compare with them.

    >>> as_word("direction", [1], ("up", "right"))
    Traceback (most recent call last):
    ...
    convgraph.core.errors.ConvgraphError: direction=[1]: one of up, right
    """
    if not isinstance(value, str) or value not in words:
        raise ConvgraphError(f"{argument}={value!r}: {rule.format(', '.join(words))}")
    return value


def as_number(argument: str, value: Any, least: int, most: int | None, rule: str) -> int:
    """Check a whole number that is counted with: no symbol, and no truth value.

    >>> as_number("axis", 2, 0, 1, "one of 0 ... 1")
    Traceback (most recent call last):
    ...
    convgraph.core.errors.ConvgraphError: axis=2: one of 0 ... 1
    """
    try:
        number = least - 1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = least - 1
    if number < least or (most is not None and number > most):
        raise ConvgraphError(f"{argument}={value!r}: {rule}")
    return number


def as_array(value: Any) -> NDArray[Any]:
    """What somebody gives as numbers; no number, and nothing that looks like one, if it is none.

    >>> as_array([[1], [1, 2]]).shape
    ()
    """
    try:
        return np.asarray(value)
    except ValueError:  # rows of several lengths
        return np.asarray(None)


def as_mapping(argument: str, value: Any, rule: str) -> Mapping[Any, Any]:
    """Check a dict or its like; None is an empty one."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConvgraphError(f"{argument}={value!r}: {rule}")
    return value
