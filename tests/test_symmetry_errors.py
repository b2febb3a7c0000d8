"""Bad input to questions about symmetry: one clear error, whatever is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np
import pytest
import sympy as sp

import convgraph as cg

NET = cg.Conv(3, padding="same").on(5)
POOL = cg.MaxPool(3).on(9)
SIZE = sp.Symbol("n", integer=True, positive=True)
BOUND = "a bound network, such as"
PERMUTATION = "a permutation lists each position once, counted from 0"
CYCLES = "cycles are lists of positions, counted from 0, or of names of units"
NAME = "a name is a non-empty string without spaces around it"
FLAG = "it is True or False"
CHANCE = "a chance is an int, a Fraction or a sympy expression"


def named(**edge: Any) -> Any:
    return nx.DiGraph([("a", "b", edge)])


CASES = [
    (lambda: cg.check_equivariance(NET, cg.Shift(1), "s"), "output='s': a transformation, such"),
    (lambda: cg.shift_lattice(cg.Conv(3)), f"network=Conv(3): {BOUND}"),
    (lambda: cg.invariance(cg.MaxPool(3), cg.Shift(1)), f"network=MaxPool(3): {BOUND}"),
    (lambda: cg.invariance(POOL, 3), "g=3: a transformation, such as Shift(1)"),
    *[
        (
            lambda q=q: cg.invariance(POOL, cg.Shift(1), nonpositive=q),
            f"nonpositive={q!r}: {CHANCE}",
        )
        for q in (0.5, "q", True)
    ],
    (
        lambda: cg.invariance(POOL, cg.Shift(1), nonpositive=sp.I),
        "nonpositive=I: a chance is between 0 and 1",
    ),
    (lambda: cg.Permute(5), f"permutation=5: {PERMUTATION}"),
    (lambda: cg.Permute("x1"), f"permutation='x1': {PERMUTATION}"),
    *[
        (lambda c=c: cg.Permute(cycles=c), f"cycles={c!r}: {CYCLES}")
        for c in (5, [5], "(1 2)", ["x1"])
    ],
    (lambda: cg.Shift(1)([[1, 2], [3]]), "values=[[1, 2], [3]]: an array, or nested lists of"),
    (lambda: cg.Group.trivial("4"), "degree='4': a group permutes a positive number of units"),
    (lambda: cg.Group([], shape=0), "shape=0: a group permutes a positive number of units"),
    (lambda: cg.equivariant_layer([[1, 0]], letter=""), f"letter='': {NAME}"),
    (lambda: cg.equivariant_layer([[1, 0]], letter=3), f"letter=3: {NAME}"),
    (lambda: cg.equivariant_layer([[1, 0]], bias="no"), f"bias='no': {FLAG}"),
    (lambda: cg.symmetry_group(NET, relabel="no"), f"relabel='no': {FLAG}"),
    (lambda: cg.trace(lambda x: x, x=SIZE), "x=n: a function is run on arrays of known sizes"),
    (lambda: cg.trace(lambda x, w: x, x=2, w=SIZE), "w=n: a function is run on arrays of known"),
    *[
        (
            lambda value=value: cg.trace(lambda x: value, x=2),
            f"function='<lambda>': it returned {shown} among its values; a function returns an",
        )
        for value, shown in [(None, "None"), ([[1, 2], [3]], "[1, 2]"), ({}, "{}"), (True, "True")]
    ],
    (lambda: cg.trace(lambda x: x * sp.oo, x=2), "function: it computes the term oo*x1: a label"),
    (lambda: cg.trace(lambda x: x * sp.I, x=2), "function: it computes the term I*x1: a label is"),
    (
        lambda: cg.trace(lambda x, x1: x + x1, x=2, x1=()),
        "x1=(): an input unit has this name already",
    ),
    (
        lambda: cg.from_networkx(named(parameter="b")),
        "graph: 'b' is a node and a parameter; a name stands for one",
    ),
    (lambda: cg.from_networkx(named(parameter=2 * sp.Symbol("a"))), "graph: 'a' is a node and a"),
]


@pytest.mark.parametrize(("call", "message"), CASES)
def test_the_message_names_the_argument_its_value_and_the_rule(call: Any, message: Any) -> None:
    with pytest.raises(cg.ConvgraphError) as error:
        call()
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("call", "what"),
    [
        (lambda: cg.Group.cyclic(10**15), "degree=1,000,000,000,000,000: this takes"),
        (
            lambda: cg.equivariant_layer(cg.Group.cyclic(3), inputs=60),
            "units of the inputs=42,391,158,275,216,203,514,294,433,201: this takes",
        ),
        (
            lambda: cg.equivariant_layer(cg.Group.cyclic(3), outputs=(1, 60)),
            "units of the outputs=42,391,158,275,216,203,514,294,433,204: this takes",
        ),
    ],
)
def test_a_group_on_more_units_than_fit_is_refused_before_they_are_made(
    call: Callable[..., Any], what: str
) -> None:
    with pytest.raises(cg.ConvgraphError) as error:
        call()
    assert str(error.value).startswith(what)


@pytest.mark.parametrize("boundary", ["zeros", "wrap"])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_shift_may_be_of_any_amount(sign: int, boundary: str) -> None:
    far = sign * (10**30 + 2)
    values = np.arange(1, 6)
    expected = np.roll(values, far % 5) if boundary == "wrap" else np.zeros(5, int)
    assert cg.Shift(far, boundary=boundary)(values).tolist() == expected.tolist()
    assert cg.check_equivariance(cg.Conv(1).on(5), cg.Shift(far, boundary=boundary)).holds
