"""What the importer refuses: in one line, soon, and without taking memory."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("onnx")

import onnx
from onnx import TensorProto, helper

from convgraph import ConvgraphError, from_onnx
from convgraph.importers.builder import BUILDERS
from convgraph.importers.constants.folding import FOLDS
from convgraph.importers.onnx.file import _content
from tests.onnx_cases import node_cases
from tests.onnx_light import light
from tests.onnx_models import model, node


def relu(shape: Any = (1, 3), opset: Any = 17) -> Any:
    return model([node("Relu", ["x"], ["y"])], {"x": shape}, opset=opset)


HUGE = 2**40
WEIGHTS = np.ones((4, 3, 3, 3), np.float32)

REFUSED = {
    "empty": (b"", "holds no graph"),
    "text": (b"hello, I am no model", "not an ONNX model"),
    "nothing": (onnx.ModelProto(), "holds no graph"),
    "a number": (7, "a path, bytes or an onnx.ModelProto"),
    "truncated": (light("squeezenet").SerializeToString()[:5000], "not an ONNX model"),
    "old": (relu(opset=0), "opset=0"),
    "from the future": (relu(opset=99), "opset=99"),
    "no shape": (relu(None), "the model states no shape"),
    "gigantic": (relu((1, HUGE)), "an axis has 1 to"),
    "gigantic in all": (relu((1, 2**27, 2**27)), "at most"),
    "empty axis": (relu((1, 0)), "an axis has 1 to"),
    "nothing to concatenate": (
        model([node("Concat", ["c", "c"], ["y"], axis=1)], {"x": (1, 3)},
              held={"c": np.ones((1, 0))}),
        "shape=(1, 0) of 'y': an axis has 1 to",
    ),
    "many axes": (relu((1,) * 60), "at most 32 axes"),
    "cycle": (
        model([node("Relu", ["y"], ["z"]), node("Relu", ["z"], ["y"])], {"x": (1, 3)}),
        "no node before",
    ),
    "twice": (model([node("Relu", ["x"], ["y"])] * 2, {"x": (1, 3)}), "computed already"),
    "no such output": (model([node("Relu", ["x"], ["z"])], {"x": (1, 3)}), "no node computes it"),
    "channels": (
        model([node("Conv", ["x", "w"], ["y"])], {"x": (1, 5, 8, 8)}, held={"w": WEIGHTS}),
        "5 channels",
    ),
    "kernel": (
        model([node("Conv", ["x", "w"], ["y"])], {"x": (1, 3, 2, 2)}, held={"w": WEIGHTS}),
        "and the padded input has",
    ),
    "broadcast": (
        model([node("Add", ["x", "c"], ["y"])], {"x": (1, 3)}, held={"c": np.ones(5)}),
        "do not broadcast",
    ),
    "pads": (
        model([node("MaxPool", ["x"], ["y"], kernel_shape=[1, 1], pads=[HUGE] * 4)],
              {"x": (1, 1, 4, 4)}),
        "pads",
    ),
    "reshape": (
        model([node("Reshape", ["x", "s"], ["y"])], {"x": (1, 6)}, held={"s": np.array([4, -1])}),
        "6 units",
    ),
    "range": (
        model(
            [node("Range", ["a", "b", "c"], ["d"]), node("Add", ["x", "d"], ["y"])],
            {"x": (1, 1)},
            held={"a": np.array(0), "b": np.array(2**50), "c": np.array(1)},
        ),
        "a range of at most",
    ),
    "unknown without a shape": (model([node("Foo", ["x"], ["y"])], {"x": (1, 3)}), "the shape of"),
    "attribute": (
        model([node("LeakyRelu", ["x"], ["y"], alpha="steep")], {"x": (1, 3)}),
        "alpha='steep'",
    ),
}  # fmt: skip


@contextmanager
def little_memory(more: int = 2**30) -> Iterator[None]:
    """Nothing of more than a gigabyte can be allocated inside."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    limits = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + more, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_one_line(name: str) -> None:
    bad, words = REFUSED[name]
    with pytest.raises(ConvgraphError) as caught, little_memory():
        from_onnx(bad)
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert len(message) < 600


