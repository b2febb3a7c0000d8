"""What all tests share, doctests of the package and the documents included."""

from __future__ import annotations

import doctest
import os
import re

import pytest
from hypothesis import settings

# The first example pays for imports, so no deadline; a submission is judged on fixed examples.
# Fewer examples than hypothesis would draw: what they miss is drawn by the exhaustive tests.
settings.register_profile(
    "convgraph", deadline=None, max_examples=50, derandomize="CI" in os.environ
)
settings.load_profile("convgraph")

_parse = doctest.DocTestParser.parse


def _parse_markdown(self: doctest.DocTestParser, string: str, name: str = "<string>") -> list:
    """A closing fence ends an example's output as a blank line does."""
    return _parse(self, re.sub(r"(?m)^ *```.*$", "", string), name)


doctest.DocTestParser.parse = _parse_markdown


@pytest.fixture(autouse=True)
def _doctests_write_elsewhere(request: pytest.FixtureRequest) -> None:
    """Examples save figures under plain names; those do not belong in the checkout."""
    if isinstance(request.node, pytest.DoctestItem):
        folder = request.getfixturevalue("tmp_path")
        request.getfixturevalue("monkeypatch").chdir(folder)
