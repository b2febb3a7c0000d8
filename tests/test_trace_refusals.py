"""Code that decides by values is refused where it does so, or by numbers on which it differs."""

from __future__ import annotations

import itertools
import random
from typing import Any

import numpy as np
import pytest
import sympy as sp

import convgraph as cg

# numpy deprecates a positional out of its maxima, which still works
pytestmark = pytest.mark.filterwarnings("ignore:Passing more than 2 positional:DeprecationWarning")

CALLS = itertools.count()
DECIDES = {
    "truth": lambda x: x if x[0] else -x,
    "not": lambda x: x * (not x[0]),
    "and": lambda x: (x[0] and x[1]) + x,
    "all": lambda x: x * bool(np.all(x)),
    "any": lambda x: x * bool(np.any(x)),
    "any, as a method": lambda x: x if x.any() else x + 1,
    "count": lambda x: x * np.count_nonzero(x),
    "positions": lambda x: x[np.nonzero(x)],
    "positions, as a method": lambda x: x[x.nonzero()[0]],
    "where alone": lambda x: x[np.where(x)[0]],
    "trimmed": lambda x: np.trim_zeros(x),
    "largest position": lambda x: x[np.argmax(x)],
    "sorted": lambda x: np.sort(x),
    "sorted, by python": lambda x: sorted(x),
    "order": lambda x: x[np.argsort(x)],
    "median": lambda x: [np.median(x)],
    "unique": lambda x: np.unique(x),
    "max of python": lambda x: [max(x)],
    "where zero": lambda x: np.where(x == 0, 1, x),
    "equal": lambda x: x if x[0] == x[1] else -x,
    "unequal": lambda x: x if x[0] != x[1] else -x,
    "contains": lambda x: x * (0 in x),
    "contains, in a list": lambda x: x * (0 in list(x)),
    "array_equal": lambda x: x * np.array_equal(x, x[::-1]),
    "allclose": lambda x: x * np.allclose(x, 0),
    "isclose": lambda x: x * np.isclose(x, 0).astype(int),
    "isnan": lambda x: x * ~np.isnan(x),
    "finite": lambda x: x * np.isfinite(x),
    "greater": lambda x: x if x[0] > x[1] else -x,
    "greater, all": lambda x: x if (x > 0).all() else -x,
    "chained": lambda x: x if 0 < x[0] < 3 else -x,
    "masked": lambda x: x[x > 0],
    "bool": lambda x: x.astype(bool) * 1,
    "int": lambda x: x.astype(int),
    "float": lambda x: x.astype(float),
    "complex": lambda x: x.astype(complex),
    "one int": lambda x: [int(x[0])],
    "one float": lambda x: [float(x[0])],
    "one complex": lambda x: [complex(x[0])],
    "position": lambda x: [x[x[0]]],
    "times": lambda x: [1] * x[0],
    "range": lambda x: [sum(range(x[0]))],
    "round": lambda x: [round(x[0])],
    "remainder": lambda x: x % 3,
    "remainder of one": lambda x: [x[0] % 3],
    "set": lambda x: [len(set(x))],
    "dict": lambda x: list({v: v for v in x}),
    "hash": lambda x: [hash(x[0])],
    "imaginary": lambda x: (x * 1j).imag,
    "imaginary number": lambda x: [(x[0] * 1j).imag],
    "logical": lambda x: np.logical_not(x) * x,
    "no number": lambda x: np.sqrt(np.logical_and(x, x)),
    "swallowed": lambda x: swallowed(x),
    "out of a mask": lambda x: np.add(x, 1, where=np.array([True, False, True, True])),
    "type of numbers": lambda x: np.add(x, 0.5, dtype=int, casting="unsafe"),
    "divided by itself": lambda x: x / x,
    "half filled": lambda x: half_filled(x),
    "branch on a sympy value": lambda x: x if sp.Max(x[0], 0) else x * 2,
    "equal to a sympy value": lambda x: x if sp.Max(x[0], 0) == 0 else x * 2,
    "type": lambda x: x if isinstance(x[0], np.number) else x * 2,
    "dtype": lambda x: x if x.dtype == float else x * 2,
    "random": lambda x: x * random.random(),
    "state": lambda x: x * next(CALLS),
    "text of a rare value": lambda x: x + (1 if str(x[0]) == "1.0" else 2),
    "formatted": lambda x: x + (1 if f"{x[0]:.1f}" == "77.0" else 2),
    "texts": lambda x: x + len(set(x.astype(str))),
    "as text": lambda x: x[: 1 + len(str(x[0])) % 2],
}


