"""A table over families of models: what reading, reporting and looking for findings takes.

    python benchmarks/families.py                      all of them
    python benchmarks/families.py torchvision resnet   those whose names hold one of the words
    python benchmarks/families.py --trace monai        with what went wrong, in full

Needs torchvision, fvcore and torchinfo, and for their models timm, segmentation-models-pytorch,
monai and transformers; weights are random. Every model has a process of its own, with limits to its
time and its memory. There it is read, reported and looked through once, in seconds of that process,
and held against PyTorch: its parameters, what PyTorch's flop counter and fvcore count, and of one
unit of up to three rows which inputs have a gradient.
"""

from __future__ import annotations

import logging
import multiprocessing
import resource
import sys
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

from family_models import FAMILIES, made

import convgraph as cg

SECONDS, MEMORY = 150, 6 << 30  # that a process may take
DRAWS = 2  # of an image and weights, whose gradients are put together
MULTIPLY = {"scaled_dot_product_attention", "baddbmm", "mv", "dot", "conv_transpose", "lstm", "gru"}
HEAD = (
    "model", "rows", "import", "torchinfo", "report", "findings", "peak", "warnings", "findings",
    "caveats", "parameters", "MACs", "fvcore", "masks",
)  # fmt: skip


def timed(function: Callable[[], Any]) -> tuple[Any, float]:
    """A result, and the seconds of this process that it took."""
    start = time.process_time()
    return function(), time.process_time() - start


