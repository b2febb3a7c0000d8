"""Cells too small for numbers are shaded by their size, and which channel is shown is said."""

from __future__ import annotations

import numpy as np
import pytest

import convgraph as cg
from convgraph.figures.motion.shade import Scale, scale_of
from convgraph.figures.motion.shade import shades as shades_of
from convgraph.figures.motion.shapes import COLOURS, DARK, Box, Frame, Pixels, Text
from convgraph.figures.motion.wrapped import captioned, left_to_right


def shades(frame: Frame) -> dict[tuple[float, float], int]:
    """The levels of shaded cells, negative ones of red cells, by their corners."""
    found = {}
    for s in frame.shapes:
        if isinstance(s, Box) and s.fill and s.fill[:4] in ("heat", "cold"):
            found[s.x, s.y] = level(s.fill)
        if isinstance(s, Pixels):
            side = s.width / s.columns
            for name, runs in s.runs():
                if name[:4] in ("heat", "cold"):
                    for row, first, long in runs:
                        for at in range(first, first + long):
                            found[s.x + at * side, s.y + row * side] = level(name)
    return found


def level(name: str) -> int:
    return int(name[4:]) * (-1 if name.startswith("cold") else 1)


def titles(frame: Frame) -> list[str]:
    return [s.text for s in frame.shapes if isinstance(s, Text) and s.anchor == "start"]


def test_shades_are_the_sizes_of_numbers_and_the_caption_says_so() -> None:
    net = cg.Conv((1, 1)).on((28, 28))
    rng = np.random.default_rng(0)
    x = rng.integers(-9, 10, (28, 28))
    film = cg.animate(net, transformation=cg.Shift((0, 0)), values=x, parameters={"w": [[2]]})
    for frame in film.frames:
        assert (
            "too small for numbers, the larger one is in its row, the stronger its blue"
            in frame.caption
        )
    found = shades(film.frames[0])
    left = min(px for px, _ in found)
    top = min(py for _, py in found)
    side = 170 / 28
    for (px, py), level in found.items():
        if py < top + 170 and px < left + 170:
            value = x[round((py - top) / side), round((px - left) / side)]
            assert level == np.sign(value) * int(np.ceil(6 * abs(int(value)) / np.abs(x).max()))
    assert not any(isinstance(s, Text) and s.among for s in film.frames[0].shapes)


def test_large_cells_have_numbers_and_no_shade() -> None:
    net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(7)
    for frame in cg.animate(net, transformation=cg.Shift(1)).frames:
        assert not shades(frame)
        assert "too small" not in frame.caption


@pytest.mark.parametrize("colours", [COLOURS, DARK])
def test_shades_are_in_the_order_of_their_lightness(colours: dict[str, str]) -> None:
    light = [
        sum(
            weight * int(colours[f"heat{i}"][at : at + 2], 16)
            for weight, at in ((0.21, 1), (0.72, 3), (0.07, 5))
        )
        for i in range(7)
    ]
    assert light == sorted(light, reverse=colours is COLOURS)


def test_channels_are_named() -> None:
    net = (cg.Conv((3, 3), padding=1, filters=4) >> cg.Conv((3, 3), filters=2)).on((3, 5, 5))
    grown = cg.animate(net, unit="g2,2,2")
    assert titles(grown.frames[0]) == [
        "x, all 3 channels",
        "h, all 4 channels",
        "g, channel 2 of 2",
    ]
    assert grown.frames[-1].caption.endswith("positions of x, in all 3 channels")
    shifted = cg.animate(net, transformation=cg.Shift((1, 0)))
    named = ["x, channel 1 of 3", "h, channel 1 of 4", "g, channel 1 of 2"]
    assert [title for title in titles(shifted.frames[0]) if "channel" in title] == named * 2


def test_a_field_of_few_channels_names_them() -> None:
    net = cg.Conv((3, 3), filters=4, groups=2).on((4, 5, 5))
    told = cg.animate(net, unit="s3,1,1").frames
    assert titles(told[0]) == ["x, channels 3 and 4 of 4", "s, channel 3 of 4"]
    assert told[-1].caption == "s3,1,1 sees 9 of the 25 positions of x, in channels 3 and 4 of 4"


def test_the_channel_that_is_shown_is_one_that_is_broken() -> None:
    """Its numbers and its colours are those of one channel."""
    layer = cg.Conv((3, 3), filters=2, padding=1).on((4, 4))
    verdict = cg.check_equivariance(layer, cg.Shift((1, 0)))
    film = cg.animate(layer, transformation=cg.Shift((1, 0)))
    broken = verdict.broken.mask()[0]
    boxes = [s for s in film.frames[-1].shapes if isinstance(s, Box) and s.fill == "weight5"]
    assert len(boxes) == 2 * broken.sum()
    said = f"{verdict.broken.mask().sum()} of 32 units of s, {broken.sum()} of them in channel 1"
    assert film.frames[-1].caption.endswith(said)


def test_names_that_leave_no_room_are_said_to_be_left_out() -> None:
    net = cg.Conv((3, 3)).on((5, 5), names=["a_name_that_is_long", "s"])
    frames = cg.animate(net, cells="symbols").frames
    told = "; in cells of the input letters would be smaller than 5 points and are left out"
    assert frames[0].caption.endswith(told)
    assert frames[-1].caption.endswith(told)
    assert not any("left out" in frame.caption for frame in frames[1:-1])


def test_a_sum_behind_a_name_in_hebrew_runs_to_the_right() -> None:
    assert (
        left_to_right("\u05e9\u05dc\u05d5\u05dd1,1 = 2") == "\u05e9\u05dc\u05d5\u05dd\u200e1,1 = 2"
    )
    assert left_to_right("\u05e9 \u05dc 1") == "\u05e9 \u05dc\u200e 1"
    assert left_to_right("s1,1 = 2") == "s1,1 = 2"
    (frame,), _ = captioned([Frame((), "\u05e91 = 2")], (430.0, 200.0))
    assert frame.lines[0].text == frame.caption


def test_shades_have_colours_for_every_number() -> None:
    """A quotient of floats that misses its level by its last digit was a colour of no name."""
    scale = scale_of([np.array([0.1 + 0.2, 0.1, 0.3])], 2, zero=True)
    assert scale is not None
    values = [*np.linspace(-2, 2, 999), np.inf, -np.inf, np.nan]
    assert set(shades_of(values, scale)) <= COLOURS.keys()
    assert scale_of([np.full(3, 7.0)], 2) == (7.0, 0.0, False)
    assert set(shades_of([7.0], Scale(7.0, 0.0, False))) == {"heat3"}
    net = cg.AvgPool((3, 3), stride=1).on((16, 16))
    for frame in cg.animate(net, transformation=cg.Shift((1, 0))).frames:
        used = {s.fill for s in frame.shapes if isinstance(s, Box) and s.fill}
        assert used <= COLOURS.keys()


def test_signs_of_numbers_are_seen_without_numbers() -> None:
    net = (cg.Conv((3, 3), padding=1) >> cg.Conv((3, 3))).on((30, 30))
    x = np.where(np.indices((30, 30)).sum(0) % 2, 9, -9)
    film = cg.animate(net, transformation=cg.Shift((0, 0)), values=x)
    assert set(shades(film.frames[0]).values()) == {6, -6}
    assert "those below 0 are red" in film.frames[0].caption
