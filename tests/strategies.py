"""Random layers, networks and values for hypothesis to draw: what the levels are compared on.

Arguments are drawn for a tensor at hand, so that most of them fit it; the few that do not are left
out in one place, `fitting`. Sizes are small, since the oracles are nested loops.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from hypothesis import assume, reject
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.layer import Row
from convgraph.core.tensor import Tensor

CONVOLUTIONS = ("Conv", "LocallyConnected", "TiledConv", "ConvTranspose")
POOLS = ("MaxPool", "AvgPool", "GlobalMaxPool", "GlobalAvgPool")
MOVES = ("Pad", "Crop", "Upsample", "Flatten")
POINTWISE = ("ReLU", "LeakyReLU", "Activation")
COMPOSED = ("Residual", "Parallel")
LINEAR = (*CONVOLUTIONS, "AvgPool", "GlobalAvgPool", *MOVES, "Dense")
LAYERS = (*CONVOLUTIONS, *POOLS, *MOVES, *POINTWISE, "Dense")
KINDS = (*LAYERS, *COMPOSED)

BOUNDARIES = ("zeros", "circular", "reflect", "replicate")
MOST_UNITS = 250


def fitting(call: Callable[..., Any], *values: Any, **arguments: Any) -> Any:
    """What a call makes; arguments that do not fit together are not a case."""
    try:
        return call(*values, **arguments)
    except cg.ConvgraphError:
        reject()


def applied(spec: Any, *tensors: Tensor) -> Tensor:
    """The spec on tensors, if there are not too many units in what comes out."""
    result = fitting(spec, *tensors)
    assume(np.prod(result.shape) <= MOST_UNITS)
    return result


def _space(tensor: Tensor, rank: int) -> tuple[int, ...]:
    return tensor.shape[len(tensor.shape) - rank :]


def _one_or_each(draw: st.DrawFn, values: st.SearchStrategy[Any], rank: int) -> Any:
    """A single value for all axes, or one for each."""
    if draw(st.booleans()):
        return draw(values)
    return tuple(draw(values) for _ in range(rank))


@st.composite
def shapes(draw: st.DrawFn, rank: int | None = None, channels: bool | None = None) -> Tensor:
    """An input of rank 1 to 3, with channels or without."""
    rank = draw(st.integers(1, 3)) if rank is None else rank
    most = {1: 9, 2: 6, 3: 3}[rank]
    space = tuple(draw(st.integers(1, most)) for _ in range(rank))
    named = draw(st.booleans()) if channels is None else channels
    return cg.Input((draw(st.integers(1, 4)), *space) if named else space, rank)


@st.composite
def paddings(draw: st.DrawFn, rank: int, words: Sequence[str], most: int = 3) -> Any:
    """A word, a number for all sides, or a (before, after) pair for each axis."""
    sides = st.integers(0, most)
    kind = draw(st.sampled_from([*words, "number", "pairs"]))
    if kind == "number":
        return draw(sides)
    if kind != "pairs":
        return kind
    pairs = tuple((draw(sides), draw(sides)) for _ in range(rank))
    return pairs[0] if rank == 1 and draw(st.booleans()) else pairs


def _kernel(draw: st.DrawFn, space: Sequence[int]) -> Any:
    """A kernel about as large as the input at most, so that it mostly fits."""
    sizes = tuple(draw(st.integers(1, min(4, n + 1))) for n in space)
    return sizes[0] if len(space) == 1 and draw(st.booleans()) else sizes


def _convolution(draw: st.DrawFn, kind: str, tensor: Tensor, rank: int) -> Any:
    named = len(tensor.shape) == rank + 1
    channels = tensor.shape[0] if named else 1
    groups = draw(st.sampled_from([g for g in range(1, channels + 1) if channels % g == 0]))
    arguments: dict[str, Any] = {
        "filters": groups * draw(st.integers(1, 2)),
        "stride": _one_or_each(draw, st.integers(1, 3), rank),
        "dilation": _one_or_each(draw, st.sampled_from([1, 1, 2, 3]), rank),
        "groups": groups,
        "bias": draw(st.booleans()),
    }
    if kind == "ConvTranspose":
        arguments["padding"] = draw(paddings(rank, ["valid", "same"], 1))
        arguments["output_padding"] = _one_or_each(draw, st.integers(0, 1), rank)
        arguments["stride"] = _one_or_each(draw, st.integers(1, 2), rank)
    else:
        arguments["padding"] = draw(paddings(rank, ["valid", "same", "full"]))
        arguments["padding_mode"] = draw(st.sampled_from(BOUNDARIES))
    if kind == "Conv":
        arguments["flip"] = draw(st.booleans())
    if kind == "TiledConv":
        arguments["tiles"] = _one_or_each(draw, st.integers(1, 3), rank)
    return fitting(getattr(cg, kind), _kernel(draw, _space(tensor, rank)), **arguments)


def _pool(draw: st.DrawFn, kind: str, tensor: Tensor, rank: int) -> Any:
    if kind.startswith("Global"):
        return getattr(cg, kind)()
    arguments = {
        "stride": draw(st.none() | st.integers(1, 3)),
        "padding": draw(paddings(rank, ["valid", "same"], 1)),
        "dilation": _one_or_each(draw, st.sampled_from([1, 1, 2]), rank),
        "ceil_mode": draw(st.booleans()),
    }
    if kind == "AvgPool":
        arguments["count_include_pad"] = draw(st.booleans())
    return fitting(getattr(cg, kind), _kernel(draw, _space(tensor, rank)), **arguments)


def _moved(draw: st.DrawFn, kind: str, tensor: Tensor, rank: int) -> Any:
    if kind == "Flatten":
        return cg.Flatten()
    if kind == "Upsample":
        return cg.Upsample(_one_or_each(draw, st.integers(1, 2), rank))
    if kind == "Crop":
        most = (min(_space(tensor, rank), default=1) - 1) // 2
        return cg.Crop(draw(paddings(rank, [], min(most, 2))))
    return cg.Pad(draw(paddings(rank, [], 2)), draw(st.sampled_from(BOUNDARIES)))


def _spatial_rank(draw: st.DrawFn, tensor: Tensor) -> int:
    """How many axes a kernel takes: known from the tensor, or either of two."""
    rank = len(tensor.shape)
    if rank == 1 or tensor.channels is False:
        return min(rank, 3)
    if tensor.channels or rank == 4:
        return rank - 1
    return draw(st.sampled_from([rank - 1, rank]))


@st.composite
def specs(draw: st.DrawFn, tensor: Tensor, kinds: Sequence[str] = KINDS) -> Any:
    """A spec of one of the kinds, with arguments for a tensor at hand."""
    kind = draw(st.sampled_from(kinds))
    rank = _spatial_rank(draw, tensor)
    if kind in CONVOLUTIONS:
        return _convolution(draw, kind, tensor, rank)
    if kind in POOLS:
        return _pool(draw, kind, tensor, rank)
    if kind in MOVES:
        return _moved(draw, kind, tensor, rank)
    if kind == "Dense":
        return cg.Dense(_one_or_each(draw, st.integers(1, 4), 2), bias=draw(st.booleans()))
    if kind == "Residual":
        return cg.Residual(_keeping(draw, tensor, rank))
    if kind == "Parallel":
        branches = [_keeping(draw, tensor, rank) for _ in range(draw(st.integers(2, 3)))]
        return cg.Parallel(*branches, merge=draw(st.sampled_from(["concat", "add"])))
    return cg.Activation("abs") if kind == "Activation" else getattr(cg, kind)()


def _keeping(draw: st.DrawFn, tensor: Tensor, rank: int) -> Any:
    """A convolution that keeps the shape."""
    named = len(tensor.shape) == rank + 1
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    filters = tensor.shape[0] if named else 1
    return cg.Conv(kernel, filters, padding="same", bias=draw(st.booleans()))


@st.composite
def single_layers(
    draw: st.DrawFn, kinds: Sequence[str] = LAYERS, rank: int | None = None
) -> cg.Network:
    """A network of one layer."""
    x = draw(shapes(rank))
    return cg.Network(x, applied(draw(specs(x, kinds)), x))


@st.composite
def chains(draw: st.DrawFn, kinds: Sequence[str] = KINDS, most: int = 3) -> cg.Network:
    """A network of several specs, one after the other."""
    x = tensor = draw(shapes())
    for _ in range(draw(st.integers(1, most))):
        tensor = applied(draw(specs(tensor, kinds)), tensor)
    return cg.Network(x, tensor)


@st.composite
def dags(draw: st.DrawFn, kinds: Sequence[str] = LAYERS, most: int = 4) -> cg.Network:
    """A network of one or two inputs and outputs, with skip connections where shapes allow."""
    inputs = [draw(shapes(rank=draw(st.sampled_from([1, 2]))))]
    if draw(st.booleans()):
        rank = len(inputs[0].shape) - bool(inputs[0].channels)
        inputs.append(cg.Input(inputs[0].shape, rank))
    known = list(inputs)
    for _ in range(draw(st.integers(1, most))):
        tensor = draw(st.sampled_from(known))
        alike = [t for t in known if t.shape == tensor.shape and t.channels == tensor.channels]
        if len(alike) > 1 and draw(st.booleans()):
            merge = draw(st.sampled_from([cg.Add(), cg.Multiply(), cg.Concat()]))
            others = draw(st.lists(st.sampled_from(alike), min_size=2, max_size=3))
            known.append(applied(merge, *others))
        else:
            known.append(applied(draw(specs(tensor, kinds)), tensor))
    read = {id(source) for tensor in known for source in tensor.sources}
    ends = [tensor for tensor in known if tensor.bound and id(tensor) not in read]
    if draw(st.booleans()):
        middle = [t for t in known if t.bound and id(t) in read]
        ends += middle[:1]
    used = {id(t) for t in _behind(ends)}
    return cg.Network([i for i in inputs if id(i) in used], ends)


def _behind(ends: Sequence[Tensor]) -> list[Tensor]:
    found: dict[int, Tensor] = {}
    stack = list(ends)
    while stack:
        tensor = stack.pop()
        if id(tensor) not in found:
            found[id(tensor)] = tensor
            stack += tensor.sources
    return list(found.values())


def networks(kinds: Sequence[str] = KINDS) -> st.SearchStrategy[cg.Network]:
    """A network of any form: one layer, a chain, or a graph of layers."""
    layers = [kind for kind in kinds if kind in LAYERS]
    return st.one_of(single_layers(layers), chains(kinds), dags(kinds))


@st.composite
def values(draw: st.DrawFn, network: cg.Network) -> tuple[dict[str, Any], dict[str, Any]]:
    """Small whole numbers for all inputs and all parameter arrays of a network."""
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    x = {row.name: numbers.integers(-9, 10, row.numbers()) for row in network.inputs}
    parameters = {
        array.letter: numbers.integers(-9, 10, array.shape) for array in network.labels.arrays
    }
    return x, parameters


@st.composite
def units(draw: st.DrawFn, row: Row) -> str:
    """A unit of a row."""
    return row.unit([draw(st.integers(0, n - 1)) for n in row.numbers()])
