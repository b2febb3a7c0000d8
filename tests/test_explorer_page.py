"""The explorer's page: what it holds, how large it is, and when there is none."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

import convgraph as cg
from convgraph.explorer.axis_words import axis_words
from convgraph.explorer.page_data import facts
from convgraph.explorer.row_tree import folds
from tests.onnx_light import light


def data(page: str) -> Any:
    """What the page knows."""
    found = re.search(r'class="ex-data">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def rows_of(items: list[Any]) -> list[int]:
    """The rows in a tree of folds, in its order."""
    return [
        row
        for item in items
        for row in ([item] if isinstance(item, int) else rows_of(item["items"]))
    ]


@pytest.mark.parametrize("name", ["resnet50", "inception_v1", "shufflenet"])
def test_real_networks_fit_on_a_page(name: str) -> None:
    net = cg.from_onnx(light(name))
    page = cg.report(net).to_html()
    assert len(page.encode()) < 600_000
    known = data(page)
    assert [row["name"] for row in known["network"]["rows"]] == [row.name for row in net.rows]
    assert rows_of(known["folds"]) == list(range(len(net.rows)))
    assert len(known["folds"]) < len(net.rows) / 3
    numbers = {row.name: i for i, row in enumerate(net.rows)}
    for finding, said in zip(cg.findings(net), known["findings"], strict=True):
        assert said["message"] == finding.message
        assert said["rows"] == [numbers[name] for name in finding.tensors]


def test_modules_are_folds_by_their_names() -> None:
    x = cg.Input((1, 8, 8), name="stem.x")
    names = ["stem.x", "layer1.0.conv", "layer1.0.relu", "add", "layer1.1.conv", "fc"]
    conv = cg.Conv((3, 3), padding="same")
    a = conv(x)
    b = cg.ReLU()(a)
    c = cg.Add()(a, b)
    d = conv(c)
    net = cg.Network(x, cg.ReLU()(d), names=names)
    tree = folds(net, ["input", "Conv", "ReLU", "Add", "Conv", "ReLU"])
    layer = next(item for item in tree if isinstance(item, dict))
    assert layer["name"] == "layer1"
    assert rows_of(tree) == [0, 1, 2, 3, 4, 5]
    assert {"name": "layer1.0", "items": [1, 2, 3]} in layer["items"]


def test_modules_that_a_model_states_are_folds_whatever_its_rows_are_called() -> None:
    conv = cg.Conv((3, 3), padding="same")
    net = (conv >> cg.ReLU() >> conv >> cg.ReLU() >> conv >> cg.ReLU() >> conv).on((1, 8, 8))
    called = ["", "stem", "stem", "body.0", "body.0", "body.1.a", "body.1.b", "head"]
    net.modules = {row.name: name for row, name in zip(net.rows, called, strict=True) if name}
    tree = folds(net, ["Conv"] * len(net.rows))
    first, second = {"name": "body.0", "items": [3, 4]}, {"name": "body.1", "items": [5, 6]}
    body = {"name": "body", "items": [first, second]}
    assert tree == [0, {"name": "stem", "items": [1, 2]}, body, 7]


def test_a_module_that_most_rows_are_not_in_keeps_its_name() -> None:
    conv = cg.Conv((3, 3), padding="same")
    net = (conv >> cg.ReLU() >> conv >> cg.ReLU()).on((1, 8, 8))
    called = ["", "enc.0", "enc.1", "enc.2", "head"]
    net.modules = {row.name: name for row, name in zip(net.rows, called, strict=True) if name}
    tree = folds(net, ["Conv"] * len(net.rows))
    assert tree == [0, {"name": "enc", "items": [1, 2, 3]}, 4]


def test_what_a_module_gives_is_in_its_fold() -> None:
    x = cg.Input((1, 8, 8), name="x")
    conv = cg.Conv((3, 3), padding="same")
    modules, names, last = ["down.0", "down.1", "up.0", "up.1"], ["x"], x
    for i, module in enumerate(modules):
        last = cg.ReLU()(cg.Add()(last, conv(last)))
        names += [f"{module}.conv", f"add_{i}", module]
    net = cg.Network(x, cg.ReLU()(last), names=[*names, "fc"])
    tree = folds(net, [row.name for row in net.rows])
    items = [each for item in tree if isinstance(item, dict) for each in item["items"]]
    assert [each for each in items if isinstance(each, dict)] == [
        {"name": module, "items": [3 * i + 1, 3 * i + 2, 3 * i + 3]}
        for i, module in enumerate(modules)
    ]
    assert rows_of(tree) == list(range(len(net.rows)))


def test_where_a_finding_is_about_units_they_are_on_the_page() -> None:
    net = (cg.Conv((1, 1), 2, stride=2) >> cg.ReLU()).on((1, 7, 8))
    known = data(cg.report(net).to_html())
    finding = next(f for f in known["findings"] if f["rule"] == "unread-input")
    witness = cg.findings(net).of("unread-input")[0].witness
    assert witness is not None
    found = 0
    for box in finding["units"]["boxes"]:
        size = 1
        for lengths in box:
            size *= sum(lengths[1::2])
        found += size
    assert finding["units"]["row"] == 0
    assert found >= len(witness) > 0


def test_findings_about_no_units_have_places_too() -> None:
    x = cg.Input((1, 16, 16))
    one = cg.Conv((3, 3), 2, stride=2, padding=1)(x)
    other = cg.Conv((3, 3), 2, stride=2, padding=((2, 0), (2, 0)))(x)
    net = cg.Network(x, cg.Add()(one, other), names=["x", "a", "b", "sum"])
    known = data(cg.report(net).to_html())["findings"]
    places = {finding["rule"]: finding for finding in known}
    assert places["stride-without-blur"]["shift"] == [1, 1]
    assert sorted(places["misaligned-merge"]["beside"]) == [1, 2]


def test_a_network_without_axes_that_move_has_a_page_all_the_same() -> None:
    page = cg.report((cg.Dense(4) >> cg.ReLU()).on(3)).to_html()
    assert data(page)["strides"][1:] == [None, None] or "ex-tree" in page


def test_where_there_is_no_explorer_the_page_says_why() -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    page = cg.report(cg.Conv(3).on(n)).to_html()
    assert "The explorer needs sizes in numbers, and n can be any" in page
    assert "<script" not in page
    page = cg.report(cg.Conv((1, 1)).on((3000, 3000))).to_html()
    assert "report the network on a smaller input" in page


@pytest.mark.parametrize("page", ["explorer", "figure"])
def test_scripts_of_one_page_share_no_name(page: str, tmp_path: Path) -> None:
    # They are one script to a browser, for which the last function of a name is the only one.
    net = cg.Conv(3).on(5)
    made = cg.report(net) if page == "explorer" else cg.draw(net)
    made.save(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    names = re.findall(r"^(?:async )?(?:function|class|const|let) (\w+)", text, re.MULTILINE)
    assert "through" in names
    assert sorted(names) == sorted(set(names))


def test_a_page_can_send_nothing() -> None:
    """Not a photograph either: its policy allows no connection, and no script asks for one."""
    page = cg.report(cg.Conv((3, 3)).on((1, 9, 9))).to_html()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy[1].split(";") if rule.strip())
    assert rules["default-src"] == "'none'"
    assert not {"connect-src", "form-action"} & set(rules) or "'none'" in rules["form-action"]
    for way in ("fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon", "EventSource", "import("):
        assert way not in page


def test_what_an_axis_is_of_is_told_where_tokens_stand_before_features() -> None:
    """Tokens are positions and features channels, also in windows of an image."""
    torch = pytest.importorskip("torch")

    class Windows(torch.nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.patches = torch.nn.Conv2d(3, 5, 2, stride=2)
            self.norm, self.mlp = torch.nn.LayerNorm(5), torch.nn.Linear(5, 7)

        def forward(self, x: Any) -> Any:
            image = self.norm(self.patches(x).permute(0, 2, 3, 1))
            windows = image.view(1, 2, 2, 3, 2, 5).transpose(2, 3)
            tokens = self.mlp(windows.reshape(1, 24, 5))
            return tokens.transpose(1, 2)

    net = cg.from_torch(Windows().eval(), (1, 3, 8, 12))
    words = axis_words(net)
    said = {row.shape: words[row.name] for row in net.rows}
    assert said[(5, 4, 6)] == ["channel", "row", "column"]
    assert said[(4, 6, 5)] == ["row", "column", "channel"]
    assert said[(2, 3, 2, 2, 5)] == ["row", "column", "row", "column", "channel"]
    assert said[(24, 7)] == ["position", "channel"]
    assert said[(7, 24)] == ["channel", "position"]
    told = {
        tuple(row["shape"]): row.get("axes") for row in facts(cg.report(net), ())["network"]["rows"]
    }
    assert told[(24, 7)] == ["position", "channel"]
    assert told[(5, 4, 6)] is told[(7, 24)] is None
