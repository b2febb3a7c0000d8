"""What the axes of a row are of: channels, or positions of the input's space.

A transformer's tokens are positions and its features channels, wherever they stand in a shape. What
an axis of the input is of is carried through the layers: an axis that reads another is of the same,
one that reads nothing along it is of channels, and a reshaping divides and joins them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import TypeAlias

from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.wiring import Product

__all__ = ["axis_words"]

# What an axis is of: factors of its size, from the outer to the inner, each by name.
Factors: TypeAlias = "tuple[tuple[str, int], ...]"
SPACE = {1: ("position",), 2: ("row", "column"), 3: ("slice", "row", "column")}


def axis_words(network: Network) -> dict[str, list[str]]:
    """For each row the names of its axes, as far as they are known.

    >>> import convgraph as cg
    >>> axis_words((cg.Conv((2, 2), 4) >> cg.Flatten()).on((3, 5, 6)))
    {'x': ['channel', 'row', 'column'], 'h': ['channel', 'row', 'column'], 'g': ['unit']}
    """
    known: dict[str, tuple[Factors, ...]] = {}
    for row in network.rows:
        given = (
            _of_input(row) if row in network.inputs else _computed(network.layer(row.name), known)
        )
        if given is not None:
            known[row.name] = given
    return {name: [_name(factors) for factors in axes] for name, axes in known.items()}


def _of_input(row: Row) -> tuple[Factors, ...] | None:
    sizes, first = row.numbers(), int(row.channels)
    words = SPACE.get(len(sizes) - first)
    if words is None:
        return None
    named = ("channel",) * first + words
    return tuple(((name, n),) for name, n in zip(named, sizes, strict=True))


def _name(factors: Factors) -> str:
    names = {name for name, size in factors if size > 1} or {name for name, _ in factors}
    if len(names) == 1:
        return names.pop()
    return "unit" if names & {"channel", "unit"} else "position"


def _computed(layer: Layer, known: dict[str, tuple[Factors, ...]]) -> tuple[Factors, ...] | None:
    found: tuple[Factors, ...] | None = None
    for joint in layer.joints:
        given = known.get(joint.source.name)
        if given is None or not isinstance(joint.wiring, Product):
            continue
        view = _regrouped(given, joint.source.numbers(), tuple(map(int, joint.wiring.in_view)))
        axes = _read(joint, view) if view is not None else None
        if axes is None:
            continue
        sizes = tuple(map(int, joint.wiring.out_view))
        named = tuple(a or (("", n),) for a, n in zip(axes, sizes, strict=True))
        own = _regrouped(named, sizes, layer.target.numbers())
        if own is None:
            continue
        found = own if found is None else tuple(map(_better, found, own))
    if found is None:
        return None
    return tuple(tuple((name or "channel", n) for name, n in factors) for factors in found)


def _better(one: Factors, other: Factors) -> Factors:
    """Of what two joints say of an axis, what says the more; not both know of all axes."""
    return one if all(name for name, size in one if size > 1) else other


def _read(joint: Joint, view: tuple[Factors, ...]) -> list[Factors | None]:
    """What each axis of the wiring's outputs is of; None where it reads nothing along its own."""
    wiring = joint.wiring
    assert isinstance(wiring, Product)
    found: list[Factors | None] = []
    for a, axis in enumerate(wiring.axes):
        before, outputs = view[wiring.order[a]], int(axis.outputs)
        if int(axis.inputs) == 1 and outputs > 1:
            found.append(None)
        elif axis.copies or (axis.outputs == axis.inputs and axis.taps == 1):
            found.append(before)
        else:
            found.append(((_name(before), outputs),))
    return found


def _regrouped(
    axes: Sequence[Factors], sizes: tuple[int, ...], wanted: tuple[int, ...]
) -> tuple[Factors, ...] | None:
    """The axes of a row under another view of it."""
    if sizes == wanted:
        return tuple(axes)
    if prod(sizes) != prod(wanted):
        return None
    rest = [factor for factors in axes for factor in factors if factor[1] > 1]
    found = []
    for n in wanted:
        taken = list(_taken(rest, n))
        if prod(size for _, size in taken) != n:
            return None
        found.append(tuple(taken) or (("", 1),))
    return tuple(found)


def _taken(rest: list[tuple[str, int]], n: int) -> Iterator[tuple[str, int]]:
    """Factors from the front of a list whose product is n, the last one divided if need be."""
    while n > 1 and rest:
        name, size = rest.pop(0)
        if n % size == 0:
            yield name, size
            n //= size
        elif size % n == 0:
            rest.insert(0, (name, size // n))
            yield name, n
            n = 1
        else:
            return
