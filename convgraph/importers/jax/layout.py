"""In which order the axes of a program's inputs stand in rows: as its first window wants them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from convgraph.importers.jax.held import Axes, of_reshape
from convgraph.importers.jax.reading import CALLS, INLINED

__all__ = ["input_axes", "window_axes"]

SAME_AXES = {"pad", "slice", "concatenate", "rev"}


def window_axes(window: Sequence[int], held: Axes) -> Axes:
    """A tensor's axes with those of a window behind all others, of which there are two or more."""
    plain: list[int | None] = [a for a in held if a is None or window[a] == 1]
    if len(plain) >= 2 and held[0] in plain and held[1] in plain:
        missing = [a for a, k in enumerate(window) if k > 1 and a not in held]
        return (*held, *missing)
    plain = [*[None] * (2 - len(plain)), *plain]
    moving = [a for a in held if a is not None and window[a] > 1]
    return (*plain, *moving, *(a for a, k in enumerate(window) if k > 1 and a not in held))


def input_axes(jaxpr: Any) -> dict[int, Axes]:
    """For inputs to which a window comes, the order of axes with the channels first."""
    found: dict[int, Axes] = {}
    starts: dict[Any, tuple[int, Axes]] = {
        variable: (number, tuple(range(len(variable.aval.shape))))
        for number, variable in enumerate(jaxpr.invars)
    }
    _seek(jaxpr, starts, found)
    return {
        number: axes
        for number, axes in found.items()
        if all(
            n == 1 or a in axes for a, n in enumerate(jaxpr.invars[number].aval.shape)
        )  # a window over a part of an input says nothing
    }


def _seek(jaxpr: Any, origins: dict[Any, tuple[int, Axes]], found: dict[int, Axes]) -> None:
    """Follow inputs through what keeps their axes, in calls as well."""
    for equation in jaxpr.eqns:
        name, inputs = equation.primitive.name, equation.invars
        here = [origins.get(each) if not hasattr(each, "val") else None for each in inputs]
        first = next((each for each in here if each is not None), None)
        if first is None:
            continue
        if name in CALLS:
            program = next(equation.params[p] for p in INLINED if p in equation.params)
            inner = getattr(program, "jaxpr", program)
            pairs = zip(inner.invars, here, strict=True)
            own = {variable: origin for variable, origin in pairs if origin is not None}
            _seek(inner, own, found)
            for outer, result in zip(equation.outvars, inner.outvars, strict=True):
                if not hasattr(result, "val") and result in own:
                    origins[outer] = own[result]
            continue
        # the first layer with a window tells which axes of an input are space, and which are
        # channels
        number, axes = first
        if name == "conv_general_dilated" and here[0] is not None:
            spec = equation.params["dimension_numbers"].lhs_spec
            found.setdefault(number, tuple(axes[a] for a in spec))
        elif name.startswith("reduce_window"):
            window = equation.params["window_dimensions"]
            order = window_axes(window, tuple(range(len(axes))))
            found.setdefault(number, tuple(None if a is None else axes[a] for a in order))
        else:
            moved = _kept(equation, axes)
            if moved is not None:
                origins[equation.outvars[0]] = number, moved


def _kept(equation: Any, axes: Axes) -> Axes | None:
    """The axes of an operation's result, where each is one of the input's."""
    name = equation.primitive.name
    before = tuple(equation.invars[0].aval.shape)
    after = tuple(equation.outvars[0].aval.shape)
    if name == "transpose":
        return tuple(axes[a] for a in equation.params["permutation"])
    if name in ("reshape", "broadcast_in_dim", "squeeze", "expand_dims"):
        if [n for n in before if n != 1] != [n for n in after if n != 1]:
            return None
        labels = {new[0]: axes[old[0]] for old, new in of_reshape(before, after)}
        return tuple(labels.get(a) for a in range(len(after)))
    shapes = {tuple(each.aval.shape) for each in equation.invars if each.aval.shape}
    if name in SAME_AXES or shapes == {after} or max(shapes, key=len, default=()) == after:
        return axes if len(axes) == len(after) else None
    return None
