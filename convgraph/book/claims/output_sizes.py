"""Claims 23 and 24: strides as downsampling, and what padding does to the size of a network."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

import convgraph as cg
from convgraph.book.claims.claim import Check, claim
from convgraph.core.sizes import size_symbol
from convgraph.figures.padding_marks import padding_edges

m, n, k, s, p, d = map(size_symbol, "mnkspd")


@claim(
    23,
    "book, figure 9.12",
    "A convolution with stride 2 is the same function as a convolution with stride 1 of which "
    "every second output is kept; that one takes twice the operations.",
    "proof, closed form",
)
def strided_is_downsampled() -> Iterator[Check]:
    """A proof for every kernel and stride, and the operations of both ways."""
    for spec, what in (
        (cg.Conv(k, stride=2), "the same function, proved for every kernel"),
        (cg.Conv(k, stride=s, padding=p, dilation=d), "and for every stride, padding, dilation"),
    ):
        yield Check(what, True, cg.prove_downsampling(spec).verify())
    yield Check("the same, with channels", True, _proved_with_channels())
    # 2 m outputs, or 2 m - 1, at a stride of 1: what is kept are m of them
    for outputs, when in ((2 * m, "an even number of outputs"), (2 * m - 1, "an odd number")):
        inputs = outputs + k - 1
        whole, strided = (cg.cost(cg.Conv(k, stride=step).on(inputs)).operations for step in (1, 2))
        times = sp.simplify(whole / strided)
        yield Check(
            "times the operations",
            sp.Integer(2),
            times,
            when=when,
            remark="" if times == 2 else f"With 2*m - 1 outputs of which m are kept, {times}.",
        )


def _proved_with_channels() -> bool:
    proof = cg.prove_downsampling(cg.Conv((k, k), filters=m, stride=(s, s)), channels=n)
    return bool(proof.verify())


@claim(
    24,
    "book, figure 9.13",
    "Kernels of width 6 without padding shrink 16 units to 11, 6 and 1, so that there are three "
    "such layers at most; with five zeros in each layer 16 units stay 16 at any depth.",
    "closed form, axes",
)
def depth_and_padding() -> Iterator[Check]:
    """The sizes of the rows, the deepest network, and the padding that keeps the size."""
    yield Check("units of each row", (16, 11, 6, 1), _rows(16, 6))
    yield Check("layers", 3, len(_rows(16, 6)) - 1)
    deepest = sp.floor((n - 1) / (k - 1))
    built = all(
        len(_rows(inputs, width)) - 1 == deepest.subs({n: inputs, k: width})
        for inputs in range(1, 25)
        for width in range(2, 9)
    )
    yield Check(
        f"for n inputs and kernels of width k at most {deepest} layers",
        True,
        built and _shrinks_by_a_kernel_less_one(),
        remark="Each layer takes k - 1 units away, for all n and k; the depth is the number of "
        "times that leaves one unit at least, and was built for n to 24 and k from 2 to 8.",
    )
    padded = cg.Conv(k, padding=((p, k - 1 - p),)).on(n)
    yield Check(
        "of n units, k - 1 zeros leave",
        n,
        padded.outputs[0].shape[0],
        remark="The size does not change, so it does not at any depth.",
    )
    yield Check("zeros that a kernel of 6 reads around 16 units", 5, _zeros(16, 6))


def _rows(inputs: int, width: int) -> tuple[int, ...]:
    """The sizes of the rows, for as many layers as fit."""
    sizes = [inputs]
    while sizes[-1] >= width:
        sizes.append(int(cg.Conv(width).on(sizes[-1]).outputs[0].shape[0]))
    return tuple(sizes)


def _shrinks_by_a_kernel_less_one() -> bool:
    outputs = cg.Conv(k).on(n).outputs[0].shape[0]
    return bool(sp.simplify(n - outputs - (k - 1)) == 0)


def _zeros(inputs: int, width: int) -> int:
    """How many places beyond the border a layer that keeps its size reads."""
    net = cg.Conv(width, padding="same").on(inputs)
    return len({at for _, at, _, _ in padding_edges(net)})
