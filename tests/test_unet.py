"""U-Nets: the original one, whose maps are cropped, and the sizes that those with padding take."""

from __future__ import annotations

import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.sizes_that_fit import agreeing
from convgraph.core.tensor import Tensor

SIZE = sp.Symbol("n", integer=True, positive=True)


def twice(x: Tensor, filters: int, padding: str) -> Tensor:
    """Two convolutions of 3x3, each with its rectifier."""
    conv = cg.Conv((3, 3), filters=filters, padding=padding, bias=True)
    return (conv >> cg.ReLU() >> conv >> cg.ReLU())(x)


def cut_to(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The middle of a map, of the size of another."""
    margins = [n - m for n, m in zip(x.shape[1:], shape[1:], strict=True)]
    return cg.Crop(tuple((m // 2, m - m // 2) for m in margins))(x)


def unet(size: int | sp.Expr, depth: int = 4, filters: int = 64, padding: str = "valid") -> Tensor:
    """Ronneberger, Fischer and Brox (2015), figure 1; with padding, nothing is cut."""
    x = cg.Input((1, size, size))
    skipped, y = [], x
    for level in range(depth):
        skipped.append(twice(y, filters * 2**level, padding))
        y = cg.MaxPool((2, 2))(skipped[-1])
    y = twice(y, filters * 2**depth, padding)
    for level in reversed(range(depth)):
        y = cg.ConvTranspose((2, 2), filters=filters * 2**level, stride=2)(y)
        beside = skipped[level] if padding == "same" else cut_to(skipped[level], y.shape)
        y = twice(cg.Concat()(beside, y), filters * 2**level, padding)
    return cg.Network(x, cg.Conv((1, 1), filters=2)(y))


def test_the_original_unet_maps_572_to_388() -> None:
    net = unet(572)
    assert net.outputs[0].shape == (2, 388, 388)
    crops = [layer for layer in net.layers if isinstance(layer.spec, cg.Crop)]
    sizes = [(layer.joints[0].source.shape[1], layer.target.shape[1]) for layer in crops]
    assert sorted(sizes) == [(64, 56), (136, 104), (280, 200), (568, 392)]
    field = cg.receptive_field(net, f"{net.outputs[0].name}1,1,1")
    assert field.bounds[1:] == ((0, reach(4) - 1), (0, reach(4) - 1))


def reach(depth: int) -> int:
    """How far a unit behind the deepest path sees, size after size from the output back."""
    seen = 1
    for _ in range(depth):
        seen = -(-(seen + 4) // 2)  # two convolutions, and a transposed one of stride 2
    seen += 4
    for _ in range(depth):
        seen = 2 * seen + 4
    return seen


@pytest.mark.parametrize(("depth", "modulus"), [(1, 2), (2, 4), (4, 16)])
def test_sizes_that_a_padded_unet_takes_are_said(depth: int, modulus: int) -> None:
    with pytest.raises(cg.ConvgraphError, match=rf"modulo {modulus}, as for n = {modulus}\*m$"):
        unet(SIZE, depth, 1, "same")
    net = unet(modulus * SIZE, depth, 1, "same")
    assert net.outputs[0].shape == (2, modulus * SIZE, modulus * SIZE)


STEPS = st.lists(
    st.builds(cg.Conv, st.integers(1, 4), stride=st.integers(1, 3), padding=st.integers(0, 2))
    | st.builds(cg.MaxPool, st.integers(1, 3))
    | st.builds(cg.ConvTranspose, st.integers(1, 3), stride=st.integers(1, 3))
    | st.builds(cg.Upsample, st.integers(1, 2)),
    min_size=1,
    max_size=3,
)


@settings(max_examples=20)
@given(STEPS)
def test_sizes_are_those_at_which_numbers_agree(steps: list[cg.Conv]) -> None:
    large, tensor = 40, cg.Input(SIZE)
    for step in steps:
        tensor = step(tensor)
    found = agreeing([(SIZE, tensor.shape[0])])
    assume(SIZE in found)
    for size in range(large, large + 2 * found[SIZE].modulus + 1):
        tensor = cg.Input(size)
        for step in steps:
            tensor = step(tensor)
        assert (tensor.shape == (size,)) == (size in found[SIZE])
