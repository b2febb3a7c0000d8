"""One finding: a place in a network where a rule holds, why it matters, and what would help."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple, overload

from convgraph.core import escape
from convgraph.core.checks import as_word
from convgraph.core.plain_data import plain
from convgraph.core.units import Units

__all__ = ["SEVERITIES", "Finding", "Findings", "Occurrence", "Severity", "as_severity"]

Severity = Literal["info", "warning", "error"]
# In the middle between light and dark, as the paper may be either.
COLOURS = {"info": "#1f6feb", "warning": "#d4a106", "error": "#d1242f"}
BESIDE = "margin: 10px 0; padding: 2px 12px; border-left: 4px solid"
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "error")


def as_severity(argument: str, value: Any) -> Severity:
    """Check the word for a severity."""
    word: Any = as_word(argument, value, SEVERITIES, "a severity is one of {}")
    return word


class Occurrence(NamedTuple):
    """What the check of a rule says of a place where it holds; see `Finding`."""

    tensors: tuple[str, ...]
    message: str
    reason: str
    fix: str
    details: Mapping[str, Any] = MappingProxyType({})
    witness: Units | None = None
    severity: Severity | None = None
    """Said where it has less of a consequence than the rule's own severity tells."""


@dataclass(frozen=True, repr=False)
class Finding:
    """A place in a network where a rule holds.

    Attributes
    ----------
    rule, severity
        The id of the rule, and "info", "warning" or "error".
    tensors
        The rows concerned, the one where it happens first.
    message
        What holds there.
    reason
        Why it matters, with its source.
    fix
        What would change it.
    witness
        Units to look at, such as `cg.draw(net, shade=finding.witness)` shows; None where the rows
        say it all.
    details
        The numbers behind the message.
    """

    rule: str
    severity: Severity
    tensors: tuple[str, ...]
    message: str
    reason: str
    fix: str
    witness: Units | None = field(default=None, compare=False)
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The finding as plain data; of the witness its row, size and bounds."""
        units = self.witness
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        facts["witness"] = None
        if units is not None:
            facts["witness"] = {"row": units.row.name, "units": len(units), "bounds": units.bounds}
        return plain(facts)

    def __repr__(self) -> str:
        return escape.plain(f"{self.severity} {self.rule}: {self.message}")


def _fixes(group: Sequence[Finding]) -> list[str]:
    return list(dict.fromkeys(finding.fix for finding in group))


@dataclass(frozen=True, repr=False)
class Findings(Sequence[Finding]):
    """Findings in order of severity, then of computation."""

    found: tuple[Finding, ...]

    @overload
    def __getitem__(self, position: int) -> Finding: ...
    @overload
    def __getitem__(self, position: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, position: int | slice) -> Finding | tuple[Finding, ...]:
        return self.found[position]

    def __len__(self) -> int:
        return len(self.found)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.found)

    def by_rule(self) -> dict[str, list[Finding]]:
        """The findings of each rule, which share reasons and mostly what would help."""
        grouped: dict[str, list[Finding]] = {}
        for finding in self.found:
            grouped.setdefault(finding.rule, []).append(finding)
        return grouped

    def of(self, rule: str) -> tuple[Finding, ...]:
        """The findings of one rule."""
        return tuple(finding for finding in self.found if finding.rule == rule)

    def at_least(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of a severity and of those above it."""
        least = SEVERITIES.index(as_severity("severity", severity))
        return tuple(f for f in self.found if SEVERITIES.index(f.severity) >= least)

    def to_dict(self) -> list[dict[str, Any]]:
        """The findings as plain data."""
        return [finding.to_dict() for finding in self.found]

    def to_json(self) -> str:
        """The findings as JSON text."""
        return escape.json(self.to_dict())

    def to_markdown(self) -> str:
        """The findings as a Markdown list."""
        parts = []
        for rule, group in self.by_rule().items():
            parts.append(f"### {escape.markdown(rule)} ({group[0].severity})\n\n")
            parts += [f"- {escape.markdown(finding.message)}\n" for finding in group]
            parts.append(f"\n{escape.markdown(group[0].reason)}\n\n")
            parts += [f"*What would help:* {escape.markdown(fix)}\n\n" for fix in _fixes(group)]
        return "".join(parts) or "No findings.\n"

    def _repr_html_(self) -> str:
        parts = []
        for rule, group in self.by_rule().items():
            said = "".join(f"<li>{escape.markup(finding.message)}</li>" for finding in group)
            helps = "".join(f"<p>{escape.markup(fix)}</p>" for fix in _fixes(group))
            parts.append(
                f'<div style="{BESIDE} {COLOURS[group[0].severity]}">'
                f"<p><b>{escape.markup(rule)}</b> ({group[0].severity})</p><ul>{said}</ul>"
                f"<p>{escape.markup(group[0].reason)}</p>{helps}</div>"
            )
        return "".join(parts) or "<p>No findings.</p>"

    def __rich__(self) -> Any:
        from rich.console import Group
        from rich.text import Text

        colours = {"info": "cyan", "warning": "yellow", "error": "bold red"}
        parts = []
        for rule, group in self.by_rule().items():
            text = Text(group[0].severity, style=colours[group[0].severity])
            text.append(f" {rule}", style="bold")
            for finding in group:
                text.append(f"\n  {finding.message}", style="default")
            for said in (group[0].reason, *_fixes(group)):
                text.append(f"\n  {said}", style="dim")
            parts.append(text)
        return Group(*parts) if parts else Text("No findings.")

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.found)) or "no findings"
