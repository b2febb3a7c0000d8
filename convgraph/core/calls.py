"""What is wrong with a call of a constructor, in its own terms."""

from __future__ import annotations

import inspect
from abc import ABCMeta
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from convgraph.core.errors import ConvgraphError, nearest

__all__ = ["Checked", "check_call"]

ELSEWHERE = {
    "kernel_size": "kernel",
    "kernel_shape": "kernel",
    "pool_size": "kernel",
    "out_channels": "filters",
    "out_features": "units",
    "strides": "stride",
    "dilations": "dilation",
    "dilation_rate": "dilation",
    "pads": "padding",
    "group": "groups",
    "use_bias": "bias",
    "scale_factor": "factor",
    "negative_slope": "slope",
}
"""What PyTorch, ONNX and Keras call the arguments."""

FROM_SHAPE = {"in_channels", "in_features", "input_shape", "input_dim", "input_size"}


class Checked(ABCMeta):
    """Has a class refuse arguments that its constructor does not have with those that it has."""

    if not TYPE_CHECKING:  # type checkers read the constructors themselves

        def __call__(cls, *arguments: Any, **named: Any) -> Any:
            try:
                return super().__call__(*arguments, **named)
            except TypeError:
                check_call(cls, arguments, named)
                raise

        @property
        def __signature__(cls) -> inspect.Signature:
            """The constructor's, and not that of the call above."""
            own = inspect.signature(cls.__init__)
            return own.replace(parameters=list(own.parameters.values())[1:])


def check_call(
    function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]
) -> None:
    """Refuse a call whose arguments are not those of a function; say which was meant."""
    name = function.__name__
    parameters = inspect.signature(function).parameters
    listed = f"{name}({', '.join(p for p in parameters if not p.startswith('_'))})"
    for argument, value in named.items():
        if argument not in parameters:
            raise ConvgraphError(f"{argument}={value!r}: {_meant(name, argument, parameters)}")
    if any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        return
    if len(arguments) > len(parameters):
        raise ConvgraphError(f"{name}: {len(arguments)} arguments are more than {listed} takes")
    for position, argument in enumerate(parameters):
        if argument in named and position < len(arguments):
            raise ConvgraphError(f"{argument}={named[argument]!r}: it is given twice to {listed}")
        required = parameters[argument].default is inspect.Parameter.empty
        if required and argument not in named and position >= len(arguments):
            raise ConvgraphError(f"{argument}: it is missing; the call is {listed}")


def _meant(name: str, argument: str, parameters: Mapping[str, Any]) -> str:
    if argument in FROM_SHAPE:
        return f"{name} reads it from the shape that it is bound to, as in .on((3, 32, 32))"
    own = ELSEWHERE.get(argument)
    if own in parameters:
        return f"{name} calls this argument {own!r}"
    return f"{name} has no such argument{nearest(argument, parameters)}"
