"""Draw a network: its units, its connections, and what an answer says of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from convgraph.core.calls import checked
from convgraph.core.network import Network, check_network
from convgraph.figures.build import Wish, build
from convgraph.figures.figure import Figure, title_of
from convgraph.figures.legend import Legend
from convgraph.figures.looks import Looks
from convgraph.figures.marks import Emphasis, Shade
from convgraph.figures.panel import Direction
from convgraph.figures.theme import ThemeLike, as_theme

__all__ = ["draw"]


@checked
def draw(
    network: Network,
    shade: Shade = None,
    emphasize: Emphasis = None,
    *,
    letters: Any = None,
    values: Mapping[str, Any] | None = None,
    captions: str | Mapping[str, str] | None = None,
    headings: Mapping[str, str] | None = None,
    show: Any = None,
    edges_of: Any = None,
    padding: bool = False,
    units: Looks = None,
    edges: Looks | str = None,
    legend: Legend = None,
    direction: Direction = "up",
    row_distance: float | None = None,
    theme: ThemeLike = "book",
    title: str | None = None,
) -> Figure:
    """Draw a small network, its input at the bottom and its output on top.

    Colours are #rrggbb or names such as "orange".

    Parameters
    ----------
    network
        A bound network; at most 1,000 units and 5,000 connections of it are drawn. Of a row of more
        than 40 units that is its ends, one period of its tying, and what is shaded or named; rows
        that stand over it show their ends, too, each unit over the middle of what it sees.
    shade
        Units to fill: a unit, a set of units (what `receptive_field` answers), a list of those, or
        a dict from colour to any of them. A unit of several colours shows all of them.
    emphasize
        Connections to draw black, all others grey: a parameter (name or symbol), (source, target)
        pairs, a set of those, or what `uses` answers.
    letters
        What stands beside the connections: True for the parameters' names, a dict from parameters
        to text, or a text whose characters go to the parameters in order of appearance. Where
        arrows cross, letters stand on their own arrow and on no other, and units move apart until
        there is room, as far as a page goes. Beyond that, as for a dense layer of more than seven
        units, the other letters are left out and a line below says how many; `edges_of="s1"` draws
        the connections of one unit alone, and `draw_matrix` shows all parameters.
    values
        Numbers to write into units: arrays by row, or numbers by unit.
    captions
        A text on the left of the figure, or a dict from rows to texts beside the layers that
        compute them (below them, where rows are columns).
    headings
        A dict from rows to texts above them (below the lowest).
    show
        Units to draw, as for `shade`; or a whole number, and rows of more units show so many from
        their two ends; or "all", long rows whole. "..." stands for units left out, and dashed
        arrows run to and from it.
    edges_of
        Computed units whose connections to what they read are drawn, as for `shade`, or "ends" for
        the first and the last of each row. "..." stands for the connections of others.
    padding
        Whether to draw the zeros that windows read beyond the border, as black units; with letters
        their arrows have those of the parameters that a window has there.
    units
        How units look: a dict from units to properties, a list of such pairs, or a function from a
        unit's name to its properties or None. A key is a unit, a row, a set of units (as an answer
        or a frozenset; in a pair any set) or a function that says yes to some; of two that say
        something of one unit the later wins. Properties, each of
        which may be a function of the unit's name, are `label`, `fill` (a colour, or several),
        `color` (of the outline), `size` (1 is the usual), `shape` ("circle", "square", "diamond")
        and `image` (an array of rows of numbers, in shades of grey, or of yes and no, in ink).
    edges
        How connections look, in the same ways: a key is a parameter, a pair of units, a set of
        those or an answer of `uses`; a function, also in place of a property, gets source, target
        and parameter. Properties are `label`, `color`, `width` (1 is the usual) and `line`
        ("solid", "dashed", "dotted").
        "parameters" gives each parameter a colour of its own.
    legend
        A dict from colours to texts, or True for the units and parameters that have a colour.
    direction
        Where the output is, seen from the input: "up", "down", "right" or "left".
    row_distance
        From row to row, in column pitches; by default 1, and more where names stand beside the
        connections or where these run far sideways.
    theme
        "book", "slides", "dark", a `Theme`, or a dict or the name of a TOML or JSON file with some
        of its fields, such as `{"base": "slides", "shade": "orange"}`.
    title
        The figure's title, for those who do not see it.

    Returns
    -------
    Figure
        Shows itself in a notebook; `.save("f.svg")`, `.svg()`, `.dot`, and `.above(other)` and
        `.beside(other)` to join two.

    Raises
    ------
    ConvgraphError
        If the network is too large to draw or has symbolic sizes, or if it has no such unit,
        connection, parameter or row.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = cg.Conv(3, padding="same").on(5)
    >>> figure = cg.draw(net, shade=cg.projective_field(net, "x3"), emphasize="w_2")
    >>> figure
    Figure('Network x[5] -> s[5]': 10 units, 13 connections)
    >>> figure.save("figure.svg").name
    'figure.svg'
    >>> fields = {"orange": cg.receptive_field(net, "s2"), "cyan": cg.receptive_field(net, "s4")}
    >>> two = cg.draw(net, shade=fields, legend={"orange": "seen by s2", "cyan": "seen by s4"})
    >>> looks = {"s2": {"shape": "square", "label": "here"}, cg.receptive_field(net, "s2"): {}}
    >>> tied = cg.draw(net, units=looks, edges="parameters", direction="right")

    References
    ----------
    Goodfellow, Bengio and Courville, Deep Learning (2016), figures 9.2 to 9.16.
    """
    check_network(network)
    chosen = as_theme(theme)
    wish = Wish(
        shade,
        emphasize,
        letters,
        values,
        captions,
        headings,
        show,
        edges_of,
        padding,
        direction,
        row_distance,
        units,
        edges,
        legend,
    )
    panel = build(network, chosen, wish)
    return Figure((panel,), chosen, title_of(network) if title is None else title)
