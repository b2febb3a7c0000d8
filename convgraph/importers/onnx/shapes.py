"""The shapes of tensors behind operators that are not read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from convgraph.core.sizes import Size
from convgraph.importers.node import Node
from convgraph.importers.onnx.functions import FLOAT, node_proto
from convgraph.importers.onnx.inference import inferred
from convgraph.importers.onnx.nodes import Branch
from convgraph.importers.values import Known, Value

__all__ = ["Shapes"]

Shape = tuple[Size, ...]
# Entries of a tensor whose values the operators' rules get to see, and not its shape alone. Those
# that say a shape have one for each axis, or two; weights would be copied for every node.
MOST_VALUES = 1024


class Shapes:
    """What a model states, and what the operators' own rules say of one node at a time.

    The rules go by the shapes that the network has, with the sizes that were asked for; what the
    model states holds for the sizes of its own inputs only, and is asked where they leave off.
    """

    def __init__(self, proto: Any, inputs: Mapping[str, Shape]) -> None:
        self._proto = proto
        self._as_stated = all(
            dim.dim_value in (0, -1, size)
            for value in proto.graph.input
            for dim, size in zip(
                value.type.tensor_type.shape.dim, inputs.get(value.name, ()), strict=False
            )
        )
        self._stated: dict[str, Shape] | None = None

    def stated(self, name: str) -> Shape | None:
        """The shape that the model states for a tensor, all of it."""
        if not self._as_stated:
            return None
        if self._stated is None:
            graph = self._proto.graph
            self._stated = dict(_whole([*graph.value_info, *graph.output]))
        return self._stated.get(name)

    def inferred(self, node: Node, values: Mapping[str, Value]) -> dict[str, Shape]:
        """The shapes of a node's outputs, as far as onnx infers them from those of its inputs."""
        names = Sizes()
        try:
            graph = inferred(_one_node(node, values, names)).graph
        except Exception:  # it has its own rules for what a valid node is
            return {}
        places = {f"y{i}": name for i, name in enumerate(node.outputs)}
        found = _whole([*graph.value_info, *graph.output], names.size)
        return {places[name]: shape for name, shape in found if name in places}


class Sizes:
    """Names for symbolic sizes, as onnx has them, and the way back."""

    def __init__(self) -> None:
        self._named: dict[str, Size] = {}

    def name(self, size: Size) -> Any:
        """What stands for a size in a model."""
        if isinstance(size, int):
            return size
        for name, named in self._named.items():
            if named == size:
                return name
        self._named[f"n{len(self._named)}"] = size
        return f"n{len(self._named) - 1}"

    def size(self, name: str) -> Size | None:
        """The size for which a name stands."""
        return self._named.get(name)


def _whole(
    values: list[Any], symbol: Callable[[str], Size | None] = lambda name: None
) -> Iterator[tuple[str, Shape]]:
    """Those whose shape is stated in every axis."""
    for value in values:
        tensor = value.type.tensor_type
        if not tensor.HasField("shape"):
            continue
        sizes = [
            (d.dim_value if d.dim_value >= 0 else None)
            if d.HasField("dim_value")
            else symbol(d.dim_param)
            for d in tensor.shape.dim
        ]
        if None not in sizes:
            yield value.name, tuple(n for n in sizes if n is not None)


def _one_node(node: Node, values: Mapping[str, Value], names: Sizes) -> Any:
    """A model of one node, of which the inputs have the shapes that the network has found."""
    from onnx import helper, numpy_helper

    given = list(node.inputs)
    branches = [a for a in node.attributes.values() if isinstance(a, Branch)]
    inside = {own: outer for each in branches for own, outer in each.captured.items()}
    given = given[: len(given) - sum(len(each.captured) for each in branches)]
    called = {f"x{i}" if name else "": name for i, name in enumerate(given)}
    places = [f"x{i}" if name else "" for i, name in enumerate(given)]
    inputs, held = [], []
    for own, outer in {**called, **inside}.items():
        value = values.get(outer)
        if value is None:
            continue
        shape = [names.name(n) for n in value.shape]
        if isinstance(value, Known) and value.there and value.size <= MOST_VALUES:
            entries = value.values()
            if entries.dtype.kind in "iufb":
                held.append(numpy_helper.from_array(entries, own))
                continue
        inputs.append(helper.make_tensor_value_info(own, FLOAT, shape))
    one = node_proto(node, places, [f"y{i}" if n else "" for i, n in enumerate(node.outputs)])
    outputs = [helper.make_empty_tensor_value_info(name) for name in one.output if name]
    graph = helper.make_graph([one], "one", inputs, outputs, held)
    imports = [helper.make_opsetid("", node.version)]
    if node.domain:
        imports.append(helper.make_opsetid(node.domain, 1))
    return helper.make_model(graph, opset_imports=imports)
