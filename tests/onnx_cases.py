"""The operator cases that the onnx package ships, as models and expected values."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pytest

# The inputs that a case gives as data but that a model holds: parameters, and settings of
# operators. All others stay inputs of the network.
HELD = {
    "Conv": (1, 2),
    "ConvTranspose": (1, 2),
    "BatchNormalization": (1, 2, 3, 4),
    "InstanceNormalization": (1, 2),
    "LayerNormalization": (1, 2),
    "RMSNormalization": (1,),
    "GroupNormalization": (1, 2),
    "Gemm": (1, 2),
    "Reshape": (1,),
    "Expand": (1,),
    "Slice": (1, 2, 3, 4),
    "Pad": (1, 2, 3),
    "Resize": (1, 2, 3),
    "Upsample": (1,),
    "Squeeze": (1,),
    "Unsqueeze": (1,),
    "Split": (1,),
    "Tile": (1,),
    "Gather": (1,),
    "GatherElements": (1,),
    "GatherND": (1,),
    **dict.fromkeys(("Scatter", "ScatterElements", "ScatterND"), (1,)),
    "Clip": (1, 2),
    "CumSum": (1,),
    "CumProd": (1,),
    "PRelu": (1,),
    "Compress": (1,),
    "ReverseSequence": (1,),
    "Trilu": (1,),
    "CenterCropPad": (1,),
    "Dropout": (1, 2),
    "TopK": (1,),
    "OneHot": (1, 2),
    "ConstantOfShape": (0,),
    "Range": (0, 1, 2),
    "QuantizeLinear": (1, 2),
    "DequantizeLinear": (1, 2),
    "If": (0,),
    "CastLike": (1,),
    **dict.fromkeys(("GRU", "LSTM", "RNN"), (1, 2, 3, 4, 7)),
    "AffineGrid": (1,),
    "GridSample": (1,),
    "Attention": (6,),
    "CausalConvWithState": (1, 2),
    "RotaryEmbedding": (1, 2, 3),
    "BitShift": (1,),
    **{f"Reduce{kind}": (1,) for kind in (
        "Sum", "Mean", "Max", "Min", "Prod", "L1", "L2", "LogSum", "LogSumExp", "SumSquare"
    )},
}  # fmt: skip


# Exports that take a second or more, in plain Python, for pools over 32 x 32 x 32 positions.
LARGE = (
    ("AveragePool", "export_averagepool_3d_default"),
    ("LpPool", "export_lppool_3d_default"),
    ("MaxPool", "export_maxpool_3d_default"),
)


@dataclass(frozen=True)
class Case:
    """One node in a model, with what it is given and what it gives."""

    name: str
    op: str
    model: Any
    inputs: dict[str, Any]
    outputs: dict[str, Any]


@lru_cache(maxsize=1)
def node_cases() -> dict[str, Case]:
    """The cases of one node each, with settings and parameters moved into the model."""
    return _models(_collected())


def large_cases() -> dict[str, Case]:
    """The cases that `node_cases` leaves out, as the package takes seconds over each."""
    from onnx.backend.test.case import node

    _collected()
    before = len(node._NodeTestCases)
    for module, export in LARGE:
        operator = importlib.import_module(f"{node.__name__}.{module.lower()}")
        getattr(getattr(operator, module), export)()
    return _models(node._NodeTestCases[before:])


@lru_cache(maxsize=1)
def _collected() -> Sequence[Any]:
    """What the package's modules export as they are imported, but for the large ones."""
    from onnx.backend.test.case import base
    from onnx.backend.test.case.node import collect_testcases

    def export(cls: Any, name: str, bases: Any, members: dict[str, Any]) -> None:
        """As the package has it, without the text of each export, which is for its pages."""
        type.__init__(cls, name, bases, members)
        for member in members:
            if member.startswith("export") and (name, member) not in LARGE:
                np.random.seed(0)  # noqa: NPY002
                getattr(cls, member)()

    state = np.random.get_state()  # noqa: NPY002 - the package seeds the global one
    with pytest.MonkeyPatch.context() as patched, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patched.setattr(base._Exporter, "__init__", export)
        cases = collect_testcases(None)
    np.random.set_state(state)  # noqa: NPY002
    return tuple(cases)


def _models(cases: Iterable[Any]) -> dict[str, Case]:
    from onnx import ModelProto

    found = {}
    for case in cases:
        if len(case.model.graph.node) != 1 or not case.data_sets:
            continue
        node = case.model.graph.node[0]
        if node.domain not in ("", "ai.onnx"):
            continue
        model = ModelProto()
        model.CopyFrom(case.model)
        given, expected = case.data_sets[0]
        names = [value.name for value in model.graph.input]
        data = dict(zip(names, given, strict=False))
        for position in HELD.get(node.op_type, ()):
            name = node.input[position] if position < len(node.input) else ""
            if name in data:
                model.graph.initializer.append(_tensor(data.pop(name), name))
        kept = [value for value in model.graph.input if value.name in data]
        del model.graph.input[:]
        model.graph.input.extend(kept)
        outputs = [value.name for value in model.graph.output]
        found[case.name] = Case(
            case.name,
            node.op_type,
            model,
            {name: _array(value) for name, value in data.items()},
            {name: _array(v) for name, v in zip(outputs, expected, strict=False)},
        )
    return found


def _tensor(value: Any, name: str) -> Any:
    """Types that numpy lacks come as tensors of the model's own."""
    from onnx import TensorProto, numpy_helper

    if isinstance(value, TensorProto):
        tensor = TensorProto()
        tensor.CopyFrom(value)
        tensor.name = name
        return tensor
    return numpy_helper.from_array(np.asarray(value), name)


def _array(value: Any) -> Any:
    from onnx import TensorProto, numpy_helper

    array = numpy_helper.to_array(value) if isinstance(value, TensorProto) else value
    narrow = getattr(getattr(array, "dtype", None), "kind", "") == "V"
    return array.astype(np.float32) if narrow else array


def check(case: Case, from_onnx: Callable[..., Any]) -> None:
    """The network's values are those that the case expects, to the accuracy of its type."""
    accuracy = 1e-2 if any(t in case.name.lower() for t in ("bfloat16", "bf16")) else 1e-3
    net = from_onnx(case.model, strict=True)
    x = {row.name: np.asarray(case.inputs[row.name]).reshape(row.numbers()) for row in net.inputs}
    with np.errstate(all="ignore"):
        values = net.evaluate(x)
    values = values if isinstance(values, dict) else {net.outputs[0].name: values}
    for name, value in values.items():
        wanted = np.asarray(case.outputs[name])
        assert value.size == wanted.size, (value.shape, wanted.shape)
        np.testing.assert_allclose(
            np.asarray(value, float), wanted.astype(float).reshape(value.shape), accuracy, 1e-5
        )
