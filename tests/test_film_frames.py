"""Frames that share a ground: each of every form shows its own shapes and nothing else."""

from __future__ import annotations

import re
import zlib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import convgraph as cg
from convgraph.figures.motion.frame_svg import elements
from convgraph.figures.motion.layers import layered
from convgraph.figures.motion.shapes import COLOURS, Box, Frame, Line, Text

SVG = "{http://www.w3.org/2000/svg}"


def deep() -> cg.Network:
    return (cg.Conv((2, 2), filters=2) >> cg.ReLU() >> cg.Conv((2, 2))).on((1, 5, 5))


FILMS: dict[str, Any] = {
    "filters": lambda: cg.animate(cg.Conv((3, 3), filters=2, padding=1).on((2, 2, 3))),
    "groups": lambda: cg.animate(cg.Conv((2, 2), filters=4, groups=2).on((4, 3, 2))),
    "depthwise": lambda: cg.animate(cg.Conv((2, 2), filters=3, groups=3).on((3, 3, 3))),
    "transposed groups": lambda: cg.animate(
        cg.ConvTranspose((2, 2), stride=2, filters=2, groups=2).on((2, 2, 2))
    ),
    "local": lambda: cg.animate(cg.LocallyConnected((2, 2)).on((4, 4))),
    "rows": lambda: cg.animate(cg.Conv(3, filters=2, padding=2, dilation=2).on((2, 6))),
    "scattered": lambda: cg.animate(
        cg.ConvTranspose(3, stride=2, filters=2).on((2, 4)), reading="scattered"
    ),
    "scattered convolution": lambda: cg.animate(
        cg.Conv((2, 2), stride=2).on((4, 4)), reading="scattered"
    ),
    "scattered, added twice": lambda: cg.animate(
        cg.Conv((3, 3), padding=1, padding_mode="replicate").on((3, 3)), reading="scattered"
    ),
    "scattered, around the ends": lambda: cg.animate(
        cg.Conv(3, padding=1, padding_mode="circular").on(5), reading="scattered"
    ),
    "scattered channels": lambda: cg.animate(
        cg.ConvTranspose((2, 2), stride=2, filters=2).on((2, 2, 2)), reading="scattered"
    ),
    "pool": lambda: cg.animate(cg.MaxPool((3, 3), stride=2, padding=1).on((5, 5))),
    "colours alone": lambda: cg.animate(cg.Conv((3, 3), padding=1).on((3, 3)), cells="none"),
    "negative": lambda: cg.animate(
        cg.Conv((2, 2)).on((3, 3)), values=-np.arange(9).reshape(3, 3)
    ),
    "growing": lambda: cg.animate(deep(), unit="s1,1,2"),
    "gradient": lambda: cg.animate(deep(), unit="s1,1,2", gradient=True),
    "shift": lambda: cg.animate(
        (cg.Conv(3, padding=1) >> cg.Conv(3, padding=1)).on(6), transformation=cg.Shift(1)
    ),
}  # fmt: skip


def seen(shapes: Any) -> dict[Any, Any]:
    """What is seen, painter by painter: boxes cover what was there, and lie one above the other."""
    found: list[Any] = []
    for shape in shapes:
        if isinstance(shape, Box) and shape.fill:
            ends = shape.x + shape.width, shape.y + shape.height

            def hidden(each: Any, box: Any = shape, ends: Any = ends) -> bool:
                if isinstance(each, Line) or (isinstance(each, Box) and not each.fill):
                    return False  # none is drawn before cells that cover it
                right = each.x + getattr(each, "width", 0.0)
                bottom = each.y + getattr(each, "height", 0.0)
                return bool(
                    box.x - 1e-6 <= each.x
                    and box.y - 1e-6 <= each.y
                    and right <= ends[0] + 1e-6
                    and bottom <= ends[1] + 1e-6
                )

            found = [each for each in found if not hidden(each)]
        found = [each for each in found if each != shape]
        found.append(shape)
    return set(found)  # type: ignore[return-value]


