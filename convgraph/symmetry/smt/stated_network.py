"""What a statement says of a network, as the second checker reads it.

The spec is bound anew, to the sizes that the statement prints, and how each row moves is what its
claim says, which the questions then put to the test. Of what a proof is given, and of how it was
found, nothing is read, and no code is shared with what found it but that of layers themselves:
specs, which bind themselves to symbols, and the axes of their wirings. With the instances, which
are a check of their own, it shares how axes are paired and how the notes of a statement are read.
What an axis reads it takes from the axis itself; tests hold that against the axis's table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.sympified import sympified
from convgraph.network.functional import bound
from convgraph.symmetry.instances.borders import axes_of
from convgraph.symmetry.instances.stated_sizes import StatedSizes
from convgraph.symmetry.instances.symbol_values import free_symbols
from convgraph.symmetry.smt.script import Script, call
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.statement import Statement, floors_of
from convgraph.symmetry.transformations.geometric import Shift

__all__ = ["Stated", "follow", "moves_of", "stated"]

# tap!, read!, size!0: names of what questions are about; and what a question makes of other names
OWN = re.compile(r".*!\w*", re.DOTALL)
ENDLESS = {"line": "zeros", "circle": "wrap"}  # on a line nothing goes around


@dataclass(frozen=True)
class Stated:
    """A network of open size, and what is claimed of each of its rows.

    Attributes
    ----------
    network, where
        The network, bound to symbols, and "line", "circle" or "interior".
    wrapped
        Whether a frame's values come back in at the other end, or zeros do.
    shifts, sizes
        By how much each row moves, and how many positions it has, per axis.
    claims
        What is claimed of each row but the input.
    noted
        What the statement says that symbols stand for.
    floors
        The sizes that a division by a number rounds down.
    """

    network: Network
    where: str
    wrapped: bool
    shifts: Mapping[str, tuple[sp.Expr, ...]]
    sizes: Mapping[str, tuple[sp.Expr, ...]]
    claims: Mapping[str, Equation]
    noted: StatedSizes
    floors: dict[sp.Symbol, sp.Expr]

    def moving(self, row: Row) -> tuple[bool, ...]:
        """Along which axes a row moves."""
        return tuple(t != 0 for t in self.shifts[row.name])

    def named(self, size: Any) -> sp.Expr:
        """A size or a padding, or the symbol that is said to stand for it."""
        return _named(self.noted, sympified(size))

    def padded(self, axis: Axis) -> Axis:
        """An axis with the symbol that is said to stand for its padding."""
        return axis if axis.window is None else axis.with_padding(self.named(axis.window.padding))

    def say_sizes(self, script: Script, row: Row, sizes: Sequence[Any], *others: Row) -> None:
        """Say of sizes, and of those of which claims speak, what they are."""
        claims = [self.claims[r.name] for r in (row, *others) if r.name in self.claims]
        open_ = [*sizes, *(c for claim in claims for c in claim.conditions)]
        free = set().union(*(sympified(e).free_symbols for e in open_))
        needed = []
        for symbol, value in reversed(self.floors.items()):
            if symbol in free:
                needed.append((symbol, value))
                free |= value.free_symbols
        for symbol, value in reversed(needed):
            script.claim(call("=", script.size(symbol), script.size(value)))


def stated(statement: Statement, claimed: Sequence[Equation]) -> Stated:
    """What is stated of a network, or an error that says why nothing is."""
    where, shift = statement.where, statement.transformation
    if type(shift) is not Shift or ENDLESS.get(where, shift.boundary) != shift.boundary:
        raise ConvgraphError(
            f"where={where!r}, transformation={shift!r}: no such shift moves there"
        )
    spec = () if isinstance(statement.spec, Network) else statement.spec
    parameters = free_symbols((spec, shift, statement.channels, statement.notes))
    said = [side for claim in claimed for side in (claim.left, claim.right, *claim.conditions)]
    if any(OWN.fullmatch(symbol.name) for symbol in parameters | free_symbols(said)):
        raise ConvgraphError(
            "claims: a name that ends in ! and a word is one that a question gives"
        )
    if any(set(claim.left.args) & parameters for claim in claimed):
        raise ConvgraphError("claims: what a claim is for all of is no size, and no amount")
    if where != "interior" and any(claim.conditions for claim in claimed):
        raise ConvgraphError(f"claims: what is said on a {where} is said of all positions")
    noted = StatedSizes(statement.notes)
    network = _network(statement, noted)
    (start,) = network.inputs
    if len(claimed) != len(network.layers):
        raise ConvgraphError(f"claims: {len(claimed)} for {len(network.layers)} rows")
    sizes = _sizes(network, statement, noted)
    shifts = {start.name: moves_of(start, shift)}
    claims = {}
    for layer, claim in zip(network.layers, claimed, strict=True):
        name = layer.target.name
        shifts[name] = _away(claim, sizes[name], where)
        moving = {i for i, t in zip(claim.left.args, shifts[name], strict=True) if t != 0}
        for condition in claim.conditions:
            about = condition.free_symbols & set(claim.left.args)
            if not about or about - moving:  # no layer's question would be about it
                raise ConvgraphError(f"claims: {condition} >= 0 is of no position that moves")
        claims[name] = claim
    wrapped, floors = shift.boundary == "wrap", floors_of(statement.notes)
    return Stated(network, where, wrapped, shifts, sizes, claims, noted, floors)


def moves_of(row: Row, shift: Any) -> tuple[sp.Expr, ...]:
    """By how much a row moves, channels included, which do not."""
    amounts = tuple(map(sympified, shift.amounts(len(row.shape) - row.channels)))
    return (sp.S.Zero,) * row.channels + amounts


def _network(statement: Statement, noted: StatedSizes) -> Network:
    if isinstance(statement.spec, Network):
        return statement.spec
    if statement.where != "line":
        return bound(statement.spec, noted.input, statement.channels)
    amount = statement.transformation.amount
    rank = statement.spec.rank or (len(amount) if isinstance(amount, tuple) else 1)
    sizes = tuple(sp.Symbol(f"size!{a}", integer=True, positive=True) for a in range(rank))
    try:
        return bound(statement.spec, sizes, statement.channels)
    except ConvgraphError:  # branches meet at some multiples only; on a line no size matters
        every = sp.Mul(*sorted(free_symbols(statement.spec), key=lambda s: s.name))
        for factor in (every * number for number in range(1, 65)):  # six halvings, as in proofs
            try:
                many = tuple(factor * size for size in sizes)
                return bound(statement.spec, many, statement.channels)
            except ConvgraphError:
                continue
        raise


def _away(claim: Equation, sizes: tuple[sp.Expr, ...], where: str) -> tuple[sp.Expr, ...]:
    """By how much a claim says that a row moves: the t of y'(i) = y(i - t)."""
    left, right = claim.left, claim.right
    sides = isinstance(left, AppliedUndef) and isinstance(right, AppliedUndef)
    if not sides or left.func.__name__ != f"{right.func.__name__}'":
        raise ConvgraphError(f"claims: {left} = {right} does not say how a row moves")
    own = left.args
    plain = all(v == sp.Symbol(str(v), integer=True) for v in own)  # all integers, of any sign
    if not plain or len(set(own)) < len(own):
        raise ConvgraphError(f"claims: {left} is not a row at its positions")
    if not len(own) == len(right.args) == len(sizes):
        raise ConvgraphError(f"claims: {left} = {right} of a row with {len(sizes)} axes")
    found = []
    for variable, source, size in zip(own, right.args, sizes, strict=True):
        turned = type(source).__name__ == "Residue"
        if turned and sp.expand(source.args[1] - size) != 0:
            raise ConvgraphError(f"claims: {source} on a circle of {size}")
        t = sp.expand(variable - (source.args[0] if turned else source))
        if t.free_symbols & set(own) or turned != (where == "circle" and t != 0):
            raise ConvgraphError(f"claims: {left} = {right} does not say how a row moves")
        found.append(t)
    return tuple(found)