def test_a_small_file_takes_little_memory(tmp_path: Path) -> None:
    (tmp_path / "m.onnx").write_bytes(relu().SerializeToString())
    with little_memory():
        assert from_onnx(tmp_path / "m.onnx").outputs[0].shape == (3,)


def test_what_a_pipe_gives_is_read_whole(tmp_path: Path) -> None:
    pipe = tmp_path / "m.onnx"
    os.mkfifo(pipe)
    content = light("squeezenet").SerializeToString()
    writer = threading.Thread(target=pipe.write_bytes, args=(content,))
    writer.start()
    assert _content(pipe) == content
    writer.join()


def test_paths(tmp_path: Path) -> None:
    with pytest.raises(ConvgraphError, match="No such file"):
        from_onnx(tmp_path / "none.onnx")
    with pytest.raises(ConvgraphError, match="irectory"):
        from_onnx(str(tmp_path))
    (tmp_path / "m.onnx").write_bytes(relu().SerializeToString())
    assert from_onnx(tmp_path / "m.onnx").outputs[0].shape == (3,)


def test_data_in_another_file(tmp_path: Path) -> None:
    conv = model([node("Conv", ["x", "w"], ["y"])], {"x": (1, 3, 4, 4)}, held={"w": WEIGHTS})
    path = tmp_path / "m.onnx"
    onnx.save(conv, path, save_as_external_data=True, location="w.bin", size_threshold=0)
    x = np.ones((3, 4, 4))
    assert np.array_equal(from_onnx(path).evaluate(x), np.full((4, 2, 2), 27))
    (tmp_path / "w.bin").unlink()
    with pytest.raises(ConvgraphError, match=r"tensor='w': its data is not in 'w\.bin'"):
        from_onnx(path)
    net = from_onnx(path, weights=False)
    assert net.outputs[0].shape == (4, 2, 2)
    with pytest.raises(ConvgraphError, match="no value for w_1_1_1_1"):
        net.evaluate(x)
    assert np.array_equal(net.evaluate(x, {"w": WEIGHTS}), np.full((4, 2, 2), 27))


def test_data_outside_of_the_folder_is_not_read(tmp_path: Path) -> None:
    inside = tmp_path / "models"
    inside.mkdir()
    (tmp_path / "secret.bin").write_bytes(WEIGHTS.tobytes())
    conv = model([node("Conv", ["x", "w"], ["y"])], {"x": (1, 3, 4, 4)}, held={"w": WEIGHTS})
    tensor = conv.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")
    (inside / "m.onnx").write_bytes(conv.SerializeToString())
    with pytest.raises(ConvgraphError, match=r"not in '\.\./secret\.bin' beside the model"):
        from_onnx(inside / "m.onnx")


def calls(name: str, *inner: str) -> Any:
    """A function that calls others, one after the other."""
    names = ["x", *(f"h{i}" for i in range(1, len(inner))), "y"]
    body = [
        node(op, [names[i]], [names[i + 1]], domain="own" if op[0] == "F" else "")
        for i, op in enumerate(inner)
    ]
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return helper.make_function("own", name, ["x"], ["y"], body, imports)


@pytest.mark.parametrize("stated", ["", "3221225472"], ids=["no length", "a length"])
def test_of_a_large_file_no_more_is_read_than_a_tensor_holds(tmp_path: Path, stated: str) -> None:
    with (tmp_path / "large.bin").open("wb") as file:
        file.truncate(3 * 2**30)  # which takes no room on the disk
    reshaped = model([node("Reshape", ["x", "s"], ["y"])], {"x": (1, 1, 6)})
    tensor = reshaped.graph.initializer.add(name="s", dims=[1], data_type=TensorProto.INT64)
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="large.bin")
    if stated:
        tensor.external_data.add(key="length", value=stated)
    path = tmp_path / "m.onnx"
    path.write_bytes(reshaped.SerializeToString())
    with little_memory(), pytest.raises(ConvgraphError, match=r"is not in 'large\.bin'"):
        from_onnx(path)


