"""The one place where zero-based positions become the one-based names that people read.

Units are `x1`, `x2,3` or `x1,2,3` (channel first), parameters `w_1` or `w_1_2_3`. A row whose
name ends in a digit is set off by a colon, so that unit 13 of `h1` (`h1:13`) and unit 3 of `h11`
(`h11:3`) differ.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError

__all__ = [
    "PRINTED",
    "check_name",
    "check_printed",
    "parameter_name",
    "parse_unit",
    "row_prefix",
    "split_parameter",
    "unit_name",
    "unit_names",
]

PRINTED = "a name is of characters that are printed, and commands no log"
LONGEST = 20_000  # characters of a name; a picture of one of a million takes minutes
MOST_DIGITS = 18  # of a position


def row_prefix(row: str) -> str:
    """What stands before the subscript in the names of a row's units.

    >>> row_prefix("x"), row_prefix("h1")
    ('x', 'h1:')
    """
    return row + ":" if row[-1:].isdigit() else row


def unit_name(row: str, index: Sequence[int]) -> str:
    """The name of the unit at a zero-based index of a row.

    >>> unit_name("x", (1, 2))
    'x2,3'
    """
    return row_prefix(row) + ",".join(str(int(i) + 1) for i in index)


def unit_names(row: str, shape: Sequence[int]) -> list[str]:
    """The names of all units of a row, in row-major order.

    >>> unit_names("x", (2, 2))
    ['x1,1', 'x1,2', 'x2,1', 'x2,2']
    """
    axes = [[str(i) for i in range(1, n + 1)] for n in shape]
    prefix = row_prefix(row)
    return [prefix + ",".join(index) for index in itertools.product(*axes)]


def parse_unit(name: str, row: str, shape: Sequence[int]) -> tuple[int, ...] | None:
    """The zero-based index that a name has in a row, or None if it is not of this row.

    >>> parse_unit("x2,3", "x", (5, 5))
    (1, 2)
    >>> parse_unit("x9", "x", (5,)) is None
    True
    """
    prefix = row_prefix(row)
    if not name.startswith(prefix):
        return None
    parts = name[len(prefix) :].split(",")
    if len(parts) != len(shape) or not all(map(_is_position, parts)):
        return None
    index = tuple(int(p) - 1 for p in parts)
    return index if all(i < n for i, n in zip(index, shape, strict=True)) else None


def parameter_name(letter: str, index: Sequence[int]) -> str:
    """The name of the entry at a zero-based index of a parameter array.

    >>> parameter_name("w", (0, 2))
    'w_1_3'
    >>> parameter_name("b", ())
    'b'
    """
    return "_".join([letter, *(str(int(i) + 1) for i in index)])


def split_parameter(name: str, letter: str, rank: int) -> tuple[int, ...] | None:
    """The zero-based index that a parameter's name has under a letter, or None.

    >>> split_parameter("w_1_3", "w", 2)
    (0, 2)
    """
    head, *parts = name[len(letter) :].split("_") if name.startswith(letter) else ["?"]
    if head or len(parts) != rank or not all(map(_is_position, parts)):
        return None
    return tuple(int(p) - 1 for p in parts)


def _is_position(text: str) -> bool:
    """Whether a text counts from 1, in digits as they are written here."""
    return text.isascii() and text.isdigit() and text[0] != "0" and len(text) <= MOST_DIGITS


def check_name(argument: str, name: str) -> str:
    """A name for a row or a parameter array that reads unambiguously in unit names."""
    if not isinstance(name, str) or not name or name != name.strip():
        raise ConvgraphError(
            f"{argument}={name!r}: a name is a non-empty string without spaces around it"
        )
    if not escape.is_plain(name):
        raise ConvgraphError(f"{argument}={name!r}: {PRINTED}")
    _check_length(argument, name)
    return name


def check_printed(name: str) -> None:
    """Refuse a name that would command the terminal or the log that it is shown on.

    It may have lines.
    """
    if name != escape.log(name):
        raise ConvgraphError(f"name={name!r}: {PRINTED}")
    _check_length("name", name)


def _check_length(argument: str, name: str) -> None:
    if len(name) > LONGEST:
        raise ConvgraphError(
            f"{argument}={name[:40]!r}...: {len(name):,} characters; a name has at most {LONGEST:,}"
        )
