"""`convgraph group` and `convgraph tie`, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import convgraph as cg
from convgraph.core.errors import ConvgraphError
from convgraph.symmetry.groups.named import KINDS, parse_group
from tests.command_line import refused, run
from tests.test_cli import _plain_output  # noqa: F401 - a fixture

RING = "Conv(3, padding='same', padding_mode='circular')"


def test_group_names_counts_and_lists() -> None:
    out, _ = run("group", RING, "--input", 5)
    assert out.splitlines() == [
        "Z_5, 5 symmetries",
        "    x: 1 orbit",
        "    s: 1 orbit",
        "    generator (x1 x2 x3 x4 x5)(s1 s2 s3 s4 s5)",
    ]
    out, _ = run("group", RING, "--input", 1024)
    assert out.startswith("Z_1024, 1,024 symmetries")
    assert "(2,048 units in all)" in out
    out, _ = run("group", "MaxPool(2)", "--input", 400)
    assert out.startswith("Z_2 ≀ S_200, 1.267... x 10^435 symmetries")
    assert out.rstrip().endswith("more generators")


def test_group_against_an_expected_one(tmp_path: Path) -> None:
    assert "Exactly cyclic:8" in run("group", RING, "--input", 8, "--expect", "cyclic:8")[0]
    out, _ = run("group", RING, "--input", 8, "--expect", "dihedral:8")
    assert "Not exactly dihedral:8" in out
    assert "it lacks generator 2 of dihedral:8" in out
    picture = tmp_path / "extra.svg"
    out, _ = run("group", "Conv(1)", "--input", 4, "--expect", "cyclic:4", "--out", picture)
    assert "it has, besides: (" in out
    assert "<svg" in picture.read_text()


def test_group_as_json() -> None:
    out, _ = run("group", RING, "--input", 5, "--relabel", "--json")
    facts = json.loads(out)
    assert (facts["structure"], facts["order"], facts["orbits"]) == ("D_5", 10, {"x": 1, "s": 1})
    flips = [g["parameters"] for g in facts["generators"] if "parameters" in g]
    assert {"w_1": "w_3", "w_3": "w_1"} in flips


def test_tie_prints_the_layer(tmp_path: Path) -> None:
    out, _ = run("tie", "--group", "dihedral:4", "--bias")
    assert out.splitlines() == [
        "Group(D_4 on 4 units: order 8)",
        "Network(x[4] -> s[4]: 8 units, 16 connections, 4 parameters)",
        "    w: 3 parameters on 16 connections",
        "    b: 1 parameter on 4 connections",
        "    w_1  w_2  w_3  w_2",
        "    w_2  w_1  w_2  w_3",
        "    w_3  w_2  w_1  w_2",
        "    w_2  w_3  w_2  w_1",
    ]
    out, _ = run("tie", "--group", "symmetric:5", "--inputs", "2", "--outputs", "2")
    assert "15 parameters on 625 connections" in out
    picture = tmp_path / "tied.dot"
    run("tie", "--group", "cyclic:5", "--wiring", RING, "--out", picture)
    assert picture.read_text().startswith("digraph")


def test_tie_as_json() -> None:
    facts = json.loads(run("tie", "--group", "cyclic:2*cyclic:2", "--json")[0])
    assert facts["parameters"] == {"w": 4}
    assert facts["matrix"][0] == ["w_1", "w_2", "w_3", "w_4"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("tie", "--group", "dihedral"), ["group='dihedral'", "such as dihedral:8"]),
        (("tie", "--group", "dihedrl:4"), ["did you mean dihedral?"]),
        (("tie", "--group", "cyclic:0"), ["sizes go up to"]),
        (("tie", "--group", "cyclic:99999999999"), ["sizes go up to"]),
        (("tie", "--group", "cyclic:5000*cyclic:5000"), ["a product of at most"]),
        (("tie", "--group", "cyclic:1000000"), ["pairs=1,000,000,000,000"]),
        (("tie", "--group", "cyclic:4", "--inputs", "x"), ["inputs='x'", "tensor power"]),
        (("tie", "--group", "cyclic:4", "--wiring", "Conv(3)"), ["4 inputs and 4 outputs"]),
        (("group", RING, "--input", "n"), ["needs numbers"]),
        (("group", RING, "--input", "8", "--expect", "cyclic:7"), ["7 units"]),
    ],
)
def test_what_does_not_fit_is_one_line(arguments: tuple[Any, ...], words: list[str]) -> None:
    line = refused(*arguments)
    for word in words:
        assert word in line


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_group_can_be_written(kind: Any) -> None:
    group = parse_group(f"{kind}:4 * cyclic:3")
    assert group.order == KINDS[kind](4).order * 3
    assert cg.Group(list(group.generators), group.shape).order == group.order


def test_text_that_is_no_group() -> None:
    for text in ("", "*", "cyclic:4*", "cyclic:-4", "cyclic:²", ":4"):
        with pytest.raises(ConvgraphError):
            parse_group(text)
