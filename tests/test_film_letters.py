"""Names in letters that Pillow's face and Helvetica have not, in every form of a film."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import convgraph as cg
from convgraph.figures.motion import letters
from convgraph.figures.motion.pdf import _text
from convgraph.figures.motion.raster import written
from convgraph.figures.motion.shapes import Frame, Text, texts
from convgraph.figures.motion.wrapped import captioned

pytest.importorskip("PIL.Image")

NAMES = ["\u7573\u307f", "\u0441\u0432\u0451\u0440\u0442", "\u05e7\u05d5\u05e0\u05d1", "\U0001f600"]


@pytest.fixture
def without_faces(monkeypatch: pytest.MonkeyPatch) -> Any:
    def forget() -> None:
        letters._file.cache_clear()
        letters.mixed.cache_clear()
        written.cache_clear()

    monkeypatch.setattr(letters, "_files", lambda: ())
    forget()
    yield
    forget()


def inked(text: str, size: float = 24.0) -> Any:
    return np.asarray(written(text, size, "lm")[0])


@pytest.mark.parametrize("name", NAMES)
def test_letters_that_no_face_has_are_written_as_python_writes_them(
    without_faces: None, name: str
) -> None:
    assert letters._file(name[0]) is None
    assert np.array_equal(inked(name), inked(ascii(name)[1:-1]))


def test_two_names_are_never_drawn_alike_and_stand_where_others_do() -> None:
    drawn = [inked(name) for name in NAMES]
    for i, one in enumerate(drawn):
        assert one.max() == 255
        for other in drawn[:i]:
            assert one.shape != other.shape or (one != other).any()
    for anchor, share in (("lm", 0.0), ("mm", 0.5), ("rm", 1.0)):
        mask, left, top = written(NAMES[1], 40.0, anchor)
        assert abs(left + share * mask.width) < 4
        assert -40 < top < 0 < top + mask.height < 40


def test_a_break_in_a_name_breaks_no_line() -> None:
    assert np.array_equal(inked("x\ny"), inked("x\\ny"))
    frame = Frame((Text(9, 9, "x\ny", 9),), "units of x\ny")
    (made,), _ = captioned([frame], (430, 90))
    assert [line.text for line in made.lines] == ["units of x\\ny"]


def test_a_pdf_has_them_as_pictures_and_without_pillow_as_python_writes_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:

    shape = Text(9, 9, NAMES[1], 9)
    assert any("/IM true" in line for line in _text(shape))
    assert not any("/IM true" in line for line in _text(Text(9, 9, "caf\u00e9 \u2212", 9)))

    def lacking(*_: Any) -> Any:
        raise cg.ConvgraphError("path: no Pillow")

    monkeypatch.setattr("convgraph.figures.motion.raster.written", lacking)
    assert any("u0441" in line for line in _text(shape))


def test_all_forms_are_saved(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    model = torch.nn.Sequential()
    for name in (*NAMES, "x\ny"):
        model.add_module(name, torch.nn.Conv1d(1, 1, 3, padding=1))
    film = cg.animate(cg.from_torch(model, (1, 4)), transformation=cg.Shift(1))
    for form in ("gif", "png", "pdf", "svg", "html"):
        assert film.save(tmp_path / f"a.{form}", frames=2).exists()


def test_pictures_are_as_large_as_their_smallest_letter_needs(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    long = cg.animate(cg.Conv((3, 3), filters=4, groups=2).on((4, 4, 4)))
    short = cg.animate(cg.Conv(3).on(5))
    for film, larger in ((long, True), (short, False)):
        smallest = min(each.size for frame in film.frames for each in texts(frame))
        assert (smallest < 8) == larger
        with image.open(film.save(tmp_path / "a.gif")) as picture:
            scale = picture.width / round(film.size[0])
        assert scale * smallest >= 7.95
        assert scale < 8 / smallest + 0.26 if larger else scale == 1
