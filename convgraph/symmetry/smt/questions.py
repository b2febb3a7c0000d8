"""The questions that a proof's statement becomes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sympy as sp

from convgraph.core.window import Window
from convgraph.symmetry.proofs.opening import setting
from convgraph.symmetry.proofs.restate import amounts_of
from convgraph.symmetry.proofs.walking import axis_pairs
from convgraph.symmetry.smt.layers import LayerQueries
from convgraph.symmetry.smt.script import (
    Query,
    Script,
    call,
    difference,
    multiples_lemma,
    total,
    whole,
)

if TYPE_CHECKING:
    from convgraph.symmetry.proofs.proof import Proof
    from convgraph.symmetry.proofs.statement import Statement

__all__ = ["questions"]


def questions(proof: Proof) -> list[Query]:
    """The questions to which every answer has to be unsat, if the statement is true."""
    asked = {
        "equivariance": _equivariance,
        "converse": lambda proof: _converse(proof.statement.spec),
        "downsampling": lambda proof: _downsampling(proof.statement),
    }[proof.statement.theorem](proof)
    found = list(asked)
    if any("q!1" in query.text for query in found):  # a remainder, and with it the lemma
        found.insert(0, multiples_lemma())
    return found


def _equivariance(proof: Proof) -> Iterator[Query]:
    statement = proof.statement
    amounts = amounts_of(statement.spec, statement.transformation)
    made = setting(statement.spec, amounts, statement.where, statement.channels)
    (start,) = made.network.inputs
    shown = {start.name: proof.hypotheses[0]}
    for layer, claim in zip(made.network.layers, proof.claims, strict=True):
        yield from LayerQueries(made, layer, claim, shown)
        shown[layer.target.name] = claim


def _converse(stride: sp.Expr) -> Iterator[Query]:
    """A linear map M, applied to unit impulses: its columns are its values."""
    script = Script()
    s, i, a, j = script.size(stride), script.integer("i"), script.integer("a"), script.integer("j")
    m = script.function("M", 2)
    # moved by s t, the impulse at c is that at c + s t, so that M[i, c + s t] = M[i - t, c] for
    # all i, t and c; here at t = i and c = a - s i
    c = difference(a, whole(s, i))
    moved, still = call(m, i, total(c, whole(s, i))), call(m, difference(i, i), c)
    script.claim(call("=", moved, still))
    yield script.ask("M[i, a] depends on a - s i", call("=", call(m, i, a), call(m, "0", c)))
    read = total(whole(s, i), j)
    column = call(m, i, read)
    script.claim(call("=", column, call(m, "0", difference(read, whole(s, i)))))
    yield script.ask("and so it is a kernel", call("=", column, call(m, "0", j)))


def _downsampling(statement: Statement) -> Iterator[Query]:
    """Each tap reads the same position in both layers."""
    spec = statement.spec
    made = setting(spec, (0,) * spec.rank, "line", statement.channels)
    (layer,) = made.network.layers
    (joint,) = layer.joints
    script = Script()
    equal = []
    for number, (axis, _, out) in enumerate(axis_pairs(joint, layer.target)):
        if not isinstance(axis, Window) or out is None:
            continue
        i, tap = script.integer(f"i!{number}"), script.integer(f"tap!{number}")
        s, d, p = (script.size(made.named(e)) for e in (axis.stride, axis.dilation, axis.padding))
        strided = difference(total(whole(s, i), whole(d, tap)), p)
        kept = whole(s, i)
        dense = difference(total(whole("1", kept), whole(d, tap)), p)
        equal.append(call("=", strided, dense))
    yield script.ask("every tap reads the same position", call("and", *equal))
