"""Figures as TikZ: every unit and connection is there, and plain LaTeX compiles it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

import convgraph as cg
from convgraph.book.figures import figure_numbers, make


@pytest.mark.parametrize("number", ["9.2", "9.4", "9.5"])
def test_every_unit_and_every_connection_is_drawn(number: str) -> None:
    figure = make(number)
    lines = figure.tikz.splitlines()
    units = [unit for panel in figure.panels for unit in panel.units]
    assert sum(line.startswith(r"\node[unit") for line in lines) == len(units)
    edges = [edge for panel in figure.panels for edge in panel.edges]
    assert sum(line.startswith(r"\draw[connection") for line in lines) == len(edges)
    shaded = sum(unit.shaded for unit in units)
    fills = {unit.fill for unit in units if unit.shaded}
    assert len(fills) <= 1
    assert sum("red,168" in line or "red,189" in line for line in lines if "node" in line) == shaded


def test_names_are_mathematics_and_other_text_is_escaped() -> None:
    net = cg.Conv((2, 2)).on((2, 2))
    text = cg.draw(net, letters=True, captions="50% & more").tikz
    assert "{$x_{1,2}$}" in text
    assert "{$w_{2,1}$}" in text
    assert r"{50\% \& more}" in text


def test_the_ending_says_the_format(tmp_path: Path) -> None:
    path = cg.draw(cg.Conv(3).on(5)).save(tmp_path / "figure.tex")
    assert path.read_text().startswith(r"\documentclass[border=4pt]{standalone}")


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [n for n in figure_numbers() if n != "9.6"])  # a photograph
def test_latex_compiles_it(number: Any, tmp_path: Path) -> None:
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex on this machine")
    figure = make(number)
    if not hasattr(figure, "tikz"):
        pytest.skip("a picture of pixels has no TikZ")
    figure.save(tmp_path / "figure.tex")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "figure.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "figure.pdf").stat().st_size > 1000
