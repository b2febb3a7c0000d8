"""The lemmas of a second check, each for all sizes, and each a question for an SMT solver.

An axis is a relation: output i reads, at tap j, input a where `Axis.link` says so. If outputs and
inputs that move together (`Axis.pace`) leave that relation as it is, then what a layer makes of a
moved row is its own row, moved. So a proof needs of a layer no more than instances of these
lemmas, and that its sizes and its border let them be used, which `layer_questions` asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import Field, fields, replace
from functools import lru_cache
from typing import Any

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.sympified import sympified
from convgraph.symmetry.smt.folds import Fold, Kind, State, same, unknown
from convgraph.symmetry.smt.script import Query, Script, call, conjunction, term, whole
from convgraph.symmetry.statements.vocabulary import unused

__all__ = [
    "alike",
    "around",
    "linked",
    "multiples",
    "one_input",
    "products",
    "translated",
    "used",
]

OUTPUT, TAP, READ, OTHER, UNIT = sp.symbols("i j a b u", integer=True)


def linked(script: Script, axis: Axis, output: Any, tap: Any, read: Any) -> str:
    """That an output reads an input at a tap, as if there were no border."""
    zeros, least = axis.link(output, tap, read)
    return conjunction(
        [
            *[call("=", script.size(zero), "0") for zero in zeros],
            *[call(">=", script.size(each), "0") for each in least],
        ]
    )


@lru_cache
def _general(axis: Axis) -> Axis:
    """An axis of the same kind with a symbol for everything that has a size.

    What it reads at the sizes of the axis has to be what the axis reads: a lemma is of no use for
    one whose class tells some sizes from others.
    """
    sizes: dict[sp.Symbol, sp.Expr] = {}
    kind = _opened(axis, sizes)
    for general, own in zip(_read(kind), _read(axis), strict=True):
        if len(general) != len(own) or any(
            sp.expand(sympified(a).xreplace(sizes) - b) != 0
            for a, b in zip(general, own, strict=True)
        ):
            raise ConvgraphError(f"axis={axis!r}: no lemma, as it does not read what its kind does")
    return kind


def _opened(axis: Axis, sizes: dict[sp.Symbol, sp.Expr]) -> Axis:
    """An axis with symbols of different names for its sizes, which are entered there."""
    made: dict[str, Any] = {}
    each: Field[Any]
    for each in fields(axis):  # type: ignore[arg-type]
        value = getattr(axis, each.name)
        if isinstance(value, Axis):
            made[each.name] = _opened(value, sizes)
        elif isinstance(value, int | sp.Expr) and not isinstance(value, bool):
            taken = {symbol.name for symbol in (OUTPUT, TAP, READ, OTHER, UNIT, *sizes)}
            made[each.name] = sp.Symbol(unused(each.name, taken), integer=True)
            sizes[made[each.name]] = sympified(value)
    return replace(axis, **made)  # type: ignore[type-var]


def _read(axis: Axis) -> tuple[tuple[Any, ...], ...]:
    assert axis.pace is not None
    return *axis.link(OUTPUT, TAP, READ), axis.pace


def _asked(axis: Axis) -> tuple[Axis, Any, Any, Script]:
    """An axis of its kind in general, its pace, and a script that says what is known of it."""
    if axis.pace is None:
        raise ConvgraphError(f"axis={axis!r}: no lemma says what it reads when its input moves")
    kind, script = _general(axis), Script()
    assert kind.pace is not None
    out, by = map(sympified, kind.pace)
    for each in (out, by):
        script.claim(call(">=", script.size(each), "1"))
    return kind, out, by, script


def translated(axis: Axis) -> Query:
    """What moves together reads the same: the lemma for the kind of an axis."""
    kind, out, by, script = _asked(axis)
    here = linked(script, kind, OUTPUT, TAP, READ)
    there = linked(script, kind, OUTPUT - out * UNIT, TAP, READ - by * UNIT)
    words = f"output i reads input a exactly where output i - {out}*u reads input a - {by}*u"
    return script.lemma(f"{_name(axis)}: {words.replace('1*', '')}", call("=", here, there))


def one_input(axis: Axis) -> Query:
    """A tap of an output reads one input at most: the lemma for the kind of an axis."""
    kind, out, by, script = _asked(axis)
    for read in (READ, OTHER):
        script.claim(linked(script, kind, OUTPUT, TAP, read))
    for each in (out, by):
        script.product(term(each), term(READ - OTHER - 1))
        script.product(term(each), term(OTHER - READ - 1))
    return script.lemma(f"{_name(axis)}: a tap reads one input at most", call("=", "a", "b"))


def _name(axis: Axis) -> str:
    return type(axis).__name__


@lru_cache
def alike(kind: Kind) -> Query:
    """Terms that are alike one by one are alike all together: one more of them keeps it so."""
    fold, script = Fold(kind), Script()
    m = script.integer("m", 0)
    partial, after = [], []
    terms = [unknown(script, fold, f"term!{side}", [m]) for side in ("left", "right")]
    script.claim(same(*terms))
    for side, one in zip(("left", "right"), terms, strict=True):
        first, here, more = (
            unknown(script, fold, f"partial!{side}", [at]) for at in ("0", m, call("+", m, "1"))
        )
        script.claim(same(first, fold.empty))
        script.claim(same(more, fold.both(here, one)))
        partial.append((first, here))
        after.append(more)
    script.claim(same(partial[0][1], partial[1][1]))
    goal = conjunction([same(partial[0][0], partial[1][0]), same(*after)])
    return script.lemma(f"terms that are equal one by one have the same {kind}", goal)


@lru_cache
def around(kind: Kind) -> Query:
    """A fold over a circle is the same when it begins one position later; so for every shift.

    With g any function on the n positions, A(m) takes in g(0) ... g(m - 1) and B(m) takes in
    g(-1) ... g(m - 2), g(-1) being g(n - 1). Then B(m) is A(m - 1) with g(n - 1) taken in, and so
    B(n) = A(n).
    """
    fold, script = Fold(kind), Script()
    n, m = script.integer("n", 1), script.integer("m")
    script.claim(script.between("1", m, n))
    before, last = call("-", m, "1"), call("-", n, "1")

    def g(at: str) -> State:
        return fold.of("true", "1.0", call(script.function("g", 1), at))

    def partial(which: str, at: str) -> State:
        return unknown(script, fold, which, [at])

    a, b = partial("A", m), partial("B", m)
    script.claim(same(partial("A", "0"), fold.empty))
    script.claim(same(a, fold.both(partial("A", before), g(before))))
    script.claim(same(partial("A", n), fold.both(partial("A", last), g(last))))
    script.claim(same(partial("B", "1"), fold.both(fold.empty, g(last))))
    script.claim(same(b, fold.both(partial("A", before), g(last))))
    script.claim(same(partial("B", call("+", m, "1")), fold.both(b, g(before))))
    begins = same(partial("B", "1"), fold.both(partial("A", "0"), g(last)))
    goes_on = same(partial("B", call("+", m, "1")), fold.both(a, g(last)))
    at_the_end = same(partial("B", n), fold.both(partial("A", last), g(last)))
    ends = call("=>", at_the_end, same(partial("B", n), partial("A", n)))
    return script.lemma(
        f"a {kind} over a circle may begin anywhere on it", conjunction([begins, goes_on, ends])
    )


@lru_cache
def multiples() -> Query:
    """What makes positions of a circle that differ by whole turns the same."""
    script = Script()
    n, q = script.integer("N", 1), script.integer("Q")
    product = whole(n, q)
    script.claim(call("<", call("-", n), product))
    script.claim(call("<", product, n))
    goal = call("and", call("=", q, "0"), call("=", product, "0"))
    return script.lemma("a multiple of N between -N and N is 0", goal)


@lru_cache
def products() -> Query:
    """What bounds positions where strides are symbols (`Script.product`)."""
    script = Script()
    p, q = script.integer("P", 0), script.integer("Q", 0)
    goal = call(">=", whole(p, q), "0")
    return script.lemma("a product of numbers that are not negative is not negative", goal)


def used(script: Script) -> Iterator[Query]:
    """The lemmas of which a script makes use by itself."""
    if script.multiplied:
        yield products()
