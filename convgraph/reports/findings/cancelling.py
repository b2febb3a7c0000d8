"""Connections that cancel each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sympy as sp

from convgraph.core.layer import Layer
from convgraph.core.tying import Constant, Explicit
from convgraph.core.units import Units
from convgraph.core.wiring import Listed, Product
from convgraph.interactions.behind_wirings import is_identity
from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure

# A row as a sum of others: the number that each is multiplied with, by name.
Sum = dict[str, sp.Expr]


@rule(
    "cancelling-connections",
    "error",
    "connections that cancel, so that a source has no effect",
    "Goodfellow, Bengio and Courville, Deep Learning (2016), section 6.5: gradients are sums over "
    "paths",
)
def cancelling_connections(structure: Structure) -> Iterator[Occurrence]:
    """Sums in which the same source comes in with numbers that add up to nothing."""
    sums: dict[str, Sum] = {}
    for layer in structure.network.layers:
        found = _sum(layer, sums)
        if found is not None:
            gone = tuple(name for name, number in found.items() if number == 0)
            if gone:
                yield _occurrence(layer, gone, None)
            sums[layer.target.name] = {name: n for name, n in found.items() if n != 0}
        if layer.reduction.linear:
            pairs = _listed_pairs(layer)
            if pairs:
                shape = layer.target.numbers()
                targets = sorted({target for target, _, _ in pairs})
                units = [
                    box
                    for flat in targets
                    for box in Units.single(layer.target, _index(flat, shape)).boxes
                ]
                sources = tuple(dict.fromkeys(name for _, name, _ in pairs))
                yield _occurrence(layer, sources, Units(layer.target, units))


def _index(flat: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    index = []
    for n in reversed(shape):
        flat, rest = divmod(flat, n)
        index.append(rest)
    return tuple(reversed(index))


def _sum(layer: Layer, sums: dict[str, Sum]) -> Sum | None:
    """A layer as a sum of rows unit by unit with numbers for weights, or None if it is none."""
    if not layer.reduction.linear or layer.bias is not None or not layer.joints:
        return None
    total: Sum = defaultdict(lambda: sp.S.Zero)
    for joint in layer.joints:
        wiring, tying = joint.wiring, joint.tying
        if not isinstance(wiring, Product) or not isinstance(tying, Constant):
            return None
        straight = wiring.order == tuple(range(len(wiring.axes)))
        if not straight or not all(map(is_identity, wiring.axes)):
            return None
        for name, number in sums.get(joint.source.name, {joint.source.name: sp.S.One}).items():
            total[name] += tying.value * number
    return total


def _listed_pairs(layer: Layer) -> list[tuple[int, str, int]]:
    """(target, row, source) of units that listed connections tie with labels that cancel."""
    labels: dict[tuple[int, str, int], Any] = defaultdict(list)
    for joint in layer.joints:
        wiring, tying = joint.wiring, joint.tying
        if not isinstance(wiring, Listed) or not isinstance(tying, Explicit):
            continue
        expressions = tying.expressions
        if not isinstance(expressions, tuple):  # entries of an array: no two of them cancel
            continue
        for target, source, label in zip(
            wiring.target().tolist(), wiring.source.tolist(), tying.labels.tolist(), strict=True
        ):
            labels[target, joint.source.name, source].append(expressions[label])
    return [pair for pair, terms in labels.items() if len(terms) > 1 and sp.Add(*terms) == 0]


def _occurrence(layer: Layer, sources: tuple[str, ...], witness: Units | None) -> Occurrence:
    name = layer.target.name
    return Occurrence(
        tensors=(name, *sources),
        message=f"{' and '.join(sources)} cancels in {name}: its connections there add up to 0",
        reason=(
            "The effect of a source, and its gradient, is the sum over all paths that lead from it "
            "(Goodfellow et al. 2016, section 6.5); here they add up to nothing, whatever the "
            "parameters."
        ),
        fix="Leave the connections out, or give one of the branches a parameter or a nonlinearity.",
        witness=witness,
        details={"sources": sources},
    )
