"""The smallest failure of an equation f(g x) = g f(x), spelt out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from sympy.core.function import AppliedUndef

from convgraph.core.network import Network
from convgraph.core.plain import plain
from convgraph.symmetry.equivariance.cone import cone_of
from convgraph.symmetry.equivariance.layer_edges import LayerEdges
from convgraph.symmetry.transformation import Sources

if TYPE_CHECKING:
    from convgraph.figures.figure import Figure

__all__ = ["Counterexample", "Edge", "Sides", "example_input", "sides"]

Edge = tuple[str, str, sp.Expr]
PATHS = 400  # up to which an expression is written out


@dataclass(frozen=True, eq=False)
class Counterexample:
    """Where f(g x) and g f(x) differ.

    Attributes
    ----------
    unit
        The output unit.
    left, right
        Both sides there, f(g x) and g f(x), in sympy. In a deep network, where they would be too
        long, both sides at `origin`, in the units that it reads, without the terms they share.
    origin
        The first unit on the way to `unit` that goes wrong, whatever comes before being equal.
    edges
        The pair of connections at fault: one into `origin` and the one into its image that should
        be like it, as (source, target, parameter); None where there is no such connection.
    causes
        What is at fault at `origin`.
    input, values
        An input with few entries that are not zero (those left out are), and both sides for it;
        None in a deep network.
    """

    network: Network
    unit: str
    left: sp.Expr
    right: sp.Expr
    origin: str
    edges: tuple[Edge | None, Edge | None]
    causes: tuple[str, ...]
    input: dict[str, int] | None = None
    values: tuple[sp.Expr, sp.Expr] | None = None

    def draw(self, **options: Any) -> Figure:
        """Draw the network with the pair of connections at fault (see `convgraph.draw`)."""
        from convgraph.figures.draw import draw

        pairs = [edge[:2] for edge in self.edges if edge is not None]
        return draw(self.network, shade=[self.unit], emphasize=pairs, **options)

    def to_dict(self) -> dict[str, Any]:
        """The counterexample as plain data."""
        names = ("source", "target", "parameter")
        edges = [e and dict(zip(names, e, strict=True)) for e in self.edges]
        facts: dict[str, Any] = plain(
            {
                "unit": self.unit,
                "origin": self.origin,
                "left": self.left,
                "right": self.right,
                "input": self.input,
                "values": self.values,
                "edges": edges,
                "causes": self.causes,
            }
        )
        return facts

    def __repr__(self) -> str:
        return f"Counterexample({self.unit}: {self.left} is not {self.right})"

    def __str__(self) -> str:
        at = self.unit if self.input is not None else self.origin
        lines = [f"at {at}, f(g x) = {self.left} and g f(x) = {self.right}"]
        if self.input is not None and self.values is not None:
            given = ", ".join(f"{name} = {value}" for name, value in self.input.items())
            given = f"{given} and zeros elsewhere" if given else "an input of zeros"
            lines.append(f"for {given}: {self.values[0]} and {self.values[1]}")
        shown = [
            "no connection" if edge is None else f"{edge[0]} -> {edge[1]} with {edge[2]}"
            for edge in self.edges
        ]
        lines.append(f"connections: {shown[0]}, against {shown[1]}")
        lines.append(f"cause at {self.origin}: {', '.join(self.causes)}")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Sides:
    """Both sides of the equation at one unit."""

    left: sp.Expr
    right: sp.Expr


def sides(
    network: Network,
    layers: list[LayerEdges],
    moves: Mapping[str, Sources],
    unit: int,
    image: int,
) -> Sides | None:
    """Both sides at a unit and its image (-1 for a zero), if they are short enough to read."""
    ends = np.unique([unit, max(image, unit if image < 0 else image)])
    total = len(network.edges.start) - 1
    cone = cone_of(layers, ends, total)
    paths = np.ones(total)
    for layer in cone.layers:
        counts = np.zeros(len(layer.fan_in))
        if layer.filled.any():
            counts[layer.filled] = np.add.reduceat(paths[layer.source], layer.begins)
        paths[layer.units] = counts
    if paths[ends].max() > PATHS:
        return None
    symbols = np.empty(total, object)
    for row in network.inputs:
        first = network.offsets[row.name]
        symbols[first : first + int(row.size)] = [sp.Symbol(name) for name in row.units()]
    found = []
    for moved in (True, False):
        values = symbols.copy()
        for row in network.inputs:
            first, source = network.offsets[row.name], moves[row.name]
            if moved:
                padded = np.append(symbols[first : first + int(row.size)], sp.S.Zero)
                values[first : first + int(row.size)] = padded[source]
        for layer, whole in zip(cone.layers, _wholes(cone.layers, layers), strict=True):
            values[layer.units] = _exactly(network, layer, whole, values)
        found.append(values)
    right = found[1][image] if image >= 0 else sp.S.Zero
    return Sides(found[0][unit], right)


def _wholes(cut: Any, layers: list[LayerEdges]) -> Iterator[LayerEdges]:
    """The whole layer of each layer of a cone."""
    for part in cut:
        number = part.units.start if isinstance(part.units, slice) else int(part.units[0])
        yield next(w for w in layers if w.first <= number < w.first + w.units)


def _exactly(network: Network, layer: Any, whole: LayerEdges, values: NDArray[Any]) -> NDArray[Any]:
    reduce = whole.layer.reduction.exact
    labels = network.labels
    start, source, label = layer.start.tolist(), layer.source.tolist(), layer.label.tolist()
    result = np.empty(len(start) - 1, object)
    for i in range(len(result)):
        edges = range(start[i], start[i + 1])
        value = reduce([labels[label[e]] * values[source[e]] for e in edges])
        biased = layer.bias is not None and layer.bias[i] >= 0
        result[i] = value + labels[int(layer.bias[i])] if biased else value
    return result


def example_input(
    network: Network, found: Sides
) -> tuple[dict[str, int], tuple[sp.Expr, sp.Expr]] | None:
    """An input with few entries that are not zero for which both sides differ."""
    names = {sp.Symbol(name): name for row in network.inputs for name in row.units()}
    there = sorted(
        (found.left.free_symbols | found.right.free_symbols) & set(names),
        key=lambda symbol: list(names).index(symbol),
    )
    random = np.random.default_rng(1)
    tries: list[dict[sp.Symbol, int]] = [{s: v} for v in (1, -1) for s in there]
    tries = [{}, *tries, dict.fromkeys(there, 1), dict.fromkeys(there, -1)]
    tries += [{s: int(random.integers(-9, 10)) for s in there} for _ in range(20)]
    for given in tries:
        at = {symbol: sp.Integer(given.get(symbol, 0)) for symbol in there}
        left, right = found.left.subs(at), found.right.subs(at)
        if _differ(left, right, random):
            return {names[s]: v for s, v in given.items() if v}, (left, right)
    return None


def _differ(left: sp.Expr, right: sp.Expr, random: np.random.Generator) -> bool:
    """Whether two expressions in parameters take different values somewhere, by trying."""
    parameters = sorted(left.free_symbols | right.free_symbols, key=str)
    for _ in range(3):
        at = {p: sp.Integer(int(random.integers(-99, 100))) for p in parameters}
        values = [_settled(side.subs(at)) for side in (left, right)]
        if values[0] != values[1]:
            return True
    return False


def _settled(value: sp.Expr) -> sp.Expr:
    """With 3 t + 1 for every function of t that is only a name."""
    return value.replace(lambda e: isinstance(e, AppliedUndef), lambda e: 3 * e.args[0] + 1)
