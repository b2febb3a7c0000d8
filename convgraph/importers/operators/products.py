"""Matrix products, of rows with parameters and of rows with one another."""

from __future__ import annotations

from convgraph.core.axis import Axis, Full
from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size
from convgraph.core.tying import Constant, Tying
from convgraph.core.window import identity
from convgraph.core.wiring import Product, Wiring
from convgraph.importers.broadcasting import common_shape, places, stretched
from convgraph.importers.builder import ONE, Builder, Unread, builds, trimmed, unit_bias
from convgraph.importers.node import Node
from convgraph.importers.numbers import exact
from convgraph.importers.operators.contraction import contract, nonzero
from convgraph.importers.operators.elementwise import scaled
from convgraph.importers.operators.reshaping import within
from convgraph.importers.values import Known, Signal, Value, row_shape

__all__ = ["gemm", "matmul", "product_of"]

Shape = tuple[Size, ...]
# Entries of a matrix of numbers in which zeros are looked for: matrices that interpolate have no
# more. Where one has, all of it counts as read.
MOST_READ = 2**22


@builds("Gemm")
def gemm(builder: Builder, node: Node) -> None:
    """alpha * A B + beta * C, with A and B transposed where asked."""
    a, b = builder.value(node.input(0)), builder.value(node.input(1))
    c = builder.value(node.input(2)) if node.input(2) else None
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise ConvgraphError(f"shapes {a.shape}, {b.shape}: a Gemm takes matrices")
    turned = bool(node.number("transA", 0)), bool(node.number("transB", 0))
    alpha, beta = exact(node.real("alpha", 1)), exact(node.real("beta", 1))
    shape = a.shape[1 if turned[0] else 0], b.shape[0 if turned[1] else 1]
    if c is not None and common_shape([c.shape, shape]) != shape:
        raise ConvgraphError(f"shape={c.shape} of C: it broadcasts to {shape}")
    bias: tuple[Product, Tying] | None = None
    if isinstance(c, Known):
        bias = unit_bias(row_shape(shape)), builder.tied(scaled(builder, c, beta), places(c, shape))
    if isinstance(b, Known) and not isinstance(c, Signal):
        product_of(builder, node, a, scaled(builder, b, alpha), turned, bias)
        return
    if alpha == 1 and c is None:
        product_of(builder, node, a, b, turned)
        return
    inner = product_of(builder, node, a, b, turned, name=f"{node.outputs[0]}/product")
    joints: list[tuple[Signal, Wiring, Tying]] = [
        (inner, stretched(inner, shape), Constant(alpha) if alpha != 1 else ONE)
    ]
    if isinstance(c, Signal):
        joints.append((c, stretched(c, shape), Constant(beta) if beta != 1 else ONE))
    builder.emit(node, shape, joints, SUM, bias)


@builds("aten.linear")
def linear(builder: Builder, node: Node) -> None:
    """x W^T + b over the last axis, as PyTorch has it, or over another one."""
    weights, bias = builder.value(node.input(1)), builder.known(node, 2)
    values = builder.value(node.input(0))
    if not isinstance(weights, Known) or (node.input(2) and bias is None):
        raise Unread("weights that are computed")
    axis = within(node.number("axis", -1), len(values.shape), "axis")
    shape = (*values.shape[:axis], weights.shape[0], *values.shape[axis + 1 :])
    if isinstance(values, Signal) and (axis < len(shape) - 1 or _sparse(weights)):
        _along(builder, node, values, weights, bias, axis, shape)
        return
    shift = None
    if bias is not None:
        shift = unit_bias(row_shape(shape)), builder.tied(bias, places(bias, shape))
    product_of(builder, node, values, weights, (False, True), shift)


def _sparse(weights: Known) -> bool:
    """Whether a matrix of numbers, such as that of an interpolation, has zeros."""
    if weights.learned or not weights.there or weights.size > MOST_READ:
        return False
    return bool((weights.values() == 0).any())


def _along(
    builder: Builder,
    node: Node,
    signal: Signal,
    weights: Known,
    bias: Known | None,
    axis: int,
    shape: Shape,
) -> None:
    """The same matrix at each position of the other axes; zeros connect nothing."""
    axes: list[Axis] = [identity(n) for n in signal.shape]
    if _sparse(weights):
        axes[axis], weights = nonzero(weights)
    else:
        axes[axis] = Full(signal.shape[axis], weights.shape[0])
    wiring = trimmed(signal, axes)
    at = axis - (len(axes) - len(wiring.axes))
    shift = None
    if bias is not None:
        shift = unit_bias(row_shape(shape)), builder.tied(bias, [("output", at)])
    tying = builder.tied(weights, [("output", at), ("tap", at)])
    builder.emit(node, shape, [(signal, wiring, tying)], SUM, shift)


@builds("MatMul")
def matmul(builder: Builder, node: Node) -> None:
    """The product of the last two axes, as in numpy."""
    product_of(builder, node, builder.value(node.input(0)), builder.value(node.input(1)))


def product_of(
    builder: Builder,
    node: Node,
    a: Value,
    b: Value,
    turned: tuple[bool, bool] = (False, False),
    bias: tuple[Product, Tying] | None = None,
    name: str | None = None,
) -> Signal:
    """A matrix product; batch axes broadcast, and a vector is a matrix of one row or column."""
    if not a.shape or not b.shape:
        raise ConvgraphError(f"shapes {a.shape}, {b.shape}: a product of matrices")
    own = _turned((1, *a.shape) if len(a.shape) == 1 else a.shape, turned[0])
    other = _turned((*b.shape, 1) if len(b.shape) == 1 else b.shape, turned[1])
    if own[-1] != other[-2]:
        raise ConvgraphError(f"shapes {a.shape}, {b.shape}: {own[-1]} columns, {other[-2]} rows")
    batch = common_shape([own[:-2], other[:-2]])
    if isinstance(a, Known) and isinstance(b, Known):
        a = builder.constant_row(a)
    front = "".join(chr(ord("a") + i) for i in range(len(batch)))  # rows i and k, summed over j
    first = "J" if len(a.shape) == 1 else front[len(batch) - len(a.shape) + 2 :] + "IJ"
    second = "J" if len(b.shape) == 1 else front[len(batch) - len(b.shape) + 2 :] + "JK"
    out = front + ("I" if len(a.shape) > 1 else "") + ("K" if len(b.shape) > 1 else "")
    terms = [
        term[:-2] + term[:-3:-1] if turn and len(term) > 1 else term
        for term, turn in zip((first, second), turned, strict=True)
    ]
    return contract(builder, node, (a, b), terms, out, bias, name)


def _turned(shape: Shape, turned: bool) -> Shape:
    return (*shape[:-2], shape[-1], shape[-2]) if turned else shape
