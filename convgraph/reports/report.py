"""The report on a network: what its structure does, row by row and in all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from convgraph.core import escape
from convgraph.core.calls import checked
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Row
from convgraph.core.network import Network
from convgraph.core.plain_data import plain
from convgraph.core.sizes import Size
from convgraph.core.tying import Explicit, Learned
from convgraph.interactions.connections import simplest
from convgraph.interactions.effective import (
    EffectiveField,
    fields_of_paths,
)
from convgraph.interactions.sums_of_states import Sum
from convgraph.reports.report_facts import ReportFacts, Totals
from convgraph.reports.rows import ReportRow, report_rows
from convgraph.reports.structure import Structure, structure_of
from convgraph.symmetry.lattice.shift_lattice import smallest_shifts

if TYPE_CHECKING:
    import pandas as pd

    from convgraph.reports.modules import ModuleReport

__all__ = ["Report", "Totals", "report"]


@dataclass(frozen=True, repr=False)
class Report(ReportFacts):
    """What the structure of a network does; see `report`.

    Attributes
    ----------
    source
        The row that fields are looked back to.
    rows
        The facts of each row of units, in order of computation.
    totals
        Their sums.
    feature
        The last row whose units still move over the input: the one that `effective`, `lattice` and
        `band` are about; None where there is none.
    effective
        Its effective receptive field along each axis of the input.
    lattice
        Per axis by how many positions the input has to move so that this row moves by whole units.
    band
        Per axis how many units from its first and from its last on see padding.
    caveats
        What the importer took to depend on everything.
    notes
        What the importer took to be so where nobody had said it, such as which axis is the batch.
    left_out
        Why `effective` is empty although paths were counted, in a sentence, or nothing.
    """

    def by_module(self, depth: int | None = None) -> ModuleReport:
        """The modules of a model that was read, each with what its parts come to.

        `depth` says how many levels are unfolded; by default all are.
        """
        from convgraph.reports.modules import by_module

        return by_module(self, depth)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "network": repr(self.network),
            "source": self.source,
            "totals": self.totals.to_dict(),
            "feature": self.feature,
            "lattice": plain(self.lattice),
            "band": plain(self.band),
            "effective": [field.to_dict() for field in self.effective],
            "left_out": self.left_out,
            "rows": [row.to_dict() for row in self.rows],
            "caveats": list(self.caveats),
            "notes": list(self.notes),
        }

    def to_json(self) -> str:
        """The report as JSON text."""
        return escape.json(self.to_dict())

    def to_csv(self) -> str:
        """The rows as comma-separated values, with one column for each axis of a fact."""
        from convgraph.reports.report_tables import csv_text

        return csv_text(self)

    def to_markdown(self) -> str:
        """The report as a Markdown table and its totals."""
        from convgraph.reports.report_tables import table

        return table(self).markdown()

    def to_pandas(self) -> pd.DataFrame:
        """The rows as a data frame of pandas, which has to be installed."""
        from convgraph.reports.report_tables import data_frame

        return data_frame(self)

    def to_html(self, title: str | None = None) -> str:
        """One page that needs no network: it answers what a cell sees and what a pixel affects.

        Behind the explorer stand the tables, the findings and pictures. A title stands before the
        shapes in its heading.
        """
        from convgraph.reports.html import page

        if not isinstance(title, str | None):
            raise ConvgraphError(f"title={title!r}: a text")
        return page(self, title=title)

    def save(self, path: str | os.PathLike[str], title: str | None = None) -> Path:
        """Write the report: a page that answers (.html), or .json, .csv and .md.

        Parameters
        ----------
        path
            The file; its ending says what is written.
        title
            What the page is headed, as the name of a model; the other forms have no heading.

        Returns
        -------
        Path
            The path that was given.

        Raises
        ------
        ConvgraphError
            If the ending is none of these, the title is no text, or the file cannot be written.

        Examples
        --------
        >>> import convgraph as cg
        >>> cg.report(cg.Conv(3).on(5)).save("report.html", title="One convolution").name
        'report.html'
        """
        from convgraph.figures.files import save

        forms = {
            ".html": lambda: self.to_html(title),
            ".json": self.to_json,
            ".csv": self.to_csv,
            ".md": self.to_markdown,
        }
        return save(path, forms, "a report")

    def __rich_console__(self, console: Any, options: Any) -> Iterator[Any]:
        from convgraph.reports.report_tables import rich_table

        yield rich_table(self, options.max_width)

    def __str__(self) -> str:
        from convgraph.reports.report_tables import table

        return table(self).text()

    def _repr_html_(self) -> str:
        from convgraph.reports.report_tables import table

        return table(self).html()

    def __repr__(self) -> str:
        totals = self.totals
        facts = [f"{totals.rows} rows", f"{_shown(totals.parameters)} parameters"]
        last = next((row for row in self.rows if row.name == self.feature), None)
        if last is not None and last.receptive_field is not None:
            size = " x ".join(map(str, last.receptive_field))
            facts.append(f"receptive field {size} at {last.name}")
        return f"Report({', '.join(facts)})"


def _shown(number: Size) -> str:
    return f"{number:,}" if isinstance(number, int) else str(number)


@checked
def report(network: Network, row: str | None = None, effective: bool = True) -> Report:
    """What the structure of a network does: fields, strides, padding and cost of every row.

    Parameters
    ----------
    network
        A bound network.
    row
        The row that fields are looked back to; by default the input (the largest of several).
    effective
        Whether paths are counted, for the effective fields and their deviations: of a network of
        hundreds of layers that is a large part of the work.

    Returns
    -------
    Report
        With `rows`, `totals`, the effective receptive field, and `to_dict`, `to_json`, `to_csv`,
        `to_markdown`, `to_pandas` and `to_html`. With symbolic sizes, what needs numbers is None.

    Raises
    ------
    ConvgraphError
        If there is no such row.

    Examples
    --------
    >>> import convgraph as cg
    >>> net = (cg.Conv(3, padding="same") >> cg.MaxPool(2) >> cg.Conv(3, padding="same")).on(16)
    >>> result = cg.report(net)
    >>> result
    Report(4 rows, 6 parameters, receptive field 8 at s)
    >>> last = result.row("s")
    >>> last.receptive_field, last.clipped, last.stride, last.padding
    ((8,), (8,), (Fraction(2, 1),), ((3, 3),))
    >>> last.touches_padding, result.totals.sharing
    (Fraction(1, 2), Fraction(34, 3))

    References
    ----------
    Araujo, Norris and Sim, Computing receptive fields of convolutional neural networks, Distill
    (2019); Luo, Li, Urtasun and Zemel, NIPS 2016.
    """
    if not isinstance(effective, bool):
        raise ConvgraphError(f"effective={effective!r}: True or False")
    structure = structure_of(network, row)
    rows = report_rows(structure, effective)
    feature = _feature(structure, rows)
    numbers = not structure.symbolic
    paths: tuple[EffectiveField, ...] = ()
    left_out = ""
    if feature is not None and numbers and effective:
        paths, left_out = _effective(structure, network.row(feature))
    return Report(
        network=network,
        source=structure.source.name,
        rows=rows,
        totals=_totals(structure),
        feature=feature,
        effective=paths,
        left_out=left_out,
        lattice=_lattice(structure, feature),
        band=_band(structure, feature) if feature is not None and numbers else (),
        caveats=tuple(network.caveats),
        notes=tuple(network.notes),
    )


def _feature(structure: Structure, rows: tuple[ReportRow, ...]) -> str | None:
    """The last row with several positions along every axis over which its units move."""
    for row in reversed(rows):
        total = structure.sum(row.name)
        moving = row.stride is not None and None not in row.stride
        if row.kind == "input" or total is None or not row.stride or not moving:
            continue
        several = isinstance(total, Sum) and all(size != 1 for size in total.sizes)
        if len(row.shape) >= len(row.stride) and several:
            return row.name
    return None


def _effective(structure: Structure, feature: Row) -> tuple[tuple[EffectiveField, ...], str]:
    """The effective fields of a row, or why there are none."""
    network, source = structure.network, structure.source
    fields, why = fields_of_paths(network, source, feature, structure.moments)
    return fields, f"left out: {why}" if why else ""


def _totals(structure: Structure) -> Totals:
    network, cost = structure.network, structure.cost
    uses: Size = 0
    units: Size = 0
    for row in network.rows:
        units = units + row.size
    for layer in network.layers:
        for joint in layer.all_joints:
            uses = uses + _uses(joint)
    return Totals(
        rows=len(network.rows),
        units=simplest(units),
        parameters=cost.parameters,
        connections=cost.connections,
        multiply_adds=cost.multiply_adds,
        macs=cost.macs,
        dense_parameters=cost.dense.parameters,
        dense_connections=cost.dense.connections,
        uses=simplest(uses),
    )


def _uses(joint: Joint) -> Size:
    """How many connections of a joint carry a parameter."""
    if isinstance(joint.tying, Learned):
        return 0 if joint.tying.fixed else joint.wiring.connections
    if not isinstance(joint.tying, Explicit) or joint.tying.numbers_only:
        return 0
    expressions = joint.tying.expressions
    if not isinstance(expressions, tuple):  # all are entries of an array
        return joint.wiring.connections
    learned = np.array([bool(expression.free_symbols) for expression in expressions], bool)
    return int(learned[joint.tying.labels].sum())


def _lattice(structure: Structure, feature: str | None) -> tuple[Any, ...]:
    fields = structure.fields(feature) if feature is not None else None
    if fields is None:
        return ()
    if not structure.symbolic and structure.network.inputs == (structure.source,):
        try:
            return smallest_shifts(structure.network, feature)
        except ConvgraphError:
            pass  # a layer mixes the axes: then the fields alone tell
    return tuple(field.step for field in fields)


def _band(structure: Structure, feature: str) -> tuple[tuple[int, int], ...]:
    """How many units from either end see padding, along each axis, in any channel."""
    state = structure.padded.states.get(feature)
    if state is None:
        return ()
    found = []
    for b, size in enumerate(state.sizes):
        before = after = 0
        for slabs in state.payloads:
            if slabs is None:
                continue
            slab = slabs[b]
            if slab.all():
                before = after = int(size)
                break
            free = (~slab).nonzero()[0]
            before, after = max(before, int(free[0])), max(after, int(len(slab) - 1 - free[-1]))
        found.append((before, after))
    return tuple(found)
