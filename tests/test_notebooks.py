"""The notebooks run from top to bottom, and are kept with what they show."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOKS = sorted((Path(__file__).parent.parent / "examples").glob("*.ipynb"))


def cells(path: Any) -> Any:
    return [
        "".join(cell["source"])
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if cell["cell_type"] == "code"
    ]


def test_there_are_three() -> None:
    assert len(NOTEBOOKS) == 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_kept_with_its_pictures(path: Any) -> None:
    stored = json.loads(path.read_text(encoding="utf-8"))["cells"]
    kinds = {
        kind for cell in stored for out in cell.get("outputs", []) for kind in out.get("data", {})
    }
    assert kinds & {"image/svg+xml", "image/png", "text/html"}
    assert path.stat().st_size < 400_000


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_its_code_runs(path: Any, monkeypatch: Any, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for source in cells(path):
        exec(compile(source, path.name, "exec"), names)
    assert "cg" in names


@pytest.mark.exhaustive
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_it_shows_is_what_is_stored(path: Any, tmp_path: Path) -> None:
    nbformat = pytest.importorskip("nbformat")
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    stored = nbformat.read(path, as_version=4)
    ran = nbformat.read(path, as_version=4)
    client = nbclient.NotebookClient(
        ran, timeout=300, kernel_name="python3", resources={"metadata": {"path": tmp_path}}
    )
    client.execute()
    for before, after in zip(stored.cells, ran.cells, strict=True):
        assert shown(before) == shown(after)


def shown(cell: Any) -> Any:
    """What a cell shows, but for the pictures of matplotlib, whose bytes are its version's.

    What it prints may come in several pieces.
    """
    outputs = cell.get("outputs", [])
    printed = "".join(out.get("text", "") for out in outputs)
    data = [
        {kind: value for kind, value in out["data"].items() if kind != "image/png"}
        for out in outputs
        if "data" in out
    ]
    return printed, data
