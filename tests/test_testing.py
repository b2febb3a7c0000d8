"""The assertions pass where they should, and show what is wrong where they should not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp

import convgraph as cg
from convgraph.testing import (
    assert_equivariant,
    assert_invariant,
    assert_not_equivariant,
    assert_receptive_field,
    assert_same_function,
    assert_tied,
)

CIRCULAR = cg.Conv(3, padding="same", padding_mode="circular").on(6)
PADDED = cg.Conv(3, padding="same").on(6)
AROUND = cg.Shift(1, boundary="wrap")


def rolled(x: Any, w: Any) -> Any:
    return sum(w[j] * np.roll(x, 1 - j) for j in range(3))


def rectified(x: Any, w: Any) -> Any:
    return np.maximum(rolled(x, w), 0)


def counted(x: Any, w: Any) -> Any:
    return rolled(x, w) % 7  # no polynomial, no maximum and no function of one value


def test_networks_graphs_and_functions_are_decided() -> None:
    assert_equivariant(CIRCULAR, AROUND)
    assert_equivariant(CIRCULAR.graph.copy(), cg.Permute([5, 0, 1, 2, 3, 4]))
    assert_equivariant(rolled, AROUND, x=6, w=3)
    assert_equivariant(rectified, AROUND, x=6, w=3)
    with pytest.raises(AssertionError, match="holds if: w_1 = w_3"):
        assert_equivariant(rectified, cg.Flip(), x=6, w=3)


def test_a_failure_shows_where_and_why() -> None:
    with pytest.raises(AssertionError, match=r"(?s)s6.*s1"):
        assert_equivariant(PADDED, cg.Shift(1))
    assert_not_equivariant(PADDED, cg.Shift(1), where={"s1", "s6"})
    with pytest.raises(AssertionError, match="it breaks at"):
        assert_not_equivariant(PADDED, cg.Shift(1), where={"s1"})
    with pytest.raises(AssertionError, match="it is equivariant"):
        assert_not_equivariant(CIRCULAR, AROUND)


def test_what_cannot_be_traced_is_tried_on_whole_numbers() -> None:
    assert_equivariant(counted, AROUND, x=6, w=3)
    assert_not_equivariant(counted, cg.Flip(), x=6, w=3)
    with pytest.raises(AssertionError, match=r"on x = .*f\(g\(x\)\)"):
        assert_equivariant(counted, cg.Flip(), x=6, w=3)
    with pytest.raises(AssertionError, match="no counterexample"):
        assert_not_equivariant(counted, AROUND, x=6, w=3)


def test_a_global_maximum_is_invariant() -> None:
    assert_invariant(cg.GlobalMaxPool().on(5), cg.Shift(2, boundary="wrap"))
    assert_invariant(lambda x: np.array([np.max(x)]), cg.Flip(), x=4)
    with pytest.raises(AssertionError, match="not invariant"):
        assert_invariant(cg.MaxPool(2).on(6), cg.Shift(1))


def test_a_receptive_field_names_what_is_missing_and_what_is_too_much() -> None:
    assert_receptive_field(PADDED, "s1", {"x1", "x2"})
    with pytest.raises(AssertionError, match="it sees x1 too; it does not see x6"):
        assert_receptive_field(PADDED, "s2", {"x2", "x3", "x6"})
    with pytest.raises(cg.ConvgraphError, match="affine"):
        assert_receptive_field(lambda x: x * x, "s1", {"x1"}, x=2)


def test_tied_connections_share_their_parameter() -> None:
    assert_tied(PADDED, ("x1", "s1"), ("x2", "s2"), ("x6", "s6"))
    with pytest.raises(AssertionError, match="x1 -> s1 has w_2, but x2 -> s1 has w_3"):
        assert_tied(PADDED, ("x1", "s1"), ("x2", "s1"))
    with pytest.raises(AssertionError, match="no connection x1 -> s6"):
        assert_tied(PADDED, ("x1", "s1"), ("x1", "s6"))


def test_what_carries_no_parameter_is_not_tied() -> None:
    with pytest.raises(AssertionError, match="x1 -> s1 carries no parameter, but 1"):
        assert_tied(cg.MaxPool(2).on(4), ("x1", "s1"), ("x2", "s1"))
    with pytest.raises(AssertionError, match="carries no parameter, but 1/2"):
        assert_tied(cg.AvgPool(2).on(4), ("x1", "s1"), ("x2", "s1"))
    graph = nx.MultiDiGraph()
    edges = [("a", "y", "p"), ("a", "y", "p"), ("b", "y", "p"), ("c", "y", "p")]
    graph.add_edges_from((a, b, {"parameter": label}) for a, b, label in edges)
    assert_tied(graph, ("b", "y"), ("c", "y"))
    with pytest.raises(AssertionError, match="a -> y has p, p, but b -> y has p"):
        assert_tied(graph, ("a", "y"), ("b", "y"))
    with pytest.raises(cg.ConvgraphError, match="two or more different"):
        assert_tied(PADDED, ("x1", "s1"), ("x1", "s1"))


def test_where_it_breaks_is_not_known_of_what_is_undecided() -> None:
    unread = cg.MaxPool(1, stride=1, padding=2) >> cg.LocallyConnected(2)
    with pytest.raises(AssertionError, match="could not be decided whether it breaks at g1, g6"):
        assert_not_equivariant(unread.on(3), cg.Flip(), where={"g2", "g3", "g4", "g5"})


def test_the_same_function_in_two_ways() -> None:
    assert_same_function(CIRCULAR, rolled, x=6, w=3)
    strided = cg.Conv(3, stride=2).on(7)
    assert_same_function(strided, lambda x, w: np.correlate(x, w, "valid")[::2], x=7, w=3)
    with pytest.raises(AssertionError, match=r"s1 = .*, against"):
        assert_same_function(CIRCULAR, PADDED)
    with pytest.raises(AssertionError, match="6 inputs and 6 outputs, against 7 and 3"):
        assert_same_function(CIRCULAR, strided)


def test_expressions_that_differ_in_form_only_are_the_same() -> None:
    factored = nx.DiGraph([("x1", "s1", {"parameter": sp.Symbol("a") * 2})])
    doubled = nx.MultiDiGraph([("x1", "s1", {"parameter": "a"}), ("x1", "s1", {"parameter": "a"})])
    assert_same_function(from_graph(factored), from_graph(doubled))


def from_graph(graph: Any) -> Any:
    return cg.from_networkx(graph)


@pytest.mark.parametrize("subject", [3, None])
def test_what_is_no_subject_is_refused(subject: int | None) -> None:
    with pytest.raises(cg.ConvgraphError, match=r"subject=.*: a network"):
        assert_equivariant(subject, AROUND)


def test_a_function_needs_a_shape() -> None:
    with pytest.raises(cg.ConvgraphError, match="x=None"):
        assert_equivariant(rolled, AROUND)


def test_every_output_is_asserted() -> None:
    tensor = cg.Input(5)
    ends = [cg.Conv(3, padding="same", padding_mode=m)(tensor) for m in ("circular", "zeros")]
    net = cg.Network(tensor, ends)
    first, second = (row.name for row in net.outputs)
    with pytest.raises(AssertionError, match=f"broken at 3 of 5 units of {second}"):
        assert_equivariant(net, AROUND)
    assert_not_equivariant(net, AROUND, where={f"{second}{i}" for i in (1, 2, 5)})
    with pytest.raises(AssertionError, match=f"(?s)units of {first}.*units of {second}"):
        assert_invariant(net, cg.Flip())


def test_messages_name_units_in_their_order_and_not_too_many() -> None:
    long = cg.Conv(3, padding="same").on(50)
    with pytest.raises(AssertionError, match=r"breaks at s1, s2, .*, s20, and 30 more, not at s2,"):
        assert_not_equivariant(long, cg.Flip(), where=["s10", "s2"])


def test_a_function_of_one_value_is_a_row_of_one() -> None:
    assert_invariant(lambda x: np.sum(x * x), cg.Flip(), x=3)
    assert_equivariant(lambda x: np.sum(x * x), cg.Flip(), x=3)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: assert_equivariant(lambda x: x * x, 3, x=3), "g=3: a transformation"),
        (lambda: assert_equivariant(PADDED, AROUND, 3), "output=3: a transformation"),
        (lambda: assert_equivariant(lambda x: x * x, AROUND, 3, x=3), "output=3: a transfo"),
        (lambda: assert_not_equivariant(PADDED, AROUND, where="s1"), "where='s1': names of"),
        (lambda: assert_not_equivariant(PADDED, AROUND, where=3), "where=3: names of units"),
        (lambda: assert_receptive_field(PADDED, "s1", "x1"), "expected='x1': names of units"),
        (lambda: assert_tied(PADDED, ("x1", "s1"), "x1"), "connections='x1': a connection is"),
        (lambda: assert_tied(PADDED, ("x1", "s1"), 3), "connections=3: a connection is a"),
        (
            lambda: assert_same_function(
                cg.Conv(3).on(sp.Symbol("n", integer=True, positive=True)), PADDED
            ),
            "subject=Network(x[n]",
        ),
    ],
)
def test_assertions_name_a_wrong_argument(call: Callable[..., Any], message: str) -> None:
    with pytest.raises(cg.ConvgraphError) as error:
        call()
    assert str(error.value).startswith(message)
