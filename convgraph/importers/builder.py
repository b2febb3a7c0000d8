"""A network under construction: rows and layers, made node by node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from convgraph.core.axis import Axis, Full
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.reduction import SUM, Reduction
from convgraph.core.sizes import Size, is_symbolic, product
from convgraph.core.tying import Constant, Digit, Learned, Tying
from convgraph.core.window import identity
from convgraph.core.wiring import Product, Wiring
from convgraph.importers.node import Node, Operator
from convgraph.importers.reductions import unknown_values
from convgraph.importers.values import MOST_AXES, Known, Recipe, Signal, Value, roots_of, row_shape

__all__ = [
    "BUILDERS",
    "EXACTLY",
    "Body",
    "Builder",
    "Infer",
    "Pending",
    "Places",
    "Unread",
    "builds",
    "trimmed",
    "unchanged",
    "unit_bias",
]

# Where the index along an axis of a parameter array comes from: a kind of digit, and an axis.
Places: TypeAlias = "Sequence[tuple[str, int]]"
# Shapes of a node's outputs, as far as they follow from what its inputs are.
Infer: TypeAlias = "Callable[[Node, Mapping[str, Value]], Mapping[str, tuple[Size, ...]]]"
# The nodes that a node stands for, where its operator is said in terms of others.
Body: TypeAlias = "Callable[[Node, Mapping[str, Value]], Sequence[Node] | None]"
# No tensor of a model is as large; one of a damaged or hostile file is refused when it is read, and
# not by numpy once a table of an axis (2 GB at that length) or an index (of 64 bits) is made of it.
MOST_UNITS, LONGEST_AXIS = 2**40, 2**28
ONE = Constant()
EXACTLY = "; strict=True takes only what is read exactly"


class Unread(Exception):  # noqa: N818 - a way out for builders, not an error
    """What a node does cannot be written as wirings; the reason is the message.

    `shapes` are those of its outputs, as far as they are known all the same.
    """

    def __init__(self, why: str, shapes: Mapping[str, tuple[Size, ...]] | None = None) -> None:
        super().__init__(why)
        self.shapes = shapes or {}


BUILDERS: dict[str, Callable[[Builder, Node], None]] = {}


def builds(*ops: str) -> Callable[[Callable[[Builder, Node], None]], Callable[..., None]]:
    """Register a function that builds the layers of nodes with these operators."""

    def register(function: Callable[[Builder, Node], None]) -> Callable[[Builder, Node], None]:
        BUILDERS.update(dict.fromkeys(ops, function))
        return function

    return register


@dataclass(frozen=True, eq=False)
class Pending:
    """The tying by a tensor that a model computes from parameters, until all uses are known.

    `digits` say where an index of the tensor comes from; `own` is the tying if its entries are a
    parameter array of their own.
    """

    known: Known
    digits: tuple[Digit, ...]
    own: tuple[Digit, ...]


class Builder:
    """Rows, layers, weights and caveats, as the nodes of a model are gone through.

    `values` holds what each tensor of the model is; `hints` are the shapes that the model states,
    `infer` those that follow by an operator's own rules, `body` the nodes that one stands for; all
    are only asked where the operator is not known. `stated` says whether the model tells parameters
    from other numbers; a file does not.
    """

    def __init__(
        self,
        hints: Callable[[str], tuple[Size, ...] | None],
        strict: bool,
        stated: bool = False,
        infer: Infer | None = None,
        body: Body | None = None,
    ) -> None:
        self.values: dict[str, Value] = {}
        self.rows: list[Row] = []
        self.layers: list[Layer] = []
        self.arrays: dict[str, Known] = {}
        self.caveats: list[str] = []
        self.made: dict[str, Layer] = {}
        """The layers by the rows that they compute."""
        self.fixed: dict[tuple[str, str], Any] = {}
        """By row and kind, which units are one number whatever the input: see `fixed_units`."""
        self.unbounded: set[str] = set()
        """The rows of which some units are infinite or no number for some inputs."""
        self.windowed: list[Signal] = []
        """What convolutions and pools read, in order."""
        self.hints, self.strict, self.stated, self.infer = hints, strict, stated, infer
        self.body = body
        self._constant_rows: dict[str, Signal] = {}
        self._derived: dict[str, tuple[Known, Known]] = {}

    # -- what a node is given ------------------------------------------------------------------

    def value(self, name: str) -> Value:
        """What a name stands for."""
        found = self.values.get(name)
        if found is None:
            raise ConvgraphError("inputs: one that the operator needs is left out")
        return found

    def known(self, node: Node, position: int) -> Known | None:
        """An input that does not depend on the model's input, or None."""
        name = node.input(position)
        found = self.value(name) if name else None
        return found if isinstance(found, Known) else None

    def signal(self, node: Node, position: int) -> Signal:
        """An input as a row of units; one known beforehand becomes units that read nothing."""
        found = self.value(node.input(position))
        return found if isinstance(found, Signal) else self.constant_row(found)

    def constant_row(self, known: Known) -> Signal:
        """A row for a tensor known beforehand: units that read nothing, each with its bias."""
        made = self._constant_rows.get(known.name)
        if made is None:
            shape = row_shape(known.shape)
            front = max(len(known.shape) - len(shape), 0)
            places = [("output", max(a - front, 0)) for a in range(len(known.shape))]
            bias = unit_bias(shape), self.tied(known, places)
            node = Node("Constant", (), (known.name,))
            made = self._constant_rows[known.name] = self.emit(node, known.shape, [], SUM, bias)
            self.values[known.name] = known  # it stays one for nodes that take it as parameters
        return made

    def derived(
        self, known: Known, name: str, function: Callable[..., Any], kind: str = "each"
    ) -> Known:
        """A tensor computed entry by entry from one known beforehand; asked twice, it is one."""
        found = self._derived.get(name)
        if found is None or found[0] is not known:
            made = Recipe(kind, function, (known,))
            found = self._derived[name] = known, known.mapped(name, function, made=made)
        return found[1]

    # -- what it makes -------------------------------------------------------------------------

    def tied(self, known: Known, places: Places) -> Any:
        """The tying by a parameter array, each axis of which has its digit.

        The array keeps the name and the shape that it has in the model, so that a tensor that two
        nodes reshape in two ways stays one array. The tying by a tensor that is computed from
        parameters is settled when all uses of them are known.
        """
        origin = known.origin
        own = _own_digits(known, places)
        if known.learned and [root.name for root in known.roots] != [origin.name]:
            digits = [_digit(k, a, n) for (k, a), n in zip(places, known.shape, strict=True)]
            return Pending(known, tuple(digits), own)
        return Learned(own, self.letter(known), not known.learned)

    def letter(self, known: Known) -> str:
        """The name of the parameter array to which a tensor's entries belong."""
        letter = known.origin.name
        if known.size > MOST_UNITS:
            raise ConvgraphError(f"shape={known.shape} of {letter!r}: too many entries")
        if known.size == 0:
            raise ConvgraphError(f"shape={known.shape} of {letter!r}: an array without any entry")
        while self.arrays.setdefault(letter, known.origin) is not known.origin:
            letter += "'"
        return letter

    def emit(
        self,
        node: Node,
        shape: Sequence[Size],
        joints: Sequence[tuple[Signal, Wiring, Tying]],
        reduction: Reduction,
        bias: tuple[Product, Tying] | None = None,
        name: str | None = None,
    ) -> Signal:
        """Add the row of a node's first output, or of one that is named, and its layer."""
        sizes = tuple(shape)
        row = self.add_row(node.outputs[0] if name is None else name, sizes)
        unit = Joint(Row("1", (1,) * len(row.shape)), *bias) if bias else None
        linked = tuple(Joint(signal.row, wiring, tying) for signal, wiring, tying in joints)
        layer = self.made[row.name] = Layer(
            Operator(node.op, node.name), linked, row, reduction, unit
        )
        self.layers.append(layer)
        signal = self.values[row.name] = Signal(row, sizes)
        return signal

    def add_row(self, name: str, shape: tuple[Size, ...], channels: bool | None = None) -> Row:
        """Add a row of units, checked for a size that questions can be asked about.

        If nobody says so, its first axis counts channels where a batch is left out before it.
        """
        if len(shape) > MOST_AXES:
            raise ConvgraphError(f"shape of {name!r}: at most {MOST_AXES} axes")
        sizes = row_shape(shape)
        for n in shape:
            if not is_symbolic(n) and not 1 <= n <= LONGEST_AXIS:
                raise ConvgraphError(
                    f"shape={shape} of {name!r}: an axis has 1 to {LONGEST_AXIS:,} positions"
                )
        total = product(sizes)
        if not is_symbolic(total) and total > MOST_UNITS:
            raise ConvgraphError(f"shape={shape} of {name!r}: at most {MOST_UNITS:,} units")
        row = Row(name, sizes, 1 < len(sizes) < len(shape) if channels is None else channels)
        self.rows.append(row)
        return row

    def unknown(self, node: Node, why: str, shapes: Mapping[str, tuple[Size, ...]]) -> None:
        """Make rows that may depend on all inputs, and say so; `shapes` are known already."""
        what = f"{node.domain}.{node.op}" if node.domain else node.op
        caveat = f"node={node.label!r} ({what}): {why}"
        if self.strict:
            raise ConvgraphError(f"{caveat}{EXACTLY}")
        sources = [self.value(name) for name in dict.fromkeys(node.inputs) if name]
        lost = sum(root.size for root in roots_of([s for s in sources if isinstance(s, Known)]))
        self.caveats.append(
            f"{caveat}, so that each output is taken to depend on every input"
            + (f"; its {lost:,} parameters are not counted" if lost else "")
        )
        signals = [source for source in sources if isinstance(source, Signal)]
        inferred = {} if self.infer is None else self.infer(node, self.values)
        inferred = {**inferred, **shapes}
        for name in filter(None, node.outputs):
            shape = inferred[name] if name in inferred else self.hints(name)
            if shape is None:
                raise ConvgraphError(
                    f"node={node.label!r} ({what}): {why}, and neither the model nor its operator "
                    f"states the shape of {name!r}"
                )
            size = product(row_shape(shape))
            joints = [(s, Product((Full(s.row.size, size),)), ONE) for s in signals]
            self.emit(node, shape, joints, unknown_values(what), name=name)


