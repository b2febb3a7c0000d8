"""Whole frames: the smallest input on which a network does not commute with a shift.

All numbers of the network are fixed but the size n of its input, and rows are written as functions
of positions, zeros filled in by the shift and beyond the border. The solver looks for an input, an
output and an n at which both sides differ, and then for a smaller n until there is none.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.errors import ConvgraphError
from convgraph.core.function import Function
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.network import Network
from convgraph.core.reduction import PRODUCT
from convgraph.core.sympified import sympified
from convgraph.core.tying import Learned, Mean
from convgraph.symmetry.instances.borders import axes_of
from convgraph.symmetry.smt.folds import Fold, State, fold_of, rational
from convgraph.symmetry.smt.script import (
    Query,
    Script,
    call,
    difference,
    named,
    number,
    term,
    total,
)
from convgraph.symmetry.smt.stated_network import follow

__all__ = ["N", "frame_query"]

N = sp.Symbol("n", integer=True, positive=True)


def frame_query(network: Network, amounts: Sequence[int]) -> Query:
    """Whether some input of some size n is one on which both sides differ.

    `network` is bound to the size n, a symbol, on every axis; `amounts` are numbers.
    """
    (start,) = network.inputs
    steps = (sp.S.Zero,) * (len(start.shape) - len(amounts)) + tuple(map(sp.Integer, amounts))
    away = follow(network, steps)
    script = Script()
    script.integer("n", 1)
    rows: dict[str, str] = {}
    moved: dict[str, str] = {}
    rows[start.name] = script.row(start.name, len(start.shape))
    moved[start.name] = _moved_input(script, start, rows[start.name], steps)
    for layer in network.layers:
        _fits(script, layer)
        rows[layer.target.name] = _row(script, layer, rows, "row")
        moved[layer.target.name] = _row(script, layer, moved, "moved")
    (end,) = network.outputs
    at = [script.integer(f"i_{a + 1}") for a in range(len(end.shape))]
    for i, size in zip(at, end.shape, strict=True):
        script.claim(script.between("0", i, _size(size)))
    came = [difference(i, number(int(t))) for i, t in zip(at, away, strict=True)]
    right = call("ite", _inside(script, end, came), call(rows[end.name], *came), "0.0")
    return script.ask("the whole frame", call("=", call(moved[end.name], *at), right))


def _fits(script: Script, layer: Layer) -> None:
    """That the layer takes an input of this size: it has outputs, and reflects no more than is."""
    for size in layer.target.shape:
        script.claim(call(">=", _size(size), "1"))
    for joint in layer.joints:
        for _, axis, place, _ in axes_of(joint, layer.target):
            if axis.sliding is not None and axis.boundary in ("circular", "reflect"):
                assert place is not None
                least = 1 if axis.boundary == "reflect" else 0
                for side in (axis.padding, axis.sliding.after or 0):
                    size = _size(joint.source.shape[place])
                    script.claim(call(">=", size, total(_size(side), number(least))))


def _moved_input(script: Script, row: Row, name: str, steps: Sequence[sp.Expr]) -> str:
    at = _variables(row)
    came = [difference(a, number(int(t))) for a, t in zip(at, steps, strict=True)]
    value = call("ite", _inside(script, row, came), call(name, *came), "0.0")
    return _function(script, f"{row.name}!moved", at, value)


def _variables(row: Row) -> list[str]:
    return [f"a_{place + 1}" for place in range(len(row.shape))]


def _function(script: Script, name: str, at: Sequence[str], value: str) -> str:
    script.known.add(name)
    arguments = " ".join(f"({a} Int)" for a in at)
    script.lines.append(f"(define-fun {named(name)} ({arguments}) Real {value})")
    return named(name)


def _inside(script: Script, row: Row, at: Sequence[str]) -> str:
    return call(
        "and",
        *[script.between("0", a, _size(size)) for a, size in zip(at, row.shape, strict=True)],
        "true",
    )


def _size(e: Any) -> str:
    try:
        return term(sympified(e))
    except TypeError:
        raise ConvgraphError(f"shape={e}: a size that is not written for an SMT solver") from None


def _row(script: Script, layer: Layer, rows: Mapping[str, str], ending: str) -> str:
    """A layer's row as a function of positions."""
    at = _variables(layer.target)
    terms = [_joint(script, layer, joint, at, rows[joint.source.name]) for joint in layer.joints]
    if layer.bias is not None:
        pairs = [each[1:] for each in axes_of(layer.bias, layer.target)]
        terms.append(_weight(script, layer.bias, pairs, [0] * len(pairs), at))
    word = "*" if layer.reduction == PRODUCT else "+"
    value = call(word, *terms) if len(terms) > 1 else terms[0]
    if layer.reduction.function is not None:
        value = _pointwise(script, layer.reduction.function, value)
    return _function(script, f"{layer.target.name}!{ending}", at, value)


