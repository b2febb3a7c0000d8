"""A plan for computing an image in tiles: held against the network, run, proved and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from convgraph.core.tables import Table
from convgraph.piecewise.tile_plan import TilePlan

if TYPE_CHECKING:
    from convgraph.piecewise.agreement import Difference
    from convgraph.piecewise.pictures import Picture
    from convgraph.piecewise.theorem import TilesTheorem

__all__ = ["Tiling"]


@dataclass(frozen=True, eq=False, repr=False)
class Tiling(TilePlan):
    """The plan: run the same network on every tile, keep the part that no cut spoils, and the
    stitched outputs are those of the whole.

    Attributes
    ----------
    network, row
        The network, and the row that is computed.
    axes
        The tiles along each axis of space.
    """

    def verify(self) -> bool:
        """Whether stitching gives the whole output: everything that what is kept of a tile depends
        on, in every row, lies in the tile.

        Decided for each kind of tile by walking back from what is kept through the connections of
        the whole network, which shares nothing with the arithmetic that made the plan.
        """
        from convgraph.piecewise.agreement import agrees

        return agrees(self)

    def theorem(self) -> TilesTheorem:
        """The same for images of all sizes: a statement with `verify()`, which asks z3.

        >>> import convgraph as cg
        >>> net = (cg.Conv((3, 3), padding=1) >> cg.MaxPool((2, 2))).on((64, 64))
        >>> print(cg.tiles(net, tile=20).theorem())
        For all values of the parameters and of the input, row 'g' is put together exactly from
        tiles
        axis 0: of 20 positions, from 16 i on, the last one where the input ends, for all inputs of
        N > 20 positions with N = 0 modulo 2. ...
        """
        from convgraph.piecewise.theorem import TilesTheorem

        return TilesTheorem.of(self)

    def witness(self, axis: int = 0, side: str = "before") -> Difference | None:
        """Why a halo smaller by one output would not do: an output just beyond what is kept, and
        the units that it depends on and that lie in no tile that is cut there.

        None where there is no cut on that side.
        """
        from convgraph.piecewise.agreement import beyond

        return beyond(self, axis, side)

    def run(self, function: Any, array: Any, out: Any = None, **options: Any) -> Any:
        """Run a function tile by tile, and stitch.

        Parameters
        ----------
        function
            The network as a function of an array of a tile's shape: numpy in and out, or PyTorch,
            a module among others.
        array
            The whole input: anything that has a shape and slices, such as a memory map or an array
            of zarr or HDF5. What comes before the axes of the network's input is a batch.
        out
            Where to write the output, anything of its shape that takes slices; by default an array
            of the kind that the function gives.
        options
            `progress=True` for a bar in the terminal, or a function around the tiles, such as
            `tqdm`; `done="file"` keeps which tiles are done, so that a run that was interrupted
            goes on where it ended.
        """
        from convgraph.piecewise.tile_run import run

        return run(self, function, array, out, **options)

    def draw(self, number: int | None = None) -> Picture:
        """The tiles over the image, with what one of them reads and what is kept of it; a picture
        that shows itself in a notebook and has `save`. For one or two axes."""
        from convgraph.piecewise.pictures import picture_of_tiles

        return picture_of_tiles(self, number)

    def table(self) -> Table:
        """A line for each axis."""
        columns = ("axis", "input", "tiles", "tile", "apart", "halo before", "behind", "step")
        rows = []
        for number, axis in enumerate(self.axes):
            tiles = axis.cut.size, len(axis), axis.tile, axis.stride
            rows.append(tuple(map(str, (number, *tiles, *axis.cut.halo, axis.cut.period))))
        facts = [
            ("read more than once", f"{float(self.overhead):.1%}"),
            ("alive at once", f"{self.peak:,} values"),
        ]
        return Table(repr(self), columns, rows, columns, facts)

    def _repr_html_(self) -> str:
        return self.table().html()

    def __str__(self) -> str:
        return f"{self!r}\n{self.table().text()}"

    def __repr__(self) -> str:
        size = " x ".join(str(axis.cut.size) for axis in self.axes)
        each = " x ".join(map(str, self.tile))
        return (
            f"Tiling({len(self.tiles):,} tiles of {each} over {size}, "
            f"{float(self.overhead):.1%} read more than once)"
        )
