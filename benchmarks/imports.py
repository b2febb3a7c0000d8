"""What reading a model takes, beside a summary of it by torchinfo, as a ratio.

    python benchmarks/imports.py                      all families of `family_models`
    python benchmarks/imports.py torchvision resnet   those whose names hold one of the words

Seconds are those of a process for each model, in which it is read once, and then summarised, which
runs it. PyTorch is imported, and has read a module of one layer, before any time is taken.
"""

from __future__ import annotations

import logging
import multiprocessing
import statistics
import sys
import warnings
from collections.abc import Sequence
from typing import Any

from families import summarised, timed
from family_models import FAMILIES, made

import convgraph as cg


def main(words: Sequence[str]) -> None:
    """Print a line for each family, and the median of the ratios."""
    import torch

    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    cg.from_torch(torch.nn.Conv2d(3, 4, 3), (3, 8, 8))
    print("| model | rows | import | torchinfo | ratio |\n| --- | --- | --- | --- | --- |")
    ratios = []
    fork = multiprocessing.get_context("fork")
    for family in FAMILIES:
        if words and not any(word in family for word in words):
            continue
        receiver, sender = fork.Pipe(duplex=False)
        process = fork.Process(target=measure, args=(sender, family))
        process.start()
        sender.close()
        try:
            rows, reading, summary = receiver.recv()
        except EOFError:
            print(f"| {family} | its process ended without a time | | | |", flush=True)
            continue
        finally:
            process.join()
        ratios.append(reading / summary)
        cells = f"{reading:.2f} s | {summary:.2f} s | {ratios[-1]:.1f}"
        print(f"| {family} | {rows} | {cells} |", flush=True)
    if ratios:
        over = sum(ratio > 3 for ratio in ratios)
        print(f"\n{len(ratios)} models: median {statistics.median(ratios):.1f}, {over} over 3")


def measure(sender: Any, family: str) -> None:
    """Send the number of rows, and the seconds of reading and of a summary."""
    model, given = made(family)
    net, reading = timed(lambda: cg.from_torch(model, given, batch=True))
    sender.send((len(net.rows), reading, summarised(model, given)))


if __name__ == "__main__":
    main(sys.argv[1:])
