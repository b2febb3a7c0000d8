"""Finding a proof: one chain of equalities for each row, from the input to the output.

For a row r the chain is: r' at i is by definition a formula in the rows that it reads, primed; each
of those moves by its shift, which has been shown already (or is what the shift does to the input);
so the indices are those of r at i - t.
"""

from __future__ import annotations

import sympy as sp
from sympy.core.function import AppliedUndef

from convgraph.symmetry.proofs.formulas import text
from convgraph.symmetry.proofs.kernel import Known, Step, check
from convgraph.symmetry.proofs.normal import normal
from convgraph.symmetry.proofs.open_network import Setting
from convgraph.symmetry.proofs.rewriting import rewrite
from convgraph.symmetry.proofs.row_claims import Given
from convgraph.symmetry.proofs.row_shifts import Unproved
from convgraph.symmetry.statements.equation import Equation, primed

__all__ = ["Chain", "argue"]


class Chain:
    """Steps in the making: each begins where the one before ended."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def begin(self, claim: Equation) -> None:
        """Start a new claim, at its left side."""
        self.claim, self.at = claim.name, claim.left

    def to(
        self, right: sp.Expr, rule: str, using: str = "", data: tuple[sp.Expr, ...] = ()
    ) -> None:
        """Append a step, unless it would do nothing."""
        if self.at != right:
            number = len(self.steps) + 1
            self.steps.append(Step(number, self.claim, self.at, right, rule, using, data))
        self.at = right


def argue(setting: Setting, given: Given) -> tuple[Step, ...]:
    """The steps that show the claims of all rows, or `Unproved`."""
    chain = Chain()
    shift, *definitions = given.definitions
    moved = {setting.network.inputs[0].name: shift}
    rows = zip(setting.network.layers, definitions, given.claims, strict=True)
    for layer, definition, claim in rows:
        chain.begin(claim)
        chain.to(primed(definition.right, setting.names.values()), "definition", claim.name)
        for name in dict.fromkeys(joint.source.name for joint in layer.joints):
            source = moved[name]
            rule = "definition" if source is shift else "lemma"
            chain.to(rewrite(chain.at, source)[0], rule, source.name)
        away = dict(zip(definition.variables, claim.right.args, strict=True))
        goal = definition.right.xreplace(away)
        _bridge(chain, goal)
        chain.to(goal, "index")
        chain.to(claim.right, "definition", definition.name)
        moved[layer.target.name] = claim
    return tuple(chain.steps)


def _bridge(chain: Chain, goal: sp.Expr) -> None:
    """What is left before the indices agree: remainders, or where a sum starts to count."""
    if normal(chain.at) == normal(goal):
        return
    for total in sorted(chain.at.atoms(sp.Sum), key=sp.default_sort_key):
        for var in [var for var, low, _ in total.limits if low == -sp.oo]:
            moved = var + _lag(total.function, var)
            new = sp.Sum(total.function.xreplace({var: moved}), *total.limits)
            chain.to(chain.at.xreplace({total: new}), "reindex", data=(var, moved))
            total = new
    if normal(chain.at) == normal(goal):
        return
    step = Step(0, chain.claim, chain.at, goal, "cycle")
    if check(step, Known({}, {}, {}, Equation(chain.at, goal))):
        chain.to(goal, "cycle")
        return
    raise Unproved(f"{text(chain.at)} is not shown to be {text(goal)}")


def _lag(summand: sp.Expr, var: sp.Symbol) -> sp.Expr:
    """The t of the x(a - t) in a sum over a."""
    for each in summand.atoms(AppliedUndef):
        for argument in each.args:
            lag = sp.expand(var - argument)
            if argument.has(var) and not lag.has(var):
                return lag
    return sp.S.Zero
