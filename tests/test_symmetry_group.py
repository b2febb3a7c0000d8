"""The exact group of a layer, against all permutations, the checker, and groups that are known."""

from __future__ import annotations

import builtins
import itertools
import math
from collections import Counter
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.errors import ConvgraphError
from convgraph.symmetry.groups import search
from tests.strategies import fitting


def circular(kernel: Any, **options: Any) -> Any:
    return cg.Conv(kernel, padding="same", padding_mode="circular", **options)


def permuted(matrix: Any, p: Any, q: Any) -> Any:
    """The matrix after inputs and outputs have moved: entry (q i, p j) is what (i, j) was."""
    result = np.empty_like(matrix)
    result[np.ix_(q, p)] = matrix
    return result


def enumerated(matrix: Any, biases: Any = None) -> Any:
    """All symmetries of one linear layer, by trying every pair of permutations."""
    found, (rows, columns) = [], matrix.shape
    for p in itertools.permutations(range(columns)):
        for q in itertools.permutations(range(rows)):
            if biases and [biases[q.index(i)] for i in range(len(q))] != list(biases):
                continue
            if (permuted(matrix, p, q) == matrix).all():
                found.append((p, q))
    return found


def generated(group: Any) -> Any:
    """All elements of a group that was found, on inputs and outputs, from its generators."""
    rows = [row.name for row in group.network.rows]
    start = tuple(tuple(range(int(row.size))) for row in group.network.rows)
    seen, queue = {start}, [start]
    steps = [[g.on(row).tolist() for row in rows] for g in group.generators]
    for element in queue:
        for step in steps:
            image = tuple(tuple(s[i] for i in e) for e, s in zip(element, step, strict=True))
            if image not in seen:
                seen.add(image)
                queue.append(image)
    return seen


matrices = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 2), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


@given(matrices)
def test_exactly_the_permutations_that_keep_a_matrix(rows: Any) -> None:
    net = cg.tied_from_matrix(rows)
    group = cg.symmetry_group(net)
    expected = enumerated(np.array(rows))
    assert generated(group) == set(expected)
    assert group.order == len(expected)