@pytest.mark.parametrize("name", FILMS)
def test_each_frame_over_the_ground_shows_its_own_shapes(name: str) -> None:
    film = FILMS[name]()
    ground, over = layered(film.frames)
    assert len(over) == len(film.frames)
    for frame, extra in zip(film.frames, over, strict=True):
        assert seen((*ground, *extra)) == seen((*frame.shapes, *frame.lines))


@pytest.mark.parametrize("name", FILMS)
def test_each_picture_is_that_of_its_own_shapes(name: str) -> None:
    pytest.importorskip("PIL")
    from convgraph.figures.motion.raster import painted

    film = FILMS[name]()
    step = max(len(film.frames) // 6, 1)
    pictures = painted(film.frames, film.size)[::step]
    for frame, picture in zip(film.frames[::step], pictures, strict=True):
        alone = painted([frame], film.size)[0]
        apart = np.abs(np.asarray(alone, int) - np.asarray(picture, int)).max(axis=2)
        # letters that are drawn twice have edges a little darker, and a broken line ends a little
        # elsewhere; a cell or a letter too many would be a patch
        assert (apart > 100).sum() == 0


@pytest.mark.parametrize("name", ["filters", "groups", "scattered", "negative"])
def test_strips_and_pages_have_the_shapes_of_each_frame(tmp_path: Path, name: str) -> None:
    film = FILMS[name]()
    strip = ElementTree.parse(film.save(tmp_path / "a.svg")).getroot()
    pieces = strip.findall(f"{SVG}g")
    assert len(pieces) == len(film.frames)
    page = film.save(tmp_path / "a.html").read_text(encoding="utf-8")
    groups = page.split('class="mo-frame"')[1:]
    assert len(groups) == len(film.frames)
    ground, over = layered(film.frames)
    known = {"".join(elements([shape])) for shape in ground}
    for frame, piece in zip(film.frames, pieces, strict=True):
        drawn = re.sub(r' xmlns(:ns\d)?="[^"]*"|ns\d:', "", ElementTree.tostring(piece, "unicode"))
        drawn = re.sub(r"\s*/>", "/>", drawn)
        for shape in (*frame.shapes, *frame.lines):
            text = "".join(elements([shape]))
            assert text in known or text in drawn
    texts = [t.text for extra in over for t in extra[:-1] if isinstance(t, Text)]
    assert sum(group.count("<text") for group in groups) == len(texts)


@pytest.mark.parametrize("name", ["local", "scattered convolution", "filters", "negative"])
def test_moving_pictures_have_the_colours_of_each_cell(tmp_path: Path, name: str) -> None:
    image = pytest.importorskip("PIL.Image")
    film = FILMS[name]()
    with image.open(film.save(tmp_path / "a.gif")) as moving:
        for number, frame in enumerate(film.frames):
            moving.seek(number)
            pixels = np.asarray(moving.convert("RGB"), int)
            cells = {(b.x, b.y): b for b in frame.shapes if isinstance(b, Box) and b.fill}
            for box in cells.values():
                if not box.stroke:
                    continue
                wanted = [int(COLOURS[str(box.fill)][at : at + 2], 16) for at in (1, 3, 5)]
                found = pixels[int(box.y + 5), int(box.x + 4)]
                assert np.abs(found - wanted).max() <= 2


def test_a_minus_is_a_bar_in_a_picture() -> None:
    pytest.importorskip("PIL")
    from convgraph.figures.motion.raster import painted

    def bars(text: str) -> Any:
        frame = Frame((Text(60, 20, text, 24),), "caption", (Text(60, 60, "caption", 8),))
        dark = np.asarray(painted([frame], (120, 40))[0].convert("L")) < 128
        return dark[:, dark.any(axis=0)]

    minus = bars("\u2212")
    assert minus.any(axis=1).sum() <= 3  # and no empty box, which is as high as a digit
    assert bars("\u22124").any(axis=1).sum() == bars("4").any(axis=1).sum()
    assert bars("\u22124").shape[1] > bars("4").shape[1]
    box = bars("\uffff")  # what a font has that lacks a letter
    for letter in "\u221e\u2248\u00b7":
        assert bars(letter).shape != box.shape or (bars(letter) != box).any()


def test_strips_have_borders_between_frames(tmp_path: Path) -> None:
    film = cg.animate(cg.Conv((2, 2)).on((3, 3)))
    width, height = film.size
    pdf = film.save(tmp_path / "a.pdf").read_bytes()
    stream = re.search(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    assert stream is not None
    content = zlib.decompress(stream[1]).decode("cp1252")
    assert content.count(f"0.00 0.00 {width:.2f} {height:.2f} re S") == len(film.frames)
    assert len(pdf) < len(content) / 4
    svg = film.save(tmp_path / "a.svg").read_text(encoding="utf-8")
    assert svg.count(f'width="{width:g}" height="{height:g}" fill="none"') == 1
    assert svg.count('<use href="#base"/>') == len(film.frames)


def test_scattered_kernels_are_whole_and_what_is_cropped_is_blank() -> None:
    """Beside each unit stands the kernel that torch would lay over the output, turned or not."""
    kernel = {"w": np.arange(1, 5).reshape(2, 2)}
    for spec, turned in [(cg.Conv((2, 2), stride=2), True), (cg.ConvTranspose((2, 2)), False)]:
        film = cg.animate(spec.on((4, 4)), reading="scattered", parameters=kernel)
        for frame in film.frames[1:-1]:
            texts = [s for s in frame.shapes if isinstance(s, Text) and s.among == "kernel"]
            found = [s.text for s in sorted(texts, key=lambda s: (s.y, s.x))]
            assert found == (list("4321") if turned else list("1234"))
            cells = {(s.x, s.y): s for s in frame.shapes if isinstance(s, Box) and s.fill}
            blank = [c for (x, y), c in cells.items() if c.dash and x < film.size[0] / 4]
            used = 1 if turned else 4
            assert len(blank) == 4 - used
            assert (f"{used} of the 4 weights" in frame.caption) == (used < 4)


def test_lines_of_scattered_films_start_at_the_unit_and_end_at_what_it_is_added_to() -> None:
    for name in ("scattered", "scattered channels", "scattered convolution"):
        for frame in FILMS[name]().frames[1:-1]:
            (unit,) = (s for s in frame.shapes if isinstance(s, Box) and s.stroke == "now")
            windows = [s for s in frame.shapes if isinstance(s, Box) and s.stroke == "window"]
            lines = [s for s in frame.shapes if isinstance(s, Line)]
            assert lines
            corners = {(b.x, b.y) for b in windows} | {(b.x, b.y + b.height) for b in windows}
            corners |= {(b.x + b.width, b.y + b.height) for b in windows}
            for line in lines:
                assert unit.x <= line.x <= unit.x + unit.width
                assert unit.y <= line.y <= unit.y + unit.height
                assert (line.to_x, line.to_y) in corners
            drawn = [isinstance(s, Line) for s in frame.shapes]
            assert not any(drawn[len(lines) :])  # below all that they pass


def test_pictures_are_as_large_as_was_asked(tmp_path: Path) -> None:
    image = pytest.importorskip("PIL.Image")
    film = cg.animate(cg.Conv((2, 2)).on((3, 3)))
    for scale in (1, 2, 1.5):
        with image.open(film.save(tmp_path / "a.gif", scale=scale)) as moving:
            assert np.abs(np.subtract(moving.size, scale * np.array(film.size))).max() <= 1
            assert moving.n_frames == len(film.frames)
    for scale in (0, -1, 5, True, "2"):
        with pytest.raises(cg.ConvgraphError, match="scale="):
            film.save(tmp_path / "a.gif", scale=scale)  # type: ignore[arg-type]
    with pytest.raises(cg.ConvgraphError, match="as sharp at any size"):
        film.save(tmp_path / "a.svg", scale=2)


def test_what_a_shift_brings_in_looks_like_padding() -> None:
    net = cg.Conv(3, padding=1).on(6)
    frames = cg.animate(net, transformation=cg.Shift(2)).frames
    dashed = [[s.fill for s in f.shapes if isinstance(s, Box) and s.dash] for f in frames]
    assert [len(each) for each in dashed] == [2, 2, 4, 4]
    assert dashed[0] == ["pad", "pad"]
    wrapped = cg.animate(net, transformation=cg.Shift(2, boundary="wrap")).frames
    assert not any(s.dash for f in wrapped for s in f.shapes if isinstance(s, Box))
