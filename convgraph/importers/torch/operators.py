"""The operations of PyTorch in ONNX's terms."""

from __future__ import annotations

from typing import Any

from convgraph.importers.framework_formulas import BINARY, NAMES
from convgraph.importers.torch import moving
from convgraph.importers.torch.call import INT64, Call, Translate, simple, type_of
from convgraph.importers.torch.functions import FUNCTIONS
from convgraph.importers.torch.layers import (
    adaptive,
    addmm,
    attention,
    batch_norm,
    conv,
    conv_transpose,
    convolution,
    group_norm,
    instance_norm,
    layer_norm,
    linear,
    pool,
    resize,
    sampled,
)
from convgraph.importers.torch.recurrent import OPS, recurrent

__all__ = ["OPERATORS", "Call"]


def _sum(op: str) -> Translate:
    """self + alpha * other, or the difference."""

    def translate(c: Call) -> Any:
        other = c["other"]
        if op == "Add" and str(c.node.meta["val"].dtype) == "torch.bool":
            return c.emit("Or", [c["self"], other])  # truth values add up to true
        if c["alpha"] not in (1, None):
            other = c.emit("Mul", [other, c["alpha"]], output=c.inner("other"))
        return c.emit(op, [c["self"], other])

    return translate


def _divide(c: Call) -> Any:
    other = float(c["other"]) if isinstance(c["other"], int) else c["other"]
    if c["rounding_mode"] is None:
        return c.emit("Div", [c["self"], other])
    quotient = c.emit("Div", [c["self"], other], {}, c.inner("quotient"))
    if c["rounding_mode"] == "floor":
        return c.emit("Floor", [quotient])
    return c.emit("Cast", [quotient], {"to": INT64})


def _round(c: Call) -> Any:
    """To whole numbers, or to so many decimals."""
    if not c["decimals"]:
        return c.emit("Round", [c["self"]])
    unit = 10.0 ** c["decimals"]
    scaled = c.emit("Mul", [c["self"], unit], {}, c.inner("scaled"))
    return c.emit("Div", [c.emit("Round", [scaled], {}, c.inner("whole")), unit])


def _concatenated(c: Call) -> Any:
    """One behind the other; tensors without entries may stand among them, in any shape."""
    parts = [tensor for tensor in c["tensors"] if 0 not in c.translation.shape(tensor)]
    return c.emit("Concat", parts, {"axis": c["dim"]}) if parts else False


def _clamp(c: Call) -> Any:
    low, high = (c[n] for n in ("min", "max"))
    if hasattr(low, "meta") or hasattr(high, "meta"):
        if low is None or high is None:
            return c.emit(
                "Max" if high is None else "Min", [c["self"], low if high is None else high]
            )
        above = c.emit("Max", [c["self"], low], {}, c.inner("above"))
        return c.emit("Min", [above, high])
    return c.emit("Clip", [c["self"]], {"min": low, "max": high})


def _reduce(op: str) -> Translate:
    def translate(c: Call) -> Any:
        axes = c["dim"]
        axes = [axes] if isinstance(axes, int) else axes
        if op == "ReduceMean" and axes is None and c.node.args[1:]:
            return False
        return c.emit(op, [c["self"]], {"axes": axes or None, "keepdims": int(bool(c["keepdim"]))})

    return translate


def _shaped(c: Call) -> Any:
    return c.emit("Reshape", [c.node.args[0]], {"shape": list(c.result), "allowzero": 1})


def _transpose(c: Call) -> Any:
    order = list(range(c.rank))
    a, b = c.node.args[1:3]
    order[a], order[b] = order[b], order[a]
    return c.emit("Transpose", [c["self"]], {"perm": order})


def _permute(c: Call) -> Any:
    return c.emit("Transpose", [c["self"]], {"perm": [d % c.rank for d in c["dims"]]})


def _parts(c: Call) -> Any:
    axis = (c["dim"] or 0) % c.rank
    sizes = [int(value.shape[axis]) for value in c.node.meta["val"]]
    return c.emit("Split", [c["self"]], {"axis": axis, "split": sizes})


def _stack(c: Call) -> Any:
    axis = c["dim"] % len(c.result)
    grown = [
        c.emit("Unsqueeze", [tensor], {"axes": [axis]}, c.inner(f"part {i}"))
        for i, tensor in enumerate(c["tensors"], start=1)
    ]
    return c.emit("Concat", grown, {"axis": axis})


