"""A report by the modules of a model: each with what its parts come to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.core.sizes import Size
from convgraph.core.tables import Table, counted

if TYPE_CHECKING:
    from convgraph.reports.report_facts import ReportFacts

__all__ = ["ModuleReport", "ModuleTotals", "by_module"]

COLUMNS = ("module", "shape", "field", "rows", "parameters", "multiply-adds")


@dataclass(frozen=True)
class ModuleTotals:
    """What the rows within a module come to; parameters that they share count once.

    `shape` and `receptive_field` are those of the last row that it computes, `depth` the number of
    modules around it.
    """

    name: str
    depth: int
    shape: tuple[Size, ...]
    receptive_field: tuple[Any, ...] | None
    rows: int
    parameters: Size
    multiply_adds: Size


@dataclass(frozen=True, repr=False)
class ModuleReport:
    """The modules of a model in order of computation, each before its parts.

    Attributes
    ----------
    modules
        The totals of each module, down to the depth that was asked for.
    whole
        Those of the network.
    """

    whole: ModuleTotals
    modules: tuple[ModuleTotals, ...]

    def to_dict(self) -> dict[str, Any]:
        """The totals as plain data."""
        return plain({"whole": asdict(self.whole), "modules": [asdict(m) for m in self.modules]})

    def to_markdown(self) -> str:
        """The totals as a Markdown table."""
        return self._table().markdown()

    def __repr__(self) -> str:
        return self._table().text()

    def _repr_html_(self) -> str:
        return self._table().html()

    def _table(self) -> Table:
        lines = [_line(each, "  " * each.depth) for each in self.modules]
        return Table("Modules", COLUMNS, [*lines, _line(self.whole, "")], COLUMNS[2:])


def _line(module: ModuleTotals, indented: str) -> tuple[str, ...]:
    field = module.receptive_field or ()
    return (
        indented + module.name.rsplit(".", 1)[-1],
        " x ".join(map(str, module.shape)),
        " x ".join("-" if n is None else str(n) for n in field),
        counted(module.rows),
        counted(module.parameters),
        counted(module.multiply_adds),
    )


def by_module(report: ReportFacts, depth: int | None = None) -> ModuleReport:
    """See `Report.by_module`."""
    if depth is not None and (isinstance(depth, bool) or not isinstance(depth, int) or depth < 1):
        raise ConvgraphError(f"depth={depth!r}: a positive number of levels, or None for all")
    network = report.network
    within: dict[str, list[int]] = {}
    for number, row in enumerate(network.rows):
        parts = network.modules.get(row.name, "").split(".")
        for end in range(1, len(parts) + 1):
            within.setdefault(".".join(parts[:end]), []).append(number)
    within.pop("", None)
    shown = [name for name in within if depth is None or name.count(".") < depth]
    every = list(range(len(network.rows)))
    return ModuleReport(
        _totals(report, "all", every, 0),
        tuple(_totals(report, name, within[name], name.count(".")) for name in shown),
    )


def _totals(report: ReportFacts, name: str, numbers: list[int], depth: int) -> ModuleTotals:
    network = report.network
    names = {network.rows[n].name for n in numbers}
    layers = [layer for layer in network.layers if layer.target.name in names]
    part = Network.of(network.rows, layers, network.inputs, network.outputs)
    rows = [report.rows[n] for n in numbers]
    total: Size = 0
    for row in rows:
        total = total + row.multiply_adds
    last = rows[-1]
    field = last.receptive_field
    return ModuleTotals(name, depth, last.shape, field, len(rows), part.parameter_count, total)
