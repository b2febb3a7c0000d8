"""A shift that goes through the network, beside the network that goes through the shift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.figures.motion.board import NARROW
from convgraph.figures.motion.cell_values import numbers, row_values, written
from convgraph.figures.motion.grid import Grid, cell
from convgraph.figures.motion.pixels import SMALL, filled
from convgraph.figures.motion.shade import Scale, said, scale_of, shades
from convgraph.figures.motion.shapes import Frame, Shape, Text
from convgraph.figures.motion.stacks import (
    CAPTION,
    EDGE,
    LEAST,
    channels_of,
    check_size,
    left_out,
    shown_rows,
    space_of,
    stacked,
    title_of,
)
from convgraph.symmetry.equivariance.check import check_equivariance
from convgraph.symmetry.equivariance.verdict import Verdict
from convgraph.symmetry.transformations.transformation import Transformation, moved

__all__ = ["commuting_frames"]

Numbers = NDArray[Any]
TITLE = 22.0  # above a lane, for what it is called
SEEDS = 20  # draws of numbers: with small ones, both ways may end alike although they differ


class Ways(NamedTuple):
    """The numbers of all rows, moved first and computed first, and what moves last."""

    moved_first: dict[str, Numbers]
    computed_first: dict[str, Numbers]
    moved_last: Numbers


class Look(NamedTuple):
    """What each row is called, its channel that is shown, and the colours of its numbers.

    The last is None where the numbers themselves are written; `blank` cells say nothing.
    """

    titles: dict[str, str]
    channels: dict[str, int]
    scales: dict[str, Scale | None]
    blank: bool


def commuting_frames(
    network: Network,
    transformation: Transformation,
    values: Any = None,
    parameters: Mapping[str, Any] | None = None,
    blank: bool = False,
) -> tuple[tuple[float, float], list[Frame], tuple[float, ...]]:
    """The size of the frames, these, and where the second way begins if it is below the first.

    Two ways lead from an input to an output, row by row.

    One way moves the input and computes, the other computes and moves the output. At the end units
    at which the verdict says that both are equal are green, and those that it calls broken orange.
    """
    if len(network.inputs) != 1 or len(network.outputs) != 1:
        raise ConvgraphError(f"network={network!r}: what is moved has one input and one output")
    check_size(network, _names(network))
    verdict = check_equivariance(network, transformation)
    if verdict.output.sources() is None:
        raise ConvgraphError(
            f"transformation={transformation!r}: no shift of the output is known that it should "
            "be; the strides do not divide it"
        )
    ways = _ways(verdict, transformation, values, parameters)
    names, end = shown_rows(network, _names(network)), network.outputs[0].name
    still = verdict.output.still
    titles = (
        f"{transformation!r}, then the network",
        "the network alone" if still else f"the network, then {verdict.output!r}",
    )
    channels = dict.fromkeys(names, 0) | {end: _channel(verdict)}
    named = {name: title_of(network, name, channels[name]) for name in names}
    lanes, size = _lanes(network, named, titles)
    last = {**ways.computed_first, end: ways.moved_last}
    every = (ways.moved_first, ways.computed_first, last)
    scales = {
        name: scale_of([_plane(network, name, each[name], channels[name]) for each in every], side)
        for name, side in ((name, lanes[0][name].side) for name in names)
        if not blank
    }
    look = Look(named, channels, scales, blank)
    shown = left_out([row.name for row in network.rows], names)
    captions = [
        f"{transformation!r} of the input, and the input as it is{shown}",
        *(f"{name} is computed on both ways" for name in names[1:]),
        f"{end} stays as it is" if still else f"{verdict.output!r} of {end} on the second way",
        f"{verdict.statement} {verdict.summary}{_of_channel(verdict)}",
    ]
    frames = []
    for i, text in enumerate(captions):
        done = i == len(captions) - 1
        other = last if i >= len(names) else ways.computed_first
        shapes: list[Shape] = list(_titles(lanes, titles))
        # what a shift brings in from beyond the border: at the input, and at the end at the output
        source, target = verdict.action.sources(), verdict.output.sources()
        beyond = {names[0]: source}, {end: target} if i >= len(names) else {}
        both = zip(lanes, (ways.moved_first, other), beyond, strict=True)
        for lane, found, new in both:
            known = {name: found[name] for name in names[: i + 1]}
            shapes += _drawn(verdict, lane, known, new, done, look)
        text += said(scales.get(name) for name in names[: i + 1])
        frames.append(Frame(tuple(shapes), text))
    return size, frames, _cuts(lanes)


def _names(network: Network) -> list[str]:
    return [row.name for row in network.rows]


def _ways(
    verdict: Verdict,
    transformation: Transformation,
    values: Any,
    parameters: Mapping[str, Any] | None,
) -> Ways:
    """Both ways in numbers; where none were given, in such as show what is broken."""
    network, broken = verdict.network, verdict.broken.mask()
    source, target = verdict.action.sources(), verdict.output.sources()
    assert source is not None
    assert target is not None
    for seed in range(SEEDS):
        made = numbers(network, values, parameters, seed=seed)
        shifted = moved(source, made.source.ravel()).reshape(made.source.shape)
        first = row_values(network, shifted, made.arrays)
        second = row_values(network, made.source, made.arrays)
        end = network.outputs[0].name
        ways = Ways(first, second, moved(target, second[end].ravel()).reshape(second[end].shape))
        if (ways.moved_first[end] != ways.moved_last)[broken].all():
            break
    return ways


def _lanes(
    network: Network, named: dict[str, str], titles: tuple[str, str]
) -> tuple[list[dict[str, Grid]], tuple[float, float]]:
    """The rows twice: side by side where both are narrow, else one above the other."""
    least = max(LEAST / 2, 6.8 * max(map(len, titles)) + 2 * EDGE)
    names = list(named)
    grids, (width, height) = stacked(network, names, named, least)
    if 2 * width <= NARROW:
        across, down = width, 0.0
    else:
        grids, (width, height) = stacked(network, names, named)
        across, down = 0.0, height - CAPTION + TITLE + 14
    lanes = [
        {
            name: replace(grid, x=grid.x + i * across, y=grid.y + TITLE + i * down)
            for name, grid in grids.items()
        }
        for i in (0, 1)
    ]
    return lanes, (width + across, height + TITLE + down)


def _cuts(lanes: list[dict[str, Grid]]) -> tuple[float, ...]:
    """Where frames are cut so that no panel of one way gets under the title of the other."""
    first, second = (min(grid.y for grid in lane.values()) for lane in lanes)
    return () if first == second else (second - 27 - 8,)


def _titles(lanes: list[dict[str, Grid]], titles: tuple[str, str]) -> Iterator[Text]:
    for lane, text in zip(lanes, titles, strict=True):
        x, y = (min(getattr(grid, side) for grid in lane.values()) for side in "xy")
        yield Text(x, y - 27, text, 12, "ink", "start", True)


def _channel(verdict: Verdict) -> int:
    """The channel of the output that is shown, from 0: the first in which something is broken."""
    network = verdict.network
    row = network.outputs[0]
    broken = verdict.broken.mask().reshape(channels_of(row), -1).any(axis=1)
    return int(broken.argmax())


def _of_channel(verdict: Verdict) -> str:
    """How much of what is broken is in the channel that is shown, of several."""
    network = verdict.network
    row, broken = network.outputs[0], verdict.broken.mask()
    if channels_of(row) == 1 or not broken.any():
        return ""
    channel = _channel(verdict)
    shown = _plane(network, row.name, broken, channel)
    return f", {np.count_nonzero(shown)} of them in channel {channel + 1}"


def _plane(network: Network, name: str, values: Any, channel: int) -> Numbers:
    """A channel of what belongs to the units of a row."""
    planes: Numbers = np.asarray(values).reshape(-1, *space_of(network, name))
    return planes[channel]


def _drawn(
    verdict: Verdict,
    grids: dict[str, Grid],
    known: dict[str, Numbers],
    beyond: Mapping[str, Any],
    done: bool,
    look: Look,
) -> Iterator[Shape]:
    """The cells of one lane; of rows with channels one.

    `beyond` says of some rows where each unit comes from, -1 for zeros from beyond the border.
    """
    network = verdict.network
    end = network.outputs[0].name
    for name, grid in grids.items():
        space, channel = space_of(network, name), look.channels[name]
        fill = np.full(space, "input" if name in known else "empty", object)
        if done and name == end:
            fill[_plane(network, name, verdict.exact.mask(), channel)] = "output"
            fill[_plane(network, name, verdict.broken.mask(), channel)] = "weight5"
        new = np.zeros(space, bool)
        if name in beyond:
            new = _plane(network, name, beyond[name], channel) < 0
            fill[new & (fill == "input")] = "pad"
        numbers = None
        if name in known and not look.blank:
            numbers, most = _plane(network, name, known[name], channel), look.scales[name]
            if most is not None:
                plain = fill == "input"
                fill[plain] = shades(numbers[plain], most)
                numbers = None
        yield Text(grid.x, grid.y - 9, look.titles[name], 11, "soft", "start")
        if numbers is None and grid.side < SMALL:
            yield from filled(grid, fill)
            continue
        for place in np.ndindex(*space):
            text = "" if numbers is None else written(numbers[place])
            yield from cell(
                grid.corner(place), grid.side, str(fill[place]), text,
                dash=bool(new[place]), among=name,
            )  # fmt: skip
        for place in zip(*np.nonzero(fill == "weight5"), strict=True):
            yield grid.around([tuple(map(int, place))], "now")
