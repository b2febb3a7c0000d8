"""Small files that describe large networks: answered at the cost of their axes, or refused."""

from __future__ import annotations

import operator
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
import pytest
import sympy as sp

import convgraph as cg
from tests.onnx_models import model, node


@contextmanager
def within(megabytes: int) -> Iterator[None]:
    """The most memory grows by less than this."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1000 * megabytes


def filled(size: int) -> Any:
    """A model that adds a constant of so many entries to its input."""
    nodes = [node("ConstantOfShape", ["s"], ["k"]), node("Add", ["x", "k"], ["y"])]
    return model(nodes, {"x": (1, 1)}, held={"s": np.array([1, size])})


def test_a_constant_of_a_large_shape_is_read_without_its_entries() -> None:
    with within(500):
        net = cg.from_onnx(filled(2**27))
        assert net.row("y").size == 2**27
        assert net.connection_count == 2**27
        with pytest.raises(cg.ConvgraphError, match="134,217,728 positions along an axis"):
            cg.report(net)


@pytest.mark.parametrize("n", [300, pytest.param(4096, marks=pytest.mark.exhaustive)])
def test_a_triangle_has_its_report_and_findings(n: int) -> None:
    """Each of its rows is a box of its own."""
    net = cg.from_onnx(model([node("Trilu", ["x"], ["y"])], {"x": (n, n)}))
    assert cg.report(net).row("y").connections == n * (n + 1) // 2
    (unread,) = (each for each in cg.findings(net) if each.rule == "unread-input")
    assert unread.witness is not None
    assert len(unread.witness) == n * (n - 1) // 2
    assert np.array_equal(unread.witness.mask(), np.tril(np.ones((n, n), bool), -1))


@pytest.mark.parametrize(
    ("spec", "sees", "connections"),
    [
        (cg.Dense(8), 8, 8 * 8),
        (cg.ReLU(), 1, 8),
        (cg.Conv(3, padding="same"), 8, 3 * 8 - 2),
        (cg.Conv(3, padding="same", padding_mode="circular"), 8, 3 * 8),
    ],
    ids=str,
)
def test_a_long_chain_is_reported(spec: cg.Conv, sees: int, connections: int) -> None:
    report = cg.report((spec**400).on(8))
    assert len(report.rows) == 401
    assert report.rows[-1].clipped == (sees,)
    assert report.totals.connections == 400 * connections


def test_a_long_row_is_reported_without_a_table_of_all_pairs_of_positions() -> None:
    with within(500):
        report = cg.report((cg.Conv(3, padding="same") >> cg.Conv(5, stride=2)).on(160_000))
    assert report.rows[-1].receptive_field == (7,)
    assert report.rows[-1].shape == (79_998,)


def test_a_stack_of_dilated_layers_on_sound_is_reported() -> None:
    """88 layers whose dilation doubles eleven times and begins anew, as in models of speech."""
    dilations = [2 ** (i % 11) for i in range(88)]
    spec = reduce(operator.rshift, [cg.Conv(3, dilation=d, padding=d) for d in dilations])
    report = cg.report(spec.on(4_000))
    assert report.rows[-1].receptive_field == (2 * sum(dilations) + 1,)
    (field,) = report.effective
    assert field.theory == sum(Fraction(2, 3) * d * d for d in dilations)  # of taps at -d, 0, d


def test_a_maximum_of_symbolic_sizes_has_the_cost_of_each_size() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    for spec in (cg.MaxPool(3, stride=2, padding=1), cg.MaxPool(2) >> cg.Conv(3)):
        total = cg.report(spec.on(n)).totals
        for size in (9, 16):
            there = cg.report(spec.on(size)).totals
            for name in ("connections", "multiply_adds", "units"):
                assert sp.sympify(getattr(total, name)).subs(n, size).doit() == getattr(there, name)


@pytest.mark.parametrize("layers", [30, pytest.param(100, marks=pytest.mark.exhaustive)])
def test_concatenations_of_all_before_are_counted(layers: int) -> None:
    """Each layer reads all rows before it."""
    nodes, held, before = [], {}, ["x"]
    for i in range(layers):
        joined = before[0] if i == 0 else f"c{i}"
        if i:
            nodes.append(node("Concat", list(before), [joined], axis=1))
        held[f"w{i}"] = np.ones((2, 2 * len(before), 3), np.float32)
        nodes.append(node("Conv", [joined, f"w{i}"], [f"h{i}"], pads=[1, 1]))
        before.append(f"h{i}")
    net = cg.from_onnx(model(nodes, {"x": (1, 2, 3 * layers)}, (f"h{layers - 1}",), held))
    report = cg.report(net)
    assert report.totals.parameters == sum(weights.size for weights in held.values())
    assert [report.row(f"h{i}").receptive_field for i in range(layers)] == [
        (2 * i + 3,) for i in range(layers)
    ]
    assert "unread-units" not in {each.rule for each in cg.findings(net)}
