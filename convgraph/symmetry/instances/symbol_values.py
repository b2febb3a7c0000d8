"""Small numbers for the symbols of a statement, such as their assumptions allow."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from functools import lru_cache
from itertools import chain, islice, product
from typing import Any, TypeAlias

import sympy as sp

from convgraph.core.errors import ConvgraphError

__all__ = ["allowed", "assignments", "at_numbers", "choices", "free_symbols", "parts"]

Assumptions: TypeAlias = "tuple[tuple[str, bool], ...]"
PLAIN = frozenset((int, str, bool, type(None)))
FAR = 200  # the largest number that a symbol may stand for: primes and multiples are nearer
NEAR = 100  # and in a counterexample, which is to be small
EACH = 4  # numbers for one symbol: a window and a stride differ, and either may be the greater


def free_symbols(thing: Any) -> set[sp.Symbol]:
    """The symbols in a spec, a transformation, a size, or several of them."""
    if isinstance(thing, sp.Basic):
        return set(thing.free_symbols)
    return set().union(*map(free_symbols, parts(thing)))


def parts(thing: Any) -> Iterator[Any]:
    """What a spec or a transformation is made of, or several of them are; a number has no parts."""
    if isinstance(thing, tuple | list):
        yield from thing
    elif is_dataclass(thing) and not isinstance(thing, type):
        yield from (getattr(thing, each.name) for each in fields(thing))


def at_numbers(thing: Any, values: Mapping[sp.Symbol, int]) -> Any:
    """The same with numbers for its symbols, checked as it is when it is made.

    >>> from convgraph import Conv
    >>> k = sp.Symbol("k", integer=True, positive=True)
    >>> at_numbers(Conv(k, stride=k - 1), {k: 3})
    Conv(3, stride=2)
    """
    if type(thing) in PLAIN:
        return thing
    if isinstance(thing, sp.Basic):
        number = thing.xreplace({s: sp.Integer(v) for s, v in values.items()})
        return int(number) if number.is_Integer else number
    if isinstance(thing, tuple | list):
        made = type(thing)(at_numbers(each, values) for each in thing)
        return made if any(a is not b for a, b in zip(made, thing, strict=True)) else thing
    if not is_dataclass(thing) or isinstance(thing, type):
        return thing
    changed = {}
    for each in (f for f in fields(thing) if f.init):
        old = getattr(thing, each.name)
        new = at_numbers(old, values)
        if new is not old:
            changed[each.name] = new
    return replace(thing, **changed) if changed else thing


def choices(
    symbols: set[sp.Symbol], amounts: Collection[sp.Symbol] = ()
) -> Iterator[dict[sp.Symbol, int]]:
    """Numbers for all symbols: the smallest for each, then mixed ones.

    `amounts` are by how much something moves: at 0 there is nothing to see.
    """
    ordered = sorted(symbols, key=lambda s: s.name)
    if not ordered:
        yield {}
        return
    numbers = [_numbers(symbol, symbol in amounts) for symbol in ordered]
    seen = []
    # the smallest; then growing from symbol to symbol; large beside small; and what is left
    turns = [(0, 0), (1, 1), (3, 2), (2, -1), *((b, a) for b in range(EACH) for a in (1, 3, 2, 0))]
    for begin, step in turns:
        chosen = {
            symbol: own[(begin + step * place) % EACH % len(own)]
            for place, (symbol, own) in enumerate(zip(ordered, numbers, strict=True))
        }
        if chosen not in seen:
            seen.append(chosen)
            yield chosen


def assignments(symbols: Sequence[sp.Symbol]) -> Iterator[dict[sp.Symbol, int]]:
    """Small numbers for all symbols, those with the smallest sum first.

    They are what a symbol is assumed to be: none that is even stands for an odd one.

    >>> list(assignments([sp.Symbol("e", even=True, negative=True)]))
    [{e: -2}, {e: -4}, {e: -6}]
    """
    choices = [_few(symbol) for symbol in symbols]
    every = sorted(product(*choices), key=lambda v: (sum(map(abs, v)), [-n for n in v if n < 0], v))
    yield from (dict(zip(symbols, values, strict=True)) for values in every)


def _few(symbol: sp.Symbol) -> list[int]:
    near = chain.from_iterable((n, -n) for n in range(1, NEAR))
    return list(islice((n for n in near if allowed(symbol, n)), 3))


def _numbers(symbol: sp.Symbol, moves: bool) -> tuple[int, ...]:
    found = _allowed(tuple(symbol.assumptions0.items()), moves)
    if not found:
        raise ConvgraphError(f"{symbol}: no number up to {FAR} is what this symbol is said to be")
    return found


@lru_cache(maxsize=256)
def _allowed(assumptions: Assumptions, moves: bool) -> tuple[int, ...]:
    """The first numbers of which some words are true; 1, say, of whole and positive."""
    first = (1, 2, -1, -2, 3, -3, 4) if moves else (1, 2, 0, 3, -1, -2, -3)
    later = chain(*((v, -v) for v in range(4, FAR)), (0,))
    near = chain(first, (value for value in later if value not in first))
    return tuple(islice((value for value in near if _is(assumptions, value)), EACH))


def allowed(symbol: sp.Symbol, value: int) -> bool:
    """Whether a number is all that a symbol is assumed to be."""
    return _is(tuple(symbol.assumptions0.items()), value)


def _is(assumptions: Assumptions, value: int) -> bool:
    number = sp.Integer(value)
    return all(getattr(number, f"is_{word}", truth) == truth for word, truth in assumptions)
