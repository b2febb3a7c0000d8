"""Whether a network commutes with a transformation, decided for all inputs and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from convgraph.core import memory
from convgraph.core.boxes import decompose
from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.named_row import output_row
from convgraph.core.network import Network, check_network
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.asked_row import AskedRow
from convgraph.symmetry.equivariance.carried_differences import carrier
from convgraph.symmetry.equivariance.decide import decide
from convgraph.symmetry.equivariance.decided_on_axes import AGAIN, Answer, decided_on_axes
from convgraph.symmetry.equivariance.explanation import Explanation, Unexplained
from convgraph.symmetry.equivariance.output_search import search
from convgraph.symmetry.equivariance.row_actions import STILL, Action, actions, row_steps
from convgraph.symmetry.equivariance.separated_axes import SeparatedAxes, along_axes
from convgraph.symmetry.equivariance.verdict import Verdict
from convgraph.symmetry.transformations.axis_motions import Motion, composed
from convgraph.symmetry.transformations.transformation import Transformation

__all__ = ["check_equivariance"]

# Edges up to which ...
SMALL = 500  # they are asked before the axes: cutting a network down takes longer than that
FEW = 20_000  # another shift is looked for where the stride's does not hold: mostly there is none
MOST = 20_000_000  # a network whose axes mix is decided on them, in some seconds

POSSIBLE = 8  # shifts of the output that are decided in full; points rule out nearly all others


@checked
def check_equivariance(
    network: Network,
    g: Transformation | Mapping[str, Transformation],
    output: Transformation | None = None,
    row: str | None = None,
) -> Verdict:
    """Decide whether f(g x) = g f(x), for every input x and all values of the parameters.

    Parameters
    ----------
    network
        A bound network f.
    g
        How the input moves; for several inputs that move differently a transformation for each, by
        the name of its row.
    output
        How the output should move. By default as the input does, given the strides on the way: a
        shift by s t is a shift by t behind stride s. An output without the axes that move (behind a
        global pool, say) should then stay as it is. Where that does not hold everywhere, or a
        stride does not divide the shift, all shifts of the output are tried, and the verdict is
        about one that holds if any does (beyond 20,000 connections only where a stride does not
        divide the shift). If none does it is about the first, or, where a stride does not divide
        the shift, about the one at which most units agree.
    row
        The row that is compared; the output by default.

    Returns
    -------
    Verdict
        With `holds`, the sets of units `exact` and `broken`, their `causes`, a `counterexample`,
        and the `conditions` under which it would hold.

    Raises
    ------
    ConvgraphError
        If a transformation does not fit its row, or if the network has symbolic sizes.

    Notes
    -----
    Parameters are independent unknowns. Shifts with boundary "zeros" fill with zeros on both sides,
    and the whole frame of the output is compared. Both sides are equal where their graphs are, edge
    for edge; they differ where their leading terms do at some point that runs off to infinity, or
    their values at some point, in numbers that are rounded outwards. What neither settles is
    expanded into polynomials, with maxima and other functions as atoms (a cosine, being even, is
    one of its argument and of minus that), or left `undecided`: among these are weighted sums of
    maxima of nothing (pooling windows of padding alone are -oo), which have no value. A function
    that is known, such as a tanh or a cosine, is taken for itself. An `Activation` of another name
    stands for all functions: the equation holds if it does for all of them, and is broken if one
    was found for which it is. Nothing else follows from a function's being unknown.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = cg.Conv(3, padding="same").on(5)
    >>> verdict = cg.check_equivariance(net, cg.Shift(1))
    >>> verdict
    Verdict(f(Shift(1) x) = Shift(1) f(x): broken at 2 of 5 units of s)
    >>> verdict.broken, verdict.counterexample
    (Units(s: s1, s5), Counterexample(s1: w_3*x1 is not 0))
    >>> cg.check_equivariance(net, cg.Flip()).conditions
    (Eq(w_1, w_3),)

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), section 9.2.
    """
    check_network(network)
    if network.symbolic:
        raise ConvgraphError(
            f"network={network!r}: this question needs numbers; for inputs of any size "
            "prove(spec, shift) takes the spec as it is, without .on(...)"
        )
    # what moves where is kept in some ten arrays along each axis of a row
    memory.require("positions", sum(sum(each.numbers()) for each in network.rows), 100)
    target = _target(network, row)
    if output is not None and not isinstance(output, Transformation):
        raise ConvgraphError(f"output={output!r}: a transformation, such as Shift(1)")
    steps = row_steps(network)
    acting = actions(network, _moves(network, g), target.name, output, steps)
    asked = AskedRow(network, target, acting, steps)
    made = _tried(asked, acting) if acting[target.name].known else None
    if output is None and (made is None or (made.answer.broken and asked.edges <= FEW)):
        return _searched(asked, made)
    assert made is not None  # an output that is given is known
    return made.verdict()


@dataclass(frozen=True, eq=False)
class _Tried:
    """The answer for one action on the output, and the view in which it was found, if on axes."""

    asked: AskedRow
    acting: Mapping[str, Action]
    answer: Answer
    view: SeparatedAxes | None
    natural: bool = True

    def verdict(self, tried: bool = False) -> Verdict:
        """The verdict; whether all other shifts of the output were `tried`."""
        answer, view = self.answer, self.view
        network, target = self.asked.network, self.asked.target
        # to count them takes longer than a verdict about a layer
        many = view is None and self.asked.edges > MOST
        kind = Unexplained if many else Explanation
        return Verdict(
            network,
            self.acting[network.inputs[0].name],
            self.acting[target.name],
            answer.exact,
            answer.broken,
            answer.undecided,
            kind(self.asked, self.acting, view, self.natural),
            tried,
        )


def _tried(asked: AskedRow, acting: Mapping[str, Action], natural: bool = True) -> _Tried:
    return _Tried(asked, acting, *_answer(asked, acting), natural)


def _searched(asked: AskedRow, natural: _Tried | None) -> Verdict:
    """The verdict about the shift of the output that holds; else about the one of the stride.

    Where there is no such, it is about the one at which most units agree.
    """
    network, acting = asked.network, asked.acting
    found = search(asked, natural is None, None if natural is None else natural.view)
    if found is None:
        if natural is None:
            raise ConvgraphError(
                f"g={acting[network.inputs[0].name]!r}: the strides on the way do not divide it, "
                "and the network is too large, or the transformation no shift, to look for one "
                "of the output; give one with output="
            )
        return natural.verdict()
    open_ = None
    for along in found.possible[:POSSIBLE]:
        tried = _with(asked, along, True)
        if not tried.answer.broken:
            if not tried.answer.undecided:
                return tried.verdict()
            open_ = open_ or tried
    tried_all = found.complete and len(found.possible) <= POSSIBLE and open_ is None
    made = open_ or natural or _with(asked, found.nearest, False)
    return made.verdict(tried_all)


def _with(asked: AskedRow, along: Sequence[Motion], natural: bool) -> _Tried:
    """Try one motion of the output; rows before it with the same steps move alike."""
    moved = STILL if all(motion.still for motion in along) else composed(along)
    name = asked.target.name
    alike = {
        other: Action(action.row, moved)
        for other, action in asked.acting.items()
        if not action.known and asked.steps[other] == asked.steps[name]
    }
    alike[name] = Action(asked.acting[name].row, moved)
    return _tried(asked, {**asked.acting, **alike}, natural)


def _answer(asked: AskedRow, acting: Mapping[str, Action]) -> tuple[Answer, SeparatedAxes | None]:
    network, target = asked.network, asked.target
    view = along_axes(asked, acting)
    if view is not None and view.follows():
        return Answer(_everything(target), Units(target, []), Units(target, [])), view
    if view is not None and not view.acting:  # nothing moves, yet the axes do not show it
        view = None
    edges = asked.edges  # counted when they matter: that takes a part of a verdict's time
    # the two sides of a softmax, say, have no values that could be compared
    plain = network.layer(target.name).reduction.elementary
    carried = _carried(network, acting, target) if edges > AGAIN or not plain else None
    if carried is not None and len(carried) == int(target.size):
        return Answer(Units(target, []), carried, Units(target, [])), view
    # the axes of a small network take longer than its edges
    answer = None if view is None or edges <= SMALL else decided_on_axes(view)
    view = None if answer is None else view
    if answer is None and edges > MOST:
        none = Units(target, [])
        answer = Answer(none, none, _everything(target))
    elif answer is None or (answer.undecided and edges <= AGAIN):
        decision = decide(asked.on_edges(acting))
        masks = decision.exact, decision.broken, ~(decision.exact | decision.broken)
        answer = Answer(*(Units.of(target, mask) for mask in masks))
    return (answer if carried is None else answer.with_broken(carried)), view


def _carried(network: Network, acting: Mapping[str, Action], target: Row) -> Units | None:
    """Units that differ because those of a row in front do; None where no row carries them on."""
    found = carrier(network, target.name)
    action = acting[target.name]
    if found is None or (found.spreads and not action.still):
        return None
    front = network.row(found.row)
    moved = replace(action, row=front)
    if not found.spreads and moved.per_axis() is None:
        return None  # it may exchange channels
    view = along_axes(AskedRow(network, front, acting, {}), {**acting, front.name: moved})
    if view is None or not view.acting or view.turned:
        return None
    answer = decided_on_axes(view, one=found.spreads)
    if answer is None:
        return None
    if found.spreads:
        return _everything(target) if answer.broken else None
    sources = action.sources()
    filled = [] if sources is None else decompose((sources < 0).reshape(target.numbers()))
    return Units(target, [*answer.broken.boxes, *filled])  # for a softmax is never zero


def _everything(row: Row) -> Units:
    return Units(row, [tuple(np.ones(size, bool) for size in row.numbers())])


def _target(network: Network, row: str | None) -> Row:
    if row is not None:
        network.layer(row)  # an input is refused
    return output_row(network, row)


def _moves(
    network: Network, g: Transformation | Mapping[str, Transformation]
) -> dict[str, Transformation]:
    names = [row.name for row in network.inputs]
    if isinstance(g, Transformation):
        return dict.fromkeys(names, g)
    if not isinstance(g, Mapping) or not all(isinstance(t, Transformation) for t in g.values()):
        raise ConvgraphError(f"g={g!r}: a transformation, such as Shift(1), or one for each input")
    if set(g) != set(names):
        raise ConvgraphError(f"g={sorted(g)}: a transformation for each of the inputs {names}")
    return dict(g)
