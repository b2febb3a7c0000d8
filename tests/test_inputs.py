"""Inputs of the functional form: what their first axis is, is said by the layers that read them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import convgraph as cg

BETWEEN = {
    "nothing": lambda x: x,
    "a function": lambda x: cg.ReLU()(x),
    "functions": lambda x: cg.Activation("phi")(cg.ReLU()(x)),
    "a sum": lambda x: cg.Add()(x, cg.ReLU()(x)),
    "a product of branches": lambda x: cg.Multiply()(cg.ReLU()(x), cg.Activation("phi")(x)),
}
"""What hands the axes of an input on."""

READERS: dict[str, tuple[Any, int]] = {
    "Conv": (cg.Conv((3, 3), padding=1), 2),
    "depthwise": (cg.Conv((3, 3), filters=3, groups=3), 2),
    "along rows": (cg.Conv(3), 1),
    "MaxPool": (cg.MaxPool((2, 2)), 2),
    "Pad": (cg.Pad(((1, 1), (0, 1))), 2),
    "Crop": (cg.Crop((1, 1)), 1),
    "Upsample": (cg.Upsample((2, 2)), 2),
    "GlobalMaxPool": (cg.GlobalMaxPool(), 2),
}
"""Layers, and how many axes of space they leave to a shape with channels first."""


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("between", BETWEEN)
def test_an_input_learns_its_channels_from_its_first_reader(between: str, reader: str) -> None:
    spec, rank = READERS[reader]
    shape = (3, 6, 6)[: rank + 1]
    open_, given_ = (
        (x, cg.Network(x, spec(BETWEEN[between](x))))
        for x in (cg.Input(shape), cg.Input(shape, rank=rank))
    )
    assert open_[0].channels is None
    assert [row.channels for row in open_[1].rows] == [row.channels for row in given_[1].rows]
    assert open_[1].inputs[0].channels


@given(st.permutations(["relu", "phi"]), st.booleans())
def test_a_plane_has_no_channels(functions: list[str], named: bool) -> None:
    x = cg.Input((3, 6, 6) if named else (6, 6))
    y = x
    for function in functions:
        y = cg.Activation(function)(y)
    net = cg.Network(x, cg.Conv((3, 3), padding=1)(y))
    assert {row.channels for row in net.rows} == {named}


def test_inputs_that_are_added_know_the_same() -> None:
    x, y = cg.Input((1, 6, 6)), cg.Input((1, 6, 6))
    total = cg.Add()(x, y)
    alone = cg.Input((1, 6, 6))
    net = cg.Network([x, y, alone], [cg.Conv((3, 3))(total), cg.Flatten()(alone)])
    assert [row.channels for row in net.inputs] == [True, True, False]
    beside = cg.Network([x, y], cg.Add()(x, cg.Conv((3, 3), padding=1)(y)))
    assert all(row.channels for row in beside.rows)


def test_what_is_known_by_axes_is_not_lost() -> None:
    x = cg.Input((1, 16, 16))
    net = cg.Network(x, cg.MaxPool((2, 2))(cg.Conv((3, 3), padding=1)(cg.ReLU()(x))))
    bound = (cg.ReLU() >> cg.Conv((3, 3), padding=1) >> cg.MaxPool((2, 2))).on((1, 16, 16))
    assert repr(cg.shift_lattice(net)) == repr(cg.shift_lattice(bound))
    assert cg.tiles(net, 8).halo == cg.tiles(bound, 8).halo
    assert cg.prove(net, cg.Shift((2, 0)), where="line").verify()
