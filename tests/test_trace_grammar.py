"""Functions drawn from a grammar: a trace is refused, or it is the function on all numbers tried.

A drawn program is text, so that a failure can be read; it runs in plain numpy on one side, and the
network's values and expressions are on the other.
"""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import numpy as np
import pytest
import sympy as sp

import convgraph as cg

SIZE, TAPS = 4, 2
VALUES = ("h", "h[::-1]", "x", "np.roll(h, 1)", "h * 2", "h - 1", "x + h", "-h", "(h + x) / 2")
NUMBERS = ("0", "1", "-1", "2", "w[0]", "h[0]", "x[1]", "h[-1] - x[0]")
CONDITIONS = (
    "h > 0", "h >= x", "x < h[::-1]", "h == 0", "h != x", "h > 1", "np.arange(4) % 2 == 0",
    "np.arange(4) > 1", "h", "x <= -1", "~(h > 0)", "(h > 0) & (x > 0)", "np.isclose(h, 0)",
)  # fmt: skip
TRUTHS = (
    "h[0] > 0", "h[1]", "not x[0]", "h[0] == h[1]", "np.any(h)", "np.all(h > 0)", "0 in h", "w[0]",
    "len(h) > 3", "h.max() > 2", "h.sum() == 0", "np.array_equal(h, x)", "np.allclose(h, x)",
    "h.shape == x.shape", "x is None", "isinstance(h[0], float)", "h.dtype == object",
    "len(set(h)) < 4", "np.count_nonzero(h) > 2", "h is x", "h.argmax() == 0", "h[0] in h[1:]",
    "1 < h[0] < 3", "sp.Max(h[0], 0) == 0", "sp.Max(h[0], h[1]) > 1", "str(h[0]) == '1.0'",
)  # fmt: skip
STATEMENTS = (
    "h = {v}",
    "h = {v} + {v}",
    "h = np.maximum({v}, {n})",
    "h = np.minimum({v}, {v})",
    "np.maximum(h, {n}, out=h)",
    "np.minimum(h, {v}, out=h)",
    "np.clip(h, -1, {n}, out=h)",
    "h = np.clip({v}, {n}, 2)",
    "np.add(h, {v}, out=h)",
    "np.multiply(h, {c}, out=h)",
    "np.subtract(h[1:], h[:-1], out=h[1:])",
    "np.maximum(h[1:], h[:-1], out=h[:-1])",
    "np.add(h, {n}, out=h, where=np.arange(4) % 2 == 0)",
    "np.maximum(h, {n}, out=h, where=np.arange(4) < 2)",
    "np.maximum(h, {n}, out=h, where={c})",
    "h = np.add.accumulate({v})",
    "np.maximum.accumulate(h, out=h)",
    "np.add.accumulate(h, 0, None, h)",
    "h = np.minimum.accumulate({v})",
    "np.add.at(h, [0, 0, 3], {n})",
    "np.maximum.at(h, [1, 1], {n})",
    "h = np.add.outer(h, x).sum(axis=1)",
    "h = np.maximum.outer(h, x).max(axis=0)",
    "h = np.maximum.reduceat(h, [0, 1, 2, 1])",
    "h = np.add.reduceat(h, [0, 2, 1, 3])",
    "h = h.reshape(2, 2).max(axis={a}).repeat(2)",
    "h = h.reshape(2, 2).sum(axis={a}, keepdims=True) + x.reshape(2, 2); h = h.ravel()",
    "h = np.tile(h.reshape(2, 2).min({a}), 2)",
    "h = h.reshape(2, 2).T.ravel()",
    "h = np.full(4, 1) * h.mean()",
    "h = h - h.max()",
    "h = np.where({c}, {v}, {v})",
    "h = np.where({c}, {v}, {n})",
    "h = np.where({c}, {v}, 0)",
    "h = h * ({c})",
    "h[{c}] = {n}",
    "np.copyto(h, {v}, where={c})",
    "np.putmask(h, {c}, 0)",
    "h = np.convolve({v}, w, 'same')",
    "h = np.correlate({v}, w, 'full')[:4]",
    "h = np.convolve(h, [1, -1])[1:]",
    "h = np.pad(h, 1)[:4]",
    "h = np.pad(h, (1, 0), mode='edge')[1:] + h",
    "h = np.pad(h, 2, mode='wrap')[1:5]",
    "h = np.einsum('i,j->i', h, w)",
    "h = np.einsum('ij,j->i', np.add.outer(h, x)[:, :2], w)",
    "h = np.arange(16).reshape(4, 4) % 3 @ h",
    "h = h @ np.eye(4, dtype=int)[::-1]",
    "h = h[[3, 1, 1, 0]]",
    "h[[0, 2]] = h[[2, 0]]",
    "h[::2] = {n}",
    "h[1:] += h[:-1]",
    "h *= 2",
    "h -= {v}",
    "h += {n}",
    "h /= 2",
    "h = abs({v})",
    "np.abs(h, out=h)",
    "h = np.sign({v})",
    "h = np.array([max(a, {n}) for a in h])",
    "h = np.array([sp.Max(a, {n}) for a in h])",
    "h = np.stack([h, x]).max(axis=0)",
    "h = np.concatenate([h[2:], x[:2]])",
    "h = np.zeros_like(h); h[1:] = x[:-1]",
    "h = np.zeros_like(x); h[:2] = x[2:] / 2",
    "h = np.empty_like(x, dtype=object); h[:] = {v}",
    "h = np.zeros(4); h[0] = x[0]",
    "h = np.real(h) + np.imag(x)",
    "h = np.conj(h)",
    "h = h.astype({t})",
    "h = np.sort(h)",
    "h = h[np.argsort(x)]",
    "h = np.diff(h, prepend={n})",
    "h = np.cumsum(h[::-1])[::-1]",
    "h = h // 2",
    "h = np.dot(np.ones((4, 4), int), h)",
    "h = np.flip(h).copy()",
    "h = np.rint(h)",
    "h = np.heaviside(h, 0)",
    "h = np.fmax(h, {n}) - np.fmin(h, {n})",
    "h = np.ptp(h) + x",
    "h = np.where(h > 0, h, h / 2)",
    "h = np.array(list(h))[::-1] + x",
    "h = np.select([{c}], [h], x)",
    "h = np.nan_to_num(h)",
    "h = np.trim_zeros(np.concatenate([h, x]))[:4]",
    "for i in range(1, 4): h[i] = h[i] - h[i - 1]",
    "for i in range(3): h[i] = sp.Max(h[i], h[i + 1])",
    "for i in range(4): h[i] = h[i] if {b} else {n}",
    "if {b}: h = {v}",
    "h = h if {b} else {v}",
    "try:\n        h = h if {b} else {v}\n    except Exception: pass",
    "h = h + (1 if {b} else 2)",
    "x[0] = {n}",
    "x += 1",
    "w = w * 2",
)
ENDS = (
    "h", "h", "h", "h[0]", "list(h)", "h.reshape(2, 2)", "h.sum()", "(h[0], h[1])", "h[:2], x[:2]",
    "h.max(initial=0)", "x",
)  # fmt: skip