def line(family: str) -> str:
    """The line of the table for one model."""
    model, given = made(family)
    shape = tuple(getattr(given, "shape", given))
    net, reading = timed(lambda: cg.from_torch(model, given, batch=True))
    _, reporting = timed(lambda: cg.report(net))
    found, looking = timed(lambda: cg.findings(net))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    counts = (f"{len(net.rows)}", f"{len(found.at_least('warning'))}", f"{len(found)}")
    seconds = (f"{each:.2f} s" for each in (reading, summarised(model, given), reporting, looking))
    words = isinstance(given, tuple)
    cells = (
        family, counts[0], *seconds, f"{peak:,} MB", *counts[1:], f"{len(net.caveats)}",
        parameters(model, net), macs(model, given, net), fvcore(model, given, net),
        masks(model, shape, net) if words else "-",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def summarised(model: Any, given: Any) -> float:
    """The seconds of a summary by torchinfo, which runs the model."""
    import torch
    import torchinfo

    example = torch.zeros(given) if isinstance(given, tuple) else given
    return timed(lambda: torchinfo.summary(model, input_data=example, verbose=0))[1]


def compared(own: int, other: int) -> str:
    """A number, and the other one where it is not the same."""
    return f"{own:,}" if own == other else f"{own:,} (PyTorch: {other:,})"


def parameters(model: Any, net: cg.Network) -> str:
    """Beside the sum over PyTorch's."""
    return compared(int(net.parameter_count), sum(p.numel() for p in model.parameters()))


def macs(model: Any, given: Any, net: cg.Network) -> str:
    """Beside half of what PyTorch's flop counter counts, attention as the products that it is."""
    import torch
    from torch.nn.attention import SDPBackend, sdpa_kernel
    from torch.utils.flop_counter import FlopCounterMode

    example = torch.zeros(given) if isinstance(given, tuple) else given
    counter = FlopCounterMode(display=False)
    with counter, torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
        model(example)
    return compared(int(cg.cost(net).macs), int(counter.get_total_flops()) // 2)


def fvcore(model: Any, given: Any, net: cg.Network) -> str:
    """Whether fvcore counts as many, of the operators that multiply; else what it counts.

    Normalisation and pooling, of which it counts something too, are left out. It names operators
    that it does not know; of these attention multiplies.
    """
    import torch
    from fvcore.nn import FlopCountAnalysis

    example = torch.zeros(given) if isinstance(given, tuple) else given
    analysis = FlopCountAnalysis(model, example).uncalled_modules_warnings(False)
    analysis = analysis.unsupported_ops_warnings(False).tracer_warnings("none")
    products = {"conv", "linear", "addmm", "mm", "bmm", "matmul", "einsum"}
    total = sum(int(n) for name, n in analysis.by_operator().items() if name in products)
    if total == int(cg.cost(net).macs):
        return "the same"
    unknown = [name.partition("::")[2] for name in analysis.unsupported_ops()]
    missing = sorted(name for name in unknown if name in MULTIPLY)
    return f"{total:,}" + (f" (without {', '.join(missing)})" if missing else "")


def masks(model: Any, shape: tuple[int, ...], net: cg.Network) -> str:
    """Of how many rows a unit has gradients within its field only, and on what share of it.

    A gradient elsewhere is a wrong field. On less than all of the field it may be that functions
    level out there, or a maximum takes another, for the images that were drawn.
    """
    import torch

    results: dict[str, Any] = {}
    named = dict(model.named_modules())
    rows = [row for row in net.rows if isinstance(row.name, str) and row.name in named]
    rows = [row for row in rows if not list(named[row.name].children())]
    chosen = [rows[len(rows) * part // 7] for part in (1, 3, 5)] if len(rows) > 6 else rows[:3]
    for row in chosen:
        named[row.name].register_forward_hook(
            lambda _, __, out, name=row.name: results.setdefault(name, out)
        )
    seen: dict[str, Any] = {}
    for _ in range(DRAWS):
        results.clear()
        x = torch.randn(shape, requires_grad=True)
        model(x)
        for row in chosen:
            out = results.get(row.name)
            if out is None or tuple(out.shape[1:]) != row.shape:
                continue
            place = tuple(n // 2 for n in row.shape)
            (back,) = torch.autograd.grad(out[(0, *place)], x, retain_graph=True, allow_unused=True)
            had = torch.zeros(shape[1:], dtype=torch.bool) if back is None else back[0] != 0
            seen[row.name] = seen.get(row.name, False) | had
    within, shares = 0, []
    for name, had in seen.items():
        row = net.row(name)
        place = tuple(n // 2 for n in row.numbers())
        mask = torch.from_numpy(cg.receptive_field(net, row.unit(place), net.inputs[0].name).mask())
        within += not bool((had & ~mask.reshape(had.shape)).any())
        shares.append(float(had.sum()) / max(float(mask.sum()), 1))
    covered = f", {min(shares):.0%} to {max(shares):.0%} of the fields" if shares else ""
    return f"{within} of {len(seen)}{covered}"


def apart(family: str) -> str:
    """The line that a process of its own makes, or why there is none."""
    fork = multiprocessing.get_context("fork")  # what has been imported is there already
    receiver, sender = fork.Pipe(duplex=False)
    process = fork.Process(target=send, args=(sender, family))
    process.start()
    sender.close()
    try:
        return str(receiver.recv()) if receiver.poll(8 * SECONDS) else refused(family, "too long")
    except EOFError:
        process.join()
        return refused(family, f"its process ended with {process.exitcode}: time or memory")
    finally:
        process.kill()
        process.join()


def send(sender: Any, family: str) -> None:
    """Make the line within bounds of time and memory."""
    import torch

    torch.set_num_threads(1)  # a pool of its own behind the fork, before two threads ask for one
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    try:
        sender.send(line(family))
    except Exception as error:  # the table says what did not work
        if "--trace" in sys.argv:
            traceback.print_exc()
        sender.send(refused(family, f"{type(error).__name__}: {error}"))


def refused(family: str, reason: str) -> str:
    """The line of a model that has none."""
    said = " ".join(reason.split()).replace("|", "/")[:160]
    return f"| {family} | {said} |" + " |" * (len(HEAD) - 2)


def main(words: Sequence[str]) -> None:
    """Print the table; PyTorch is imported, and has read a module, before any time is taken."""
    import torch

    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    cg.findings(cg.from_torch(torch.nn.Conv2d(3, 4, 3), (3, 8, 8)))
    print(f"| {' | '.join(HEAD)} |\n|{' --- |' * len(HEAD)}", flush=True)
    for family in FAMILIES:
        if not words or any(word in family for word in words):
            print(apart(family), flush=True)


if __name__ == "__main__":
    main([word for word in sys.argv[1:] if word != "--trace"])
