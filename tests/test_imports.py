"""Imports run one way: from the top of the table in CONTRIBUTING.md to its bottom."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import networkx as nx
import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "convgraph"
TABLE = re.findall(r"(?m)^\| (`.*?) \|", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
FLOORS = {room: floor for floor, line in enumerate(TABLE) for room in re.findall(r"`(.*?)`", line)}
PUBLIC = {"__init__.py", "__main__.py"}  # they name what all rooms hold


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Those of a module, inside of functions, too; imports are in no expression."""
    found: list[ast.AST] = [*tree.body]
    while found:
        node = found.pop()
        yield node
        for field in ("body", "orelse", "finalbody", "handlers", "cases"):
            found += getattr(node, field, [])


@cache
def modules(path: Path) -> list[str]:
    """The modules that one imports from when it runs."""
    skipped: set[ast.AST] = set()
    found = []
    for node in statements(parsed(path)):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped.update(node.body)
        elif isinstance(node, ast.ImportFrom) and node not in skipped:
            found.append(str(node.module))
    return [module for module in found if module.startswith("convgraph.")]


def imported(path: Path, depth: int = 1) -> Iterator[str]:
    """The rooms that a module imports from; at depth 2 they are the rooms in a room."""
    for module in modules(path):
        yield ".".join(module.split(".")[1 : depth + 1])


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
            for other in imported(path)
            if other != room and FLOORS[other] < FLOORS[room]
        ]
    assert climbing == []


@pytest.mark.parametrize("house", ["importers", "symmetry"])
def test_no_folders_in_a_room_are_in_a_circle(house: str) -> None:
    imports: dict[str, set[str]] = {}
    for path in sorted((PACKAGE / house).glob("*/**/*.py")):
        room = f"{house}.{path.relative_to(PACKAGE / house).parts[0]}"
        found = imported(path, depth=2)
        imports.setdefault(room, set()).update(each for each in found if each != room)
    order = list(TopologicalSorter(imports).static_order())  # or CycleError names the circle
    assert set(imports) <= set(order)


# Each a thing and its counterpart: a window read backwards, arrays of values, tiles and obstacles.
CIRCLES = {
    frozenset({"core.axis", "core.window", "core.reversed_window", "core.window_counts"}),
    frozenset({"network.symbol_arrays", "network.symbolic_value"}),
    frozenset({"piecewise.obstacles", "piecewise.tiles"}),
}


def test_no_other_files_import_each_other() -> None:
    """Not even inside of functions, or for type checkers alone."""
    files = {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path
        for path in PACKAGE.rglob("*.py")
        if path.name not in PUBLIC
    }
    imports = nx.DiGraph()
    for name, path in files.items():
        for node in statements(parsed(path)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("convgraph."):
                module = str(node.module).removeprefix("convgraph.")
                for each in node.names:
                    inside = f"{module}.{each.name}"
                    imports.add_edge(name, inside if inside in files else module)
    circles = {frozenset(found) for found in nx.strongly_connected_components(imports)}
    assert {circle for circle in circles if len(circle) > 1} == CIRCLES


def test_sympy_is_given_numbers_and_expressions_in_one_way() -> None:
    """`sympify` runs a text as a program, which `sympified` refuses to give it."""
    found = [
        path.name
        for path in sorted((Path(__file__).parent.parent / "convgraph").rglob("*.py"))
        if re.search(r"\bsympify\b(?!`)", path.read_text(encoding="utf-8"))
    ]
    assert found == ["sympified.py"]
