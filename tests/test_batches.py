"""Batches of inputs: evaluated at once, each gives what it gives alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any
from unittest import mock

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core import evaluate
from tests.strategies import networks, values


@given(networks(), st.data(), st.integers(1, 3), st.sampled_from([1, 10**6]))
def test_a_batch_gives_what_its_inputs_give(
    net: cg.Network, data: st.DataObject, count: int, block: int
) -> None:
    drawn = [data.draw(values(net)) for _ in range(count)]
    parameters = {name: array / 4 for name, array in drawn[0][1].items()}
    batch = {name: np.stack([x[name] for x, _ in drawn]) for name in drawn[0][0]}
    with mock.patch.object(evaluate, "LARGEST_BLOCK", block):
        together = net.evaluate(batch, parameters)
    for i, (x, _) in enumerate(drawn):
        alone = net.evaluate(x, parameters)
        for row in net.outputs:
            wanted = alone[row.name] if isinstance(alone, dict) else alone
            got = together[row.name] if isinstance(together, dict) else together
            assert got.shape == (count, *row.shape)
            np.testing.assert_allclose(got[i], wanted, 1e-12, 1e-12)


def test_values_in_a_batch_stay_exact() -> None:
    net = (cg.Conv(2, bias=True) >> cg.ReLU()).on(3)
    a = sp.Symbol("a", positive=True)
    x = np.array([[1, 2, a], [a, 0, 3]], dtype=object)
    numbers = {"w": [1, sp.Rational(1, 3)], "b": [2]}
    assert net.evaluate(x, numbers).tolist() == [net.evaluate(row, numbers).tolist() for row in x]


def test_a_batch_of_none_gives_none() -> None:
    net = cg.Conv((2, 2)).on((3, 4))
    assert net.evaluate(np.zeros((0, 3, 4)), {"w": np.ones(4)}).shape == (0, 2, 3)


def test_a_model_takes_its_own_shape() -> None:
    pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    from tests.onnx_models import model, node

    rng = np.random.default_rng(0)
    held = {"w": rng.normal(size=(4, 3, 3, 3)).astype(np.float32)}
    nodes = [
        node("Conv", ["x", "w"], ["c"], pads=[1] * 4, name="conv"),
        node("MaxPool", ["c"], ["y"], kernel_shape=[2, 2], name="pool"),
    ]
    proto = model(nodes, {"x": (1, 3, 6, 6)}, held=held)
    x = rng.normal(size=(1, 3, 6, 6)).astype(np.float32)
    wanted = ReferenceEvaluator(proto).run(None, {"x": x})[0]
    got = cg.from_onnx(proto).evaluate(x)
    assert got.shape == wanted.shape
    np.testing.assert_allclose(got, wanted, 1e-4, 1e-5)


@pytest.mark.parametrize(
    ("op", "settings"),
    [
        *((op, {}) for op in ("Softmax", "LogSoftmax", "LpNormalization", "Mod", "Pow", "Where")),
        *((op, {}) for op in ("ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMin", "ReduceMax")),
        *((op, {}) for op in ("ArgMax", "ReduceProd", "ReduceMean", "MatMul", "PRelu")),
        ("LRN", {"size": 3}),
        ("LayerNormalization", {}),
    ],
)
@pytest.mark.parametrize("batch", [0, 1, 3, 4])
def test_a_batch_through_an_operator_gives_what_its_inputs_give(
    op: str, settings: Any, batch: int
) -> None:
    """With as many inputs as units, too, where numbers of one would pass for those of the other."""
    pytest.importorskip("onnx")
    from tests.onnx_models import model, node

    names = {"Mod": 2, "Pow": 2, "MatMul": 2, "PRelu": 2, "LayerNormalization": 2, "Where": 3}
    read = ["x"] * names.get(op, 1)
    nodes, held = [], {"w": np.ones(3, np.float32)}
    if op == "Where":
        nodes, read = [node("Greater", ["x", "w"], ["c"])], ["c", "x", "x"]
    if op == "LayerNormalization":
        read = ["x", "w"]
    net = cg.from_onnx(model([*nodes, node(op, read, ["y"], **settings)],
                             {"x": (1, 3, 3)}, {"y": None}, held=held))  # fmt: skip
    x = np.random.default_rng(0).uniform(0.5, 2, (batch, *net.inputs[0].shape))
    together = net.evaluate(x)
    assert together.shape == (batch, *net.outputs[0].shape)
    for got, one in zip(together, x, strict=True):
        np.testing.assert_allclose(got, net.evaluate(one), 1e-12)


def test_what_is_no_array_of_numbers_is_refused() -> None:
    net = cg.Conv(1).on(2)
    for x in ([[1, 2], [3]], [None, 1], [1j, 2], np.array([1j, 2], object)):
        with pytest.raises(cg.ConvgraphError, match=r"^x"):
            net.evaluate(x, {"w": [1]})
    for w in ([[1], [2, 3]], [None]):
        with pytest.raises(cg.ConvgraphError, match="parameters\\['w'\\]"):
            net.evaluate([1, 2], {"w": w})


def test_numbers_that_64_or_16_bits_do_not_hold() -> None:
    large = 2**63 + 5
    assert cg.Conv(1).on(1).evaluate(np.array([large], np.uint64), {"w": [1]}) == [large]
    assert cg.AvgPool(2).on(2).evaluate(np.array([60000, 60000], np.float16)) == [60000]
    graph = nx.DiGraph([("a", "b", {"weight": 10**30})])
    assert cg.from_networkx(graph).evaluate([2]) == [2 * 10**30]


@pytest.mark.parametrize("batched", [False, True])
def test_whole_numbers_beyond_64_bits_are_kept_exactly(batched: bool) -> None:
    large = 10**10
    x = np.array([large, -large, 3])
    spec = cg.Conv(2) >> cg.Conv(2, padding=1)
    net = spec.on(3)
    values = {"w": [large, 1], "v": [1, -1]}
    found = net.evaluate(np.stack([x, -x]) if batched else x, values)
    hidden = [large * large - large, -large * large + 3]
    padded = [0, *hidden, 0]
    wanted = [a - b for a, b in pairwise(padded)]
    assert [int(value) for value in (found[0] if batched else found)] == wanted
    small = net.evaluate([1, 2, 3], {"w": [1, 1], "v": [1, -1]})
    assert small.dtype == np.int64
    assert small.tolist() == [-3, -2, 5]


def test_products_of_whole_numbers_beyond_64_bits_are_kept_exactly() -> None:
    x = cg.Input(2)
    net = cg.Network(x, cg.Multiply()(x, x))
    assert [int(value) for value in net.evaluate([10**12, -3], {})] == [10**24, 9]
