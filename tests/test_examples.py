"""Every example runs as a script and prints what its reader is told."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"

LINES = {
    "original_unet.py": "a corner pixel of the output sees ((0, 187), (0, 187))",
    "own_code.py": "g4 sees x3, x4",
    "same_wiring_three_tyings.py": "the same connections: True",
    "all_sizes_at_once.py": "Conv(3, padding='same'): n outputs, 3*n - 2 connections",
}
LIMITED = "image_ten_times_the_memory.py"
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") if os.name == "posix" else 0


def test_every_example_is_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*LINES, LIMITED}


@pytest.mark.parametrize("name", LINES)
def test_example(
    name: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    assert LINES[name] in capsys.readouterr().out.splitlines()


@pytest.mark.exhaustive
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits what a process allocates")
@pytest.mark.skipif(MEMORY < 8e9, reason="the whole image at once takes 4 GB")
def test_an_image_ten_times_the_memory_gives_the_same_pixels(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    command = [sys.executable, EXAMPLES / LIMITED, "--memory", "24", "--whole"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stderr
    *_, last = lines = done.stdout.splitlines()
    assert any(line.startswith("at once: ") for line in lines)
    assert float(last.removeprefix("greatest difference to the whole: ")) < 1e-5
