"""A program of JAX gone through step by step, its calls inlined and its loops unrolled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.sizes import Size
from convgraph.importers.builder import Builder, Unread
from convgraph.importers.constants.folding import fold
from convgraph.importers.jax.held import Axes, Held
from convgraph.importers.jax.scopes import path_of, without_root
from convgraph.importers.node import Node
from convgraph.importers.values import Known, roots_of, row_shape

__all__ = ["NEWEST", "Reading", "Translate", "Unfolded"]

NEWEST = 28  # the operator set in whose terms the nodes are written
MOST_NODES = 100_000  # once loops are written out, which run as often as a number says
INLINED = ("jaxpr", "call_jaxpr", "fun_jaxpr")  # the parameters that hold the program of a call
CALLS = {
    "jit", "pjit", "closed_call", "core_call", "custom_jvp_call", "custom_vjp_call",
    "custom_vjp_call_jaxpr", "checkpoint", "remat", "remat2", "composite",
}  # fmt: skip
WINDOWS = ("Conv", "ConvTranspose")
Translate = Callable[["Reading", Any, Sequence[Held]], Any]


class Unfolded(Exception):  # noqa: N818 - a way out: the framework itself computes it
    """An operator on tensors known beforehand that is not followed through."""


class Reading:
    """The nodes of a program in ONNX's terms, as its equations are gone through."""

    def __init__(self, operators: Mapping[str, Translate], root: str = "") -> None:
        self.nodes: list[Node] = []
        self.known: dict[str, Known] = {}
        self.shapes: dict[str, tuple[Size, ...]] = {}
        self.scopes: dict[str, str] = {}
        self.behind: set[str] = set()
        """Tensors that stand as a window wants them, and what is computed of them."""
        self._operators, self._root = operators, root
        self._arrays: dict[str, Callable[[], Any]] = {}
        self._taken: dict[str, int] = {}
        self._folder = Builder(self.shapes.get, strict=False, stated=True)
        self._folder.values = self.known  # type: ignore[assignment]
        self._scope, self._primitive = "", ""

    # -- the program ---------------------------------------------------------------------------

    def run(self, jaxpr: Any, consts: Sequence[Held], given: Sequence[Held], scope: str) -> Any:
        """Go through a program; what it returns."""
        found: dict[Any, Held] = dict(zip(jaxpr.constvars, consts, strict=True))
        found.update(zip(jaxpr.invars, given, strict=True))

        def value(variable: Any) -> Held:
            is_number = hasattr(variable, "val")
            return self.constant(variable.val) if is_number else found[variable]

        for equation in jaxpr.eqns:
            operands = [value(each) for each in equation.invars]
            inner = path_of(equation, scope)
            inner = inner if scope else without_root(inner, self._root)
            results = self._step(equation, operands, inner)
            found.update(zip(equation.outvars, results, strict=True))
        return [value(each) for each in jaxpr.outvars]

    def call(self, closed: Any, operands: Sequence[Held]) -> Any:
        """Go through a program that an equation holds, closed or open, in the equation's scope."""
        scope, primitive = self._scope, self._primitive
        jaxpr = getattr(closed, "jaxpr", closed)
        consts = [self.constant(each) for each in getattr(closed, "consts", ())]
        results = self.run(jaxpr, consts, operands, scope)
        self._scope, self._primitive = scope, primitive
        return results

    def _step(self, equation: Any, operands: list[Held], scope: str) -> Sequence[Held]:
        name = self._primitive = equation.primitive.name
        self._scope = scope
        if name in CALLS:
            program = next(equation.params[p] for p in INLINED if p in equation.params)
            results: Sequence[Held] = self.call(program, operands)
            return results
        if len(self.nodes) > MOST_NODES:
            raise ConvgraphError(f"function: written out it has more than {MOST_NODES:,} steps")
        before = all(held.name in self.known for held in operands)
        if before and not any(self.is_learned(held) for held in operands):
            return self._computed(equation, operands)
        first = len(self.nodes)
        try:
            translate = self._operators.get(name)
            if translate is None:
                raise Unread("an operation that is not known")
            made = translate(self, equation, operands)
        except (Unread, Unfolded) as reason:
            del self.nodes[first:]
            if before:
                return self._computed(equation, operands)
            return self._unread(equation, operands, str(reason))
        return [made] if isinstance(made, Held) else list(made)

    def _computed(self, equation: Any, operands: list[Held]) -> list[Held]:
        """What JAX itself computes of arrays that are known beforehand."""
        sources = [self.known[held.name] for held in operands]
        arrays = [self.array(held) for held in operands]
        there = all(source.there for source in sources)
        learned = any(source.learned for source in sources)

        @cache
        def run() -> Any:
            results = evaluated(equation, [array() for array in arrays])
            return results if equation.primitive.multiple_results else [results]

        made = []
        for number, variable in enumerate(equation.outvars):
            held = self.constant(
                (lambda number=number: run()[number]) if there else None,
                tuple(map(int, variable.aval.shape)),
                learned,
            )
            if learned:
                self.known[held.name].roots = roots_of(sources) or (self.known[held.name],)
            made.append(held)
        return made

    def _unread(self, equation: Any, operands: Sequence[Held], why: str) -> list[Held]:
        """Results that may depend on everything that is given."""
        held = [self.fresh(tuple(map(int, v.aval.shape))) for v in equation.outvars]
        inputs = tuple(dict.fromkeys(each.name for each in operands))
        outputs = tuple(each.name for each in held)
        name = equation.primitive.name
        node = Node(name, inputs, outputs, {"why": why}, outputs[0], "jax", NEWEST)
        self.nodes.append(node)
        return held

    # -- arrays that are known beforehand ------------------------------------------------------

    def constant(
        self, value: Any, shape: tuple[int, ...] | None = None, learned: bool = False
    ) -> Held:
        """A number, an array, or what reads one that has a shape."""
        if not shape and value is not None and not callable(value) and np.ndim(value) == 0:
            array = np.asarray(value)
            if array.dtype.kind in "fbiu":
                name = f"number {array.item()!r} {array.dtype.kind}"
                self.known.setdefault(name, Known.of(name, array))
                self._arrays[name] = lambda: value
                return Held(name, (), ())
        if shape is None:
            given = value
            shape, value = tuple(map(int, given.shape)), lambda: given
        name = self._free("constant" if not learned else self._primitive)
        read = None if value is None else (lambda: _numbers(value()))
        self.known[name] = Known(name, shape, read, learned)
        if value is not None:
            self._arrays[name] = value
        return Held(name, tuple(range(len(shape))), shape)

    def parameter(self, name: str, value: Any, learned: bool) -> Held:
        """An array that is given to the program under a name; it may have no numbers."""
        own = self._unique(name)
        shape = tuple(map(int, value.shape))
        there = hasattr(value, "__array__")
        read = (lambda: _numbers(value)) if there else None
        self.known[own] = Known(own, shape, read, learned)
        if there:
            self._arrays[own] = lambda: value
        return Held(own, tuple(range(len(shape))), shape)

    def array(self, held: Held) -> Callable[[], Any]:
        """What reads an array that is known beforehand, as JAX has it."""
        if held.axes == tuple(range(len(held.shape))) and held.name in self._arrays:
            return self._arrays[held.name]
        known = self.known[held.name]

        def read() -> Any:
            values = known.values().reshape(held.sizes)
            there = [i for i, a in enumerate(held.axes) if a is not None]
            axes = [a for a in held.axes if a is not None]
            values = values.reshape([held.sizes[i] for i in there])
            values = values.transpose(np.argsort(axes)) if axes else values
            full = values.reshape([n if a in axes else 1 for a, n in enumerate(held.shape)])
            return np.broadcast_to(full, held.shape)

        return read

    def is_learned(self, held: Held) -> bool:
        """Whether an array is known beforehand and a parameter, or has no numbers."""
        known = self.known.get(held.name)
        return known is not None and (known.learned or not known.there)

    def value(self, held: Held) -> NDArray[Any] | None:
        """The numbers of an array that is known beforehand, or None."""
        known = self.known.get(held.name)
        if known is None or not known.there:
            return None
        return _numbers(self.array(held)())

    def moving(self, held: Held) -> bool:
        """Whether an array depends on the input."""
        return held.name not in self.known

    # -- nodes ---------------------------------------------------------------------------------

    def emit(
        self,
        op: str,
        operands: Sequence[Held],
        attributes: Mapping[str, Any] | None,
        axes: Axes,
        shape: Sequence[int],
    ) -> Held:
        """A node in ONNX's terms; of tensors known beforehand it is computed at once."""
        held = self.fresh(tuple(map(int, shape)), axes)
        kept = {key: value for key, value in (attributes or {}).items() if value is not None}
        names = tuple(each.name for each in operands)
        node = Node(op, names, (held.name,), kept, held.name, "", NEWEST)
        if all(name in self.known for name in names):
            try:
                if not fold(self._folder, node):
                    raise Unfolded
            except (ArithmeticError, ConvgraphError, LookupError, TypeError, ValueError) as error:
                raise Unfolded from error
            del self.shapes[held.name], self.scopes[held.name]
        else:
            self.nodes.append(node)
            if not self.behind.isdisjoint(names) or "kernel_shape" in kept or op in WINDOWS:
                self.behind.add(held.name)
        return held

    def fresh(self, shape: tuple[int, ...], axes: Axes | None = None) -> Held:
        """A new tensor, named for the operation that is being read."""
        name = self._free(self._primitive)
        held = Held(name, tuple(range(len(shape))) if axes is None else axes, shape)
        self.shapes[name], self.scopes[name] = held.sizes, self._scope
        return held

    def _free(self, what: str) -> str:
        return self._unique(f"{self._scope}/{what}" if self._scope else what)

    def _unique(self, name: str) -> str:
        count = self._taken[name] = self._taken.get(name, -1) + 1
        return self._unique(f"{name}_{count}") if count else name

    def arranged(self, held: Held, wanted: Axes, loose: bool = False) -> Held:
        """The array in a tensor with just these axes; if `loose`, it may lack leading ones."""
        real, axes = held.real, list(held.axes)
        order = [a for a in wanted if a in real]
        if list(real) != order:
            spare = [i for i, a in enumerate(axes) if a not in real]
            turn = []
            for a in wanted:
                if a in real:
                    turn.append(axes.index(a))
                elif spare and a is None:
                    turn.append(spare.pop(0))
            turn = spare + turn
            turned = tuple(axes[i] for i in turn)
            held = self.emit("Transpose", [held], {"perm": turn}, turned, held.shape)
        labels = tuple(a if a is not None and (a in real or held.shape[a] == 1) else None
                       for a in wanted)  # fmt: skip
        sizes = Held("", labels, held.shape).sizes
        fits = len(held.sizes) <= len(sizes) and _inner(held.sizes) == _inner(sizes)
        if held.sizes != sizes and not (loose and fits):
            view = {"shape": list(sizes), "allowzero": 1}
            held = self.emit("Reshape", [held], view, labels, held.shape)
        elif not loose:
            held = Held(held.name, labels, held.shape)
        if not loose and labels != wanted:
            grown = {"shape": list(Held("", wanted, held.shape).sizes)}
            held = self.emit("Expand", [held], grown, wanted, held.shape)
        return held

    def reserve(self, names: Sequence[str]) -> None:
        """Take names for what the program is given."""
        for name in names:
            self._taken[name] = 0

    def finished(self, held: Held) -> Held:
        """A result of the program: all of its units, and no axes that it does not have."""
        if not self.moving(held):
            return held
        last = len(held.shape) - 1
        first = tuple(a for a in (0, last, *range(1, last)) if a in held.real)
        stays = held.real == first and held.name in self.behind
        order = list(held.real if stays else sorted(held.real))
        for a in range(len(held.shape)):  # in front of those that come after it
            if a not in order:
                order.insert(next((i for i, b in enumerate(order) if b > a), len(order)), a)
        wanted = tuple(order)
        plain = [a for a in wanted if a in held.real] == list(held.real)
        sizes = Held("", wanted, held.shape).sizes
        if plain and row_shape(sizes) == row_shape(held.sizes):
            return held
        return self.arranged(held, wanted)

    def full(self, held: Held) -> Held:
        """The array with its axes in order, and nothing left to broadcast."""
        return self.arranged(held, tuple(range(len(held.shape))))


def evaluated(equation: Any, values: Sequence[Any]) -> Any:
    """What an equation gives for arrays."""
    given = [
        np.asarray(value, variable.aval.dtype) if isinstance(value, np.ndarray) else value
        for value, variable in zip(values, equation.invars, strict=True)
    ]
    return equation.primitive.bind(*given, **equation.params)


def _numbers(array: Any) -> NDArray[Any]:
    values = np.asarray(array)
    if values.dtype.kind not in "fbiuc":  # the short floats of JAX
        return values.astype(np.float32)
    return values


def _inner(sizes: tuple[int, ...]) -> tuple[int, ...]:
    first = next((i for i, n in enumerate(sizes) if n != 1), len(sizes))
    return sizes[first:]
