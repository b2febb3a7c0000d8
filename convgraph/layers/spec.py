"""The base of all specs: frozen, of no size, composed by `>>`, bound by `.on(shape)`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields, replace
from typing import Any, NoReturn

from convgraph.core import memory
from convgraph.core.calls import Checked
from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import Size, as_size, is_symbolic
from convgraph.core.tensor import Bound, Tensor
from convgraph.layers.arguments import wrong_rank

__all__ = ["Chain", "Layer", "Power", "Spec", "as_shape", "check_tensors", "input_tensor"]

DEPTH_RULE = "a depth is a positive integer: how often the spec is repeated"
LAYER = 1000  # bytes that a bound layer takes at least
SHAPE_RULE = "a shape is a positive integer, or one for each axis with channels first"


class Spec(metaclass=Checked):
    """What a layer, or a composition of layers, is before it knows the size of its input."""

    @property
    def rank(self) -> int | None:
        """The number of axes of the kernel (or of whatever fixes it); None where any will do."""
        return None

    @abstractmethod
    def __call__(self, *tensors: Tensor, name: str | None = None) -> Tensor:
        """Apply the spec to tensors; `name` is for the row of units that results."""

    def __rshift__(self, other: Spec) -> Chain:
        return Chain((*_parts(self), *_parts(_as_spec(self, other, other))))

    def __rrshift__(self, other: object) -> Chain:
        return Chain((*_parts(_as_spec(other, self, other)), *_parts(self)))

    def __add__(self, other: object) -> NoReturn:
        raise ConvgraphError(
            f"{self!r} + {other!r}: a >> b is one after the other, Parallel(a, b, merge='add') the "
            "sum of two, and Residual(a) adds the input"
        )

    def __pow__(self, depth: Size) -> Spec:
        """The spec `depth` times in a row, each time with parameters of its own.

        With a symbol for the depth it is no network yet; `closed_forms` tells how it grows.
        """
        times = as_size("depth", depth, DEPTH_RULE)
        if is_symbolic(times):
            return Power(self, times)
        parts = _parts(self)
        memory.require("layers", len(parts) * int(times), LAYER)
        return Chain(parts * int(times))

    def on(self, shape: Size | Sequence[Size], names: Sequence[str] | None = None) -> Network:
        """Bind the spec to an input.

        Parameters
        ----------
        shape
            Units per axis, channels first: for a kernel of rank r, a shape of rank r is one unnamed
            channel. A whole number is a shape of rank 1. Sizes may be sympy symbols.
        names
            Names for the rows; see `Network`.

        Raises
        ------
        ConvgraphError
            If the layers do not fit the shape.
        """
        x = input_tensor(as_shape("shape", shape), self.rank)
        return Network(x, self(x), names)

    def __repr__(self) -> str:
        """The call that makes the spec, without the arguments left at their defaults."""
        parts = []
        for each in fields(self):  # type: ignore[arg-type]
            value = getattr(self, each.name)
            if each.default is MISSING:
                parts.append(repr(value))
            elif value != each.default:
                parts.append(f"{each.name}={value!r}")
        return f"{type(self).__name__}({', '.join(parts)})"


@dataclass(frozen=True, repr=False)
class Layer(Spec):
    """A spec of one layer: `bind` picks its wiring, its tying and its reduction."""

    @abstractmethod
    def bind(self, *tensors: Tensor) -> Bound:
        """What the layer becomes on inputs of these shapes."""

    def __call__(self, *tensors: Tensor, name: str | None = None) -> Tensor:
        self._check_inputs(tensors)
        bound = self.bind(*tensors)
        taken = self.takes_channels(*tensors)
        return Tensor(bound.shape, bound.channels, name, self, bound, tensors, taken)

    def takes_channels(self, *tensors: Tensor) -> bool | None:
        """Whether the layer takes the first axis for channels; None where it does not say."""
        return None if self.rank is None else len(tensors[0].shape) == self.rank + 1

    def _check_inputs(self, tensors: Sequence[Any]) -> None:
        check_tensors(self, tensors)
        if len(tensors) != 1:
            raise ConvgraphError(f"tensors: {self!r} takes one, not {len(tensors)}")


@dataclass(frozen=True, repr=False)
class Chain(Spec):
    """Specs applied one after the other; written `a >> b`."""

    specs: tuple[Spec, ...]

    @property
    def rank(self) -> int | None:
        return next((spec.rank for spec in self.specs if spec.rank is not None), None)

    def __call__(self, *tensors: Tensor, name: str | None = None) -> Tensor:
        tensor = self.specs[0](*tensors)
        for spec in self.specs[1:]:
            tensor = spec(tensor)
        return replace(tensor, name=name) if name is not None else tensor

    def __repr__(self) -> str:
        return " >> ".join(map(repr, self.specs))


@dataclass(frozen=True, repr=False)
class Power(Spec):
    """A spec repeated a number of times that is a symbol; written `spec ** depth`."""

    spec: Spec
    depth: Size

    @property
    def rank(self) -> int | None:
        return self.spec.rank

    def __call__(self, *tensors: Tensor, name: str | None = None) -> Tensor:
        raise ConvgraphError(
            f"depth={self.depth}: a network has a number of layers; "
            "closed_forms(spec ** depth) takes symbols"
        )

    def __repr__(self) -> str:
        inner = repr(self.spec)
        depth = str(self.depth)
        depth = depth if depth.isidentifier() or depth.isdigit() else f"({depth})"
        return f"{f'({inner})' if isinstance(self.spec, Chain) else inner} ** {depth}"


def _as_spec(left: object, right: object, part: Any) -> Spec:
    """The part of `left >> right` that may not be a spec."""
    if isinstance(part, Spec):
        return part
    made = f"; did you mean {part.__name__}()?" if isinstance(part, type) else ""
    raise ConvgraphError(
        f"{left!r} >> {right!r}: specs are composed, as in Conv(3) >> ReLU() >> MaxPool(2){made}"
    )


def check_tensors(spec: Spec, tensors: Sequence[Any]) -> None:
    """Refuse to call a spec on anything but tensors, such as on a shape."""
    for tensor in tensors:
        if not isinstance(tensor, Tensor):
            raise ConvgraphError(
                f"tensor={tensor!r}: {spec!r} is called on tensors, such as Input(5); "
                "spec.on(5) binds it to a shape"
            )


def _parts(spec: Spec) -> tuple[Spec, ...]:
    return spec.specs if isinstance(spec, Chain) else (spec,)


def as_shape(argument: str, shape: Any) -> tuple[Size, ...]:
    """Check a shape: a size, or a sequence of them."""
    if isinstance(shape, (str, bytes)) or not isinstance(shape, Sequence):
        return (as_size(argument, shape, SHAPE_RULE),)
    if not shape:
        raise ConvgraphError(f"{argument}={shape!r}: {SHAPE_RULE}")
    try:
        return tuple(as_size(argument, size, SHAPE_RULE) for size in shape)
    except ConvgraphError:
        raise ConvgraphError(f"{argument}={tuple(shape)!r}: {SHAPE_RULE}") from None


def input_tensor(shape: tuple[Size, ...], rank: int | None, name: str | None = None) -> Tensor:
    """An input whose first axis counts channels if the rank of the kernels to come says so."""
    if rank is None:
        return Tensor(shape, False if len(shape) == 1 else None, name)
    if len(shape) not in (rank, rank + 1):
        raise wrong_rank(shape, rank, f"a kernel of rank {rank}")
    return Tensor(shape, len(shape) == rank + 1, name)
