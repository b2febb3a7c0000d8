"""Measurements side by side in one run: ours, what a user would pick otherwise, and the ratio."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

__all__ = ["GROUPS", "Result", "against", "benchmark", "best", "figure", "seconds"]


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    what: str
    ours: str
    other: str
    ratio: str
    goal: str


GROUPS: dict[str, Callable[[], Iterator[Result]]] = {}


def benchmark(title: str) -> Callable[[Callable[[], Iterator[Result]]], Any]:
    """Register a function that yields the lines of a table under a title."""

    def register(function: Callable[[], Iterator[Result]]) -> Callable[[], Iterator[Result]]:
        GROUPS[title] = function
        return function

    return register


def best(
    function: Callable[[], Any], repeat: int = 5, clock: Callable[[], float] = time.perf_counter
) -> float:
    """The shortest of several runs, in seconds: the one that others disturbed least."""
    times = []
    for _ in range(repeat):
        start = clock()
        function()
        times.append(clock() - start)
    return min(times)


def seconds(value: float) -> str:
    """A duration for the table.

    >>> seconds(0.00123), seconds(2.5)
    ('1.23 ms', '2.50 s')
    """
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if value >= size:
            return f"{value / size:.3g} {unit}" if unit == "ms" else f"{value:.2f} s"
    return f"{value * 1e6:.3g} µs"


def against(
    what: str,
    ours: Callable[[], Any],
    other: Callable[[], Any],
    goal: str = "",
    repeat: int = 5,
    repeat_other: int = 1,
) -> Result:
    """Time both; the ratio says how many times faster ours is."""
    mine, theirs = best(ours, repeat), best(other, repeat_other)
    ratio = theirs / mine
    shown = f"{ratio:,.0f}x" if ratio >= 10 else f"{ratio:.2f}x"
    return Result(what, seconds(mine), seconds(theirs), shown, goal)


def figure(what: str, value: str, goal: str = "", other: str = "", ratio: str = "") -> Result:
    """A number that stands for itself, such as bytes an edge."""
    return Result(what, value, other, ratio, goal)
