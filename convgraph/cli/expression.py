"""Networks and shapes written as text: a restricted expression, parsed and never evaluated.

An expression is a call of one of our specs, `>>` between two, numbers, words in quotes, True,
False, None, tuples of those, and arithmetic on numbers and sizes. A size that is left open is a
letter such as n or k_1, and becomes a positive integer symbol.
"""

from __future__ import annotations

import ast
import difflib
import inspect
import operator
import re
import warnings
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import convgraph
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.sizes import Size, floor_div, is_symbolic, size_symbol
from convgraph.layers.spec import Chain, Spec

__all__ = ["parse_amounts", "parse_shape", "parse_spec", "spec_names"]

LONGEST = 20_000  # characters: 500 layers
DEEPEST = 40  # calls and tuples inside each other
MOST_ARITHMETIC = 24  # operations in one number; sympy expands products, and those grow fast
# Sizes beyond are slips, and their powers and products would be long to work out; and a network of
# as many layers takes seconds to be made.
LARGEST = 10**15
MOST_LAYERS = 10_000
NOTHING = "is not a spec, a number, a quoted word or a tuple"

_LETTER = re.compile(r"[a-zA-Z](_?\d{1,4})?")


def spec_names() -> list[str]:
    """The names that an expression can call: every public spec."""
    homes = convgraph._MODULES
    layers = [home for home in homes if home.startswith("layers.")]
    return sorted(name for home in [*layers, "network.composition"] for name in homes[home])


def parse_spec(text: str) -> Spec:
    """The spec that a text describes.

    >>> parse_spec("Conv(3, padding='same') >> MaxPool(2)")
    Conv(3, padding='same') >> MaxPool(2)
    >>> parse_spec("Conv(k, stride=s)").kernel
    k
    >>> parse_spec("print(1)")
    Traceback (most recent call last):
    ...
    convgraph.core.errors.ConvgraphError: expression='print(1)': 'print' is not a spec: ...
    """
    spec = _Reader("expression", text).read()
    if not isinstance(spec, Spec):
        raise ConvgraphError(
            f"expression={_short(text)}: a network is a spec, or specs joined by >>, such as "
            "\"Conv(3, padding='same') >> ReLU()\""
        )
    return spec


def parse_shape(text: str) -> tuple[Size, ...]:
    """The shape that a text such as 5, 3x100x100 or nxn describes.

    >>> parse_shape("3x100x100"), parse_shape("5"), parse_shape("nxn")
    ((3, 100, 100), (5,), (n, n))
    """
    sizes = []
    for part in text.replace("×", "x").split("x"):
        try:
            size = _Reader("input", part.strip()).read()
        except ConvgraphError:
            size = None
        if isinstance(size, bool | Fraction) or not isinstance(size, int | _symbolic()):
            raise ConvgraphError(
                f"input={_short(text)}: a shape is sizes joined by x, such as 5, 3x100x100 or n"
            )
        sizes.append(size)
    return tuple(sizes)


def parse_amounts(argument: str, text: str) -> tuple[Size, ...]:
    """The amount that a text such as 2 or s*t describes, or several, joined by commas.

    >>> parse_amounts("shift", "s*t, 0")
    (s*t, 0)
    """
    value = _Reader(argument, text).read()
    amounts = value if isinstance(value, tuple) else (value,)
    if any(isinstance(a, bool) or not isinstance(a, int | _symbolic()) for a in amounts):
        raise ConvgraphError(
            f"{argument}={_short(text)}: an amount is a whole number or letters such as s*t, "
            "one for each axis joined by commas"
        )
    return amounts


def _symbolic() -> type:
    import sympy

    return sympy.Expr


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}...")


ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
}


