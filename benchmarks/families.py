"""A table over families of models: what reading, reporting and looking for findings takes.

    python benchmarks/families.py                 all of them
    python benchmarks/families.py resnet50 vit_b_16

Needs torchvision, and timm for names that begin with `timm:`; weights are random. Every model is
read, reported and looked through once, in seconds of this process.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import convgraph as cg

IMAGES = (
    "alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "efficientnet_v2_s",
    "googlenet", "inception_v3", "maxvit_t", "mnasnet1_0", "mobilenet_v2", "mobilenet_v3_small",
    "regnet_y_400mf", "resnet18", "resnet50", "resnext50_32x4d", "shufflenet_v2_x1_0",
    "squeezenet1_0", "swin_t", "swin_v2_t", "vgg16", "vit_b_16", "wide_resnet50_2",
    "timm:cait_xxs24_224", "timm:coat_tiny", "timm:coatnet_nano_rw_224", "timm:convmixer_768_32",
    "timm:convnextv2_atto", "timm:crossvit_tiny_240@240", "timm:cspresnet50", "timm:darknet53",
    "timm:deit_tiny_patch16_224", "timm:dla34", "timm:dpn68", "timm:edgenext_xx_small",
    "timm:efficientformer_l1", "timm:eva02_tiny_patch14_224", "timm:fastvit_t8",
    "timm:ghostnet_100", "timm:hardcorenas_a", "timm:hrnet_w18", "timm:inception_resnet_v2@299",
    "timm:levit_128s", "timm:lcnet_050", "timm:mixer_s32_224", "timm:mobilevit_xxs@256",
    "timm:nasnetalarge@331", "timm:nest_tiny", "timm:nf_resnet50", "timm:pit_ti_224",
    "timm:poolformer_s12", "timm:pvt_v2_b0", "timm:repvgg_a2", "timm:res2net50_26w_4s",
    "timm:resmlp_12_224", "timm:resnest14d", "timm:rexnet_100", "timm:sknet18@224",
    "timm:tinynet_a", "timm:tresnet_m", "timm:twins_pcpvt_small", "timm:volo_d1_224",
    "timm:xception41", "timm:xcit_nano_12_p16_224",
)  # fmt: skip


def made(name: str) -> tuple[Any, tuple[int, ...]]:
    """A model with random weights, and the shape of its input without the batch."""
    plain, _, size = name.removeprefix("timm:").partition("@")
    if name.startswith("timm:"):
        import timm

        model = timm.create_model(plain, pretrained=False)
    else:
        import torchvision

        options = {"init_weights": False} if plain in ("googlenet", "inception_v3") else {}
        model = getattr(torchvision.models, plain)(weights=None, **options)
    side = int(size or (299 if plain == "inception_v3" else 224))
    return model.eval(), (3, side, side)


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """A result, and the seconds of this process that it took."""
    start = time.process_time()
    return function(), time.process_time() - start


def line(name: str) -> str:
    """The line of the table for one model."""
    model, shape = made(name)
    net, reading = timed(lambda: cg.from_torch(model, shape))
    result, reporting = timed(lambda: cg.report(net))
    found, looking = timed(lambda: cg.findings(net))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    counts = len(net.rows), len(found.at_least("warning")), len(found), len(result.caveats)
    rows, warnings, every, caveats = map(str, counts)
    seconds = (f"{each:.2f} s" for each in (reading, reporting, looking))
    return f"| {' | '.join((name, rows, *seconds, f'{peak:,} MB', warnings, every, caveats))} |"


def main(names: Sequence[str]) -> None:
    """Print the table; a model that cannot be had or read has its reason in its line."""
    head = ("model", "rows", "import", "report", "findings", "peak so far", "warnings", "findings")
    print(f"| {' | '.join((*head, 'caveats'))} |\n|{' --- |' * (len(head) + 1)}")
    for name in names or IMAGES:
        try:
            print(line(name), flush=True)
        except Exception as error:  # the table says what did not work, and goes on
            reason = (str(error).splitlines() or [""])[0][:80].replace("|", "/")
            print(f"| {name} | {type(error).__name__}: {reason} |" + " |" * 7, flush=True)
        gc.collect()


if __name__ == "__main__":
    main(sys.argv[1:])
