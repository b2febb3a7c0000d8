"""The sheet of questions has every public name and assertion."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import convgraph as cg
from convgraph import testing

SHEET = Path(__file__).parent.parent / "docs" / "questions.md"


@pytest.mark.parametrize("name", cg.__all__)
def test_every_public_name_answers_a_question(name: str) -> None:
    assert re.search(rf"\bcg\.{name}\b", SHEET.read_text(encoding="utf-8"))


def test_every_assertion_is_there() -> None:
    text = SHEET.read_text(encoding="utf-8")
    assert [name for name in testing.__all__ if name not in text] == []
