"""The public names: found, told to type checkers, and free until they are used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import convgraph


@pytest.mark.parametrize("name", convgraph.__all__)
def test_every_name_loads(name: Any) -> None:
    assert getattr(convgraph, name) is not None


def test_type_checkers_see_the_same_names() -> None:
    stub = ast.parse(Path(convgraph.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    told = {
        alias.asname: f"{node.module}"
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == convgraph._HOME


def test_import_loads_nothing_heavy() -> None:
    code = "import sys, convgraph; print(*{m.partition('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "scipy", "sympy", "networkx"} & set(done.stdout.split())


def test_dir_lists_the_names_before_they_are_loaded_and_no_others() -> None:
    told = {name for name in dir(convgraph) if not name.startswith("__")}
    assert told == set(convgraph.__all__)


def test_a_wrong_name_gets_the_nearest() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'Convv'; did you mean Conv"):
        convgraph.Convv  # noqa: B018
    assert not hasattr(convgraph, "__wrapped__")