COLUMN, LINE = np.ones((30_000, 1)), np.ones((1, 30_000))
ASKED = {  # of a few numbers, 10^9 or a product that takes hours
    "sum": (["Mod"], [COLUMN, LINE], {"fmod": 1}),
    "comparison": (["Equal"], [COLUMN, LINE], {}),
    "choice": (["Where"], [COLUMN > 0, LINE, LINE], {}),
    "matrices": (["MatMul"], [COLUMN[None, :1], COLUMN[:, None]], {}),
    "rows of matrices": (["MatMul"], [LINE[..., None], COLUMN[..., None]], {}),
    "places": (["Gather"], [LINE, np.zeros(30_000, np.int64)], {"axis": 0}),
    "border": (["Pad"], [np.ones(2), np.array([0, 10**9])], {}),
    "equation": (["Einsum"], [COLUMN[:, 0]] * 2, {"equation": "i,j->ij"}),
    "long equation": (["Einsum"], [COLUMN[:, 0]] * 4, {"equation": "i,j,k,l->"}),
    "dots": (["Einsum"], [COLUMN, LINE], {"equation": "...,..."}),
    "doubled": (["Concat"] * 30, [np.ones(8)] * 2, {"axis": 0}),
}


@pytest.mark.parametrize("kind", [np.int64, np.float32])
@pytest.mark.parametrize("name", ASKED)
def test_a_small_file_asks_for_no_large_table(name: str, kind: Any) -> None:
    ops, given, attributes = ASKED[name]
    held = {
        f"c{i}": each if each.dtype.kind in "bi" else each.astype(kind)
        for i, each in enumerate(given)
    }
    nodes, last = [], list(held)
    for number, op in enumerate(ops):
        nodes.append(node(op, last, [f"h{number}"], **attributes))
        last = [f"h{number}"] * 2
    if name == "comparison":
        nodes.append(node("Cast", ["h0"], ["h1"], to=TensorProto.INT64))
        last = ["h1"]
    nodes += [
        node("ReduceMax", last[:1], ["most"], keepdims=0),
        node("Mul", ["x", "most"], ["y"]),
    ]
    said = ""
    with little_memory():
        try:
            from_onnx(model(nodes, {"x": (1, 4)}, held=held))
        except ConvgraphError as error:
            said = str(error)
    assert "allocate" not in said


@pytest.mark.parametrize("equation", ["....", "a.bc", "abc>", "ab_c->a", "abc-", "a...b...c"])
def test_an_equation_that_is_none_is_refused(equation: str) -> None:
    """Of these onnx infers shapes without end."""
    einsum = node("Einsum", ["x"], ["y"], equation=equation)
    with pytest.raises(ConvgraphError, match="letters, commas"):
        from_onnx(model([einsum], {"x": (1, 1, 3)}))
    # nor is one looked at that stands in a part that is not read
    body = helper.make_graph([einsum], "g", [], [helper.make_empty_tensor_value_info("y")])
    nodes = [
        node("Own", ["x"], ["h"], domain="own", body=body),
        node("Celu", ["x"], ["c"]),
        node("SoftmaxCrossEntropyLoss", ["h", "n"], ["y"]),
    ]
    other = model(nodes, {"x": (1, 3)}, held={"n": np.zeros(1, np.int64)})
    other.graph.value_info.append(helper.make_tensor_value_info("h", TensorProto.FLOAT, (1, 3)))
    assert from_onnx(other).outputs[0].shape == (1,)


