"""Films of networks as large as those that people train, and of what is easily left unsaid."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pytest

import convgraph as cg
from convgraph.figures.motion.area import Area
from convgraph.figures.motion.shapes import Frame, Pixels, Text

LENET = (
    cg.Conv((5, 5), filters=6, padding=2) >> cg.ReLU() >> cg.MaxPool((2, 2))
    >> cg.Conv((5, 5), filters=16) >> cg.ReLU() >> cg.MaxPool((2, 2))
    >> cg.Flatten() >> cg.Dense(120) >> cg.ReLU() >> cg.Dense(84) >> cg.ReLU() >> cg.Dense(10)
).on((1, 28, 28))  # fmt: skip


def maps(frame: Frame) -> list[Pixels]:
    return [shape for shape in frame.shapes if isinstance(shape, Pixels)]


def test_a_field_in_lenet_is_drawn_as_maps() -> None:
    unit = "h4:1,1,1"
    film = cg.animate(LENET, unit)
    first = maps(film.frames[-1])[0]
    drawn = np.zeros((28, 28), bool)
    for name, runs in first.runs():
        for row, at, long in runs:
            drawn[row, at : at + long] = name == "weight0"
    assert (drawn == cg.receptive_field(LENET, unit, "x").mask().reshape(28, 28)).all()


def test_both_ways_through_lenet_stay_below_their_titles() -> None:
    film = cg.animate(LENET, transformation=cg.Shift((4, 0)))
    titles = [s for s in film.frames[-1].shapes if isinstance(s, Text) and s.bold]
    assert [title.text for title in titles] == [
        "Shift((4, 0)), then the network",
        "the network alone",
    ]
    rows = [s for s in film.frames[-1].shapes if isinstance(s, Text) and not s.bold]
    above = [s.text.split(",")[0] for s in rows if s.y < titles[1].y]
    assert above == [row.name for row in LENET.rows]
    assert [s.text.split(",")[0] for s in rows if s.y > titles[1].y] == above


def test_long_names_leave_both_ways_below_their_titles() -> None:
    names = ["x", "a_convolution_with_a_long_name", "b", "c", "d"]
    net = (
        cg.Conv((3, 3), padding=1) >> cg.ReLU() >> cg.MaxPool((2, 2)) >> cg.Conv((3, 3))
    ).on((8, 8), names=names)  # fmt: skip
    film = cg.animate(net, transformation=cg.Shift((2, 0)))
    second = next(
        s for s in film.frames[-1].shapes if isinstance(s, Text) and s.text.startswith("the net")
    )
    areas = [Area.of(s) for s in film.frames[0].shapes]
    assert sum(area.top > second.y - 8 for area in areas) == pytest.approx(len(areas) / 2, abs=4)
    rows = [s.text for s in film.frames[-1].shapes if isinstance(s, Text) and not s.among]
    assert len([text for text in rows if text in ("b", "c", "d")]) == 6


def test_a_long_row_stands_in_lines_beside_images() -> None:
    net = (cg.Conv((3, 3), padding=1) >> cg.Flatten() >> cg.Dense(3)).on((5, 5))
    film = cg.animate(net, transformation=cg.Shift((1, 0)))
    assert "too small" not in film.frames[-1].caption


def test_of_very_many_rows_some_are_left_out_and_the_caption_says_so() -> None:
    spec = reduce(lambda a, b: a >> b, [cg.Conv((3, 3), padding=1), cg.ReLU()] * 20)
    net = spec.on((32, 32))
    film = cg.animate(net, unit=net.outputs[0].name + "16,16")
    assert film.frames[0].caption.endswith("; 22 of the 41 rows are shown")
    assert len(film.frames) == 22


def test_a_bias_is_added_in_the_scattered_reading_too() -> None:
    layer = cg.ConvTranspose(3, stride=2, bias=True).on(3)
    film = cg.animate(layer, reading="scattered")
    other = cg.animate(layer)

    def outputs(frame: Frame) -> list[str]:
        return [s.text for s in frame.shapes if isinstance(s, Text) and s.among == "output"]

    assert outputs(film.frames[-1]) == outputs(other.frames[-1])
    assert film.frames[-2].caption == "the bias b, 2, is added to 7 outputs"


def test_outputs_that_nothing_is_added_to_are_zero() -> None:
    layer = cg.ConvTranspose((2, 2), stride=3).on((2, 2))
    film = cg.animate(layer, reading="scattered")
    texts = [s.text for s in film.frames[-1].shapes if isinstance(s, Text) and s.among == "output"]
    assert len(texts) == 25
    assert texts.count("0") == 9
    told = cg.animate(layer).frames
    assert any(frame.caption.endswith(" = 0, as it reads no unit") for frame in told)


def test_a_caption_with_rounded_numbers_says_what_it_comes_to_before() -> None:
    values = [[1e-7, 123456, -98765.4321], [1 / 3, -2 / 3, 1e9], [0.5, 1e-3, -1e-4]]
    film = cg.animate(cg.Conv((2, 2)).on((3, 3)), values=values, parameters={"w": [[1, 2], [2, 1]]})
    assert film.frames[3].caption == (
        "s2,1 \u2248 1\u00b70.33 + 2\u00b7(\u22120.67) + 2\u00b70.5 + 1\u00b70.001; "
        "before rounding 0.001"
    )


def test_padding_that_repeats_units_is_no_unit_of_its_own() -> None:
    layer = cg.Conv((3, 3), padding=1, padding_mode="reflect").on((4, 4))
    caption = cg.animate(layer, cells="symbols").frames[1].caption
    assert caption == "s1,1 reads 4 units at 9 places, 5 of them in the padding"
