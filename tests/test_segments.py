"""Rows in line along an axis: part by part, what they see is what they see when alone."""

from __future__ import annotations

from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.axis import Full
from convgraph.core.tensor import Tensor
from convgraph.core.window import Window, identity
from tests.test_sums import wired


class Line(NamedTuple):
    """Images whose positions lie in line, with room between them that nothing writes to."""

    sizes: tuple[tuple[int, int], ...]
    gaps: tuple[int, ...]  # before each of them, and behind the last one

    @property
    def length(self) -> int:
        return sum(h * w for h, w in self.sizes) + sum(self.gaps)

    def start(self, number: int) -> int:
        return sum(h * w for h, w in self.sizes[:number]) + sum(self.gaps[: number + 1])

    def place(self, number: int) -> Window:
        h, w = self.sizes[number]
        return Window(h * w, self.length, 1, padding=self.start(number))

    def cut(self, number: int) -> Window:
        h, w = self.sizes[number]
        return Window(self.length, h * w, 1, padding=-self.start(number))


@st.composite
def lines(draw: st.DrawFn) -> tuple[Line, list[int], list[int], list[str]]:
    """A line, the kernels and the strides of what comes before it, and what is done in it."""
    strides = draw(st.lists(st.integers(1, 2), min_size=1, max_size=2))
    kernels = [draw(st.sampled_from([1, 3])) for _ in strides]
    sizes = tuple((-(-6 // s), -(-4 // s)) for s in strides)
    room = st.lists(st.integers(0, 2), min_size=len(sizes) + 1, max_size=len(sizes) + 1)
    gaps = draw(room.filter(any) if len(sizes) == 1 else room)
    done = draw(st.lists(st.sampled_from(["mix", "twice", "all"]), max_size=3))
    return Line(sizes, tuple(gaps)), kernels, strides, done


CHANNELS = 2


def within(line: Line, rows: Tensor, done: list[str]) -> Tensor:
    """Layers that read each position by itself, itself and what it was before, or all of them."""
    n, alike = line.length, (identity(CHANNELS), identity(line.length))
    for what in done:
        mixed = wired((rows,), ((Full(CHANNELS, CHANNELS), identity(n)),), rows.shape)
        if what == "mix":
            rows = mixed
        elif what == "twice":
            rows = wired((rows, mixed), (alike, alike), rows.shape)
        else:
            one = wired((rows,), ((identity(CHANNELS), Full(n, 1)),), (CHANNELS, 1))
            spread = identity(CHANNELS), Full(1, n)
            rows = wired((rows, one), (alike, spread), rows.shape)
    return rows


def images(line: Line, kernels: list[int], strides: list[int]) -> tuple[Tensor, list[Tensor]]:
    x = cg.Input((1, 6, 4), rank=2)
    convs = (
        cg.Conv((k, k), CHANNELS, stride=s, padding="same")
        for k, s in zip(kernels, strides, strict=True)
    )
    return x, [conv(x) for conv in convs]


def in_line(line: Line, rows: list[Tensor], done: list[str]) -> list[Tensor]:
    """The images cut out again of a line of them in which something was done, and convolved."""
    n = line.length
    axes = [(identity(CHANNELS), line.place(number)) for number in range(len(rows))]
    total = within(line, wired(rows, axes, (CHANNELS, n)), done)
    found = []
    for number, (h, w) in enumerate(line.sizes):
        cut = identity(CHANNELS), line.cut(number)
        image = wired((total,), (cut,), (CHANNELS, h, w))
        found.append(cg.Conv((3, 3), CHANNELS, padding="same")(image))
    return found


def apart(rows: list[Tensor], done: list[str]) -> list[Tensor]:
    """The same without a line."""
    found = []
    for row in rows:
        _, h, w = row.shape
        alike = identity(CHANNELS), identity(h), identity(w)
        image = row
        for what in done:
            mix = Full(CHANNELS, CHANNELS), identity(h), identity(w)
            mixed = wired((image,), (mix,), row.shape)
            twice = what == "twice"
            image = wired((image, mixed), (alike, alike), row.shape) if twice else mixed
        found.append(cg.Conv((3, 3), CHANNELS, padding="same")(image))
    return found


FACTS = ("receptive_field", "clipped", "everywhere", "stride", "centre", "padding", "seen",
         "touches_padding")  # fmt: skip


@settings(max_examples=10)
@given(lines())
def test_images_cut_out_of_a_line_see_what_they_see_apart(
    drawn: tuple[Line, list[int], list[int], list[str]],
) -> None:
    line, kernels, strides, done = drawn
    done = [what for what in done if what != "all"]
    x, rows = images(line, kernels, strides)
    one = cg.report(cg.Network(x, in_line(line, rows, done)))
    x, rows = images(line, kernels, strides)
    other = cg.report(cg.Network(x, apart(rows, done)))
    for mine, alone in zip(one.network.outputs, other.network.outputs, strict=True):
        for fact in FACTS:
            ours, theirs = (
                getattr(each.row(row.name), fact) for each, row in ((one, mine), (other, alone))
            )
            assert ours == theirs, fact
        paths = one.effective_fields(mine.name), other.effective_fields(alone.name)
        counts = [[along.counts for along in each] for each in paths]
        assert counts[0] == counts[1]


@settings(max_examples=6)
@given(lines())
def test_fields_in_a_line_are_those_of_each_unit(
    drawn: tuple[Line, list[int], list[int], list[str]],
) -> None:
    line, kernels, strides, done = drawn
    x, rows = images(line, kernels, strides)
    net = cg.Network(x, in_line(line, rows, done))
    result = cg.report(net)
    for row in net.rows[1:]:
        fields = [cg.receptive_field(net, unit) for unit in row.units()]
        extents = [[z - a + 1 for a, z in field.bounds[1:]] for field in fields if field]
        assert result.row(row.name).clipped == tuple(map(max, zip(*extents, strict=True)))
