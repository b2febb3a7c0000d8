"""Networks in other processes: they pickle, and say the same there."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
from collections import Counter
from fractions import Fraction
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from hypothesis import given

import convgraph as cg
from convgraph.core.reduction import MAX, MEAN, PRODUCT, SUM
from tests.strategies import networks


def back(network: cg.Network) -> cg.Network:
    return pickle.loads(pickle.dumps(network))


@given(networks())
def test_drawn_networks(net: cg.Network) -> None:
    again = back(net)
    assert repr(again) == repr(net)
    assert [layer.spec for layer in again.layers] == [layer.spec for layer in net.layers]
    assert [layer.reduction for layer in again.layers] == [layer.reduction for layer in net.layers]
    assert again.expressions() == net.expressions()
    assert cg.cost(again) == cg.cost(net)


def test_every_operator_of_onnx() -> None:
    """Whatever a model's units compute, they compute it when they come back."""
    pytest.importorskip("onnx")
    from tests.onnx_cases import check, node_cases

    different, met = [], 0
    several: Counter[str] = Counter()
    for case in node_cases().values():
        several[case.op] += 1
        if several[case.op] > 3:  # others differ in shapes and numbers
            continue
        try:
            check(case, lambda *given, **named: back(cg.from_onnx(*given, **named)))
        except Exception as error:
            try:
                check(case, cg.from_onnx)
            except (cg.ConvgraphError, AssertionError):  # the matter of other tests
                continue
            different.append(f"{case.name}: {error!r}"[:200])  # all of them are shown together
        met += 1
    assert met > 250
    assert different == []


OTHERS = {
    "leaky": cg.LeakyReLU(Fraction(1, 7)).on(3),
    "leaky in symbols": cg.LeakyReLU(sp.Symbol("a")).on(3),
    "a function by name": cg.Activation("phi").on(3),
    "open sizes": (cg.Conv(3) >> cg.MaxPool(2)).on(sp.Symbol("n", integer=True, positive=True)),
    "traced": cg.trace(lambda x, w: np.maximum(np.convolve(x, w, "same"), 0), x=5, w=3),
    "a graph": cg.from_networkx(
        nx.DiGraph([("x1", "s1", {"parameter": "a"}), ("x2", "s1", {"parameter": "b"})])
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_others(name: str) -> None:
    net = OTHERS[name]
    again = back(net)
    assert repr(again) == repr(net)
    if not net.symbolic:
        assert again.expressions() == net.expressions()
        assert dict(cg.receptive_fields(again)) == dict(cg.receptive_fields(net))


@pytest.mark.parametrize("reduction", [SUM, MEAN, MAX, PRODUCT])
def test_the_usual_reductions_are_themselves(reduction: Any) -> None:
    assert pickle.loads(pickle.dumps(reduction)) is reduction


def test_copies() -> None:
    net = (cg.Conv(3) >> cg.ReLU()).on(7)
    assert copy.deepcopy({"net": net})["net"] is net  # nothing of it changes
    assert repr(copy.copy(net)) == repr(net)


def seen(network: cg.Network) -> tuple[int, str]:
    return len(cg.receptive_field(network, "s3")), str(cg.report(network))


def test_in_other_processes() -> None:
    nets = [(cg.Conv(k, padding=k // 2) >> cg.ReLU() >> cg.MaxPool(2)).on(12) for k in (3, 5)]
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.map(seen, nets) == [seen(net) for net in nets]
