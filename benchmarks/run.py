"""Measure everything here: `python benchmarks/run.py [WORD ...] [--write FILE]`.

Words select groups whose titles hold them. Each module of this folder that is neither this one nor
the harness registers groups of its own.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from harness import GROUPS  # noqa: E402


def main() -> None:
    """Run the chosen groups and print, or write, their tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only groups whose title holds one of these")
    parser.add_argument("--write", type=Path, help="a Markdown file for the tables")
    chosen = parser.parse_args()
    for path in sorted(HERE.glob("*.py")):
        if path.stem not in ("run", "harness"):
            importlib.import_module(path.stem)
    parts = [
        "# Benchmarks",
        f"Measured by `python benchmarks/run.py` on {os.cpu_count()} cores with Python "
        f"{platform.python_version()}, each line in one run. A ratio says how many times faster "
        "ours is; the shortest of several runs counts. A goal is what this project set itself; "
        "where there is nothing to compare with, ours stands alone.",
    ]
    for title, measure in GROUPS.items():
        if chosen.words and not any(word.lower() in title.lower() for word in chosen.words):
            continue
        lines = [
            f"## {title}",
            "",
            "| what | ours | instead | ratio | goal |",
            "| --- | --- | --- | --- | --- |",
        ]
        for row in measure():
            lines.append(f"| {row.what} | {row.ours} | {row.other} | {row.ratio} | {row.goal} |")
            print(lines[-1], flush=True)
        parts.append("\n".join(lines))
    if chosen.write:
        chosen.write.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
