"""The figures by their number; each is a function in a module of this package."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import NamedTuple

from convgraph.book.discovery import load_all
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.figures.figure import Figure

__all__ = ["figure", "figure_function", "figure_numbers", "figure_sizes", "make"]

Draw = Callable[..., Figure]


class Entry(NamedTuple):
    """A figure of the book: what draws it, and the sizes that one may give instead of its own."""

    title: str
    function: Draw
    sizes: dict[str, range]


_FIGURES: dict[str, Entry] = {}


def figure(number: str, title: str, **sizes: range) -> Callable[[Draw], Draw]:
    """Register the function that draws a figure, and between what its sizes may be chosen."""

    def register(function: Draw) -> Draw:
        assert number not in _FIGURES, f"figure {number} is drawn by two functions"
        names = inspect.signature(function).parameters
        assert set(names) == set(sizes), f"figure {number} takes {', '.join(names)}"
        _FIGURES[number] = Entry(title, function, {name: sizes[name] for name in names})
        return function

    return register


def _order(number: str) -> tuple[bool, list[int], str]:
    parts = number.split(".")
    numbered = all(part.isdigit() for part in parts)
    return not numbered, [int(part) for part in parts] if numbered else [], number


def figure_numbers() -> list[str]:
    """The numbers of all figures, in the book's order.

    >>> figure_numbers()[:2]
    ['9.2', '9.3']
    """
    load_all(__name__)
    return sorted(_FIGURES, key=_order)


def make(number: str, **sizes: int) -> Figure:
    """Draw a figure, of the book's sizes or of others.

    >>> make("9.4")
    Figure('Figure 9.4: receptive fields of deeper units': 15 units, 26 connections)
    >>> make("9.4", units=9, kernel=5)
    Figure('Figure 9.4: receptive fields of deeper units': 27 units, 78 connections)
    """
    title, function, known = _entry(number)
    for name, value in sizes.items():
        if name not in known:
            raise ConvgraphError(
                f"{name}={value!r}: figure {number} has no such size"
                + (f", but {' and '.join(known)}" if known else "")
            )
        if value not in known[name]:
            choices = ", ".join(map(str, known[name]))
            raise ConvgraphError(f"{name}={value!r}: in figure {number} it is one of {choices}")
    try:
        drawn = function(**sizes)
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            raise
        raise ConvgraphError(
            f"figure={number!r}: its photograph comes with matplotlib; "
            "pip install 'convgraph[plot]'"
        ) from error
    return drawn.titled(f"Figure {number}: {title}" if number[0].isdigit() else title.capitalize())


def figure_function(number: str) -> Draw:
    """The function that draws a figure, to be read beside it."""
    return _entry(number).function


def figure_sizes(number: str) -> dict[str, range]:
    """The sizes that one may give a figure instead of the book's, and between what.

    >>> figure_sizes("9.4")
    {'units': range(3, 10), 'kernel': range(1, 6)}
    """
    return _entry(number).sizes


def _entry(number: str) -> Entry:
    known = figure_numbers()
    if number not in _FIGURES:
        raise ConvgraphError(
            f"figure={number!r}: a figure is one of {', '.join(known)}{nearest(number, known)}"
        )
    return _FIGURES[number]
