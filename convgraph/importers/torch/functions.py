"""Functions of PyTorch in ONNX's terms: comparisons, statistics, and activations made of others."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from convgraph.importers.framework_formulas import BINARY, FORMULAS, NAMES, Formula
from convgraph.importers.torch.call import INT64, Call, Translate

__all__ = ["FUNCTIONS"]


def _logical(op: str) -> Translate:
    """On truth values; bits of whole numbers are something else."""

    def translate(c: Call) -> Any:
        values = [v.meta["val"] for v in c.node.args if hasattr(v, "meta")]
        if any(str(value.dtype) != "torch.bool" for value in values):
            return False
        return c.emit(op, list(c.node.args))

    return translate


def _extreme(reduced: str, pairwise: str, place: str) -> Translate:
    """`max` and `min`: of all units, along an axis with its positions, or of two tensors."""

    def translate(c: Call) -> Any:
        if c["other"] is not None:
            return c.emit(pairwise, [c["self"], c["other"]])
        if c["dim"] is None:
            return c.emit(reduced, [c["self"]], {"keepdims": 0})
        keep, axis = int(bool(c["keepdim"])), c["dim"] % c.rank
        values, positions = c.outputs
        if values:
            c.emit(reduced, [c["self"]], {"axes": [axis], "keepdims": keep}, values)
        if positions:
            c.emit(place, [c["self"]], {"axis": axis, "keepdims": keep}, positions)
        return None

    return translate


def _place(op: str) -> Translate:
    def translate(c: Call) -> Any:
        if c["dim"] is None:
            return False
        return c.emit(op, [c["self"]], {"axis": c["dim"] % c.rank, "keepdims": int(c["keepdim"])})

    return translate


def _along(c: Call) -> list[int]:
    axes = c["dim"]
    axes = [axes] if isinstance(axes, int) else axes
    return [axis % c.rank for axis in axes] if axes else list(range(c.rank))


def _variance(c: Call) -> Any:
    axes, keep = _along(c), int(bool(c["keepdim"]))
    count = int(np.prod([c.shape[axis] for axis in axes]))
    less = c["correction"] if "correction" in c.given else int(c["unbiased"] is not False)
    rest = count - (1 if less is None else less)
    if rest <= 0:
        return False
    mean = c.emit("ReduceMean", [c["self"]], {"axes": axes, "keepdims": 1}, c.inner("mean"))
    apart = c.emit("Sub", [c["self"], mean], {}, c.inner("centred"))
    over = {"axes": axes, "keepdims": keep}
    total = c.emit("ReduceSumSquare", [apart], over, c.inner("sum"))
    return c.emit("Mul", [total, 1.0 / rest])


def _norm(c: Call) -> Any:
    order = c["ord"]
    op = {1: "ReduceL1", 2: "ReduceL2", None: "ReduceL2"}.get(order)
    if op is None and order not in (inf, -inf):
        return False
    over = {"axes": _along(c), "keepdims": int(bool(c["keepdim"]))}
    if op is not None:
        return c.emit(op, [c["self"]], over)
    sizes = c.emit("Abs", [c["self"]], {}, c.inner("sizes"))
    return c.emit("ReduceMax" if order == inf else "ReduceMin", [sizes], over)


def _over(op: str) -> Translate:
    def translate(c: Call) -> Any:
        return c.emit(op, [c["self"]], {"axes": _along(c), "keepdims": int(bool(c["keepdim"]))})

    return translate


def _cumulative(op: str) -> Translate:
    return lambda c: c.emit(op, [c["self"], c.hold(np.array([c["dim"] % c.rank]), "axis")])


def _random_slope(c: Call) -> Any:
    slope = (float(c["lower"]) + float(c["upper"])) / 2
    return False if c["training"] else c.emit("LeakyRelu", [c["self"]], {"alpha": slope})


def _shrunk(bias: bool) -> Translate:
    def translate(c: Call) -> Any:
        lambd = float(c["lambd"])
        return c.emit("Shrink", [c["self"]], {"lambd": lambd, "bias": lambd if bias else 0.0})

    return translate


def _einsum(c: Call) -> Any:
    return c.emit("Einsum", c["tensors"], {"equation": c["equation"]})


def _formula(written: Formula) -> Translate:
    """A function of units that is written by others; its operands are the first arguments."""

    def translate(c: Call) -> Any:
        operands, steps = list(c.given.values()), iter(range(1, 99))

        def write(part: Any, output: str | None) -> Any:
            if isinstance(part, int):
                return operands[part]
            if isinstance(part, float):
                return part
            op, *parts = part
            inner = [write(one, c.inner(f"step {next(steps)}")) for one in parts]
            return c.emit(op, inner, {}, output)

        return write(written, None)

    return translate


FUNCTIONS: dict[str, Translate] = {
    **{name: _formula(written) for name, written in FORMULAS.items()},
    **{name: _formula((op, 0, 1)) for name, op in NAMES.items() if op in BINARY},
    **dict.fromkeys(("trunc", "fix"), lambda c: c.emit("Cast", [c["self"]], {"to": INT64})),
    "fmod": lambda c: c.emit("Mod", [c["self"], c["other"]], {"fmod": 1}),
    "remainder": lambda c: c.emit("Mod", [c["self"], c["other"]]),
    **dict.fromkeys(("logical_and", "bitwise_and", "__and__"), _logical("And")),
    **dict.fromkeys(("logical_or", "bitwise_or", "__or__"), _logical("Or")),
    **dict.fromkeys(("logical_xor", "bitwise_xor", "__xor__"), _logical("Xor")),
    **dict.fromkeys(("logical_not", "bitwise_not"), _logical("Not")),
    "max": _extreme("ReduceMax", "Max", "ArgMax"),
    "min": _extreme("ReduceMin", "Min", "ArgMin"),
    "argmax": _place("ArgMax"),
    "argmin": _place("ArgMin"),
    "var": _variance,
    "linalg_vector_norm": _norm,
    "logsumexp": _over("ReduceLogSumExp"),
    "prod": _over("ReduceProd"),
    "cumsum": _cumulative("CumSum"),
    "cumprod": _cumulative("CumProd"),
    "rrelu": _random_slope,
    "softshrink": _shrunk(bias=True),
    "hardshrink": _shrunk(bias=False),
    "einsum": _einsum,
    "embedding": lambda c: c.emit("Gather", [c["weight"], c["indices"]], {"axis": 0}),
}
