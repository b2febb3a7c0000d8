"""Matrices and expressions: the same numbers as evaluation, and the same labels as the graph."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pytest
import scipy.linalg
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from tests import oracle
from tests.strategies import KINDS, LINEAR, networks, single_layers, values


def numbers(net: cg.Network, parameters: dict[str, Any]) -> dict[sp.Symbol, int]:
    """The parameters' values by symbol."""
    return {
        array.symbol(i): int(value)
        for array in net.labels.arrays
        for i, value in enumerate(parameters[array.letter].ravel())
    }


def listed(result: Any) -> list[Any]:
    """The values of all outputs, one after the other."""
    arrays = result.values() if isinstance(result, dict) else [result]
    return [value for array in arrays for value in array.ravel().tolist()]


def small(net: cg.Network, most: int) -> None:
    assume(sum(layer.connections for layer in net.layers) <= most)


@given(single_layers(LINEAR))
def test_the_matrix_of_a_layer_has_its_labels_in_place(net: cg.Network) -> None:
    small(net, 200)
    entries: dict[tuple[str, str], Any] = defaultdict(int)
    for a, b, label in oracle.plain_graph(net).edges(data="parameter"):
        entries[b, a] += sp.Symbol(label) if "_" in label else sp.Rational(label)
    matrix, (x,), (s,) = net.matrix(), net.inputs, net.outputs
    assert matrix.shape == (s.size, x.size)
    for i, target in enumerate(s.units()):
        for j, source in enumerate(x.units()):
            assert matrix[i, j] == entries[target, source]


@settings(max_examples=10)
@given(networks((*LINEAR, "Residual", "Parallel")), st.data())
def test_the_matrix_of_a_stack_takes_inputs_to_outputs(
    net: cg.Network, data: st.DataObject
) -> None:
    small(net, 150)
    assume(not any(layer.reduction.name == "product" for layer in net.layers))
    x, parameters = data.draw(values(net))
    exact = {name: array.astype(object) for name, array in x.items()}
    nothing = {name: array * 0 for name, array in exact.items()}
    matrix = net.matrix().subs(numbers(net, parameters))
    column = sp.Matrix([value for row in net.inputs for value in x[row.name].ravel().tolist()])
    biases = sp.Matrix(listed(net.evaluate(nothing, parameters)))
    assert list(matrix * column + biases) == listed(net.evaluate(exact, parameters))


@settings(max_examples=20)
@given(networks([kind for kind in KINDS if kind != "Activation"]), st.data())
def test_expressions_are_the_values_before_numbers_are_put_in(
    net: cg.Network, data: st.DataObject
) -> None:
    small(net, 100)
    x, parameters = data.draw(values(net))
    known: dict[Any, Any] = numbers(net, parameters)
    for row in net.inputs:
        known.update(zip(map(sp.Symbol, row.units()), x[row.name].ravel().tolist(), strict=True))
    exact = net.evaluate({name: array.astype(object) for name, array in x.items()}, parameters)
    exact = exact if isinstance(exact, dict) else {net.outputs[0].name: exact}
    for row in net.outputs:
        written = net.expressions(row.name)
        assert list(written) == row.units()
        got = [expression.xreplace(known) for expression in written.values()]
        assert got == exact[row.name].ravel().tolist()


# -- the matrices that have names ----------------------------------------------------------------


def test_a_convolution_is_a_toeplitz_matrix() -> None:
    w = sp.symbols("w_1:4")
    column, row = [w[1], w[0], 0, 0], [w[1], w[2], 0, 0]
    assert cg.Conv(3, padding="same").on(4).matrix() == sp.Matrix(
        scipy.linalg.toeplitz(np.array(column, object), np.array(row, object))
    )


def test_around_a_circle_it_is_a_circulant_matrix() -> None:
    w = np.array([*sp.symbols("w_2 w_3"), 0, 0, sp.Symbol("w_1")], object)
    net = cg.Conv(3, padding="same", padding_mode="circular").on(5)
    assert net.matrix() == sp.Matrix(scipy.linalg.circulant(w)).T


def test_in_two_dimensions_it_is_doubly_block_circulant() -> None:
    net = cg.Conv((3, 3), padding="same", padding_mode="circular").on((4, 4))
    matrix = net.matrix()
    blocks = [[matrix[4 * i : 4 * i + 4, 4 * j : 4 * j + 4] for j in range(4)] for i in range(4)]
    for i in range(4):
        for j in range(4):
            assert blocks[i][j] == blocks[(i + 1) % 4][(j + 1) % 4]
            shifted = blocks[i][j][[1, 2, 3, 0], [1, 2, 3, 0]]
            assert blocks[i][j] == shifted


def test_groups_make_a_block_diagonal_matrix() -> None:
    matrix = cg.Conv(3, 4, padding="same", groups=2).on((2, 5)).matrix()
    assert matrix[:10, 5:].is_zero_matrix
    assert matrix[10:, :5].is_zero_matrix


def test_a_transposed_convolution_is_the_transposed_matrix() -> None:
    conv = cg.Conv((2, 3), 3, stride=(2, 1), padding=((1, 0), (1, 1)), groups=1)
    back = cg.ConvTranspose((2, 3), 2, stride=(2, 1), padding=((1, 0), (1, 1)))
    there = conv.on((2, 5, 4))
    assert back.on(there.outputs[0].shape).matrix() == there.matrix().T


def test_large_matrices_are_sparse() -> None:
    matrix = cg.Conv(3, padding="same").on(600).matrix()
    assert isinstance(matrix, sp.SparseMatrix)
    assert matrix.shape == (600, 600)
    assert len(matrix.todok()) == 3 * 600 - 2


# -- letters -------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_layers_of_one_letter_share_their_parameters(depth: int) -> None:
    cell = cg.Conv(3, padding="same", letter="q")
    spec = cell
    for _ in range(depth - 1):
        spec = spec >> cell
    net, x = spec.on(6), np.arange(1, 7)
    assert net.parameters == sp.symbols("q_1:4")
    expected = x
    for _ in range(depth):
        expected = np.correlate(expected, [1, 2, 3], "same")
    assert net.evaluate(x, {"q": [1, 2, 3]}).tolist() == expected.tolist()
    assert len(net.edges) == 16 * depth
    assert set(net.edges.label.tolist()) == {0, 1, 2}


def test_letters_that_are_taken_are_left_out() -> None:
    spec = cg.Conv(2) >> cg.Conv(2, letter="v") >> cg.Conv(2, bias=True) >> cg.Conv(2)
    net = (spec >> cg.Conv(2, bias=True)).on(9)
    assert [array.letter for array in net.labels.arrays] == ["w", "v", "u", "d", "w4", "w5", "b5"]


def test_a_row_that_is_read_twice_counts_twice() -> None:
    x = cg.Input(2)
    net = cg.Network(x, cg.Add()(x, x))
    assert net.matrix() == 2 * sp.eye(2)
    assert net.evaluate([3, 4]).tolist() == [6, 8]
