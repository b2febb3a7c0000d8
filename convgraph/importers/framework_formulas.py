"""What frameworks call functions of single units, in ONNX's terms: said once for all readers."""

from __future__ import annotations

from math import log
from typing import Any, TypeAlias

__all__ = ["BINARY", "FORMULAS", "NAMES", "Formula"]

Formula: TypeAlias = "tuple[Any, ...]"
"""An operator and its operands: a number of an operand as `int`, a constant as `float`, or again a
formula."""

NAMES = {
    **{
        name: name.capitalize()
        for name in (
            "abs", "neg", "exp", "log", "sqrt", "erf", "floor", "ceil", "sign", "sin", "cos", "tan",
            "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "max", "min",
        )
    },
    "gt": "Greater",
    "lt": "Less",
    "ge": "GreaterOrEqual",
    "le": "LessOrEqual",
    "eq": "Equal",
    "atan2": "Atan2",
}  # fmt: skip

BINARY = {"Greater", "Less", "GreaterOrEqual", "LessOrEqual", "Equal", "Atan2"}

FORMULAS: dict[str, Formula] = {
    "expm1": ("Sub", ("Exp", 0), 1.0),
    "log1p": ("Log", ("Add", 0, 1.0)),
    "rsqrt": ("Reciprocal", ("Sqrt", 0)),
    "square": ("Pow", 0, 2.0),
    "log2": ("Mul", ("Log", 0), 1 / log(2)),
    "log10": ("Mul", ("Log", 0), 1 / log(10)),
    "exp2": ("Pow", 2.0, 0),
    "cbrt": ("Mul", ("Sign", 0), ("Pow", ("Abs", 0), 1 / 3)),
    "erfc": ("Sub", 1.0, ("Erf", 0)),
    "hypot": ("Sqrt", ("Add", ("Pow", 0, 2.0), ("Pow", 1, 2.0))),
    "log_sigmoid": ("Neg", ("Softplus", ("Neg", 0))),
    "ne": ("Not", ("Equal", 0, 1)),
    "lerp": ("Add", 0, ("Mul", ("Sub", 1, 0), 2)),
    "threshold": ("Where", ("Greater", 0, 1), 0, 2),
}
