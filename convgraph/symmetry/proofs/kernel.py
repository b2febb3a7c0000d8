"""The kernel: what decides whether steps prove claims from what is given.

How steps were found is of no account, and neither is anything that a `Proof` carries besides its
statement and its steps: what is given and what is claimed is worked out anew from the statement.
Whoever trusts a theorem that verifies trusts

- this file;
- `normal`: which expressions may stand in a proof, and that two of one normal form are equal, for
  which sympy's `expand`, `cancel` and `fraction` are used on sums and products of integers;
- `rewriting`: what an expression becomes by an equation; `inequalities` and `polynomials`: that
  its conditions are met;
- `layer_equations` and `row_claims`: that what they give is what layers and transformations do.
  (No checker of steps can see that; theorems are also tried in numbers.)

A claim is one function at distinct variables, r(i) = ..., for all integers i that meet its
conditions. The steps lead from its left side to its right side, and each is allowed by one of seven
rules. Both sides of a step are first built anew and brought into normal form, in which every
bound variable has a name of its own, _0, _1, ...; so no rule meets a free variable by a bound
one's name, or an expression that was left unevaluated.

    definition, lemma   r(e) is replaced by what r is equal to at e, wherever that holds
    index               the two sides have the same normal form
    reindex             a sum over all integers a is the sum over all a + c
    cycle               a sum or maximum over a circle may begin anywhere on it
    sift                the sum over all a of f(a) [a = c] is f(c)
    hypothesis          what is assumed of every input is so of one
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sympy as sp
from sympy.concrete.expr_with_limits import ExprWithLimits
from sympy.core.function import AppliedUndef

from convgraph.core.errors import ConvgraphError
from convgraph.symmetry.proofs.inequalities import Meanings
from convgraph.symmetry.proofs.normal import Reader, fresh, normal
from convgraph.symmetry.proofs.rewriting import allowed, rewrite
from convgraph.symmetry.statements.equation import Equation, primed
from convgraph.symmetry.statements.vocabulary import Greatest, Impulse, Residue, function_names

__all__ = ["RULES", "Known", "Step", "check", "check_steps", "known"]


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


# -- a proof ---------------------------------------------------------------------------------------


def check_steps(
    given: Sequence[Equation], claims: Sequence[Equation], sizes: Meanings, steps: Sequence[Step]
) -> None:
    """Check that steps prove claims, each from what is given and the claims before it.

    Raises
    ------
    ConvgraphError
        If they do not; the message names the step.
    """
    lemmas: dict[str, Equation] = {}
    read = Reader()
    given, claims = ([_as_read(e, read) for e in every] for every in (given, claims))
    parameters = set().union(*map(_parameters, (*given, *claims)))
    number = 0
    if not claims:
        raise ConvgraphError("claims: there is none")
    rows = known(given, claims[0], sizes, lemmas)  # priming every row takes its time
    for claim in claims:
        if not _is_claim(claim, parameters) or claim.name in lemmas:
            raise ConvgraphError(
                f"claims: {claim.left} is no function at distinct free variables, or has a claim"
            )
        now = replace(rows, claim=claim, lemmas=dict(lemmas))
        symbols = parameters | set(claim.variables) | _quantified(given)
        at = claim.left
        for step in steps[number:]:
            if step.claim != claim.name:
                break
            number += 1
            step = _step_as_read(step, read)
            if step.number != number or step.left != at:
                raise altered(number, "it does not begin where the one before ends")
            if not step.right.free_symbols <= symbols:
                raise altered(number, "it speaks of what the statement does not")
            if not _is_allowed(step, now):
                raise altered(number, f"it does not follow by the rule {step.rule!r}")
            at = step.right
        if at != claim.right:
            raise altered(number, f"the steps do not reach {claim.right}")
        lemmas[claim.name] = claim
    if number != len(steps):
        raise altered(number + 1, "it belongs to no claim")


def known(
    given: Sequence[Equation],
    claim: Equation,
    sizes: Meanings,
    lemmas: Mapping[str, Equation],
) -> Known:
    """What the steps for a claim may use: a primed row is defined as the row without a prime is."""
    own = {e.name: e for e in given if isinstance(e.left, AppliedUndef)}
    assumed = {e.name: e for e in given if not isinstance(e.left, AppliedUndef)}
    rows = {name.rstrip("'") for name in own}
    for name in rows & own.keys():
        e = own[name]
        left, right = primed(e.left, rows), primed(e.right, rows)
        own.setdefault(f"{name}'", Equation(left, right, e.conditions, e.moduli))
    return Known(own, dict(lemmas), assumed, claim, sizes)


def _as_read(e: Equation, read: Reader) -> Equation:
    moduli = tuple(None if m is None else read(m) for m in e.moduli)
    conditions, quantified = tuple(map(read, e.conditions)), tuple(map(read, e.quantified))
    return Equation(read(e.left), read(e.right), conditions, moduli, quantified)


def altered(number: int, what: str) -> ConvgraphError:
    """The error about a step that does not follow."""
    return ConvgraphError(f"step={number}: {what}; this proof was altered")


def _is_claim(claim: Equation, parameters: set[sp.Symbol]) -> bool:
    """One function at distinct variables: integers of which no more is known."""
    left = claim.left
    return (
        isinstance(left, AppliedUndef)
        and all(v == sp.Symbol(str(v), integer=True) for v in left.args)
        and len(set(left.args)) == len(left.args)
        and not set(left.args) & parameters
        and not claim.quantified
    )


def _parameters(e: Equation) -> set[sp.Symbol]:
    """The symbols of an equation that stand for one number each, and not for all."""
    sides = (e.left, e.right, *e.conditions, *(m for m in e.moduli if m is not None))
    free = set().union(*(side.free_symbols for side in sides))
    return free - set(e.quantified or e.left.args)


def _quantified(given: Sequence[Equation]) -> set[sp.Symbol]:
    return {v for e in given for v in e.quantified if isinstance(v, sp.Symbol)}


# -- a step ----------------------------------------------------------------------------------------


def check(step: Step, known: Known) -> bool:
    """Whether a step does something, and what it does is what its rule allows."""
    try:
        return _is_allowed(_step_as_read(step, Reader()), known)
    except ConvgraphError:
        return False


def _step_as_read(step: Step, read: Reader) -> Step:
    left, right, *data = map(read, (step.left, step.right, *step.data))
    return Step(step.number, step.claim, left, right, step.rule, step.using, tuple(data))


def _is_allowed(step: Step, known: Known) -> bool:
    rule = RULES.get(step.rule)
    if rule is None or step.left == step.right:
        return False
    left, right = normal(step.left), normal(step.right)
    step = Step(step.number, step.claim, left, right, step.rule, step.using, step.data)
    takes_name, takes_data = step.rule in NAMING, step.rule in ("reindex", "hypothesis")
    if (step.using and not takes_name) or (step.data and not takes_data):
        return False
    return (left == right) == (step.rule == "index") and rule(step, known)


def _replaced(step: Step, known: Known, equations: Mapping[str, Equation]) -> bool:
    """Both sides are the same once an equation is used wherever it may be."""
    equation = equations.get(step.using)
    if equation is None:
        return False
    left, used_left = rewrite(step.left, equation)
    right, used_right = rewrite(step.right, equation)
    uses = used_left + used_right
    if not uses or not all(allowed(use, equation, known.claim, known.sizes) for use in uses):
        return False
    # a side in which nothing was replaced is in normal form as it was
    left, right = normal(left) if used_left else left, normal(right) if used_right else right
    return bool(left == right)


def _reindex(step: Step, known: Known) -> bool:
    """Data is a and a + c, where c is an integer and the same for all terms."""
    if len(step.data) != 2:
        return False
    lag = sp.expand(step.data[1] - step.data[0])
    sums = [e for e in step.left.atoms(sp.Sum) if (-sp.oo, sp.oo) in [n[1:] for n in _ends(e)]]
    if len(sums) != 1 or not lag.is_integer or lag.has(step.data[0]):
        return False
    (old,) = sums
    for var, low, high in _ends(old):
        moved = sp.Sum(old.function.xreplace({var: var + lag}), *old.limits)
        replaced = normal(step.left.xreplace({old: moved}))
        if (low, high) == (-sp.oo, sp.oo) and replaced == step.right:
            return True
    return False


def _ends(e: ExprWithLimits) -> list[tuple[sp.Symbol, sp.Expr, sp.Expr]]:
    return [tuple(limit) for limit in e.limits]


def _cycle(step: Step, known: Known) -> bool:
    def turned(e: sp.Expr) -> sp.Expr:
        return normal(e.replace(lambda a: isinstance(a, sp.Sum | Greatest), _turned))

    return bool(turned(step.left) == turned(step.right))


def _turned(e: ExprWithLimits) -> sp.Expr:
    """f((a + c) mod n), where a is nowhere else and c is the same for all a, is f(a)."""
    body = e.function
    for var, low, high in e.limits:
        whole = [r for r in body.atoms(Residue) if r.has(var)]
        if low != 0 or len(whole) != 1 or whole[0].args[1] != sp.expand(high + 1):
            continue
        lag = sp.expand(whole[0].args[0] - var)
        stand_in = sp.Dummy(integer=True)
        turned = body.xreplace({whole[0]: stand_in})
        same = lag.is_integer and not lag.has(var) and lag.free_symbols <= body.free_symbols
        if same and not turned.has(var):
            body = turned.xreplace({stand_in: var})
    return e.func(body, *e.limits)


def _sift(step: Step, known: Known) -> bool:
    return bool(normal(_sifted(step.left)) == normal(_sifted(step.right)))


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
    at = sp.expand(var - slope * inside)
    if slope not in (1, -1) or at.has(var) or not at.is_integer:
        return made
    rest = sp.Mul(*[f for f in factors if f is not impulses[0]])
    return fresh(rest).xreplace({var: at})


def _hypothesis(step: Step, known: Known) -> bool:
    """Data is what the assumption is about and what stands for it, in pairs: t and an integer, and
    x(a) and the value of x at a."""
    equation = known.hypotheses.get(step.using)
    if equation is None or len(step.data) % 2:
        return False
    pairs = dict(zip(step.data[::2], step.data[1::2], strict=True))
    at = {var: value for var, value in pairs.items() if isinstance(var, sp.Symbol)}
    functions = {var: value for var, value in pairs.items() if isinstance(var, AppliedUndef)}
    if not pairs.keys() <= set(equation.quantified):
        return False
    if not all(value.is_integer and not function_names(value) for value in at.values()):
        return False
    sides = []
    for side in (equation.left, equation.right):
        made = fresh(side).xreplace(at)
        for pattern, value in functions.items():
            made = made.replace(
                lambda e, p=pattern: isinstance(e, AppliedUndef) and e.func == p.func,
                lambda e, v=value, a=pattern.args[0]: fresh(v).xreplace({a: e.args[0]}),
            )
        sides.append(normal(made))
    return [step.left, step.right] == sides


NAMING = ("definition", "lemma", "hypothesis")
RULES: dict[str, Callable[[Step, Known], bool]] = {
    "definition": lambda step, known: _replaced(step, known, known.definitions),
    "lemma": lambda step, known: _replaced(step, known, known.lemmas),
    "index": lambda step, known: True,  # see `_is_allowed`: the two normal forms are the same
    "reindex": _reindex,
    "cycle": _cycle,
    "sift": _sift,
    "hypothesis": _hypothesis,
}
