"""Plots of answers: growth of fields, paths, uses, the matrix in colour, sparsity (extra `plot`).

Each returns a matplotlib `Figure` of its own, which shows itself in a notebook and has `savefig`;
nothing global is touched.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core import escape, memory
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Layer
from convgraph.core.network import Network, check_network
from convgraph.interactions.paths import path_counts
from convgraph.interactions.sparsity import sparsity
from convgraph.reports.report import report
from convgraph.sharing.tied_weights import tied_weights

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_growth", "plot_matrix", "plot_paths", "plot_sparsity", "plot_uses"]

# Okabe and Ito's colours, which all common kinds of colour vision tell apart.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
MARKS = "osD^v*"


def _figure(width: float, height: float) -> Figure:
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ConvgraphError(
            "plot: matplotlib is not installed; the extra 'plot' brings it: "
            "pip install 'convgraph[plot]'"
        ) from None

    class Plot(Figure):
        """A figure that shows itself in a notebook, whether or not matplotlib is set up there."""

        def _repr_png_(self) -> bytes:
            content = io.BytesIO()
            self.savefig(content, format="png")
            return content.getvalue()

        def draw(self, renderer: Any) -> None:
            if type(self.canvas).__module__ == "matplotlib.backends.backend_pgf":
                _check_letters(self)
            super().draw(renderer)

    return Plot(figsize=(width, height), layout="constrained")


def _check_letters(figure: Figure) -> None:
    """Refuse names that are commands where LaTeX draws all texts as they are."""
    from matplotlib.cbook import is_math_text
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        said = text.get_text()
        by_tex = text.get_usetex() or is_math_text(said)  # such are ours, or matplotlib's own
        if not by_tex and "\\" in said.replace(r"\$", "$"):
            raise ConvgraphError(
                f"plot: the backend pgf gives names to LaTeX as they are, and {said!r} would be a "
                "command there; save it as .pdf or .svg"
            )


def _said(name: str) -> str:
    """A name as the text that it is, whoever draws the letters."""
    from matplotlib import rcParams

    return escape.chart(name, by_tex=bool(rcParams["text.usetex"]))


def plot_growth(network: Network) -> Figure:
    """How the receptive field grows from row to row, one line for each axis of the input.

    >>> import convgraph as cg
    >>> figure = plot_growth((cg.Conv(3) >> cg.Conv(3) >> cg.Conv(3)).on(16))
    >>> figure.axes[0].lines[0].get_ydata().tolist()
    [1, 3, 5, 7]
    """
    rows = [(row.name, row.receptive_field) for row in report(network, effective=False).rows]
    fields = [(name, field) for name, field in rows if field]
    figure = _figure(1.5 + 0.45 * len(fields), 3.2)
    axes = figure.subplots()
    count = max((len(field) for _, field in fields), default=0)
    for a in range(count):
        sizes = [(i, field[a]) for i, (_, field) in enumerate(fields) if a < len(field)]
        known = np.array([(i, size) for i, size in sizes if isinstance(size, int)])
        color, mark = COLORS[a % len(COLORS)], MARKS[a % len(MARKS)]
        axes.plot(known[:, 0], known[:, 1], color=color, marker=mark, label=f"axis {a + 1}")
    axes.set_xticks(
        range(len(fields)), [_said(n) for n, _ in fields], rotation=90 * (len(fields) > 12)
    )
    axes.set_ylabel("receptive field")
    axes.set_ylim(bottom=0)
    if count > 1:
        axes.legend(frameon=False)
    return figure


def plot_paths(network: Network, unit: str, row: str | None = None) -> Figure:
    """The effective receptive field of a unit: its share of paths from each unit of a row.

    Channels are added up. A row of one axis gives bars, one of two axes a heat map.

    References
    ----------
    Luo, Li, Urtasun and Zemel, Understanding the Effective Receptive Field in Deep Convolutional
    Neural Networks (2016).
    """
    counts = path_counts(network, unit, row)
    source = network.row(row) if row is not None else network.inputs[0]
    array = counts.array.sum(axis=0) if source.channels else counts.array
    shares = np.array([float(n) for n in (array / max(counts.total, 1)).ravel()])
    shares = shares.reshape(array.shape)
    figure = _figure(4.2, 3.4)
    axes = figure.subplots()
    if shares.ndim == 1:
        axes.bar(range(1, len(shares) + 1), shares, color=COLORS[0])
        axes.set_xlabel(f"position in {_said(source.name)}")
        axes.set_ylabel(f"share of the paths to {_said(unit)}")
    elif shares.ndim == 2:
        _heat(figure, axes, shares, f"share of the paths to {_said(unit)}")
    else:
        raise ConvgraphError(f"row={source.name!r}: rows of one or two axes are plotted")
    return figure


def plot_uses(network: Network) -> Figure:
    """How often each kernel element is used: at the border some are used less.

    One panel for each parameter array; filters and channels, which are all alike, are averaged.
    """
    check_network(network)
    arrays = tied_weights(network).arrays
    if not arrays:
        raise ConvgraphError(f"network={network!r}: it has no parameters")
    figure = _figure(1 + 2.6 * len(arrays), 2.8)
    panels = np.atleast_1d(figure.subplots(1, len(arrays)))
    for axes, array in zip(panels, arrays, strict=True):
        uses = np.asarray(array.uses, dtype=float)
        keep = min(2, sum(size > 1 for size in uses.shape)) or 1
        kernel = uses.reshape(-1, *uses.shape[uses.ndim - keep :]).mean(axis=0)
        axes.set_title(_said(array.letter))
        if kernel.ndim == 2:
            _heat(figure, axes, kernel, "uses")
        else:
            axes.bar(range(1, len(kernel) + 1), kernel, color=COLORS[0])
            axes.set_xlabel("element")
            axes.set_ylabel("uses")
    return figure


def plot_matrix(network: Network) -> Figure:
    """The matrix of a layer with its tying in colour: entries of one parameter look alike.

    Toeplitz, circulant, doubly block circulant or full: the structure shows without reading it. A
    network of several layers gives a panel for each.

    >>> import convgraph as cg
    >>> net = cg.Conv(3, padding="same", padding_mode="circular").on(6)
    >>> plot_matrix(net).axes[0].images[0].get_array().shape
    (6, 6)
    """
    check_network(network)
    figure = _figure(0.6 + 3.2 * len(network.layers), 3.2)
    panels = np.atleast_1d(figure.subplots(1, len(network.layers)))
    for axes, layer in zip(panels, network.layers, strict=True):
        labels = _label_matrix(network, layer)
        shown = np.ma.masked_less(labels, 0)
        axes.imshow(shown % 20, cmap="tab20", vmin=0, vmax=19, interpolation="nearest")
        axes.set_title(_said(layer.target.name))
        axes.set_xlabel("inputs")
        axes.set_ylabel("outputs")
        axes.set_xticks([])
        axes.set_yticks([])
    return figure


def _label_matrix(network: Network, layer: Layer) -> NDArray[np.int64]:
    """The label of each entry, -1 where there is no connection."""
    edges, sources = network.edges, [joint.source for joint in layer.joints]
    rows, first = int(layer.target.size), network.offsets[layer.target.name]
    columns = sum(int(source.size) for source in sources)
    memory.require("matrix entries", rows * columns, 8)
    matrix = np.full((rows, columns), -1, np.int64)
    target = edges.target.astype(np.int64) - first
    own = (target >= 0) & (target < rows)
    at = 0
    for source in sources:
        column = edges.source.astype(np.int64) - network.offsets[source.name]
        here = own & (column >= 0) & (column < int(source.size))
        matrix[target[here], column[here] + at] = edges.label[here]
        at += int(source.size)
    return matrix


def plot_sparsity(network: Network) -> Figure:
    """Which share of the dense layer's connections each layer has."""
    layers = sparsity(network).layers
    figure = _figure(1.5 + 0.45 * len(layers), 3.2)
    axes = figure.subplots()
    names = [_said(layer.target.name) for layer in network.layers]
    axes.bar(range(len(layers)), [float(layer.density) for layer in layers], color=COLORS[0])
    axes.set_xticks(range(len(layers)), names, rotation=90 * (len(layers) > 12))
    axes.set_ylabel("connections / dense connections")
    axes.set_ylim(0, 1)
    return figure


def _heat(figure: Figure, axes: Any, values: NDArray[np.float64], label: str) -> None:
    image = axes.imshow(values, cmap="cividis", interpolation="nearest", vmin=0)
    figure.colorbar(image, ax=axes, label=label, shrink=0.8)
    axes.set_xticks([])
    axes.set_yticks([])
