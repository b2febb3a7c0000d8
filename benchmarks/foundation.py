"""The edge table, the graph over it, fields, closed forms and imports."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from functools import reduce
from operator import rshift
from typing import Any

import networkx as nx
import sympy as sp
from harness import Result, against, benchmark, best, figure, seconds

import convgraph as cg

EDGES = 732_108


def colour_layer() -> cg.Network:
    """One 5x5 'same' feature map of a 3x100x100 image: 732,108 edges."""
    return cg.Conv((5, 5), padding="same").on((3, 100, 100))


def add_edge_loop() -> nx.MultiDiGraph:
    """The same layer as a user would build it with networkx."""
    graph = nx.MultiDiGraph()
    symbols = {
        (c, i, j): sp.Symbol(f"w_{c}_{i}_{j}") for c in range(3) for i in range(5) for j in range(5)
    }
    for row in range(100):
        for column in range(100):
            target = f"s1,{row + 1},{column + 1}"
            for (c, i, j), symbol in symbols.items():
                y, x = row + i - 2, column + j - 2
                if 0 <= y < 100 and 0 <= x < 100:
                    graph.add_edge(f"x{c + 1},{y + 1},{x + 1}", target, parameter=symbol)
    return graph


def peak_of(function: Callable[[], Any]) -> tuple[Any, int]:
    """What a function returns, and the most bytes that were allocated meanwhile."""
    tracemalloc.start()
    result = function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return result, peak


@benchmark("Edge table and graph")
def edge_table() -> Iterator[Result]:
    yield against(
        f"{EDGES:,} edges: edge table, against an add_edge loop",
        lambda: colour_layer().edges,
        add_edge_loop,
        "150x",
    )
    edges = colour_layer().edges
    assert len(edges) == EDGES
    yield figure(f"{EDGES:,} edges: bytes an edge", f"{edges.nbytes / EDGES:.1f}", "12")
    net, peak = peak_of(lambda: _with_graph(colour_layer()))
    table = peak_of(lambda: colour_layer().edges)[1]
    fresh = colour_layer()
    fresh.edges  # noqa: B018 - made before the clock starts
    both = best(lambda: _rows_of(fresh), repeat=1)
    yield figure(f"{EDGES:,} edges: graph on top, both directions", seconds(both), "0.1 s")
    yield figure(
        f"{EDGES:,} edges: bytes an edge of the graph on top", f"{(peak - table) / EDGES:.0f}", "32"
    )
    plain = add_edge_loop()
    yield against(
        "ancestors of one unit, against a dict graph",
        lambda: nx.ancestors(net.graph, "s1,50,50"),
        lambda: nx.ancestors(plain, "s1,50,50"),
        "as fast",
        repeat=50,
        repeat_other=50,
    )

    stack = reduce(rshift, [cg.Conv((3, 3), padding="same")] * 5).on((32, 32)).graph
    copied = stack.copy()
    yield against(
        "ancestors of a unit behind five layers, against a dict graph",
        lambda: nx.ancestors(stack, "s16,16"),
        lambda: nx.ancestors(copied, "s16,16"),
        "as fast",
        repeat=20,
        repeat_other=20,
    )


@benchmark("Graphs of untied layers")
def untied() -> Iterator[Result]:
    net = cg.Dense(500).on(500)
    graph, plain = net.graph, net.graph.copy()
    names = [symbol.name for symbol in net.parameters]
    assert graph.number_of_edges() == plain.number_of_edges() == len(names) == 250_000
    yield against(
        "250,000 edges counted, against a dict graph",
        graph.number_of_edges,
        plain.number_of_edges,
        "1000x",
        repeat=100,
    )
    yield against(
        "degrees of 1,000 units, against a dict graph",
        lambda: dict(graph.in_degree()),
        lambda: dict(plain.in_degree()),
        "100x",
        repeat=20,
    )
    yield against(
        "is_directed_acyclic_graph, against a dict graph",
        lambda: nx.is_directed_acyclic_graph(graph),
        lambda: nx.is_directed_acyclic_graph(plain),
        "as fast",
    )
    yield against(
        "250,000 different labels: graph.copy(), against copying a dict graph and the symbols",
        graph.copy,
        lambda: (plain.copy(), [sp.Symbol(name) for name in names]),
        "as fast",
    )
    yield against(
        "250,000 different labels: from_networkx, against copying a dict graph",
        lambda: cg.from_networkx(plain),
        plain.copy,
        "as fast",
    )
    _, peak = peak_of(lambda: list(cg.Dense(500).on(500).graph.edges()))
    yield figure("250,000 edges listed: bytes an edge at peak", f"{peak / 250_000:.0f}", "120")


def _with_graph(net: cg.Network) -> cg.Network:
    _rows_of(net)
    return net


def _rows_of(net: cg.Network) -> None:
    """Touch the graph from both sides, so that all its arrays are made."""
    len(net.graph.succ["x1,50,50"]), len(net.graph.pred["s1,50,50"])


@benchmark("A large layer")
def large_layer() -> Iterator[Result]:
    def build() -> Any:
        return cg.Conv((3, 3), filters=64, padding="same").on((3, 224, 224)).edges

    yield figure("86,188,800 edges: edge table", seconds(best(build, repeat=1)), "3 s")
    edges, peak = peak_of(build)
    yield figure("86,188,800 edges: bytes an edge kept", f"{edges.nbytes / len(edges):.1f}", "8")
    yield figure("86,188,800 edges: bytes an edge at peak", f"{peak / len(edges):.1f}", "16")


@benchmark("Receptive fields")
def fields() -> Iterator[Result]:
    stack = reduce(rshift, [cg.Conv((3, 3), padding="same")] * 5).on((32, 32))
    graph = stack.graph
    plain = nx.DiGraph(graph.edges())
    unit = "s16,16"
    seen = {name for name in nx.ancestors(plain, unit) if name.startswith("x")}
    assert seen == cg.receptive_fields(stack)[unit]
    units = stack.outputs[0].units()
    yield against(
        "all 1,024 outputs of five 3x3 on 32x32, against nx.ancestors of each",
        lambda: cg.receptive_fields(stack).sizes(),
        lambda: [nx.ancestors(plain, u) for u in units],
        "1000x",
        repeat=500,
        repeat_other=5,
    )
    deep = reduce(rshift, [cg.Conv((3, 3), padding="same")] * 100).on((1000, 1000))
    one = best(lambda: cg.receptive_field(deep, "s500,500"))
    yield figure("one unit behind 100 layers on 1000x1000", seconds(one), "0.1 s")
    every = best(lambda: cg.receptive_fields(deep))
    yield figure("all 1,000,000 units behind 100 layers", seconds(every), "0.1 s")


@benchmark("Closed forms and cost")
def closed_forms() -> Iterator[Result]:
    def dense() -> Any:
        return cg.cost(cg.Dense((100, 100)).on((3, 100, 100)))

    dense()
    answer, peak = peak_of(dense)
    yield figure(
        f"cost of a dense layer of {answer.parameters:,} connections: bytes at peak",
        f"{peak:,}",
        "none that grow",
    )
    yield figure("the same: time", seconds(best(dense)))


def _process(*arguments: str) -> Callable[[], None]:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, capture_output=True)


@benchmark("Starting up, whole processes")
def starting() -> Iterator[Result]:
    ours, numpy, bare = (
        best(_process("-c", code), repeat=10)
        for code in ("import convgraph", "import numpy", "pass")
    )
    ratio = f"{ours / numpy:.2f} of its time"
    yield Result(
        "import convgraph, against import numpy", seconds(ours), seconds(numpy), ratio, "1.3"
    )
    helped = best(_process("-m", "convgraph", "--help"), repeat=10)
    yield Result(
        "convgraph --help, against bare Python", seconds(helped), seconds(bare), "", "0.15 s"
    )
