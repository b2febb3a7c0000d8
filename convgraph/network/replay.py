"""Holding a traced network against the function that it was traced from, on numbers.

A run on symbols sees one course of the code. Here the code runs on numbers, the network on the
same, and where they differ the trace is refused, with the input that shows it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Number
from random import Random
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.core.function import AppliedUndef

from convgraph.core.arrays import Array
from convgraph.core.errors import ConvgraphError
from convgraph.core.functions import by_function
from convgraph.core.network import Network
from convgraph.core.sympified import sympified

__all__ = ["replay"]

Numbers: TypeAlias = "list[NDArray[Any]]"
NUMBERS = Number, np.bool_, sp.Expr
ROUNDING = 1e-9
"""Relative to the largest number given times the terms of a value: what sums in another order may
differ by (2^-53 for each of up to 10^6 operations); inputs are small or multiples of 1/8, so that a
wrong trace is off by more."""
LARGEST = 2000  # exponents: floats end at exp(710), and 2000 leaves room for powers of a third
HYPERBOLIC = sp.sinh, sp.cosh, sp.tanh
BESIDE = sp.Rational(1, 10**15)  # an input is moved by at most 2000 of this
SHOWN = 12  # values of an array in a message


@dataclass(frozen=True)
class _Held:
    """A function and its network, with the parameters' letters in the order of its arguments."""

    function: Callable[..., Any]
    name: Any
    network: Network
    letters: tuple[str, ...]

    def computed(self, given: Numbers) -> NDArray[Any] | Exception:
        """What the function gives; it may write into what it is given, or fail."""
        copies = [a.copy() if a.ndim else a[()] for a in given]
        try:
            values = np.asarray(self.function(*copies))
            written = np.frompyfunc(_meant, 1, 1)
            return np.asarray(written(values)) if values.dtype == object else values
        except Exception as error:  # whatever the user's code raises on numbers
            return error

    def read(self, given: Numbers) -> NDArray[Any]:
        """What the network gives, exactly for whole numbers of type object or where it has to."""
        used = {array.letter for array in self.network.labels.arrays}

        def evaluated(x: NDArray[Any], *arrays: NDArray[Any]) -> NDArray[Any]:
            parameters = {k: a for k, a in zip(self.letters, arrays, strict=True) if k in used}
            return np.asarray(self.network.evaluate(x, parameters))

        try:
            return evaluated(*given)
        except ConvgraphError:  # a function without values in numbers
            return evaluated(*map(_exact, given))

    def refuse(self, given: Numbers, says: str) -> None:
        shown = ", ".join(
            f"{name}={_shown(a)}" for name, a in zip(("x", *self.letters), given, strict=True)
        )
        raise ConvgraphError(f"function={self.name!r}: on the numbers {shown} {says}")


def replay(
    function: Callable[..., Any], name: Any, network: Network, arrays: Sequence[Array]
) -> None:
    """Raise a ConvgraphError if a function and the network traced from it differ on some numbers.

    The inputs are zeros, ties, both signs, small, large and drawn ones, as int64 and as float64;
    they are the same in every run. Whole numbers are compared exactly, others up to rounding.
    Where the function raises for one of the two types, or its value is not finite, the input says
    nothing.
    """
    shapes = [network.inputs[0].numbers(), *(tuple(map(int, a.shape)) for a in arrays)]
    held = _Held(function, name, network, tuple(a.letter for a in arrays))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for at, given in enumerate(_inputs(shapes)):
            as_floats = [a / 8 if at % 2 else a.astype(float) for a in given]
            failed = [_try(held, numbers, at == 0) for numbers in (given, as_floats)]
            if all(failed):
                held.refuse(as_floats, f"it raised {type(failed[1]).__name__}: {failed[1]}")


def _try(held: _Held, given: Numbers, twice: bool) -> Exception | None:
    """Compare on one input; what the function raised, if it did."""
    values = held.computed(given)
    if isinstance(values, Exception):
        return values
    if values.dtype.kind not in "biuf":
        text = next((v for v in values.ravel().tolist() if isinstance(v, str | bytes)), None)
        if text is not None:
            held.refuse(given, f"it gives {text!r}, which is a text and no number")
    if twice:
        again = held.computed(given)
        if isinstance(again, Exception) or not _same(values, again, 0.0):
            held.refuse(given, "it gives one time other values than the next")
    if values.ndim == 0:
        values = values.reshape(1)
    network = held.read(given)
    if values.shape != network.shape:
        held.refuse(given, f"its values have the shape {values.shape}, the trace's {network.shape}")
    scale = np.prod([1 + max(np.abs(a).max(initial=0), 1) for a in given])
    bound = ROUNDING * float(scale) * max(a.size for a in given)
    if not _same(values, network, bound) and not _at_a_jump(held, given, bound):
        position = next(
            tuple(map(int, i))
            for i in np.ndindex(values.shape)
            if not _same(values[i], network[i], bound)
        )
        at = ", ".join(map(str, position))
        kind = "by values, or by their type"
        if given[0].dtype.kind == "i":
            kind += " (here int64; np.zeros_like(x, dtype=object) holds any)"
        held.refuse(
            given,
            f"it gives {_number(values[position])} at [{at}], and what its run on symbols computes "
            f"is {_number(network[position])}: it decides {kind}",
        )
    return None


