"""Layers of PyTorch in ONNX's terms: windows, normalisations, products, interpolation."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.importers.torch.call import Call, Translate, each

__all__ = [
    "adaptive",
    "addmm",
    "attention",
    "batch_norm",
    "conv",
    "conv_transpose",
    "convolution",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "linear",
    "pool",
    "resize",
    "sampled",
]


def conv(c: Call) -> Any:
    """A convolution; a padding in words is worked out."""
    rank = len(c.translation.shape(c["weight"])) - 2
    padding = c["padding"]
    if c.rank != rank + 2:
        return False
    attributes: dict[str, Any] = {
        "strides": each(c["stride"], rank),
        "dilations": each(c["dilation"], rank),
        "group": c["groups"],
    }
    if padding == "same":
        kernel = c.translation.shape(c["weight"])[2:]
        total = [d * (k - 1) for d, k in zip(attributes["dilations"], kernel, strict=True)]
        attributes["pads"] = [t // 2 for t in total] + [t - t // 2 for t in total]
    elif padding != "valid":
        attributes["pads"] = each(padding, rank) * 2
    return c.emit("Conv", [c["input"], c["weight"], c["bias"]], attributes)


def conv_transpose(c: Call) -> Any:
    """A transposed convolution."""
    rank = len(c.translation.shape(c["weight"])) - 2
    attributes = {
        "strides": each(c["stride"], rank),
        "dilations": each(c["dilation"], rank),
        "group": c["groups"],
        "pads": each(c["padding"], rank) * 2,
        "output_padding": each(c["output_padding"], rank),
    }
    return c.emit("ConvTranspose", [c["input"], c["weight"], c["bias"]], attributes)


def convolution(c: Call) -> Any:
    """A convolution of either kind, as PyTorch's decompositions write it."""
    return conv_transpose(c) if c["transposed"] else conv(c)


def pool(op: str, rank: int) -> Translate:
    """A pooling window on each channel."""

    def translate(c: Call) -> Any:
        kernel = each(c["kernel_size"], rank)
        if c.rank != rank + 2 or c["divisor_override"] is not None:
            return False
        attributes = {
            "kernel_shape": kernel,
            "strides": each(c["stride"], rank) if c["stride"] else kernel,
            "pads": each(c["padding"], rank) * 2,
            "dilations": each(c["dilation"], rank) if c["dilation"] else None,
            "ceil_mode": int(bool(c["ceil_mode"])),
        }
        if op == "AveragePool":
            attributes["count_include_pad"] = int(bool(c["count_include_pad"]))
        return c.emit(op, [c["self"]], attributes)

    return translate


