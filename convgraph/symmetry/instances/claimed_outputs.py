"""Both sides of one statement on one input: f(g x) and g(f x), unit by unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.symmetry.instances.borders import unreached
from convgraph.symmetry.instances.exact_values import draw
from convgraph.symmetry.instances.integer_formulas import whole

__all__ = ["Claimed", "Instance", "different", "met", "moved", "pieces"]


MARGIN = 3  # positions beyond the output: a condition that is off by one lets one in


@dataclass(frozen=True)
class Instance:
    """One instance at which a statement was found to hold.

    Attributes
    ----------
    values
        Numbers for the symbols, those of sizes among them.
    shape
        The shape of the input.
    compared
        How many outputs were compared: all that the statement speaks of.
    how
        "every edge"; or, for a network of too many, "along axis 0", with one channel in each row.
    """

    values: Mapping[str, int]
    shape: tuple[int, ...]
    compared: int
    how: str = "every edge"


class Claimed:
    """Of which outputs a claim speaks, and from where it says that their values come."""

    def __init__(
        self,
        claim: Any,
        network: Network,
        line: Sequence[bool] | None,
        at: Mapping[sp.Symbol, Any],
        other: Network | None = None,
    ) -> None:
        """On a line, `line` says which axes of the input move; it is None elsewhere.

        `other` computes the right side, where that is not the same network.
        """
        shape = network.outputs[0].numbers()
        target = shape if other is None else other.outputs[0].numbers()
        variables = claim.variables
        if not len(variables) == len(claim.right.args) == len(shape):
            raise ConvgraphError(f"{claim.left}: the output has {len(shape)} axes")
        known = {**at, **dict(zip(variables, _mesh(shape), strict=True))}
        self.mask = met(claim.conditions, known, shape)
        if line is None and claim.conditions:
            self._no_more(claim, at, shape)
        sources = [np.asarray(whole(a, known)) for a in claim.right.args]
        inside = np.ones(shape, bool)
        for source, n in zip(sources, target, strict=True):
            inside &= (source >= 0) & (source < n)
        # of which each has as many axes as it varies along
        self.sources = tuple(
            np.minimum(np.maximum(s, 0), n - 1) for s, n in zip(sources, target, strict=True)
        )
        if line is not None:
            clear = unreached(network, line)
            self.mask &= clear & inside
            self.mask &= (clear if other is None else unreached(other, line))[self.sources]
        elif (self.mask & ~inside).any():
            raise ConvgraphError(f"{claim.right}: at {dict(at)} the output has no such position")

    def _no_more(self, claim: Any, at: Mapping[sp.Symbol, Any], shape: tuple[int, ...]) -> None:
        """Along an axis that moves, the conditions leave out what lies beyond the output."""
        beyond = [
            (MARGIN if own != source else 0)
            for own, source in zip(claim.variables, claim.right.args, strict=True)
        ]
        mesh = _mesh(shape, beyond)
        wide = tuple(n + 2 * b for b, n in zip(beyond, shape, strict=True))
        known = {**at, **dict(zip(claim.variables, mesh, strict=True))}
        if met(claim.conditions, known, wide).sum() > self.mask.sum():
            raise ConvgraphError(f"{claim.left}: at {dict(at)} the output has no such position")

    @property
    def count(self) -> int:
        """How many outputs the claim speaks of."""
        return int(self.mask.sum())


def _mesh(shape: Sequence[int], beyond: Sequence[int] = ()) -> list[NDArray[np.int64]]:
    """The positions along each axis, side by side; with some more at both ends."""
    last = len(shape) - 1
    more = beyond or (0,) * len(shape)
    return [
        np.arange(-b, n + b).reshape((-1,) + (1,) * (last - a))
        for a, (n, b) in enumerate(zip(shape, more, strict=True))
    ]


def met(
    conditions: Sequence[sp.Expr], known: Mapping[sp.Symbol, Any], shape: tuple[int, ...]
) -> NDArray[np.bool_]:
    """Where all conditions are met."""
    mask = np.ones(shape, bool)
    for condition in conditions:
        mask &= whole(condition, known) >= 0
    return mask


def moved(x: NDArray[Any], moves: Sequence[int], around: bool) -> NDArray[Any]:
    """An array moved on its frame: around it, or with zeros filled in."""
    if around:
        return np.roll(x, moves, tuple(range(x.ndim)))
    result = np.zeros_like(x)
    if all(abs(t) < n for t, n in zip(moves, x.shape, strict=True)):
        to = tuple(slice(max(t, 0), n + min(t, 0)) for t, n in zip(moves, x.shape, strict=True))
        of = tuple(slice(max(-t, 0), n - max(t, 0)) for t, n in zip(moves, x.shape, strict=True))
        result[to] = x[of]
    return result


def pieces(shape: Sequence[int], moves: Sequence[int], seed: int) -> list[NDArray[Any]]:
    """A piece of an endless row, and the same piece of the row when it has moved."""
    longer = draw([n + abs(t) for n, t in zip(shape, moves, strict=True)], seed)
    return [
        longer[tuple(slice(b, b + n) for b, n in zip(begin, shape, strict=True))]
        for begin in ([max(t, 0) for t in moves], [max(-t, 0) for t in moves])
    ]


def different(
    claimed: Claimed, outputs: Sequence[NDArray[Any]]
) -> tuple[tuple[int, ...], Any, Any] | None:
    """An output at which both sides differ, and both of its values.

    `outputs` come in pairs: for an input, and for the same when it has moved.
    """
    for before, after in zip(outputs[::2], outputs[1::2], strict=True):
        wrong = claimed.mask & (after != before[claimed.sources])
        if wrong.any():
            index = tuple(int(a[0]) for a in np.nonzero(wrong))
            source = tuple(int(np.broadcast_to(s, wrong.shape)[index]) for s in claimed.sources)
            return index, after[index], before[source]
    return None
