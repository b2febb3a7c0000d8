"""Each theorem at random sizes, in numbers: what is given, and what is concluded."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.instances.symbol_values import at_numbers
from convgraph.symmetry.proofs.open_network import setting
from convgraph.symmetry.proofs.premises import amounts_of
from convgraph.symmetry.statements.vocabulary import Greatest, function_names
from tests.formulas import value
from tests.theorems import THEOREMS, c, d, k, m, p, s, t, up


@cache
def proved(name: str) -> Any:
    return cg.prove(*THEOREMS[name])


@cache
def in_symbols(name: str) -> Any:
    """The setting of a theorem, its network bound to symbols."""
    spec, shift, where, channels = THEOREMS[name]
    return setting(spec, amounts_of(spec, shift), where, channels)


class Instance:
    """A theorem with a number for each of its symbols, and the network that it then speaks of."""

    def __init__(self, name: Any, draw: Any, seed: Any) -> None:
        spec, shift, self.where, _ = THEOREMS[name]
        made = in_symbols(name)
        at = {symbol: draw(st.integers(1, 3)) for symbol in (k, s, d, p, c, m)}
        at |= {t: draw(st.sampled_from([-1, 1, 2])), up: draw(st.integers(1, 2))}
        sizes = (1, 3) if self.where == "circle" else (5, 8)
        row = made.network.inputs[0]
        shape = [sp.sympify(size) for size in row.shape]
        for symbol in sorted(set().union(*(z.free_symbols for z in shape)) - set(at), key=str):
            at[symbol] = draw(st.integers(*sizes))
        self.shape = tuple(at_numbers(size, at) for size in shape)
        try:
            self.net = at_numbers(spec, at).on(self.shape)
        except cg.ConvgraphError:  # larger than the input
            assume(False)
        for symbol, meant in made.meanings.items():
            at[symbol] = int(meant.xreplace({a: sp.Integer(b) for a, b in at.items()}))
        self.at, self.names = at, made.names
        moves = at_numbers(shift, at).amounts(len(self.shape) - row.channels)
        self.moves = (0,) * row.channels + tuple(moves)
        self.rng = np.random.default_rng(seed)
        self.parameters = {
            array.letter: self.rng.integers(-9, 10, array.shape) for array in self.net.labels.arrays
        }

    def functions(self, rows: Any) -> Any:
        """The functions of a formula: rows as given, kernels, and pointwise functions."""
        found = dict(rows)
        for array in self.net.labels.arrays:
            kernel = self.parameters[array.letter]
            named = [a for a in range(kernel.ndim) if a in array._named]
            rest = tuple(slice(None) if a in named else 0 for a in range(kernel.ndim))
            found[array.letter] = lambda *at, w=kernel[rest]: int(w[at])
        found |= {"relu": lambda v: max(v, 0), "phi": sp.Function("phi")}
        return found


def exact(array: Any) -> Any:
    """An array of whole numbers as sympy has them, so that means are exact too."""
    return np.array([sp.Integer(int(a)) for a in array.ravel()], object).reshape(array.shape)


def extended(array: Any, beyond: Any) -> Any:
    """The array as a function of all integers."""

    def read(*index: Any) -> Any:
        inside = all(0 <= i < n for i, n in zip(index, array.shape, strict=True))
        return array[index] if inside else beyond

    return read


@settings(max_examples=4)
@given(st.data(), st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", THEOREMS)
def test_what_is_given_is_what_the_network_computes(
    name: Any, data: st.DataObject, seed: int
) -> None:
    """Each definition, read as numbers, against the evaluated network, at every unit."""
    case = Instance(name, data.draw, seed)
    rows = {}
    for row in case.net.rows:
        if row in case.net.inputs:
            values = exact(case.rng.integers(-9, 10, case.shape))
            x = values
        else:
            part = cg.Network.of(case.net.rows, case.net.layers, case.net.inputs, [row])
            exact_parameters = {a: exact(w) for a, w in case.parameters.items()}
            values = part.evaluate(x, exact_parameters)
        rows[case.names[row.name]] = values
    proof = proved(name)
    for equation in proof.hypotheses[1:]:
        beyond = None if equation.right.has(Greatest) else 0
        functions = case.functions({r: extended(v, beyond) for r, v in rows.items()})
        for index in np.ndindex(*rows[equation.name].shape):
            numbers = {**case.at, **dict(zip(equation.variables, index, strict=True))}
            assert value(equation.right, numbers, functions) == rows[equation.name][index]


ON_A_LINE = [name for name, question in THEOREMS.items() if question[2] == "line"]
ON_ROWS = [name for name in THEOREMS if name not in ON_A_LINE]


@settings(max_examples=4)
@given(st.data(), st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", ON_ROWS)
def test_the_conclusion_holds_of_networks(name: Any, data: st.DataObject, seed: int) -> None:
    """f(g x) and g(f x) by evaluating the network, at all outputs that the claim speaks of."""
    case = Instance(name, data.draw, seed)
    claim = proved(name).statement.claim
    x = exact(case.rng.integers(-9, 10, case.shape))
    moved = np.full(case.shape, sp.S.Zero)
    for index in np.ndindex(*case.shape):
        source = tuple(i - a for i, a in zip(index, case.moves, strict=True))
        if case.where == "circle":
            source = tuple(i % n for i, n in zip(source, case.shape, strict=True))
        if all(0 <= i < n for i, n in zip(source, case.shape, strict=True)):
            moved[index] = x[source]
    parameters = {a: exact(w) for a, w in case.parameters.items()}
    left, right = case.net.evaluate(moved, parameters), case.net.evaluate(x, parameters)
    for index in np.ndindex(*left.shape):
        numbers = {**case.at, **dict(zip(claim.variables, index, strict=True))}
        if all(value(e, numbers, {}) >= 0 for e in claim.conditions):
            assert left[index] == right[tuple(int(value(a, numbers, {})) for a in claim.right.args)]


@settings(max_examples=4)
@given(st.data(), st.integers(0, 2**32 - 1))
@pytest.mark.parametrize("name", ON_A_LINE)
def test_the_conclusion_holds_of_formulas(name: Any, data: st.DataObject, seed: int) -> None:
    """On a line there is no network to evaluate: the definitions are, on an endless input."""
    case = Instance(name, data.draw, seed)
    proof = proved(name)
    drawn = {}

    def x(*at: Any) -> Any:
        return drawn.setdefault(at, sp.Integer(int(case.rng.integers(-9, 10))))

    def computed(first: Any) -> Any:
        rows = {"x": first}
        for equation in proof.hypotheses[1:]:
            own = {r: rows[r] for r in function_names(equation.right) & set(rows)}

            def row(*at: Any, equation: Any = equation, own: Any = own, known: Any = {}) -> Any:  # noqa: B006 - a cache
                if at not in known:
                    numbers = {**case.at, **dict(zip(equation.variables, at, strict=True))}
                    known[at] = value(equation.right, numbers, case.functions(own))
                return known[at]

            rows[equation.name] = row
        return rows["y"]

    shift = proof.hypotheses[0]

    def moved(*at: Any) -> Any:
        numbers = {**case.at, **dict(zip(shift.variables, at, strict=True))}
        return value(shift.right, numbers, {"x": x})

    claim = proof.statement.claim
    index = tuple(
        0 if v.name.startswith("f") else data.draw(st.integers(-3, 3)) for v in claim.variables
    )
    numbers = {**case.at, **dict(zip(claim.variables, index, strict=True))}
    source = tuple(int(value(a, numbers, {})) for a in claim.right.args)
    assert computed(moved)(*index) == computed(x)(*source)
