"""What the units of a row see that has other rows in line along an axis, part by part.

A class token beside the h x w tokens of an image makes an axis of 1 + h w positions, along which
nothing moves evenly; nor do the boxes of several images that a detector lists one after the other.
Taken as one, each position is a class of its own. But layers that read each position by itself, all
of them, or the rows that were put in line again, read the parts one by one, in which units move as
they did before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from convgraph.core.axis import Axis, Full
from convgraph.core.sizes import is_symbolic, product
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Product, Wiring
from convgraph.interactions.sums_of_states import Sum

__all__ = [
    "Part",
    "Segments",
    "Total",
    "in_order",
    "lies_on_several",
    "parts_read",
    "shares",
    "varies_along",
]

P = TypeVar("P")


@dataclass(frozen=True, eq=False)
class Segments(Generic[P]):
    """What a row's units see, part by part along one of its axes.

    Attributes
    ----------
    before, inside
        How many units the row has for each one along the axis, of those that its axis divides and
        of those that lie between neighbours along it.
    parts
        How many positions each part has, and what its units see: a sum of no terms for nothing.
    """

    before: int
    inside: int
    parts: tuple[tuple[int, Total[P]], ...]

    @cached_property
    def length(self) -> int:
        """The positions along the axis."""
        return sum(size for size, _ in self.parts)

    @cached_property
    def whole(self) -> tuple[Sum[P], ...]:
        """The parts, and the parts of these, in which units see something."""
        return tuple(whole for _, part in self.parts for whole in part.whole)

    @property
    def moves(self) -> tuple[int | None, ...]:
        """No axis of the row moves, as a whole, over one of the input."""
        return (None,) * len(self.whole[0].moves)

    @property
    def payloads(self) -> Iterator[P]:
        """What the units of all parts see."""
        return (payload for whole in self.whole for payload in whole.payloads)


Total: TypeAlias = "Sum[P] | Segments[P]"


class Part(NamedTuple, Generic[P]):
    """A part that a layer reads: so many positions of its result read it by a wiring of their own.

    Where they read nothing there is no wiring.
    """

    size: int
    read: Total[P]
    wiring: Product | None


def shares(total: Total[P], of: Fraction = Fraction(1)) -> Iterator[tuple[Sum[P], Fraction]]:
    """The parts of a row in which units see something, with their shares of the row's units."""
    if isinstance(total, Sum):
        if total.whole:
            yield total, of
        return
    for size, part in total.parts:
        yield from shares(part, of * Fraction(size, total.length))


def lies_on_several(total: Total[P], inside: int, size: int) -> bool:
    """Whether units move along a part of an axis only: it would have to be taken for several.

    The axis has `size` positions, with so many units inside of each.
    """
    if isinstance(total, Segments):
        return total.inside >= inside and total.inside * total.length <= inside * size
    view = total.view
    if is_symbolic(*view):
        return False
    for moved in total.moves:
        if moved is None:
            continue
        below, here = int(product(view[moved + 1 :])), int(view[moved])
        if here < size and below >= inside and below * here <= inside * size:
            return True
    return False


def varies_along(total: Sum[P], length: int, inside: int) -> bool:
    """Whether units are in different classes at different positions along an axis."""
    for state, _ in total.terms:
        below = 1
        for size, classes in zip(reversed(state.view), reversed(state.classes.shape), strict=True):
            end = below * int(size)
            if classes > 1 and end > inside and below < inside * length:
                return True
            below = end
    return False


def parts_read(
    total: Segments[P], wiring: Wiring
) -> tuple[list[Part[P]], Segments[P] | None] | None:
    """What a layer reads of each part; None where its axes tell the parts not apart.

    With the places of these along an axis of the result, as segments without parts; without, where
    all of them are read at once.
    """
    if not isinstance(wiring, Product):
        return None
    view = wiring.in_view
    # the axis in line is the one that is as long, with as many units inside of each position
    at = next(
        (
            place
            for place, size in enumerate(view)
            if size == total.length and product(view[place + 1 :]) == total.inside
        ),
        None,
    )
    if at is None or is_symbolic(*wiring.out_view):
        return None
    place = wiring.order.index(at)
    axis = wiring.axes[place]
    if axis.full:
        every = [
            Part(size, part, _with_axis(wiring, place, Full(size, axis.outputs)))
            for size, part in total.parts
            if part.whole
        ]
        return every, None
    if axis.sliding is None or axis.taps != 1 or axis.stride != 1 or axis.boundary != "zeros":
        return None
    found = _taken(total, wiring, place, int(axis.padding), int(axis.outputs))
    before, inside = (
        int(product(sizes)) for sizes in (wiring.out_view[:place], wiring.out_view[place + 1 :])
    )
    return found, Segments(before, inside, ())


def _taken(
    total: Segments[P], wiring: Product, place: int, moved: int, outputs: int
) -> list[Part[P]]:
    """The parts along an axis that is cut off, or longer than before by positions of nothing."""
    nothing: Sum[P] = Sum(())
    found: list[Part[P]] = []
    if moved > 0:
        found.append(Part(min(moved, outputs), nothing, None))
    end = moved
    for size, part in total.parts:
        first, last = max(end, 0), min(end + size, outputs)
        if first < last:
            same = last - first == size
            cut = identity(size) if same else Window(size, last - first, 1, padding=end - first)
            through = _with_axis(wiring, place, cut) if part.whole else None
            found.append(Part(last - first, part, through))
        end += size
    if end < outputs:
        found.append(Part(outputs - max(end, 0), nothing, None))
    return found


def _with_axis(wiring: Product, place: int, axis: Axis) -> Product:
    axes = (*wiring.axes[:place], axis, *wiring.axes[place + 1 :])
    return Product(axes, wiring.order)


def in_order(parts: Sequence[tuple[int, Total[P]]]) -> tuple[tuple[int, Total[P]], ...]:
    """Parts of which neighbours that see nothing are one."""
    found: list[tuple[int, Total[P]]] = []
    for size, part in parts:
        if found and not part.whole and not found[-1][1].whole:
            found[-1] = found[-1][0] + size, part
        elif size:
            found.append((size, part))
    return tuple(found)
