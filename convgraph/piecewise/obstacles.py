"""What does not come in pieces: the first row that sees everything, why, and what two passes do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer
from convgraph.core.named_row import rows_before
from convgraph.core.network import Network
from convgraph.core.tying import Learned
from convgraph.core.window import identity
from convgraph.core.wiring import Product
from convgraph.interactions.propagation import Propagation
from convgraph.interactions.states import align
from convgraph.piecewise.position_dependent import placed, sized_by_number
from convgraph.piecewise.spoiled import Axes, Cuts, spoiled

if TYPE_CHECKING:
    from convgraph.piecewise.tiling import Tiling

__all__ = ["Uncut", "UncutError", "first_uncut", "uncut"]

# what a first pass over the tiles collects, by the name of what a layer does with what it reads
STATISTICS = {
    "mean": "the mean: sums over the tiles, each position once, add up",
    "sum": "the sum: sums over the tiles, each position once, add up",
    "max": "the maximum: that of the maxima of the tiles",
    "min": "the minimum: that of the minima of the tiles",
    "standardised": "mean and variance: sums over the tiles of values and of their squares add up",
    "softmax": "the sum of exponentials: sums over the tiles, each position once, add up",
    "sum of products": "the sum of products: sums over the tiles, each position once, add up",
}
POINTWISE_BEHIND = ("standardised", "softmax")


@dataclass(frozen=True)
class Uncut:
    """The first row on the way to another one that does not come in pieces.

    Attributes
    ----------
    row, reason
        The row, and why not.
    last
        The last row, in order of computation, of which all that comes before does.
    network, wanted
        The network, and the name of the row that was wanted.
    reads
        The rows that it reads, all of which come in pieces.
    """

    row: str
    reason: str
    last: str
    network: Network
    wanted: str
    reads: tuple[str, ...]

    @property
    def statistic(self) -> str | None:
        """What of the rows that it reads a first pass over the tiles has to collect, so that a
        second one can do the rest; None where nothing of a fixed size would do."""
        layer = self.network.layer(self.row)
        said = STATISTICS.get(layer.reduction.name)
        if said is None or "sees all positions" not in self.reason:
            return None
        if any(isinstance(joint.tying, Learned) for joint in layer.joints):
            said = "the sum: each position has parameters of its own, and shares of tiles add up"
        return said if self._pointwise or self._collapses else None

    @property
    def _pointwise(self) -> bool:
        """Whether the row has the positions of what it reads, each computed from itself and from
        statistics."""
        return self.network.layer(self.row).reduction.name in POINTWISE_BEHIND

    @cached_property
    def _collapses(self) -> bool:
        """Whether the row has no positions of what it reads: each unit reads all of them."""
        found = spoiled(self.network, self.network.inputs[0].name)
        layer = self.network.layer(self.row)
        return all(_read_whole(j, found) for j in layer.joints if j.source.name in self.reads)

    def before(self, tile: Any = None, overlap: Any = None, **budget: Any) -> Tiling:
        """The tiles of the first pass: a plan for the row that it reads."""
        from convgraph.piecewise.tiles import tiles

        if len(self.reads) != 1:
            names = ", ".join(self.reads)
            raise ConvgraphError(f"row={self.row!r}: reads {names}; plan each of them with row=")
        return tiles(self.network, tile, overlap, row=self._laid_out(self.reads[0]), **budget)

    def _laid_out(self, row: str) -> str:
        """A row, or where that is a copy in another shape, a flattened one, say, what it copies."""
        source = self.network.inputs[0]
        rank = len(source.shape) - (1 if source.channels else 0)
        made = {layer.target.name: layer for layer in self.network.layers}
        while len(self.network.row(row).shape) <= rank and row in made:
            joints = made[row].joints
            if len(joints) != 1 or not _copies(joints[0]):
                break
            row = joints[0].source.name
        return row

    def after(self, tile: Any = None, overlap: Any = None, **budget: Any) -> Tiling | None:
        """The tiles of the second pass: a plan for the row that was wanted, given the statistic.

        None if all that is left is computed from the statistic alone, once.

        Raises
        ------
        UncutError
            If another row stands in the way: it takes a pass more.
        ConvgraphError
            If there is no statistic.
        """
        from convgraph.piecewise.tiles import planned

        given = self.given()
        return None if given is None else planned(given, self.wanted, tile, overlap, **budget)

    def given(self) -> Network | None:
        """The network with the statistic given: the row is an input of its own, or, where it has
        positions, computed from its own position and the statistic. None if the input is not
        needed any more.

        Raises
        ------
        ConvgraphError
            If there is no statistic.
        """
        if self.statistic is None:
            raise ConvgraphError(f"row={self.row!r}: {self.reason}; no statistic would do")
        pointwise = self._pointwise
        layers, needed = [], {self.wanted}
        for layer in reversed(self.network.layers):
            name = layer.target.name
            if name not in needed or (name == self.row and not pointwise):
                continue
            needed.update(joint.source.name for joint in layer.joints)
            layers.append(_pointwise(layer) if name == self.row else layer)
        source = self.network.inputs[0]
        if source.name not in needed:
            return None
        rows = [each for each in self.network.rows if each.name in needed]
        inputs = [each for each in self.network.inputs if each.name in needed]
        if not pointwise:
            inputs.append(self.network.row(self.row))
        return Network.of(rows, layers[::-1], inputs, [self.network.row(self.wanted)])

    def to_dict(self) -> dict[str, Any]:
        """The same as plain data."""
        return {
            "row": self.row,
            "reason": self.reason,
            "reads": list(self.reads),
            "last_in_pieces": self.last,
            "statistic": self.statistic,
        }

    def __str__(self) -> str:
        said = f"row {self.row!r} {self.reason}; {self.last!r}, before it, can be had in pieces"
        if self.statistic is None:
            return said
        return f"{said}. In two passes, the first collects {self.statistic}"


class UncutError(ConvgraphError):
    """That a row cannot be computed in pieces; `obstacle` is what stands in the way."""

    def __init__(self, obstacle: Uncut) -> None:
        self.obstacle = obstacle
        super().__init__(f"row={obstacle.wanted!r}: cannot be computed in pieces: {obstacle}")

    def __reduce__(self) -> tuple[Any, ...]:
        return UncutError, (self.obstacle,)


def uncut(network: Network, until: str) -> Uncut | None:
    """The first row on the way to another one that sees a whole axis, or is moved along none.

    >>> from convgraph import Conv, GlobalAvgPool
    >>> net = (Conv((3, 3), filters=2, padding=1) >> GlobalAvgPool()).on((1, 8, 8))
    >>> print(uncut(net, "g"))
    row 'g' sees all positions of axis 0, so that every cut changes it; 'h', before it, can be had
    in pieces. In two passes, the first collects the mean: sums over the tiles, each position once,
    add up
    """
    return first_uncut(network, spoiled(network, network.inputs[0].name), until)


def first_uncut(network: Network, found: Propagation[Axes], until: str) -> Uncut | None:
    """The same, where what cuts spoil is known."""
    last = network.inputs[0].name
    wanted = rows_before(network, until)
    for layer in network.layers:
        name = layer.target.name
        if name not in found.states or name not in wanted:
            continue
        reason = _reason(found, name)
        if reason is None and placed(layer, found):
            reason = "has parameters or constants of its own for each position"
        if reason is None and sized_by_number(layer):
            reason = (
                "has a number of positions that is given, whatever the size of what it reads: on a "
                "tile it is another layer"
            )
        if reason is not None:
            reads = [j.source.name for j in layer.joints if j.source.name in found.states]
            return Uncut(name, reason, last, network, until, tuple(dict.fromkeys(reads)))
        last = name
        if name == until:
            break
    return None


def _reason(found: Propagation[Axes], row: str) -> str | None:
    state = found.states[row]
    if state is None:
        return (
            "moves along no axis of the input in even steps (a reshape, a resize by a ratio "
            "that depends on the size, or branches out of step)"
        )
    for payload in state.payloads:
        for axis, one in enumerate(payload or ()):
            if one.whole:
                return f"sees all positions of axis {axis}, so that every cut changes it"
            if one.wraps and one.ends:
                return (
                    f"goes around a circle along axis {axis}, and is cut or padded at its ends, too"
                )
    return None


def _copies(joint: Joint) -> bool:
    return isinstance(joint.wiring, Product) and all(axis.copies for axis in joint.wiring.axes)


def _read_whole(joint: Joint, found: Propagation[Axes]) -> bool:
    """Whether every unit reads all positions along the axes that move."""
    wiring, state = joint.wiring, found.states[joint.source.name]
    if state is None or not isinstance(wiring, Product):
        return False
    state, runs = align(state, tuple(wiring.in_view), Cuts())
    moving = {place for place, run in enumerate(runs) if set(run) & set(state.moves)}
    return all(
        axis.complete and axis.taps == axis.inputs
        for axis, place in zip(wiring.axes, wiring.order, strict=True)
        if place in moving
    )


def _pointwise(layer: Layer) -> Layer:
    """A normalisation, given its statistics: each position is computed from itself."""
    return replace(layer, joints=tuple(map(_from_itself, layer.joints)))


def _from_itself(joint: Joint) -> Joint:
    wiring = joint.wiring
    if not isinstance(wiring, Product):
        return joint
    axes = tuple(
        identity(axis.outputs) if axis.inputs == axis.outputs else axis for axis in wiring.axes
    )
    return replace(joint, wiring=Product(axes, wiring.order))
