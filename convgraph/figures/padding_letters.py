"""What stands beside the arrows from padding: the parameter that a window has there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from convgraph.core.network import Network
from convgraph.core.tying import Learned
from convgraph.core.wiring import Product
from convgraph.figures.padding_marks import sliding_axis
from convgraph.figures.panel import Edge, Panel, Unit

__all__ = ["padding_letters", "with_arrows_from_padding"]


def padding_letters(
    network: Network, letters: Sequence[str] | None
) -> dict[tuple[str, int, str, int], str]:
    """The letters by (source row, position, target row, output), as `padding_edges` has them.

    `letters` are those beside the edges of the table. A parameter that no edge carries has none.

    >>> import convgraph as cg
    >>> net = cg.Conv(3, padding=1).on(4)
    >>> padding_letters(net, [str(net.edges.labels[n]) for n in net.edges.label])
    {('x', -1, 's', 0): 'w_1', ('x', 4, 's', 3): 'w_3'}
    """
    table = network.edges
    if letters is None:
        return {}
    letter_of = dict(zip(table.label.tolist(), letters, strict=True))
    found = {}
    for layer in network.layers:
        for joint in layer.joints:
            chosen, tying = sliding_axis(joint), joint.tying
            if chosen is None or chosen[1].boundary != "zeros" or not isinstance(tying, Learned):
                continue
            number, window = chosen
            assert isinstance(joint.wiring, Product)
            others = [a for a in range(len(joint.wiring.axes)) if a != number]
            if any(int(joint.wiring.axes[a].taps) > 1 for a in others):
                continue  # several parameters for one arrow
            code = tying.codes(number, joint.wiring.axes[number])
            first = table.labels.start(tying.letter or "")
            first += sum(int(tying.codes(a, joint.wiring.axes[a])[0, 0]) for a in others)
            for output, tap in np.argwhere(window.table() < 0).tolist():
                at = int(window.stride) * output + int(window.dilation) * tap - int(window.padding)
                place = joint.source.name, at, layer.target.name, output
                found[place] = letter_of.get(first + int(code[output, tap]), "")
    return found


def with_arrows_from_padding(panel: Panel) -> Panel:
    """The panel with arrows from padding among its connections, for whoever places letters."""
    arrows = [line for line in panel.lines if not line.dashed]
    more = [
        Edge(line.source, line.target, 0, "", line.route, line.strong, False, label=line.label)
        for line in arrows
    ]
    zeros = [
        Unit(mark.name, "", "", mark.x, mark.y) for mark in panel.marks if mark.kind == "padding"
    ]
    others = tuple(line for line in panel.lines if line.dashed)
    edges, units = (*panel.edges, *more), (*panel.units, *zeros)
    return replace(panel, edges=edges, units=units, lines=others)
