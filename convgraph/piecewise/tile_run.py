"""Running a function tile by tile, and stitching what it gives."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from convgraph.core.errors import ConvgraphError
from convgraph.figures.files import write
from convgraph.piecewise.axis_tiles import Span, Tile
from convgraph.piecewise.tile_plan import TilePlan

__all__ = ["run"]


def run(
    plan: TilePlan,
    function: Callable[[Any], Any],
    array: Any,
    out: Any = None,
    *,
    progress: Callable[[Iterable[Tile]], Iterable[Tile]] | bool = False,
    done: str | os.PathLike[str] | None = None,
) -> Any:
    """Compute the whole output tile by tile.

    Parameters
    ----------
    plan
        The tiles.
    function
        The network as a function of an array of a tile's shape: numpy in and out, or PyTorch. A
        PyTorch module reads arrays, too: each tile becomes a tensor where the module's parameters
        are, with a batch of one in front if there is none, and no gradients are kept.
    array
        The whole input: anything that has a shape and slices, such as an array, a memory map, a
        tensor, or an array of zarr or HDF5. Its last axes are those of the network's input; what
        comes before them (a batch) is handed on.
    out
        Where to write the output: anything of its shape that takes slices, such as those above.
        By default an array of the kind that the function gives.
    progress
        True for a bar in the terminal, or a function around the tiles, such as `tqdm`.
    done
        A file that keeps which tiles are done, so that a run that was interrupted goes on where it
        ended; `out` has to be what was given then.

    Returns
    -------
    The output: `out`, or a new array.

    Raises
    ------
    ConvgraphError
        If the input's shape is not the plan's, or what the function gives for a tile is not as
        large as the plan says. What was written before stays.
    """
    space = len(plan.axes)
    _check_input(plan, array)
    if not callable(function):
        raise ConvgraphError(f"function={function!r}: the network as a function of an array")
    if out is not None:
        _check_out(plan, out)
    if _is_module(function) and not hasattr(array, "detach"):
        function = _on_arrays(function, len(plan.network.inputs[0].shape))
    finished = _Finished(done, plan)
    if finished.numbers and out is None:
        raise ConvgraphError(f"done={str(done)!r}: says that tiles are done; give the out= of then")
    tiles: Iterable[Tile] = (t for t in plan.tiles if t.number not in finished.numbers)
    tiles = _shown(tiles, len(plan.tiles) - len(finished.numbers), progress)
    for tile in tiles:
        result = function(_own(_read(array, tile.read, plan)))
        _check_output(plan, tile, result)
        if out is None:
            shape = (*result.shape[: result.ndim - space], *(a.cut.outputs for a in plan.axes))
            out = _like(result, shape)
        kept = result[(..., *(slice(*span) for span in tile.kept))]
        _put(out, kept, tile.put, plan)
        finished.add(tile.number)
        del result, kept  # or it would be held while the next tile is computed
    return out


def _own(part: Any) -> Any:
    """A copy: a function may write into what it gets, and tiles overlap."""
    return part.clone() if hasattr(part, "clone") else np.array(part)


def _check_input(plan: TilePlan, array: Any) -> None:
    wanted = plan.network.inputs[0].numbers()
    shape = tuple(getattr(array, "shape", ()))
    fits = shape[max(len(shape) - len(wanted), 0) :] == wanted
    if not fits or not hasattr(array, "__getitem__"):
        raise ConvgraphError(
            f"array of shape {shape}: its last axes are those of the network's input, {wanted}"
        )


def _check_out(plan: TilePlan, out: Any) -> None:
    wanted = tuple(axis.cut.outputs for axis in plan.axes)
    shape = getattr(out, "shape", ())
    last = shape[len(shape) - len(wanted) :] if isinstance(shape, tuple) else ()
    if tuple(last) != wanted or not hasattr(out, "__setitem__"):
        raise ConvgraphError(
            f"out={out!r}: an array whose last axes are those of the output, {wanted}"
        )


def _is_module(function: Any) -> bool:
    """Whether a function is a PyTorch module, which need not be imported to know it."""
    return any(
        kind.__module__ == "torch.nn.modules.module" and kind.__name__ == "Module"
        for kind in type(function).__mro__
    )


def _on_arrays(module: Any, axes: int) -> Callable[[Any], Any]:
    """A PyTorch module as a function of arrays, `axes` of which are those of one input."""
    import torch

    held = next(module.parameters(), None)

    def run_on(part: Any) -> Any:
        one = part.ndim == axes
        tensor = torch.from_numpy(part)
        if held is not None:
            tensor = tensor.to(held.device)
        with torch.no_grad():
            made = module(tensor[None] if one else tensor)
        return (made[0] if one else made).cpu().numpy()

    return run_on


def _check_output(plan: TilePlan, tile: Tile, result: Any) -> None:
    wanted = tuple(axis.outputs for axis in plan.axes)
    shape = tuple(getattr(result, "shape", ()))
    if len(shape) < len(wanted) or shape[len(shape) - len(wanted) :] != wanted:
        spans = " x ".join(f"{first}:{last}" for first, last in tile.read)
        raise ConvgraphError(
            f"function: gives {shape} for tile {tile.number}, which reads {spans}; "
            f"by the plan its last axes are {wanted}"
        )


def _read(array: Any, spans: tuple[Span, ...], plan: TilePlan) -> Any:
    """A tile of the input; on a circle the rest comes from the other end."""
    piece = array
    around = [
        a
        for a, (span, axis) in enumerate(zip(spans, plan.axes, strict=True))
        if span[1] > axis.cut.size
    ]
    plain = [slice(None) if a in around else slice(*span) for a, span in enumerate(spans)]
    piece = array[(..., *plain)]
    for a in around:
        first, last = spans[a]
        size = plan.axes[a].cut.size
        places = [i % size for i in range(first, last)]
        piece = piece[(..., places, *[slice(None)] * (len(spans) - a - 1))]
    return piece


def _put(out: Any, kept: Any, spans: tuple[Span, ...], plan: TilePlan) -> None:
    if hasattr(kept, "detach") and not hasattr(out, "detach"):
        kept = kept.detach().cpu().numpy()
    _put_from(out, kept, list(spans), [axis.cut.outputs for axis in plan.axes], ())


def _put_from(
    out: Any, kept: Any, spans: list[Span], sizes: list[int], done: tuple[slice, ...]
) -> None:
    """Write a block axis by axis; on a circle in two parts."""
    if not spans:
        out[(..., *done)] = kept
        return
    (first, last), size = spans[0], sizes[0]
    rest = len(spans) - 1
    at = 0
    while first < last:
        here = first % size
        count = min(last - first, size - here)
        part = kept[(..., slice(at, at + count), *[slice(None)] * rest)]
        _put_from(out, part, spans[1:], sizes[1:], (*done, slice(here, here + count)))
        first, at = first + count, at + count


def _like(result: Any, shape: tuple[int, ...]) -> Any:
    return (
        result.new_empty(shape) if hasattr(result, "new_empty") else np.empty(shape, result.dtype)
    )


def _shown(tiles: Iterable[Tile], count: int, progress: Any) -> Iterable[Tile]:
    if callable(progress):
        return progress(tiles)
    if progress:
        from rich.progress import track

        return track(tiles, description="tiles", total=count)
    return tiles


class _Finished:
    """The numbers of finished tiles, in a file that is never half written."""

    def __init__(self, path: str | os.PathLike[str] | None, plan: TilePlan) -> None:
        self.path = None if path is None else Path(path)
        self.numbers: set[int] = set()
        self.plan = {"tile": list(plan.tile), "tiles": len(plan.tiles), "row": plan.row.name}
        if self.path is None or not self.path.exists():
            return
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            self.numbers = {int(n) for n in kept.pop("done")}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise ConvgraphError(
                f"done={str(path)!r}: not a file that a run of tiles kept"
            ) from None
        if kept != self.plan:
            raise ConvgraphError(f"done={str(path)!r}: was kept by another plan, {kept}")

    def add(self, number: int) -> None:
        self.numbers.add(number)
        if self.path is None:
            return
        kept = json.dumps({**self.plan, "done": sorted(self.numbers)})
        write(self.path, kept, argument="done")