@pytest.mark.parametrize(
    ("op", "attributes"),
    [
        ("HardSigmoid", {"alpha": np.nan}),
        ("ThresholdedRelu", {"alpha": np.nan}),
        ("Shrink", {"lambd": np.nan}),
        ("LpPool", {"p": 0, "kernel_shape": [2]}),
        ("LpPool", {"p": -1, "kernel_shape": [2]}),
    ],
)
def test_what_is_no_number_of_a_function_is_refused(op: str, attributes: Any) -> None:
    with pytest.raises(ConvgraphError, match="number"):
        from_onnx(model([node(op, ["x"], ["y"], **attributes)], {"x": (1, 1, 4)}))


def test_the_greatest_has_an_expression() -> None:
    net = from_onnx(model([node("Hardmax", ["x"], ["y"], axis=2)], {"x": (1, 1, 4)}))
    exact = net.expressions()
    for values in ([1, 3, 3, 2], [0, 0, 0, 0], [-1, -2, -3, -1]):
        at = {sp.Symbol(u): v for u, v in zip(net.inputs[0].units(), values, strict=True)}
        at |= {sp.Symbol(f"y/positions_1_1_{place + 1}"): place for place in range(4)}
        known = [int(e.subs(at)) for e in exact.values()]
        assert known == net.evaluate([values]).ravel().tolist()


def test_a_fault_of_parameters_that_comes_up_later_is_said_of_its_node() -> None:
    held = {"w": np.ones(3, np.float32), "v": np.ones(3, np.float32)}
    nodes = [node("Relu", ["w", "v"], ["u"]), node("Add", ["x", "u"], ["y"])]
    with pytest.raises(ConvgraphError, match=r"node 'u' \(Relu\): not as the operator asks"):
        from_onnx(model(nodes, {"x": (3,)}, held=held)).evaluate([1, 2, 3])


WRONG = {
    "a sum over an axis that is not there": ("ReduceSum", [[1.0, 2.0], [7]]),
    "positions beyond the end": ("Gather", [[1.0, 2.0], [9]]),
    "a slope of text": ("PRelu", [["a", "b"], [1.0, 2.0]]),
    "text that is unpacked": ("DequantizeLinear", [["a", "b"], 2.0]),
    "a logarithm over an axis that is not there": ("ReduceLogSum", [[1.0, 2.0], [7]]),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("shown", [True, False])
def test_constants_that_an_operator_does_not_take_are_refused(name: str, shown: bool) -> None:
    """When the model is read, or once their values are asked for."""
    op, given = WRONG[name]
    held = {f"c{i}": np.array(v) for i, v in enumerate(given)}
    held = {k: v.astype(object) if v.dtype.kind == "U" else v for k, v in held.items()}
    held = {k: v.astype(np.float32) if v.dtype == float else v for k, v in held.items()}
    nodes = [node(op, list(held), ["u"]), node("Add", ["x", "u"], ["y"])]
    outputs = ("u", "y") if shown else ("y",)
    with pytest.raises(ConvgraphError, match=rf"{op}|'u'|'c0': its entries are texts"):
        from_onnx(model(nodes, {"x": (2,)}, outputs, held, opset=21)).evaluate([1, 2])


def test_functions_are_written_out() -> None:
    functions = [calls("F", "G", "Relu"), calls("FF", "F", "F")]
    functions[0].node[0].op_type = "Neg"
    call = node("FF", ["x"], ["y"], name="call", domain="own")
    net = from_onnx(model([call], {"x": (1, 3)}, functions=functions))
    assert [layer.spec.op for layer in net.layers] == ["Neg", "Relu", "Neg", "Relu"]
    assert np.array_equal(net.evaluate([-1, 2, 3]), [0, 0, 0])


def test_functions_that_do_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    once = [node("F0", ["x"], ["y"], domain="own")]
    with pytest.raises(ConvgraphError, match="do not end"):
        from_onnx(model(once, {"x": (1, 3)}, functions=[calls("F0", "F0")]))
    # each calls the next one ten times: 10^9 nodes
    monkeypatch.setattr("convgraph.importers.onnx.nodes.MOST_NODES", 5_000)
    many = [calls(f"F{i}", *([f"F{i + 1}"] * 10)) for i in range(9)] + [calls("F9", "Relu")]
    with pytest.raises(ConvgraphError, match="too many nodes"):
        from_onnx(model(once, {"x": (1, 3)}, functions=many))


def test_deep_nesting() -> None:
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, (1, 3))
    inner = helper.make_graph([node("Relu", ["x"], ["y"])], "deep", [], [out])
    for _ in range(25):
        branch = node("If", ["c"], ["y"], then_branch=inner)
        inner = helper.make_graph([branch], "deep", [], [out])
    with pytest.raises(ConvgraphError, match="a branch that depends on the input"):
        from_onnx(model(list(inner.node), {"x": (1, 3), "c": ()}), strict=True)


