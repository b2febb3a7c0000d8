"""Draw a layer as its matrix: a row for each unit, a column for each unit that it could read."""

from __future__ import annotations

from typing import Any

import numpy as np

from convgraph.core.calls import checked
from convgraph.core.checks import as_flag
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network, check_network
from convgraph.figures.figure import Figure
from convgraph.figures.lettering import letter_width, text_width
from convgraph.figures.looks import parameter_colors
from convgraph.figures.marks import letters_of
from convgraph.figures.panel import Mark, Panel, Text
from convgraph.figures.paragraphs import shortened
from convgraph.figures.theme import ThemeLike, as_theme

__all__ = ["draw_matrix"]

SIDE = 0.61  # pitches of a cell
READABLE = 9.0  # points of what stands in a cell, which is broader for long names
BROADEST = 4.0  # cells that such a cell is wide at most
MOST_CELLS = 2_500  # 50 by 50, with names that can be read; charts show larger ones as pixels


@checked
def draw_matrix(
    network: Network,
    row: str | None = None,
    *,
    letters: Any = True,
    colors: bool = True,
    theme: ThemeLike = "book",
    title: str | None = None,
) -> Figure:
    """Draw the matrix of one layer, in the colours that `draw(..., edges="parameters")` gives.

    Parameters
    ----------
    network
        A bound network.
    row
        The row that the layer computes; by default the output.
    letters
        What stands in the cells, as for `draw`: the parameters' names by default.
    colors
        Whether each parameter has a colour of its own.
    theme, title
        As for `draw`.

    Raises
    ------
    ConvgraphError
        If the row is an input, or if the matrix has over 2,500 cells.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = cg.Conv(3, padding="same").on(5)
    >>> both = cg.draw(net, edges="parameters").beside(cg.draw_matrix(net))
    >>> both.save("matrix.svg").name
    'matrix.svg'
    """
    check_network(network)
    chosen = as_theme(theme)
    target = network.outputs[0] if row is None else network.row(row)
    layer = network._layer_of.get(target.name)
    if layer is None or not layer.joints:
        raise ConvgraphError(f"row={target.name!r}: a row that is computed, not an input")
    sources = {joint.source.name: joint.source for joint in layer.joints}
    high, wide = int(target.size), sum(int(source.size) for source in sources.values())
    if high * wide > MOST_CELLS:
        raise ConvgraphError(
            f"network={network!r}: a matrix of {high:,} by {wide:,} cells is too large to draw (at "
            f"most {MOST_CELLS:,} cells); plot_matrix shows larger ones"
        )
    carried = _carried(network, target.name, letters_of(network, letters))
    color_of = parameter_colors(network) if as_flag("colors", colors) else {}
    side = SIDE * chosen.pitch
    columns = [unit for source in sources.values() for unit in source.units()]
    written = {ends: "+".join(letter for _, letter in found) for ends, found in carried.items()}
    needed = max((letter_width(text, READABLE, chosen) for text in written.values()), default=0.0)
    broad = max(side, min(needed + 6, BROADEST * side))
    marks, texts = [], []
    for i, unit in enumerate(target.units()):
        y = (high - 1 - i) * side
        texts.append(_name(unit, -(broad + side) / 2, y, side))
        for j, read in enumerate(columns):
            found = carried.get((unit, read), [])
            parameter = found[0][0] if len(found) == 1 else None
            text = written.get((unit, read), "")
            fill = color_of.get(parameter or "")
            named = f"kernel,{target.name},{i * wide + j}"
            place = j * broad, y, broad, side, 0.42 * side
            ends = (unit, read) if parameter is not None else None
            marks.append(Mark(named, "cell", text, *place, fill, ends=ends, parameter=parameter))
    top = high * side
    texts += [_name(unit, j * broad, top, side) for j, unit in enumerate(columns)]
    words = (
        f"The matrix of {target.name}: {high} rows, {wide} columns, "
        f"{len(carried)} entries that are not zero."
    )
    heading = f"Matrix {', '.join(sources)} -> {target.name}" if title is None else title
    parts = (), (), tuple(texts), (high - 1) * side, words, network, tuple(marks)
    return Figure((Panel(*parts),), chosen, heading)


def _name(unit: str, x: float, y: float, side: float) -> Text:
    """The name of a row or of a column, or its end where it is long."""
    size = 0.45 * side
    text = shortened(unit, lambda name: text_width(name, size) <= side)
    return Text(text, x, y, side, size, symbol=True)


def _carried(
    network: Network, row: str, letters: list[str] | None
) -> dict[tuple[str, str], list[tuple[str, str]]]:
    """What stands where: labels and their letters, by unit and by what it reads."""
    edges = network.edges
    names = [unit for each in network.rows for unit in each.units()]
    first = network.offsets[row]
    last = first + int(network.row(row).size)
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for n in np.flatnonzero((edges.target >= first) & (edges.target < last)).tolist():
        ends = names[edges.target[n]], names[edges.source[n]]
        label = str(edges.labels[edges.label[n]])
        found.setdefault(ends, []).append((label, letters[n] if letters else ""))
    return found
