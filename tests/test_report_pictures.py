"""The pictures on a report's page: names in the boxes of the graph, legends, long names."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

import convgraph as cg
from convgraph.reports.short_names import short
from convgraph.reports.structure import structure_of

LONG = [
    f"features.denseblock{b}.denselayer{n}.conv{c}" for b in (1, 2) for n in (1, 2) for c in (1, 2)
]


def network(names: list[str]) -> cg.Network:
    row = cg.Input((3, 32, 32), name="image")
    tensors = row
    for _ in names:
        tensors = cg.Conv((3, 3), 4, padding=1)(tensors)
    return cg.Network(row, tensors, names=["image", *names])


def words(picture: str) -> list[tuple[float, float, str, str]]:
    """Of each text in a picture of ours x, y, its anchor and what it says."""
    found = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"([^>]*)>([^<]*)', picture)
    return [(float(x), float(y), rest, said) for x, y, rest, said in found]


def page(net: cg.Network) -> str:
    return str(cg.report(net).to_html())


def test_boxes_of_the_graph_have_names_kinds_shapes_and_fields() -> None:
    spec = cg.Conv((3, 3), 4, padding=1) >> cg.ReLU() >> cg.MaxPool((2, 2))
    net = spec.on((3, 32, 32))
    net.modules = {net.rows[1].name: "stem.conv"}
    graph = page(net).split('<div class="graph">')[1].split("</svg>")[0]
    shown = re.findall(r"<text [^>]*>([^<]*)</text>", graph)
    assert shown == [
        *("x", "input", "3x32x32, field 1"),
        *("stem.conv", "Conv + ReLU", "4x32x32, field 3"),
        *(net.rows[3].name, "MaxPool", "4x16x16, field 4"),
    ]


def test_names_that_are_long_keep_the_ends_that_tell_them_apart() -> None:
    for most in (16, 24, 34):
        cut = [short(name, most) for name in LONG]
        assert all(len(name) <= most for name in cut)
        assert all(name.endswith(long[-6:]) for name, long in zip(cut, LONG, strict=True))
    graph = page(network(LONG)).split('<div class="graph">')[1].split("</svg>")[0]
    for name in LONG:
        assert f">{short(name, 34)}</text>" in graph
        assert name in graph  # to be read when pointed at


def test_the_growth_of_fields_has_a_legend_and_names_that_do_not_meet() -> None:
    net = network(LONG)
    picture = page(net).split("<h2>Receptive fields</h2>")[1].split("</svg>")[0]
    said = words(picture)
    assert [text for *_, text in said[-3:]] == [
        "size of the field",
        "4 standard deviations of its paths",
        "size of the input, 32",
    ]
    structure = structure_of(net, "image")
    assert structure is not None
    for line in {y for _, y, *_ in said}:
        ends = []
        for x, y, rest, text in said:
            if y != line:
                continue
            wide = 8.5 * len(text)  # in the larger letters of a narrow screen
            left = x - wide * (0.5 if "middle" in rest else 1 if "end" in rest else 0)
            ends.append((left, left + wide))
        assert all(a[1] <= b[0] for a, b in pairwise(sorted(ends)))


def test_a_page_has_the_name_that_it_is_given(tmp_path: Path) -> None:
    report = cg.report(cg.Conv(3).on(12))
    page = report.save(tmp_path / "page.html", title="a <net>").read_text("utf-8")
    assert "<h1>a &lt;net&gt;: x (12) to s (10)</h1>" in page
    with pytest.raises(cg.ConvgraphError, match="title=3"):
        report.to_html(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("kernel", [2, 3])
def test_of_units_that_see_more_than_the_first_the_effective_field_says_so(kernel: int) -> None:
    net = (cg.Conv(3) >> cg.Upsample(2) >> cg.Conv(kernel)).on(12)
    sizes = [len(cg.receptive_field(net, f"s{i}")) for i in (1, 2)]
    said = f"{sizes[0]} positions in the first unit (others see up to {max(sizes)})"
    report = cg.report(net)
    assert (said in str(report)) == (sizes[0] < max(sizes))
