"""A model changed at random is read and answers, or is refused, and nothing else."""

from __future__ import annotations

import ast
import random
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import sympy as sp

import convgraph as cg
from convgraph.core import memory
from convgraph.core.evaluate import input_symbols
from convgraph.symmetry.equivariance import decide, interpreter, moved_network
from tests.mutations import BASES, QUESTIONS, attention, computed, mutated, tried
from tests.onnx_models import model, node

BATCHES = [
    pytest.param(range(1000 * i, 1000 * i + 1000), id=f"{i}", marks=pytest.mark.exhaustive)
    for i in range(1, 5)
]


@pytest.mark.parametrize("base", BASES)
def test_the_bases_are_read_and_answer(base: Any) -> None:
    net = cg.from_onnx(base())
    rng = random.Random(0)
    valued = ("evaluate", "expressions", "gradients")
    asked = [name for name in QUESTIONS if base is not computed or name not in valued]
    answers = {name: QUESTIONS[name](net, rng) for name in asked}
    assert answers["repr"].startswith("Network(x[")
    assert [name for name, answer in answers.items() if answer is None or not len(answer)] == []


@pytest.mark.parametrize("seeds", [pytest.param(range(300), id="few"), *BATCHES])
def test_a_mutated_model_is_read_or_refused(seeds: Any) -> None:
    results = {seed: tried(seed) for seed in seeds}
    assert {s: r for s, r in results.items() if r not in ("read", "refused")} == {}
    assert len(set(results.values())) == 2  # the changes neither miss nor ruin every model


@pytest.mark.parametrize("seeds", [pytest.param(range(300), id="few"), *BATCHES])
def test_a_mutated_expression_is_read_or_refused(seeds: Any) -> None:
    results = {seed: tried(seed, kind="expression") for seed in seeds}
    assert {s: r for s, r in results.items() if r not in ("read", "refused")} == {}
    assert len(set(results.values())) == 2


