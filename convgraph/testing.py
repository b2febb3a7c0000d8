"""Assertions for users' own tests; what fails is shown.

They take a bound network, a labelled networkx graph, or a plain function over numpy arrays. A
function is traced, so that an answer is decided and not sampled; one that cannot be traced is tried
on whole numbers, where a pass is evidence and a failure is still a counterexample.

>>> import numpy as np
>>> from convgraph import Shift
>>> from convgraph.testing import assert_equivariant
>>> def smooth(x, w):
...     return sum(w[j] * np.roll(x, 1 - j) for j in range(3))
>>> assert_equivariant(smooth, Shift(1, boundary="wrap"), x=8, w=3)
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import networkx as nx
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import is_symbolic
from convgraph.core.sympified import sympified
from convgraph.interactions.fields import receptive_field
from convgraph.layers.spec import as_shape
from convgraph.network.from_networkx import from_networkx
from convgraph.network.trace import trace
from convgraph.symmetry.equivariance.check import check_equivariance
from convgraph.symmetry.equivariance.verdict import Verdict
from convgraph.symmetry.transformations.permutations import Permute
from convgraph.symmetry.transformations.transformation import Transformation

__all__ = [
    "assert_equivariant",
    "assert_invariant",
    "assert_not_equivariant",
    "assert_receptive_field",
    "assert_same_function",
    "assert_tied",
]

Subject: TypeAlias = "Network | nx.DiGraph | Callable[..., Any]"
SAMPLES = 20  # inputs on which a function of no known wiring is tried: a failure is seldom rare
LISTED = 20  # units that a message names


def assert_equivariant(
    subject: Subject,
    g: Transformation,
    output: Transformation | None = None,
    *,
    x: Any = None,
    **parameters: Any,
) -> None:
    """Assert that f(g(x)) = g(f(x)) for all inputs and all parameters.

    Parameters
    ----------
    subject
        A network, a labelled graph, or a function `f(x, ...)`.
    g
        The transformation of the input.
    output
        The transformation of the output; by default g as it acts behind the network's strides.
    x, **parameters
        For a function: the shape of its input, and of each array of parameters.

    Raises
    ------
    AssertionError
        With the units where it fails, the causes and a counterexample.
    """
    network = _network(subject, x, parameters)
    if network is None:
        _sampled(subject, g, g if output is None else output, x, parameters)
        return
    failures = [str(v) for v in _verdicts(network, g, output) if not v.holds]
    if failures:
        raise AssertionError("\n".join(failures))


def assert_not_equivariant(
    subject: Subject,
    g: Transformation,
    output: Transformation | None = None,
    *,
    where: Iterable[str] | None = None,
    x: Any = None,
    **parameters: Any,
) -> None:
    """Assert that f(g(x)) = g(f(x)) fails, and at which output units exactly.

    `where` names the units; without it, any failure will do. The other arguments are those of
    `assert_equivariant`.
    """
    expected = None if where is None else _names("where", where)
    network = _network(subject, x, parameters)
    if network is None:
        if where is not None:
            raise ConvgraphError(
                "where: the units are known only for a function that can be traced"
            )
        try:
            _sampled(subject, g, g if output is None else output, x, parameters)
        except AssertionError:
            return
        raise AssertionError(f"no counterexample to {g!r} in {SAMPLES} trials on whole numbers")
    verdicts = _verdicts(network, g, output)
    if all(verdict.holds is not False for verdict in verdicts):
        known = all(verdict.holds for verdict in verdicts)
        about = "it is" if known else "it could not be decided whether it is"
        raise AssertionError(f"{about} equivariant to {g!r}")
    broken = [unit for verdict in verdicts for unit in verdict.broken]
    if expected is not None and set(broken) != set(expected):
        raise AssertionError(f"it breaks at {_listed(broken)}, not at {_listed(expected)}")
    open_ = [unit for verdict in verdicts for unit in verdict.undecided]
    if expected is not None and open_:
        raise AssertionError(f"it could not be decided whether it breaks at {_listed(open_)}")


def assert_invariant(
    subject: Subject, g: Transformation, *, x: Any = None, **parameters: Any
) -> None:
    """Assert that f(g(x)) = f(x) for all inputs and all parameters.

    The arguments are those of `assert_equivariant`.
    """
    network = _network(subject, x, parameters)
    if network is None:
        _sampled(subject, g, lambda values: values, x, parameters)
        return
    still = Permute({})
    failures = [f"not invariant: {v}" for v in _verdicts(network, g, still) if not v.holds]
    if failures:
        raise AssertionError("\n".join(failures))


def assert_receptive_field(
    subject: Subject,
    unit: str,
    expected: Iterable[str],
    row: str | None = None,
    *,
    x: Any = None,
    **parameters: Any,
) -> None:
    """Assert that a unit sees exactly these units of a row (of the input by default)."""
    wanted = _names("expected", expected)
    seen = receptive_field(_decided(subject, x, parameters), unit, row)
    if seen != set(wanted):
        more = [name for name in seen if name not in set(wanted)]
        less = [name for name in wanted if name not in set(seen)]
        parts = [f"it sees {_listed(more)} too"] if more else []
        parts += [f"it does not see {_listed(less)}"] if less else []
        raise AssertionError(f"the receptive field of {unit}: {'; '.join(parts)}")


def assert_tied(
    subject: Subject, *connections: tuple[str, str], x: Any = None, **parameters: Any
) -> None:
    """Assert that all these (source, target) connections share one parameter.

    Where several edges join the same two units, these must carry the same parameters as often.
    A connection that carries only numbers is not tied: it has no parameter to share.
    """
    given: Any = connections
    for pair in given:
        names = pair if isinstance(pair, Sequence) and not isinstance(pair, str) else ()
        if len(names) != 2 or not all(isinstance(name, str) for name in names):
            raise ConvgraphError(f"connections={pair!r}: a connection is a (source, target) pair")
    if len({tuple(pair) for pair in given}) < 2:
        raise ConvgraphError(
            f"connections={connections}: two or more different (source, target) pairs"
        )
    graph = _decided(subject, x, parameters).graph
    labels = {}
    for source, target in connections:
        if not graph.has_edge(source, target):
            raise AssertionError(f"there is no connection {source} -> {target}")
        edges = graph[source][target].values()
        labels[source, target] = Counter(sympified(data["parameter"]) for data in edges)
        if not any(label.free_symbols for label in labels[source, target]):
            raise AssertionError(
                f"{source} -> {target} carries no parameter, but {_labels(labels[source, target])}"
            )
    first = next(iter(labels.values()))
    for (source, target), label in labels.items():
        if label != first:
            shown = [_labels(each) for each in (first, label)]
            raise AssertionError(
                f"{connections[0][0]} -> {connections[0][1]} has {shown[0]}, "
                f"but {source} -> {target} has {shown[1]}"
            )


def assert_same_function(
    subject: Subject, other: Subject, *, x: Any = None, **parameters: Any
) -> None:
    """Assert that two networks compute the same expressions of their inputs and parameters.

    Inputs and outputs are compared in order, whatever their names; parameters by name.
    """
    first, second = (_decided(each, x, parameters) for each in (subject, other))
    for argument, network in (("subject", first), ("other", second)):
        if network.symbolic:
            raise ConvgraphError(f"{argument}={network!r}: this question needs numbers")
    sizes, others = _sizes(first), _sizes(second)
    if sizes != others:
        raise AssertionError(
            f"{sizes[0]} inputs and {sizes[1]} outputs, against {others[0]} and {others[1]}"
        )
    names = [[unit for row in n.inputs for unit in row.units()] for n in (first, second)]
    renamed = {sp.Symbol(b): sp.Symbol(a) for a, b in zip(*names, strict=True)}
    ours, theirs = first.expressions(), second.expressions()
    for (unit, a), b in zip(ours.items(), theirs.values(), strict=True):
        b = b.xreplace(renamed)
        if a != b and sp.expand(a - b) != 0 and sp.simplify(a - b) != 0:
            raise AssertionError(f"{unit} = {a}, against {b}")


def _verdicts(network: Network, g: Any, output: Transformation | None) -> list[Verdict]:
    """One verdict for each output."""
    return [check_equivariance(network, g, output, row.name) for row in network.outputs]


def _names(argument: str, names: Any) -> list[str]:
    """Check names of units: a text would be taken for a list of letters."""
    given = [names] if isinstance(names, str) or not isinstance(names, Iterable) else list(names)
    if isinstance(names, str) or any(not isinstance(name, str) for name in given):
        raise ConvgraphError(f"{argument}={names!r}: names of units, as in ['s1', 's2']")
    return sorted(given, key=lambda name: (len(name), name))


def _labels(labels: Counter[sp.Expr]) -> str:
    """The labels of all edges between two units."""
    return ", ".join(sorted(map(str, labels.elements())))


def _listed(names: Sequence[str]) -> str:
    """Names in their order, not too many of them."""
    more = [f"and {len(names) - LISTED:,} more"] if len(names) > LISTED else []
    return ", ".join([*names[:LISTED], *more]) or "no unit"


def _sizes(network: Network) -> list[int]:
    """How many input and output units there are."""
    return [sum(len(row.units()) for row in rows) for rows in (network.inputs, network.outputs)]


def _decided(subject: Subject, x: Any, parameters: dict[str, Any]) -> Network:
    network = _network(subject, x, parameters)
    if network is None:  # trace again, for its reason
        return trace(subject, x=x, **parameters)  # type: ignore[arg-type]
    return network


def _network(subject: Subject, x: Any, parameters: dict[str, Any]) -> Network | None:
    """The network that a question is about, or None for a function that cannot be traced."""
    if isinstance(subject, Network):
        return subject
    if isinstance(subject, nx.Graph):
        return from_networkx(subject)
    if not callable(subject):
        raise ConvgraphError(f"subject={subject!r}: a network, a networkx graph, or a function")
    if x is None:
        raise ConvgraphError("x=None: a function needs the shape of its input, as in x=8")
    try:
        return trace(subject, x=x, **parameters)
    except ConvgraphError:
        return None


def _sampled(
    function: Any,
    g: Callable[[Any], NDArray[Any]],
    output: Callable[[Any], NDArray[Any]],
    x: Any,
    parameters: dict[str, Any],
) -> None:
    """Compare both sides on whole numbers, always the same ones."""
    for argument, moves in (("g", g), ("output", output)):
        if not callable(moves):
            raise ConvgraphError(f"{argument}={moves!r}: a transformation, such as Shift(1)")
    random = np.random.default_rng(0)
    shape = _held("x", x)
    sizes = [_held(name, size) for name, size in parameters.items()]
    for _ in range(SAMPLES):
        values = random.integers(-9, 10, shape)
        arrays = [random.integers(-9, 10, size) for size in sizes]
        # a function of one value, as when it is traced, has a row of one
        left = np.atleast_1d(function(g(values), *arrays))
        right = np.atleast_1d(output(np.atleast_1d(function(values, *arrays))))
        if left.shape != right.shape or not np.array_equal(left, right):
            raise AssertionError(
                f"on x = {values.tolist()} and {dict(zip(parameters, arrays, strict=True))}: "
                f"f(g(x)) = {left.tolist()}, but g(f(x)) = {right.tolist()}"
            )


def _held(argument: str, shape: Any) -> tuple[int, ...]:
    """The shape of an array of numbers, of which () is a single one."""
    if isinstance(shape, tuple) and not shape:
        return ()
    sizes = as_shape(argument, shape)
    if is_symbolic(sizes):
        raise ConvgraphError(f"{argument}={shape}: a function is run on arrays of known sizes")
    numbers = tuple(int(size) for size in sizes)
    memory.require(f"values of {argument}", math.prod(numbers), 8)
    return numbers
