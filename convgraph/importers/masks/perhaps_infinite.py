"""Whether what a mask is put on may be infinite, or no number.

Zero times such a value is no number, nor is minus infinity with such a value added. Where it is so
whatever the input, `fixed_units` knows the units; where it may be so for some inputs, as behind a
logarithm, the network says so in a caveat.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.reduction import MAX, SUM, Reduction
from convgraph.core.tying import Constant
from convgraph.importers.builder import Builder
from convgraph.importers.masks.fixed_units import ENDS, fixed, single
from convgraph.importers.node import Node
from convgraph.importers.values import Signal

__all__ = ["say_if_infinite"]

TRIED = (
    -2.5,
    -1.0,
    0.0,
    1.0,
    2.5,
)  # at one of these a function that is not finite everywhere is not


def say_if_infinite(builder: Builder, node: Node, signal: Signal) -> None:
    """A caveat where a row that a mask is put on may be infinite, or no number."""
    if _perhaps(builder, signal.row):
        builder.caveats.append(
            f"node={node.label!r} ({node.op}): what a mask is put on is taken to be finite, "
            "which it is not for all inputs"
        )


def _perhaps(builder: Builder, row: Row) -> bool:
    """Whether a row is a function that is not finite everywhere, or an infinity gets to it."""
    waiting, seen = [(row, True)], {row.name}
    while waiting:
        last, moved = waiting.pop()  # whether its units are moved to those that are asked about
        layer = builder.made.get(last.name)
        if layer is None or layer.symbolic:
            continue
        if last.name in builder.unbounded or (moved and _partial(layer.reduction, layer.joints)):
            return True
        moved = moved and (_is_softmax(layer) or all(map(single, layer.joints)))
        for joint in layer.joints:
            if not _followed(layer, joint) and _ends(builder, joint.source):
                return True
            if joint.source.name not in seen:
                seen.add(joint.source.name)
                waiting.append((joint.source, moved))
    return False


def _ends(builder: Builder, row: Row) -> bool:
    return any(fixed(builder, row, kind) is not None for kind in ENDS)


def _followed(layer: Layer, joint: Joint) -> bool:
    """Whether what is fixed of a source is known behind the layer: see `fixed_units`, `hidden`."""
    if layer.reduction == MAX or _is_softmax(layer):
        return True
    known = isinstance(joint.tying, Constant) and joint.tying.value != 0 and single(joint)
    return known and (len(layer.joints) == 1 or layer.reduction == SUM)


def _is_softmax(layer: Layer) -> bool:
    return layer.reduction.name.startswith(("softmax", "log_softmax"))


def _partial(reduction: Reduction, joints: tuple[Joint, ...]) -> bool:
    alone = all(map(single, joints)) and 1 <= len(joints) <= 2
    return alone and reduction.known and _infinite_somewhere(reduction, len(joints))


@lru_cache(maxsize=1024)
def _infinite_somewhere(reduction: Reduction, terms: int) -> bool:
    """Whether a function of one or two numbers has no finite value at some of those tried."""
    given = np.array(list(product(TRIED, repeat=terms)))
    try:
        with np.errstate(all="ignore"):
            made = reduction.fast(given.ravel(), np.arange(0, given.size + 1, terms))
            return not bool(np.isfinite(np.asarray(made, float)).all())
    except (ArithmeticError, ConvgraphError, LookupError, TypeError, ValueError):
        return False  # a function of more values than these
