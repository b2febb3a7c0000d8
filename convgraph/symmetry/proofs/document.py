"""Proofs as documents: plain text, LaTeX and Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeAlias

import sympy as sp

from convgraph.core import escape
from convgraph.core.network import Network
from convgraph.core.sympified import sympified
from convgraph.layers.spec import Spec
from convgraph.symmetry.proofs import formulas
from convgraph.symmetry.proofs.kernel import Step
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.statement import Positions
from convgraph.symmetry.statements.vocabulary import Residue
from convgraph.symmetry.transformations.geometric import Shift

if TYPE_CHECKING:
    from convgraph.symmetry.proofs.argument import Argument
    from convgraph.symmetry.statements.statement import Statement

Show: TypeAlias = Callable[[sp.Basic], str]

__all__ = ["as_dict", "as_latex", "as_markdown", "as_text", "headline", "reason"]

WHERE = {
    "line": "on the whole line",
    "circle": "on a circle",
    "interior": "on a finite frame, at the outputs that its border does not reach",
}
SEVERAL = {"line": "on the whole plane", "circle": "on a torus"}

REASONS = {
    "definition": "definition of {0}",
    "lemma": "shown above for {0}",
    "index": "the same index",
    "reindex": "the sum over all integers, counted from elsewhere",
    "cycle": "the sum or maximum over a whole circle, counted from elsewhere",
    "sift": "the unit impulse sifts one term out of a sum",
    "hypothesis": "the map commutes with shifts; take the unit impulse as its input",
}


def headline(statement: Statement) -> str:
    """The statement in words."""
    spec = statement.spec
    if statement.theorem == "converse":
        stride = f" of stride {formulas.text(sympified(spec))}" if spec != 1 else ""
        return f"every linear map that commutes with shifts is a convolution{stride}"
    if statement.theorem == "downsampling":
        return f"{spec!r} is the same layer with stride 1, of which every stride-th output is kept"
    verb = "commute" if isinstance(spec, Network) else "commutes"
    subject = f"The layers of {spec!r}" if isinstance(spec, Network) else repr(spec)
    return f"{subject} {verb} with {statement.transformation!r} {_where(statement)}"


def _where(statement: Statement) -> str:
    several = len(statement.claim.variables) - (statement.claim.variables[0].name[0] == "f") > 1
    return (WHERE | SEVERAL if several else WHERE)[statement.where]


def reason(step: Step) -> str:
    """Why a step holds, in words."""
    if step.rule == "index" and step.right.has(Residue):
        return "the same index: c (u mod m) = c u (mod n) where n divides c m"
    return REASONS[step.rule].format(step.using)


def conditions(equation: Equation) -> list[sp.Basic]:
    """The conditions as inequalities between what the variables are multiplied by and the rest."""
    made = []
    for condition in equation.conditions:
        variables = [v for v in equation.variables if condition.has(v)]
        moved = sp.Add(*[a for a in sp.Add.make_args(condition) if a.has(*variables)])
        rest = sp.expand(moved - condition)
        lower = condition.coeff(variables[0]).is_positive
        made.append((not lower, sp.Le(rest, moved) if lower else sp.Le(-moved, -rest)))
    return [relation for _, relation in sorted(made, key=lambda each: each[0])]


def as_text(proof: Argument) -> str:
    """See `Proof.text`."""
    show = formulas.text
    statement = proof.statement
    lines = [f"Theorem. {headline(statement)}:", f"    {_equation(statement.claim, show)}"]
    lines += [f"    {where}" for where in _for(statement.claim, show)]
    lines += ["Given", *(f"    {_given(e, show)}" for e in proof.hypotheses)]
    lines += [f"    {note}" for note in _notes(statement, show)]
    lines += ["Proof"]
    for claim, steps in _chains(proof):
        lines.append(f"    {show(claim.left)}")
        for step in steps:
            lines.append(f"      = {show(step.right)}")
            lines.append(f"          ({step.number}) {reason(step)}")
        if claim is not statement.claim:
            lines += [f"      {where}" for where in _for(claim, show)]
    lines += [f"Therefore {_equation(statement.claim, show)}."]
    return "\n".join(lines)


def as_dict(proof: Argument) -> dict[str, Any]:
    """See `Proof.to_dict`."""
    show = formulas.text
    statement = proof.statement
    return {
        "statement": headline(statement),
        "holds": True,
        "where": statement.where,
        "conclusion": _equation(statement.claim, show),
        "conditions": [show(c) for c in conditions(statement.claim)],
        "given": [_given(e, show) for e in proof.hypotheses],
        "notes": list(_notes(statement, show)),
        "steps": [
            {
                "number": step.number,
                "claim": step.claim,
                "left": show(step.left),
                "right": show(step.right),
                "rule": step.rule,
                "using": step.using,
                "reason": reason(step),
            }
            for step in proof.steps
        ],
    }


def as_latex(proof: Argument) -> str:
    """See `Proof.latex`."""
    return "\n".join(_paragraphs(proof, r"\textbf{{{}}}", _typewriter, escape.tex))


def as_markdown(proof: Argument) -> str:
    """See `Proof.markdown`."""
    return "\n\n".join(_paragraphs(proof, "**{}**", _code, escape.markdown))


def _equation(equation: Equation, show: Show) -> str:
    return f"{show(equation.left)} = {show(equation.right)}"


def _given(equation: Equation, show: Show, sign: str = " =", words: str = " for {}") -> str:
    """A hypothesis; what a shift does in a frame it does at some positions only."""
    behind = "".join(_for(equation, show, words)) if equation.name.endswith("'") else ""
    return f"{show(equation.left)}{sign} {show(equation.right)}{behind}"


def _for(equation: Equation, show: Show, words: str = "for {}") -> list[str]:
    """In words where an equation holds, if that is not everywhere."""
    where = conditions(equation)
    return [words.format(", ".join(map(show, where)))] if where else []


def _notes(statement: Statement, show: Show) -> Iterator[str]:
    """What the reader has to know besides the formulas."""
    if statement.theorem == "converse":
        yield "the first for every input x and all integers i and t."
    if statement.theorem == "equivariance":
        yield "and a prime marks what is computed from the shifted input."
    for number, note in enumerate(statement.notes):
        if isinstance(note, Positions):
            counted = ", counted from 0." if number == 0 else "."
            yield f"{_positions(note, show)}{counted}"
        elif note.value is None:
            yield f"{show(note.symbol)} is the padding before the first position."
        else:
            yield f"{show(note.symbol)} = {show(note.value)}"


def _positions(note: Positions, show: Show) -> str:
    *others, last = note.rows
    names = f"{', '.join(others)} and {last} have" if others else f"{last} has"
    one = all(n == 1 for n in note.sizes)
    return f"{names} {' x '.join(map(show, note.sizes))} {'position' if one else 'positions'}"


def _chains(proof: Argument) -> Iterator[tuple[Equation, list[Step]]]:
    claims = {claim.name: claim for claim in proof.claims}
    for name, steps in groupby(proof.steps, key=lambda step: step.claim):
        yield claims[name], list(steps)


def _paragraphs(
    proof: Argument, bold: str, code: Callable[[str], str], words: Callable[[str], str]
) -> Iterator[str]:
    """The document's paragraphs, formulas in LaTeX."""
    show = formulas.latex
    statement = proof.statement

    def inline(e: sp.Basic) -> str:
        return f"${show(e)}$"

    yield f"{bold.format('Theorem.')} {_words(statement, code, words)}:"
    yield _display(_equation(statement.claim, show))
    yield from _for(statement.claim, inline, "for {}.")
    yield bold.format("Given")
    yield _aligned([_given(e, show, " &=", r" && \text{{for }} {}") for e in proof.hypotheses])
    notes = list(_notes(statement, inline))
    if notes:
        yield " ".join(notes)
    yield bold.format("Proof.")
    for claim, steps in _chains(proof):
        first = show(claim.left)
        rows = [f"&= {show(step.right)} && {_tag(step)}" for step in steps]
        yield _aligned([f"{first} {rows[0]}", *rows[1:]])
        if claim is not statement.claim:
            yield from _for(claim, inline, "for {}.")
    yield f"Therefore ${_equation(statement.claim, show)}$."


def _display(body: str) -> str:
    return f"$$\n{body}\n$$"


def _aligned(rows: list[str]) -> str:
    return _display("\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}")


def _tag(step: Step) -> str:
    return rf"\text{{({step.number}) {escape.tex(reason(step))}}}"


def _words(statement: Statement, code: Callable[[str], str], words: Callable[[str], str]) -> str:
    """The headline with what is code in it set as code."""
    rest, said = headline(statement), ""
    for part in (statement.spec, statement.transformation):
        if isinstance(part, Spec | Shift) and repr(part) in rest:
            before, _, rest = rest.partition(repr(part))
            said += _spaced(before, words) + code(repr(part))
    return said + _spaced(rest, words)


def _spaced(text: str, words: Callable[[str], str]) -> str:
    """What is between code, with the space before it: as the start of a line it would have none."""
    return " " * (len(text) - len(text.lstrip())) + words(text.lstrip())


def _typewriter(text: str) -> str:
    return rf"\texttt{{{escape.tex(text)}}}"


def _code(text: str) -> str:
    # a backtick ends it, whatever stands before
    return f"`{escape.plain(text).replace('`', chr(39))}`"