def program(source: random.Random) -> str:
    body = []
    for _ in range(source.randint(1, 4)):
        statement = source.choice(STATEMENTS)
        fields = {
            "v": VALUES, "n": NUMBERS, "c": CONDITIONS, "b": TRUTHS, "a": ("0", "1"),
            "t": ("int", "float", "bool", "object", "complex"),
        }  # fmt: skip
        for key, choices in fields.items():
            while f"{{{key}}}" in statement:
                statement = statement.replace(f"{{{key}}}", source.choice(choices), 1)
        body.append(statement)
    lines = "\n    ".join([f"h = {source.choice(VALUES[2:4])}.copy()", *body])
    return f"def f(x, w):\n    h = x\n    {lines}\n    return {source.choice(ENDS)}\n"


def compiled(text: str) -> Any:
    space = {"np": np, "sp": sp}
    exec(text, space)
    return space["f"]


def numbers(source: random.Random, at: int) -> Any:
    bound = (1, 3, 9, 2)[at % 4]
    x = np.array([source.randint(-bound, bound) for _ in range(SIZE)])
    w = np.array([source.randint(-2, 2) for _ in range(TAPS)])
    return (x, w) if at % 2 else (x / 2, w / 4)


def differs(text: str, source: random.Random) -> str | None:
    """What a trace gets wrong, "" if nothing, or None if it is refused."""
    function = compiled(text)
    try:
        network = cg.trace(function, x=SIZE, w=TAPS)
    except cg.ConvgraphError:
        return None
    used = {array.letter for array in network.labels.arrays}  # none of no edges
    expressions = list(network.expressions().values())
    names = [*sp.symbols(f"x1:{SIZE + 1}"), *sp.symbols(f"w_1:{TAPS + 1}")]
    for at in range(8):
        x, w = numbers(source, at)
        try:
            with np.errstate(all="ignore"):
                expected = np.asarray(function(x.copy(), w.copy()), float).ravel()
        except Exception:  # as when an integer array is divided in place
            continue
        evaluated = np.asarray(network.evaluate(x, {"w": w} if "w" in used else {}), float).ravel()
        given = dict(zip(names, [sp.Rational(v) for v in (*x.tolist(), *w.tolist())], strict=True))
        substituted = [float(e.xreplace(given)) for e in expressions] if at < 3 else evaluated
        for found in (evaluated, substituted):
            if len(found) != len(expected) or not np.allclose(found, expected, rtol=0, atol=1e-9):
                return f"x={x.tolist()}, w={w.tolist()}: {expected.tolist()}, not {list(found)}"
    return ""


def assert_traced_or_refused(seeds: range) -> Counter[str]:
    seen: Counter[str] = Counter()
    for seed in seeds:
        source = random.Random(seed)
        text = program(source)
        wrong = differs(text, source)
        assert not wrong, f"seed {seed}\n{text}\n{wrong}"
        seen["refused" if wrong is None else "traced"] += 1
    return seen


@pytest.mark.filterwarnings("ignore")
def test_a_drawn_function_is_refused_or_is_its_network() -> None:
    seen = assert_traced_or_refused(range(80))
    assert min(seen["traced"], seen["refused"]) > 15


@pytest.mark.exhaustive
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(5))
def test_drawn_functions_at_length(part: Any) -> None:
    assert_traced_or_refused(range(1000 + 1000 * part, 2000 + 1000 * part))