def test_points_at_infinity_are_as_many_as_their_edges_allow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    net = cg.from_onnx(attention())  # behind a softmax no point tells anything
    edges, gone, interpret = len(net.edges), [], interpreter.interpret

    def counted(cone: Any, *arguments: Any) -> Any:
        gone.append(cone)
        return interpret(cone, *arguments)

    monkeypatch.setattr(interpreter, "interpret", counted)
    monkeypatch.setattr(moved_network, "EVALUATED", 0)
    monkeypatch.setattr(decide, "FORMS", 0)
    found = []
    for points in (moved_network.FEWEST, 10):
        gone.clear()
        monkeypatch.setattr(moved_network, "GONE_THROUGH", points * edges)
        assert cg.check_equivariance(net, cg.Shift(1)).undecided
        found.append(len(gone) // 2 - 1)  # both sides at each, and one form
    assert found == [moved_network.FEWEST, 10]


def test_a_long_value_leaves_room_for_the_rule() -> None:
    with pytest.raises(cg.ConvgraphError, match=r"^specs=.* \.\.\. .*: two or more specs") as error:
        cg.Parallel(cg.ReLU() ** 1000)
    assert len(str(error.value)) == 500


def test_a_maximum_of_many_sums_is_one_of_their_numbers() -> None:
    net = (cg.ConvTranspose(3, filters=2) >> cg.GlobalMaxPool()).on((4, 4))
    rng = random.Random(0)
    values = {
        symbol: rng.randint(-9, 9) for symbol in (*input_symbols(net).values(), *net.parameters)
    }
    x = [[values[sp.Symbol(f"x{i},{j}")] for j in range(1, 5)] for i in range(1, 5)]
    numbers = net.evaluate(x, {str(label): values[label] for label in net.parameters}).ravel()
    put_in = {symbol: sp.Integer(value) for symbol, value in values.items()}
    found = [expression.xreplace(put_in) for expression in net.expressions().values()]
    assert found == numbers.tolist()


@pytest.mark.parametrize("last", [cg.ReLU(), cg.MaxPool(2), cg.Activation("abs")])
def test_expressions_of_many_paths_are_written_or_refused(last: Any) -> None:
    many = cg.ConvTranspose(3, filters=2)
    net = (many**3 >> last).on(2)
    rng = random.Random(0)
    values = {s: rng.randint(-9, 9) for s in (*input_symbols(net).values(), *net.parameters)}
    x = [values[symbol] for symbol in input_symbols(net).values()]
    numbers = net.evaluate(x, {str(label): values[label] for label in net.parameters}).ravel()
    put_in = {symbol: sp.Integer(value) for symbol, value in values.items()}
    found = [expression.xreplace(put_in) for expression in net.expressions().values()]
    assert found == numbers.tolist()
    with pytest.raises(cg.ConvgraphError, match=r"symbols and operations, of which at most"):
        (many**8 >> last).on(5).expressions()
    assert len((many**8).on(5).expressions()) == 42  # sums share their parts


@pytest.mark.parametrize("op", ["Mul", "Pow", "Div", "Max", "Where"])
def test_functions_of_functions_of_several_values_are_written(op: str) -> None:
    """As a GELU by tanh, four in a row: 1 + tanh of a long argument, with itself."""
    nodes, held = [], {"one": np.ones(1, np.float32), "three": np.full(1, 3, np.float32)}
    for i in range(4):
        squashed = [node("Tanh", [f"x{i}" if i else "x"], [f"t{i}"])]
        shifted = [node("Add", [f"t{i}", "three"], [f"a{i}"])]
        both = {"Where": ["c", f"a{i}", "three"], "Pow": [f"a{i}", "three"]}
        read = both.get(op, [f"a{i}", f"x{i}" if i else "x"])
        nodes += [*squashed, *shifted, node(op, read, [f"x{i + 1}"])]
    nodes.insert(0, node("Greater", ["x", "one"], ["c"]))
    net = cg.from_onnx(model(nodes, {"x": (1, 2)}, {"x4": None}, held=held))
    x = np.array([[0.5, 1.25]])
    values = dict(zip(input_symbols(net).values(), x.ravel(), strict=True))
    values |= dict.fromkeys(net.parameters, 3.0)
    found = [
        sp.lambdify(list(values), expression, "math")(*values.values())
        for expression in net.expressions().values()
    ]
    np.testing.assert_allclose(found, net.evaluate(x).ravel(), rtol=1e-9)


@pytest.mark.parametrize("kernel", [cg.AvgPool, cg.MaxPool, cg.Conv])
@pytest.mark.parametrize("asked", ["edges", "draw", "expressions"])
def test_an_open_stride_over_a_row_of_numbers_is_refused_by_name(kernel: Any, asked: str) -> None:
    stride = sp.Symbol("k", integer=True, positive=True)
    net = kernel(5, stride=stride).on(5)
    with pytest.raises(cg.ConvgraphError, match=r"^stride=k: this question needs numbers"):
        QUESTIONS[asked](net, random.Random(0))


def test_a_maximum_of_a_maximum_is_one_maximum() -> None:
    net = (cg.GlobalMaxPool() ** 5).on((2, 8, 8))
    (first, _) = net.expressions().values()
    assert first.func == sp.Max
    assert set(first.args) == {sp.Symbol(f"x1,{i},{j}") for i in range(1, 9) for j in range(1, 9)}


def test_a_unit_of_a_row_that_does_not_fit_is_refused() -> None:
    net = cg.Conv(3).on(10**9)
    with memory.at_most(10**9), pytest.raises(cg.ConvgraphError, match="positions="):
        cg.path_counts(net, "s5")
    with memory.at_most(8 * 10**8), pytest.raises(cg.ConvgraphError, match="positions="):
        cg.receptive_field(net, "s5")


def test_a_tensor_of_more_axes_than_numpy_has_is_refused() -> None:
    held = {"v": np.ones((1,), np.float32), "s": np.ones(36, np.int64)}
    proto = model([node("Expand", ["v", "s"], ["e"]), node("Add", ["x", "e"], ["y"])],
                  {"x": (1, 3)}, held=held)  # fmt: skip
    with pytest.raises(cg.ConvgraphError, match="at most 32 axes"):
        cg.from_onnx(proto)


@pytest.mark.parametrize("kind", ["model", "expression"])
def test_the_fuzzer_counts_its_cases(kind: str) -> None:
    arguments = ["--cases", "30", "--seed", "7", "--kind", kind]
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", *arguments], capture_output=True, text=True, check=True
    )
    counted, asked = done.stdout.splitlines()
    read, refused = (int(n) for n in re.findall(r"'(?:read|refused)': (\d+)", counted))
    assert read + refused == 30
    assert sum(ast.literal_eval(asked.removeprefix("asked: ")).values()) <= 30


def test_choices_come_from_bytes() -> None:
    from tests.guided_fuzz import Choices

    data = bytes(range(256))
    assert mutated(Choices(data)) == mutated(Choices(data))
    assert mutated(Choices(data)) != mutated(Choices(b""))
    assert tried(Choices(b"")) in ("read", "refused")
