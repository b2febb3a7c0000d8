"""Tying that data of another kind suggests: equal entries of a matrix, equal labels of a graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.arrays import Array
from convgraph.core.errors import ConvgraphError
from convgraph.core.layer import Joint, Layer
from convgraph.core.names import check_name
from convgraph.core.network import Network
from convgraph.core.sympified import sympified
from convgraph.core.tying import Explicit
from convgraph.core.wiring import Listed
from convgraph.layers.tied import Tied

__all__ = ["tied_from_matrix", "tied_from_networkx"]


def tied_from_matrix(matrix: Any, letter: str | None = None) -> Network:
    """The layer whose tying a matrix shows: zeros are no connections, equal entries are tied.

    Parameters
    ----------
    matrix
        Outputs x inputs: an array of numbers, or a sympy matrix. Equal numbers become one
        parameter, in order of appearance; a matrix with symbols keeps its entries as labels.
    letter
        The name of the parameter array.

    Raises
    ------
    ConvgraphError
        If it is not two-dimensional, is empty, or has entries that are no numbers or expressions.

    Examples
    --------
    >>> import convgraph as cg
    >>> cg.tied_from_matrix([[7, 2, 0], [0, 7, 2]]).matrix()
    Matrix([
    [w_1, w_2,   0],
    [  0, w_1, w_2]])
    >>> cg.same_tying(cg.tied_from_matrix(cg.Conv(2).on(5).matrix()), cg.Conv(2).on(5))
    Comparison(holds)
    """
    if letter is not None:
        check_name("letter", letter)
    array = _as_array(matrix)
    outputs, inputs = array.shape
    target, source = np.nonzero(array != 0)
    start = np.searchsorted(target, np.arange(outputs + 1))
    wiring = Listed(inputs, outputs, start, source.astype(np.int32))
    values = array[target, source]
    symbolic = array.dtype == object and any(value.free_symbols for value in values)
    classes, which = _classes(values)
    tying = Explicit(which, tuple(classes) if symbolic else Array(letter or "", (len(classes),)))
    return Tied("tied_from_matrix(...)", (inputs,), (outputs,), wiring, tying).network()


def _as_array(matrix: Any) -> NDArray[Any]:
    if isinstance(matrix, sp.MatrixBase):
        array = np.empty(matrix.shape, object)
        for (i, j), value in zip(np.ndindex(*matrix.shape), matrix, strict=True):
            array[i, j] = value
    else:
        try:
            array = np.asarray(matrix)
        except ValueError:
            raise ConvgraphError("matrix: rows of equal length") from None
    if array.ndim != 2 or 0 in array.shape:
        raise ConvgraphError(f"matrix of shape {array.shape}: a matrix is outputs x inputs")
    if array.dtype.kind == "O":
        try:
            return np.frompyfunc(sympified, 1, 1)(array)
        except ConvgraphError:
            raise ConvgraphError("matrix: its entries are numbers or sympy expressions") from None
    if array.dtype.kind not in "biufc" or np.isnan(array).any():
        raise ConvgraphError(f"matrix of type {array.dtype}: its entries are numbers")
    return array


def _classes(values: NDArray[Any]) -> tuple[list[Any], NDArray[np.int64]]:
    """The different values in order of appearance, and which one each value is."""
    if values.dtype == object:
        return _numbered(values.tolist())
    kinds, first, which = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return list(kinds[order]), np.argsort(order)[which]


def _numbered(values: Iterable[Any]) -> tuple[list[Any], NDArray[np.int64]]:
    number: dict[Any, int] = {}
    which = [number.setdefault(value, len(number)) for value in values]
    return list(number), np.array(which, np.int64)


def tied_from_networkx(graph: nx.Graph, label: str = "label", letter: str | None = None) -> Network:
    """The layer from a graph's nodes to themselves, in which equally labelled edges are tied.

    Output v reads input u along each edge from u to v, in both directions where the graph is
    undirected: message passing, with one parameter for each kind of edge. A graph whose edges are
    the connections of a network already is read by `from_networkx`.

    Parameters
    ----------
    graph
        Any networkx graph; an edge from a node to itself is a connection like any other.
    label
        The edge attribute that tells kinds of edges apart; edges without it are of one kind.
    letter
        The name of the parameter array.

    Returns
    -------
    Network
        Its units are named for the nodes: x:a and s:a for the node a.

    Examples
    --------
    >>> import networkx as nx, convgraph as cg
    >>> graph = nx.cycle_graph(4)
    >>> graph.add_edges_from([(v, v, {"label": "self"}) for v in graph])
    >>> cg.tied_from_networkx(graph).matrix()
    Matrix([
    [w_1, w_2,   0, w_2],
    [w_2, w_1, w_2,   0],
    [  0, w_2, w_1, w_2],
    [w_2,   0, w_2, w_1]])
    """
    if not isinstance(graph, nx.Graph) or not graph.number_of_edges():
        raise ConvgraphError(f"graph={graph}: a networkx graph with edges")
    if letter is not None:
        check_name("letter", letter)
    if not isinstance(label, str):
        raise ConvgraphError(f"label={label!r}: the name of an attribute of the edges")
    position = {node: i for i, node in enumerate(graph)}
    if len({str(node) for node in graph}) < len(position):
        raise ConvgraphError("graph: two nodes have the same name as strings")
    connections = []
    for u, v, kind in graph.edges(data=label):
        connections.append((position[v], position[u], kind))
        if not graph.is_directed() and u != v:
            connections.append((position[u], position[v], kind))
    connections.sort(key=lambda connection: connection[:2])
    n = len(position)
    try:
        kinds, which = _numbered(kind for *_, kind in connections)
    except TypeError:
        raise ConvgraphError(f"label={label!r}: values of this attribute are hashable") from None
    start = np.searchsorted([i for i, *_ in connections], np.arange(n + 1))
    wiring = Listed(n, n, start, np.array([j for _, j, _ in connections], np.int32))
    tying = Explicit(which, Array(letter or "", (len(kinds),)))
    network = Tied("tied_from_networkx(...)", (n,), (n,), wiring, tying).network()
    return _named(network, [str(node) for node in graph])


def _named(network: Network, nodes: list[str]) -> Network:
    """The network of one layer with its units named for nodes."""
    rows = [replace(row, given=tuple(f"{row.name}:{v}" for v in nodes)) for row in network.rows]
    x, s = rows
    (layer,) = network.layers
    (joint,) = layer.joints
    named = Layer(layer.spec, (Joint(x, joint.wiring, joint.tying),), s, layer.reduction)
    return Network.of([x, s], [named], [x], [s])
