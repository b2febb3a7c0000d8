"""What the page takes from a report: that much of it, and no more, has to be there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from convgraph.core.network import Network
from convgraph.core.sizes import Size
from convgraph.core.units import Units

__all__ = ["Place", "Reported", "RowFacts"]


class RowFacts(Protocol):
    """What is known of a row."""

    @property
    def kind(self) -> str: ...
    @property
    def receptive_field(self) -> tuple[Any, ...] | None: ...
    @property
    def centre(self) -> tuple[Any, ...] | None: ...
    @property
    def stride(self) -> tuple[Any, ...] | None: ...
    @property
    def parameters(self) -> Size: ...
    @property
    def multiply_adds(self) -> Size: ...


class Reported(Protocol):
    """A network, the row that fields are looked back to, and the facts of all rows in order."""

    @property
    def network(self) -> Network: ...
    @property
    def source(self) -> str: ...
    @property
    def rows(self) -> Sequence[RowFacts]: ...


class Place(Protocol):
    """A finding: what holds, at which rows and units, and why it matters."""

    @property
    def rule(self) -> str: ...
    @property
    def severity(self) -> str: ...
    @property
    def tensors(self) -> Sequence[str]: ...
    @property
    def message(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def fix(self) -> str: ...
    @property
    def witness(self) -> Units | None: ...
    @property
    def details(self) -> Mapping[str, Any]: ...
