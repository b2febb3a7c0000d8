"""`convgraph tiles` and `convgraph stream`: the same answers as the functions give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import convgraph as cg
from convgraph.cli import main

SPEC = "Conv((3, 3), padding=1) >> MaxPool((2, 2))"
SOUND = "Conv(4, stride=2, padding=1) >> Conv(3, padding=1)"


def run(*arguments: str) -> str:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.output
    return done.output


def test_tiles_of_an_expression() -> None:
    plan = cg.tiles((cg.Conv((3, 3), padding=1) >> cg.MaxPool((2, 2))).on((64, 48)), tile=(32, 16))
    given = json.loads(run("tiles", SPEC, "--input", "64x48", "--tile", "32x16", "--json"))
    assert given == {**plan.to_dict(), "statement": plan.statement()}
    assert repr(plan) in run("tiles", SPEC, "--input", "64x48", "--tile", "32x16")


def test_a_stream_of_an_expression() -> None:
    made = cg.stream((cg.Conv(4, stride=2, padding=1) >> cg.Conv(3, padding=1)).on(64), rate=16000)
    given = json.loads(run("stream", SOUND, "--input", "64", "--rate", "16000", "--json"))
    assert given.pop("schedule") == [list(pair) for pair in made.schedule()]
    assert given == made.to_dict()
    assert repr(made) in run("stream", SOUND, "--input", "64", "--axis", "0")


def test_an_expression_may_be_longer_than_the_name_of_a_file() -> None:
    long = " >> ".join(["Conv(3, padding=1)"] * 30)
    assert json.loads(run("stream", long, "--input", "64", "--json"))["lookahead"] == "30"


def test_a_model_is_bound_to_the_size_that_is_asked_for() -> None:
    onnx = pytest.importorskip("onnx")
    light = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    given = json.loads(
        run(
            *("tiles", str(light / "light_resnet50.onnx"), "--input", "1x3x2048x1024"),
            *("--tile", "1024", "--row", "r171", "--json"),
        )
    )
    assert [axis["size"] for axis in given["axes"]] == [2048, 1024]
    assert given["axes"][0]["step"] == 32
    refused = CliRunner().invoke(
        main, ["tiles", str(light / "light_resnet50.onnx"), "--input", "1x3x2048x1024"]
    )
    assert "--row ROW reads less" in " ".join(refused.output.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tiles", SPEC, "--tile", "8"], "an expression needs its sizes"),
        (["tiles", SPEC, "--input", "64x48", "--tile", "a"], "whole numbers joined by x"),
        (["tiles", SPEC, "--input", "64x48", "--overhead", "x"], "overhead='x'"),
        (
            ["tiles", SPEC, "--input", "64x48", "--overhead", "1e999999999"],
            "overhead='1e999999999'",
        ),
        (["stream", SPEC, "--input", "64x48", "--rate", "1e999999999"], "rate='1e999999999'"),
        (["tiles", SPEC + ">> GlobalAvgPool()", "--input", "1x8x8", "--tile", "6"], "(--row h2)"),
        (["tiles", "none.onnx", "--tile", "8"], "none.onnx"),
        (["stream", SOUND, "--input", "64", "--axis", "space"], "axis='space'"),
        (["stream", SOUND, "--input", "64", "--axis", "3"], "axis=3"),
        (["stream", SOUND, "--input", "64", "--rate", "fast"], "rate='fast'"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code != 0
    assert says in " ".join(done.output.split())
