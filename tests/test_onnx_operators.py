"""Each operator of ONNX against the cases that the onnx package ships, and the list of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator

from convgraph import ConvgraphError, from_onnx
from convgraph.importers.onnx.file import NEWEST, OLDEST
from convgraph.importers.onnx.operator_list import markdown, operators_read
from convgraph.importers.operators.not_read import NOT_READ, PARTLY, VALUES_UNKNOWN
from tests.onnx_cases import LARGE, check, large_cases, node_cases

# What no operator takes, whatever it does: these are refused in so many words.
BEYOND = (
    "an axis has 1 to",  # empty tensors
    "nothing is left of",
    "an array without any entry",
    "holds no real numbers",  # strings, complex numbers
    "that is not a tensor",  # sequences
    "operator sets",
)
FAMILIES = {
    "windows": "Conv ConvTranspose MaxPool AveragePool LpPool GlobalAveragePool GlobalMaxPool",
    "moves": "Pad Resize Upsample Reshape Transpose Flatten Squeeze Unsqueeze Concat Split Slice "
    "DepthToSpace SpaceToDepth Gather Expand Tile CenterCropPad",
    "reductions": "ReduceSum ReduceMean ReduceMax ReduceMin ReduceL1 ReduceL2 ReduceLogSumExp "
    "ArgMax CumSum",
    "normalisations": "BatchNormalization LRN LayerNormalization InstanceNormalization "
    "GroupNormalization LpNormalization MeanVarianceNormalization RMSNormalization "
    "Softmax LogSoftmax Hardmax",
    "elementwise": "Add Sub Mul Div Pow Max Min Where Mod Sum Mean Relu Clip PRelu Gelu Elu Round",
    "products": "Gemm MatMul Einsum",
    "functions": "Attention RotaryEmbedding AffineGrid CausalConvWithState",
}


def verdict(case: Any) -> str:
    """Empty where the case's values are met, and otherwise why it was refused.

    Wrong values raise: what cannot be read may be refused, but never be wrong.
    """
    try:
        check(case, from_onnx)
    except ConvgraphError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def verdicts() -> dict[str, tuple[str, str]]:
    wrong = []
    found = {}
    for case in node_cases().values():
        try:
            found[case.name] = case.op, verdict(case)
        except Exception as error:  # all of them are shown together
            wrong.append(
                f"{case.name}: {type(error).__name__} {' '.join(str(error).split())[:100]}"
            )
    assert not wrong, "\n".join(wrong)
    return found


def test_no_value_is_wrong_and_refusals_are_those_of_the_list(verdicts: Any) -> None:
    surprising = []
    for name, (op, why) in verdicts.items():
        limited = op in NOT_READ or op in PARTLY or op in VALUES_UNKNOWN
        if why and not limited and not any(beyond in why for beyond in BEYOND):
            surprising.append(f"{name}: {why}")
    assert not surprising, "\n".join(surprising)


def test_what_is_not_read_is_refused(verdicts: Any) -> None:
    read = [name for name, (op, why) in verdicts.items() if op in NOT_READ and not why]
    assert not read


@pytest.mark.exhaustive
def test_values_of_large_cases() -> None:
    cases = large_cases().values()
    assert len(cases) == len(LARGE)
    for case in cases:
        check(case, from_onnx)


@pytest.mark.parametrize("family", FAMILIES)
def test_families_have_cases_that_are_met(verdicts: Any, family: str) -> None:
    for op in FAMILIES[family].split():
        met = [name for name, (of, why) in verdicts.items() if of == op and not why]
        assert met, op


def test_every_operator_that_is_read_has_a_case_that_is_met(verdicts: Any) -> None:
    """A builder none of whose cases is read could be wrong without anybody seeing it: an operator
    whose settings or positions are inputs is to have them in `HELD`."""
    read = operators_read() - set(VALUES_UNKNOWN)
    met = {op for op, why in verdicts.values() if not why}
    assert sorted({op for op, _ in verdicts.values()} & read - met) == []


def test_most_cases_of_what_is_read_are_met(verdicts: Any) -> None:
    read = operators_read() - {"Cast", "CastLike"}  # mostly types of few bits
    of_read = [(op, why) for op, why in verdicts.values() if op in read]
    met = [op for op, why in of_read if not why]
    assert len(met) > 600
    assert len(met) / len(of_read) > 0.93


def test_every_operator_is_in_the_list() -> None:
    from onnx import defs

    schemas = [s for s in defs.get_all_schemas() if s.domain == "" and s.since_version <= NEWEST]
    listed = operators_read() | set(NOT_READ) | set(VALUES_UNKNOWN)
    assert {s.name for s in schemas} <= listed
    assert not set(NOT_READ) & operators_read()
    assert set(PARTLY) <= operators_read()


def test_the_page_is_up_to_date() -> None:
    page = Path(__file__).parents[1] / "docs" / "operators.md"
    assert page.read_text(encoding="utf-8") == markdown()
    assert f"Operator sets {OLDEST} to {NEWEST}" in markdown()
    assert len(re.findall(r"(?m)^\| \w+ \| (?:read|no|connections only) \|", markdown())) > 190


def test_connections_are_known_where_values_are_not() -> None:
    case = node_cases()["test_top_k"]
    net = from_onnx(case.model, strict=True)
    assert not net.caveats
    from convgraph import receptive_field

    assert receptive_field(net, "values2,1") == {f"x2,{i}" for i in range(1, 5)}
    with pytest.raises(ConvgraphError, match=r"TopK.*its values are not known"):
        net.evaluate(np.asarray(case.inputs["x"]))


def test_a_plain_operator_in_symbols() -> None:
    net = from_onnx(node_cases()["test_softmax_example"].model)
    assert str(net.expressions()["y1"]) == "exp(x1)/(exp(x1) + exp(x2) + exp(x3))"


def test_what_operators_do_can_be_told_apart_and_kept_in_a_set() -> None:
    seen = set()
    cases = {case.op: case for case in node_cases().values()}  # one for each operator
    for case in cases.values():
        try:
            net = from_onnx(case.model)
        except ConvgraphError:
            continue
        seen.update(layer.reduction for layer in net.layers)
    assert len(seen) > 50


@pytest.mark.parametrize("to", [TensorProto.UINT8, TensorProto.INT8, TensorProto.INT16])
def test_whole_numbers_keep_the_bits_of_a_narrower_type(to: int) -> None:
    nodes = [
        helper.make_node("Cast", ["x"], ["whole"], to=TensorProto.INT64),
        helper.make_node("Cast", ["whole"], ["few"], to=to),
        helper.make_node("Cast", ["few"], ["y"], to=TensorProto.FLOAT),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [5]) for name in "xy"]
    proto = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]))
    x = np.array([300.7, -1, -129, 70000, 5], np.float32)
    (wanted,) = ReferenceEvaluator(proto).run(None, {"x": x})
    net = from_onnx(proto)
    assert np.array_equal(net.evaluate(x), wanted)
    said = enumerate(net.expressions().values())
    assert [value.subs(f"x{i + 1}", int(x[i])) for i, value in said] == wanted.astype(int).tolist()
