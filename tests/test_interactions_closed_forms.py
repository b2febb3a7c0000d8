"""Closed forms of whole networks against networks of numbers."""

from __future__ import annotations

import json
from functools import reduce
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.interactions.axis_fields import POSITION
from tests.strategies import fitting
from tests.sums import in_numbers

n, k, s, p, d, q = sp.symbols("n k s p d q", integer=True, positive=True)


def stack(layers: Any) -> Any:
    """A stack of windows, each given by its arguments and whether it is a pool."""
    specs = [(cg.MaxPool if pool else cg.Conv)(**numbers) for numbers, pool in layers]
    return reduce(lambda lower, upper: lower >> upper, specs)


@st.composite
def stacks(draw: st.DrawFn, most: Any = 3) -> Any:
    """The layers of a stack that fits an input, and the size of that input."""
    size = draw(st.integers(20, 40))
    layers = []
    for _ in range(draw(st.integers(1, most))):
        numbers = {
            "kernel": draw(st.integers(1, 4)),
            "stride": draw(st.integers(1, 3)),
            "dilation": draw(st.integers(1, 2)),
            "padding": draw(st.integers(0, 3)),
        }
        layers.append((numbers, draw(st.booleans())))
    fitting(stack(layers).on, size)
    return layers, size


@st.composite
def stacks_in_symbols(draw: st.DrawFn) -> Any:
    """A stack with symbols for some of its numbers, the same in numbers, and the values."""
    layers, size = draw(stacks(most=2))
    values, symbolic = {n: size}, []
    for number, (numbers, pool) in enumerate(layers):
        symbols = dict(numbers)
        for name in draw(st.lists(st.sampled_from(sorted(numbers)), unique=True, max_size=2)):
            least = {"nonnegative": True} if name == "padding" else {"positive": True}
            symbols[name] = sp.Symbol(f"{name[0]}{number}", integer=True, **least)
            values[symbols[name]] = numbers[name]
        symbolic.append((symbols, pool))
    return cg.closed_forms(stack(symbolic).on(n)), stack(layers).on(size), values


@settings(max_examples=6)
@given(stacks_in_symbols())
def test_forms_are_the_facts_of_the_network_in_numbers(drawn: Any) -> None:
    forms, net, values = drawn
    numbers = cg.closed_forms(net)
    for row, form, number in zip(net.rows, forms.rows, numbers.rows, strict=True):
        assert tuple(in_numbers(size, values) for size in form.shape) == row.shape
        for name in ("receptive_field", "stride", "padding"):
            closed = [in_numbers(value, values) for value in getattr(form, name)]
            assert closed == list(getattr(number, name))
        for name in ("parameters", "connections", "missing"):
            assert in_numbers(getattr(form, name), values) == getattr(number, name)


def ends(field: Any, i: Any) -> Any:
    return int(field.at(i).first), int(field.at(i).last)


@given(stacks())
def test_fields_inside_the_border_are_those_of_the_units(drawn: Any) -> None:
    layers, size = drawn
    net = stack(layers).on(size)
    for form, row in zip(cg.closed_forms(net).rows[1:], net.rows[1:], strict=True):
        (field,) = form.fields
        for i in range(row.shape[0]):
            first, last = ends(field, i)
            if first >= 0 and last < net.rows[0].shape[0]:
                unit = row.unit((i,))
                assert cg.receptive_field(net, unit).bounds == ((first, last),)
                assert cg.receptive_field(net, unit).extent == form.receptive_field


@settings(max_examples=20)
@given(st.lists(st.integers(0, 5), min_size=1, max_size=3), st.integers(2, 3), st.data())
def test_fields_behind_enlargements_are_those_of_the_units(
    kinds: list[int], factor: int, data: st.DataObject
) -> None:
    spec = cg.Conv(1)
    for kind in kinds:
        taps = data.draw(st.integers(1, 4))
        layers = [
            cg.Upsample(factor),
            cg.ConvTranspose(factor + taps, stride=factor),
            cg.Conv(taps),
            cg.Conv(taps, stride=2),
            cg.Residual(cg.Conv(taps, padding="same")),
            cg.Parallel(cg.Conv(taps, padding="same"), cg.Conv(1)),
        ]
        spec = spec >> layers[kind] >> cg.Conv(1)
    net = spec.on((1, 40))
    form = cg.closed_forms(net).rows[-1]
    middle = net.rows[-1].shape[1] // 2
    for i in range(middle, min(middle + 3, net.rows[-1].shape[1])):
        first, last = ends(form.fields[0], i)
        if first >= 10 and last < 30:  # well inside of every border on the way
            seen = cg.receptive_field(net, net.rows[-1].unit((0, i))).bounds[1]
            assert seen == (first, last)


