"""What a live page knows before anybody points at it, against the edges and the verdicts."""

from __future__ import annotations

import base64
import itertools
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp

import convgraph as cg
from convgraph.figures.live.figure_data import facts
from convgraph.figures.live.page import page
from convgraph.figures.live.relations import relations
from convgraph.figures.live.shifts import shifts

x = cg.Input((1, 4, 4))
BRANCHED = cg.Network(x, cg.Add()(x, cg.Conv((3, 3), padding="same", letter="w")(x)))

NETWORKS = {
    "stack": (cg.Conv((3, 3), padding="same") >> cg.Conv((2, 2), stride=2)).on((5, 6)),
    "dilated": cg.Conv((2, 2), dilation=2).on((5, 5)),
    "groups": cg.Conv((2, 2), filters=4, groups=2, bias=True).on((4, 3, 3)),
    "circular": cg.Conv((3, 3), padding="same", padding_mode="circular").on((2, 4)),
    "reflect": cg.Conv((3, 3), padding="same", padding_mode="reflect").on((4, 4)),
    "tiled": cg.TiledConv((2, 2), tiles=2).on((5, 5)),
    "local": cg.LocallyConnected((2, 2), filters=2).on((4, 4)),
    "flipped": cg.Conv((2, 3), flip=True).on((4, 4)),
    "transposed": cg.ConvTranspose((3, 3), stride=2).on((2, 3)),
    "pooled": (cg.Conv((2, 2)) >> cg.ReLU() >> cg.MaxPool((2, 2)) >> cg.Flatten()).on((2, 5, 5)),
    "dense": (cg.AvgPool((2, 2)) >> cg.Flatten() >> cg.Dense(3, bias=True)).on((4, 4)),
    "upsampled": (cg.Upsample(2) >> cg.Conv((3, 3), padding="same")).on((2, 2, 3)),
    "shared": (cg.Conv(3, padding=1, letter="w") >> cg.Conv(3, padding=1, letter="w")).on(5),
    "branched": BRANCHED,
    "listed": cg.equivariant_layer(cg.Group.cyclic(5)),
}


