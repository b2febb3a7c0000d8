"""Whether a network commutes with a transformation, decided for all inputs and parameters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.named_row import output_row
from convgraph.core.network import Network
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.actions import Action, actions
from convgraph.symmetry.equivariance.axis_by_axis import axis_by_axis
from convgraph.symmetry.equivariance.by_axes import Answer, jointly
from convgraph.symmetry.equivariance.decide import decide
from convgraph.symmetry.equivariance.explanation import Explanation, edge_question
from convgraph.symmetry.equivariance.plane import Plane, plane
from convgraph.symmetry.equivariance.verdict import Verdict
from convgraph.symmetry.transformation import Transformation

__all__ = ["check_equivariance"]

AGAIN = 5_000_000  # edges up to which what the axes leave open is decided on the edges


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
        global pool, say) should then stay as it is.
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
    for edge; they differ where their leading terms do at some point that runs off to infinity;
    what neither settles is expanded into polynomials, with maxima and other functions as atoms, or
    left `undecided`: among these are weighted sums of maxima of nothing (pooling windows of padding
    alone are -oo), which have no value. An `Activation` stands for any function, or any that is
    zero at zero where its name is known as that of one: the equation holds if it does for all, and
    is broken if it is for some.

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
    if not isinstance(network, Network):
        raise ConvgraphError(f"network={network!r}: a bound network, such as Conv(3).on(5)")
    if network.symbolic:
        raise ConvgraphError(
            f"network={network!r}: this question needs numbers; `prove` takes symbolic sizes"
        )
    target = _target(network, row)
    if output is not None and not isinstance(output, Transformation):
        raise ConvgraphError(f"output={output!r}: a transformation, such as Shift(1)")
    acting = actions(network, _moves(network, g), target.name, output)
    if acting[target.name].transformation is None and not acting[target.name].still:
        # there is no such shift of the output; the example is one against the next smaller
        near = actions(network, _moves(network, g), target.name, output, rounded=True)
        view = plane(network, near, target.name)
        explanation = Explanation(network, near, target.name, view, divided=False)
        whole, none = _everything(target), Units(target, [])
        answer = Answer(none, whole, none)
    else:
        answer, view = _answer(network, acting, target)
        explanation = Explanation(network, acting, target.name, view)
    first = acting[network.inputs[0].name]
    return Verdict(
        network,
        first,
        acting[target.name],
        answer.exact,
        answer.broken,
        answer.undecided,
        explanation,
    )


def _answer(
    network: Network, acting: Mapping[str, Action], target: Row
) -> tuple[Answer, Plane | None]:
    view = plane(network, acting, target.name)
    answer = None
    if view is not None:
        if view.follows():
            return Answer(_everything(target), Units(target, []), Units(target, [])), view
        if not view.acting:  # nothing moves, yet the axes do not show it: the edges will
            view = None
    if view is not None:
        at_once = len(view.acting) == 1 or view.turned
        answer = (jointly if at_once else axis_by_axis)(view)
        if (
            answer is not None
            and answer.undecided
            and not at_once
            and view.edges(view.acting) <= AGAIN
        ):
            answer = jointly(view)
        view = view if answer is not None else None
    edges = sum(int(layer.connections) for layer in network.layers)
    if answer is None or (answer.undecided and edges <= AGAIN):
        decision = decide(edge_question(network, acting, target.name))
        masks = decision.exact, decision.broken, ~(decision.exact | decision.broken)
        answer = Answer(*(Units.of(target, mask) for mask in masks))
    return answer, view


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