def test_the_recurrences_of_receptive_field_and_stride() -> None:
    """Araujo, Norris and Sim (2019), equations 1 and 2."""
    form = cg.closed_forms((cg.Conv(k, stride=s, dilation=d, padding=p) >> cg.Conv(q)).on(n))
    assert form["h"].receptive_field == (sp.expand(1 + (k - 1) * d),)
    assert form["g"].receptive_field == (sp.expand(1 + (k - 1) * d + (q - 1) * s),)
    assert form["g"].stride == (s,)
    assert form["g"].padding == (p,)
    assert form["g"].fields[0].first == s * POSITION - p


def test_output_sizes_are_those_of_the_guide() -> None:
    """Dumoulin and Visin (2016), relationships 1 to 6 and 14."""
    size = lambda spec: cg.closed_forms(spec.on(n))["s"].shape[0]  # noqa: E731
    assert size(cg.Conv(k)) == n - k + 1
    assert size(cg.Conv(k, padding=p)) == sp.expand(n - k + 2 * p + 1)
    assert size(cg.Conv(k, padding="full")) == sp.expand(n + k - 1)
    assert size(cg.Conv(3, padding="same")) == n
    assert size(cg.Conv(3, stride=2, padding=1)) == sp.floor((n - 1) / 2) + 1
    assert sp.expand(size(cg.ConvTranspose(k, stride=s)) - (s * (n - 1) + k)) == 0


def test_branches_of_different_reach_are_joined() -> None:
    net = cg.Parallel(cg.Conv(3, padding="same"), cg.Conv(7, padding="same")).on(n)
    assert (cg.closed_forms(net)["s"].receptive_field, net.outputs[0].shape) == ((7,), (2, n))
    x = cg.Input(n)
    late = cg.Conv(3, padding=((2, 0),))(x)
    joined = cg.Network(x, cg.Add()(late, cg.Conv(3, padding=((0, 2),))(x)))
    assert cg.closed_forms(joined)["s"].receptive_field == (5,)


def test_everything_is_seen_behind_dense_layers_and_global_pools() -> None:
    flat = cg.closed_forms((cg.Conv((3, 3)) >> cg.Flatten() >> cg.Dense(3)).on((2, n, n)))
    assert flat[2].receptive_field == (None, None)
    assert flat["s"].receptive_field == (n, n)
    assert flat["s"].stride == (0, 0)
    padded = cg.closed_forms((cg.Conv(3, padding="same") >> cg.GlobalMaxPool()).on((1, n)))
    assert padded["g"].receptive_field == (n + 2,)  # as if the input went on beyond its border
    pooled = (cg.GlobalAvgPool() >> cg.Flatten() >> cg.Dense(3)).on((2, 8, 8))
    assert cg.closed_forms(pooled)["s"].receptive_field == (8, 8)


def test_only_the_rows_that_see_the_input_are_told() -> None:
    a, b = cg.Input(n, name="a"), cg.Input(n, name="b")
    h = cg.Conv(3, padding="same")(a, name="h")
    net = cg.Network([a, b], cg.Add()(h, cg.Conv(5, padding="same")(b, name="i"), name="s"))
    assert [form.row for form in cg.closed_forms(net, "a").rows] == ["a", "h", "s"]
    assert cg.closed_forms(net, "a")["s"].receptive_field == (3,)
    assert cg.closed_forms(net, "b")["s"].receptive_field == (5,)
    with pytest.raises(cg.ConvgraphError, match="row=None"):
        cg.closed_forms(net)


def test_a_listed_wiring_follows_no_axis() -> None:
    traced = cg.trace(lambda x, w: np.correlate(x, w, "valid"), x=6, w=2)
    form = cg.closed_forms(traced)["s"]
    assert (form.receptive_field, form.stride, form.padding) == ((None,), (None,), (None,))
    assert (form.parameters, form.connections, form.missing) == (2, 10, 0)


