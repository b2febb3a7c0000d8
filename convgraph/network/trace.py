"""Bring your own code: a function over arrays, run once on symbols, becomes a network."""

from __future__ import annotations

import math
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.arrays import Array
from convgraph.core.assembly import default_row_names
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Layer, Row
from convgraph.core.names import unit_names
from convgraph.core.network import Network
from convgraph.core.sizes import Size, is_symbolic
from convgraph.layers.spec import as_shape
from convgraph.network.listed_layers import Connection, listed_layer
from convgraph.network.replay import replay
from convgraph.network.symbol_arrays import symbol_array
from convgraph.network.symbolic_value import Value, expression_of
from convgraph.network.tape import Tape
from convgraph.network.units_of_code import Kind, Terms, read

__all__ = ["trace"]


ADVICE = {
    "unhashable": "a set or a dict of values compares them",
    "no callable": "this function is not known on symbols; sympy's, as sympy.tanh, are",
}
"""What to do instead, by a part of the message of what numpy or sympy raise."""

LIBRARY = Path(__file__).parents[1]
LARGEST = 10**5  # values that a run holds as symbols, of about a kilobyte each


def trace(
    function: Callable[..., Any],
    *,
    x: Size | Sequence[Size],
    **parameters: int | Sequence[int],
) -> Network:
    """The network that a function over arrays computes.

    The function is called once, on arrays of sympy symbols: `np.convolve`, `np.correlate`,
    `np.einsum`, `np.roll`, sliding windows, plain loops, `np.maximum`, `x.max(axis)`, `np.where(x >
    0, x, 0)` and functions such as `np.tanh` work on those as they are, and on single values
    `sympy.Max` and `sympy.tanh`. What comes out has to be affine in the input and linear in the
    parameters, possibly under maxima and pointwise functions; it becomes a labelled graph like any
    other layer's.

    Symbols have no truth, no equality and no hash, so code that branches on values is refused where
    it does so. Then the function is run on numbers (about 30 inputs: zeros, ties, both signs, small
    and large, of type int64 and float64), and the trace is refused if it gives other values:
    exactly for whole numbers, up to rounding for others. What decides by values in another way, and
    is not seen on these, is not found.

    Parameters
    ----------
    function
        Called as `function(x, ...)`, the parameters in the order in which they are given here.
    x
        The shape of the input: a number, or one for each axis.
    **parameters
        The name and the shape of each parameter array; the empty shape () is a single number.

    Returns
    -------
    Network
        With rows named as usual; a unit of a hidden row stands for each value under a maximum or a
        function.

    Raises
    ------
    ConvgraphError
        If the function fails on symbols or decides by values, with the line; with the first term
        that is not of this form; or with the numbers on which the function gives other values.

    Examples
    --------
    >>> import numpy as np, convgraph as cg
    >>> net = cg.trace(lambda x, w: np.correlate(x, w, "valid"), x=4, w=2)
    >>> net.expressions()
    {'s1': w_1*x1 + w_2*x2, 's2': w_1*x2 + w_2*x3, 's3': w_1*x3 + w_2*x4}
    >>> cg.receptive_field(net, "s2")
    Units(x: x2, x3)

    References
    ----------
    SparseConnectivityTracer.jl (Hill and Dalle, 2025) finds such patterns in Julia, without labels.
    """
    shape = _numbers("x", x)
    symbols = [sp.Symbol(name) for name in unit_names("x", shape)]
    arrays = tuple(_array(name, size) for name, size in parameters.items())
    known = set(symbols)
    for array in arrays:
        if not known.isdisjoint(array):
            raise ConvgraphError(
                f"{array.letter}={parameters[array.letter]!r}: an input unit has this name already"
            )
    tape = Tape(frozenset(symbols))
    given = symbol_array(tape, symbols, shape), *[_entries(tape, array) for array in arrays]
    network = _network(symbols, shape, _run(function, given, tape), arrays, tape)
    replay(function, _named(function), network, arrays)
    return network


def _array(name: str, shape: int | Sequence[int]) -> Array:
    single = isinstance(shape, tuple) and not shape
    return Array(name, () if single else _numbers(name, shape))


