"""Layers given connection by connection, for graphs that follow no window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from convgraph.core.arrays import Array
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.reduction import Reduction
from convgraph.core.tying import Explicit
from convgraph.core.wiring import Listed

__all__ = ["Connection", "bias_joint", "in_order_met", "listed_joint", "listed_layer"]

# (flat target position, source row, flat source position, label)
Connection: TypeAlias = tuple[int, Row, int, sp.Expr]


def listed_layer(
    spec: Any,
    target: Row,
    connections: Sequence[Connection],
    reduction: Reduction,
    biases: Sequence[sp.Expr] | None,
    arrays: tuple[Array, ...] = (),
) -> Layer:
    """The layer with these connections, in any order, and a bias for each unit (0 for none).

    `arrays` are the parameter arrays to which symbols among the labels belong.
    """
    by_source: dict[str, list[Connection]] = {}
    for connection in connections:
        by_source.setdefault(connection[1].name, []).append(connection)
    joints = []
    for group in by_source.values():
        to, _, read, labels = zip(*group, strict=True)
        different = {label: n for n, label in enumerate(dict.fromkeys(labels))}
        numbers = np.array([different[label] for label in labels], np.int64)
        pairs = np.array(to, np.int64), np.array(read, np.int64)
        joints.append(listed_joint(group[0][1], target, *pairs, numbers, list(different), arrays))
    return Layer(spec, tuple(joints), target, reduction, bias_joint(target, biases, arrays))


def listed_joint(
    source: Row,
    target: Row,
    to: NDArray[np.int64],
    read: NDArray[np.int64],
    labels: NDArray[np.int64],
    expressions: Sequence[sp.Expr],
    arrays: tuple[Array, ...] = (),
) -> Joint:
    """The connections from a row: positions in the target and in the source, and numbers of labels.

    They may be in any order; the joint keeps those expressions that label one of them.
    """
    outputs = int(target.size)
    order = np.lexsort((read, to))
    start = np.concatenate([[0], np.cumsum(np.bincount(to, minlength=outputs))])
    wiring = Listed(int(source.size), outputs, start, read[order].astype(np.int32))
    used, numbers = in_order_met(labels[order])
    own = tuple(expressions[n] for n in used.tolist())
    return Joint(source, wiring, Explicit(numbers, own, arrays))


def in_order_met(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The different values in the order in which they come, and which of them each one is.

    >>> in_order_met(np.array([7, 3, 7, 5]))
    (array([7, 3, 5]), array([0, 1, 0, 2]))
    """
    different, first, which = np.unique(values, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return different[order], place[which]


def bias_joint(
    target: Row, biases: Sequence[sp.Expr] | None, arrays: tuple[Array, ...] = ()
) -> Joint | None:
    """The joint of these biases, one a unit; none where all are 0."""
    if biases is None or all(bias == 0 for bias in biases):
        return None
    outputs = len(biases)
    ones = Listed(1, outputs, np.arange(outputs + 1), np.zeros(outputs, np.int32))
    expressions = tuple(dict.fromkeys(biases))
    number = {expression: i for i, expression in enumerate(expressions)}
    labels = np.array([number[bias] for bias in biases], np.int64)
    return Joint(Row("1", (1,)), ones, Explicit(labels, expressions, arrays))
