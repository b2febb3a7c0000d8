"""Pictures in units: arrays of numbers in shades of grey, and of yes and no in the theme's ink."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import hypot
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.figures.cells import bitmap
from convgraph.figures.images import image_mark
from convgraph.figures.panel import Mark, Unit
from convgraph.figures.theme import Theme

__all__ = ["as_picture", "pictures"]

SHARE = 0.82  # of a unit's side that a picture takes
LARGEST = 1024  # elements along a side
DRAWN = 64  # elements along a side of ink that is drawn, and not an image


def as_picture(place: str, values: Any) -> NDArray[Any]:
    """An array of rows of numbers, or of yes and no.

    >>> as_picture("image", [[True, False]]).dtype
    dtype('bool')
    """
    try:
        array = np.asarray(values)
        if array.dtype != bool:
            array = np.array(None) if array.dtype.kind == "c" else array.astype(float)
    except (TypeError, ValueError, OverflowError):
        array = np.array(None)
    if array.ndim != 2 or not array.size > 0 or max(array.shape) > LARGEST:
        colors = [axis for axis in (-1, 0) if array.ndim == 3 and array.shape[axis] == 3]
        grey = f"; np.mean(image, axis={colors[0]}) makes grey of colours" if colors else ""
        raise ConvgraphError(
            f"{place}: an array of rows of numbers, or of yes and no, at most {LARGEST} on a side"
            f"{grey}"
        )
    if not np.isfinite(array).all():
        raise ConvgraphError(f"{place}: finite numbers")
    return array


def pictures(
    units: Sequence[Unit], images: Mapping[str, NDArray[Any]], theme: Theme
) -> Iterator[Mark]:
    """The pictures in units, by the units' names."""
    for unit in units:
        if unit.name not in images:
            continue
        array, name = images[unit.name], f"picture,{unit.name}"
        # A circle has room for the diagonal, a diamond for both sides together.
        rows, columns = array.shape
        round_ = {"circle": hypot(rows, columns), "diamond": rows + columns}
        most = max(rows, columns, round_.get(unit.shape, 0))
        pixel = SHARE * 2 * theme.radius * unit.extent / most
        if array.dtype == bool and max(array.shape) <= DRAWN:
            _, *ink = bitmap(name, array, unit.x, unit.y, pixel)  # the unit is the frame
            yield from (replace(mark, fill=theme.ink) for mark in ink)
        else:
            image = image_mark(name, array, unit.x, unit.y, pixel)
            yield replace(image, fill="transparent")  # the unit is the frame
