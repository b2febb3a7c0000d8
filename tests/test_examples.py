"""Every example runs as a script and prints what its reader is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"

LINES = {
    "own_code.py": "g4 sees x3, x4",
    "same_wiring_three_tyings.py": "the same connections: True",
    "all_sizes_at_once.py": "Conv(3, padding='same'): n outputs, 3*n - 2 connections",
}


def test_every_example_is_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(LINES)


@pytest.mark.parametrize("name", LINES)
def test_example(name: Any, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / name], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
    assert LINES[name] in done.stdout.splitlines()
