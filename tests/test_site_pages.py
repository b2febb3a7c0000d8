"""The pages of the site that are made, as far as they can be read without Sphinx."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.mark.exhaustive
def test_what_made_pages_show_was_made(tmp_path: Path) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("PIL")
    write = "import sys, pathlib, pages; pages.write(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", write, str(tmp_path)], cwd=DOCS, check=True)
    shown = 0
    for page in tmp_path.glob("*.md"):
        text = page.read_text(encoding="utf-8")
        pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", text)
        live = [f"live/{name}" for name in re.findall(r'href="\.\./([^"]+)"', text)]
        for name in pictures + live:
            assert (tmp_path / name).stat().st_size > 0, (page.name, name)
        shown += len(pictures) + len(live)
    assert shown > 50
