"""Values in units: written as a person writes them, of one size in each row, within their units."""

from __future__ import annotations

import shutil
import subprocess
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg
from convgraph.figures.lettering import fits, label_size, room_in
from convgraph.figures.theme import BOOK, as_theme
from convgraph.figures.written import written_values

NET = cg.Conv(3, padding="same").on(6)
ONE = cg.Conv(1).on(1)
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁻"
PLAIN = str.maketrans(RAISED, "0123456789-")


def written(value: Any, room: float = 27, font: str = "Times") -> str:
    return written_values(ONE, {"x": [value]}, room, font)["x1"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"), (0.0, "0"), (-0.0, "0"), (1, "1"), (1.0, "1"), (0.1, ".1"), (-0.25, "−.25"),
        (1 / 3, ".333"), (2 / 3, ".667"), (-1.125, "−1.125"), (1000.0, "1000"), (12345.6, "12346"),
        (1234567, "1234567"), (1234567.0, "1.23\n×10⁶"), (1e6, "10⁶"), (-1e6, "−10⁶"),
        (2e6, "2×10⁶"), (1.5e-10, "1.5\n×10⁻¹⁰"), (0.0012, ".0012"), (9.999e-4, "9.999\n×10⁻⁴"),
        (99999.9, "10⁵"), (float("inf"), "∞"), (float("-inf"), "−∞"), (float("nan"), "NaN"),
        (Fraction(22, 7), "22/7"), (Fraction(-1, 3), "−1/3"), (Fraction(4, 2), "2"),
        (Fraction(355, 113), "355/\n113"), (Fraction(123456789, 987654321), ".125"),
        (12345678901234567890, "1.23\n×10¹⁹"), (10**400, "10⁴⁰⁰"), (np.float32(0.1), ".1"),
        (np.int64(7), "7"), (sympy.Rational(1, 3), "1/3"), (sympy.Float(1) / 3, ".333"),
        ("...", "..."), (True, "1"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_a_person_writes_them(value: Any, text: str) -> None:
    assert written(value) == text


def number(text: str) -> Fraction:
    """What somebody reads."""
    text = text.replace("\n", "").replace("−", "-")
    digits = text.rstrip(RAISED)
    if digits == text:
        return Fraction(text)
    power = Fraction(10) ** int(text[len(digits) :].translate(PLAIN))
    before = digits.removesuffix("10").removesuffix("×")
    return power * (Fraction(before) if before not in ("", "-") else int(f"{before}1"))


@given(
    st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.fractions()),
    st.sampled_from(["Times", "Helvetica", "DejaVu Serif Bold", "Courier"]),
)
def test_a_number_is_near_to_what_is_written_and_fits(value: Any, font: str) -> None:
    text = written(value, 27, font)
    assert fits(text, 27.0, font) or sum(c in RAISED for c in text) > 3
    found = number(text)
    exact = Fraction(value)
    assert abs(found - exact) <= abs(exact) / 2
    assert (found < 0) == (exact < 0)


@pytest.mark.parametrize("theme", ["book", "slides", {"font": "DejaVu Sans Mono Bold"}])
def test_values_of_a_row_have_one_size_and_stay_within_their_units(theme: Any) -> None:
    values = {"x": [3, 1234567.0, -1.2e-5, Fraction(355, 113), 0.5, 1 / 3], "s": [1] * 6}
    chosen = as_theme(theme)
    (panel,) = cg.draw(NET, values=values, theme=theme).panels
    sizes = {row: {label_size(u, chosen) for u in panel.units if u.row == row} for row in "xs"}
    assert len(sizes["x"]) == len(sizes["s"]) == 1
    assert min(sizes["x"]) < min(sizes["s"]) == chosen.label_size
    room = room_in("circle", 1, chosen)
    assert all(fits(unit.text, room, chosen.font) for unit in panel.units)
    grid = cg.draw_grid(cg.Conv((2, 2)).on((2, 2)), values={"x": [[1, 22 / 7], [1e9, -0.5]]})
    assert len({label_size(u, BOOK) for u in grid.panels[0].units if u.row == "x"}) == 1


def test_names_beside_a_value_keep_their_size() -> None:
    (panel,) = cg.draw(NET, values={"x2": 1234567}).panels
    sizes = [label_size(unit, BOOK) for unit in panel.units if unit.row == "x"]
    assert sizes[1] < sizes[0] == sizes[2] == BOOK.label_size


NAME = "model_encoder_layers_4_attention_self_query_projection_of_the_second_head_in_net"


def test_long_names_are_cut_where_they_begin_and_said_below() -> None:
    x = cg.Input(6, name=NAME)
    net = cg.Network([x], [cg.Conv(3, padding=1)(x)])
    (panel,) = cg.draw(net).panels
    room = room_in("circle", 1, BOOK)
    for unit in panel.units[:6]:
        assert unit.text.startswith("…")
        assert unit.name.endswith(unit.text[1:])
        assert fits(unit.text, room)
    assert len({unit.text for unit in panel.units}) == 12
    (note,) = panel.texts
    assert note.text.replace("\n", "").replace(" ", "") == f"{panel.units[0].text}is{NAME}1."
    # who points at a unit sees the whole
    svg = cg.draw(net).svg()
    assert f"<title>{NAME}1</title>" in svg
    (cells,) = cg.draw_grid(net).panels
    assert all(fits(unit.text, unit.side - 6) for unit in cells.units)
    (matrix,) = cg.draw_matrix(net).panels
    columns = [text.text for text in matrix.texts if text.text.startswith("…")]
    assert len({*columns}) == 6


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs LaTeX")
def test_latex_has_all_characters_of_numbers(tmp_path: Any) -> None:
    values = {"x": [1.5e-10, -1e234, 987e6, float("inf"), 4.56e7, -1 / 3]}
    cg.draw(NET, values=values, captions="…").save(tmp_path / "f.tex")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "f.tex"],
        cwd=tmp_path, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:]
