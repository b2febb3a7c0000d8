"""`convgraph check`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import answered, refused

POOLED = "Conv(3, padding='same') >> ReLU() >> MaxPool(2)"


def test_verdict_causes_counterexample_and_lattice() -> None:
    out = answered("check", POOLED, "--input", 16, "--shift", 2)
    assert out.splitlines() == [
        "f(Shift(2) x) = Shift(1) f(x): broken at 2 of 8 units of s",
        "  padding entered: s8",
        "  data left the frame: s8",
        "  zeros filled the frame of the output: s1",
        "counterexample",
        "  at s1, f(g x) = Max(0, w_3*x1) and g f(x) = 0",
        "  for x1 = 1 and zeros elsewhere: Max(0, w_3) and 0",
        "  connections: x3 -> h1:2 with w_3, against no connection",
        "  cause at h1:2: zeros filled the frame of the output",
        "no equations between parameters were found that make it hold",
        "",
        "axis 0: shifts by multiples of 2 commute, as 1 of the output",
        "  outputs that the border reaches: 1 from the start, 1 from the end, 2 in all",
    ]


def test_json_holds_the_same() -> None:
    facts = json.loads(answered("check", POOLED, "--input", 16, "--shift", 2, "--json"))
    assert facts["holds"] is False
    assert facts["broken"] == {"row": "s", "count": 2, "units": ["s1", "s8"]}
    assert facts["causes"]["padding entered"]["units"] == ["s8"]
    assert facts["counterexample"]["left"] == "Max(0, w_3*x1)"
    assert facts["counterexample"]["edges"] == [
        {"source": "x3", "target": "h1:2", "parameter": "w_3"},
        None,
    ]
    assert facts["lattice"]["axes"][0]["shift"] == 2
    large = json.loads(
        answered("check", "Conv(3, padding='same')", "--input", 5000, "--flip", "--json")
    )
    assert large["broken"] == {"row": "s", "count": 5000, "within": [[1, 5000]]}


@pytest.mark.parametrize(
    ("arguments", "first"),
    [
        (["Conv((3, 3), padding='same')", "--input", "4x4", "--rotate", 1], "Rotate90() x"),
        (["Conv((3, 3))", "--input", "5x5", "--flip", "--axis", 0], "Flip(0) x"),
        (["Conv((3, 3))", "--input", "5x5", "--shift", "0,-1"], "Shift((0, -1)) x"),
        (["ReLU()", "--input", "5", "--shift", 1, "--boundary", "wrap"], "holds at all 5"),
        (["Conv(1)", "--input", "5", "--scale", 2], "holds at all 5 units"),
    ],
)
def test_every_transformation(arguments: Any, first: str) -> None:
    assert first in answered("check", *arguments).splitlines()[0]


def test_conditions_are_printed_and_a_figure_is_drawn(tmp_path: Path) -> None:
    figure = tmp_path / "flip.svg"
    out = answered("check", "Conv(3, padding='same')", "--input", 6, "--flip", "--out", figure)
    assert "holds if: w_1 = w_3" in out
    assert figure.read_text(encoding="utf-8").count("</svg>") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", 6], "0 transformations: give one of --shift, --flip, --rotate and --scale"),
        (["--input", 6, "--flip", "--shift", 1], "2 transformations"),
        (["--input", 6, "--shift", "a"], "shift='a': a whole number"),
        (["--input", 6, "--flip", "--axis", 1], "axis=1: the row has 1 axis "),
        (["--input", "n", "--flip"], "this question needs numbers"),
    ],
)
def test_what_does_not_fit_is_one_line(arguments: Any, message: str) -> None:
    err = refused("check", "Conv(3)", *arguments)
    assert message in err
