"""A concrete function for each unknown one: what is claimed of all functions breaks if it does."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import lru_cache

__all__ = ["Instance", "instance"]


@dataclass(frozen=True)
class Instance:
    """The function rising * t + constant for t > 0, and falling * t + constant for t < 0."""

    rising: int
    falling: int
    constant: int


@lru_cache(maxsize=1024)
def instance(name: str) -> Instance:
    """The function that stands for an unknown one: it has a kink, and is not zero at zero.

    >>> instance("phi") == instance("phi"), instance("phi") == instance("psi")
    (True, False)
    """
    code = zlib.crc32(name.encode())
    return Instance(3 + code % 5, 1 + code // 5 % 2, 1 + code // 10 % 89)
