"""From a group to the tying that it forces: orbits against Burnside, set partitions and numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.combinatorics import Permutation, PermutationGroup
from sympy.functions.combinatorial.numbers import stirling

import convgraph as cg
from convgraph.core.errors import ConvgraphError


@st.composite
def actions(draw: st.DrawFn, largest: Any = 5) -> Any:
    """Generators of a group, and how each acts on another set."""
    n, m = draw(st.integers(1, largest)), draw(st.integers(1, largest))
    count = draw(st.integers(1, 2))
    return [
        (draw(st.permutations(range(n))), draw(st.permutations(range(m)))) for _ in range(count)
    ]


def joint_group(pairs: Any) -> Any:
    """The group in sympy, on inputs and outputs side by side."""
    n = len(pairs[0][0])
    return PermutationGroup([Permutation([*p, *(n + i for i in q)]) for p, q in pairs])


def fixed(permutation: Any, start: Any, stop: Any) -> Any:
    return sum(permutation[i] == i for i in range(start, stop))


@given(actions())
@settings(max_examples=20, deadline=None)
def test_parameters_are_counted_by_burnside(pairs: Any) -> None:
    n, m = len(pairs[0][0]), len(pairs[0][1])
    elements = [g.array_form for g in joint_group(pairs).elements]
    net = cg.equivariant_layer(pairs, bias=True)
    on_pairs = sum(fixed(g, 0, n) * fixed(g, n, n + m) for g in elements)
    on_outputs = sum(fixed(g, n, n + m) for g in elements)
    assert [len(array) for array in net.labels.arrays] == [
        on_pairs // len(elements),
        on_outputs // len(elements),
    ]


@given(actions())
@settings(max_examples=20, deadline=None)
def test_tied_exactly_where_a_group_element_leads(pairs: Any) -> None:
    n, m = len(pairs[0][0]), len(pairs[0][1])
    matrix = cg.equivariant_layer(pairs).matrix()
    elements = [g.array_form for g in joint_group(pairs).elements]
    for i in range(m):
        for j in range(n):
            orbit = {(g[n + i] - n, g[j]) for g in elements}
            same = {(a, b) for a in range(m) for b in range(n) if matrix[a, b] == matrix[i, j]}
            assert same == orbit


@given(actions(largest=4), st.integers(0, 2), st.lists(st.integers(0, 2), min_size=1, max_size=2))
@settings(max_examples=25, deadline=None)
def test_powers_and_sums_are_equivariant_in_numbers(
    pairs: Any, power: int, powers: list[int]
) -> None:
    net = cg.equivariant_layer(pairs, inputs=power, outputs=tuple(powers), bias=True)
    rng = np.random.default_rng(len(pairs))
    values = {a.letter: rng.integers(-9, 10, len(a)) for a in net.labels.arrays}
    x = rng.integers(-9, 10, net.rows[0].numbers())
    plain = net.evaluate(x, values)
    for p, q in pairs:
        # moving every axis of a tensor is what its power does
        moved = x[np.ix_(*[np.argsort(p)] * power)] if power else x
        assert (net.evaluate(moved, values).ravel() == moved_sum(plain, q, powers)).all()


def moved_sum(values: Any, permutation: Any, powers: Any) -> Any:
    """A direct sum of tensors, each moved along all of its axes."""
    n, at, found = len(permutation), 0, []
    flat = values.ravel()
    for k in powers:
        tensor = flat[at : at + n**k].reshape((n,) * k)
        found.append(tensor[np.ix_(*[np.argsort(permutation)] * k)].ravel() if k else tensor)
        at += n**k
    return np.concatenate([np.ravel(f) for f in found])


@pytest.mark.parametrize("n", range(1, 7))
@pytest.mark.parametrize("k", range(3))
@pytest.mark.parametrize("m", range(3))
def test_symmetric_tensor_layers_count_set_partitions(n: Any, k: Any, m: Any) -> None:
    """Maron's bases: partitions of k + m things, into at most n parts where n is small."""
    net = cg.equivariant_layer(cg.Group.symmetric(n), inputs=k, outputs=m)
    parts = sum(int(stirling(k + m, blocks)) for blocks in range(1, n + 1)) if k + m else 1
    assert len(net.labels) == parts
    bell = [1, 1, 2, 5, 15][k + m]
    assert (len(net.labels) == bell) == (n >= k + m)


