"""A report as a table: in words, in a terminal, as comma-separated values, for pandas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.core.tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from convgraph.interactions.effective import EffectiveField
    from convgraph.reports.report_facts import ReportFacts
    from convgraph.reports.rows import ReportRow

__all__ = ["csv_text", "data_frame", "first_alone", "rich_table", "summary", "table"]

COLUMNS = (
    "tensor",
    "layer",
    "shape",
    "field",
    "clipped",
    "stride",
    "centre",
    "padding",
    "seen",
    "sees padding",
    "parameters",
    "multiply-adds",
)
NUMBERS = COLUMNS[3:]
# What a narrow terminal does without, first of all.
LESS = ("multiply-adds", "centre", "seen", "clipped", "parameters", "layer")
LONG = 1_000  # rows that are not set in a frame

PER_AXIS = ("receptive_field", "clipped", "everywhere", "stride", "centre", "deviation")
SINGLE = (
    "seen",
    "touches_padding",
    "parameters",
    "connections",
    "multiply_adds",
    "macs",
    "dense_parameters",
    "dense_connections",
)


def cells(row: ReportRow) -> tuple[str, ...]:
    """One row in words; an entry that is the same along all axes is written once."""
    everywhere = row.everywhere or ()
    moving = row.stride is not None and any(stride is not None for stride in row.stride)
    field = _axes(row.receptive_field, " x ") if moving or not any(everywhere) else ""
    if any(everywhere):
        field = f"{field} + all" if field else "all"
    return (
        row.name,
        row.kind,
        " x ".join(map(str, row.shape)),
        field,
        _axes(row.clipped, " x "),
        _axes(row.stride, " x ") if moving else "",
        _axes(row.centre, ", ") if moving else "",
        _axes(row.padding, ", ", lambda pair: f"{pair[0]}/{pair[1]}") if moving else "",
        _share(row.seen),
        _share(row.touches_padding),
        _number(row.parameters),
        _number(row.multiply_adds),
    )


def _axes(values: Sequence[Any] | None, between: str, show: Callable[[Any], str] = str) -> str:
    if not values:
        return ""
    shown = ["-" if value is None else show(value) for value in values]
    return shown[0] if len(set(shown)) == 1 else between.join(shown)


def _share(share: Fraction | None) -> str:
    """In per cent, and never rounded to all or nothing."""
    if share is None:
        return ""
    if share in (0, 1):
        return f"{int(share) * 100}%"
    return f"{min(max(float(share) * 100, 0.1), 99.9):.1f}%"


def _number(number: Any) -> str:
    if isinstance(number, int):
        return f"{number:,}" if number else ""
    return str(number)


def summary(report: ReportFacts) -> list[tuple[str, str]]:
    """What there is to say of the network as a whole: pairs of a heading and a sentence."""
    totals = report.totals
    lines = [
        ("rows", f"{totals.rows:,}"),
        ("units", _number(totals.units)),
        ("parameters", f"{_number(totals.parameters) or 0}"),
        (
            "multiply-adds",
            f"{_number(totals.multiply_adds) or 0} (on the connections that are there, "
            "normalisation included)",
        ),
        (
            "MACs",
            f"{_number(totals.macs) or 0} (as profilers count: convolutions and matrix products, "
            "padded taps included)",
        ),
    ]
    if totals.sharing is not None:
        lines.append(("uses per parameter", f"{float(totals.sharing):,.1f}"))
    if totals.dense_parameters != totals.parameters:
        dense = _number(totals.dense_parameters)
        lines.append(("dense counterpart", f"{dense} parameters"))
    if report.feature is not None:
        lines.append(("last row that moves", report.feature))
        lines.append(("moves with shifts by", _axes(report.lattice, " x ")))
        if report.band:
            band = _axes(report.band, ", ", lambda ends: f"{ends[0]} and {ends[1]} units")
            lines.append(("border reaches", band))
    for field in report.effective:
        size, radius = len(field.counts), field.radius(0.95)
        said = f"{size} positions{first_alone(report, field)}, "
        said += f"95% of the paths at most {radius} from their mean, "
        said += f"deviation {field.deviation:.4g}"
        if field.theory is not None:
            said += f" (variance {field.variance}, by the formula {field.theory})"
        lines.append((f"effective field, axis {field.axis + 1}", said))
    if report.left_out:
        lines.append(("effective field", report.left_out))
    lines += [("taken to be so", note) for note in report.notes]
    lines += [("caveat", caveat) for caveat in report.caveats]
    return lines


def first_alone(report: ReportFacts, field: EffectiveField) -> str:
    """That an effective field is the first unit's, where others see more, as behind upsampling."""
    row = next(row for row in report.rows if row.name == field.row)
    largest = row.receptive_field[field.axis] if row.receptive_field else None
    if largest in (None, len(field.counts)):
        return ""
    return f" in the first unit (others see up to {largest})"


