"""The points that run off to infinity at which leading terms are compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from convgraph.core.network import Network
from convgraph.symmetry.equivariance.interpreter import both_sides
from convgraph.symmetry.equivariance.layer_edges import Cone
from convgraph.symmetry.equivariance.leading_terms import PRIME, Leading, LeadingTerms, number
from convgraph.symmetry.transformations.transformation import Sources

__all__ = ["trials"]

STEP = 1 << 20  # the highest exponent drawn: ties are rare, and 2^40 of them fit 64 bits


def trials(
    network: Network,
    cone: Cone,
    moves: Mapping[str, Sources],
    zeroed: frozenset[int],
    maxima: bool,
) -> Iterator[tuple[Leading, Leading]]:
    """Leading terms of all units of a cone, before and after the move, at one point after another.

    Labels in `zeroed` are set to zero; `maxima` says whether the network takes maxima.
    """
    random = np.random.default_rng(20160101)
    inputs = sum(int(row.size) for row in network.inputs)
    biases = _biases(network, cone)
    plans = _plans(maxima)
    if any(layer.reduction.near_zero is not None for layer in cone):
        # elsewhere such a layer has no leading terms
        plans = NEAR_ZERO if biases is not None else ()
    for plan in plans:
        labels = Leading.zeros(len(network.labels))
        learned = slice(0, network.labels.parameters)
        labels[learned] = _point(network.labels.parameters, plan.parameters, random)
        for i, value in enumerate(network.labels.numbers, network.labels.parameters):
            labels[i : i + 1] = number(value)
        zeros = zeroed | biases if plan.near_zero and biases is not None else zeroed
        if zeros:
            labels.code[list(zeros)] = 0
        x = _point(inputs, plan.inputs, random)
        constant = Leading(
            np.array([random.integers(1, STEP) if plan.spread else 1]),
            random.integers(1, PRIME, 1),
            np.ones(1, bool),
        )
        if plan.near_zero:
            constant = Leading.zeros(1)
        algebra = LeadingTerms(constant, plan.near_zero)
        yield both_sides(network, cone, moves, x, labels, algebra)


@dataclass(frozen=True)
class _Plan:
    """How the point of a trial is drawn: (signs, exponents) of parameters and of inputs."""

    parameters: tuple[str, str]
    inputs: tuple[str, str]
    near_zero: bool = False

    @property
    def spread(self) -> bool:
        return self.parameters[1] != "zero" or self.inputs[1] != "zero"


NEAR_ZERO = (
    *(_Plan(("+", "zero"), (sign, "zero"), near_zero=True) for sign in ("+", "±")),
    *(
        _Plan(("+", along), (sign, "random"), near_zero=True)
        for along in ("zero", "random", "up", "down")
        for sign in ("+", "-", "±")
    ),
)


def _biases(network: Network, cone: Cone) -> frozenset[int] | None:
    """The labels of biases, or None where one is no parameter, so that it cannot be made zero."""
    found = [layer.bias for layer in cone if layer.bias is not None]
    numbers = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
    if len(numbers) and numbers[-1] >= network.labels.parameters:
        return None
    return frozenset(numbers[numbers >= 0].tolist())


@lru_cache(maxsize=2)
def _plans(maxima: bool) -> tuple[_Plan, ...]:
    flat = _Plan(("+", "zero"), ("+", "zero"))
    directed = [
        _Plan(("+", up), (sign, along))
        for sign in ("+", "-")
        for up in ("up", "down", "random", "zero")
        for along in (("random", "up", "down") if maxima else ("random",))
    ]
    mixed = [_Plan(("±", "random"), ("±", "random"))] * (8 if maxima else 4)
    # some functions do something at zero only: the sign of a square, say
    sparse = [_Plan(("±", "random"), ("0±", "random"))] * 3
    signs = _Plan(("±", "zero"), ("±", "zero"))
    return (flat, *mixed[:2], *directed, *mixed[2:], signs, *sparse)


def _point(size: int, how: tuple[str, str], random: np.random.Generator) -> Leading:
    signs, exponents = how
    code = np.ones(size, np.int64)
    if exponents == "random":
        code += random.integers(0, STEP, size)
    elif exponents in ("up", "down"):
        code += np.arange(size)[:: 1 if exponents == "up" else -1] * STEP
        code += random.integers(0, STEP, size)
    if signs == "-":
        code = -code
    elif signs.endswith("±"):
        code *= random.integers(0, 2, size) * 2 - 1
    if signs.startswith("0"):
        code *= random.integers(0, 2, size)
    return Leading(code, random.integers(1, PRIME, size), np.ones(size, bool))
