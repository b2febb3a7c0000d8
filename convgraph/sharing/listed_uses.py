"""The uses of parameters in labels listed one by one, as in a graph that a user brought."""

from __future__ import annotations

from collections import Counter

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.arrays import Array
from convgraph.core.edges import joint_edges
from convgraph.core.layer import Joint
from convgraph.core.listed_on_demand import Entries
from convgraph.core.network import Network
from convgraph.core.tying import Explicit
from convgraph.sharing.digits import uses_array

__all__ = ["listed_connections", "listed_uses"]


def listed_uses(network: Network, letter: str | None = None) -> Counter[str]:
    """How many connections and biases carry each parameter, by name; with a letter, of that array.

    A label may be any expression; it carries every parameter in it.
    """
    found: Counter[str] = Counter()
    for layer in network.layers:
        for joint in layer.all_joints:
            tying = joint.tying
            if not isinstance(tying, Explicit):
                continue
            if isinstance(tying.expressions, Array) and letter not in (
                None,
                tying.expressions.letter,
            ):
                continue
            counts = _label_counts(tying)
            for label in np.flatnonzero(counts).tolist():
                if isinstance(tying.expressions, Array):
                    found[tying.expressions.symbol(label).name] += int(counts[label])
                else:
                    for symbol in tying.expressions[label].free_symbols:
                        found[symbol.name] += int(counts[label])
    return found


def _label_counts(tying: Explicit) -> NDArray[np.int64]:
    """How many connections carry each label."""
    count = len(tying.expressions)
    if not isinstance(tying, Entries):
        return np.bincount(tying.labels, minlength=count)
    # without a list of the connections: how often each place is used, then the labels there
    uses = uses_array(tying.product, tying.digits).ravel()
    counted = np.bincount(tying.entries.ravel(), weights=uses, minlength=count)
    return counted.astype(np.int64)


def listed_connections(
    network: Network, joint: Joint, parameter: sp.Symbol
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The connections that carry a parameter, as flat (targets, sources)."""
    assert isinstance(joint.tying, Explicit)
    expressions = joint.tying.expressions
    if isinstance(expressions, Array):
        found = expressions.find(parameter.name)
        holding = [] if found is None else [found]
    else:
        holding = [i for i, each in enumerate(expressions) if parameter in each.free_symbols]
    fan_in, sources, _ = joint_edges(
        joint.wiring, joint.tying, network.labels, 0, np.int64, np.int64
    )
    carry = np.isin(joint.tying.labels, holding)
    targets = np.repeat(np.arange(len(fan_in)), fan_in)
    return targets[carry], sources[carry].astype(np.int64)