def table(report: ReportFacts) -> Table:
    """The rows of a report in words, and its totals."""
    rows = [cells(row) for row in report.rows]
    return Table(repr(report), COLUMNS, rows, NUMBERS, summary(report))


def rich_table(report: ReportFacts, width: int) -> Any:
    """The report as a table of rich, for a terminal; columns that do not fit are left out."""
    from rich import table as rich
    from rich.box import SIMPLE_HEAD
    from rich.console import Group
    from rich.text import Text

    lines = [COLUMNS, *map(cells, report.rows)]
    widths = [max(len(line[c]) for line in lines) + 2 for c in range(len(COLUMNS))]
    shown = list(range(len(COLUMNS)))
    for name in LESS:
        if sum(widths[c] for c in shown) > width:
            shown.remove(COLUMNS.index(name))
    head, *body = [tuple(line[c] for c in shown) for line in lines]
    made: Any = rich.Table(box=SIMPLE_HEAD, pad_edge=False)
    if len(body) > LONG:  # rich takes two milliseconds for a row
        plain_text = Table("", head, body, NUMBERS).text()
        made = Text(f"{plain_text}\n", no_wrap=True, overflow="ellipsis")
    else:
        for name in head:
            flush: Any = "right" if name in NUMBERS else "left"
            made.add_column(Text(name), justify=flush, no_wrap=True)
        for line in body:
            made.add_row(*map(Text, line))
    facts = rich.Table.grid(padding=(0, 2))
    for name, said in summary(report):
        facts.add_row(Text(name, style="bold"), Text(said))
    return Group(made, facts, Text())


def _records(report: ReportFacts) -> list[dict[str, Any]]:
    """One flat record for each row: an axis of a fact is a column of its own, counted from 1."""
    axes = max((len(row.receptive_field or ()) for row in report.rows), default=0)
    records = []
    for row in report.rows:
        record: dict[str, Any] = {"name": row.name, "kind": row.kind}
        record["shape"] = "x".join(map(str, row.shape))
        for name in PER_AXIS:
            values = getattr(row, name)
            for axis in range(axes):
                record[f"{name}_{axis + 1}"] = values[axis] if values else None
        for axis in range(axes):
            pair = row.padding[axis] if row.padding else None
            record[f"padding_before_{axis + 1}"] = pair[0] if pair else None
            record[f"padding_after_{axis + 1}"] = pair[1] if pair else None
        records.append({**record, **{name: getattr(row, name) for name in SINGLE}})
    return records


def csv_text(report: ReportFacts) -> str:
    """Comma-separated values, exact: fractions as they are, what is not there as nothing."""
    records = _records(report)
    lines = [list(records[0]), *(list(record.values()) for record in records)]
    return "".join(",".join(map(escape.csv, line)) + "\n" for line in lines)


def data_frame(report: ReportFacts) -> pd.DataFrame:
    """The same columns as a data frame; exact fractions become numbers."""
    try:
        import pandas as pd
    except ImportError:
        raise ConvgraphError(
            "to_pandas: pandas is not installed; pip install pandas, or use to_csv or to_dict"
        ) from None
    records = [
        {name: float(v) if isinstance(v, Fraction) else v for name, v in record.items()}
        for record in _records(report)
    ]
    return pd.DataFrame.from_records(records).set_index("name")
