"""What stands in units that show a value in place of their name."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network

__all__ = ["written_values"]


def written_values(network: Network, values: Mapping[str, Any] | None) -> dict[str, str]:
    """What stands in units that show a value instead of their name."""
    if values is not None and not isinstance(values, Mapping):
        raise ConvgraphError(f"values={values!r}: a dict from rows or units to numbers")
    result = {}
    for key, value in (values or {}).items():
        row = next((row for row in network.rows if row.name == key), None)
        if row is None:
            network.find(key)
            result[key] = _number(value)
            continue
        array = np.asarray(value, dtype=object)
        if array.size != row.size:
            raise ConvgraphError(
                f"values[{key!r}]={value!r}: one value for each of the {row.size} units of the row"
            )
        result.update(zip(row.units(), map(_number, array.ravel().tolist()), strict=True))
    return result


def _number(value: Any) -> str:
    """A value as the book writes it, without the zero before the point.

    >>> _number(0.1), _number(1.0), _number(-0.25), _number("...")
    ('.1', '1', '-.25', '...')
    """
    if isinstance(value, Fraction) or not isinstance(value, int | float | np.number):
        return str(value)
    text = f"{float(value):.4g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
