"""Layers of JAX in ONNX's terms: convolutions, contractions, windows, reductions."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_letters
from typing import Any

import numpy as np

from convgraph.importers.builder import Unread
from convgraph.importers.jax.held import Axes, Held
from convgraph.importers.jax.layout import window_axes
from convgraph.importers.jax.reading import Reading, Translate

__all__ = ["conv", "cumulative", "dot_general", "place", "reduced", "windowed"]


def conv(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """A convolution; on spread inputs, a transposed one."""
    p, spec = equation.params, equation.params["dimension_numbers"]
    signal, kernel = operands
    rank = len(spec.lhs_spec) - 2
    if p["batch_group_count"] != 1 or r.moving(kernel):
        raise Unread("a convolution of two arrays that are computed, or by groups of the batch")
    signal = r.arranged(signal, spec.lhs_spec)
    kernel = r.arranged(kernel, spec.rhs_spec)
    pads = [(int(a), int(b)) for a, b in p["padding"]]
    spread, groups = list(map(int, p["lhs_dilation"])), int(p["feature_group_count"])
    strides, dilations = list(map(int, p["window_strides"])), list(map(int, p["rhs_dilation"]))
    shape = equation.outvars[0].aval.shape
    attributes: dict[str, Any] = {"dilations": dilations, "group": groups}
    if any(n > 1 for n in spread):
        if any(n > 1 for n in strides) or groups > 1:
            raise Unread("a convolution that spreads its input and steps over it")
        # the kernel of the convolution that this one is the reverse of
        turned = {"axes": [*range(2, rank + 2)], "starts": [-1] * rank, "ends": [-(2**62)] * rank}
        kernel = r.emit("Slice", [kernel], {**turned, "steps": [-1] * rank},
                        kernel.axes, kernel.shape)  # fmt: skip
        swapped = (kernel.axes[1], kernel.axes[0], *kernel.axes[2:])
        kernel = r.arranged(kernel, swapped)
        reach = [d * (k - 1) for d, k in zip(dilations, kernel.sizes[2:], strict=True)]
        before = [t - a for t, (a, _) in zip(reach, pads, strict=True)]
        after = [t - b for t, (_, b) in zip(reach, pads, strict=True)]
        attributes |= {
            "strides": spread,
            "pads": before + [max(n, 0) for n in after],
            "output_padding": [max(-n, 0) for n in after],
        }
        if min(before) < 0:
            raise Unread("a convolution of a spread input with more before it than it reaches")
        return r.emit("ConvTranspose", [signal, kernel], attributes, spec.out_spec, shape)
    if any(n < 0 for pair in pads for n in pair):  # cut off first
        signal = _cut(r, signal, pads)
        pads = [(max(a, 0), max(b, 0)) for a, b in pads]
    attributes |= {"strides": strides, "pads": [a for a, _ in pads] + [b for _, b in pads]}
    return r.emit("Conv", [signal, kernel], attributes, spec.out_spec, shape)


def _cut(r: Reading, signal: Held, pads: Sequence[tuple[int, int]]) -> Held:
    below = [(0, 0), (0, 0), *((min(a, 0), min(b, 0)) for a, b in pads)]
    shape = list(signal.shape)
    for axis, (a, b) in zip(signal.axes, below, strict=True):
        if axis is not None:
            shape[axis] += a + b
    listed = [a for a, _ in below] + [b for _, b in below]
    return r.emit("Pad", [signal], {"pads": listed}, signal.axes, shape)


def dot_general(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
    """A contraction; with a matrix along one axis it is linear along that axis."""
    (left, right), (left_batch, right_batch) = equation.params["dimension_numbers"]
    a, b = operands
    shape = tuple(map(int, equation.outvars[0].aval.shape))
    free = [[i for i in range(len(held.shape)) if i not in gone] for held, gone in
            ((a, (*left, *left_batch)), (b, (*right, *right_batch)))]  # fmt: skip
    batches = len(left_batch)
    labels = [
        {axis: i for i, axis in enumerate((*left_batch, *free[0]))},
        {axis: i for i, axis in enumerate(right_batch)}
        | {axis: batches + len(free[0]) + i for i, axis in enumerate(free[1])},
    ]
    a, b = (_bare(r, held, own) for held, own in ((a, free[0]), (b, free[1])))
    one = [(x, y) for x, y in zip(left, right, strict=True) if a.shape[x] > 1]
    batched = any(a.shape[x] > 1 for x in left_batch)
    for (signal, matrix), (x, y), (own, other) in (
        ((a, b), one[0] if one else (0, 0), labels),
        ((b, a), one[0][::-1] if one else (0, 0), labels[::-1]),
    ):
        rest = [axis for axis in matrix.real if axis != y]
        plain = r.moving(signal) and not r.moving(matrix) and not batched
        if plain and len(one) == 1 and len(rest) <= 1 and x in signal.real:
            return _linear(r, signal, matrix, x, (rest[0] if rest else None, y), own, other, shape)
    return _einsum(r, (a, b), one, labels, shape)


def _bare(r: Reading, held: Held, free: Sequence[int]) -> Held:
    """Without axes of one position but the first, and with all that are summed over."""
    missing = [axis for axis in held.broadcast if axis not in free]
    first = held.axes[:1] if held.axes and held.axes[0] not in held.real else ()
    return r.arranged(held, (*first, *held.real, *missing))


def _linear(
    r: Reading,
    signal: Held,
    matrix: Held,
    along: int,
    axes: Axes,
    own: dict[int, int],
    other: dict[int, int],
    shape: tuple[int, ...],
) -> Held:
    """A matrix applied along an axis."""
    at = signal.axes.index(along)
    weights = r.arranged(matrix, axes)
    new = None if axes[0] is None else other[axes[0]]
    labels = tuple(
        new if i == at else None if axis is None else own.get(axis)
        for i, axis in enumerate(signal.axes)
    )
    if len(signal.axes) == 2 and at == 1 and r.is_learned(matrix):
        return r.emit("Gemm", [signal, weights], {"transB": 1}, labels, shape)
    axis = {"axis": at - len(signal.axes)}
    return r.emit("aten.linear", [signal, weights], axis, labels, shape)


def _einsum(
    r: Reading,
    operands: Sequence[Held],
    contracted: Sequence[tuple[int, int]],
    labels: Sequence[dict[int, int]],
    shape: tuple[int, ...],
) -> Held:
    """The axes of the first operand in their order, those of the second where it is summed over."""
    letters = iter(ascii_letters)
    summed = [next(letters) for _ in contracted]
    named: dict[int, str] = {}
    terms: list[list[str]] = []
    out: list[list[tuple[str, int | None]]] = []
    for side, held in enumerate(operands):
        own = {pair[side]: letter for pair, letter in zip(contracted, summed, strict=True)}
        term: list[str] = []
        kept: list[tuple[str, int | None]] = []
        for axis in held.axes:
            if axis in own:
                term.append(own[axis])
                kept.append((own[axis], None))
                continue
            label = None if axis is None else labels[side].get(axis)
            shared = label is not None and label in named and held.shape[axis or 0] > 1
            letter = named[label] if shared and label is not None else next(letters)
            if label is not None and not shared:
                label = None if label in named else label
                if label is not None:
                    named[label] = letter
            term.append(letter)
            if not shared:
                kept.append((letter, label))
        terms.append(term)
        out.append(kept)
    first, second = out
    at = max((i for i, (letter, _) in enumerate(first) if letter in summed), default=len(first))
    new = [one for one in second if one[0] not in summed]
    order = [one for one in (*first[:at], *new, *first[at:]) if one[0] not in summed]
    equation = f"{','.join(map(''.join, terms))}->{''.join(letter for letter, _ in order)}"
    axes = tuple(label for _, label in order)
    return r.emit("Einsum", operands, {"equation": equation}, axes, shape)


def windowed(op: str) -> Translate:
    """A window that takes the greatest, or adds up."""

    def translate(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
        p, signal = equation.params, operands[0]
        window = list(map(int, p["window_dimensions"]))
        if any(n != 1 for n in p["base_dilation"]):
            raise Unread("a window on a spread input")
        # an axis that is stepped over or padded stands among those of the window
        touched = [
            2 if one != (1, 1, (0, 0)) else 1
            for one in zip(window, map(int, p["window_strides"]), p["padding"], strict=True)
        ]
        wanted = window_axes(touched, signal.axes)
        signal = r.arranged(signal, wanted)
        space = wanted[2:]

        def each(values: Sequence[Any], plain: Any) -> list[Any]:
            return [plain if a is None else values[a] for a in space]

        pads = each(p["padding"], (0, 0))
        attributes = {
            "kernel_shape": each(window, 1),
            "strides": [int(n) for n in each(p["window_strides"], 1)],
            "dilations": [int(n) for n in each(p["window_dilation"], 1)],
            "pads": [int(a) for a, _ in pads] + [int(b) for _, b in pads],
        }
        return r.emit(op, [signal], attributes, wanted, equation.outvars[0].aval.shape)

    return translate


def reduced(op: str) -> Translate:
    """One value of the units along some axes."""

    def translate(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
        gone = tuple(int(a) for a in equation.params["axes"])
        signal = operands[0]
        if set(signal.broadcast) & set(gone):
            signal = r.full(signal)
        return _reduced(r, op, signal, gone, equation.outvars[0].aval.shape, {})

    return translate


def _reduced(
    r: Reading, op: str, signal: Held, gone: Sequence[int], shape: Any, more: dict[str, Any]
) -> Held:
    rest = [a for a in range(len(signal.shape)) if a not in gone]
    labels = {a: i for i, a in enumerate(rest)}
    at = [i for i, a in enumerate(signal.axes) if a in gone]
    held = signal.relabelled(labels, shape)
    if not at:
        return held
    return r.emit(op, [signal], more or {"axes": at, "keepdims": 1}, held.axes, shape)


def place(op: str) -> Translate:
    """The place of the greatest, or the least, along an axis."""

    def translate(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
        (axis,) = equation.params["axes"]
        signal = r.full(operands[0]) if axis not in operands[0].axes else operands[0]
        more = {"axis": signal.axes.index(axis), "keepdims": 1}
        return _reduced(r, op, signal, (axis,), equation.outvars[0].aval.shape, more)

    return translate


def cumulative(op: str) -> Translate:
    """What stands before along an axis, taken together."""

    def translate(r: Reading, equation: Any, operands: Sequence[Held]) -> Held:
        axis, signal = equation.params["axis"], operands[0]
        signal = r.full(signal) if axis not in signal.axes else signal
        at = r.constant(np.array([signal.axes.index(axis)]))
        more = {"reverse": int(equation.params["reverse"])}
        return r.emit(op, [signal, at], more, signal.axes, signal.shape)

    return translate
