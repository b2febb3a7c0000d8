"""Instances of a statement: at numbers, on arrays, with every output compared that it speaks of.

Nothing of a proof is read here, only what its statement says: the spec, the transformation, where,
the equation with its conditions, and what the symbols in it stand for. The transformation is
applied to an array, and the network is evaluated edge by edge.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeAlias

import numpy as np
import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.symmetry.instances.claimed_outputs import (
    Claimed,
    Instance,
    different,
    met,
    moved,
    pieces,
)
from convgraph.symmetry.instances.exact_values import (
    CROPPED_EDGES,
    FEW_EDGES,
    draw,
    is_small,
    values,
)
from convgraph.symmetry.instances.integer_formulas import whole
from convgraph.symmetry.instances.other_theorems import converse, downsampling
from convgraph.symmetry.instances.small_networks import binder, cropped
from convgraph.symmetry.instances.stated_sizes import StatedSizes
from convgraph.symmetry.instances.symbol_values import at_numbers, choices, free_symbols

__all__ = ["Instance", "instances"]

Numbers: TypeAlias = "Mapping[sp.Symbol, Any]"
SIZES = 3  # of a statement without symbols: the smallest, and both remainders modulo 2 behind it
CHOICES = 3  # numbers for symbols: the smallest, and two others for each
STARTS = {  # sizes tried first with each of them; on a circle the strides multiply them
    "line": (1, 7, 10),
    "interior": (1, 7, 10),
    "circle": (1, 3, 4),
}
SEEDS = (1, 2)  # of the inputs: one by chance may hide what a maximum does not read
NEAR = 4  # sizes in turn, of which strides of up to 4 divide one
FAR = 16_000  # positions; DenseNet-121 at another multiple of its stride reaches beyond 4,000
ALL_EDGES = "every edge"


def instances(statement: Any) -> tuple[Instance, ...]:
    """The instances of a statement that were tried, each of which holds.

    Raises
    ------
    ConvgraphError
        If one of them does not hold, or if none could be made.
    """
    makers: dict[str, Callable[[Any], Iterator[Instance]]] = {
        "equivariance": _equivariance,
        "converse": converse,
        "downsampling": downsampling,
    }
    if statement.theorem not in makers:
        raise ConvgraphError(f"theorem={statement.theorem!r}: one of {', '.join(makers)}")
    found = tuple(makers[statement.theorem](statement))
    if not found:
        raise ConvgraphError(f"instances: none of sizes up to {FAR} was found to try")
    return found


def _named(at: Numbers) -> dict[str, int]:
    return {symbol.name: int(value) for symbol, value in at.items()}


# -- equivariance ------------------------------------------------------------------------------


def _equivariance(statement: Any) -> Iterator[Instance]:
    if statement.where not in STARTS:
        raise ConvgraphError(f"where={statement.where!r}: a line, a circle or an interior")
    tried = 0
    parts = (statement.transformation, statement.spec, statement.channels)
    inside, noted = tuple(map(free_symbols, parts)), StatedSizes(statement.notes)
    symbols = set().union(*inside)
    for at in choices(symbols, inside[0]):
        try:
            case = _Case(statement, noted, at, inside)
        except ConvgraphError:  # numbers that do not go together
            continue
        found = list(case.sizes(1 if symbols else SIZES, STARTS[statement.where][tried]))
        yield from found
        tried += bool(found)
        if tried == CHOICES:
            return


class _Case:
    """A statement with numbers for the symbols that a user wrote."""

    def __init__(
        self,
        statement: Any,
        noted: StatedSizes,
        at: dict[sp.Symbol, int],
        inside: tuple[set[sp.Symbol], ...],
    ) -> None:
        """`inside` are the symbols of the transformation, the spec and the channels."""
        self.statement, self.noted, self.at = statement, noted, at
        parts = (statement.transformation, statement.spec, statement.channels)
        self.shift, self.spec, self.channels = (
            at_numbers(part, at) if symbols else part
            for part, symbols in zip(parts, inside, strict=True)
        )
        self.line = statement.where == "line"
        self.whole_network = isinstance(statement.spec, Network)
        self.many = self.whole_network and not is_small(statement.spec)
        self._bind = binder(self.spec)
        self._fitted = False

    def sizes(self, count: int, start: int) -> Iterator[Instance]:
        """`count` sizes: from a start of 1 the smallest that the conditions allow and those behind
        it, and from another some small one."""
        if not self.whole_network:
            made = self._smallest() if start == 1 else self._roomy(start)
            yield from self._tried(made)
            for other in range(1, count if made is not None else 0):
                yield from self._tried(self._bound(self._size + other))
            return
        if not self.many:
            yield from self._tried(self._whole(self.statement.spec, self._known(self._own)))
        around = self.statement.where == "circle"
        for axis, t in enumerate(self.shift.amounts(len(self._own))):
            if t == 0 or (around and not self.many):
                continue
            if around:  # of the size that it has
                yield from self._tried(self._cropped(axis, self._own[axis]))
            else:
                start = 32 if self.many else 5  # models have strides of 32 in all
                yield from self._tried(self._some(partial(self._cropped, axis), start))

    def _smallest(self) -> _Made | None:
        """The smallest size, by halving between those that are too small and one that is not.

        In a frame what moves by t needs t + 1 positions: a size that is mostly the smallest or
        too small.
        """
        none, size = 0, 1 if self.statement.where == "circle" else 1 + self._move
        while (made := self._bound(size)) is None and size < FAR:
            none, size = size, size + 1 + size // 2
        back = size if none else 1
        while made is not None and size - none > 1:
            middle = max((size + none) // 2, size - back)
            if (smaller := self._bound(middle)) is not None:
                size, made, back = middle, smaller, 2 * back
            else:
                none = middle
        self._size = size
        return made

    @cached_property
    def _move(self) -> int:
        """By how much the input moves at most, in positions of its first axis (see `_open`)."""
        moves = self.shift.amounts(self._rank)
        return max(0, *(abs(int(t)) - a for a, t in enumerate(moves)))

    def _roomy(self, start: int) -> _Made | None:
        """Some size; on a line one at which both sides mostly have all that they read."""
        room = start + 2 * self._move if self.line else start
        made = self._some(self._bound, room)
        if room > start and (made is None or not made.is_small):
            return self._some(self._bound, start)
        return made

    def _some(self, make: Callable[[int], _Made | None], size: int) -> _Made | None:
        """Some size: the next ones where strides have to divide it, and then larger ones."""
        while size < FAR:
            for near in range(size, size + NEAR):
                if (made := make(near)) is not None:
                    return made
                if self._fitted:  # the layers take it, but the border reaches every output
                    break
            size *= 2
        return None

    # -- networks ---------------------------------------------------------------------------------

    def _bound(self, size: int) -> _Made | None:
        """The spec on an input of this size, if it takes one and the claim speaks of its output."""
        self._fitted = False
        try:
            at, space = self._open(size)
            if any(n < 1 for n in space):
                return None
            if not self._spoken_of(at):
                self._fitted = True
                return None
            network = self._bind(self.spec, space, self.channels)
        except ConvgraphError:  # too small, or numbers that do not go together
            return None
        self._fitted = True
        if sum(int(row.size) for row in network.rows) > FEW_EDGES:
            return None
        return self._whole(network, at)

    def _spoken_of(self, at: Numbers) -> bool:
        """Whether a position of the output, of as many as are said, meets the conditions."""
        claim, said = self.statement.claim, self._said(at)
        if said is None or not claim.conditions:
            return True
        shape = (*[1] * (len(claim.variables) - len(said)), *(max(0, n) for n in said))
        mesh = np.ogrid[tuple(map(slice, shape))]
        known = {**at, **dict(zip(claim.variables, mesh, strict=True))}
        return bool(met(claim.conditions, known, shape).any())

    def _said(self, at: Numbers) -> tuple[int, ...] | None:
        """How many positions the output is said to have, if anything is said of it."""
        if self.line or self._output not in self.noted.sizes:
            return None
        return tuple(int(whole(n, at)) for n in self.noted.sizes[self._output])

    @property
    def _output(self) -> str:
        return self.statement.claim.left.func.__name__.rstrip("'")

    def _open(self, size: int) -> tuple[Numbers, tuple[int, ...]]:
        """Numbers for the sizes: `size`, and one more along each further axis."""
        at = self._known(itertools.count(size))
        if self.line:
            return at, tuple(size + a for a in range(self._rank))
        return at, tuple(int(whole(n, at)) for n in self.noted.input)

    def _known(self, sizes: Iterable[int]) -> Numbers:
        """Numbers for all symbols, where these are the numbers of those in the input's sizes."""
        if self.line:
            return self.at
        free = self.noted.counted(self.at)
        return self.noted.complete({**self.at, **dict(zip(free, sizes, strict=False))})

    @cached_property
    def _rank(self) -> int:
        if self.whole_network:
            return len(self._own)
        amount = self.shift.amount
        given = len(amount) if isinstance(amount, tuple) else 1
        return self.statement.spec.rank or min(given, len(self.statement.claim.variables))

    def _whole(self, network: Network, at: Numbers) -> _Made | None:
        """A network with all of its edges, whose output is as large as the statement says."""
        row, end = network.inputs[0], network.outputs[0]
        said = self._said(at)
        if said is not None and said != end.numbers()[end.channels :]:
            raise ConvgraphError(
                f"instances: at {_named(at)} {self._output} has the shape {end.shape}, "
                f"and not {said} positions"
            )
        moves = self.shift.amounts(len(row.shape) - row.channels)
        moves = (0,) * row.channels + tuple(map(int, moves))
        return self._made(network, self.statement.claim, moves, at, ALL_EDGES)

    def _cropped(self, axis: int, size: int) -> _Made | None:
        """A bound network along one axis; of the claim, what speaks of that axis."""
        network = self.statement.spec
        self._fitted = False
        try:
            along, place = cropped(network, network.inputs[0].channels + axis, size)
        except ConvgraphError:  # too small, or branches that do not meet at this size
            return None
        self._fitted = True
        at = self._known(size if a == axis else n for a, n in enumerate(self._own))
        moves = (int(self.shift.amounts(len(self._own))[axis]),)
        claim = _Along(self.statement.claim, place)
        return self._made(along, claim, moves, at, f"along axis {axis}")

    def _made(
        self, network: Network, claim: Any, moves: tuple[int, ...], at: Numbers, how: str
    ) -> _Made | None:
        line = [t != 0 for t in moves] if self.line else None
        claimed = Claimed(claim, network, line, at)
        return _Made(network, claimed, moves, at, how) if claimed.count else None

    @property
    def _own(self) -> tuple[int, ...]:
        """How many positions the input of a bound network has."""
        row = self.statement.spec.inputs[0]
        return row.numbers()[row.channels :]

    # -- both sides -------------------------------------------------------------------------------

    def _tried(self, made: _Made | None) -> Iterator[Instance]:
        """Compare both sides; an instance, or an error that shows where they differ."""
        if made is None:
            return
        network, shape = made.network, made.network.inputs[0].numbers()
        if not made.is_small:
            return
        along = made.how != ALL_EDGES
        inputs = []
        for seed in SEEDS[: 1 if along else 2]:
            if self.line:
                inputs += pieces(shape, made.moves, seed)
            else:
                x = draw(shape, seed)
                around = self.statement.where == "circle" or self.shift.boundary == "wrap"
                inputs += [x, moved(x, made.moves, around)]
        found = different(made.claimed, values(network, inputs, bounded=along))
        if found is not None:
            index, left, right = found
            raise ConvgraphError(
                f"instances: at {_named(made.at)}, on an input of {shape} units ({made.how}), "
                f"{self.statement.claim.left.func}{list(index)} is {left}, and not {right}: "
                "this statement is false"
            )
        yield Instance(_named(made.at), shape, made.claimed.count, made.how)


@dataclass(frozen=True)
class _Made:
    """A network, what a claim says of it, and how its input moves."""

    network: Network
    claimed: Claimed
    moves: tuple[int, ...]
    at: Numbers
    how: str

    @cached_property
    def is_small(self) -> bool:
        """Whether it is evaluated in an instant."""
        return is_small(self.network, FEW_EDGES if self.how == ALL_EDGES else CROPPED_EDGES)


class _Along:
    """A claim along one axis of the output."""

    def __init__(self, claim: Any, place: int) -> None:
        own = claim.variables[place]
        others = set(claim.variables) - {own}
        self.left = claim.left
        self.variables = (own,)
        self.conditions = tuple(c for c in claim.conditions if not c.free_symbols & others)
        self.right = sp.Function(claim.right.func.__name__)(claim.right.args[place])
