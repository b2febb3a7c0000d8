"""PyTorch modules as networks, through torch.export."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import Size, as_size
from convgraph.importers.node import Node
from convgraph.importers.torch_operators import OPERATORS, Call
from convgraph.importers.values import Known
from convgraph.importers.walk import network_of

__all__ = ["from_torch"]

NEWEST = 28  # the operator set in whose terms the nodes are written


def from_torch(module: Any, input_shape: Any, strict: bool = False) -> Network:
    """Read a PyTorch module as a network of rows, wirings and tyings, as it acts at inference.

    A row is named for the module that computes it, or as `torch.export` names the operation;
    parameter arrays have the module's own names.

    Parameters
    ----------
    module
        A `torch.nn.Module`; its mode of training is left as it was.
    input_shape
        The shape of the input, with or without the batch, or a list of shapes for several inputs.
    strict
        Whether to refuse operators that are not known; see `from_onnx`.

    Returns
    -------
    Network
        With the module's parameters as `weights`, and `caveats` as in `from_onnx`.

    Raises
    ------
    ConvgraphError
        If the module cannot be exported for that shape, or if PyTorch is not installed.

    Examples
    --------
    >>> import torch  # doctest: +SKIP
    >>> from_torch(torch.nn.Conv2d(3, 8, 3), (3, 8, 8)).outputs[0].shape  # doctest: +SKIP
    (8, 6, 6)
    """
    try:
        import torch
    except ImportError:
        raise ConvgraphError(
            "torch: reading a module needs PyTorch: pip install 'convgraph[torch]'"
        ) from None
    if not isinstance(module, torch.nn.Module):
        raise ConvgraphError(f"module={type(module).__name__}: a torch.nn.Module")
    shapes = _shapes(torch, module, input_shape)
    program = _exported(torch, module, shapes)
    graph = program.graph_module.graph
    translation = Translation(module, program)
    for node in graph.nodes:
        translation.add(node)
    inputs = dict(zip(translation.inputs, shapes, strict=True))
    return network_of(
        translation.nodes,
        inputs,
        translation.known,
        translation.outputs,
        translation.shapes.get,
        strict,
    )


def _shapes(torch: Any, module: Any, given: Any) -> list[tuple[int, ...]]:
    several = isinstance(given, list | tuple) and any(isinstance(s, list | tuple) for s in given)
    shapes = []
    for shape in given if several else [given]:
        sizes = [shape] if not isinstance(shape, list | tuple) else list(shape)
        rule = "a shape is a positive integer, or one for each axis"
        numbers = tuple(as_size("input_shape", n, rule) for n in sizes)
        if not numbers or not all(isinstance(n, int) for n in numbers):
            raise ConvgraphError(f"input_shape={given!r}: {rule}")
        shapes.append(_with_batch(torch, module, tuple(int(n) for n in numbers)))
    return shapes


def _with_batch(torch: Any, module: Any, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape with a batch of one, if it has none: the first layer with a window can tell."""
    kinds = {getattr(torch.nn, f"{name}{rank}d"): rank for name in WINDOWED for rank in (1, 2, 3)}
    for layer in module.modules():
        rank = kinds.get(type(layer))
        if rank is not None:
            return (1, *shape) if len(shape) == rank + 1 else shape
    return shape if shape[0] == 1 and len(shape) > 1 else (1, *shape)


WINDOWED = ("Conv", "ConvTranspose", "MaxPool", "AvgPool", "BatchNorm")


def _exported(torch: Any, module: Any, shapes: list[tuple[int, ...]]) -> Any:
    """The program that torch.export makes, without changes in place."""
    example = tuple(torch.zeros(shape) for shape in shapes)
    with _inference(module), torch.no_grad():
        try:
            program = torch.export.export(module, example)
            if any(
                getattr(getattr(node.target, "_schema", None), "is_mutable", False)
                for node in program.graph.nodes
            ):
                program = program.run_decompositions({})
        except Exception as error:  # whatever the module's own code raises
            line = " ".join(str(error).split())[:300]
            raise ConvgraphError(
                f"input_shape={shapes[0] if len(shapes) == 1 else shapes}: "
                f"torch.export cannot trace the module: {line}"
            ) from error
    return program


