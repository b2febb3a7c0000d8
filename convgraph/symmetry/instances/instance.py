"""One instance at which a statement was found to hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["Instance"]


@dataclass(frozen=True)
class Instance:
    """One instance at which a statement was found to hold.

    Attributes
    ----------
    values
        Numbers for the symbols, those of sizes among them.
    shape
        The shape of the input.
    compared
        How many outputs were compared: all that the statement speaks of.
    how
        "every edge"; or, for a network of too many, "along axis 0", with one channel in each row.
    """

    values: Mapping[str, int]
    shape: tuple[int, ...]
    compared: int
    how: str = "every edge"
