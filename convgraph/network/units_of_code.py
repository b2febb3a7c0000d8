"""Reading expressions as units: which rows of sums, maxima and functions compute them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.functions import by_function, reduction
from convgraph.core.reduction import MAX, SUM, Reduction
from convgraph.network.tape import Made, Tape

__all__ = ["Kind", "Terms", "read"]


@dataclass(frozen=True)
class Kind:
    """What all units of a row do."""

    name: str
    reduction: Reduction


@dataclass(frozen=True)
class Terms:
    """One unit: a label and a source expression for each edge, and a bias."""

    edges: tuple[tuple[sp.Expr, sp.Expr], ...]
    bias: sp.Expr = sp.S.Zero


Units: TypeAlias = "list[tuple[sp.Expr, Terms]]"

SUMS = Kind("sum", SUM)
MAXIMA = Kind("max", MAX)
RELUS = Kind("relu", reduction("relu"))


def read(
    outputs: list[sp.Expr], tape: Tape, parameters: frozenset[sp.Symbol]
) -> tuple[list[tuple[Kind, Units]], tuple[Kind, Units]]:
    """The hidden rows in order of computation, and the output row, that compute some expressions.

    Units of a row are at the same depth and do the same; equal expressions share a hidden unit.
    """
    reader = _Reader(tape, parameters)
    kind, terms = reader.row(outputs)
    for unit in terms:
        for _, atom in unit.edges:
            reader.depth_of(atom)
    order = sorted(reader.rows, key=lambda at: (at[0], at[1]))
    hidden = [(reader.kinds[at[1]], reader.rows[at]) for at in order]
    return hidden, (kind, list(zip(outputs, terms, strict=True)))


class _Reader:
    """Takes expressions apart, and collects the hidden units on the way."""

    def __init__(self, tape: Tape, parameters: frozenset[sp.Symbol]) -> None:
        self.tape, self.inputs, self.parameters = tape, tape.inputs, parameters
        self.rows: dict[tuple[int, str], Units] = {}
        self.kinds: dict[str, Kind] = {}
        self._depth: dict[sp.Expr, int] = {}

    def row(self, expressions: list[sp.Expr]) -> tuple[Kind, list[Terms]]:
        """One kind for all of a row's units; a row of several kinds sums what others computed."""
        kinds = {self.kind(e) for e in expressions if not self._is_single(e)}
        kind = kinds.pop() if len(kinds) == 1 else SUMS
        if kind not in (SUMS, MAXIMA) and any(self._is_single(e) for e in expressions):
            kind = SUMS
        if kinds:
            return SUMS, [
                self._copy(e) if self.kind(e) != SUMS else self.sum(e) for e in expressions
            ]
        return kind, [self.terms(e, kind) for e in expressions]

    def kind(self, expression: sp.Expr) -> Kind:
        """What the outermost operation of an expression is."""
        made = self._made(expression)
        if made is None:
            return SUMS
        if made.function is sp.Max:
            return RELUS if 0 in made.values else MAXIMA
        if made.function in (sp.Min, sp.Piecewise) or len(made.values) != 1:
            raise self._refused(expression, "maxima and functions of one argument are known")
        function = by_function(made.function)
        return Kind(function.name, function)

    def _made(self, expression: sp.Expr) -> Made | None:
        """The function, and of what, whose value an expression is, on the tape or in sympy."""
        if isinstance(expression, sp.Max | sp.Function) and self._reads(expression):
            return Made(expression.func, expression.args)
        return self.tape.made.get(expression)

    def terms(self, expression: sp.Expr, kind: Kind) -> Terms:
        """The edges and the bias of the unit that computes an expression."""
        made = self._made(expression)
        if kind == SUMS:
            return self.sum(expression)
        if kind == MAXIMA:
            args = made.values if made is not None else (expression,)
            return Terms(tuple(self._single(a) or (sp.S.One, a) for a in sorted(args, key=str)))
        assert made is not None
        rest = [a for a in made.values if a != 0]
        return self._copy(rest[0] if len(rest) == 1 else self.tape.of(sp.Max, *rest))

    def _copy(self, atom: sp.Expr) -> Terms:
        return Terms(((sp.S.One, atom),))

    def depth_of(self, atom: sp.Expr) -> int:
        """How many rows lie between the input and a value, whose unit is collected."""
        if atom in self.inputs:
            return 0
        if atom not in self._depth:
            kind = self.kind(atom)
            terms = self.terms(atom, kind)
            depth = 1 + max((self.depth_of(a) for _, a in terms.edges), default=0)
            self._depth[atom] = depth
            self.kinds[kind.name] = kind
            self.rows.setdefault((depth, kind.name), []).append((atom, terms))
        return self._depth[atom]

    def sum(self, expression: sp.Expr) -> Terms:
        """A sum as edges: expanded where it is linear in the parameters, else with hidden sums."""
        expanded = sp.expand(expression)
        if self._linear_in_parameters(expanded):
            expression = expanded
        edges: list[tuple[sp.Expr, sp.Expr]] = []
        bias = sp.S.Zero
        for term in sp.Add.make_args(expression):
            reading = [f for f in sp.Mul.make_args(term) if self._reads(f)]
            label = sp.Mul(*(f for f in sp.Mul.make_args(term) if not self._reads(f)))
            self._check_label(label, term)
            if not reading:
                bias += label
            elif len(reading) > 1:
                raise self._refused(term, "a term is a parameter times one value of the input")
            else:
                self._check_atom(reading[0], term)
                edges += [(part, reading[0]) for part in sp.Add.make_args(sp.expand(label))]
        return Terms(tuple(edges), bias)

    def _single(self, expression: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
        """(label, value) of a single term without a bias, or None."""
        if not self._is_single(expression):
            return None
        reading = [f for f in sp.Mul.make_args(expression) if self._reads(f)]
        label = sp.Mul(*(f for f in sp.Mul.make_args(expression) if not self._reads(f)))
        return label, reading[0]

    def _is_single(self, expression: sp.Expr) -> bool:
        factors = [f for f in sp.Mul.make_args(expression) if self._reads(f)]
        return len(factors) == 1 and factors[0] in self.inputs

    def _reads(self, expression: sp.Expr) -> bool:
        return self.tape.reads(expression)

    def _linear_in_parameters(self, expanded: sp.Expr) -> bool:
        return all(
            sum(_degree(f, self.parameters) for f in sp.Mul.make_args(term) if not self._reads(f))
            <= 1
            for term in sp.Add.make_args(expanded)
        )

    def _check_label(self, label: sp.Expr, term: sp.Expr) -> None:
        if label.has(sp.nan, sp.I, sp.oo, -sp.oo, sp.zoo):
            raise self._refused(term, "a label is real and finite")
        strange = label.free_symbols - self.parameters
        if strange:
            raise self._refused(term, f"{min(map(str, strange))} is neither input nor parameter")
        for part in sp.Add.make_args(sp.expand(label)):
            if sum(_degree(f, self.parameters) for f in sp.Mul.make_args(part)) > 1:
                raise self._refused(term, "a value is linear in the parameters")

    def _check_atom(self, atom: sp.Expr, term: sp.Expr) -> None:
        known = atom in self.inputs or self._made(atom) is not None
        if not (known or isinstance(atom, sp.Add)):
            raise self._refused(term, "a value is affine in the input")

    def _refused(self, term: sp.Expr, rule: str) -> ConvgraphError:
        shown = self.tape.written_out(term)
        return ConvgraphError(f"function: it computes the term {shown}: {rule}")


def _degree(factor: sp.Expr, parameters: Iterable[sp.Symbol]) -> int:
    """0 for a number, 1 for a parameter or a sum of them, 2 for what is more than linear."""
    if not factor.free_symbols & frozenset(parameters):
        return 0
    if factor.is_Symbol:
        return 1
    return 1 if factor.is_Add and all(_degree(a, parameters) <= 1 for a in factor.args) else 2