def _named(noted: StatedSizes, value: sp.Expr) -> sp.Expr:
    """The symbol that is said to stand for a size, or the size."""
    if value.is_Atom:
        return next((symbol for symbol, meant in noted.meanings if meant == value), value)
    own = _counted(value)
    return next((symbol for symbol, meant in noted.meanings if _counted(meant) == own), value)


def _sizes(
    network: Network, statement: Statement, noted: StatedSizes
) -> dict[str, tuple[sp.Expr, ...]]:
    """The number of positions of every row."""
    if not isinstance(statement.spec, Network):
        return _sizes_of_rows(network, noted)
    if statement.where != "interior":
        return {row.name: tuple(map(sp.Integer, row.numbers())) for row in network.rows}
    (start,) = network.inputs
    head = tuple(map(sp.Integer, start.numbers()[: start.channels]))
    known = {start.name: (*head, *noted.input)}
    for layer in network.layers:
        own = list(map(sp.Integer, layer.target.numbers()))
        joint = layer.joints[0]
        for _, axis, read, made in axes_of(joint, layer.target):
            if (
                read is not None
                and made is not None
                and known[joint.source.name][read].free_symbols
            ):
                own[made] = _named(
                    noted, sympified(axis.resized(known[joint.source.name][read]).outputs)
                )
        known[layer.target.name] = tuple(own)
    return known