def test_deeper_nesting_than_protobuf_reads() -> None:
    def field(number: int, content: bytes) -> bytes:
        length, size = b"", len(content)
        while size > 127:
            length, size = length + bytes([size & 127 | 128]), size >> 7
        return bytes([number << 3 | 2]) + length + bytes([size]) + content

    graph = b""
    for _ in range(3000):  # a graph in an attribute of a node of a graph
        graph = field(1, field(5, field(6, graph)))
    with pytest.raises(ConvgraphError, match="not an ONNX model"):
        from_onnx(field(7, graph))


def test_a_branch_reads_what_it_captures() -> None:
    def graph(op: str) -> Any:
        out = helper.make_tensor_value_info("z", TensorProto.FLOAT, (1, 3))
        return helper.make_graph([node(op, ["x"], ["z"])], op, [], [out])

    either = node("If", ["c"], ["y"], then_branch=graph("Relu"), else_branch=graph("Neg"))
    known = model([either], {"x": (1, 3)}, held={"c": np.array(False)})
    assert np.array_equal(from_onnx(known).evaluate([1, 2, 3]), [-1, -2, -3])
    open_ = model([either], {"x": (1, 3), "c": ()})
    open_.graph.output[0].type.tensor_type.shape.dim.add(dim_value=1)
    open_.graph.output[0].type.tensor_type.shape.dim.add(dim_value=3)
    net = from_onnx(open_)
    assert "a branch that depends on the input" in net.caveats[0]
    assert {joint.source.name for joint in net.layers[0].joints} == {"x", "c"}


# -- mutated models ------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def seeds() -> list[bytes]:
    """Models to change: small ones of many operators, and two real ones."""
    small = [c.model.SerializeToString() for c in node_cases().values() if c.op in BUILDERS]
    real = [light(name).SerializeToString() for name in ("zfnet512", "shufflenet")]
    return [data for data in small if len(data) < 3000][::7] + real


