"""A bound network: rows of units, and the layers of connections between them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core import escape, memory
from convgraph.core.arrays import check_letters
from convgraph.core.calls import Checked
from convgraph.core.edges import EdgeTable, interleaved, joint_edges
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.labels import Labels, labels_of
from convgraph.core.layer import Layer, Row
from convgraph.core.sizes import Size

if TYPE_CHECKING:
    import networkx as nx

    from convgraph.core.tensor import Tensor

__all__ = ["Network", "check_network"]

MOST_SHOWN = 200  # characters of what was given instead of a network, two lines or so


class Network(metaclass=Checked):
    """A directed acyclic network of rows of units, bound to sizes.

    Most networks come from `spec.on(shape)`. Any other directed acyclic graph is written in the
    functional form: call specs on tensors, and name the ends. A spec that is called twice makes two
    layers with parameters of their own; layers of one `letter` share theirs.

    Parameters
    ----------
    inputs, outputs
        A tensor or several: what `Input` gave, and what was computed from it.
    names
        Names for the rows, inputs first and then in the order of computation; by default
        x and s for one layer, x, h, g for two, and x, h1, h2, ..., s for more.

    Attributes
    ----------
    rows
        The rows of units, in order of computation.
    layers
        What computes all rows but the inputs, in the same order.
    inputs
        The rows that are given.
    outputs
        The rows that are asked for.

    Examples
    --------
    >>> import convgraph as cg
    >>> x = cg.Input(5)
    >>> h = cg.Conv(3, padding="same")(x)
    >>> cg.Network(x, cg.Add()(x, h))
    Network(x[5] -> h[5] -> g[5]: 15 units, 23 connections, 3 parameters)
    """

    rows: tuple[Row, ...]
    layers: tuple[Layer, ...]
    inputs: tuple[Row, ...]
    outputs: tuple[Row, ...]
    weights: Mapping[str, Any] = MappingProxyType({})
    """Values of parameter arrays by letter, where a model brought them; `evaluate` uses them."""
    caveats: tuple[str, ...] = ()
    """What of a model could not be read exactly, in sentences."""
    notes: tuple[str, ...] = ()
    """What an importer took to be so where nobody had said it, in sentences."""
    modules: Mapping[str, str] = MappingProxyType({})
    """The module in which a model computes a row: `layer1.0` for a sum within that block."""

    def __init__(
        self,
        inputs: Tensor | Sequence[Tensor],
        outputs: Tensor | Sequence[Tensor],
        names: Sequence[str] | None = None,
    ) -> None:
        from convgraph.core.assembly import assemble

        self._set(*assemble(inputs, outputs, names))

    @classmethod
    def of(
        cls,
        rows: Sequence[Row],
        layers: Sequence[Layer],
        inputs: Sequence[Row],
        outputs: Sequence[Row],
        weights: Mapping[str, Any] = MappingProxyType({}),
        caveats: Sequence[str] = (),
        modules: Mapping[str, str] = MappingProxyType({}),
        notes: Sequence[str] = (),
    ) -> Network:
        """A network from its parts, rows and layers in order of computation."""
        network = cls.__new__(cls)
        network._set(rows, layers, inputs, outputs)
        if weights:
            network.weights = weights
        network.caveats = tuple(caveats)
        if modules:
            network.modules = modules
        network.notes = tuple(notes)
        return network

    def _set(
        self,
        rows: Sequence[Row],
        layers: Sequence[Layer],
        inputs: Sequence[Row],
        outputs: Sequence[Row],
    ) -> None:
        names = [row.name for row in rows]
        if len(set(names)) < len(names):
            doubled = sorted({name for name in names if names.count(name) > 1})
            raise ConvgraphError(f"rows={doubled}: each row has a name of its own")
        check_letters(tying for layer in layers for tying in layer.arrays)
        self.rows, self.layers = tuple(rows), tuple(layers)
        self.inputs, self.outputs = tuple(inputs), tuple(outputs)

    def __reduce__(self) -> tuple[Any, ...]:
        parts = self.rows, self.layers, self.inputs, self.outputs
        return Network.of, (
            *parts, dict(self.weights), self.caveats, dict(self.modules), self.notes,
        )  # fmt: skip

    def __deepcopy__(self, memo: object) -> Network:
        return self  # nothing of it changes

    # -- rows and units ------------------------------------------------------------------------

    @cached_property
    def _by_name(self) -> dict[str, Row]:
        return {row.name: row for row in self.rows}

    @cached_property
    def _layer_of(self) -> dict[str, Layer]:
        return {layer.target.name: layer for layer in self.layers}

    @cached_property
    def results(self) -> dict[str, Row]:
        """The last row that each module computes, by the module's name."""
        found = {}
        for row in self.rows:
            parts = self.modules.get(row.name, "").split(".")
            for end in range(1, len(parts) + 1):
                found[".".join(parts[:end])] = row
        found.pop("", None)
        return found

    def row(self, name: str) -> Row:
        """The row of this name, or the last one that the module of this name computes."""
        if isinstance(name, str):
            row = self._by_name.get(name) or self.results.get(name)
            if row is not None:
                return row
        known = [*self._by_name, *(n for n in self.results if n not in self._by_name)]
        raise ConvgraphError(f"row={name!r}: no row of this network{nearest(str(name), known)}")

    def layer(self, row: str) -> Layer:
        """The layer that computes a row."""
        found = self._layer_of.get(self.row(row).name)
        if found is None:
            raise ConvgraphError(f"row={row!r}: an input row is not computed by any layer")
        return found

    def find(self, unit: str) -> tuple[Row, tuple[int, ...]]:
        """The row of a unit and its zero-based index there."""
        for row in self.rows:
            index = row.find(unit) if isinstance(unit, str) else None
            if index is not None:
                return row, index
        few = [name for row in self.rows if row.size <= 1000 for name in row.units()]
        hint = nearest(str(unit), few) if few else ""
        shapes = ", ".join(f"{row.name}{list(row.shape)}" for row in self.rows[:6])
        raise ConvgraphError(f"unit={unit!r}: no unit of this network with the rows {shapes}{hint}")

    @cached_property
    def offsets(self) -> dict[str, int]:
        """The number of each row's first unit, when the units of all rows are counted through."""
        offsets, at = {}, 0
        for row in self.rows:
            offsets[row.name] = at
            at += math.prod(row.numbers())
        return offsets

    @property
    def symbolic(self) -> bool:
        """Whether a size is a symbol, of a row or of a kernel."""
        return any(row.symbolic for row in self.rows) or any(
            layer.symbolic for layer in self.layers
        )

    # -- labels --------------------------------------------------------------------------------

    @cached_property
    def labels(self) -> Labels:
        """Everything that can label an edge: parameters, then numbers."""
        return labels_of(self.layers)

    def bias_labels(self, row: str) -> list[sp.Expr] | None:
        """The bias of each unit of a row, or None where the row has none."""
        layer = self._layer_of.get(row)
        if layer is None or layer.bias is None:
            return None
        return self.labels.pick(self.bias_numbers(layer))

    def bias_numbers(self, layer: Layer) -> NDArray[np.integer[Any]]:
        """The label of each unit's bias, for a layer that has one."""
        assert layer.bias is not None
        wiring, tying = layer.bias.wiring, layer.bias.tying
        return joint_edges(wiring, tying, self.labels, 0, np.int64, np.int64)[2]

    @property
    def parameters(self) -> tuple[sp.Symbol, ...]:
        """The parameters of all layers as sympy symbols, arrays in order of the layers."""
        memory.require("parameters", self.labels.parameters, 600)
        return tuple(self.labels[: self.labels.parameters])

    @property
    def parameter_count(self) -> Size:
        """How many parameters there are; arrays that layers share count once.

        Arrays that a model holds and does not learn (a buffer) have symbols, and do not count.
        """
        sizes: dict[str | None, Size] = {}
        without: dict[str | None, Size] = {}  # what has a name of its own and counts otherwise
        for tying in (tying for layer in self.layers for tying in layer.arrays):
            if not tying.fixed:
                sizes.update(tying.counted)
            if tying.fixed or tying.counts:
                without[tying.letter] = tying.size
        if self.symbolic:
            return sum(sizes.values())
        for array in self.labels.arrays:
            if array.letter not in without:
                sizes[array.letter] = len(array)
        return sum(int(size) for size in sizes.values())

    @cached_property
    def connection_count(self) -> Size:
        """How many connections there are, without those to biases."""
        total: Size = 0
        for layer in self.layers:
            total = total + layer.connections
        return total

    # -- edges and graph -----------------------------------------------------------------------

    @cached_property
    def edges(self) -> EdgeTable:
        """The edge table: arrays of (source, target, label) over all connections."""
        units = sum(math.prod(row.numbers()) for row in self.rows)
        labels = self.labels
        source_type = np.int32 if units < 2**31 else np.int64
        label_type = np.min_scalar_type(max(len(labels) - 1, 0))
        count = int(self.connection_count)
        several = 2 if len(self.layers) > 1 else 1  # parts, and what they are joined into
        each = np.dtype(source_type).itemsize + label_type.itemsize
        memory.require("edges", count, several * each)
        memory.require("units", units, 3 * 8)  # how many edges each has, and where they start
        parts = []
        for layer in self.layers:
            pieces = [
                joint_edges(
                    j.wiring, j.tying, labels, self.offsets[j.source.name], source_type, label_type
                )
                for j in layer.joints
            ]
            if not pieces:  # a row of constants reads nothing
                none = np.zeros(int(layer.target.size), np.int64)
                pieces = [(none, np.empty(0, source_type), np.empty(0, label_type))]
            parts.append(pieces[0] if len(pieces) == 1 else interleaved(pieces))
        fan_in = np.zeros(units, np.int64)
        for layer, (counts, _, _) in zip(self.layers, parts, strict=True):
            first = self.offsets[layer.target.name]
            fan_in[first : first + len(counts)] = counts
        start = np.concatenate([[0], np.cumsum(fan_in)])
        source = _joined([part[1] for part in parts], source_type)
        label = _joined([part[2] for part in parts], label_type)
        return EdgeTable(start, source, label, labels)

    @cached_property
    def graph(self) -> nx.MultiDiGraph:
        """The connectivity graph: frozen, reading the edge table; `.copy()` is writable."""
        from convgraph.core.graph import graph_of

        return graph_of(self)

    # -- algebra and numbers -------------------------------------------------------------------

    def matrix(self) -> sp.Matrix:
        """The network as one sympy matrix (outputs x inputs), with the parameters in place.

        For one layer it shows the tying: Toeplitz, circulant, doubly block circulant. For a
        stack of linear layers it is the product of theirs. Biases have no place in it.

        >>> from convgraph import Conv
        >>> Conv(2).on(3).matrix()
        Matrix([
        [w_1, w_2,   0],
        [  0, w_1, w_2]])
        """
        from convgraph.core.matrix import matrix

        return matrix(self)

    def expressions(self, row: str | None = None) -> dict[str, sp.Expr]:
        """Each unit of a row (by default the output) in sympy, in inputs and parameters.

        >>> from convgraph import Conv
        >>> Conv(2).on(3).expressions()["s1"]
        w_1*x1 + w_2*x2
        """
        from convgraph.core.evaluate import expressions

        return expressions(self, row)

    def evaluate(self, x: Any, parameters: Mapping[str, Any] | None = None) -> Any:
        """The output for a given input, in numbers (or in sympy, for arrays of objects).

        `x` is an array of the input's shape, or for several inputs a dict by row name; an axis
        before that shape is a batch, and the outputs then have it, too.
        `parameters` maps names to numbers or letters to arrays; what it leaves out takes the values
        that came with a model, if it was read from one. Several outputs give a dict.

        >>> from convgraph import Conv
        >>> Conv(2).on(3).evaluate([1, 2, 3], {"w": [1, -1]})
        array([-1, -1])
        >>> Conv(2).on(3).evaluate([[1, 2, 3], [0, 0, 1]], {"w": [1, -1]})
        array([[-1, -1],
               [ 0, -1]])
        """
        from convgraph.core.evaluate import evaluate

        return evaluate(self, x, {} if parameters is None else parameters)

    def _repr_latex_(self) -> str | None:
        from convgraph.core.latex import latex

        return latex(self)

    def __rshift__(self, other: object) -> NoReturn:
        raise ConvgraphError(
            f"{self!r} >> {other!r}: a network has its sizes already; compose the specs and bind "
            "the whole, as in (Conv(3) >> ReLU()).on(5)"
        )

    def __repr__(self) -> str:
        from convgraph.core.long_expressions import shown

        shapes = [(row.name, ", ".join(map(shown, row.shape))) for row in self.rows[:4]]
        rows = " -> ".join(f"{name}[{shape}]" for name, shape in shapes)
        more = f" -> ... ({len(self.rows)} rows)" if len(self.rows) > 4 else ""
        units: Size = 0
        for row in self.rows:
            units = units + row.size
        parts = shown(units), shown(self.connection_count), shown(self.parameter_count)
        counts = "{} units, {} connections, {} parameters".format(*parts)
        return escape.plain(f"Network({rows}{more}: {counts})")


def check_network(network: Any, argument: str = "network") -> None:
    """Refuse anything but a network, such as a spec that has not been bound to a shape."""
    if not isinstance(network, Network):
        given = repr(network)
        if len(given) > MOST_SHOWN:  # a module or a page of a model prints itself with all in it
            given = f"an object of type {type(network).__name__}"
        raise ConvgraphError(f"{argument}={given}: a bound network, such as Conv(3).on(5)")


def _joined(parts: list[NDArray[Any]], dtype: Any) -> NDArray[Any]:
    if not parts:
        return np.empty(0, dtype)
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
