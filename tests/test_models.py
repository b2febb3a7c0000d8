"""The nine architectures that the onnx package ships, against a plain propagation of their nodes.

The oracle reads the model's protobuf itself and shares nothing with the importer: intervals are
carried through attributes by the rule of every textbook, and sets by one bit per position.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper, shape_inference

import convgraph as cg
from convgraph.interactions.bit_tables import exact_fields
from convgraph.reports.structure import structure_of

LIGHT = Path(onnx.__file__).parent / "backend" / "test" / "data" / "light"
MODELS = sorted(path.stem.removeprefix("light_") for path in LIGHT.glob("*.onnx"))
WINDOWS = {"Conv", "MaxPool", "AveragePool"}


@cache
def network(name: str) -> cg.Network:
    return cg.from_onnx(LIGHT / f"light_{name}.onnx")


@cache
def report(name: str) -> cg.Report:
    return cg.report(network(name))


def loaded(name: str) -> tuple[onnx.ModelProto, dict[str, tuple[int, ...]]]:
    model = shape_inference.infer_shapes(onnx.load(LIGHT / f"light_{name}.onnx"), data_prop=True)
    shapes = {
        value.name: tuple(d.dim_value for d in value.type.tensor_type.shape.dim)
        for value in (*model.graph.value_info, *model.graph.input, *model.graph.output)
    }
    shapes |= {t.name: numpy_helper.to_array(t).shape for t in model.graph.initializer}
    return model, shapes


def settings(node: onnx.NodeProto, kernel: int, axis: int) -> tuple[int, int, int]:
    """(kernel, stride, padding before) along an axis."""
    given = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    assert given.get("auto_pad", b"NOTSET") == b"NOTSET"
    assert set(given.get("dilations", [1])) == {1}
    k = given["kernel_shape"][axis] if "kernel_shape" in given else kernel
    return k, given.get("strides", [1, 1])[axis], given.get("pads", [0] * 4)[axis]


def spatial(shapes: dict[str, tuple[int, ...]], name: str) -> bool:
    return len(shapes.get(name, ())) >= 4 and shapes[name][-1] > 1


def plain_intervals(name: str) -> dict[str, tuple[int, int, int]]:
    """(first, last, stride) of the first unit of each tensor along the rows of the image."""
    model, shapes = loaded(name)
    parameters = {t.name for t in model.graph.initializer}
    found = {v.name: (0, 0, 1) for v in model.graph.input if v.name not in parameters}
    for node in model.graph.node:
        sources = [found[i] for i in node.input if i in found]
        if not sources or not spatial(shapes, node.output[0]):
            continue
        first, last, stride = min(s[0] for s in sources), max(s[1] for s in sources), sources[0][2]
        assert {s[2] for s in sources} == {stride}
        if node.op_type in WINDOWS:
            weights = shapes.get(node.input[1], (0, 0, 1, 1)) if len(node.input) > 1 else (0,) * 4
            k, s, p = settings(node, weights[2], 0)
            first, last, stride = first - p * stride, last + (k - 1 - p) * stride, stride * s
        found[node.output[0]] = first, last, stride
    return found


def plain_sets(name: str) -> dict[str, np.ndarray]:
    """Which rows of the image each row of each tensor sees, in any channel, one bool per pair."""
    model, shapes = loaded(name)
    parameters = {t.name for t in model.graph.initializer}
    start = next(v.name for v in model.graph.input if v.name not in parameters)
    found = {start: np.eye(shapes[start][2], dtype=bool)}
    for node in model.graph.node:
        sources = [found[i] for i in node.input if i in found]
        if not sources or not spatial(shapes, node.output[0]):
            continue
        sees = np.logical_or.reduce(sources)
        if node.op_type in WINDOWS:
            weights = shapes.get(node.input[1], (0, 0, 1, 1)) if len(node.input) > 1 else (0,) * 4
            k, s, p = settings(node, weights[2], 0)
            size = shapes[node.output[0]][-2]
            read = np.zeros((size, len(sees)), bool)
            for o in range(size):
                for i in range(s * o - p, s * o - p + k):
                    if 0 <= i < len(sees):
                        read[o, i] = True
            sees = (read.astype(int) @ sees.astype(int)) > 0
        found[node.output[0]] = sees
    return found


def test_all_nine_are_there() -> None:
    assert len(MODELS) == 9


@pytest.mark.parametrize("name", MODELS)
def test_intervals_are_those_of_a_plain_propagation(name: str) -> None:
    net = network(name)
    expected = plain_intervals(name)
    source = net.inputs[0].numbers()[1]
    result = report(name)
    assert not net.caveats
    compared = 0
    for row in result.rows:
        if row.name not in expected or row.stride is None or row.stride[0] is None:
            continue
        first, last, stride = expected[row.name]
        compared += 1
        assert row.receptive_field is not None
        assert row.padding is not None
        assert row.receptive_field == (last - first + 1,) * 2
        assert row.stride == (stride, stride)
        behind = last + (int(row.shape[-1]) - 1) * stride - (source - 1)
        assert row.padding == ((-first, behind),) * 2
    assert compared == len(set(expected) & {row.name for row in result.rows})


@pytest.mark.parametrize("name", ["bvlc_alexnet", "inception_v1", "resnet50", "shufflenet"])
def test_sets_are_those_of_a_plain_propagation(name: str) -> None:
    net = network(name)
    states = exact_fields(net, net.inputs[0].name).states
    size = net.inputs[0].numbers()[1]
    compared = 0
    for tensor, expected in plain_sets(name).items():
        state = states.get(tensor)
        if state is None or state.moves[0] is None:
            continue
        tables = [t[0] for branches in state.payloads for _, t in branches or ()]
        seen = np.unpackbits(np.bitwise_or.reduce(tables), axis=1, count=size).astype(bool)
        assert np.array_equal(np.broadcast_to(seen, expected.shape), expected)
        compared += 1
    assert compared > 10


# (rows of the last feature map, field, stride), worked out by hand or published: ResNet-50 in the
# variant with the stride on the 3x3 has 427 (with the stride on the 1x1 it has 483: next test),
# VGG-19 is 1 + sum of 2 x jumps, AlexNet's is in Araujo, Norris and Sim (2019).
KNOWN = {
    "bvlc_alexnet": (6, 195, 32),
    "densenet121": (7, 2071, 32),
    "resnet50": (7, 427, 32),
    "squeezenet": (13, 207, 16),
    "vgg19": (7, 268, 32),
    "zfnet512": (6, 155, 32),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_receptive_fields(name: str) -> None:
    result = report(name)
    assert result.feature is not None
    row = result.row(result.feature)
    size, field, stride = KNOWN[name]
    assert row.shape[1:] == (size, size)
    assert row.receptive_field == (field, field)
    assert row.stride == (stride, stride)


def resnet50(stride_on_first: bool) -> cg.Network:
    """Both variants, in our own specs and without weights, nonlinearities or channels."""
    x = cg.Input((224, 224), rank=2)
    h = cg.MaxPool((3, 3), stride=2, padding=1)(cg.Conv((7, 7), stride=2, padding=3)(x))
    for blocks, stride in ((3, 1), (4, 2), (6, 2), (3, 2)):
        for number in range(blocks):
            s = stride if number == 0 else 1
            on_first, on_second = (s, 1) if stride_on_first else (1, s)
            branch = cg.Conv((1, 1), stride=on_first)(h)
            branch = cg.Conv((3, 3), stride=on_second, padding=1)(branch)
            short = cg.Conv((1, 1), stride=s)(h) if number == 0 else h
            h = cg.Add()(branch, short)
    return cg.Network(x, h)


@pytest.mark.parametrize(("stride_on_first", "field"), [(False, 427), (True, 483)])
def test_both_variants_of_a_residual_network(stride_on_first: bool, field: int) -> None:
    net = resnet50(stride_on_first)
    last = cg.report(net).row(net.outputs[0].name)
    assert last.receptive_field == (field, field)
    unread = cg.findings(net, select="unread-units")
    assert bool(unread) == stride_on_first  # 1x1 with a stride reads a quarter, on both ways


@pytest.mark.parametrize("name", MODELS)
def test_reports_and_findings_of_all_nine(name: str) -> None:
    net = network(name)
    result, found = report(name), cg.findings(net)
    assert len(result.rows) == len(net.rows)
    assert result.totals.parameters == net.labels.parameters
    assert result.feature is not None
    assert len(result.effective) == 2
    for field in result.effective:
        assert field.variance == field.theory or field.theory is None
    assert all(row.receptive_field is not None for row in result.rows)
    structure = structure_of(net)
    assert None not in structure.exact.states.values()
    rules = {finding.rule for finding in found}
    assert "stride-without-blur" in rules
    assert ("misaligned-merge" in rules) == (name == "inception_v2")


def test_what_was_checked_by_hand_of_inception_v2() -> None:
    net = network("inception_v2")
    found = cg.findings(net, select="misaligned-merge")
    assert [finding.tensors[0] for finding in found] == ["r161", "r402"]
    assert [abs(finding.details["differences"][0]["offset"]) for finding in found] == [8, 16]


def test_what_was_checked_by_hand_of_resnet50() -> None:
    net = network("resnet50")
    (uneven,) = cg.findings(net, select="uneven-padding")
    assert uneven.tensors == ("r0", "r3", "r39", "r81", "r143")
    for facts in uneven.details["sizes"].values():
        assert (facts["modulus"], facts["residues"], facts["nearest"]) == (32, [1], [193, 225])
