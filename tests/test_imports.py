"""Imports run one way: from the top of the table in CONTRIBUTING.md to its bottom."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "convgraph"
TABLE = re.findall(r"(?m)^\| (`.*?) \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
FLOORS = {room: floor for floor, line in enumerate(TABLE) for room in re.findall(r"`(.*?)`", line)}
PUBLIC = {"__init__.py", "__main__.py"}  # they name what all rooms hold


def imported(tree: ast.AST) -> Iterator[str]:
    """The rooms that a module imports from when it runs, inside of functions, too."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("convgraph."):
            yield str(node.module).split(".")[1]
        yield from imported(node)


def test_every_room_has_a_floor() -> None:
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert rooms | {"testing.py"} == FLOORS.keys()


def test_no_import_climbs() -> None:
    climbing = []
    for path in sorted(PACKAGE.rglob("*.py")):
        room = path.relative_to(PACKAGE).parts[0]
        if room in PUBLIC:
            continue
        climbing += [
            f"{path.relative_to(ROOT)} imports from {other}"
            for other in imported(ast.parse(path.read_text(encoding="utf-8")))
            if other != room and FLOORS[other] < FLOORS[room]
        ]
    assert climbing == []
