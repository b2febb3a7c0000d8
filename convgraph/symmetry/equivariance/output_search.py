"""The search for how the output moves: among all shifts that it could be, those that may hold.

A network that commutes with a shift of its input need not move its output by that shift over the
stride: the stride may not divide it, and yet the output turn around, stay, or vanish. So all shifts
of the output of the input's kind are held against the network at once. Both sides are evaluated
for all units together, and units are paired as each candidate has it: equal structure counts for
a candidate, one pair of different leading terms rules it out. What is left is decided in full.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.reduction import MAX
from convgraph.symmetry.composed import Motion, motions, sources_of
from convgraph.symmetry.equivariance.cone_of_influence import cone_of
from convgraph.symmetry.equivariance.decide import Question
from convgraph.symmetry.equivariance.explanation import edge_question
from convgraph.symmetry.equivariance.identities import identities
from convgraph.symmetry.equivariance.layer_edges import LayerEdges, ancestors, every_layer
from convgraph.symmetry.equivariance.points_at_infinity import trials
from convgraph.symmetry.equivariance.row_actions import Action
from convgraph.symmetry.equivariance.separated_axes import separated_axes
from convgraph.symmetry.transformation import Steps, space

__all__ = ["EDGES", "Found", "search"]

EDGES = 50_000  # of a network that is asked on its edges, for several axes at once
PAIRS = 20_000_000  # of units held against each other: a second
WINDOWS = 12  # positions of an axis up to which every part of it that may be lost is tried
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
    network: Network,
    actions: Mapping[str, Action],
    target: Row,
    steps: Steps | None,
    nearest: bool = True,
) -> Found | None:
    """The motions of a row that may go with those of the input.

    If none may, the `nearest` is looked for only where it is wanted.

    None where the input's transformation is none of shifts and flips, or the network too large.
    """
    given = network.inputs[0]
    moved = [actions[row.name].transformation for row in network.inputs]
    along = None if moved[0] is None else motions(moved[0], given)
    if along is None or any(each != moved[0] for each in moved):
        return None
    options = _options(along, target, steps)
    count = int(np.prod([len(each) for each in options], dtype=float))
    if count == 1 and not nearest and not any(m.wiped for m in along):
        # the one way to move is that which the strides say, and has been tried
        return Found((), tuple(each[0] for each in options), True)
    edges = sum(int(layer.connections) for layer in network.layers)
    if edges <= EDGES and count * int(target.size) <= PAIRS:
        every = list(itertools.product(*options))
        wiped = _wiped(along, target)
        if wiped is not None and wiped not in every:
            every.insert(0, wiped)
        question = edge_question(network, {**actions, target.name: _stays(target)}, target.name)
        channels = int(target.numbers()[0]) if target.channels else 1
        images = _images(options, channels)
        if len(every) > len(images):
            assert wiped is not None
            images = np.concatenate([_images([(m,) for m in wiped], channels), images])
        ranked = _ranked(question, images, nearest)
        complete = all(_all_tried(*each) for each in zip(along, space(target), strict=False))
        return Found(tuple(every[i] for i in ranked.possible), every[ranked.nearest], complete)
    return _axis_by_axis(network, actions, target, options, nearest)


def _axis_by_axis(
    network: Network,
    actions: Mapping[str, Action],
    target: Row,
    options: Sequence[Sequence[Motion]],
    nearest: bool,
) -> Found | None:
    """One axis after the other, in the network cut down to it."""
    view = separated_axes(network, {**actions, target.name: _stays(target)}, target.name)
    if view is None or view.turned or target.name in view.along.flattened:
        return None
    kept: list[list[Motion]] = []
    best = []
    complete = sum(len(each) > 1 for each in options) == 1
    for axis, each in enumerate(options, 1):
        if len(each) == 1:
            kept.append(list(each))
            best.append(each[0])
            continue
        asked = view.question((axis,))
        if asked is None:
            return None
        classes = view.classes[target.name].count
        if len(each) * classes * each[0].size > PAIRS:
            each = each[: max(1, PAIRS // (classes * each[0].size))]
            complete = False
        ranked = _ranked(asked[0], _images((each,), classes), nearest)
        clean = view.others((axis,), asked[1][0], 0, False)
        complete = complete and all(mask.any() for mask in clean.values())
        kept.append([each[i] for i in ranked.possible])
        best.append(each[ranked.nearest])
    return Found(tuple(itertools.product(*kept)), tuple(best), complete)


def _stays(row: Row) -> Action:
    return Action(row, None, still=True)


def _options(along: Sequence[Motion], target: Row, steps: Steps | None) -> list[list[Motion]]:
    """Per axis of the row how it may move, nearest to what the stride says first."""
    result = []
    for axis, size in enumerate(space(target)):
        step = steps[axis] if steps is not None and axis < len(steps) else None
        if step is None or axis >= len(along):
            result.append([Motion(size)])
            continue
        motion = along[axis]
        over, under = step.numerator, step.denominator
        goal = motion.amount * under
        found = list(dict.fromkeys(_shifts(motion, size, float(1 / step))))
        # of two that are as near the smaller one; comparing fractions takes its time
        away = [(abs(m.amount * over - goal), m.amount * over > goal) for m in found]
        result.append([found[i] for i in sorted(range(len(found)), key=away.__getitem__)])
    return result


def _shifts(motion: Motion, size: int, scale: float) -> Iterator[Motion]:
    """All motions of an axis of the kind that the input's has."""
    still = Motion(size, flipped=motion.flipped)
    if motion.boundary is None:
        yield still
    elif motion.boundary == "wrap":
        yield still
        low = -(size // 2) if motion.amount < 0 else -((size - 1) // 2)
        for amount in range(low, low + size):
            yield replace(still, boundary="wrap", amount=amount) if amount else still
    else:
        for amount in range(-size, size + 1):
            shifted = still.then_shift(amount, "zeros")
            assert shifted is not None
            yield shifted
            if not motion.plain:
                yield from _straying(shifted, motion, scale)


def _straying(shifted: Motion, motion: Motion, scale: float) -> Iterator[Motion]:
    """The same shifts with more lost at the ends: all there are, or those near the stride's."""
    size = shifted.size
    near = [{int(lost * scale) + more for more in (0, 1)} for lost in (motion.left, motion.right)]
    lefts, rights = (range(size + 1),) * 2 if size <= WINDOWS else (sorted(n) for n in near)
    for left, right in itertools.product(lefts, rights):
        if left >= shifted.left and right >= shifted.right and left + right <= size:
            yield replace(shifted, boundary="zeros", left=left, right=right)


def _all_tried(motion: Motion, size: int) -> bool:
    return motion.plain or size <= WINDOWS


def _wiped(along: Sequence[Motion], target: Row) -> tuple[Motion, ...] | None:
    """The motion that leaves nothing of a row, if nothing is left of the input."""
    if not any(m.wiped for m in along):
        return None
    last, *rest = reversed([Motion(size) for size in space(target)])
    gone = last.then_shift(last.size, "zeros")
    assert gone is not None
    return (*reversed(rest), gone)


def _images(options: Sequence[Sequence[Motion]], channels: int) -> NDArray[np.int64]:
    """The flat sources of a row of so many channels, for each way in which its axes may move."""
    total, there = np.arange(channels)[None, :], np.ones((1, channels), bool)
    for each in options:
        own, size = sources_of(each), each[0].size
        shape = len(total) * len(own), -1
        total = (total[:, None, :, None] * size + own[None, :, None, :]).reshape(shape)
        there = (there[:, None, :, None] & (own >= 0)[None, :, None, :]).reshape(shape)
    return np.where(there, total, -1)


@dataclass(frozen=True)
class _Ranked:
    possible: tuple[int, ...]
    nearest: int


def _ranked(question: Question, images: NDArray[np.int64], nearest: bool) -> _Ranked:
    """Which candidates are not ruled out, those with most equal structure first.

    Where none is left, the one with most is looked for only if the `nearest` is wanted.
    """
    network, row = question.network, question.row
    layers = every_layer(network, ancestors(network, row))
    part = slice(network.offsets[row], network.offsets[row] + int(network.row(row).size))
    open_ = _not_ruled_out(question, layers, part, images)
    if not len(open_) and not nearest:
        return _Ranked((), 0)
    found = identities(network, layers, question.moves, {}, question.opaque, consed=True)
    plain, moved = found.plain[part], found.moved[part]
    agreeing = (np.where(images >= 0, plain[images], 0) == moved).sum(axis=1)
    best = int(np.argmax(agreeing))
    if agreeing[best] == len(moved):
        return _Ranked((best,), best)
    return _Ranked(tuple(sorted(open_.tolist(), key=lambda i: (-agreeing[i], i))), best)


def _not_ruled_out(
    question: Question, layers: list[LayerEdges], part: slice, images: NDArray[np.int64]
) -> NDArray[np.intp]:
    """The candidates whose two sides were not seen to differ at a few points."""
    network = question.network
    open_: NDArray[np.intp] = np.arange(len(images))
    units = np.arange(part.start, part.stop)
    cone = cone_of(layers, units, len(network.edges.start) - 1)
    maxima = any(layer.reduction == MAX for layer in layers)
    points = trials(network, cone, question.moves, question.zeroed, maxima)
    for before, after in itertools.islice(points, TRIALS):
        left, right = after[part], before[part]
        image = images[open_]
        sides = right[np.maximum(image, 0)]
        sides.code = np.where(image >= 0, sides.code, 0)
        sides.known = sides.known | (image < 0)
        open_ = open_[~left.differs(sides).any(axis=1)]
        if not len(open_):
            break
    return open_