@contextmanager
def _inference(module: Any) -> Iterator[None]:
    training = [layer for layer in module.modules() if layer.training]
    module.eval()
    try:
        yield
    finally:
        for layer in training:
            layer.training = True


class Translation:
    """The nodes of an exported program in ONNX's terms, as they are gone through."""

    def __init__(self, module: Any, program: Any) -> None:
        self.nodes: list[Node] = []
        self.known: dict[str, Known] = {}
        self.inputs: list[str] = []
        self.outputs: list[str] = []
        self.shapes: dict[str, tuple[Size, ...] | None] = {}
        self.version = NEWEST
        signature = program.graph_signature
        self._targets = {
            **signature.inputs_to_parameters,
            **signature.inputs_to_buffers,
            **signature.inputs_to_lifted_tensor_constants,
        }
        self._tensors = {**program.state_dict, **program.constants}
        self._names: dict[str, str] = {}
        leaves = {name for name, layer in module.named_modules() if not [*layer.children()]}
        self._named = _module_names(program.graph_module.graph, leaves - {""})

    def add(self, node: Any) -> None:
        """Translate a node of the exported graph."""
        if node.op == "placeholder":
            self._placeholder(node)
        elif node.op == "output":
            self.outputs = [self.name(value) for value in node.args[0] if value is not None]
        elif node.op == "get_attr":
            raise ConvgraphError(f"node={node.name!r}: a part of the module that is no tensor")
        elif node.target is operator.getitem:
            pass  # the node that gives several tensors has named them
        else:
            self._call(node)

    def _placeholder(self, node: Any) -> None:
        target = self._targets.get(node.name)
        if target is None:
            self.inputs.append(node.name)
            self._names[node.name] = node.name
            return
        tensor = self._tensors[target]
        self._names[node.name] = target
        learned = node.name.startswith("p_") or tensor.is_floating_point()
        self.known[target] = Known(
            target, tuple(tensor.shape), partial(_values, tensor), learned and tensor.dim() > 0
        )

    def _call(self, node: Any) -> None:
        parts = [each for each in node.users if each.target is operator.getitem and each.users]
        values = node.meta.get("val")
        if isinstance(values, tuple | list):
            names = [""] * len(values)
            for user in parts:
                name = self._named.get(user.name, user.name)
                names[user.args[1]] = self._names[user.name] = name
            for name, value in zip(names, values, strict=True):
                if name:
                    self.shapes[name] = tuple(int(n) for n in value.shape)
        else:
            names = [self._named.get(node.name, node.name)]
            self._names[node.name] = names[0]
            self.shapes[names[0]] = tuple(int(n) for n in values.shape)
        call = Call(self, node, tuple(names))
        translate = OPERATORS.get(call.op)
        if translate is None or (translate(call) is False):
            inputs = tuple(self.name(value) for value in node.all_input_nodes)
            self.nodes.append(Node(call.op, inputs, tuple(names), {}, node.name, "aten"))

    def name(self, value: Any) -> str:
        """The name of the tensor that an argument stands for; numbers become tensors."""
        if value is None:
            return ""
        if isinstance(value, bool | int | float):
            array = np.asarray(value, np.float32 if isinstance(value, float) else None)
            name = f"number {value}"
            self.known.setdefault(name, Known.of(name, array))
            return name
        return self._names[value.name]

    def shape(self, value: Any) -> tuple[int, ...]:
        """The shape of an argument."""
        return tuple(int(n) for n in value.meta["val"].shape)


def _values(tensor: Any) -> NDArray[Any]:
    detached = tensor.detach().cpu()
    return np.asarray(detached.numpy() if detached.dtype.itemsize != 2 else detached.float())


def _module_names(graph: Any, leaves: set[str]) -> dict[str, str]:
    """Names for the results of modules without parts: the last node of a module's first call."""
    found: dict[str, str] = {}
    taken: dict[str, str] = {}
    for node in graph.nodes:
        stack: Sequence[Any] = list((node.meta.get("nn_module_stack") or {}).items())
        if node.op != "call_function" or not stack or not node.users:
            continue
        key, (path, _) = stack[-1]
        path = path.removeprefix("L['self'].").replace("L['self']", "")
        if path in leaves and taken.setdefault(path, key) == key:
            found = {name: where for name, where in found.items() if where != path}
            found[node.name] = path
    return found
