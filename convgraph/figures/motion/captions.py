"""What the steps of a sweep compute, in words: sums that come to what stands in the output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from convgraph.core.tying import Learned, Mean
from convgraph.core.wiring import Product
from convgraph.figures.motion.cell_values import Values, equals, factor, rounded
from convgraph.figures.motion.shapes import WEIGHTS
from convgraph.figures.motion.sweep import Step, Sweep, Tap

__all__ = ["Captions", "counted", "output_padding", "short"]

TERMS = 9  # of a sum that still helps in a caption


@dataclass(frozen=True)
class Captions:
    """The captions of a sweep; `values` is None where no numbers are shown."""

    sweep: Sweep
    values: Values | None

    def opening(self) -> str:
        """What is about to happen."""
        sizes = " x ".join(map(str, self.sweep.source.shape))
        told = f"{self.sweep.layer.spec!r} on {sizes}"
        if self.sweep.tying is not None and len(self.sweep.tying.array) > WEIGHTS:
            told += f"; weights beyond the {WEIGHTS} that have a colour are grey and have names"
        return told + output_padding(self.sweep)

    def told(self, step: Step) -> str:
        """What a step computes, as a sum where those of all steps are short."""
        name = self.sweep.target.unit(step.target)
        # as they are read on the picture, which a transposed kernel goes through backwards
        taps = sorted(step.taps, key=lambda tap: (tap.channel, tap.place))
        inside = [tap for tap in taps if tap.unit is not None]
        bias = self.bias(step)
        beside = "" if bias is None else f" and the bias {bias[0]}"
        if self.values is None:
            return f"{name} reads {self.units(step)}{beside}"
        value = equals(self.values.output[step.target])
        if bias is not None:
            beside = f", {rounded(bias[1])[0]} of it the bias"
        if self.long:
            return f"{name}{value}, from {self.units(step)}{beside}"
        if not inside and bias is None:
            return f"{name}{value}, as it reads no unit"
        terms = [rounded(self.value(tap))[0] for tap in inside]
        if self.sweep.layer.reduction.name == "max":
            return self.summed(name, f"max({', '.join(terms)})", step, inside)
        if self.shares is not None:
            at = np.ravel_multi_index(step.target, self.sweep.target.numbers())
            return self.summed(name, f"{_total(terms)} / {1 / self.shares[at]}", step, inside)
        if self.sweep.tying is None or (bias is None and self.sweep.layer.bias is not None):
            return f"{name}{value}, from {', '.join(terms)}"
        weights = [rounded(self.weight(tap))[0] for tap in inside]
        products = [
            f"{factor(weight, number == 0)}\u00b7{factor(term)}"
            for number, (weight, term) in enumerate(zip(weights, terms, strict=True))
        ]
        if bias is not None:
            products.append(factor(rounded(bias[1])[0], not products))
        return self.summed(name, " + ".join(products) or "0", step, inside) + beside

    def summed(self, name: str, told: str, step: Step, inside: Sequence[Tap]) -> str:
        """An equation, or where numbers in it are rounded what it comes to before."""
        assert self.values is not None
        parts = [self.value(tap) for tap in inside]
        parts += [self.weight(tap) for tap in inside if tap.weight is not None]
        bias = self.bias(step)
        if bias is not None:
            parts.append(bias[1])
        value = self.values.output[step.target]
        if all(rounded(part)[1] for part in parts):
            return f"{name} = {told}{equals(value)}"
        text, exact = rounded(value)
        return f"{name} \u2248 {told}; before rounding {'' if exact else 'about '}{text}"

    def units(self, step: Step) -> str:
        """How many units a step reads, and how many zeros."""
        read = [tap for tap in step.taps if tap.unit is not None]
        inside, distinct = len(read), len({tap.unit for tap in read})
        # padding that reflects, wraps around or repeats has units that may stand elsewhere, too
        again = sum(self.sweep.position(tap.place) is None for tap in read)
        between = sum(tap.unit is None and self.sweep.between(tap.place) for tap in step.taps)
        around = len(step.taps) - inside - between
        told = [counted(distinct, "unit")]
        if again:
            told[0] += f" at {counted(inside, 'place')}, {again} of them in the padding"
        if between:
            told.append(f"{counted(between, 'zero')} between units")
        if around:
            told.append(f"{around} of padding")
        return " and ".join(told) if len(told) < 3 else f"{told[0]}, {told[1]} and {told[2]}"

    def value(self, tap: Tap) -> float:
        """The number of the unit at a tap."""
        assert self.values is not None
        return float(self.values.source[tap.unit]) if tap.unit is not None else 0.0

    def weight(self, tap: Tap) -> float:
        """The number of the parameter at a tap."""
        assert self.values is not None
        assert self.sweep.tying is not None
        return float(self.values.arrays[str(self.sweep.tying.letter)].ravel()[tap.weight])

    def bias(self, step: Step) -> tuple[str, float] | None:
        """The name and the number of the bias that a step adds, if it adds one."""
        joint = self.sweep.layer.bias
        if joint is None or not isinstance(joint.tying, Learned):
            return None
        if not isinstance(joint.wiring, Product):
            return None
        axes = joint.wiring.axes
        places = step.target if len(step.target) == len(axes) else (0, *step.target)
        codes = (
            joint.tying.codes(a, axis)[o, 0]
            for a, (axis, o) in enumerate(zip(axes, places, strict=True))
        )
        which = int(sum(codes))
        name = short(str(joint.tying.array.symbol(which)))
        if self.values is None:
            return name, 0.0
        return name, float(self.values.arrays[str(joint.tying.letter)].ravel()[which])

    @cached_property
    def shares(self) -> list[Any] | None:
        """Of a mean the share of each unit that an output reads, output by output."""
        tying = self.sweep.joint.tying
        if not isinstance(tying, Mean):
            return None
        numbers, which = tying.numbers(self.sweep.joint.wiring)
        return [numbers[each] for each in which]

    @cached_property
    def long(self) -> bool:
        """Whether a sum has more terms than help in a caption."""
        return any(sum(t.unit is not None for t in step.taps) > TERMS for step in self.sweep.steps)


def output_padding(sweep: Sweep) -> str:
    """What an output padding adds, if there is one."""
    added = [lane.added for lane in sweep.lanes]
    names = ("row", "column") if len(added) == 2 else ("position",)
    told = [
        f"the last {name}" if number == 1 else f"the last {number} {name}s"
        for number, name in zip(added, names, strict=True)
        if number
    ]
    return f"; output padding adds {' and '.join(told)} of the output" if told else ""


def _total(terms: Sequence[str]) -> str:
    if len(terms) == 1:
        return terms[0]
    return f"({' + '.join(factor(term, i == 0) for i, term in enumerate(terms)) or '0'})"


def counted(number: int, what: str) -> str:
    """A number of things: 1 unit, 2 units."""
    return f"{number} {what}" + ("" if number == 1 else "s")


def short(name: str) -> str:
    """A parameter's name for a cell: w_1_2 as w1,2."""
    letter, *rest = name.split("_")
    return letter + ",".join(rest)
