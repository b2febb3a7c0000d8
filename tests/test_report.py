"""Reports: each column against the slow question about it, and every form that they convert to."""

from __future__ import annotations

import csv
import io
import json
import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.interactions.closed_forms import closed_forms


@st.composite
def specs(draw: st.DrawFn) -> cg.Conv:
    parts = []
    for _ in range(draw(st.integers(1, 3))):
        kernel = draw(st.sampled_from([(3, 3), (1, 3), (2, 2)]))
        conv = cg.Conv(
            kernel,
            draw(st.integers(1, 2)),
            stride=draw(st.integers(1, 2)),
            padding=draw(st.sampled_from(["same", 1])),
            bias=draw(st.booleans()),
        )
        extra = draw(st.sampled_from([None, "residual", "parallel", "pool"]))
        if extra == "residual":
            conv = conv >> cg.Residual(cg.Conv((3, 3), conv.filters, padding="same"))
        elif extra == "parallel":
            conv = conv >> cg.Parallel(
                cg.Conv((1, 3), padding="same"), cg.Conv((3, 1), padding="same")
            )
        elif extra == "pool":
            conv = conv >> cg.MaxPool((2, 2), stride=1, padding=1)
        parts.append(conv)
    spec = parts[0]
    for part in parts[1:]:
        spec = spec >> part
    return spec


