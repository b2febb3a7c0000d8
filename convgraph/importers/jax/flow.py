"""Loops and branches of JAX, written out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.importers.builder import Unread
from convgraph.importers.jax.held import Held
from convgraph.importers.jax.moving import index_in, stacked
from convgraph.importers.jax.reading import MOST_NODES, Reading, Translate

__all__ = ["branched", "looped", "scanned"]


def scanned(r: Reading, equation: Any, operands: Sequence[Held]) -> list[Held]:
    """A loop of known length: its body, as often as it runs."""
    p = equation.params
    fixed, carried = int(p["num_consts"]), int(p["num_carry"])
    consts, rest = list(operands[:fixed]), list(operands[fixed + carried :])
    carry = list(operands[fixed : fixed + carried])
    length = int(p["length"])
    if length == 0:
        raise Unread("a loop that does not run")
    made: list[list[Held]] = []
    for step in reversed(range(length)) if p["reverse"] else range(length):
        given = [index_in(r, held, step) for held in rest]
        results = r.call(p["jaxpr"], [*consts, *carry, *given])
        carry, parts = list(results[:carried]), list(results[carried:])
        made.append(parts)
    if p["reverse"]:
        made.reverse()
    unused = [type(variable).__name__ == "DropVar" for variable in equation.outvars[carried:]]
    columns = [
        parts[0] if dropped else stacked(r, parts)
        for parts, dropped in zip(map(list, zip(*made, strict=True)), unused, strict=True)
    ]
    return [*carry, *columns]


def looped(r: Reading, equation: Any, operands: Sequence[Held]) -> list[Held]:
    """A loop whose condition does not depend on the input."""
    p = equation.params
    first, second = int(p["cond_nconsts"]), int(p["body_nconsts"])
    asked, fixed = list(operands[:first]), list(operands[first : first + second])
    carry = list(operands[first + second :])
    for _ in range(MOST_NODES):
        (again,) = r.call(p["cond_jaxpr"], [*asked, *carry])
        known = r.value(again)
        if known is None:
            raise Unread("a loop that ends when a computed value says so")
        if not known:
            return carry
        carry = r.call(p["body_jaxpr"], [*fixed, *carry])
    raise ConvgraphError(f"function: a loop that runs more than {MOST_NODES:,} times")


def branched(
    selected: Callable[[Reading, Any, Sequence[Held]], Held],
) -> Translate:
    """The branch that is known to be taken; or all of them, and for each unit the one that is."""

    def translate(r: Reading, equation: Any, operands: Sequence[Held]) -> list[Held]:
        which, *given = operands
        branches = equation.params["branches"]
        known = r.value(which)
        if known is not None:
            number = min(max(int(known), 0), len(branches) - 1)
            results: list[Held] = r.call(branches[number], given)
            return results
        cases = [r.call(branch, given) for branch in branches]
        made = []
        for number, variable in enumerate(equation.outvars):
            parts = [case[number] for case in cases]
            single = _Result(variable)
            made.append(selected(r, single, [which, *parts]))
        return made

    return translate


class _Result:
    """An equation with one of the results of another."""

    def __init__(self, variable: Any) -> None:
        self.outvars = [variable]
