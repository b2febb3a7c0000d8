"""A layer of stride s is every s-th output of another one, of layers that users derive, too."""

from __future__ import annotations

from typing import Any

import pytest
import sympy as sp

import convgraph as cg

c, s = sp.symbols("c s", integer=True, positive=True)


class Causal(cg.Conv):
    """A convolution that has a padding of its own, and takes no other."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.padding != "valid":
            raise cg.ConvgraphError(f"padding={self.padding!r}: it has its own")

    def _paddings(self, *arguments: Any) -> Any:
        return tuple(((int(k) - 1) * 2, 0) for k in self._each(self.kernel))


@pytest.mark.parametrize("channels", [None, 2, c])
@pytest.mark.parametrize("stride", [1, 2, s])
def test_a_layer_with_a_padding_of_its_own(stride: Any, channels: Any) -> None:
    proof = cg.prove_downsampling(Causal(3, stride=stride, dilation=2), channels=channels)
    assert proof.verify()
    assert proof.conclusion.rhs.args[-1] == stride * sp.Symbol("i", integer=True)