def counted(matrix: Any) -> Any:
    """How many pairs of permutations keep a matrix: for each of columns, those of equal rows."""
    total, rows = 0, Counter(map(tuple, matrix.tolist()))
    for p in itertools.permutations(range(matrix.shape[1])):
        if Counter(map(tuple, matrix[:, list(p)].tolist())) == rows:
            total += math.prod(math.factorial(many) for many in rows.values())
    return total


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(40))
def test_larger_matrices_against_all_permutations(
    seed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where few kinds of connections are searched first, and others come in later."""
    monkeypatch.setattr(search, "PER_UNIT", seed % 3)
    rng = np.random.default_rng(seed)
    for _ in range(25):
        m, n = rng.integers(1, 9), rng.integers(1, 8)
        matrix = rng.integers(0, rng.choice([2, 3, 6]), (m, n))
        i, j = np.indices((m, n))
        for tried in (matrix, (i + j) % n * ((i * j) % 2), np.where(i % 2 == j % 2, 1, matrix)):
            assert cg.symmetry_group(cg.tied_from_matrix(tried)).order == counted(tried)


@given(matrices)
@settings(max_examples=20, deadline=None)
def test_exchanging_parameters_against_all_permutations(rows: Any) -> None:
    """Up to a bijection of the numbers that are not zero."""
    matrix, count = np.array(rows), 0
    for p in itertools.permutations(range(matrix.shape[1])):
        for q in itertools.permutations(range(matrix.shape[0])):
            images: dict[int, set[int]] = {}
            moved = permuted(matrix, p, q).ravel().tolist()
            for old, new in zip(matrix.ravel().tolist(), moved, strict=True):
                images.setdefault(old, set()).add(new)
            onto = all(len(new) == 1 for new in images.values())
            once = len(set().union(*images.values())) == len(images)
            count += onto and once and images.get(0, {0}) == {0}
    group = cg.symmetry_group(cg.tied_from_matrix(rows), relabel=True)
    assert group.order == count


@given(
    st.integers(1, 4),
    st.integers(1, 5),
    st.sampled_from(["zeros", "circular", "reflect", "replicate"]),
    st.integers(1, 2),
    st.integers(1, 2),
    st.booleans(),
)
def test_layers_with_wrapped_kernels_and_biases(
    n: int, k: int, mode: str, stride: int, dilation: int, bias: bool
) -> None:
    """Where several taps reach one unit, sums of parameters are compared."""
    spec = cg.Conv(
        k, padding="same", padding_mode=mode, stride=stride, dilation=dilation, bias=bias
    )
    net = fitting(spec.on, n)
    expected = enumerated(np.array(net.matrix()), net.bias_labels("s"))
    assert cg.symmetry_group(net).order == len(expected)


@pytest.mark.parametrize(
    "net",
    [
        circular(3).on(8),
        circular((3, 3)).on((4, 6)),
        circular(3, bias=True).on((2, 5)),
        circular(3, dilation=2).on(8),
        cg.Conv(1, stride=2).on(9),
        cg.AvgPool(2).on(8),
        cg.MaxPool((2, 2)).on((4, 4)),
        cg.GlobalAvgPool().on(6),
        cg.Dense(3).on(4),
        cg.equivariant_layer(cg.Group.p4m(4), bias=True),
        cg.equivariant_layer(cg.Group.symmetric(4), inputs=2, outputs=1),
        (circular(3) >> cg.ReLU() >> circular(3)).on(6),
        cg.Residual(circular(3)).on(5),
    ],
    ids=repr,
)
def test_every_generator_is_an_equivariance(net: Any) -> None:
    group = cg.symmetry_group(net)
    x, s = net.inputs[0].name, net.outputs[0].name
    for g in group.generators:
        assert cg.check_equivariance(net, g.transformation(x), g.transformation(s)).holds
    assert group.order == 1 or group.generators


@pytest.mark.parametrize(
    ("net", "name", "order"),
    [
        (circular(3).on(64), "Z_64", 64),
        (circular(3).on(1024), "Z_1024", 1024),
        (circular((3, 3)).on((64, 64)), "Z_64^2", 4096),
        (circular((3, 3)).on((8, 12)), "Z_8 × Z_12", 96),
        (cg.Conv(3, padding="same").on(50), "1", 1),
        (cg.LocallyConnected(3).on(50), "1", 1),
        (cg.Dense(300).on(300), "1", 1),
        (cg.MaxPool(2).on(64), "Z_2 ≀ S_32", 2**32 * math.factorial(32)),
        (cg.GlobalMaxPool().on(40), "S_40", math.factorial(40)),
        (circular(3, dilation=4).on(64), "Z_16 ≀ S_4", 16**4 * 24),
        (cg.equivariant_layer(cg.Group.dihedral(100)), "D_100", 200),
        (cg.equivariant_layer(cg.Group.p4m(16)), "Z_16^2 ⋊ D_4", 2048),
        (cg.equivariant_layer(cg.Group.symmetric(50)), "S_50", math.factorial(50)),
        (
            cg.equivariant_layer(cg.Group.symmetric(12) * cg.Group.symmetric(15)),
            "S_12 × S_15",
            math.factorial(12) * math.factorial(15),
        ),
    ],
    ids=repr,
)
def test_groups_of_known_layers(net: Any, name: str, order: Any) -> None:
    group = cg.symmetry_group(net)
    assert (group.structure, group.order) == (name, order)
    assert type(group.order) is int


def test_a_layer_with_many_labels_is_searched_on_few_and_checked_on_all() -> None:
    # shifts of 1024 units: 1024 parameters on a million connections
    group = cg.symmetry_group(cg.equivariant_layer(cg.Group.cyclic(1024)))
    assert (group.order, group.structure) == (1024, "Z_1024")
    # one label among many breaks what all others have
    rng = np.random.default_rng(3)
    circulant = np.add.outer(np.arange(300), -np.arange(300)) % 300 + 1
    broken = circulant.copy()
    i, j = rng.integers(300, size=2)
    broken[i, j] = 301
    assert cg.symmetry_group(cg.tied_from_matrix(circulant)).order == 300
    assert cg.symmetry_group(cg.tied_from_matrix(broken)).order == 1


def test_figures_9_14_and_9_16_as_groups() -> None:
    """Three tyings of one wiring: no shift, shifts by t, all shifts."""
    ring = {"padding": ((0, 1),), "padding_mode": "circular"}
    local = cg.LocallyConnected(2, **ring).on(6)
    tiled = cg.TiledConv(2, tiles=2, **ring).on(6)
    conv = cg.Conv(2, **ring).on(6)
    found = [cg.symmetry_group(net) for net in (local, tiled, conv)]
    assert [group.structure for group in found] == ["1", "Z_3", "Z_6"]
    by_two = [[*range(2, 6), 0, 1]]
    assert cg.symmetry_group(tiled, expected=by_two).exact


# -- exchanging parameters -------------------------------------------------------------------


def labels_of_pairs(net: cg.Network) -> Any:
    """The labels on each pair of units, as often as they are there; None stands for a bias."""
    found = {}
    for a, b, data in net.graph.edges(data=True):
        found.setdefault((a, b), Counter())[str(data["parameter"])] += 1
    for unit, bias in zip(net.rows[1].units(), net.bias_labels("s") or [], strict=False):
        found[(None, unit)] = Counter([str(bias)])
    return found


@given(
    st.integers(1, 3),
    st.integers(1, 4),
    st.sampled_from(["zeros", "circular", "reflect", "replicate"]),
    st.integers(1, 2),
    st.booleans(),
    st.sampled_from([cg.Conv, cg.LocallyConnected, cg.TiledConv]),
)
@settings(max_examples=40, deadline=None)
def test_exchanging_parameters_of_wrapped_kernels(
    n: int, k: int, mode: str, stride: int, bias: bool, kind: Any
) -> None:
    """Against all permutations of units and of the parameters that are used."""
    net = fitting(
        lambda: kind(k, padding="same", padding_mode=mode, stride=stride, bias=bias).on(n)
    )
    found = labels_of_pairs(net)
    names = sorted({label for several in found.values() for label in several})
    if len(names) > 6:
        return
    x, s = net.rows[0].units(), net.rows[1].units()
    count = 0
    for new in itertools.permutations(names):
        renamed = dict(zip(names, new, strict=True))
        for p, q in itertools.product(itertools.permutations(x), itertools.permutations(s)):
            to = dict(zip([None, *x, *s], [None, *p, *q], strict=True))
            count += all(
                found.get((to[a], to[b])) == Counter({renamed[w]: c for w, c in several.items()})
                for (a, b), several in found.items()
            )
    assert cg.symmetry_group(net, relabel=True).order == count


def test_reflection_exchanges_the_outer_taps() -> None:
    group = cg.symmetry_group(cg.Conv(3, padding="same").on(5), relabel=True)
    (flip,) = group.generators
    assert (group.order, dict(flip.relabels)) == (2, {"w_1": "w_3", "w_3": "w_1"})
    assert str(flip) == "(x1 x5)(x2 x4)(s1 s5)(s2 s4)"
    assert cg.symmetry_group(circular(3).on(9), relabel=True).structure == "D_9"
    square = cg.symmetry_group(cg.Conv((3, 3), padding="same").on((6, 6)), relabel=True)
    assert square.structure == "D_4"


def test_hidden_units_of_a_dense_stack_can_be_exchanged() -> None:
    net = (cg.Dense(4, bias=True) >> cg.ReLU() >> cg.Dense(2, bias=True)).on(3)
    group = cg.symmetry_group(net, relabel=True)
    assert group.order == math.factorial(3) * math.factorial(4) * math.factorial(2)
    assert group.structure == "S_4 × S_3 × Z_2"
    symbols = {str(p) for p in net.parameters}
    for g in group.generators:
        assert set(g.relabels) == set(g.relabels.values()) <= symbols
        renamed = {sp.Symbol(a): sp.Symbol(b) for a, b in g.relabels.items()}
        x, s = g.on("x"), g.on(net.rows[-1].name)
        moved = {sp.Symbol(f"x{i + 1}"): sp.Symbol(f"x{x[i] + 1}") for i in range(3)}
        outputs = list(net.expressions().values())
        for i, output in enumerate(outputs):
            assert output.subs({**renamed, **moved}, simultaneous=True) == outputs[s[i]]


def test_parallel_connections_exchange_their_parameters_alone() -> None:
    # on two units, w_1 and w_3 both lead from each unit to the other
    group = cg.symmetry_group(circular(3).on(2), relabel=True)
    assert (group.order, cg.symmetry_group(circular(3).on(2)).order) == (4, 2)
    assert any(not g.moved and dict(g.relabels) == {"w_1": "w_3", "w_3": "w_1"}
               for g in group.generators)  # fmt: skip


def test_parameters_in_compound_labels_stay() -> None:
    graph = nx.DiGraph()
    for source, target, label in [("a", "p", "u"), ("b", "p", "v"), ("c", "q", 2 * sp.Symbol("u"))]:
        graph.add_edge(source, target, parameter=label)
    net = cg.from_networkx(graph)
    assert cg.symmetry_group(net, relabel=True).order == 1
    graph["c"]["q"]["parameter"] = "t"
    assert cg.symmetry_group(cg.from_networkx(graph), relabel=True).order == 2


# -- networks --------------------------------------------------------------------------------


def test_stacks_keep_their_hidden_rows() -> None:
    """Against all permutations of all rows."""
    net = (circular(2) >> cg.ReLU() >> cg.AvgPool(2)).on(4)
    edges = {(a, b): str(d["parameter"]) for a, b, d in net.graph.edges(data=True)}
    rows = [row.units() for row in net.rows]
    count = 0
    for moved in itertools.product(*(itertools.permutations(row) for row in rows)):
        to = {
            a: b
            for row, image in zip(rows, moved, strict=True)
            for a, b in zip(row, image, strict=True)
        }
        count += all(edges.get((to[a], to[b])) == label for (a, b), label in edges.items())
    assert cg.symmetry_group(net).order == count == 2


def test_branches_are_not_confused() -> None:
    x = cg.Input(6)
    both = cg.Add()(circular(3)(x), circular(3, dilation=2)(x))
    assert cg.symmetry_group(cg.Network(x, both)).structure == "Z_6"
    assert cg.symmetry_group(cg.Residual(circular(3)).on(7)).structure == "Z_7"


def test_labels_that_cancel_and_labels_zero_are_no_connections() -> None:
    graph = nx.MultiDiGraph()
    for source, label in [("a", 1), ("a", -1), ("b", 0), ("c", "w")]:
        graph.add_edge(source, "p", parameter=label)
    # a and b do not reach p in effect, and can be exchanged
    assert cg.symmetry_group(cg.from_networkx(graph)).order == 2


def test_a_maximum_does_not_count_its_inputs() -> None:
    graph = nx.MultiDiGraph()
    graph.add_node("p", reduction="max")
    for source in ("a", "a", "b"):
        graph.add_edge(source, "p", parameter=1)
    assert cg.symmetry_group(cg.from_networkx(graph)).order == 2


def test_double_cover_of_a_graph() -> None:
    """A layer over Petersen's graph has the 120 automorphisms of that graph."""
    layer = cg.tied_from_networkx(nx.petersen_graph())
    group = cg.symmetry_group(layer)
    assert (group.order, len(group.orbits["x"])) == (120, 1)
    assert group.permutation_group().order() == 120


# -- expected groups -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("net", "expected", "exact"),
    [
        (circular(3).on(8), cg.Group.cyclic(8), True),
        (circular(3).on(8), [cg.Shift(1, boundary="wrap")], True),
        (circular(3).on(8), [cg.Shift(2, boundary="wrap")], False),
        (circular(3).on(8), cg.Group.dihedral(8), False),
        (cg.equivariant_layer(cg.Group.symmetric(5), 2, 2), cg.Group.symmetric(5), True),
        (cg.equivariant_layer(cg.Group.symmetric(5), 2, 0), cg.Group.symmetric(5), False),
        (cg.equivariant_layer(cg.Group.cyclic(6), (1, 1), (1, 1)), cg.Group.cyclic(6), True),
        (cg.equivariant_layer(cg.Group.alternating(100)), cg.Group.alternating(100), False),
        ((circular(3) >> cg.ReLU() >> circular(3)).on(8), cg.Group.cyclic(8), True),
        ((circular(3) >> cg.ReLU() >> circular(3)).on(8), cg.Group.dihedral(8), False),
        (cg.Conv(1, stride=2).on(4), [([2, 1, 0, 3], [1, 0]), ([0, 3, 2, 1], [0, 1])], True),
    ],
)
def test_whether_it_is_exactly_the_expected_group(net: Any, expected: Any, exact: bool) -> None:
    assert cg.symmetry_group(net, expected=expected).exact is exact


