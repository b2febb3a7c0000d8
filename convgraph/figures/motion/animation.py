"""An animation: frames, how long each is shown, and the forms in which it is saved."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Any, Literal

from convgraph.core import escape
from convgraph.core.calls import checked
from convgraph.core.checks import as_flag, as_word
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network, check_network
from convgraph.figures.files import save
from convgraph.figures.live.inline import framed
from convgraph.figures.motion.cell_values import numbers
from convgraph.figures.motion.choice import chosen
from convgraph.figures.motion.commuting import commuting_frames
from convgraph.figures.motion.frame_svg import strip_svg
from convgraph.figures.motion.frames import Cells, Scene, sweep_frames
from convgraph.figures.motion.grid import evened
from convgraph.figures.motion.growth import growth_frames
from convgraph.figures.motion.panels import Panels
from convgraph.figures.motion.pdf import strip_pdf
from convgraph.figures.motion.player import READ, page
from convgraph.figures.motion.running_back import gradient_frames
from convgraph.figures.motion.scatter import scatter_frames
from convgraph.figures.motion.shapes import Frame, magnified, texts
from convgraph.figures.motion.sweep import sweep
from convgraph.figures.motion.wrapped import captioned
from convgraph.symmetry.transformations.transformation import Transformation

__all__ = ["Animation", "animate"]

Reading = Literal["inserted", "scattered"]
READINGS, CELLS = ("inserted", "scattered"), ("numbers", "symbols", "none")
LONGER = 3  # times as long is the last frame shown
COLUMNS = 4  # of a strip
LARGEST = 1600.0  # pixels along a side of a picture, whatever its letters need


@dataclass(frozen=True, repr=False)
class Animation:
    """Frames that are played; see `animate`.

    Attributes
    ----------
    frames
        The pictures, each with its caption.
    size
        Width and height of a frame, in pixels.
    seconds
        How long a frame is shown.
    title
        What it shows.
    drawn
        The same frames as a wide window has room for them, in panels that a page lays out.
    """

    frames: tuple[Frame, ...] = field(repr=False)
    size: tuple[float, float]
    seconds: float
    title: str
    drawn: Panels = field(repr=False)

    @staticmethod
    def of(
        frames: Iterable[Frame],
        size: tuple[float, float],
        seconds: float,
        title: str,
        cuts: tuple[float, ...] = (),
    ) -> Animation:
        """Frames as they were drawn; where they are too wide to be read, their panels wrap."""
        drawn = Panels(tuple(evened(list(frames))), size, cuts)
        return Animation(*captioned(*drawn.sheet), seconds, title, drawn)

    @property
    def times(self) -> list[float]:
        """How long each frame is shown."""
        return [self.seconds] * (len(self.frames) - 1) + [LONGER * self.seconds]

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        scale: float | None = None,
        frames: int | slice | Sequence[int] | None = None,
        columns: int = COLUMNS,
    ) -> Path:
        """Write a page that plays it (.html), .gif, .mp4, an animated .png, a strip (.svg, .pdf).

        Parameters
        ----------
        path
            The file; its ending says what is written. GIF and PNG need the extra `motion`, MP4
            the extra `video`.
        scale
            How many pixels the pixels' formats have for a point, from 0.1 up to 4. Where none is
            given, 1, or as many as the smallest letter needs for 8 pixels, up to 1600 along a side.
            Pages and strips are as sharp at any size.
        frames
            Which frames: so many, spread from the first to the last, `slice(0, 9, 4)`, or a list
            such as `[0, 4, -1]`; they count from 0, as `film.frames` does. All if not given.
        columns
            How many frames of a strip stand side by side: fewer where a page is narrow, as letters
            shrink with its width.

        Returns
        -------
        Path
            The path that was given.

        Raises
        ------
        ConvgraphError
            If the ending is none of these, an extra is missing, there is no such frame, `columns`
            are of no strip, or the file cannot be written.

        Examples
        --------
        >>> import convgraph as cg
        >>> film = cg.animate(cg.Conv(3).on(9))
        >>> film.save("strip.svg", frames=4).name, film.save("strip.svg", frames=[0, 4, -1]).name
        ('strip.svg', 'strip.svg')
        """
        told = isinstance(scale, int | float) and not isinstance(scale, bool)
        if scale is not None and not (told and 0.1 <= scale <= 4):
            raise ConvgraphError(f"scale={scale!r}: a number from 0.1 up to 4")
        if scale not in (None, 1) and Path(path).suffix.lower() in (".html", ".svg", ".pdf"):
            raise ConvgraphError(f"scale={scale!r}: pages and strips are as sharp at any size")
        if isinstance(columns, bool) or not isinstance(columns, int) or columns < 1:
            raise ConvgraphError(f"columns={columns!r}: a number of frames from 1 on")
        if columns != COLUMNS and Path(path).suffix.lower() not in (".svg", ".pdf"):
            raise ConvgraphError(f"columns={columns!r}: of a strip, which .svg and .pdf are")
        if frames is not None:
            some = self._of(chosen(frames, len(self.frames)))
            return some.save(path, scale=scale, columns=columns)
        columns = min(columns, len(self.frames))
        forms: dict[str, Callable[[], bytes | str]] = {
            ".html": lambda: page(self.drawn, self.times, self.title),
            ".gif": lambda: self._animated("GIF", scale),
            ".mp4": lambda: self._video(scale),
            ".png": lambda: self._animated("PNG", scale),
            ".apng": lambda: self._animated("PNG", scale),
            ".svg": lambda: strip_svg(self.frames, self.size, columns, self.title),
            ".pdf": lambda: strip_pdf(self.frames, self.size, columns),
        }
        return save(path, forms, "an animation")

    def _of(self, numbers: Sequence[int]) -> Animation:
        """The film of some of its frames."""
        drawn = replace(self.drawn, frames=tuple(self.drawn.frames[i] for i in numbers))
        return replace(self, frames=tuple(self.frames[i] for i in numbers), drawn=drawn)

    def _animated(self, form: Literal["GIF", "PNG"], scale: float | None) -> bytes:
        from convgraph.figures.motion.raster import animated

        return animated(*self._magnified(scale), self.times, form)

    def _video(self, scale: float | None) -> bytes:
        from convgraph.figures.motion.video import video

        return video(*self._magnified(scale), self.times)

    @property
    def _legible(self) -> float:
        """The least scale, in quarters, at which all letters can be read, if not too large."""
        letters = (each.size for frame in self.frames for each in texts(frame))
        needed = ceil(4 * READ / min(letters, default=READ)) / 4
        return max(min(needed, LARGEST / max(self.size)), 1.0)

    def _magnified(self, scale: float | None) -> tuple[Sequence[Frame], tuple[float, float]]:
        width, height = self.size
        scale = self._legible if scale is None else scale
        if scale == 1:
            return self.frames, self.size
        return [magnified(each, scale) for each in self.frames], (scale * width, scale * height)

    def _repr_html_(self) -> str:
        whole = page(self.drawn, self.times, self.title)
        still = strip_svg(self.frames[-1:], self.size, 1, self.title)
        width, height = 1.4 * self.size[0] + 40, 1.4 * self.size[1] + 110
        return framed(whole, still, self.title, width, height)

    def __repr__(self) -> str:
        width, height = self.size
        title = escape.plain(self.title)
        return f"Animation({title}: {len(self.frames)} frames of {width:.0f} x {height:.0f})"


@checked
def animate(
    network: Network,
    unit: str | None = None,
    *,
    cells: Cells = "numbers",
    reading: Reading = "inserted",
    gradient: bool = False,
    transformation: Transformation | None = None,
    values: Any = None,
    parameters: Mapping[str, Any] | None = None,
    seconds: float = 0.6,
) -> Animation:
    """A layer in motion: its window over the padded input, the output filled cell by cell.

    Every frame is read off the layer's wiring: what a window reads, which taps lie in the padding,
    which weights are tied (they share a colour).

    Parameters
    ----------
    network
        A network of one layer of windows over one axis or two (a convolution, a transposed one, a
        pool); or, where a `unit` or a `transformation` is given, any small network.
    unit
        A unit whose receptive field grows, row by row, instead of a sweep.
    cells
        What stands in the cells: "numbers", "symbols" or "none".
    reading
        How a transposed convolution is shown: as a window over the input with zeros "inserted", or
        "scattered", each input unit adding the kernel to the output.
    gradient
        Whether the gradient of the unit (of an output) runs back, in numbers, instead of a field.
    transformation
        A shift, flip or turn: the way of the moved input through the network, beside the way of the
        input through the network, moved then. At the end, units where both differ are orange.
    values, parameters
        The numbers of the input, and of the parameter arrays by letter; small whole numbers where
        none are given.
    seconds
        How long a frame is shown; the last one three times as long.

    Returns
    -------
    Animation
        With `save(path)` for .html, .gif, .mp4, .png (animated), .svg and .pdf; it shows itself in
        a notebook.

    Raises
    ------
    ConvgraphError
        If the network is no such layer, or too large to be looked at.

    Examples
    --------
    >>> import convgraph as cg
    >>> cg.animate(cg.Conv((3, 3), stride=2, padding=1).on((5, 5)))
    Animation(Conv((3, 3), stride=2, padding=1) on 5 x 5: 11 frames of 550 x 294)
    >>> net = (cg.Conv(3, padding="same") >> cg.Conv(3, padding="same")).on(5)
    >>> cg.animate(net, unit="g3").frames[-1].caption
    'g3 sees 5 of the 5 positions of x'

    References
    ----------
    Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016).
    """
    check_network(network)
    as_word("cells", cells, CELLS)
    as_word("reading", reading, READINGS)
    as_flag("gradient", gradient)
    told = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if not told or not 0 < seconds < 60:
        raise ConvgraphError(f"seconds={seconds!r}: a number above 0 and below 60")
    if unit is not None or transformation is not None:
        _check_network_options(cells, reading, gradient, transformation, values, parameters)
        return _network_in_motion(
            network, unit, gradient, transformation, values, parameters, seconds, cells
        )
    if gradient:
        raise ConvgraphError("gradient=True: name the unit of an output whose gradient it is")
    for name, given in {"values": values, "parameters": parameters}.items():
        if given is not None and cells != "numbers":
            raise ConvgraphError(f"{name}=: numbers stand in no cell where cells={cells!r}")
    made = sweep(network)
    known = numbers(network, values, parameters) if cells == "numbers" else None
    title = f"{made.layer.spec!r} on {' x '.join(map(str, made.source.shape))}"
    if reading == "scattered":
        scene, scattered = scatter_frames(made, cells, known)
        return Animation.of(scattered, (scene.width, scene.height), seconds, title)
    board = Scene(made, cells, known).board
    frames = sweep_frames(made, cells, known)
    return Animation.of(frames, (board.width, board.height), seconds, title)


def _check_network_options(
    cells: Cells,
    reading: Reading,
    gradient: bool,
    transformation: Any,
    values: Any,
    parameters: Any,
) -> None:
    """What a film of a whole network would not follow is refused."""
    if transformation is not None and not isinstance(transformation, Transformation):
        raise ConvgraphError(
            f"transformation={transformation!r}: a transformation, such as Shift(1)"
        )
    if reading != "inserted":
        raise ConvgraphError(f"reading={reading!r}: of the sweep of one layer, without a unit=")
    if cells == "symbols":
        raise ConvgraphError("cells='symbols': of the sweep of one layer; else 'numbers' or 'none'")
    if gradient and cells == "none":
        raise ConvgraphError("cells='none': a gradient is shown in numbers")
    if transformation is None and not gradient:
        for name, given in {"values": values, "parameters": parameters}.items():
            if given is not None:
                raise ConvgraphError(
                    f"{name}=: a field that grows has no numbers; gradient=True has"
                )


def _network_in_motion(
    network: Network,
    unit: str | None,
    gradient: bool,
    transformation: Transformation | None,
    values: Any,
    parameters: Mapping[str, Any] | None,
    seconds: float,
    cells: Cells,
) -> Animation:
    """A field that grows, a gradient that runs back, or two ways that meet or do not."""
    cuts: tuple[float, ...] = ()
    if transformation is not None:
        if unit is not None:
            raise ConvgraphError(f"unit={unit!r}: of a unit or of a transformation, not of both")
        if gradient:
            raise ConvgraphError("gradient=True: of a unit of an output, and of no transformation")
        blank = cells == "none"
        size, frames, cuts = commuting_frames(network, transformation, values, parameters, blank)
        title = f"The network and {transformation!r}"
    elif gradient:
        assert unit is not None
        size, frames = gradient_frames(network, unit, values, parameters)
        title = f"The gradient of {unit}"
    else:
        assert unit is not None
        size, frames = growth_frames(network, unit)
        title = f"The receptive field of {unit}"
    return Animation.of(frames, size, seconds, title, cuts)
