"""Two networks compared: what was done to one of them is what is said to differ."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import sympy as sp
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

import convgraph as cg
from convgraph.cli import main
from convgraph.reports.matching import _aligned

convolutions = st.builds(
    cg.Conv, st.sampled_from([1, 2, 3]), st.integers(1, 3), padding=st.sampled_from([0, 1])
)
chains = st.lists(convolutions, min_size=1, max_size=6)


def bound(specs: Sequence[Any]) -> cg.Network:
    spec = specs[0]
    for each in specs[1:]:
        spec = spec >> each
    return spec.on((2, 14))


@settings(max_examples=6)
@given(chains)
def test_a_network_is_like_itself_under_other_names(specs: list[cg.Conv]) -> None:
    net = bound(specs)
    x = h = cg.Input((2, 14), rank=1)
    for spec in specs:
        h = spec(h)
    renamed = cg.Network(x, h, names=[f"row{i}" for i in range(len(specs) + 1)])
    assert cg.compare(net, net).alike
    assert cg.compare(net, renamed).alike


@settings(max_examples=6)
@given(chains, st.data())
def test_what_is_put_in_is_added_and_taken_out_is_removed(
    specs: list[cg.Conv], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(specs)))
    a, b = bound(specs), bound([*specs[:at], cg.ReLU(), *specs[at:]])
    there, back = cg.compare(a, b), cg.compare(b, a)
    (added,), (removed,) = there.of("added"), back.of("removed")
    assert added.after is not None
    assert added.after.name == b.rows[at + 1].name == getattr(removed.before, "name", None)
    assert not there.of("removed")
    kept = [(r.before.name, r.after.name) for r in there.rows if r.before and r.after]
    others = [row.name for i, row in enumerate(b.rows) if i != at + 1]
    assert kept == list(zip([row.name for row in a.rows], others, strict=True))
    # whoever reads the new row says so, and nothing else of the old rows has changed
    changed = [row.after.name for row in there.of("changed") if row.after]
    assert changed == ([b.rows[at + 2].name] if at < len(specs) else [])
    assert all(set(row.changes) == {"reads"} for row in there.of("changed"))


@settings(max_examples=6)
@given(chains, chains)
def test_what_differs_is_what_the_slow_questions_say(
    first: list[cg.Conv], second: list[cg.Conv]
) -> None:
    a, b = bound(first), bound(second)
    difference = cg.compare(a, b)
    names = [(r.before.name if r.before else None, r.after.name if r.after else None)
             for r in difference.rows]  # fmt: skip
    assert sorted(n for n, _ in names if n) == sorted(row.name for row in a.rows)
    assert sorted(n for _, n in names if n) == sorted(row.name for row in b.rows)
    for row in difference.rows:
        if row.before is None or row.after is None:
            continue
        old, new = row.before.name, row.after.name
        extents = tuple(
            max(f.extent[-1] for f in cg.receptive_fields(net, name).values() if f)
            for net, name in ((a, old), (b, new))
        )
        assert row.changes.get("clipped") == (
            None if extents[0] == extents[1] else tuple((n,) for n in extents)
        )
        shapes = a.row(old).shape, b.row(new).shape
        assert row.changes.get("shape") == (None if shapes[0] == shapes[1] else shapes)
    counts = len(a.edges), len(b.edges)
    assert difference.totals.get("connections", (0, 0)) in (counts, (0, 0))
    assert ("connections" in difference.totals) == (counts[0] != counts[1])
    before, after = cg.findings(a), cg.findings(b)
    assert difference.come is not None
    assert difference.gone is not None
    stayed = Counter(f.rule for f in after) - Counter(f.rule for f in difference.come)
    assert stayed == Counter(f.rule for f in before) - Counter(f.rule for f in difference.gone)


@given(st.integers(0, 4), st.integers(0, 4), st.data())
def test_alignments_weigh_most(m: int, n: int, data: st.DataObject) -> None:
    weights = np.array(
        data.draw(st.lists(st.integers(0, 9), min_size=m * n, max_size=m * n)), np.int32
    ).reshape(m, n)
    every = [
        list(zip(rows, columns, strict=True))
        for size in range(min(m, n) + 1)
        for rows in combinations(range(m), size)
        for columns in combinations(range(n), size)
    ]
    most = max(sum(int(weights[pair]) for pair in pairs) for pairs in every)
    found = _aligned(weights)
    assert found in every
    assert all(weights[pair] for pair in found)
    assert sum(int(weights[pair]) for pair in found) == most


def test_rows_of_modules_are_the_same_wherever_they_stand() -> None:
    nn = pytest.importorskip("torch").nn

    class Branches(nn.Module):  # type: ignore[name-defined]
        def __init__(self, swapped: bool) -> None:
            super().__init__()
            self.left, self.right = nn.Conv2d(2, 4, 1), nn.Conv2d(2, 4, 3, padding=1)
            self.act = nn.GELU() if swapped else nn.ReLU()
            self.swapped = swapped

        def forward(self, x: Any) -> Any:
            if self.swapped:
                right = self.right(x)
                return self.act(self.left(x)) + right
            return self.act(self.left(x)) + self.right(x)

    a, b = (cg.from_torch(Branches(swapped), (2, 8, 8)) for swapped in (False, True))
    difference = cg.compare(a, b)
    assert not difference.of("added")
    assert not difference.of("removed")
    (changed,) = difference.of("changed")
    assert changed.after is not None
    assert (changed.after.name, list(changed.changes)) == ("act", ["kind"])
    assert difference.row("right").status == "alike"


def saved(path: Path, kernel: int, name: str) -> Path:
    """A convolution, its maximum with zero, and a convolution of stride 2."""
    pads = [kernel // 2] * 4
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["1"], pads=pads),
        helper.make_node("Relu", ["1"], [name]),
        helper.make_node("Conv", [name, "v"], ["y"], pads=[1, 1, 1, 1], strides=[2, 2]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 9, 9])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    kernels = [
        helper.make_tensor(n, TensorProto.FLOAT, shape, np.zeros(shape).ravel())
        for n, shape in (("w", (4, 3, kernel, kernel)), ("v", (2, 4, 3, 3)))
    ]
    graph = helper.make_graph(nodes, "g", [x], [y], kernels)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), path)
    return path


def test_the_command_prints_text_markdown_and_json(tmp_path: Path) -> None:
    old, new = saved(tmp_path / "a.onnx", 3, "2"), saved(tmp_path / "b.onnx", 5, "<r|>")

    def run(*given: str | Path) -> str:
        done = CliRunner().invoke(main, ["compare", *map(str, given)], prog_name="convgraph")
        assert done.exit_code == 0
        return str(done.output)

    assert "All 4 rows are alike" in run(old, old)
    text = run(old, new)
    assert "Rows: 3 changed, 0 added, 0 removed, 1 alike." in text
    assert "2 -> <r|>" in text
    data = json.loads(run(old, new, "--json"))
    fields = [row["changes"]["receptive_field"] for row in data["rows"]]
    assert fields == [[[3, 3], [5, 5]], [[3, 3], [5, 5]], [[5, 5], [7, 7]]]
    assert data["totals"]["parameters"] == [180, 372]
    markdown = run(old, new, "--markdown", "--input", "1x3x11x11")
    assert "| parameters | 180 | 372 | \\+192 |" in markdown
    assert "| changed | 2 -&gt; &lt;r\\|&gt; | Relu |" in markdown


def test_sizes_may_be_symbols_and_wrong_arguments_are_refused() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    first, second = (cg.Conv(k, padding="same").on(n) for k in (3, 5))
    difference = cg.compare(first, second)
    assert difference.come is None
    assert difference.row("s").changes["receptive_field"] == ((3,), (5,))
    assert cg.compare(first, first).alike
    with pytest.raises(cg.ConvgraphError, match="b=Conv"):
        cg.compare(first, cg.Conv(3))  # type: ignore[arg-type]
    with pytest.raises(cg.ConvgraphError, match="row='t': no row of this network"):
        difference.row("t")
