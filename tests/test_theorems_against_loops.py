"""Theorems of random specs, against layers written out in loops, at sizes that are drawn.

Nothing here reads a wiring, a network or a proof: a layer is a loop over its window, as its
documentation has it, and a shift is an index. What is compared is the printed equation, at all
positions that meet the printed conditions.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import convgraph as cg
from convgraph.symmetry.statements.statement import Positions

MODES = ["zeros", "zeros", "circular", "reflect", "replicate"]
SMALLEST = -(10**9)


def read(x: Any, at: Any, mode: Any, beyond: Any = 0) -> Any:
    """The value at a position of a row that goes on beyond its border."""
    n = len(x)
    if 0 <= at < n:
        return x[at]
    if mode == "zeros":
        return beyond
    if mode == "circular":
        return x[at % n]
    if mode == "replicate":
        return x[0] if at < 0 else x[-1]
    return x[-at] if at < 0 else x[2 * (n - 1) - at]


class Conv:
    def __init__(self, draw: Any) -> None:
        self.k, self.s, self.d = (draw(st.integers(1, 3)) for _ in "ksd")
        self.mode = draw(st.sampled_from(MODES))
        self.before, self.after = draw(st.integers(0, 2)), draw(st.integers(0, 2))
        self.bias = draw(st.booleans())
        self.w = [draw(st.integers(-9, 9)) for _ in range(self.k)]
        self.b = draw(st.integers(-9, 9))
        self.spec = cg.Conv(
            self.k,
            stride=self.s,
            dilation=self.d,
            padding=((self.before, self.after),),
            padding_mode=self.mode,
            bias=self.bias,
        )

    def __call__(self, x: Any) -> Any:
        n, span = len(x), self.d * (self.k - 1) + 1
        count = (n + self.before + self.after - span) // self.s + 1
        most = max(self.before, self.after)
        fits = most < n if self.mode == "reflect" else most <= n or self.mode != "circular"
        assume(count >= 1 and fits and n + self.before + self.after >= span)
        out = []
        for i in range(count):
            taps = [
                self.w[j] * read(x, self.s * i + self.d * j - self.before, self.mode)
                for j in range(self.k)
            ]
            out.append(sum(taps) + (self.b if self.bias else 0))
        return out


class Pool:
    def __init__(self, draw: Any) -> None:
        self.k, self.s = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        self.p = draw(st.integers(0, self.k // 2))
        self.d = draw(st.integers(1, 2))
        self.greatest, self.ceil = draw(st.booleans()), draw(st.booleans())
        self.counted = draw(st.booleans())
        options = {} if self.greatest else {"count_include_pad": self.counted}
        made = cg.MaxPool if self.greatest else cg.AvgPool
        self.spec = made(
            self.k, stride=self.s, padding=self.p, dilation=self.d, ceil_mode=self.ceil, **options
        )

    def __call__(self, x: Any) -> Any:
        n, span = len(x), self.d * (self.k - 1) + 1
        room = n + 2 * self.p - span
        assume(room >= 0)
        count = room // self.s + 1
        if self.ceil:
            count = -(-room // self.s) + 1
            while self.s * (count - 1) >= n + self.p:
                count -= 1
        out = []
        for i in range(count):
            at = [self.s * i + self.d * j - self.p for j in range(self.k)]
            inside = [x[a] for a in at if 0 <= a < n]
            if self.greatest:
                assume(inside)
                out.append(max(inside))
                continue
            padded = [a for a in at if a < n + self.p]
            divisor = len(padded) if self.counted else len(inside)
            assume(divisor)
            out.append(Fraction(1, divisor) * sum(inside))
        return out


class Transposed:
    def __init__(self, draw: Any) -> None:
        self.k, self.s = draw(st.integers(1, 3)), draw(st.integers(1, 3))
        self.d = draw(st.integers(1, 2))
        self.p = draw(st.integers(0, self.d * (self.k - 1)))
        self.extra = draw(st.integers(0, max(self.s, self.d) - 1))
        self.w = [draw(st.integers(-9, 9)) for _ in range(self.k)]
        self.spec = cg.ConvTranspose(
            self.k, stride=self.s, dilation=self.d, padding=self.p, output_padding=self.extra
        )

    def __call__(self, x: Any) -> Any:
        count = (len(x) - 1) * self.s + self.d * (self.k - 1) + 1 - 2 * self.p + self.extra
        assume(count >= 1)
        out = [0] * count
        for a, value in enumerate(x):
            for j, w in enumerate(self.w):
                at = self.s * a + self.d * j - self.p
                if 0 <= at < count:
                    out[at] += w * value
        return out


class Enlarged:
    def __init__(self, draw: Any) -> None:
        self.factor = draw(st.integers(1, 3))
        self.spec = cg.Upsample(self.factor)

    def __call__(self, x: Any) -> Any:
        return [x[i // self.factor] for i in range(len(x) * self.factor)]


class Rectified:
    spec = cg.ReLU()

    def __init__(self, draw: Any) -> None:
        pass

    def __call__(self, x: Any) -> Any:
        return [max(value, 0) for value in x]


class Tiled:
    def __init__(self, draw: Any) -> None:
        self.k, self.tiles, self.p = (draw(st.integers(1, 3)) for _ in "ktp")
        self.w = [[draw(st.integers(-9, 9)) for _ in range(self.k)] for _ in range(self.tiles)]
        self.spec = cg.TiledConv(self.k, tiles=self.tiles, padding=self.p)

    def __call__(self, x: Any) -> Any:
        count = len(x) + 2 * self.p - self.k + 1
        assume(count >= 1)
        return [
            sum(self.w[i % self.tiles][j] * read(x, i + j - self.p, "zeros") for j in range(self.k))
            for i in range(count)
        ]


class Around:
    def __init__(self, draw: Any) -> None:
        self.inner = Conv(draw)
        self.spec = cg.Residual(self.inner.spec)

    def __call__(self, x: Any) -> Any:
        y = self.inner(x)
        assume(len(y) == len(x))
        return [a + b for a, b in zip(x, y, strict=True)]


KINDS = [Conv, Conv, Conv, Pool, Pool, Transposed, Enlarged, Rectified, Tiled, Around]


def number(e: Any, at: Any) -> Any:
    """A formula of the statement at numbers."""
    return int(sp.sympify(e).xreplace({s: sp.Integer(v) for s, v in at.items()}).doit())


def numbered(statement: Any, size: Any) -> Any:
    """Numbers for the symbols of a printed statement, the input having `size` positions."""
    at = {}
    for note in statement.notes:
        if isinstance(note, Positions):
            if not at:
                (n,) = note.sizes
                free = sorted(n.free_symbols, key=str)
                rest = number(n, dict.fromkeys(free, 0))
                step = number(n, dict.fromkeys(free, 1)) - rest
                assume((size - rest) % step == 0 and size > rest)
                at = dict.fromkeys(free, (size - rest) // step)
        elif note.value is not None:
            at[note.symbol] = number(note.value, at)
    return at


def assert_true_of_loops(draw: Any, network: cg.Network) -> Any:
    """One random statement; whether it was a theorem."""
    layers = [draw(st.sampled_from(KINDS))(draw) for _ in range(draw(st.integers(1, 3)))]
    spec = layers[0].spec
    for layer in layers[1:]:
        spec = spec >> layer.spec
    where = draw(st.sampled_from(["line", "interior", "circle", "interior"]))
    boundary = {"line": "zeros", "circle": "wrap"}.get(
        where, draw(st.sampled_from(["zeros", "wrap"]))
    )
    amount = draw(st.integers(-4, 4).filter(bool)) * draw(st.sampled_from([1, 2, 3]))
    size = draw(st.integers(1, 16))
    subject = spec
    if network:
        try:
            subject = spec.on(size)
        except cg.ConvgraphError:
            assume(False)
    try:
        proof = cg.prove(subject, cg.Shift(amount, boundary=boundary), where=where)
    except cg.ConvgraphError:
        assume(False)
    if not proof.holds:
        return False
    claim = proof.statement.claim
    margin = 150 if where == "line" else 0
    if where == "line":
        size = draw(st.integers(1, 8)) + 2 * margin
    at = (
        {}
        if where == "line" or (network and where == "circle")
        else numbered(proof.statement, size)
    )
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    row = [int(v) for v in random.integers(-30, 31, size + 2 * abs(amount))]
    x = row[abs(amount) : abs(amount) + size]
    if where == "line":
        moved = [row[a + abs(amount) - amount] for a in range(size)]
    elif where == "circle" or boundary == "wrap":
        moved = [x[(a - amount) % size] for a in range(size)]
    else:
        moved = [x[a - amount] if 0 <= a - amount < size else 0 for a in range(size)]
    before, after = x, moved
    for layer in layers:
        before, after = layer(before), layer(after)
    (i,) = claim.variables
    source = claim.right.args[0]
    turned = type(source).__name__ == "Residue"
    lag = number(i - (source.args[0] if turned else source), at)
    count = len(before)
    # on a line, what is far from both ends of the piece
    clear = range(count // 3, count - count // 3) if where == "line" else range(count)
    for place in range(-4, count + 4):
        if not all(number(c, {**at, i: place}) >= 0 for c in claim.conditions):
            continue
        if where == "interior":
            assert 0 <= place < count
            assert 0 <= place - lag < count
        elif place not in clear:
            continue
        from_ = (place - lag) % number(source.args[1], at) if turned else place - lag
        if where == "circle":
            assert number(source.args[1], at) == count if turned else lag == 0
        elif from_ not in clear:
            continue
        assert after[place] == before[from_], (proof, size, x)
    return True


@given(st.data(), st.booleans())
def test_theorems_hold_of_layers_written_out_in_loops(data: st.DataObject, network: bool) -> None:
    assert_true_of_loops(data.draw, network)


@pytest.mark.exhaustive
@settings(max_examples=500)
@given(st.data(), st.booleans())
def test_theorems_hold_of_layers_written_out_in_loops_at_length(
    data: st.DataObject, network: bool
) -> None:
    assert_true_of_loops(data.draw, network)
