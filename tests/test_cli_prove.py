"""`convgraph prove`, as a user runs it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.command_line import refused, run


def test_a_proof_is_printed_step_by_step() -> None:
    out, _ = run("prove", "Conv(k, stride=s)", "--shift", "s*t")
    assert out.startswith("Theorem. Conv(k, stride=s) commutes with Shift(s*t) on the whole line:")
    assert out.rstrip().endswith("Therefore y'[i] = y[i - t].")
    assert "(3) the same index" in out


def test_checks_are_made_when_they_are_asked_for() -> None:
    out, _ = run("prove", "Conv(3, padding=1)", "--shift", "2", "--where", "interior", "--verify")
    assert "for 2 <= i, i <= n - 2" in out
    checked = ["checked: 3 steps follow", "z3: confirmed, 3 lemmas and 2 questions"]
    assert out.splitlines()[-2:] == checked


def test_without_z3_the_extra_is_named(monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "z3", None)
    import importlib.util

    found = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec", lambda name, *a: None if name == "z3" else found(name, *a)
    )
    out, _ = run("prove", "Conv(k)", "--shift", "t", "--verify")
    assert out.splitlines()[-1] == "z3 is not installed: pip install 'convgraph[smt]'"


@pytest.mark.parametrize(
    ("option", "begins", "holds"),
    [
        ("--latex", r"\textbf{Theorem.}", r"\sum_{j=0}^{k - 1}"),
        ("--markdown", "**Theorem.** `Conv(k)`", r"\begin{aligned}"),
        ("--smt2", "; Proof(Conv(k) commutes with", "(check-sat)"),
    ],
)
def test_other_forms(option: str, begins: str, holds: str) -> None:
    out, _ = run("prove", "Conv(k)", "--shift", "t", option)
    assert out.startswith(begins)
    assert holds in out


def test_a_model_is_taken_as_its_layers() -> None:
    onnx = pytest.importorskip("onnx")
    model = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light" / "light_vgg19.onnx"
    out, _ = run("prove", str(model), "--row", "r4", "--shift", "2,0", "--verify")
    assert out.startswith("Theorem. The layers of Network(data_0[3, 224, 224] -> ")
    assert out.splitlines()[-1].startswith("z3: confirmed")
    assert "no such file" in refused("prove", "missing.onnx", "--shift", "1").lower()


def test_json() -> None:
    out, _ = run("prove", "MaxPool(k)", "--shift", "k*t", "--where", "circle", "--json", "--verify")
    facts = json.loads(out)
    assert facts["holds"] is True
    assert facts["conclusion"] == "y'[i] = y[(i - t) mod m]"
    assert [step["number"] for step in facts["steps"]] == [1, 2, 3, 4]
    assert facts["checks"][1].startswith("z3: confirmed")


def test_letters_that_the_layers_lack_are_of_either_sign() -> None:
    out, _ = run("prove", "Conv(3)", "--shift", "t", "--where", "interior")
    assert "0 <= i" in out
    assert "t <= i" in out


def test_images_and_channels() -> None:
    out, _ = run(
        "prove", "Conv((k, k), filters=m, stride=2)", "--shift", "2*t,0", "--channels", "c"
    )
    assert "y'[f, i_1, i_2] = y[f, i_1 - t, i_2]" in out


def test_what_does_not_hold_has_the_exit_status_1() -> None:
    out, _ = run("prove", "Conv(3, stride=2)", "--shift", "1", status=1)
    assert "Counterexample: an input of 3, unit s1:" in out
    out, _ = run("prove", "ReLU()", "--shift", "1", "--where", "frame", "--json", status=1)
    assert json.loads(out)["holds"] is None
    out, _ = run(
        "prove", "Conv(k, padding='same')", "--shift", "1", "--where", "frame", "--json", status=1
    )
    facts = json.loads(out)
    assert (facts["values"], facts["input"], facts["holds"]) == ({"k": 2}, [2], False)
    out, _ = run("prove", "Conv(2)", "--shift", "1", "--where", "frame", "--smt2", status=1)
    assert "expect sat" in out


def test_bad_input_is_one_line() -> None:
    assert "one for each axis joined by commas" in refused("prove", "Conv(3)", "--shift", "'word'")
    assert "the row has 1 axis " in refused("prove", "Conv(3)", "--shift", "1,2")
    assert "Missing option '--shift'" in refused("prove", "Conv(3)")
    assert "undecided" in refused("prove", "ReLU()", "--shift", "1", "--where", "frame", "--smt2")
    assert "z3 looks for" in refused("prove", "Conv(3, stride=2)", "--shift", "1", "--smt2")
    for channels in ("1,1", "'c'", "()"):
        said = refused("prove", "Conv(3)", "--shift", "1", "--channels", channels)
        assert "channels=" in said
