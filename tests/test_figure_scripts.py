"""The scripts beside the figures in the gallery draw these figures, wherever they are pasted."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import convgraph as cg
from convgraph.book.figure_script import figure_script
from convgraph.book.figures import figure_function, figure_numbers


@pytest.mark.parametrize("number", figure_numbers())
def test_a_script_draws_its_figure(
    number: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = figure_script(number)
    assert "@figure" not in script
    monkeypatch.chdir(tmp_path)
    exec(compile(script, number, "exec"), {})
    drawn = (tmp_path / f"figure-{number}.svg").read_text(encoding="utf-8")
    figure_function(number)().save(tmp_path / "expected.svg")
    assert drawn == (tmp_path / "expected.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("number", figure_numbers())
def test_a_script_needs_public_names_alone(number: str) -> None:
    script = figure_script(number)
    named = re.findall(r"^\s*(?:from|import)\s+(convgraph\S*.*)$", script, re.MULTILINE)
    assert named == ["convgraph as cg"]
    assert {*re.findall(r"\bcg\.(\w+)", script)} <= {*cg.__all__}
    assert not re.search(r"\w\._[a-z]", script)


def test_a_script_runs_in_a_process_of_its_own(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", figure_script("9.5")], cwd=tmp_path, check=True)
    assert (tmp_path / "figure-9.5.svg").stat().st_size > 1000


def test_a_figure_that_does_not_exist() -> None:
    with pytest.raises(cg.ConvgraphError, match=r"figure='9.99'"):
        figure_script("9.99")