def _own_digits(known: Known, places: Places) -> tuple[Digit, ...]:
    """The digits of the array whose entries a tensor has in another shape or order."""
    origin, shape = known.origin, known.shape
    if known.order is not None:  # the array has its axes in the order of the model
        place = dict(zip(known.order, places, strict=True))
        places, shape = [place[a] for a in range(len(place))], origin.shape
    if origin.shape == shape:
        return tuple(_digit(k, a, n) for (k, a), n in zip(places, shape, strict=True))
    # only axes of one position were added or taken away, or it would be an array of its own
    real = iter(p for p, n in zip(places, known.shape, strict=True) if n != 1)
    return tuple(_digit(*(next(real) if n != 1 else ("output", 0)), n) for n in origin.shape)


@lru_cache(maxsize=4096)
def _digit(kind: str, axis: int, size: int) -> Digit:
    return Digit(kind, axis, size)  # type: ignore[arg-type]


def trimmed(signal: Signal, axes: Sequence[Axis]) -> Product:
    """The wiring of one relation per axis of a tensor, without a batch that its row leaves out."""
    left_out = len(signal.shape) > len(signal.row.shape) and axes[0].outputs == 1
    return Product(tuple(axes[1:] if left_out else axes) or (identity(1),))


@lru_cache(maxsize=1024)
def unchanged(shape: tuple[Size, ...]) -> Product:
    """The wiring of units that each read the one at their own place."""
    return Product(tuple(map(identity, shape)))


@lru_cache(maxsize=1024)
def unit_bias(shape: tuple[Size, ...]) -> Product:
    """The wiring from the unit that is always 1 to every unit of a row."""
    return Product(tuple(Full(1, n) for n in shape))
