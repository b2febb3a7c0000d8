"""A model changed at random is read and answers, or is refused, and nothing else."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import convgraph as cg
from tests.mutations import BASES, QUESTIONS, computed, mutated, tried
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


def test_a_tensor_of_more_axes_than_numpy_has_is_refused() -> None:
    held = {"v": np.ones((1,), np.float32), "s": np.ones(36, np.int64)}
    proto = model([node("Expand", ["v", "s"], ["e"]), node("Add", ["x", "e"], ["y"])],
                  {"x": (1, 3)}, held=held)  # fmt: skip
    with pytest.raises(cg.ConvgraphError, match="at most 32 axes"):
        cg.from_onnx(proto)


def test_choices_come_from_bytes() -> None:
    from tests.guided_fuzz import Choices

    data = bytes(range(256))
    assert mutated(Choices(data)) == mutated(Choices(data))
    assert mutated(Choices(data)) != mutated(Choices(b""))
    assert tried(Choices(b"")) in ("read", "refused")
