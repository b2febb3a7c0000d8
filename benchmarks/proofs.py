"""Proofs for all sizes, their checks, and what z3 takes for the same statements."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import sympy as sp
from harness import Result, against, benchmark, best, figure, seconds
from sympy.core.cache import clear_cache

import convgraph as cg
from convgraph.symmetry.instances import small_networks
from convgraph.symmetry.proofs import premises
from convgraph.symmetry.proofs.normal import normal, written_out

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.theorems import OTHERS, THEOREMS


def forget() -> None:
    """What is remembered between proofs."""
    clear_cache()
    for each in (normal, written_out, small_networks.remembered, premises.remembered):
        each.cache_clear()


def proof_of(name: str) -> cg.Proof:
    """A proof from nothing: sympy, normal forms and what specs are bound to are remembered."""
    forget()
    proof = cg.prove(*THEOREMS[name])
    assert isinstance(proof, cg.Proof)
    return proof


@benchmark("Proofs for all sizes")
def proofs() -> Iterator[Result]:
    times = {name: best(lambda name=name: proof_of(name), repeat=3) for name in THEOREMS}
    for name in ("pointwise", "conv", "circular", "padded", "stack frame"):
        spec = THEOREMS[name][0]
        yield figure(f"prove: {spec!r}", seconds(times[name]), "50 ms")
    slowest = max(times, key=times.__getitem__)
    yield figure(
        f"prove: the slowest of {len(times)} theorems ({slowest})", seconds(times[slowest]), "50 ms"
    )
    yield figure(f"prove: all {len(times)} together", seconds(sum(times.values())))
    made = {name: proof_of(name) for name in THEOREMS}
    count = sum(len(proof.instances) for proof in made.values())
    tried = {name: best(lambda proof=proof: proof.instances) for name, proof in made.items()}
    slowest = max(tried, key=tried.__getitem__)
    yield figure(f"  of that {count} instances: the slowest ({slowest})", seconds(tried[slowest]))
    checks = {name: best(proof.verify, repeat=3) for name, proof in made.items()}
    smallest = THEOREMS["pointwise"][0]
    yield figure(f"verify: {smallest!r}", seconds(checks["pointwise"]), "50 ms")
    slowest = max(checks, key=checks.__getitem__)
    yield figure(f"verify: the slowest ({slowest})", seconds(checks[slowest]), "50 ms")
    yield figure(f"verify: all {len(checks)} together", seconds(sum(checks.values())))


@benchmark("Proofs, checked again by z3")
def rechecks() -> Iterator[Result]:
    every = {name: proof_of(name) for name in THEOREMS} | OTHERS
    every["conv"].recheck()  # z3 is imported before the clock starts
    times = {name: best(proof.recheck, repeat=3) for name, proof in every.items()}
    for name in ("conv", "circular", "padded", "stack frame"):
        yield figure(f"recheck: {THEOREMS[name][0]!r}", seconds(times[name]), "100 ms")
    slowest = max(times, key=times.__getitem__)
    yield figure(
        f"recheck: the slowest of {len(times)} ({slowest})", seconds(times[slowest]), "100 ms"
    )
    yield figure(f"recheck: all {len(times)} together", seconds(sum(times.values())))
    refutation = cg.prove(cg.Conv(3, padding="same"), cg.Shift(1), where="frame")
    again = seconds(best(refutation.recheck, repeat=3))  # type: ignore[union-attr]
    yield figure("smallest frame of a refuted claim, by z3", again, "100 ms")


@benchmark("A proof against instances")
def instances() -> Iterator[Result]:
    """What a proof for all sizes is in place of: matrices, size after size."""

    def matrices() -> None:
        for n in range(3, 20):
            net = cg.Conv(3, padding="same", padding_mode="circular").on(n)
            f, shift = net.matrix(), sp.zeros(n, n)
            for i in range(n):
                shift[i, (i - 1) % n] = 1
            assert f * shift == shift * f

    yield against(
        "one proof for all n, against sympy matrices for n = 3 ... 19",
        lambda: cg.prove(
            cg.Conv(3, padding="same", padding_mode="circular"), cg.Shift(1, boundary="wrap")
        ),
        matrices,
    )


@benchmark("Invariance of pooling")
def pooling() -> Iterator[Result]:
    net = cg.MaxPool((3, 3), stride=2, padding=1).on((64, 112, 112))
    yield figure(
        "802,816 inputs, every output's probability",
        seconds(best(lambda: cg.invariance(net, cg.Shift((1, 1))).expected, repeat=3)),
        "50 ms",
    )


@benchmark("Theorems about ResNet-50, up to its last block")
def models() -> Iterator[Result]:
    import onnx

    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
    model = cg.from_onnx(folder / "light_resnet50.onnx")

    def proof() -> cg.Proof:
        forget()
        found = cg.prove(model, cg.Shift((32, 0)), row="r171")
        assert isinstance(found, cg.Proof)
        return found

    yield figure("prove: images of any size, shifts by 32", seconds(best(proof, repeat=3)))
    made = proof()
    yield figure("verify", seconds(best(made.verify, repeat=3)))
    count = len(made.recheck().answers)
    yield figure(f"recheck: {count} questions", seconds(best(made.recheck, repeat=3)))
