"""The gradient of a film in numbers, layer by layer, against the reversed graph's symbols."""

from __future__ import annotations

import numpy as np
import pytest

import convgraph as cg
from convgraph.figures.motion import running_back
from convgraph.figures.motion.cell_values import numbers, row_values
from convgraph.figures.motion.gradient_numbers import gradient_numbers

NETWORKS = {
    "a small CNN": (
        cg.Conv((3, 3), filters=2, padding=1, bias=True) >> cg.ReLU() >> cg.MaxPool((2, 2))
        >> cg.Flatten() >> cg.Dense(3)
    ).on((4, 4)),
    "transposed, and windows that overlap": (
        cg.Conv(3, padding=1, padding_mode="reflect") >> cg.ConvTranspose(3, stride=2)
        >> cg.MaxPool(3, stride=1)
    ).on(6),
    "groups and means": (
        cg.Conv((3, 3), filters=4, groups=2) >> cg.AvgPool((3, 3)) >> cg.Flatten() >> cg.Dense(3)
    ).on((4, 5, 5)),
    "strides that leave units unread": (
        cg.Conv((2, 2), stride=3, dilation=2, padding=1) >> cg.ReLU()
    ).on((7, 8)),
    "a residual": (
        cg.Residual(cg.Conv(3, padding=1, bias=True) >> cg.ReLU()) >> cg.Residual(cg.AvgPool(1))
    ).on(6),
    "untied": (cg.LocallyConnected(3) >> cg.ReLU() >> cg.LocallyConnected(2, stride=2)).on(8),
}  # fmt: skip


@pytest.mark.parametrize("name", NETWORKS)
def test_both_ways_give_one_gradient(name: str) -> None:
    network = NETWORKS[name]
    rng = np.random.default_rng(0)
    made = numbers(network, rng.integers(-5, 6, network.inputs[0].numbers()))
    rows = row_values(network, made.source, made.arrays)
    for unit in list(network.outputs[0].units())[::2]:
        found = gradient_numbers(network, unit, rows, made.arrays)
        wanted = running_back._by_symbols(network, unit, rows, made.arrays)
        assert found is not None
        assert found.keys() == wanted.keys()
        for row in wanted:
            assert np.allclose(found[row], wanted[row], rtol=1e-12, atol=0), row


def test_a_gradient_runs_back_through_lenet() -> None:
    lenet = (
        cg.Conv((5, 5), filters=6, padding=2) >> cg.ReLU() >> cg.MaxPool((2, 2))
        >> cg.Conv((5, 5), filters=16) >> cg.ReLU() >> cg.MaxPool((2, 2))
        >> cg.Flatten() >> cg.Dense(120) >> cg.ReLU() >> cg.Dense(84) >> cg.Dense(10)
    ).on((1, 28, 28))  # fmt: skip
    film = cg.animate(lenet, unit=lenet.outputs[0].name + "3", gradient=True)
    assert len(film.frames) == 12
