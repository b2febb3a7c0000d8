"""Shifts and gradients in motion, against the numbers that both ways and sympy give."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.cli import main
from convgraph.figures.motion.cell_values import numbers, row_values, written
from convgraph.figures.motion.commuting import _ways
from convgraph.figures.motion.running_back import _gradients
from convgraph.figures.motion.shapes import Box, Frame, Text
from tests.strategies import CONVOLUTIONS, single_layers


def texts(frame: Frame) -> list[str]:
    """What stands in the cells of a frame, in their order."""
    boxes = {(b.x + b.width / 2, b.y + b.height / 2) for b in frame.shapes if isinstance(b, Box)}
    return [t.text for t in frame.shapes if isinstance(t, Text) and (t.x, t.y) in boxes]


@settings(max_examples=25)
@given(single_layers([*CONVOLUTIONS, "MaxPool", "AvgPool"]), st.sampled_from(["wrap", "zeros"]))
def test_both_ways_have_the_same_numbers_where_the_verdict_says_so(net: cg.Network, b: Any) -> None:
    rank = len(net.inputs[0].shape) - net.inputs[0].channels
    shift = cg.Shift((2,) + (0,) * (rank - 1), boundary=b)
    verdict = cg.check_equivariance(net, shift)
    if verdict.output.sources() is None:
        with pytest.raises(cg.ConvgraphError, match="the strides do not divide it"):
            cg.animate(net, transformation=shift)
        return
    ways, end = _ways(verdict, shift, None, None), net.outputs[0].name
    same = ways.moved_first[end] == ways.moved_last
    assert same[verdict.exact.mask()].all()


def test_the_end_shows_where_both_ways_meet() -> None:
    net = (cg.Conv(3, padding="same") >> cg.ReLU() >> cg.Conv(3, padding="same")).on(7)
    film = cg.animate(net, transformation=cg.Shift(1))
    assert len(film.frames) == 4 + 2
    verdict = cg.check_equivariance(net, cg.Shift(1))
    shown = texts(film.frames[-1])
    assert len(shown) == 2 * 4 * 7
    ways = [shown[:7], shown[4 * 7 : 5 * 7]]  # a row of units stands above what it reads
    differ = {f"s{i}" for i, (a, b) in enumerate(zip(*ways, strict=True), 1) if a != b}
    assert differ == set(verdict.broken)
    red = [s for s in film.frames[-1].shapes if isinstance(s, Box) and s.fill == "weight5"]
    assert len(red) == 2 * len(differ)


def test_two_ways_are_narrow_enough_for_a_telephone_and_do_not_overlap() -> None:
    spec = cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")
    for size in (5, 7, 9, 17):
        film = cg.animate(spec.on(size), transformation=cg.Shift(1))
        assert film.size[0] <= max(560, 30 * size + 60)
        boxes = {
            (s.x, s.y) for s in film.frames[-1].shapes if isinstance(s, Box) and s.fill is not None
        }
        assert len(boxes) == 2 * 3 * size
        titles = [s for s in film.frames[0].shapes if isinstance(s, Text) and s.bold]
        assert [t.text for t in titles] == [
            "Shift(1), then the network",
            "the network, then Shift(1)",
        ]
        assert all(t.x + 6.5 * len(t.text) <= film.size[0] for t in titles)


def test_what_is_invariant_does_not_move_at_the_end() -> None:
    net = (cg.Conv(3, padding="same", padding_mode="circular") >> cg.GlobalAvgPool()).on(6)
    film = cg.animate(net, transformation=cg.Shift(1, boundary="wrap"))
    assert [frame.caption for frame in film.frames][-2:] == [
        "g stays as it is",
        "f(Shift(1, boundary='wrap') x) = f(x) holds at the one unit of g",
    ]


@pytest.mark.parametrize(
    ("spec", "shape", "unit"),
    [
        (cg.Conv(3, padding="same") >> cg.Conv(3, stride=2), 9, "g2"),
        (cg.Conv((2, 2)) >> cg.ReLU() >> cg.MaxPool((2, 2)), (5, 5), "s1,2"),
        (cg.Conv(3, padding=1, bias=True) >> cg.Activation("tanh"), 6, "g3"),
        (cg.Residual(cg.Conv(3, padding=1)) >> cg.AvgPool(2), 6, "s2"),
    ],
)
def test_gradients_are_sympys(spec: Any, shape: Any, unit: str) -> None:
    net = spec.on(shape)
    made = numbers(net)
    rows = row_values(net, made.source, made.arrays)
    found = _gradients(net, unit, rows, made.arrays)
    point = {}
    for array in net.labels.arrays:
        for i, value in enumerate(made.arrays[array.letter].ravel().tolist()):
            point[array.symbol(i)] = value
    inputs = [sp.Symbol(u) for u in net.inputs[0].units()]
    point |= dict(zip(inputs, made.source.ravel().tolist(), strict=True))
    value = net.expressions()[unit]
    expected = [float(sp.sympify(sp.diff(value, x)).subs(point).evalf()) for x in inputs]
    assert np.allclose(found["x"].ravel(), expected)
    film = cg.animate(net, unit, gradient=True)
    cells = texts(film.frames[-1])
    shown = cells[-len(expected) :] if isinstance(shape, int) else cells[: len(expected)]
    assert shown == [written(v) for v in expected]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"gradient": True}, "gradient=True: name the unit of an output"),
        ({"unit": "x1", "gradient": True}, "unit='x1': a gradient starts at a unit of an output"),
        ({"unit": "s1", "transformation": cg.Shift(1)}, "unit='s1': of a unit or of a"),
        (
            {"transformation": cg.Shift(1), "gradient": True},
            "gradient=True: of a unit of",
        ),
        ({"transformation": cg.Shift((1, 1))}, "amount=(1, 1): the row has 1 axis"),
    ],
)
def test_what_does_not_go_together(options: Any, message: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=re.escape(message)):
        cg.animate(cg.Conv(3).on(7), **options)


@pytest.mark.parametrize(
    ("name", "at"), [("sqrt", 0), ("sqrt", -1), ("log", 0), ("sign", 0), ("floor", 2)]
)
def test_a_gradient_that_is_no_number_is_refused(name: str, at: int) -> None:
    with (
        np.errstate(all="ignore"),
        pytest.raises(cg.ConvgraphError, match=r"its gradient .* is no number"),
    ):
        cg.animate(cg.Activation(name).on(1), "s1", gradient=True, values=[at])


def test_the_gradient_of_an_absolute_value_is_its_sign() -> None:
    net = cg.Activation("abs").on(1)
    assert str(cg.gradients(net).input["x1"]) == "ds1*sign(x1)"
    for value in (-2, 0, 3):
        film = cg.animate(net, "s1", gradient=True, values=[value])
        assert written(np.sign(value)) in texts(film.frames[-1])


def test_the_command_shows_both(tmp_path: Path) -> None:
    layer = ["animate", "Conv(3, padding=1)", "--input", "6", "--out"]
    for name, options in {
        "a.svg": ["--shift", "1"],
        "b.svg": ["--unit", "s2", "--gradient"],
    }.items():
        result = CliRunner().invoke(main, [*layer, str(tmp_path / name), *options])
        assert result.exit_code == 0, result.output
        assert (tmp_path / name).stat().st_size > 1000


def test_a_video_shows_every_frame_for_its_time(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    film = cg.animate(cg.Conv(3, padding=1).on(5), seconds=0.53)  # no 24th of a second
    with av.open(str(film.save(tmp_path / "film.mp4"))) as file:
        whole, frames = file.duration / 1e6, list(file.decode(video=0))
    times = np.cumsum([0.0, *film.times])
    assert [float(frame.time) for frame in frames] == pytest.approx(times[:-1])
    lasting = [float(frame.duration * frame.time_base) for frame in frames]
    assert lasting == pytest.approx(film.times)
    assert whole == pytest.approx(times[-1])
    sides = frames[0].width, frames[0].height
    assert all(n % 2 == 0 and abs(n - m) <= 1.5 for n, m in zip(sides, film.size, strict=True))
    first, second = (frame.to_ndarray(format="rgb24").astype(int) for frame in frames[:2])
    assert np.abs(first - second).max() > 50


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "s4", "reading": "scattered"}, "reading='scattered': of the sweep of one layer"),
        ({"unit": "s4", "values": [1] * 7}, "values=: a field that grows has no numbers"),
        ({"unit": "s4", "parameters": {"w": [1, 2, 3]}}, "parameters=: a field that grows has"),
        ({"unit": "s4", "cells": "symbols"}, "cells='symbols': of the sweep of one layer"),
        ({"transformation": cg.Shift(1), "cells": "symbols"}, "cells='symbols': of the sweep"),
        ({"unit": "s4", "gradient": True, "cells": "none"}, "cells='none': a gradient is shown"),
    ],
)
def test_options_that_a_film_would_not_follow_are_refused(options: Any, message: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=re.escape(message)):
        cg.animate(cg.Conv(3, padding=1).on(7), **options)


def test_a_gradient_names_the_channel_that_is_shown() -> None:
    net = (cg.Conv((2, 2), filters=2) >> cg.ReLU() >> cg.Conv((2, 2))).on((2, 5, 5))
    frame = cg.animate(net, unit="s1,1,2", gradient=True).frames[-1]
    titles = {s.text for s in frame.shapes if isinstance(s, Text) and s.anchor == "start"}
    assert titles == {f"{name}, channel 1 of 2" for name in ("x", "h1", "h2")} | {"s"}
    assert frame.caption.endswith("not 0 at 9 of 25 units of channel 1, 18 of 50 in all")
