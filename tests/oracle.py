"""The connections of every layer from its definition, in nested loops, without the core.

A convolution is y[f, i] = sum over c, j of w[f, c, j] x[c, s i + d j - p], and so on: nothing here
is fast, shared with the package, or clever. `plain_graph` makes of it an ordinary networkx graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any

import networkx as nx

Position = tuple[int, ...]


@dataclass
class Plain:
    """What a layer does, connection by connection: (which source, from where, to where, label)."""

    shape: Position
    edges: list[tuple[int, Position, Position, str]]
    reduction: str = "sum"
    biases: dict[Position, str] = field(default_factory=dict)


@dataclass
class Line:
    """A window along one axis of n positions."""

    n: int
    k: int
    s: int
    d: int
    before: int
    after: int
    outputs: int
    boundary: str = "zeros"

    def reads(self, i: int, j: int) -> int | None:
        """The position that output i reads at tap j, or None outside of the input."""
        q = self.s * i + self.d * j - self.before
        while not 0 <= q < self.n:
            if self.boundary == "zeros":
                return None
            if self.boundary == "circular":
                q += self.n if q < 0 else -self.n
            elif self.boundary == "replicate":
                q = 0 if q < 0 else self.n - 1
            else:  # reflected at the outermost positions, which are not repeated
                q = -q if q < 0 else 2 * (self.n - 1) - q
        return q

    def padded(self, i: int) -> int:
        """How many taps of output i lie in the input or its padding."""
        last = self.n + self.before + self.after
        return sum(self.s * i + self.d * j < last for j in range(self.k))


def line(
    n: int, k: int, s: int, d: int, padding: Any, boundary: str = "zeros", ceil: bool = False
) -> Line:
    """The window along an axis, its outputs counted one by one."""
    span = (k - 1) * d + 1
    if padding == "same":  # as many outputs as there are steps into the input
        outputs = len(range(0, n, s))
        missing = max(0, (outputs - 1) * s + span - n)
        return Line(n, k, s, d, missing // 2, missing - missing // 2, outputs, boundary)
    before, after = {"valid": (0, 0), "full": (span - 1, span - 1)}.get(padding, padding)
    outputs = 0
    while outputs * s + span <= n + before + after:
        outputs += 1
    if ceil and (outputs - 1) * s + span < n + before + after and outputs * s < n + before:
        outputs += 1  # what is left over gets a window, if that starts before the padding behind
    return Line(n, k, s, d, before, after, outputs, boundary)


def each(value: Any, rank: int) -> tuple[Any, ...]:
    """One value for each axis."""
    return tuple(value) if isinstance(value, tuple) else (value,) * rank


def paddings(padding: Any, rank: int) -> list[Any]:
    if isinstance(padding, str):
        return [padding] * rank
    if isinstance(padding, int):
        return [(padding, padding)] * rank
    return [padding] if isinstance(padding[0], int) else list(padding)


def positions(shape: Sequence[int]) -> Iterator[Position]:
    return product(*map(range, shape))


def entry(letter: str, *index: int) -> str:
    """The name of an entry of a parameter array."""
    return "_".join([letter, *(str(i + 1) for i in index)])


def lines_of(spec: Any, space: Position) -> list[Line]:
    """The windows of a convolution or a pool."""
    rank = len(space)
    stride = spec.kernel if getattr(spec, "stride", None) is None else spec.stride
    arguments = zip(
        space,
        each(spec.kernel, rank),
        each(stride, rank),
        each(spec.dilation, rank),
        paddings(spec.padding, rank),
        strict=True,
    )
    boundary, ceil = getattr(spec, "padding_mode", "zeros"), getattr(spec, "ceil_mode", False)
    return [line(n, k, s, d, p, boundary, ceil) for n, k, s, d, p in arguments]


def kernel_rank(spec: Any) -> int:
    return len(spec.kernel) if isinstance(spec.kernel, tuple) else 1


def convolution(spec: Any, shape: Position, channels: bool, letters: tuple[str, str]) -> Plain:
    kind, rank = type(spec).__name__, kernel_rank(spec)
    named = len(shape) == rank + 1
    inputs, space = (shape[0], shape[1:]) if named else (1, shape)
    shown = named or spec.filters != 1
    lines = lines_of(spec, space)
    within = inputs // spec.groups
    out = tuple(each.outputs for each in lines)
    tiles = each(getattr(spec, "tiles", 1), rank)
    plain = Plain((spec.filters, *out) if shown else out, [])
    for f, i in product(range(spec.filters), positions(out)):
        target = (f, *i) if shown else i
        own: tuple[int, ...] = ()
        if kind == "LocallyConnected":
            own = i
        elif kind == "TiledConv":
            own = tuple(p % t for p, t in zip(i, tiles, strict=True))
        filters = (f,) if shown else ()
        if spec.bias:
            plain.biases[target] = entry(letters[1], *filters, *own)
        for c, j in product(range(within), positions(each(spec.kernel, rank))):
            q = tuple(a.reads(i[axis], j[axis]) for axis, a in enumerate(lines))
            if None not in q:
                group = f // (spec.filters // spec.groups)
                source = (group * within + c, *q) if named else q
                taps = tuple(a.k - 1 - t for a, t in zip(lines, j, strict=True))
                taps = taps if getattr(spec, "flip", False) else j
                label = entry(letters[0], *filters, *own, *((c,) if named else ()), *taps)
                plain.edges.append((0, source, target, label))
    return plain


def transposed(spec: Any, shape: Position, channels: bool, letters: tuple[str, str]) -> Plain:
    """Input i adds w[c, f, j] x[c, i] to the output s i + d j - p."""
    rank = kernel_rank(spec)
    named = len(shape) == rank + 1
    inputs, space = (shape[0], shape[1:]) if named else (1, shape)
    shown = named or spec.filters != 1
    kernel, stride = each(spec.kernel, rank), each(spec.stride, rank)
    dilation, extra = each(spec.dilation, rank), each(spec.output_padding, rank)
    out, cut = [], []
    for a, padding in enumerate(paddings(spec.padding, rank)):
        reached = {
            stride[a] * i + dilation[a] * j for i, j in product(range(space[a]), range(kernel[a]))
        }
        whole = max(reached) + 1
        if padding == "same":
            out.append(space[a] * stride[a])
            cut.append(max(0, (whole - out[a]) // 2))
        else:
            before, after = (0, 0) if padding == "valid" else padding
            out.append(whole - before - after + extra[a])
            cut.append(before)
    plain = Plain((spec.filters, *out) if shown else tuple(out), [])
    each_group, per_group = inputs // spec.groups, spec.filters // spec.groups
    for c, i, f, j in product(
        range(inputs), positions(space), range(spec.filters), positions(kernel)
    ):
        o = tuple(stride[a] * i[a] + dilation[a] * j[a] - cut[a] for a in range(rank))
        if c // each_group == f // per_group and all(
            0 <= p < n for p, n in zip(o, out, strict=True)
        ):
            index = ((c,) if named else ()) + ((f % per_group,) if shown else ())
            source, target = (c, *i) if named else i, (f, *o) if shown else o
            plain.edges.append((0, source, target, entry(letters[0], *index, *j)))
    if spec.bias:
        for target in positions(plain.shape):
            plain.biases[target] = entry(letters[1], *(target[:1] if shown else ()))
    return plain


def pool(spec: Any, shape: Position, channels: bool, letters: tuple[str, str]) -> Plain:
    rank = kernel_rank(spec)
    head = shape[:-rank] if len(shape) > rank else ()
    lines = lines_of(spec, shape[len(head) :])
    out = tuple(each.outputs for each in lines)
    mean = type(spec).__name__ == "AvgPool"
    plain = Plain((*head, *out), [], "mean" if mean else "max")
    for c, i in product(positions(head), positions(out)):
        taps = positions([a.k for a in lines])
        read = [tuple(a.reads(i[x], j[x]) for x, a in enumerate(lines)) for j in taps]
        there = [q for q in read if None not in q]
        count = len(there)
        if mean and spec.count_include_pad:
            count = 1
            for x, a in enumerate(lines):
                count *= a.padded(i[x])
        label = str(Fraction(1, count)) if mean and count else "1"
        plain.edges += [(0, (*c, *q), (*c, *i), label) for q in there]
    return plain


def global_pool(spec: Any, shape: Position, channels: bool, letters: tuple[str, str]) -> Plain:
    head, space = (shape[:1], shape[1:]) if channels else ((), shape)
    mean = type(spec).__name__ == "GlobalAvgPool"
    read = list(positions(space))
    plain = Plain((*head, *(1 for _ in space)), [], "mean" if mean else "max")
    label = str(Fraction(1, len(read))) if mean else "1"
    for c, q in product(positions(head), read):
        plain.edges.append((0, (*c, *q), (*c, *(0 for _ in space)), label))
    return plain


def dense(spec: Any, shape: Position, channels: bool, letters: tuple[str, str]) -> Plain:
    out = each(spec.units, 1)
    edges = [
        (0, q, o, entry(letters[0], *o, *q)) for o, q in product(positions(out), positions(shape))
    ]
    biases = {o: entry(letters[1], *o) for o in positions(out)} if spec.bias else {}
    return Plain(out, edges, biases=biases)


def moved(shape: Position, out: Position, reads: Callable[[Position], Any]) -> Plain:
    """A layer each of whose units copies one unit, or none."""
    return Plain(out, [(0, q, o, "1") for o in positions(out) if (q := reads(o)) is not None])


def pad(spec: Any, shape: Position, channels: bool, letters: tuple[str, str]) -> Plain:
    rank = len(shape) - channels
    if isinstance(spec.padding, tuple):
        rank = len(spec.padding) if isinstance(spec.padding[0], tuple) else 1
    head, space = shape[: len(shape) - rank], shape[len(shape) - rank :]
    lines = [
        line(n, 1, 1, 1, p, spec.padding_mode)
        for n, p in zip(space, paddings(spec.padding, rank), strict=True)
    ]

    def reads(o: Position) -> Position | None:
        q = [a.reads(i, 0) for a, i in zip(lines, o[len(head) :], strict=True)]
        return None if None in q else (*o[: len(head)], *q)

    return moved(shape, (*head, *(a.outputs for a in lines)), reads)


def crop(spec: Any, shape: Position, channels: bool, letters: tuple[str, str]) -> Plain:
    rank = len(shape) - channels
    if isinstance(spec.cropping, tuple):
        rank = len(spec.cropping) if isinstance(spec.cropping[0], tuple) else 1
    cut = [(0, 0)] * (len(shape) - rank) + paddings(spec.cropping, rank)
    left = tuple(n - before - after for n, (before, after) in zip(shape, cut, strict=True))
    return moved(
        shape, left, lambda o: tuple(i + before for i, (before, _) in zip(o, cut, strict=True))
    )


def upsample(spec: Any, shape: Position, channels: bool, letters: tuple[str, str]) -> Plain:
    rank = len(spec.factor) if isinstance(spec.factor, tuple) else len(shape) - channels
    factors = (1,) * (len(shape) - rank) + each(spec.factor, rank)
    out = tuple(n * f for n, f in zip(shape, factors, strict=True))
    return moved(shape, out, lambda o: tuple(i // f for i, f in zip(o, factors, strict=True)))


def flatten(spec: Any, shape: Position, channels: bool, letters: tuple[str, str]) -> Plain:
    read = list(positions(shape))
    return moved(shape, (len(read),), lambda o: read[o[0]])


def pointwise(spec: Any, shape: Position, channels: bool, letters: tuple[str, str]) -> Plain:
    names = {"ReLU": "relu", "LeakyReLU": f"leaky_relu({getattr(spec, 'slope', '')})"}
    plain = moved(shape, shape, lambda o: o)
    plain.reduction = names.get(type(spec).__name__) or spec.name
    return plain


def merged(spec: Any, shapes: Sequence[Position], channels: Sequence[bool]) -> Plain:
    if type(spec).__name__ != "Concat":
        edges = [(a, q, q, "1") for q in positions(shapes[0]) for a in range(len(shapes))]
        return Plain(shapes[0], edges, "product" if type(spec).__name__ == "Multiply" else "sum")
    stacked = not any(channels) and spec.axis == 0  # branches become channels
    whole = [(1, *shape) if stacked else shape for shape in shapes]
    edges, at = [], 0
    for a, shape in enumerate(whole):
        for q in positions(shape):
            target = (*q[: spec.axis], q[spec.axis] + at, *q[spec.axis + 1 :])
            edges.append((a, q[1:] if stacked else q, target, "1"))
        at += shape[spec.axis]
    return Plain((*whole[0][: spec.axis], at, *whole[0][spec.axis + 1 :]), edges)


KINDS: dict[str, Callable[[Any, Position, bool, tuple[str, str]], Plain]] = {
    **dict.fromkeys(["Conv", "LocallyConnected", "TiledConv"], convolution),
    "ConvTranspose": transposed,
    **dict.fromkeys(["MaxPool", "AvgPool"], pool),
    **dict.fromkeys(["GlobalMaxPool", "GlobalAvgPool"], global_pool),
    **dict.fromkeys(["ReLU", "LeakyReLU", "Activation"], pointwise),
    "Dense": dense,
    "Pad": pad,
    "Crop": crop,
    "Upsample": upsample,
    "Flatten": flatten,
}
LEARNED = ("Conv", "LocallyConnected", "TiledConv", "ConvTranspose", "Dense")


def unit(row: str, index: Position) -> str:
    """The name of a unit: x2,3, or h1:2,3 where a row's name ends in a digit."""
    return row + (":" if row[-1].isdigit() else "") + ",".join(str(i + 1) for i in index)


