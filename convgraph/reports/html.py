"""A report as one page that needs nothing else: the graph, the tables, the findings, pictures."""

from __future__ import annotations

from convgraph.core import escape
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Row
from convgraph.core.sizes import Size
from convgraph.explorer.section import refusal, script, section, style
from convgraph.figures.html_page import html_page
from convgraph.interactions.effective import EffectiveField
from convgraph.reports.findings.finding import Findings
from convgraph.reports.findings.registry import findings
from convgraph.reports.plots import growth, profile
from convgraph.reports.report_facts import ReportFacts
from convgraph.reports.report_tables import first_alone, summary, table
from convgraph.reports.row_graph import row_graph
from convgraph.reports.structure import structure_of

__all__ = ["page"]

STYLE = """
:root { color-scheme: light dark; --ink: #1c1c1e; --quiet: #6b6b70; --paper: #ffffff;
  --line: #d9d9de; --field: #1f6feb; --inner: #bc4c00; --box: #f5f5f7; }
@media (prefers-color-scheme: dark) { :root { --ink: #ececee; --quiet: #a0a0a6; --paper: #161618;
  --line: #3a3a3e; --field: #6cb0ff; --inner: #f0a060; --box: #242427; } }
body { font: 14px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  margin: 1.2em 0; padding: 0 clamp(.75rem, 2.5vw, 2.5rem); }
.rest { margin-top: 2.5em; } .rest p { max-width: 1100px; }
h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 2px 10px 2px 0; text-align: left; border-bottom: 1px solid var(--line);
  white-space: nowrap; } th { color: var(--quiet); font-weight: 600; }
/* What is wider than the window has a shadow where it goes on, as phones show no bars. */
.wide { overflow-x: auto; background:
  linear-gradient(to right, var(--paper) 40%, transparent) 0 0 / 2.5rem 100% no-repeat local,
  linear-gradient(to left, var(--paper) 40%, transparent) 100% 0 / 2.5rem 100% no-repeat local,
  linear-gradient(to right, var(--line), transparent) 0 0 / .7rem 100% no-repeat scroll,
  linear-gradient(to left, var(--line), transparent) 100% 0 / .7rem 100% no-repeat scroll; }
.facts td { white-space: normal; }
svg.plot { width: 100%; max-width: 760px; } svg.plot text { font-size: 11px; fill: var(--quiet); }
polyline { fill: none; stroke-width: 2; } .field { stroke: var(--field); }
.inner { stroke: var(--inner); stroke-dasharray: 5 3; } .dot { fill: var(--field); }
.axis { stroke: var(--line); } .mark { stroke: var(--quiet); stroke-dasharray: 2 3; }
rect.wide { fill: var(--field); opacity: .1; } rect.narrow { fill: var(--field); opacity: .15; }
.graph { max-height: 640px; overflow: auto; border: 1px solid var(--line); padding: 8px; }
.graph svg { min-width: min-content; } .graph text { fill: var(--ink); }
.graph .row path, .graph .row polygon { fill: var(--box); stroke: var(--quiet); }
@media screen { .rest { content-visibility: auto; contain-intrinsic-size: auto 3000px; } }
svg.plot { min-width: 480px; }
@media (max-width: 40rem) { svg.plot text { font-size: 15px; } }
.graph .link path { stroke: var(--quiet); } .graph .link polygon { fill: var(--quiet);
  stroke: var(--quiet); }
h2, h2 + p { break-after: avoid; } tr { break-inside: avoid; }
@media print { :root { --ink: #000; --quiet: #555; --paper: #fff; --line: #ccc; --box: #fff; }
  .graph { max-height: none; overflow: visible; border: 0; padding: 0; }
  .graph svg { min-width: 0; width: auto; height: auto; max-width: 100%; }
  .graph-title { display: none; } .wide { overflow: visible; } .rows { font-size: 7.5pt; }
  .rows th, .rows td:nth-child(-n+3) { white-space: normal; } .rows td:nth-child(-n+3) {
  overflow-wrap: anywhere; } .rows th, .rows td { padding-right: 5px; } }
"""


