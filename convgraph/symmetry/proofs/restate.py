"""What a statement's hypotheses are, worked out from the statement alone."""

from __future__ import annotations

from typing import TypeAlias

import sympy as sp

from convgraph.core.network import Network
from convgraph.layers.spec import Spec
from convgraph.symmetry.proofs.claims import given
from convgraph.symmetry.proofs.equation import Equation
from convgraph.symmetry.proofs.opening import setting
from convgraph.symmetry.proofs.proof import Statement
from convgraph.symmetry.proofs.setting import Note
from convgraph.symmetry.transformations import Shift

__all__ = ["Hypotheses", "amounts_of", "hypotheses_of"]

Hypotheses: TypeAlias = "tuple[tuple[Equation, ...], Equation, tuple[Note, ...]]"
"""What is given, what is claimed, and what the symbols mean."""


def amounts_of(spec: Spec | Network, shift: Shift) -> tuple[sp.Expr, ...]:
    """By how much an input of the spec moves, per axis of space."""
    if isinstance(spec, Network):
        row = spec.inputs[0]
        return tuple(map(sp.sympify, shift.amounts(len(row.shape) - row.channels)))
    given = len(shift.amount) if isinstance(shift.amount, tuple) else 1
    return tuple(map(sp.sympify, shift.amounts(spec.rank or given)))


def hypotheses_of(statement: Statement) -> Hypotheses:
    """What is given for a statement, the equation that it claims, and what the symbols mean."""
    from convgraph.symmetry.proofs import theorems

    if statement.theorem == "converse":
        return theorems.converse_given(statement.spec)
    if statement.theorem == "downsampling":
        return theorems.downsampling_given(statement.spec, statement.channels)
    amounts = amounts_of(statement.spec, statement.transformation)
    wrapped = statement.transformation.boundary == "wrap"
    made = setting(statement.spec, amounts, statement.where, statement.channels, wrapped)
    everything = given(made)
    return everything.definitions, everything.claims[-1], made.notes()
