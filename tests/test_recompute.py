"""What changes with a part of the input: against the graph, the edge table, and computing anew."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.tying import Mean
from tests.test_tiles import networks, values, weights

exactly = np.vectorize(sp.Integer, otypes=[object])


def recomputed(spec: Any, shape: tuple[int, ...], box: list[tuple[int, int]]) -> str:
    """Changes a box of the input, and holds what is computed anew against all anew."""
    try:
        network = spec.on(shape)
    except cg.ConvgraphError:
        return "no network"
    space = zip(box, network.inputs[0].shape, strict=False)
    part = tuple(slice(a % n, a % n + length) for (a, length), n in space)
    edit = cg.recompute(network, part)
    numbers = {letter: exactly(array) for letter, array in weights(network).items()}
    before = exactly(values(shape, 1))
    after = before.copy()
    after[part] = 3 - after[part]
    old = edit.start(before, numbers)
    kept = {name: array.copy() for name, array in old.items()}
    new, anew = edit.run(old, after, numbers), edit.start(after, numbers)
    for name, array in anew.items():
        assert np.array_equal(new[name], array), (spec, shape, part, name)
        assert np.array_equal(old[name], kept[name])
    seen = set().union(*(nx.descendants(network.graph, unit) for unit in edit.changed))
    assert seen == {unit for row in edit.rows for unit in row.units}
    assert edit.multiply_adds == products(network, seen)
    assert edit.of == cg.cost(network).multiply_adds
    return "recomputed"


def products(network: Any, units: set[str]) -> int:
    """Edges into units that carry anything but the number 1 or a mean's share, one by one."""
    averages = {
        layer.target.name for layer in network.layers for j in layer.joints if type(j.tying) is Mean
    }
    graph = network.graph
    return sum(
        label != 1
        for _, unit, label in graph.in_edges(units, data="parameter")
        if network.find(unit)[0].name not in averages
    )


BOX = st.lists(st.tuples(st.integers(0, 199), st.integers(1, 9)), min_size=2, max_size=2)


@settings(max_examples=20)
@given(networks(1), BOX)
def test_only_what_changes_is_computed_anew(
    case: tuple[Any, tuple[int, ...]], box: list[tuple[int, int]]
) -> None:
    assert recomputed(*case, box)


@settings(max_examples=6)
@given(networks(2), BOX)
def test_only_what_changes_is_computed_anew_in_images(
    case: tuple[Any, tuple[int, ...]], box: list[tuple[int, int]]
) -> None:
    assert recomputed(*case, box)


@pytest.mark.exhaustive
@settings(max_examples=500)
@given(networks(1), BOX)
def test_only_what_changes_is_computed_anew_at_length(
    case: tuple[Any, tuple[int, ...]], box: list[tuple[int, int]]
) -> None:
    assert recomputed(*case, box)


@pytest.mark.parametrize(
    ("spec", "shape"),
    [
        (cg.Conv(3, padding=1, padding_mode="circular") >> cg.Conv(3, padding=1), (20,)),
        (cg.LocallyConnected(3, bias=True) >> cg.ReLU() >> cg.Dense(4, bias=True), (20,)),
        (cg.Conv(3, 4, padding=1, groups=2, bias=True) >> cg.GlobalMaxPool(), (2, 12)),
        (cg.Parallel(cg.Conv(3, padding=1), cg.Conv(1), merge="concat"), (1, 15)),
        (cg.Conv((3, 3, 3), 2, stride=(1, 2, 1), padding=1), (1, 5, 6, 7)),
    ],
)
def test_layers_of_other_kinds(spec: Any, shape: tuple[int, ...]) -> None:
    assert recomputed(spec, shape, [(0, 1), (2, 3)] + [(1, 2)] * (len(shape) - 2)) == "recomputed"


@pytest.mark.parametrize("large", [10**5, 10**7, 10**17])
def test_whole_numbers_beyond_64_bits_are_kept_exactly(large: int) -> None:
    network = (cg.Conv(2) >> cg.ReLU() >> cg.Conv(2) >> cg.Conv(2)).on(5)
    numbers = {"w": [3, large], "v": [large, 7], "u": [5, -7]}
    edit = cg.recompute(network, slice(1, 3))
    after = [1, large, -2, 1, 1]
    new = edit.run(edit.start([1] * 5, numbers), after, numbers)
    (a, b), (c, d), (e, f) = numbers.values()
    h = [max(a * one + b * two, 0) for one, two in pairwise(after)]
    g = [c * one + d * two for one, two in pairwise(h)]
    assert [int(value) for value in new["s"]] == [e * one + f * two for one, two in pairwise(g)]


def test_units_by_name_and_boxes_apart() -> None:
    network = (cg.Conv((3, 3), padding=1) >> cg.ReLU()).on((12, 12))
    edit = cg.recompute(network, ["x2,2", "x11,11", "x2,3"])
    assert len(edit.rows[0].units) == 12 + 9
    assert edit.multiply_adds == 8 * 11 + 8 * 8  # rows times columns of taps, the border's cut off
    x = np.zeros((12, 12), int)
    old = edit.start(x, weights(network))
    x[1, 1], x[10, 10], x[1, 2] = 3, 4, 5
    assert np.array_equal(
        edit.run(old, x, weights(network))["g"], network.evaluate(x, weights(network))
    )


def test_models_with_attention_normalisation_and_resizing() -> None:
    torch = pytest.importorskip("torch")

    class Mixed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv1d(2, 4, 3, padding=1, stride=2)
            self.norm = torch.nn.LayerNorm(4)
            self.up = torch.nn.Upsample(scale_factor=2, mode="linear")

        def forward(self, x: Any) -> Any:
            y = self.norm(self.conv(x).transpose(1, 2))
            z = torch.nn.functional.scaled_dot_product_attention(y, y, y)
            return torch.cat([self.up(y.transpose(1, 2)), self.up(z.transpose(1, 2))], 1)

    network = cg.from_torch(Mixed().double(), (2, 16))
    edit = cg.recompute(network, slice(3, 5))
    before = np.random.default_rng(1).normal(size=(2, 16))
    after = before.copy()
    after[:, 3:5] += 1
    new, anew = edit.run(edit.start(before), after), edit.start(after)
    assert all(np.allclose(new[name], anew[name], rtol=0, atol=1e-12) for name in anew)
    assert edit.of == cg.cost(network).multiply_adds
    assert 0 < edit.share < 1


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (slice(30, 40), "no slice of some positions"),
        (20, "20 is no position"),
        ((slice(0, 1), slice(0, 1)), "a slice or a position for each axis"),
        ("y1", "unit='y1'"),
        (["x1", "s1"], "units of one row"),
        (0.5, "0.5 is no position"),
    ],
)
def test_wrong_changes_are_named(changed: Any, says: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=says):
        cg.recompute(cg.Conv(3, padding=1).on(20), changed)


def test_what_does_not_fit_the_change_is_refused() -> None:
    network = cg.Conv(3, padding=1).on(6)
    edit = cg.recompute(network, "x2")
    old = edit.start(range(6), {"w": [1, 1, 1]})
    with pytest.raises(cg.ConvgraphError, match="x4 differs from before"):
        edit.run(old, [0, 5, 2, 9, 4, 5], {"w": [1, 1, 1]})
    with pytest.raises(cg.ConvgraphError, match="no values for row 's'"):
        edit.run({"x": old["x"]}, range(6), {"w": [1, 1, 1]})
    with pytest.raises(cg.ConvgraphError, match="the row has"):
        edit.run({**old, "s": [1]}, range(6), {"w": [1, 1, 1]})