@settings(max_examples=10)
@given(specs())
def test_each_column_is_the_answer_to_its_question(spec: cg.Conv) -> None:
    net = spec.on((2, 10, 11))
    result = cg.report(net)
    costs = {layer.row: layer for layer in cg.cost(net).layers}
    for row in result.rows:
        fields = cg.receptive_fields(net, row.name)
        extents = np.array([field.extent[1:] for field in fields.values() if field])
        assert row.clipped == tuple(extents.max(axis=0))
        assert row.receptive_field is not None
        assert all(c <= t for c, t in zip(row.clipped, row.receptive_field, strict=True))
        if row.kind != "input":
            cost = costs[row.name]
            assert (row.parameters, row.connections) == (cost.parameters, cost.connections)
            assert row.dense_parameters == cost.dense.parameters
        middle = [n // 2 for n in row.shape]
        seen = []
        for channel in range(row.shape[0] if len(row.shape) == 3 else 1):
            place = (channel, *middle[-2:]) if len(row.shape) == 3 else tuple(middle)
            field = fields[net.row(row.name).unit(place)]
            flat = field.mask().any(axis=0)
            extent = np.prod(field.extent[1:])
            seen.append((int(flat.sum()), Fraction(int(flat.sum()), int(extent))))
        assert row.seen in {share for _, share in seen}
    assert result.totals.parameters == len(net.parameters)
    assert result.totals.connections == len(net.edges)


@given(specs())
def test_intervals_are_the_closed_forms(spec: cg.Conv) -> None:
    net = spec.on((2, 12, 12))
    forms = {row.row: row for row in closed_forms(net).rows}
    for row in cg.report(net).rows:
        form = forms[row.name]
        for b, field in enumerate(form.fields[-2:]):
            assert field is not None
            assert row.receptive_field is not None
            assert row.stride is not None
            assert (row.receptive_field[b], row.stride[b]) == (field.size, field.stride)


def test_uses_per_parameter_count_biases() -> None:
    result = cg.report(cg.Conv(3, 2, padding="same", bias=True).on((1, 5)))
    assert result.totals.uses == 2 * 13 + 2 * 5
    assert result.totals.sharing == Fraction(36, 8)


def test_the_band_and_the_lattice_are_those_of_the_last_row_that_moves() -> None:
    spec = cg.Conv((3, 3), padding="same") >> cg.MaxPool((2, 2)) >> cg.GlobalAvgPool()
    result = cg.report(spec.on((1, 12, 12)))
    assert result.feature == "h2"
    assert result.lattice == (2, 2)
    assert result.band == ((1, 1), (1, 1))
    assert result.row("s").everywhere == (True, True)
    assert result.row("s").stride == (None, None)


def test_a_band_that_reaches_everything() -> None:
    result = cg.report((cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(4))
    assert result.band == ((4, 4),)
    assert result.row("g").touches_padding == 1


def test_holes_are_told_by_the_share_that_is_seen() -> None:
    spec = cg.Conv(3, dilation=2, padding="same") >> cg.Conv(3, dilation=2, padding="same")
    assert cg.report(spec.on(20)).row("g").seen == Fraction(5, 9)
    cross = cg.Parallel(
        cg.Conv((1, 3), padding="same"), cg.Conv((3, 1), padding="same"), merge="add"
    )
    assert cg.report(cross.on((9, 9))).rows[-1].seen == Fraction(5, 9)


def test_all_forms_hold_the_same_rows() -> None:
    result = cg.report((cg.Conv((3, 3), 2, stride=2) >> cg.ReLU()).on((1, 9, 9)))
    data = json.loads(result.to_json())
    assert data == result.to_dict()
    assert [row["name"] for row in data["rows"]] == ["x", "h", "g"]
    assert data["rows"][1]["stride"] == ["2", "2"]
    table = list(csv.DictReader(io.StringIO(result.to_csv())))
    assert [row["name"] for row in table] == ["x", "h", "g"]
    assert (table[1]["stride_1"], table[1]["padding_after_2"]) == ("2", "0")
    assert result.to_markdown().count("\n| ") == 4
    assert "| h | Conv | 2 x 4 x 4 | 3 | 3 | 2 | 1 | 0/0 | 100% | 0% | 18 | 288 |" in (
        result.to_markdown()
    )
    assert str(result).splitlines()[2].split()[:2] == ["h", "Conv"]


def test_a_data_frame_has_numbers() -> None:
    pandas = pytest.importorskip("pandas")
    frame = cg.report(cg.Conv(3, padding="same").on(5)).to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame.loc["s", "touches_padding"] == 0.4


def test_without_pandas_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(cg.ConvgraphError, match="pip install pandas"):
        cg.report(cg.Conv(3).on(5)).to_pandas()


def test_a_narrow_terminal_does_without_some_columns() -> None:
    from rich.console import Console

    result = cg.report((cg.Conv((3, 3), 2, stride=2) >> cg.ReLU()).on((1, 9, 9)))
    for width in (60, 80, 200):
        console = Console(width=width, file=io.StringIO(), legacy_windows=False)
        console.print(result)
        printed = console.file.getvalue()  # type: ignore[attr-defined]
        assert ("centre" in printed) == (width == 200)
        assert "2 x 4 x 4" in printed
        assert max(map(len, printed.splitlines())) <= width


def test_symbolic_sizes_leave_what_needs_numbers_open() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    net = (cg.Conv(3, padding="same") >> cg.Conv(5, padding=2)).on(n)
    last = cg.report(net).row("g")
    assert (last.receptive_field, last.stride, last.padding) == ((7,), (1,), ((3, 3),))
    assert last.clipped is last.seen is last.touches_padding is None
    assert "n" in str(cg.report(net))
    assert cg.report(net).to_html().count("<svg") == 1


def test_fields_are_looked_back_to_the_row_that_is_named() -> None:
    net = (cg.Conv(3) >> cg.Conv(3) >> cg.Conv(3)).on(12)
    assert cg.report(net).row("s").receptive_field == (7,)
    assert cg.report(net, row="h1").row("s").receptive_field == (5,)
    assert cg.report(net, row="h1").row("x").receptive_field is None
    with pytest.raises(cg.ConvgraphError, match="no row of this network"):
        cg.report(net, row="h9")


def test_of_several_inputs_the_largest_is_looked_back_to() -> None:
    a, b = cg.Input(4, name="a"), cg.Input(9, name="b")
    net = cg.Network([a, b], cg.Add()(a, cg.Conv(6)(b)))
    result = cg.report(net)
    assert result.source == "b"
    assert result.rows[-1].receptive_field == (6,)


def test_a_graph_of_ones_own_is_reported_unit_by_unit() -> None:
    import networkx as nx

    graph = nx.DiGraph()
    graph.add_edge("a", "c", parameter="w")
    graph.add_edge("b", "c", parameter="w")
    result = cg.report(cg.from_networkx(graph))
    assert result.totals.sharing == 2
    assert result.rows[-1].clipped == (2,)


def test_a_page_needs_nothing_else_and_is_the_same_each_time() -> None:
    net = (cg.Conv((3, 3), 2, stride=2) >> cg.ReLU() >> cg.Conv((3, 3))).on((1, 19, 19))
    page = cg.report(net).to_html()
    assert page == cg.report(net).to_html()
    assert page.startswith("<!DOCTYPE html>")
    assert page.count("http-equiv") == page.count("default-src 'none'") == 1
    assert page.count("<script>") == 1
    assert page.count('<script type="application/json"') == 1
    assert not re.search("(src|href)=.(http|//)", page)
    assert "prefers-color-scheme: dark" in page
    assert page.count('class="plot"') == 2


def test_a_report_is_saved_as_its_ending_says(tmp_path: Path) -> None:
    result = cg.report(cg.Conv(3).on(5))
    for name, text in [("a.html", result.to_html()), ("a.csv", result.to_csv())]:
        assert result.save(tmp_path / name).read_text(encoding="utf-8") == text
    with pytest.raises(cg.ConvgraphError, match=r"a report is saved as one of \.html"):
        result.save(tmp_path / "a.pdf")


def test_rows_of_constants_and_networks_without_inputs() -> None:
    import onnx
    from onnx import TensorProto, helper

    value = helper.make_tensor("v", TensorProto.FLOAT, [5], [1.0] * 5)
    nodes = [
        helper.make_node("Constant", [], ["c"], value=value),
        helper.make_node("Add", ["x", "c"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, [2, 5]) for n in "xy")
    graph = helper.make_graph(nodes, "g", [x], [y])
    net = cg.from_onnx(helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)]))
    assert cg.report(net).row("y").receptive_field == (1, 1)
    row = net.rows[0]
    alone = cg.Network.of([row], [], [], [row])
    with pytest.raises(cg.ConvgraphError, match="it has no input"):
        cg.report(alone)


def test_axes_that_are_too_long_are_refused_with_their_count() -> None:
    net = cg.Conv(3).on(10**8)
    for ask in (cg.report, cg.findings):
        with pytest.raises(cg.ConvgraphError, match="x has 100,000,000 positions along an axis"):
            ask(net)