def page(report: ReportFacts, found: Findings | None = None, title: str | None = None) -> str:
    """The page of a report; `found` are its findings, which are looked for where none are given.

    Its heading is the title, before the shapes of what is read and given.
    """
    structure = structure_of(report.network, report.source)
    if found is None and not structure.symbolic:
        found = findings(report.network, row=report.source)
    source = report.network.row(report.source)
    beside = [row for row in report.network.inputs if row.name != source.name]
    read = ", ".join(map(_sized, [source, *beside]))
    sizes = f"{read} to {', '.join(map(_sized, report.network.outputs))}"
    title = f"{title}: {sizes}" if title else sizes
    facts = "".join(
        f"<tr><th>{escape.markup(name)}</th><td>{escape.markup(said)}</td></tr>"
        for name, said in summary(report)
    )
    explored = refusal(report.network) is None
    parts = [
        f"<h1>{escape.markup(title)}</h1>",
        section(report, found),
        '<div class="rest">',
        f'<div class="wide facts"><table>{facts}</table></div>',
        *_findings(found, explored),
        *(_growth(report) if not structure.symbolic else ()),
        *_profiles(report),
        '<h2 class="graph-title">Graph</h2>',
        f'<div class="graph">{_graph(report)}</div>',
        "<h2>Rows</h2>",
        f'<div class="wide rows">{table(report).rows_html()}</div>',
        "</div>",
    ]
    code = script() if explored else ""
    return html_page(title, f"{STYLE}{style()}", "\n".join(parts), code)


def _findings(found: Findings | None, explored: bool) -> list[str]:
    """The findings; where there is an explorer they are places in it, for whoever has scripts."""
    if found is None:
        return ["<h2>Findings</h2>", "<p>Findings need sizes without symbols.</p>"]
    told = f"<h2>Findings</h2>{found._repr_html_()}"
    return [f"<noscript>{told}</noscript>" if explored else told]


def _growth(report: ReportFacts) -> list[str]:
    """How fields grow, if they do."""
    picture = growth(report)
    if not picture:
        return []
    parts = ["<h2>Receptive fields</h2>"]
    if report.effective:
        parts.append(
            "<p>How fields grow from row to row, in positions along the first axis: as a whole, "
            "and where most of the paths lead, within two standard deviations of their mean to "
            "either side.</p>"
        )
    return [*parts, f'<div class="wide">{picture}</div>']


def _profiles(report: ReportFacts) -> list[str]:
    """A picture of the effective field; axes along which it is the same share one."""
    axes: dict[tuple[int, ...], list[EffectiveField]] = {}
    for field in report.effective:
        axes.setdefault(field.counts, []).append(field)
    parts = []
    for fields in axes.values():
        which = " and ".join(str(field.axis + 1) for field in fields)
        word = "axes" if len(fields) > 1 else "axis"
        unit = escape.markup(f"{fields[0].row}{first_alone(report, fields[0])}")
        parts.append(f"<h2>Effective field of {unit}, {word} {which}</h2>")
        parts.append(f'<div class="wide">{profile(fields[0])}</div>')
    return parts


def _graph(report: ReportFacts) -> str:
    try:
        return row_graph(structure_of(report.network, report.source), report.rows)
    except ConvgraphError as error:  # a name that Graphviz does not take is no reason for no page
        return f"<p>{escape.markup(str(error))}</p>"


def _sized(row: Row) -> str:
    return f"{row.name} ({' × '.join(map(_factor, row.shape))})"


def _factor(size: Size) -> str:
    """A size beside a sign of multiplication: a sum is in brackets.

    >>> import sympy as sp
    >>> _factor(sp.Symbol("n") - 2), _factor(3)
    ('(n - 2)', '3')
    """
    return f"({size})" if " " in str(size) else str(size)
