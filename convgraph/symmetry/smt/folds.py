"""Sums, maxima and means of taps, one tap after the other, for an SMT solver."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from convgraph.core.layer import Joint, Layer
from convgraph.core.reduction import MAX
from convgraph.core.tying import Constant, Mean
from convgraph.symmetry.smt.script import Script, call, conjunction, whole

__all__ = ["Fold", "Kind", "State", "fold_of", "rational"]

Kind: TypeAlias = Literal["sum", "max", "mean"]
State: TypeAlias = "tuple[str, ...]"


@dataclass(frozen=True)
class Fold:
    """What is kept while taps are taken in: a sum; a maximum and whether there is one; or a sum
    and how many units it is of, for means that leave out what lies beyond the border."""

    kind: Kind
    factor: str = "1.0"

    @property
    def sorts(self) -> tuple[str, ...]:
        """The sort of each part of the state."""
        return {"sum": ("Real",), "max": ("Bool", "Real"), "mean": ("Real", "Int")}[self.kind]

    @property
    def empty(self) -> State:
        """The state before the first tap."""
        return {"sum": ("0.0",), "max": ("false", "0.0"), "mean": ("0.0", "0")}[self.kind]

    def of(self, there: str, weight: str, value: str) -> State:
        """The state after one tap alone."""
        if self.kind == "max":
            return there, _if(there, value, "0.0")
        factors = [f for f in (self.factor, weight) if f != "1.0"]
        brought = _if(there, whole(*factors, value), "0.0")
        return (brought,) if self.kind == "sum" else (brought, _if(there, "1", "0"))

    def both(self, a: State, b: State) -> State:
        """The state after the taps of two states."""
        if self.kind != "max":
            return tuple(call("+", p, q) for p, q in zip(a, b, strict=True))
        greater = call("ite", call(">=", a[1], b[1]), a[1], b[1])
        return call("or", a[0], b[0]), call("ite", a[0], call("ite", b[0], greater, a[1]), b[1])


def _if(condition: str, value: str, otherwise: str) -> str:
    return value if condition == "true" else call("ite", condition, value, otherwise)


def same(a: State, b: State) -> str:
    """That two states are equal."""
    return conjunction([call("=", p, q) for p, q in zip(a, b, strict=True)])


def fold_of(layer: Layer, joint: Joint) -> Fold:
    """How a layer takes in the taps of a joint. A mean of all taps is a sum, up to a number."""
    if layer.reduction == MAX:
        return Fold("max")
    if isinstance(joint.tying, Mean):
        return Fold("mean" if joint.tying.over == "present" else "sum")
    if isinstance(joint.tying, Constant):
        return Fold("sum", rational(joint.tying.value))
    return Fold("sum")


def rational(value: object) -> str:
    """A rational number as a real one."""
    over, under = value.as_numer_denom()  # type: ignore[attr-defined]
    shown = f"{abs(int(over))}.0" if under == 1 else f"(/ {abs(int(over))}.0 {int(under)}.0)"
    return shown if over >= 0 else f"(- {shown})"


def unknown(script: Script, fold: Fold, name: str, at: Sequence[str] = ()) -> State:
    """A state of which nothing is known, as functions of what is in `at`."""
    return tuple(
        call(script.function(f"{name}!{number}" if number else name, len(at), sort), *at)
        for number, sort in enumerate(fold.sorts)
    )
