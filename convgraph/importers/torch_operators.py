"""The operations of PyTorch in ONNX's terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import sqrt
from typing import TYPE_CHECKING, Any

from convgraph.importers.node import Node

if TYPE_CHECKING:
    from convgraph.importers.torch_graph import Translation

__all__ = ["OPERATORS", "Call"]

Translate = Callable[["Call"], Any]


class Call:
    """A call of an operation: its arguments by name, defaults filled in."""

    def __init__(self, translation: Translation, node: Any, outputs: tuple[str, ...]) -> None:
        self.translation, self.node, self.outputs = translation, node, outputs
        target = str(node.target)
        self.op = target.removeprefix("aten.").split(".")[0]
        schema = getattr(node.target, "_schema", None)
        self.given: dict[str, Any] = {}
        for position, argument in enumerate(schema.arguments if schema else ()):
            default = argument.default_value if argument.has_default_value() else None
            named = node.kwargs.get(argument.name, default)
            self.given[argument.name] = node.args[position] if position < len(node.args) else named

    def __getitem__(self, argument: str) -> Any:
        return self.given.get(argument)

    @property
    def rank(self) -> int:
        """The number of axes of the first argument."""
        return len(self.shape)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the first argument."""
        return self.translation.shape(self.node.args[0])

    @property
    def result(self) -> tuple[int, ...]:
        """The shape of the result."""
        return self.translation.shape(self.node)

    def emit(
        self,
        op: str,
        inputs: Sequence[Any],
        attributes: Mapping[str, Any] | None = None,
        output: str | None = None,
    ) -> str:
        """A node in ONNX's terms; inputs are arguments or names that another emit returned."""
        names = tuple(v if isinstance(v, str) else self.translation.name(v) for v in inputs)
        outputs = self.outputs if output is None else (output,)
        kept = {key: value for key, value in (attributes or {}).items() if value is not None}
        name, version = self.node.name, self.translation.version
        self.translation.nodes.append(Node(op, names, outputs, kept, name, "", version))
        return outputs[0]

    def inner(self, suffix: str) -> str:
        """The name of a tensor inside of this operation."""
        return f"{self.outputs[0]}/{suffix}"


def _each(value: Any, rank: int) -> list[int]:
    """One number for each axis; PyTorch lets one stand for all."""
    values = list(value) if isinstance(value, Sequence) else [value]
    return values * rank if len(values) == 1 else values


def _simple(op: str, *arguments: str) -> Translate:
    names = arguments or ("self",)
    return lambda c: c.emit(op, [c[name] for name in names])


