"""Finding what the modules of a package define: to add to it, add a file."""

from __future__ import annotations

import functools
import importlib
import pkgutil

__all__ = ["load_all"]


@functools.cache
def load_all(package: str) -> None:
    """Import every module of a package, in order of their names."""
    home = importlib.import_module(package)
    for module in sorted(pkgutil.iter_modules(home.__path__), key=lambda module: module.name):
        importlib.import_module(f"{package}.{module.name}")
