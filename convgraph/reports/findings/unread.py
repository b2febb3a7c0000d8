"""Units that nothing depends on: pixels between strides, and channels that nobody reads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from convgraph.core.boxes import Box, merge
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.reduction import SUM
from convgraph.core.tying import Constant, Learned
from convgraph.core.units import Units
from convgraph.core.wiring import Product
from convgraph.interactions.connections import is_concat
from convgraph.reports.findings.finding import Occurrence
from convgraph.reports.findings.registry import rule
from convgraph.reports.structure import Structure, masks_pairs

FLOOR = (
    "a window moves by its stride, and what is left behind its last position, or lies between "
    "windows that are further apart than they are long, is not read (Dumoulin and Visin 2016, "
    "relationship 6)"
)


@rule(
    "unread-input",
    "warning",
    "input units that no output depends on",
    "Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), section 2.4",
)
def unread_input(structure: Structure) -> Iterator[Occurrence]:
    """Inputs of which some units reach no output."""
    for row in structure.network.inputs:
        dead = structure.dead(row)
        if not dead:
            continue
        said = f"{len(dead):,} of the {int(row.size):,} units of {row.name} "
        said += "is seen by no output" if len(dead) == 1 else "are seen by no output"
        yield Occurrence(
            tensors=(row.name,),
            message=said,
            reason=f"What lies there cannot change the result: {FLOOR}.",
            fix=(
                "Choose an input size, a padding or a kernel for which the windows end at the "
                "border, or crop the input."
            ),
            witness=dead,
            details={"units": len(dead), "share": len(dead) / int(row.size), "bounds": dead.bounds},
        )


@rule(
    "unread-units",
    "warning",
    "computed units that no layer reads",
    "He, Zhang, Zhang, Zhang, Xie and Li, Bag of tricks for image classification with "
    "convolutional neural networks, CVPR 2019, section 4",
)
def unread_units(structure: Structure) -> Iterator[Occurrence]:
    """Rows of which some units are computed for nothing, positions rather than channels."""
    for row, unread, readers in _unread(structure):
        if _whole_channels(row, unread):
            if len(unread) < row.size and _shares_along_first(structure, row):
                yield _unread_tokens(row, unread, readers)
            continue
        share = len(unread) / int(row.size)
        yield Occurrence(
            tensors=(row.name, *readers),
            message=(
                f"{len(unread):,} of the {int(row.size):,} units of {row.name} ({share:.1%}) "
                f"{'is' if len(unread) == 1 else 'are'} read by none of {', '.join(readers)}"
            ),
            reason=(
                f"They are computed and thrown away: {FLOOR}; a 1x1 convolution of stride 2 reads "
                "a quarter of an image (He et al. 2019, section 4)."
            ),
            fix=(
                "Move the stride to a layer whose kernel is at least as large, pool before a "
                "strided 1x1 convolution, or do not compute these units."
            ),
            witness=unread,
            details={"units": len(unread), "share": share},
        )


def _unread_tokens(row: Row, unread: Units, readers: list[str]) -> Occurrence:
    """Of positions that stand along the first axis, as the tokens of a transformer do."""
    count, number = _counted(row, unread)
    share = len(unread) / int(row.size)
    return Occurrence(
        tensors=(row.name, *readers),
        message=(
            f"{count:,} of the {number:,} positions along the first axis of {row.name} "
            f"{'is' if count == 1 else 'are'} read by none of {', '.join(readers)}"
        ),
        reason=(
            "They are computed and thrown away, as all tokens but one where a head reads a class "
            "token alone. Their parameters are those of the positions that are read."
        ),
        fix=f"Pick what is read before {row.name} is computed, or read the others, too.",
        witness=unread,
        details={"units": len(unread), "share": share},
        severity="info",
    )


@rule(
    "unreachable-channel",
    "warning",
    "channels that can reach no output",
    "Zhang, Zhou, Lin and Sun, ShuffleNet, CVPR 2018, section 3.1",
)
def unreachable_channel(structure: Structure) -> Iterator[Occurrence]:
    """Rows of which whole channels, or all units, are read by no layer."""
    for row, unread, _ in _unread(structure):
        if not _whole_channels(row, unread):
            continue
        everything = len(unread) == row.size
        if not everything and _shares_along_first(structure, row):
            continue  # positions, of which unread-units speaks
        count, _ = _counted(row, unread)
        what = "no channel" if everything else f"{count} of the {row.shape[0]} channels"
        verb = "is" if everything or count == 1 else "are"
        verb += " read by any layer" if everything else " read by no layer"
        yield Occurrence(
            tensors=(row.name,),
            message=f"{what} of {row.name} {verb}",
            reason=(
                "A channel from which no path leads to an output costs its computation, and its "
                "parameters are never trained (compare Zhang et al. 2018, section 3.1)."
            ),
            fix="Leave the channels out, or read them.",
            witness=unread,
            details={"channels": count, "everything": everything},
        )


def _computed(structure: Structure) -> list[Row]:
    """Rows whose units are computed, and are no outputs; what is only moved costs nothing."""
    ends = set(structure.network.outputs)
    layers = [layer for layer in structure.network.layers if not _moves(layer)]
    return [layer.target for layer in layers if layer.target not in ends]


def _moves(layer: Layer) -> bool:
    """Whether a layer only gives units other places: a slice, a concatenation, a transposition."""
    joints = layer.joints
    return (
        layer.reduction == SUM
        and layer.bias is None
        and (len(joints) == 1 or is_concat(layer))
        and all(
            joint.tying == Constant()
            and isinstance(joint.wiring, Product)
            and all(axis.taps == 1 for axis in joint.wiring.axes)
            for joint in joints
        )
    )


def _unread(structure: Structure) -> Iterator[tuple[Row, Units, list[str]]]:
    """Rows with units that no layer reads, those units, and the layers that read others."""
    read = _read(structure)
    for row in _computed(structure):
        boxes, names = read[row.name]
        unread = None if boxes is None else structure.without(row, merge(boxes))
        if unread:
            yield row, unread, names


def _read(structure: Structure) -> dict[str, tuple[list[Box] | None, list[str]]]:
    """For each row the units that some layer reads (None for all), and which layers do.

    A layer that only moves units reads what is read of its own row.
    """
    ends = set(structure.network.outputs)
    moving = {layer.target.name for layer in structure.network.layers if _moves(layer)}
    found: dict[str, tuple[list[Box] | None, list[str]]] = {}
    for row in reversed(structure.network.rows):
        boxes: list[Box] | None = []
        names: dict[str, None] = {}
        for layer in structure.readers[row.name]:
            target = layer.target
            wanted, readers = None, [target.name]
            if target.name in moving and target not in ends:
                wanted, readers = found[target.name]
            names.update(dict.fromkeys(readers))
            for joint in (joint for joint in layer.joints if joint.source.name == row.name):
                plain = wanted is None and _reads_everything(joint)
                if boxes is None or plain or masks_pairs(joint) or _masks_units(joint):
                    boxes = None
                    continue
                every: Box = tuple(np.ones(n, bool) for n in target.numbers())
                boxes += merge(joint.back([every] if wanted is None else wanted, target))
        found[row.name] = boxes, list(names)
    return found


def _masks_units(joint: Joint) -> bool:
    """Whether units are multiplied in place with known numbers, of which some are zeros.

    A mask hides them on purpose; the sine of position 0, by which an encoding turns queries, is
    one.
    """
    wiring = joint.wiring
    if not isinstance(wiring, Product) or not any(axis.listed for axis in wiring.axes):
        return False
    return Product(tuple(axis.unmasked for axis in wiring.axes), wiring.order).copies


def _reads_everything(joint: Joint) -> bool:
    """Whether it is plain from the arithmetic that every unit of the source is read."""
    if not isinstance(joint.wiring, Product):
        return False
    for axis in joint.wiring.axes:
        if axis.sliding is not None:
            covered = int(axis.stride) * (int(axis.outputs) - 1) + int(axis.taps)
            gaps = axis.dilation != 1 or axis.stride > axis.taps or axis.padding < 0
            if gaps or covered - int(axis.padding) < int(axis.inputs):
                return False
        elif not bool(np.all(axis.fan_out())):
            return False
    return True


def _counted(row: Row, units: Units) -> tuple[int, int]:
    """How many places along the first axis are all among some units, and how many there are."""
    number = row.numbers()[0] if row.channels else 1
    return len(units) * number // int(row.size), number


def _shares_along_first(structure: Structure, row: Row) -> bool:
    """Whether places along the first axis share their parameters: positions, then, not channels.

    A layer without parameters keeps what the first axis is of, where it reads the same place of it.
    """
    makers = {layer.target.name: layer for layer in structure.network.layers}
    while row.channels and row.name in makers:
        learned = [j.tying for j in makers[row.name].joints if isinstance(j.tying, Learned)]
        along = {d.axis for tying in learned for d in tying.digits if d.kind == "output"}
        if along:
            return 0 not in along
        (joint, *_) = makers[row.name].joints
        if not isinstance(joint.wiring, Product) or joint.source.shape[0] != row.shape[0]:
            return False
        first = joint.wiring.axes[0]
        if first.sliding is None or first.taps != 1:
            return False
        row = joint.source
    return False


def _whole_channels(row: Row, units: Units) -> bool:
    """Whether a set of units is all positions of some channels."""
    if len(units) == row.size:
        return True
    return row.channels and all(all(mask.all() for mask in box[1:]) for box in units.boxes)
