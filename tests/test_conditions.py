"""The equations between parameters that would mend a verdict: enough of them, and none too many."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from sympy.polys.matrices import DomainMatrix

import convgraph as cg
from convgraph.symmetry.equivariance import explanation
from tests.moves import transformations
from tests.strategies import CONVOLUTIONS, chains, fitting, single_layers


def differences(network: cg.Network, verdict: Any) -> Iterator[Any]:
    """Per broken unit what has to vanish, and whether that takes no parameter of zero.

    The connections of a linear layer, unit by unit: for each input unit the sum of the labels
    under which it is read after the move, less that of those under which the image reads it.
    """
    (given_,), (row,) = network.inputs, network.outputs
    moved = verdict.action.transformation.resolved(given_).sources(given_).tolist()
    image = verdict.output.sources().tolist()
    names, units = given_.units(), row.units()
    reads = defaultdict(list)
    for source, target, data in network.graph.edges(data=True):
        reads[target].append((source, data["parameter"]))
    layer = network.layers[0]
    bias = dict.fromkeys(units)
    if layer.bias is not None:
        bias = dict(zip(units, network.labels.pick(network.bias_numbers(layer)), strict=True))
    back = dict(zip(names, moved, strict=True))
    for unit, position in zip(units, image, strict=True):
        here, there = defaultdict(Counter), defaultdict(Counter)
        for source, label in reads[unit]:
            if back[source] >= 0:
                here[names[back[source]]][label] += 1
        for source, label in reads[units[position]] if position >= 0 else ():
            there[source][label] += 1
        here["1"][bias[unit]] += bias[unit] is not None
        if position >= 0:
            there["1"][bias[units[position]]] += bias[units[position]] is not None
        sides = [(here[s] - there[s], there[s] - here[s]) for s in {*here, *there}]
        sides = [(a, b) for a, b in sides if a or b]
        vanishing = [
            sum(x * n for x, n in a.items()) - sum(x * n for x, n in b.items()) for a, b in sides
        ]
        fair = all(a and b and (sp.Add(*a, *b)).free_symbols for a, b in sides)
        if any(v != 0 for v in vanishing):
            yield unit, vanishing, fair


def rank(expressions: Any, symbols: Any) -> Any:
    if not expressions or not symbols:
        return 0
    rows = [[sp.Rational(sp.sympify(e).coeff(s)) for s in symbols] for e in expressions]
    return DomainMatrix.from_Matrix(sp.Matrix(rows)).convert_to(sp.QQ).rank()


def assert_conditions_of_a_linear_layer(data: Any) -> None:
    network = data.draw(single_layers((*CONVOLUTIONS, "AvgPool", "Dense")))
    assume(sum(int(layer.connections) for layer in network.layers) < 300)
    g = data.draw(transformations(network.inputs[0]))
    verdict = fitting(cg.check_equivariance, network, g)
    assume(verdict.broken and verdict.output.sources() is not None)
    found = list(differences(network, verdict))
    assert {unit for unit, _, _ in found} == set(verdict.broken)
    assert {unit for unit, _, fair in found if fair} == set(verdict.mended)
    wanted = [e for _, vanishing, fair in found if fair for e in vanishing]
    given_ = [e.lhs - e.rhs for e in verdict.conditions]
    symbols = sorted(set().union(*(sp.sympify(e).free_symbols for e in wanted + given_)), key=str)
    assert rank(wanted, symbols) == rank(given_, symbols) == rank(wanted + given_, symbols)
    assert rank(given_, symbols) == len(given_)


def assert_mended_units_hold(data: Any) -> None:
    network = data.draw(chains())
    g = data.draw(transformations(network.inputs[0]))
    verdict = fitting(cg.check_equivariance, network, g)
    assume(verdict.broken and verdict.mended and verdict.output.sources() is not None)
    assume(len(verdict.conditions) < 100)
    symbols = list(network.parameters)
    equations = [e.lhs - e.rhs for e in verdict.conditions]
    solution = sp.solve(equations, symbols, dict=True)[0] if equations else {}
    random = np.random.default_rng(1)
    moved, image = verdict.action.sources(), verdict.output.sources()
    mended = np.flatnonzero(verdict.mended.mask().ravel())
    for _ in range(4):
        free = {s: sp.Integer(int(random.integers(-9, 10))) for s in symbols}
        values = {str(s): float(sp.sympify(solution.get(s, s)).xreplace(free)) for s in symbols}
        x = random.integers(-9, 10, network.inputs[0].numbers()).astype(float)
        after = np.append(x.ravel(), 0.0)[moved].reshape(x.shape)
        with np.errstate(all="ignore"):
            left = network.evaluate(after, values).ravel()[mended]
            right = np.append(network.evaluate(x, values).ravel(), 0.0)[image[mended]]
        np.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-9)


@given(st.data())
@settings(max_examples=15, suppress_health_check=list(HealthCheck))
def test_of_a_linear_layer_they_are_enough_needed_and_none_follows_from_the_others(
    data: st.DataObject,
) -> None:
    assert_conditions_of_a_linear_layer(data)


@pytest.mark.exhaustive
@given(st.data())
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_of_many_linear_layers_they_are_enough_needed_and_none_follows_from_the_others(
    data: st.DataObject,
) -> None:
    assert_conditions_of_a_linear_layer(data)


@given(st.data())
@settings(max_examples=10, suppress_health_check=list(HealthCheck))
def test_under_them_units_that_are_mended_hold_in_numbers(data: st.DataObject) -> None:
    assert_mended_units_hold(data)


@pytest.mark.exhaustive
@given(st.data())
@settings(max_examples=80, suppress_health_check=list(HealthCheck))
def test_under_them_many_units_that_are_mended_hold_in_numbers(data: st.DataObject) -> None:
    assert_mended_units_hold(data)


@pytest.mark.parametrize(
    ("spec", "shape", "g"),
    [
        (cg.Conv(5, 3, padding=2, padding_mode="circular"), (2, 3), cg.Flip()),
        (cg.Conv(3, 3, padding=1, padding_mode="replicate", bias=True), (2, 6), cg.Flip()),
        (cg.Conv((3, 3), 2, padding=1), (2, 5, 4), cg.Flip(0) @ cg.Flip(1)),
        (cg.Conv((3, 2), 2, padding=((1, 1), (0, 1))), (2, 5, 4), cg.Flip(0) @ cg.Flip(1)),
        (cg.Conv(4, 2, padding=1) >> cg.ReLU() >> cg.Conv(3, padding=1), (2, 7), cg.Flip()),
        (cg.TiledConv(3, 2, tiles=3, padding=1, padding_mode="circular"), (2, 6), cg.Shift(1)),
    ],
)
def test_on_the_axes_they_are_those_on_the_edges(
    monkeypatch: pytest.MonkeyPatch, spec: Any, shape: tuple[int, ...], g: Any
) -> None:
    network = spec.on(shape)
    on_edges = cg.check_equivariance(network, g)
    symbols = list(network.parameters)
    expected = [e.lhs - e.rhs for e in on_edges.conditions]
    mended = set(on_edges.mended)
    monkeypatch.setattr(explanation, "EDGES", 0)
    on_axes = cg.check_equivariance(network, g)
    found = [e.lhs - e.rhs for e in on_axes.conditions]
    assert set(on_axes.mended) == mended
    assert rank(found, symbols) == rank(expected, symbols) == rank(found + expected, symbols)
    assert len(found) == len(expected)


def test_what_both_sides_share_is_taken_away() -> None:
    w = sp.symbols("w_1:4")
    ends = cg.Conv(3, padding=1, padding_mode="replicate").on(7)
    assert cg.check_equivariance(ends, cg.Flip()).conditions == (sp.Eq(w[0], w[2]),)


def test_one_sum_may_stand_against_one_label() -> None:
    w = sp.symbols("w_1:4")
    ring = cg.Conv(3, padding=((2, 1),), padding_mode="circular").on(2)
    verdict = cg.check_equivariance(ring, cg.Flip())
    assert verdict.conditions == (sp.Eq(w[0] + w[2], w[1]),)
    assert set(verdict.mended) == set(verdict.broken)


def test_sums_of_a_large_layer_are_there_for_all_its_channels() -> None:
    network = cg.Conv(5, 100, padding=2, padding_mode="circular").on((100, 3))
    verdict = cg.check_equivariance(network, cg.Flip())
    assert len(verdict.conditions) == 100 * 100
    last = sp.symbols("w_100_100_1:6")
    assert verdict.conditions[-1] == sp.Eq(last[0] + last[3], last[1] + last[4])


def test_what_only_some_units_need_is_said_to_mend_those() -> None:
    uneven = cg.Conv(3, padding=((2, 1),)).on(6)
    verdict = cg.check_equivariance(uneven, cg.Permute([5, 4, 3, 2, 1, 0]), cg.Permute({}))
    assert "holds" not in str(verdict).split("\n")[-1]
    verdict = cg.check_equivariance(cg.Conv(3, padding="same", stride=2).on(6), cg.Flip())
    assert str(verdict).endswith("no equations between parameters were found that make it hold")
    network = (cg.Conv(3, padding=((1, 0),)) >> cg.Conv(1)).on(6)
    verdict = cg.check_equivariance(network, cg.Shift(1))
    assert verdict.mended == set()
    two = cg.TiledConv(2, tiles=2).on(6)
    verdict = cg.check_equivariance(two, cg.Shift(1))
    assert verdict.mended == {"s2", "s3", "s4", "s5"}
    assert str(verdict).split("\n")[-1] == ("holds at 4 of these if: w_1_1 = w_2_1, w_1_2 = w_2_2")
    assert verdict.to_dict()["mended"]["units"] == ["s2", "s3", "s4", "s5"]


def test_sums_of_numbers_are_no_equation() -> None:
    cut = cg.AvgPool(2, stride=3, padding=((0, 2),), count_include_pad=False).on(7)
    verdict = cg.check_equivariance(cut, cg.Scale(2) @ cg.Flip())
    assert verdict.broken
    assert verdict.conditions == ()
    assert verdict.mended == set()