def number(table: Any, output: Any, tap: Any) -> Any:
    """The entry of an encoded table, as its docstring says."""
    if len(table) == 4:
        return table[3][output * table[2] + tap]
    bound, _, _, first, stride, dilation, *divisor = table
    found = first + stride * (output // (divisor or [1])[0]) + dilation * tap
    return found if 0 <= found < bound else -1


def connections(data: Any, joint: Any, place_of: Any) -> Iterator[Any]:
    """All (source, target, parameters) of a joint, spelt out of its tables."""
    if "starts" in joint:
        for target, (a, b) in enumerate(itertools.pairwise(joint["starts"])):
            for e in range(a, b):
                yield joint["sources"][e], target, tuple(joint["terms"][joint["labels"][e]])
        return
    tables = [data["axes"][i] for i in joint["axes"]]
    order = joint["order"]
    view = [0] * len(order)
    for table, position in zip(tables, order, strict=True):
        view[position] = table[0]
    codes = [data["axes"][i] for i in joint.get("codes", [])]
    for outputs in np.ndindex(*(table[1] for table in tables)):
        target = int(np.ravel_multi_index(outputs, [table[1] for table in tables]))
        for taps in np.ndindex(*(table[2] for table in tables)):
            at = [number(t, o, k) for t, o, k in zip(tables, outputs, taps, strict=True)]
            if min(at) < 0:
                continue
            index = [0] * len(order)
            for position, i in zip(order, at, strict=True):
                index[position] = i
            labels = ()
            if codes:
                place = sum(number(c, o, k) for c, o, k in zip(codes, outputs, taps, strict=True))
                labels = (place_of[joint["letter"], place],)
            yield int(np.ravel_multi_index(index, view)), target, labels


@pytest.mark.parametrize("name", NETWORKS)
def test_relations_are_the_edges(name: Any) -> None:
    net = NETWORKS[name]
    data = json.loads(json.dumps(relations(net)))
    labels = net.labels
    place_of = {
        (array.letter, i): str(labels[labels.start(array.letter) + i])
        for array in labels.arrays
        for i in range(len(array))
        if array.letter
    }
    found = []
    for joint in data["joints"]:
        if joint["source"] is None:
            continue
        units = [net.row(joint[end]).units() for end in ("source", "target")]
        for source, target, names in connections(data, joint, place_of):
            found.append((units[0][source], units[1][target], names))
    expected = [
        (a, b, tuple(sorted(map(str, parameter.free_symbols))))
        for a, b, parameter in net.graph.edges(data="parameter")
    ]
    assert sorted(found) == sorted(expected)


def test_biases_are_read_from_nothing() -> None:
    data = relations(NETWORKS["groups"])
    bias = [joint for joint in data["joints"] if joint["source"] is None]
    assert [joint["target"] for joint in bias] == ["s"]
    assert bias[0]["letter"] == "b"


def test_windows_are_six_numbers_whatever_the_size() -> None:
    small, large = (relations(cg.Conv((3, 3), padding=1).on((n, n))) for n in (9, 900))
    assert [len(table) for table in large["axes"]] == [6] * len(large["axes"])
    assert len(json.dumps(large)) < len(json.dumps(small)) + 40


def test_what_a_browser_could_not_go_through_is_left_out() -> None:
    assert relations(cg.Conv((3, 3)).on((2000, 2000))) is None
    assert relations(cg.Conv(3, padding=1, padding_mode="circular").on(90_000)) is None


def members(found: Any, number: Any, size: Any) -> Any:
    bits = np.unpackbits(np.frombuffer(bytes.fromhex(found["sets"][number]), np.uint8))
    return np.flatnonzero(bits[:size]).tolist()


@pytest.mark.parametrize("name", ["stack", "circular", "pooled", "shared", "branched"])
def test_shifts_are_the_verdicts(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convgraph.figures.live.shifts.FARTHEST", {1: 24, 2: 3})
    net = NETWORKS[name]
    found = json.loads(json.dumps(shifts(net)))
    out = net.outputs[0]
    wide = [range(-most, most + 1) for most in found["most"]]
    asked = {",".join(map(str, amounts)) for amounts in itertools.product(*wide) if any(amounts)}
    assert set(found["answers"]) == asked
    for key, answer in found["answers"].items():
        verdict = cg.check_equivariance(net, cg.Shift(tuple(map(int, key.split(",")))))
        for end, units in (("exact", verdict.exact), ("broken", verdict.broken)):
            assert [out.units()[i] for i in members(found, answer[end], out.size)] == list(units)
        causes = {found["causes"][c]: members(found, u, out.size) for c, u in answer["causes"]}
        assert {c: [out.units()[i] for i in at] for c, at in causes.items()} == {
            c: list(units) for c, units in verdict.causes.items()
        }


def test_no_shifts_where_they_have_no_meaning() -> None:
    assert shifts(cg.from_networkx(nx.DiGraph([("a", "b", {"parameter": sp.Symbol("w")})]))) is None
    assert shifts(cg.Conv((3, 3)).on((30, 30))) is None
    assert shifts(cg.Dense(2).on(1)) is None


def test_larger_networks_are_shifted_less_far(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shifts(cg.Conv(3).on(30))["most"] == [24]
    monkeypatch.setattr("convgraph.figures.live.shifts.MOST_CONNECTIONS", 500)
    assert shifts(cg.Dense(6).on(9))["most"] == [4]  # 54 connections, nine shifts with none


@pytest.mark.usefixtures("few_shifts")
def test_a_kernel_that_is_drawn_needs_no_legend() -> None:
    net = cg.Conv((2, 2), bias=True).on((3, 3))
    with_kernel, without = (cg.draw_grid(net, kernels=k).page() for k in (True, False))
    pressed = re.compile(r"<button[^>]* data-parameter=\"(\w+)\"")
    assert pressed.findall(with_kernel) == ["b"]
    assert pressed.findall(without) == ["w_1_1", "w_1_2", "w_2_1", "w_2_2", "b"]
    assert set(re.findall(r'data-parameter="(w_\w+)" data-kernel="s"', with_kernel)) == {
        "w_1_1", "w_1_2", "w_2_1", "w_2_2",
    }  # fmt: skip
    many = cg.Dense(100).on((100,))
    assert pressed.findall(cg.draw_grid(many, show=4).page()) == []


@pytest.mark.usefixtures("few_shifts")
def test_expressions_are_of_units_that_are_drawn() -> None:
    net = cg.Conv(3).on(100)
    panel = cg.draw(net, show=4).panels[0]
    assert set(facts(panel)["expressions"]) == {"s1", "s2", "s97", "s98"}
    assert (
        facts(cg.draw_grid(cg.Conv((3, 3)).on((100, 100)), show=4).panels[0])["expressions"] == {}
    )


@pytest.mark.usefixtures("few_shifts")
def test_a_page_is_the_same_bytes_and_asks_for_nothing() -> None:
    net = NETWORKS["stack"]
    text = cg.draw_grid(net, "g1,1", kernels=True).page()
    assert cg.draw_grid(net, "g1,1", kernels=True).page() == text
    assert len(text) < 150_000
    assert set(re.findall(r"https?://[^\"' ]*", text)) <= {
        "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink",
    }  # fmt: skip
    assert re.findall(r"<(?:script|link|img)[^>]*(?:src|href)=", text) == []
    together = page([cg.draw_grid(net), cg.draw(cg.Conv(3).on(5))], "Two")
    ids = re.findall(r'\bid="([^"]*)"', together)
    assert len(ids) == len(set(ids))


@pytest.mark.usefixtures("few_shifts")
def test_sliders_are_one_per_axis() -> None:
    def labels(net: Any) -> Any:
        return re.findall(r"<label [^>]*>([^<]*)</label>", cg.draw(net).page())

    assert labels(cg.Conv(3).on(5)) == ["Shift of the input"]
    assert labels(cg.Conv((2, 2)).on((3, 3))) == ["Shift down", "Shift right"]
    assert labels(cg.Conv((1, 2, 2)).on((2, 2, 2))) == [f"Shift along axis {i}" for i in (1, 2, 3)]


@pytest.mark.usefixtures("few_shifts")
def test_uses_count_what_is_not_drawn() -> None:
    net = (cg.Conv(3, padding="same") >> cg.AvgPool(2)).on(100)
    uses = facts(cg.draw(net, show=6, edges_of="ends").panels[0])["uses"]
    assert uses == {"w_1": 99, "w_2": 100, "w_3": 99, "1/2": 100}


@pytest.mark.usefixtures("few_shifts")
def test_panels_have_their_own_legends() -> None:
    a, b = cg.draw(cg.Conv(2).on(3)), cg.draw(cg.Conv(2).on(4))
    labels = re.findall(r'<ul class="cg-legend" aria-label="([^"]*)">', a.above(b).page())
    assert labels == ["Parameters of panel 1", "Parameters of panel 2"]
    assert re.findall(r'<ul class="cg-legend" aria-label="([^"]*)">', a.page()) == ["Parameters"]


@pytest.mark.usefixtures("few_shifts")
def test_a_page_knows_the_authors_colours_letters_and_theme() -> None:
    net = cg.Conv(3, padding="same").on(5)
    text = cg.draw(net, shade={"orange": "x1", "black": "x2"}, letters="abc").page()
    assert re.findall(r'data-unit="(\w+)"[^>]* data-own="(\w+)"', text) == [
        ("x1", "dark"), ("x2", "light"),
    ]  # fmt: skip
    assert 'fill="#ffa500"' in text.lower()
    buttons = re.findall(r'data-parameter="(\w+)" data-panel="1">([^<]*)</button>', text)
    assert buttons == [("w_2", "a"), ("w_3", "b"), ("w_1", "c")]
    assert "data-own" not in cg.draw(net, shade="x1").page().split("<svg")[1]
    dark = cg.draw(net, theme="dark").page()
    assert "--paper: #16181C; background: #16181C" in dark
    assert "--paper: #FFFFFF" not in cg.draw(net).page()


@pytest.mark.usefixtures("few_shifts")
def test_cells_are_large_enough_for_a_finger_and_named_by_where_they_are() -> None:
    net = (cg.Conv((3, 3)) >> cg.Conv((3, 3))).on((9, 9))
    figure = cg.draw_grid(net, "g3,3")
    text = figure.page()
    found = re.search(r"--least: (\d+)px; --most: (\d+)px", text)
    assert found is not None
    least, most = map(float, found.groups())
    parts = re.findall(r'<svg style="--share: ([\d.]+)" width="([\d.]+)pt"', text)
    assert len(parts) == 3  # a row each
    (side,) = {unit.side for unit in figure.panels[0].units}
    for share, points in (map(float, part) for part in parts):
        assert least * share / points * side >= 24
        assert most * share >= points * 4 / 3 - 1
    assert "x3,3 to x7,7 (25 units), h3,3, h3,4" in figure.description
    assert 'data-counted="x3,3"' in text


@pytest.mark.usefixtures("few_shifts")
def test_a_legend_stands_below_a_live_figure() -> None:
    net = cg.Conv(3, padding="same").on(5)
    plain = cg.draw(net, shade={"orange": "s1", "cyan": "s4"})
    keyed = cg.draw(
        net, shade={"orange": "s1", "cyan": "s4"}, legend={"orange": "a <b>", "cyan": "c"}
    )
    one, other = (re.search(r"--least.*?</svg>", f.page(), re.DOTALL)[0] for f in (plain, keyed))  # type: ignore
    assert re.sub(r"<desc.*?</desc>", "", one) == re.sub(r"<desc.*?</desc>", "", other)
    assert re.findall(r'<li><span style="background: (#\w+)"></span> (.*?)</li>', keyed.page()) == [
        ("#FFA500", "a &lt;b&gt;"),
        ("#00FFFF", "c"),
    ]
    named = cg.draw(net, edges="parameters", legend=True).page()
    assert "</span> <i>w</i><sub>1</sub></li>" in named
    # between two others it stays where it is
    both = keyed.beside(plain).page()
    assert "cg-colours" not in both.split("<main>")[1]
    assert "a &lt;b&gt;</text>" in both


class Tags(HTMLParser):
    """The attributes of each tag; there is one of each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str | None]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found[tag] = dict(attrs)


@pytest.mark.usefixtures("few_shifts")
def test_in_a_notebook_a_still_picture_lies_under_the_live_page() -> None:
    net = cg.Conv((3, 3)).on((5, 5))
    for figure in (cg.draw(cg.Conv(3).on(5), shade="s1").titled('"<a>"'), cg.draw_grid(net)):
        shown = figure.live()._repr_mimebundle_()
        parser = Tags()
        parser.feed(shown["text/html"])
        found = parser.found
        assert list(found) == ["div", "img", "iframe"]
        picture = base64.b64decode(str(found["img"]["src"]).partition("base64,")[2]).decode()
        assert picture == figure.svg() == shown["image/svg+xml"]
        assert found["iframe"]["srcdoc"] == figure.page()
        assert found["iframe"]["sandbox"] == "allow-scripts"
        assert found["img"]["alt"] == found["iframe"]["title"] == figure.title


def test_a_page_of_an_operator_that_is_not_known_has_what_is_known() -> None:
    helper = pytest.importorskip("onnx.helper")
    ends = [helper.make_tensor_value_info(end, 1, (1, 1, 3)) for end in "xhy"]
    nodes = [helper.make_node("Own", ["x"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[2:], value_info=ends[1:2])
    net = cg.from_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    page = cg.draw(net).page()
    assert "y1,1 = Max(0, h1,1)" in page
    assert "h1,1 = " not in page


def test_formulas_have_the_authors_letters() -> None:
    net = cg.Conv(3, padding="same").on(5)
    letters = {"w_1": "a", "w_2": "weight_{1}", "w_3": "x1"}
    found = facts(cg.draw(net, letters=letters).panels[0])["expressions"]
    assert found["s3"] == "s3 = a*x2 + w_3*x4 + weight_{1}*x3"  # x1 is a unit
    swapped = facts(cg.draw(net, letters={"w_1": "w_3", "w_3": "w_1"}).panels[0])["expressions"]
    assert swapped["s3"] == "s3 = w_1*x4 + w_2*x3 + w_3*x2"


def test_a_matrix_knows_its_letters() -> None:
    net = cg.Conv(3, padding="same").on(5)
    found = facts(cg.draw_matrix(net, letters={"w_1": "a", "w_2": "b", "w_3": "w_3"}).panels[0])
    assert found["letters"] == {"w_1": "a", "w_2": "b"}
