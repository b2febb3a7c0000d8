"""check_equivariance on the axes and on edges, against sympy matrices."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp
from harness import Result, against, benchmark, best, figure, seconds

import convgraph as cg
from convgraph.symmetry.equivariance.decide import decide
from convgraph.symmetry.equivariance.explanation import edge_question
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
    question = edge_question(many, verdict._explanation.actions, "s")
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
