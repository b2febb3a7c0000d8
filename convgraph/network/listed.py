"""Layers given connection by connection, for graphs that follow no window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import sympy as sp

from convgraph.core.arrays import Array
from convgraph.core.layer import Joint, Layer, Row
from convgraph.core.reduction import Reduction
from convgraph.core.tying import Explicit
from convgraph.core.wiring import Listed

__all__ = ["Connection", "listed_layer"]

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
    outputs = len(target.units())
    joints = []
    for group in by_source.values():
        group.sort(key=lambda connection: (connection[0], connection[2]))
        source = group[0][1]
        start = np.zeros(outputs + 1, np.int64)
        np.add.at(start, [i + 1 for i, *_ in group], 1)
        read = np.array([j for _, _, j, _ in group], np.int32)
        wiring = Listed(len(source.units()), outputs, np.cumsum(start), read)
        joints.append(Joint(source, wiring, _explicit([label for *_, label in group], arrays)))
    bias = None
    if biases is not None and any(b != 0 for b in biases):
        ones = Listed(1, outputs, np.arange(outputs + 1), np.zeros(outputs, np.int32))
        bias = Joint(Row("1", (1,)), ones, _explicit(biases, arrays))
    return Layer(spec, tuple(joints), target, reduction, bias)


def _explicit(labels: Sequence[sp.Expr], arrays: tuple[Array, ...]) -> Explicit:
    expressions = tuple(dict.fromkeys(labels))
    number = {expression: i for i, expression in enumerate(expressions)}
    return Explicit(np.array([number[label] for label in labels], np.int64), expressions, arrays)
