"""A drawn figure: it shows itself in a notebook, and saves itself in any format."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convgraph.core.checks import as_word
from convgraph.core.errors import ConvgraphError
from convgraph.core.missing import missing
from convgraph.core.network import Network
from convgraph.figures.drawing import Drawing
from convgraph.figures.files import save
from convgraph.figures.images import images_of
from convgraph.figures.render import FORMATS, render

if TYPE_CHECKING:
    from convgraph.figures.live.inline import LiveFigure

__all__ = ["SAVED", "Figure", "title_of"]

SAVED = (*FORMATS, "html", "tex")
SHOWN = "the last line of a cell shows it, and save('figure.svg') writes a file to look at"


def title_of(network: Network) -> str:
    """The title of a drawn network, if nobody gives it another: its rows, and their shapes."""
    rows = [f"{row.name}{list(row.shape)}" for row in network.rows]
    return "Network " + " -> ".join(rows if len(rows) <= 6 else [*rows[:3], "...", rows[-1]])


@dataclass(frozen=True, repr=False)
class Figure(Drawing):
    """One or more drawn networks, above or beside each other; `draw` makes it.

    Attributes
    ----------
    title, description
        What the figure says to those who do not see it.
    dot
        The figure as DOT text, with the place of everything in it.
    width
        How wide it is, in points, if somebody asked for a width; see `sized`.
    """

    def page(self) -> str:
        """The figure as a live page: pointing at it shows what units see and what is tied.

        It is one self-contained HTML text, which works by keyboard, in the dark and in print.
        """
        from convgraph.figures.live.page import page

        return page([self], self.title)

    def live(self) -> LiveFigure:
        """The live page inside a notebook: the last line of a cell shows it.

        Where a viewer lets no frames or scripts through, the still picture is left.

        >>> import convgraph as cg
        >>> sorted(cg.draw(cg.Conv(3).on(5)).live()._repr_mimebundle_())
        ['image/svg+xml', 'text/html', 'text/plain']
        """
        from convgraph.figures.live.inline import LiveFigure

        return LiveFigure(self)

    def content(self, format: str, dpi: float = 192) -> bytes:
        """The content of a file in this format."""
        as_word("format", format, SAVED, "a format is one of {}")
        if format == "svg":
            return self.svg().encode()
        if format == "html":
            return self.page().encode()
        if format == "tex":
            return self.tikz.encode()
        if format == "dot":
            if images_of(self.panels):
                raise ConvgraphError(
                    "format='dot': DOT has no images of its own; ask for pdf, svg or png"
                )
            # Whatever program draws it leaves everything in its place, as `neato -n2` does.
            return render(self._dot(layout="nop2"), format)
        with tempfile.TemporaryDirectory() as folder:
            images = {}
            for name, content in images_of(self.panels).items():
                images[name] = str(Path(folder, f"{name}.png"))
                Path(images[name]).write_bytes(content)
            dot = self._dot(layered=True, images=images)
            return render(dot, format, dpi=dpi)

    def save(self, path: str | os.PathLike[str], dpi: float = 192) -> Path:
        """Write the figure to a file, whole or not at all; the name's ending says the format.

        Parameters
        ----------
        path
            A name that ends in .svg, .html (a live page), .tex (TikZ), .png, .pdf or .dot.
            PNG and PDF need Graphviz's `dot`.
        dpi
            Pixels per inch in PNG.

        Returns
        -------
        Path
            The path that was given.

        Raises
        ------
        ConvgraphError
            For another ending, without `dot` where it is needed, for .tex and .dot of a figure with
            images, or if it cannot be written.
        """
        forms = {f".{form}": partial(self.content, form, dpi) for form in SAVED}
        return save(path, forms, "a figure")

    if not TYPE_CHECKING:  # type checkers know what there is

        def __getattr__(self, name: str) -> Any:
            raise missing(self, name, SHOWN if name in ("show", "display", "plot", "view") else "")

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"image/svg+xml": self.svg(), "text/plain": repr(self)}

    def __repr__(self) -> str:
        panels = [
            f"{len(p.units)} cells"
            if p.cells
            else f"{len(p.units)} units, {len(p.edges)} connections"
            for p in self.panels
        ]
        return f"Figure({self.title!r}: {'; '.join(panels)})"
