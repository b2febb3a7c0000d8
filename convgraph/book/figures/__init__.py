"""The figures by their number; each is a function in a module of this package."""

from __future__ import annotations

from collections.abc import Callable

from convgraph.book.discovery import load_all
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.figures.figure import Figure

__all__ = ["figure", "figure_function", "figure_numbers", "make"]

_FIGURES: dict[str, tuple[str, Callable[[], Figure]]] = {}


def figure(number: str, title: str) -> Callable[[Callable[[], Figure]], Callable[[], Figure]]:
    """Register the function that draws a figure."""

    def register(function: Callable[[], Figure]) -> Callable[[], Figure]:
        assert number not in _FIGURES, f"figure {number} is drawn by two functions"
        _FIGURES[number] = (title, function)
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


def make(number: str) -> Figure:
    """Draw a figure.

    >>> make("9.4")
    Figure('Figure 9.4: receptive fields of deeper units': 15 units, 26 connections)
    """
    title, function = _entry(number)
    return function().titled(
        f"Figure {number}: {title}" if number[0].isdigit() else title.capitalize()
    )


def figure_function(number: str) -> Callable[[], Figure]:
    """The function that draws a figure, to be read beside it."""
    return _entry(number)[1]


def _entry(number: str) -> tuple[str, Callable[[], Figure]]:
    known = figure_numbers()
    if number not in _FIGURES:
        raise ConvgraphError(
            f"figure={number!r}: a figure is one of {', '.join(known)}{nearest(number, known)}"
        )
    return _FIGURES[number]