def test_extra_symmetries_are_shown_and_missing_ones_numbered() -> None:
    layer = cg.equivariant_layer(cg.Group.alternating(6))
    found = cg.symmetry_group(layer, expected=cg.Group.alternating(6))
    assert found.extra is not None
    assert found.extra.order % 2 == 0
    assert cg.check_equivariance(layer, found.extra.transformation("x")).holds
    missing = cg.symmetry_group(circular(3).on(8), expected=cg.Group.dihedral(8))
    assert (missing.missing, missing.extra) == ((1,), None)


def test_hidden_symmetries_do_not_count_against_the_ends() -> None:
    # two hidden units that do the same can be exchanged, and no end moves
    both = cg.tied_from_matrix([[1, 1], [1, 1]]).layers[0].spec
    net = (both >> cg.tied_from_matrix([[1, 1]]).layers[0].spec).on(2)
    found = cg.symmetry_group(net, expected=[([1, 0], [0])])
    assert (found.order, found.exact) == (4, True)


# -- there and back --------------------------------------------------------------------------


@st.composite
def pairs_of_permutations(draw: st.DrawFn) -> Any:
    n, m = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    return [
        (draw(st.permutations(range(n))), draw(st.permutations(range(m))))
        for _ in range(draw(st.integers(1, 2)))
    ]


