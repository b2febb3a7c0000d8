"""Names from outside are text in every language that they are written in."""

from __future__ import annotations

import contextlib
import csv
import html
import html.parser
import io
import itertools
import json
import re
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest
import sympy as sp
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st
from onnx import TensorProto, helper

import convgraph as cg
from convgraph.cli import main, output
from convgraph.core import escape
from convgraph.core.arrays import Array
from convgraph.core.layer import Row
from convgraph.explorer.row_tree import folds
from convgraph.figures import render
from convgraph.figures.dot import edge_id, mark_id, unit_id
from convgraph.figures.panel import Edge
from convgraph.figures.routes import Route
from convgraph.figures.symbols import split_symbol
from convgraph.importers.constants.array_operators import divided
from convgraph.importers.node import Node
from convgraph.symmetry.proofs.refutation import Undecided
from tests.hostile_names import NAMES, NETWORKS, labelled, model, open_sizes

CASES = [  # all names at once, and at length each by itself
    pytest.param(make, tuple(NAMES.values()), id=source) for source, make in NETWORKS.items()
] + [
    pytest.param(make, (name,), id=f"{source}, {kind}", marks=pytest.mark.exhaustive)
    for source, make in NETWORKS.items()
    for kind, name in NAMES.items()
]
cases = pytest.mark.parametrize(("make", "names"), CASES)


def harmless(names: Any) -> Any:
    """As many names that do nothing."""
    return tuple(f"x{'y' * number}" for number, _ in enumerate(names))


ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "main", "section", "h1", "h2", "h3", "div"),
    *("p", "b", "ul", "li", "button", "sub", "script", "table", "thead", "tbody", "tr", "th", "td"),
    *("svg", "g", "desc", "text", "tspan", "ellipse", "polygon", "polyline", "path", "line", "a"),
    *("rect", "circle", "input", "label", "output", "code", "br", "span", "nav", "figure"),
    *("figcaption", "canvas", "i", "noscript"),
}


