"""Nodes of operator sets before 7, said in terms of later ones.

What changed is in "Operator Changelog", https://github.com/onnx/onnx/blob/main/docs/Changelog.md:
operands were broadcast from an axis that an attribute names, not from the last one back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.importers.builder import Builder, builds
from convgraph.importers.node import Node
from convgraph.importers.operators.reshaping import regrouped, within
from convgraph.importers.values import Known

__all__ = ["FIRST_PLAIN", "later"]

FIRST_PLAIN = 7
"""The first operator set in which operands are broadcast as in numpy."""

TOGETHER = (
    "Add", "Sub", "Mul", "Div", "Pow", "And", "Or", "Xor", "Less", "Greater", "Equal",
)  # fmt: skip
SELU = {"alpha": 1.6732, "gamma": 1.0507}  # before version 6
ALIGNED = "onnx.aligned"


def later(node: Node) -> Iterator[Node]:
    """A node of an older operator set as one or two of a later one."""
    given, op = dict(node.attributes), node.op
    if node.domain or node.version >= FIRST_PLAIN:
        yield node
        return
    axis = given.pop("axis", None) if op in TOGETHER else (1 if op == "PRelu" else None)
    if (axis is not None and given.pop("broadcast", op == "PRelu")) and len(node.inputs) == 2:
        aligned = f"{node.outputs[0]}/{node.inputs[1]}"
        yield Node(ALIGNED, (node.inputs[1], node.inputs[0]), (aligned,), {"axis": axis}, node.name)
        node = replace(node, inputs=(node.inputs[0], aligned))
    if op == "BatchNormalization" and not given.get("is_test", 0):
        given["training_mode"] = 1
    elif op == "Cast" and isinstance(given.get("to"), str):
        given["to"] = _type_number(given["to"])
    elif op == "Pad" and "paddings" in given:
        given["pads"] = given.pop("paddings")
    elif op == "Concat":
        given.setdefault("axis", 1)
    elif op == "Selu" and node.version < 6:
        given = {**SELU, **given}
    elif op == "Upsample" and "height_scale" in given:
        given["scales"] = [1, 1, given.pop("height_scale"), given.pop("width_scale", 1)]
    elif op == "Tile" and node.version < 6:
        node = replace(node, op="Tile, version 1")  # one number of times, along one axis
    yield replace(node, attributes=given)


def _type_number(name: str) -> int:
    from onnx import TensorProto

    if name not in TensorProto.DataType.keys():  # noqa: SIM118 - an enumeration is no dict
        raise ConvgraphError(f"to={name!r}: the name of a type of numbers")
    return int(TensorProto.DataType.Value(name))


@builds(ALIGNED)
def aligned(builder: Builder, node: Node) -> None:
    """The second operand, with axes of one position behind those that meet the first's."""
    value, other = builder.value(node.input(0)), builder.value(node.input(1))
    rank, axis = len(other.shape), node.attributes["axis"]
    own: Any = value.shape
    if len(own) < rank and axis != -1:
        if len(own) == 1 and own[0] == 1:
            own = ()
        start = within(axis, rank, "axis")
        if start + len(own) > rank:
            raise ConvgraphError(f"axis={axis}: {len(own)} axes from there, of {rank}")
        own = (*own, *(1,) * (rank - start - len(own)))
    if isinstance(value, Known):
        builder.values[node.outputs[0]] = value.viewed(value.name, own)
    else:
        regrouped(builder, node, own)
