"""What is given of a network, and what is claimed of each of its rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp

from convgraph.core.axis import Axis
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.reduction import MEAN, SUM
from convgraph.core.sympified import sympified
from convgraph.core.tying import Mean
from convgraph.symmetry.proofs.inequalities import Meanings, follows, unfloored
from convgraph.symmetry.proofs.kernel import Step, check_steps
from convgraph.symmetry.proofs.layer_equations import meaning
from convgraph.symmetry.proofs.open_network import Setting
from convgraph.symmetry.proofs.polynomials import NONE, coefficient, plus, polynomial, written
from convgraph.symmetry.proofs.row_shifts import Unproved, axis_pairs
from convgraph.symmetry.statements.equation import Equation
from convgraph.symmetry.statements.statement import Note, floors_of
from convgraph.symmetry.statements.vocabulary import Residue, applied

__all__ = ["Given", "given"]


@dataclass(frozen=True)
class Given:
    """The shift of the input, then the definition of each row; a claim for each row; and what the
    symbols mean that were introduced."""

    definitions: tuple[Equation, ...]
    claims: tuple[Equation, ...]
    notes: tuple[Note, ...] = ()

    def check(self, steps: Sequence[Step]) -> None:
        """Have the kernel check that steps prove the claims."""
        check_steps(self.definitions, self.claims, floors_of(self.notes), steps)


def given(setting: Setting) -> Given:
    """The definitions and the claims of all rows, in order of computation."""
    if len(setting.network.inputs) != 1 or len(setting.network.outputs) != 1:
        raise Unproved("a network of several inputs or outputs has no single equation")
    shift = _shift(setting)
    definitions = [shift]
    moved = {setting.network.inputs[0].name: shift}
    for layer in setting.network.layers:
        definition = meaning(layer, setting)
        definitions.append(definition)
        moved[layer.target.name] = _claim(setting, layer, definition, moved)
    return Given(tuple(definitions), tuple(moved.values())[1:], setting.notes())


def _away(setting: Setting, row: Row, positions: Sequence[sp.Expr]) -> tuple[sp.Expr, ...]:
    """The positions from which the values at `positions` come."""
    result = []
    for i, t, modulus in zip(positions, setting.shifts[row.name], setting.moduli(row), strict=True):
        result.append(i - t if modulus is None or t == 0 else Residue(i - t, modulus))
    return tuple(result)


def _shift(setting: Setting) -> Equation:
    """What the transformation does: x'(a) = x(a - T).

    In a frame that is so where a - T is in it. Elsewhere a wrapped shift brings in values from the
    other end, and this is not claimed; a shift that is not wrapped brings in zeros, which is what
    x(a - T) is where every layer takes x to be 0 beyond its frame.
    """
    row = setting.network.inputs[0]
    positions = setting.positions(row)
    name = setting.names[row.name]
    conditions: tuple[sp.Expr, ...] = ()
    if setting.where == "interior":
        strict = setting.wrapped or not all(
            _extends_by_zeros(layer, joint)
            for layer in setting.network.layers
            for joint in layer.joints
            if joint.source is row
        )
        conditions = tuple(_frame(setting, row, positions, strict))
    right = applied(name, *_away(setting, row, positions))
    return Equation(applied(f"{name}'", *positions), right, conditions, setting.moduli(row))


def _extends_by_zeros(layer: Layer, joint: Joint) -> bool:
    """Whether a layer reads zeros beyond the border, as a shift fills in, and adds them up."""
    axes = [axis for axis, _, _ in axis_pairs(joint, layer.target)]
    if layer.reduction == MEAN and isinstance(joint.tying, Mean):
        cut = getattr(layer.spec, "ceil_mode", False) or any(map(_overhangs, axes))
        if joint.tying.over != "taps" or cut:
            return False  # it is divided by another number where the border cuts the window
    elif layer.reduction != SUM:
        return False
    return all(a.boundary == "zeros" for a in axes)


def _overhangs(axis: Axis) -> bool:
    """Whether the last window, as far as numbers tell, ends beyond what the input is padded to."""
    if axis.sliding is None or axis.symbolic:
        return False
    end = axis.stride * (axis.outputs - 1) + axis.dilation * (axis.taps - 1) + 1
    return bool(axis.sliding.after is None or end > axis.inputs + axis.padding + axis.sliding.after)


def _frame(
    setting: Setting, row: Row, positions: Sequence[sp.Expr], strict: bool
) -> Iterator[sp.Expr]:
    """Where a row, moved within its frame, is what it was t positions away: what is >= 0 there.

    Along an axis that moves forward, the last t values leave the frame. Where nothing but zeros is
    read beyond the border (not `strict`), zeros that come in are as good as those that were there.
    """
    axes = zip(positions, setting.shifts[row.name], setting.sizes[row.name], strict=True)
    for (i, t, size), moves in zip(axes, setting.moving(row), strict=True):
        if not moves:
            continue
        if setting.sign in (1, None):
            yield size - 1 - i
            if strict or setting.sign is None:
                yield i - t
        if setting.sign in (-1, None):
            yield i
            if strict or setting.sign is None:
                yield size - 1 - (i - t)


def _claim(
    setting: Setting, layer: Layer, definition: Equation, moved: dict[str, Equation]
) -> Equation:
    """r'(i) = r(i - t), in the interior for those i whose windows lie in what has been shown."""
    row = layer.target
    positions = definition.variables
    name = setting.names[row.name]
    conditions: list[sp.Expr] = []
    if setting.where == "interior":
        found = list(_frame(setting, row, positions, strict=True))
        for joint in layer.joints:
            source = moved[joint.source.name]
            found += _reaching(setting, layer, joint, source, positions)
        conditions = _without_implied(found, setting.floors)
    return Equation(
        applied(f"{name}'", *positions),
        applied(name, *_away(setting, row, positions)),
        tuple(conditions),
        setting.moduli(row),
    )


