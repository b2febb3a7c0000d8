"""check_equivariance: verdicts, sets, causes, counterexamples and conditions, against oracles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph import ConvgraphError
from convgraph.symmetry.equivariance.causes import FILLED, LOST, PADDING, STRIDE, TYING, WINDOW
from convgraph.symmetry.equivariance.decide import decide
from tests.moves import differences, transformations
from tests.strategies import LINEAR, networks

pytestmark = pytest.mark.usefixtures("on_axes")

AROUND = cg.Shift(1, boundary="wrap")


def checked(data: Any, network: cg.Network) -> Any:
    """A verdict about a network and a random transformation that fits it."""
    g = data.draw(transformations(network.inputs[0]))
    row = data.draw(st.sampled_from(network.outputs)).name
    try:
        return cg.check_equivariance(network, g, row=row)
    except ConvgraphError:
        assume(False)


FEW = 16  # the greatest of more values than this hides differences from points drawn at random


@given(st.data())
def test_on_axes_on_edges_and_in_numbers(data: st.DataObject) -> None:
    assert_levels_agree(data)


@pytest.mark.exhaustive
@given(st.data())
@settings(max_examples=1000)
def test_on_axes_on_edges_and_in_numbers_at_length(data: st.DataObject) -> None:
    assert_levels_agree(data)


def assert_levels_agree(data: Any) -> None:
    network = data.draw(networks())
    verdict = checked(data, network)
    exact, broken, undecided = (
        units.mask() for units in (verdict.exact, verdict.broken, verdict.undecided)
    )
    assert (exact ^ broken ^ undecided).all()
    assert not (exact & broken).any()
    if STRIDE not in verdict.causes or verdict.output.sources() is not None:
        row = verdict.broken.row
        on_edges = decide(verdict._explanation.asked.on_edges(verdict._explanation.actions))
        assert (on_edges.exact.reshape(row.numbers()) == exact).all()
        assert (on_edges.broken.reshape(row.numbers()) == broken).all()
        seen = differences(network, verdict)
        assert not (seen & exact).any()
        if not _has_a_maximum_of_nothing(network):
            assert not undecided.any()
            if np.diff(network.edges.start).max(initial=0) <= FEW:
                assert (seen == broken).all()


def _has_a_maximum_of_nothing(network: cg.Network) -> Any:
    """A window of padding alone: -oo, of which weighted sums have no value."""
    read = np.diff(network.edges.start)
    return any(
        layer.reduction.name == "max"
        and not read[network.offsets[layer.target.name] :][: int(layer.target.size)].all()
        for layer in network.layers
    )


def test_weighted_sums_of_maxima_of_nothing_are_undecided() -> None:
    outside = cg.MaxPool(1, stride=1, padding=2)  # reads padding alone in two windows on each side
    assert verdict_of(outside, 3, cg.Flip()).holds
    assert verdict_of(outside >> cg.AvgPool(2, 1), 3, cg.Flip()).holds
    verdict = verdict_of(outside >> cg.LocallyConnected(2), 3, cg.Flip())
    assert verdict.undecided == {"g1", "g6"}
    assert verdict.broken == {"g2", "g3", "g4", "g5"}


@given(st.data())
@settings(max_examples=25)
def test_linear_networks_against_polynomials_in_sympy(data: st.DataObject) -> None:
    network = data.draw(networks([k for k in LINEAR if k != "Dense"]))
    assume(sum(int(layer.connections) for layer in network.layers) < 200)
    verdict = checked(data, network)
    assume(verdict.output.sources() is not None)
    row = verdict.broken.row
    before = list(network.expressions(row.name).values())
    moved = {}
    for given_ in network.inputs:
        names = given_.units()
        sources = verdict.action.transformation.resolved(given_).sources(given_).tolist()
        moved.update(zip(names, [names[s] if s >= 0 else None for s in sources], strict=True))
    values = {
        sp.Symbol(to): sp.Symbol(source) if source else sp.S.Zero for to, source in moved.items()
    }
    image = verdict.output.sources().tolist()
    for unit, position, expression in zip(row.units(), image, before, strict=True):
        left = expression.xreplace(values)
        right = before[position] if position >= 0 else sp.S.Zero
        assert (sp.expand(left - right) == 0) == (unit in verdict.exact), unit


def settled(value: Any) -> Any:
    """Functions that are known to be zero at zero, put to zero there."""
    zero_at_zero = {"abs", "sin", "tanh", "sqrt", "sign"}

    def at_zero(e: Any) -> Any:
        undefined = isinstance(e, sp.core.function.AppliedUndef)
        return undefined and e.func.__name__ in zero_at_zero and e.args[0] == 0

    before, after = None, sp.sympify(value)
    while before != after:  # a function of what has become zero
        before, after = after, after.replace(at_zero, lambda e: sp.S.Zero)
    return after


@given(st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.filter_too_much])  # many commute
def test_counterexamples_are_failures_in_sympy(data: st.DataObject) -> None:
    network = data.draw(networks())
    verdict = checked(data, network)
    assume(verdict.broken)
    example = verdict.counterexample
    if example is None:  # the next smaller shift commutes
        assert verdict.output.transformation is None
        return
    assert example.unit in verdict.broken
    assert sum(len(units) for units in verdict.causes.values()) >= len(verdict.broken)
    assert set().union(*verdict.causes.values()) == set(verdict.broken)
    if example.values is not None:
        random = np.random.default_rng(4)
        zeros = dict.fromkeys((u for r in network.inputs for u in r.units()), 0)
        apart = False
        for _ in range(300):
            drawn = {str(p): int(random.integers(-99, 100)) for p in network.parameters}
            at = {sp.Symbol(name): value for name, value in drawn.items()}
            values = [value.xreplace(at) for value in example.values]
            given_ = {sp.Symbol(n): v for n, v in {**zeros, **example.input, **drawn}.items()}
            sides = [side.xreplace(given_) for side in (example.left, example.right)]
            assert [settled(side) for side in sides] == [settled(value) for value in values]
            apart = values[0] != values[1]
            if apart:
                break
        assert apart


def verdict_of(spec: Any, shape: Any, g: Any, **options: Any) -> Any:
    return cg.check_equivariance(spec.on(shape), g, **options)


CASES = [
    # spec, shape, transformation, broken, and per cause what it breaks
    (cg.Conv(3), 7, cg.Shift(2), {"s1", "s2"}, {FILLED: {"s1", "s2"}}),
    (
        cg.Conv(3, padding="same"),
        6,
        cg.Shift(1),
        {"s1", "s6"},
        {FILLED: {"s1"}, LOST: {"s6"}, PADDING: {"s6"}},
    ),
    (cg.Conv(3, padding="same"), 6, AROUND, {"s1", "s2", "s6"}, {PADDING: {"s1", "s2", "s6"}}),
    (cg.Conv(3, padding=1, padding_mode="circular"), 6, AROUND, set(), {}),
    (cg.Conv(3, padding=1, padding_mode="circular"), 6, cg.Shift(1), {"s1", "s2", "s6"}, None),
    (cg.Conv(3, padding="same", bias=True), 9, cg.Shift(4), {"s1", "s2", "s3", "s4", "s9"}, None),
    (cg.Conv(3, padding="same"), 9, cg.Shift(4), {"s4", "s9"}, None),
    (cg.MaxPool(2), 8, cg.Shift(2), {"s1"} - {"s1"}, {}),
    (cg.MaxPool(2), 8, cg.Shift(1), {"s1", "s2", "s3", "s4"}, {STRIDE: {"s1", "s2", "s3", "s4"}}),
    (cg.MaxPool(3, stride=1), 6, cg.Shift(1), {"s1"}, {FILLED: {"s1"}}),
    # a zero that moves in is less than what a ReLU gives, and no more than nothing
    (cg.MaxPool(3, 1, padding="same"), 6, cg.Shift(1), {"s1", "s2", "s6"}, None),
    (cg.ReLU() >> cg.MaxPool(3, 1, padding="same"), 6, cg.Shift(1), {"g1", "g6"}, None),
    (cg.Conv(3, padding="same"), 4, cg.Flip(), {"s1", "s2", "s3", "s4"}, None),
    (cg.MaxPool(3, 1, padding="same"), 5, cg.Flip(), set(), {}),
    (cg.GlobalAvgPool(), 5, cg.Shift(2, boundary="wrap"), set(), {}),
    (cg.GlobalMaxPool(), (2, 3, 3), cg.Rotate90(), set(), {}),
    (cg.Conv(1, filters=2), 4, cg.Scale(2), set(), {}),
    (cg.ReLU(), 4, cg.Permute([2, 0, 3, 1]), set(), {}),
    (cg.LocallyConnected(1), 3, cg.Shift(1), {"s2", "s3"}, {TYING: {"s2", "s3"}}),
    (cg.Conv(2, padding="same"), 3, cg.Flip(), {"s1", "s2", "s3"}, None),
]


@pytest.mark.parametrize(("spec", "shape", "g", "broken", "causes"), CASES)
def test_where_and_why_by_hand(spec: Any, shape: Any, g: Any, broken: Any, causes: Any) -> None:
    verdict = verdict_of(spec, shape, g)
    assert verdict.broken == broken
    assert verdict.holds is (not broken)
    assert len(verdict.exact) + len(verdict.broken) == verdict.broken.row.size
    if causes is not None:
        assert verdict.causes == causes


def test_the_cause_is_the_window_where_an_even_kernel_has_no_centre() -> None:
    assert verdict_of(cg.Conv(2, padding="same"), 3, cg.Flip()).causes[WINDOW] == {"s2"}


def test_conditions_of_a_reflection_a_quarter_turn_and_a_cycle() -> None:
    w = sp.symbols("w_1:6")
    assert verdict_of(cg.Conv(3, padding="same"), 6, cg.Flip()).conditions == (sp.Eq(w[0], w[2]),)
    turned = verdict_of(cg.Conv((3, 3), padding="same"), (4, 4), cg.Rotate90())
    corners, edges = _classes(turned.conditions)
    assert corners == {"w_1_1", "w_1_3", "w_3_1", "w_3_3"}
    assert edges == {"w_1_2", "w_2_1", "w_2_3", "w_3_2"}
    cyclic = verdict_of(cg.Dense(4), 4, AROUND)
    assert _classes(cyclic.conditions) == [
        {f"w_{i + 1}_{(i + d) % 4 + 1}" for i in range(4)} for d in (0, 1, 2, 3)
    ]
    # two taps on the same unit: their sum is what counts
    folded = verdict_of(cg.Conv(5, padding=2, padding_mode="circular"), 3, cg.Flip())
    assert folded.conditions == (sp.Eq(w[0] + w[3], w[1] + w[4]),)
    assert verdict_of(cg.Conv(3, padding="same"), 6, cg.Shift(1)).conditions == ()


def _classes(conditions: Any) -> Any:
    graph = nx.Graph((str(e.lhs), str(e.rhs)) for e in conditions)
    return sorted(nx.connected_components(graph), key=min)


@pytest.mark.parametrize(
    ("spec", "shape", "g"),
    [
        (cg.Conv(3, padding="same") >> cg.ReLU() >> cg.Conv(3, padding="same"), 7, cg.Flip()),
        (cg.Conv((3, 3), 2, padding="same", bias=True), (2, 4, 4), cg.Flip(0)),
        (cg.Conv((3, 3), padding="same"), (4, 4), cg.Rotate90()),
        (cg.Dense(4, bias=True) >> cg.Activation("abs") >> cg.Dense(4), 4, AROUND),
        (cg.Conv(3, 2, groups=2, padding="same"), (2, 5), cg.PermuteChannels([1, 0])),
        (cg.TiledConv(3, tiles=2, padding=1, padding_mode="circular"), 6, AROUND),
    ],
)
def test_conditions_mend_what_they_say_and_each_is_needed(
    spec: Any, shape: int | tuple[int, ...], g: Any
) -> None:
    network = spec.on(shape)
    verdict = cg.check_equivariance(network, g)
    assert verdict.broken
    assert verdict.conditions
    assert _ties_hold(network, verdict, verdict.conditions)
    for left_out in verdict.conditions[:4]:
        rest = [e for e in verdict.conditions if e != left_out]
        assert not _ties_hold(network, verdict, rest)


def _ties_hold(network: cg.Network, verdict: Any, equations: Any) -> Any:
    """Whether both sides agree in numbers once parameters are tied by equations."""
    graph = nx.Graph((str(e.lhs), str(e.rhs)) for e in equations)
    first = {name: min(group) for group in nx.connected_components(graph) for name in group}
    random = np.random.default_rng(3)
    moves = verdict.action.sources(), verdict.output.sources()
    for _ in range(5):
        values = {str(p): int(random.integers(1, 50)) for p in network.parameters}
        values = {name: values[first.get(name, name)] for name in values}
        x = random.integers(-9, 10, network.inputs[0].numbers())
        left = network.evaluate(x.ravel()[moves[0]].reshape(x.shape), values).ravel()
        if not np.array_equal(left, network.evaluate(x, values).ravel()[moves[1]]):
            return False
    return True


def test_a_counterexample_behind_a_maximum_of_tanh_is_seen_at_small_numbers() -> None:
    spec = cg.ConvTranspose(3, padding=(0, 1)) >> cg.Activation("tanh") >> cg.GlobalMaxPool()
    example = verdict_of(spec, 4, cg.Flip()).counterexample
    assert {kind.__name__ for kind in map(type, example.left.args)} == {"tanh"}


def test_a_counterexample_names_the_connections_at_fault() -> None:
    example = verdict_of(cg.Conv(3, padding="same"), 5, cg.Flip()).counterexample
    w1, w2, w3, x4, x5 = sp.symbols("w_1 w_2 w_3 x4 x5")
    assert (example.left, example.right) == (w2 * x5 + w3 * x4, w1 * x4 + w2 * x5)
    assert example.edges == (("x2", "s1", w3), ("x4", "s5", w1))
    assert (example.input, example.values) == ({"x4": 1}, (w3, w1))
    assert cg.draw(example.network, **example.marks).svg()
    shift = verdict_of(cg.Conv(3, padding="same"), 5, AROUND).counterexample
    assert shift.causes == (PADDING,)
    assert None in shift.edges


def test_a_deep_network_names_the_first_unit_that_goes_wrong() -> None:
    block = cg.Residual(cg.Conv((3, 3), 8, padding=1) >> cg.ReLU() >> cg.Conv((3, 3), 8, padding=1))
    spec = cg.Conv((3, 3), 8, stride=2, padding=1)
    for _ in range(6):
        spec = spec >> block
    verdict = verdict_of(spec, (3, 64, 64), cg.Shift((0, 4)))
    # behind the stride, 2 of 32 columns are filled with zeros that the first layer has as well;
    # the next breaks the second of these and the last column, and each one more on either side
    columns = range(1 + 12, 32 - 12)
    assert verdict.exact.axes == (tuple(range(8)), tuple(range(32)), tuple(columns))
    assert len(verdict.broken) == 8 * 32 * (32 - len(columns))
    example = verdict.counterexample
    assert example.origin == "h2:1,17,2"
    assert example.right == 0
    assert example.left.free_symbols & {sp.Symbol("v_1_1_1_3")}
    assert example.edges[0][1] == example.origin
    assert example.input is None


def test_functions_that_agree_though_their_graphs_do_not() -> None:
    around = cg.Shift(1, boundary="wrap")
    for pool in (cg.AvgPool(2), cg.MaxPool(2)):
        assert verdict_of(pool >> pool, 4, around, output=cg.Shift(0)).holds
        assert verdict_of(pool >> pool, 4, cg.Permute([1, 2, 0, 3]), output=cg.Shift(0)).holds
    # v w = w v: two stacks that share their parameters crosswise change places
    x = cg.Input(4)
    first = cg.Conv(1, letter="v")(cg.Conv(1, letter="w")(x))
    second = cg.Conv(1, letter="w")(cg.Conv(1, letter="v")(x))
    network = cg.Network(x, cg.Concat()(first, second))
    assert cg.check_equivariance(network, cg.Flip(), cg.PermuteChannels([1, 0]) @ cg.Flip()).holds


def test_what_cannot_be_decided_is_said_to_be_undecided() -> None:
    """max(a + relu(b), a) is a + relu(b), which the normal form does not know."""
    graph = nx.DiGraph()
    rows = {"x": ["a", "b"], "r": ["r"], "p": ["p"], "s": ["s"], "y": ["y1", "y2"]}
    reductions = {"r": "relu", "s": "max"}
    for row, nodes in rows.items():
        for node in nodes:
            graph.add_node(node, row=row, reduction=reductions.get(row, "sum"))
    edges = [("b", "r"), ("a", "p"), ("r", "p"), ("p", "s"), ("a", "s"), ("s", "y1"), ("p", "y2")]
    graph.add_edges_from(edges, parameter=1)
    network = cg.from_networkx(graph)
    verdict = cg.check_equivariance(network, cg.Shift(0), cg.Permute([1, 0]), row="y")
    assert verdict.holds is None
    assert verdict.undecided == {"y1", "y2"}
    assert not verdict.broken
    assert "undecided" in repr(verdict)


def test_graphs_traces_and_several_inputs_and_outputs() -> None:
    network = cg.Conv(3, padding="same").on(5)
    again = cg.from_networkx(network.graph.copy())
    assert cg.check_equivariance(again, cg.Shift(1)).broken == {"s1", "s5"}
    a, b = cg.Input(4, name="a"), cg.Input(4, name="b")
    total = cg.Network([a, b], [cg.Add()(a, b), cg.ReLU()(a)], ["a", "b", "sum", "r"])
    flip, shift = cg.Flip(), cg.Shift(1)
    assert cg.check_equivariance(total, flip, row="sum").holds
    assert not cg.check_equivariance(total, {"a": flip, "b": shift}, row="sum").holds
    assert cg.check_equivariance(total, {"a": flip, "b": shift}, row="r").holds
    with pytest.raises(ConvgraphError, match="several outputs needs a row: sum or r"):
        cg.check_equivariance(total, flip)
    with pytest.raises(ConvgraphError, match=r"a transformation for each of the inputs"):
        cg.check_equivariance(total, {"a": flip}, row="r")


def test_it_reads_as_a_report() -> None:
    text = str(
        verdict_of(cg.Conv(3, padding="same") >> cg.ReLU() >> cg.MaxPool(2), 16, cg.Shift(2))
    )
    assert text.splitlines()[0] == "f(Shift(2) x) = Shift(1) f(x): broken at 2 of 8 units of s"
    assert "  padding entered: s8" in text
    assert text.endswith("no equations between parameters were found that make it hold")
    holds = verdict_of(cg.Conv(1), 3, cg.Flip())
    assert (repr(holds), str(holds)) == (
        "Verdict(f(Flip() x) = Flip() f(x): holds at all 3 units of s)",
        "f(Flip() x) = Flip() f(x): holds at all 3 units of s",
    )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: cg.check_equivariance(cg.Conv(3), cg.Flip()), "network=Conv.*: a bound network"),
        (lambda: verdict_of(cg.Conv(3), sp.Symbol("n", integer=True, positive=True), cg.Flip()),
         r"this question needs numbers; for inputs of any size prove\(spec"),
        (lambda: verdict_of(cg.Conv(3), 5, 1), "g=1: a transformation, such as Shift"),
        (lambda: verdict_of(cg.Conv(3), 5, cg.Flip(1)), "axis=1: the row has 1 axis "),
        (lambda: verdict_of(cg.Conv(3), 5, cg.Permute([0, 1])), "permutation of 2: row 'x' has 5"),
        (lambda: verdict_of(cg.Conv((2, 2)), (4, 5), cg.Rotate90()), "turns=1: quarter turns"),
        (lambda: verdict_of(cg.Conv(3), 5, cg.Permute([4, 3, 2, 1, 0])), "output=None: .*output="),
        (lambda: verdict_of(cg.Conv(3), 5, cg.Flip(), output=cg.Flip(2)), "axis=2: the row has"),
        (lambda: verdict_of(cg.Conv(3), 5, cg.Flip(), row="x"), "row='x': an input row"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(call: Callable[..., Any], message: str) -> None:
    with pytest.raises(ConvgraphError, match=message):
        call()


def test_millions_of_edges_are_not_made() -> None:
    network = cg.Conv((5, 5), 64, padding="same", padding_mode="circular").on((64, 30, 30))
    assert cg.check_equivariance(network, cg.Shift((3, 0), boundary="wrap")).holds
    assert "edges" not in vars(network)


def test_what_happens_on_the_other_axis_is_not_forgotten() -> None:
    """Two means in a row are one; with a maximum over the other axis in between they are not."""
    around, still = cg.Shift(1, boundary="wrap"), cg.Shift(0)
    mean, other = cg.AvgPool((1, 2)), cg.MaxPool((2, 1))
    verdict = verdict_of(mean >> mean >> other, (2, 4), around, output=still)
    assert verdict.holds
    verdict = verdict_of(mean >> other >> mean, (2, 4), around, output=still)
    assert verdict.holds is False
    assert differences(verdict.network, verdict).all()


def test_factors_are_not_exchanged() -> None:
    """u1 v1 + u1 v2 + u2 v1 + u2 v2 hides which factor has which kernel, along one axis."""
    x = cg.Input((2, 2))
    first, second = (cg.Conv((2, 1), padding=((0, 1), (0, 0)))(x) for _ in range(2))
    network = cg.Network(x, cg.AvgPool((1, 2))(cg.Multiply()(first, second)))
    swap = cg.Permute([1, 0, 2, 3])
    verdict = cg.check_equivariance(network, swap, cg.Shift(0))
    assert verdict.holds is not True or not differences(network, verdict).any()
    assert (differences(network, verdict) == verdict.broken.mask()).all()


def test_functions_that_are_zero_at_zero_are_known_by_name() -> None:
    shift = cg.Shift(2)
    for name in ("tanh", "sin", "abs", "sqrt", "sign"):
        assert verdict_of(cg.Activation(name), 5, shift).holds
    for name in ("phi", "sigmoid", "exp", "cos", "softplus"):
        assert verdict_of(cg.Activation(name), 5, shift).broken == {"s1", "s2"}


def test_floating_point_labels_are_what_they_are_exactly() -> None:
    def verdict(label: sp.Expr, other: sp.Expr) -> Any:
        graph = nx.DiGraph()
        graph.add_edge("a", "y", parameter=label)
        graph.add_edge("b", "y", parameter=other)
        return cg.check_equivariance(cg.from_networkx(graph), cg.Permute([1, 0]))

    assert verdict(sp.Float(0.5), sp.Rational(1, 2)).holds
    assert verdict(sp.Rational(0.1), sp.Rational(1, 10)).holds is False  # 0.1 is not a tenth
    with pytest.raises(ConvgraphError, match=r"no float is 0\.1"):
        verdict(sp.Float(0.1), sp.Rational(1, 10))


def test_a_scale_for_each_channel_stays_on_the_axes() -> None:
    """Batch normalisation, as models are read: one parameter for each channel, and a bias."""
    torch = pytest.importorskip("torch")
    from convgraph import from_torch

    layers = [torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.Tanh()]
    network = from_torch(torch.nn.Sequential(*layers).eval(), (1, 3, 32, 32))
    verdict = cg.check_equivariance(network, cg.Shift((0, 1)))
    assert verdict.exact.axes == (tuple(range(8)), tuple(range(32)), tuple(range(1, 31)))
    assert "edges" not in vars(network)


@pytest.mark.parametrize(("size", "scale"), [(2, 2), (4, 2), (2, 3)])
def test_interpolated_positions_have_weights_of_their_own(size: int, scale: int) -> None:
    """Verdicts and counterexamples on a linear enlargement, against `numpy.interp`."""
    onnx = pytest.importorskip("onnx")
    make = onnx.helper
    x, y = (make.make_tensor_value_info(n, 1, [1, 1, s]) for n, s in (("x", size), ("y", None)))
    factors = make.make_tensor("factors", 1, [3], [1, 1, scale])
    node = make.make_node("Resize", ["x", "", "factors"], ["y"], mode="linear")
    graph = make.make_graph([node], "g", [x], [y], [factors])
    net = cg.from_onnx(make.make_model(graph, opset_imports=[make.make_opsetid("", 13)]))
    places = (np.arange(size * scale) + 0.5) / scale - 0.5
    around, random = cg.Shift(1, boundary="wrap"), np.random.default_rng(1)
    for g, output in (
        (cg.Shift(1), cg.Shift(scale)),
        (around, cg.Shift(scale, boundary="wrap")),
        (cg.Flip(), cg.Flip()),
        (cg.Shift(0), around),
    ):
        differ = np.zeros(size * scale, bool)
        for values in random.integers(-99, 100, (20, size)):
            left = np.interp(places, np.arange(size), g(values))
            differ |= ~np.isclose(left, output(np.interp(places, np.arange(size), values)))
        verdict = cg.check_equivariance(net, g, output)
        assert np.array_equal(verdict.broken.mask().ravel(), differ)
        example = verdict.counterexample
        assert (example is None) == (not differ.any())
        assert example is None or example.unit in verdict.broken


def test_axes_that_change_places_and_change_back_move_as_they_did() -> None:
    """Channels last, as normalisations of PyTorch want them."""
    torch = pytest.importorskip("torch")
    from convgraph import from_torch

    class Last(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.read = torch.nn.Conv2d(2, 3, 3, stride=2, padding=1)

        def forward(self, x: Any) -> Any:
            return (2 * self.read(x).permute(0, 2, 3, 1)).permute(0, 3, 1, 2)

    network = from_torch(Last().eval(), (1, 2, 12, 12))
    verdict = cg.check_equivariance(network, cg.Shift((4, 0)))
    assert repr(verdict.output) == "Shift((2, 0))"
    plain = from_torch(torch.nn.Sequential(Last().read).eval(), (1, 2, 12, 12))
    same = cg.check_equivariance(plain, cg.Shift((4, 0)))
    assert (verdict.exact.mask() == same.exact.mask()).all()


def test_a_shift_all_around_moves_nothing() -> None:
    spec = cg.Conv(1, filters=4) >> cg.MaxPool(2) >> cg.Flatten()
    assert cg.check_equivariance(spec.on((4, 3)), cg.Shift(3, boundary="wrap")).holds


def test_turns_of_wide_layers_are_decided_on_positions_without_their_channels() -> None:
    wide = (cg.Conv((3, 3), 512, padding="same") >> cg.ReLU()).on((512, 56, 56))
    verdict = cg.check_equivariance(wide, cg.Rotate90())
    assert verdict.holds is False
    assert len(verdict.broken) == 512 * 56 * 56
    assert len(verdict.conditions) == 512 * 512 * 6
    assert verdict.mended == verdict.broken
    assert verdict.causes == {TYING: verdict.broken}
    assert verdict.counterexample.unit == "g1,1,1"
    pools = (cg.Conv((1, 1), 512) >> cg.ReLU() >> cg.MaxPool((2, 2))).on((512, 56, 56))
    assert cg.check_equivariance(pools, cg.Rotate90() @ cg.Flip()).holds
    first, *rest = np.random.default_rng(0).permutation(56 * 56).tolist()
    assert cg.check_equivariance(
        (cg.Conv((1, 1), 512) >> cg.ReLU()).on((512, 56, 56)), cg.Permute([first, *rest])
    ).holds


def test_verdicts_on_wide_layers_are_short_to_read() -> None:
    around = cg.Permute([*range(1, 500), 0])
    verdict = verdict_of(cg.Dense(500), 500, around)
    assert repr(around) == "Permute(0 to 1, ..., 500 units)"
    assert len(str(verdict)) < 1000
    assert "+ ... (500 terms) and g f(x) = w_500_1*x1 + " in str(verdict)
    assert len(verdict.counterexample.left.args) == 500
    assert len(repr(verdict.counterexample)) < 500
    assert len(verdict.conditions) == 500 * 499
    assert verdict.conditions[-1] == sp.Eq(*sp.symbols("w_1_1 w_500_500"))
