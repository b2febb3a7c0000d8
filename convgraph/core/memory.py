"""Memory: what does not fit is refused before anything is allocated, what grows is not swept."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from convgraph.core.errors import ConvgraphError

__all__ = ["at_most", "growing", "readable", "require"]

ALWAYS_FITS = 100_000_000  # bytes; asking how much memory is free takes its time

_GRANTED: ContextVar[int | None] = ContextVar("granted", default=None)


def _available() -> int | None:
    """Bytes of memory that can be had, where the system tells: of the machine, and of a limit."""
    there = [n for n in (_free(), _allowed(), _granted()) if n is not None]
    return min(there, default=None)


@contextmanager
def at_most(size: int) -> Iterator[None]:
    """Within the block, what would make the process grow by more than this is refused."""
    before = _GRANTED.set(_taken(1) + size)
    try:
        yield
    finally:
        _GRANTED.reset(before)


def _granted() -> int | None:
    """What is left of the bytes that `at_most` grants."""
    most = _GRANTED.get()
    return None if most is None else max(most - _taken(1), 0)


def _taken(column: int) -> int:
    """Bytes of this process: of its address space (0), or of memory (1); 0 if nobody tells."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[column])
        return pages * resource.getpagesize()
    except (ImportError, OSError, ValueError):
        return 0


def _allowed() -> int | None:
    """What a limit on this process (`ulimit -v`) leaves of its address space."""
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_AS)[0]
        return None if limit == resource.RLIM_INFINITY else max(limit - _taken(0), 0)
    except (ImportError, OSError, ValueError):
        return None


def _free() -> int | None:
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def readable(size: int) -> str:
    """A number of bytes in words, rounded down.

    >>> readable(268_435_456)
    '268 MB'
    """
    for unit in ("bytes", "kB", "MB", "GB", "TB"):
        if size < 1000 or unit == "TB":
            return f"{size} {unit}"
        size //= 1000
    raise AssertionError


def require(what: str, count: int, bytes_each: int) -> None:
    """Raise unless `count` entries of `bytes_each` bytes fit into memory."""
    needed = count * bytes_each
    if needed < ALWAYS_FITS:
        return
    there = _available()
    if there is not None and needed > there:
        raise ConvgraphError(
            f"{what}={count:,}: this takes {readable(needed)}, and {readable(there)} are free; "
            "ask a question that needs no edges, or bind a smaller shape"
        )


@contextmanager
def growing() -> Iterator[None]:
    """While very many objects are made that all stay, Python does not search them for garbage.

    It would go over all of them again and again, for a third of the time.
    """
    searched = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if searched:
            gc.enable()
