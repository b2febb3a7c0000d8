"""`convgraph invariance`, as a user runs it."""

from __future__ import annotations

import json

from tests.command_line import answered, refused

STAGES = "Conv(3) >> ReLU() >> MaxPool(2)"


def test_which_outputs_have_which_chance() -> None:
    assert answered(
        "invariance", "MaxPool(3, stride=1)", "--input", 10, "--shift", 1
    ).splitlines() == [
        "the chance that Shift(1) leaves an output of s as it is",
        "  inside of the frame: 1/2",
        "  expected: 25/48",
        "  2/3: s1",
        "  1/2: s2, s3, s4, s5, s6, s7, s8",
        "for independent values of x, all positive",
    ]
    many = answered(
        "invariance", "MaxPool((2, 2))", "--input", "2x9x9", "--shift", "1,0"
    ).splitlines()
    assert many[4] == "  1/3: 24 units"


def test_behind_a_convolution_the_independent_row_is_named() -> None:
    error = refused("invariance", STAGES, "--input", 16, "--shift", 1)
    assert "independent='h1'" in error
    out = answered("invariance", STAGES, "--input", 16, "--shift", 1, "--independent", "h1")
    assert out.splitlines()[1] == "  inside of the frame: 5/12"
    assert out.endswith("for independent values of h1, each not positive with the chance 1/2\n")


def test_json_holds_the_same() -> None:
    arguments = "MaxPool(3, stride=1)", "--input", 10, "--shift", 1, "--boundary", "wrap"
    facts = json.loads(answered("invariance", *arguments, "--json"))
    assert facts["transformation"] == "Shift(1, boundary='wrap')"
    assert facts["inside"] == facts["expected"] == "1/2"
    assert facts["probabilities"] == ["1/2"] * 8
    assert facts["row"] == "x"


def test_sizes_that_are_letters() -> None:
    lines = answered(
        "invariance", "MaxPool(w, stride=1)", "--input", "n", "--shift", 1
    ).splitlines()
    assert lines[1:3] == [
        "  inside of the frame: (w - 1)/(w + 1)",
        "  of all outputs: not known without numbers for the sizes",
    ]


def test_mistakes_are_one_line() -> None:
    for arguments, message in [
        (["MaxPool(2)", "--input", 8, "--shift", "a"], "shift='a': a whole number"),
        (["MaxPool(2)", "--input", 8, "--shift", 1, "--axis", 4], "axis=4: the row has 1 axis "),
        (
            ["Conv(1)", "--input", 8, "--shift", 1],
            "expected one or several max pools",
        ),
        (["MaxPool(2)", "--input", 8, "--shift", 1, "--independent", "q"], "row='q': no row"),
    ]:
        error = refused("invariance", *arguments)
        assert message in error
