"""Layers of neural networks as labelled connectivity graphs.

Every public name is loaded when it is first used: sympy and networkx take a third of a second to
import, and `convgraph --help` must not pay for them. `__init__.pyi` lists the names and where they
are, for type checkers and for this module alike, as in Scientific Python's SPEC 1.
"""

import importlib
import pkgutil
import re

__version__ = "0.2.0"

_LISTED = (pkgutil.get_data(__name__, "__init__.pyi") or b"").decode()
_HOME = {
    name: module for module, name in re.findall(r"(?m)^from (\S+) import (\w+) as \2$", _LISTED)
}

_MODULES: dict[str, list[str]] = {}
for _name, _home in _HOME.items():
    _MODULES.setdefault(_home.removeprefix(f"{__name__}."), []).append(_name)

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    if name in _HOME:
        value = getattr(importlib.import_module(_HOME[name]), name)
        globals()[name] = value  # the next use finds it without coming here
        return value
    hint = ""
    if not name.startswith("_"):
        import difflib

        near = difflib.get_close_matches(name, __all__)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")


def __dir__() -> list[str]:
    return sorted({*__all__, *(name for name in globals() if name.startswith("__"))})
