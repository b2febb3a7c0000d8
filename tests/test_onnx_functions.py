"""Operators of ONNX that are read by the functions that define them: what they see."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from convgraph import ConvgraphError, from_onnx, receptive_fields


def model(
    op: str,
    shapes: dict[str, tuple[int, ...]],
    held: dict[str, Any],
    version: int = 23,
    **attributes: Any,
):
    names = [*shapes, *held]
    inputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    kept = [numpy_helper.from_array(v, n) for n, v in held.items()]
    output = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    node = helper.make_node(op, names, ["y"], **attributes)
    graph = helper.make_graph([node], "one", inputs, [output], kept)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", version)], ir_version=11)


SHAPES = {"q": (1, 2, 4, 3), "k": (1, 2, 5, 3), "v": (1, 2, 5, 3)}
SEEN = np.random.default_rng(2).random((4, 5)) < 0.5
SEEN[:, 0] = True


@pytest.mark.parametrize("causal", [True, False])
def test_attention_sees_what_changes_it(causal: bool) -> None:
    """Units that move when one number moves, by the evaluator of the onnx package."""
    given: dict[str, Any] = {} if causal else {"mask": SEEN}
    made = model("Attention", SHAPES, given, is_causal=int(causal))
    net = from_onnx(made, strict=True)
    rng = np.random.default_rng(0)
    x = {name: rng.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}
    run = ReferenceEvaluator(made).run
    before = run(None, x)[0]
    got = net.evaluate({name: each[0] for name, each in x.items()})
    np.testing.assert_allclose(np.asarray(got, float), before[0], 1e-4, 1e-5)
    for name in ("k", "v"):  # a query alone moves nothing where it sees one key
        fields = receptive_fields(net, row=name)
        place = {unit: i for i, unit in enumerate(net.row(name).units())}
        seen = np.zeros((before.size, x[name].size), bool)
        for row, unit in zip(seen, net.outputs[0].units(), strict=True):
            row[[place[other] for other in fields[unit]]] = True
        changed = np.zeros_like(seen)
        for number in range(x[name].size):
            moved = x[name].copy()
            moved.flat[number] += 1
            changed[:, number] = (run(None, {**x, name: moved})[0] != before).ravel()
        both = [each.reshape(2, 4, 3, 2, 5, 3).any(axis=(2, 5)) for each in (seen, changed)]
        if name == "k":  # one key alone has the weight 1, whatever it is
            both = [each & (both[0].sum(axis=(2, 3)) > 1)[..., None, None] for each in both]
        assert np.array_equal(*both)


def test_a_mask_of_numbers_is_padded_with_minus_infinity() -> None:
    made = model("Attention", SHAPES, {"mask": np.where(SEEN, 0, -np.inf).astype("f")}, 24)
    net = from_onnx(made, strict=True)
    rng = np.random.default_rng(0)
    x = {name: rng.normal(size=shape).astype(np.float32) for name, shape in SHAPES.items()}
    (wanted,) = ReferenceEvaluator(made).run(None, x)
    got = net.evaluate({name: each[0] for name, each in x.items()})
    np.testing.assert_allclose(np.asarray(got, float), wanted[0], 1e-4, 1e-5)


def test_a_function_of_which_a_part_is_not_read_is_read_up_to_it() -> None:
    made = model("SoftmaxCrossEntropyLoss", {"s": (3, 5), "labels": (3,)}, {})
    made.graph.input[1].type.tensor_type.elem_type = TensorProto.INT64
    net = from_onnx(made)
    (caveat,) = net.caveats
    assert "(GatherElements): positions that are computed" in caveat
    with pytest.raises(
        ConvgraphError,
        match=r"'y' \(SoftmaxCrossEntropyLoss\): a loss of training; in its function, .* "
        r"\(GatherElements\): positions that are computed; strict=True takes only what is read "
        "exactly$",
    ):
        from_onnx(made, strict=True)


@pytest.mark.parametrize("loss", ["NegativeLogLikelihoodLoss", "SoftmaxCrossEntropyLoss"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_loss_of_many_units_has_no_values_and_says_so_first(loss: str, weighted: bool) -> None:
    labels = (3, 6, 6, 5, 3, 4)
    shapes = {"s": (3, 5, *labels[1:]), "labels": labels} | ({"v": (5,)} if weighted else {})
    made = model(loss, shapes, {}, reduction="none")
    made.graph.input[1].type.tensor_type.elem_type = TensorProto.INT64
    net = from_onnx(made)
    values = {row.name: np.zeros((3, *row.shape[1:])) for row in net.inputs}
    with pytest.raises(ConvgraphError, match="its values are not known, only its connections"):
        net.evaluate(values)
    assert "edges" not in vars(net)


@pytest.mark.parametrize("corners", [0, 1])
@pytest.mark.parametrize("sizes", [(1, 2, 3, 4), (2, 1, 2, 3, 2)])
def test_a_grid_of_an_affine_map(sizes: tuple[int, ...], corners: int) -> None:
    """As computed, and as numbers that an image is read at."""
    batch, _, *space = sizes
    rng = np.random.default_rng(3)
    theta = rng.normal(size=(batch, len(space), len(space) + 1)).astype(np.float32)
    ends = [np.linspace(-1, 1, n) * (1 if corners else 1 - 1 / n) for n in space]
    places = np.stack([*np.meshgrid(*ends, indexing="ij")[::-1], np.ones(space)], -1)
    wanted = np.einsum("bij,...j->b...i", theta, places)
    size = np.array(sizes)
    computed = model(
        "AffineGrid", {"theta": theta.shape}, {"size": size}, 20, align_corners=corners
    )
    net = from_onnx(computed, strict=True)
    got = net.evaluate(theta.reshape(net.inputs[0].numbers()))
    np.testing.assert_allclose(np.asarray(got, float).reshape(wanted.shape), wanted, 1e-5, 1e-5)
    theta[:] = theta[:1]
    held = model("GridSample", {"x": sizes}, {"grid": wanted.astype(np.float32)}, 20)
    held.graph.node.insert(
        0, helper.make_node("AffineGrid", ["theta", "size"], ["grid"], align_corners=corners)
    )
    del held.graph.initializer[:]
    held.graph.initializer.extend(
        [numpy_helper.from_array(theta, "theta"), numpy_helper.from_array(size, "size")]
    )
    net = from_onnx(held, strict=True)
    x = rng.normal(size=sizes).astype(np.float32)
    (image,) = ReferenceEvaluator(held).run(None, {"x": x})
    got = net.evaluate(x.reshape(net.inputs[0].numbers()))
    np.testing.assert_allclose(np.asarray(got, float).reshape(image.shape), image, 1e-4, 1e-4)