def _sizes_of_rows(network: Network, noted: StatedSizes) -> dict[str, tuple[sp.Expr, ...]]:
    """As the rows have them; where the statement has a name for one, by that name."""
    known: dict[sp.Expr, sp.Expr] = {}
    for symbol, meant in noted.meanings:
        rest, quotient = meant.as_coeff_Add()
        known[quotient] = symbol - rest

    def size(value: sp.Expr) -> sp.Expr:
        name = _named(noted, value)
        return sp.expand(value.xreplace(known)) if name == value else name

    return {row.name: tuple(size(sympified(n)) for n in row.shape) for row in network.rows}


def _counted(size: sp.Expr) -> tuple[sp.Expr, ...]:
    """A size in one form: floor((n + 5)/2) is floor((n + 1)/2) + 2."""
    floors = size.atoms(sp.floor)
    if len(floors) != 1:
        return (sp.expand(size),)
    (floor,) = floors
    over, under = sp.fraction(sp.together(floor.args[0]))
    rest, moving = sp.expand(over).as_coeff_Add()
    slope = sp.expand(size).coeff(floor)
    whole = rest // under if rest.is_integer and under.is_Integer else sp.S.Zero
    return moving, under, rest - whole * under, slope, sp.expand(size - slope * (floor - whole))


def follow(network: Network, moves: tuple[sp.Expr, ...]) -> tuple[sp.Expr, ...]:
    """By how much the output moves: what each axis makes of a step, divided by its stride."""
    known = {network.inputs[0].name: moves}
    for layer in network.layers:
        found = []
        for joint in layer.joints:
            steps = [sp.S.Zero] * len(layer.target.shape)
            for _, axis, read, made in axes_of(joint, layer.target):
                step = sp.S.Zero if read is None else known[joint.source.name][read]
                if step != 0 and made is not None:
                    steps[made] = _step(layer, axis, step)
                elif step != 0:
                    raise ConvgraphError(f"transformation: {layer.spec} reads along it")
            found.append(tuple(steps))
        if len(set(found)) != 1:
            raise ConvgraphError(f"transformation: the strides that {layer.spec} joins differ")
        known[layer.target.name] = found[0]
    return known[network.outputs[0].name]


def _step(layer: Any, axis: Axis, step: sp.Expr) -> sp.Expr:
    if axis.pace is None and axis.full and axis.outputs == 1:
        return sp.S.Zero
    if axis.pace is None:
        raise ConvgraphError(
            f"transformation: {layer.spec} has other parameters at every position, "
            "so that no equation is refuted"
        )
    out, by = axis.pace
    if not (step / by).is_integer:
        raise ConvgraphError(
            f"transformation: stride={by}: the stride of {layer.spec} does not divide "
            f"{step}, so that no equation is refuted"
        )
    return step / by * out
