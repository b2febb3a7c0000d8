"""What a plan for computing an image in tiles says: what each reads, and what of it is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.piecewise.axis_tiles import AxisTiles, Tile, Tiles

__all__ = ["TilePlan", "bytes_of"]


@dataclass(frozen=True, eq=False)
class TilePlan:
    """The facts of a `Tiling`, which has them in words."""

    network: Network
    row: Row
    axes: tuple[AxisTiles, ...]

    @property
    def tile(self) -> tuple[int, ...]:
        """How many positions of the input each tile reads, per axis."""
        return tuple(axis.tile for axis in self.axes)

    @property
    def halo(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """Per axis what a tile has to read in front of what is kept of it, and behind it: the
        smallest that suffices, in input positions."""
        return tuple(axis.cut.halo for axis in self.axes)

    @property
    def step(self) -> tuple[int, ...]:
        """Per axis, what starts of tiles are multiples of, and sizes differ by."""
        return tuple(axis.cut.period for axis in self.axes)

    @property
    def overlap(self) -> tuple[int, ...]:
        """By how many positions neighbouring tiles overlap, per axis."""
        return tuple(0 if len(axis) == 1 else axis.tile - axis.stride for axis in self.axes)

    @cached_property
    def overhead(self) -> Fraction:
        """The share of input positions that are read more than once: read in all over the size of
        the input, less one."""
        read = prod(len(axis) * axis.tile for axis in self.axes)
        return Fraction(read, prod(axis.cut.size for axis in self.axes)) - 1

    @property
    def tiles(self) -> Sequence[Tile]:
        """All tiles, in row-major order; each is made when it is asked for."""
        return Tiles(self.axes)

    @cached_property
    def peak(self) -> int:
        """How many values of activations are alive at once, at most, while a tile is computed."""
        from convgraph.piecewise.liveness import peak

        return peak(self.network, self.row.name, self.tile)

    def memory(self, dtype: str = "float32", module: Any = None) -> int:
        """The same in bytes, with activations of a type, for one input without a batch.

        That is what has to be alive. A PyTorch module may hold more: what its code has in
        variables, and copies that layers make for themselves. Given the `module`, this is what it
        holds at most, on a CPU, in the type and the layout of its parameters; it is found by
        running it on tensors that have no data.
        """
        if module is None:
            return self.peak * bytes_of(dtype)
        from convgraph.piecewise.torch_memory import memory_of

        source = self.network.inputs[0].numbers()
        return memory_of(module, (*source[: len(source) - len(self.tile)], *self.tile))

    def statement(self) -> str:
        """What `verify` decides, in words."""
        lines = [
            f"For every input of shape {self.network.inputs[0].numbers()} and all values of the "
            f"parameters, row {self.row.name!r} of the whole is, tile by tile, that of the same "
            "network run on the tile alone, on the part that is kept."
        ]
        for number, axis in enumerate(self.axes):
            before, after = axis.cut.halo
            period = axis.cut.period
            lines.append(
                f"axis {number}: tiles begin at multiples of {period} and have n positions with "
                f"n = {axis.cut.size % period} modulo {period}; a cut spoils {before} positions "
                f"behind it and {after} in front of it."
            )
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """The plan as plain data."""
        axes = [
            {
                "size": axis.cut.size,
                "outputs": axis.cut.outputs,
                "tile": axis.tile,
                "stride": axis.stride,
                "tiles": len(axis),
                "step": axis.cut.period,
                "halo": axis.cut.halo,
                "circular": axis.cut.circular,
            }
            for axis in self.axes
        ]
        facts: dict[str, Any] = plain(
            {
                "row": self.row.name,
                "tiles": len(self.tiles),
                "overhead": self.overhead,
                "values_alive": self.peak,
                "axes": axes,
            }
        )
        return facts

    def to_bioimageio(self) -> dict[str, Any]:
        """The fields of a bioimage.io model description that a plan knows, per axis of space.

        Of the input's axes `size`: the smallest tile and the step of its sizes. Of the output's
        `scale` (input positions from one output to the next, where the input's is 1), `offset` (of
        `size`, which refers to the input's: size / scale + offset), and `halo`, how many outputs
        are cropped from both sides, which is there the same; it is left out where it is none.

        Raises
        ------
        ConvgraphError
            If the output has a part of a position more than the input's size over the scale: the
            description has no such offset.

        Examples
        --------
        >>> import convgraph as cg
        >>> net = (cg.Conv((3, 3)) >> cg.MaxPool((2, 2))).on((64, 64))
        >>> cg.tiles(net, tile=32).to_bioimageio()["outputs"][0]
        {'scale': 2.0, 'offset': -1}

        References
        ----------
        bioimage.io model description, version 0.5: `ParameterizedSize` (`min`, `step`),
        `SizeReference` (`size = reference.size * reference.scale / scale + offset`), and
        `SpaceOutputAxisWithHalo` (`size_after_crop = size - 2 * halo`).
        """
        inputs, outputs = [], []
        for place, axis in enumerate(self.axes):
            cut = axis.cut
            halo, offset = max(cut.before, cut.after), cut.outputs - cut.size / cut.step
            if offset.denominator != 1:
                raise ConvgraphError(
                    f"axis {place}: {cut.outputs} outputs of {cut.size} inputs at a step of "
                    f"{cut.step}; a description has whole numbers for offsets"
                )
            least = cut.smallest
            while cut.outputs_of(least) <= 2 * halo:
                least += cut.period
            inputs.append({"size": {"min": least, "step": cut.period}})
            known = {"scale": float(cut.step), "offset": int(offset)}
            outputs.append(known | ({"halo": halo} if halo else {}))
        return {"inputs": inputs, "outputs": outputs}


def bytes_of(dtype: str) -> int:
    """How many bytes a number of a type takes.

    >>> bytes_of("float32"), bytes_of("bfloat16")
    (4, 2)
    """
    if isinstance(dtype, str) and dtype == "bfloat16":  # which numpy does not have
        return 2
    try:
        size = np.dtype(dtype).itemsize if isinstance(dtype, str | type | np.dtype) else 0
    except TypeError:
        size = 0
    if not size:
        raise ConvgraphError(f'dtype={dtype!r}: the name of a type of numbers, such as "float32"')
    return size
