"""Random transformations, and the plainest test of whether a network commutes with one."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.layer import Row


@st.composite
def transformations(draw: st.DrawFn, row: Row) -> Any:
    """A transformation that fits a row, mostly."""
    shape = row.numbers()
    space = shape[1:] if row.channels else shape
    axis = draw(st.integers(0, len(space) - 1))
    boundary = draw(st.sampled_from(["zeros", "wrap"]))
    amounts = tuple(draw(st.integers(-2, 4)) for _ in space)
    kinds = {
        "shift": cg.Shift(draw(st.integers(-3, 4)), axis, boundary),
        "shifts": cg.Shift(amounts, boundary=boundary),
        "flip": cg.Flip(axis),
        "composition": cg.Flip(axis) @ cg.Shift(amounts, boundary=boundary),
        "scale": cg.Scale(2),
        "turn": cg.Rotate90(draw(st.integers(1, 3))),
        "permutation": cg.Permute(draw(st.permutations(range(int(row.size))))),
    }
    if row.channels:
        kinds["channels"] = cg.PermuteChannels(draw(st.permutations(range(shape[0]))))
    return kinds[draw(st.sampled_from(sorted(kinds)))]


def points(network: cg.Network, count: int) -> Any:
    """Inputs and parameters of many kinds: signs mixed or not, many zeros or few."""
    random = np.random.default_rng(0)
    for number in range(count):
        x = {row.name: random.integers(-9, 10, row.numbers()) for row in network.inputs}
        x = {name: v * (random.random(v.shape) < (0.3, 1.0)[number % 2]) for name, v in x.items()}
        if number % 3:
            x = {name: np.abs(v) * (-1) ** (number % 3) for name, v in x.items()}
        parameters = {a.letter: random.integers(-3, 4, a.shape) for a in network.labels.arrays}
        if number % 5 == 0:
            parameters = {name: np.abs(v) for name, v in parameters.items()}
        yield x, parameters


def differences(network: cg.Network, verdict: Any, count: int = 30) -> Any:
    """Where f(g x) and g f(x) were seen to differ in numbers, in the shape of the output row."""
    row, output = verdict.broken.row, verdict.output.sources()
    moves = {r.name: verdict.action.transformation.resolved(r).sources(r) for r in network.inputs}
    found = np.zeros(int(row.size), bool)
    for x, parameters in points(network, count):
        after = {
            r.name: _moved(moves[r.name], x[r.name].ravel()).reshape(r.numbers())
            for r in network.inputs
        }
        left = _values(network, after, parameters, row.name)
        right = _moved(output, _values(network, x, parameters, row.name))
        with np.errstate(invalid="ignore"):
            near = np.abs(left - right) <= 1e-9 * (1 + np.abs(left) + np.abs(right))
        same = (left == right) | (near & np.isfinite(left) & np.isfinite(right))
        found |= ~same & ~np.isnan(left) & ~np.isnan(right)
    return found.reshape(row.numbers())


def _values(network: cg.Network, x: Any, parameters: Any, row: str) -> Any:
    with np.errstate(all="ignore"):
        result = network.evaluate(x, parameters)
    values = result[row] if isinstance(result, dict) else result
    return np.asarray(values, float).ravel()


def _moved(sources: Any, values: Any) -> Any:
    return np.array([values[s] if s >= 0 else 0 for s in sources])
