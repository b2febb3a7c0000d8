"""ONNX models as networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from convgraph.core.errors import ConvgraphError
from convgraph.core.network import Network
from convgraph.core.sizes import Size, is_symbolic, size_symbol
from convgraph.importers.given_inputs import given_inputs
from convgraph.importers.input_axes import stated_axes
from convgraph.importers.node import Node
from convgraph.importers.onnx.file import opset_of, read_model
from convgraph.importers.onnx.functions import Bodies
from convgraph.importers.onnx.nodes import Writer, nodes_of
from convgraph.importers.onnx.shapes import Shapes
from convgraph.importers.onnx.tensors import Tensors
from convgraph.importers.values import Known
from convgraph.importers.walk import network_of

__all__ = ["from_onnx"]

Shape = tuple[Size, ...]


def from_onnx(
    model: Any,
    input_shapes: Mapping[str, Sequence[Size]] | Sequence[Size] | None = None,
    strict: bool = False,
    weights: bool = True,
    values: Mapping[str, Any] | None = None,
    axes: str | Mapping[str, str] | None = None,
) -> Network:
    """Read an ONNX model as a network of rows, wirings and tyings.

    Each tensor of the model is a row of its name, each initialiser a parameter array of its name. A
    leading axis of one position, the batch, is left out of the rows. Weights are read when
    `evaluate` needs them; for the structure a model without them is as good.

    Parameters
    ----------
    model
        A path, the bytes of a file, or an `onnx.ModelProto`.
    input_shapes
        The shape of the input as in the model, batch included, or a dict of shapes by input.
        Without it the model's own sizes are taken: a first axis that the model leaves open is a
        batch of one, and any other open size a symbol.
    strict
        Whether to refuse operators that are not known. Otherwise their outputs are taken to depend
        on all of their inputs, and the network's `caveats` say so.
    weights
        Whether data that the model keeps in other files has to be there; the structure does
        without.
    values
        What inputs are that always stay the same, by name, such as {"sr": 16000} for a sampling
        rate that a model branches on. They are no rows of the network then.
    axes
        What the axes of the input are, as a letter for each: N for the batch, C for the channels,
        and any other for those of time or space, as in "NHWC" or "NTC"; a dict for several inputs.
        If nobody says so, the first convolution or pool on the input tells which are channels, or
        else the first one behind the batch counts them. Rows of inputs stand channels first; where
        the model has them otherwise, a row behind them, such as `x/NHWC`, is as it has them.

    Returns
    -------
    Network
        With the model's `weights`, and the `caveats` of what could not be read exactly.

    Raises
    ------
    ConvgraphError
        If it is not an ONNX model, if its nodes do not fit together, or if sizes are missing.

    Examples
    --------
    >>> from onnx import TensorProto, helper
    >>> import convgraph as cg
    >>> pool = helper.make_node("MaxPool", ["x"], ["y"], kernel_shape=[2, 2], strides=[2, 2])
    >>> x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, None) for n in "xy")
    >>> graph, opset = helper.make_graph([pool], "example", [x], [y]), helper.make_opsetid("", 17)
    >>> model = helper.make_model(graph, opset_imports=[opset])
    >>> net = cg.from_onnx(model, (1, 3, 6, 6))
    >>> net
    Network(x[3, 6, 6] -> y[3, 3, 3]: 135 units, 108 connections, 0 parameters)
    >>> cg.receptive_field(net, "y1,2,3").bounds
    ((0, 0), (2, 3), (4, 5))

    References
    ----------
    The operators of ONNX: https://onnx.ai/onnx/operators/
    """
    proto, folder = read_model(model)
    graph, version = proto.graph, opset_of(proto)
    tensors = Tensors(folder, weights)
    known = {t.name: tensors.known(t) for t in graph.initializer}
    known.update((t.values.name, tensors.sparse(t)) for t in graph.sparse_initializer)
    writer = Writer(proto, tensors)
    nodes = nodes_of(writer, version)
    stated = {value.name: value for value in graph.input if value.name not in known}
    known.update(given_inputs(stated, values))
    stated = {name: value for name, value in stated.items() if name not in known}
    stated_shapes = _input_shapes(stated, input_shapes)
    for name in _parameters_without_values(stated, nodes):
        known[name] = Known(name, _numbers(name, stated_shapes.pop(name)), None, learned=True)
    outputs = [value.name for value in graph.output]
    if not outputs:
        raise ConvgraphError("model: a graph without outputs")
    shapes = Shapes(proto, stated_shapes)
    try:
        return network_of(
            nodes, stated_shapes, known, outputs, shapes.stated, strict,
            infer=shapes.inferred, body=Bodies(writer), axes=stated_axes(axes, stated_shapes),
        )  # fmt: skip
    except ConvgraphError as error:
        raise _with_open_sizes(error, stated_shapes) from error.__cause__


LONGEST = 400  # characters of a message before the one that says which sizes are open


def _with_open_sizes(error: ConvgraphError, shapes: Mapping[str, Shape]) -> ConvgraphError:
    """An error of a model whose input leaves sizes open, with a word on them."""
    left_open = list(
        dict.fromkeys(str(n) for shape in shapes.values() for n in shape if is_symbolic(n))
    )
    if not left_open:
        return error
    message = str(error)
    if len(message) > LONGEST:
        message = f"{message[: LONGEST // 2]} ... {message[-LONGEST // 2 :]}"
    named = ", ".join(left_open[:4]) + (", ..." if len(left_open) > 4 else "")
    return ConvgraphError(f"{message}; the model leaves {named} open: --input gives numbers")


# The inputs that hold a layer's parameters: a graph's input that is used nowhere else is one
# whose values were left out of the model.
PARAMETER_INPUTS = {
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "BatchNormalization": (1, 2, 3, 4),
    "InstanceNormalization": (1, 2),
    "LayerNormalization": (1, 2),
    "GroupNormalization": (1, 2),
    "Gemm": (1, 2),
    "PRelu": (1,),
}


def _parameters_without_values(stated: Mapping[str, Any], nodes: Sequence[Node]) -> list[str]:
    if len(stated) < 2:  # an input that holds parameters stands beside one that does not
        return []
    found = dict.fromkeys(stated, False)
    for node in nodes:
        slots = PARAMETER_INPUTS.get(node.op, ())
        for position, name in enumerate(node.inputs):
            if position in slots:
                if found.get(name) is False:
                    found[name] = True
            elif name in found:
                del found[name]
    return [name for name, only_parameters in found.items() if only_parameters]


def _numbers(name: str, shape: Shape) -> tuple[int, ...]:
    if not all(isinstance(n, int) for n in shape):
        raise ConvgraphError(f"shape={shape} of {name!r}: a parameter array has numbers as sizes")
    return tuple(int(n) for n in shape)


def _input_shapes(
    stated: Mapping[str, Any], given: Mapping[str, Sequence[Size]] | Sequence[Size] | None
) -> dict[str, Shape]:
    shapes = {name: _stated_shape(value) for name, value in stated.items()}
    if given is None:
        chosen: dict[str, Sequence[Size]] = {}
    elif isinstance(given, Mapping):
        chosen = dict(given)
    else:
        real = [name for name, shape in shapes.items()]
        if len(real) != 1:
            raise ConvgraphError(
                f"input_shapes={given!r}: the inputs are {', '.join(map(repr, real))}; "
                "give a dict of shapes"
            )
        chosen = {real[0]: given}
    for name, sizes in chosen.items():
        if name not in shapes:
            known = ", ".join(map(repr, shapes))
            raise ConvgraphError(f"input_shapes[{name!r}]: no input; there is {known}")
        shapes[name] = _checked(name, sizes, shapes[name])
    missing = [name for name, shape in shapes.items() if shape is None]
    if missing:
        raise ConvgraphError(
            f"input={missing[0]!r}: the model states no shape; give one in input_shapes"
        )
    return {name: shape for name, shape in shapes.items() if shape is not None}


def _checked(name: str, sizes: Sequence[Size], stated: Shape | None) -> Shape:
    from convgraph.core.sizes import as_size

    if isinstance(sizes, str | int) or not isinstance(sizes, Sequence):
        raise ConvgraphError(f"input_shapes={sizes!r}: a tuple of sizes")
    rule = "sizes are positive integers"
    shape = tuple(as_size(f"input_shapes[{name!r}]", n, rule) for n in sizes)
    if stated is not None and len(shape) != len(stated):
        raise ConvgraphError(
            f"input_shapes[{name!r}]={tuple(sizes)}: the model's input has {len(stated)} axes"
        )
    return shape


NO_NUMBERS = (8, 14, 15)  # strings and complex numbers, in TensorProto.DataType


def _stated_shape(value: Any) -> Shape | None:
    """The shape that the model states for an input, with symbols for sizes that are left open."""
    if not value.type.HasField("tensor_type"):
        raise ConvgraphError(f"input={value.name!r}: an input that is not a tensor")
    if value.type.tensor_type.elem_type in NO_NUMBERS:
        raise ConvgraphError(f"input={value.name!r}: an input that holds no real numbers")
    if not value.type.tensor_type.HasField("shape"):
        return None
    shape: list[Size] = []
    for axis, dim in enumerate(value.type.tensor_type.shape.dim):
        if dim.HasField("dim_value") and dim.dim_value != -1:  # which some write for an open size
            shape.append(dim.dim_value)
        elif axis == 0:
            shape.append(1)
        else:
            named = any(map(str.isalnum, dim.dim_param))  # a "?" is said of any open size
            shape.append(size_symbol(dim.dim_param if named else f"{value.name}_{axis}"))
    return tuple(shape)
