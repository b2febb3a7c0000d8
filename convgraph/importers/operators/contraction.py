"""Contractions: sums of products over named axes, of rows with parameters and with one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis, Full
from convgraph.core.errors import ConvgraphError
from convgraph.core.listed_axes import Sieved, Table
from convgraph.core.reduction import PAIRED, SUM
from convgraph.core.sizes import Size, is_symbolic
from convgraph.core.tying import Tying
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.importers.builder import ONE, Builder, Unread, builds
from convgraph.importers.masks.fixed_units import fixed
from convgraph.importers.masks.hidden import MOST, not_finite, zeros_of
from convgraph.importers.masks.perhaps_infinite import say_if_infinite
from convgraph.importers.node import Node, is_equation
from convgraph.importers.values import Known, Signal, Value, row_shape

__all__ = ["contract", "einsum", "nonzero"]

# A row, and the sizes of its axes by letter.
Operand: TypeAlias = "tuple[Signal, dict[str, Size]]"
Mask: TypeAlias = "NDArray[np.bool_]"


@builds("Einsum")
def einsum(builder: Builder, node: Node) -> None:
    """A contraction of one or two tensors, without repeated axes."""
    values = [builder.value(name) for name in node.inputs]
    terms, out = _equation(node.word("equation", ""), len(values))
    if len(values) > 2:
        raise Unread("a product of more than two tensors")
    if not any(isinstance(value, Signal) for value in values):
        raise Unread("a product of known tensors")
    contract(builder, node, values, terms, out)


def contract(
    builder: Builder,
    node: Node,
    values: Sequence[Value],
    terms: Sequence[str],
    out: str,
    bias: tuple[Product, Tying] | None = None,
    name: str | None = None,
) -> Signal:
    """The sum, over the letters that are not `out`, of products of entries; one of 1 broadcasts.

    What is multiplied with a zero that a mask has put is not read.
    """
    sizes = _sizes(values, terms)
    summed = [letter for letter in sizes if letter not in out]
    shape = tuple(sizes[letter] for letter in out)
    batch = out[: len(shape) - len(row_shape(shape))] if shape else ""  # which is in no row
    letters = [letter for letter in (*out, *summed) if letter not in batch]
    signals: list[Operand] = [
        (value, {c: n for c, n in zip(term, value.shape, strict=True) if c not in batch})
        for value, term in zip(values, terms, strict=True)
        if isinstance(value, Signal)
    ]
    for letter in summed:
        if any(letter not in term for term in terms) or any(
            own[letter] != sizes[letter] for _, own in signals
        ):
            raise Unread("a sum over an axis of one factor only")
    if len(signals) == 1 and len(values) == 2:
        sparse = _with_zeros(builder, values, terms, letters, summed, sizes)
        if sparse is not None:
            say_if_infinite(builder, node, signals[0][0])
            return builder.emit(node, shape, [(signals[0][0], *sparse)], SUM, bias, name)
    zeros = _zeros(builder, signals, terms, summed)
    _say_no_numbers(builder, node, signals)
    for (_, own), (other, _) in zip(signals, signals[::-1], strict=True):
        if any(marked is own for marked, _ in zeros):
            say_if_infinite(builder, node, other)
    wirings = _without_zeros(signals, zeros, letters, summed, sizes)
    if wirings is None:
        wirings = [_reads(own, letters, summed, sizes) for _, own in signals]
        if zeros:
            builder.caveats.append(
                f"node={node.label!r} ({node.op}): what is multiplied with zeros that a mask puts "
                "is taken to be read"
            )
    tying: Tying = ONE
    for known, term in zip(values, terms, strict=True):
        if isinstance(known, Known):
            kinds = [
                ("tap" if c in summed else "output", letters.index(c) if c in letters else 0)
                for c in term
            ]
            tying = builder.tied(known, kinds)
    joints = [(value, reads, tying) for (value, _), reads in zip(signals, wirings, strict=True)]
    reduction = PAIRED if len(joints) == 2 else SUM
    return builder.emit(node, shape, joints, reduction, bias, name)


def _with_zeros(
    builder: Builder,
    values: Sequence[Value],
    terms: Sequence[str],
    letters: Sequence[str],
    summed: Sequence[str],
    sizes: Mapping[str, Size],
) -> tuple[Product, Tying] | None:
    """A row times a matrix of numbers, of which zeros connect nothing; None for what is no such."""
    pairs = list(zip(values, terms, strict=True))
    (signal, own), (known, term) = pairs if isinstance(values[0], Signal) else pairs[::-1]
    kept = [c for c in term if c in letters and c not in summed]
    if not isinstance(known, Known) or len(summed) != 1 or len(kept) != 1 or len(term) != 2:
        return None
    (tap,), (out,) = summed, kept
    if out in own or known.learned or known.size > MOST or zeros_of(builder, known) is None:
        return None
    if not isinstance(signal, Signal) or not_finite(builder, signal) is not None:
        return None
    values_ = known.values() if term == out + tap else known.values().T
    relation, picked = nonzero(Known.of(known.name, values_))
    named = {out if c == tap else c: n for c, n in zip(own, signal.shape, strict=True)}
    named = {c: n for c, n in named.items() if c in letters}
    wiring = _reads(named, [c for c in letters if c != tap], (), sizes, {out: relation})
    at = letters.index(out)
    return wiring, builder.tied(picked, [("output", at), ("tap", at)])


def nonzero(weights: Known) -> tuple[Axis, Known]:
    """What each output reads where its number is not zero, and the numbers."""
    values = weights.values()
    there = values != 0
    count = max(int(there.sum(axis=1).max()), 1)
    first = np.argsort(~there, axis=1, kind="stable")[:, :count]
    picked = np.take_along_axis(values, first, axis=1)
    positions = np.where(picked != 0, first, -1)
    return Table(values.shape[1], positions), Known.of(weights.name, picked)


def _sizes(values: Sequence[Value], terms: Sequence[str]) -> dict[str, Size]:
    """The sizes of the axes that letters name."""
    sizes: dict[str, Size] = {}
    for term, value in zip(terms, values, strict=True):
        if len(term) != len(value.shape):
            raise ConvgraphError(f"equation: {term!r} names the axes of a shape {value.shape}")
        for letter, n in zip(term, value.shape, strict=True):
            if sizes.setdefault(letter, n) == 1:
                sizes[letter] = n
            elif n not in (1, sizes[letter]):
                raise ConvgraphError(f"equation: the axis {letter!r} has {sizes[letter]} and {n}")
    return sizes


def _equation(equation: str, operands: int) -> tuple[list[str], str]:
    if not is_equation(equation):
        raise ConvgraphError(f"equation={equation!r}: letters, commas, dots by three, one arrow")
    left, arrow, right = equation.replace(" ", "").partition("->")
    terms = left.split(",")
    if len(terms) != operands:
        raise ConvgraphError(f"equation={equation!r}: it names {len(terms)} of {operands} tensors")
    if not arrow:
        every = "".join(terms)
        right = "".join(sorted(c for c in set(every) if every.count(c) == 1))
    if any("." in term or len(set(term)) < len(term) for term in (*terms, right)):
        raise Unread("an equation with an ellipsis or a diagonal")
    named = "".join(terms)
    if not set(right) <= set(named):
        raise ConvgraphError(f"equation={equation!r}: no new letters behind the arrow")
    return terms, right


def _reads(
    own: Mapping[str, Size],
    letters: Sequence[str],
    summed: Sequence[str],
    sizes: Mapping[str, Size],
    given: Mapping[str, Axis] = MappingProxyType({}),
) -> Product:
    """What an operand's row gives to each output: axes of the output, then those summed over."""
    axes: list[Axis] = []
    order: list[int] = []
    names, extra = list(own), len(own)
    for letter in letters:
        n = sizes.get(letter, 1)
        order.append(names.index(letter) if letter in own else extra)
        if letter not in own:
            extra += 1
            axes.append(Full(1, n))
        elif letter in given:
            axes.append(given[letter])
        elif letter in summed:
            axes.append(Full(n, 1))
        else:
            axes.append(identity(n) if own[letter] == n else Full(1, n))
    places = sorted(order)  # an axis of one position that no letter names is left out
    return Product(tuple(axes) or (identity(1),), tuple(map(places.index, order)))


