"""How a call of a PyTorch operation is carried out chunk by chunk: one step for each call."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from convgraph.piecewise.timing import same_axis
from convgraph.piecewise.torch_caches import Chunk, Cut, Overlap, Queue, Reach, Windows

__all__ = ["RefusedError", "Step", "step_of"]

Step = Callable[[Mapping[Any, Any], bool], Chunk]

POINTWISE = frozenset(
    """
    relu leaky_relu tanh sigmoid gelu elu selu celu silu mish softplus hardtanh hardswish prelu
    hardsigmoid relu6 log_sigmoid neg exp log abs sqrt rsqrt sin cos pow clamp add sub rsub mul div
    minimum maximum dropout feature_dropout alpha_dropout clone contiguous to detach alias
    _to_copy batch_norm _native_batch_norm_legit_no_training reciprocal square erf
    """.split()  # noqa: SIM905
)
ALONG = {"cat": 1, "chunk": 2, "split": 2, "softmax": 1, "log_softmax": 1, "glu": 1, "mean": 1}
RESHAPES = {"view", "reshape", "_unsafe_view", "unsqueeze", "squeeze", "flatten", "unflatten"}
ALONG |= {"sum": 1, "split_with_sizes": 2, "amax": 1, "slice": 1}


class RefusedError(Exception):
    """An operation that does not go chunk by chunk, and why not."""


def step_of(torch: Any, node: Any, time: dict[Any, int]) -> Step:
    """The step for a node of an exported graph; `time` holds where time lies in its arguments,
    and is told where it lies in the result."""
    op = str(node.target).removeprefix("aten.").split(".")[0]
    op = op if op in POINTWISE else op.removesuffix("_")
    given = _arguments(node)
    source: Any = next(each for each in node.all_input_nodes if each in time)
    at = time[source]
    if node.target is operator.getitem:
        time[node] = at
        return lambda env, ended: Chunk(env[source].value[node.args[1]], env[source].least)
    if op.startswith("conv_transpose"):
        return _transposed(torch, node, given, source, time)
    if op.startswith("conv") and "weight" in given:
        return _convolution(torch, node, given, source, time)
    if op.startswith(("max_pool", "avg_pool")):
        return _pool(torch, node, op, given, source, time)
    if op == "pad":
        return _pad(torch, node, given, source, time)
    if op.startswith("upsample_nearest"):
        return _enlarged(torch, node, source, time)
    if op == "slice" and given["dim"] % _rank(source) == at:
        return _slice(node, given, source, time)
    if op in ("transpose", "permute"):
        order = list(range(_rank(source)))
        if op == "permute":
            order = [d % len(order) for d in given["dims"]]
        else:
            a, b = given["dim0"] % len(order), given["dim1"] % len(order)
            order[a], order[b] = order[b], order[a]
        time[node] = order.index(at)
    elif (op == "linear" and at != _rank(source) - 1) or (
        op == "layer_norm" and at < _rank(source) - len(given["normalized_shape"])
    ):
        time[node] = at
    elif op in RESHAPES:
        return _reshaped(node, source, time)
    elif op == "channel_shuffle" and at != 1:
        time[node] = at
    elif op in ALONG:
        dims = given.get("dim", given.get("dims"))
        dims = [dims] if isinstance(dims, int) else list(dims or range(_rank(source)))
        if at in [d % _rank(source) for d in dims]:
            raise RefusedError("runs along time")
        kept = given.get("keepdim", True)
        time[node] = at if kept else at - sum(d % _rank(source) < at for d in dims)
    elif op in POINTWISE:
        time[node] = at + _rank(node) - _rank(source)
    else:
        raise RefusedError("is not known to go chunk by chunk")
    return _together(torch, node, time)


def _together(torch: Any, node: Any, time: dict[Any, int]) -> Step:
    """The operation itself on the positions that have come from all of its arguments."""
    streams = [each for each in node.all_input_nodes if each in time]
    rank = _rank(node)
    for each in node.all_input_nodes:
        if each in time:
            if len(streams) > 1 and _rank(each) - time[each] != rank - time[node]:
                raise RefusedError("joins tensors whose time lies on different axes")
        elif len(streams) == 1 and _rank(each) >= rank - time[node] and _rank(each) <= rank:
            broadcast = str(node.target).split(".")[1] in POINTWISE - {"batch_norm", "prelu"}
            if broadcast and _shape(each)[_rank(each) - (rank - time[node])] != 1:
                raise RefusedError("has numbers of its own for each position of time")
    queues = {each: Queue(time[each]) for each in streams}

    def step(env: Mapping[Any, Any], ended: bool) -> Chunk:
        for each, queue in queues.items():
            queue.add(env[each].value)
        count = min(map(len, queues.values()))
        least = max(env[each].least for each in queues)
        values = {each: queue.take(count) for each, queue in queues.items()}

        def value(each: Any) -> Any:
            return values[each] if each in values else env[each]

        args = torch.fx.map_arg(node.args, value)
        return Chunk(node.target(*args, **torch.fx.map_arg(node.kwargs, value)), least)

    return step


def _reshaped(node: Any, source: Any, time: dict[Any, int]) -> Step:
    """Other axes beside that of time, which stays as it is; the batch may be another."""
    shape, at = _shape(node), same_axis(_shape(node), _shape(source), time[source])
    if at is None or shape[0] != _shape(source)[0]:
        raise RefusedError("mixes the axis of time, or of the batch, with others")
    time[node] = at

    def step(env: Mapping[Any, Any], ended: bool) -> Chunk:
        value, least = env[source].value, env[source].least
        own = [value.shape[0], *shape[1:]]
        own[at] = value.shape[time[source]]
        return Chunk(value.reshape(own), least)

    return step


def _convolution(torch: Any, node: Any, given: Any, source: Any, time: dict[Any, int]) -> Step:
    rank = _rank(source) - 2
    at, a = time[source], time[source] - 2
    weight = given["weight"]
    kernel = _shape(weight)[2:]
    stride, dilation = _each(given["stride"], rank), _each(given["dilation"], rank)
    span = dilation[a] * (kernel[a] - 1) + 1
    before, after, padding = _paddings(given["padding"], kernel, dilation)
    time[node] = at
    if a < 0:
        raise RefusedError("has time among its channels")
    if any(b != c for i, (b, c) in enumerate(zip(before, after, strict=True)) if i != a):
        raise RefusedError("is padded unevenly along another axis")
    reach = Reach(span, stride[a], before[a], after[a])
    windows = Windows(at, reach, _zeros(at, 0.0))
    padding[a] = 0
    call = getattr(torch.nn.functional, f"conv{rank}d")

    def step(env: Mapping[Any, Any], ended: bool) -> Chunk:
        chunk = env[source]
        part, count = windows.read(chunk.value, ended)
        least = reach.count(chunk.least)
        if not count:
            return Chunk(_empty(node, at, chunk.value), least)
        bias = env.get(given["bias"])
        made = call(part, env[weight], bias, stride, padding, dilation, given["groups"])
        return Chunk(made, least)

    return step


def _transposed(torch: Any, node: Any, given: Any, source: Any, time: dict[Any, int]) -> Step:
    rank = _rank(source) - 2
    at, a = time[source], time[source] - 2
    weight, groups = given["weight"], given["groups"]
    stride, dilation = _each(given["stride"], rank), _each(given["dilation"], rank)
    padding, extra = _each(given["padding"], rank), _each(given["output_padding"], rank)
    if a < 0:
        raise RefusedError("has time among its channels")
    span = dilation[a] * (_shape(weight)[2 + a] - 1) + 1
    cropped, more = padding[a], extra[a]
    # along time, only the ends of the whole stream are cropped or longer, and not each chunk
    padding[a] = extra[a] = 0
    time[node] = at
    overlap, cut = Overlap(at, span, stride[a]), Cut(at, cropped, 0)
    call = getattr(torch.nn.functional, f"conv_transpose{rank}d")

    def step(env: Mapping[Any, Any], ended: bool) -> Chunk:
        chunk = env[source]
        count = int(chunk.value.shape[at])
        final = _empty(node, at, chunk.value)
        if count:
            made = call(chunk.value, env[weight], None, stride, padding, extra, groups, dilation)
            final = overlap.add(made, count)
        total = max((chunk.least - 1) * stride[a] + span + more - 2 * cropped, 0)
        if ended and overlap.kept is not None:
            shape = list(overlap.kept.shape)
            shape[at] = span + more
            rest = torch.cat([overlap.kept, overlap.kept.new_zeros(shape)], at)
            final = torch.cat([final, rest], at)
        part, _ = cut(final, total)
        bias = env.get(given["bias"])
        if bias is not None:
            part = part + bias.reshape(-1, *[1] * rank)
        return Chunk(part, total)

    return step


def _pool(torch: Any, node: Any, op: str, given: Any, source: Any, time: dict[Any, int]) -> Step:
    rank = _rank(source) - 2
    at, a = time[source], time[source] - 2
    if a < 0 or given.get("divisor_override") is not None:
        raise RefusedError(
            "divides by a number of its own" if a >= 0 else "has time among its channels"
        )
    kernel = _each(given["kernel_size"], rank)
    stride = _each(given["stride"], rank) if given["stride"] else list(kernel)
    padding, average = _each(given["padding"], rank), op.startswith("avg")
    dilation = [1] * rank if average else _each(given["dilation"], rank)
    reach = Reach(
        dilation[a] * (kernel[a] - 1) + 1, stride[a], padding[a], padding[a], given["ceil_mode"]
    )
    padding[a] = 0
    time[node] = at
    options = {} if average else {"dilation": dilation}
    call = getattr(torch.nn.functional, f"{op[:3]}_pool{rank}d")
    windows = Windows(at, reach, _zeros(at, 0.0 if average else float("-inf")))
    inside = bool(given.get("count_include_pad")) * 1.0
    counted = Windows(at, reach, _counted(at, inside, reach.after))
    if average and any(padding) and not given["count_include_pad"]:
        raise RefusedError("leaves out the padding of another axis")

    def step(env: Mapping[Any, Any], ended: bool) -> Chunk:
        chunk = env[source]
        part, count = windows.read(chunk.value, ended)
        mask: Any = counted.read(torch.ones_like(chunk.value), ended)[0] if average else None
        least = reach.count(chunk.least)
        if not count:
            return Chunk(_empty(node, at, chunk.value), least)
        made = call(part, kernel, stride, padding, ceil_mode=given["ceil_mode"], **options)
        made = made.narrow(at, 0, count)
        if average:  # the share of each window that is counted
            shape = [1] * rank
            shape[a] = kernel[a]
            steps = [1] * rank
            steps[a] = stride[a]
            first = mask[(slice(0, 1), slice(0, 1), *[_first(i == a) for i in range(rank)])]
            share = call(first, shape, steps).narrow(at, 0, count)
            made = made / share
        return Chunk(made, least)

    return step


def _first(whole: bool) -> slice:
    return slice(None) if whole else slice(0, 1)


def _pad(torch: Any, node: Any, given: Any, source: Any, time: dict[Any, int]) -> Step:
    at, mode = time[source], given["mode"]
    pairs = list(given["pad"])
    place = 2 * (_rank(source) - 1 - at)
    before, after = [*pairs[place : place + 2], 0, 0][:2]
    if (before or after) and mode not in ("constant", "replicate"):
        raise RefusedError(f"is padded by {mode!r}, which is known at the end only")
    rest = list(pairs)
    if place < len(rest):
        rest[place : place + 2] = [0, 0]
    fill = _zeros(at, given["value"] or 0.0) if mode == "constant" else _repeated(at)
    reach = Reach(1, 1, max(before, 0), max(after, 0))
    windows = Windows(at, reach, fill, first=mode != "constant")
    cut = Cut(at, max(-before, 0), max(-after, 0))
    time[node] = at

    def step(env: Mapping[Any, Any], ended: bool) -> Chunk:
        chunk = env[source]
        part, count = windows.read(chunk.value, ended)
        if not count:
            part = _empty(source, at, chunk.value)
        padded, least = cut(part, reach.count(chunk.least) - max(-before, 0))
        if any(rest):
            value = given["value"] if mode == "constant" else None
            padded = torch.nn.functional.pad(padded, rest, mode, value)
        return Chunk(padded, least)

    return step


def _slice(node: Any, given: Any, source: Any, time: dict[Any, int]) -> Step:
    at = time[source]
    size = _shape(source)[at]
    start, end, stride = slice(given["start"], given["end"], given["step"]).indices(size)
    if stride != 1:
        raise RefusedError("takes every few positions of time")
    cut = Cut(at, start, size - end)
    time[node] = at

    def step(env: Mapping[Any, Any], ended: bool) -> Chunk:
        chunk = env[source]
        return Chunk(*cut(chunk.value, chunk.least - start))

    return step


def _enlarged(torch: Any, node: Any, source: Any, time: dict[Any, int]) -> Step:
    at = time[source]
    old, new = _shape(source), _shape(node)
    if any(b % a for a, b in zip(old[2:], new[2:], strict=True)):
        raise RefusedError("enlarges by a ratio that is no whole number")
    factors = {d: b // a for d, (a, b) in enumerate(zip(old, new, strict=True)) if d > 1}
    time[node] = at

    def step(env: Mapping[Any, Any], ended: bool) -> Chunk:
        chunk = env[source]
        made = chunk.value
        for d, factor in factors.items():
            made = made.repeat_interleave(factor, d)
        return Chunk(made, chunk.least * factors[at])

    return step


def _zeros(at: int, value: float) -> Callable[[Any, int, bool], Any]:
    def fill(one: Any, count: int, front: bool) -> Any:
        shape = list(one.shape)
        shape[at] = count
        return one.new_full(shape, value)

    return fill


def _repeated(at: int) -> Callable[[Any, int, bool], Any]:
    return lambda one, count, front: one.repeat_interleave(count, at)


def _counted(at: int, inside: float, after: int) -> Callable[[Any, int, bool], Any]:
    """What a mean counts: padding perhaps, what lies beyond it never."""

    def fill(one: Any, count: int, front: bool) -> Any:
        made = _zeros(at, inside)(one, count, front)
        if not front and count > after:
            made.narrow(at, after, count - after).fill_(0)
        return made

    return fill


def _empty(node: Any, at: int, like: Any) -> Any:
    shape = [like.shape[0], *_shape(node)[1:]]
    shape[at] = 0
    return like.new_empty(shape)


def _paddings(
    padding: Any, kernel: Sequence[int], dilation: Sequence[int]
) -> tuple[list[int], list[int], list[int]]:
    if padding == "same":
        total = [d * (k - 1) for d, k in zip(dilation, kernel, strict=True)]
        before = [t // 2 for t in total]
        return before, [t - t // 2 for t in total], list(before)
    each = [0] * len(kernel) if padding == "valid" else _each(padding, len(kernel))
    return list(each), list(each), list(each)


def _arguments(node: Any) -> dict[str, Any]:
    """The arguments by name, defaults filled in."""
    given = {}
    schema = getattr(node.target, "_schema", None)
    for position, argument in enumerate(schema.arguments if schema else ()):
        default = argument.default_value if argument.has_default_value() else None
        named = node.kwargs.get(argument.name, default)
        given[argument.name] = node.args[position] if position < len(node.args) else named
    return given


def _each(value: Any, rank: int) -> list[int]:
    values = list(value) if isinstance(value, Sequence) else [value]
    return values * rank if len(values) == 1 else values


def _shape(node: Any) -> tuple[int, ...]:
    value = node.meta["val"]
    value = value[0] if isinstance(value, list | tuple) else value
    return tuple(int(n) for n in value.shape)


def _rank(node: Any) -> int:
    return len(_shape(node))