def _numbers(name: str, shape: Any) -> tuple[int, ...]:
    sizes = as_shape(name, shape)
    if is_symbolic(sizes):
        raise ConvgraphError(f"{name}={shape}: a function is run on arrays of known sizes")
    if math.prod(sizes) > LARGEST:
        raise ConvgraphError(
            f"{name}={shape}: a function is run on one symbol for each value, at most {LARGEST:,}"
        )
    return tuple(int(n) for n in sizes)


def _entries(tape: Tape, array: Array) -> Any:
    """The symbols of a parameter array, as an array of its shape or as a single value."""
    symbols = [array.symbol(i) for i in range(len(array))]
    return symbol_array(tape, symbols, array.shape) if array.shape else Value(tape, symbols[0])


def _run(function: Callable[..., Any], given: tuple[Any, ...], tape: Tape) -> NDArray[Any]:
    """The expressions that a function returns on symbols."""
    try:
        out = np.asarray(function(*given), dtype=object).view(np.ndarray)
    except ConvgraphError as error:
        raise ConvgraphError(f"{_place(function, error)}: {error}") from error
    except Exception as error:  # whatever the user's code raises on symbols
        if _is_ours(function, error):
            raise
        hint = next((f"; {advice}" for sign, advice in ADVICE.items() if sign in str(error)), "")
        raise ConvgraphError(
            f"{_place(function, error)}: "
            f"on arrays of symbols it raised {type(error).__name__}: {error}{hint}"
        ) from error
    if tape.refusals:  # and the function went on
        raise ConvgraphError(f"{_place(function, tape.refusals[0])}: {tape.refusals[0]}")
    if out.size == 0:
        raise ConvgraphError(f"function={_named(function)!r}: it returned no values")
    result = np.empty(out.size, object)
    for i, value in enumerate(out.ravel()):
        expression = None if isinstance(value, bool | np.bool_) else expression_of(value)
        if expression is None:
            raise ConvgraphError(
                f"function={_named(function)!r}: it returned {value!r} among its values; "
                "a function returns an array of expressions and real numbers"
            )
        result[i] = expression
    return result.reshape(out.shape or (1,))


def _place(function: Any, error: BaseException) -> str:
    """The function, and the line of it where an error came up."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    frames = traceback.extract_tb(error.__traceback__)
    line = next((f.lineno for f in reversed(frames) if f.filename == own), None)
    return f"function={_named(function)!r}" + ("" if line is None else f", line {line}")


def _is_ours(function: Any, error: BaseException) -> bool:
    """Whether an error tells of a mistake in a line of this library's, to be mended here.

    Other errors that come through such a line are numpy's, about arguments that the function gave.
    """
    if not isinstance(error, AttributeError | NameError | AssertionError):
        return False
    line = traceback.extract_tb(error.__traceback__)[-1].filename
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    return line != own and Path(line).is_relative_to(LIBRARY)


def _named(function: Any) -> Any:
    return getattr(function, "__name__", function)


def _network(
    symbols: list[sp.Symbol],
    shape: tuple[int, ...],
    out: NDArray[Any],
    arrays: tuple[Array, ...],
    tape: Tape,
) -> Network:
    parameters = frozenset(array.symbol(i) for array in arrays for i in range(len(array)))
    hidden, last = read(list(out.ravel()), tape, parameters)
    names = default_row_names(1, len(hidden) + 1)
    rows = [Row(names[0], shape)]
    rows += [Row(name, (len(units),)) for name, (_, units) in zip(names[1:], hidden, strict=False)]
    rows.append(Row(names[-1], out.shape))
    place: dict[sp.Expr, tuple[Row, int]] = {s: (rows[0], i) for i, s in enumerate(symbols)}
    for row, (_, units) in zip(rows[1:], hidden, strict=False):
        place.update({expression: (row, i) for i, (expression, _) in enumerate(units)})
    kinds = [*hidden, last]
    layers = [
        _layer(row, kind, [terms for _, terms in units], place, arrays)
        for row, (kind, units) in zip(rows[1:], kinds, strict=True)
    ]
    return Network.of(rows, layers, rows[:1], rows[-1:])


def _layer(
    row: Row,
    kind: Kind,
    units: list[Terms],
    place: dict[sp.Expr, tuple[Row, int]],
    arrays: tuple[Array, ...],
) -> Layer:
    connections: list[Connection] = []
    for i, terms in enumerate(units):
        connections += [(i, *place[atom], label) for label, atom in terms.edges]
    biases = [terms.bias for terms in units]
    return listed_layer("trace", row, connections, kind.reduction, biases, arrays)
