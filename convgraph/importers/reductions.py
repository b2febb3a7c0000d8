"""What units of real models do with the values that reach them, exactly and in numbers.

Where a unit is normalised by others its own value comes first among the terms (`OwnFirst`), and
where it combines several rows, their terms follow one another in the order of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.long_expressions import applied
from convgraph.core.reduction import Reduction, by_name

__all__ = [
    "chosen",
    "or_else",
    "each_together",
    "folded",
    "inverse_deviation",
    "local_response",
    "log_sum_exp",
    "minimum",
    "normaliser",
    "power_sum",
    "scaled_by_norm",
    "softmax",
    "standardised",
    "unknown_values",
]

Values = NDArray[Any]
Starts = NDArray[np.int64]


@by_name
def unknown_values(what: str) -> Reduction:
    """The reduction of an operator of which only the connections are taken."""

    def refuse(*_: Any) -> Any:
        raise ConvgraphError(f"operator={what!r}: its values are not known, only its connections")

    return Reduction(what, refuse, refuse, known=False)


def each_together(
    name: str, exact: Callable[..., sp.Expr], fast: Callable[..., Values]
) -> Reduction:
    """A function of a fixed number of arguments, one from each edge of a unit.

    `fast` takes one array for each argument.
    """

    def reduce(values: Values, start: Starts) -> Values:
        columns = values.reshape(len(start) - 1, -1)
        return fast(*(columns[:, a] for a in range(columns.shape[1])))

    return Reduction(name, lambda terms: applied(exact, *terms), reduce)


def folded(
    name: str,
    before: tuple[Callable[[sp.Expr], sp.Expr], Callable[[Values], Values]],
    after: tuple[Callable[[sp.Expr], sp.Expr], Callable[[Values], Values]],
) -> Reduction:
    """A sum over the terms, with a function on each of them and one on the sum."""

    def exact(terms: Sequence[sp.Expr]) -> sp.Expr:
        return after[0](sp.Add(*map(before[0], terms)))

    def fast(values: Values, start: Starts) -> Values:
        return after[1](sums(before[1](values), start))

    return Reduction(name, exact, fast)


def sums(values: Values, start: Starts) -> Values:
    """The sum of each unit's terms; a unit may have none."""
    padded = np.append(values, values.dtype.type(0))
    result = np.add.reduceat(padded, start[:-1])
    result[np.diff(start) == 0] = 0
    return result


def spread(per_unit: Values, start: Starts) -> Values:
    """One value per unit, repeated for each of its terms."""
    return np.repeat(per_unit, np.diff(start))


def normaliser(
    name: str,
    exact: Callable[[Sequence[sp.Expr]], sp.Expr],
    fast: Callable[[Values, Values, Starts], Values],
    near_zero: sp.Expr | None = None,
) -> Reduction:
    """A function of a unit's own value, its first term, and of all its terms."""
    return Reduction(
        name,
        exact,
        lambda values, start: fast(values[start[:-1]], values.astype(float), start),
        near_zero=near_zero,
    )


@by_name
def softmax(log: bool) -> Reduction:
    """exp(x_i) / sum_j exp(x_j), or its logarithm."""

    def exact(terms: Sequence[sp.Expr]) -> sp.Expr:
        total = sp.Add(*map(sp.exp, terms))
        return terms[0] - sp.log(total) if log else sp.exp(terms[0]) / total

    def fast(own: Values, values: Values, start: Starts) -> Values:
        most = np.maximum.reduceat(values, start[:-1])
        total = sums(np.exp(values - spread(most, start)), start)
        return own - most - np.log(total) if log else np.exp(own - most) / total

    return normaliser("log_softmax" if log else "softmax", exact, fast)


@by_name
def standardised(epsilon: float, centred: bool = True) -> Reduction:
    """(x_i - mean) / sqrt(variance + epsilon), or x_i / sqrt(mean square + epsilon)."""
    small = sp.Rational(str(epsilon))

    def exact(terms: Sequence[sp.Expr]) -> sp.Expr:
        count = len(terms)
        mean = sp.Add(*terms) / count if centred else sp.S.Zero
        spread_ = sp.Add(*((t - mean) ** 2 for t in terms)) / count
        return (terms[0] - mean) / sp.sqrt(spread_ + small)

    def fast(own: Values, values: Values, start: Starts) -> Values:
        count = np.diff(start)
        mean = sums(values, start) / count if centred else np.zeros(len(count))
        variance = sums((values - spread(mean, start)) ** 2, start) / count
        return (own - mean) / np.sqrt(variance + epsilon)

    near_zero = 1 / sp.sqrt(small) if small > 0 and not centred else None
    return normaliser("standardised" if centred else "rms_normalised", exact, fast, near_zero)


