"""Layers of groups and groups of layers.

emlp needs old or delicate packages, so that it may have a Python of its own: the environment
variable EMLP_PYTHON names one that can import it. Without, the nullspace is computed with numpy.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from harness import Result, against, benchmark, best, figure, seconds

import convgraph as cg

Permutations = Sequence[Any]
LONGEST = 600  # seconds that emlp gets

EMLP = """
import json, sys, time
import numpy as np
from emlp.groups import Group, S, Z
from emlp.reps import V

class Permutations(Group):
    def __init__(self, listed):
        self.discrete_generators = np.stack([np.eye(len(p))[p] for p in listed])
        super().__init__(len(listed[0]))

def solved(own, listed):
    n = len(listed[0])
    group = {"Z": Z, "S": S}[own](n) if own else Permutations(listed)
    start = time.perf_counter()
    basis = (V(group) >> V(group)).equivariant_basis()
    return int(basis.shape[-1]), time.perf_counter() - start

solved("Z", [[1, 2, 0]])  # starts the compiler
print(json.dumps(solved(*json.loads(sys.stdin.read()))))
"""


def by_emlp(name: str, permutations: Permutations) -> tuple[int, float] | None:
    """The rank that emlp finds and its seconds; None where it is not there, or not done in time.

    Its own Z and S, where it has them: their generators are no dense matrices.
    """
    own = name[0] if name in ("Z_16", "Z_64", "S_16") else ""
    command = [os.environ.get("EMLP_PYTHON", sys.executable), "-W", "ignore", "-c", EMLP]
    try:
        answer = subprocess.run(
            command,
            input=json.dumps([own, [np.asarray(p).tolist() for p in permutations]]),
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "TQDM_DISABLE": "1"},  # its progress bar fails on newer numpy
            timeout=LONGEST,
        )
    except subprocess.TimeoutExpired:
        return None
    if answer.returncode:
        return None
    rank, taken = json.loads(answer.stdout.splitlines()[-1])
    return rank, taken


def by_nullspace(permutations: Permutations) -> int:
    """The dimension of all matrices that commute, from singular values."""
    n = len(permutations[0])
    identity = np.eye(n * n)
    rows = []
    for p in permutations:
        matrix = np.eye(n)[np.asarray(p)]
        rows.append(np.kron(matrix, matrix) - identity)
    return int((np.linalg.svd(np.concatenate(rows), compute_uv=False) < 1e-9).sum())


def by_loop(permutations: Permutations) -> int:
    """The orbits on pairs by a union-find in plain Python."""
    n = len(permutations[0])
    owner = list(range(n * n))

    def root(i: int) -> int:
        while owner[i] != i:
            owner[i] = owner[owner[i]]
            i = owner[i]
        return i

    for p in [np.asarray(p).tolist() for p in permutations]:
        for i in range(n):
            for j in range(n):
                a, b = root(i * n + j), root(p[i] * n + p[j])
                if a != b:
                    owner[b] = a
    return sum(owner[i] == i for i in range(n * n))


@benchmark("From a group to its layer")
def layers() -> Iterator[Result]:
    small = {
        "Z_16": cg.Group.cyclic(16),
        "S_16": cg.Group.symmetric(16),
        "Z_64": cg.Group.cyclic(64),
        "Z_8 x Z_8": cg.Group.cyclic(8) * cg.Group.cyclic(8),
    }
    for name, group in small.items():
        count = len(cg.equivariant_layer(group).labels)
        ours = best(lambda g=group: cg.equivariant_layer(g).edges)  # type: ignore[misc]
        theirs = by_emlp(name, group.generators)
        if theirs is not None:
            assert theirs[0] == count
            ratio = f"{theirs[1] / ours:,.0f}x"
            yield Result(
                f"{name}: {count} parameters, against emlp",
                seconds(ours), seconds(theirs[1]), ratio, "1000x",
            )  # fmt: skip
        elif group.degree <= 16:
            assert by_nullspace(group.generators) == count
            yield against(
                f"{name}: {count} parameters, against a nullspace in numpy (no emlp here)",
                lambda g=group: cg.equivariant_layer(g).edges,  # type: ignore[misc]
                lambda g=group: by_nullspace(g.generators),  # type: ignore[misc]
                "1000x",
            )
    large = {
        "Z_1024": cg.Group.cyclic(1024),
        "S_1024": cg.Group.symmetric(1024),
        "D_1024": cg.Group.dihedral(1024),
        "p4m on 32x32": cg.Group.p4m(32),
    }
    for name, group in large.items():
        assert by_loop(group.generators[:1]) >= len(cg.equivariant_layer(group).labels)
        yield against(
            f"{name}: 1,048,576 connections tied, against a union-find in Python",
            lambda g=group: cg.equivariant_layer(g).edges,  # type: ignore[misc]
            lambda g=group: by_loop(g.generators),  # type: ignore[misc]
            "0.6 s",
        )


@benchmark("From a layer to its group")
def groups() -> Iterator[Result]:
    ring = {"padding": "same", "padding_mode": "circular"}
    cases: list[tuple[str, Callable[[], Any], int, str]] = [
        ("circular 3 taps, n = 1024", lambda: cg.Conv(3, **ring).on(1024), 1024, "0.1 s"),
        ("3x3 on a torus of 64x64", lambda: cg.Conv((3, 3), **ring).on((64, 64)), 4096, "0.3 s"),
        ("the layer of D_1024", lambda: cg.equivariant_layer(cg.Group.dihedral(1024)), 2048, ""),
    ]
    for name, build, order, goal in cases:
        assert cg.symmetry_group(build()).order == order
        taken = best(lambda b=build: cg.symmetry_group(b()))  # type: ignore[misc]
        yield figure(f"{name}: all {order:,} symmetries, building included", seconds(taken), goal)
    torus = cg.symmetry_group(cg.Conv((3, 3), **ring).on((64, 64)))
    named = best(lambda: replace(torus).structure)
    yield figure("3x3 on a torus of 64x64: naming the group Z_64^2", seconds(named))
