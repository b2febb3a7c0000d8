"""A proof: a statement, what is given, numbered steps, and the check of each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sympy as sp
from sympy.core.function import AppliedUndef

from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size
from convgraph.symmetry.instances.instance import instances
from convgraph.symmetry.instances.made import Instance
from convgraph.symmetry.proofs.equation import Equation, primed
from convgraph.symmetry.proofs.rules import Known, Step, check
from convgraph.symmetry.proofs.setting import Note, Where, floors_of
from convgraph.symmetry.proofs.vocabulary import function_names

if TYPE_CHECKING:
    from convgraph.symmetry.smt.recheck import Recheck

__all__ = ["Proof", "Statement"]


@dataclass(frozen=True)
class Statement:
    """What is claimed: that a spec commutes with a shift, or another theorem about layers.

    Attributes
    ----------
    theorem
        "equivariance", "converse" or "downsampling".
    spec, transformation, where, channels
        What was asked; see `prove`.
    claim
        The equation that is to be shown.
    notes
        What the symbols stand for that were introduced for sizes and paddings.
    """

    theorem: str
    spec: Any
    transformation: Any
    where: Where
    channels: Size | None
    claim: Equation
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, repr=False)
class Proof:
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

    statement: Statement
    hypotheses: tuple[Equation, ...]
    claims: tuple[Equation, ...]
    steps: tuple[Step, ...]
    conclusion: sp.Equality

    holds = True

    def verify(self) -> bool:
        """Check every step anew, from the steps and what is given; True, or an error.

        Each step has to be what its rule allows, the steps for each claim have to lead from its
        left side to its right side without a gap, only earlier claims may be used, the last claim
        has to be that of the statement, and what is given has to be what the spec means. And the
        statement has to hold at its `instances`, each of which is evaluated anew.

        Raises
        ------
        ConvgraphError
            If the proof was altered; the message names the step. Or if an instance does not hold.
        """
        self._check_hypotheses()
        self.check_steps()
        instances(self.statement)
        return True

    @property
    def instances(self) -> tuple[Instance, ...]:
        """The sizes and the numbers for symbols at which both sides are evaluated and agree.

        Without them nothing is taken for a theorem: each applies the transformation to an array,
        and computes every output that the statement speaks of edge by edge.
        """
        return instances(self.statement)

    def check_steps(self) -> None:
        """The part of `verify` that takes what is given as it is."""
        self._check_claims()
        definitions, assumptions = self._definitions(), self._assumptions()
        sizes = floors_of(self.statement.notes)
        lemmas: dict[str, Equation] = {}
        number = 0
        for claim in self.claims:
            known = Known(definitions, lemmas, assumptions, claim, sizes)
            at = claim.left
            for step in self.steps[number:]:
                if step.claim != claim.name:
                    break
                number += 1
                if step.number != number or step.left != at:
                    raise _altered(step.number, "it does not begin where the one before ends")
                if not check(step, known):
                    raise _altered(number, f"it does not follow by the rule {step.rule!r}")
                at = step.right
            if at != claim.right:
                raise _altered(number, f"the steps do not reach {claim.right}")
            lemmas = {**lemmas, claim.name: claim}
        if number != len(self.steps):
            raise _altered(number + 1, "it belongs to no claim")

    def _check_hypotheses(self) -> None:
        """Each hypothesis defines one thing from what was given before it: none of itself."""
        from convgraph.symmetry.proofs.restate import hypotheses_of

        names = [e.name for e in self.hypotheses]
        defined = set(names)
        seen: set[str] = set()
        for e in self.hypotheses:
            if isinstance(e.left, AppliedUndef):
                if function_names(e.right) & (defined - seen) or names.count(e.name) > 1:
                    raise ConvgraphError(f"hypotheses: {e.name} is not defined by what precedes it")
                seen.add(e.name)
        own = (self.hypotheses, self.statement.claim, self.statement.notes)
        if hypotheses_of(self.statement) != own:
            raise ConvgraphError(
                f"hypotheses: these are not those of {self.statement.spec} and "
                f"{self.statement.transformation}"
            )

    def _check_claims(self) -> None:
        if not self.claims or self.claims[-1] != self.statement.claim:
            raise ConvgraphError("claims: the last claim is that of the statement")
        if len({c.name for c in self.claims}) < len(self.claims):
            raise ConvgraphError("claims: one claim for each row")
        if self.conclusion != self.statement.claim.as_sympy:
            raise ConvgraphError(f"conclusion={self.conclusion}: it is that of the statement")

    def _definitions(self) -> dict[str, Equation]:
        """The definitions by name, those of the primed rows among them."""
        own = {e.name: e for e in self.hypotheses if isinstance(e.left, AppliedUndef)}
        rows = {name.rstrip("'") for name in own}
        made = {
            f"{name}'": Equation(
                primed(e.left, rows), primed(e.right, rows), e.conditions, e.moduli
            )
            for name, e in own.items()
            if not name.endswith("'")
        }
        return {**made, **own}

    def _assumptions(self) -> dict[str, Equation]:
        return {e.name: e for e in self.hypotheses if not isinstance(e.left, AppliedUndef)}

    # -- as text -------------------------------------------------------------------------------

    def text(self) -> str:
        """The proof in plain text."""
        from convgraph.symmetry.proofs.document import as_text

        return as_text(self)

    def latex(self) -> str:
        """The proof in LaTeX, formulas in `aligned` environments."""
        from convgraph.symmetry.proofs.document import as_latex

        return as_latex(self)

    def markdown(self) -> str:
        """The proof in Markdown, with formulas in LaTeX between dollar signs."""
        from convgraph.symmetry.proofs.document import as_markdown

        return as_markdown(self)

    def to_dict(self) -> dict[str, Any]:
        """The proof as plain data, formulas as text."""
        from convgraph.symmetry.proofs.document import as_dict

        return as_dict(self)

    def __str__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        return self.latex()

    def __repr__(self) -> str:
        from convgraph.symmetry.proofs.document import headline

        return f"Proof({headline(self.statement)}: {len(self.steps)} steps)"

    # -- a second checker ----------------------------------------------------------------------

    def recheck(self) -> Recheck:
        """Have z3 prove the same statement, from the spec and without these steps."""
        from convgraph.symmetry.smt.recheck import recheck

        return recheck(self)

    def smt2(self) -> str:
        """What `recheck` asks, as an SMT-LIB 2 script; every answer should be unsat."""
        from convgraph.symmetry.smt.recheck import script

        return script(self)


def _altered(number: int, what: str) -> ConvgraphError:
    return ConvgraphError(f"step={number}: {what}; this proof was altered")
