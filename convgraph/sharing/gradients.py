"""Gradients: the reversed graph for the input, and sums over tied edges for the parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import memory
from convgraph.core.evaluate import layer_edges, unit_values
from convgraph.core.layer import Layer
from convgraph.core.network import Network, check_network
from convgraph.core.plain_data import plain
from convgraph.sharing.backward import (
    backward,
    edge_derivatives,
    gradient_prefix,
    put_in,
    unit_symbols,
)

__all__ = ["Gradients", "gradients"]


@dataclass(frozen=True, eq=False, repr=False)
class Gradients:
    """The gradients of a number J that depends on a network's outputs.

    The gradient of J by an output unit `s1` is given, and is the symbol `ds1`.

    Attributes
    ----------
    network
        The network that was asked about.
    """

    network: Network

    @cached_property
    def reversed(self) -> Network:
        """The network with its edges reversed: from the gradients of its outputs to its inputs'.

        A linear layer keeps its labels, so that its reversal is the transposed convolution. The
        edges of a layer that is not linear carry its derivative as well, in symbols named as the
        units of the forward network.
        """
        return backward(self.network)

    @cached_property
    def input(self) -> dict[str, sp.Expr]:
        """The gradient by each input unit, in inputs, parameters and output gradients."""
        zero = {unit: sp.S.Zero for row in self.network.inputs for unit in row.units()}
        for row in self.network.inputs:
            found = self._by_row.get(row.name)
            if found is not None:
                zero.update(zip(row.units(), found.tolist(), strict=True))
        return zero

    @cached_property
    def parameters(self) -> dict[sp.Symbol, sp.Expr]:
        """The gradient by each parameter: over its tied edges, the source times the gradient."""
        network = self.network
        sums: dict[sp.Symbol, list[sp.Expr]] = {symbol: [] for symbol in network.parameters}
        for layer in network.layers:
            gradient = self._by_row.get(layer.target.name)
            if gradient is not None:
                self._add_edges(layer, gradient, sums)
                if layer.bias is not None:
                    numbers = network.bias_numbers(layer).tolist()
                    _add(sums, network.labels.pick(numbers), gradient.tolist())
        return {symbol: sp.Add(*terms) for symbol, terms in sums.items()}

    def __getitem__(self, name: str) -> sp.Expr:
        """The gradient by an input unit or a parameter."""
        if name in self.input:
            return self.input[name]
        from convgraph.sharing.uses import find_parameter

        return self.parameters[find_parameter(self.network, name)[0]]

    @cached_property
    def _values(self) -> NDArray[Any]:
        """All units in inputs and parameters."""
        memory.require("edges", len(self.network.edges), 1000)
        return unit_values(self.network)

    @cached_property
    def _by_row(self) -> Mapping[str, NDArray[Any]]:
        """The gradient by each unit of each row, in inputs, parameters and output gradients."""
        back = self.reversed
        values = unit_values(back, self._in_inputs(list(back.labels)))
        prefix = gradient_prefix(self.network)
        found = {}
        for row in self.network.rows:
            names = [n for n in (prefix + row.name + "'", prefix + row.name) if n in back.offsets]
            if names:
                first = back.offsets[names[0]]
                found[row.name] = values[first : first + int(row.size)]
        return found

    def _in_inputs(self, expressions: Sequence[sp.Expr]) -> Sequence[sp.Expr]:
        """Expressions in symbols of all units as expressions in symbols of the inputs."""
        if all(layer.reduction.linear for layer in self.network.layers):
            return expressions
        units = np.concatenate([unit_symbols(row) for row in self.network.rows]).tolist()
        known = {s: v for s, v in zip(units, self._values.tolist(), strict=True) if s != v}
        done = {e: put_in(e, known) for e in dict.fromkeys(expressions)}
        return [done[e] for e in expressions]

    def _add_edges(
        self, layer: Layer, gradient: NDArray[Any], sums: dict[sp.Symbol, list[sp.Expr]]
    ) -> None:
        network = self.network
        start, source, label = layer_edges(network, layer)
        kinds = np.unique(label)
        labels = network.labels.pick(kinds.tolist())
        learned = kinds[[bool(expression.free_symbols) for expression in labels]]
        keep = np.flatnonzero(np.isin(label, learned))
        if not len(keep):
            return
        target = np.repeat(np.arange(len(start) - 1), np.diff(start))[keep]
        terms = self._values[source[keep]] * gradient[target]
        derivatives = edge_derivatives(network, layer)
        if derivatives is not None:
            slopes = np.empty(len(keep), object)
            slopes[:] = self._in_inputs(derivatives[keep].tolist())
            terms = terms * slopes
        _add(sums, network.labels.pick(label[keep].tolist()), terms.tolist())

    def to_dict(self) -> dict[str, Any]:
        """The gradients as plain data."""
        return plain({"input": self.input, "parameters": self.parameters})

    def __repr__(self) -> str:
        inputs = ", ".join(row.name for row in self.network.inputs)
        outputs = ", ".join(gradient_prefix(self.network) + r.name for r in self.network.outputs)
        tied: list[Any] = [tying for layer in self.network.layers for tying in layer.arrays]
        if not self.network.symbolic:
            tied = list(self.network.labels.arrays)
        by = ", ".join([inputs, *dict.fromkeys(array.letter or "others" for array in tied)])
        return f"Gradients(by {by}, given {outputs})"


def gradients(network: Network) -> Gradients:
    """The gradients of a network, given those of its outputs.

    With respect to the input they run through the reversed graph; for one convolution that is the
    transposed convolution, whose matrix is the transpose. With respect to a parameter they are the
    sum over its tied edges of the source's value times the target's gradient; for a kernel that
    correlates the input with the output's gradient. Layers that are not linear follow the chain
    rule; a maximum hands its gradient to the first of its greatest values, by Heaviside steps, and
    the slope of a ReLU at 0 is 1/2, as sympy has it.

    Parameters
    ----------
    network
        A bound network.

    Returns
    -------
    Gradients
        With `reversed` (a network, also for symbolic sizes and large layers), and `input` and
        `parameters` (expressions by unit and by symbol, worked out when they are asked for).

    Raises
    ------
    ConvgraphError
        If no input reaches an output.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = cg.Conv(2).on(3)
    >>> found = cg.gradients(net)
    >>> found.input
    {'x1': ds1*w_1, 'x2': ds1*w_2 + ds2*w_1, 'x3': ds2*w_2}
    >>> found.parameters
    {w_1: ds1*x1 + ds2*x2, w_2: ds1*x2 + ds2*x3}
    >>> found.reversed.matrix() == net.matrix().T
    True

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.5, equations 9.11 to 9.13.
    """
    check_network(network)
    return Gradients(network)


def _add(sums: dict[sp.Symbol, list[sp.Expr]], labels: list[sp.Expr], terms: list[sp.Expr]) -> None:
    """Add label by label what the derivatives by its parameters contribute."""
    for label, term in zip(labels, terms, strict=True):
        if label.is_Symbol:
            sums[label].append(term)
        else:
            for symbol in label.free_symbols:
                sums[symbol].append(sp.diff(label, symbol) * term)
