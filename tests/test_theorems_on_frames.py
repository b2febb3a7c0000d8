"""What a theorem says of a finite frame, against shifted arrays and layers that are run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.core.window import Window
from convgraph.symmetry.statements.statement import Meaning
from convgraph.symmetry.statements.vocabulary import Residue

SIZES = range(1, 12)
modes = st.sampled_from(["zeros", "circular", "reflect", "replicate"])
sides = st.tuples(st.integers(0, 2), st.integers(0, 2)).map(lambda sides: (sides,))
paddings = st.one_of(st.sampled_from(["valid", "same"]), sides)
layers = st.one_of(
    st.builds(
        cg.Conv,
        st.integers(1, 3),
        stride=st.integers(1, 2),
        dilation=st.integers(1, 2),
        padding=paddings,
        padding_mode=modes,
        bias=st.booleans(),
    ),
    st.builds(cg.MaxPool, st.integers(1, 3), st.integers(1, 2), st.integers(0, 1)),
    st.builds(cg.AvgPool, st.integers(2, 3), st.integers(1, 2), st.integers(0, 1)),
    st.builds(cg.ConvTranspose, st.integers(1, 3), stride=st.integers(1, 2)),
    st.builds(cg.Pad, sides, padding_mode=modes),
    st.just(cg.Upsample(2)),
    st.just(cg.ReLU()),
    st.just(cg.Residual(cg.Conv(3, padding=1))),
)


def shifted(x: Any, amount: Any, boundary: Any) -> Any:
    """The array moved by hand."""
    if boundary == "wrap":
        return np.roll(x, amount)
    n = len(x)
    return np.array([x[i - amount] if 0 <= i - amount < n else 0 for i in range(n)])


def sizes_of(statement: Any, size: Any) -> Any:
    """What the symbols of a statement stand for at this size of the input, None if it has none."""
    first, *others = statement.notes
    (count,) = first.sizes
    at = {}
    for symbol in count.free_symbols:
        (value,) = sp.solve(count - size, symbol)
        if not value.is_Integer or value < 1:
            return None
        at[symbol] = value
    for note in others:
        if isinstance(note, Meaning) and note.value is not None:
            at[note.symbol] = note.value.xreplace(at)
    return at


def number(e: Any, at: Any) -> Any:
    made = e.xreplace(at)
    return int(made.replace(lambda a: isinstance(a, Residue), lambda a: sp.Mod(*a.args)))


def paddings_of(network: cg.Network) -> Any:
    """The padding of each layer, before and behind."""
    joints = [joint for layer in network.layers for joint in layer.joints]
    return [
        (axis.padding, axis.after)
        for joint in joints
        for axis in joint.wiring.axes
        if isinstance(axis, Window) and axis.taps != 1
    ]


def failures(spec: Any, shift: Any, proof: Any, size: Any, seed: Any) -> Any:
    """The outputs of which the proof's claim says something that is not so."""
    at = sizes_of(proof.statement, size)
    try:
        network = spec.on(size)
    except cg.ConvgraphError:
        return []
    if at is None:
        return []
    random = np.random.default_rng(seed)
    x = random.integers(-99, 100, size)
    own = {str(p): random.integers(-9, 10) for p in network.parameters}
    moved = shifted(x, shift.amount, shift.boundary)
    after, before = (np.asarray(network.evaluate(e, own), float) for e in (moved, x))
    claim = proof.statement.claim
    wrong = []
    for i in range(len(after)):
        here = {**at, claim.variables[0]: sp.Integer(i)}
        if all(number(c, here) >= 0 for c in claim.conditions):
            source = number(claim.right.args[0], here)
            if not (0 <= source < len(before) and np.isclose(after[i], before[source])):
                wrong.append((size, i, source))
    return wrong


def padded_otherwise(spec: Any, bound: Any, size: Any) -> Any:
    """Whether "same" padding is another one at this size."""
    try:
        return paddings_of(spec.on(size)) != paddings_of(spec.on(bound))
    except cg.ConvgraphError:
        return True


def assert_true_of_frames(spec: Any, shift: Any, where: Any, bound: Any, seed: Any) -> None:
    try:
        found = cg.prove(spec if bound is None else spec.on(bound), shift, where=where)
    except cg.ConvgraphError:  # a kernel that is larger than the input
        return
    if isinstance(found, cg.Proof):
        assert found.verify()
        for size in SIZES if found.statement.where == "interior" or bound is None else [bound]:
            if bound is not None and padded_otherwise(spec, bound, size):
                continue  # the theorem is about the layers as they were bound
            assert not failures(spec, shift, found, size, seed), (spec, shift, where)


questions = (
    st.one_of(layers, st.tuples(layers, layers).map(lambda two: two[0] >> two[1])),
    st.builds(
        cg.Shift,
        st.sampled_from([1, 2, 4, -1, -2]),
        boundary=st.sampled_from(["zeros", "wrap"]),
    ),
    st.sampled_from(["interior", "interior", "frame"]),
    st.sampled_from([None, None, 7]),
    st.integers(0, 2**32 - 1),
)


@settings(max_examples=15, deadline=None)
@given(*questions)
def test_a_theorem_about_a_frame_is_true_of_frames(
    spec: Any, shift: Any, where: Any, bound: Any, seed: Any
) -> None:
    assert_true_of_frames(spec, shift, where, bound, seed)


@pytest.mark.exhaustive
@settings(max_examples=300, deadline=None)
@given(*questions)
def test_theorems_about_frames_at_length(
    spec: Any, shift: Any, where: Any, bound: Any, seed: Any
) -> None:
    assert_true_of_frames(spec, shift, where, bound, seed)


@pytest.mark.parametrize("bound", [None, 9])
def test_a_wrapped_shift_brings_in_the_other_end(bound: int | None) -> None:
    """What comes in is not claimed: y'[1] reads x'[0], which is x[n - 1] and not x[-1] = 0."""
    spec = cg.Conv(3, padding=1)
    wrapped, filled = (
        cg.prove(spec.on(bound) if bound else spec, shift, where="interior")
        for shift in (cg.Shift(1, boundary="wrap"), cg.Shift(1))
    )
    assert "for 2 <= i, i <= n - 2" in str(wrapped)
    assert "x'[i] = x[i - 1] for 1 <= i, i <= n - 1" in str(wrapped)
    assert "for 1 <= i, i <= n - 2" in str(filled)
    assert wrapped.verify()
    assert filled.verify()


@pytest.mark.parametrize(("where", "boundary"), [("circle", "zeros"), ("line", "wrap")])
def test_a_line_and_a_circle_have_their_own_shifts(where: str, boundary: str) -> None:
    with pytest.raises(cg.ConvgraphError, match=f"where='{where}'.*boundary"):
        cg.prove(cg.ReLU(), cg.Shift(1, boundary=boundary), where=where)
