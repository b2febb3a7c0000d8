"""A layer as a dense layer under constraints: weights held at zero, and weights held equal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.core.sympified import sympified
from convgraph.sharing.unit_pairs import Pairs, pairs_of

__all__ = ["ConstrainedDense", "constrained_dense"]


@dataclass(frozen=True, eq=False, repr=False)
class ConstrainedDense:
    """A dense layer of the same function under linear constraints on its weights.

    The weights are named as those of `Dense`: w_i_j leads from input j to output i, and b_i is the
    bias of output i. Every constraint takes one degree of freedom:
    `weights == zeros + fixed + equalities + relations + free`.

    Attributes
    ----------
    weights
        The parameters of the dense layer, its biases included where the layer has some.
    zeros
        How many are held at zero: no connection.
    fixed
        How many are held at another number: connections that are not learned.
    equalities
        How many are held equal to another one: tied weights.
    relations
        How many further linear equations there are, where weights are sums of parameters, as where
        a kernel wraps around a circle shorter than itself.
    free
        The parameters that are left.
    """

    network: Network
    weights: int
    zeros: int
    fixed: int
    equalities: int
    relations: int
    free: int
    _pairs: Pairs = field()

    def zero_constraints(self) -> Iterator[sp.Eq]:
        """The equations w_i_j = 0, row by row, and those of biases."""
        there = self._entries
        outputs, inputs = self._sizes
        for i in range(outputs):
            for j in range(inputs):
                if i * inputs + j not in there:
                    yield sp.Eq(_weight(i, j), 0)
        yield from (sp.Eq(weight, 0) for weight, bias in self._biases() if bias == 0)

    def fixed_constraints(self) -> Iterator[sp.Eq]:
        """The equations that hold weights at numbers other than zero."""
        return (sp.Eq(weight, e) for weight, e in self._weights() if not e.free_symbols)

    def equality_constraints(self) -> Iterator[sp.Eq]:
        """The equations between two weights; each is equal to the first one of its class."""
        first: dict[sp.Expr, sp.Symbol] = {}
        for weight, expression in self._weights():
            if expression.free_symbols and first.setdefault(expression, weight) is not weight:
                yield sp.Eq(weight, first[expression], evaluate=False)

    def relation_constraints(self) -> Iterator[sp.Eq]:
        """The equations between more than two weights."""
        first: dict[sp.Expr, sp.Symbol] = {}
        for weight, expression in self._weights():
            if expression.free_symbols:
                first.setdefault(expression, weight)
        for vector in _coefficients(list(first)).T.nullspace():
            total = sum(c * w for c, w in zip(vector, first.values(), strict=True))
            yield sp.Eq(total, 0)

    @property
    def _sizes(self) -> tuple[int, int]:
        return int(self.network.rows[1].size), int(self.network.rows[0].size)

    @cached_property
    def _entries(self) -> dict[int, sp.Expr]:
        """What stands at each place of the matrix that is not zero."""
        inputs = self._sizes[1]
        places = (self._pairs.target - inputs) * inputs + self._pairs.source
        colours = self._pairs.colour.tolist()
        return {
            place: self._pairs.expression(colour)
            for place, colour in zip(places.tolist(), colours, strict=True)
        }

    def _weights(self) -> Iterator[tuple[sp.Symbol, sp.Expr]]:
        """The dense weights that are not held at zero, each with what it is in the layer."""
        for place, expression in sorted(self._entries.items(), key=lambda item: item[0]):
            i, j = divmod(place, self._sizes[1])
            yield _weight(i, j), expression
        yield from ((weight, bias) for weight, bias in self._biases() if bias != 0)

    def _biases(self) -> Iterator[tuple[sp.Symbol, sp.Expr]]:
        biases = self.network.bias_labels(self.network.rows[1].name) or []
        return ((sp.Symbol(f"b_{i + 1}"), sympified(b)) for i, b in enumerate(biases))

    def to_dict(self) -> dict[str, Any]:
        """The counts as plain data."""
        names = ("weights", "zeros", "fixed", "equalities", "relations", "free")
        return plain({name: getattr(self, name) for name in names})

    def __repr__(self) -> str:
        parts = [f"{self.zeros:,} zero"]
        parts += [f"{self.fixed:,} fixed"] if self.fixed else []
        parts += [f"{self.equalities:,} equal to another"]
        parts += [f"{self.relations:,} further relations"] if self.relations else []
        return f"ConstrainedDense({self.weights:,} weights: {', '.join(parts)}, {self.free:,} free)"


def constrained_dense(network: Network) -> ConstrainedDense:
    """The dense layer that a layer is under an infinitely strong prior on the weights.

    A convolution is a dense layer most of whose weights must be zero, and whose other weights must
    be the same for one unit as for its neighbour.

    Parameters
    ----------
    network
        A network of one linear layer with one input.

    Returns
    -------
    ConstrainedDense
        The counts of the constraints, which add up, and the constraints themselves as sympy
        equations, made when asked for.

    Raises
    ------
    ConvgraphError
        If it is not one linear layer, or has symbolic sizes.

    Examples
    --------
    >>> import convgraph as cg
    >>> prior = cg.constrained_dense(cg.Conv(3, padding="same").on(5))
    >>> prior
    ConstrainedDense(25 weights: 12 zero, 10 equal to another, 3 free)
    >>> next(prior.zero_constraints()), next(prior.equality_constraints())
    (Eq(w_1_3, 0), Eq(w_2_2, w_1_1))

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.4.
    """
    check_network(network)
    if len(network.layers) != 1 or len(network.rows) != 2:
        raise ConvgraphError(f"network={network}: constrained_dense takes one layer on one input")
    (layer,) = network.layers
    if not layer.reduction.linear:
        raise ConvgraphError(
            f"{layer.spec}: the reduction {layer.reduction.name!r} is not linear, "
            "and so no dense layer does the same"
        )
    pairs = pairs_of(network)
    inputs, outputs = (int(row.size) for row in network.rows)
    colours, counts = np.unique(pairs.colour, return_counts=True)
    classes = dict(zip(map(pairs.expression, colours.tolist()), counts.tolist(), strict=True))
    zeros = inputs * outputs - len(pairs.colour)
    weights = inputs * outputs
    if layer.bias is not None:
        weights += outputs
        labels, uses = _counted(network.bias_numbers(layer))
        for label, count in zip(labels, uses, strict=True):
            bias = network.labels[label]
            zeros += count if bias == 0 else 0
            classes[bias] = classes.get(bias, 0) + (0 if bias == 0 else count)
    learned = {e: count for e, count in classes.items() if e.free_symbols}
    fixed = sum(count for e, count in classes.items() if not e.free_symbols)
    free = _rank(list(learned))
    equalities = sum(learned.values()) - len(learned)
    return ConstrainedDense(
        network, weights, zeros, fixed, equalities, len(learned) - free, free, pairs
    )


def _counted(labels: NDArray[Any]) -> tuple[list[int], list[int]]:
    kinds, counts = np.unique(labels, return_counts=True)
    return kinds.tolist(), counts.tolist()


def _weight(i: int, j: int) -> sp.Symbol:
    return sp.Symbol(f"w_{i + 1}_{j + 1}")


def _rank(expressions: list[sp.Expr]) -> int:
    """How many of some linear expressions in parameters are independent."""
    if all(e.is_Symbol for e in expressions):
        return len(expressions)
    return int(_coefficients(expressions).rank())


def _coefficients(expressions: list[sp.Expr]) -> sp.Matrix:
    symbols = sorted({s for e in expressions for s in e.free_symbols}, key=str)
    if not expressions:
        return sp.zeros(0, 0)
    return sp.Matrix([[sp.expand(e).coeff(s) for s in symbols] for e in expressions])
