"""What is wrong with a call of a constructor or a function, in its own terms."""

from __future__ import annotations

import functools
import inspect
import types
from abc import ABCMeta
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from convgraph.core.errors import ConvgraphError, nearest

__all__ = ["Checked", "check_call", "checked"]

Function = TypeVar("Function", bound=Callable[..., Any])

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
    "highlight": "shade",
    "color": "shade",
    "colour": "shade",
    "labels": "letters",
}
"""What PyTorch, ONNX and Keras call the arguments, and what others call those of a figure."""

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


def checked(function: Function) -> Function:
    """Have a function refuse arguments that it does not have with those that it has.

    >>> @checked
    ... def larger(size, by=1):
    ...     return size + by
    >>> larger(3, bye=2)
    Traceback (most recent call last):
    ...
    convgraph.core.errors.ConvgraphError: bye=2: larger has no such argument; did you mean by?
    """
    check = check_call

    def call(*arguments: Any, **named: Any) -> Any:
        try:
            return function(*arguments, **named)
        except TypeError:
            check(function, arguments, named)
            raise

    # With the names of the function's own module, as doctest goes by these to find its examples.
    names = getattr(function, "__globals__", call.__globals__)
    made = types.FunctionType(call.__code__, names, None, None, call.__closure__)
    return functools.update_wrapper(made, function)  # type: ignore[return-value]


def check_call(
    function: Callable[..., Any], arguments: Sequence[Any], named: Mapping[str, Any]
) -> None:
    """Refuse a call whose arguments are not those of a function; say which was meant."""
    name = function.__name__
    parameters = inspect.signature(function).parameters
    listed = _listed(name, parameters)
    free = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for argument, value in named.items():
        if argument not in parameters and not free:
            raise ConvgraphError(f"{argument}={value!r}: {_meant(name, argument, parameters)}")
    if any(p.kind is p.VAR_POSITIONAL for p in parameters.values()):
        return
    placed = [p for p, each in parameters.items() if each.kind is not each.KEYWORD_ONLY]
    if len(arguments) > len(placed) < len(parameters):
        raise ConvgraphError(
            f"{name}: of {len(arguments)} arguments without a name it takes {len(placed)}, "
            f"{' and '.join(placed)}; the others have names, as in {listed}"
        )
    if len(arguments) > len(parameters):
        raise ConvgraphError(f"{name}: {len(arguments)} arguments are more than {listed} takes")
    for position, argument in enumerate(parameters):
        if argument in named and position < len(arguments):
            raise ConvgraphError(f"{argument}={named[argument]!r}: it is given twice to {listed}")
        parameter = parameters[argument]
        required = (
            parameter.default is parameter.empty and parameter.kind is not parameter.VAR_KEYWORD
        )
        if required and argument not in named and position >= len(arguments):
            raise ConvgraphError(f"{argument}: it is missing; the call is {listed}")


def _meant(name: str, argument: str, parameters: Mapping[str, Any]) -> str:
    if argument in FROM_SHAPE:
        return f"{name} reads it from the shape that it is bound to, as in .on((3, 32, 32))"
    own = ELSEWHERE.get(argument)
    if own in parameters:
        return f"{name} calls this argument {own!r}"
    hint = nearest(argument, parameters) or f"; the call is {_listed(name, parameters)}"
    return f"{name} has no such argument{hint}"


def _listed(name: str, parameters: Mapping[str, Any]) -> str:
    return f"{name}({', '.join(p for p in parameters if not p.startswith('_'))})"
