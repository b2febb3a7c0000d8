"""Values through the axes are those through the edges, and need no edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core import along_axes, evaluate
from convgraph.core.axis import Blocks, Full
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.listed_axes import Sieved, Table
from convgraph.core.network import Network
from convgraph.core.reduction import MAX, PAIRED, SUM
from convgraph.core.repeat import Repeat
from convgraph.core.reversed_window import Reversed
from convgraph.core.tying import Constant, Digit, Learned, Mean
from convgraph.core.window import Window, identity
from convgraph.core.wiring import Product
from tests.strategies import networks, values


def both(network: cg.Network, x: Any, parameters: Any) -> Any:
    """The values of all rows, through the axes and through the table of all edges."""
    given_values, _ = evaluate.input_values(network, x)
    labels = evaluate.label_values(network.labels, parameters, exact=False)
    return (
        evaluate._through_layers(network, given_values, labels),
        evaluate._rows_of_objects(network, given_values, labels),
    )


@settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_whole_numbers_are_the_same(data: st.DataObject) -> None:
    network = data.draw(networks())
    x, parameters = data.draw(values(network))
    along, listed = both(network, x, parameters)
    for row in network.outputs:
        np.testing.assert_allclose(along[row.name], listed[row.name], 1e-12, 1e-12)


@st.composite
def relations(draw: st.DrawFn) -> Any:
    """Any relation of one axis."""
    n = draw(st.integers(2, 6))
    positions = draw(
        st.lists(st.lists(st.integers(-1, n - 1), min_size=2, max_size=2), min_size=1, max_size=4)
    )
    window = Window(n, draw(st.integers(1, 4)), draw(st.integers(1, 3)), draw(st.integers(1, 2)), 1,
                    draw(st.integers(-1, 2)))  # fmt: skip
    return draw(
        st.sampled_from(
            [
                identity(n), Full(n, draw(st.integers(1, 4))), Blocks(2 * n, 4, 2), Repeat(n, 2),
                Table(n, np.array(positions)), window, Reversed(window),
                Sieved(Full(n, 2), np.arange(2 * n).reshape(2, n) % 3 > 0),
            ]
        )
    )  # fmt: skip


@st.composite
def one_layer(draw: st.DrawFn) -> Any:
    """A layer of one joint, with a wiring and a tying of any kind, digits shared or not."""
    axes = tuple(draw(st.lists(relations(), min_size=1, max_size=3)))
    order = tuple(draw(st.permutations(range(len(axes)))))
    wiring = Product(axes, order)
    digits = []
    for a, axis in enumerate(axes):
        for kind in draw(st.sets(st.sampled_from(["output", "tap", "input"]))):
            size = {"output": axis.outputs, "tap": axis.taps, "input": axis.inputs}[kind]
            size = int(size) if kind == "tap" else draw(st.integers(1, int(size)))
            digits.append(Digit(kind, a, size, flipped=kind == "tap" and draw(st.booleans())))
    tying = draw(
        st.sampled_from([Learned(tuple(draw(st.permutations(digits))), "w"), Constant(), Mean()])
    )
    reduction = draw(st.sampled_from([SUM, MAX])) if isinstance(tying, Constant) else SUM
    source, target = Row("x", wiring.in_view), Row("y", wiring.out_view)
    layer = Layer(None, (Joint(source, wiring, tying),), target, reduction)
    return Network.of([source, target], [layer], [source], [target])


@settings(max_examples=50, suppress_health_check=list(HealthCheck), deadline=None)
@given(one_layer(), st.integers(1, 40), st.integers(0, 2**16))
def test_any_wiring_under_any_tying_whatever_is_done_at_once(
    network: Any, at_once: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(-9, 9, network.inputs[0].numbers())
    array = {a.letter: rng.integers(-9, 9, a.shape) for a in network.labels.arrays}
    whole, along_axes.AT_ONCE = along_axes.AT_ONCE, at_once
    try:
        along, listed = both(network, x, array)
    finally:
        along_axes.AT_ONCE = whole
    np.testing.assert_allclose(along["y"], listed["y"], 1e-12, 1e-12)


def test_none_of_these_layers_lists_an_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("edges are listed")

    monkeypatch.setattr(evaluate, "joint_edges", refuse)
    two = (2, 2)
    spec = (
        cg.Conv((3, 3), filters=4, padding="same", bias=True)
        >> cg.ReLU()
        >> cg.MaxPool(two)
        >> cg.Conv((3, 3), filters=4, groups=4, stride=2)
        >> cg.ConvTranspose(two, filters=2, stride=2)
        >> cg.AvgPool(two)
        >> cg.LocallyConnected(two, filters=2)
        >> cg.Flatten()
        >> cg.Dense(3)
    )
    net = spec.on((3, 40, 40))
    rng = np.random.default_rng(0)
    arrays = {a.letter: rng.normal(size=a.shape) for a in net.labels.arrays}
    assert net.evaluate(rng.normal(size=(3, 40, 40)), arrays).shape == (3,)


def test_matrices_that_are_multiplied_list_no_edge(monkeypatch: pytest.MonkeyPatch) -> None:
    onnx_models = pytest.importorskip("tests.onnx_models")
    node = onnx_models.node
    nodes = [node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), node("MatMul", ["x", "t"], ["y"])]
    net = cg.from_onnx(onnx_models.model(nodes, {"x": (2, 5, 3)}))
    assert net.layers[-1].reduction is PAIRED
    monkeypatch.setattr(evaluate, "joint_edges", None)
    x = np.random.default_rng(0).normal(size=(2, 5, 3))
    np.testing.assert_allclose(net.evaluate(x), x @ x.swapaxes(1, 2))


def test_products_that_cancel_are_exact_beyond_64_bits() -> None:
    """Rounded they cancel to 0, and in 64 bits 2^65 is 0, too."""
    onnx_models = pytest.importorskip("tests.onnx_models")
    nodes = [onnx_models.node("MatMul", ["a", "b"], ["y"])]
    net = cg.from_onnx(onnx_models.model(nodes, {"a": (1, 1, 2), "b": (1, 2, 1)}))
    a, b = np.array([[2**60, -(2**60)]]), np.array([[2**60], [2**60 - 32]])
    assert net.evaluate({"a": a, "b": b}).tolist() == [[2**65]]


def test_what_has_no_values_is_said_before_anything_is_computed() -> None:
    onnx_models = pytest.importorskip("tests.onnx_models")
    node = onnx_models.node
    nodes = [
        node("Conv", ["x", "w"], ["c"], pads=[1] * 4),
        node("TopK", ["c", "k"], ["y", "places"], axis=1),
    ]
    held = {"w": np.ones((64, 3, 3, 3), np.float32), "k": np.array([1])}
    net = cg.from_onnx(onnx_models.model(nodes, {"x": (1, 3, 4096, 4096)}, held=held))
    x = np.broadcast_to(np.float32(1), (3, 4096, 4096))  # ten billion edges
    with pytest.raises(cg.ConvgraphError, match=r"TopK.*values are not known.*'y'"):
        net.evaluate(x)
    with pytest.raises(cg.ConvgraphError, match="TopK"):
        net.expressions()


def test_missing_connections_of_infinite_parameters_are_none() -> None:
    net = cg.Conv(3, padding="same").on(4)
    w = np.array([np.inf, 1.0, 1.0])
    assert net.evaluate([1.0, 2, 3, 4], {"w": w})[0] == 3
