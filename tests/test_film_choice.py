"""Which frames of a film are kept."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convgraph as cg
from convgraph.figures.motion.choice import chosen


@pytest.fixture(scope="module")
def film() -> cg.Animation:
    return cg.animate(cg.Conv(3).on(9))


@pytest.mark.parametrize("count", [1, 2, 9, 11])
def test_so_many_are_spread_from_the_first_to_the_last(count: int) -> None:
    for some in range(2, count + 1):
        apart = Fraction(count - 1, some - 1)
        assert chosen(some, count) == [floor(i * apart + Fraction(1, 2)) for i in range(some)]
    assert chosen(1, count) == [0]
    assert chosen(count, count) == list(range(count))


@pytest.mark.parametrize("which", [[0, 4, -1], (2,), np.array([1, 3]), range(0, 9, 3), [4, 0, 4]])
def test_a_strip_has_the_frames_of_a_list(film: cg.Animation, which: Any, tmp_path: Path) -> None:
    svg = film.save(tmp_path / "a.svg", frames=which).read_text(encoding="utf-8")
    svg = svg[svg.index("</title>") :]
    captions = [film.frames[i].caption for i in which]
    assert svg.count('href="#base"') == len(captions)
    places = [svg.index(f">{caption}<") for caption in dict.fromkeys(captions)]
    assert places == sorted(places)
    for frame in film.frames:
        assert svg.count(f">{frame.caption}<") == captions.count(frame.caption)


@pytest.mark.parametrize("which", [slice(0, 9, 4), slice(None, 3), slice(None, None, -1)])
def test_a_slice_is_that_of_a_list(which: slice) -> None:
    assert chosen(which, 9) == list(range(9))[which]


def test_a_page_plays_the_frames_that_were_chosen(film: cg.Animation, tmp_path: Path) -> None:
    page = film.save(tmp_path / "a.html", frames=[0, -1]).read_text(encoding="utf-8")
    assert page.count('class="mo-frame"') == 2
    assert 'max="1"' in page


def test_frames_of_a_gif_last_as_long_as_others(film: cg.Animation, tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    with image.open(film.save(tmp_path / "a.gif", frames=slice(0, 4))) as gif:
        assert gif.n_frames == 4
        times = []
        for i in range(4):
            gif.seek(i)
            times.append(gif.info["duration"])
    assert times == [600, 600, 600, 1800]


@pytest.mark.parametrize(
    ("which", "said"),
    [
        (0, "from 1 to all 9"),
        (10, "from 1 to all 9"),
        (-3, "from 1 to all 9"),
        (True, "how many"),
        (1.5, "how many"),
        ("4", "how many"),
        ({0}, "how many"),
        ([], "one frame at least"),
        ([0, 9], "9 is no frame; there are 9"),
        ([-10], "-10 is no frame"),
        ([True], "True is no frame"),
        ([0.0], "is no frame"),
        (slice(9, 20), "no frame of 9"),
        (slice(0, 9, 0), "whose step is not 0"),
        (slice("a", None), "a slice of whole numbers"),
    ],
)
def test_what_is_no_choice_is_refused_and_leaves_the_file(
    film: cg.Animation, which: Any, said: str, tmp_path: Path
) -> None:
    (tmp_path / "a.svg").write_text("before", encoding="utf-8")
    with pytest.raises(cg.ConvgraphError, match="frames=") as error:
        film.save(tmp_path / "a.svg", frames=which)
    assert said in str(error.value)
    assert (tmp_path / "a.svg").read_text(encoding="utf-8") == "before"


@pytest.mark.parametrize(("which", "count"), [("4", 4), ("0,4,-1", 3), ("0:9:2", 5), ("2,", 1)])
def test_the_command_line_takes_them(which: str, count: int, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from convgraph.cli.animate_command import command

    out = str(tmp_path / "a.svg")
    told = CliRunner().invoke(command, ["Conv(3)", "--input", "9", "--out", out, "--frames", which])
    assert told.output.endswith(f"{count} frame{'s' * (count > 1)}\n")


@pytest.mark.parametrize("which", ["a", "1.5", "1:2:3:4", ""])
def test_the_command_line_says_how_they_are_written(which: str, tmp_path: Path) -> None:
    from click.testing import CliRunner

    from convgraph.cli.animate_command import command

    out = tmp_path / "a.svg"
    told = CliRunner().invoke(
        command, ["Conv(3)", "--input", "9", "--out", str(out), "--frames", which]
    )
    assert f"--frames {which}: so many (4), some (0,4,8) or a slice (0:9:2)" in str(told.exception)
    assert not out.exists()


@pytest.mark.parametrize(("columns", "rows"), [(1, 5), (2, 3), (9, 1)])
def test_a_strip_has_as_many_columns_as_are_asked_for(
    film: cg.Animation, columns: int, rows: int, tmp_path: Path
) -> None:
    kept = min(columns, 5)
    wide, high = kept * film.size[0], rows * film.size[1]
    svg = film.save(tmp_path / "a.svg", frames=5, columns=columns).read_text(encoding="utf-8")
    assert f'viewBox="0 0 {wide:g} {high:g}"' in svg
    assert film.save(tmp_path / "a.pdf", frames=5, columns=columns).read_bytes()


@pytest.mark.parametrize(
    ("path", "columns", "said"),
    [("a.svg", 0, "from 1 on"), ("a.svg", 2.0, "from 1 on"), ("a.gif", 2, "of a strip")],
)
def test_columns_that_are_none_are_refused(
    film: cg.Animation, path: str, columns: Any, said: str, tmp_path: Path
) -> None:
    with pytest.raises(cg.ConvgraphError, match=said):
        film.save(tmp_path / path, columns=columns)
