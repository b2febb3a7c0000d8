"""Captions of films are in lines that end where a frame does, whatever the face and the name."""

from __future__ import annotations

from itertools import pairwise

import pytest

import convgraph as cg
from convgraph.figures.motion.shapes import Frame, Text, magnified
from convgraph.figures.motion.wrapped import captioned

WIDE = 0.62  # sizes of a letter, of the common faces in which all are as wide as each other


def _long(text: str) -> Frame:
    return Frame((), text)


@pytest.mark.parametrize(
    "text",
    [
        "short",
        "a sum of many words " * 12,
        "a_name_of_a_row." * 9,
        "layer4.1.conv2" + "x" * 80 + " sees 5 of the 7 positions",
        "MMMM WWWW " * 20,
    ],
)
@pytest.mark.parametrize("width", [430.0, 640.0])
def test_lines_are_the_caption_and_end_within_the_frame(text: str, width: float) -> None:
    (frame, other), (wide, height) = captioned([_long(text), _long("short")], (width, 300.0))
    said = "".join(line.text for line in frame.lines).replace(" ", "")
    assert said == text.replace(" ", "")
    assert wide == width
    for line in (*frame.lines, *other.lines):
        assert len(line.text) * WIDE * line.size <= width or line.text.isupper()
        assert 11 <= line.size <= 13
        assert 300 - 16 <= line.y <= height - 10
    assert {line.size for line in frame.lines} == {line.size for line in other.lines}
    assert other.lines[0].y == frame.lines[0].y
    ys = [line.y for line in frame.lines]
    assert all(b - a >= 1.2 * frame.lines[0].size for a, b in pairwise(ys))


def test_short_captions_change_no_size_and_a_magnified_frame_has_all_lines() -> None:
    (frame,), size = captioned([_long("short")], (430.0, 200.0))
    assert size == (430.0, 200.0)
    assert [line.text for line in frame.lines] == ["short"]
    (frame,), size = captioned([_long("words " * 40)], (430.0, 200.0))
    assert size[1] > 200
    larger = magnified(frame, 2)
    assert [line.y for line in larger.lines] == [2 * line.y for line in frame.lines]


def test_a_film_with_long_captions_is_higher() -> None:
    net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(7)
    film = cg.animate(net, transformation=cg.Shift(1))
    for frame in film.frames:
        assert all(0 < line.y < film.size[1] for line in frame.lines)
        assert " ".join(line.text for line in frame.lines) == frame.caption


def test_sizes_are_not_taken_apart() -> None:
    (frame,), _ = captioned([_long("words " * 8 + "on 3 x 3; " + "words " * 8)], (430.0, 200.0))
    assert len(frame.lines) > 1
    assert sum("3 x 3;" in line.text for line in frame.lines) == 1


def test_about_is_no_minus_in_pixels() -> None:
    """One wave alone looked like a minus where letters are small: there are two."""
    np = pytest.importorskip("numpy")
    pytest.importorskip("PIL")
    from convgraph.figures.motion.raster import painted

    def bands(text: str) -> int:
        frame = Frame((Text(30, 20, text, 24),), "")
        (picture,) = painted([frame], (60, 40))
        dark = np.asarray(picture.convert("L")).min(axis=1) < 200
        return int((dark[1:] & ~dark[:-1]).sum())

    assert (bands("\u2248"), bands("\u2212")) == (2, 1)