def test_counts_with_the_border_in_two_dimensions() -> None:
    form = cg.closed_forms(cg.Conv((3, 3), 4, padding="same", bias=True).on((3, n, n)))["s"]
    assert (form.parameters, form.stride) == (4 * 27 + 4, (1, 1))
    assert sp.expand(form.connections - 12 * (3 * n - 2) ** 2) == 0
    assert sp.expand(form.missing - (12 * 9 * n**2 - 12 * (3 * n - 2) ** 2)) == 0


def test_plain_data_and_text() -> None:
    forms = cg.closed_forms((cg.Conv(3, padding="same") >> cg.MaxPool(2)).on(n))
    data = json.loads(json.dumps(forms.to_dict()))
    assert data["rows"][2]["receptive_field"] == [4]
    assert data["rows"][1]["connections"] == "3*n - 2"
    assert repr(forms).splitlines()[2] == (
        "g[floor(n/2)]: receptive field 4, stride 2, padding 1, 0 parameters, "
        "2*floor(n/2) connections"
    )


STEADY = st.builds(
    cg.Conv,
    st.integers(1, 4),
    stride=st.integers(1, 3),
    dilation=st.integers(1, 2),
    padding=st.integers(0, 2),
) | st.builds(cg.MaxPool, st.integers(1, 3))


@settings(max_examples=12)
@given(st.lists(STEADY, min_size=1, max_size=2), st.integers(1, 4))
def test_formulas_in_the_depth_are_those_of_stacks(specs: list[cg.Conv], times: int) -> None:
    spec = specs[0] if len(specs) == 1 else specs[0] >> specs[1]
    depth = sp.Symbol("L", integer=True, positive=True)
    form = cg.closed_forms(spec**depth)
    last = cg.closed_forms((spec**times).on(10**6)).rows[-1]
    for fact in ("receptive_field", "stride", "padding"):
        told = tuple(sp.sympify(value).subs(depth, times) for value in getattr(form, fact))
        assert told == getattr(last, fact)


def test_formulas_in_the_depth_take_symbols() -> None:
    k, s, depth = sp.symbols("k s L", integer=True, positive=True)
    (strided,) = cg.closed_forms(cg.Conv(k, stride=s) ** depth).receptive_field
    for step, times in ((1, 5), (2, 3), (3, 2)):
        net = (cg.Conv(4, stride=step) ** times).on(500)
        (wanted,) = cg.closed_forms(net).rows[-1].receptive_field
        assert strided.subs({s: step}).subs({k: 4, depth: times}).doit() == wanted
    depthwise = cg.Conv((3, 5), filters=8, groups=8)
    assert cg.closed_forms(depthwise**depth).receptive_field == (2 * depth + 1, 4 * depth + 1)


@pytest.mark.parametrize(
    "spec", [cg.Upsample(2), cg.Conv(3, stride=2, padding="same"), cg.Dense(3), cg.GlobalMaxPool()]
)
def test_no_formula_in_the_depth_where_units_differ(spec: cg.Conv) -> None:
    with pytest.raises(cg.ConvgraphError, match="windows that move by the same step everywhere"):
        cg.closed_forms(spec ** sp.Symbol("L", integer=True, positive=True))


def test_a_repeated_spec_has_parameters_of_its_own_each_time() -> None:
    net = ((cg.Conv(3, padding=1) >> cg.ReLU()) ** 3).on(8)
    assert len(net.layers) == 6
    assert net.parameter_count == 9
    assert ((cg.Conv(2, letter="k")) ** 3).on(8).parameter_count == 2
    assert cg.Conv(3) ** 1 == cg.Conv(3) ** 1
    depth = sp.Symbol("L", integer=True, positive=True)
    with pytest.raises(cg.ConvgraphError, match="a network has a number of layers"):
        (cg.Conv(3) ** depth).on(9)
    for wrong in (0, -1, True, 1.5, "2", None):
        with pytest.raises(cg.ConvgraphError, match="a depth is a positive integer"):
            cg.Conv(3) ** wrong
    with pytest.raises(cg.ConvgraphError, match="layers=1,000,000,000,000"):
        cg.Conv(3) ** 10**12


def test_rows_that_are_not_there_are_refused() -> None:
    forms = cg.closed_forms(cg.Conv(3).on(5))
    for row in ("t", 2, -3):
        with pytest.raises(cg.ConvgraphError, match="no row that depends on 'x'"):
            forms[row]
