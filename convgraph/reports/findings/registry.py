"""The rules, and the question which of them hold somewhere in a network."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError, nearest
from convgraph.core.network import Network
from convgraph.reports.findings.finding import (
    SEVERITIES,
    Finding,
    Findings,
    Occurrence,
    Severity,
)
from convgraph.reports.structure import Structure, structure_of

__all__ = ["Rule", "findings", "rule", "rules"]

HERE = "convgraph.reports.findings"
NO_RULES = {"finding", "registry"}

Check = Callable[[Structure], Iterable[Occurrence]]


@dataclass(frozen=True)
class Rule:
    """A property of a network's structure to look for.

    Attributes
    ----------
    id, severity
        Its name, and how bad it is where it holds, at most.
    title
        What it says, in a line.
    source
        Where it was described.
    """

    id: str
    severity: Severity
    title: str
    source: str
    check: Check

    def __repr__(self) -> str:
        return f"Rule({self.id}: {self.title} [{self.severity}])"


_REGISTERED: dict[str, Rule] = {}


def rule(id: str, severity: Severity, title: str, source: str) -> Callable[[Check], Check]:
    """Register the check of a rule: what it yields are the places where it holds."""

    def register(check: Check) -> Check:
        _REGISTERED[id] = Rule(id, severity, title, source, check)
        return check

    return register


@cache
def _all() -> dict[str, Rule]:
    """All rules by id: every module beside this one registers its own."""
    for module in pkgutil.iter_modules(importlib.import_module(HERE).__path__):
        if module.name not in NO_RULES:
            importlib.import_module(f"{HERE}.{module.name}")
    worst_first = sorted(_REGISTERED.values(), key=lambda r: (-SEVERITIES.index(r.severity), r.id))
    return {each.id: each for each in worst_first}


def rules() -> tuple[Rule, ...]:
    """All rules, the worst first.

    >>> rules()[0]
    Rule(cancelling-connections: connections that cancel, so that a source has no effect [error])
    """
    return tuple(_all().values())


def _chosen(argument: str, names: str | Iterable[str]) -> set[str]:
    if not isinstance(names, Iterable):
        raise ConvgraphError(f"{argument}={names!r}: an id of a rule, or several")
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if not isinstance(name, str) or name not in _all():
            raise ConvgraphError(f"{argument}={name!r}: no rule of that id{nearest(name, _all())}")
    return set(wanted)


@checked
def findings(
    network: Network,
    select: str | Iterable[str] | None = None,
    ignore: str | Iterable[str] | None = None,
    row: str | None = None,
) -> Findings:
    """What is wrong or wasteful in a network's structure.

    Parameters
    ----------
    network
        A bound network, of sizes without symbols.
    select, ignore
        The ids of the rules to check, or to leave out; all of `rules()` by default.
    row
        The row that fields are looked back to; by default the input (the largest of several).

    Returns
    -------
    Findings
        In order of severity. Each has `rule`, `severity`, `tensors`, `message`, `reason`, `fix` and
        a `witness`: units to look at.

    Raises
    ------
    ConvgraphError
        If there is no such rule or row, or if a size is a symbol.

    Examples
    --------
    >>> import convgraph as cg
    >>> found = cg.findings(cg.Conv(3, stride=2).on(6), ignore="stride-without-blur")
    >>> found
    warning unread-input: 1 of the 6 units of x is seen by no output
    >>> found[0].witness
    Units(x: x6)
    """
    chosen = set(_all()) if select is None else _chosen("select", select)
    if ignore is not None:
        chosen -= _chosen("ignore", ignore)
    structure = structure_of(network, row)
    if structure.symbolic:
        raise ConvgraphError(
            "network: findings need numbers; bind the network to sizes without symbols"
        )
    found = [
        Finding(
            each.id, **{**occurrence._asdict(), "severity": occurrence.severity or each.severity}
        )
        for each in rules()
        if each.id in chosen
        for occurrence in each.check(structure)
    ]
    found.sort(key=lambda finding: -SEVERITIES.index(finding.severity))
    return Findings(tuple(found))
