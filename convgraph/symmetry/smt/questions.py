"""The questions that a proof's statement becomes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import sympy as sp
from sympy.core.function import AppliedUndef

from convgraph.core.errors import ConvgraphError
from convgraph.core.sympified import sympified
from convgraph.network.functional import bound
from convgraph.symmetry.instances.borders import axes_of
from convgraph.symmetry.smt.layer_questions import layer_questions
from convgraph.symmetry.smt.script import (
    Query,
    Script,
    call,
    difference,
    term,
    total,
    whole,
)
from convgraph.symmetry.smt.stated_network import stated
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.statement import Statement

__all__ = ["questions"]


def questions(statement: Statement, claims: Sequence[Equation]) -> list[Query]:
    """The questions to which every answer has to be unsat, if the statement is true.

    Raises
    ------
    ConvgraphError
        If a proof was altered so that it states nothing of which one could ask.
    """
    makers = {"equivariance": _equivariance, "converse": _converse, "downsampling": _downsampling}
    try:
        if claims[-1] != statement.claim:
            raise ConvgraphError("claims: the last claim is that of the statement")
        found = list(makers[statement.theorem](statement, claims))
    except ConvgraphError:
        raise
    except Exception as wrong:  # whatever a forged proof is made of
        raise ConvgraphError(
            f"proof: it states nothing of which one could ask: {wrong!r}"
        ) from None
    lemmas_first = sorted(
        {query.text: query for query in found}.values(), key=lambda q: not q.lemma
    )
    return list(lemmas_first)


def _equivariance(statement: Statement, claims: Sequence[Equation]) -> Iterator[Query]:
    made = stated(statement, claims)
    for layer in made.network.layers:
        yield from layer_questions(made, layer)


def _converse(statement: Statement, claims: Sequence[Equation]) -> Iterator[Query]:
    """A linear map M, applied to unit impulses: its columns are its values."""
    claim = statement.claim
    script = Script()
    s, i, a, j = (
        script.size(sympified(statement.spec)),
        script.integer("i"),
        script.integer("a"),
        script.integer("j"),
    )
    m = script.parameter("M", 2)
    # moved by s t, the impulse at c is that at c + s t, so that M[i, c + s t] = M[i - t, c] for
    # all i, t and c; here at t = i and c = a - s i
    c = difference(a, whole(s, i))
    moved, still = call(m, i, total(c, whole(s, i))), call(m, difference(i, i), c)
    script.claim(call("=", moved, still))
    yield script.ask("M[i, a] depends on a - s i", call("=", call(m, i, a), call(m, "0", c)))
    calls = {e.func.__name__: e.args for e in claim.right.atoms(AppliedUndef)}
    (at,), (tap,) = calls["x"], calls["w"]
    read = term(sp.expand(at), {claim.left.args[0]: i, tap: j})
    column = call(m, i, read)
    script.claim(call("=", column, call(m, "0", difference(read, whole(s, i)))))
    yield script.ask("and so it is a kernel", call("=", column, call(m, "0", j)))


def _downsampling(statement: Statement, claims: Sequence[Equation]) -> Iterator[Query]:
    """Each tap reads the same position in both layers."""
    spec, claim = statement.spec, statement.claim
    sizes = tuple(sp.Symbol(f"size!{a}", integer=True, positive=True) for a in range(spec.rank))
    (layer,) = bound(spec, sizes, statement.channels).layers
    (joint,) = layer.joints
    script = Script()
    equal = []
    for number, axis, _, out in axes_of(joint, layer.target):
        if axis.sliding is None or out is None:
            continue
        i, tap = script.integer(f"i!{number}"), script.integer(f"tap!{number}")
        s, d, p = (script.size(e) for e in (axis.stride, axis.dilation, axis.padding))
        strided = difference(total(whole(s, i), whole(d, tap)), p)
        kept = term(claim.right.args[out], {claim.left.args[out]: i})
        dense = difference(total(kept, whole(d, tap)), p)
        equal.append(call("=", strided, dense))
    yield script.ask("every tap reads the same position", call("and", *equal))