@pytest.mark.parametrize(
    ("group", "count"),
    [
        (cg.Group.cyclic(64), 64),
        (cg.Group.dihedral(64), 33),
        (cg.Group.dihedral(7), 4),
        (cg.Group.symmetric(64), 2),
        (cg.Group.alternating(64), 2),
        (cg.Group.cyclic(8) * cg.Group.cyclic(8), 64),
        (cg.Group.symmetric(8) * cg.Group.symmetric(9), 4),
        # pairs of a torus by the distances along both axes, the larger one first
        (cg.Group.p4m(8), 5 * 6 // 2),
        (cg.Group.trivial(30), 900),
    ],
)
def test_counts_of_named_groups(group: Any, count: Any) -> None:
    assert len(cg.equivariant_layer(group).labels) == count


def test_large_groups_take_no_symbols_and_no_objects() -> None:
    net = cg.equivariant_layer(cg.Group.trivial(700))
    assert (len(net.edges), len(net.labels), str(net.labels[-1])) == (490_000, 490_000, "w_490000")
    assert repr(net.labels) == "Labels(w[490000])"


def test_the_shift_of_a_circle_gives_the_convolution() -> None:
    conv = cg.Conv(5, padding="same", padding_mode="circular")
    layer = cg.equivariant_layer(cg.Group.cyclic(9), wiring=conv)
    assert cg.same_tying(layer, conv.on(9))
    image = cg.Conv((3, 3), padding="same", padding_mode="circular")
    torus = cg.Group.cyclic(5) * cg.Group.cyclic(6)
    assert cg.same_tying(cg.equivariant_layer(torus, wiring=image), image.on((5, 6)))


def test_transformations_as_generators() -> None:
    moves = [cg.Rotate90(), cg.Flip(), cg.Shift((1, 0), boundary="wrap")]
    layer = cg.equivariant_layer(moves, shape=(6, 6))
    assert cg.same_tying(layer, cg.equivariant_layer(cg.Group.p4m(6)))
    for move in moves:
        assert cg.check_equivariance(layer, move).holds
    assert not cg.check_equivariance(layer, cg.Shift((1, 0))).holds


def test_wiring_that_the_group_does_not_keep_cuts_orbits() -> None:
    # zeros beyond the border cut the circle open: shifts still tie along the line
    same = cg.Conv(3, padding="same")
    assert cg.same_tying(cg.equivariant_layer(cg.Group.cyclic(7), wiring=same), same.on(7))
    # a gap in the line is not crossed, and what is on its far side has parameters of its own
    mask = np.diag([1, 1, 1, 0, 1, 1, 0]).astype(bool)
    layer = cg.equivariant_layer(cg.Group.cyclic(7), wiring=mask)
    assert [str(e) for e in layer.expressions().values()] == [
        *("w_1*x1", "w_1*x2", "w_1*x3", "0", "w_2*x5", "w_2*x6", "0")
    ]


def test_channels_are_sums_of_one_power() -> None:
    net = cg.equivariant_layer(cg.Group.cyclic(4), inputs=(1, 1, 1), outputs=(1, 1), bias=True)
    assert (net.rows[0].shape, net.rows[1].shape) == ((3, 4), (2, 4))
    assert net.rows[0].channels
    assert [len(array) for array in net.labels.arrays] == [4 * 3 * 2, 2]
    conv = cg.Conv(4, filters=2, padding="same", padding_mode="circular", bias=True).on((3, 4))
    assert cg.same_tying(net, conv)


def test_invariant_and_scalar_ends() -> None:
    pooled = cg.equivariant_layer(cg.Group.cyclic(5), outputs=0)
    assert (pooled.rows[1].shape, len(pooled.labels)) == ((1,), 1)
    assert str(pooled.expressions()["s1"]) == "w_1*x1 + w_1*x2 + w_1*x3 + w_1*x4 + w_1*x5"
    spread = cg.equivariant_layer(cg.Group.cyclic(5), inputs=0)
    assert (spread.rows[0].shape, len(spread.labels)) == ((1,), 1)


def test_layers_compose_as_specs() -> None:
    group = cg.Group.symmetric(4)
    first = cg.equivariant_layer(group, outputs=(1, 1), bias=True).layers[0].spec
    last = cg.equivariant_layer(group, inputs=(1, 1), outputs=0).layers[0].spec
    net = (first >> cg.ReLU() >> last).on(4)
    assert repr(net.labels) == "Labels(w[4], b[2], v[2] and [1])"
    x = np.array([3, -1, 4, 1])
    values = {"w": [1, -2, 3, 5], "b": [1, -1], "v": [2, 7]}
    plain = net.evaluate(x, values)
    for g in group.generators:
        assert (net.evaluate(x[g], values) == plain).all()
    with pytest.raises(ConvgraphError, match=r"shape=\(5,\): equivariant_layer\(S_4\)"):
        (first >> cg.ReLU()).on(5)


def test_letters() -> None:
    net = cg.equivariant_layer(cg.Group.cyclic(3), bias=True, letter="k")
    assert repr(net.labels) == "Labels(k[3], bk[1])"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[0, 0]],), ["no bijection"]),
        (([[0, 1], [0, 1, 2]],), ["generators[1]", "3 positions"]),
        (([([1, 0], [0, 1, 2]), ([1, 0], [0, 1])],), ["generators[1] on the outputs", "2 pos"]),
        (([([1, 0], [0, 0])],), ["generators[0] on the outputs", "bijection"]),
        ((8,), ["generators=8", "Group"]),
        (("(1 2)",), ["generators='(1 2)'"]),
        ((cg.Group.cyclic(4), -1), ["inputs=-1", "tensor power"]),
        ((cg.Group.cyclic(4), ()), ["inputs=()", "tensor power"]),
        ((cg.Group.cyclic(4), "2"), ["inputs='2'", "tensor power"]),
        ((cg.Group.cyclic(4), 1, 2.5), ["outputs=2.5", "tensor power"]),
        ((cg.Group.cyclic(4), 1, 1, cg.Conv(3)), ["wiring=", "4 inputs and 4 outputs"]),
        ((cg.Group.cyclic(4), 1, 1, cg.Conv(1) >> cg.Conv(1)), ["wiring=", "one layer"]),
        ((cg.Group.cyclic(4), 1, 1, np.ones((3, 4))), ["wiring of shape (3, 4)", "(4, 4)"]),
        ((cg.Group.cyclic(10**6),), ["pairs=1,000,000,000,000", "are free"]),
        ((cg.Group.symmetric(1000), 2, 2), ["pairs=", "are free"]),
    ],
)
def test_what_does_not_fit_is_named(arguments: Any, words: list[str]) -> None:
    with pytest.raises(ConvgraphError) as raised:
        cg.equivariant_layer(*arguments)
    for word in words:
        assert word in str(raised.value)


def test_burnside_of_a_large_image_group() -> None:
    """p4m on a torus of n x n: pairs by unordered distances, so T(floor(n / 2) + 1)."""
    for n in (3, 4, 7, 10):
        half = n // 2 + 1
        assert len(cg.equivariant_layer(cg.Group.p4m(n)).labels) == math.comb(half + 1, 2)