def plain_graph(network: Any) -> nx.MultiDiGraph:
    """The graph of a network of our layers, added edge by edge."""
    graph = nx.MultiDiGraph()
    computed = {layer.target.name: layer for layer in network.layers}
    learned = 0
    for row in network.rows:
        layer = computed.get(row.name)
        plain = Plain(row.shape, [], "input")
        if layer is not None:
            sources = [joint.source for joint in layer.joints]
            if type(layer.spec).__name__ in LEARNED:
                learned += 1
            number = str(learned) if learned > 3 else ""
            letters = ("wvu"[learned - 1], "bcd"[learned - 1]) if 0 < learned < 4 else ("w", "b")
            letters = (letters[0] + number, letters[1] + number)
            if type(layer.spec).__name__ in KINDS:
                make = KINDS[type(layer.spec).__name__]
                plain = make(layer.spec, sources[0].shape, sources[0].channels, letters)
            else:
                shapes, named = [s.shape for s in sources], [s.channels for s in sources]
                plain = merged(layer.spec, shapes, named)
        assert plain.shape == row.shape, (layer, plain.shape)
        for index in positions(plain.shape):
            bias = {"bias": plain.biases[index]} if index in plain.biases else {}
            graph.add_node(
                unit(row.name, index), row=row.name, index=index, reduction=plain.reduction, **bias
            )
        for which, source, target, label in plain.edges:
            graph.add_edge(
                unit(sources[which].name, source), unit(row.name, target), parameter=label
            )
    return graph