def _pointwise(script: Script, function: Function, value: str) -> str:
    if function.rectifies:
        return f"(let ((v {value})) (ite (>= v 0.0) v 0.0))"
    phi = script.function(f"fun!{function.name}", 1, "Real", "Real")
    if function.zero_at_zero:
        script.claim(call("=", call(phi, "0.0"), "0.0"))
    return call(phi, value)


def _joint(script: Script, layer: Layer, joint: Joint, at: Sequence[str], source: str) -> str:
    fold = fold_of(layer, joint)
    pairs = [each[1:] for each in axes_of(joint, layer.target)]
    state: State = fold.empty
    ranges = []
    for axis, _, _ in pairs:
        if sympified(axis.taps).free_symbols:
            raise ConvgraphError(f"{layer.spec}: its taps are as many as the input's positions")
        ranges.append(range(int(axis.taps)))
    for taps in itertools.product(*ranges):
        there: list[str] = []
        read = ["0"] * len(joint.source.shape)
        for tap, (axis, place, out) in zip(taps, pairs, strict=True):
            here = "0" if out is None else at[out]
            position, conditions = _position(axis, here, tap, joint.source, place)
            there += conditions
            if place is not None:
                read[place] = position
        weight = _weight(script, joint, pairs, taps, at)
        condition = call("and", *there, "true") if there else "true"
        state = fold.both(state, fold.of(condition, weight, call(source, *read)))
    return _finished(fold, joint, state)


def _finished(fold: Fold, joint: Joint, state: State) -> str:
    if fold.kind == "max":
        return state[1]
    if fold.kind == "mean":
        return call("/", state[0], call("to_real", state[1]))
    if isinstance(joint.tying, Mean):
        count = sp.Mul(*map(sympified, joint.wiring.taps))  # type: ignore[union-attr]
        return call("*", rational(1 / count), state[0])
    return state[0]


def _position(
    axis: Axis, here: str, tap: int, row: Row, place: int | None
) -> tuple[str, list[str]]:
    """Where a tap is read, and when there is something to read."""
    size = "1" if place is None else _size(row.shape[place])
    output, read = sp.Symbol("output!", integer=True), sp.Symbol("read!", integer=True)
    raw = term(sympified(axis.place(output, tap)), {output: here})
    if axis.boundary != "zeros":
        return _folded(raw, size, axis.boundary), []
    conditions = []
    if axis.gaps:
        zeros, _ = axis.link(output, tap, read)
        conditions += [call("=", term(zero, {output: here, read: raw}), "0") for zero in zeros]
    if axis.window is not None:
        conditions.append(call("and", call("<=", "0", raw), call("<", raw, size)))
    return raw, conditions


def _folded(raw: str, size: str, boundary: str) -> str:
    last = difference(size, "1")
    if boundary == "circular":
        return call("mod", raw, size)
    low, high = ("0", last)
    if boundary == "reflect":
        low, high = call("-", raw), difference(call("*", "2", last), raw)
    return call("ite", call("<", raw, "0"), low, call("ite", call(">", raw, last), high, raw))


def _weight(
    script: Script, joint: Joint, pairs: Sequence[Any], taps: Sequence[int], at: Sequence[str]
) -> str:
    if not isinstance(joint.tying, Learned):
        return "1.0"
    arguments = []
    for digit in joint.tying.digits:
        if not digit.named and digit.size == 1:
            continue
        axis, _, out = pairs[digit.axis]
        if digit.kind == "output":
            here = "0" if out is None else at[out]
            same = digit.size == axis.outputs
            arguments.append(here if same else call("mod", here, _size(digit.size)))
        else:
            tap = taps[digit.axis]
            arguments.append(number(int(digit.size) - 1 - tap if digit.flipped else tap))
    return call(script.parameter(joint.tying.letter, len(arguments)), *arguments)