@given(pairs_of_permutations())
@settings(max_examples=25, deadline=None)
def test_group_to_layer_to_group(pairs: Any) -> None:
    layer = cg.equivariant_layer(pairs)
    group = cg.symmetry_group(layer, expected=pairs)
    assert not group.missing
    assert group.exact or group.extra is not None
    # what the larger group forces is what the smaller one did: the closure is closed
    assert cg.same_tying(cg.equivariant_layer(group), layer)


@given(matrices)
@settings(max_examples=20, deadline=None)
def test_layer_to_group_to_layer(rows: Any) -> None:
    layer = cg.tied_from_matrix(rows)
    if not len(layer.edges):
        return
    back = cg.equivariant_layer(cg.symmetry_group(layer), wiring=layer)
    assert cg.refines(back, layer)


# -- bad input -------------------------------------------------------------------------------


def test_what_does_not_fit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    n = sp.Symbol("n", integer=True, positive=True)
    cases = [
        (lambda: cg.symmetry_group(cg.Conv(3).on(n)), ["needs numbers"]),
        (lambda: cg.symmetry_group(cg.Conv(3)), ["network=Conv(3)", "bound network"]),
        (
            lambda: cg.symmetry_group(circular(3).on(8), expected=cg.Group.cyclic(7)),
            ["expected", "7 units", "(8,)"],
        ),
        (
            lambda: cg.symmetry_group(
                cg.Network([a := cg.Input(3), b := cg.Input(3)], cg.Add()(a, b)),
                expected=cg.Group.cyclic(3),
            ),
            ["one input row"],
        ),
        (
            lambda: cg.equivariant_layer(
                cg.symmetry_group(cg.Network([a := cg.Input(3), b := cg.Input(3)], cg.Add()(a, b)))
            ),
            ["one input and one output"],
        ),
    ]
    for call, words in cases:
        with pytest.raises(ConvgraphError) as raised:
            call()
        for word in words:
            assert word in str(raised.value)
    real = builtins.__import__

    def without(name: Any, *rest: Any, **options: Any) -> Any:
        if name == "igraph":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConvgraphError, match=r"pip install 'convgraph\[symmetry\]'"):
        cg.symmetry_group(circular(3).on(8))
