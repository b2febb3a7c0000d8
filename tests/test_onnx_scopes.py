"""Functions and branches of ONNX models: what they capture, call and name is what onnx says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")

from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

from convgraph import ConvgraphError, from_onnx
from tests.onnx_models import model, node

X = np.array([[-1.5, 0.25, 3.0]], np.float32)


def graph(nodes: Any, outputs: Any = ("z",), held: Any = ()) -> Any:
    made = helper.make_graph(
        list(nodes),
        "branch",
        [],
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, (1, 3)) for n in outputs],
        [numpy_helper.from_array(np.asarray(a), n) for n, a in dict(held).items()],
    )
    made.name = "branch"
    return made


def function(
    name: Any, nodes: Any, inputs: Any = ("a",), outputs: Any = ("z",), attributes: Any = ()
) -> Any:
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return helper.make_function("own", name, inputs, outputs, nodes, imports, attributes)


def either(condition: Any, output: Any, then: Any, other: Any, **names: Any) -> Any:
    return node("If", [condition], [output], then_branch=then, else_branch=other, **names)


def nested(outer: Any, inner: Any) -> Any:
    """A branch in a branch that uses a tensor of each graph around it, and one of its own."""
    deepest = graph([node("Add", ["h", "x"], ["s"]), node("Mul", ["s", "c"], ["z"])])
    middle = graph([node("Exp", ["x"], ["h"]), either("inner", "z", deepest, graph(
        [node("Neg", ["h"], ["z"])]))])  # fmt: skip
    nodes = [
        node("Neg", ["x"], ["n"]),
        either("outer", "y", middle, graph([node("Identity", ["n"], ["z"])])),
    ]
    held = {"outer": np.array(outer), "inner": np.array(inner), "c": np.float32([2, 3, 4])}
    return model(nodes, {"x": (1, 3)}, held=held)


def names_meet() -> Any:
    """Both branches, and the graph around them, call different tensors by the same names."""
    one = graph([node("Mul", ["x", "k"], ["z"])], held={"k": np.float32([2.0])})
    two = graph([node("Add", ["x", "k"], ["z"])], held={"k": np.float32([5.0])})
    nodes = [
        either("yes", "p", one, two, name="first"),
        either("no", "q", one, two, name="second"),
        node("Sub", ["p", "q"], ["z"]),
        node("Neg", ["z"], ["y"]),
    ]
    return model(nodes, {"x": (1, 3)}, held={"yes": np.array(True), "no": np.array(False)})


def called_twice() -> Any:
    """A function with a tensor of its own, called by nodes of one name, beside outer names."""
    twice = function("F", [node("Exp", ["a"], ["h"]), node("Add", ["h", "a"], ["z"])])
    nodes = [
        node("F", ["x"], ["one"], name="call", domain="own"),
        node("F", ["one"], ["two"], name="call", domain="own"),
        node("Neg", ["two"], ["call/h"]),
        node("F", ["call/h"], ["y"], domain="own", name="call"),
    ]
    return model(nodes, {"x": (1, 3)}, functions=[twice])


def calls_that_call() -> Any:
    """Calls inside of two calls carry one name."""
    inner = function("F", [node("Exp", ["a"], ["h"]), node("Sub", ["h", "a"], ["z"])])
    call = node("F", ["a"], ["m"], name="same", domain="own")
    outer = function("G", [call, node("Mul", ["m", "a"], ["z"])])
    nodes = [node("G", ["x"], ["g"], domain="own"), node("G", ["g"], ["y"], domain="own")]
    return model(nodes, {"x": (1, 3)}, functions=[inner, outer])


def output_left_out() -> Any:
    """A call leaves out an output that its function itself goes on from."""
    body = [node("Exp", ["a"], ["h"]), node("Neg", ["h"], ["z"])]
    two = function("F", body, outputs=("h", "z"))
    return model([node("F", ["x"], ["", "y"], domain="own")], {"x": (1, 3)}, functions=[two])


def branch_in_a_function(value: Any, slope: Any = None) -> Any:
    """An If on a constant inside a function, whose branches use an argument and an attribute."""
    leaky = node("LeakyRelu", ["n"], ["z"])
    alpha = {"f": 0.5} if slope is None else {"ref_attr_name": "slope"}
    leaky.attribute.add(name="alpha", type=1, **alpha)
    nodes = [
        node("Constant", [], ["c"], value=numpy_helper.from_array(np.array(value))),
        node("Neg", ["a"], ["n"]),
        either("c", "z", graph([leaky]), graph([node("Add", ["n", "a"], ["z"])])),
    ]
    given = {} if slope is None else {"slope": slope}
    made = function("F", nodes, attributes=list(given))
    call = [node("F", ["x"], ["y"], domain="own", **given)]
    return model(call, {"x": (1, 3)}, functions=[made])


def call_in_a_branch() -> Any:
    made = function("F", [node("Exp", ["a"], ["h"]), node("Neg", ["h"], ["z"])])
    call = graph([node("F", ["x"], ["z"], domain="own")])
    return model([either("c", "y", call, call)], {"x": (1, 3)}, functions=[made],
                 held={"c": np.array(True)})  # fmt: skip


MODELS = {
    **{f"nested {a} {b}": nested(a, b) for a in (True, False) for b in (True, False)},
    "names meet": names_meet(),
    "called twice": called_twice(),
    "calls that call": calls_that_call(),
    "an output left out": output_left_out(),
    "a branch in a function": branch_in_a_function(True),
    "the other branch": branch_in_a_function(False),
    "a call in a branch": call_in_a_branch(),
}


@pytest.mark.parametrize("name", MODELS)
def test_values_are_those_of_onnx(name: str) -> None:
    proto = MODELS[name]
    net = from_onnx(proto, strict=True)
    (wanted,) = ReferenceEvaluator(proto).run(None, {"x": X})
    np.testing.assert_allclose(net.evaluate(X[0].astype(float)), wanted[0], 1e-5)


@pytest.mark.parametrize("kind", ["function", "graph"])
def test_a_branch_on_the_input_depends_on_all_that_it_captures(kind: str) -> None:
    deepest = graph([node("Add", ["h", "b"], ["z"])])
    middle = graph([node("Exp", ["a"], ["h"]), either("c", "z", deepest, deepest)])
    nodes = [either("c", "z", middle, graph([node("Neg", ["a"], ["z"])]))]
    if kind == "function":
        made = function("F", nodes, inputs=("a", "b", "c"))
        proto = model([node("F", ["p", "q", "r"], ["y"], domain="own")],
                      {"p": (1, 3), "q": (1, 3), "r": ()}, functions=[made])  # fmt: skip
        sources = {"p", "q", "r"}
    else:
        nodes[0].output[0] = "y"
        proto = model(nodes, {"a": (1, 3), "b": (1, 3), "c": ()})
        sources = {"a", "b", "c"}
    net = from_onnx(proto)  # the shape of y follows from those of what the branches capture
    assert net.outputs[0].shape == (3,)
    assert {joint.source.name for joint in net.layers[-1].joints} == sources


def test_an_attribute_of_a_call_reaches_into_a_branch() -> None:
    net = from_onnx(branch_in_a_function(True, slope=0.25), strict=True)
    wanted = np.where(X < 0, -X, -X * 0.25)  # which the reference evaluator fails to run
    np.testing.assert_allclose(net.evaluate(X[0].astype(float)), wanted[0], 1e-5)


def test_an_if_without_its_branch_is_refused() -> None:
    lone = node("If", ["c"], ["y"], else_branch=graph([node("Neg", ["x"], ["z"])]))
    proto = model([lone], {"x": (1, 3)}, held={"c": np.array(True)})
    with pytest.raises(ConvgraphError, match="then_branch: an If needs one"):
        from_onnx(proto)


def unstated(*nodes: Any) -> Any:
    """A branch that leaves the shape of its output open."""
    outputs = [helper.make_tensor_value_info("z", TensorProto.FLOAT, None)]
    return helper.make_graph(list(nodes), "branch", [], outputs)


@pytest.mark.parametrize("turned", [False, True])
def test_an_if_that_depends_on_the_input_has_the_shape_that_both_branches_have(
    turned: bool,
) -> None:
    # sizes that are computed, which onnx's own inference does not follow
    back = node("Transpose", ["x"], ["h"]) if turned else node("Exp", ["x"], ["h"])
    one = unstated(node("Shape", ["x"], ["s"]), node("Reshape", ["x", "s"], ["z"]))
    other = unstated(back, node("Shape", ["h"], ["t"]), node("Reshape", ["x", "t"], ["z"]))
    proto = model([either("c", "y", one, other)], {"x": (2, 3), "c": ()})
    if turned:
        with pytest.raises(ConvgraphError, match="branch that depends on the input"):
            from_onnx(proto)
        return
    net = from_onnx(proto)
    assert net.row("y").shape == (2, 3)
    assert {joint.source.name for joint in net.layer("y").joints} == {"x", "c"}
