"""Matrix products, of rows with parameters and of rows with one another."""

from __future__ import annotations

from convgraph.core.axis import Axis, Full
from convgraph.core.errors import ConvgraphError
from convgraph.core.reduction import SUM
from convgraph.core.sizes import Size
from convgraph.core.tying import Tying
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.importers.broadcasting import common_shape, places
from convgraph.importers.builder import ONE, Builder, Unread, builds, unit_bias
from convgraph.importers.elementwise import scaled
from convgraph.importers.node import Node
from convgraph.importers.numbers import exact
from convgraph.importers.reductions import paired_products
from convgraph.importers.values import Known, Signal, Value, row_shape

__all__ = ["gemm", "matmul", "product_of"]

Shape = tuple[Size, ...]


@builds("Gemm")
def gemm(builder: Builder, node: Node) -> None:
    """alpha * A B + beta * C, with A and B transposed where asked."""
    a, b = builder.signal(node, 0), builder.known(node, 1)
    alpha, beta = exact(node.real("alpha", 1)), exact(node.real("beta", 1))
    c = builder.known(node, 2)
    if b is None or node.number("transA", 0) or (node.input(2) and c is None):
        raise Unread("a general product of two computed matrices")
    if len(a.shape) != 2 or len(b.shape) != 2:
        raise ConvgraphError(f"shapes {a.shape}, {b.shape}: a Gemm takes matrices")
    across = bool(node.number("transB", 0))
    outputs, inputs = b.shape if across else b.shape[::-1]
    rows, columns = a.shape
    if columns != inputs:
        raise ConvgraphError(f"shapes {a.shape}, {b.shape}: {columns} columns, {inputs} rows")
    front = (identity(rows),) if rows != 1 else ()
    at = len(front)
    digits = [("output", at), ("tap", at)]
    tying = builder.tied(scaled(builder, b, alpha), digits if across else digits[::-1])
    shape = (rows, outputs)
    bias: tuple[Product, Tying] | None = None
    if c is not None:
        if common_shape([c.shape, shape]) != shape:
            raise ConvgraphError(f"shape={c.shape} of {c.name!r}: it broadcasts to {shape}")
        bias = unit_bias(row_shape(shape)), builder.tied(scaled(builder, c, beta), places(c, shape))
    wiring = Product((*front, Full(inputs, outputs)))
    builder.emit(node, shape, [(a, wiring, tying)], SUM, bias)


@builds("MatMul")
def matmul(builder: Builder, node: Node) -> None:
    """The product of the last two axes, as in numpy."""
    product_of(builder, node, builder.value(node.input(0)), builder.value(node.input(1)))


def product_of(builder: Builder, node: Node, a: Value, b: Value) -> None:
    """A matrix product; batch axes broadcast, and a vector is a matrix of one row or column."""
    if not a.shape or not b.shape:
        raise ConvgraphError(f"shapes {a.shape}, {b.shape}: a product of matrices")
    own = (1, *a.shape) if len(a.shape) == 1 else a.shape
    other = (*b.shape, 1) if len(b.shape) == 1 else b.shape
    if own[-1] != other[-2]:
        raise ConvgraphError(f"shapes {a.shape}, {b.shape}: {own[-1]} columns, {other[-2]} rows")
    batch = common_shape([own[:-2], other[:-2]])
    full = (*batch, own[-2], other[-1])
    shape = (
        *batch,
        *(own[-2:-1] if len(a.shape) > 1 else ()),
        *(other[-1:] if len(b.shape) > 1 else ()),
    )
    if isinstance(a, Known) and isinstance(b, Known):
        a = builder.constant_row(a)
    reads_a = _stretch(own[:-2], batch, [identity(own[-2]), Full(own[-1], other[-1])])
    reads_b = _stretch(other[:-2], batch, [Full(other[-2], own[-2]), identity(other[-1])])
    if isinstance(a, Signal) and isinstance(b, Signal):
        joints = [(v, _wiring(axes, shape), ONE) for v, axes in ((a, reads_a), (b, reads_b))]
        builder.emit(node, shape, joints, paired_products())
        return
    signal, known, axes = (a, b, reads_a) if isinstance(a, Signal) else (b, a, reads_b)
    assert isinstance(signal, Signal)
    assert isinstance(known, Known)
    wiring = _wiring(axes, shape)
    left_out = len(full) - len(wiring.axes)
    first = len(full) - len(known.shape) - left_out
    digits = [("output", max(first + i, 0)) for i in range(len(known.shape))]
    # the axis that is summed over is the signal's last, or its last but one
    contracted = 0 if len(known.shape) == 1 else (-2 if known is b else -1)
    digits[contracted] = "tap", len(wiring.axes) - (1 if known is b else 2)
    builder.emit(node, shape, [(signal, wiring, builder.tied(known, digits))], SUM)


def _wiring(axes: list[Axis], shape: Shape) -> Product:
    """Without the axis of a batch of one, which is in no row."""
    alone = len(axes) > 1 and axes[0].inputs == 1 == axes[0].outputs
    return Product(tuple(axes[1:] if alone and len(row_shape(shape)) < len(shape) else axes))


def _stretch(own: Shape, batch: Shape, last: list[Axis]) -> list[Axis]:
    padded = (1,) * (len(batch) - len(own)) + own
    return [
        *(identity(m) if n == m else Full(1, m) for n, m in zip(padded, batch, strict=True)),
        *last,
    ]
