"""The search for how the output moves: among all shifts that it could be, those that may hold.

A network that commutes with a shift of its input need not move its output by that shift over the
stride: the stride may not divide it, and yet the output turn around, stay, or vanish. So all shifts
of the output of the input's kind are held against the network at once. Both sides are evaluated
for all units together, and units are paired as each candidate has it: equal structure counts for
a candidate, one pair of different leading terms rules it out. What is left is decided in full.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from convgraph.core.edges import outer_and, outer_sum
from convgraph.core.layer import Row
from convgraph.symmetry.equivariance.asked_row import AskedRow
from convgraph.symmetry.equivariance.moved_network import MovedNetwork
from convgraph.symmetry.equivariance.output_motions import WINDOWS, Motions, motions_of_output
from convgraph.symmetry.equivariance.row_actions import STILL, Action
from convgraph.symmetry.equivariance.separated_axes import SeparatedAxes, along_axes
from convgraph.symmetry.transformations.axis_motions import Motion, composed, motions
from convgraph.symmetry.transformations.transformation import space

__all__ = ["EDGES", "Found", "search"]

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

EDGES = 50_000  # of a network that is asked on its edges, for several axes at once
PAIRS = 20_000_000  # of units held against each other: a second
TRIALS = 6  # points that rule candidates out; most go at the first


@dataclass(frozen=True)
class Found:
    """Motions of the output's axes that were not ruled out, the nearest to the stride's first.

    `nearest` is what most units agree with, for where none holds; `complete` says that all motions
    that there are were tried.
    """

    possible: tuple[tuple[Motion, ...], ...]
    nearest: tuple[Motion, ...]
    complete: bool


def search(
    asked: AskedRow, nearest: bool = True, seen: SeparatedAxes | None = None
) -> Found | None:
    """The motions of the row that may go with those of the input.

    If none may, the `nearest` is looked for only where it is wanted. `seen` is a view along the
    axes in which one of them was decided.

    None where the input's transformation is none of shifts and flips, or the network too large.
    """
    network, target = asked.network, asked.acting[asked.name].row
    given = network.inputs[0]
    moved = [asked.acting[row.name].transformation for row in network.inputs]
    along = None if moved[0] is None else motions(moved[0], given)
    if along is None or any(each != moved[0] for each in moved):
        return None
    options = motions_of_output(along, target, asked.steps[asked.name])
    wiped = _wiped(along, target)
    count = math.prod(map(len, options))
    complete = all(_all_tried(*each) for each in zip(along, space(target), strict=False))
    if count == 1 and not nearest and wiped is None:
        # the one way to move is that which the strides say, and has been tried
        return Found((), tuple(each[0] for each in options), complete)
    if asked.edges > EDGES or count * int(target.size) > PAIRS:
        view = along_axes(asked, {**asked.acting, target.name: _only_ones(target, options)})
        complete = complete and wiped is None  # that is not among the options
        return None if view is None else _along_axes(view, target, options, complete, nearest)
    several = sum(len(each) > 1 for each in options)
    if seen is not None and complete and several == 1 and not nearest and wiped is None:
        found = _along_axes(seen, target, options, complete, nearest)
        if found is not None and found.complete and not found.possible:
            return found
    channels = int(target.numbers()[0]) if target.channels else 1
    images = _images(options, channels)
    front = []
    if wiped is not None and not (images < 0).all(axis=1).any():
        front.append(wiped)
        images = np.concatenate([np.full((1, images.shape[1]), -1), images])
    possible, best = _ranked(asked.moved, images, nearest)

    def way(number: int) -> tuple[Motion, ...]:
        later = number - len(front)
        return front[number] if later < 0 else _chosen(options, later)

    return Found(tuple(map(way, possible)), way(best), complete)


def _only_ones(target: Row, options: Sequence[Motions]) -> Action:
    """How the axes move that can do so in one way alone; the others stay."""
    first = [each[0] if len(each) == 1 else Motion(each.kind.size) for each in options]
    return Action(target, STILL if all(motion.still for motion in first) else composed(first))


def _along_axes(
    view: SeparatedAxes, target: Row, options: Sequence[Motions], complete: bool, nearest: bool
) -> Found | None:
    """One axis after the other, in the network cut down to it.

    `complete` says whether all motions of these axes are among the options.
    """
    if view.turned or target.name in view.along.flattened:
        return None
    kept: list[list[Motion]] = []
    best = []
    complete = complete and sum(len(each) > 1 for each in options) == 1
    for axis, each in enumerate(options, 1):
        if len(each) == 1:
            kept.append([each[0]])
            best.append(each[0])
            continue
        found = view.asked((axis,))
        if found is None:
            return None
        asked, cleaned = found
        classes = view.classes[target.name].count
        if len(each) * classes * each.kind.size > PAIRS:
            each = each.nearest(max(1, PAIRS // (classes * each.kind.size)))
            complete = False
        # a difference in the small network is one in the large where the other axes are clean
        clean = [view.others((axis,), cleaned[0], number, False) for number in range(classes)]
        tells = np.array([all(mask.any() for mask in masks.values()) for masks in clean])
        complete = complete and bool(tells.any())
        told = np.repeat(tells | ~tells.any(), each.kind.size)
        possible, first = _ranked(asked, _images((each,), classes), nearest, told)
        kept.append([each[i] for i in possible])
        best.append(each[first])
    return Found(tuple(itertools.product(*kept)), tuple(best), complete)


def _all_tried(motion: Motion, size: int) -> bool:
    """Whether all shifts of an axis that moves are among its options."""
    turned = motion.flipped and motion.boundary is None and size > 1  # alone, with no shift behind
    return not turned and (motion.plain or size <= WINDOWS)


def _wiped(along: Sequence[Motion], target: Row) -> tuple[Motion, ...] | None:
    """The motion that leaves nothing of a row, if nothing is left of the input."""
    if not any(m.wiped for m in along):
        return None
    *still, last = [Motion(size) for size in space(target)]
    gone = last.then_shift(last.size, "zeros")
    assert gone is not None
    return (*still, gone)


def _images(options: Sequence[Motions], channels: int) -> NDArray[np.int64]:
    """The flat sources of a row of so many channels, for each way in which its axes may move."""
    along = [np.arange(channels)[None, :], *(each.sources() for each in options)]
    sizes = [own.shape[1] for own in along]
    steps = [math.prod(sizes[a + 1 :]) for a in range(len(sizes))]
    total = outer_sum([step * own for step, own in zip(steps, along, strict=True)])
    return np.where(outer_and([own >= 0 for own in along]), total, -1)


def _chosen(options: Sequence[Motions], number: int) -> tuple[Motion, ...]:
    """The motion of each axis in one of the ways in which they may move."""
    places = np.unravel_index(number, [len(each) for each in options])
    return tuple(each[int(place)] for each, place in zip(options, places, strict=True))


def _ranked(
    asked: MovedNetwork, images: NDArray[np.int64], nearest: bool, told: Mask | None = None
) -> tuple[Sequence[int], int]:
    """(The candidates that are not ruled out, those with most equal structure first; the nearest.)

    They are by all units, or by those that are `told`. Where none is left, the one with most is
    looked for only if the `nearest` is wanted.
    """
    units = slice(None) if told is None else np.flatnonzero(told)
    open_ = _not_ruled_out(asked, asked.units[units], images[:, units])
    if not len(open_) and not nearest:
        return (), 0
    plain, moved = asked.hashed.plain[asked.part], asked.hashed.moved[asked.part]
    agreeing = (np.where(images >= 0, plain[images], 0) == moved).sum(axis=1)
    best = int(np.argmax(agreeing))
    if agreeing[best] == len(moved):
        return (best,), best
    return sorted(open_.tolist(), key=lambda i: (-agreeing[i], i)), best


def _not_ruled_out(asked: MovedNetwork, units: Ints, images: Ints) -> NDArray[np.intp]:
    """The candidates whose two sides were not seen to differ at some units at a few points."""
    open_: NDArray[np.intp] = np.arange(len(images))
    images = np.where(images >= 0, images + asked.first, -1)
    points = asked.evaluated(asked.telling)
    for point in itertools.islice(points, TRIALS):
        open_ = open_[~point.differ(units, images[open_]).any(axis=1)]
        if not len(open_):
            break
    return open_