class _Reader:
    """Turns one text into the object that it describes."""

    def __init__(self, argument: str, text: str) -> None:
        # One line: an expression may be broken where it has no brackets around it.
        self.argument, self.text = argument, " ".join(text.split())
        self.depth = 0

    def fail(self, rule: str) -> ConvgraphError:
        return ConvgraphError(f"{self.argument}={_short(self.text)}: {rule}")

    def read(self) -> Any:
        if len(self.text) > LONGEST:
            raise self.fail(f"an expression has at most {LONGEST:,} characters")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)  # of calls like 1(2)
                tree = ast.parse(self.text, mode="eval")
        except SyntaxError as error:
            raise self.fail(f"not an expression ({error.msg})") from None
        except (ValueError, RecursionError, MemoryError):
            raise self.fail("not an expression, or nested too deeply") from None
        return self.value(tree.body)

    def value(self, node: ast.expr) -> Any:
        """The object of one node; what has no case here is not part of the language."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(f"an expression is nested at most {DEEPEST} deep")
        try:
            match node:
                case ast.BinOp(op=ast.RShift()):
                    return self.chain(node)
                case ast.BinOp(left=repeated, op=ast.Pow(), right=depth):
                    return self.power(repeated, depth)
                case ast.BinOp() | ast.UnaryOp():
                    return self.number(node)
                case ast.Constant():
                    return self.constant(node)
                case ast.Name(id=name):
                    return self.name(name)
                case ast.Tuple(elts=parts) | ast.List(elts=parts):
                    return tuple(self.value(part) for part in parts)
                case ast.Call():
                    return self.call(node)
            raise self.fail(f"{ast.unparse(node)[:40]!r} {NOTHING}")
        finally:
            self.depth -= 1

    def chain(self, node: ast.expr) -> Spec:
        """a >> b >> c, taken apart in a loop: a network may be hundreds of layers deep."""
        parts = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.RShift):
            parts.append(node.right)
            node = node.left
        specs = [self.value(part) for part in (node, *reversed(parts))]
        for spec in specs:
            if not isinstance(spec, Spec):
                raise self.fail(f">> joins specs, and {spec!r} is not one")
        result: Spec = specs[0]
        for spec in specs[1:]:
            result = result >> spec
        return result

    def power(self, repeated: ast.expr, depth: ast.expr) -> Spec:
        """A spec repeated."""
        spec = self.value(repeated)
        if not isinstance(spec, Spec):
            raise self.fail(f"** repeats a spec, and {spec!r} is not one")
        times = self.operand(depth)
        layers = len(spec.specs) if isinstance(spec, Chain) else 1
        if isinstance(times, int) and layers * times > MOST_LAYERS:
            raise self.fail(f"a network has at most {MOST_LAYERS:,} layers here")
        return spec**times

    def constant(self, node: ast.Constant) -> Any:
        value = node.value
        if isinstance(value, float):
            if value.is_integer() or not 1e-15 < abs(value) < 1e15:
                return value
            # As written, exactly: 0.1 is one tenth.
            written = ast.get_source_segment(self.text, node) or repr(value)
            return Fraction(written.replace("_", ""))
        if value is None or isinstance(value, bool | str):
            return value
        if isinstance(value, int):
            return self.bounded(value)
        raise self.fail(f"{value!r} {NOTHING}")

    def bounded(self, value: Any) -> Any:
        if isinstance(value, int) and abs(value) > LARGEST:
            raise self.fail("a number has at most 15 digits")
        return value

    def name(self, name: str) -> Any:
        if _LETTER.fullmatch(name):
            return size_symbol(name)
        if name in spec_names():
            raise self.fail(f"{name} is a spec: write {name}(...)")
        raise self.fail(
            f"{name[:40]!r} is neither a size (a letter such as n) nor a word in quotes"
        )

    def number(self, node: ast.expr) -> Any:
        """Arithmetic, in a bounded number of operations."""
        if sum(isinstance(part, ast.BinOp | ast.UnaryOp) for part in _parts(node)) > (
            MOST_ARITHMETIC
        ):
            raise self.fail(f"a size is at most {MOST_ARITHMETIC} arithmetic operations")
        match node:
            case ast.BinOp(left=left, op=op, right=right):
                a, b = self.operand(left), self.operand(right)
                if type(op) in ARITHMETIC:
                    return self.bounded(ARITHMETIC[type(op)](a, b))
                if isinstance(op, ast.FloorDiv | ast.Div):
                    return self.quotient(a, b, exact=isinstance(op, ast.Div))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self.operand(operand)
        raise self.fail("arithmetic is +, -, *, / and //")

    def operand(self, node: ast.expr) -> Any:
        value = self.value(node)
        if isinstance(value, bool) or not isinstance(value, int | Fraction | _symbolic()):
            raise self.fail(f"arithmetic takes numbers and sizes, not {value!r}")
        return value

    def quotient(self, a: Any, b: Any, exact: bool) -> Any:
        if b == 0:
            raise self.fail("division by zero")
        if is_symbolic(a, b):
            return a / b if exact else floor_div(a, b)
        return Fraction(a) / Fraction(b) if exact else int(a // b)

    def call(self, node: ast.Call) -> Spec:
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)
        known = spec_names()
        if name not in known:
            # Close names in another case too: conv, maxpool, GlobalMaxpool.
            lower = {spec.lower(): spec for spec in known}
            close = [lower[n] for n in difflib.get_close_matches(name.lower(), lower, n=1)]
            hint = f"; did you mean {close[0]}?" if close else f": {', '.join(known)}"
            raise self.fail(f"{name[:40]!r} is not a spec{hint}")
        if any(isinstance(part, ast.Starred) for part in node.args):
            raise self.fail("a spec's arguments are written out, without *")
        arguments = [self.value(part) for part in node.args]
        options = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                raise self.fail("a spec's arguments are written out, without **")
            options[keyword.arg] = self.value(keyword.value)
        return self.made(name, arguments, options)

    def made(self, name: str, arguments: list[Any], options: dict[str, Any]) -> Spec:
        spec = getattr(convgraph, name)
        signature = inspect.signature(spec)
        for option in options:
            if option not in signature.parameters:
                hint = nearest(option, signature.parameters)
                raise self.fail(f"{name} has no argument {option!r}{hint}")
        try:
            signature.bind(*arguments, **options)
        except TypeError as error:
            raise self.fail(f"{name}{signature_text(signature)}: {error}") from None
        try:
            result: Spec = spec(*arguments, **options)
        except (TypeError, AttributeError, ValueError) as error:
            if isinstance(error, ConvgraphError):
                raise
            raise self.fail(f"{name} does not take these arguments ({error})") from error
        return result


def signature_text(signature: inspect.Signature) -> str:
    """The arguments of a spec, without types."""
    parts = []
    for parameter in signature.parameters.values():
        plain = parameter.replace(annotation=inspect.Parameter.empty)
        parts.append(str(plain))
    return f"({', '.join(parts)})"


def _parts(node: ast.expr) -> Iterator[ast.AST]:
    """The nodes of an arithmetic expression, without what is called in it."""
    stack: list[ast.AST] = [node]
    while stack:
        part = stack.pop()
        yield part
        if isinstance(part, ast.BinOp | ast.UnaryOp):
            stack.extend(ast.iter_child_nodes(part))
