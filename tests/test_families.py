"""Families of torchvision with random weights: parameters, multiply-adds, and fields by autograd.

One network of each, on the smallest image that goes through it; `benchmarks/families.py` reads
more, of more libraries, at their usual sizes.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
if find_spec("torchvision") is None:
    pytest.skip("torchvision is not installed", allow_module_level=True)

import convgraph as cg  # noqa: E402

with pytest.MonkeyPatch.context() as patch:
    patch.syspath_prepend(Path(__file__).parents[1] / "benchmarks")
    families = import_module("families")

pytestmark = pytest.mark.filterwarnings("ignore")  # torch.export warns of its own parts

UNTRAINED = {"init_weights": False, "aux_logits": False}  # a result takes nothing of the latter
QUICK: dict[str, tuple[int, dict[str, Any]]] = {
    "squeezenet1_0": (32, {}),
    "resnet18": (32, {}),
    "vit_b_32": (32, {"image_size": 32}),
}
LATER: dict[str, tuple[int, dict[str, Any]]] = {
    "alexnet": (64, {}),
    "convnext_tiny": (32, {}),
    "densenet121": (32, {}),
    "efficientnet_b0": (32, {}),
    "efficientnet_v2_s": (32, {}),
    "googlenet": (32, UNTRAINED),
    "inception_v3": (75, UNTRAINED),
    "maxvit_t": (224, {}),
    "mnasnet0_5": (32, {}),
    "mobilenet_v2": (32, {}),
    "mobilenet_v3_small": (32, {}),
    "regnet_x_400mf": (32, {}),
    "regnet_y_400mf": (32, {}),
    "resnet50": (32, {}),
    "resnext50_32x4d": (32, {}),
    "shufflenet_v2_x0_5": (32, {}),
    "swin_t": (64, {}),
    "vgg11": (32, {}),
    "vgg11_bn": (32, {}),
    "wide_resnet50_2": (32, {}),
}
LIST = [
    *QUICK,
    *(pytest.param(name, marks=pytest.mark.exhaustive) for name in LATER),
]


@pytest.mark.parametrize("name", LIST)
def test_a_family_is_read_exactly(models: Any, name: str) -> None:
    side, options = (QUICK | LATER)[name]
    torch.manual_seed(0)
    model = models.get_model(name, weights=None, **options).eval()
    shape = (1, 3, side, side)
    net = cg.from_torch(model, shape)
    assert not net.caveats
    assert int(net.parameter_count) == sum(p.numel() for p in model.parameters())
    assert "PyTorch" not in families.macs(model, shape, net)
    within, _, rest = families.masks(model, shape, net).partition(" of ")
    assert within == rest.split(",")[0] == "3"
