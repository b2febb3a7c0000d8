"""Whether two sides differ, seen by putting in numbers: no decision of how they differ is trusted.

Nothing here knows how a verdict was found. Expressions are evaluated by sympy, networks edge by
edge, on whole numbers of many kinds, and on small fractions where there are functions that level
out: to tell tanh(90,000) from tanh(90,001), a maximum would need 78,000 digits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef, Function

from convgraph.core.network import Network
from convgraph.core.sympified import sympified
from convgraph.symmetry.transformations.transformation import Sources

__all__ = ["expressions_differ", "sides_differ"]

POINTS = 60  # fifteen of each of four kinds
# functions made of straight lines, or any; sympy's maxima and minima are no functions
STRAIGHT = (sp.Abs, sp.sign, sp.floor, sp.ceiling, sp.Heaviside, sp.Piecewise, AppliedUndef)
JUMPING = (sp.sign, sp.floor, sp.ceiling, sp.Heaviside, sp.Piecewise)
DIGITS = 30  # of numbers that are no fractions; half of them have to agree
CARRIED = 4 * DIGITS  # of the values of functions that level out, from layer to layer


def expressions_differ(left: sp.Expr, right: sp.Expr) -> bool:
    """Whether two expressions have different values at some of a few points.

    >>> x, y = sp.symbols("x y")
    >>> expressions_differ(sp.Max(x, y), sp.Max(y, x)), expressions_differ(x * y, x + y)
    (False, True)
    """
    left, right = sympified(left), sympified(right)
    if left == right:
        return False
    symbols = sorted(left.free_symbols | right.free_symbols, key=lambda s: s.name)
    for values in _points(len(symbols), POINTS, [left, right]):
        at = dict(zip(symbols, values, strict=True))
        if _differ(left.xreplace(at), right.xreplace(at)):
            return True
    return False


def sides_differ(
    network: Network, moves: Mapping[str, Sources], row: str, unit: int, image: int
) -> bool:
    """Whether f(g x) at a unit of an output differs from f(x) at its image (0 where that is -1)."""
    names = [str(label) for label in network.labels[: network.labels.parameters]]
    sizes = [int(given.size) for given in network.inputs]
    kinds = {layer.reduction for layer in network.layers if layer.reduction.elementary}
    functions = [kind.exact([sp.Symbol("t")]) for kind in kinds]
    for drawn in _points(len(names) + sum(sizes), POINTS, functions):
        parameters = dict(zip(names, drawn, strict=False))
        rest = drawn[len(names) :]
        before, after = {}, {}
        for given, size in zip(network.inputs, sizes, strict=True):
            own, rest = rest[:size], rest[size:]
            shape, source = given.numbers(), moves[given.name].tolist()
            before[given.name] = _array(own, shape)
            after[given.name] = _array([own[s] if s >= 0 else sp.S.Zero for s in source], shape)
        left = _values(network, after, parameters, row)[unit]
        right = _values(network, before, parameters, row)[image] if image >= 0 else sp.S.Zero
        if _differ(left, right):
            return True
    return False


def _straight(value: sp.Expr) -> bool:
    """Whether an expression is made of straight lines: numbers of any size tell it from others."""
    return all(isinstance(each, STRAIGHT) for each in value.atoms(Function))


def _points(size: int, count: int, functions: Sequence[sp.Expr]) -> Iterator[list[sp.Expr]]:
    """Numbers of both signs, all of one, mostly zeros, and far apart; whole ones, if what they are
    put into is made of straight lines.

    Otherwise they are small, and have digits to spare: sympy would keep tanh(1/32) as it is, and
    ask of each sum of such terms whether it is positive. Where something jumps, digits do not do.
    """
    small = not all(map(_straight, functions))
    exact = not small or any(e.has(*JUMPING) for e in functions)
    random = np.random.default_rng(7)
    for number in range(count):
        # Numbers of both signs; of one, as behind rectifiers; with zeros; and of many sizes, of
        # which a maximum or a sum takes the largest.
        values = random.integers(-99, 100, size)
        if number % 4 == 1:
            values = np.abs(values)
        elif number % 4 == 2:
            values = values * (random.random(size) < 0.3)
        elif number % 4 == 3:
            values = random.choice([-1, 1], size) * 10 ** random.integers(0, 6, size)
        scale = (10**4 if number % 4 == 3 else 32) if small else 1
        fractions = [sp.Rational(value, scale) for value in values.tolist()]
        yield fractions if exact else [fraction.n(CARRIED) for fraction in fractions]


def _array(values: Sequence[Any], shape: tuple[int, ...]) -> Any:
    result = np.empty(len(values), object)
    result[:] = values
    return result.reshape(shape)


def _values(network: Network, x: Any, parameters: Mapping[str, Any], row: str) -> Any:
    result = network.evaluate(x, parameters)
    return (result[row] if isinstance(result, dict) else result).ravel()


def _differ(left: Any, right: Any) -> bool:
    sides = [_settled(sympified(side)) for side in (left, right)]
    if any(side.has(sp.nan, sp.zoo) or side.free_symbols for side in sides):
        return False
    if all(side.is_Rational or side.is_infinite for side in sides):
        return bool(sides[0] != sides[1])
    if any(side.is_infinite for side in sides):
        return True
    size = max(1, *(abs(sp.N(side, DIGITS)) for side in sides))
    return bool(abs(sp.N(sides[0] - sides[1], DIGITS)) > size * sp.Rational(1, 10 ** (DIGITS // 2)))


def _settled(value: sp.Expr) -> sp.Expr:
    """With 3 t + 1 for every function of t that is only a name: the equation is for all of them."""
    return value.replace(lambda e: isinstance(e, AppliedUndef), lambda e: 3 * e.args[0] + 1)
