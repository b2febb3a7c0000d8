"""What a figure shows of what it leaves out: "...", dashed arrows, and the zeros of the padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from convgraph.core.network import Network
from convgraph.figures.layout import Layout
from convgraph.figures.padding_marks import padding_edges, padding_name
from convgraph.figures.panel import Line, Mark, Unit
from convgraph.figures.parts import Mask, hidden_runs
from convgraph.figures.routes import Point, route
from convgraph.figures.theme import Theme

__all__ = ["Omitted"]


@dataclass(frozen=True)
class Omitted:
    """Marks and lines for what is not drawn of a network whose units have their places."""

    network: Network
    theme: Theme
    units: Sequence[Unit]
    shown: Mapping[str, Mask]
    wanted: Mapping[str, Mask]
    places: Layout

    def dots(self) -> list[Mark]:
        """A "..." for each run of neighbours that is left out, filled as all of them are."""
        found = []
        for row, mask in self.shown.items():
            begin = self.network.offsets[row]
            for number, (a, b) in enumerate(hidden_runs(mask), 1):
                name, run = f"dots,{row},{number}", self.units[begin + a : begin + b]
                dots = self._mark(name, "dots", "...", run[0].x, run[0].y)
                alike = len({unit.fills for unit in run}) == 1
                found.append(replace(dots, fills=run[0].fills if alike else ()))
        return found

    def dots_between_rows(self) -> list[Mark]:
        """A "..." below the units whose connections are left out, half way to what they see."""
        result = []
        for layer in self.network.layers:
            row = layer.target.name
            left_out = np.flatnonzero(self.shown[row] & ~self.wanted[row])
            if len(left_out) and layer.joints:
                low = max(self.places.y(joint.source.name) for joint in layer.joints)
                x = self.places.x[row][left_out]
                middle = ((x.min() + x.max()) / 2, (low + self.places.y(row)) / 2)
                result.append(self._mark(f"dots,below,{row}", "dots", "...", *self._points(middle)))
        return result

    def dashed(self, drawn: Mask, kept: Mask, strong: Any) -> list[Line]:
        """Arrows between what is drawn and what is not, one for each unit and run of others."""
        edges = self.network.edges
        crossing = np.flatnonzero((drawn[edges.source] ^ drawn[edges.target]) & kept[edges.target])
        names = self._ends()
        found: dict[tuple[str, str], Line] = {}
        pairs = zip(edges.source[crossing].tolist(), edges.target[crossing].tolist(), strict=True)
        for number, (a, b) in zip(crossing.tolist(), pairs, strict=True):
            bold = strong is None or bool(strong[number])
            ends = names[a], names[b]
            if ends not in found or (bold and not found[ends].strong):
                here, there = self.units[a], self.units[b]
                found[ends] = self._line(*ends, (here.x, here.y), (there.x, there.y), True, bold)
        return list(found.values())

    def padding(self) -> list[Mark]:
        """The zeros that windows read beyond the border, as solid units."""
        places = {(row, at): self._beyond(row, at) for row, at, _, _ in padding_edges(self.network)}
        return [
            self._mark(self._padding_name(row, at), "padding", "", *place)
            for (row, at), place in sorted(places.items())
        ]

    def padding_lines(
        self, letters: Mapping[tuple[str, int, str, int], str], *, emphasis: bool
    ) -> list[Line]:
        """The arrows from padding to the units whose connections are drawn, with their letters."""
        found = {}
        for row, at, target, output in padding_edges(self.network):
            if self.shown[target][output] and self.wanted[target][output]:
                unit = self.units[self.network.offsets[target] + output]
                ends = self._padding_name(row, at), unit.name
                place = self._beyond(row, at)
                line = self._line(*ends, place, (unit.x, unit.y), False, not emphasis)
                letter = letters.get((row, at, target, output), "")
                found[ends] = replace(line, label=letter)
        return list(found.values())

    def _padding_name(self, row: str, at: int) -> str:
        return padding_name(row, at, int(self.network.row(row).size))

    def _beyond(self, row: str, at: int) -> Point:
        x, there = self.places.x[row], self.shown[row]
        last = len(x) - 1
        # As far apart as the units beside them, unless "..." is beside them.
        near, end = ([0, 1], 0) if at < 0 else ([last - 1, last], last)
        step = float(np.diff(x[near])[0]) if last and there[near].all() else 1.0
        column = x[end] + (at - end) * step
        return self._points((float(column), self.places.y(row)))

    def _points(self, place: Point) -> Point:
        return float(place[0]) * self.theme.pitch, float(place[1]) * self.theme.pitch

    def _mark(self, name: str, kind: Any, text: str, x: float, y: float) -> Mark:
        size = self.theme.diameter * self.theme.pitch
        fill = self.theme.ink if kind == "padding" else None
        return Mark(name, kind, text, x, y, size, size, 1.3 * self.theme.label_size, fill)

    def _ends(self) -> list[str]:
        """What each unit is drawn as: itself, or the "..." of its run."""
        names = [unit.name for unit in self.units]
        for row, mask in self.shown.items():
            first = self.network.offsets[row]
            for number, (a, b) in enumerate(hidden_runs(mask), 1):
                names[first + a : first + b] = [f"dots,{row},{number}"] * (b - a)
        return names

    def _line(
        self, source: str, target: str, start: Point, end: Point, dashed: bool, strong: bool
    ) -> Line:
        radius = self.theme.radius + self.theme.stroke / 2
        way = route(start, end, {}, radius, 10 * self.theme.arrow)
        return Line(source, target, way, dashed, strong)
