"""For which sizes of an input sizes that are to be equal are so: what merged branches ask for."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import lru_cache

import sympy as sp

from convgraph.core.congruence import Congruence
from convgraph.core.sizes import Size
from convgraph.core.sympified import sympified

__all__ = ["agreeing", "fits"]

LONGEST_PERIOD = 512  # remainders are tried one by one; sympy takes a millisecond for each


def fits(shapes: Sequence[Sequence[Size]], apart: int | None = None) -> str:
    """The end of a message about shapes that differ: where they would not, for open sizes.

    `apart` is an axis along which they may differ.

    >>> n = sp.Symbol("n", integer=True, positive=True)
    >>> fits([(8, n), (8, 2 * sp.floor(n / 2))])
    '; they are alike where n = 0 modulo 2, as for n = 2*m'
    >>> fits([(8, 3), (8, 4)])
    ''
    """
    if len({len(shape) for shape in shapes}) != 1:
        return ""
    axes = [axis for a, axis in enumerate(zip(*shapes, strict=True)) if a != apart]
    pairs = [(axis[0], other) for axis in axes for other in axis[1:]]
    said = []
    for symbol, condition in agreeing(pairs).items():
        residues, modulus = condition.residues, condition.modulus
        if not residues:
            return ""  # they agree for no size
        if modulus == 1:
            continue
        listed = " or ".join(_runs(residues))
        example = f"{modulus}*m" + (f" + {residues[0]}" if residues[0] else "")
        said.append(f"{symbol} = {listed} modulo {modulus}, as for {symbol} = {example}")
    return f"; they are alike where {' and '.join(said)}" if said else ""


def _runs(numbers: Sequence[int]) -> list[str]:
    """Ascending numbers, those that follow each other as one range."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]


def agreeing(pairs: Iterable[tuple[Size, Size]]) -> dict[sp.Symbol, Congruence]:
    """The sizes, by symbol, for which both of all pairs are equal; none where that is not known."""
    found: dict[sp.Symbol, Congruence] = {}
    for a, b in pairs:
        difference = sp.expand(sympified(a) - b)
        if difference == 0:
            continue
        symbols = difference.free_symbols
        condition = _zeros(difference, *symbols) if len(symbols) == 1 else None
        if condition is None:
            return {}
        (symbol,) = symbols
        if symbol in found:
            condition = _both(found[symbol], condition)
        found[symbol] = condition
    return dict(sorted(found.items(), key=lambda item: str(item[0])))


@lru_cache(maxsize=256)
def _zeros(difference: sp.Expr, symbol: sp.Symbol) -> Congruence | None:
    """Where a difference of sizes is zero whatever the quotient, by the remainder of the size.

    Sizes are sums of floors and ceilings of rational multiples of n and of each other. Modulo the
    product of all denominators each is a linear function of the quotient.
    """
    period = 1
    for rounded in difference.atoms(sp.floor, sp.ceiling):
        inside = rounded.args[0]
        period *= math.lcm(*(int(t.as_coeff_Mul()[0].q) for t in sp.Add.make_args(inside)))
        if period > LONGEST_PERIOD:
            return None
    quotient = sp.Dummy("m", integer=True, positive=True)
    values = [
        sp.expand(difference.xreplace({symbol: period * quotient + rest})) for rest in range(period)
    ]
    if any(value.has(sp.floor, sp.ceiling, sp.Max, sp.Min) for value in values):
        return None
    return Congruence.of(period, [rest for rest, value in enumerate(values) if value == 0])


def _both(a: Congruence, b: Congruence) -> Congruence:
    modulus = math.lcm(a.modulus, b.modulus)
    return Congruence.of(modulus, [n for n in range(modulus) if n in a and n in b])
