"""What a layer does to a tile, for all sizes: one lemma for each step of a plan's derivation.

A tile has of each row a part. A position of it is *clean* if no cut spoils it. A lemma says, along
one axis, that a clean position of a layer reads in the tile what it reads in the whole, and that
all of it is clean. By induction along the layers clean outputs are those of the whole.

With N0 the size that a network is bound to and p the period, the whole has N0 + p u positions, the
tile N0 + p v, and it begins at p t. A row with m positions for p of the input has then so many more
in both, and the tile's part of it begins at m t. So a lemma is linear in t, u, v and the position.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from convgraph.core.axis import Axis
from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.interactions.periodic_reads import reads_of
from convgraph.interactions.propagation import propagate
from convgraph.piecewise.cuts import Cut, in_shape
from convgraph.piecewise.spoiled import Axes, Cuts, Spoiled, untouched
from convgraph.symmetry.smt.script import Query, Script, call, conjunction, number, total, whole

__all__ = ["Derivation", "Lemma"]


@dataclass(frozen=True, eq=False)
class Lemma:
    """One step along one axis.

    Attributes
    ----------
    axis
        The axis of the input.
    inputs, outputs
        How many positions there are before and behind it, in the network as it is bound.
    reads, moved
        Position f + F k reads `reads[f]`, all moved on by `moved` k, F being how many there are.
    sources
        What cuts spoil of what position f reads, for each f, or once if that is the same.
    result
        What they spoil of the positions themselves.
    border
        What is read beyond a true border: "zeros", "reflect", "replicate", or "circular".
    relation
        The relation of the layer, where the step is a layer's.
    """

    axis: int
    inputs: int
    outputs: int
    reads: tuple[tuple[int, ...], ...]
    moved: int
    sources: tuple[Spoiled, ...]
    result: Spoiled
    border: str
    relation: Axis | None = None

    def key(self) -> Hashable:
        """What is equal for lemmas that say the same."""
        states = tuple(each.key() for each in (*self.sources, self.result))
        sizes = self.inputs, self.outputs, self.moved
        return (self.axis, *sizes, self.reads, states, self.border)

    def more(self, period: int) -> tuple[int, int] | None:
        """By how many positions the step's two sides grow with a period; None if by no number, or
        if a tile's positions would not be in step with those of the whole."""
        before = [Fraction(period) / each.step for each in self.sources]
        behind = Fraction(period) / self.result.step
        if any(b != before[0] for b in before) or before[0].denominator * behind.denominator > 1:
            return None
        m, n = int(before[0]), int(behind)
        phases = len(self.reads)
        return (m, n) if n % phases == 0 and n // phases * self.moved == m else None

    def query(self, cut: Cut, least: int) -> Query:
        """The lemma for all sizes, as a question to a solver."""
        m, n = self.more(cut.period) or (0, 0)
        script = Script()
        t, k = script.integer("t", 0), script.integer("k", 0)
        u, v = script.integer("u"), script.integer("v", -((cut.size - least) // cut.period))
        if cut.circular:
            cut_before = cut_behind = "true"
            script.claim(call("<=", v, u))
        else:
            script.claim(call("<=", total(t, v), u))
            cut_before, cut_behind = call(">", t, "0"), call("<", total(t, v), u)
        size = script.define("Int", total(number(self.inputs), whole(number(m), v)))
        outputs = script.define("Int", total(number(self.outputs), whole(number(n), v)))
        end = script.define("Int", total(number(self.inputs), whole(number(m), call("-", u, t))))
        start = script.define("Int", call("-", whole(number(m), t)))

        def clean(state: Spoiled, position: str, count: str) -> str:
            rest = call("-", count, "1", position)
            return conjunction(
                [
                    call("=>", cut_before, _outside(state.before, position)),
                    call("=>", cut_behind, _outside(state.after, rest)),
                ]
            )

        goals = []
        for f, reads in enumerate(self.reads):
            source = self.sources[f % len(self.sources)]
            o = total(number(f), whole(number(len(self.reads)), k))
            given = conjunction([call("<", o, outputs), clean(self.result, o, outputs)])
            for read in reads:
                q = total(number(read), whole(number(self.moved), k))
                here = conjunction([script.between("0", q, size), clean(source, q, size)])
                if cut.circular:
                    goals.append(call("=>", given, here))
                    continue
                inside = script.between(start, q, end)
                goals.append(call("=>", conjunction([given, inside]), here))
                for beyond, uncut, place in self._mirrored(q, start, end, size, t, u, v):
                    there = [uncut, script.between("0", place, size), clean(source, place, size)]
                    goals.append(call("=>", conjunction([given, beyond]), conjunction(there)))
        return script.ask(str(self), conjunction(goals))

    def _mirrored(
        self, q: str, start: str, end: str, size: str, t: str, u: str, v: str
    ) -> list[tuple[str, str, str]]:
        """Beyond which border of the whole, which has then to be the tile's own, what is read."""
        if self.border not in ("reflect", "replicate"):
            return []
        last = call("-", size, "1")
        reflects = self.border == "reflect"
        return [
            (call("<", q, start), call("=", t, "0"), call("-", q) if reflects else "0"),
            (
                call(">=", q, end),
                call("=", total(t, v), u),
                call("-", whole("2", last), q) if reflects else last,
            ),
        ]

    def holds_at(self, cut: Cut, t: int, u: int, v: int) -> bool | None:
        """Whether the lemma holds for these sizes, read from the tables of the layer itself; None
        where the layer is not made for other sizes."""
        grown = self.more(cut.period)
        if grown is None or (cut.circular and self.inputs * self.sources[0].step != cut.size):
            return None  # or a row that has been padded around its circle
        m, n = grown
        size, whole_size = self.inputs + m * v, self.inputs + m * u
        part, there = self._table(size, n * v), self._table(whole_size, n * u)
        if part is None or there is None:
            return None
        before, behind = cut.circular or t > 0, cut.circular or t + v < u
        clean = _clean(self.result, len(part), before, behind)
        moved = np.where(part < 0, -1, (part + m * t) % whole_size)
        source = np.append(_clean(self.sources[0], size, before, behind), True)
        same = moved == there[(np.arange(len(part)) + n * t) % len(there)]
        return bool((same.all(axis=1) & source[part].all(axis=1))[clean].all())

    def _table(self, inputs: int, more: int) -> NDArray[np.int64] | None:
        """What each position reads in the layer itself on another size."""
        axis, outputs = self.relation, self.outputs + more
        if axis is None or axis.pattern(1) is None:
            return None
        if axis.sliding is not None:
            return replace(axis.sliding, inputs=inputs, outputs=outputs).table()
        return axis.longer(inputs).table()[:outputs]

    def __str__(self) -> str:
        what = type(self.relation).__name__ if self.relation is not None else "positions"
        return f"axis {self.axis}: {what} {self.inputs} -> {self.outputs}, step {self.result.step}"


@dataclass(frozen=True, eq=False)
class Derivation:
    """How what cuts spoil was derived: the steps, each once, and what was put together.

    Where branches or channels meet, a position is clean if it is clean in all of them: `joined` are
    pairs of a part and what it was put together to.
    """

    steps: tuple[Lemma, ...]
    joined: tuple[tuple[Spoiled, Spoiled], ...]
    outputs: tuple[Axes, ...]
    """What cuts spoil of the outputs, class by class."""

    @staticmethod
    def of(network: Network) -> Derivation:
        """The derivation for the only output of a network of one input."""
        source = network.inputs[0]
        recorder = _Recorder()
        found = propagate(network, source.name, untouched(source), recorder)
        (target,) = network.outputs
        last = found.states[target.name]
        assert last is not None  # there is a plan
        last = in_shape(last, target, recorder)
        outputs = tuple(payload for payload in last.payloads if payload is not None)
        return Derivation(tuple(recorder.found.values()), tuple(recorder.joined), outputs)

    def covers(self, cuts: Sequence[Cut]) -> bool:
        """Whether what is put together is spoiled wherever one of its parts is, and what is left
        out of the outputs is all that is spoiled of them."""
        left_out = all(
            len(one.before) <= cut.before and len(one.after) <= cut.after
            for payload in self.outputs
            for one, cut in zip(payload, cuts, strict=True)
        )
        return left_out and all(
            _within(part.before, result.before) and _within(part.after, result.after)
            for part, result in self.joined
        )


class _Recorder(Cuts):
    """The algebra of spoiled positions, which writes down what it does."""

    def __init__(self) -> None:
        self.found: dict[Hashable, Lemma] = {}
        self.joined: list[tuple[Spoiled, Spoiled]] = []

    def _add(self, lemma: Lemma) -> None:
        self.found.setdefault(lemma.key(), lemma)

    def through(self, payload: Axes, b: int, axis: Axis) -> Axes:
        result = super().through(payload, b, axis)
        reads, moved = reads_of(axis, 1) or ([], 0)
        border = axis.boundary if any(axis.used_padding) else "zeros"
        if axis.pattern(1) is None:
            border = "replicate"  # resizing takes what lies outside from within
        sizes = int(axis.inputs), int(axis.outputs)
        each = tuple(map(tuple, reads))
        self._add(Lemma(b, *sizes, each, moved, (payload[b],), result[b], border, axis))
        return result

    def combine(self, parts: Sequence[tuple[Axes, int]], sizes: Sequence[Size]) -> Axes:
        result = super().combine(parts, sizes)
        for part, _ in parts:
            self.joined += [pair for pair in zip(part, result, strict=True) if pair[0] != pair[1]]
        return result

    def interleave(self, payloads: Sequence[Axes | None], b: int, outer: int) -> Axes:
        result = super().interleave(payloads, b, outer)
        known = tuple(p[b] for p in payloads if p is not None)
        each, count = ((0,),) * len(known), outer * len(known)
        self._add(Lemma(b, outer, count, each, 1, known, result[b], "zeros"))
        return result


def _within(part: NDArray[np.bool_], result: NDArray[np.bool_]) -> bool:
    return set(np.flatnonzero(part).tolist()) <= set(np.flatnonzero(result).tolist())


def _outside(mask: NDArray[np.bool_], position: str) -> str:
    """That a position is none of a mask."""
    ends = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]]).astype(np.int8)))
    runs = ends.reshape(-1, 2).tolist()
    return conjunction(
        [
            call("or", call("<", position, number(a)), call(">=", position, number(b)))
            for a, b in runs
        ]
    )


def _clean(state: Spoiled, count: int, before: bool, behind: bool) -> NDArray[np.bool_]:
    clean = np.ones(count, bool)
    if before:
        clean[: len(state.before)] &= ~state.before[:count]
    if behind:
        clean[::-1][: len(state.after)] &= ~state.after[:count]
    return clean