def _same(a: Any, b: Any, bound: float) -> bool:
    """Whether values agree: whole numbers exactly, others up to rounding, if they are finite."""
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype.kind not in "iuf" or b.dtype.kind not in "iuf":
        try:
            a, b = _floats(a), _floats(b)
        except (TypeError, ValueError):  # expressions, in a function that sympy knows by name
            pairs = list(zip(a.ravel(), b.ravel(), strict=True))
            if not all(isinstance(each, NUMBERS) for pair in pairs for each in pair):
                return False  # a text would be run
            return all(sp.expand(sympified(u) - sympified(v)) == 0 for u, v in pairs)
    if a.dtype.kind in "iu" and b.dtype.kind in "iu":
        return bool(np.array_equal(a, b))
    finite = np.isfinite(a) & np.isfinite(b)
    size = np.maximum(np.abs(a), np.abs(b))
    near = np.abs(a - b) <= bound + ROUNDING * size
    return bool(np.all(near | ~finite))


def _floats(values: Any) -> Any:
    """Values as floating-point numbers; not a number where one is a power beyond their range.

    To say what such a power is in floats, sympy writes out its exponent, digit by digit: of
    exp(exp(exp(9))) that takes longer than anybody waits.
    """
    if values.dtype.kind != "O":
        return values.astype(float)
    return np.array([_float(v) for v in values.ravel()], float).reshape(values.shape)


def _float(value: Any) -> float:
    if isinstance(value, sp.Expr):
        for part in sp.postorder_traversal(value):  # exponents first, so that theirs are checked
            if isinstance(part, sp.Pow | sp.exp) and not abs(float(part.exp)) < LARGEST:
                return float("nan")
            if isinstance(part, HYPERBOLIC) and not abs(float(part.args[0])) < LARGEST:
                return float("nan")
    return float(value)


def _at_a_jump(held: _Held, given: Numbers, bound: float) -> bool:
    """Whether the network's value changes by more than rounding right beside an input.

    There, as at sign(0), the rounding of a sum decides what the code gives, and the input says
    nothing. The network is evaluated exactly, so that it is not its rounding that is seen.
    """
    random = Random(1)
    here = [_exact(a) for a in given]
    values = held.read(here)
    for size in (BESIDE, -BESIDE, 2 * BESIDE):
        moved = [
            a + size * _exact(np.array(_draw(random, -999, 999, a.shape)).reshape(a.shape))
            for a in here
        ]
        if not _same(values, held.read(moved), bound):
            return True
    return False


def _meant(value: Any) -> Any:
    """A value in which functions that sympy knows by name only, as sigmoid, are written out."""
    if not isinstance(value, sp.Expr):
        return value
    return value.replace(
        lambda part: isinstance(part, AppliedUndef) and len(part.args) == 1,
        lambda part: by_function(part.func).exact([part.args[0]]),
    )


def _exact(array: NDArray[Any]) -> NDArray[Any]:
    result = np.empty(array.size, object)
    result[:] = [sp.Rational(v) for v in array.ravel().tolist()]
    return result.reshape(array.shape)


def _inputs(shapes: Sequence[tuple[int, ...]]) -> Iterator[Numbers]:
    """Whole numbers for the input and the parameters, the same in every run."""
    random = Random(0)

    def drawn(low: int, high: int) -> Numbers:
        return [np.array(_draw(random, low, high, s), np.int64).reshape(s) for s in shapes]

    def each(of: Callable[[int], NDArray[Any]]) -> NDArray[Any]:
        return of(int(np.prod(shapes[0]))).astype(np.int64).reshape(shapes[0])

    def last(n: int) -> NDArray[Any]:
        return np.arange(n) == n - 1

    patterns: list[Callable[[int], NDArray[Any]]] = [
        lambda n: np.arange(n) + 1,
        np.zeros,
        np.ones,
        lambda n: -np.ones(n),
        lambda n: n - np.arange(n),
        lambda n: 1 - 2 * (np.arange(n) % 2),
        lambda n: np.arange(n) // 2,
        lambda n: np.arange(n) == 0,
        last,
        lambda n: np.arange(n) % 3 - 1,
        lambda n: 10**6 * (np.arange(n) % 3 - 1),
        lambda n: -(np.arange(n) + 1),
    ]
    for pattern in patterns:
        yield [each(pattern), *drawn(-3, 3)[1:]]
    for parameter in (0, 1, -1):
        yield [drawn(-5, 5)[0], *(np.full(s, parameter, np.int64) for s in shapes[1:])]
    # small numbers are often alike, which tells branches and maxima apart; large ones seldom are
    for low, high in ((-1, 1), (-2, 2), (-9, 9), (0, 9), (-9, -1), (-100, 100)):
        for _ in range(2):
            yield drawn(low, high)


def _draw(random: Random, low: int, high: int, shape: tuple[int, ...]) -> list[int]:
    return [random.randint(low, high) for _ in range(int(np.prod(shape)))]


def _shown(array: NDArray[Any]) -> str:
    return str(array.tolist()) if array.size <= SHOWN else f"{array.ravel()[:SHOWN].tolist()}..."


def _number(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
