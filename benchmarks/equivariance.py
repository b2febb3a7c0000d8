"""check_equivariance on the axes and on edges, against sympy matrices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import sympy as sp
from harness import Result, against, benchmark, best, figure, seconds

import convgraph as cg
from convgraph.symmetry.equivariance.decide import decide
from convgraph.symmetry.equivariance.verdict import Verdict

AROUND = cg.Shift(1, boundary="wrap")


def circular() -> cg.Network:
    """Five taps around a circle of 256 units."""
    return cg.Conv(5, padding="same", padding_mode="circular").on(256)


def by_matrices() -> bool:
    """The same question as a user would ask sympy: is the matrix that of the moved units?"""
    n, w = 256, dict(enumerate(sp.symbols("w_1:6")))
    layer = sp.Matrix(n, n, lambda i, j: w.get((j - i + 2) % n, 0))
    moved = sp.Matrix(n, n, lambda i, j: layer[(i + 1) % n, (j + 1) % n])
    return bool(layer == moved)


def by_sparse_matrices() -> bool:
    """The same with sparse matrices: do the layer's and the shift's commute?"""
    n, w = 256, sp.symbols("w_1:6")
    layer = sp.SparseMatrix(n, n, {(i, (i + j - 2) % n): w[j] for i in range(n) for j in range(5)})
    shift = sp.SparseMatrix(n, n, {((i + 1) % n, i): 1 for i in range(n)})
    return bool(layer * shift == shift * layer)


def residual(depth: int = 25) -> cg.Network:
    """A strided layer and 25 residual blocks of two layers, on a colour image of 224x224."""
    spec = cg.Conv((3, 3), 64, stride=2, padding=1) >> cg.ReLU()
    for _ in range(depth):
        one = cg.Conv((3, 3), 64, padding=1)
        other = cg.Conv((3, 3), 64, padding=1)
        spec = spec >> cg.Residual(one >> cg.ReLU() >> other) >> cg.ReLU()
    return spec.on((3, 224, 224))


def small() -> Iterator[tuple[str, Callable[[], cg.Network], cg.Shift]]:
    """Networks of a few units, where what a verdict takes is its own beginning."""
    conv = cg.Conv(3, padding=1)
    same = cg.Conv(3, padding="same")
    stack = same >> cg.ReLU() >> cg.MaxPool(2)
    residual = cg.Residual(same >> cg.ReLU() >> same)
    image = cg.Conv((3, 3), 4, padding=1)
    tanh = conv >> cg.Activation("tanh")
    yield "max pooling, 8 units", lambda: cg.MaxPool(2).on(8), cg.Shift(2)
    ring = cg.Conv(3, padding="same", padding_mode="circular")
    yield "3 taps around 9 units", lambda: ring.on(9), AROUND
    yield "3 taps, 9 units", lambda: conv.on(9), cg.Shift(1)
    yield "3 taps and a tanh, 8 units", lambda: tanh.on(8), cg.Shift(1)
    yield "convolution, ReLU and pooling, 10 units", lambda: stack.on(10), cg.Shift(2)
    yield "a residual block, 9 units", lambda: residual.on(9), cg.Shift(1)
    yield "4 filters of 3x3 on 3x7x7", lambda: image.on((3, 7, 7)), cg.Shift((1, 0))
    strided = cg.Conv(2, stride=2)
    yield "a circle of stride 2, moved by 1: searched", lambda: strided.on(8), AROUND


@benchmark("Equivariance of small networks")
def of_small() -> Iterator[Result]:
    for what, made, g in small():
        networks = iter([made() for _ in range(41)])
        fresh(next(networks), g)
        took = best(lambda n=networks, g=g: fresh(next(n), g), repeat=40, clock=time.process_time)
        yield figure(f"{what}: verdict and band", seconds(took))


def fresh(network: cg.Network, g: cg.Shift) -> Verdict:
    """A verdict with its band."""
    verdict = cg.check_equivariance(network, g)
    len(verdict.broken)
    return verdict


@benchmark("Equivariance")
def equivariance() -> Iterator[Result]:
    net = circular()
    assert cg.check_equivariance(net, AROUND).holds
    assert by_matrices()
    assert by_sparse_matrices()
    yield against(
        "five taps around 256 units: verdict, against sympy matrices",
        lambda: cg.check_equivariance(net, AROUND),
        by_matrices,
        "1,000x",
        repeat=200,
    )
    yield against(
        "the same, against sparse sympy matrices",
        lambda: cg.check_equivariance(net, AROUND),
        by_sparse_matrices,
        repeat=200,
        repeat_other=5,
    )
    many = cg.Conv((5, 5), 4, padding="same", padding_mode="circular").on((10, 100, 100))
    verdict = cg.check_equivariance(many, AROUND)
    question = verdict._explanation.asked.on_edges(verdict._explanation.actions)
    count = len(many.edges)  # made before the clock starts
    assert decide(question).exact.all()
    yield figure(
        f"{count:,} edges of the edge table: verdict",
        seconds(best(lambda: decide(question))),
        "0.3 s",
    )
    for mode, g in (("circular", AROUND), ("zeros", cg.Shift(1))):
        large = cg.Conv((5, 5), 64, padding="same", padding_mode=mode).on((60, 30, 30))
        edges = int(large.layers[0].connections)
        took = best(lambda g=g, large=large: fresh(large, g), repeat=20)
        yield figure(
            f"{edges:,} edges on the axes, {mode}: verdict and band", seconds(took), "5 ms"
        )
    deep = residual()
    convolutions = sum(1 for layer in deep.layers if layer.arrays)
    took = best(lambda: fresh(deep, cg.Shift(2)))
    yield figure(
        f"{convolutions} convolutions with residuals and a stride on 224x224: verdict and band",
        seconds(took),
        "0.1 s",
    )
    took = best(lambda: cg.shift_lattice(deep))
    yield figure(f"the same: its lattice ({len(deep.layers)} layers)", seconds(took))