def swallowed(x: Any) -> Any:
    try:
        return x if x[0] else -x
    except Exception:
        return x


def half_filled(x: Any) -> Any:
    y = np.zeros_like(x)
    y[:] = x / 2
    return y


@pytest.mark.parametrize("name", DECIDES)
def test_what_decides_by_values_is_refused(name: Any) -> None:
    with pytest.raises(cg.ConvgraphError, match="function"):
        cg.trace(DECIDES[name], x=4)


def test_a_refusal_names_the_line_and_the_value() -> None:
    def branching(x: Any) -> Any:
        y = x + 1
        return y if y[1] else x

    line = branching.__code__.co_firstlineno + 2
    with pytest.raises(cg.ConvgraphError, match=rf"'branching', line {line}: x2 \+ 1: whether"):
        cg.trace(branching, x=2)


def test_a_branch_on_a_parameter_is_refused() -> None:
    with pytest.raises(cg.ConvgraphError, match="b: whether it is true"):
        cg.trace(lambda x, b: x + b if b else x, x=2, b=())


def test_what_differs_on_numbers_is_refused_with_the_numbers() -> None:
    with pytest.raises(cg.ConvgraphError, match=r"x=\[1, 2\] it gives 1 at \[0\].*computes is 2"):
        cg.trace(lambda x: x if isinstance(x[0], np.number) else x * 2, x=2)


def test_what_fails_on_all_numbers_is_refused() -> None:
    with pytest.raises(cg.ConvgraphError, match="it raised AttributeError"):
        cg.trace(lambda x: x[0].expression * 2, x=2)


def written(ufunc: Any, *operands: Any) -> Any:
    """`ufunc(*operands, out=...)` into a copy, by keyword and by position."""

    def by_keyword(x: Any) -> Any:
        out = x.copy()
        result = ufunc(x, *operands, out=out)
        assert result is out
        return out

    def by_position(x: Any) -> Any:
        out = x.copy()
        ufunc(x, *operands, out)
        return out

    def masked(x: Any) -> Any:
        out = x.copy()
        ufunc(x, *operands, out=out, where=np.arange(4) % 2 == 0)
        return out

    def half(x: Any) -> Any:
        ufunc(x[:-1], *operands, out=x[1:])
        return x

    return [by_keyword, by_position, masked, half]


def added_at(x: Any) -> Any:
    np.add.at(x, [0, 0, 2], x[1:])
    return x


def greatest_at(x: Any) -> Any:
    np.maximum.at(x, [0, 0, 2], x[1:])
    return x


def least_at(x: Any) -> Any:
    np.minimum.at(x, [3, 3], [0, 1])
    return x


def in_place(x: Any) -> Any:
    h = x
    h += 1
    h[1:] -= 2 * h[:-1]
    h *= 3
    np.maximum(h, 0, out=h)
    return x


def into(reduce: Any) -> Any:
    def f(x: Any) -> Any:
        out = np.zeros_like(x)
        reduce(x, out)
        return out

    return f


def single(reduce: Any) -> Any:
    def f(x: Any) -> Any:
        out = np.zeros_like(x[:1])
        reduce(x.reshape(1, 4), out)
        return out

    return f


