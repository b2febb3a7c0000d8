"""What is drawn in words, for those who do not see it: sets of units and their colours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.figures.colors import color_name

__all__ = ["named", "shades"]

MOST_NAMED = 12  # units of a row that are named one by one


def named(network: Network, names: Sequence[str]) -> str:
    """Units by row, each by its name where they are few and by where they are where they are many.

    >>> import convgraph as cg
    >>> net = cg.Conv((3, 3)).on((5, 5))
    >>> named(net, ["x1,1", "x1,2", "s1,1"])
    'x1,1, x1,2, s1,1'
    >>> named(net, net.row("x").units())
    'x1,1 to x5,5 (25 units)'
    """
    chosen = set(names)
    parts = []
    for row in network.rows:
        mine = [name for name in row.units() if name in chosen]
        if len(mine) <= MOST_NAMED:
            parts += mine
        else:
            parts.append(_span(row, mine))
    return ", ".join(parts)


def _span(row: Row, names: Sequence[str]) -> str:
    at = np.array([row.find(name) for name in names])
    low, high = at.min(axis=0), at.max(axis=0)
    within = "" if np.prod(high - low + 1) == len(names) else "within "
    ends = row.unit(tuple(low.tolist())), row.unit(tuple(high.tolist()))
    return f"{within}{ends[0]} to {ends[1]} ({len(names)} units)"


def shades(
    network: Network, fills: Mapping[str, Sequence[str]], usual: str, hole: str | None = None
) -> Iterator[str]:
    """A sentence for each colour that units are filled with; the theme's own goes without a name.

    Units with two colours are in the sentences of both.
    """
    colors = dict.fromkeys(color for filled in fills.values() for color in filled)
    for color in colors:
        mine = named(network, [name for name, filled in fills.items() if color in filled])
        if color == hole:
            yield f"Holes: {mine}."
        elif color == usual or len(colors) == 1:
            yield f"Shaded: {mine}."
        else:
            yield f"Shaded {color_name(color)}: {mine}."