def _select(c: Call) -> Any:
    axis, index = c["dim"] % c.rank, c["index"]
    end = index + 1 if index != -1 else 2**62
    cut = {"axes": [axis], "starts": [index], "ends": [end]}
    taken = c.emit("Slice", [c["self"]], cut, c.inner("slice"))
    return c.emit("Squeeze", [taken], {"axes": [axis]})


def _slice(c: Call) -> Any:
    cut = {
        "axes": [c["dim"] % c.rank],
        "starts": [c["start"] or 0],
        "ends": [2**62 if c["end"] is None else c["end"]],
    }
    steps = c["step"] or 1
    if steps != 1:
        cut["steps"] = [steps]
    return c.emit("Slice", [c["self"]], cut)


def _flip(c: Call) -> Any:
    axes = [d % c.rank for d in c["dims"]]
    ends = {"starts": [-1] * len(axes), "ends": [-(2**62)] * len(axes)}
    return c.emit("Slice", [c["self"]], {"axes": axes, **ends, "steps": [-1] * len(axes)})


def _pad(mode: str) -> Translate:
    """PyTorch lists the last axis first, with before and after side by side."""

    def translate(c: Call) -> Any:
        chosen = c["mode"] or mode
        names = {"constant": "constant", "reflect": "reflect", "replicate": "edge",
                 "circular": "wrap"}  # fmt: skip
        pairs = list(zip(c["pad"][::2], c["pad"][1::2], strict=True)) if c["pad"] else []
        pairs = pairs or list(zip(c["padding"][::2], c["padding"][1::2], strict=True))
        pairs += [(0, 0)] * (c.rank - len(pairs))
        pads = [a for a, _ in pairs[::-1]] + [b for _, b in pairs[::-1]]
        attributes = {"pads": pads, "mode": names[chosen], "value": float(c["value"] or 0)}
        return c.emit("Pad", [c["self"]], attributes)

    return translate


def _pixels(op: str, argument: str) -> Translate:
    attributes = {"mode": "CRD"}
    return lambda c: c.emit(op, [c["self"]], {"blocksize": c[argument], **attributes})


def _cast(c: Call) -> Any:
    return c.emit("Cast", [c.node.args[0]], {"to": type_of(c.node)})


def _softmax(op: str) -> Translate:
    return lambda c: c.emit(op, [c["self"]], {"axis": c["dim"]})


UNARY = {
    **{name: op for name, op in NAMES.items() if op not in BINARY | {"Max", "Min"}},
    "relu": "Relu", "sigmoid": "Sigmoid", "hardswish": "HardSwish", "mish": "Mish",
    "reciprocal": "Reciprocal", "silu": "Swish", "selu": "Selu", "isnan": "IsNaN",
    "isinf": "IsInf", "contiguous": "Identity", "clone": "Identity", "alias": "Identity",
    "detach": "Identity", "lift_fresh_copy": "Identity",
}  # fmt: skip

