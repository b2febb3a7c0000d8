"""From tensors to a network: the order of the rows, their names, and the letters of parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from convgraph.core.arrays import Array
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.names import check_name
from convgraph.core.tensor import Tensor
from convgraph.core.tying import Explicit, Learned, Tying

__all__ = ["assemble", "default_row_names"]

Parts: TypeAlias = "tuple[list[Row], list[Layer], list[Row], list[Row]]"
BIAS_LETTERS = {"w": "b", "v": "c", "u": "d"}


def assemble(
    inputs: Tensor | Sequence[Tensor],
    outputs: Tensor | Sequence[Tensor],
    names: Sequence[str] | None,
) -> Parts:
    """The rows, layers, input rows and output rows of the network between two sets of tensors."""
    starts, ends = _tensors("inputs", inputs), _tensors("outputs", outputs)
    for argument, tensors in (("inputs", starts), ("outputs", ends)):
        if len({id(t) for t in tensors}) < len(tensors):
            raise ConvgraphError(f"{argument}: a tensor is listed twice")
    for tensor in ends:
        if tensor.bound is None:
            raise ConvgraphError(f"outputs={tensor.name or 'x'}: an output is computed by a layer")
    order = starts + _computed(starts, ends)
    channels = _channels(order)
    row_of = {
        id(t): Row(name, t.shape, channels[id(t)])
        for t, name in zip(order, _row_names(order, len(starts), names), strict=True)
    }
    letters = Letters(order)
    layers = []
    for tensor in order[len(starts) :]:
        bound = tensor.bound
        assert bound is not None
        joints = []
        kernel = None
        for source, (wiring, tying) in zip(tensor.sources, bound.joints, strict=True):
            tied = letters.kernel(tying)
            kernel = _letter(tied) or kernel
            joints.append(Joint(row_of[id(source)], wiring, tied))
        bias = None
        if bound.bias is not None:
            wiring, tying = bound.bias
            bias = Joint(Row("1", (1,) * len(tensor.shape)), wiring, letters.bias(tying, kernel))
        layers.append(Layer(tensor.spec, tuple(joints), row_of[id(tensor)], bound.reduction, bias))
    return (
        [row_of[id(t)] for t in order],
        layers,
        [row_of[id(t)] for t in starts],
        [row_of[id(t)] for t in ends],
    )


def _tensors(argument: str, given: Tensor | Sequence[Tensor]) -> list[Tensor]:
    tensors = [given] if isinstance(given, Tensor) else given
    if (
        not isinstance(tensors, Sequence)
        or not tensors
        or not all(isinstance(t, Tensor) for t in tensors)
    ):
        raise ConvgraphError(f"{argument}={given!r}: a network needs one tensor or more")
    return list(tensors)


def _computed(starts: Sequence[Tensor], ends: Sequence[Tensor]) -> list[Tensor]:
    """All computed tensors behind the ends, sources first; networks are too deep to recurse."""
    done = {id(t) for t in starts}
    order: list[Tensor] = []
    stack = [(t, False) for t in reversed(ends)]
    while stack:
        tensor, sources_done = stack.pop()
        if id(tensor) in done:
            continue
        if sources_done:
            done.add(id(tensor))
            order.append(tensor)
        elif tensor.bound is None:
            raise ConvgraphError(
                f"inputs: the outputs depend on an Input of shape {tensor.shape} that is not listed"
            )
        else:
            stack.append((tensor, True))
            stack += [(source, False) for source in reversed(tensor.sources)]
    return order


def _channels(order: Sequence[Tensor]) -> dict[int, bool]:
    """Whether the first axis of each tensor counts channels, by the tensor's id.

    An input of which nobody has said it learns it from the first layer that says what it takes.
    Tensors that hand each other's axes on (through functions and sums) know the same.
    """
    parent: dict[int, int] = {}
    said: dict[int, bool] = {}

    def representative(tensor: Tensor) -> int:
        at = id(tensor)
        while at in parent:
            at = parent[at]
        return at

    for tensor in order:
        for source in tensor.sources:
            if source.channels is not None:
                continue
            here = representative(source)
            if tensor.taken is not None:
                said.setdefault(here, tensor.taken)
            elif tensor.channels is None and here != (there := representative(tensor)):
                parent[here] = there
                if here in said:
                    said.setdefault(there, said[here])
    return {
        id(t): said.get(representative(t), False) if t.channels is None else t.channels
        for t in order
    }


def default_row_names(inputs: int, computed: int) -> list[str]:
    """The names of rows that nobody named.

    >>> default_row_names(1, 1), default_row_names(1, 2), default_row_names(1, 3)
    (['x', 's'], ['x', 'h', 'g'], ['x', 'h1', 'h2', 's'])
    """
    first = ["x", "y", "z"][:inputs] + [f"x{i}" for i in range(4, inputs + 1)]
    short = {1: ["s"], 2: ["h", "g"]}
    return first + short.get(
        computed, [f"h{i}" for i in range(1, computed)] + ["s"] * (computed > 0)
    )


def _row_names(order: Sequence[Tensor], inputs: int, names: Sequence[str] | None) -> list[str]:
    if names is not None:
        if not isinstance(names, list | tuple) or len(names) != len(order):
            raise ConvgraphError(
                f"names={names!r}: one name for each of the {len(order)} rows, inputs first"
            )
        return [check_name("names", name) for name in names]
    free = iter(default_row_names(inputs, len(order) - inputs))
    taken = {t.name for t in order if t.name}
    result = []
    for tensor in order:
        default = next(free)
        while tensor.name is None and default in taken:
            default += "'"
        result.append(check_name("name", tensor.name) if tensor.name is not None else default)
    return result


class Letters:
    """Letters for the parameter arrays: w, v, u, then w4, w5, ..., leaving out those in use."""

    def __init__(self, order: Sequence[Tensor]) -> None:
        tyings = [tying for t in order if t.bound for _, tying in t.bound.joints]
        tyings += [t.bound.bias[1] for t in order if t.bound and t.bound.bias]
        self._taken = {letter for tying in tyings if (letter := _letter(tying))}
        self._count = 0

    def kernel(self, tying: Tying) -> Tying:
        """The tying of a kernel, with a letter."""
        if _letter(tying) != "":
            return tying
        while True:
            self._count += 1
            letter = "wvu"[self._count - 1] if self._count <= 3 else f"w{self._count}"
            if letter not in self._taken:
                return _lettered(tying, letter)

    def bias(self, tying: Tying, kernel: str | None) -> Tying:
        """The tying of a bias, with a letter that goes with its kernel's."""
        if _letter(tying) != "":
            return tying
        letter = kernel or "w"
        if letter in BIAS_LETTERS:
            return _lettered(tying, BIAS_LETTERS[letter])
        numbered = letter[0] == "w" and letter[1:].isdigit()
        return _lettered(tying, "b" + letter[1:] if numbered else "b" + letter)


def _letter(tying: Tying) -> str | None:
    """The letter of a tying's array: empty where it needs one, None where it has no array."""
    if isinstance(tying, Learned):
        return tying.letter or ""
    if isinstance(tying, Explicit) and isinstance(tying.expressions, Array):
        return tying.expressions.letter
    return None


def _lettered(tying: Tying, letter: str) -> Tying:
    if isinstance(tying, Explicit):
        assert isinstance(tying.expressions, Array)
        return replace(tying, expressions=replace(tying.expressions, letter=letter))
    assert isinstance(tying, Learned)
    return replace(tying, letter=letter)
