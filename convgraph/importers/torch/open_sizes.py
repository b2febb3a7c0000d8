"""PyTorch modules on inputs of open sizes: read at four, and alike where all say the same.

`torch.export` fixes sizes. A module whose nodes state none of them, as those of convolutions and
pooling windows do not, is the same program at every size, and its shapes follow by formulas. What a
module's code does at other sizes than those, nobody has seen; so there is a caveat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import Size, is_symbolic
from convgraph.core.sympified import sympified
from convgraph.importers.node import Node
from convgraph.importers.values import Known, row_shape

__all__ = ["caveat_at", "confirm_at", "open_symbols", "same_program", "trials", "with_values"]

# Positions that every size has at least where it is tried: an image that is halved six times still
# has three, so that no window of a deep network is wider than what it slides over.
LEAST = 200
Values = Mapping[sp.Symbol, int]


def open_symbols(given: Any) -> list[sp.Symbol]:
    """The symbols in the shapes that are given, in order of their names."""
    return sorted({s for n in _sizes(given) for s in sympified(n).free_symbols}, key=str)


def _sizes(given: Any) -> list[sp.Expr]:
    if isinstance(given, Mapping):
        given = list(given.values())
    if isinstance(given, list | tuple):
        return [size for each in given for size in _sizes(each)]
    return [given] if isinstance(given, sp.Expr) else []


def with_values(given: Any, values: Values) -> Any:
    """The shapes with numbers for symbols."""
    if isinstance(given, Mapping):
        return {name: with_values(each, values) for name, each in given.items()}
    if isinstance(given, list | tuple):
        return type(given)(with_values(each, values) for each in given)
    if not isinstance(given, sp.Expr):
        return given
    found = given.subs(values)
    return int(found) if found.is_Integer else found


def trials(given: Any, symbols: Sequence[sp.Symbol]) -> list[Values]:
    """Four values for each symbol, all of them different, with which all sizes are large enough.

    Modulo 2, 3 and 4 they leave all remainders, and modulo no number the same: what is padded to a
    multiple, or branches where one is met, differs.
    """
    first = 8
    while min(with_values(_sizes(given), dict.fromkeys(symbols, first))) < LEAST:
        first *= 2
    second = first + first // 2 + 1
    steps = (first, second, second + 1, second + 2)
    return [{s: start + 2 * i for i, s in enumerate(symbols)} for start in steps]


def caveat_at(given: Any, values: Sequence[Values]) -> str:
    """What is not known of a network of open sizes."""
    shapes = ", ".join(str(with_values(given, at)) for at in values)
    return (
        f"input_shape={given}: the module is the same program at {shapes}; code that takes another "
        "branch at other sizes would be another network there"
    )


def same_program(
    nodes: Sequence[Sequence[Node]], known: Sequence[Mapping[str, Known]], given: Any
) -> None:
    """Refuse a module of which a part is another one at another size."""
    ways = (
        f"input_shape={given}: give numbers; sizes that are open are read of modules whose "
        "operations state none"
    )
    if len(nodes[0]) != len(nodes[1]):
        raise ConvgraphError(f"{ways}, and this one takes other steps at other sizes")
    for one, other in zip(*nodes, strict=True):
        same = (one.op, one.inputs, one.outputs) == (other.op, other.inputs, other.outputs)
        if not same or dict(one.attributes) != dict(other.attributes):
            raise ConvgraphError(f"{ways}, and {one.label!r} ({one.op}) is another at another size")
    for name in {name for node in nodes[0] for name in node.inputs}:
        one_, other_ = (each.get(name) for each in known)
        if (one_ is None) == (other_ is None) and (one_ is None or _alike(one_, other_)):
            continue
        raise ConvgraphError(f"{ways}, and the tensor {name!r} is another at another size")


def _alike(one: Known, other: Known | None) -> bool:
    if other is None or one.shape != other.shape or one.learned != other.learned:
        return False
    return one.learned or np.array_equal(one.values(), other.values(), equal_nan=True)


def confirm_at(
    network: Network,
    computed: Sequence[Callable[[str], tuple[Size, ...] | None]],
    values: Sequence[Values],
) -> None:
    """Hold the formulas of a network's shapes against those that PyTorch computed."""
    for shapes, at in zip(computed, values, strict=True):
        for row in network.rows:
            wanted = shapes(row.name)
            found = tuple(sympified(n).subs(at) if is_symbolic(n) else n for n in row.shape)
            if wanted is not None and found != row_shape(wanted):
                raise ConvgraphError(
                    f"row={row.name!r}: its shape was read as {row.shape}, at {dict(at)} that is "
                    f"{found}, and PyTorch computes {wanted}; give numbers for the sizes"
                )
