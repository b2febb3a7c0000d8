"""Which shift of the output goes with one of the input, by trying them all on whole numbers."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.equivariance.counterexample import Counterexample

pytestmark = pytest.mark.usefixtures("on_axes")

POINTS = 40


@dataclass(frozen=True)
class Plain:
    """A window layer on images, from its definition: windows of pixels, one after the other."""

    kind: str
    kernel: tuple[int, int]
    stride: tuple[int, int]
    padding: tuple[int, int] = (0, 0)

    def spec(self, rank: int) -> Any:
        kernel, stride, padding = (v[-rank:] for v in (self.kernel, self.stride, self.padding))
        both = tuple((p, p) for p in padding)
        if self.kind == "relu":
            return cg.ReLU()
        if self.kind == "mean":
            return cg.AvgPool(kernel, stride)
        if self.kind == "max":
            return cg.MaxPool(kernel, stride, padding=both)
        return cg.Conv(kernel, stride=stride, padding=both, bias=self.kind == "biased")

    def outputs(self, shape: tuple[int, int]) -> tuple[int, ...]:
        sizes = zip(shape, self.kernel, self.stride, self.padding, strict=True)
        return tuple((n + 2 * p - k) // s + 1 for n, k, s, p in sizes)

    def draw(self, random: np.random.Generator) -> list[Any]:
        weights = random.integers(-9, 10, (POINTS, *self.kernel))
        return [weights, random.integers(-9, 10, POINTS)]

    def __call__(self, x: Any, drawn: list[Any]) -> Any:
        if self.kind == "relu":
            return np.maximum(x, 0)
        rows, columns = self.outputs(x.shape[1:])
        result = np.zeros((POINTS, rows, columns), np.int64)
        for i, j in itertools.product(range(rows), range(columns)):
            seen = []
            for a, b in itertools.product(*map(range, self.kernel)):
                r = self.stride[0] * i + a - self.padding[0]
                c = self.stride[1] * j + b - self.padding[1]
                if 0 <= r < x.shape[1] and 0 <= c < x.shape[2]:
                    weight = drawn[0][:, a, b] if self.kind in ("conv", "biased") else 1
                    seen.append(weight * x[:, r, c])
            if self.kind == "max":
                result[:, i, j] = np.max(seen, axis=0)
            else:  # a mean is a sum over the number of pixels, the same for all windows
                result[:, i, j] = sum(seen) + (drawn[1] if self.kind == "biased" else 0)
        return result


def shifted(values: Any, amount: int, axis: int, boundary: str) -> Any:
    """Move values one by one."""
    result = np.zeros_like(values)
    n = values.shape[axis]
    for to in range(n):
        source = to - amount
        if boundary == "wrap" or 0 <= source < n:
            index: list[Any] = [slice(None)] * values.ndim
            at = index.copy()
            index[axis], at[axis] = source % n, to
            result[tuple(at)] = values[tuple(index)]
    return result


def moved(values: Any, amounts: Any, boundary: str) -> Any:
    for axis, amount in enumerate(amounts, 1):
        values = shifted(values, amount, axis, boundary)
    return values


def points(layers: Any, shape: tuple[int, int]) -> Any:
    """Inputs of many kinds, and parameters."""
    random = np.random.default_rng(3)
    x = random.integers(-99, 100, (POINTS, *shape))
    x[::3] = np.abs(x[::3])
    x[1::3] = -np.abs(x[1::3])
    drawn = [layer.draw(random) for layer in layers]
    for each in drawn:
        each[0][::2] = np.abs(each[0][::2])
    return x, drawn


def through(layers: Any, drawn: Any, x: Any) -> Any:
    for layer, own in zip(layers, drawn, strict=True):
        x = layer(x, own)
    return x


def fits(layers: Any, shape: tuple[int, ...]) -> bool:
    for layer in layers:
        if layer.kind == "relu":
            continue
        shape = layer.outputs(shape)
        if min(shape) < 1:
            return False
    return True


def assert_verdict_on_shifts(
    layers: Any, shape: tuple[int, int], amounts: Any, boundary: str, rank: int
) -> bool:
    """Hold one verdict against all shifts of the output; say whether it holds."""
    x, drawn = points(layers, shape)
    left = through(layers, drawn, moved(x, amounts, boundary))
    plain = through(layers, drawn, x)
    out = plain.shape[1:]
    spec = layers[0].spec(rank)
    for layer in layers[1:]:
        spec = spec >> layer.spec(rank)
    g = cg.Shift(tuple(amounts[-rank:]), boundary=boundary)
    verdict = cg.check_equivariance(spec.on(shape[-rank:]), g)
    assert not verdict.undecided
    # of one unit to the other, for units of the output and for the shift that the verdict names
    sources = verdict.output.sources()
    flat = np.concatenate([plain.reshape(POINTS, -1), np.zeros((POINTS, 1), np.int64)], axis=1)
    agree = (left.reshape(POINTS, -1) == flat[:, sources]).all(axis=0)
    assert (agree == verdict.exact.mask().ravel()).all(), (spec, shape, g, verdict)
    assert (agree != verdict.broken.mask().ravel()).all()
    far = (range(-n, n + 1) if boundary == "zeros" else range(n) for n in out)
    some = [
        other for other in itertools.product(*far) if (left == moved(plain, other, boundary)).all()
    ]
    some += [None] if (moved(x, amounts, boundary) == 0).all() and (left == 0).all() else []
    assert verdict.holds is bool(some), (spec, shape, g, verdict, some)
    return bool(some)


KINDS = ["conv", "biased", "max", "mean"]


@st.composite
def layers_on(draw: st.DrawFn, rank: int) -> Any:
    found = []
    for _ in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from([*KINDS, "relu"]))
        sizes = [
            (1,) * (2 - rank) + tuple(draw(st.integers(1, most)) for _ in range(rank))
            for most in (3, 4)
        ]
        own = (
            () if kind == "mean" else tuple(draw(st.integers(0, k // 2)) for k in sizes[0][-rank:])
        )
        padding = (0,) * (2 - len(own)) + own
        found.append(
            Plain(kind, *sizes, padding) if kind != "relu" else Plain(kind, (1, 1), (1, 1))
        )
    return tuple(found)


@given(st.data())
def test_a_verdict_holds_where_some_shift_of_the_output_does(data: st.DataObject) -> None:
    rank = data.draw(st.integers(1, 2))
    layers = data.draw(layers_on(rank))
    n = data.draw(st.integers(1, 9 if rank == 1 else 4))
    shape = (1, n) if rank == 1 else (data.draw(st.integers(1, 4)), n)
    if not fits(layers, shape):
        return
    far = [st.integers(-m - 2, m + 2) for m in shape]
    amounts = (0, data.draw(far[1])) if rank == 1 else tuple(map(data.draw, far))
    assert_verdict_on_shifts(
        layers, shape, amounts, data.draw(st.sampled_from(["zeros", "wrap"])), rank
    )


def lines() -> Any:
    """All single layers on a line, and some stacks."""
    single = [
        Plain(kind, (1, k), (1, s), (0, p))
        for kind, k, s in itertools.product(KINDS, (1, 2, 3), (1, 2, 3, 4))
        for p in ((0, 1) if kind != "mean" and k > 1 else (0,))
    ]
    yield from ((layer,) for layer in single)
    relu = Plain("relu", (1, 1), (1, 1))
    first = [Plain("conv", (1, 2), (1, 2)), Plain("max", (1, 3), (1, 2), (0, 1))]
    second = [Plain("conv", (1, 2), (1, s)) for s in (1, 2)] + [Plain("max", (1, 2), (1, 2))]
    yield from ((a, relu, b) for a in first for b in second)


@pytest.mark.exhaustive
@pytest.mark.parametrize("n", range(1, 7))
@pytest.mark.parametrize("boundary", ["zeros", "wrap"])
def test_all_shifts_of_all_lines(n: int, boundary: str) -> None:
    held = {True: 0, False: 0}
    for layers in lines():
        if fits(layers, (1, n)):
            for amount in range(-2 * n - 1, 2 * n + 2):
                held[assert_verdict_on_shifts(layers, (1, n), (0, amount), boundary, 1)] += 1
    assert held[True] > 0
    assert held[False] > 0 or n == 1


@pytest.mark.exhaustive
@pytest.mark.parametrize("boundary", ["zeros", "wrap"])
def test_all_shifts_of_small_images(boundary: str) -> None:
    kinds = itertools.product(KINDS, ((1, 2), (2, 2)), ((1, 2), (2, 2), (3, 1)))
    for kind, kernel, stride in kinds:
        for shape in ((2, 4), (3, 3), (4, 3)):
            for amounts in itertools.product(*(range(-m - 1, m + 2) for m in shape)):
                assert_verdict_on_shifts(
                    (Plain(kind, kernel, stride),), shape, amounts, boundary, 2
                )


AROUND = [
    (cg.AvgPool(2), 5, 5),
    (cg.MaxPool(2), 2, 1),
    (cg.Conv(2, stride=2), 8, 8),
]


@pytest.mark.parametrize(("spec", "n", "amount"), AROUND)
def test_what_goes_all_around_stays(spec: Any, n: int, amount: int) -> None:
    verdict = cg.check_equivariance(spec.on(n), cg.Shift(amount, boundary="wrap"))
    assert verdict.holds
    assert verdict.output.still


def test_shifts_are_put_together_before_they_meet_a_stride() -> None:
    network = cg.Conv(2, stride=2).on(8)
    around = cg.Shift(7, boundary="wrap") @ cg.Shift(1, boundary="wrap")
    assert cg.check_equivariance(network, around).holds
    twice = cg.check_equivariance(network, cg.Shift(1) @ cg.Shift(1))
    assert twice.holds
    assert repr(twice.output) == "Shift(1)"
    # forth and back loses a position, and half a window with it
    back = cg.check_equivariance(network, cg.Shift(1) @ cg.Shift(-1))
    assert back.broken == {"s1"}
    assert cg.check_equivariance(network, cg.Shift(2) @ cg.Shift(-2)).holds


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("width", [2, 100])
def test_no_shift_is_ruled_out_by_channels_that_are_zero_along_another_axis(
    width: int, turned: bool
) -> None:
    mean = cg.Pad(((0, 2), (0, 0)), "circular") >> cg.AvgPool((3, 1), stride=1)
    branches = [
        mean >> cg.Pad(((0, 1), (0, 0))),  # the same three times, and a zero
        cg.Conv((1, 1)) >> cg.Pad(((0, 1), (width, 0))) >> cg.Crop(((0, 0), (0, width))),
    ]
    network = cg.Parallel(*branches[:: -1 if turned else 1]).on((1, 3, width))
    verdict = cg.check_equivariance(network, cg.Shift((1, 0), boundary="wrap"))
    assert verdict.holds
    assert verdict.output.still


def test_shifts_behind_a_flip_are_not_said_to_fail() -> None:
    network = cg.Pad(((1, 0),)).on(3)
    assert cg.check_equivariance(network, cg.Flip(), output=cg.Shift(1) @ cg.Flip()).holds
    verdict = cg.check_equivariance(network, cg.Flip())
    assert verdict.holds or not verdict.no_other


@pytest.mark.parametrize("filters", [1, 40])
def test_what_was_not_tried_on_a_long_axis_is_not_said_to_fail(filters: int) -> None:
    network = (cg.Conv(1, filters=filters) >> cg.Crop(((0, 2),))).on(20)
    g = cg.Shift(-5) @ cg.Shift(5)
    assert cg.check_equivariance(network, g, output=cg.Shift(-3) @ cg.Shift(3)).holds
    verdict = cg.check_equivariance(network, g)
    assert verdict.holds or not verdict.no_other


@pytest.mark.parametrize("boundary", ["zeros", "wrap"])
@pytest.mark.parametrize("far", [10**20 + 1, 2**63, -(10**20) - 1])
def test_a_shift_beyond_64_bits_is_one_by_what_is_left_of_it(boundary: Any, far: int) -> None:
    for spec in (cg.Conv(2, stride=2), cg.Conv(3, stride=3, padding=1), cg.Conv(3, padding=1)):
        near = int(math.copysign(abs(far) % 12 if boundary == "wrap" else 12, far))
        one, other = (
            cg.check_equivariance(spec.on(12), cg.Shift(amount, boundary=boundary))
            for amount in (far, near)
        )
        assert (one.holds, len(one.broken)) == (other.holds, len(other.broken))


@given(st.tuples(*[st.integers(-4, 4)] * 3))
def test_reduced_shifts_do_what_the_parts_did(parts: tuple[int, ...]) -> None:
    from convgraph.core.layer import Row
    from convgraph.symmetry.transformations.axis_motions import reduced

    for boundary, n in itertools.product(("zeros", "wrap"), range(1, 6)):
        g = cg.Shift(parts[0], boundary=boundary)
        for amount in parts[1:]:
            g = g @ cg.Flip() @ cg.Shift(amount, boundary=boundary)
        made = reduced(g, Row("x", (n,)))
        assert made(np.arange(1, n + 1)).tolist() == g(np.arange(1, n + 1)).tolist()
        assert len(getattr(made, "parts", [made])) <= 4


@given(st.data())
@settings(max_examples=20, deadline=None)
def test_the_sides_of_a_counterexample_differ_in_numbers(data: st.DataObject) -> None:
    layers = data.draw(layers_on(1))
    n = data.draw(st.integers(1, 7))
    if not fits(layers, (1, n)):
        return
    spec = layers[0].spec(1)
    for layer in layers[1:]:
        spec = spec >> layer.spec(1)
    boundary = data.draw(st.sampled_from(["zeros", "wrap"]))
    g = cg.Shift(data.draw(st.integers(-n - 1, n + 1)), boundary=boundary)
    verdict = cg.check_equivariance(spec.on(n), g)
    if verdict.holds:
        assert verdict.counterexample is None
        return
    example = verdict.counterexample
    assert example is not None  # these are small: numbers that show it are there
    assert example.unit in verdict.broken
    random = np.random.default_rng(5)
    symbols = sorted(example.left.free_symbols | example.right.free_symbols, key=str)
    for _ in range(200):
        at = {symbol: int(random.integers(-50, 51)) for symbol in symbols}
        if example.left.subs(at) != example.right.subs(at):
            return
    raise AssertionError(f"{example.left} and {example.right} are equal wherever they were tried")


def test_a_counterexample_with_equal_sides_cannot_be_made() -> None:
    network = cg.Conv(2).on(2)
    x, y = sp.symbols("x y")
    rest: Any = ("s1", (None, None), ())
    Counterexample(network, "s1", x, y, *rest)
    for left, right in (
        (x, x),
        (sp.Max(x, y), sp.Max(y, x)),
        ((x + y) ** 2, x**2 + 2 * x * y + y**2),
    ):
        with pytest.raises(cg.ConvgraphError, match="the sides of a counterexample differ"):
            Counterexample(network, "s1", left, right, *rest)


def test_a_maximum_of_two_that_change_places_is_no_counterexample() -> None:
    found = cg.prove(cg.MaxPool(2), cg.Shift(1, boundary="wrap"))
    assert found.holds is False
    assert found.left != found.right
    assert found.network.inputs[0].shape[0] > 2


@given(st.integers(1, 6), st.booleans(), st.lists(st.integers(-7, 7), max_size=3), st.booleans())
def test_a_motion_has_the_sources_of_its_shifts_and_flips(
    size: int, wrapped: bool, amounts: list[int], flipped: bool
) -> None:
    from convgraph.symmetry.equivariance.output_motions import Motions
    from convgraph.symmetry.transformations.axis_motions import Motion, composed

    motion = Motion(size).then_flip() if flipped else Motion(size)
    for amount in amounts:
        then = motion.then_shift(amount, "wrap" if wrapped else "zeros")
        assert then is not None
        motion = then
    (expected,) = composed([motion]).per_axis((size,)) or [None]
    assert Motions.only(motion).sources().tolist() == [expected.tolist()]
