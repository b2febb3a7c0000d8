"""Operator sets before 7 give the values of the onnx package's files, or of numpy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from convgraph import ConvgraphError, from_onnx
from tests.onnx_models import model, node

RNG = np.random.default_rng(0)
TOGETHER = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide}


def real(*shape: Any) -> Any:
    return RNG.uniform(0.5, 2, size=shape).astype(np.float32)


def old_files() -> list[Path]:
    """The models of the onnx package that are written in older sets, with values beside them."""
    data = Path(onnx.__file__).parent / "backend" / "test" / "data"
    paths = sorted(data.glob("pytorch-*/*/model.onnx"))
    return [path for path in paths if onnx.load(path).opset_import[0].version < 7]


def tensor(path: Path) -> Any:
    proto = onnx.TensorProto()
    proto.ParseFromString(path.read_bytes())
    return numpy_helper.to_array(proto)


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # roots of negative numbers
def test_the_files_of_the_onnx_package() -> None:
    files = old_files()
    assert len(files) > 100
    for path in files:
        proto = onnx.load(path)
        net = from_onnx(proto, strict=True)
        held = {t.name for t in proto.graph.initializer}
        names = [value.name for value in proto.graph.input if value.name not in held]
        folder = path.parent / "test_data_set_0"
        given = dict(zip(names, map(tensor, sorted(folder.glob("input_*.pb"))), strict=True))
        rows = {row.name: row for row in net.inputs}
        x = {name: given[name].reshape(rows[name].numbers()) for name in rows}
        got = net.evaluate(x, {name: given[name] for name in given if name not in rows})
        got = got if isinstance(got, dict) else {net.outputs[0].name: got}
        for value, file in zip(
            proto.graph.output, sorted(folder.glob("output_*.pb")), strict=False
        ):
            wanted = tensor(file).ravel()
            np.testing.assert_allclose(
                got[value.name].ravel(), wanted, 1e-3, 1e-5, err_msg=path.parent.name
            )


@pytest.mark.parametrize("op", TOGETHER)
@pytest.mark.parametrize(
    ("shape", "axis"), [((3,), 1), ((3, 4), 1), ((4, 5), 2), ((5,), 3), ((5,), -1), ((5,), None),
                        ((2,), 0), ((1,), 1), ((), None), ((1,), None), ((3, 1), 1)]
)  # fmt: skip
@pytest.mark.parametrize("held", [True, False])
def test_operands_are_broadcast_from_an_axis(
    op: Any, shape: Any, axis: int | None, held: bool
) -> None:
    a, b = real(2, 3, 4, 5), real(*shape)
    given = {} if axis is None else {"axis": axis}
    one = node(op, ["x", "b"], ["y"], broadcast=1, **given)
    inputs = {"x": a.shape} if held else {"x": a.shape, "b": b.shape}
    net = from_onnx(model([one], inputs, held={"b": b} if held else {}, opset=6), strict=True)
    x = {"x": a} if held else {"x": a, "b": b.reshape(net.row("b").numbers())}
    single = b.size == 1
    behind = 0 if axis in (None, -1) or single else 4 - axis - b.ndim
    wanted = TOGETHER[op](a, b.reshape(() if single else (*b.shape, *(1,) * behind)))
    np.testing.assert_allclose(net.evaluate(x), wanted, 1e-5)
    if held and op == "Add":  # the array is the model's own, whatever axes stand behind its own
        assert {array.letter for array in net.labels.arrays} <= {"b"}


OLD = {
    "a slope for each channel": (node("PRelu", ["x", "s"], ["y"]), {"s": real(3)}),
    "one slope": (node("PRelu", ["x", "s"], ["y"]), {"s": real(1)}),
    "BatchNormalization": (
        node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y"], is_test=1),
        {"s": real(3), "b": real(3), "m": real(3), "v": real(3)},
    ),
    "Dropout": (node("Dropout", ["x"], ["y"], is_test=1), {}),
    "Concat": (node("Concat", ["x", "x"], ["y"]), {}),
    "Cast": (node("Cast", ["x"], ["y"], to="FLOAT"), {}),
    "Pad": (node("Pad", ["x"], ["y"], paddings=[0, 0, 1, 0, 0, 0, 0, 2]), {}),
    "Upsample": (node("Upsample", ["x"], ["y"], height_scale=2.0, width_scale=3.0), {}),
}
LATER = {
    "a slope for each channel": lambda x, s: np.where(x < 0, x * s[:, None, None], x),
    "one slope": lambda x, s: np.where(x < 0, x * s, x),
    "BatchNormalization": lambda x, s, b, m, v: (
        (x.swapaxes(1, 3) - m) / np.sqrt(v + 1e-5) * s + b
    ).swapaxes(1, 3),
    "Dropout": lambda x: x,
    "Concat": lambda x: np.concatenate([x, x], axis=1),
    "Cast": lambda x: x,
    "Pad": lambda x: np.pad(x, ((0, 0), (0, 0), (1, 0), (0, 2))),
    "Upsample": lambda x: x.repeat(2, axis=2).repeat(3, axis=3),
}


@pytest.mark.parametrize("name", OLD)
def test_what_was_said_otherwise(name: str) -> None:
    one, held = OLD[name]
    opset = 6 if name in ("BatchNormalization", "Dropout") or "slope" in name else 1
    net = from_onnx(model([one], {"x": (2, 3, 4, 5)}, held=held, opset=opset), strict=True)
    x = RNG.normal(size=(2, 3, 4, 5)).astype(np.float32)
    np.testing.assert_allclose(net.evaluate(x), LATER[name](x, *held.values()), 1e-5, 1e-5)


@pytest.mark.parametrize("op", ["BatchNormalization", "Dropout"])
def test_training_is_not_read(op: str) -> None:
    one = onnx.NodeProto()
    one.CopyFrom(OLD[op][0])
    one.attribute[0].i = 0
    with pytest.raises(ConvgraphError, match=r"training|statistics of the batch"):
        from_onnx(model([one], {"x": (2, 3, 4, 5)}, held=OLD[op][1], opset=6), strict=True)


def test_an_axis_that_leaves_no_room_is_refused() -> None:
    one = node("Add", ["x", "b"], ["y"], broadcast=1, axis=3)
    with pytest.raises(ConvgraphError, match="axis=3: 2 axes from there, of 4"):
        from_onnx(model([one], {"x": (2, 3, 4, 5)}, held={"b": real(4, 5)}, opset=6))