RESHAPING = ("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "_unsafe_view")

OPERATORS: dict[str, Translate] = {
    **{name: simple(op) for name, op in UNARY.items()},
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), conv),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), conv_transpose),
    "convolution": convolution,
    **{f"max_pool{r}d": pool("MaxPool", r) for r in (1, 2, 3)},
    **{f"max_pool{r}d_with_indices": pool("MaxPool", r) for r in (1, 2, 3)},
    **{f"avg_pool{r}d": pool("AveragePool", r) for r in (1, 2, 3)},
    **{f"adaptive_avg_pool{r}d": adaptive("AveragePool", r) for r in (1, 2, 3)},
    **{f"_adaptive_avg_pool{r}d": adaptive("AveragePool", r) for r in (2, 3)},
    **{f"adaptive_max_pool{r}d": adaptive("MaxPool", r) for r in (1, 2, 3)},
    "batch_norm": batch_norm,
    "_native_batch_norm_legit_no_training": batch_norm,
    "linear": linear,
    **dict.fromkeys(OPS, recurrent),
    "addmm": addmm,
    **dict.fromkeys(
        ("matmul", "bmm", "mm", "mv", "dot"), lambda c: c.emit("MatMul", c.node.args[:2])
    ),
    "add": _sum("Add"),
    "sub": _sum("Sub"),
    "mul": simple("Mul", "self", "other"),
    "div": _divide,
    "pow": lambda c: c.emit("Pow", c.node.args[:2]),
    "maximum": simple("Max", "self", "other"),
    "minimum": simple("Min", "self", "other"),
    "where": lambda c: c.emit("Where", c.node.args[:3]),
    "relu6": lambda c: c.emit("Clip", [c["self"]], {"min": 0.0, "max": 6.0}),
    "hardtanh": lambda c: c.emit(
        "Clip", [c["self"]], {"min": float(c["min_val"]), "max": float(c["max_val"])}
    ),
    **dict.fromkeys(("clamp", "clamp_min", "clamp_max"), _clamp),
    "leaky_relu": lambda c: c.emit("LeakyRelu", [c["self"]], {"alpha": float(c["negative_slope"])}),
    "elu": lambda c: c.emit("Elu", [c["self"]], {"alpha": float(c["alpha"])}),
    "celu": lambda c: c.emit("Celu", [c["self"]], {"alpha": float(c["alpha"])}),
    "gelu": lambda c: c.emit("Gelu", [c["self"]], {"approximate": c["approximate"]}),
    "hardsigmoid": lambda c: c.emit("HardSigmoid", [c["self"]], {"alpha": 1 / 6, "beta": 0.5}),
    "round": _round,
    # above the threshold it is the input itself, which from 20 on differs by rounding
    "softplus": lambda c: (
        c.emit("Softplus", [c["self"]]) if c["beta"] == 1 and c["threshold"] >= 20 else False
    ),
    "softmax": _softmax("Softmax"),
    "_softmax": _softmax("Softmax"),
    "log_softmax": _softmax("LogSoftmax"),
    "mean": _reduce("ReduceMean"),
    "sum": _reduce("ReduceSum"),
    "amax": _reduce("ReduceMax"),
    "amin": _reduce("ReduceMin"),
    "cat": _concatenated,
    "stack": _stack,
    **dict.fromkeys(("split", "split_with_sizes"), _parts),
    "select": _select,
    "slice": _slice,
    "flip": _flip,
    **FUNCTIONS,
    "index_select": moving.index_select,
    "unfold": moving.unfold,
    "gather": moving.gathered,
    "slice_scatter": moving.slice_scattered,
    "select_scatter": moving.slice_scattered,
    "copy": moving.copied,
    **dict.fromkeys(
        (
            "index",
            "im2col",
            "tril",
            "triu",
            "diagonal",
            "diag_embed",
            "as_strided",
        ),
        moving.moved,
    ),
    **dict.fromkeys(RESHAPING, _shaped),
    "transpose": _transpose,
    "permute": _permute,
    "expand": lambda c: c.emit("Expand", [c["self"]], {"shape": list(c.result)}),
    "repeat": lambda c: (
        c.emit("Tile", [c["self"]], {"repeats": list(c["repeats"])})
        if len(c["repeats"]) == c.rank
        else moving.moved(c)
    ),
    **dict.fromkeys(
        ("dropout", "feature_dropout", "alpha_dropout"),
        # one that is asked for at inference as well draws numbers
        lambda c: c.emit("Identity", c.node.args[:1]) if not (c["train"] and c["p"]) else False,
    ),
    **dict.fromkeys(("to", "_to_copy"), _cast),
    "layer_norm": layer_norm,
    "rms_norm": layer_norm,
    "group_norm": group_norm,
    "instance_norm": instance_norm,
    "scaled_dot_product_attention": attention,
    "pixel_shuffle": _pixels("DepthToSpace", "upscale_factor"),
    "pixel_unshuffle": _pixels("SpaceToDepth", "downscale_factor"),
    "pad": _pad("constant"),
    "constant_pad_nd": _pad("constant"),
    **{f"reflection_pad{r}d": _pad("reflect") for r in (1, 2, 3)},
    **{f"replication_pad{r}d": _pad("replicate") for r in (1, 2, 3)},
    **{f"upsample_nearest{r}d": resize("nearest") for r in (1, 2, 3)},
    **{f"_upsample_nearest_exact{r}d": resize("exact") for r in (1, 2, 3)},
    "upsample_linear1d": resize("linear"),
    "upsample_bilinear2d": resize("linear"),
    "upsample_trilinear3d": resize("linear"),
    "upsample_bicubic2d": resize("cubic"),
    "_upsample_bilinear2d_aa": resize("linear", antialias=True),
    "_upsample_bicubic2d_aa": resize("cubic", antialias=True),
    **dict.fromkeys(("grid_sampler", "grid_sampler_2d", "grid_sampler_3d"), sampled),
    "index_put": moving.put,
    "prelu": lambda c: c.emit("PRelu", [c["self"], _slope(c)]),
}


def _slope(c: Call) -> Any:
    """One slope for each channel, in the shape that broadcasts."""
    size = c.translation.shape(c["weight"])[0]
    shape = [size, *(1,) * (c.rank - 2)]
    return c.emit("Reshape", [c["weight"]], {"shape": shape}, c.inner("slope"))
