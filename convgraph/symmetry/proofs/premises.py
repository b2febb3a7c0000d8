"""What is given and what is claimed, worked out from a statement alone."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.settled import settled
from convgraph.core.sizes import Size
from convgraph.core.sympified import sympified
from convgraph.layers.arguments import as_sizes
from convgraph.layers.convolution import STRIDE_RULE
from convgraph.layers.spec import Spec
from convgraph.symmetry.proofs.layer_equations import meaning
from convgraph.symmetry.proofs.open_network import Setting, setting
from convgraph.symmetry.proofs.row_claims import Given, given
from convgraph.symmetry.proofs.row_shifts import axis_pairs
from convgraph.symmetry.statements.dense import dense
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.statement import Statement
from convgraph.symmetry.statements.vocabulary import applied, index, unused
from convgraph.symmetry.transformations.geometric import Shift

__all__ = [
    "amounts_of",
    "converse_given",
    "converse_variables",
    "downsampling_given",
    "in_setting",
    "own",
    "premises_of",
    "remembered",
    "setting_of",
]

KEPT = 64  # specs
ENDLESS = {"line": "zeros", "circle": "wrap"}
BOUNDARY_RULE = (
    'a shift with boundary "wrap" goes around a circle or in a frame, '
    "and one that fills in zeros moves a line or what is in a frame"
)


def amounts_of(spec: Spec | Network, shift: Shift) -> tuple[sp.Expr, ...]:
    """By how much an input of the spec moves, per axis of space."""
    if isinstance(spec, Network):
        row = spec.inputs[0]
        return tuple(map(sympified, shift.amounts(len(row.shape) - row.channels)))
    given = len(shift.amount) if isinstance(shift.amount, tuple) else 1
    return tuple(map(sympified, shift.amounts(spec.rank or given)))


def setting_of(spec: Spec | Network, shift: Shift, where: Any, channels: Size | None) -> Setting:
    """The setting of a shift, where one can be: on a line nothing wraps around."""
    if ENDLESS.get(where, shift.boundary) != shift.boundary:
        raise ConvgraphError(f"where={where!r}, transformation={shift!r}: {BOUNDARY_RULE}")
    return setting(spec, amounts_of(spec, shift), where, channels, shift.boundary == "wrap")


def in_setting(
    spec: Spec | Network, shift: Shift, where: Any, channels: Size | None
) -> tuple[Setting, Given]:
    """The setting of a shift, and what is given and claimed there.

    What is worked out of a spec is kept for a while, as a theorem is verified soon after it is
    proved. No proof has the equations that are kept: see `own`.
    """
    keeps = isinstance(spec, Spec) and settled((spec, shift, where, channels))
    return (remembered if keeps else _in_setting)(spec, shift, where, channels)


def own(known: Given) -> Given:
    """The same in equations of its own: whoever alters those of a proof alters no others."""
    definitions, claims = (tuple(map(replace, e)) for e in (known.definitions, known.claims))
    return Given(definitions, claims, tuple(map(replace, known.notes)))


def _in_setting(
    spec: Spec | Network, shift: Shift, where: Any, channels: Size | None
) -> tuple[Setting, Given]:
    setting = setting_of(spec, shift, where, channels)
    return setting, given(setting)


remembered = lru_cache(maxsize=KEPT)(_in_setting)


def premises_of(statement: Statement) -> Given:
    """What is given for a statement, what it claims, and what the symbols mean."""
    spec, channels = statement.spec, statement.channels
    if statement.theorem == "equivariance" and type(statement.transformation) is Shift:
        return in_setting(spec, statement.transformation, statement.where, channels)[1]
    if statement.transformation is None and statement.where == "line":
        if statement.theorem == "converse" and channels is None:
            return converse_given(sympified(spec))
        if statement.theorem == "downsampling":
            return downsampling_given(spec, channels)
    raise ConvgraphError(f"theorem={statement.theorem!r}: there is no such theorem")


def converse_variables(s: sp.Expr) -> tuple[sp.Symbol, ...]:
    """i and a, an output and an input; b and j to sum over; t, a shift."""
    taken = {symbol.name for symbol in s.free_symbols}
    return tuple(index(unused(name, taken)) for name in "iabjt")


def converse_given(s: sp.Expr) -> Given:
    """What the converse assumes, and what it claims."""
    i, a, b, j, t = converse_variables(s)

    def total(kernel: sp.Expr, at: sp.Expr, var: sp.Symbol) -> sp.Expr:
        return sp.Sum(kernel * applied("x", at), (var, -sp.oo, sp.oo))

    commutes = Equation(
        total(applied("M", i, b), b - s * t, b),
        total(applied("M", i - t, b), b, b),
        quantified=(i, t, applied("x", b)),
    )
    kernel = Equation(applied("w", j), applied("M", 0, j))
    output = Equation(applied("y", i), total(applied("M", i, j), j, j))
    claim = Equation(applied("y", i), total(applied("w", j), s * i + j, j))
    entry = Equation(applied("M", i, a), applied("w", a - s * i))
    return Given((commutes, kernel, output), (entry, claim))


def downsampling_given(spec: Any, channels: Size | None) -> Given:
    """The two layers, and that one is the other at every s-th position."""
    still = (0,) * spec.rank
    bound = setting(spec, still, "line", channels)
    (layer,) = bound.network.layers
    (joint,) = layer.joints
    strided = meaning(layer, bound)
    padding = tuple(
        (bound.named(axis.padding),) * 2
        for axis, place, _ in axis_pairs(joint, layer.target)
        if axis.sliding is not None and place is not None and place >= joint.source.channels
    )
    whole = setting(dense(spec, padding), still, "line", channels)
    every = meaning(whole.network.layers[0], whole)
    z = Equation(applied("z", *every.variables), every.right)
    strides = as_sizes("stride", spec.stride or spec.kernel, spec.rank, STRIDE_RULE)
    lead = len(strided.variables) - spec.rank
    kept = [i if a < lead else strides[a - lead] * i for a, i in enumerate(strided.variables)]
    claim = Equation(strided.left, applied("z", *kept))
    return Given((z, strided), (claim,), bound.notes())