@by_name
def inverse_deviation(epsilon: float) -> Reduction:
    """1 / sqrt(variance + epsilon) of all terms."""
    small = sp.Rational(str(epsilon))

    def exact(terms: Sequence[sp.Expr]) -> sp.Expr:
        mean = sp.Add(*terms) / len(terms)
        return 1 / sp.sqrt(sp.Add(*((t - mean) ** 2 for t in terms)) / len(terms) + small)

    def fast(values: Values, start: Starts) -> Values:
        count = np.diff(start)
        mean = sums(values, start) / count
        variance = sums((values - spread(mean, start)) ** 2, start) / count
        return 1 / np.sqrt(variance + epsilon)

    return Reduction("inverse deviation", exact, fast)


@by_name
def local_response(size: int, alpha: float, beta: float, bias: float) -> Reduction:
    """x_i / (bias + alpha / size * sum of squares)^beta: local response normalisation."""
    a, b, c = (sp.Rational(str(v)) for v in (alpha, beta, bias))

    def exact(terms: Sequence[sp.Expr]) -> sp.Expr:
        return terms[0] / (c + a / size * sp.Add(*(t**2 for t in terms))) ** b

    def fast(own: Values, values: Values, start: Starts) -> Values:
        return own / (bias + alpha / size * sums(values**2, start)) ** beta

    # where all terms are small their squares are nothing beside the bias
    return normaliser("local_response", exact, fast, c**-b if c > 0 else None)


@by_name
def power_sum(p: float) -> Reduction:
    """(sum of |x|^p)^(1/p): an Lp norm."""
    order = sp.Rational(str(p))
    return folded(
        f"l{order}",
        (lambda t: sp.Abs(t) ** order, lambda v: np.abs(v).astype(float) ** p),
        (lambda t: t ** (1 / order), lambda v: v ** (1 / p)),
    )


@by_name
def minimum() -> Reduction:
    """The least of the terms."""

    def fast(values: Values, start: Starts) -> Values:
        return np.minimum.reduceat(values, start[:-1])

    return Reduction("min", lambda terms: sp.Min(*terms), fast)


@by_name
def log_sum_exp() -> Reduction:
    """The logarithm of the sum of exponentials."""

    def fast(values: Values, start: Starts) -> Values:
        most = np.maximum.reduceat(values, start[:-1])
        return most + np.log(sums(np.exp(values - spread(most, start)), start))

    return Reduction("log of sum of exp", lambda terms: sp.log(sp.Add(*map(sp.exp, terms))), fast)


@by_name
def first_greatest(least: bool, last: bool) -> Reduction:
    """The place of the greatest (or least) term among the terms; of several, the first or last."""

    def exact(terms: Sequence[sp.Expr]) -> sp.Expr:
        best = sp.Min(*terms) if least else sp.Max(*terms)
        places = [(sp.Integer(i), sp.Eq(term, best)) for i, term in enumerate(terms)]
        *others, (end, _) = places[::-1] if last else places
        return sp.Piecewise(*others, (end, True))  # one of them is the best

    def fast(values: Values, start: Starts) -> Values:
        table = values.reshape(len(start) - 1, -1)
        find = np.argmin if least else np.argmax
        if last:
            return table.shape[1] - 1 - find(table[:, ::-1], axis=1)
        return find(table, axis=1)

    return Reduction("argmin" if least else "argmax", exact, fast)


@by_name
def scaled_by_norm(p: int) -> Reduction:
    """x_i / (sum |x_j|^p)^(1/p), and 0 where all are 0."""

    def exact(terms: Sequence[sp.Expr]) -> sp.Expr:
        norm = sp.Add(*(sp.Abs(t) ** p for t in terms)) ** sp.Rational(1, p)
        return sp.Piecewise((sp.S.Zero, sp.Eq(norm, 0)), (terms[0] / norm, True))

    def fast(own: Values, values: Values, start: Starts) -> Values:
        norm = sums(np.abs(values) ** p, start) ** (1 / p)
        return own / np.where(norm == 0, 1, norm)

    return normaliser(f"l{p} normalised", exact, fast)


@by_name
def or_else(fill: sp.Expr) -> Reduction:
    """The sum of the terms, or a number where there is none."""
    number = int(fill) if fill.is_Integer else float(fill)

    def fast(values: Values, start: Starts) -> Values:
        return np.where(np.diff(start) > 0, sums(values, start), number)

    return Reduction(f"pad({fill})", lambda terms: sp.Add(*terms) if terms else fill, fast)


@by_name
def chosen() -> Reduction:
    """The term whose place the first term names: a look-up in a table."""

    def exact(terms: Sequence[sp.Expr]) -> sp.Expr:
        places = [(value, sp.Eq(terms[0], i)) for i, value in enumerate(terms[1:])]
        return sp.Piecewise(*places, (sp.nan, True))

    def fast(values: Values, start: Starts) -> Values:
        table = values.reshape(len(start) - 1, -1)
        place = table[:, 0].astype(np.int64)
        place = np.where(place < 0, place + table.shape[1] - 1, place)
        return np.take_along_axis(table[:, 1:], place[:, None], axis=1)[:, 0]

    return Reduction("chosen", exact, fast)
