"""Sums of states, carried apart, against the same sums worked out layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.axis import Full
from convgraph.core.reduction import SUM
from convgraph.core.tensor import Bound, Tensor
from convgraph.core.tying import Constant
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.reports.structure import structure_of


def wired(tensors: Sequence[Tensor], axes: Sequence[Sequence], shape: Sequence[int]) -> Tensor:
    """A row that reads several others, each by a product of axes."""
    joints = tuple((Product(tuple(each)), Constant()) for each in axes)
    return Tensor(tuple(shape), None, None, "wired", Bound(tuple(shape), joints, SUM), tensors)


def attention(tensor: Tensor, queries: Tensor, keys: Tensor, tail: bool) -> Tensor:
    """What positions make of each other by scores of all pairs of them."""
    n = int(np.prod(tensor.shape[1:]))
    channels = tensor.shape[0]
    read = Full(channels, 1)
    scores = wired(
        (queries, keys),
        ((read, identity(n), Full(1, n)), (read, Full(1, n), identity(n))),
        (1, n, n),
    )
    normalised = wired(
        (scores, scores),
        ((identity(1), identity(n), identity(n)), (identity(1), identity(n), Full(n, n))),
        (1, n, n),
    )
    mixed = wired(
        (normalised, tensor),
        (
            (Full(1, channels), identity(n), Full(n, 1)),
            (identity(channels), Full(n, n), Full(1, 1)),
        ),
        tensor.shape,
    )
    return cg.Add()(tensor, mixed) if tail else mixed


@st.composite
def networks(draw: st.DrawFn, kernels: Sequence[int]) -> cg.Network:
    shape = draw(st.sampled_from([(1, 2, 3), (2, 2, 2), (2, 5), (1, 6)]))
    rank = len(shape) - 1
    x = y = cg.Input(shape, rank=rank)

    def conv() -> cg.Conv:
        k = draw(st.sampled_from(kernels))
        return cg.Conv((k,) * rank if rank > 1 else k, shape[0], padding="same")

    for _ in range(draw(st.integers(1, 2))):
        y = conv()(y)
        y = attention(y, conv()(y), conv()(y), draw(st.booleans()))
    if draw(st.booleans()):
        y = conv()(y)
    return cg.Network(x, y)


@settings(max_examples=6)
@given(networks([1, 3]))
def test_fields_of_scores_are_those_of_each_unit(net: cg.Network) -> None:
    result = cg.report(net)
    for row in net.rows[1:]:
        fields = [cg.receptive_field(net, unit) for unit in row.units()]
        extents = [[last - first + 1 for first, last in field.bounds[1:]] for field in fields]
        assert result.row(row.name).clipped == tuple(map(max, zip(*extents, strict=True)))
        counted = cg.receptive_fields(net, row.name)
        assert counted.sizes().ravel().tolist() == list(map(len, fields))
        assert [counted[unit] for unit in row.units()] == fields


@settings(max_examples=6)
@given(networks([1]))  # beyond a border paths would go on, and differ from those within it
def test_deviations_are_those_of_the_units_with_the_most_paths(net: cg.Network) -> None:
    result = cg.report(net)
    for row in net.rows[1:]:
        counts = [cg.path_counts(net, unit) for unit in row.units()]
        most = max(each.total for each in counts)
        deviations = {deviation(c.marginals[1]) for c in counts if c.total == most}
        assert result.row(row.name).deviation[0] in deviations


def deviation(numbers: Sequence[int]) -> float:
    total = sum(numbers)
    mean = Fraction(sum(i * n for i, n in enumerate(numbers)), total)
    return float(Fraction(sum(i * i * n for i, n in enumerate(numbers)), total) - mean**2) ** 0.5


def test_many_positions_are_not_multiplied() -> None:
    """256 positions: 65,536 scores, of which no state is made unless one asks for it."""
    n = 256
    x = cg.Input((1, n), rank=1)
    y = cg.Conv(3, 1, padding="same")(x)
    end = attention(y, y, cg.Conv(1, 1)(y), tail=True)
    net = cg.Network(x, end)
    structure = structure_of(net)
    cg.report(net)
    cg.findings(net)
    for found in (structure.exact, structure.intervals, structure.moments):
        for total in found.sums.values():
            assert len(total.terms) <= 4
            assert all(len(state.payloads) <= n for state, _ in total.terms)
