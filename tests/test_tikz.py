"""Figures as TikZ: every unit and connection is there, and plain LaTeX compiles it."""

from __future__ import annotations

import re
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
    assert len({unit.fills for unit in units if unit.shaded}) <= 1
    filled = re.compile(r"\\node\[unit, (shaded|fill=rgbBDBDBD)")
    assert sum(filled.match(line) is not None for line in lines) == shaded


def test_connections_run_from_name_to_name() -> None:
    net = (cg.Conv(3, padding="same") >> cg.Conv(2)).on(5)
    text = cg.draw(net).above(cg.draw(net)).tikz
    for before in ("", "panel2_"):
        for a, b in net.graph.edges():
            assert rf"\draw[connection] ({before}{a}) -- ({before}{b});" in text
    assert "(x1_2) at" in cg.draw(cg.Conv((2, 2)).on((2, 2))).tikz


def test_places_are_in_columns() -> None:
    net = cg.Conv(3, padding="same").on(4)
    text = cg.draw(net, row_distance=1.5).tikz
    found = re.findall(r"\((\w+)\) at \(([\d.]+), ([\d.]+)\)", text)
    assert {name: (float(x), float(y)) for name, x, y in found} == {
        f"{row}{i}": (i - 1, y) for row, y in (("x", 0), ("s", 1.5)) for i in range(1, 5)
    }


def test_every_colour_is_defined_once_by_its_number() -> None:
    net = cg.Conv(3, padding="same").on(5)
    text = cg.draw(net, shade={"brown": ["x1", "x2"], "pink": ["x2", "x3"], "black": "x4"}).tikz
    assert text.count(r"\definecolor{rgbA52A2A}{HTML}{A52A2A}") == 1
    units = {m[1]: m[0] for m in re.finditer(r"\\node.*\] \((x\d)\) at.*", text)}
    assert "fill=rgbA52A2A, text=rgbFFFFFF" in units["x1"]
    assert units["x2"].count(r"\fill[") == 2
    assert "fill=rgb000000, text=rgbFFFFFF" in units["x4"]


def test_names_are_mathematics_and_other_text_is_escaped() -> None:
    net = cg.Conv((2, 2)).on((2, 2))
    text = cg.draw(net, letters=True, captions="50% & more").tikz
    assert "{$x_{1,2}$}" in text
    assert "{$w_{2,1}$}" in text
    assert r"{50\% \& more}" in text


def test_the_ending_says_the_format(tmp_path: Path) -> None:
    path = cg.draw(cg.Conv(3).on(5)).save(tmp_path / "figure.tex")
    assert path.read_text().startswith(r"\documentclass[border=4pt]{standalone}")


BEYOND = ["é", "über", "α", "ß_2", "α_β", "漢", "🙂", "Журн", "ą", "≤", "«x»", "e\u0301"]


def beyond_ascii() -> cg.Figure:
    net = cg.Conv(3, padding="same").on(len(BEYOND))
    labels = {f"x{i}": {"label": text} for i, text in enumerate(BEYOND, 1)}
    letters = {"w_1": "ő", "w_2": "weiß_{größe}"}
    return cg.draw(net, units=labels, letters=letters, captions="Größe über α: Łódź, 日本")


def test_letters_beyond_ascii_are_text_in_formulas_and_known_to_pdflatex() -> None:
    text = beyond_ascii().tikz
    for formula in re.findall(r"\{(\$[^{}]*(?:\{[^$]*)?\$)\}", text):
        assert formula.isascii() or r"\text{" in formula
    assert r"{$\text{\textit{é}}$}" in text
    assert r"{$\text{\textit{$\alpha$}}_{\text{$\beta$}}$}" in text
    assert "\u0301" not in text
    body = text.partition(r"\begin{document}")[2]
    known = {chr(int(code, 16)) for code in re.findall(r"\\letter\{.\}\{(\w+)\}", text)}
    assert {c for c in body if not c.isascii()} == known
    plain = cg.draw(cg.Conv(3).on(5)).tikz
    assert plain.isascii()
    assert "amstext" not in plain


@pytest.mark.exhaustive
@pytest.mark.parametrize("program", ["pdflatex", "xelatex", "lualatex"])
def test_latex_compiles_letters_beyond_ascii(program: str, tmp_path: Path) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"no {program} on this machine")
    text = beyond_ascii().tikz.replace("[border=4pt]{standalone}", "{article}")  # one file less
    (tmp_path / "figure.tex").write_text(text, encoding="utf-8")
    command = [program, "-halt-on-error", "-interaction=nonstopmode", "figure.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]


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


def test_letters_have_their_sizes_and_dark_figures_their_paper() -> None:
    net = cg.Conv(3).on(5)
    light, dark = (cg.draw(net, theme=theme).tikz for theme in ("book", "dark"))
    assert "\\usepackage{fix-cm}" in light
    assert "background rectangle" not in light
    assert "background rectangle/.style={fill=paper, draw=none}" in dark
    assert "\\definecolor{paper}{HTML}{16181C}" in dark


def test_what_has_no_letters_has_no_size_of_letters() -> None:
    text = cg.draw(cg.Conv(3).on(5), units={"x1": {"label": ""}}).tikz
    (line,) = (line for line in text.splitlines() if "(x1) at" in line)
    assert "fontsize" not in line
    assert line.endswith("{};")
