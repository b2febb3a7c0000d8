"""What is known of an equation f(g x) = g f(x): where it holds, where not, why, and if what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.core.tables import Table
from convgraph.core.units import Units
from convgraph.symmetry.equivariance.counterexample import Counterexample
from convgraph.symmetry.equivariance.equations import Equations
from convgraph.symmetry.equivariance.row_actions import Action

if TYPE_CHECKING:
    from convgraph.symmetry.equivariance.explanation import Explanation

__all__ = ["Verdict"]

NO_OTHER = "no shift of the output along the axes that move makes it hold"
NAMED = 1_000  # units that are named one by one in plain data


@dataclass(frozen=True, eq=False, repr=False)
class Verdict:
    """Whether a network commutes with a transformation, and where it does not.

    Attributes
    ----------
    network
        The network f.
    action, output
        How its (first) input moves, and how its output should.
    exact, broken
        The output units at which both sides are the same function of the input and the parameters,
        and those at which they are not.
    undecided
        The units for which neither could be shown; almost always none.

    The rest is found when it is asked for.
    """

    network: Network
    action: Action
    output: Action
    exact: Units
    broken: Units
    undecided: Units
    _explanation: Explanation = field(compare=False)
    no_other: bool = False
    """Whether all other shifts along the axes that move were tried, and none holds."""

    @property
    def holds(self) -> bool | None:
        """Whether both sides are equal at every output unit; None if that is undecided."""
        if self.broken:
            return False
        return None if self.undecided else True

    @cached_property
    def causes(self) -> Mapping[str, Units]:
        """For each cause the output units that it breaks; a unit may have several causes."""
        return self._explanation.causes(self.broken)

    @cached_property
    def counterexample(self) -> Counterexample | None:
        """The smallest failure, spelt out.

        None where there is none, and where no numbers were found that show it.
        """
        return self._explanation.counterexample(self.broken) if self.broken else None

    @cached_property
    def conditions(self) -> Equations:
        """Equations between parameters under which the units `mended` would hold.

        The equations suffice, and none follows from the others. For a single linear layer they are
        necessary as well (unless several axes move and have over 500,000 connections; then every
        axis is mended by itself). A sequence that makes them when they are asked for.
        """
        return self._explanation.conditions() if self.broken else Equations(self.network.labels)

    @cached_property
    def mended(self) -> Units:
        """The broken units that would hold under the `conditions`.

        The others read what their images do not (padding entered, data left the frame): there a
        parameter would have to be zero. Where there are only such units, there is no condition.
        """
        return self._explanation.mended(self.broken)

    @property
    def statement(self) -> str:
        """The equation, in words and symbols."""
        if self.output.still:
            return f"f({self.action} x) = f(x)"
        return f"f({self.action} x) = {self.output} f(x)"

    @property
    def summary(self) -> str:
        """At how many units it holds, or is broken."""
        name, size = self.broken.row.name, int(self.broken.row.size)
        if self.holds:
            return f"holds at {f'all {size:,} units' if size > 1 else 'the one unit'} of {name}"
        if not self.broken:
            return f"undecided at {len(self.undecided):,} of {size:,} units of {name}"
        found = f"broken at {len(self.broken):,} of {size:,} units of {name}"
        return found + (f", undecided at {len(self.undecided):,}" if self.undecided else "")

    @property
    def _mended(self) -> str:
        """Under which equations it would hold."""
        equations = [f"{e.lhs} = {e.rhs}" for e in self.conditions[:12]]
        more = len(self.conditions) - len(equations)
        rest = [f"and {more:,} more"] if more else []
        mended = ", ".join([*equations, *rest])
        if not mended:
            return "no equations between parameters were found that make it hold"
        where = "" if len(self.mended) == len(self.broken) else f" at {len(self.mended):,} of these"
        return f"holds{where} if: {mended}"

    def to_dict(self) -> dict[str, Any]:
        """The verdict as plain data, explained."""
        example = self.counterexample
        return plain(
            {
                "network": repr(self.network),
                "statement": self.statement,
                "holds": self.holds,
                "no_other": self.no_other,
                "exact": _facts(self.exact),
                "broken": _facts(self.broken),
                "undecided": _facts(self.undecided),
                "causes": {cause: _facts(units) for cause, units in self.causes.items()},
                "counterexample": None if example is None else example.to_dict(),
                "mended": _facts(self.mended),
                "conditions": [f"{e.lhs} = {e.rhs}" for e in self.conditions[:NAMED]],
            }
        )

    def _repr_html_(self) -> str:
        rows = [(cause, _listed(units)) for cause, units in self.causes.items()]
        facts = []
        if self.broken:
            example = str(self.counterexample or "").replace("\n", "; ")
            facts = [("counterexample", example)] if example else []
            facts.append(("parameters", self._mended))
        title = f"{self.statement}: {self.summary}"
        return Table(title, ("cause", "breaks"), rows, facts=facts).html()

    def __repr__(self) -> str:
        return f"Verdict({self.statement}: {self.summary})"

    def __str__(self) -> str:
        lines = [f"{self.statement}: {self.summary}"]
        if self.broken:
            if self.no_other and not self._explanation.divided:
                lines.append(f"  {NO_OTHER}")
            lines += [f"  {cause}: {_listed(units)}" for cause, units in self.causes.items()]
            example = self.counterexample
            if example is None:
                lines.append("no numbers were found that show it")
            else:
                lines += ["counterexample", *(f"  {line}" for line in str(example).split("\n"))]
            lines.append(self._mended)
        return "\n".join(lines)


def _facts(units: Units) -> dict[str, Any]:
    """How many units, and which: by name where there are few, else the box that holds them."""
    facts: dict[str, Any] = {"row": units.row.name, "count": len(units)}
    if len(units) <= NAMED:
        return {**facts, "units": list(units)}
    return {**facts, "within": [[low + 1, high + 1] for low, high in units.bounds]}


def _listed(units: Units) -> str:
    if len(units) <= 12:
        return ", ".join(units)
    spans = " x ".join(f"{low + 1}..{high + 1}" for low, high in units.bounds)
    return f"{len(units):,} units of {units.row.name} within {spans}"