def adaptive(op: str, rank: int) -> Translate:
    """Windows of one size where the output divides the input; of two sizes otherwise."""

    def translate(c: Call) -> Any:
        space, wanted = c.shape[-rank:], c.result if len(c.outputs) == 1 else ()
        if len(c.outputs) > 1:
            if any(c.outputs[1:]):
                return False
            wanted = tuple(int(n) for n in c.node.meta["val"][0].shape)
        wanted = wanted[-rank:]
        if any(n % m for n, m in zip(space, wanted, strict=True)):
            return c.emit("aten.adaptive_pool", [c["self"]], {"sizes": list(wanted), "mode": op})
        kernel = [n // m for n, m in zip(space, wanted, strict=True)]
        if all(m == 1 for m in wanted):
            return c.emit(f"Global{op}", [c["self"]])
        return c.emit(op, [c["self"]], {"kernel_shape": kernel, "strides": kernel})

    return translate


def batch_norm(c: Call) -> Any:
    """A batch normalisation with the statistics of training."""
    if c["training"] or c["running_mean"] is None:
        return False
    statistics = [c["running_mean"], c["running_var"]]
    inputs = [c["input"], *_scale_and_shift(c, c.translation.shape(statistics[0])), *statistics]
    return c.emit("BatchNormalization", inputs, {"epsilon": c["eps"]})


def _scale_and_shift(c: Call, shape: tuple[int, ...]) -> list[Any]:
    """What follows a normalisation: ones and zeros where a module has none of its own."""
    scale, shift = c["weight"], c["bias"]
    return [
        c.filled(1.0, shape, "ones") if scale is None else scale,
        c.filled(0.0, shape, "zeros") if shift is None else shift,
    ]


def linear(c: Call) -> Any:
    """x W^T + b over the last axis."""
    if c.rank == 2:
        return c.emit("Gemm", [c["input"], c["weight"], c["bias"]], {"transB": 1})
    return c.emit("aten.linear", [c["input"], c["weight"], c["bias"]])


def addmm(c: Call) -> Any:
    """beta * self + alpha * A B."""
    factors = {"alpha": float(c["alpha"]), "beta": float(c["beta"])}
    return c.emit("Gemm", [c["mat1"], c["mat2"], c["self"]], factors)


def group_norm(c: Call) -> Any:
    """Groups of channels."""
    attributes = {"num_groups": c["num_groups"], "epsilon": c["eps"]}
    inputs = [c["input"], *_scale_and_shift(c, c.shape[1:2])]
    return c.emit("GroupNormalization", inputs, attributes)


def layer_norm(c: Call) -> Any:
    """Over the last axes."""
    sizes = c["normalized_shape"]
    op = "LayerNormalization" if c.op == "layer_norm" else "RMSNormalization"
    epsilon = c["eps"]
    if epsilon is None:  # the step above one of the numbers in which the squares are summed
        double = str(c.node.args[0].meta["val"].dtype) == "torch.float64"
        epsilon = float(np.finfo(np.float64 if double else np.float32).eps)
    attributes = {"axis": -len(sizes), "epsilon": epsilon}
    scale = c.filled(1.0, sizes, "ones") if c["weight"] is None else c["weight"]
    return c.emit(op, [c["input"], scale, c["bias"]], attributes)


def instance_norm(c: Call) -> Any:
    """Each channel by itself."""
    if not c["use_input_stats"]:
        return False
    inputs = [c["input"], *_scale_and_shift(c, c.shape[1:2])]
    return c.emit("InstanceNormalization", inputs, {"epsilon": c["eps"]})


def attention(c: Call) -> Any:
    """softmax(Q K^T / sqrt(d) + mask) V, in its steps."""
    mask, sees = c["attn_mask"], None
    if c["dropout_p"]:
        return False
    shape = c.translation.shape(c["key"])
    key, value = (_of_groups(c, name) if c["enable_gqa"] else c[name] for name in ("key", "value"))
    if c["is_causal"]:
        queries = c.translation.shape(c["query"])[-2]
        mask = _hiding(c, np.tri(queries, shape[-2], dtype=bool))
    elif mask is not None:
        known = c.translation.constant(mask) if c.translation.is_constant(mask) else None
        boolean = not mask.meta["val"].is_floating_point()
        if known is None and boolean:
            return False
        if known is not None:
            seen = known if boolean else known > -np.inf
            sees = np.asarray(seen.any(axis=-1, keepdims=True))
            mask = _hiding(c, known) if boolean else mask
    rank = len(shape)
    order = [*range(rank - 2), rank - 1, rank - 2]
    turned = c.emit("Transpose", [key], {"perm": order}, c.inner("key"))
    scores = c.emit("MatMul", [c["query"], turned], output=c.inner("product"))
    scale = c["scale"] if c["scale"] is not None else 1 / sqrt(shape[-1])
    scores = c.emit("Mul", [scores, float(scale)], output=c.inner("scores"))
    if mask is not None:
        scores = c.emit("Add", [scores, mask], output=c.inner("masked"))
    weights = c.emit("Softmax", [scores], {"axis": -1}, c.inner("weights"))
    if sees is not None and not sees.all():  # who sees no key gets zero, no softmax of nothing
        some = [c.hold(sees, "some"), weights, 0.0]
        weights = c.emit("Where", some, {}, c.inner("weights of some"))
    return c.emit("MatMul", [weights, value])


def _of_groups(c: Call, name: str) -> Any:
    """Keys or values of which each head is that of several heads of queries."""
    heads, own = (c.translation.shape(c[each])[-3] for each in ("query", name))
    if heads == own:
        return c[name]
    places = c.hold(np.repeat(np.arange(own), heads // own), f"heads of {name}")
    axis = len(c.translation.shape(c[name])) - 3
    return c.emit("Gather", [c[name], places], {"axis": axis}, c.inner(f"{name} of heads"))


def _hiding(c: Call, seen: NDArray[Any]) -> str:
    """What is added to the scores, so that a softmax makes zero of what is not seen."""
    return c.hold(np.where(seen, 0.0, -np.inf), "mask")


def sampled(c: Call) -> Any:
    """An image read at the places of a grid that is known beforehand."""
    if not c.translation.is_constant(c["grid"]):
        return False
    attributes = {
        "mode": ("linear", "nearest", "cubic")[c["interpolation_mode"]],
        "padding_mode": ("zeros", "border", "reflection")[c["padding_mode"]],
        "align_corners": int(bool(c["align_corners"])),
    }
    return c.emit("GridSample", [c["input"], c["grid"]], attributes)


def resize(mode: str, antialias: bool = False) -> Translate:
    """Interpolation to a size or by factors."""

    def translate(c: Call) -> Any:
        scales = c["scale_factors"]
        corners = bool(c["align_corners"])
        if antialias and corners:
            return False  # its windows are not centred where the places are
        places = "asymmetric" if mode == "nearest" else "half_pixel"
        attributes: dict[str, Any] = {
            "mode": "nearest" if mode == "exact" else mode,
            "nearest_mode": "round_prefer_ceil" if mode == "exact" else "floor",
            "coordinate_transformation_mode": "align_corners" if corners else places,
        }
        if antialias:  # as in Pillow
            attributes |= {"antialias": 1, "exclude_outside": 1, "cubic_coeff_a": -0.5}
        if scales and not corners:
            factors = list(map(float, scales))
            if antialias or mode == "linear":  # an axis that keeps its size is copied
                sizes = zip(factors, c.shape[2:], c.result[2:], strict=True)
                factors = [1.0 if n == m else factor for factor, n, m in sizes]
            attributes["scales"] = [1.0, 1.0, *factors]
        else:
            attributes["sizes"] = list(c.result)
        return c.emit("Resize", [c.node.args[0]], attributes)

    return translate
