"""The connections of a network as pairs of units, each with what the pair contributes in all.

Where several connections join the same two units (wrapped and reflected boundaries), units that
add see the sum of their labels, and units that take the greatest value each label once: two
networks compute the same function of generic parameters exactly if these agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.labels import Labels
from convgraph.core.network import Network
from convgraph.core.reduction import MAX

__all__ = ["Pairs", "pairs_of"]


@dataclass(frozen=True, eq=False)
class Pairs:
    """One entry per connected pair, sorted by target; equal colours contribute the same.

    Colours below `len(labels)` are labels; those from there on are sums and sets of several.
    """

    source: NDArray[np.int64]
    target: NDArray[np.int64]
    colour: NDArray[np.int64]
    units: int
    labels: Labels
    several: tuple[Any, ...] = ()

    def expression(self, colour: int) -> Any:
        """What a colour stands for: a label, a sum, or (reduction, labels)."""
        known = len(self.labels)
        return self.labels[colour] if colour < known else self.several[colour - known]


def pairs_of(network: Network) -> Pairs:
    """The connected pairs of a network; pairs whose labels add up to zero are left out."""
    edges = network.edges
    units = len(edges.start) - 1
    source, target = edges.source.astype(np.int64), edges.target.astype(np.int64)
    label = edges.label.astype(np.int64)
    key = target * units + source
    if not (np.diff(key) > 0).all():
        order = np.argsort(key, kind="stable")
        key, source, target, label = key[order], source[order], target[order], label[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    many = np.diff(np.append(first, len(key)))
    combine = _Combine(network)
    if (many == 1).all():
        colour = label
    else:
        colour = label[first]
        for count in np.unique(many[many > 1]).tolist():
            at = np.flatnonzero(many == count)
            rows = np.sort(label[first[at][:, None] + np.arange(count)], axis=1)
            layer = combine.layer_of(target[first[at]])
            kinds, which = np.unique(np.column_stack([layer, rows]), axis=0, return_inverse=True)
            found = [combine(int(kind[0]), kind[1:].tolist()) for kind in kinds]
            colour[at] = np.array(found)[which.ravel()]
        source, target = source[first], target[first]
    nothing = combine.zero()
    if nothing is not None:  # a label 0 adds nothing
        colour = np.where((colour == nothing) & combine.adding(target), -1, colour)
    kept = colour >= 0
    several = tuple(combine.several)
    return Pairs(source[kept], target[kept], colour[kept], units, edges.labels, several)


class _Combine:
    """Colours of several connections between the same two units; -1 where they cancel."""

    def __init__(self, network: Network) -> None:
        self.labels = network.edges.labels
        self.several: dict[Any, int] = {}
        self._rows = np.array([network.offsets[layer.target.name] for layer in network.layers])
        self._order = np.argsort(self._rows)
        self._reductions = [layer.reduction for layer in network.layers]

    def layer_of(self, target: NDArray[np.int64]) -> NDArray[np.int64]:
        """The number of the layer that each of some units belongs to."""
        place = np.searchsorted(self._rows[self._order], target, side="right") - 1
        return self._order[place]

    def adding(self, target: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether each of some units adds what it gets."""
        linear = np.array([reduction.linear for reduction in self._reductions])
        return linear[self.layer_of(target)]

    def zero(self) -> int | None:
        """The colour of the label 0, if there is one."""
        numbers = self.labels.numbers
        return self.labels.parameters + numbers.index(sp.S.Zero) if sp.S.Zero in numbers else None

    def __call__(self, layer: int, labels: list[int]) -> int:
        reduction = self._reductions[layer]
        if reduction.linear:
            total = sp.Add(*self.labels.pick(labels))
            return -1 if total == 0 else self._known(total)
        if reduction == MAX:
            labels = sorted(set(labels))
        return labels[0] if len(labels) == 1 else self._new((reduction.name, *labels))

    def _known(self, total: sp.Expr) -> int:
        if total.is_Symbol or total in self.labels.numbers:
            return self.labels.position(total)
        return self._new(total)

    def _new(self, what: Any) -> int:
        return self.several.setdefault(what, len(self.labels) + len(self.several))
