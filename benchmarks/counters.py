"""Our multiply-adds beside those of other counters: `python benchmarks/counters.py [MODEL ...]`.

Needs torch, torchvision, fvcore and torchinfo. Prints the table of docs/counting.md.
"""

from __future__ import annotations

import logging
import sys
import warnings

MODELS = """
    alexnet vgg11 squeezenet1_1 googlenet inception_v3 resnet18 resnet50 resnext50_32x4d
    wide_resnet50_2 densenet121 mnasnet1_0 mobilenet_v2 mobilenet_v3_small shufflenet_v2_x1_0
    efficientnet_b0 regnet_y_400mf convnext_tiny vit_b_16 swin_t maxvit_t
"""


def counted(name: str) -> tuple[int, int, int, int]:
    """Multiply-adds of a torchvision model: ours, FlopCounterMode's, fvcore's and torchinfo's."""
    import torch
    import torchinfo
    import torchvision
    from fvcore.nn import FlopCountAnalysis
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    import convgraph as cg

    unset = {"init_weights": False} if name in ("googlenet", "inception_v3") else {}
    model = torchvision.models.get_model(name, weights=None, **unset).eval()
    side = 299 if name == "inception_v3" else 224
    image = torch.zeros(1, 3, side, side)
    ours = int(cg.cost(cg.from_torch(model, (3, side, side))).macs)
    # Fused attention is one operation of a library, which the counter would not look into.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as flops:
        model(image)
    fvcore = FlopCountAnalysis(model, image)
    fvcore.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
    torchinfo_total = torchinfo.summary(model, input_data=image, verbose=0).total_mult_adds
    return ours, flops.get_total_flops() // 2, int(fvcore.total()), torchinfo_total


def main() -> None:
    """Print one line a model."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    print("| model | ours | FlopCounterMode / 2 | fvcore | torchinfo |")
    print("| --- | --- | --- | --- | --- |")
    for name in sys.argv[1:] or MODELS.split():
        print(f"| {name} |", " | ".join(f"{count:,}" for count in counted(name)), "|", flush=True)


if __name__ == "__main__":
    main()
