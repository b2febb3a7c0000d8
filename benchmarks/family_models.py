"""One model of each family, with random weights, and the shape of its input."""

from __future__ import annotations

from typing import Any

__all__ = ["FAMILIES", "made"]

# library: model at the side of its image, or at its whole shape; 224 pixels if nothing is said
LISTED = {
    "torchvision": "alexnet convnext_tiny densenet121 efficientnet_b0 googlenet inception_v3@299 "
    "maxvit_t mnasnet1_0 mobilenet_v2 mobilenet_v3_small regnet_y_400mf resnet18 resnet50 "
    "resnext50_32x4d shufflenet_v2_x1_0 squeezenet1_0 swin_t vgg16 vit_b_16",
    "torchvision.video": "r3d_18@1x3x8x64x64 s3d@1x3x16x224x224 swin3d_t@1x3x8x64x64 "
    "mvit_v2_s@1x3x16x224x224",
    "torchvision.segmentation": "fcn_resnet50@1x3x96x96 deeplabv3_mobilenet_v3_large@1x3x96x96 "
    "lraspp_mobilenet_v3_large@1x3x96x96",
    "torchvision.optical_flow": "raft_small@1x6x128x128",
    "timm": "cait_xxs24_224 coat_tiny convmixer_768_32 convnextv2_atto crossvit_tiny_240@240 "
    "dla34 edgenext_xx_small efficientformer_l1 efficientvit_b0 fastvit_t8 ghostnet_100 hrnet_w18 "
    "levit_128s mixer_s32_224 mobilevit_xxs@256 nf_resnet50 pit_ti_224 poolformer_s12 pvt_v2_b0 "
    "repvgg_a2 res2net50_26w_4s resmlp_12_224 resnest14d rexnet_100 volo_d1_224 xception41 "
    "xcit_nano_12_p16_224",
    "smp": "Unet@96 UnetPlusPlus@96 FPN@96 PSPNet@96 DeepLabV3Plus@96 Linknet@96 MAnet@96 PAN@128 "
    "UPerNet@96 Segformer@96",
    "monai": "UNet@1x1x32x32x32 SegResNet@1x1x32x32x32 VNet@1x1x32x32x32 "
    "AttentionUnet@1x1x32x32x32 UNETR@1x1x32x32x32 SwinUNETR@1x1x64x64x64 "
    "BasicUNetPlusPlus@1x1x32x32",
    "transformers": "Bert GPT2 T5Encoder WhisperEncoder@1x80x3000 Wav2Vec2@1x16000 "
    "Segformer@1x3x128x128 CLIPVision@1x3x224x224 Dinov2@1x3x224x224 MobileNetV2@1x3x224x224 "
    "ViTMAE@1x3x224x224",
}
FAMILIES = tuple(f"{library}:{name}" for library, names in LISTED.items() for name in names.split())
TOKENS = 64  # of a model that reads words


def made(family: str) -> tuple[Any, Any]:
    """A model with random weights in the mode of inference, and its input as `from_torch` takes it.

    >>> FAMILIES[0]
    'torchvision:alexnet'
    """
    import torch

    library, _, rest = family.partition(":")
    name, _, size = rest.partition("@")
    sizes = [int(n) for n in (size or "224").split("x")]
    shape = (1, 3, *sizes * 2) if len(sizes) == 1 else tuple(sizes)
    torch.manual_seed(0)
    makers = {"timm": _timm, "smp": _smp, "monai": _monai, "transformers": _transformers}
    model = makers[library](name) if library in makers else _torchvision(library, name)
    given: Any = shape
    if library == "transformers" and not size:
        given = torch.zeros((1, TOKENS), dtype=torch.int64)
    return model.eval(), given


def _torchvision(library: str, name: str) -> Any:
    import torch
    import torchvision

    kind = library.partition(".")[2]
    options: dict[str, Any] = {"weights": None}
    if name in ("googlenet", "inception_v3"):
        options["init_weights"] = False
    if kind == "segmentation":
        options["weights_backbone"] = None
    home = getattr(torchvision.models, kind) if kind else torchvision.models
    model = getattr(home, name)(**options)
    if kind != "optical_flow":
        return model

    class Pair(torch.nn.Module):
        """Both images as channels of one, and two updates of the flow."""

        def __init__(self) -> None:
            super().__init__()
            self.flow = model

        def forward(self, x: Any) -> Any:
            return self.flow(x[:, :3], x[:, 3:], num_flow_updates=2)[-1]

    return Pair()


def _timm(name: str) -> Any:
    import timm

    return timm.create_model(name, pretrained=False)


def _smp(name: str) -> Any:
    import segmentation_models_pytorch as smp

    encoder = "mit_b0" if name == "Segformer" else "resnet18"
    return getattr(smp, name)(encoder, encoder_weights=None)


def _monai(name: str) -> Any:
    from monai.networks import nets

    steps = {"channels": (8, 16, 32), "strides": (2, 2)}
    options: dict[str, dict[str, Any]] = {
        "UNet": {"spatial_dims": 3, "in_channels": 1, "out_channels": 2, **steps},
        "AttentionUnet": {"spatial_dims": 3, "in_channels": 1, "out_channels": 2, **steps},
        "VNet": {"spatial_dims": 3, "in_channels": 1, "out_channels": 2},
        "SegResNet": {"spatial_dims": 3, "init_filters": 8},
        "UNETR": {"in_channels": 1, "out_channels": 2, "img_size": (32, 32, 32)},
        "SwinUNETR": {"in_channels": 1, "out_channels": 2, "feature_size": 12},
        "BasicUNetPlusPlus": {"spatial_dims": 2, "features": (8, 8, 16, 32, 64, 8)},
    }
    return getattr(nets, name)(**options[name])


def _transformers(name: str) -> Any:
    """A model of the family's usual width and four layers, and of it the states behind the last."""
    import torch
    import transformers
    from transformers.models.whisper.modeling_whisper import WhisperEncoder

    small: dict[str, dict[str, Any]] = {
        "Bert": {"num_hidden_layers": 4},
        "GPT2": {"n_layer": 4},
        "T5Encoder": {"num_layers": 4},
        "WhisperEncoder": {"encoder_layers": 4, "d_model": 384, "encoder_attention_heads": 6,
                           "encoder_ffn_dim": 1536},
        "Wav2Vec2": {"num_hidden_layers": 4},
        "CLIPVision": {"num_hidden_layers": 4},
        "Dinov2": {"num_hidden_layers": 4},
        "ViTMAE": {"num_hidden_layers": 4, "mask_ratio": 0.0},
    }  # fmt: skip
    config = getattr(transformers, f"{name.removesuffix('Encoder')}Config")(**small.get(name, {}))
    kind = WhisperEncoder if name == "WhisperEncoder" else getattr(transformers, f"{name}Model")
    model = kind(config)

    class States(torch.nn.Module):
        """What is left of the answer: the last hidden states."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, x: Any) -> Any:
            return self.model(x).last_hidden_state

    return States()
