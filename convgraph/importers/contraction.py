"""Einsum: sums of products over named axes."""

from __future__ import annotations

from collections.abc import Sequence

from convgraph.core.axis import Axis, Full
from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import PAIRED, SUM
from convgraph.core.sizes import Size
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.importers.builder import ONE, Builder, Unread, builds
from convgraph.importers.node import Node
from convgraph.importers.values import Known, Signal

__all__ = ["einsum"]


@builds("Einsum")
def einsum(builder: Builder, node: Node) -> None:
    """A contraction of one or two tensors, without repeated axes."""
    values = [builder.value(name) for name in node.inputs]
    terms, out = _equation(node.word("equation", ""), len(values))
    sizes: dict[str, Size] = {}
    for term, value in zip(terms, values, strict=True):
        if len(term) != len(value.shape):
            raise ConvgraphError(f"equation: {term!r} names the axes of a shape {value.shape}")
        for letter, n in zip(term, value.shape, strict=True):
            if sizes.setdefault(letter, n) != n:
                raise ConvgraphError(f"equation: the axis {letter!r} has {sizes[letter]} and {n}")
    summed = [letter for letter in sizes if letter not in out]
    if any(letter not in term for letter in summed for term in terms):
        raise Unread("a sum over an axis of one factor only")
    if len(values) > 2:
        raise Unread("a product of more than two tensors")
    shape = tuple(sizes[letter] for letter in out)
    letters = [*out, *summed]
    joints = []
    for term, value in zip(terms, values, strict=True):
        if not isinstance(value, Signal):
            continue
        wiring = _reads(term, letters, out, sizes)
        other = next((i for i, v in enumerate(values) if isinstance(v, Known)), None)
        tying = ONE
        if other is not None:
            known = values[other]
            assert isinstance(known, Known)
            kinds = [("output" if c in out else "tap", letters.index(c)) for c in terms[other]]
            tying = builder.tied(known, kinds)
        joints.append((value, wiring, tying))
    if not joints:
        raise Unread("a product of known tensors")
    builder.emit(node, shape, joints, PAIRED if len(joints) == 2 else SUM)


def _equation(equation: str, operands: int) -> tuple[list[str], str]:
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
    if not set(right) <= set(named) or not all(c.isalpha() for c in named):
        raise ConvgraphError(f"equation={equation!r}: letters, and no new ones behind the arrow")
    return terms, right


def _reads(term: str, letters: Sequence[str], out: str, sizes: dict[str, Size]) -> Product:
    """What an operand's row gives to each output: axes of the output, then those summed over."""
    axes: list[Axis] = []
    order: list[int] = []
    extra = len(term)
    for letter in letters:
        n = sizes[letter]
        if letter in term:
            axes.append(identity(n) if letter in out else Full(n, 1))
            order.append(term.index(letter))
        else:
            axes.append(Full(1, n))
            order.append(extra)
            extra += 1
    return Product(tuple(axes) or (identity(1),), tuple(order))
