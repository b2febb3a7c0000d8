"""A proof: a statement, what is given, numbered steps, and the check of each of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.symmetry.instances.find_instances import Instance, instances
from convgraph.symmetry.proofs import document
from convgraph.symmetry.proofs.argument import Argument
from convgraph.symmetry.proofs.kernel import Step
from convgraph.symmetry.proofs.premises import premises_of
from convgraph.symmetry.smt.questions import questions
from convgraph.symmetry.smt.recheck import Recheck, recheck
from convgraph.symmetry.smt.script import joined
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.statement import Meaning, Positions, Statement

__all__ = ["Proof", "Statement"]

ROW = re.compile(r"[a-z]+\d*", re.ASCII)  # the name of a row in a proof: x, y, h, h1, ...


@dataclass(frozen=True, repr=False)
class Proof(Argument):
    """A proof for all sizes, as a chain of equalities for each row of a network.

    `str(proof)` is the proof in plain text; a notebook shows it in LaTeX.

    Attributes
    ----------
    statement
        What is proved.
    hypotheses
        What is given: what each layer computes, and what the transformation does to the input.
        A primed row is computed from the primed input as the row without a prime is from the input.
    claims
        The equations that the steps show, one for each row; the last is that of the statement.
    steps
        The steps, each with its two sides in sympy and the rule by which they are equal.
    conclusion
        The last claim, as a sympy equality.
    """

    conclusion: sp.Equality

    holds = True

    def verify(self) -> bool:
        """Check every step anew, from the statement and the steps; True, or an error.

        What is given and what is claimed is worked out from the spec and the transformation, and
        has to be what this proof says it is. Then `kernel` checks the steps, which says what it
        takes for a proof and what has to be trusted. And the statement has to hold at its
        `instances`, each of which is evaluated anew.

        Raises
        ------
        ConvgraphError
            If the proof was altered; the message names the step. Or if an instance does not hold.
        """
        with reading(self):
            premises = premises_of(self.statement)
            own = (self.hypotheses, self.claims, self.statement.notes)
            for name, mine, theirs in zip(
                ("hypotheses", "claims", "notes"),
                own,
                (premises.definitions, premises.claims, premises.notes),
                strict=True,
            ):
                if not same(mine, theirs):
                    raise ConvgraphError(f"{name}: these are not those of the statement")
            claim = premises.claims[-1]
            if not same(self.statement.claim, claim):
                raise ConvgraphError("claims: the last claim is that of the statement")
            if not same(self.conclusion, claim.as_sympy):
                raise ConvgraphError("conclusion: it is that of the statement")
            premises.check(self.steps)
            instances(self.statement)
        return True

    @property
    def instances(self) -> tuple[Instance, ...]:
        """The sizes and the numbers for symbols at which both sides are evaluated and agree.

        Without them nothing is taken for a theorem: each applies the transformation to an array,
        and computes every output that the statement speaks of edge by edge.
        """
        with reading(self):
            return instances(self.statement)

    # -- as text -------------------------------------------------------------------------------

    def text(self) -> str:
        """The proof in plain text."""
        with reading(self):
            return escape.log(document.as_text(self))

    def latex(self) -> str:
        """The proof in LaTeX, formulas in `aligned` environments."""
        with reading(self):
            return document.as_latex(self)

    def markdown(self) -> str:
        """The proof in Markdown, with formulas in LaTeX between dollar signs."""
        with reading(self):
            return document.as_markdown(self)

    def to_dict(self) -> dict[str, Any]:
        """The proof as plain data, formulas as text."""
        with reading(self):
            return document.as_dict(self)

    def __str__(self) -> str:
        return self.text()

    def _repr_markdown_(self) -> str:
        return self.markdown()

    def __repr__(self) -> str:
        with reading(self):
            return f"Proof({document.headline(self.statement)}: {len(self.steps)} steps)"

    # -- a second checker ----------------------------------------------------------------------

    def recheck(self) -> Recheck:
        """Have z3 prove the same statement, from the spec and without these steps."""
        with reading(self):
            return recheck(self.statement, self.claims)

    def smt2(self) -> str:
        """What `recheck` asks, as an SMT-LIB 2 script; every answer should be unsat."""
        with reading(self):
            return joined(questions(self.statement, self.claims), repr(self))


@contextmanager
def reading(proof: Proof) -> Iterator[None]:
    """Where what is no proof is met: anybody can make a `Proof` of anything."""
    try:
        if type(proof.statement) is not Statement or any(type(s) is not Step for s in proof.steps):
            raise ConvgraphError("statement, steps: this is no proof, and was altered")
        rows = (note.rows for note in proof.statement.notes if isinstance(note, Positions))
        if not all(map(ROW.fullmatch, itertools.chain.from_iterable(rows))):
            # documents have them as they are, and others would be markup there
            raise ConvgraphError("notes: this is no proof, and was altered")
        spec = proof.statement.spec
        if proof.statement.theorem == "converse" and not isinstance(spec, int | sp.Expr):
            # sympy would run a text where the stride stands
            raise ConvgraphError(f"spec={spec!r}: this is no proof, and was altered")
        yield
    except ConvgraphError:
        raise
    except Exception as met:
        raise ConvgraphError(
            f"this is no proof, and was altered: {type(met).__name__} on reading it"
        ) from met


def same(one: Any, other: Any) -> bool:
    """Whether two parts of a proof are alike to the last sign, of the same types throughout."""
    if one is other:
        return True
    if isinstance(one, AppliedUndef) and isinstance(other, AppliedUndef):
        # sympy makes a class for each function, anew each time; they are equal by their names
        return bool(one.func == other.func) and same(one.args, other.args)
    if type(one) is not type(other):
        return False
    if isinstance(one, Equation | Positions | Meaning):
        return all(same(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))
    parts = one.args if isinstance(one, sp.Basic) else one
    if not isinstance(parts, tuple) or not parts:
        return bool(one == other)
    theirs = other.args if isinstance(other, sp.Basic) else other
    return len(parts) == len(theirs) and all(map(same, parts, theirs))