def _say_no_numbers(builder: Builder, node: Node, signals: Sequence[Operand]) -> None:
    """A caveat where a softmax of what is all hidden, or what is hidden, is multiplied."""
    found = [not_finite(builder, signal) for signal, _ in signals]
    if len(signals) == 2 and any(one is not None and one.any() for one in found):
        builder.caveats.append(
            f"node={node.label!r} ({node.op}): a mask makes some of its factors infinite, or no "
            "numbers as a softmax of nothing is; what these are multiplied with is taken to be read"
        )


GROUP = "*"


def _zeros(
    builder: Builder, signals: Sequence[Operand], terms: Sequence[str], summed: Sequence[str]
) -> list[tuple[dict[str, Size], Mask]]:
    """For each of two rows that has them, its zeros that a mask has put, if they differ by tap."""
    if len(signals) != 2:
        return []
    found = []
    for (signal, own), term, (other, _) in zip(signals, terms, signals[::-1], strict=True):
        zeros = fixed(builder, signal.row, "zero")
        if zeros is None or not_finite(builder, other) is not None:  # which zeros make no number
            continue
        marks = zeros.where.reshape((1,) * (len(term) - zeros.where.ndim) + zeros.where.shape)
        kept = [n for c, n in zip(term, marks.shape, strict=True) if c in own]
        marks = marks.reshape(kept)
        if any(c in summed and n > 1 for c, n in zip(own, kept, strict=True)):
            found.append((own, marks))
    return found