def _conv(c: Call) -> Any:
    rank = len(c.translation.shape(c["weight"])) - 2
    padding = c["padding"]
    if c.rank != rank + 2:
        return False
    attributes: dict[str, Any] = {
        "strides": _each(c["stride"], rank),
        "dilations": _each(c["dilation"], rank),
        "group": c["groups"],
    }
    if padding == "same":
        kernel = c.translation.shape(c["weight"])[2:]
        total = [d * (k - 1) for d, k in zip(attributes["dilations"], kernel, strict=True)]
        attributes["pads"] = [t // 2 for t in total] + [t - t // 2 for t in total]
    elif padding != "valid":
        attributes["pads"] = _each(padding, rank) * 2
    return c.emit("Conv", [c["input"], c["weight"], c["bias"]], attributes)


def _conv_transpose(c: Call) -> Any:
    rank = len(c.translation.shape(c["weight"])) - 2
    attributes = {
        "strides": _each(c["stride"], rank),
        "dilations": _each(c["dilation"], rank),
        "group": c["groups"],
        "pads": _each(c["padding"], rank) * 2,
        "output_padding": _each(c["output_padding"], rank),
    }
    return c.emit("ConvTranspose", [c["input"], c["weight"], c["bias"]], attributes)


def _pool(op: str, rank: int) -> Translate:
    def translate(c: Call) -> Any:
        kernel = _each(c["kernel_size"], rank)
        if c.rank != rank + 2 or c["divisor_override"] is not None:
            return False
        attributes = {
            "kernel_shape": kernel,
            "strides": _each(c["stride"], rank) if c["stride"] else kernel,
            "pads": _each(c["padding"], rank) * 2,
            "dilations": _each(c["dilation"], rank) if c["dilation"] else None,
            "ceil_mode": int(bool(c["ceil_mode"])),
        }
        if op == "AveragePool":
            attributes["count_include_pad"] = int(bool(c["count_include_pad"]))
        return c.emit(op, [c["self"]], attributes)

    return translate


def _adaptive(op: str, rank: int) -> Translate:
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


def _batch_norm(c: Call) -> Any:
    if c["training"] or c["weight"] is None or c["running_mean"] is None:
        return False
    inputs = [c[name] for name in ("input", "weight", "bias", "running_mean", "running_var")]
    return c.emit("BatchNormalization", inputs, {"epsilon": c["eps"]})


def _linear(c: Call) -> Any:
    if c.rank == 2:
        return c.emit("Gemm", [c["input"], c["weight"], c["bias"]], {"transB": 1})
    return c.emit("aten.linear", [c["input"], c["weight"], c["bias"]])


def _addmm(c: Call) -> Any:
    factors = {"alpha": float(c["alpha"]), "beta": float(c["beta"])}
    return c.emit("Gemm", [c["mat1"], c["mat2"], c["self"]], factors)


def _sum(op: str) -> Translate:
    """self + alpha * other, or the difference."""

    def translate(c: Call) -> Any:
        other = c["other"]
        if c["alpha"] not in (1, None):
            other = c.emit("Mul", [other, c["alpha"]], output=c.inner("other"))
        return c.emit(op, [c["self"], other])

    return translate


def _divide(c: Call) -> Any:
    if c["rounding_mode"] is not None:
        return False
    other = float(c["other"]) if isinstance(c["other"], int) else c["other"]
    return c.emit("Div", [c["self"], other])


def _clamp(c: Call) -> Any:
    low, high = (c[n] for n in ("min", "max"))
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
    a, b = c["dim0"], c["dim1"]
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


def _resize(mode: str) -> Translate:
    def translate(c: Call) -> Any:
        scales = c["scale_factors"]
        corners = bool(c["align_corners"])
        places = "asymmetric" if mode == "nearest" else "half_pixel"
        attributes: dict[str, Any] = {
            "mode": mode,
            "nearest_mode": "floor",
            "coordinate_transformation_mode": "align_corners" if corners else places,
        }
        if mode == "linear" and not corners:
            attributes["coordinate_transformation_mode"] = "pytorch_half_pixel"
        if scales and not corners:
            attributes["scales"] = [1.0, 1.0, *map(float, scales)]
        else:
            attributes["sizes"] = list(c.result)
        return c.emit("Resize", [c.node.args[0]], attributes)

    return translate


def _group_norm(c: Call) -> Any:
    if c["weight"] is None:
        return False
    attributes = {"num_groups": c["num_groups"], "epsilon": c["eps"]}
    return c.emit("GroupNormalization", [c["input"], c["weight"], c["bias"]], attributes)


def _layer_norm(c: Call) -> Any:
    if c["weight"] is None:
        return False
    attributes = {"axis": -len(c["normalized_shape"]), "epsilon": c["eps"] or 1e-5}
    op = "LayerNormalization" if c.op == "layer_norm" else "RMSNormalization"
    return c.emit(op, [c["input"], c["weight"], c["bias"]], attributes)


def _instance_norm(c: Call) -> Any:
    if c["weight"] is None or not c["use_input_stats"]:
        return False
    inputs = [c["input"], c["weight"], c["bias"]]
    return c.emit("InstanceNormalization", inputs, {"epsilon": c["eps"]})


def _attention(c: Call) -> Any:
    """softmax(Q K^T / sqrt(d) + mask) V, in its steps."""
    if c["is_causal"] or c["enable_gqa"] or c["dropout_p"]:
        return False
    shape = c.translation.shape(c["key"])
    rank = len(shape)
    order = [*range(rank - 2), rank - 1, rank - 2]
    turned = c.emit("Transpose", [c["key"]], {"perm": order}, c.inner("key"))
    scores = c.emit("MatMul", [c["query"], turned], output=c.inner("product"))
    scale = c["scale"] if c["scale"] is not None else 1 / sqrt(shape[-1])
    scores = c.emit("Mul", [scores, float(scale)], output=c.inner("scores"))
    if c["attn_mask"] is not None:
        if c["attn_mask"].meta["val"].is_floating_point():
            scores = c.emit("Add", [scores, c["attn_mask"]], output=c.inner("masked"))
        else:
            return False
    weights = c.emit("Softmax", [scores], {"axis": -1}, c.inner("weights"))
    return c.emit("MatMul", [weights, c["value"]])


def _channel_shuffle(c: Call) -> Any:
    batch, channels, *space = c.shape
    groups = c["groups"]
    split = [batch, groups, channels // groups, *space]
    order = [0, 2, 1, *range(3, len(split))]
    view = c.emit("Reshape", [c["self"]], {"shape": split}, c.inner("groups"))
    turned = c.emit("Transpose", [view], {"perm": order}, c.inner("turned"))
    return c.emit("Reshape", [turned], {"shape": [batch, channels, *space]})


def _pixels(op: str, argument: str) -> Translate:
    attributes = {"mode": "CRD"}
    return lambda c: c.emit(op, [c["self"]], {"blocksize": c[argument], **attributes})


def _cast(c: Call) -> Any:
    value = c.node.meta["val"]
    to = 1 if value.is_floating_point() else (9 if str(value.dtype) == "torch.bool" else 7)
    return c.emit("Cast", [c.node.args[0]], {"to": to})


def _softmax(op: str) -> Translate:
    return lambda c: c.emit(op, [c["self"]], {"axis": c["dim"]})


UNARY = {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "hardswish": "HardSwish",
    "mish": "Mish", "abs": "Abs", "neg": "Neg", "exp": "Exp", "log": "Log", "sqrt": "Sqrt",
    "erf": "Erf", "floor": "Floor", "ceil": "Ceil", "round": "Round", "sign": "Sign",
    "reciprocal": "Reciprocal", "sin": "Sin", "cos": "Cos", "silu": "Swish",
    "contiguous": "Identity", "clone": "Identity", "alias": "Identity", "detach": "Identity",
    "selu": "Selu", "lift_fresh_copy": "Identity",
}  # fmt: skip

OPERATORS: dict[str, Translate] = {
    **{name: _simple(op) for name, op in UNARY.items()},
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _conv),
    **dict.fromkeys(("conv_transpose1d", "conv_transpose2d", "conv_transpose3d"), _conv_transpose),
    **{f"max_pool{r}d": _pool("MaxPool", r) for r in (1, 2, 3)},
    **{f"avg_pool{r}d": _pool("AveragePool", r) for r in (1, 2, 3)},
    **{f"adaptive_avg_pool{r}d": _adaptive("AveragePool", r) for r in (1, 2, 3)},
    **{f"adaptive_max_pool{r}d": _adaptive("MaxPool", r) for r in (1, 2, 3)},
    "batch_norm": _batch_norm,
    "_native_batch_norm_legit_no_training": _batch_norm,
    "linear": _linear,
    "addmm": _addmm,
    **dict.fromkeys(("matmul", "bmm", "mm"), lambda c: c.emit("MatMul", c.node.args[:2])),
    "add": _sum("Add"),
    "sub": _sum("Sub"),
    "rsub": lambda c: c.emit("Sub", [c["other"], c["self"]]) if c["alpha"] == 1 else False,
    "mul": _simple("Mul", "self", "other"),
    "div": _divide,
    "pow": lambda c: c.emit("Pow", c.node.args[:2]),
    "maximum": _simple("Max", "self", "other"),
    "minimum": _simple("Min", "self", "other"),
    "where": lambda c: c.emit("Where", c.node.args[:3]),
    "rsqrt": lambda c: c.emit("Reciprocal", [c.emit("Sqrt", [c["self"]], {}, c.inner("root"))]),
    "square": lambda c: c.emit("Pow", [c["self"], 2.0]),
    "relu6": lambda c: c.emit("Clip", [c["self"]], {"min": 0.0, "max": 6.0}),
    "hardtanh": lambda c: c.emit(
        "Clip", [c["self"]], {"min": float(c["min_val"]), "max": float(c["max_val"])}
    ),
    "clamp": _clamp,
    "clamp_min": _clamp,
    "leaky_relu": lambda c: c.emit("LeakyRelu", [c["self"]], {"alpha": float(c["negative_slope"])}),
    "elu": lambda c: c.emit("Elu", [c["self"]], {"alpha": float(c["alpha"])}),
    "celu": lambda c: c.emit("Celu", [c["self"]], {"alpha": float(c["alpha"])}),
    "gelu": lambda c: c.emit("Gelu", [c["self"]], {"approximate": c["approximate"]}),
    "hardsigmoid": lambda c: c.emit("HardSigmoid", [c["self"]], {"alpha": 1 / 6, "beta": 0.5}),
    "softplus": lambda c: c.emit("Softplus", [c["self"]]) if c["beta"] == 1 else False,
    "softmax": _softmax("Softmax"),
    "_softmax": _softmax("Softmax"),
    "log_softmax": _softmax("LogSoftmax"),
    "mean": _reduce("ReduceMean"),
    "sum": _reduce("ReduceSum"),
    "amax": _reduce("ReduceMax"),
    "amin": _reduce("ReduceMin"),
    "cat": lambda c: c.emit("Concat", c["tensors"], {"axis": c["dim"]}),
    "stack": _stack,
    **dict.fromkeys(("chunk", "split", "split_with_sizes", "tensor_split"), _parts),
    "select": _select,
    "slice": _slice,
    "flip": _flip,
    **dict.fromkeys(
        ("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "_unsafe_view"), _shaped
    ),
    "transpose": _transpose,
    "permute": _permute,
    "t": lambda c: c.emit("Transpose", [c["self"]], {"perm": [*range(c.rank)][::-1]}),
    "expand": lambda c: c.emit("Expand", [c["self"]], {"shape": list(c.result)}),
    "repeat": lambda c: (
        c.emit("Tile", [c["self"]], {"repeats": list(c["repeats"])})
        if len(c["repeats"]) == c.rank
        else False
    ),
    **dict.fromkeys(("dropout", "feature_dropout", "alpha_dropout"), _simple("Identity", "input")),
    **dict.fromkeys(("to", "_to_copy", "type_as"), _cast),
    "layer_norm": _layer_norm,
    "rms_norm": _layer_norm,
    "group_norm": _group_norm,
    "instance_norm": _instance_norm,
    "scaled_dot_product_attention": _attention,
    "pixel_shuffle": _pixels("DepthToSpace", "upscale_factor"),
    "pixel_unshuffle": _pixels("SpaceToDepth", "downscale_factor"),
    "channel_shuffle": _channel_shuffle,
    "native_channel_shuffle": _channel_shuffle,
    "pad": _pad("constant"),
    "constant_pad_nd": _pad("constant"),
    **{f"reflection_pad{r}d": _pad("reflect") for r in (1, 2, 3)},
    **{f"replication_pad{r}d": _pad("replicate") for r in (1, 2, 3)},
    **{f"upsample_nearest{r}d": _resize("nearest") for r in (1, 2, 3)},
    "upsample_linear1d": _resize("linear"),
    "upsample_bilinear2d": _resize("linear"),
    "upsample_trilinear3d": _resize("linear"),
    "upsample_bicubic2d": _resize("cubic"),
    "prelu": lambda c: c.emit("PRelu", [c["self"], _slope(c)]),
}


def _slope(c: Call) -> Any:
    """One slope for each channel, in the shape that broadcasts."""
    size = c.translation.shape(c["weight"])[0]
    shape = [size, *(1,) * (c.rank - 2)]
    return c.emit("Reshape", [c["weight"]], {"shape": shape}, c.inner("slope"))
