"""What a symmetry has to keep: the pairs of a network, and what tells units apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convgraph.core.network import Network
from convgraph.sharing.unit_pairs import Pairs, pairs_of

__all__ = ["Problem", "with_fixed_labels", "with_free_labels"]

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Problem:
    """Pairs and units with colours that a symmetry keeps.

    `pair_parameter` and `unit_parameter` number the parameters that symmetries exchange, -1 where
    there is none; `parameters` has their positions among the labels. `pair_label` and `unit_label`
    are the labels of what has a parameter of its own, that goes where it goes.
    """

    pairs: Pairs
    unit_colour: Integers
    pair_parameter: Integers
    unit_parameter: Integers
    parameters: Integers
    pair_label: Integers
    unit_label: Integers


def with_fixed_labels(network: Network) -> Problem:
    """The problem in which every label stays what it is."""
    pairs = pairs_of(network)
    bias = _biases(network)
    none = np.full(len(pairs.colour), -1)
    units = np.full(pairs.units, -1)
    colour = _rows(network) * (len(pairs.labels) + 1) + bias + 1
    return Problem(pairs, colour, none, units, np.empty(0, np.int64), none, units)


def with_free_labels(network: Network) -> Problem:
    """The problem in which parameters may be exchanged, but not numbers."""
    edges, bias = network.edges, _biases(network)
    labels, units = edges.labels, len(edges.start) - 1
    # several connections of one pair and one label are one, of a kind of its own
    rows = np.stack([edges.target, edges.source, edges.label.astype(np.int64)])
    (target, source, label), many = np.unique(rows, axis=1, return_counts=True)
    count = len(labels) + 1  # one more, at -1, for units without a bias
    uses = np.bincount(label, many, count) + np.bincount(bias[bias >= 0], None, count)
    exchangeable = np.append(np.arange(len(labels)) < labels.parameters, False) & ~_held(network)
    alone = np.ones(len(label), bool)
    same = (np.diff(target) == 0) & (np.diff(source) == 0)
    alone[1:] &= ~same
    alone[:-1] &= ~same
    exchangeable[:-1] &= ~_told_apart(network, source, target, label, many, bias)
    own = exchangeable[label] & (uses[label] == 1) & alone
    bias_own = (exchangeable & (uses == 1))[bias]
    shared = np.zeros(count, bool)
    shared[label[exchangeable[label] & ~own]] = True
    shared[bias[exchangeable[bias] & ~bias_own]] = True
    number = np.where(shared, np.cumsum(shared) - 1, -1)
    fixed = ~own & ~shared[label]
    kept, colour = _fixed_colours(target * units + source, label, many, fixed)
    colour = np.where(own, 0, np.where(shared[label], many - 1, colour))[kept]
    unit_kind = np.where(
        bias < 0, 0, np.where(bias_own, 1, np.where(number[bias] >= 0, 2, bias + 3))
    )
    return Problem(
        Pairs(source[kept], target[kept], colour, units, labels),
        _rows(network) * (len(labels) + 4) + unit_kind,
        number[label][kept],
        number[bias],
        np.flatnonzero(shared),
        np.where(own, label, -1)[kept],
        np.where(bias_own, bias, -1),
    )


def _fixed_colours(
    key: Integers, label: Integers, many: Integers, fixed: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], Integers]:
    """Which connections to keep, and colours from 1 on for those whose labels stay what they are.

    Of several such connections of one pair the first is kept, with a colour for all of them.
    """
    span = int(many.max(initial=0)) + 1
    code = np.unique(label * span + many, return_inverse=True)[1].astype(np.int64) + 1
    kept = np.ones(len(key), bool)
    at = np.flatnonzero(fixed)
    first = np.flatnonzero(np.diff(key[at], prepend=-1))
    sets: dict[tuple[int, ...], int] = {}
    bounds = np.append(first, len(at))
    for number in np.flatnonzero(np.diff(bounds) > 1).tolist():
        own = at[bounds[number] : bounds[number + 1]]
        kept[own[1:]] = False
        several = tuple(sorted(code[own].tolist()))
        code[own[0]] = sets.setdefault(several, len(key) + 1 + len(sets))
    return kept, code


def _rows(network: Network) -> Integers:
    sizes = [int(row.size) for row in network.rows]
    return np.repeat(np.arange(len(sizes)), sizes)


def _biases(network: Network) -> Integers:
    """The label of each unit's bias, -1 where it has none."""
    found = np.full(sum(int(row.size) for row in network.rows), -1)
    zero = network.labels.numbers.index(0) if 0 in network.labels.numbers else None
    for layer in network.layers:
        if layer.bias is not None:
            numbers = network.bias_numbers(layer).astype(np.int64)
            first = network.offsets[layer.target.name]
            found[first : first + len(numbers)] = numbers
    if zero is not None:
        found[found == network.labels.parameters + zero] = -1
    return found


def _told_apart(
    network: Network,
    source: Integers,
    target: Integers,
    label: Integers,
    many: Integers,
    bias: Integers,
) -> NDArray[np.bool_]:
    """The labels that no other is used like: as often, between the same rows, and as a bias."""
    rows, count = _rows(network), len(network.labels)
    span = int(many.max(initial=0)) + 1
    places = (rows[source] * len(network.rows) + rows[target]) * span + many
    _, places = np.unique(places, return_inverse=True)
    kinds = int(places.max(initial=-1)) + 1
    uses = np.zeros((count, kinds + len(network.rows)), np.int64)
    np.add.at(uses, (label, places), 1)
    np.add.at(uses, (bias[bias >= 0], kinds + rows[bias >= 0]), 1)
    _, which, alike = np.unique(uses, axis=0, return_inverse=True, return_counts=True)
    alone: NDArray[np.bool_] = alike[which.ravel()] == 1
    return alone


def _held(network: Network) -> NDArray[np.bool_]:
    """The parameters that stand in labels such as 2 a + b: those stay what they are."""
    labels = network.labels
    held = np.zeros(len(labels) + 1, bool)
    for expression in labels.numbers:
        for symbol in expression.free_symbols:
            position = labels.find(symbol.name)
            if position is not None:
                held[position] = True
    return held
