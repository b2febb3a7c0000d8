"""That tiles agree with the whole for all sizes of the input: what is claimed, and its check."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from convgraph.piecewise.agreement import agrees
from convgraph.piecewise.position_dependent import tied_apart
from convgraph.piecewise.spoiled import spoiled
from convgraph.piecewise.tile_lemmas import Derivation
from convgraph.symmetry.proofs.proof import Proof
from convgraph.symmetry.proofs.prove import behind, prove
from convgraph.symmetry.proofs.refutation import Refutation, Undecided
from convgraph.symmetry.smt.recheck import Recheck, ask
from convgraph.symmetry.smt.script import (
    Query,
    Script,
    call,
    conjunction,
    joined,
    number,
    total,
    whole,
)
from convgraph.symmetry.transformations.geometric import Shift

if TYPE_CHECKING:
    from convgraph.piecewise.axis_tiles import AxisTiles
    from convgraph.piecewise.tile_plan import TilePlan

__all__ = ["TilesTheorem"]


@dataclass(frozen=True, eq=False)
class TilesTheorem:
    """That a plan's tiles give the whole, for images of all sizes.

    What a cut spoils was derived layer by layer and axis by axis. Each step of that derivation is a
    statement about whole numbers (the sizes of the image and of the tile, where the tile begins,
    and a position), of which a solver is asked whether it can fail.

    Attributes
    ----------
    plan
        The plan.
    derivation
        The steps.
    """

    plan: TilePlan
    derivation: Derivation

    @staticmethod
    def of(plan: TilePlan) -> TilesTheorem:
        """See `Tiling.theorem`."""
        return TilesTheorem(plan, Derivation.of(behind(plan.network, plan.row.name)))

    def statement(self) -> str:
        """What is claimed, and for which sizes."""
        lines = [
            f"For all values of the parameters and of the input, row {self.plan.row.name!r} is put "
            "together exactly from tiles"
        ]
        for place, axis in enumerate(self.plan.axes):
            cut = axis.cut
            rest = cut.size % cut.period
            if len(axis) == 1:
                lines.append(f"axis {place}: of the whole axis.")
                continue
            last = "around the circle" if cut.circular else "the last one where the input ends"
            lines.append(
                f"axis {place}: of {axis.tile} positions, from {axis.stride} i on, {last}, for all "
                f"inputs of N > {axis.tile} positions with N = {rest} modulo {cut.period}. More "
                f"generally, a tile of n >= {cut.smallest}, n = {rest} modulo {cut.period}, from "
                f"any multiple of {cut.period} on, gives all outputs of the whole but the first "
                f"{cut.before} behind a cut and the last {cut.after} in front of one."
            )
        lines.append(
            "On another size the network is the same layers, and its rows grow with the input as "
            "their strides say."
        )
        return "\n".join(lines)

    def questions(self) -> tuple[Query, ...]:
        """What a solver is asked: each step for all sizes, and that tiles leave no gap."""
        cuts = [axis.cut for axis in self.plan.axes]
        steps = [s.query(cuts[s.axis], cuts[s.axis].smallest) for s in self.derivation.steps]
        gaps = [_no_gap(axis, at) for at, axis in enumerate(self.plan.axes) if len(axis) > 1]
        return (*steps, *gaps)

    def script(self) -> str:
        """The same as one SMT-LIB 2 script, for any solver: each answer has to be "unsat"."""
        return joined(self.questions(), f"{self.plan!r}")

    def recheck(self) -> Recheck:
        """The questions with z3's answers.

        Raises
        ------
        ConvgraphError
            If z3 is not installed.
        """
        return ask(self.questions())

    def verify(self) -> bool:
        """Whether the statement holds: every step for all sizes, by z3; the same steps at small
        sizes, from the layers' own tables; that parameters are where they were; and the plan
        itself, through the connections of the network.

        Raises
        ------
        ConvgraphError
            If z3 is not installed.
        """
        return (
            self._in_step()
            and self.derivation.covers([axis.cut for axis in self.plan.axes])
            and all(self.instances())
            and self.recheck().holds
            and agrees(self.plan)
        )

    def instances(self) -> Iterator[bool]:
        """The steps at small sizes and all starts, where the layer can be made for them."""
        for step in self.derivation.steps:
            cut = self.plan.axes[step.axis].cut
            first = -((cut.size - cut.smallest) // cut.period)
            for v in range(first, first + 2):
                for u in range(v, v + 4):
                    for t in range(u - v + 1):
                        holds = step.holds_at(cut, t, u, v)
                        if holds is not None:
                            yield holds

    def plane(self) -> Proof | Refutation | Undecided:
        """What `prove` makes of the interior: that the network on a plane without borders commutes
        with shifts by the plan's modulus, so that it does not matter where tiles begin."""
        step = self.plan.step
        shift = Shift(step if len(step) > 1 else step[0])
        return prove(self.plan.network, shift, row=self.plan.row.name)

    def _in_step(self) -> bool:
        """Whether tiles begin where strides do, and where tiles of parameters do."""
        periods = self.plan.step
        if any(s.more(periods[s.axis]) is None for s in self.derivation.steps):
            return False
        network = behind(self.plan.network, self.plan.row.name)
        found = spoiled(network, network.inputs[0].name)
        for layer in network.layers:
            state = found.states.get(layer.target.name)
            payload = None if state is None else next((p for p in state.payloads if p), None)
            if payload is not None:
                for axis, apart in tied_apart(layer, found).items():
                    if (periods[axis] / payload[axis].step) % apart:
                        return False
        return True

    def __str__(self) -> str:
        return self.statement()

    def __repr__(self) -> str:
        return f"TilesTheorem({self.plan!r}: {len(self.questions())} questions)"


def _no_gap(axis: AxisTiles, place: int) -> Query:
    """That each tile begins to be kept where the one before ends to be, at a clean output.

    In periods: tiles are s apart, the image is w longer than a tile, and tile i begins at the
    smaller one of s i and w.
    """
    cut = axis.cut
    apart, each = axis.stride // cut.period, int(cut.period / cut.step)
    clean = axis.outputs - cut.before - cut.after
    script = Script()
    i, w = script.integer("i", 1), script.integer("w", 1)
    before = script.define("Int", whole(number(apart), call("-", i, "1")))
    then = total(before, number(apart))
    here = script.define("Int", call("ite", call("<", then, w), then, w))
    if cut.circular:
        goal = call("<=", number(apart * each), number(clean))
    else:
        script.claim(call("<", before, w))  # the tile before is not the last one
        goal = conjunction(
            [
                call("<=", whole(number(each), call("-", here, before)), number(clean)),
                call("<", before, here),
            ]
        )
    return script.ask(f"axis {place}: tiles leave no gap", goal)
