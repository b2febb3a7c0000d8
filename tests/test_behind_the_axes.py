"""What later layers carry on from the row in front, against the edges and against numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.equivariance import check
from convgraph.symmetry.equivariance.carried_differences import carrier

pytestmark = pytest.mark.usefixtures("on_axes")

FRONTS = [
    cg.Conv(3),
    cg.Conv(2, stride=2) >> cg.ReLU(),
    cg.MaxPool(2),
    cg.Conv(3, 2, padding="same") >> cg.ReLU() >> cg.MaxPool(2),
    cg.AvgPool(2, 1),
]
TAILS = [
    cg.Dense(2),
    cg.Dense(3, bias=True) >> cg.ReLU(),
    cg.Dense(2) >> cg.ReLU() >> cg.Dense(2),
    cg.ReLU() >> cg.Dense(2),
    cg.Dense(3) >> cg.Activation("phi"),
]


@given(st.sampled_from(FRONTS), st.sampled_from(TAILS), st.integers(-7, 7), st.booleans())
def test_it_says_what_the_edges_say_or_nothing(
    front: Any, tail: Any, amount: int, around: bool
) -> None:
    network = (front >> cg.Flatten() >> tail).on((2, 6))
    g = cg.Shift(amount, boundary="wrap" if around else "zeros")
    slow = cg.check_equivariance(network, g, cg.Permute({}))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(check, "MOST", -1)
        patched.setattr(check, "AGAIN", -1)
        quick = cg.check_equivariance(network, g, cg.Permute({}))
    assert len(quick.exact | quick.broken | quick.undecided) == network.outputs[0].size
    assert quick.broken <= slow.broken
    assert quick.exact <= slow.exact


def test_it_says_something() -> None:
    network = (FRONTS[3] >> cg.Flatten() >> TAILS[2]).on((2, 6))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(check, "MOST", -1)
        patched.setattr(check, "AGAIN", -1)
        assert cg.check_equivariance(network, cg.Shift(2)).broken == {"s1", "s2"}


def test_a_difference_is_carried_on_by_weights_that_are_free() -> None:
    def known(spec: Any) -> bool:
        network = spec.on((2, 6))
        return carrier(network, network.outputs[0].name) is not None

    front = cg.Conv(3, 2) >> cg.Flatten()
    assert known(front >> cg.Dense(2))
    assert known(front >> cg.Dense(3) >> cg.ReLU() >> cg.Dense(2))
    assert known(front >> cg.ReLU() >> cg.Dense(2))
    assert not known(front >> cg.Dense(3) >> cg.Activation("phi"))
    tied = cg.Dense(8, letter="u")
    assert not known(front >> tied >> cg.ReLU() >> tied)  # weights that are used twice


def _model(nodes: list[Any], shape: list[int], values: dict[str, Any]) -> Any:
    onnx = pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    given, made = (helper.make_tensor_value_info(n, 1, s) for n, s in (("x", shape), ("y", None)))
    held = [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in values.items()]
    graph = helper.make_graph(nodes, "model", [given], [made], held)
    return onnx.helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])


def _shifted(values: np.ndarray, rows: int) -> np.ndarray:
    """An array of (channels, rows, columns) moved down, with zeros filled in."""
    made = np.zeros_like(values)
    for i in range(values.shape[1]):
        if 0 <= i - rows < values.shape[1]:
            made[:, i] = values[:, i - rows]
    return made


def _differs(network: Any, rows: int, after: int | None = None) -> np.ndarray:
    """Units at which the two sides have different values at some of a few random points."""
    seen = np.zeros(network.outputs[0].shape, bool)
    for seed in range(12):
        random = np.random.default_rng(seed)
        parameters = {a.letter: random.normal(size=a.shape) for a in network.labels.arrays}
        x = random.normal(size=network.inputs[0].shape)
        left = network.evaluate(_shifted(x, rows), parameters)
        right = _shifted(network.evaluate(x, parameters), rows if after is None else after)
        seen |= np.abs(left - right) > 1e-9
    return seen


@given(
    st.sampled_from([0.25, 0.5, 0.75, 1.0]),
    st.sampled_from([1.0, 2.0, 3.0]),
    st.sampled_from([0, 1, 2]),
    st.integers(-4, 4),
    st.booleans(),
)
@settings(max_examples=15, deadline=None)
def test_a_local_response_is_decided_as_its_values_are(
    beta: float, bias: float, padding: int, amount: int, pooled: bool
) -> None:
    pytest.importorskip("onnx")
    from onnx import helper

    weights = np.ones((3, 2, 3, 3))
    last = ("MaxPool", {"kernel_shape": [2, 2]}) if pooled else ("Relu", {})
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[padding] * 4),
        helper.make_node("LRN", ["a"], ["b"], size=3, alpha=0.5, beta=beta, bias=bias),
        helper.make_node(last[0], ["b"], ["y"], **last[1]),
    ]
    network = cg.from_onnx(_model(nodes, [1, 2, 5, 4], {"w": weights}))
    verdict = cg.check_equivariance(network, cg.Shift((amount, 0)))

    seen = _differs(network, amount)
    assert not (seen & verdict.exact.mask()).any()
    assert not (seen & verdict.undecided.mask()).any()
    assert verdict.broken.mask()[seen].all()


@given(st.sampled_from(["Softmax", "LogSoftmax"]), st.booleans(), st.integers(-4, 4))
@settings(max_examples=12, deadline=None)
def test_a_softmax_over_channels_is_decided_as_its_values_are(
    op: str, pooled: bool, amount: int
) -> None:
    pytest.importorskip("onnx")
    from onnx import helper

    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1] * 4),
        helper.make_node("GlobalAveragePool" if pooled else "Relu", ["a"], ["b"]),
        helper.make_node(op, ["b"], ["y"], axis=1),
    ]
    network = cg.from_onnx(_model(nodes, [1, 2, 4, 3], {"w": np.ones((3, 2, 3, 3))}))
    rows = 0 if pooled else amount
    output = cg.Permute({}) if pooled else cg.Shift((amount, 0))
    verdict = cg.check_equivariance(network, cg.Shift((amount, 0)), output)
    seen = _differs(network, amount, rows)
    assert not (seen & ~verdict.broken.mask()).any()
    assert not (verdict.exact & verdict.broken)


def test_functions_of_the_same_name_are_told_apart_by_their_settings() -> None:
    pytest.importorskip("onnx")
    from onnx import helper, numpy_helper

    nodes = [
        helper.make_node("LRN", ["x"], ["a"], size=3, alpha=0.5),
        helper.make_node("LRN", ["x"], ["b"], size=3, alpha=0.25),
        helper.make_node("Slice", ["b", "start", "end", "axis", "step"], ["c"]),
        helper.make_node("Add", ["a", "c"], ["y"]),
    ]
    model = _model(nodes, [1, 2, 3], {})
    for name, value in {"start": -1, "end": -1000, "axis": 2, "step": -1}.items():
        model.graph.initializer.append(numpy_helper.from_array(np.array([value]), name))
    network = cg.from_onnx(model)
    x = np.random.default_rng(0).normal(size=(2, 3))
    apart = np.abs(network.evaluate(x[:, ::-1]) - network.evaluate(x)) > 1e-9
    assert apart.any()
    verdict = cg.check_equivariance(network, cg.Flip(), cg.Permute({}))
    assert not (verdict.exact.mask() & apart).any()


@given(st.lists(st.sampled_from(["Mul", "Add"]), min_size=1, max_size=3), st.integers(-5, 5))
@settings(max_examples=20, deadline=None)
def test_rows_without_channels_have_their_parameters_where_they_are(
    ops: list[str], amount: int
) -> None:
    pytest.importorskip("onnx")
    from onnx import helper

    rows = ["x", *(f"h{i}" for i in range(len(ops) - 1)), "y"]
    nodes = [helper.make_node(op, [rows[i], f"w{i}"], [rows[i + 1]]) for i, op in enumerate(ops)]
    values = {f"w{i}": np.arange(1, 6) for i in range(len(ops))}
    network = cg.from_onnx(_model(nodes, [5], values))
    verdict = cg.check_equivariance(network, cg.Shift(amount, boundary="wrap"))
    assert verdict.holds is (amount % 5 == 0)
    assert len(verdict.broken) == (5 if amount % 5 else 0)


def test_shuffled_channels_are_decided_on_their_axes() -> None:
    pytest.importorskip("onnx")
    from onnx import helper

    shapes = {"s1": [1, 2, 2, 6], "s2": [1, 4, 6]}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], pads=[1, 1]),
        helper.make_node("Reshape", ["a", "s1"], ["b"]),
        helper.make_node("Transpose", ["b"], ["c"], perm=[0, 2, 1, 3]),
        helper.make_node("Reshape", ["c", "s2"], ["d"]),
        helper.make_node("Conv", ["d", "v"], ["y"], pads=[1, 1], group=4),
    ]
    model = _model(nodes, [1, 2, 6], {"w": np.ones((4, 2, 3)), "v": np.ones((4, 1, 3))})
    for name, shape in shapes.items():
        from onnx import numpy_helper

        model.graph.initializer.append(numpy_helper.from_array(np.array(shape), name))
    network = cg.from_onnx(model)
    for g in (cg.Shift(1), cg.Shift(2, boundary="wrap"), cg.Flip()):
        for row in (network.rows[2].name, network.outputs[0].name):
            quick = cg.check_equivariance(network, g, row=row)
            with pytest.MonkeyPatch.context() as patched:
                patched.setattr(check, "along_axes", lambda *_: None)
                slow = cg.check_equivariance(network, g, row=row)
            assert (quick.exact, quick.broken) == (slow.exact, slow.broken)
            assert quick.causes == slow.causes


@pytest.mark.parametrize(
    "name", ["bvlc_alexnet", "zfnet512", "vgg19", "squeezenet", "inception_v1", "shufflenet"]
)
def test_real_networks_are_decided_without_their_edges(name: str) -> None:
    pytest.importorskip("onnx")
    from tests.onnx_light import light

    network = cg.from_onnx(light(name))
    verdict = cg.check_equivariance(network, cg.Shift((32, 0)))
    assert verdict.holds is False
    assert len(verdict.broken) == 1000
    assert "broken at 1,000 of 1,000 units" in str(verdict)
    assert "edges" not in vars(network)
