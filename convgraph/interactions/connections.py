"""How many connections and parameters a layer has, lacks, and would have if it were dense."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from convgraph.core.layer import Layer
from convgraph.core.sizes import Size, is_symbolic, product
from convgraph.core.tying import Explicit
from convgraph.core.wiring import Listed
from convgraph.importers.node import Operator
from convgraph.layers.merging import Concat

__all__ = [
    "dense_connections",
    "is_concat",
    "layer_parameters",
    "missing_connections",
    "simplest",
    "summed",
]


def is_concat(layer: Layer) -> bool:
    """Whether a layer lays rows side by side, so that each leaves places to the others."""
    spec = layer.spec
    return isinstance(spec, Concat) or (isinstance(spec, Operator) and spec.op == "Concat")


def dense_connections(layer: Layer) -> Size:
    """The number of pairs of a unit of a row that the layer reads and one that it computes."""
    sources = {joint.source.name: joint.source.size for joint in layer.joints}
    return summed(size * layer.target.size for size in sources.values())


def summed(sizes: Iterable[Size]) -> Size:
    """The sum of sizes; 0 of none."""
    each = list(sizes)
    return simplest(sp.Add(*each) if is_symbolic(*each) else sum(each))


def missing_connections(layer: Layer) -> Size:
    """How many taps, over all positions, fall beyond the border and connect to nothing.

    For a transposed convolution these are the connections of the windows that it reverses. The
    places that a Concat leaves to its other branches are not missing.
    """
    total: Size = 0
    if is_concat(layer):
        return total
    for wiring in (joint.wiring for joint in layer.joints):
        if not isinstance(wiring, Listed):
            placed = product(axis.placed for axis in wiring.axes)
            total = total + placed - wiring.connections
    return simplest(total)


def layer_parameters(layer: Layer) -> Size:
    """The number of parameters of a layer, biases included."""
    arrays: dict[str | None, Size] = {}
    for tying in layer.arrays:
        arrays.update({} if tying.fixed else tying.counted)
    listed: set[sp.Basic] = set()
    for joint in layer.all_joints:
        if isinstance(joint.tying, Explicit) and not joint.tying.numbers_only:
            whole = joint.tying.whole
            arrays.update({array.letter: len(array) for array in whole})
            if isinstance(joint.tying.expressions, tuple):
                symbols = {s for each in joint.tying.expressions for s in each.free_symbols}
                listed |= {s for s in symbols if all(a.find(s.name) is None for a in whole)}
    total: Size = len(listed)
    for size in arrays.values():
        total = total + size
    return simplest(total)


def simplest(size: Size) -> Size:
    """A size multiplied out, as a plain int where it is one."""
    if isinstance(size, int) or size.has(sp.Sum):  # expanding takes sums apart
        return size
    expanded = sp.expand(size)
    return int(expanded) if expanded.is_Integer else expanded