class Elements(html.parser.HTMLParser):
    """What a browser would make elements of."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self.found, self.attributes, self.scripts = [], [], []
        self.feed(text)

    def handle_starttag(self, tag: Any, attributes: Any) -> None:
        self.found.append(tag)
        self.attributes += attributes


@cache
def texts(make: Any, names: Any) -> Any:
    """Everything that a network and what is derived of it say of themselves, by language."""
    net = make(*names)
    figure, report, found = cg.draw(net), cg.report(net), cg.findings(net)
    others = cg.cost(net), cg.tied_weights(net), cg.sparsity(net)
    unit = net.outputs[0].units()[0]
    seen = cg.receptive_field(net, unit), cg.path_counts(net, unit), cg.uses(net, net.labels[0])
    forms = cg.closed_forms(net), *seen, net.labels, *(layer.spec for layer in net.layers)
    return {
        "page": figure.page(),
        "report": report.to_html(),
        "svg": figure.svg(),
        "dot": figure.dot,
        "tex": figure.tikz,
        "formula": net._repr_latex_() or "",
        "markdown": report.to_markdown() + found.to_markdown(),
        "csv": report.to_csv(),
        "json": report.to_json() + found.to_json(),
        "plain": "\n".join(
            map(
                str,
                [
                    net,
                    report,
                    repr(report),
                    found,
                    repr(figure),
                    *others,
                    *forms,
                    net.expressions(),
                ],
            )
        ),
        "notebook": "".join(each._repr_html_() for each in (report, found, *others)),
    }


def plain(text: Any) -> Any:
    """Whether a text has no character that is not printed, other than the line breaks that we set.

    Graphviz's package sets tabs at the beginning of lines.
    """
    return re.sub(r"\n\t?", "", text).isprintable()


def printed(text: Any) -> Any:
    """Whether a text is plain and none of its lines commands a service that builds software.

    The runner of GitHub Actions strips a line and reads what begins with two colons; those of both
    services look for the other mark anywhere.
    """
    commands = [line for line in text.splitlines() if line.strip().startswith("::")]
    return plain(text) and not commands and not re.search(r"##\w*\[", text)


@cases
def test_a_name_is_text_in_html_and_svg(make: Any, names: Any) -> None:
    made = texts(make, names)
    for language in ("page", "report", "notebook", "svg"):
        seen = Elements(made[language])
        assert set(seen.found) <= ELEMENTS, language
        scripts = {"page": 2, "report": 2}.get(language, 0)
        assert seen.found.count("script") == scripts, language
        assert not [key for key, _ in seen.attributes if key.startswith("on")], language
        assert not [value for key, value in seen.attributes if key in ("href", "src", "xlink:href")]
        assert plain(made[language]), language
    ElementTree.fromstring(made["svg"])
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert made["page"].count(policy) == made["report"].count(policy) == 1
    assert "script-src 'sha256-" in made["page"]
    assert "script-src 'sha256-" in made["report"]


TEX = {
    f"text{name}" for name in ("backslash", "asciitilde", "asciicircum", "less", "greater", "bar")
}
TEX |= {"dots", "vdots", "mathit"}


@cases
def test_a_name_is_text_in_tex(make: Any, names: Any) -> None:
    made = texts(make, names)
    known = set(re.findall(r"\\([a-zA-Z]+)", texts(make, harmless(names))["tex"]))
    known |= TEX
    tex = made["tex"].replace(r"\\", "")
    assert set(re.findall(r"\\([a-zA-Z]+)", tex)) <= known
    bare = re.sub(r"\\[\\{}$&#%_]", "", made["tex"])
    assert bare.count("{") == bare.count("}")
    assert bare.count("$") % 2 == 0
    assert "#" not in bare


@pytest.mark.parametrize("name", [pytest.param(name, id=kind) for kind, name in NAMES.items()])
@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_a_name_is_text_in_a_formula(make: Any, name: Any) -> None:
    formula = make(name)._repr_latex_()
    words = {"displaystyle", "begin", "end", "text", "backslash", "sim", "wedge", "left", "right"}
    words |= {"operatorname", "max", "ln", "aligned", "cdot", "frac", "lbrack", "rbrack"}
    assert set(re.findall(r"\\([a-zA-Z]+)", formula.replace(r"\\", ""))) <= words
    assert not re.search(r"<\w", formula)
    assert "](" not in formula
    bare = re.sub(r"\\[{}$&#%_]", "", formula)
    assert bare.count("$") == 2


@cases
def test_a_name_ends_no_cell_and_no_line(make: Any, names: Any) -> None:
    made = texts(make, names)
    same = texts(make, harmless(names))
    assert len(made["csv"].splitlines()) == len(same["csv"].splitlines())
    rows = list(csv.reader(io.StringIO(made["csv"])))
    assert len({len(row) for row in rows}) == 1
    for row in rows:
        for cell in row:
            numeric = re.fullmatch(r"-?\d+(/\d+)?", cell)
            assert numeric or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), cell
    for line in made["csv"].splitlines():  # where semicolons part the cells, too
        cells = next(csv.reader([line], delimiter=";"))
        assert not any(c.startswith(("=", "+", "@")) for c in cells)
    tables = [line for line in made["markdown"].splitlines() if line.startswith("|")]
    bars = {len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) for line in tables}
    assert len(bars) == 1
    assert len(tables) == len([t for t in same["markdown"].splitlines() if t.startswith("|")])
    assert not re.search(r"<[a-zA-Z/!]", made["markdown"])
    assert not re.search(r"(?<!\\)\]\(", made["markdown"])


@cases
def test_a_name_commands_no_terminal(make: Any, names: Any) -> None:
    made = texts(make, names)
    for language in ("plain", "csv", "markdown", "json", "dot", "tex", "formula"):
        assert printed(made[language]), language


@pytest.mark.parametrize("name", [pytest.param(name, id=kind) for kind, name in NAMES.items()])
def test_a_name_is_text_in_motion_and_in_plans(tmp_path: Path, name: str) -> None:
    net = cg.from_onnx(model(name))
    film = cg.animate(net, unit=net.outputs[0].units()[0])
    assert repr(film).isprintable()
    plan, stream = cg.tiles(net, tile=3), cg.stream(net)
    film.save(tmp_path / "film.html")
    film.save(tmp_path / "film.svg")
    plan.draw().save(tmp_path / "plan.html")
    pages = [(tmp_path / each).read_text("utf-8") for each in ("film.html", "plan.html")]
    pictures = [(tmp_path / "film.svg").read_text("utf-8"), stream.draw().svg]
    for text, scripts in zip([*pages, *pictures], (1, 2, 0, 0), strict=True):
        seen = Elements(text)
        assert set(seen.found) <= {*ELEMENTS, "defs", "use", "select", "option"}
        assert seen.found.count("script") == scripts
        assert not [key for key, _ in seen.attributes if key.startswith("on")]
        assert plain(text)
    for text in pictures:
        ElementTree.fromstring(text)
    table, modules = stream.table(), cg.report(net).by_module()
    assert printed(table.text() + table.markdown() + repr(modules) + modules.to_markdown())


@pytest.mark.parametrize("name", [pytest.param(name, id=kind) for kind, name in NAMES.items()])
def test_the_name_of_an_open_size_is_text(name: str) -> None:
    report = cg.report(cg.from_onnx(open_sizes(name)))
    same, elements = harmless_sizes()
    page = report.to_html()
    seen = Elements(page)
    assert seen.found == elements
    assert not [key for key, _ in seen.attributes if key.startswith("on") or "href" in key]
    words = html.unescape(page).replace("\N{NO-BREAK SPACE}", " ")
    shown = escape.log_lines(escape.plain(name))
    said = shown if re.search(r"\w", name) else "x_2"  # a "?" is said of any open size
    assert f">1x{said}x{shown}2" in words
    made = report.to_csv() + report.to_markdown() + report.to_json() + str(report)
    assert plain(made)
    rows = list(csv.reader(io.StringIO(report.to_csv())))
    assert [len(row) for row in rows] == [len(rows[0])] * len(same.to_csv().splitlines())


@cache
def harmless_sizes() -> Any:
    """The report on open sizes of a harmless name, and the elements of its page."""
    report = cg.report(cg.from_onnx(open_sizes("n")))
    return report, Elements(report.to_html()).found


def written(name: Any) -> Any:
    """Figures on which a name stands wherever their author may write."""
    net = cg.Conv(3, letter="k").on(5)
    looks = {"x1": {"label": name}, "s1": {"label": name, "fill": "orange"}}
    figure = cg.draw(
        net,
        captions={"s": name},
        headings={"s": name},
        letters={"k_1": name},
        units=looks,
        edges={"k_2": {"label": name}},
        legend={"orange": name},
        values={"x2": name},
        theme=cg.Theme(name),
        title=name,
    )
    grid = cg.draw_grid(cg.Conv((2, 2)).on((3, 3)), values={"x1,1": name})
    return figure.above(grid), cg.draw(labelled(name), letters=True, captions=name)


@pytest.mark.parametrize("name", [pytest.param(name, id=kind) for kind, name in NAMES.items()])
def test_what_is_written_on_a_figure_is_text(name: Any) -> None:
    for figure, (commands, objects) in zip(written(name), harmless_figures(), strict=True):
        svg, dot = figure.svg(), figure.dot
        seen = Elements(svg)
        assert set(seen.found) <= ELEMENTS - {"a"}
        assert not [key for key, _ in seen.attributes if key.startswith("on") or "href" in key]
        words = html.unescape("".join(re.findall("<text[^>]*>(.*?)</text>", svg)))
        first = escape.plain(name.split("\n")[0])  # long names have lines, and lose spaces at ends
        count = re.sub(r"\s", "", words).count(re.sub(r"\s", "", first))
        # beside a row, above one, in the legend, and once below what units have no room for
        assert count >= (4 if figure.title == name else 1)
        assert all(map(plain, (svg, dot, figure.tikz)))
        known = commands | TEX
        assert set(re.findall(r"\\([a-zA-Z]+)", figure.tikz.replace(r"\\", ""))) <= known
        typeset = render._typeset(dot)
        if split_symbol(name) is None:
            assert typeset.count(escape.dot(name)) == dot.count(escape.dot(name))
        if shutil.which("dot") is not None:
            drawn = drawn_by_dot(typeset)["objects"]
            assert len(drawn) == objects + texts_on(figure)
            assert not [each for each in drawn if {"URL", "href", "image"} & set(each)]


@cache
def harmless_figures() -> Any:
    """The commands of LaTeX in the figures of a harmless name, and how many nodes are no texts."""
    return [
        (
            set(re.findall(r"\\([a-zA-Z]+)", each.tikz)),
            len(re.findall(r"(?m)^\t(?!graph|node|edge)\w+ \[", each.dot)) - texts_on(each),
        )
        for each in written("abc")
    ]


def texts_on(figure: Any) -> int:
    """How many texts stand beside units: letters without room go, and lines that say so come."""
    return sum(len(panel.texts) for panel in figure.panels)


def drawn_by_dot(dot: Any) -> Any:
    command = ["dot", "-Kneato", "-n2", "-Tjson"]
    done = subprocess.run(command, input=dot.encode(), capture_output=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.skipif(shutil.which("dot") is None, reason="the program dot is not there")
@cases
def test_a_name_is_text_to_graphviz(make: Any, names: Any) -> None:
    drawn, same = (
        drawn_by_dot(texts(make, each)["dot"])["objects"] for each in (names, harmless(names))
    )
    # letters without room go, and lines come that say so, or how a shortened name goes on
    beside = ("letter", "caption")
    units = [each for each in drawn if each.get("class") not in beside]
    assert len(units) == len([each for each in same if each.get("class") not in beside])
    assert len(drawn) <= len(same) + 1
    assert not any("URL" in each or "href" in each for each in drawn)


@pytest.mark.parametrize("form", ["", "--csv", "--markdown", "--json"])
def test_the_command_prints_names_as_text(tmp_path: Path, form: str) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(model(*NAMES.values()).SerializeToString())
    for width in ("", "41", "72") if not form else ("",):  # a name may be broken anywhere
        done = CliRunner().invoke(
            main, ["analyze", str(path), *([form] if form else [])], env={"COLUMNS": width or None}
        )
        assert done.exit_code == 0, done.output
        assert printed(done.output)


@pytest.mark.parametrize("before", range(9))
def test_a_name_that_is_broken_up_begins_no_command(before: int) -> None:
    stream = io.StringIO()
    with contextlib.redirect_stdout(stream):
        screen = output.console()
        screen.width = 6
        name = f"{'x' * before}::error::y##[z]"
        screen.print(output.table(["name"], [(name,)], lines=True))
        output.print_line(name)
        output.print_text(f"{name}\n{name}")
    assert printed(stream.getvalue())
    assert escape.log(name) in stream.getvalue()


@pytest.mark.parametrize(
    "name", [n for n in (*NAMES.values(), "a%s", "a%d_b", "x_1{y}") if "\x00" not in n]
)
def test_the_name_of_a_function_is_text_in_a_formula(name: str) -> None:
    a, named = sp.Symbol("a"), sp.Function(name)
    labels = [named(a), named(a) ** 2 / named(named(a)), sp.Derivative(named(a), a)]
    labels.append(sp.Sum(sp.Symbol(name, integer=True), (sp.Symbol(name, integer=True), 1, 3)))
    graph = nx.DiGraph([("x", f"y{n}", {"parameter": label}) for n, label in enumerate(labels)])
    formula = cg.from_networkx(graph)._repr_latex_()
    words = {"displaystyle", "begin", "end", "text", "backslash", "sim", "wedge", "left", "right"}
    words |= {"operatorname", "frac", "lbrack", "rbrack", "sum", "limits"}
    assert set(re.findall(r"\\([a-zA-Z]+)", formula.replace(r"\\", ""))) <= words
    assert not re.search(r"<\w", formula)
    assert re.sub(r"\\[{}$&#%_]", "", formula).count("$") == 2


def test_a_network_of_an_unknown_operator_has_no_formula() -> None:
    value, node = helper.make_tensor_value_info, helper.make_node("x", ["a"], ["b"], domain="c.d")
    ends = [value(name, TensorProto.FLOAT, (1, 1, 3)) for name in "ab"]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("c.d", 1)]
    net = cg.from_onnx(helper.make_model(graph, opset_imports=opsets))
    assert net._repr_latex_() is None


@pytest.mark.parametrize(
    "name", ["\x1b]0;owned\x07.onnx", "<b>.onnx", "a\u202eb.onnx", "\n::x.onnx"]
)
def test_a_file_name_is_text_in_messages(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no model")
    done = CliRunner().invoke(main, ["analyze", str(tmp_path / name)])
    assert done.exit_code == 2
    assert printed(done.output)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: Any) -> Any:
    folder = tmp_path_factory.mktemp("hostile")
    made = []
    for kind, name in NAMES.items():
        for source, make in NETWORKS.items():
            stem = f"{kind} {source}".replace(" ", "-")
            said = texts(make, (name,))
            contents = {
                "live.html": said["page"],
                "report.html": said["report"],
                "notebook.html": "<!doctype html><meta charset=utf-8><body>"
                + f"<div>{said['notebook']}</div><div>{said['svg']}</div>",
                "figure.svg": said["svg"],
            }
            for ending, content in contents.items():
                path = folder / f"{stem}-{ending}"
                path.write_text(content, encoding="utf-8")
                made.append(path)
    return made


@pytest.mark.exhaustive
def test_no_name_runs_in_a_browser(chromium: Any, pages: Any) -> None:
    for path in pages:
        chromium.get(path.as_uri())
        chromium.execute_script(
            "for (const e of document.querySelectorAll('*')) {"
            "for (const kind of ['pointerenter', 'mouseover', 'click', 'focus'])"
            "e.dispatchEvent(new MouseEvent(kind, {bubbles: true})) }"
        )
        assert chromium.execute_script("return window.owned") is None, path
        fetched = chromium.execute_script(
            "return performance.getEntriesByType('resource').map(e => e.name)"
        )
        assert fetched == [], path
        # a script's click on the button for a photograph is no user's, and the browser says so
        log = [e for e in chromium.get_log("browser") if "File chooser" not in e["message"]]
        assert log == [], path


CHARACTERS = [*"\\`*_{}[]()#+-.!|~$&<>=:/@\"'^;,?% ab1é\n\t\r\x1b\u202e"]
CHARACTERS += [*"\n1 |`[", "&amp;", "&#60;", "<b>", "</script>", "<!--", "http://x", "www.a"]
CHARACTERS += ["1. ", "1) ", "---", "![a](b)", "::", "##[", "##vso[x]"]
texts_drawn = st.lists(st.sampled_from(CHARACTERS), max_size=8).map("".join)


@given(texts_drawn)
def test_any_text_is_itself_in_what_reads_it(text: str) -> None:
    # a page is no log: what is a command in one stands there as it is
    shown = "".join(c if c.isprintable() or c == "\n" else repr(c)[1:-1] for c in text)
    assert Read(f"<p>x{escape.markup(text)}</p>").said == [("p", f"x{shown}")]
    assert json.loads(escape.json(text)) == json.loads(escape.json_in_html(text)) == text
    assert not set("<\n") & set(escape.json_in_html(text))
    written = escape.log(text), escape.csv(text), f"x{escape.plain(text)}", escape.json(text)
    assert all(map(printed, written))
    (row,) = csv.reader(io.StringIO(f"{escape.csv(text)},1\n"))
    assert len(row) == 2
    assert row[0] in (escape.plain(text), f"'{escape.plain(text)}")
    assert not row[0].lstrip().startswith(("=", "+", "-", "@"))
    assert len(re.findall(r"(?<!\\)(?:\\\\)*[()]", escape.pdf(text))) == 0


@given(texts_drawn)
def test_any_text_is_itself_in_markdown(text: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    read = markdown_it.MarkdownIt("commonmark").enable("table")
    shown, written = " ".join(escape.plain(text.replace("\n", " ")).split()), escape.markdown(text)
    for around, tags in (("{}\n", "p"), ("- {}\n", "ul li"), ("x {}\n", "p")):
        said = Read(read.render(around.format(written)))
        assert set(said.found) <= set(tags.split())
        words = " ".join(" ".join(words for _, words in said.said).split())
        assert words.removeprefix("x").strip() == shown
    cells = Read(read.render(f"| a | b |\n|---|---|\n| {written} | z |\n"))
    assert cells.found.count("td") == 2
    assert set(cells.found) == {"table", "thead", "tbody", "tr", "th", "td"}


class Read(html.parser.HTMLParser):
    """The elements of a text in HTML, and what stands in them."""

    def __init__(self, text: Any) -> None:
        super().__init__()
        self.found, self.said = [], []
        self.feed(text)

    def handle_starttag(self, tag: Any, attributes: Any) -> None:
        self.found.append(tag)

    def handle_data(self, data: Any) -> None:
        self.said.append((self.found[-1], data))


@pytest.mark.parametrize("by_tex", [False, True], ids=["letters", "tex"])
def test_a_name_is_text_in_charts(by_tex: bool) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    from matplotlib import cbook
    from matplotlib.text import Text

    from convgraph.reports import charts

    net = labelled(*NAMES.values(), "$x$", r"$\frac{$", r"\$a$b$")
    with matplotlib.rc_context({"text.usetex": by_tex}):
        made = [charts.plot_growth(net), charts.plot_sparsity(net), charts.plot_matrix(net)]
        said = {text.get_text() for figure in made for text in figure.findobj(Text)}
    assert len(said) > len(NAMES)
    known = TEX
    for text in said:
        assert plain(text)
        if by_tex:
            assert set(re.findall(r"\\([a-zA-Z]+)", text.replace(r"\\", ""))) <= known
        else:
            assert not cbook.is_math_text(text)


@pytest.mark.parametrize("form", [{}, {"backend": "pgf", "format": "pdf"}], ids=["pgf", "pdf"])
def test_a_name_is_no_command_to_latex_that_draws_a_chart(tmp_path: Path, form: Any) -> None:
    pytest.importorskip("matplotlib")
    from convgraph.reports import charts

    for name in (r"\input{/etc/passwd}", "a\x1b", r"$\$x"):
        net = labelled(name)
        plots = [charts.plot_growth(net), charts.plot_sparsity(net), charts.plot_matrix(net)]
        for made in plots:
            with pytest.raises(cg.ConvgraphError, match="pgf gives names to LaTeX"):
                made.savefig(tmp_path / "chart.pgf", **form)
    assert plots[1]._repr_png_()[:4] == b"\x89PNG"


@pytest.mark.parametrize("name", [n for n in NAMES.values() if not n.isprintable()])
def test_no_row_and_no_array_bears_a_name_that_commands(name: str) -> None:
    if name.replace("\n", "").isprintable():  # the names of a user's own graph may have lines
        return
    for make in (lambda: Row(name, (3,)), lambda: Array(name, (3,))):
        with pytest.raises(cg.ConvgraphError, match="printed"):
            make()


@pytest.mark.parametrize("kind", ["workflow", "pipeline", "group"])
def test_no_name_commands_a_log(kind: str) -> None:
    name = NAMES[kind]
    size = sp.Symbol(name, integer=True, positive=True)
    for make in (Row, Array, lambda n, _: cg.Conv(3, letter=n), lambda *_: cg.Conv(size)):
        with pytest.raises(cg.ConvgraphError, match="commands no log"):
            make(name, (3,))
    node = helper.make_node(name, ["x"], ["y"], name, domain=name)
    ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, (1, 1, 3)) for end in "xy"]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid(name, 1)]
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    net = cg.from_onnx(helper.make_model(graph, opset_imports=opsets))
    plan = cg.tiles(cg.from_onnx(model(name)), tile=3)
    said = [*net.caveats, *(layer.spec for layer in net.layers), plan.statement(), plan.theorem()]
    verdict = cg.check_equivariance(cg.from_onnx(model(name)), cg.Shift(1))
    assert printed("\n".join(map(str, [*said, verdict, repr(verdict), verdict.counterexample])))


@pytest.mark.parametrize("kind", NAMES)
@pytest.mark.parametrize("attribute", ["why", "function", "mode", "equation"])
def test_no_text_of_an_attribute_commands(attribute: str, kind: str) -> None:
    """Nor does a file say of its own operators why they are not read."""
    name = NAMES[kind]
    op = {"why": "Own", "function": "Bernoulli", "mode": "Resize", "equation": "Einsum"}[attribute]
    value = helper.make_tensor_value_info
    ends = [value(end, TensorProto.FLOAT, (1, 1, 3)) for end in "xy"]
    node = helper.make_node(op, ["x"], ["y"], "n", **{attribute: name.encode()})
    graph = helper.make_graph([node], "g", ends[:1], ends[1:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    try:
        net = cg.from_onnx(made)
        shown = [*net.caveats, *(layer.reduction.name for layer in net.layers)]
    except cg.ConvgraphError as error:
        shown = [str(error)]
    assert printed("\n".join(shown))
    assert attribute not in ("why", "function") or not any(name in each for each in shown)


def test_what_follows_a_line_break_is_no_length_in_tex() -> None:
    figure = cg.draw(cg.Conv(3).on(5), captions={"x": "a\n[5pt]\n *b"})
    assert r"a\\{}[5pt]\\{} *b" in figure.tikz


def test_a_minus_is_one_in_pdf(tmp_path: Path) -> None:
    film = cg.animate(cg.Conv(2).on(3), values=[-1, -2, 3])
    pdf = film.save(tmp_path / "film.pdf").read_bytes()
    (packed,) = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    content = zlib.decompress(packed)
    assert b"(\x961) Tj" in content
    assert b"?" not in content


SMT = {"bar": "a| () Int) (assert false) ; |", "script": "a\n(assert false)", "brace": "a{7c}"}


def proofs(name: Any) -> Iterator[Any]:
    """What is proved, or refuted, of layers whose kernel, or whose size, bears a name."""
    letter = name if escape.is_plain(name) else "q"
    size, own = (sp.Symbol(each, integer=True, positive=True) for each in ("k", letter))
    yield cg.prove(cg.Conv(size, letter=letter), cg.Shift(1))
    yield cg.prove(cg.Conv(own), cg.Shift(1))
    yield cg.prove(cg.Conv(own, padding=1), cg.Shift(1), where="interior")
    yield cg.prove(cg.Conv(2, letter=letter, padding="same"), cg.Shift(1), where="frame")
    yield cg.prove(cg.AvgPool((own, own), stride=1), cg.Shift((own**2, 1)))
    yield cg.prove(cg.Conv(size, padding=sp.Max(own, 2)), cg.Shift(1))


def read_by_z3(script: str) -> Any:
    """The commands of a script, and how many assertions are in each of its parts."""
    z3 = pytest.importorskip("z3")
    assert plain(script)
    parts = re.split(r"\((?:push|pop) 1\)", script)
    return re.findall(r"(?m)^\((\S+)", script), [len(z3.parse_smt2_string(one)) for one in parts]


@cache
def harmless_proofs() -> Any:
    """What z3 reads of what is proved where the name is harmless; nothing where it is undecided."""
    return [None if isinstance(p, Undecided) else read_by_z3(p.smt2()) for p in proofs("q")]


@pytest.mark.parametrize(
    "name", [pytest.param(n, id=k) for k, n in {**NAMES, **SMT}.items() if n == n.strip()]
)
def test_a_name_is_text_in_proofs_and_scripts(name: Any) -> None:
    for proof, same in zip(proofs(name), harmless_proofs(), strict=True):
        if isinstance(proof, Undecided):
            continue
        # without what is to be refuted, what is assumed stays possible
        assert read_by_z3(proof.smt2()) == same
        if not isinstance(proof, cg.Proof):
            continue
        assert all(map(plain, (proof.latex(), proof.markdown())))
        formulas = proof.latex() + re.sub("`[^`]*`", "", proof.markdown())
        assert not re.search(r"\\(href|write|input)\b", formulas)


@pytest.mark.parametrize("name", [n for n in NAMES.values() if not n.isprintable()])
def test_a_letter_is_printed(name: Any) -> None:
    size = sp.Symbol(name, integer=True, positive=True)
    for make in (
        lambda: cg.Conv(3, letter=f"a{name}b"),
        lambda: cg.Conv(size),
        lambda: cg.Conv(3).on(size + 3),
        lambda: cg.Shift(2 * size),
    ):
        with pytest.raises(cg.ConvgraphError, match="printed"):
            make()


@pytest.mark.parametrize("name", [n for n in NAMES.values() if not n.isprintable()])
def test_a_message_of_an_error_commands_no_terminal(name: Any) -> None:
    assert plain(str(cg.ConvgraphError(f"name={name}")))
    with pytest.raises(cg.ConvgraphError) as caught:
        cg.Shift(sp.Symbol(name))
    assert plain(str(caught.value))


def test_a_text_in_a_matrix_is_no_program() -> None:
    ran = []
    sp.Symbol.owned = property(lambda symbol: ran.append(symbol) or 1)
    try:
        for text in ("Symbol('x').owned", "x", "1"):
            with pytest.raises(cg.ConvgraphError, match="numbers or sympy"):
                cg.tied_from_matrix([[sp.Integer(1), text], [2, 3]])
    finally:
        del sp.Symbol.owned
    assert not ran


@pytest.mark.parametrize(
    "text", [np.str_("print(1)"), np.array(["print(1)"], object), np.bytes_(b"1")]
)
def test_a_text_of_numpy_is_no_number(text: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[Any] = []
    monkeypatch.setattr("sympy.parsing.sympy_parser.eval_expr", lambda *given: ran.append(given))
    graph = nx.DiGraph([("x", "y", {"parameter": 2 * sp.Symbol("a")})])
    hidden = np.empty(1, object)
    hidden[0] = text
    one = hidden.reshape(())
    for ask in (
        lambda: cg.from_networkx(graph).evaluate([1], {"a": one}),
        lambda: cg.from_networkx(graph).evaluate([1], {"a": hidden}),
        lambda: cg.from_networkx(graph).evaluate(hidden, {"a": 1}),
        lambda: cg.Conv(1).on(1).evaluate([1], {"w": hidden}),
    ):
        with pytest.raises(cg.ConvgraphError, match="numbers or sympy"):
            ask()
    assert not ran


@pytest.mark.parametrize(
    "entry",
    ["f(1)", np.str_("f(1)"), ("f(1)",), {"f(1)": "f(1)"}, {"f(1)"}, np.array(["f(1)"], object)],
    ids=["text", "text of numpy", "tuple", "dict", "set", "array"],
)
def test_no_entry_of_a_matrix_is_run(monkeypatch: pytest.MonkeyPatch, entry: Any) -> None:
    ran: list[Any] = []
    monkeypatch.setattr("sympy.parsing.sympy_parser.eval_expr", lambda *given: ran.append(given))
    matrix = np.empty((1, 2), object)
    matrix[0, 0], matrix[0, 1] = sp.Symbol("a"), entry
    with pytest.raises(cg.ConvgraphError, match="numbers or sympy"):
        cg.tied_from_matrix(matrix)
    assert not ran


@pytest.mark.parametrize("way", ["initialiser", "constant", "filled", "sparse", "function"])
def test_no_text_of_a_tensor_is_run(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    ran: list[Any] = []
    monkeypatch.setattr("sympy.parsing.sympy_parser.eval_expr", lambda *given: ran.append(given))
    text = helper.make_tensor("t", TensorProto.STRING, (1,), [b"print(1)"])
    two = helper.make_tensor("two", TensorProto.INT64, (1,), [2])
    ends = [helper.make_tensor_value_info(end, TensorProto.FLOAT, (1, 1, 6)) for end in "xz"]
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    nodes = [helper.make_node("Div", ["t", "two"], ["q"])]
    kept: dict[str, Any] = {"initializer": [two]}
    functions = []
    if way == "initialiser":
        kept["initializer"].append(text)
    elif way == "constant":
        nodes.insert(0, helper.make_node("Constant", [], ["t"], value=text))
    elif way == "filled":
        nodes.insert(0, helper.make_node("ConstantOfShape", ["two"], ["t"], value=text))
    elif way == "sparse":
        at = helper.make_tensor("at", TensorProto.INT64, (1,), [0])
        kept["sparse_initializer"] = [helper.make_sparse_tensor(text, at, (1,))]
    else:
        made = helper.make_node("Constant", [], ["t"], value=text)
        functions = [helper.make_function("own", "F", ["two"], ["q"], [made, *nodes], opsets)]
        nodes = [helper.make_node("F", ["two"], ["q"], domain="own")]
    nodes.append(helper.make_node("Reshape", ["x", "q"], ["z"]))
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], **kept)
    with pytest.raises(cg.ConvgraphError, match="texts, and no numbers"):
        cg.from_onnx(helper.make_model(graph, opset_imports=opsets, functions=functions))
    assert not ran


@pytest.mark.parametrize("text", ["print(1)", np.str_("print(1)")])
def test_no_text_is_divided(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    ran: list[Any] = []
    monkeypatch.setattr("sympy.parsing.sympy_parser.eval_expr", lambda *given: ran.append(given))
    texts, numbers = np.array([text, 1], object), np.array([2, 3])
    for pair in ((texts, numbers), (numbers, texts), (texts, texts)):
        with pytest.raises(cg.ConvgraphError, match="a real number"):
            divided(Node("Div", ("a", "b"), ("c",)), *pair)
    sizes = np.array([sp.Symbol("n", integer=True) * 4, 7], object)
    assert str(divided(Node("Div", ("a", "b"), ("c",)), sizes, numbers).tolist()) == "[2*n, 2]"
    assert not ran


@pytest.mark.parametrize(
    "given", ["f(1)", ["f(1)"], np.array(["f(1)"], object), np.array([("f(1)",), 1], object)]
)
def test_no_text_that_a_function_gives_is_run(monkeypatch: pytest.MonkeyPatch, given: Any) -> None:
    ran: list[Any] = []
    monkeypatch.setattr("sympy.parsing.sympy_parser.eval_expr", lambda *args: ran.append(args))
    size = np.asarray(given).size
    with pytest.raises(cg.ConvgraphError, match="on the numbers"):
        cg.trace(lambda x, w: x * w if x.dtype == object else given, x=size, w=size)
    assert not ran


@pytest.mark.parametrize("way", ["text", "latex", "verify", "smt2", "recheck", "__repr__"])
def test_no_text_in_a_proof_is_run(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    proof = cg.prove_converse(2)
    ran: list[Any] = []
    monkeypatch.setattr("sympy.parsing.sympy_parser.eval_expr", lambda *given: ran.append(given))
    for spec in ("f(1)", ("f(1)",)):
        forged = replace(proof, statement=replace(proof.statement, spec=spec))
        with pytest.raises(cg.ConvgraphError, match="no proof"):
            getattr(forged, way)()
    assert not ran


@pytest.mark.parametrize("row", [*NAMES.values(), "{0.__class__}", "<b>", 7])
def test_no_row_of_an_altered_proof_is_markup(row: Any) -> None:
    proof = cg.prove(cg.Conv(3, padding=1), cg.Shift(1), where="interior")
    assert isinstance(proof, cg.Proof)
    first, *others = proof.statement.notes
    notes = (replace(first, rows=("x", row)), *others)  # type: ignore[call-arg]
    forged = replace(proof, statement=replace(proof.statement, notes=notes))
    for way in ("text", "latex", "markdown", "to_dict"):
        if row == "constructor":  # which is a word
            continue
        with pytest.raises(cg.ConvgraphError, match="altered"):
            getattr(forged, way)()


def test_a_parameter_by_its_name_is_one_number() -> None:
    net = cg.Conv(2).on(3)
    with pytest.raises(cg.ConvgraphError, match="one number"):
        net.evaluate([1, 2, 3], {"w_1": [1, 2], "w_2": 1})
    assert net.evaluate([1, 2, 3], {"w_1": np.array([2]), "w_2": 1}).tolist() == [4, 7]


names_drawn = st.text("ab1,_5f2c", min_size=1, max_size=8)


@given(names_drawn, names_drawn)
def test_different_units_have_different_ids(one: str, other: str) -> None:
    assert (unit_id(one) == unit_id(other)) == (one == other)
    assert (mark_id(one) == mark_id(other)) == (one == other)


ends_drawn = st.tuples(names_drawn, names_drawn, st.integers(0, 2))


@given(ends_drawn, ends_drawn)
@example(("a", "b", 1), ("a", "b,2", 0))
@example(("a", "b,c", 0), ("a,b", "c", 0))
def test_different_edges_have_different_ids(one: Any, other: Any) -> None:
    way = Route((), (0.0, 0.0))
    ids = [
        edge_id(Edge(a, b, key, "w", way, strong=True, emphasized=False))
        for a, b, key in (one, other)
    ]
    assert (ids[0] == ids[1]) == (one == other)


def test_two_units_are_two_whatever_their_names() -> None:
    graph = nx.DiGraph([("a_b", "t", {"parameter": "p"}), ("a,,5f,b", "t", {"parameter": "q"})])
    svg = cg.draw(cg.from_networkx(graph)).svg()
    assert set(re.findall(r'data-unit="([^"]*)"', svg)) == {"a_b", "a,,5f,b", "t"}
    assert "a_b → t: p" in svg
    assert "a,,5f,b → t: q" in svg


@pytest.mark.parametrize("name", ["/a" * 3_000, "." * 3_000])
def test_a_name_of_many_parts_is_a_name(name: str) -> None:
    page = cg.report(cg.from_onnx(model(name))).to_html()
    assert escape.json_in_html(f"{name} z") in page


def test_a_name_has_an_end() -> None:
    name = "a" * 20_001
    graphs = [nx.DiGraph([(name, "b", {"parameter": "w"})])]
    graphs += [nx.DiGraph([("a", "b", {"parameter": name})])]
    for make in (
        *(lambda graph=graph: cg.from_networkx(graph) for graph in graphs),
        lambda: cg.from_onnx(model(name)),
        lambda: cg.Input(3, name=name),
        lambda: cg.Conv(3, letter=name),
    ):
        with pytest.raises(cg.ConvgraphError, match="at most 20,000"):
            make()


@pytest.mark.parametrize("start", ["x", "x:", "x1,", "w_"])
def test_a_position_of_many_digits_is_none(start: str) -> None:
    net = cg.Conv(3).on(5)
    for ask in (cg.receptive_field, cg.uses, lambda net, name: net.find(name)):
        with pytest.raises(cg.ConvgraphError):
            ask(net, start + "1" * 5_000)


def test_modules_may_be_inside_each_other_without_end() -> None:
    names = [f"{'m/' * depth}r" for depth in range(1_100)]
    nodes = [helper.make_node("Relu", [a], [b]) for a, b in itertools.pairwise(names)]
    value = helper.make_tensor_value_info
    ends = [value(name, TensorProto.FLOAT, (1, 1, 3)) for name in (names[0], names[-1])]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    net = cg.from_onnx(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]))
    folded = json.dumps(folds(net, ["Relu"] * len(names)))
    assert len(re.findall(r"\b\d+\b", folded)) == len(names)


def test_an_address_is_no_link_in_markdown() -> None:
    for address in ("http://x", "HTTPS://x", "ftp://x", "Www.x"):
        assert re.search(r"\\[:.]", escape.markdown(address))


def test_what_a_script_makes_of_a_name_is_no_other_name() -> None:
    pytest.importorskip("z3")
    one, other = (sp.Symbol(n, integer=True, positive=True) for n in ("a.b", "a.b!name"))
    with pytest.raises(cg.ConvgraphError, match="that a question gives"):
        cg.prove(cg.Conv((one, other)), cg.Shift((1, 1))).smt2()


def test_different_names_are_different_symbols() -> None:
    names = [*NAMES.values(), *SMT.values(), "a|", "a{7c}", "a\\", "a{5c}"]
    assert len({escape.smt(name) for name in names}) == len(set(names))


@pytest.mark.exhaustive
def test_a_page_refuses_any_script_but_its_own(chromium: Any, tmp_path: Path) -> None:
    net = cg.Conv(3).on(5)
    for content in (cg.draw(net).page(), cg.report(net).to_html()):
        path = tmp_path / "page.html"
        path.write_text(content.replace("</body>", "<script>window.owned=1</script></body>"))
        chromium.get(path.as_uri())
        assert chromium.execute_script("return window.owned") is None
        assert "Content Security Policy" in chromium.get_log("browser")[0]["message"]
