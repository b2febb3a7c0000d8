"""From a network and what is to be shown of it to a panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, get_args

import numpy as np

from convgraph.core.checks import as_flag
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.network import Network
from convgraph.figures.abridged import abridged
from convgraph.figures.captions import captions_of, headings_of
from convgraph.figures.drawn_edges import drawn_edges
from convgraph.figures.layout import Closed, Layout, layout
from convgraph.figures.legend import Legend, with_legend
from convgraph.figures.letter_room import Room, closer, placed, rooms
from convgraph.figures.lettering import fits, of_one_size, room_in, wrapped
from convgraph.figures.looks import EdgeLook, Looks, UnitLook, edge_looks, unit_looks
from convgraph.figures.marks import Emphasis, Shade, emphasized, fills, letters_of
from convgraph.figures.notes import left_out, letters_left_out, names_cut, with_note
from convgraph.figures.omitted import Omitted
from convgraph.figures.padding_letters import padding_letters, with_arrows_from_padding
from convgraph.figures.panel import Direction, Panel, Unit
from convgraph.figures.paragraphs import CUT, shortened
from convgraph.figures.parts import ALL, close_up, shown_units, targets_with_edges
from convgraph.figures.pictures import pictures
from convgraph.figures.routes import CLEARANCE
from convgraph.figures.theme import Theme
from convgraph.figures.words import shades
from convgraph.figures.written import written_values

__all__ = ["MOST_EDGES", "MOST_UNITS", "Wish", "build"]

# What is drawn one by one, in a second or two; on a page of paper lines lie upon each other long
# before. A larger network is refused, with what else could be asked.
MOST_UNITS = 1_000
MOST_EDGES = 5_000
MOST_COUNTED = 2_000_000  # units and connections to choose from, where only some are drawn
MOST_ABRIDGED = 100_000  # and where nobody says which, so that nobody waits for what was a slip

FROM = {
    "up": "Rows of units from the bottom",
    "down": "Rows of units from the top",
    "right": "Columns from the left",
    "left": "Columns from the right",
}

MOST_READ = 40  # units or connections that a description names

WIDEST = 0.95  # pitches that a unit takes
MOST_IN_DIAMOND = 2  # colours: Graphviz parts circles and squares into more, and nothing else
WITH_NAMES = 1.5  # pitches between rows whose edges have names beside them
ACROSS_WITH_NAMES = 2.2  # where they run across, and names stand one behind the other
ACROSS = ("right", "left")


@dataclass(frozen=True)
class Wish:
    """What a caller of `draw` asks for; see there."""

    shade: Shade = None
    emphasize: Emphasis = None
    letters: Any = None
    values: Mapping[str, Any] | None = None
    captions: str | Mapping[str, str] | None = None
    headings: Mapping[str, str] | None = None
    show: Any = None
    edges_of: Any = None
    padding: bool = False
    direction: Direction = "up"
    row_distance: float | None = None
    units: Looks = None
    edges: Looks | str = None
    legend: Legend = None

    def __post_init__(self) -> None:
        distance = self.row_distance
        if distance is not None and not (
            isinstance(distance, int | float) and 0.7 <= distance <= 100
        ):
            raise ConvgraphError(
                f"row_distance={distance!r}: a number of column pitches from 0.7 to 100"
            )
        if str(self.direction) not in get_args(Direction):
            raise ConvgraphError(
                f"direction={self.direction!r}: rows run {', '.join(get_args(Direction))}"
                f"{nearest(str(self.direction), get_args(Direction))}"
            )


def build(network: Network, theme: Theme, wish: Wish) -> Panel:
    """The panel of a network; units are moved apart until letters have room between them."""
    every = isinstance(wish.show, str) and wish.show == ALL
    most: int | None
    if wish.show is None:
        most = MOST_ABRIDGED if wish.edges_of is None else MOST_COUNTED
    else:
        most = None if every and wish.edges_of is None else MOST_COUNTED
    _check_size(network, _units(network), int(network.connection_count), most)
    letter = letters_of(network, wish.letters)
    panel = _built(network, theme, wish, letter, Room())
    if letters_left_out(panel):
        panel = _with_room(network, theme, wish, letter, panel)
    if letters_left_out(panel) and wish.emphasize is not None:
        panel = _built(network, theme, wish, letter, Room(alone=False))
        if letters_left_out(panel):
            panel = _with_room(network, theme, wish, letter, panel, alone=False)
    # Of what a caller leaves out there is no need to speak.
    said = [left_out(panel) if wish.show is None else "", letters_left_out(panel), names_cut(panel)]
    return with_note(panel, " ".join(filter(None, said)), theme)


def _with_room(
    network: Network,
    theme: Theme,
    wish: Wish,
    letter: Sequence[str] | None,
    panel: Panel,
    *,
    alone: bool = True,
) -> Panel:
    """The panel with units so far apart that all letters have a place, or as it is if none has.

    Two rows whose letters do not need that are as near to each other as without letters.
    """
    across = wish.direction in ACROSS
    tried = rooms(panel, theme, across, wish.row_distance)
    alike = ([replace(room, alone=alone) for room in each] for each in tried)
    found = (_first(network, theme, wish, letter, each) for each in alike)
    room = next(filter(None, found), None)
    if room is None:
        return panel
    gaps = closer(room, panel, across) if wish.row_distance is None else ()
    panel = _built(network, theme, wish, letter, room)
    for gap in gaps:
        less = replace(room, nearer=(*room.nearer, gap))
        nearer = _built(network, theme, wish, letter, less)
        if not letters_left_out(nearer):
            room, panel = less, nearer
    return panel


def _first(
    network: Network,
    theme: Theme,
    wish: Wish,
    letter: Sequence[str] | None,
    tried: Sequence[Room],
) -> Room | None:
    """The first room in which all letters have a place."""

    def suffices(room: Room) -> bool:
        return not letters_left_out(_built(network, theme, wish, letter, room))

    return next(filter(suffices, tried)) if suffices(tried[-1]) else None


def _built(
    network: Network, theme: Theme, wish: Wish, letter: Sequence[str] | None, room: Room
) -> Panel:
    fill_of = fills(network, wish.shade, theme.shade)
    strong = emphasized(network, wish.emphasize)
    looks = unit_looks(network, wish.units)
    wanted = targets_with_edges(network, wish.edges_of)
    kept = np.concatenate([wanted[row.name] for row in network.rows])
    table = network.edges
    if wish.show is None:
        filled = fill_of | {name: look.fill for name, look in looks.items() if look.fill}
        shown, closed = abridged(network, filled, looks, [strong, kept[table.target]])
    else:
        shown = shown_units(network, wish.show)
        closed = partial(close_up, shown=shown)
    places = _places(network, theme, wish, letter, closed, room)
    written = written_values(network, wish.values, room_in("circle", 1, theme), theme.font)
    units = _all_units(network, theme, places, fill_of, written, looks)
    drawn = np.concatenate([shown[row.name] for row in network.rows])
    if written:
        there = {unit.name for unit, yes in zip(units, drawn.tolist(), strict=True) if yes}
        units = of_one_size(units, written.keys() & there, theme)
    visible = drawn[table.source] & drawn[table.target] & kept[table.target]
    _check_size(network, int(drawn.sum()), int(visible.sum()))
    omitted = Omitted(network, theme, units, shown, wanted, places)
    marks = [*omitted.dots(), *omitted.dots_between_rows()]
    lines = omitted.dashed(drawn, kept, strong)
    if as_flag("padding", wish.padding):
        marks += omitted.padding()
        beside = padding_letters(network, letter)
        lines += omitted.padding_lines(beside, emphasis=strong is not None)
        _check_size(network, int(drawn.sum()) + len(marks), int(visible.sum()) + len(lines))
    chosen = np.flatnonzero(visible).tolist()
    looked = edge_looks(network, wish.edges, chosen)
    labels = _labels(chosen, letter, looked)
    edges = drawn_edges(network, theme, units, drawn, strong, chosen, looked, labels)
    seen = tuple(unit for unit, there in zip(units, drawn.tolist(), strict=True) if there)
    panel = Panel(
        seen,
        tuple(edges),
        (),
        max(unit.y for unit in seen),
        "",
        network,
        tuple(marks),
        tuple(lines),
        min([places.row_distance, *(by for _, by in places.nearer)]),
    )
    panel = replace(panel, description=_description(panel, theme, wish, units))
    panel = panel.facing(wish.direction)
    images = {name: look.image for name, look in looks.items() if look.image is not None}
    panel = replace(panel, marks=(*panel.marks, *pictures(panel.units, images, theme)))
    panel = _with_texts(panel, theme, wish, room)
    return with_legend(panel, theme, wish.legend, units)


def _labels(
    chosen: Sequence[int], letter: Sequence[str] | None, looks: Mapping[int, EdgeLook]
) -> list[str]:
    """What stands beside each connection, "" for nothing."""
    found = []
    for number in chosen:
        label = looks[number].label if number in looks else None
        found.append((letter[number] if letter else "") if label is None else label)
    return found


def _with_texts(panel: Panel, theme: Theme, wish: Wish, room: Room) -> Panel:
    across = wish.direction in ACROSS
    texts = placed(with_arrows_from_padding(panel), theme, across, room)
    if wish.captions is not None:
        texts += captions_of(panel, wish.captions, theme, across)
    if wish.headings is not None:
        texts += headings_of(panel, wish.headings, theme, across)
    return replace(panel, texts=tuple(texts))


def _units(network: Network) -> int:
    return sum(int(np.prod(row.numbers(), dtype=object)) for row in network.rows)


def _check_size(network: Network, units: int, edges: int, most: int | None = None) -> None:
    if units > (most or MOST_UNITS) or edges > (most or MOST_EDGES):
        raise ConvgraphError(
            f"network={network!r}: {units:,} units and {edges:,} connections are too many to draw "
            f"(at most {most or MOST_UNITS:,} and {most or MOST_EDGES:,}); draw the same layers on "
            "a smaller input, show=10 for the ends of each row alone, or ask receptive_field, "
            "uses or sparsity"
        )


def _places(
    network: Network,
    theme: Theme,
    wish: Wish,
    letter: Sequence[str] | None,
    closed: Closed | None,
    room: Room,
) -> Layout:
    wide = max(map(len, letter or [""]))
    if wide and wish.direction in ACROSS:
        needed = ACROSS_WITH_NAMES if wide > 1 else WITH_NAMES
    else:
        needed = WITH_NAMES if wide > 1 else 0
    least = max(theme.row_distance, needed)
    radius = (1 + CLEARANCE) * (theme.radius + theme.stroke / 2) / theme.pitch
    distance = wish.row_distance if room.rows is None else room.rows
    places = layout(network, distance, least, radius, closed)
    x = {name: room.columns * at for name, at in places.x.items()}
    return replace(places, x=x, nearer=room.nearer)


def _all_units(
    network: Network,
    theme: Theme,
    places: Layout,
    fill_of: Mapping[str, tuple[str, ...]],
    written: Mapping[str, str],
    looks: Mapping[str, UnitLook],
) -> list[Unit]:
    units = []

    def has_room(text: str) -> bool:
        return fits(text, room_in("circle", 1, theme), theme.font)

    for row in network.rows:
        y = places.y(row.name) * theme.pitch
        long = not has_room(max(row.units(), key=len))
        for name, x in zip(row.units(), places.x[row.name], strict=True):
            look = looks.get(name, UnitLook())
            called = shortened(name, has_room) if long else name
            drawn = look.image is not None
            own = "" if drawn else written.get(name, called)
            text = own if look.label is None else look.label
            fills = fill_of.get(name, ()) if look.fill is None else look.fill
            shape = look.shape or ("square" if drawn else "circle")
            size = look.size or 1.0
            if look.label is not None:
                text = wrapped(text, room_in(shape, size, theme), theme.font)
            cut = look.label is not None and text.split() != look.label.split()
            at = float(x) * theme.pitch, y
            unit = Unit(name, row.name, text, *at, fills, shape=shape, size=size, line=look.color)
            unit = replace(unit, label=str(look.label)) if cut else unit
            if theme.diameter * unit.extent > WIDEST:
                most = WIDEST * size / (theme.diameter * unit.extent)
                raise ConvgraphError(
                    f"units={{{name!r}: {{'size': {size:g}}}}}: a {shape} of at most {most:.2f}, "
                    "so that it does not touch its neighbours"
                )
            if shape == "diamond" and len(fills) > MOST_IN_DIAMOND:
                raise ConvgraphError(
                    f"units={{{name!r}: {{'shape': 'diamond'}}}}: a diamond of at most "
                    f"{MOST_IN_DIAMOND} colours, and not {len(fills)}"
                )
            units.append(unit)
    return units


def _named(unit: Unit) -> bool:
    """Whether a unit bears its name, or what there is room for of it."""
    cut = unit.text.startswith(CUT) and unit.name.endswith(unit.text[len(CUT) :])
    return cut or unit.text == unit.name


def _in_one_line(text: str) -> str:
    return text.replace("\n×", "×").replace("/\n", "/").replace("\n", " ")


def _description(panel: Panel, theme: Theme, wish: Wish, every: Sequence[Unit]) -> str:
    """What the picture shows, for those who do not see it; of `every` unit some are left out."""
    network = panel.network
    assert network is not None
    rows = ", ".join(
        f"{row.name} ({units[0]} to {units[-1]})" if len(units := row.units()) > 1 else units[0]
        for row in network.rows
    )
    count, drawn = int(network.connection_count), len(panel.units)
    kind = FROM[wish.direction]
    text = f"{kind}: {rows}; {count} connections."
    if drawn < _units(network) or len(panel.edges) < count:
        text += f" Drawn: {drawn} units and {len(panel.edges)} connections."
    padding = sum(mark.kind == "padding" for mark in panel.marks)
    if padding:
        text += f" Padding: {padding} solid units."
    for row in network.rows:
        written = [
            _in_one_line(u.label or u.text)
            for u in panel.units
            if u.row == row.name and not _named(u)
        ]
        if any(written) and len(written) <= MOST_READ:
            text += f" Written in {row.name}: {' '.join(written)}."
    text = " ".join([text, *shades(network, {u.name: u.fills for u in every}, theme.shade)])
    if wish.emphasize is not None:
        strong = [edge for edge in panel.edges if edge.emphasized]
        named = ", ".join(f"{edge.source} to {edge.target}" for edge in strong[:MOST_READ])
        text += f" Emphasized: {len(strong)} connections ({named})."
    return text
