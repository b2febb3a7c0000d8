"""The models of `tests.fuzz`, varied by atheris so that they reach code that none reached before.

    pip install atheris  # of which there are wheels for some versions of Python
    python -m tests.guided_fuzz -runs=100000 -len_control=0 -timeout=10 -rss_limit_mb=2000

The options are those of libFuzzer. A case that falls is written to a file, whose name given as an
argument tries it again.
"""

from __future__ import annotations

import random
import sys
from typing import Any


class Choices(random.Random):
    """Choices that are read from bytes, and the first of all where they have ended."""

    def __init__(self, data: bytes) -> None:
        super().__init__(0)
        self._data, self._at = data, 0

    def getrandbits(self, k: int) -> int:
        size = -(-k // 8)
        taken = self._data[self._at : self._at + size]
        self._at += size
        return int.from_bytes(taken, "little") & ((1 << k) - 1)

    def random(self) -> float:
        return self.getrandbits(53) / 2**53


def one(data: bytes) -> None:
    """One case; what is neither read nor refused is raised."""
    from tests.mutations import tried

    result = tried(Choices(data))
    if result not in ("read", "refused"):
        raise AssertionError(result)


def main() -> None:
    atheris: Any = __import__("atheris")
    with atheris.instrument_imports(include=["convgraph"]):
        import convgraph

        for name in convgraph.__all__:  # they are imported when they are asked for
            getattr(convgraph, name)
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
