"""The uses of parameters in labels listed one by one, as in a graph that a user brought."""

from __future__ import annotations

from collections import Counter

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.edges import joint_edges
from convgraph.core.layer import Joint
from convgraph.core.network import Network
from convgraph.core.tying import Explicit

__all__ = ["listed_connections", "listed_uses"]


def listed_uses(network: Network) -> Counter[str]:
    """How many connections and biases carry each parameter, by name.

    A label may be any expression; it carries every parameter in it.
    """
    found: Counter[str] = Counter()
    for layer in network.layers:
        for joint in [*layer.joints, *([layer.bias] if layer.bias else [])]:
            if isinstance(joint.tying, Explicit):
                counts = np.bincount(joint.tying.labels, minlength=len(joint.tying.expressions))
                for expression, count in zip(joint.tying.expressions, counts.tolist(), strict=True):
                    for symbol in expression.free_symbols:
                        found[symbol.name] += count
    return found


def listed_connections(
    network: Network, joint: Joint, parameter: sp.Symbol
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The connections that carry a parameter, as flat (targets, sources)."""
    assert isinstance(joint.tying, Explicit)
    holding = [
        number
        for number, expression in enumerate(joint.tying.expressions)
        if parameter in expression.free_symbols
    ]
    fan_in, sources, _ = joint_edges(
        joint.wiring, joint.tying, network.labels, 0, np.int64, np.int64
    )
    carry = np.isin(joint.tying.labels, holding)
    targets = np.repeat(np.arange(len(fan_in)), fan_in)
    return targets[carry], sources[carry].astype(np.int64)
