"""The rows and connections of a network for a page that answers by itself.

The page gets one small table per axis and layer, and not sets of units. What it derives from them
is what `receptive_field`, `projective_field`, `path_counts`, `padded_units`, `uses` and
`check_equivariance` derive here; see `network.js`, `shift.js` and `uses.js`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Layer
from convgraph.core.network import Network
from convgraph.core.reduction import MAX, PRODUCT
from convgraph.core.tying import Constant, Explicit, Learned, Mean
from convgraph.core.wiring import Listed, Product
from convgraph.figures.live.relation_tables import Tables, encoded, table_of
from convgraph.importers.interpolation import Separable

__all__ = ["MOST_NUMBERS", "runs", "wirings"]

MOST_NUMBERS = 400_000  # in tables and lists: what a page can hold
MOST_LISTED = 50_000  # connections of one relation that is listed unit by unit


def wirings(network: Network) -> dict[str, Any]:
    """The rows, the layers with their joints, and the tables that the joints are made of.

    Rows are told by their numbers. A joint that is too large to be listed has no axes; nothing is
    known of what is behind it.

    >>> import convgraph as cg
    >>> found = wirings(cg.Conv(3, padding="same").on(5))
    >>> found["layers"][0]["joints"][0]["axes"], found["tables"][1]
    ([0, 1], [5, 5, 3, -1, 1, 1])
    """
    numbers = {row.name: i for i, row in enumerate(network.rows)}
    tables = Tables()
    layers = [_layer(layer, numbers, tables) for layer in network.layers]
    cuts = _cuts(network)
    rows = [{"name": r.name, "shape": list(r.numbers()), "cut": cuts[r.name]} for r in network.rows]
    return {"rows": rows, "layers": layers, "tables": tables.all}


def _cuts(network: Network) -> dict[str, int]:
    """How many of each row's first axes are of channels: all before those of space.

    An input does not say whether it has channels; the layers that read it do. A reshaping may
    divide channels into several axes, as before a channel shuffle; space is then what it was.
    """
    cuts = {row.name: int(row.channels) for row in network.rows}
    for layer in reversed(network.layers):
        for joint in layer.joints:
            same = len(joint.source.shape) == len(layer.target.shape)
            if same and cuts[layer.target.name] and joint.source.given is None:
                cuts[joint.source.name] = 1
    for layer in network.layers:
        for joint in layer.joints[:1]:
            shape, source = layer.target.numbers(), joint.source.numbers()
            space, wiring = len(source) - cuts[joint.source.name], joint.wiring
            if not isinstance(wiring, Product) or not space or len(shape) < space:
                continue
            views = wiring.in_view[-space:], wiring.out_view[-space:]
            if views == (source[-space:], shape[-space:]):
                cuts[layer.target.name] = len(shape) - space
    return cuts


def _layer(layer: Layer, numbers: dict[str, int], tables: Tables) -> dict[str, Any]:
    joints = [_joint(layer, joint, numbers, tables) for joint in layer.joints]
    facts: dict[str, Any] = {"row": numbers[layer.target.name], "joints": joints}
    if layer.bias is not None:
        facts["bias"] = _joint(layer, layer.bias, {}, tables)
    facts.update(_zeros(layer))
    return facts


def _zeros(layer: Layer) -> dict[str, Any]:
    """What a unit makes of zeros: `zero` if that is zero, `gap` if nothing read is like a zero."""
    reduction = layer.reduction
    if reduction.linear:
        return {"zero": 1, "gap": 1}
    if reduction.function is not None:
        return {"zero": 1} if reduction.function.zero_at_zero else {}
    return {"zero": 1} if reduction in (MAX, PRODUCT) else {}


def _joint(layer: Layer, joint: Joint, numbers: dict[str, int], tables: Tables) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if joint is not layer.bias:
        facts["source"] = numbers[joint.source.name]
    wiring, tying = joint.wiring, joint.tying
    if isinstance(tying, Learned):
        facts["letter"] = tying.letter
        facts["digits"] = [[d.axis, int(d.size), d.kind[0], int(d.flipped)] for d in tying.digits]
    if isinstance(wiring, Listed):
        if len(wiring.source) <= MOST_LISTED:
            facts |= {"starts": wiring.start.tolist(), "sources": wiring.source.tolist()}
        return facts
    axes = [encoded(axis) for axis in wiring.axes]
    if sum(len(axis[3]) for axis in axes if isinstance(axis[3], list)) > MOST_NUMBERS:
        return facts
    facts["axes"] = [tables.number(axis) for axis in axes]
    if wiring.order != tuple(range(len(axes))):
        facts["order"] = list(wiring.order)
    codes = _codes(joint, wiring)
    if codes is None:
        facts["opaque"] = 1
    elif codes:
        facts["codes"] = {a: tables.number(table_of(c, int(c.max()) + 1)) for a, c in codes.items()}
    pads = _pads(layer, joint, wiring)
    if pads:
        facts["pads"] = pads
    return facts


def _codes(joint: Joint, wiring: Product) -> dict[int, NDArray[np.int64]] | None:
    """Along each axis on which they differ between outputs: which label each tap carries.

    Of axes along which something can move. Numbers tell labels of one axis apart; None where
    connections are labelled one by one.
    """
    tying = joint.tying
    if isinstance(tying, Constant):
        return {}
    if isinstance(tying, Learned):
        varied = {d.axis for d in tying.digits if d.kind != "tap" and d.size != 1}
        local = [not axis.full and axis.groups == 1 for axis in wiring.axes]
        moving = [a for a in sorted(varied) if local[a]]
        found = {a: tying.codes(a, wiring.axes[a]) for a in moving}
    elif isinstance(tying, Mean):
        found = {a: _counted(tying, axis) for a, axis in enumerate(wiring.axes)}
    elif isinstance(tying, Separable):
        found = {a: which for a, (_, which) in enumerate(tying.numbers_of_axes)}
    else:
        assert isinstance(tying, Explicit)
        return None
    return {a: codes for a, codes in found.items() if (codes != codes[:1]).any()}


def _counted(tying: Mean, axis: Axis) -> NDArray[np.int64]:
    counts = axis.fan_in() if tying.over == "present" else axis.window_sizes()
    return np.broadcast_to(counts[:, None], (int(axis.outputs), int(axis.taps)))


def _pads(layer: Layer, joint: Joint, wiring: Product) -> dict[int, list[int]]:
    """The outputs that read padding, along each axis that has any: lengths of runs, in turns."""
    found = {}
    for a, axis in enumerate(wiring.axes):
        if len(layer.joints) > 1 and axis.taps == 1:
            continue  # a concatenation: what is missing here comes from elsewhere
        there = axis.beyond()
        if there.any():
            found[a] = runs(there)
    return found


def runs(mask: NDArray[np.bool_]) -> list[int]:
    """A set of positions as lengths: so many outside, then so many inside, and so on.

    >>> runs(np.array([True, False, False, True]))
    [0, 1, 2, 1]
    """
    changes = np.flatnonzero(np.diff(mask)) + 1
    ends = [0, *changes.tolist(), len(mask)]
    lengths = [b - a for a, b in pairwise(ends)]
    return [0, *lengths] if mask[:1].any() else lengths
