"""Many changed models or expressions, to be read or refused within a time and a memory each.

    python -m tests.fuzz --cases 1000000 --seed 0
    python -m tests.fuzz --cases 1000000 --seed 0 --kind expression

A seed is one model, or one expression, and one question about it. What fell is printed with its
seed, and tried again by `--seed` of it and `--cases 1`.
"""

from __future__ import annotations

import argparse
import resource
import signal
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from tests.mutations import tried

SECONDS, BYTES, EVERY = 10, 2 * 10**9, 1_000


class TooLong(BaseException):
    """A case that takes longer than it may; `except Exception` of the code under test passes it."""


def stop(*_: Any) -> None:
    raise TooLong


def guarded(seed: Any, *how: Any) -> Any:
    """What became of a case, and the seconds of the processor that it took."""
    start = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        result = tried(seed, *how)
    except TooLong as error:
        frames = traceback.extract_tb(error.__traceback__)
        places = [f"{Path(f.filename).stem}.{f.name}:{f.lineno}" for f in frames]
        ours = [p for p, f in zip(places, frames, strict=True) if "convgraph" in f.filename]
        result = f"longer than {SECONDS} s, in {' '.join([*ours[-3:], places[-2]])}"
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return result, time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    parser.add_argument("--questions", type=int, default=1, help="about each model that is read")
    parser.add_argument("--kind", choices=("model", "expression"), default="model")
    given = parser.parse_args()
    signal.signal(signal.SIGPROF, stop)
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    counts, asked, slowest, start = Counter(), Counter(), (0.0, 0), time.process_time()
    for done, seed in enumerate(range(given.seed, given.seed + given.cases), 1):
        result, seconds = guarded(seed, given.questions, given.kind, asked)
        slowest = max(slowest, (seconds, seed))
        counts[result if result in ("read", "refused") else "fell"] += 1
        if result not in ("read", "refused"):
            print(f"seed {seed}: {result}", flush=True)
        if done % EVERY == 0 or done == given.cases:
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000
            print(
                f"{done:,} cases in {time.process_time() - start:.0f} s: {dict(counts)}; at most "
                f"{most} MB, and {slowest[0]:.1f} s for seed {slowest[1]}",
                flush=True,
            )
    print(f"asked: {dict(asked.most_common())}")


if __name__ == "__main__":
    main()
