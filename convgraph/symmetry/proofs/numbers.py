"""Numbers for the symbols of a spec."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sympy as sp

from convgraph.core.sizes import Size
from convgraph.symmetry.instances.choices import allowed

__all__ = ["assignments", "strides_of", "symbols_of", "with_numbers"]

FAR = 100


def symbols_of(thing: Any) -> set[sp.Symbol]:
    """The symbols among the arguments of a spec, a shift or a size.

    >>> from convgraph import Conv
    >>> symbols_of(Conv(sp.Symbol("k", integer=True, positive=True)))
    {k}
    """
    if isinstance(thing, sp.Basic):
        return set(thing.free_symbols)
    if isinstance(thing, tuple | list):
        return set().union(*map(symbols_of, thing))
    fields = getattr(thing, "__dataclass_fields__", ())
    return set().union(*(symbols_of(getattr(thing, name)) for name in fields))


def strides_of(thing: Any, along: slice = slice(None)) -> Iterator[Size]:
    """Every stride in a spec, along any axis or some; that of a pool is its kernel where it has no
    other.

    >>> from convgraph import Conv, MaxPool
    >>> list(strides_of(Conv(3, stride=2) >> MaxPool(3)))
    [2, 3]
    """
    fields = getattr(thing, "__dataclass_fields__", ())
    if isinstance(thing, tuple | list):
        for each in thing:
            yield from strides_of(each, along)
    elif "stride" in fields:
        stride = thing.kernel if thing.stride is None else thing.stride
        yield from stride[along] if isinstance(stride, tuple) else (stride,)
    else:
        for name in fields:
            yield from strides_of(getattr(thing, name), along)


def with_numbers(thing: Any, values: Mapping[sp.Symbol, int]) -> Any:
    """A spec, a shift or a size with numbers for its symbols.

    >>> from convgraph import Conv
    >>> k = sp.Symbol("k", integer=True, positive=True)
    >>> with_numbers(Conv(k, stride=k - 1), {k: 3})
    Conv(3, stride=2)
    """
    if isinstance(thing, sp.Basic):
        number = thing.xreplace({s: sp.Integer(v) for s, v in values.items()})
        return int(number) if number.is_Integer else number
    if isinstance(thing, tuple | list):
        return type(thing)(with_numbers(e, values) for e in thing)
    fields = getattr(thing, "__dataclass_fields__", ())
    if not fields:
        return thing
    made = copy.copy(thing)
    for name in fields:
        object.__setattr__(made, name, with_numbers(getattr(thing, name), values))
    return made


def assignments(symbols: Sequence[sp.Symbol]) -> Iterator[dict[sp.Symbol, int]]:
    """Small numbers for all symbols, those with the smallest sum first.

    They are what a symbol is assumed to be: none that is even stands for an odd one.

    >>> list(assignments([sp.Symbol("e", even=True, negative=True)]))
    [{e: -2}, {e: -4}, {e: -6}]
    """
    choices = [_few(symbol) for symbol in symbols]
    every = sorted(
        itertools.product(*choices), key=lambda v: (sum(map(abs, v)), [-n for n in v if n < 0], v)
    )
    yield from (dict(zip(symbols, values, strict=True)) for values in every)


def _few(symbol: sp.Symbol) -> list[int]:
    near = itertools.chain.from_iterable((n, -n) for n in range(1, FAR))
    return list(itertools.islice((n for n in near if allowed(symbol, n)), 3))
