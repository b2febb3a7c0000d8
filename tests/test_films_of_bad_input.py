"""What cannot be animated is refused in one sentence, and no file is touched."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import convgraph as cg
from convgraph.cli import main

LARGE = cg.Conv((3, 3)).on((300, 224))
VOLUME = cg.Conv((3, 3, 3)).on((5, 5, 5))
LINE = cg.Conv(3).on(5)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: cg.animate(cg.Dense(4).on(3)), "layer of windows over one axis or two"),
        (lambda: cg.animate(cg.ReLU().on(3)), "layer of windows over one axis or two"),
        (lambda: cg.animate((cg.Dense(4) >> cg.Dense(2)).on(3)), "one layer is animated at a time"),
        (lambda: cg.animate(VOLUME), "layer of windows over one axis or two"),
        (lambda: cg.animate(VOLUME, "s1,1,1"), "x has 3 axes besides its channels"),
        (lambda: cg.animate(LARGE), "more than the 400 that one animation shows; a smaller input"),
        (
            lambda: cg.animate(LARGE, "s1,1"),
            "the row x has 300 positions along an axis, and a page has room for 256",
        ),
        (
            lambda: cg.animate(LARGE, "s1,1", gradient=True),
            "a page has room for 256; a smaller input has fewer",
        ),
        (
            lambda: cg.animate(LARGE, transformation=cg.Shift((1, 0))),
            "a page has room for 256; a smaller input has fewer",
        ),
        (lambda: cg.animate(cg.Conv(3).on(200)), "200 places along an axis"),
        (lambda: cg.animate(LINE, transformation=3), "transformation=3: a transformation"),
        (lambda: cg.animate(LINE, "s9"), "unit='s9': no unit of this network"),
        (lambda: cg.animate(LINE, "x1"), "unit='x1': a unit of a row that is computed"),
        (lambda: cg.animate(LINE, seconds=True), "seconds=True"),
        (lambda: cg.animate(LINE, values=[1, 2, np.nan, 4, 5]), "values: numbers, and no NaN"),
        (lambda: cg.animate(LINE, parameters={"q": [1]}), "'q' is no array; arrays here: w"),
        (lambda: cg.animate(LINE, parameters={"w": [1, 2, np.nan]}), "numbers, and no NaN"),
        (lambda: cg.animate(LINE, cells="none", values=[1, 2, 3, 4, 5]), "values=: numbers stand"),
        (lambda: cg.animate(LINE, cells="symbols", parameters={"w": [1, 2, 3]}), "parameters=:"),
    ],
)
def test_it_is_refused(made: Callable[[], Any], said: str) -> None:
    with pytest.raises(cg.ConvgraphError) as error:
        made()
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("missing", "ending", "extra"),
    [
        ("PIL", ".gif", "motion"),
        ("PIL", ".png", "motion"),
        ("PIL", ".apng", "motion"),
        ("PIL", ".mp4", "motion"),
        ("av", ".mp4", "video"),
    ],
)
def test_a_missing_extra_is_named_and_what_was_there_is_there(
    missing: str, ending: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = cg.animate(LINE)
    if ending == ".mp4" and missing == "PIL":
        pytest.importorskip("av")  # which is asked for first
    for name in [each for each in sys.modules if each.partition(".")[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    before, new = tmp_path / f"before{ending}", tmp_path / f"new{ending}"
    before.write_text("before", encoding="utf-8")
    for path in (before, new):
        with pytest.raises(cg.ConvgraphError, match=rf"pip install 'convgraph\[{extra}\]'"):
            film.save(path)
    assert [each.name for each in tmp_path.iterdir()] == [before.name]
    assert before.read_text(encoding="utf-8") == "before"
    for other in (".html", ".svg", ".pdf"):
        assert film.save(tmp_path / f"a{other}").stat().st_size > 1000


@pytest.mark.parametrize("scale", [0, 0.01, 5, True, "2", float("nan")])
def test_a_scale_is_a_number_that_pixels_allow(scale: Any, tmp_path: Path) -> None:
    with pytest.raises(cg.ConvgraphError, match=r"scale=.*: a number from 0\.1 up to 4"):
        cg.animate(LINE).save(tmp_path / "a.gif", scale=scale)
    assert not list(tmp_path.iterdir())


def test_cells_narrower_than_a_pixel_are_drawn(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")

    for film in (cg.animate(LINE), cg.animate(cg.Conv(3).on(1_200), "s3")):
        with image.open(film.save(tmp_path / "a.gif", scale=0.1)) as drawn:
            assert drawn.width > drawn.height > 0
            assert len(drawn.convert("RGB").getcolors(1 << 16)) > 1


def test_a_boundary_without_a_shift_is_refused(tmp_path: Path) -> None:
    given = ["animate", "Conv(3)", "--input", "5", "--out", str(tmp_path / "a.svg")]
    result = CliRunner().invoke(main, [*given, "--boundary", "wrap"])
    assert result.exit_code
    assert "--boundary wrap: of a shift, which --shift gives" in result.output
    assert CliRunner().invoke(main, [*given, "--columns", "2"]).exit_code == 0