SIZES = st.sampled_from([-(2**62), -1, 0, 1, 2, 3, 7, 2**31, 2**40, 2**63 - 1])
slow = settings(
    max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def answered(data: bytes) -> bool:
    """Whether a model is read, or refused in one line; another error passes through."""
    with little_memory():
        try:
            answer = repr(from_onnx(data))
        except ConvgraphError as error:
            answer = str(error)
    return len(answer.splitlines()) == 1


@settings(slow, max_examples=30)
@given(st.data())
def test_bytes_changed_anywhere(data: st.DataObject) -> None:
    changed = bytearray(data.draw(st.sampled_from(seeds())))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(changed) - 1, 0)))
        if data.draw(st.booleans()):
            changed[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
        else:
            changed[at : at + 1] = data.draw(st.binary(min_size=1, max_size=1))
    assert answered(bytes(changed))


@slow
@given(st.data())
def test_fields_changed_to_extremes(data: st.DataObject) -> None:
    changed = onnx.ModelProto()
    changed.ParseFromString(data.draw(st.sampled_from(seeds())))
    graph = changed.graph
    for _ in range(data.draw(st.integers(1, 3))):
        one = data.draw(st.sampled_from(list(graph.node)))
        kind = data.draw(st.sampled_from(["dim", "held", "attribute", "input", "op", "without"]))
        if kind == "dim" and graph.input:
            dims = data.draw(st.sampled_from(list(graph.input))).type.tensor_type.shape.dim
            if dims:
                data.draw(st.sampled_from(list(dims))).dim_value = data.draw(SIZES)
        elif kind == "held" and graph.initializer:
            tensor = data.draw(st.sampled_from(list(graph.initializer)))
            if tensor.dims:
                tensor.dims[data.draw(st.integers(0, len(tensor.dims) - 1))] = data.draw(SIZES)
        elif kind == "attribute" and one.attribute:
            attribute = data.draw(st.sampled_from(list(one.attribute)))
            if attribute.ints:
                place = data.draw(st.integers(0, len(attribute.ints) - 1))
                attribute.ints[place] = data.draw(SIZES)
            else:
                attribute.i, attribute.f = data.draw(SIZES), data.draw(st.floats(width=32))
        elif kind == "input" and one.input:
            names = [name for each in graph.node for name in (*each.input, *each.output)]
            place = data.draw(st.integers(0, len(one.input) - 1))
            one.input[place] = data.draw(st.sampled_from([*names, ""]))
        elif kind == "op":
            one.op_type = data.draw(st.sampled_from(sorted(BUILDERS)))
        elif kind == "without":
            del one.input[-1:]
            del one.attribute[:1]
    assert answered(changed.SerializeToString())


def test_without_the_package() -> None:
    code = "import sys; sys.modules['onnx'] = None\nimport convgraph as cg\ncg.from_onnx('m.onnx')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith("pip install 'convgraph[onnx]'")


def test_a_fault_of_ours_is_not_said_to_be_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(builder: Any, placed: Any) -> Any:
        return placed.missing

    monkeypatch.setitem(BUILDERS, "Relu", faulty)
    with pytest.raises(AttributeError, match="missing"):
        from_onnx(model([node("Relu", ["x"], ["y"])], {"x": (1, 2, 3)}))


@pytest.mark.parametrize("held", [True, False])
@pytest.mark.parametrize(
    "op", ["MatMul", "Add", "Where", "Concat", "Gather", "Expand", "Tile", "ScatterND", "Pad"]
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_input_that_is_left_out_is_no_error_of_python(op: str, place: int, held: bool) -> None:
    inputs = ["w" if held else "x", "w", "w"][: {"Where": 3, "ScatterND": 3}.get(op, 2)]
    inputs[min(place, len(inputs) - 1)] = ""
    nodes = [node(op, inputs, ["h"]), node("Add", ["x", "h"], ["y"])]
    proto = model(nodes, {"x": (2, 2)}, held={"w": np.ones((2, 2), np.float32)})
    said = ""
    try:
        from_onnx(proto)
    except ConvgraphError as error:  # any other is a failure
        said = str(error)
    assert "NoneType" not in said


@pytest.mark.parametrize("op", sorted(op for op in {*FOLDS, *BUILDERS} if "." not in op))
@pytest.mark.parametrize("given", [[], ["", "held"], ["held", ""], ["x", ""]])
def test_operands_that_are_left_out_are_refused_or_not_needed(op: str, given: list[str]) -> None:
    nodes = [node(op, given, ["c"]), node("Add", ["x", "c"], ["y"])]
    try:
        net = from_onnx(model(nodes, {"x": (1, 2, 3)}, held={"held": np.ones((2, 3), np.float32)}))
    except ConvgraphError:
        return
    assert net.outputs
