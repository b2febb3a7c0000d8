"""Proof that two functions differ: their values at a few random points, in exact fractions.

Leading terms do not tell functions apart that differ in lower terms only, such as sums of different
maxima of the same values. For small networks plain evaluation does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.function import rational
from convgraph.core.network import Network
from convgraph.symmetry.equivariance.cone import Cone, ConeLayer
from convgraph.symmetry.transformation import Sources, moved

__all__ = ["exact_trials"]

Objects = NDArray[Any]
TRIALS = 8


def exact_trials(
    network: Network, cone: Cone, moves: Mapping[str, Sources], zeroed: frozenset[int]
) -> Iterator[tuple[Objects, Objects]]:
    """Values of all units of a cone before and after the move, at one point after another.

    Units outside of the cone have no value, nor do those behind labels that are not rational: they
    are not equal to themselves.
    """
    random = np.random.default_rng(20160101)
    numbers = [_number(value) for value in network.labels.numbers]
    for trial in range(TRIALS):
        labels = _drawn(random, network.labels.parameters, trial)
        labels[[number for number in zeroed if number < len(labels)]] = Fraction(0)
        labels = np.concatenate([labels, _objects(numbers)])
        x = _drawn(random, sum(int(row.size) for row in network.inputs), trial)
        constant = Fraction(int(random.integers(1, 99)))
        after, at = x.copy(), 0
        for row in network.inputs:
            part = slice(at, at + int(row.size))
            after[part] = moved(moves[row.name], x[part])
            at = part.stop
        with np.errstate(invalid="ignore"):  # zero times minus infinity is no number, and is left
            yield tuple(  # type: ignore[misc]
                _evaluate(network, cone, given, labels, constant) for given in (x, after)
            )


def _number(value: sp.Expr) -> Any:
    exact = rational(value)
    return np.nan if exact is None else Fraction(int(exact.p), int(exact.q))


def _objects(values: list[Any]) -> Objects:
    result = np.empty(len(values), object)
    result[:] = values
    return result


def _drawn(random: np.random.Generator, size: int, trial: int) -> Objects:
    values = random.integers(-19, 20, size)
    signed = (values, np.abs(values), -np.abs(values))[trial % 3]
    return _objects([Fraction(v) for v in signed.tolist()])


def _evaluate(
    network: Network, cone: Cone, x: Objects, labels: Objects, constant: Fraction
) -> Objects:
    values = _objects([np.nan] * (len(network.edges.start) - 1))
    values[: len(x)] = x
    for layer in cone.layers:
        result = _reduced(layer, labels[layer.label] * values[layer.source], constant)
        if layer.bias is not None:
            result = result + np.where(layer.bias >= 0, labels[np.maximum(layer.bias, 0)], 0)
        values[layer.units] = result
    return values


def _reduced(layer: ConeLayer, terms: Objects, constant: Fraction) -> Objects:
    if layer.kind in ("sum", "max", "product"):
        ufunc, empty = {
            "sum": (np.add, Fraction(0)),
            "max": (np.maximum, -np.inf),
            "product": (np.multiply, Fraction(1)),
        }[layer.kind]
        result = _objects([empty] * len(layer.fan_in))
        if layer.filled.any():
            result[layer.filled] = ufunc.reduceat(terms, layer.begins)
        return result
    if not layer.single:
        return _objects([np.nan] * len(layer.fan_in))
    if layer.kind == "relu":
        return np.where(terms > 0, terms, terms * 0)
    if layer.kind == "abs":
        return np.abs(terms)
    if layer.slope is not None:
        return np.where(terms > 0, terms, terms * _number(layer.slope))
    # any function may stand here: one with a kink, and no zero at zero if none is known
    kinked = 3 * terms + np.abs(terms)
    return kinked if layer.keeps_zero else kinked + constant + layer.name_code % 89
