"""What all tests share, doctests of the package and the documents included."""

from __future__ import annotations

import doctest
import importlib.util
import re

import pytest

# Modules of which nothing can be read without a package that is not installed.
RECORDER = ("by_value", "checked", "functional", "recorded", "recorder", "results", "run_cost")
NEEDS = {
    "convgraph/piecewise/torch_memory.py": "torch",
    **{f"convgraph/importers/torch/{name}.py": "torch" for name in RECORDER},
}
collect_ignore = [path for path, package in NEEDS.items() if not importlib.util.find_spec(package)]
# The site's own programs hold no examples, and to import them is to make every picture and film.
collect_ignore_glob = ["docs/*.py", "docs/made*"]

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