def _without_zeros(
    signals: Sequence[Operand],
    zeros: Sequence[tuple[dict[str, Size], Mask]],
    letters: Sequence[str],
    summed: Sequence[str],
    sizes: Mapping[str, Size],
) -> list[Product] | None:
    """The wirings of two rows of which one has zeros that a mask has put there.

    The outputs along whose axes the zeros differ are one axis, with a tap for each position that is
    summed over.
    """
    if len(summed) != 1 or is_symbolic(*(sizes[c] for c in letters)):
        return None
    (tap,) = summed
    for own, marks in zeros:
        differs = [c for c, n in zip(own, marks.shape, strict=True) if n > 1]
        at = [letters.index(c) for c in differs if c != tap] or [letters.index(tap)]
        span = [c for c in letters[min(at) : max(at) + 1] if c != tap]
        shape = [int(sizes[c]) for c in (*span, tap)]
        if int(np.prod(shape, dtype=object)) > MOST:
            continue
        seen = ~np.broadcast_to(_in_order(marks, list(own), [*span, tap]), shape)
        wirings = [_grouped(each, letters, span, tap, sizes, seen) for _, each in signals]
        if all(wirings):
            return [wiring for wiring in wirings if wiring is not None]
    return None


def _in_order(array: NDArray[Any], names: Sequence[str], wanted: Sequence[str]) -> NDArray[Any]:
    """An array with its axes as wanted; one that it lacks, or that is not wanted, has one place."""
    rest = [c for c in names if c not in wanted]
    turned = array.transpose([names.index(c) for c in (*rest, *(w for w in wanted if w in names))])
    turned = turned.reshape(turned.shape[len(rest) :])
    return turned.reshape([array.shape[names.index(c)] if c in names else 1 for c in wanted])


def _grouped(
    own: Mapping[str, Size],
    letters: Sequence[str],
    span: Sequence[str],
    tap: str,
    sizes: Mapping[str, Size],
    seen: NDArray[np.bool_],
) -> Product | None:
    """What an operand gives, where some axes are one; None where they do not stand together."""
    inside = [c for c in own if c in span or c == tap]
    if "".join(inside) not in "".join(own):
        return None
    # Side by side, they are one axis in row-major order, along which any set can be marked: what is
    # read need not be a product of one set for each axis.
    shape = [int(own[c]) for c in inside]
    places = np.arange(int(np.prod(shape)), dtype=np.int64).reshape(shape)
    places = np.broadcast_to(_in_order(places, inside, [*span, tap]), seen.shape)
    kept = seen.reshape(-1, seen.shape[-1])
    axis: Axis
    if inside == [tap]:
        axis = Sieved(Full(sizes[tap], len(kept)), kept)
    else:
        axis = Table(int(np.prod(shape)), np.where(kept, places.reshape(kept.shape), -1))
    merged: dict[str, Size] = {}
    for letter, n in own.items():
        merged[GROUP if letter in inside else letter] = n
    named = [letter for letter in letters if letter not in span and letter != tap]
    named.insert(letters.index(span[0]) if span else len(named), GROUP)
    return _reads(merged, named, (), sizes, {GROUP: axis})
