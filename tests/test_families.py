"""Networks of torchvision with random weights: parameters, multiply-adds, and fields by autograd.

A few families, on small images; `benchmarks/families.py` reads more, of more libraries.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
torchvision = pytest.importorskip("torchvision")

import convgraph as cg  # noqa: E402

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    families = import_module("families")

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts

SIDES = {"squeezenet1_0": 64, "resnet18": 64, "mobilenet_v2": 64}


@pytest.mark.parametrize("name", SIDES)
def test_a_family_is_read_exactly(name: str) -> None:
    torch.manual_seed(0)
    model = torchvision.models.get_model(name, weights=None).eval()
    shape = (1, 3, SIDES[name], SIDES[name])
    net = cg.from_torch(model, shape)
    assert not net.caveats
    assert int(net.parameter_count) == sum(p.numel() for p in model.parameters())
    assert "PyTorch" not in families.macs(model, shape, net)
    within, _, rest = families.masks(model, shape, net).partition(" of ")
    assert within == rest.split(",")[0] == "3"
