"""Invariance of pooling: how likely a pooled output is to be the same after its input moved.

Let the values that are pooled be independent, of one continuous distribution. An output that is
the greatest value of the units A is, after the move, the greatest of the units B whose values have
come to lie in its window. It is unchanged if and only if the greatest value of A and B together
lies in both, and that value is as likely to be at any one of their units as at any other:

    P = |A and B| / |A or B|.

Zeros that come in, and a rectifier, compare values with 0. Let q be the chance that a value is not
positive, and u = |A or B|. All u values are not positive with a chance of q^u. Then the output is 0
before and after behind a rectifier; without one it was negative, and a zero that came in changes
it. Otherwise the greatest value is positive, and zeros do not matter.

An average is unchanged only if both windows hold the same units.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from numbers import Rational
from typing import Any

import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.symmetry.invariance.chances import Counts, counted, in_symbols
from convgraph.symmetry.invariance.pooled import pooled
from convgraph.symmetry.transformations.transformation import Transformation

__all__ = ["Invariance", "invariance"]

NAMED = 12  # outputs that are named one by one


@dataclass(frozen=True, eq=False, repr=False)
class Invariance:
    """How likely each output is to be unchanged.

    Attributes
    ----------
    network, transformation
        What was asked.
    row
        The row whose values are independent: the input, or the one that was named.
    nonpositive
        The chance that one of these values is not positive.
    inside
        The probability for an output whose window lies within the frame before and after the
        move: the same for all of them. None where there is no such output.
    """

    network: Network
    transformation: Transformation
    row: str
    nonpositive: sp.Expr
    inside: sp.Expr | None
    _counts: Counts | None

    def _known(self) -> Counts:
        if self._counts is None:
            raise ConvgraphError(
                f"network={self.network!r}: the probabilities of all outputs need numbers; "
                "`inside` does not"
            )
        return self._counts

    @cached_property
    def probabilities(self) -> NDArray[Any]:
        """The probability for each output: exact numbers in an array of the output's shape.

        Raises
        ------
        ConvgraphError
            If the network has symbolic sizes.
        """
        return self._known().of_outputs(self.nonpositive)

    @cached_property
    def expected(self) -> sp.Expr:
        """The expected fraction of outputs that are unchanged."""
        return self._known().mean(self.nonpositive)

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain data, probabilities as text."""
        known = self._counts is not None
        return {
            "transformation": repr(self.transformation),
            "row": self.row,
            "nonpositive": str(self.nonpositive),
            "inside": None if self.inside is None else str(self.inside),
            "expected": str(self.expected) if known else None,
            "probabilities": plain(self.probabilities) if known else None,
        }

    def __repr__(self) -> str:
        parts = [] if self.inside is None else [f"{self.inside} inside of the frame"]
        parts += [] if self._counts is None else [f"{self.expected} expected"]
        return f"Invariance({self.transformation!r}: {', '.join(parts)})"

    def __str__(self) -> str:
        target = self.network.outputs[0].name
        lines = [f"the chance that {self.transformation!r} leaves an output of {target} as it is"]
        if self.inside is not None:
            lines.append(f"  inside of the frame: {self.inside}")
        if self._counts is None:
            lines.append("  of all outputs: not known without numbers for the sizes")
        else:
            lines.append(f"  expected: {self.expected}")
            lines += [f"  {chance}: {units}" for chance, units in self._alike()]
        each = f"each not positive with the chance {self.nonpositive}"
        known = "all positive" if self.nonpositive == 0 else each
        return "\n".join([*lines, f"for independent values of {self.row}, {known}"])

    def _alike(self) -> Iterator[tuple[sp.Expr, str]]:
        """Each probability with the outputs that have it."""
        groups: dict[sp.Expr, list[str]] = {}
        units = self.network.outputs[0].units()
        for unit, chance in zip(units, self.probabilities.ravel(), strict=True):
            groups.setdefault(chance, []).append(unit)
        for chance, alike in groups.items():
            yield chance, ", ".join(alike) if len(alike) <= NAMED else f"{len(alike):,} units"


def invariance(
    network: Network,
    g: Transformation,
    independent: str | None = None,
    nonpositive: Any = None,
) -> Invariance:
    """The exact probability that a pooled output is unchanged when the input moves.

    The values of a row are taken to be independent and of one continuous distribution, whichever
    that is. Windows that the border cuts off count with the units that are left of them.

    Parameters
    ----------
    network
        A bound network that pools: maxima (also of maxima), or one average, with functions that
        keep the order in between. Sizes may be symbols for a single layer that pools; then only
        `inside` is known.
    g
        A shift, a flip or an enlargement. A shift with boundary "zeros" brings in zeros.
    independent
        The row whose values are independent; the input by default. Where a convolution comes
        first, whose windows overlap, its outputs are not independent even of an independent input,
        and the answer depends on the kernel: name the row that is to be taken as independent, and
        by how much it moves follows from the strides before it.
    nonpositive
        The chance that one of these values is not positive: a rational number or an expression; by
        default 0 (positive values, as behind a detector), or 1/2 with a rectifier on the way.

    Returns
    -------
    Invariance
        With the `probabilities`, their mean `expected`, and the value `inside` of the frame.

    Raises
    ------
    ConvgraphError
        If the network does something else than pooling, so that no such answer exists.

    Examples
    --------
    >>> import convgraph as cg
    >>> import sympy as sp
    >>> w, n = sp.symbols("w n", integer=True, positive=True)
    >>> cg.invariance(cg.MaxPool(w, stride=1).on(n), cg.Shift(1)).inside
    (w - 1)/(w + 1)
    >>> cg.invariance(cg.MaxPool(3, stride=1).on(10), cg.Shift(1))
    Invariance(Shift(1): 1/2 inside of the frame, 25/48 expected)

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.3 and figure 9.8.
    """
    check_network(network)
    if not isinstance(g, Transformation):
        raise ConvgraphError(f"g={g!r}: a transformation, such as Shift(1)")
    found = pooled(network, g, independent)
    usual = sp.Rational(int(found.rectified), 2)
    q = usual if nonpositive is None else _chance(nonpositive)
    if network.symbolic:
        inside = in_symbols(found).chance(q)
        return Invariance(network, g, found.row.name, q, inside, None)
    counts = counted(found)
    return Invariance(network, g, found.row.name, q, counts.inside(q), counts)


def _chance(value: Any) -> sp.Expr:
    """Check a chance: floats are refused, because what is derived from it is exact."""
    rational = isinstance(value, Rational) and not isinstance(value, bool)
    if not rational and not isinstance(value, sp.Expr):
        raise ConvgraphError(
            f"nonpositive={value!r}: a chance is an int, a Fraction or a sympy expression"
        )
    chance = sp.Rational(value.numerator, value.denominator) if rational else value
    if chance.is_number and not (chance.is_real and 0 <= chance <= 1):
        raise ConvgraphError(f"nonpositive={value}: a chance is between 0 and 1")
    return chance
