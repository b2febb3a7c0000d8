"""An argument: what is stated, what is given, and the steps from one to the other, unchecked."""

from __future__ import annotations

from dataclasses import dataclass

from convgraph.symmetry.proofs.kernel import Step
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.statement import Statement

__all__ = ["Argument"]


@dataclass(frozen=True, repr=False)
class Argument:
    """What can be read of a `Proof`, which has it in words."""

    statement: Statement
    hypotheses: tuple[Equation, ...]
    claims: tuple[Equation, ...]
    steps: tuple[Step, ...]
