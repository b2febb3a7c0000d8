"""Checking the arguments that several specs share: kernels, steps and paddings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import sympy as sp

from convgraph.core.errors import ConvgraphError
from convgraph.core.names import check_name
from convgraph.core.sizes import Size, ceil_div, floor_div, is_symbolic
from convgraph.core.sizes import as_size as as_size
from convgraph.core.sympified import sympified
from convgraph.core.tensor import Tensor
from convgraph.core.window import Boundary, Window

__all__ = [
    "Padding",
    "Sizes",
    "as_letter",
    "as_padding",
    "as_pairs",
    "as_sizes",
    "channels_and_space",
    "channels_first",
    "greatest",
    "window",
    "wrong_rank",
]

Sizes: TypeAlias = "Size | tuple[Size, ...]"
Pair: TypeAlias = "tuple[Size, Size]"
Padding: TypeAlias = "Literal['valid', 'same', 'full'] | Size | tuple[Pair, ...]"

PADDING_RULE = (
    'a padding is "valid", "same", "full", a number that is not negative, '
    "or one (before, after) pair per axis"
)


def as_sizes(argument: str, value: Any, rank: int | None, rule: str) -> tuple[Size, ...]:
    """One size per axis: a single size stands for all of them (for one axis where rank is None)."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if not value or (rank is not None and len(value) != rank):
            raise ConvgraphError(f"{argument}={value!r}: {rule}, or one for each axis{_of(rank)}")
        try:
            return tuple(as_size(argument, v, rule) for v in value)
        except ConvgraphError:
            raise ConvgraphError(f"{argument}={value!r}: {rule}") from None
    return (as_size(argument, value, rule),) * (rank or 1)


def _of(rank: int | None) -> str:
    return "" if rank is None else f" of a kernel of rank {rank}"


def as_letter(value: str | None) -> str | None:
    """Check the name of a parameter array, or None, which leaves it to the network."""
    return None if value is None else check_name("letter", value)


def as_padding(
    argument: str, value: Any, rank: int, words: Sequence[str] = ("valid", "same", "full")
) -> Any:
    """A padding word, or a (before, after) pair for each axis."""
    if isinstance(value, str):
        if value not in words:
            raise ConvgraphError(f"{argument}={value!r}: {PADDING_RULE}")
        return value
    return as_pairs(argument, value, rank, PADDING_RULE)


def as_pairs(argument: str, value: Any, rank: int, rule: str) -> tuple[Pair, ...]:
    """A (before, after) pair for each axis; a number stands for both of all of them."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        pair = (as_size(argument, value, rule, least=0),) * 2
        return (pair,) * rank
    pairs = value
    if rank == 1 and len(value) == 2 and not any(isinstance(v, Sequence) for v in value):
        pairs = (value,)
    if len(pairs) != rank or not all(isinstance(p, Sequence) and len(p) == 2 for p in pairs):
        raise ConvgraphError(f"{argument}={value!r}: {rule}{_of(rank)}")
    try:
        return tuple((as_size("", a, "", least=0), as_size("", b, "", least=0)) for a, b in pairs)
    except ConvgraphError:
        raise ConvgraphError(f"{argument}={value!r}: {rule}") from None


def channels_first(tensor: Tensor) -> bool:
    """Whether the first axis counts channels, for a layer that acts on all axes of space."""
    return len(tensor.shape) > 1 if tensor.channels is None else tensor.channels


def channels_and_space(tensor: Tensor, rank: int, spec: Any) -> tuple[bool, Size, tuple[Size, ...]]:
    """(whether channels are named, how many, the sizes of the axes that the kernel moves along)."""
    shape = tensor.shape
    if len(shape) == rank:
        return False, 1, shape
    if len(shape) == rank + 1:
        return True, shape[0], shape[1:]
    raise wrong_rank(shape, rank, f"{spec} has a kernel of rank {rank} and")


def wrong_rank(shape: tuple[Size, ...], rank: int, subject: str) -> ConvgraphError:
    """What to say of a shape that a kernel of another rank would fit."""
    space = len(shape) - 1
    fits = f"; for this one the kernel has {space} sizes, as in {(3,) * space}"
    return ConvgraphError(
        f"shape={shape}: {subject} takes a shape of rank {rank} (one unnamed channel) "
        f"or {rank + 1} (channels first){fits if space > rank else ''}"
    )


def window(
    n: Size,
    k: Size,
    s: Size,
    d: Size,
    padding: Any,
    boundary: Boundary = "zeros",
    ceil_mode: bool = False,
) -> Window:
    """The window along an axis of n positions.

    "same" keeps ceil(n / s) outputs and puts an odd padding's extra position behind (SAME_UPPER).
    Output sizes are relationships 1 to 6 of Dumoulin and Visin (2016).
    """
    span = d * (k - 1) + 1
    if padding == "valid":
        before = after = 0
    elif padding == "full":
        before = after = span - 1
    elif padding == "same":
        total = _or_nothing((ceil_div(n, s) - 1) * s + span - n)
        before = floor_div(total, 2)
        after = total - before
    else:
        before, after = padding
    room = n + before + after - span
    if not is_symbolic(room) and room < 0:
        raise ConvgraphError(
            f"kernel={k}: with dilation {d} it spans {span} positions, and the padded input has "
            f"{n + before + after}"
        )
    if not is_symbolic(n, before, after):
        most = max(before, after)
        if boundary == "reflect" and most >= n:
            raise ConvgraphError(
                f"padding={most}: reflecting pads at most {n - 1} positions of an axis of {n}"
            )
        if boundary == "circular" and most > n:
            raise ConvgraphError(f"padding={most}: a circular padding is at most the axis, {n}")
    outputs = ceil_div(n, s) if padding == "same" else floor_div(room, s) + 1
    if ceil_mode and padding != "same":  # of which nothing is left over
        # what is left over gets a window too, unless that would start behind the input
        more = _least(ceil_div(room, s) + 1, ceil_div(n + before, s))
        outputs = more if sympified(span - after).is_positive else greatest(outputs, more)
    return Window(n, outputs, k, s, d, before, boundary, after)


def _or_nothing(a: Size) -> Size:
    """The size, and 0 where it is negative, which sympy does not see of what is rounded."""
    if isinstance(a, int) or not (e := sp.expand(a)).has(sp.ceiling):
        return greatest(0, a)
    return sp.Max(0, e, evaluate=False)


def greatest(a: Size, b: Size) -> Size:
    """The greater of two sizes, symbols included."""
    if isinstance(a, int) and isinstance(b, int):
        return max(a, b)
    bound = sp.Max(sp.expand(a), sp.expand(b))
    return int(bound) if bound.is_Integer else bound


def _least(a: Size, b: Size) -> Size:
    if isinstance(a, int) and isinstance(b, int):
        return min(a, b)
    return sp.Min(a, b)
