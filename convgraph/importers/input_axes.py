"""Which axes of an input are its batch, its channels and its space: as somebody said, or as seen.

Rows stand channels first, so that whatever asks about positions knows which axes have some. A model
may take its input otherwise: images channels last, steps of time with their features behind them,
sound without channels. Nobody says so in the model, but its first window does, as a convolution or
a pool has its channels on one axis and moves along others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Layer, Row
from convgraph.core.sizes import Size
from convgraph.core.wiring import Product
from convgraph.importers.values import Signal, row_shape

__all__ = [
    "as_letters",
    "as_rows_have_them",
    "channels_first",
    "has_channels",
    "note_of",
    "seen_axes",
    "stated_axes",
    "with_batch",
]

RULE = (
    "a capital letter for each axis of the input: N for the batch, C for the channels, any other, "
    "such as T, H or W, for one of time or space"
)
SPACE = {1: "L", 2: "HW", 3: "DHW", 4: "TDHW"}


def as_letters(axes: Any, rank: int, shown: str) -> str:
    """Check the letters of an input's axes, of which there are so many.

    >>> as_letters("NHWC", 4, "input_shape=(1, 8, 8, 3)")
    'NHWC'
    """
    plain = isinstance(axes, str) and axes.isascii() and axes.isalpha() and axes.isupper()
    if not plain or len(set(axes)) < len(axes):
        raise ConvgraphError(f"axes={axes!r}: {RULE}, none twice")
    if len(axes) != rank:
        raise ConvgraphError(f"axes={axes!r}: {shown} has {rank} axes; {RULE}")
    return str(axes)


def stated_axes(axes: Any, shapes: Mapping[str, Sequence[Size]]) -> dict[str, str]:
    """The letters by the names of inputs: of one input, or a list or a dict of several."""
    if axes is None:
        return {}
    names = list(shapes)
    if isinstance(axes, Mapping):
        strange = [name for name in axes if name not in shapes]
        if strange:
            known = ", ".join(map(repr, names))
            raise ConvgraphError(f"axes[{strange[0]!r}]: no input; there is {known}")
        given = dict(axes)
    elif isinstance(axes, list | tuple):
        if len(axes) != len(names):
            raise ConvgraphError(f"axes={axes!r}: letters for each of {len(names)} inputs")
        given = dict(zip(names, axes, strict=True))
    elif len(names) != 1:
        known = ", ".join(map(repr, names))
        raise ConvgraphError(f"axes={axes!r}: the inputs are {known}; give a dict of letters")
    else:
        given = {names[0]: axes}
    return {
        name: as_letters(letters, len(shapes[name]), f"the input {name!r} of {shapes[name]}")
        for name, letters in given.items()
        if letters is not None
    }


def with_batch(axes: Any, shape: Sequence[Size]) -> tuple[Size, ...]:
    """A shape with the batch of one that its letters have, where it stands without it.

    >>> with_batch("NHWC", (8, 8, 3)), with_batch("TNC", (9, 4)), with_batch("CHW", (3, 8, 8))
    ((1, 8, 8, 3), (9, 1, 4), (3, 8, 8))
    """
    whole = list(shape)
    if isinstance(axes, str) and len(axes) == len(whole) + 1 and "N" in axes:
        whole.insert(axes.index("N"), 1)
    as_letters(axes, len(whole), f"input_shape={tuple(shape)}")
    return tuple(whole)


def channels_first(letters: str, shape: Sequence[Size]) -> tuple[int, ...]:
    """The axes in the order that rows have them: a batch of one, channels, and the others.

    >>> channels_first("NHWC", (1, 8, 8, 3)), channels_first("TNC", (9, 1, 4))
    ((0, 3, 1, 2), (1, 2, 0))
    """
    batch = [a for a, letter in enumerate(letters) if letter == "N" and shape[a] == 1]
    channels = [a for a, letter in enumerate(letters) if letter == "C"]
    others = [a for a in range(len(shape)) if a not in batch and a not in channels]
    return (*batch, *channels, *others)


def has_channels(letters: str, shape: Sequence[Size]) -> bool:
    """Whether the first axis of an input's row counts channels; its axes stand as rows have them.

    A row along one axis has no channels beside it, whatever it is an axis of.
    """
    rest = letters[len(letters) - len(row_shape(tuple(shape))) :]
    return len(rest) > 1 and rest[0] == "C"


def seen_axes(
    inputs: Iterable[Row], windowed: Iterable[Signal], made: Mapping[str, Layer]
) -> dict[str, str]:
    """The letters of inputs of which a batch was left out, as the first window on each has them.

    Parameters
    ----------
    inputs
        The rows of inputs.
    windowed
        What convolutions and pools read, in order, as tensors of a batch, channels and space.
    made
        The layers by the rows that they compute.
    """
    left = {row.name: row for row in inputs if row.channels}
    found = {}
    for signal in windowed:
        if not left:
            break
        several = len(signal.shape) == len(signal.row.shape)  # images, which are steps of time
        labels = ["S"] * several + ["C"] + ["S"] * (len(signal.shape) - 2)
        row: Row = signal.row
        while row.name in made and len(labels) == len(row.shape):
            step = _before(made[row.name], labels)
            if step is None:
                break
            row, labels = step
        if left.pop(row.name, None) is None:
            continue
        if row.shape[0] == 1 and "C" not in labels:
            labels[0] = "C"
        space = labels.count("S")
        if "" in labels or space not in SPACE or labels.count("C") > 1:
            continue  # windows that see a part of the input
        letters = iter(SPACE[space])
        found[row.name] = "N" + "".join(c if c == "C" else next(letters) for c in labels)
    return found


def as_rows_have_them(letters: str) -> bool:
    """Whether channels stand behind the batch.

    >>> as_rows_have_them("NCHW"), as_rows_have_them("NHWC"), as_rows_have_them("NHW")
    (True, False, False)
    """
    return letters.startswith("NC")


def _before(layer: Layer, labels: Sequence[str]) -> tuple[Row, list[str]] | None:
    """The row of which a layer's units each read one at most, and the labels of its axes."""
    joint = next((j for j in layer.joints if j.source.size != 1), None)
    if joint is None or not isinstance(joint.wiring, Product):
        return None
    view = _aligned(labels, layer.target.shape, joint.wiring.out_view)
    if view is None:
        return None
    read = [""] * len(view)
    for axis, position, label in zip(joint.wiring.axes, joint.wiring.order, view, strict=True):
        if axis.taps != 1:
            return None
        read[position] = label
    source = _aligned(read, joint.wiring.in_view, joint.source.shape)
    return None if source is None else (joint.source, source)


def _aligned(labels: Sequence[str], old: Sequence[Size], new: Sequence[Size]) -> list[str] | None:
    """The labels of axes in a view that differs by axes of one position at most."""
    if tuple(old) == tuple(new):
        return list(labels)
    kept = [(label, n) for label, n in zip(labels, old, strict=True) if n != 1]
    if [n for _, n in kept] != [n for n in new if n != 1]:
        return None
    sized = iter(kept)
    return ["" if n == 1 else next(sized)[0] for n in new]


def note_of(row: Row, letters: str | None) -> str:
    """What was taken to be the case of an input's axes, and how to say what is."""
    if letters is None:
        return (
            f"input={row.name!r}: the first axis behind the batch, of {row.shape[0]}, is taken to "
            "count channels, as no convolution or pool tells; axes= says what the axes are"
        )
    return (
        f"input={row.name!r}: its axes are taken to be {letters}, as its first convolution or pool "
        "has them; axes= says what they are"
    )
