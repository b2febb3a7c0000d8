"""The sheet of questions names every public function and assertion."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import convgraph as cg
from convgraph import testing

SHEET = Path(__file__).parent.parent / "docs" / "questions.md"
FUNCTIONS = [name for name in cg.__all__ if inspect.isfunction(getattr(cg, name))]


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name != "Input"])
def test_every_public_function_answers_a_question(name: str) -> None:
    assert re.search(rf"\bcg\.{name}\b", SHEET.read_text(encoding="utf-8"))


def test_every_assertion_is_there() -> None:
    text = SHEET.read_text(encoding="utf-8")
    assert [name for name in testing.__all__ if name not in text] == []
