"""What stands in units that show a value in place of their name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.figures.lettering import fits, fitted, wrapped

__all__ = ["written_values"]

EXACT, ROUNDED = 4, 3  # digits of a decimal that has no more, and of one that has
LEAST, MOST = -3, 5  # powers of ten from and up to which decimals are written without them
LONGEST = 10**20  # of which no unit has room for all digits
ONE_LINE = 1.3
_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def written_values(
    network: Network, values: Mapping[str, Any] | None, room: float, font: str = "Times"
) -> dict[str, str]:
    """What stands in units that show a value instead of their name; they are `room` points wide."""
    if values is not None and not isinstance(values, Mapping):
        raise ConvgraphError(f"values={values!r}: a dict from rows or units to numbers")
    result = {}
    for key, value in (values or {}).items():
        row = next((row for row in network.rows if row.name == key), None)
        if row is None:
            network.find(key)
            result[key] = _written(value, room, font)
            continue
        array = np.asarray(value, dtype=object)
        if array.size != row.size:
            raise ConvgraphError(
                f"values[{key!r}]={value!r}: one value for each of the {row.size} units of the row"
            )
        texts = (_written(each, room, font) for each in array.ravel().tolist())
        result.update(zip(row.units(), texts, strict=True))
    return result


def _written(value: Any, room: float, font: str) -> str:
    """A value as a person writes it: exact where that has room, else with few digits.

    >>> [_written(value, 27, "Times") for value in (0.1, 1.0, -0.25, 1 / 3, "...", 1200)]
    ['.1', '1', '−.25', '.333', '...', '1200']
    >>> [_written(value, 27, "Times") for value in (Fraction(22, 7), 1234567, 1.5e-10, 1e6)]
    ['22/7', '1234567', '1.5\\n×10⁻¹⁰', '10⁶']
    """
    if getattr(value, "is_Float", False):  # of SymPy
        value = float(value)
    if not isinstance(value, Fraction | int | float | np.number):
        return wrapped(str(value), room, font)
    text = ""
    for alike in _forms(value):
        # In one line, but where it is much smaller than in two.
        size = {
            each: fitted(each, 100, room, font) * (1 if "\n" in each else ONE_LINE)
            for each in alike
            if fits(each, room, font)
        }
        if size:
            return max(size, key=lambda each: size[each])
        text = alike[-1]
    return text


def _forms(value: Any) -> Iterator[list[str]]:
    """Ways to write a number, the best first; those that say the same together."""
    if isinstance(value, float | np.floating):
        exact = float(value)
        if not math.isfinite(exact):
            yield ["NaN" if math.isnan(exact) else _signed("∞", exact < 0)]
            return
        decimal, short = Decimal(exact), float(f"{exact:.{EXACT}g}") == exact
    else:
        fraction = Fraction(value)
        above, below = fraction.numerator, fraction.denominator
        if max(abs(above), below) < LONGEST:
            parts = [str(abs(above)), *([str(below)] if below > 1 else [])]
            yield [_signed(joint.join(parts), above < 0) for joint in ("/", "/\n")[: len(parts)]]
        decimal, short = Decimal(above) / Decimal(below), False
    # What has few digits is shown with all of them.
    for digits in (EXACT if short else ROUNDED, 2, 1):
        yield _decimal(decimal, digits)


def _decimal(value: Decimal, digits: int) -> list[str]:
    """A number with so many digits that are not zeros before it, in one line and in two.

    >>> _decimal(Decimal("-0.0123"), 2), _decimal(Decimal("1234567"), 3)
    (['−.012'], ['1.23×10⁶', '1.23\\n×10⁶'])
    """
    mantissa, exponent = f"{abs(value):.{digits - 1}e}".split("e")
    power = int(exponent) if value else 0
    if LEAST <= power < MOST:
        text = f"{abs(value):.{max(0, digits - 1 - power)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return [_signed(text.removeprefix("0") or "0", value < 0)]
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    ten = f"10{exponent.lstrip('+').translate(_RAISED)}"
    if mantissa == "1":
        return [_signed(ten, value < 0)]
    return [_signed(f"{mantissa}{joint}{ten}", value < 0) for joint in ("×", "\n×")]


def _signed(text: str, negative: bool) -> str:
    """A number as the book writes it, without the zero before the point, behind its sign."""
    return f"−{text}" if negative and text != "0" else text
