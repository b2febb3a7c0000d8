"""The smallest failure of an equation f(g x) = g f(x), spelt out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.symmetry.equivariance.numeric_difference import expressions_differ

__all__ = ["Counterexample", "Edge"]

TERMS = 40  # of a sum that is shown as it is: some lines of text
FEW = 8  # of those of a longer one, before "..."

Edge = tuple[str, str, sp.Expr]


@dataclass(frozen=True, eq=False)
class Counterexample:
    """Where f(g x) and g f(x) differ.

    It cannot be made of two sides that are equal at all numbers that are tried.

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

    def __post_init__(self) -> None:
        for left, right in [(self.left, self.right), *([self.values] if self.values else [])]:
            if not expressions_differ(left, right):
                raise ConvgraphError(
                    f"left={_shown(left)}, right={_shown(right)}: the sides of a counterexample "
                    "differ at some numbers"
                )

    @property
    def marks(self) -> dict[str, Any]:
        """What `draw` shows of it: `cg.draw(example.network, **example.marks)`."""
        pairs = [edge[:2] for edge in self.edges if edge is not None]
        return {"shade": [self.unit], "emphasize": pairs}

    def to_dict(self) -> dict[str, Any]:
        """The counterexample as plain data."""
        names = ("source", "target", "parameter")
        edges = [e and dict(zip(names, e, strict=True)) for e in self.edges]
        return plain(
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

    def __repr__(self) -> str:
        return f"Counterexample({self.unit}: {_shown(self.left)} is not {_shown(self.right)})"

    def __str__(self) -> str:
        at = self.unit if self.input is not None else self.origin
        lines = [f"at {at}, f(g x) = {_shown(self.left)} and g f(x) = {_shown(self.right)}"]
        if self.input is not None and self.values is not None:
            given = ", ".join(f"{name} = {value}" for name, value in self.input.items())
            given = f"{given} and zeros elsewhere" if given else "an input of zeros"
            lines.append(f"for {given}: {_shown(self.values[0])} and {_shown(self.values[1])}")
        shown = [
            "no connection" if edge is None else f"{edge[0]} -> {edge[1]} with {edge[2]}"
            for edge in self.edges
        ]
        lines.append(f"connections: {shown[0]}, against {shown[1]}")
        lines.append(f"cause at {self.origin}: {', '.join(self.causes)}")
        return "\n".join(lines)


def _shown(side: sp.Expr) -> str:
    """A side as text; of a long sum the first terms, and how many there are."""
    terms = sp.Add.make_args(side)
    if len(terms) <= TERMS:
        return str(side)
    first = sp.Add(*sorted(terms, key=lambda term: (len(str(term)), str(term)))[:FEW])
    return f"{first} + ... ({len(terms):,} terms)"
