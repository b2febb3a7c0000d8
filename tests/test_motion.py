"""Animations: every frame against the layer's wiring, and every form that they are saved in."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.cli import main
from convgraph.figures.colors import ink_on
from convgraph.figures.motion.cell_values import numbers
from convgraph.figures.motion.layers import layered
from convgraph.figures.motion.palette import apart
from convgraph.figures.motion.scatter import Scatter
from convgraph.figures.motion.settings import SETTINGS
from convgraph.figures.motion.shapes import COLOURS, DARK, WEIGHTS, Box, Text, colour
from convgraph.figures.motion.sweep import sweep

BOUNDARIES = ["zeros", "circular", "reflect", "replicate"]


@st.composite
def layers(draw: st.DrawFn) -> cg.Network:
    """A layer of windows of any kind on a small input of one or two axes."""
    rank = draw(st.integers(1, 2))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    channels = draw(st.integers(1, 2))
    common: dict[str, Any] = {"stride": draw(st.integers(1, 2))}
    kind = draw(st.sampled_from(["conv", "transpose", "max", "mean", "local"]))
    if kind in ("conv", "transpose"):
        common |= {"filters": 2, "groups": draw(st.sampled_from([1, channels]))}
        common |= {"dilation": draw(st.integers(1, 2)), "bias": draw(st.booleans())}
    if kind == "conv":
        common |= {"padding": 1, "padding_mode": draw(st.sampled_from(BOUNDARIES))}
    make: Any = {
        "conv": cg.Conv,
        "transpose": cg.ConvTranspose,
        "max": cg.MaxPool,
        "mean": cg.AvgPool,
        "local": cg.LocallyConnected,
    }[kind]
    return make(kernel, **common).on((channels, *(draw(st.integers(4, 5)) for _ in range(rank))))


@settings(max_examples=40)
@given(layers())
def test_each_step_reads_what_the_wiring_says(net: cg.Network) -> None:
    made = sweep(net)
    graph, row = net.graph, net.rows[0]
    assert [made.target.unit(step.target) for step in made.steps] == made.target.units()
    for step in made.steps:
        edges = graph.in_edges(made.target.unit(step.target), data="parameter")
        expected = sorted((source, str(parameter)) for source, _, parameter in edges)
        read = [tap for tap in step.taps if tap.unit is not None]
        if made.tying is None:
            assert sorted(row.unit(tap.unit) for tap in read) == [unit for unit, _ in expected]
        else:
            array = made.tying.array
            said = [(row.unit(t.unit), str(array.symbol(t.weight))) for t in read]
            assert sorted(said) == expected


@settings(max_examples=20)
@given(layers())
def test_what_a_caption_says_comes_to_the_value(net: cg.Network) -> None:
    film, made = cg.animate(net), sweep(net)
    known = numbers(net)
    for frame, step in zip(film.frames[1:-1], made.steps, strict=True):
        name, *parts = re.split("( = |, about )", frame.caption)
        assert name == made.target.unit(step.target)
        value, exact = known.output[step.target], parts[-2] == " = "
        shown = parts[-1].partition(",")[0]
        assert exact == (float(shown) == value)
        assert abs(float(shown) - value) <= 0.005
        assert ("of it the bias" in frame.caption) == (net.layers[0].bias is not None)
        if len(parts) == 4:
            whole = eval(parts[1].replace("\u00b7", "*"), {"max": lambda *v: max(v)})
            assert whole == pytest.approx(value)


def test_sums_have_brackets_fractions_and_the_bias_and_follow_the_picture() -> None:
    net = cg.Conv((2, 2), bias=True).on((3, 3))
    values = [[0.125, -1.5, 2], [-10.25, 100, 0.001], [3, 4, -5]]
    film = cg.animate(net, values=values, parameters={"w": [0.25, -0.5, 1.75, -2], "b": [-3]})
    for number, frame in enumerate(film.frames[1:-1]):
        row, column = divmod(number, 2)
        window = np.array(values)[row : row + 2, column : column + 2].ravel()
        whole = float(window @ [0.25, -0.5, 1.75, -2] - 3)
        sum_, _, rest = frame.caption.split(" = ", 1)[1].partition(" = ")
        if not rest:
            sum_ = sum_.partition(", about ")[0]
        assert eval(sum_.replace("\u00b7", "*").replace("\u2212", "-")) == pytest.approx(whole)
        assert not re.search("[\u00b7+] \u2212|\u00b7\u2212", sum_)
        assert frame.caption.endswith(", \u22123 of it the bias")
    texts = {s.text for s in film.frames[0].shapes if isinstance(s, Text)}
    assert {"0.125", "\u221210.25", "0.001"} <= texts
    thirds = cg.animate(cg.AvgPool(3, stride=3).on(6), values=[1, 1, 2, 3, 3, 3])
    shown = {s.text for s in thirds.frames[-1].shapes if isinstance(s, Text)}
    assert {"\u22481.33", "3"} <= shown


def test_a_sum_over_inserted_zeros_follows_the_picture() -> None:
    net = cg.ConvTranspose((2, 2)).on((3, 3))
    film = cg.animate(net, values=np.arange(1, 10).reshape(3, 3), parameters={"w": [1, 2, 3, 4]})
    said = "s2,2 = 4\u00b71 + 3\u00b72 + 2\u00b74 + 1\u00b75 = 23"
    assert said in {frame.caption for frame in film.frames}


def test_zeros_between_units_are_no_padding() -> None:
    net = cg.ConvTranspose((3, 3), stride=2, padding=1).on((3, 3))
    captions = [frame.caption for frame in cg.animate(net, cells="symbols").frames]
    assert captions[1] == "s1,1 reads 1 unit, 3 zeros between units and 5 of padding"
    assert captions[7] == "s2,2 reads 4 units and 5 zeros between units"
    boxes = [s for s in cg.animate(net).frames[0].shapes if isinstance(s, Box)]
    fills = [s.fill for s in boxes if s.width == 30]  # cells, and no swatches of the legend
    assert fills.count("between") == 5 * 5 - 9
    pool = cg.animate(cg.MaxPool((3, 3), stride=2, padding=1).on((5, 5)))
    dashed = [s.fill for s in pool.frames[1].shapes if isinstance(s, Box) and s.dash]
    assert "field" not in dashed


def test_no_two_weights_share_a_colour_and_none_has_that_of_a_plain_cell() -> None:
    for spec, shape in [
        (cg.LocallyConnected((2, 2)), (4, 4)), (cg.Conv((6, 6), padding=2), (6, 6)),
        (cg.Conv((3, 3), filters=2, padding=1), (3, 2, 2)),
    ]:  # fmt: skip
        net = spec.on(shape)
        film, made = cg.animate(net), sweep(net)
        assert made.tying is not None
        of: dict[str, set[str]] = {}
        for step, frame in zip(made.steps, film.frames[1:-1], strict=True):
            boxes = {(s.x, s.y): s.fill for s in frame.shapes if isinstance(s, Box) and s.fill}
            assert {colour(t.weight) for t in step.taps} <= set(boxes.values())
            for tap in step.taps:
                name = str(made.tying.array.symbol(tap.weight))
                of.setdefault(colour(tap.weight), set()).add(name)
        grey = of.pop("grey", set())
        assert all(len(names) == 1 for names in of.values())
        assert ("grey" in film.frames[0].caption) == bool(grey)
        texts = {s.text for f in film.frames for s in f.shapes if isinstance(s, Text)}
        assert {name.replace("_", "", 1).replace("_", ",") for name in grey} <= texts


@pytest.mark.parametrize("colours", [COLOURS, DARK])
def test_eyes_tell_all_colours_of_weights_and_of_plain_cells_apart(colours: dict[str, str]) -> None:
    fills = [colours[f"weight{i}"] for i in range(WEIGHTS)]
    assert len(set(fills)) == WEIGHTS
    for one, other in itertools.combinations([*fills, colours["grey"]], 2):
        assert apart(one, other) > 0.04
    for fill, plain in itertools.product(fills, ("paper", "input", "output", "between")):
        assert apart(fill, colours[plain]) > 0.05
    for fill in [*fills, colours["grey"]]:
        assert ink_on([fill], colours["ink"]) == colours["ink"]


def test_letters_of_a_grid_are_of_one_size_and_inside_their_cells() -> None:
    film = cg.animate(
        cg.Conv((2, 2)).on((3, 3)),
        values=[[0.125, -1.5, 2.25], [-10.333, 100, 0.001], [3, 4, -5]],
        parameters={"w": [[0.25, -0.5], [1.75, -12.125]]},
    )
    sizes: dict[str, set[float]] = {}
    for frame in film.frames:
        boxes = [s for s in frame.shapes if isinstance(s, Box) and s.fill]
        spots = []
        for text in (s for s in frame.shapes if isinstance(s, Text) and s.among):
            sizes.setdefault(text.among, set()).add(text.size)
            wide = 0.56 * text.size * len(text.text)
            left = text.x - wide * (1 if text.anchor == "end" else 0.5)
            assert any(
                b.x <= left
                and left + wide <= b.x + b.width
                and b.y <= text.y - 0.36 * text.size
                and text.y + 0.36 * text.size <= b.y + b.height
                for b in boxes
            )
            spots.append((left, left + wide, text.y - 0.36 * text.size, text.y + 0.36 * text.size))
        for a, b in itertools.combinations(spots, 2):
            assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
    assert {"input", "kernel", "output", "input, corner"} <= set(sizes)
    assert all(len(each) == 1 for each in sizes.values())


@settings(max_examples=20)
@given(layers())
def test_taps_stand_on_the_units_that_they_read(net: cg.Network) -> None:
    made = sweep(net)
    folded = "padding_mode" in repr(net.layers[0].spec)
    for step in made.steps:
        for tap in step.taps:
            places = [
                lane.first + lane.apart * i
                for lane, i in zip(made.lanes, (tap.unit or ())[1:], strict=False)
            ]
            inside = all(0 <= p < lane.size for p, lane in zip(tap.place, made.lanes, strict=True))
            assert inside
            assert folded or tap.unit is None or list(tap.place) == places


@settings(max_examples=20)
@given(layers())
def test_scattered_sums_are_the_output(net: cg.Network) -> None:
    made = sweep(net)
    if made.tying is None or made.layer.bias is not None:
        return
    known = numbers(net)
    total = np.zeros(made.target.numbers())
    for unit, adds in Scatter(made, "numbers", known).steps:
        for target, weight in adds:
            kernel = known.arrays[str(made.tying.letter)].ravel()
            total[target] += kernel[weight] * known.source[unit]
    assert (total == known.output).all()


@settings(max_examples=20)
@given(layers(), st.sampled_from(["inserted", "scattered"]))
@example(cg.Conv(2, filters=2, padding=1).on((1, 4)), "scattered")
def test_titles_are_in_the_frame_and_over_no_other_and_only_padding_is_0(
    net: cg.Network, reading: Any
) -> None:
    if reading == "scattered" and sweep(net).tying is None:
        return
    film = cg.animate(net, reading=reading)
    assert (numbers(net).source > 0).all()
    assert all((array > 0).all() for array in numbers(net).arrays.values())
    for frame in film.frames[:2]:
        titles = [s for s in frame.shapes if isinstance(s, Text) and s.fill == "soft"]
        titles = [t for t in titles if t.text.split()[0] in ("input", "kernel", "output")]
        assert {t.text.split()[0] for t in titles} >= {"input", "output"}
        spans = []
        for t in titles:
            wide = 5.6 * len(t.text)  # at 11 points
            left = t.x - wide if t.anchor == "end" else t.x
            assert left >= 0
            assert left + wide <= film.size[0]
            spans.append((t.y, left, left + wide))
        for (y, _, right), (other, left, _) in itertools.pairwise(sorted(spans)):
            assert y != other or right < left


def test_a_kernel_is_shown_whole_beside_what_scatters_it_and_turned_over_inserted_zeros() -> None:
    net = cg.ConvTranspose((3, 3), stride=2, padding=1).on((3, 3))
    numbers = {"w": np.arange(1, 10).reshape(3, 3)}

    def kernel(film: Any) -> list[list[str]]:
        """The texts of coloured cells, row by row, in the first frame."""
        shapes = film.frames[0].shapes
        boxes = [s for s in shapes if isinstance(s, Box) and (s.fill or "").startswith("weight")]
        places = {(b.x + b.width / 2, b.y + b.height / 2) for b in boxes}
        found = sorted(
            (s.y, s.x, s.text) for s in shapes if isinstance(s, Text) and (s.x, s.y) in places
        )
        texts = [text for _, _, text in found]
        return [texts[i : i + 3] for i in range(0, len(texts), 3)]

    def called(film: Any) -> str:
        texts = [s.text for s in film.frames[0].shapes if isinstance(s, Text)]
        (title,) = (text for text in texts if text.startswith("kernel"))
        return str(title)

    ones = np.ones((3, 3))
    scattered = cg.animate(net, reading="scattered", values=ones, parameters=numbers)
    inserted = cg.animate(net, values=ones, parameters=numbers)
    assert called(scattered) == "kernel w"
    assert kernel(scattered) == [["1", "2", "3"], ["4", "5", "6"], ["7", "8", "9"]]
    assert called(inserted) == "kernel w, turned"
    assert kernel(inserted) == [["9", "8", "7"], ["6", "5", "4"], ["3", "2", "1"]]
    plain = cg.animate(cg.Conv((3, 3)).on((3, 3)), values=ones, parameters=numbers)
    assert called(plain) == "kernel w"


@pytest.mark.parametrize(
    ("mode", "numpys"), [("reflect", "reflect"), ("circular", "wrap"), ("replicate", "edge")]
)
def test_padding_that_repeats_units_has_their_numbers_from_the_start(
    mode: Any, numpys: Any
) -> None:
    values = np.arange(1, 10).reshape(3, 3)
    net = cg.Conv((3, 3), padding=1, padding_mode=mode).on((3, 3))
    shapes = cg.animate(net, values=values).frames[0].shapes
    places = {
        (b.x + b.width / 2, b.y + b.height / 2)
        for b in shapes
        if isinstance(b, Box) and b.fill in ("input", "pad")
    }
    texts = sorted(
        (s.y, s.x, s.text) for s in shapes if isinstance(s, Text) and (s.x, s.y) in places
    )
    found = np.array([int(text) for _, _, text in texts]).reshape(5, 5)
    assert (found == np.pad(values, 1, mode=numpys)).all()


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_have_the_sizes_of_the_guide(name: str) -> None:
    spec, shape = SETTINGS[name]
    net = spec.on(shape)
    film = cg.animate(net)
    assert len(film.frames) == 2 + int(net.outputs[0].size)
    sizes = {
        "No padding, no strides": 2, "Arbitrary padding, no strides": 6,
        "Half padding, no strides": 5, "Full padding, no strides": 7, "No padding, strides": 2,
        "Padding, strides": 3, "Padding, strides (odd)": 3,
        "No padding, no strides, transposed": 4, "Arbitrary padding, no strides, transposed": 5,
        "Half padding, no strides, transposed": 5, "Full padding, no strides, transposed": 5,
        "No padding, strides, transposed": 5, "Padding, strides, transposed": 5,
        "Padding, strides, transposed (odd)": 6, "Dilation": 3, "Max pooling": 3,
        "Average pooling": 3,
    }  # fmt: skip
    assert net.outputs[0].shape == (sizes[name],) * 2


def test_what_is_drawn_are_the_numbers_of_the_layer() -> None:
    net = cg.Conv((2, 2)).on((3, 3))
    film = cg.animate(net, values=np.arange(9).reshape(3, 3), parameters={"w": [1, 0, 0, -1]})
    texts = [s.text for s in film.frames[-1].shapes if isinstance(s, Text)]
    assert texts.count("\u22124") == 4
    said = "s1,1 = 1\u00b70 + 0\u00b71 + 0\u00b73 + (\u22121)\u00b74 = \u22124"
    assert film.frames[1].caption == said


def test_tied_taps_share_a_colour_and_a_local_layer_ties_none() -> None:
    for spec, kinds in [(cg.Conv(2), 2), (cg.LocallyConnected(2), 8)]:
        film = cg.animate(spec.on(5))
        seen: set[str] = set()
        for frame in film.frames:
            seen |= {s.fill for s in frame.shapes if isinstance(s, Box) and s.fill}
        assert sum(fill.startswith("weight") for fill in seen) == kinds


@pytest.mark.parametrize("colours", [COLOURS, DARK])
def test_as_many_weights_as_a_kernel_of_5_by_5_has_are_told_apart(colours: dict[str, str]) -> None:
    fills = {colours[colour(weight)] for weight in range(25)}
    assert len(fills) == 25
    for fill in fills:  # and what is written on them can be read
        assert ink_on([fill], colours["ink"]) == colours["ink"]


def test_the_greatest_wins() -> None:
    film = cg.animate(cg.MaxPool(2).on(4), values=[3, 1, 2, 5])
    rings = [
        [s for s in frame.shapes if isinstance(s, Box) and s.stroke == "winner"]
        for frame in film.frames
    ]
    assert [len(each) for each in rings] == [0, 1, 1, 0]
    left, right = rings[1][0].x, rings[2][0].x
    assert right - left == 3 * rings[1][0].width


def test_frames_over_the_first_show_what_they_show_whole() -> None:
    """What is painted last at the middle of each cell is the same, layered or not."""
    film = cg.animate(cg.Conv((3, 3), padding=1).on((3, 3)))
    base, over = layered(film.frames)
    for frame, extra in zip(film.frames, over, strict=True):
        assert _painted((*frame.shapes, *frame.lines)) == _painted((*base, *extra))


def _painted(shapes: Any) -> dict[tuple[float, float], tuple[Any, ...]]:
    found: dict[tuple[float, float], tuple[Any, ...]] = {}
    for shape in shapes:
        if isinstance(shape, Box) and shape.fill:
            middle = shape.x + shape.width / 2, shape.y + shape.height / 2
            found[middle] = (shape.fill,)
        elif isinstance(shape, Text):
            near = next(
                (m for m in found if abs(m[0] - shape.x) < 14 and abs(m[1] - shape.y) < 14), None
            )
            if near is not None:
                found[near] = (*found[near], shape.text)
    return found


def test_a_field_grows_row_by_row() -> None:
    net = (cg.Conv(3, padding="same") >> cg.MaxPool(2) >> cg.Conv(3, padding="same")).on(8)
    film = cg.animate(net, unit="s2")
    assert [frame.caption for frame in film.frames] == [
        "the unit s2",
        "s2 sees 3 of the 4 positions of h2",
        "s2 sees 6 of the 8 positions of h1",
        f"s2 sees {len(cg.receptive_field(net, 's2'))} of the 8 positions of x",
    ]


def test_it_is_saved_in_every_form(tmp_path: Path) -> None:
    film = cg.animate(cg.Conv((2, 2), stride=2, padding=1).on((3, 3)), seconds=0.2)
    page = film.save(tmp_path / "a.html").read_text(encoding="utf-8")
    assert page.count('class="mo-frame"') == len(film.frames) == 6
    assert page.count("http-equiv") == 1
    assert "script-src 'sha256-" in page
    assert not re.search("(src|href)=.(http|//)", page)
    strip = ElementTree.parse(film.save(tmp_path / "a.svg")).getroot()
    assert len(strip.findall("{http://www.w3.org/2000/svg}g")) == 6
    pdf = film.save(tmp_path / "a.pdf").read_bytes()
    start = int(re.search(rb"startxref\n(\d+)", pdf)[1])  # type: ignore[index]
    assert pdf[start:].startswith(b"xref")
    for number, place in enumerate(re.findall(rb"(\d{10}) 00000 n", pdf), 1):
        assert pdf[int(place) :].startswith(b"%d 0 obj" % number)
    assert "<iframe srcdoc=" in film._repr_html_()
    with pytest.raises(cg.ConvgraphError, match="an animation is saved as one of"):
        film.save(tmp_path / "a.avi")


@pytest.mark.parametrize("ending", ["gif", "png"])
def test_moving_pictures_have_all_frames(tmp_path: Path, ending: str) -> None:
    image = pytest.importorskip("PIL.Image")
    film = cg.animate(cg.Conv(2).on(4), seconds=0.2)
    path = film.save(tmp_path / f"a.{ending}")
    with image.open(path) as moving:
        assert moving.n_frames == len(film.frames)
        assert np.abs(np.subtract(moving.size, film.size)).max() <= 1
        durations = []
        for number in range(moving.n_frames):
            moving.seek(number)
            durations.append(moving.info["duration"])
    assert durations == [200] * (len(film.frames) - 1) + [600]
    assert path.read_bytes() == film.save(tmp_path / f"b.{ending}").read_bytes()


@pytest.mark.parametrize("ending", ["gif", "png"])
def test_moving_pictures_keep_the_colours_that_were_drawn(tmp_path: Path, ending: str) -> None:
    image = pytest.importorskip("PIL.Image")
    film = cg.animate(cg.Conv((4, 4)).on((5, 5)))
    with image.open(film.save(tmp_path / f"a.{ending}")) as moving:
        kept = moving.getpalette()
    colours = {"#" + bytes(kept[at : at + 3]).hex() for at in range(0, len(kept), 3)}
    fills = {s.fill for f in film.frames for s in f.shapes if isinstance(s, Box) and s.fill}
    assert len(fills) > 16
    assert {COLOURS[fill] for fill in fills} <= colours


def test_without_pillow_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(cg.ConvgraphError, match=r"pip install 'convgraph\[motion\]'"):
        cg.animate(cg.Conv(2).on(4)).save(tmp_path / "a.gif")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: cg.animate(cg.Conv(3).on(900)), "a smaller input, a larger stride"),
        (lambda: cg.animate(cg.Conv((3, 3), stride=20).on((60, 60))), "a smaller input or fewer"),
        (lambda: cg.animate((cg.Conv(3) >> cg.Conv(3)).on(9)), "one layer is animated at a time"),
        (lambda: cg.animate(cg.Dense(3).on(9)), "a layer of windows"),
        (lambda: cg.animate(cg.Conv(3).on("n")), "n"),
        (lambda: cg.animate(cg.Conv(3)), "a bound network"),
        (lambda: cg.animate(cg.Conv(3).on(5), cells="x"), "cells='x'"),
        (lambda: cg.animate(cg.Conv(3).on(5), reading="x"), "reading='x'"),
        (lambda: cg.animate(cg.MaxPool(2).on(4), reading="scattered"), "a linear layer"),
        (lambda: cg.animate(cg.Conv(3).on(5), seconds=0), "seconds=0"),
        (lambda: cg.animate(cg.Conv(3).on(5), values=[1, 2]), "values of shape"),
        (lambda: cg.animate(cg.Conv(3).on(5), unit="x1"), "computed from others"),
    ],
)
def test_bad_input_is_told(make: Any, said: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=re.escape(said)):
        make()


def test_the_command_writes_a_file(tmp_path: Path) -> None:
    path = tmp_path / "sweep.html"
    given = ["animate", "Conv((3, 3), stride=2, padding=1)", "--input", "5x5", "--out", str(path)]
    result = CliRunner().invoke(main, given)
    assert result.exit_code == 0, result.output
    assert result.output.strip().endswith("11 frames")
    assert path.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
