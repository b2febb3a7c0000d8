"""The search for a counterexample, over small sizes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.core.sizes import Size
from convgraph.layers.spec import Spec
from convgraph.network.functional import bound
from convgraph.symmetry.instances.contradicted import contradicted
from convgraph.symmetry.instances.symbol_values import assignments, at_numbers, free_symbols
from convgraph.symmetry.proofs.line_difference import difference
from convgraph.symmetry.proofs.premises import amounts_of
from convgraph.symmetry.proofs.row_shifts import Unproved, periods, shifts
from convgraph.symmetry.smt.recheck import Recheck, frame_question, recheck_frame
from convgraph.symmetry.smt.script import Query, joined
from convgraph.symmetry.transformations.geometric import Shift
from convgraph.symmetry.transformations.transformation import Transformation

__all__ = ["Refutation", "Undecided", "refute"]

LARGEST = {1: 10, 2: 6}  # positions per axis, by the number of axes: a counterexample is read
ASSIGNMENTS = 16  # of numbers to symbols, the smallest first
FEW_UNITS = 2_000  # are computed one by one, in sympy


@dataclass(frozen=True, repr=False)
class Refutation:
    """A counterexample: sizes at which a spec and a transformation do not commute.

    Attributes
    ----------
    spec, transformation, where
        What was asked.
    values
        Numbers for the symbols of the spec and of the transformation.
    network
        The spec at these numbers, bound to the smallest input that shows the difference.
    unit
        An output unit whose value differs.
    left, right
        Its value when the input is transformed first, and when the output is.
    reason
        Where the search for a proof ended.
    """

    spec: Spec | Network
    transformation: Transformation
    where: str
    values: Mapping[sp.Symbol, int]
    network: Network
    unit: str
    left: sp.Expr
    right: sp.Expr
    reason: str

    holds = False

    def verify(self) -> bool:
        """Look at the counterexample anew; True, or an error.

        Raises
        ------
        ConvgraphError
            If both sides are equal there, or are others.
        """
        moved = at_numbers(self.transformation, self.values)
        if _failure(self.network, moved, self.where) != (self.unit, self.left, self.right):
            raise ConvgraphError(f"unit={self.unit!r}: both sides are others; this was altered")
        return True

    def recheck(self) -> Recheck:
        """Have z3 look for the smallest frame on which this fails; for counterexamples on one.

        Raises
        ------
        ConvgraphError
            If z3 is not installed, or if this is not about a frame.
        """
        return recheck_frame(self._question())

    def smt2(self) -> str:
        """What `recheck` asks, as an SMT-LIB 2 script; the answer should be sat."""
        return joined([self._question()], repr(self))

    def _question(self) -> Query:
        row = self.network.inputs[0]
        return frame_question(self.spec, self.transformation, self.where, self.values, row)

    def to_dict(self) -> dict[str, Any]:
        """The counterexample as plain data."""
        return {
            "statement": f"{self.spec!r} commutes with {self.transformation!r}",
            "holds": False,
            "where": self.where,
            "reason": self.reason,
            "values": plain({s.name: v for s, v in self.values.items()}),
            "input": plain(self.network.inputs[0].shape),
            "unit": self.unit,
            "left": str(self.left),
            "right": str(self.right),
        }

    def __repr__(self) -> str:
        return f"Refutation({self.spec!r}, {self.transformation!r}: {self.unit} differs)"

    def __str__(self) -> str:
        at = ", ".join(f"{s} = {v}" for s, v in self.values.items())
        size = " x ".join(map(str, self.network.inputs[0].shape))
        return "\n".join(
            [
                f"{self.spec!r} does not commute with {self.transformation!r}: {self.reason}",
                f"Counterexample: an input of {size}{', with ' * bool(at)}{at}, unit {self.unit}:",
                f"    transformed first: {self.left}",
                f"    transformed after: {self.right}",
            ]
        )


@dataclass(frozen=True, repr=False)
class Undecided:
    """Neither a proof nor a counterexample was found.

    Attributes
    ----------
    spec, transformation, where
        What was asked.
    reason
        Where the search for a proof ended.
    """

    spec: Spec | Network
    transformation: Transformation
    where: str
    reason: str

    holds = None

    def verify(self) -> bool:
        """There is nothing to check of what is undecided.

        Raises
        ------
        ConvgraphError
            Always.
        """
        raise ConvgraphError(f"spec={self.spec!r}: undecided, so that there is nothing to verify")

    def to_dict(self) -> dict[str, Any]:
        """The question as plain data."""
        return {
            "statement": f"{self.spec!r} commutes with {self.transformation!r}",
            "holds": None,
            "where": self.where,
            "reason": self.reason,
        }

    def __repr__(self) -> str:
        return f"Undecided({self.spec!r}, {self.transformation!r}: {self.reason})"

    def __str__(self) -> str:
        return (
            f"Whether {self.spec!r} commutes with {self.transformation!r} is undecided: "
            f"{self.reason}, and no counterexample was found among small sizes"
        )


def refute(
    spec: Spec | Network,
    transformation: Transformation,
    where: str,
    channels: Size | None,
    reason: str,
) -> Refutation | None:
    """The smallest counterexample among small sizes, or None."""
    symbols = sorted(free_symbols((spec, transformation, channels)), key=lambda s: s.name)
    for values in itertools.islice(assignments(symbols), ASSIGNMENTS):
        try:
            numbered, moved, c = (at_numbers(e, values) for e in (spec, transformation, channels))
        except ConvgraphError:  # numbers that do not go together
            continue
        for network in _networks(numbered, moved, where, c):
            found = _failure(network, moved, where)
            if found is not None:
                return Refutation(
                    spec, transformation, where, values, network, *found, reason=reason
                )
    return None


def _networks(
    spec: Spec | Network, transformation: Transformation, where: str, channels: int | None
) -> Iterator[Network]:
    """The spec on small inputs, the smallest first; on a circle only where strides divide it.

    A bound network is what it is; on a line its values are computed one by one, if they are few.
    """
    if isinstance(spec, Network):
        if where in ("frame", "circle") or sum(int(row.size) for row in spec.rows) <= FEW_UNITS:
            yield spec
        return
    rank = spec.rank or 1
    if isinstance(transformation, Shift):
        rank = len(amounts_of(spec, transformation))
    for n in range(1, LARGEST.get(rank, 3) + 1):
        try:
            network = bound(spec, (n,) * rank, channels)
        except ConvgraphError:  # too small for the kernel
            continue
        if where == "circle":
            try:
                if any(n % int(period) for period in periods(network, rank)):
                    continue
            except Unproved:  # no strides to speak of
                pass
        yield network


def _failure(
    network: Network, transformation: Transformation, where: str
) -> tuple[str, sp.Expr, sp.Expr] | None:
    """A unit at which both sides differ, in numbers too, and both sides."""
    from convgraph.symmetry.equivariance.check import check_equivariance
    from convgraph.symmetry.equivariance.numeric_difference import expressions_differ

    if where in ("line", "interior"):
        assert isinstance(transformation, Shift)
        found = difference(network, tuple(map(int, amounts_of(network, transformation))))
        return found if found and expressions_differ(*found[1:]) else None
    example = check_equivariance(network, transformation).counterexample
    if example is None or _denied(network, transformation, example.unit):
        return None
    return example.unit, example.left, example.right


def _denied(network: Network, transformation: Transformation, unit: str) -> bool:
    """Whether an output at which a shift is said to fail is seen not to, edge by edge."""
    index = network.outputs[0].find(unit)
    if not isinstance(transformation, Shift) or index is None:
        return False
    amounts = amounts_of(network, transformation)
    try:
        away = dict(shifts(network, amounts))[network.outputs[0].name]
    except Unproved:  # no shift of the output is the one that is meant
        return False
    around = transformation.boundary == "wrap"
    return contradicted(network, [*map(int, amounts)], [*map(int, away)], around, index)
