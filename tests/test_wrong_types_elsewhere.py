"""Wrong arguments of importers, charts, proofs and assertions, and one among several."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

import convgraph as cg
from convgraph import testing
from tests.test_wrong_types import LINEAR, RING, STACK, WRONG, A, fallen, parameters

WRAP = cg.Shift(1, boundary="wrap")
POOL = (cg.ReLU() >> cg.GlobalMaxPool()).on(4)
LETTERS = {"list", "dict", "tuple", "set", "generator"}


def wrongly(call: Callable[[Any], Any]) -> dict[str, str]:
    """What calls with wrong arguments raise that is neither a ConvgraphError nor an assertion."""
    found = {}
    for kind, wrong in WRONG.items():
        try:
            call(wrong)
        except AssertionError:
            pass  # the network that came has not what was asserted
        except cg.ConvgraphError as error:
            if len(str(error)) > 500:
                found[kind] = f"a message: {str(error)[:80]}"
        except Exception as error:
            found[kind] = f"{type(error).__name__}: {error}"[:100]
    return found


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("plot_growth", {"network": LINEAR}),
        ("plot_matrix", {"network": LINEAR}),
        ("plot_paths", {"network": LINEAR, "unit": "s1"}),
        ("plot_sparsity", {"network": LINEAR}),
        ("plot_uses", {"network": STACK}),
    ],
)
def test_a_chart_refuses_a_wrong_argument(name: str, given: dict[str, Any]) -> None:
    pytest.importorskip("matplotlib")
    assert dict(fallen(getattr(cg, name), given, name)) == {}


def test_a_pytorch_module_that_is_none_is_refused() -> None:
    torch = pytest.importorskip("torch")
    given = {"module": torch.nn.Conv1d(1, 1, 3), "input_shape": (1, 8)}
    assert cg.from_torch(**given).parameter_count == 4
    for argument in given:  # each module that is taken is exported anew, and takes its time
        assert wrongly(lambda wrong, a=argument: cg.from_torch(**given | {a: wrong})) == {}  # type: ignore[misc]


def test_a_function_of_jax_that_is_none_is_refused() -> None:
    pytest.importorskip("jax")
    given = {"function": lambda x: 2 * x, "input_shape": (1, 8)}
    assert cg.from_jax(**given).outputs
    assert dict(fallen(cg.from_jax, given, "from_jax")) == {}


def test_a_model_of_keras_that_is_none_is_refused() -> None:
    pytest.importorskip("keras")
    assert dict(fallen(cg.from_keras, {"model": None}, "from_keras")) == {}


ASSERTIONS: dict[str, dict[str, Any]] = {
    "assert_equivariant": {"subject": RING, "g": WRAP},
    "assert_invariant": {"subject": POOL, "g": WRAP},
    "assert_not_equivariant": {"subject": STACK, "g": cg.Shift(1)},
    "assert_receptive_field": {"subject": STACK, "unit": "g1", "expected": ["x1", "x2"]},
    "assert_same_function": {"subject": RING, "other": RING},
}
CALLS: dict[str, Callable[[Any], Any]] = {
    "assert_tied(pair)": lambda wrong: testing.assert_tied(RING, ("x1", "s1"), wrong),
    "assert_tied(name)": lambda w: testing.assert_tied(RING, ("x1", "s1"), ("x1", w)),
    "assert_tied(subject)": lambda w: testing.assert_tied(w, ("x1", "s1"), ("x2", "s2")),
    "assert_equivariant(x)": lambda w: testing.assert_equivariant(lambda x: x, WRAP, x=w),
    "assert_equivariant(w)": lambda v: testing.assert_equivariant(lambda x, w: x, WRAP, x=4, w=v),
    "trace(w)": lambda wrong: cg.trace(lambda x, w: x, x=3, w=wrong),
    "Parallel": lambda wrong: cg.Parallel(cg.ReLU(), wrong),
    "Parallel(merge)": lambda wrong: cg.Parallel(cg.ReLU(), cg.ReLU(), merge=wrong),
    "spec(tensor)": lambda wrong: cg.ReLU()(wrong),
    "Add()(tensor)": lambda wrong: cg.Add()(A, wrong),
    "Concat()(tensor)": lambda wrong: cg.Concat()(wrong, A),
    "spec ** depth": lambda wrong: cg.ReLU() ** wrong,
    "spec >> spec": lambda wrong: cg.ReLU() >> wrong,
    "other >> spec": lambda wrong: wrong >> cg.ReLU(),
}


def test_every_assertion_is_tried() -> None:
    assert {*ASSERTIONS, "assert_tied"} == {*testing.__all__}


@pytest.mark.parametrize("name", ASSERTIONS)
def test_an_assertion_refuses_a_wrong_argument(name: str) -> None:
    function, given = getattr(testing, name), ASSERTIONS[name]
    function(**given)
    for argument in set(parameters(function)) - {"x"}:
        assert wrongly(lambda wrong, a=argument: function(**given | {a: wrong})) == {}  # type: ignore[misc]


@pytest.mark.parametrize("name", CALLS)
def test_one_of_several_arguments_that_is_wrong_is_refused(name: str) -> None:
    assert wrongly(CALLS[name]) == {}


PROOF: Any = cg.prove(cg.Conv(3), cg.Shift(1))


@pytest.mark.parametrize("part", [field.name for field in dataclasses.fields(PROOF)])
def test_a_proof_of_wrong_parts_is_refused_or_wrong(part: str) -> None:
    def checked(wrong: Any) -> None:
        made = dataclasses.replace(PROOF, **{part: wrong})
        if made.verify():
            raise ValueError("it verifies")

    assert PROOF.verify()
    assert wrongly(checked) == {}
