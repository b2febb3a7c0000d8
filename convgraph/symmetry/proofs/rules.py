"""The rules by which one step of a proof follows, each with what checks it.

A checker sees the two sides of a step, what the step names, the equations it may use, and the
claim that is being proved. It accepts only what its own rule does: a step under another rule's name
fails, and so does one that does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef

from convgraph.symmetry.proofs.equation import Equation, Meanings, allowed, rewrite
from convgraph.symmetry.proofs.normal import fresh, normal
from convgraph.symmetry.proofs.vocabulary import Greatest, Impulse, Residue, function_names

__all__ = ["RULES", "Known", "Step", "check"]


@dataclass(frozen=True)
class Step:
    """One equality of a proof.

    Attributes
    ----------
    number
        Steps are counted from 1 through the whole proof.
    claim
        The name of the row whose equation this step helps to prove.
    left, right
        The two sides; the right side is the next step's left.
    rule
        The name of the rule, one of `RULES`.
    using
        The row whose definition or equation is used, where the rule uses one.
    data
        What else the rule needs: the new variable of a sum, or the values at which a hypothesis
        is taken.
    """

    number: int
    claim: str
    left: sp.Expr
    right: sp.Expr
    rule: str
    using: str = ""
    data: tuple[sp.Expr, ...] = ()


@dataclass(frozen=True)
class Known:
    """What a step may use: definitions, equations proved before it, and hypotheses, by name; and
    what the sizes in conditions mean."""

    definitions: Mapping[str, Equation]
    lemmas: Mapping[str, Equation]
    hypotheses: Mapping[str, Equation]
    claim: Equation
    sizes: Meanings = field(default_factory=dict)


def check(step: Step, known: Known) -> bool:
    """Whether a step is what its rule allows."""
    checker = RULES.get(step.rule)
    return checker is not None and step.left != step.right and checker(step, known)


def _rewritten(step: Step, known: Known, equation: Equation | None) -> bool:
    """Both sides are the same once the equation is applied, and were not before."""
    if equation is None or normal(step.left) == normal(step.right):
        return False
    left, used_left = rewrite(step.left, equation)
    right, used_right = rewrite(step.right, equation)
    uses = used_left + used_right
    return (
        bool(uses)
        and all(allowed(use, equation, known.claim, known.sizes) for use in uses)
        and normal(left) == normal(right)
    )


def _definition(step: Step, known: Known) -> bool:
    return not step.data and _rewritten(step, known, known.definitions.get(step.using))


def _lemma(step: Step, known: Known) -> bool:
    lemma = known.lemmas.get(step.using)
    return not (step.data or _arguments(step)) and _rewritten(step, known, lemma)


def _pointwise(step: Step, known: Known) -> bool:
    """A function has the same value where its arguments have."""
    values = _arguments(step)
    if values is None or step.data:
        return False
    inner = replace(step, left=values[0], right=values[1])
    return _rewritten(inner, known, known.lemmas.get(step.using))


def _arguments(step: Step) -> tuple[sp.Basic, sp.Basic] | None:
    """What both sides are the same function of, if they are that."""
    a, b = step.left, step.right
    if not (isinstance(a, AppliedUndef) and isinstance(b, AppliedUndef) and a.func == b.func):
        return None
    if len(a.args) != len(b.args) or not any(map(function_names, a.args)):
        return None
    return sp.Tuple(*a.args), sp.Tuple(*b.args)


def _index(step: Step, known: Known) -> bool:
    return not (step.using or step.data) and normal(step.left) == normal(step.right)


def _residues(step: Step, known: Known) -> bool:
    return (
        not (step.using or step.data)
        and normal(step.left) != normal(step.right)
        and normal(step.left, residues=True) == normal(step.right, residues=True)
    )


def _reindex(step: Step, known: Known) -> bool:
    """A sum over all integers a is the sum over a + c; data is a and a + c."""
    if len(step.data) != 2 or step.using:
        return False
    var, new = step.data
    lag = sp.expand(new - var)
    sums = [e for e in step.left.atoms(sp.Sum) if var in [limit[0] for limit in e.limits]]
    if len(sums) != 1 or not lag.is_integer or lag.has(var):
        return False
    (old,) = sums
    if (var, -sp.oo, sp.oo) not in [tuple(limit) for limit in old.limits]:
        return False
    if any(limit[0] in lag.free_symbols for limit in old.limits):
        return False  # c is the same for all terms
    moved = sp.Sum(old.function.xreplace({var: new}), *old.limits)
    replaced = step.left.xreplace({old: moved})
    return normal(step.left) != normal(step.right) and normal(replaced) == normal(step.right)


def _cycle(step: Step, known: Known) -> bool:
    """A sum over a whole circle of a function of (a + c) mod n is its sum over a."""

    def turned(e: sp.Expr) -> sp.Expr:
        return e.replace(lambda a: isinstance(a, sp.Sum | Greatest), _unturned)

    a, b = normal(step.left), normal(step.right)
    return not (step.using or step.data) and a != b and normal(turned(a)) == normal(turned(b))


def _unturned(e: ExprWithLimits) -> sp.Expr:
    body = e.function
    for var, low, high in e.limits:
        modulus = sp.expand(high + 1)
        whole = [
            r
            for r in body.atoms(Residue)
            if r.has(var) and r.args[1] == modulus and not sp.expand(r.args[0] - var).has(var)
        ]
        if low == 0 and len(whole) == 1:
            stand_in = sp.Dummy(integer=True)
            turned = body.xreplace({whole[0]: stand_in})
            body = turned.xreplace({stand_in: var}) if not turned.has(var) else body
    return e.func(body, *e.limits)


def _sift(step: Step, known: Known) -> bool:
    """The sum over all a of f(a) times the unit impulse at a - c is f(c)."""
    a, b = _sifted(fresh(step.left)), _sifted(fresh(step.right))
    return (
        not (step.using or step.data)
        and normal(step.left) != normal(step.right)
        and normal(a) == normal(b)
    )


def _sifted(e: sp.Expr) -> sp.Expr:
    if not e.args:
        return e
    made = e.func(*[_sifted(a) for a in e.args]) if not isinstance(e, ExprWithLimits) else e
    if not isinstance(made, sp.Sum) or len(made.limits) != 1:
        return made
    var, low, high = made.limits[0]
    factors = sp.Mul.make_args(made.function)
    impulses = [f for f in factors if isinstance(f, Impulse) and f.has(var)]
    if (low, high) != (-sp.oo, sp.oo) or len(impulses) != 1:
        return made
    inside = sp.expand(impulses[0].args[0])
    slope = inside.coeff(var)
    if slope not in (1, -1) or (inside - slope * var).has(var):
        return made
    rest = sp.Mul(*[f for f in factors if f is not impulses[0]])
    return rest.xreplace({var: sp.expand(var - slope * inside)})


def _hypothesis(step: Step, known: Known) -> bool:
    """What is assumed of every input x, taken at one.

    Data is what the assumption is about and what stands for it, in pairs: t and its value, and
    x(a) and the value of x at a.
    """
    equation = known.hypotheses.get(step.using)
    if equation is None or len(step.data) % 2:
        return False
    pairs = dict(zip(step.data[::2], step.data[1::2], strict=True))
    if not pairs.keys() <= set(equation.quantified):
        return False
    at = {var: value for var, value in pairs.items() if isinstance(var, sp.Symbol)}
    functions = {var: value for var, value in pairs.items() if isinstance(var, AppliedUndef)}
    sides = []
    for side in (equation.left, equation.right):
        made = fresh(side).xreplace(at)
        for pattern, value in functions.items():
            made = made.replace(
                lambda e, p=pattern: isinstance(e, AppliedUndef) and e.func == p.func,
                lambda e, v=value, a=pattern.args[0]: v.xreplace({a: e.args[0]}),
            )
        sides.append(normal(made))
    return sides[0] != sides[1] and [normal(step.left), normal(step.right)] == sides


RULES: dict[str, Callable[[Step, Known], bool]] = {
    "definition": _definition,
    "lemma": _lemma,
    "pointwise": _pointwise,
    "index": _index,
    "residues": _residues,
    "reindex": _reindex,
    "cycle": _cycle,
    "sift": _sift,
    "hypothesis": _hypothesis,
}