WRITES = [
    *(f for u in (np.maximum, np.minimum, np.fmax, np.add, np.subtract) for f in written(u, 1)),
    *written(np.multiply, 2),
    *written(np.clip, -1, 2),
    *written(np.abs),
    *written(np.negative),
    added_at,
    greatest_at,
    least_at,
    in_place,
    into(lambda x, out: np.add.accumulate(x, out=out)),
    into(lambda x, out: np.maximum.accumulate(x, 0, None, out)),
    into(lambda x, out: np.minimum.accumulate(x, out=out)),
    into(lambda x, out: np.cumsum(x, out=out)),
    into(lambda x, out: np.maximum.reduceat(x, [0, 1, 2, 1], out=out)),
    into(lambda x, out: np.clip(x, 0, None, out)),
    into(lambda x, out: x.clip(0, 2, out=out)),
    single(lambda x, out: x.max(1, out)),
    single(lambda x, out: x.min(axis=1, out=out)),
    single(lambda x, out: np.sum(x, 1, None, out)),
    single(lambda x, out: np.amax(x, 1, out, initial=0, where=[True, True, False, False])),
    lambda x: np.maximum.outer(x[:2], x[2:]),
    lambda x: np.maximum.outer(x[:2], x[2:], out=np.zeros_like(x).reshape(2, 2)),
    lambda x: np.subtract.outer(x[:2], [1, 2]),
    lambda x: np.add.reduce(x.reshape(2, 2), axis=1),
    lambda x: np.add.reduceat(x, [0, 2]),
    lambda x: np.where(x > 0, x, 0),
    lambda x: np.abs(x) + np.sign(x[0]),
    lambda x: np.conj(x).real + x.imag + np.abs(x[0]) - np.maximum(x[0], x[1]),
    lambda x: x // 2 + x[0] // 3,
    lambda x: [sp.Function("sigmoid")(v) for v in x],
    lambda x: tuple(x[::2]),
    lambda x: x[0],
    lambda x: [list(x[:2]), list(x[2:])],
    lambda x: np.maximum(x, -np.inf),
    lambda x: np.exp(x),
    lambda x: np.sign(x.mean() - x[0]),
    lambda x: np.sign(x / 3 - x[::-1] / 3),
    lambda x: x * True + sp.Max(x[0], 0) * 2 - sp.tanh(x[1]),
]


DRAWN = [
    [random.Random(i).choice([-2.5, 0.0, 1.0, 3.0]) for i in range(at, at + 4)] for at in range(9)
]


def logistic(t: Any) -> Any:
    return 1 / (1 + sp.exp(-t))


@pytest.mark.parametrize("at", range(len(WRITES)))
def test_what_is_written_into_arrays_is_what_the_network_gives(at: Any) -> None:
    network = cg.trace(WRITES[at], x=4)
    for values in DRAWN:
        computed = np.asarray(WRITES[at](np.array(values)), object)
        known = [sp.sympify(v).replace(sp.Function("sigmoid"), logistic) for v in computed.ravel()]
        expected = np.array(known, float).reshape(network.outputs[0].shape)
        exact = network.evaluate(np.array([sp.Rational(v) for v in values], object))
        assert np.allclose(exact.astype(float), expected, rtol=0, atol=1e-9)


def test_the_largest_input_is_refused_before_anything_is_made() -> None:
    with pytest.raises(cg.ConvgraphError, match=r"x=100000000: .* at most 100,000"):
        cg.trace(lambda x: x, x=10**8)


def test_a_function_known_by_its_name_only_is_compared_as_an_expression() -> None:
    network = cg.trace(lambda x: [sp.Function("phi")(v) for v in x], x=2)
    assert [str(e) for e in network.expressions().values()] == ["phi(x1)", "phi(x2)"]


def test_a_fault_of_ours_is_not_said_to_be_the_functions(monkeypatch: Any) -> None:
    def faulty(x: Any) -> Any:
        return None.missing

    with pytest.raises(cg.ConvgraphError, match="raised AttributeError: 'NoneType' object"):
        cg.trace(faulty, x=3)
    monkeypatch.delattr("convgraph.network.tape.Made")  # so that the tape's own line fails
    with pytest.raises(NameError, match="'Made' is not defined"):
        cg.trace(lambda x: np.maximum(x, 0), x=3)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x.sum(axis=5),
        lambda x: np.maximum.reduce(x, axis=7),
        lambda x: x + np.ones(7),
        lambda x: x + "a",
        lambda x: np.where(x > 0, x, np.ones(9)),
        lambda x: np.concatenate([x, x.reshape(1, -1)]),
        lambda x: np.copyto(x, x[::-1], where=x > x[::-1]),
        lambda x: np.exp(x, out=np.zeros(9)),
    ],
)
def test_what_numpy_refuses_of_a_function_is_said_with_its_line(function: Any) -> None:
    """Also where numpy is asked by a line of the library's."""
    with pytest.raises(cg.ConvgraphError, match=r"line \d+: on arrays of symbols it raised"):
        cg.trace(function, x=4)
