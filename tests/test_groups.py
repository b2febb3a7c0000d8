"""Permutation groups against sympy: generators in every form, orders, membership, names."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sympy.combinatorics import Permutation, PermutationGroup
from sympy.combinatorics.named_groups import AlternatingGroup, DihedralGroup, SymmetricGroup

import convgraph as cg
from convgraph.core.errors import ConvgraphError
from convgraph.symmetry.groups.chain import Chain
from convgraph.symmetry.groups.group_names import structure_of
from convgraph.symmetry.groups.orders import giant_order, order_of_group


@st.composite
def generators(draw: st.DrawFn, largest: Any = 7) -> Any:
    """A few permutations, mostly of few positions, so that groups of all kinds come up."""
    n = draw(st.integers(1, largest))
    found = []
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            found.append(draw(st.permutations(range(n))))
            continue
        permutation = list(range(n))
        for _ in range(draw(st.integers(1, 2))):
            i, j = draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1))
            permutation[i], permutation[j] = permutation[j], permutation[i]
        found.append(permutation)
    return found


def in_sympy(permutations: Any) -> Any:
    return PermutationGroup([Permutation(p) for p in permutations])


@given(generators(), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_chain_counts_and_sifts_as_sympy_does(permutations: Any, random: Any) -> None:
    n = len(permutations[0])
    arrays = [np.array(p) for p in permutations]
    chain, group = Chain(n, arrays), in_sympy(permutations)
    assert chain.order == group.order() == order_of_group(arrays, n)
    assert Chain(n, arrays, group.order()).order == group.order()
    for _ in range(5):
        other = random.sample(range(n), n)
        assert (np.array(other) in chain) == group.contains(Permutation(other))


@given(generators())
def test_each_level_is_the_stabiliser_of_the_base_point_above(permutations: Any) -> None:
    n = len(permutations[0])
    chain = Chain(n, [np.array(p) for p in permutations])
    groups = [in_sympy([g.tolist() for g in level.generators]) for level in chain.levels]
    groups.append(in_sympy([list(range(n))]))
    for level, group, fixing in zip(chain.levels, groups, groups[1:], strict=False):
        assert fixing.order() == group.stabilizer(level.base).order()


@pytest.mark.parametrize("n", range(1, 8))
def test_named_groups_are_those_of_sympy(n: Any) -> None:
    assert in_sympy(cg.Group.symmetric(n).generators).order() == SymmetricGroup(n).order()
    assert in_sympy(cg.Group.alternating(n).generators).order() == AlternatingGroup(n).order()
    for group in (cg.Group.symmetric(n), cg.Group.alternating(n), cg.Group.cyclic(n)):
        assert group.order == in_sympy(group.generators).order()
    dihedral = cg.Group.dihedral(n)
    assert dihedral.order == in_sympy(dihedral.generators).order()
    if n > 2:
        assert dihedral.permutation_group().equals(DihedralGroup(n))


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_image_groups_hold_what_moves_an_image(size: int) -> None:
    grid = np.arange(size * size).reshape(size, size)
    moves = [np.roll(grid, 1, 0), np.roll(grid, 1, 1), np.rot90(grid)]
    for group, own in ((cg.Group.p4(size), moves), (cg.Group.p4m(size), [*moves, np.fliplr(grid)])):
        inside = group.permutation_group()
        assert all(inside.contains(Permutation(move.ravel().tolist())) for move in own)
        assert group.order == in_sympy([move.ravel().tolist() for move in own]).order()


def test_product_acts_on_a_grid() -> None:
    group = cg.Group.cyclic(2) * cg.Group.symmetric(3)
    assert (group.shape, group.order, group.name) == ((2, 3), 12, "Z_2 × S_3")
    assert group.permutation_group().order() == 12
    assert len(group.orbits()) == 1


def test_generators_in_every_form() -> None:
    expected = [1, 2, 0, 3]
    forms = [
        [expected],
        [np.array(expected)],
        [Permutation(expected)],
        ["(1 2 3)"],
        ["(1,2,3)(4)"],
        PermutationGroup([Permutation(expected)]),
        cg.Group([expected]),
        [cg.Permute(expected)],
    ]
    for form in forms:
        assert cg.Group(form, 4).generators[0].tolist() == expected
    turned = cg.Group([cg.Rotate90(), cg.Flip(), cg.Shift((1, 0), boundary="wrap")], (4, 4))
    assert turned.order == cg.Group.p4m(4).order == 128


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([[0, 0, 1]],), ["generators[0]=[0, 0, 1]", "bijection"]),
        (([[0, 1], [0, 1, 2]],), ["generators[1]=[0, 1, 2]", "3 positions", "2"]),
        (([[0, 1, 3]],), ["bijection", "0 ... 2"]),
        (([[1, 0]], 3), ["permutes 2 positions, and here are 3"]),
        ((["(1 2)(2 3)"],), ["once at most"]),
        ((["(1 2"],), ["cycles"]),
        (([[0.5, 1]],), ["generators[0]"]),
        (([[[0], [0, 1]]],), ["generators[0]"]),
        (([],), ["needs a shape"]),
        ((7,), ["generators=7"]),
        (([cg.Flip()],), ["Flip()", "shape="]),
        (([cg.Shift(1)], 4), ["Shift(1)", "no bijection", "wrap"]),
    ],
)
def test_what_is_no_group_is_named(arguments: Any, words: list[str]) -> None:
    with pytest.raises(ConvgraphError) as raised:
        cg.Group(*arguments)
    for word in words:
        assert word in str(raised.value)


@pytest.mark.parametrize("n", [8, 9, 30, 1024])
def test_giants_are_counted_without_a_chain(n: int) -> None:
    symmetric, alternating = cg.Group.symmetric(n), cg.Group.alternating(n)
    assert giant_order(symmetric.generators, n) == math.factorial(n)
    assert giant_order(alternating.generators, n) == math.factorial(n) // 2
    assert giant_order(cg.Group.dihedral(n).generators, n) is None


def test_no_small_group_of_degree_eight_is_taken_for_a_giant() -> None:
    # AGL(3, 2) is transitive, even thrice so, and has 1344 elements
    affine = [[1, 0, 3, 2, 5, 4, 7, 6], [0, 2, 4, 6, 1, 3, 5, 7], [0, 1, 3, 2, 4, 5, 7, 6]]
    assert giant_order([np.array(p) for p in affine], 8) is None
    assert order_of_group([np.array(p) for p in affine], 8) == in_sympy(affine).order()


# -- names -----------------------------------------------------------------------------------


def orders_of_elements(permutations: Any) -> Any:
    return Counter(element.order() for element in in_sympy(permutations).elements)


def wreath(inner: Any, outer: Any) -> Any:
    """The wreath product of two groups, acting on copies of what the first acts on."""
    k, m = inner.degree, outer.degree
    grid = np.arange(k * m).reshape(m, k)
    found = []
    for g in inner.generators:
        first = grid.copy()
        first[0] = first[0][g]
        found.append(first.ravel())
    return [*found, *(grid[g].ravel() for g in outer.generators)]


def built(name: Any) -> Any:
    """Permutations that generate a group of a name such as 'Z_2 ≀ S_3' or 'D_4^2 × Z_3'."""
    if "≀" in name:
        inner, outer = (cg.Group(built(part.strip("()"))) for part in name.split(" ≀ "))
        return wreath(inner, outer)
    group = cg.Group.trivial(1)
    for part in name.split(" × "):
        part, _, power = part.partition("^")
        kind, _, n = part.partition("_")
        make = {"Z": "cyclic", "D": "dihedral", "S": "symmetric", "A": "alternating"}
        for _ in range(int(power or 1)):
            group = group if part == "1" else group * getattr(cg.Group, make[kind])(int(n))
    return list(group.generators) or [np.arange(group.degree)]


@given(generators(largest=6))
def test_a_name_is_that_of_a_group_with_the_same_elements(permutations: Any) -> None:
    arrays = [np.array(p) for p in permutations]
    order = in_sympy(permutations).order()
    name = structure_of(arrays, order)
    if name is None or "⋊" in name or name.count("≀") > 1:
        return
    assert orders_of_elements(built(name)) == orders_of_elements(permutations), name


@pytest.mark.parametrize(
    ("group", "name"),
    [
        (cg.Group.trivial(4), "1"),
        (cg.Group.cyclic(12), "Z_12"),
        (cg.Group.dihedral(7), "D_7"),
        (cg.Group.dihedral(2), "Z_2"),
        (cg.Group.symmetric(7), "S_7"),
        (cg.Group.symmetric(100), "S_100"),
        (cg.Group.alternating(9), "A_9"),
        (cg.Group.alternating(4), "A_4"),
        (cg.Group.cyclic(4) * cg.Group.cyclic(6), "Z_4 × Z_6"),
        (cg.Group.dihedral(5) * cg.Group.symmetric(4), "D_5 × S_4"),
        (cg.Group.symmetric(20) * cg.Group.symmetric(30), "S_20 × S_30"),
        (cg.Group.p4m(6), "Z_6^2 ⋊ D_4"),
        (cg.Group.p4(6), "Z_6^2 ⋊ Z_4"),
    ],
)
def test_names_of_named_groups(group: Any, name: str) -> None:
    assert group.structure == name


@pytest.mark.parametrize(
    ("inner", "outer", "name"),
    [
        (cg.Group.cyclic(3), cg.Group.cyclic(4), "Z_3 ≀ Z_4"),
        (cg.Group.symmetric(4), cg.Group.symmetric(9), "S_4 ≀ S_9"),
        (cg.Group.dihedral(4), cg.Group.symmetric(3), "D_4 ≀ S_3"),
    ],
)
def test_names_of_wreath_products(inner: Any, outer: Any, name: str) -> None:
    permutations = wreath(inner, outer)
    mixed = np.random.default_rng(1).permutation(inner.degree * outer.degree)
    back = np.argsort(mixed)
    scrambled = [mixed[g[back]] for g in permutations]
    order = inner.order**outer.degree * outer.order
    assert structure_of(permutations, order) == structure_of(scrambled, order) == name


def test_factors_that_move_different_units() -> None:
    both = [[1, 0, 2, 3, 4, 5, 6], [0, 1, 3, 4, 2, 5, 6], [0, 1, 3, 2, 4, 5, 6]]
    assert cg.Group(both).structure == "S_3 × Z_2"
    swaps = [[*range(2 * i), 2 * i + 1, 2 * i, *range(2 * i + 2, 80)] for i in range(40)]
    assert (cg.Group(swaps).order, cg.Group(swaps).structure) == (2**40, "Z_2^40")


def test_a_group_that_nothing_here_names_has_no_name() -> None:
    # PSL(2, 7) on the seven points of the Fano plane
    lines = {frozenset((i + d) % 7 for d in (0, 1, 3)) for i in range(7)}
    plane = [
        p
        for p in itertools.permutations(range(7))
        if {frozenset(p[i] for i in line) for line in lines} == lines
    ]
    group = cg.Group(plane)
    assert (group.order, group.structure) == (168, None)


def test_a_group_that_cannot_be_counted_can_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("convgraph.symmetry.groups.chain.WORK", 10_000_000)
    swaps = wreath(cg.Group.symmetric(20), cg.Group.symmetric(20))
    group = cg.Group(swaps, name="large")
    with pytest.raises(ConvgraphError, match="too large to be counted"):
        group.order  # noqa: B018
    assert repr(group) == "Group(large on 400 units)"
