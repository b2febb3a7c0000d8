"""A bound network: rows of units, and the layers of connections between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn

import sympy as sp

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Layer, Row
from convgraph.core.missing import missing
from convgraph.core.rows_and_layers import RowsAndLayers
from convgraph.core.sizes import Size

if TYPE_CHECKING:
    import networkx as nx

    from convgraph.core.tensor import Tensor

__all__ = ["Network", "check_network"]

MOST_SHOWN = 200  # characters of what was given instead of a network, two lines or so


class Network(RowsAndLayers):
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

    def __reduce__(self) -> tuple[Any, ...]:
        parts = self.rows, self.layers, self.inputs, self.outputs
        return Network.of, (
            *parts, dict(self.weights), self.caveats, dict(self.modules), self.notes,
        )  # fmt: skip

    if not TYPE_CHECKING:  # type checkers know what there is

        def __getattr__(self, name: str) -> Any:
            raise missing(self, name)

    def __deepcopy__(self, memo: object) -> Network:
        return self  # nothing of it changes

    # -- the graph -----------------------------------------------------------------------------

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