def _reaching(
    setting: Setting,
    layer: Layer,
    joint: Joint,
    source: Equation,
    positions: Sequence[sp.Symbol],
) -> Iterator[sp.Expr]:
    """The conditions of a source row at the outermost taps of the window that reads it."""
    for axis, place, out in axis_pairs(joint, layer.target):
        if place is None or not setting.moving(joint.source)[place]:
            continue
        if out is None:
            raise Unproved(f"{layer.spec} has no interior: it reads beyond every border")
        m, i = source.variables[place], positions[out]
        for condition in source.conditions:
            slope = written(coefficient(polynomial(condition), m))
            if slope != 0:
                read = _outermost(layer, setting, axis, i, slope.is_negative)
                yield unfloored(condition.xreplace({m: read}))


def _outermost(layer: Layer, setting: Setting, axis: Axis, i: sp.Symbol, last: bool) -> sp.Expr:
    """The last position that is read for an output at i, or the first, rounded inwards."""
    if axis.pace is None:
        raise Unproved(f"{layer.spec} has no interior: it reads beyond every border")
    read = sympified(setting.padded(axis).span(i)[last])
    stride = sympified(axis.pace[0])
    if not read.has(sp.ceiling):
        return read
    return read.replace(sp.ceiling, lambda e: sp.floor(sp.expand(e + 1 - 1 / stride)))


def _without_implied(found: list[sp.Expr], sizes: Meanings) -> list[sp.Expr]:
    """The conditions in lowest terms, without those that follow from another one."""
    kept: list[sp.Expr] = []
    for condition in dict.fromkeys(map(_rounded, found)):
        if not follows(condition, kept, sizes=sizes):
            kept = [c for c in kept if not follows(c, [condition], sizes=sizes)] + [condition]
    return kept


def _rounded(condition: sp.Expr) -> sp.Expr:
    """A condition on whole numbers in lowest terms: 16 i - 121 >= 0 is i - 8 >= 0."""
    terms = dict(polynomial(condition))
    rest = Fraction(terms.pop(NONE, 0))
    if not terms:
        return sp.floor(condition)
    every = [Fraction(value) for value in terms.values()]
    content = Fraction(
        math.gcd(*(v.numerator for v in every)), math.lcm(*(v.denominator for v in every))
    )
    lowest = {product: value / content for product, value in terms.items()}
    return written(plus(lowest, {NONE: math.floor(rest / content)}))
